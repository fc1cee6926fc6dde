/* links: daemon/runner/wire.c ; libs: */
/*
 * runner_wire_fuzz: whatever bytes come, in pieces of any size, are messages
 * that say the same after being written again, or are refused.
 *
 * The first byte is the size of the pieces.
 */

#include <stdlib.h>
#include <string.h>

#include "daemon/runner/wire.h"

typedef void checker(struct wire_message *, struct wire_buffer *);

int LLVMFuzzerTestOneInput(const unsigned char *, size_t);

static checker check_id, check_key, check_signal, check_start, check_report;
static void require(bool);
static void again(checker *, struct wire_buffer *);
static void check(struct wire_message *);

static checker *const checkers[] = {
    [WIRE_HELLO] = check_id,
    [WIRE_START] = check_start,
    [WIRE_SIGNAL] = check_signal,
    [WIRE_ACK] = check_key,
    [WIRE_WELCOME] = check_id,
    [WIRE_STARTED] = check_report,
    [WIRE_ENDED] = check_report,
    [WIRE_FAILED] = check_report,
    [WIRE_UNKNOWN] = check_report,
    [WIRE_LISTED] = check_id,
};

static void
require(bool holds)
{
	if (!holds)
		abort();
}

static void
check_id(struct wire_message *m, struct wire_buffer *out)
{
	uint64_t id;

	if (wire_get_id(m, &id))
		wire_put_id(out, WIRE_HELLO, id);
}

static void
check_key(struct wire_message *m, struct wire_buffer *out)
{
	struct wire_key key;

	if (wire_get_key(m, &key))
		wire_put_key(out, WIRE_ACK, &key);
}

static void
check_signal(struct wire_message *m, struct wire_buffer *out)
{
	struct wire_key key;
	int signo;

	if (!wire_get_signal(m, &key, &signo))
		return;
	require(signo > 0);
	wire_put_signal(out, &key, signo);
}

static void
check_start(struct wire_message *m, struct wire_buffer *out)
{
	struct wire_start start;

	if (wire_get_start(m, &start)) {
		require(start.argv[0] != NULL && start.nlimits <= 32);
		require(wire_put_start(out, &start));
	}
	wire_start_free(&start);
}

static void
check_report(struct wire_message *m, struct wire_buffer *out)
{
	struct wire_report report;

	if (wire_get_report(m, &report))
		wire_put_report(out, WIRE_ENDED, &report);
}

/* What was written is read, and written once more, to the same bytes. */
static void
again(checker *checker, struct wire_buffer *written)
{
	struct wire_buffer copy = {0}, second = {0};
	struct wire_message m;
	size_t size;

	size = written->end - written->start;
	require(wire_reserve(&copy, size));
	memcpy(copy.bytes, written->bytes + written->start, size);
	copy.end = size;
	require(wire_next(&copy, &m) == 1);
	require(m.version == WIRE_VERSION);
	checker(&m, &second);
	require(second.end - second.start == size);
	require(memcmp(second.bytes + second.start,
		    written->bytes + written->start, size) == 0);
	wire_buffer_free(&copy);
	wire_buffer_free(&second);
}

static void
check(struct wire_message *m)
{
	struct wire_buffer written = {0};

	if (m->type >= sizeof checkers / sizeof checkers[0] ||
	    checkers[m->type] == NULL)
		return;
	checkers[m->type](m, &written);
	if (written.end > written.start)
		again(checkers[m->type], &written);
	wire_buffer_free(&written);
}

int
LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	struct wire_buffer in = {0};
	struct wire_message m;
	size_t piece, n;
	int got;

	if (size == 0)
		return 0;
	piece = (size_t)data[0] + 1;
	data++;
	size--;
	for (got = 0; got != -1 && size > 0; data += n, size -= n) {
		n = piece < size ? piece : size;
		require(wire_reserve(&in, n));
		memcpy(in.bytes + in.end, data, n);
		in.end += n;
		while ((got = wire_next(&in, &m)) == 1)
			check(&m);
		wire_consume(&in, 0);
	}
	wire_buffer_free(&in);
	return 0;
}
