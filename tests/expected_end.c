/*
 * expected_end: what an execution must end with, worked out from its tasks,
 * its definition and what was asked: not from what the core has decided.
 */

#include <atf-c.h>
#include <string.h>

#include "tests/witness.h"

static bool has_ended_it(const struct run *);
static bool failed_unhandled(const struct execution *);
static bool join_lacks(const struct execution *);
static bool parent_ends(const struct state *, const struct execution *);
static bool
passed_on(const struct state *, const struct run *, enum execution_status);

bool
is_below(const struct state *s, const struct execution *x, uint64_t above)
{
	for (; x != NULL; x = state_execution(s, x->k.parent))
		if (x->k.id == above)
			return true;
	return false;
}

static bool
failed_unhandled(const struct execution *x)
{
	for (uint32_t i = 0; i < x->nruns; i++) {
		const struct run *r = x->runs[i];

		if (!r->k.superseded && !r->k.led && !r->task->optional &&
		    r->k.status != TASK_COMPLETED &&
		    r->k.status != TASK_SKIPPED)
			return true;
	}
	return false;
}

static bool
join_lacks(const struct execution *x)
{
	for (uint32_t i = 0; i < x->definition->ntasks; i++)
		if (x->definition->tasks[i].join != JOIN_NONE &&
		    !x->nodes[i].k.fired && x->nodes[i].k.narrivals > 0)
			return true;
	return false;
}

/* Its parent has ended or is about to, or has no use for it any more. */
static bool
parent_ends(const struct state *s, const struct execution *x)
{
	const struct execution *parent = state_execution(s, x->k.parent);
	const struct action *a;

	if (parent == NULL)
		return false;
	a = run_action(parent->runs[x->k.parent_run], x->k.parent_item);
	return execution_ended(parent->k.status) || parent->k.ending >= 0 ||
	    parent->k.status == EXECUTION_CANCELING || a->run->k.superseded ||
	    (a->latest != NULL && a->latest->k.stop != STOP_NOT);
}

/* Once, and where it did not run again it does so again. */
static bool
has_ended_it(const struct run *r)
{
	return r->task->kind == ACTION_END && !r->k.superseded &&
	    r->k.status == TASK_COMPLETED;
}

enum execution_status
expected_end(const struct state *s, const struct execution *x,
    const struct event *e, const struct command *c,
    enum execution_status before)
{
	if (e->status == EXECUTION_TERMINATED && c->type == COMMAND_TERMINATE &&
	    is_below(s, x, c->execution))
		return EXECUTION_TERMINATED;
	if (before == EXECUTION_CANCELING)
		return EXECUTION_CANCELED;
	if (before == EXECUTION_PENDING || before == EXECUTION_PAUSED)
		return (c->type == COMMAND_CANCEL &&
			   is_below(s, x, c->execution)) ||
			parent_ends(s, x)
		    ? EXECUTION_CANCELED
		    : EXECUTION_FAILED; /* its vars */
	if (x->k.ending >= 0)
		return x->k.ending == EXECUTION_COMPLETED &&
			e->status == EXECUTION_FAILED &&
			strncmp(e->reason, "output: ", 8) == 0
		    ? EXECUTION_FAILED
		    : (enum execution_status)x->k.ending;
	if (failed_unhandled(x) || join_lacks(x))
		return EXECUTION_FAILED;
	for (uint32_t i = 0; i < x->nruns; i++)
		ATF_REQUIRE(!has_ended_it(x->runs[i]));
	return e->status == EXECUTION_FAILED && e->reason != NULL &&
		strncmp(e->reason, "output: ", 8) == 0
	    ? EXECUTION_FAILED
	    : EXECUTION_COMPLETED;
}

/* Some item's subworkflow ended so. */
static bool
passed_on(
    const struct state *s, const struct run *r, enum execution_status status)
{
	for (uint32_t i = 0; i < r->nactions; i++) {
		const struct attempt *t = r->actions[i].latest;
		const struct execution *child =
		    t == NULL ? NULL : state_execution(s, t->k.child);

		if (child != NULL && child->k.status == status)
			return true;
	}
	return false;
}

enum execution_status
expected_ending(
    const struct state *s, const struct execution *x, const struct event *e)
{
	static const enum execution_status ends[] = {
	    [END_COMPLETED] = EXECUTION_COMPLETED,
	    [END_FAILED] = EXECUTION_FAILED,
	    [END_TERMINATED] = EXECUTION_TERMINATED,
	};
	const struct run *r;

	if (e->run == EVENT_NONE) {
		ATF_REQUIRE(x->definition->timeout != 0);
		return EXECUTION_TIMED_OUT;
	}
	r = x->runs[e->run];
	if (r->task->kind == ACTION_END &&
	    (!task_ended(r->k.status) || has_ended_it(r)))
		return ends[r->task->u.end.status];
	if (s->host.max_runs != 0 && x->nruns >= s->host.max_runs &&
	    r->k.status == TASK_COMPLETED)
		return EXECUTION_FAILED; /* a cycle without end */
	ATF_REQUIRE(run_is_unhandled(r) && !r->task->optional);
	if (r->k.status != TASK_CANCELED)
		return EXECUTION_FAILED;
	if (e->status == EXECUTION_TERMINATED) {
		ATF_REQUIRE(passed_on(s, r, EXECUTION_TERMINATED));
		return EXECUTION_TERMINATED;
	}
	return EXECUTION_CANCELED;
}
