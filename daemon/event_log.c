/* event_log: one line for each event that an operator wants to know */

#include <stdint.h>

#include "daemon/core/safety.h"
#include "daemon/event_log.h"
#include "daemon/log.h"
#include "daemon/log_limited.h"

static void log_engine(const struct state *, const struct event *);
static void log_definition(const struct state *, const struct event *);
static void log_cap(const struct state *, const struct event *);
static void log_safety(const struct state *, const struct event *);
static void log_created(const struct state *, const struct event *);
static void log_execution(const struct state *, const struct event *);
static void log_held(const struct state *, const struct event *);
static void log_deleted(const struct state *, const struct event *);
static void log_definition_deleted(const struct state *, const struct event *);
static void log_logs_removed(const struct state *, const struct event *);
static void log_started(const struct state *, const struct event *);
static void log_waiting(const struct state *, const struct event *);
static void log_attempt(const struct state *, const struct event *);
static void log_not_started(const struct state *, const struct event *);
static const char *task_name(const struct state *, const struct event *);

static void (*const loggers[EVENT_TYPES])(
    const struct state *, const struct event *) = {
    [EVENT_ENGINE_STATUS] = log_engine,
    [EVENT_DEFINITION_PUT] = log_definition,
    [EVENT_DEFINITION_STATUS] = log_definition,
    [EVENT_DEFINITION_CAPPED] = log_cap,
    [EVENT_DEFINITION_LIFTED] = log_cap,
    [EVENT_DEFINITION_SAFETY] = log_safety,
    [EVENT_EXECUTION_CREATED] = log_created,
    [EVENT_EXECUTION_STATUS] = log_execution,
    [EVENT_EXECUTION_HELD] = log_held,
    [EVENT_EXECUTION_RESUMED] = log_execution,
    [EVENT_EXECUTION_RESTARTED] = log_execution,
    [EVENT_EXECUTION_REVIVED] = log_execution,
    [EVENT_EXECUTION_DELETED] = log_deleted,
    [EVENT_DEFINITION_DELETED] = log_definition_deleted,
    [EVENT_EXECUTION_LOGS_REMOVED] = log_logs_removed,
    [EVENT_TASK_STARTED] = log_started,
    [EVENT_TASK_WAITING] = log_waiting,
    [EVENT_TASK_ATTEMPT_ENDED] = log_attempt,
};

void
event_log(const struct state *state, const struct event *event)
{
	if (loggers[event->type] != NULL)
		loggers[event->type](state, event);
}

static void
log_engine(const struct state *state, const struct event *event)
{
	(void)state;
	log_info("engine %s%s%s%s%s%s",
	    engine_status_name((enum engine_status)event->status),
	    event->frozen != 0 ? ", frozen," : "",
	    event->by != NULL ? " by " : "", event->by != NULL ? event->by : "",
	    event->reason != NULL ? ": " : "",
	    event->reason != NULL ? event->reason : "");
}

static void
log_definition(const struct state *state, const struct event *event)
{
	(void)state;
	if (event->type == EVENT_DEFINITION_PUT)
		log_info("workflow %s version %u put by %s", event->name,
		    event->version, event->by);
	else
		log_info("workflow %s %s by %s%s%s", event->name,
		    event->status == WORKFLOW_ENABLED ? "enabled" : "disabled",
		    event->by != NULL ? event->by : "the daemon",
		    event->reason != NULL ? ": " : "",
		    event->reason != NULL ? event->reason : "");
}

static void
log_cap(const struct state *state, const struct event *event)
{
	const struct workflow *workflow = state_workflow(state, event->name);
	bool capped = event->type == EVENT_DEFINITION_CAPPED;
	const struct log_about about = {
	    .kind = LOG_KIND_WORKFLOW,
	    .uid = workflow != NULL ? workflow->versions[0].uid : LOG_OF_NOBODY,
	    .level = capped ? LOG_LEVEL_WARN : LOG_LEVEL_INFO,
	};
	const char *cap = cap_name((enum cap)event->cap);

	if (capped)
		log_limited(&about,
		    "workflow %s safety_paused by its cap on %s: %s",
		    event->name, cap, event->reason);
	else
		log_limited(&about,
		    "workflow %s starts again after its cap on %s%s%s: %s",
		    event->name, cap, event->by != NULL ? ", by " : "",
		    event->by != NULL ? event->by : "", event->reason);
}

static void
log_safety(const struct state *state, const struct event *event)
{
	(void)state;
	log_info("workflow %s: caps %s by %s", event->name,
	    event->value != NULL ? "set" : "back to those of its definition",
	    event->by);
}

