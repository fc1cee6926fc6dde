/* decide_execution: cancel and terminate, with all that is below. */

#include "daemon/core/decide.h"

static void cancel_one(struct batch *, const struct execution *, bool kill,
    const char *reason, const char *by);
static const char *
with_parent(struct batch *, const struct execution *, const char *reason);
static void cancel_below(const struct state *, struct batch *,
    const struct execution *, bool kill, const char *reason, const char *by);
static void
terminate_one(const struct state *, struct batch *, const struct execution *,
    const char *reason, const char *by, bool failure_workflow);

static void terminate_below(const struct state *, struct batch *,
    const struct execution *, const char *reason, const char *by);

bool
execution_stops(const struct execution *x)
{
	return x->k.ending >= 0 || x->k.status == EXECUTION_CANCELING;
}

const struct execution *
open_child(const struct state *s, const struct action *a)
{
	const struct execution *child;

	if (a->latest == NULL || !a->latest->k.open || a->latest->k.child == 0)
		return NULL;
	child = state_execution(s, a->latest->k.child);
	return child == NULL || execution_ended(child->k.status) ? NULL : child;
}

static void
cancel_one(struct batch *b, const struct execution *x, bool kill,
    const char *reason, const char *by)
{
	struct event *e = batch_add_execution(b, EVENT_EXECUTION_STATUS, x);

	e->status = execution_moved(
	    x->k.status, kill ? EXECUTION_MOVE_KILL : EXECUTION_MOVE_CANCEL);
	if (e->status != (int32_t)x->k.status)
		e->reason = reason;
	e->by = by;
	e->kill = kill;
}

void
cancel_tree(const struct state *s, struct batch *b, const struct execution *x,
    bool kill, const char *reason, const char *by)
{
	if (x->k.status != EXECUTION_CANCELING || (kill && !x->k.kill))
		cancel_one(b, x, kill, reason, by);
	cancel_below(s, b, x, kill, reason, by);
}

/* Each that goes with its parent says so, with the reason from the top. */
static const char *
with_parent(struct batch *b, const struct execution *x, const char *reason)
{
	return batch_printf(b, "with its parent %llu%s%s",
	    (unsigned long long)x->k.id, reason == NULL ? "" : ": ",
	    reason == NULL ? "" : reason);
}

const char *
by_parent(struct batch *b, const struct execution *x, const char *reason)
{
	if (execution_stops(x))
		return with_parent(b, x, reason);
	return batch_printf(
	    b, "by its parent %llu: %s", (unsigned long long)x->k.id, reason);
}

static void
cancel_below(const struct state *s, struct batch *b, const struct execution *x,
    bool kill, const char *reason, const char *by)
{
	const struct execution *child;
	const struct run *r;

	TAILQ_FOREACH (r, &x->open, open)
		for (uint32_t i = 0; i < r->nactions; i++) {
			if ((child = open_child(s, &r->actions[i])) == NULL)
				continue;
			if (child->k.status != EXECUTION_CANCELING ||
			    (kill && !child->k.kill))
				cancel_one(b, child, kill,
				    with_parent(b, x, reason), by);
			cancel_below(s, b, child, kill, reason, by);
		}
}

bool
decide_cancel(const struct state *s, const struct command *c, struct batch *b,
    struct reply *reply)
{
	const struct execution *x = acted_on(s, c, reply);
	const char *reason = c->reason;
	int to;

	if (x == NULL)
		return false;
	to = execution_moved(
	    x->k.status, c->kill ? EXECUTION_MOVE_KILL : EXECUTION_MOVE_CANCEL);
	if (to == LIFECYCLE_NO)
		return refuse_status(reply, x, "cancel");
	if (to == LIFECYCLE_SAME || (to == (int)x->k.status && x->k.kill))
		return true;
	if (reason == NULL)
		reason = batch_printf(b, "canceled by %s",
		    c->by.name == NULL ? "an unknown user" : c->by.name);
	cancel_tree(s, b, x, c->kill, reason, c->by.name);
	return true;
}

static void
terminate_one(const struct state *s, struct batch *b, const struct execution *x,
    const char *reason, const char *by, bool failure_workflow)
{
	const struct run *r;
	const struct attempt *t;
	struct event *e;
	char why[EXPRESSION_ERROR_MAX];

	TAILQ_FOREACH (r, &x->open, open) {
		for (uint32_t i = 0; i < r->nactions; i++) {
			t = r->actions[i].latest;
			if (t != NULL && t->k.open && t->k.child == 0)
				stop_attempt(s, b, t, STOP_CANCEL, reason);
		}
		e = batch_add_run(b, EVENT_TASK_ENDED, r);
		e->status = TASK_CANCELED;
		e->reason = reason;
	}
	e = batch_add_execution(b, EVENT_EXECUTION_STATUS, x);
	e->status = EXECUTION_TERMINATED;
	e->reason = reason;
	e->by = by;
	e->follow = failure_workflow;
	e->value = x->k.output != NULL ? value_ref(x->k.output)
				       : evaluate_output(x, why);
}

/* From the bottom up, so that no parent sees a child outlive it. */
void
terminate_tree(const struct state *s, struct batch *b,
    const struct execution *x, const char *reason, const char *by,
    bool failure_workflow)
{
	terminate_below(s, b, x, reason, by);
	terminate_one(s, b, x, reason, by, failure_workflow);
}

static void
terminate_below(const struct state *s, struct batch *b,
    const struct execution *x, const char *reason, const char *by)
{
	const struct execution *child;
	const struct run *r;

	TAILQ_FOREACH (r, &x->open, open)
		for (uint32_t i = 0; i < r->nactions; i++) {
			if ((child = open_child(s, &r->actions[i])) == NULL)
				continue;
			terminate_below(s, b, child, reason, by);
			terminate_one(
			    s, b, child, with_parent(b, x, reason), by, false);
		}
}

bool
decide_terminate(const struct state *s, const struct command *c,
    struct batch *b, struct reply *reply)
{
	const struct execution *x = acted_on(s, c, reply);
	int to;

	if (x == NULL)
		return false;
	to = execution_moved(x->k.status, EXECUTION_MOVE_TERMINATE);
	if (to == LIFECYCLE_NO)
		return refuse_status(reply, x, "terminate");
	if (c->reason == NULL || c->reason[0] == '\0')
		return refuse(reply, ERROR_BAD_REQUEST,
		    "terminate needs a reason: say --reason TEXT");
	terminate_tree(s, b, x, c->reason, c->by.name, c->failure_workflow);
	return true;
}
