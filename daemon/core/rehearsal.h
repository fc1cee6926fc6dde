/*
 * rehearsal: what commands would do, found out by doing it to a copy of what
 * they can reach.  The state itself is not touched, and nothing is decided here
 * a second time: the copy takes the same steps.
 */
#ifndef WEIR_CORE_REHEARSAL_H
#define WEIR_CORE_REHEARSAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/core/command.h"
#include "daemon/core/state.h"

/*
 * A copy of more would hold everybody up.  What is for the engine or for one
 * execution can't be asked for in parts, and may reach more.
 */
#define REHEARSAL_RUNS 3000 /* task runs, and those of items */
#define REHEARSAL_RUNS_OF_ONE 20000
#define REHEARSAL_EXECUTIONS 1000
#define REHEARSAL_EXECUTIONS_OF_ONE 2000
/* After as much nothing more is done. */
#define REHEARSAL_EVENTS 2000
#define REHEARSAL_INSTRUCTIONS 5000 /* of expressions */

struct rehearsal;

/* The state must stay as it is until it is freed. */
struct rehearsal *rehearsal_new(const struct state *);
void rehearsal_free(struct rehearsal *);
/* The copy as it is now: only what was reached is in it. */
const struct state *rehearsal_state(const struct rehearsal *);

/*
 * Copies what the command can reach, where that is still to be done: cheaper
 * for many at once before the first is done.  False: it is too much, as the
 * reply says.
 */
bool
rehearsal_reach(struct rehearsal *, const struct command *, struct reply *);
/*
 * Does the command, after those before, and what follows from it.  The reply is
 * the one that it would get, or ERROR_LIMIT: it reaches too much.
 */
void rehearsal_do(struct rehearsal *, const struct command *, struct reply *);

/* What would become of a task's run, or of one of its items. */
enum change_kind {
	CHANGE_STARTED, /* how: callout, subworkflow, wait, SIGCONT */
	CHANGE_STAGED,	/* it would be its turn; how: held, delay, limit, space
			 */
	CHANGE_STOPPED, /* how: SIGTERM, SIGKILL, SIGSTOP, canceled */
	CHANGE_ENDED,	/* how: its status */
	CHANGE_SUPERSEDED, /* another run stands in its place */
	CHANGE_KEPT,	   /* how: its status */
	CHANGE_KINDS
};

struct change {
	enum change_kind kind;
	const struct run *run; /* of the copy */
	uint32_t item;	       /* EVENT_NONE: the run as a whole */
	uint32_t attempt;      /* EVENT_NONE: none */
	const char *how;       /* static; NULL: nothing to say */
};

/* What an execution is to those that the commands were for. */
enum relation {
	RELATION_SELF,
	RELATION_PARENT,
	RELATION_SUBWORKFLOW,
	RELATION_NEW,
	RELATION_OTHER
};

struct reached {
	const struct execution *before; /* NULL: a new one */
	const struct execution *after;	/* of the copy; NULL: deleted */
	enum relation relation;
};

/* What has come of all commands; it belongs to the rehearsal. */
struct rehearsed {
	const struct change *changes;
	size_t nchanges;
	const struct reached *executions; /* those that would change */
	size_t nexecutions;
};
void rehearsal_result(struct rehearsal *, struct rehearsed *);

#endif