static void
log_created(const struct state *state, const struct event *event)
{
	(void)state;
	if (event->parent != 0)
		log_info("execution %ju of %s started by execution %ju",
		    (uintmax_t)event->execution, event->name,
		    (uintmax_t)event->parent);
	else if (event->failure_of != 0)
		log_info("execution %ju of %s started for the failure of "
			 "execution %ju",
		    (uintmax_t)event->execution, event->name,
		    (uintmax_t)event->failure_of);
	else
		log_info("execution %ju of %s started by %s",
		    (uintmax_t)event->execution, event->name, event->by);
}

/* Ends, and what people ask for; the way there is for debugging. */
static void
log_execution(const struct state *state, const struct event *event)
{
	enum execution_status status = (enum execution_status)event->status;
	const struct execution *execution =
	    state_execution(state, event->execution);
	const char *name = execution != NULL ? execution->workflow->name : "?";
	void (*line)(const char *, ...) =
	    execution_ended(status) || event->by != NULL ? log_info : log_debug;

	line("execution %ju of %s %s%s%s%s%s", (uintmax_t)event->execution,
	    name, execution_status_name(status),
	    event->by != NULL ? " by " : "", event->by != NULL ? event->by : "",
	    event->reason != NULL ? ": " : "",
	    event->reason != NULL ? event->reason : "");
}

static void
log_held(const struct state *state, const struct event *event)
{
	const struct execution *execution =
	    state_execution(state, event->execution);

	log_info("execution %ju of %s %s%s%s%s%s%s%s",
	    (uintmax_t)event->execution,
	    execution != NULL ? execution->workflow->name : "?",
	    execution_status_name((enum execution_status)event->status),
	    event->frozen != 0 ? ", frozen," : "",
	    event->hold == HOLD_PARENT ? " with its parent" : "",
	    event->by != NULL ? " by " : "", event->by != NULL ? event->by : "",
	    event->reason != NULL ? ": " : "",
	    event->reason != NULL ? event->reason : "");
}

/* What retention does by itself, day in, day out, is for debugging. */
static void
log_deleted(const struct state *state, const struct event *event)
{
	void (*line)(const char *, ...) =
	    event->by != NULL ? log_info : log_debug;

	(void)state;
	line("execution %ju of %s deleted by %s%s%s",
	    (uintmax_t)event->execution, event->name,
	    event->by != NULL ? event->by : "the daemon",
	    event->reason != NULL ? ": " : "",
	    event->reason != NULL ? event->reason : "");
}

static void
log_definition_deleted(const struct state *state, const struct event *event)
{
	(void)state;
	log_info("workflow %s deleted by %s", event->name,
	    event->by != NULL ? event->by : "the daemon");
}

static void
log_logs_removed(const struct state *state, const struct event *event)
{
	(void)state;
	log_debug("the logs of execution %ju are removed: %s",
	    (uintmax_t)event->execution,
	    event->reason != NULL ? event->reason : "no reason");
}

static const char *
task_name(const struct state *state, const struct event *event)
{
	const struct execution *execution =
	    state_execution(state, event->execution);

	if (execution == NULL || event->run >= execution->nruns)
		return "?";
	return execution->runs[event->run]->task->name;
}

static void
log_started(const struct state *state, const struct event *event)
{
	log_debug("execution %ju task %s attempt %u started",
	    (uintmax_t)event->execution, task_name(state, event),
	    event->attempt);
}

static void
log_waiting(const struct state *state, const struct event *event)
{
	log_debug("execution %ju task %s waits", (uintmax_t)event->execution,
	    task_name(state, event));
}

static void
log_attempt(const struct state *state, const struct event *event)
{
	const char *name = task_name(state, event);
	uintmax_t execution = (uintmax_t)event->execution;
	const char *reason = event->reason != NULL ? event->reason : "";

	if (event->end == CALLOUT_LOST)
		/* The reason begins with "lost". */
		log_warn("execution %ju task %s attempt %u %s", execution, name,
		    event->attempt, *reason != '\0' ? reason : "lost");
	else if (event->end == CALLOUT_NOT_STARTED ||
	    event->end == CALLOUT_NO_SPACE)
		log_not_started(state, event);
	else if (event->signal != 0)
		log_debug("execution %ju task %s attempt %u ended by signal "
			  "%d",
		    execution, name, event->attempt, event->signal);
	else
		log_debug("execution %ju task %s attempt %u ended with %d",
		    execution, name, event->attempt, event->exit);
}

/* A task whose program is not there may be tried again without end. */
static void
log_not_started(const struct state *state, const struct event *event)
{
	const struct execution *execution =
	    state_execution(state, event->execution);
	const struct log_about about = {
	    .kind = LOG_KIND_START,
	    .uid = execution != NULL ? execution->k.uid : LOG_OF_NOBODY,
	    .level = LOG_LEVEL_WARN,
	};

	log_limited(&about,
	    "execution %ju task %s attempt %u did not start: %s",
	    (uintmax_t)event->execution, task_name(state, event),
	    event->attempt, event->reason != NULL ? event->reason : "");
}
