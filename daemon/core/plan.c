/* plan: what should be outside. */

#include <signal.h>

#include "daemon/core/core.h"

static int64_t first_due(struct timers *);

enum plan_want
plan_attempt(const struct attempt *t)
{
	if (t->k.child != 0)
		return PLAN_NOTHING;
	if (!t->k.open)
		return PLAN_FORGET;
	if (t->k.stop_signal == SIGKILL)
		return PLAN_KILL;
	if (t->k.stop_signal != 0)
		return PLAN_TERM;
	if (t->k.frozen)
		return PLAN_FREEZE;
	return PLAN_RUN;
}

bool
plan_next(struct state *s, uint64_t durable, struct plan_callout *callout)
{
	struct attempt *t = TAILQ_FIRST(&s->changed);

	if (t == NULL || t->changed_seq > durable)
		return false;
	TAILQ_REMOVE(&s->changed, t, changed);
	t->is_changed = false;
	action_key(t->action, t->k.number, &callout->key);
	callout->runner = t->k.runner;
	callout->want = plan_attempt(t);
	callout->thaw = t->k.thawed && !t->k.frozen;
	callout->spec = t->k.spec;
	return true;
}

int64_t
plan_deadline(const struct state *s)
{
	/* sys/tree.h takes no const head; looking changes nothing. */
	return first_due(&((struct state *)(uintptr_t)s)->timers);
}

int64_t
plan_until(const struct state *s)
{
	return first_due(&((struct state *)(uintptr_t)s)->untils);
}

static int64_t
first_due(struct timers *timers)
{
	const struct timer *t = RB_MIN(timers, timers);

	return t == NULL ? 0 : t->due;
}
