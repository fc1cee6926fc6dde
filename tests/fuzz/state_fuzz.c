/* links: libcore.a libweir.a ; libs: msgpack lua5.4 m */
/*
 * state_fuzz: whatever a snapshot holds, it is refused with a sentence, or is a
 * state that gives the same bytes again and can be asked all there is to ask.
 *
 * The input is chunks, each behind its length in two bytes.
 */

#include <msgpack.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/core/core.h"
#include "daemon/core/snapshot.h"
#include "daemon/core/state_decode.h"

int LLVMFuzzerTestOneInput(const unsigned char *, size_t);

static void require(bool);
static void ask(struct state *);
static void put_chunk(void *, const void *, size_t);
static void write_down(struct state *, msgpack_sbuffer *);
static struct state *read_back(const unsigned char *, size_t);

static void
require(bool holds)
{
	if (!holds)
		abort();
}

/* All that can be asked without going on. */
static void
ask(struct state *s)
{
	struct plan_callout callout;
	struct execution *x;

	core_recovered(s);
	while (plan_next(s, s->k.seq, &callout))
		;
	plan_deadline(s);
	RB_FOREACH (x, executions, &s->executions)
		for (uint32_t i = 0; i < x->definition->ntasks; i++)
			free(node_lacks(x, i));
}

/* As the input has it. */
static void
put_chunk(void *ctx, const void *bytes, size_t size)
{
	unsigned char length[2] = {
	    (unsigned char)(size >> 8), (unsigned char)size};

	require(size <= UINT16_MAX);
	msgpack_sbuffer_write(ctx, (const char *)length, sizeof(length));
	msgpack_sbuffer_write(ctx, bytes, size);
}

static void
write_down(struct state *s, msgpack_sbuffer *buffer)
{
	snapshot_begin(s, put_chunk, buffer);
	while (snapshot_slice(s, 4096))
		;
}

static struct state *
read_back(const unsigned char *bytes, size_t size)
{
	struct state_decoder *decoder = state_decoder_new();
	struct state *s;
	size_t length;
	char why[256] = "";

	while (size >= 2) {
		length = (size_t)bytes[0] << 8 | bytes[1];
		bytes += 2;
		size -= 2;
		if (length > size)
			length = size;
		if (!state_decoder_take(
			decoder, bytes, length, why, sizeof(why))) {
			require(why[0] != '\0');
			state_decoder_free(decoder);
			return NULL;
		}
		bytes += length;
		size -= length;
	}
	s = state_decoder_end(decoder, why, sizeof(why));
	state_decoder_free(decoder);
	require(s != NULL || why[0] != '\0');
	return s;
}

int
LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size)
{
	msgpack_sbuffer first, second;
	struct state *s, *again;

	/* One chunk of what is written down must have a length of two bytes. */
	if (size > UINT16_MAX / 4)
		return 0;
	s = read_back(bytes, size);
	if (s == NULL)
		return 0;
	msgpack_sbuffer_init(&first);
	msgpack_sbuffer_init(&second);
	write_down(s, &first);
	again = read_back((const unsigned char *)first.data, first.size);
	require(again != NULL);
	write_down(again, &second);
	require(first.size == second.size &&
	    memcmp(first.data, second.data, first.size) == 0);
	ask(again);
	state_free(again);
	state_free(s);
	msgpack_sbuffer_destroy(&first);
	msgpack_sbuffer_destroy(&second);
	return 0;
}
