/* decide_tick: what the passing of time brings. */

#include "daemon/core/decide.h"

#include <signal.h>

#include "daemon/core/duration.h"
#include "daemon/core/safety.h"

/* More than this many deadlines are left to the next step. */
#define TIMERS_AT_ONCE 256

static void time_out_execution(const struct execution *, struct batch *);
static void action_due(const struct timer *, struct batch *);
static void untils_due(const struct state *, int64_t, struct batch *);
static bool timers_due(const struct state *, int64_t, struct batch *);
static void
attempt_due(const struct state *, const struct timer *, struct batch *);

static void
time_out_execution(const struct execution *x, struct batch *b)
{
	char after[DURATION_TEXT];
	struct event *e;

	if (x->k.status == EXECUTION_CANCELING) {
		e = batch_add_execution(b, EVENT_EXECUTION_STATUS, x);
		e->status = EXECUTION_CANCELING;
		e->kill = 1;
		return;
	}
	e = batch_add_execution(b, EVENT_EXECUTION_ENDING, x);
	e->kill = 1;
	if (x->k.ending >= 0) { /* it goes on ending as it was, faster */
		e->status = x->k.ending;
		e->run = x->k.cause.run;
		e->item = x->k.cause.item;
		e->attempt = x->k.cause.attempt;
		e->reason = x->k.reason;
		return;
	}
	duration_text(x->definition->timeout, after);
	e->status = EXECUTION_TIMED_OUT;
	e->reason = batch_printf(b, "the execution timed out after %s", after);
}

static void
action_due(const struct timer *timer, struct batch *b)
{
	const struct action *a = timer_action(timer);
	char after[DURATION_TEXT];

	switch (timer->kind) {
	case TIMER_RETRY:
		batch_add_action(b, EVENT_TASK_READY, a);
		break;
	case TIMER_WAIT:
	case TIMER_UNTIL:
		end_action(b, a, TASK_COMPLETED, NULL, NULL);
		break;
	case TIMER_TIMEOUT:
	case TIMER_KILL:
	case TIMER_PERIOD:
		duration_text(a->run->task->u.wait.timeout, after);
		end_action(b, a, TASK_TIMED_OUT,
		    batch_printf(b, "timed out after %s", after), NULL);
		break;
	}
}

static void
attempt_due(const struct state *s, const struct timer *timer, struct batch *b)
{
	const struct attempt *t = timer_attempt(timer);
	char after[DURATION_TEXT];
	struct event *e;

	if (timer->kind == TIMER_KILL) {
		e = batch_add_action(b, EVENT_TASK_STOPPING, t->action);
		e->attempt = t->k.number;
		e->end = (int32_t)t->k.stop;
		e->signal = SIGKILL;
		e->reason = t->k.reason;
		return;
	}
	duration_text(t->action->run->task->timeout, after);
	stop_attempt(s, b, t, STOP_TIMEOUT,
	    batch_printf(b, "timed out after %s", after));
}

bool
decide_tick(const struct state *s, const struct command *c, struct batch *b,
    struct reply *reply)
{
	(void)reply;
	if (!timers_due(s, c->now, b))
		untils_due(s, c->wall == 0 ? c->now : c->wall, b);
	return true;
}

/* Those that clocks show concern an action each. */
static void
untils_due(const struct state *s, int64_t wall, struct batch *b)
{
	/* sys/tree.h takes no const head; walking changes nothing. */
	struct timers *timers = &((struct state *)(uintptr_t)s)->untils;
	struct timer *timer;
	unsigned n = 0;

	RB_FOREACH (timer, timers, timers) {
		if (timer->due > wall || n++ == TIMERS_AT_ONCE)
			break;
		action_due(timer, b);
	}
}

/*
 * What is due at once concerns an action or an execution each; but what ends a
 * subworkflow ends all that is below it, others of these among it: alone.
 * False where nothing was due.
 */
static bool
timers_due(const struct state *s, int64_t now, struct batch *b)
{
	struct timers *timers = &((struct state *)(uintptr_t)s)->timers;
	struct timer *timer;
	unsigned n = 0;

	RB_FOREACH (timer, timers, timers) {
		bool below = timer_attempt(timer) != NULL &&
		    timer_attempt(timer)->k.child != 0;

		if (timer->due > now || n++ == TIMERS_AT_ONCE ||
		    (below && n > 1))
			break;
		if (timer_workflow(timer) != NULL)
			safety_follows(timer_workflow(timer),
			    workflow_caps(timer_workflow(timer)), b);
		else if (timer_attempt(timer) != NULL)
			attempt_due(s, timer, b);
		else if (timer_action(timer) != NULL)
			action_due(timer, b);
		else
			time_out_execution(timer_execution(timer), b);
		if (below)
			break;
	}
	return n > 1 || (timer != NULL && timer->due <= now);
}
