/* settle: what follows by itself from the state of an execution. */

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/core/alloc.h"
#include "daemon/core/decide.h"
#include "daemon/core/failure_input.h"
#include "daemon/core/safety.h"
#include "daemon/core/scope.h"
#include "daemon/core/trust.h"

static void
settle_pending(const struct state *, const struct execution *, struct batch *);
static void
settle_ended(const struct state *, const struct execution *, struct batch *);
static void
settle_stopping(const struct state *, const struct execution *, struct batch *);
static void
settle_end(const struct state *, const struct execution *, struct batch *);
static bool settle_ready(const struct state *, const struct execution *,
    struct batch *, bool *blocked);
static bool machine_is_full(const struct state *);
static bool run_is_active(const struct run *);
static void
end_child(const struct state *, const struct execution *, struct batch *);
static void start_failure_workflow(
    const struct state *, const struct execution *, struct batch *);
static void end_execution(const struct execution *, struct batch *,
    enum execution_status, const char *reason);
static char *unmet_joins(const struct execution *);
static const struct run *unhandled_run(const struct execution *);
static const struct run *ending_run(const struct execution *);
static bool workflow_follows(const struct workflow *, struct batch *);

/* What stands frozen, for who froze it, is not waited for. */
void
settle_engine(const struct state *s, struct batch *b)
{
	if (s->k.engine == ENGINE_PAUSING &&
	    s->open_callouts == state_callouts_frozen(s))
		batch_add(b, EVENT_ENGINE_STATUS)->status =
		    engine_moved(s->k.engine, ENGINE_MOVE_DRAIN);
}

void
settle_execution(const struct state *s, const struct execution *x,
    struct batch *b, bool *blocked)
{
	*blocked = false;
	if (workflow_follows(x->workflow, b))
		return;
	if (execution_ended(x->k.status)) {
		settle_ended(s, x, b);
		return;
	}
	if (x->k.status == EXECUTION_PENDING) {
		settle_pending(s, x, b);
		return;
	}
	/* What came in the meantime takes effect on resume. */
	if (x->k.status == EXECUTION_PAUSED)
		return;
	if (execution_stops(x))
		settle_stopping(s, x, b);
	else if (settle_ready(s, x, b, blocked))
		return;
	if (b->n == 0 && TAILQ_EMPTY(&x->open) && x->open_callouts == 0)
		settle_end(s, x, b);
	else if (b->n == 0)
		settle_status(s, x, b);
}

/* Its caps, to what was started and spent; true where that adds to the batch.
 */
static bool
workflow_follows(const struct workflow *w, struct batch *b)
{
	safety_follows(w, workflow_caps(w), b);
	return b->n > 0;
}

static void
settle_pending(
    const struct state *s, const struct execution *x, struct batch *b)
{
	const struct definition *d = x->definition;
	const struct workflow *w = x->workflow;
	struct view view = {.x = x};
	struct scope scope;
	struct value *vars = NULL;
	char why[EXPRESSION_ERROR_MAX];
	struct event *e;

	if (nothing_begins(s, x) || !workflow_admits(w, x))
		return;
	if (d->parallel_runs != 0 &&
	    (w->active >= d->parallel_runs || workflow_next(w) != x))
		return;
	if (d->vars != NULL) {
		scope_of(&scope, &view);
		vars = template_render(d->vars, &scope, why);
		if (vars == NULL) {
			end_execution(x, b, EXECUTION_FAILED,
			    batch_printf(b, "vars: %s", why));
			return;
		}
	}
	e = batch_add_execution(b, EVENT_EXECUTION_STATUS, x);
	e->status = execution_moved(x->k.status, EXECUTION_MOVE_BEGIN);
	e->value = vars;
	e->due = d->timeout == 0 ? 0 : b->now + d->timeout;
}

/* For its parent a subworkflow's end is that of an attempt. */
static void
end_child(const struct state *s, const struct execution *x, struct batch *b)
{
	static const enum task_status seen_as[EXECUTION_STATUSES] = {
	    [EXECUTION_COMPLETED] = TASK_COMPLETED,
	    [EXECUTION_FAILED] = TASK_FAILED,
	    [EXECUTION_TIMED_OUT] = TASK_TIMED_OUT,
	    [EXECUTION_CANCELED] = TASK_CANCELED,
	    [EXECUTION_TERMINATED] = TASK_CANCELED,
	};
	const struct execution *parent = state_execution(s, x->k.parent);
	const struct action *a;
	const struct attempt *t;
	struct event *e;

	if (parent == NULL)
		return;
	a = run_action(parent->runs[x->k.parent_run], x->k.parent_item);
	for (t = a->latest; t != NULL && t->k.child != x->k.id; t = t->before)
		;
	if (t == NULL || !t->k.open)
		return;
	e = batch_add_action(b, EVENT_TASK_ATTEMPT_ENDED, a);
	e->attempt = t->k.number;
	e->status = (int32_t)seen_as[x->k.status];
	if (e->status != TASK_COMPLETED && t->k.stop == STOP_TIMEOUT)
		e->status = TASK_TIMED_OUT;
	if (e->status != TASK_COMPLETED)
		e->reason = t->k.stop == STOP_TIMEOUT
		    ? t->k.reason
		    : batch_printf(b, "subworkflow %llu %s%s%s",
			  (unsigned long long)x->k.id,
			  execution_status_name(x->k.status),
			  x->k.reason == NULL ? "" : ": ",
			  x->k.reason == NULL ? "" : x->k.reason);
	e->value = value_ref(x->k.output);
	if (!attempt_is_current(t))
		return; /* late */
	e->next = e->status;
	if (retry_due(b, a, (enum task_status)e->status, -1, x->k.output,
		&e->due, &e->reason))
		e->next = TASK_PENDING;
}

