/*
 * view: how the state looks on the wire; the shapes of weir-protocol(7).
 */
#ifndef WEIR_VIEW_H
#define WEIR_VIEW_H

#include <msgpack.h>
#include <stdbool.h>
#include <stdint.h>

#include "daemon/callout.h"
#include "daemon/config.h"
#include "daemon/core/command.h"
#include "daemon/core/state.h"
#include "daemon/journal.h"

struct actor;
struct rehearsal;

/*
 * Whether the actor sees input, variables and output of the execution, and
 * reasons, in which something of these may be.  Of one that is deleted there is
 * only the uid, or not even that: UID_UNKNOWN.
 */
bool view_shows(
    const struct config *, const struct actor *, const struct execution *);
bool view_shows_of(const struct config *, const struct actor *, uint32_t uid);

/* view.c; of the engine all but the pair retention, which is the last. */
void view_engine(msgpack_packer *, const struct state *,
    const struct journal_figures *, int64_t started_at);
void view_workflow(msgpack_packer *, const struct workflow *);
/* Its pairs alone, so many. */
#define VIEW_WORKFLOW_FIELDS 9
void view_workflow_fields(msgpack_packer *, const struct workflow *);
void view_definition_errors(msgpack_packer *, const struct definition_errors *);
/* {id, status, revision}; and its three pairs alone. */
void view_acted_fields(msgpack_packer *, const struct state *, uint64_t id);
void view_acted(msgpack_packer *, const struct state *, uint64_t id);
/* An execution that was acted on, and what else there is to say of that. */
struct acted {
	uint64_t id;
	enum command_type by;
	unsigned left_paused; /* of a resume: subworkflows that stay paused */
	uint64_t first_left;  /* one of them; 0: none */
	int status;	      /* of what is deleted: what it was */
	uint64_t revision;
	uint32_t deleted; /* it and those below it */
	uint64_t replay;  /* of a replay: the new execution; 0: none */
	/* Of a wait for the last process: what survived, as packed maps. */
	const msgpack_sbuffer *survivors; /* NULL: it was not waited for */
	uint32_t nsurvivors;
};
/* {succeeded, failed}; failed is the packed list. */
void view_outcomes(msgpack_packer *, const struct state *, const struct acted *,
    uint32_t count, const msgpack_sbuffer *failed);
/* The same without the map's head: two pairs. */
void view_outcomes_fields(msgpack_packer *, const struct state *,
    const struct acted *, uint32_t count, const msgpack_sbuffer *failed);

/* view_plan.c: what the commands of a rehearsal would do. */
void view_plan(msgpack_packer *, const struct state *, struct rehearsal *);

/*
 * view_execution.c; shows: with values, all else is there in any case.  Whole:
 * with its tasks and what stands in its way.  NULL: without.
 */
struct view_tasks;
void view_execution(msgpack_packer *, const struct state *,
    const struct execution *, bool shows, const struct view_tasks *whole);
/* One of its earlier generations, from 1 on, as it ended. */
void view_generation(msgpack_packer *, const struct state *,
    const struct execution *, uint32_t generation, bool shows,
    const struct view_tasks *whole);

/* view_wait.c: what it waits for, as a list. */
void
view_waits(msgpack_packer *, const struct state *, const struct execution *);

/* The task runs of one of its generations; zeroed: none yet. */
struct view_tasks {
	msgpack_sbuffer packed; /* without the list around them */
	uint32_t count;
	uint32_t run;	/* the next, by its index, */
	uint32_t entry; /* or its item with the number that is one less */
};
/*
 * view_task.c: one more, with the packer of their buffer; the callouts know
 * pids.  False: there are no more.
 */
bool view_task_next(msgpack_packer *, const struct state *,
    const struct execution *, uint32_t generation, bool shows,
    const struct callouts *, struct view_tasks *);

/*
 * view_obstacle.c: what keeps things from starting.  Three pairs: the queue
 * that a pending execution stands in, joins that lack arrivals, the failure
 * workflow; of an earlier generation nothing of that is known.  And why a task
 * that is due has not started, or nil.
 */
void view_obstacles(msgpack_packer *, const struct state *,
    const struct execution *, bool newest);
void
view_blocked(msgpack_packer *, const struct state *, const struct action *);

/* view_value.c: a value of the execution, or nil where it is not shown; what
 * stands under the keys that its definition calls secret, or that of whoever
 * gave it what it has, is never. */
void view_value(msgpack_packer *, const struct state *,
    const struct execution *, const struct value *, bool shows);

/* view_event.c: the map of the notification "event"; its reason when shown. */
void view_event(
    msgpack_packer *, const struct state *, const struct event *, bool shows);

/* An execution's id, or nil for 0. */
void pack_key_id(msgpack_packer *, const char *, uint64_t);
/* A time, or nil for 0. */
void pack_key_time(msgpack_packer *, const char *, int64_t);

#endif
