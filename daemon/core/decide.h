/*
 * decide: what a command would do.  Gives events or a refusal, and changes
 * nothing.  settle is the same for what follows by itself from the state.
 */
#ifndef WEIR_CORE_DECIDE_H
#define WEIR_CORE_DECIDE_H

#include <stdbool.h>

#include "daemon/core/batch.h"
#include "daemon/core/command.h"
#include "daemon/core/state.h"

/* False: refused; the reply says why and there is no event. */
bool decide(const struct state *, const struct command *, struct batch *,
    struct reply *);

/* Whether it would do something: nothing comes of it. */
bool decides(const struct state *, const struct command *);

/* The same as a type, for those that stand in decide's table. */
typedef bool decider(const struct state *, const struct command *,
    struct batch *, struct reply *);
decider decide_tick, decide_definition_enable, decide_definition_disable,
    decide_definition_safety, decide_start, decide_pause, decide_resume,
    decide_replay, decide_restart, decide_rerun, decide_rerun_tasks,
    decide_retry, decide_cancel, decide_terminate, decide_update, decide_skip,
    decide_signal, decide_approve, decide_reject, decide_callout_ended,
    decide_delete, decide_definition_delete, decide_remove_logs;

/* Whether the engine, and the workflow, start anything now; else refused. */
bool engine_starts(const struct state *, struct reply *);
bool workflow_starts(const struct workflow *, struct reply *);
/* Fills in the reply's error; always false. */
bool refuse(struct reply *, enum error_code, const char *, ...)
    __attribute__((format(printf, 3, 4)));
/*
 * The execution that the command names, once it is there, the command's by may
 * act on it, and if_revision and if_status hold; else NULL and a refusal.
 */
const struct execution *
acted_on(const struct state *, const struct command *, struct reply *);
/* Whether the workflow is the actor's, or the actor an admin; else refused. */
bool may_define(const struct workflow *, const struct actor *, struct reply *);
/* The workflow that the command names and may change; NULL: refused. */
const struct workflow *
named_workflow(const struct state *, const struct command *, struct reply *);
/* A refusal that names the status, and what is allowed then. */
bool refuse_status(struct reply *, const struct execution *, const char *verb);

/* An execution's creation; the input is new and goes to the event. */
struct creation {
	const struct definition *definition;
	struct value *input;
	const struct execution *parent; /* NULL: none */
	const struct action *action;	/* of the parent, which it is run by */
	const struct execution *failure_of; /* NULL: none */
	uint32_t uid;
	uint32_t gid;
	const char *owner;
	struct value *labels;  /* borrowed */
	struct value *domains; /* borrowed */
	const char *key;
	const char *correlation;
	int32_t priority;
};
struct event *
create_execution(const struct state *, const struct creation *, struct batch *);

/* Nothing of it that has not begun will: it is canceled or coming to its end.
 */
bool execution_stops(const struct execution *);

/* Ends an action that is not being run (any more): waits, failures, skips. */
struct event *end_action(struct batch *, const struct action *,
    enum task_status, const char *reason, struct value *output);
/* The subworkflow that the action waits for; NULL: none. */
const struct execution *open_child(const struct state *, const struct action *);
/* Asks for the end of what an open attempt runs. */
void stop_attempt(const struct state *, struct batch *, const struct attempt *,
    enum stop_why, const char *reason);
/* Why a subworkflow is canceled: its parent ends, or has no use for it. */
const char *
by_parent(struct batch *, const struct execution *parent, const char *reason);
/* Cancels an execution and, below it, every subworkflow. */
void cancel_tree(const struct state *, struct batch *, const struct execution *,
    bool kill, const char *reason, const char *by);
void
terminate_tree(const struct state *, struct batch *, const struct execution *,
    const char *reason, const char *by, bool failure_workflow);

/*
 * Whether a definition can be run in other domains than its own as the map
 * says; false refuses: no such domain can be, or nothing runs in it.
 */
bool
domains_fit(const struct definition *, const struct value *, struct reply *);

/*
 * Whether another attempt is due after a failure; then when (0: at once). Where
 * it is not because retry.when could not be evaluated, the reason, which is the
 * failure's, says that besides.
 */
bool retry_due(struct batch *, const struct action *, enum task_status,
    int exit, const struct value *output, int64_t *due, const char **reason);

/* The definition's output; NULL with a sentence when it can't be evaluated. */
struct value *
evaluate_output(const struct execution *, char[EXPRESSION_ERROR_MAX]);

/*
 * What follows from the state by itself, one thing at a time: nothing added to
 * the batch means that nothing does.
 */
void settle_engine(const struct state *, struct batch *);
void settle_run(const struct state *, const struct run *, struct batch *);
/* blocked: something is ready that only the machine's limits hold back. */
void settle_execution(const struct state *, const struct execution *,
    struct batch *, bool *blocked);

void
settle_status(const struct state *, const struct execution *, struct batch *);
/* The start of a ready action: an attempt, a subworkflow, or a failure. */
void settle_start(const struct state *, const struct action *, struct batch *);
#define COST_ERROR_MAX (EXPRESSION_ERROR_MAX + 8)
/*
 * What a run that has ended with these has cost, in millionths; false with a
 * sentence when its expression does not say.
 */
bool run_cost(const struct run *, enum task_status, const struct value *output,
    int exit, int64_t *cost, char why[COST_ERROR_MAX]);
/* The end of a run all of whose actions have ended, and where it leads. */
void settle_run_ended(const struct state *, const struct run *, struct batch *);
/*
 * The end of a run with items as a whole, with an output that is borrowed; its
 * open items end with it.
 */
void end_items(const struct state *, const struct run *, struct batch *,
    enum task_status, const char *reason, const char *by, struct value *output);
/* Whether the run may publish that; false with a sentence. */
bool
vars_fit(const struct run *, const struct value *, char[EXPRESSION_ERROR_MAX]);
void settle_unhandled(const struct state *, const struct run *, struct batch *);
/* A task that ends its execution has come; reason and output may be NULL. */
void settle_ended_by(const struct run *, const char *reason,
    struct value *output, struct batch *);

#endif