static void
start_failure_workflow(
    const struct state *s, const struct execution *x, struct batch *b)
{
	const char *name = x->definition->on_failure;
	const struct definition *d = state_definition(s, name, 0);
	const struct workflow *w = state_workflow(s, name);
	struct creation creation = {0};
	struct event *e;
	char why[256] = "";

	if (d != NULL && workflow_follows(w, b))
		return;
	if (d != NULL && trust_starts(x, w, why, sizeof(why)))
		creation.input = failure_input(x, d, why, sizeof(why));
	if (creation.input == NULL) {
		e = batch_add_execution(b, EVENT_EXECUTION_FOLLOWED, x);
		e->reason = d == NULL
		    ? batch_printf(b,
			  "there is no workflow \"%s\" to start "
			  "after the failure",
			  name)
		    : batch_printf(b, "failure workflow %s was not started: %s",
			  name, why);
		return;
	}
	creation.definition = d;
	creation.failure_of = x;
	creation.uid = x->k.uid;
	creation.gid = x->k.gid;
	creation.owner = x->k.owner;
	creation.labels = x->k.labels;
	creation.domains = x->k.domains;
	creation.correlation = x->k.correlation;
	creation.priority = x->k.priority;
	create_execution(s, &creation, b);
}

static void
settle_ended(const struct state *s, const struct execution *x, struct batch *b)
{
	if (x->k.parent != 0)
		end_child(s, x, b);
	if (b->n == 0 && execution_is_to_be_followed(x) &&
	    s->host.unavailable == NULL)
		start_failure_workflow(s, x, b);
}

static bool
run_is_active(const struct run *r)
{
	for (uint32_t i = 0; i < r->nactions; i++)
		if (!task_ended(r->actions[i].k.status) &&
		    r->actions[i].latest != NULL &&
		    r->actions[i].latest->k.open)
			return true;
	return false;
}

/* What has not begun is canceled; what runs is let finish, or is stopped. */
static void
settle_stopping(
    const struct state *s, const struct execution *x, struct batch *b)
{
	const struct run *r;
	const struct attempt *t;
	struct event *e;

	TAILQ_FOREACH (r, &x->open, open) {
		if (r->k.begun && r->items_open == 0)
			continue; /* settle_run ends it */
		if (!run_is_active(r)) {
			e = batch_add_run(b, EVENT_TASK_ENDED, r);
			e->status = TASK_CANCELED;
			e->reason = x->k.reason;
			continue;
		}
		for (uint32_t i = 0; x->k.kill && i < r->nactions; i++) {
			t = r->actions[i].latest;
			if (t != NULL && t->k.open)
				stop_attempt(s, b, t, STOP_CANCEL, x->k.reason);
		}
	}
}

static bool
machine_is_full(const struct state *s)
{
	return s->host.nrunners == 0 || journal_is_full(s) ||
	    (s->host.max_callouts != 0 &&
		s->open_callouts >= s->host.max_callouts);
}

/* Starts the first ready action that may start. */
static bool
settle_ready(const struct state *s, const struct execution *x, struct batch *b,
    bool *blocked)
{
	const struct action *a;
	const struct workflow *w;
	uint32_t limit = x->definition->parallel_tasks;
	bool at_limit = limit != 0 && x->open_callouts >= limit;

	if (nothing_begins(s, x))
		return false;
	TAILQ_FOREACH (a, &x->ready, ready) {
		if (a->run->items_bad > 0 && !a->k.touched)
			continue; /* an item failed: no new one starts */
		if (a->latest != NULL && a->latest->k.open)
			continue; /* what is being stopped ends first */
		if (x->nodes[a->run->task->number].leaving > 0)
			continue; /* so that no task runs beside itself */
		/* The one before it may have been the last of its cap. */
		w = a->run->task->kind == ACTION_WORKFLOW
		    ? state_workflow(s, a->run->task->u.workflow.name)
		    : NULL;
		if (w != NULL && workflow_follows(w, b))
			return true;
		if (subworkflow_is_held(s, a))
			continue;
		if (a->run->task->kind == ACTION_RUN) {
			if (at_limit)
				continue;
			if (machine_is_full(s)) {
				*blocked = true;
				continue;
			}
		}
		settle_start(s, a, b);
		return true;
	}
	return false;
}

