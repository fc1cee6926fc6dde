/* rehearsal: commands done to a copy. */

#include "daemon/core/rehearsal.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/core/alloc.h"
#include "daemon/core/apply.h"
#include "daemon/core/core.h"
#include "daemon/core/decide.h"
#include "daemon/core/execution_copy.h"
#include "daemon/core/family.h"
#include "daemon/core/memory.h"
#include "daemon/core/rehearsal_parts.h"

static workflow_source find_workflow;
static struct workflow *copy_workflow(struct state *, const struct workflow *);
static void copy_all_workflows(struct rehearsal *);
static void copy_engine(struct state *, const struct state *);
static bool copy_execution(struct rehearsal *, const struct execution *);
static bool copy_family(struct rehearsal *, const struct execution *);
static bool copy_below(struct rehearsal *, const struct execution *);
static bool copy_queue(struct rehearsal *, const struct workflow *);
static bool copy_all(struct rehearsal *);
static unsigned most_executions(const struct rehearsal *);
static unsigned most_runs(const struct rehearsal *);
static bool copy_reach(struct rehearsal *, const struct command *);
static void copy_key(struct rehearsal *, const struct command *);
static bool is_too_much(struct rehearsal *, const struct execution *);
static bool refuse_too_much(const struct rehearsal *, struct reply *);
static bool has_done_enough(const struct rehearsal *);
static void
do_command(struct rehearsal *, const struct command *, struct reply *);
static void
forget_event(void *, const struct event *, const char *, size_t, bool);

struct rehearsal *
rehearsal_new(const struct state *s)
{
	struct rehearsal *r = xcalloc(1, sizeof(*r));

	r->real = s;
	r->copy = state_new_copy(s, find_workflow, r);
	copy_engine(r->copy, s);
	core_host(r->copy, &s->host);
	r->spent = expressions_spent(s->expressions);
	return r;
}

const struct state *
rehearsal_state(const struct rehearsal *r)
{
	return r->copy;
}

void
rehearsal_free(struct rehearsal *r)
{
	state_free(r->copy);
	free(r->copied);
	free(r->queues);
	free(r->targets);
	free(r->above);
	free(r->changes);
	free(r->executions);
	free(r);
}

/* All is counted, also what is not copied. */
static void
copy_engine(struct state *copy, const struct state *s)
{
	copy->k.seq = s->k.seq;
	copy->k.time = s->k.time;
	copy->k.next_execution = s->k.next_execution;
	copy->k.engine = s->k.engine;
	replace_string(&copy->k.engine_reason, s->k.engine_reason);
	replace_string(&copy->k.engine_by, s->k.engine_by);
	copy->k.engine_since = s->k.engine_since;
	copy->k.engine_frozen = s->k.engine_frozen;
	copy->open_callouts = s->open_callouts;
	memcpy(copy->by_status, s->by_status, sizeof(copy->by_status));
	copy->nversions = s->nversions;
}

/* The first time that anything asks for it; what was deleted is not there. */
static struct workflow *
find_workflow(void *ctx, const char *name)
{
	const struct rehearsal *r = ctx;
	const struct workflow *w =
	    r->has_all_workflows ? NULL : state_workflow(r->real, name);

	return w == NULL ? NULL : copy_workflow(r->copy, w);
}

static struct workflow *
copy_workflow(struct state *copy, const struct workflow *w)
{
	struct workflow *mine = workflow_new(w->name);
	struct workflow_version *v;

	for (uint32_t i = 0; i < w->nversions; i++) {
		v = workflow_add(
		    mine, definition_ref(w->versions[i].definition));
		v->put_at = w->versions[i].put_at;
		replace_string(&v->by, w->versions[i].by);
		v->uid = w->versions[i].uid;
	}
	mine->status = w->status;
	replace_string(&mine->reason, w->reason);
	replace_string(&mine->by, w->by);
	mine->own_caps = w->own_caps;
	mine->has_own_caps = w->has_own_caps;
	memcpy(mine->use, w->use, sizeof(mine->use));
	mine->active = w->active;
	mine->open = w->open;
	mine->executions = w->executions;
	timer_set(copy, &mine->timer, w->timer.kind, w->timer.due);
	RB_INSERT(workflows, &copy->workflows, mine);
	return mine;
}

