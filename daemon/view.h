/*
 * view: how the state looks on the wire; the shapes of weir-protocol(7).
 */
#ifndef WEIR_VIEW_H
#define WEIR_VIEW_H

#include <msgpack.h>
#include <stdbool.h>
#include <stdint.h>

#include "daemon/config.h"
#include "daemon/core/state.h"
#include "daemon/journal.h"

struct actor;

/* Whether the actor sees input, variables and output of the execution. */
bool view_shows(
    const struct config *, const struct actor *, const struct execution *);

/* view.c */
void view_engine(msgpack_packer *, const struct state *,
    const struct journal_figures *, int64_t started_at);
void view_workflow(msgpack_packer *, const struct workflow *);
void view_definition_errors(msgpack_packer *, const struct definition_errors *);
/* {id, status, revision} */
void view_acted(msgpack_packer *, const struct state *, uint64_t id);
/* An execution that was acted on, and what a resume passed over. */
struct acted {
	uint64_t id;
	bool resumed;
	unsigned left_paused; /* subworkflows that stay paused */
	uint64_t first_left;
};
/* {succeeded, failed}; failed is the packed list. */
void view_outcomes(msgpack_packer *, const struct state *, const struct acted *,
    uint32_t count, const msgpack_sbuffer *failed);

/* view_execution.c; shows: with values, all else is there in any case. */
void view_execution(msgpack_packer *, const struct state *,
    const struct execution *, bool shows, bool tasks);

/* Who holds an execution, as the wire has it; NULL for nobody. */
const char *view_hold(enum hold_by);

/* view_wait.c: what it waits for, as a list. */
void view_waits(msgpack_packer *, const struct execution *);

/* view_task.c: its task runs, as a list. */
void view_tasks(msgpack_packer *, const struct execution *, bool shows);

/* view_value.c: a value of the execution, or nil where it is not shown; what
 * stands under the keys that the definition calls secret is never. */
void view_value(msgpack_packer *, const struct execution *,
    const struct value *, bool shows);

/* view_event.c: the map of the notification "event". */
void view_event(msgpack_packer *, const struct state *, const struct event *);

/* A time, or nil for 0. */
void pack_key_time(msgpack_packer *, const char *, int64_t);

#endif
