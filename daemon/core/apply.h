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
    apply_task_ready, apply_task_ended, apply_execution_restarted,
    apply_execution_revived, apply_task_superseded, apply_task_again,
    apply_task_reopened, apply_task_continued, apply_definition_capped,
    apply_definition_lifted, apply_definition_safety, apply_execution_deleted,
    apply_definition_deleted, apply_logs_removed;

/* That much more is used of a cap; what follows is for settle. */
void cap_count(
    struct state *, struct workflow *, enum cap, int64_t amount, int64_t now);
/* Whoever waits for the workflow is looked at, and its period ends anew. */
void caps_changed(struct state *, struct workflow *);

/* Something may have to be done for the execution, or for the run. */
void mark_dirty(struct state *, struct execution *);
/* The execution and all of its runs that have not ended. */
void mark_all(struct state *, struct execution *);
void mark_attention(struct state *, struct run *);
/* Whoever waits for room on the machine is looked at again. */
void mark_blocked(struct state *, struct execution *);
void timer_set(struct state *, struct timer *, enum timer_kind, int64_t due);
void timer_clear(struct state *, struct timer *);
/* Held time counts towards no execution timeout. */
void clock_stop(struct state *, struct execution *);
/* The execution lets go of its hold: it was canceled, or has ended. */
void hold_clear(struct state *, struct execution *);
/* What is frozen or not follows who holds it. */
void freeze_follows(struct state *, struct execution *);
void attempt_thaw(struct state *, struct attempt *);
/* What is wanted of the attempt's callout has changed. */
void attempt_changed(struct state *, struct attempt *);
/* The only mover of an action's status, and of an execution's. */
void action_becomes(struct state *, struct action *, enum task_status);
void
execution_becomes(struct state *, struct execution *, enum execution_status);
void action_ready(struct action *);
void action_requeued(struct state *, struct action *);
/* Makes as many items ready as may run beside each other. */
void actions_offer(struct run *);
/* A new run is due, or looked at first. */
void run_offer(struct state *, struct run *);
/* A run that has ended leads to the tasks of the list; NULL: to none. */
void run_leads(struct state *, struct run *, const struct value *, int64_t);
/* Fires, and ends rounds, as long as what has arrived allows it. */
void join_settles(struct state *, struct execution *, uint32_t task, int64_t);
void hold_pending(struct execution *);
/* A task is reached from the start (EVENT_NONE) or from a run. */
void task_arrives(
    struct state *, struct execution *, uint32_t from, uint32_t to, int64_t);
/* A subworkflow's attempt begins in its parent's action. */
void child_started(struct state *, const struct event *);
void replace_string(char **, const char *);

#endif