/* Who names the one that is deleted may be any. */
static void
copy_all_workflows(struct rehearsal *r)
{
	/* sys/tree.h takes no const head; walking changes nothing. */
	struct workflows *all =
	    &((struct state *)(uintptr_t)r->real)->workflows;
	struct workflow *w;

	RB_FOREACH (w, workflows, all)
		(void)state_workflow(r->copy, w->name);
	r->has_all_workflows = true;
}

static unsigned
most_executions(const struct rehearsal *r)
{
	return r->is_for_one ? REHEARSAL_EXECUTIONS_OF_ONE
			     : REHEARSAL_EXECUTIONS;
}

static unsigned
most_runs(const struct rehearsal *r)
{
	return r->is_for_one ? REHEARSAL_RUNS_OF_ONE : REHEARSAL_RUNS;
}

/* Counts it. */
static bool
is_too_much(struct rehearsal *r, const struct execution *x)
{
	r->nruns += x->nruns;
	for (uint32_t i = 0; i < x->nruns; i++)
		if (x->runs[i]->task->items != NULL)
			r->nruns += x->runs[i]->nactions;
	return r->ncopied >= most_executions(r) || r->nruns > most_runs(r);
}

/* False: it is too much. */
static bool
copy_execution(struct rehearsal *r, const struct execution *x)
{
	if (state_execution(r->copy, x->k.id) != NULL)
		return true;
	if (is_too_much(r, x))
		return false;
	if (r->copied == NULL)
		r->copied =
		    xcalloc(REHEARSAL_EXECUTIONS_OF_ONE, sizeof(*r->copied));
	r->copied[r->ncopied++] = x;
	execution_copy(r->copy, x);
	return true;
}

/* Who is before it in its workflow's queue matters. */
static bool
copy_queue(struct rehearsal *r, const struct workflow *w)
{
	struct execution *mine;
	const struct execution *x;

	if (TAILQ_EMPTY(&w->pending))
		return true;
	for (size_t i = r->nqueues; i-- > 0;)
		if (r->queues[i] == w)
			return true;
	r->queues =
	    xreallocarray(r->queues, r->nqueues + 1, sizeof(struct workflow *));
	r->queues[r->nqueues++] = w;
	TAILQ_FOREACH (x, &w->pending, held)
		if (!copy_execution(r, x))
			return false;
	TAILQ_FOREACH (x, &w->pending, held) {
		mine = state_execution(r->copy, x->k.id);
		TAILQ_INSERT_TAIL(&mine->workflow->pending, mine, held);
		mine->is_held = true;
	}
	return true;
}

static bool
copy_below(struct rehearsal *r, const struct execution *x)
{
	const struct execution *child;

	if (!copy_execution(r, x) || !copy_queue(r, x->workflow))
		return false;
	for (uint32_t i = 0; i < x->nruns; i++)
		for (uint32_t j = 0; j < x->runs[i]->nactions; j++) {
			const struct attempt *t = x->runs[i]->actions[j].latest;

			for (; t != NULL; t = t->before) {
				child = state_execution(r->real, t->k.child);
				if (child != NULL && !copy_below(r, child))
					return false;
			}
		}
	return true;
}

/* From the one at the top of its tree down. */
static bool
copy_family(struct rehearsal *r, const struct execution *x)
{
	const struct execution *above;

	while ((above = state_execution(r->real, x->k.parent)) != NULL)
		x = above;
	return state_execution(r->copy, x->k.id) != NULL || copy_below(r, x);
}

static bool
copy_all(struct rehearsal *r)
{
	/* sys/tree.h takes no const head; walking changes nothing. */
	struct going *all = &((struct state *)(uintptr_t)r->real)->going;
	struct execution *x;

	RB_FOREACH (x, going, all)
		if (!copy_family(r, x))
			return false;
	return true;
}

