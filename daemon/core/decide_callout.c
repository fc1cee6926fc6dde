/* decide_callout: what an attempt's end means. */

#include "daemon/core/decide.h"

#include <string.h>

#include "daemon/core/scope.h"
#include "daemon/core/signals.h"

/* Before an attempt that the disk had no room for is tried again. */
#define NO_SPACE_DELAY (2 * INT64_C(1000000000))

/* What an ending amounts to. */
struct verdict {
	enum task_status status; /* of the attempt */
	const char *reason;	 /* or NULL */
	struct value *output;	 /* borrowed */
};

static void judge(const struct attempt *, const struct callout_result *,
    struct batch *, struct verdict *);
static void judge_exit(const struct task_definition *,
    const struct callout_result *, struct batch *, struct verdict *);
static bool has_code(const uint8_t[32], int);
static int next_status(struct batch *, const struct action *,
    const struct callout_result *, struct verdict *, int64_t *due);
static bool retry_wanted(const struct action *, enum task_status, int exit,
    const struct value *, char why[EXPRESSION_ERROR_MAX]);
static int64_t retry_delay(const struct action *);
static uint64_t scatter(uint64_t);

static bool
has_code(const uint8_t codes[32], int code)
{
	return code >= 0 && code < 256 && (codes[code / 8] >> code % 8 & 1);
}

static void
judge_exit(const struct task_definition *t, const struct callout_result *result,
    struct batch *b, struct verdict *verdict)
{
	if (!has_code(t->u.run.success, result->exit)) {
		verdict->status = TASK_FAILED;
		verdict->reason =
		    batch_printf(b, "exit status %d", result->exit);
	} else if (result->output_error != NULL) {
		verdict->status = TASK_FAILED;
		verdict->reason = batch_printf(b, "%s", result->output_error);
	} else {
		verdict->status = TASK_COMPLETED;
		verdict->output = result->output;
	}
}

static void
judge(const struct attempt *t, const struct callout_result *result,
    struct batch *b, struct verdict *verdict)
{
	*verdict = (struct verdict){.status = TASK_FAILED};
	if (t->k.stop != STOP_NOT) {
		verdict->status =
		    t->k.stop == STOP_TIMEOUT ? TASK_TIMED_OUT : TASK_CANCELED;
		verdict->reason = batch_printf(
		    b, "%s", t->k.reason == NULL ? "stopped" : t->k.reason);
		return;
	}
	switch (result->end) {
	case CALLOUT_EXITED:
		judge_exit(t->action->run->task, result, b, verdict);
		break;
	case CALLOUT_SIGNALED:
		verdict->reason = batch_printf(b, "killed by signal %d (%s)",
		    result->signal, signal_name(result->signal));
		break;
	case CALLOUT_NOT_STARTED:
	case CALLOUT_NO_SPACE:
		verdict->reason = batch_printf(b, "not started: %s",
		    result->reason == NULL ? "unknown" : result->reason);
		break;
	case CALLOUT_LOST:
		verdict->reason = batch_printf(b, "lost: %s",
		    result->reason == NULL ? "nobody saw it end"
					   : result->reason);
		break;
	}
}

