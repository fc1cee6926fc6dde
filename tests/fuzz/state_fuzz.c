/* links: libcore.a libweir.a ; libs: msgpack lua5.4 m */
/*
 * state_fuzz: whatever bytes a snapshot has, they are refused with a sentence,
 * or are a state that gives the same bytes again, in which a restart finds
 * something to do or nothing, and which can be asked all there is to ask.
 */

#include <msgpack.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/core/core.h"
#include "daemon/core/state_decode.h"

int LLVMFuzzerTestOneInput(const unsigned char *, size_t);

static void require(bool);
static void hear(void *, const struct event *, const char *, size_t, bool);
static void go_on(struct state *);

static void
require(bool holds)
{
	if (!holds)
		abort();
}

/* What the core makes of it can be replayed. */
static void
hear(void *ctx, const struct event *e, const char *record, size_t size,
    bool last)
{
	struct event again;
	msgpack_zone zone;

	(void)ctx, (void)last;
	msgpack_zone_init(&zone, 1024);
	require(event_decode(&again, record, size, &zone));
	require(again.type == e->type);
	event_release(&again);
	msgpack_zone_destroy(&zone);
}

/* As the daemon does when it starts: the next step looks at all there is. */
static void
go_on(struct state *s)
{
	const uint64_t runner = 1;
	struct host host = {.max_callouts = 10,
	    .max_runs = 100,
	    .runners = &runner,
	    .nrunners = 1};
	struct command tick = {.type = COMMAND_TICK, .now = s->k.time};
	struct event_sink sink = {hear, NULL};
	struct plan_callout callout;
	struct reply reply;
	unsigned steps = 0;

	core_host(s, &host);
	core_recovered(s);
	while (core_step(s, &tick, &sink, &reply) && ++steps < 20)
		while (plan_next(s, s->k.seq, &callout))
			;
	plan_deadline(s);
}

int
LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size)
{
	msgpack_sbuffer first, second;
	struct state *s, *again;
	char why[256];

	s = state_decode(bytes, size, why, sizeof(why));
	if (s == NULL) {
		require(why[0] != '\0');
		return 0;
	}
	msgpack_sbuffer_init(&first);
	msgpack_sbuffer_init(&second);
	state_encode(s, &first);
	again = state_decode(first.data, first.size, why, sizeof(why));
	require(again != NULL);
	state_encode(again, &second);
	require(first.size == second.size &&
	    memcmp(first.data, second.data, first.size) == 0);
	go_on(again);
	state_free(again);
	state_free(s);
	msgpack_sbuffer_destroy(&first);
	msgpack_sbuffer_destroy(&second);
	return 0;
}