static void
copy_key(struct rehearsal *r, const struct command *c)
{
	const struct idempotency *seen = c->key == NULL
	    ? NULL
	    : state_idempotency(r->real, c->by.uid, c->key);

	if (seen == NULL ||
	    state_idempotency(r->copy, c->by.uid, c->key) != NULL)
		return;
	copy_execution(r, state_execution(r->real, seen->execution));
	idempotency_add(r->copy, c->by.uid, c->key, seen->execution);
}

/* What the command can reach; false: it is too much. */
static bool
copy_reach(struct rehearsal *r, const struct command *c)
{
	const struct execution *x = state_execution(r->real, c->execution);
	const struct workflow *w;

	if (c->type < COMMAND_START)
		return copy_all(r);
	if (c->type == COMMAND_START) {
		copy_key(r, c);
		w = state_workflow(r->real, c->name);
		return w == NULL || copy_queue(r, w);
	}
	return x == NULL || copy_family(r, x);
}

/* But that it was one; those that are large count for more. */
static void
forget_event(void *ctx, const struct event *e, const char *record, size_t size,
    bool last)
{
	struct rehearsal *r = ctx;

	(void)e, (void)record, (void)last;
	r->nevents += 1 + size / 4096;
}

static bool
refuse_too_much(const struct rehearsal *r, struct reply *reply)
{
	memset(reply, 0, sizeof(*reply));
	reply->status = -1;
	return refuse(reply, ERROR_LIMIT,
	    "this reaches more than %u executions or %u task runs, too "
	    "many to plan at once%s",
	    most_executions(r), most_runs(r),
	    r->is_for_one ? "" : ": select fewer");
}

bool
rehearsal_reach(
    struct rehearsal *r, const struct command *c, struct reply *reply)
{
	if (!r->is_too_much)
		r->is_for_one = r->ncopied == 0;
	if (r->is_too_much || !copy_reach(r, c)) {
		r->is_too_much = true;
		return refuse_too_much(r, reply);
	}
	if (c->type == COMMAND_DEFINITION_DELETE)
		copy_all_workflows(r);
	return true;
}

void
rehearsal_do(struct rehearsal *r, const struct command *c, struct reply *reply)
{
	if (!rehearsal_reach(r, c, reply))
		return;
	if (r->ncopied != r->nfamilies) {
		families_find(r->copy);
		r->nfamilies = r->ncopied;
	}
	if (c->execution != 0) {
		if ((r->ntargets & (r->ntargets - 1)) == 0)
			r->targets = xreallocarray(r->targets,
			    r->ntargets == 0 ? 1 : r->ntargets * 2,
			    sizeof(*r->targets));
		r->targets[r->ntargets++] = c->execution;
	}
	if (!has_done_enough(r)) {
		do_command(r, c, reply);
		return;
	}
	memset(reply, 0, sizeof(*reply));
	reply->status = -1;
	refuse(reply, ERROR_LIMIT,
	    "what follows from those before it is more than %d events, or "
	    "%d instructions of expressions, too much to plan at once: select "
	    "fewer",
	    REHEARSAL_EVENTS, REHEARSAL_INSTRUCTIONS);
}

static bool
has_done_enough(const struct rehearsal *r)
{
	return r->nevents >= REHEARSAL_EVENTS ||
	    expressions_spent(r->copy->expressions) - r->spent >=
	    REHEARSAL_INSTRUCTIONS;
}

/* What follows after too much has is left out of what is told. */
static void
do_command(struct rehearsal *r, const struct command *c, struct reply *reply)
{
	const struct event_sink nobody = {
	    .event = forget_event, .ctx = r, .no_records = true};
	struct command tick = {
	    .type = COMMAND_TICK, .now = c->now, .wall = c->wall};
	struct reply none;
	bool more = core_step(r->copy, c, &nobody, reply);

	while (more && !has_done_enough(r))
		more = core_step(r->copy, &tick, &nobody, &none);
}