static char *
unmet_joins(const struct execution *x)
{
	char *lacks, *all = NULL, *longer;

	for (uint32_t i = 0; i < x->definition->ntasks; i++) {
		if ((lacks = node_lacks(x, i)) == NULL)
			continue;
		longer = xasprintf("%s%sjoin of %s lacks: %s",
		    all == NULL ? "" : all, all == NULL ? "" : "; ",
		    x->definition->tasks[i].name, lacks);
		free(all);
		free(lacks);
		all = longer;
	}
	return all;
}

struct value *
evaluate_output(const struct execution *x, char why[EXPRESSION_ERROR_MAX])
{
	struct view view = {.x = x};
	struct scope scope;

	why[0] = '\0';
	if (x->definition->output == NULL || x->k.started_at == 0)
		return NULL;
	scope_of(&scope, &view);
	return template_render(x->definition->output, &scope, why);
}

static void
end_execution(const struct execution *x, struct batch *b,
    enum execution_status status, const char *reason)
{
	struct event *e = batch_add_execution(b, EVENT_EXECUTION_STATUS, x);
	char why[EXPRESSION_ERROR_MAX] = "";

	e->status = (int32_t)status;
	e->reason = reason;
	e->value = x->k.output != NULL ? value_ref(x->k.output)
				       : evaluate_output(x, why);
	if (why[0] == '\0' || e->value != NULL)
		return;
	if (status == EXECUTION_COMPLETED) {
		e->status = EXECUTION_FAILED;
		e->reason = batch_printf(b, "output: %s", why);
	}
}

/* What was not run again after it failed still counts. */
static const struct run *
unhandled_run(const struct execution *x)
{
	for (uint32_t i = 0; i < x->nruns; i++)
		if (run_is_unhandled(x->runs[i]) && !x->runs[i]->task->optional)
			return x->runs[i];
	return NULL;
}

/* What has ended it before, and does so again where it did not run again. */
static const struct run *
ending_run(const struct execution *x)
{
	const struct run *last = NULL;

	for (uint32_t i = 0; i < x->nruns; i++) {
		const struct run *r = x->runs[i];

		if (!r->k.superseded && r->task->kind == ACTION_END &&
		    r->k.status == TASK_COMPLETED &&
		    (last == NULL || r->k.ended_seq > last->k.ended_seq))
			last = r;
	}
	return last;
}

static void
settle_end(const struct state *s, const struct execution *x, struct batch *b)
{
	const struct run *bad, *end;
	char *lacks;

	if (x->k.status == EXECUTION_CANCELING)
		end_execution(x, b, EXECUTION_CANCELED, NULL);
	else if (x->k.ending >= 0)
		end_execution(
		    x, b, (enum execution_status)x->k.ending, x->k.reason);
	else if ((bad = unhandled_run(x)) != NULL)
		settle_unhandled(s, bad, b);
	else if ((end = ending_run(x)) != NULL)
		settle_ended_by(
		    end, end->actions[0].k.reason, end->actions[0].k.output, b);
	else if ((lacks = unmet_joins(x)) != NULL) {
		end_execution(
		    x, b, EXECUTION_FAILED, batch_printf(b, "%s", lacks));
		free(lacks);
	} else
		end_execution(x, b, EXECUTION_COMPLETED, NULL);
}

struct event *
end_action(struct batch *b, const struct action *a, enum task_status status,
    const char *reason, struct value *output)
{
	struct event *e = batch_add_action(b, EVENT_TASK_ITEM_ENDED, a);

	e->status = (int32_t)status;
	e->reason = reason;
	e->value = output;
	return e;
}

void
stop_attempt(const struct state *s, struct batch *b, const struct attempt *t,
    enum stop_why why, const char *reason)
{
	const struct execution *child;
	const struct task_definition *task = t->action->run->task;
	struct event *e;

	if (t->k.stop != STOP_NOT)
		return; /* on its way already, SIGKILL included */
	e = batch_add_action(b, EVENT_TASK_STOPPING, t->action);
	e->attempt = t->k.number;
	e->end = (int32_t)why;
	e->reason = reason;
	if (t->k.child == 0) {
		e->signal = task->u.run.kill_after == 0 ? SIGKILL : SIGTERM;
		e->due = task->u.run.kill_after == 0
		    ? 0
		    : b->now + task->u.run.kill_after;
		return;
	}
	child = state_execution(s, t->k.child);
	if (child != NULL && !execution_ended(child->k.status))
		cancel_tree(s, b, child, true,
		    by_parent(b, t->action->run->execution, reason), NULL);
}
