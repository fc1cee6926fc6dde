/*
 * core: the engine as a pure step.  See the law of one turn in CONTRIBUTING.md.
 */
#ifndef WEIR_CORE_CORE_H
#define WEIR_CORE_CORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/core/command.h"
#include "daemon/core/state.h"

/*
 * Told of each event once it is applied, with its journal record; last: the
 * command's events end with it.
 */
struct event_sink {
	void (*event)(void *, const struct event *, const char *record,
	    size_t size, bool last);
	void *ctx;
	bool no_records; /* it is given none, and a guess at their size */
};

/*
 * Decides the command and all that follows from it, and applies what comes of
 * it.  A refusal gives no event.  True where work is left that the next step,
 * of any command, goes on with (COMMAND_TICK does just that).
 */
bool core_step(struct state *, const struct command *,
    const struct event_sink *, struct reply *);

/* Applies one journal record; false for one that can't be understood. */
bool core_replay(struct state *, uint64_t seq, const char *, size_t);
/* After the last one: marks everything to be looked at by the next step. */
void core_recovered(struct state *);

/* What the machine offers changed. */
void core_host(struct state *, const struct host *);

/* The host's room_bytes alone. */
void core_room(struct state *, uint64_t);

/* What should be outside. */
enum plan_want {
	PLAN_NOTHING,
	PLAN_RUN,
	PLAN_FREEZE,
	PLAN_TERM,
	PLAN_KILL,
	PLAN_FORGET,
};

struct plan_callout {
	struct callout_key key;
	uint64_t runner;
	enum plan_want want;
	bool thaw; /* it was frozen: let it go on, to run or to end */
	const struct value *spec; /* for PLAN_RUN and PLAN_FREEZE */
};

/*
 * The next callout whose want was changed by events up to the sequence number
 * (which must be durable); it is taken off the list.  False: no more.
 */
bool plan_next(struct state *, uint64_t durable, struct plan_callout *);
/* What is wanted of one attempt's callout. */
enum plan_want plan_attempt(const struct attempt *);
/*
 * When the next COMMAND_TICK is due, ns since the epoch; 0: never.  The one is
 * compared with a command's time, the other with the wall clock.
 */
int64_t plan_deadline(const struct state *);
int64_t plan_until(const struct state *);

#endif
