/*
 * apply: the only thing that changes state.  It cannot fail and reads no
 * clock; the time is the event's.
 */
#ifndef WEIR_CORE_APPLY_H
#define WEIR_CORE_APPLY_H

#include "daemon/core/event.h"
#include "daemon/core/state.h"

/* The event must be the one that follows state.k.seq. */
void apply(struct state *, const struct event *);

/* What apply's own files share. */

typedef void applier(struct state *, const struct event *);
applier apply_execution_held, apply_execution_resumed, apply_engine_status,
    apply_task_items, apply_task_started, apply_task_waiting,
    apply_task_stopping, apply_task_attempt_ended, apply_task_item_ended,
    apply_task_ready, apply_task_ended;

/* Something may have to be done for the execution, or for the run. */
void mark_dirty(struct state *, struct execution *);
/* The execution and all of its runs that have not ended. */
void mark_all(struct state *, struct execution *);
void mark_attention(struct state *, struct run *);
/* Whoever waits for room on the machine is looked at again. */
void mark_blocked(struct state *, struct execution *);
void timer_set(struct state *, struct timer *, enum timer_kind, int64_t due);
void timer_clear(struct state *, struct timer *);
/* The execution lets go of its hold: it was canceled, or has ended. */
void hold_clear(struct state *, struct execution *);
/* What is frozen or not follows who holds it. */
void freeze_follows(struct state *, struct execution *);
void attempt_thaw(struct state *, struct attempt *);
/* What is wanted of the attempt's callout has changed. */
void attempt_changed(struct state *, struct attempt *);
/* The only mover of an action's status, and of an execution's. */
void action_becomes(struct state *, struct action *, enum task_status);
void execution_becomes(
    struct state *, struct execution *, enum execution_status);
/* A task is reached from the start (from EVENT_NONE) or from another. */
void task_arrives(
    struct state *, struct execution *, uint32_t from, uint32_t to, int64_t);
/* A subworkflow's attempt begins in its parent's action. */
void child_started(struct state *, const struct event *);
void replace_string(char **, const char *);

#endif
