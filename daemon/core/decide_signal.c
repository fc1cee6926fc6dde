/* decide_signal: signals, for the waits that are there and for those to come.
 */

#include "daemon/core/decide.h"

static bool waits_for_signal(const struct action *, const char *name);
static bool may_wait(const struct execution *);
static bool
end_waits(const struct command *, const struct execution *, struct batch *);
static bool keep_signal(const struct state *, const struct command *,
    const struct execution *, struct batch *, struct reply *);
static bool signal_below(const struct state *, const struct command *,
    const struct execution *, struct batch *, struct reply *);

static bool
waits_for_signal(const struct action *a, const char *name)
{
	const struct task_definition *t = a->run->task;

	return t->kind == ACTION_WAIT && t->u.wait.kind == WAIT_SIGNAL &&
	    task_moved(a->k.status, TASK_MOVE_SIGNAL) >= 0 &&
	    value_is_string(a->k.wait, name);
}

/* Whether some task of it waits for a signal, of whichever name. */
static bool
may_wait(const struct execution *x)
{
	for (uint32_t i = 0; i < x->definition->ntasks; i++) {
		const struct task_definition *t = &x->definition->tasks[i];

		if (t->kind == ACTION_WAIT && t->u.wait.kind == WAIT_SIGNAL)
			return !execution_stops(x);
	}
	return false;
}

/* False: there was none. */
static bool
end_waits(const struct command *c, const struct execution *x, struct batch *b)
{
	size_t before = b->n;
	const struct run *r;

	TAILQ_FOREACH (r, &x->open, open)
		for (uint32_t i = 0; i < r->nactions; i++) {
			const struct action *a = &r->actions[i];

			if (!waits_for_signal(a, c->name))
				continue;
			end_action(b, a,
			    (enum task_status)task_moved(
				a->k.status, TASK_MOVE_SIGNAL),
			    NULL, value_ref(c->value))
			    ->by = c->by.name;
		}
	return b->n > before;
}

static bool
keep_signal(const struct state *s, const struct command *c,
    const struct execution *x, struct batch *b, struct reply *reply)
{
	const struct kept_signal *kept;
	struct event *e;
	unsigned n = 0;

	TAILQ_FOREACH (kept, &x->signals, entry)
		n++;
	if (s->host.max_signals != 0 && n >= s->host.max_signals)
		return refuse(reply, ERROR_LIMIT,
		    "%u signals are kept for execution %llu already, and "
		    "nothing of it waits for this one (limits.signals in "
		    "weird.conf)",
		    n, (unsigned long long)x->k.id);
	e = batch_add_execution(b, EVENT_EXECUTION_SIGNAL, x);
	e->name = c->name;
	e->value = value_ref(c->value);
	e->by = c->by.name;
	return true;
}

/*
 * Each has the signal for itself: where it does not wait for it now, it is kept
 * for when it does.  False: refused.
 */
static bool
signal_below(const struct state *s, const struct command *c,
    const struct execution *x, struct batch *b, struct reply *reply)
{
	const struct execution *child;
	const struct run *r;

	if (!end_waits(c, x, b) && may_wait(x) &&
	    !keep_signal(s, c, x, b, reply))
		return false;
	TAILQ_FOREACH (r, &x->open, open)
		for (uint32_t i = 0; i < r->nactions; i++) {
			child = open_child(s, &r->actions[i]);
			if (child != NULL &&
			    !signal_below(s, c, child, b, reply))
				return false;
		}
	return true;
}

bool
decide_signal(const struct state *s, const struct command *c, struct batch *b,
    struct reply *reply)
{
	const struct execution *x = acted_on(s, c, reply);

	if (x == NULL)
		return false;
	if (execution_ended(x->k.status))
		return refuse(reply, ERROR_STATE_CONFLICT,
		    "execution %llu has ended: nothing waits for a signal",
		    (unsigned long long)x->k.id);
	if (!c->tree)
		return end_waits(c, x, b) || keep_signal(s, c, x, b, reply);
	if (!signal_below(s, c, x, b, reply))
		return false;
	return b->n > 0 || keep_signal(s, c, x, b, reply);
}
