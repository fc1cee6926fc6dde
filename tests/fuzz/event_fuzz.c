/* links: libcore.a libweir.a ; libs: msgpack lua5.4 m */
/*
 * event_fuzz: whatever records a journal has, each is refused, or is applied,
 * and what has come of it gives a state that can be written down and gone on
 * with.
 *
 * The input is records, each behind its length in two bytes.  One that is
 * refused is left out: those behind it are damage, too.
 */

#include <msgpack.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/core/core.h"

int LLVMFuzzerTestOneInput(const unsigned char *, size_t);

static void go_on(struct state *);
static void hear(void *, const struct event *, const char *, size_t, bool last);

static void
hear(void *ctx, const struct event *e, const char *record, size_t size,
    bool last)
{
	(void)ctx, (void)e, (void)record, (void)size, (void)last;
}

static void
go_on(struct state *s)
{
	const uint64_t runner = 1;
	struct host host = {.max_callouts = 10,
	    .max_runs = 100,
	    .runners = &runner,
	    .nrunners = 1};
	struct command tick = {.type = COMMAND_TICK, .now = s->k.time};
	struct event_sink sink = {.event = hear, .ctx = NULL};
	struct plan_callout callout;
	struct reply reply;
	unsigned steps = 0;

	core_host(s, &host);
	core_recovered(s);
	while (core_step(s, &tick, &sink, &reply) && ++steps < 20)
		while (plan_next(s, s->k.seq, &callout))
			;
}

int
LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size)
{
	struct state *s = state_new();
	msgpack_sbuffer encoded;
	size_t length;

	while (size >= 2) {
		length = (size_t)bytes[0] << 8 | bytes[1];
		bytes += 2;
		size -= 2;
		if (length > size)
			length = size;
		core_replay(s, s->k.seq + 1, (const char *)bytes, length);
		bytes += length;
		size -= length;
	}
	msgpack_sbuffer_init(&encoded);
	state_encode(s, &encoded);
	go_on(s);
	msgpack_sbuffer_destroy(&encoded);
	state_free(s);
	return 0;
}