/* Spreads a number over all its bits (splitmix64's last step). */
static uint64_t
scatter(uint64_t n)
{
	n += UINT64_C(0x9e3779b97f4a7c15);
	n = (n ^ n >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	n = (n ^ n >> 27) * UINT64_C(0x94d049bb133111eb);
	return n ^ n >> 31;
}

/*
 * The delay before the attempt that comes after k.failures + 1 failures.  The
 * jitter comes from who retries, not from chance, so that a decision made
 * again is the same.
 */
static int64_t
retry_delay(const struct action *a)
{
	const struct retry *retry = &a->run->task->retry;
	int64_t delay = retry->delay, cap = INT64_MAX / 256, spread;
	uint64_t seed;

	if (retry->backoff == BACKOFF_LINEAR &&
	    delay <= cap / (int64_t)(a->k.failures + 1))
		delay *= (int64_t)(a->k.failures + 1);
	for (uint32_t i = 0; retry->backoff == BACKOFF_EXPONENTIAL &&
	     i < a->k.failures && delay < cap / 2;
	     i++)
		delay *= 2;
	if (retry->max_delay > 0 && delay > retry->max_delay)
		delay = retry->max_delay;
	if (delay > cap)
		delay = cap;
	spread = delay / 100 * (int64_t)retry->jitter_percent;
	if (spread > 0) {
		seed = scatter(a->run->execution->k.id);
		seed = scatter(seed ^ a->run->index);
		seed = scatter(seed ^ a->item ^ (uint64_t)a->k.attempts << 32);
		delay += (int64_t)(seed % (uint64_t)(2 * spread + 1)) - spread;
	}
	return delay < 0 ? 0 : delay;
}

static bool
retry_wanted(const struct action *a, enum task_status status, int exit,
    const struct value *output, char why[EXPRESSION_ERROR_MAX])
{
	const struct task_definition *t = a->run->task;
	struct view view = {.x = a->run->execution,
	    .run = a->run,
	    .action = a,
	    .overlaid = true,
	    .status = status,
	    .exit = exit,
	    .output = output};
	struct scope scope;
	int wanted;

	why[0] = '\0';
	if (a->k.failures >= t->retry.count)
		return false;
	if (t->kind == ACTION_RUN && has_code(t->u.run.fatal, exit))
		return false;
	if (t->retry.when == NULL)
		return true;
	scope_of(&scope, &view);
	wanted = template_holds(t->retry.when, &scope, why);
	view_release(&view);
	if (wanted >= 0)
		why[0] = '\0';
	return wanted > 0;
}

bool
retry_due(struct batch *b, const struct action *a, enum task_status status,
    int exit, const struct value *output, int64_t *due, const char **reason)
{
	char why[EXPRESSION_ERROR_MAX] = "";
	int64_t delay;

	if (status != TASK_FAILED && status != TASK_TIMED_OUT)
		return false;
	if (execution_stops(a->run->execution))
		return false;
	if (!retry_wanted(a, status, exit, output, why)) {
		if (why[0] != '\0')
			*reason =
			    batch_printf(b, "%s; retry.when: %s", *reason, why);
		return false;
	}
	delay = retry_delay(a);
	*due = delay == 0 ? 0 : b->now + delay;
	return true;
}

static int
next_status(struct batch *b, const struct action *a,
    const struct callout_result *result, struct verdict *verdict, int64_t *due)
{
	const struct task_definition *t = a->run->task;

	/* Nothing has failed: it is tried again, however often it takes. */
	if (result->end == CALLOUT_NO_SPACE && verdict->status == TASK_FAILED &&
	    !execution_stops(a->run->execution)) {
		*due = b->now + NO_SPACE_DELAY;
		return TASK_PENDING;
	}
	if (result->end == CALLOUT_LOST && verdict->status == TASK_FAILED &&
	    !execution_stops(a->run->execution)) {
		if (t->on_lost == LOST_ASK)
			return TASK_WAITING;
		if (t->on_lost == LOST_FAIL)
			return TASK_FAILED;
	}
	if (retry_due(b, a, verdict->status,
		result->end == CALLOUT_EXITED ? result->exit : -1,
		verdict->output, due, &verdict->reason))
		return TASK_PENDING;
	return (int)verdict->status;
}

bool
decide_callout_ended(const struct state *s, const struct command *c,
    struct batch *b, struct reply *reply)
{
	const struct callout_result *result = &c->result;
	const struct attempt *t = state_attempt(s, &c->callout);
	const struct action *a;
	struct verdict verdict;
	struct event *e;

	(void)reply;
	if (t == NULL || !t->k.open)
		return true; /* told before */
	a = t->action;
	judge(t, result, b, &verdict);
	e = batch_add_action(b, EVENT_TASK_ATTEMPT_ENDED, a);
	e->attempt = t->k.number;
	e->end = (int32_t)result->end;
	if (result->end == CALLOUT_EXITED)
		e->exit = result->exit;
	if (result->end == CALLOUT_SIGNALED)
		e->signal = result->signal;
	e->reason = verdict.reason;
	e->started_at = result->started_at;
	e->ended_at = result->ended_at;
	e->cpu = result->cpu;
	e->max_rss = result->max_rss;
	e->status = (int32_t)verdict.status;
	e->value = value_ref(verdict.output);
	if (!attempt_is_current(t))
		return true;
	e->next = next_status(b, a, result, &verdict, &e->due);
	e->reason = verdict.reason;
	return true;
}
