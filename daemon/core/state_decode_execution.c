/* state_decode_execution: one execution, with all that follows from it. */

#include <stdlib.h>

#include "daemon/core/alloc.h"
#include "daemon/core/apply.h"
#include "daemon/core/memory.h"
#include "daemon/core/state_decode.h"
#include "daemon/core/state_read.h"

/* Of how an execution went; and before logs were ever removed. */
#define PROGRESS_FIELDS 26
#define PROGRESS_FIELDS_FIRST 24

static struct execution *take_identity(struct fields *, struct state *);
static void take_progress(struct fields *, struct execution *);
static void take_hold(struct fields *, struct execution *);
static void take_generations(struct fields *, struct execution *);
static void take_nodes(struct fields *, struct execution *);
static void take_arrivals(struct fields *, struct execution *, uint32_t task);
static void take_runs(struct fields *, struct state *, struct execution *);
static void take_signals(struct fields *, struct execution *);
static void take_open(struct fields *, struct execution *);
static void take_ready(struct fields *, struct execution *);
static void check_execution(struct damage *, const struct execution *);
static void forget(struct state *, struct execution *);

static struct execution *
take_identity(struct fields *outer, struct state *s)
{
	struct execution *x;
	struct workflow *w;
	struct fields f;
	uint64_t id;
	uint32_t version;
	char *name;

	fields_take(outer, &f, 18, "execution");
	id = take_u64(&f);
	name = take_string(&f);
	version = take_u32(&f);
	w = name == NULL ? NULL : state_workflow(s, name);
	free(name);
	if (w == NULL || version == 0 || version > w->nversions) {
		damaged(f.damage,
		    "execution %llu is of a workflow or version that is not "
		    "there",
		    (unsigned long long)id);
		return NULL;
	}
	if (id == 0 || id >= s->k.next_execution ||
	    state_execution(s, id) != NULL)
		damaged(f.damage, "execution %llu: its number can't be",
		    (unsigned long long)id);
	if (is_damaged(f.damage))
		return NULL;
	x = execution_new(w->versions[version - 1].definition, id);
	x->workflow = w;
	x->k.parent = take_u64(&f);
	x->k.parent_run = take_u32(&f);
	x->k.parent_item = take_u32(&f);
	x->k.failure_of = take_u64(&f);
	x->k.replay_of = take_u64(&f);
	x->k.depth = take_u32(&f);
	x->k.uid = take_u32(&f);
	x->k.gid = take_u32(&f);
	x->k.owner = take_string(&f);
	x->k.input = take_value(&f);
	x->k.labels = take_value(&f);
	x->k.domains = take_value(&f);
	x->k.correlation = take_string(&f);
	x->k.key = take_string(&f);
	x->k.priority = take_i32(&f);
	return x;
}

static void
take_hold(struct fields *outer, struct execution *x)
{
	struct fields f;

	fields_take(outer, &f, 5, "hold");
	x->k.hold.by =
	    (enum hold_by)take_below(&f, HOLD_PARENT + 1, "kind of hold");
	x->k.hold.frozen = take_bool(&f);
	x->k.hold.who = take_string(&f);
	x->k.hold.reason = take_string(&f);
	x->k.hold.since = take_i64(&f);
}

static void
take_progress(struct fields *outer, struct execution *x)
{
	struct fields f;
	int32_t ending;

	fields_take(outer, &f, 0, "execution's progress");
	if (f.left != PROGRESS_FIELDS && f.left != PROGRESS_FIELDS_FIRST)
		damaged(f.damage,
		    "execution's progress has %u fields rather than %u", f.left,
		    PROGRESS_FIELDS);
	x->k.status = (enum execution_status)take_below(
	    &f, EXECUTION_STATUSES, "execution status");
	ending = take_i32(&f);
	if (ending < -1 || ending >= EXECUTION_STATUSES)
		damaged(f.damage, "execution: it ends with no status");
	x->k.ending = ending;
	x->k.revision = take_u64(&f);
	if (take_u32(&f) != x->k.generation)
		damaged(f.damage, "execution: its earlier runs are not there");
	x->k.vars = take_value(&f);
	x->k.first_vars = take_value(&f);
	x->k.output = take_value(&f);
	x->k.reason = take_string(&f);
	x->k.canceled_by = take_string(&f);
	x->k.cause.run = take_u32(&f);
	x->k.cause.item = take_u32(&f);
	x->k.cause.attempt = take_u32(&f);
	x->k.kill = take_bool(&f);
	x->k.admitted = take_bool(&f);
	x->k.wants_failure_workflow = take_bool(&f);
	x->k.followed = take_bool(&f);
	x->k.unfollowed = take_string(&f);
	x->k.followed_by = take_u64(&f);
	x->k.created_at = take_i64(&f);
	x->k.started_at = take_i64(&f);
	x->k.ended_at = take_i64(&f);
	x->k.due = take_i64(&f);
	x->k.left = take_i64(&f);
	take_hold(&f, x);
	if (f.left == 0)
		return; /* the first snapshots had no more */
	x->k.logs_gone_at = take_i64(&f);
	x->k.logs_gone =
	    (enum logs_gone)take_below(&f, LOGS_GONES, "reason for no logs");
}

static void
take_generations(struct fields *outer, struct execution *x)
{
	struct fields list, f;
	struct generation *g;
	uint32_t version;

	fields_take(outer, &list, 0, "earlier runs");
	if (list.left > 0)
		x->earlier = xcalloc(list.left, sizeof(*x->earlier));
	while (list.left > 0 && !is_damaged(list.damage)) {
		g = &x->earlier[x->k.generation++ - 1];
		fields_take(&list, &f, 11, "earlier run");
		version = take_u32(&f);
		if (version == 0 || version > x->workflow->nversions) {
			damaged(f.damage, "earlier run: there is no version %u",
			    version);
			version = 1; /* there is always one */
		}
		g->definition = definition_ref(
		    x->workflow->versions[version - 1].definition);
		g->input = take_value(&f);
		g->output = take_value(&f);
		g->vars = take_value(&f);
		g->reason = take_string(&f);
		g->cause.run = take_u32(&f);
		g->cause.item = take_u32(&f);
		g->cause.attempt = take_u32(&f);
		g->status = (enum execution_status)take_below(
		    &f, EXECUTION_STATUSES, "execution status");
		g->started_at = take_i64(&f);
		g->ended_at = take_i64(&f);
	}
}

static void
take_arrivals(struct fields *outer, struct execution *x, uint32_t task)
{
	struct node *node = &x->nodes[task];
	struct fields list, f;

	fields_take(outer, &list, 0, "arrivals");
	if (list.left == 0)
		return;
	node->k.arrivals = xcalloc(list.left, sizeof(*node->k.arrivals));
	while (list.left > 0) {
		struct arrival *arrival =
		    &node->k.arrivals[node->k.narrivals++];

		fields_take(&list, &f, 2, "arrival");
		arrival->before = take_below(
		    &f, x->definition->tasks[task].nbefore, "task before it");
		arrival->run = take_below(&f, x->nruns, "run");
	}
}

static void
take_nodes(struct fields *outer, struct execution *x)
{
	struct fields list, f, round;

	fields_take(outer, &list, x->definition->ntasks, "joins");
	for (uint32_t i = 0; i < x->definition->ntasks; i++) {
		struct node *node = &x->nodes[i];
		uint32_t before =
		    node->k.round == NULL ? 0 : x->definition->tasks[i].nbefore;

		fields_take(&list, &f, 3, "join");
		node->k.fired = take_bool(&f);
		fields_take(&f, &round, 0, "round");
		if (round.left != before) {
			damaged(f.damage, "join: it is of other tasks");
			return;
		}
		for (uint32_t j = 0; j < before; j++)
			node->k.round[j] = take_bool(&round);
		take_arrivals(&f, x, i);
		node_find_newest(x, i);
		if (node->k.narrivals > 0 && node->k.round == NULL)
			damaged(f.damage, "join: its task joins nothing");
		if (node->k.fired && node->newest == NULL)
			damaged(f.damage, "join: it has fired nothing");
	}
}

static void
take_runs(struct fields *outer, struct state *s, struct execution *x)
{
	struct fields list;

	fields_take(outer, &list, 0, "runs");
	while (list.left > 0 && !is_damaged(list.damage))
		take_run(&list, s, x);
	for (uint32_t i = 0; i < x->nruns; i++) {
		const struct run *r = x->runs[i];
		struct node *node = &x->nodes[r->task->number];

		if (r->k.generation == x->k.generation) {
			node->runs++;
			if (r->k.superseded)
				node->leaving += run_open_attempts(r);
		} else if (!r->k.superseded || !task_ended(r->k.status))
			damaged(list.damage,
			    "run: of an earlier generation, and counts");
		for (uint32_t j = 0; j < r->k.nfrom; j++)
			if (r->k.from[j] >= x->nruns)
				damaged(list.damage,
				    "run: what led to it is not there");
	}
}

static void
take_signals(struct fields *outer, struct execution *x)
{
	struct fields list, f;

	fields_take(outer, &list, 0, "kept signals");
	while (list.left > 0 && !is_damaged(list.damage)) {
		struct kept_signal *kept = xcalloc(1, sizeof(*kept));

		fields_take(&list, &f, 3, "kept signal");
		kept->name = take_string(&f);
		kept->output = take_value(&f);
		kept->by = take_string(&f);
		TAILQ_INSERT_TAIL(&x->signals, kept, entry);
		if (kept->name == NULL)
			damaged(f.damage, "kept signal: it has no name");
	}
}

/* Each run that has not ended, once. */
static void
take_open(struct fields *outer, struct execution *x)
{
	struct fields list;
	bool *seen = xcalloc((size_t)x->nruns + 1, sizeof(*seen));
	uint32_t open = 0, run;

	for (uint32_t i = 0; i < x->nruns; i++)
		open += !task_ended(x->runs[i]->k.status);
	fields_take(outer, &list, 0, "open runs");
	if (list.left != open)
		damaged(list.damage, "execution: other runs are open");
	while (list.left > 0 && !is_damaged(list.damage)) {
		run = take_below(&list, x->nruns, "run");
		if (is_damaged(list.damage))
			break;
		if (seen[run] || task_ended(x->runs[run]->k.status)) {
			damaged(
			    list.damage, "execution: run %u is not open", run);
			break;
		}
		seen[run] = true;
		TAILQ_INSERT_TAIL(&x->open, x->runs[run], open);
	}
	free(seen);
}

static void
take_ready(struct fields *outer, struct execution *x)
{
	struct fields list, f;
	struct action *a;
	const struct run *r;
	uint32_t run;

	fields_take(outer, &list, 0, "ready actions");
	while (list.left > 0) {
		fields_take(&list, &f, 2, "ready action");
		run = take_below(&f, x->nruns, "run");
		if (is_damaged(list.damage))
			return;
		r = x->runs[run];
		a = run_action(r, take_u32(&f));
		if (a == NULL || a->is_ready || a->k.status != TASK_PENDING ||
		    task_ended(r->k.status)) {
			damaged(list.damage,
			    "execution: an action of run %u is not ready", run);
			return;
		}
		a->is_ready = true;
		TAILQ_INSERT_TAIL(&x->ready, a, ready);
	}
}

static void
check_execution(struct damage *damage, const struct execution *x)
{
	const struct cause *cause = &x->k.cause;

	if (execution_ended(x->k.status) &&
	    (!TAILQ_EMPTY(&x->open) || x->k.due != 0))
		damaged(damage, "execution %llu has ended and goes on",
		    (unsigned long long)x->k.id);
	if (cause->run == EVENT_NONE)
		return;
	if (cause->run >= x->nruns ||
	    (x->runs[cause->run]->k.begun && cause->item != EVENT_NONE &&
		run_action(x->runs[cause->run], cause->item) == NULL))
		damaged(damage, "execution %llu: what ended it is not there",
		    (unsigned long long)x->k.id);
}

/* Out of the state's lists, with all that belongs to it. */
static void
forget(struct state *s, struct execution *x)
{
	timer_clear(s, &x->timer);
	for (uint32_t i = 0; i < x->nruns; i++)
		for (uint32_t j = 0; j < x->runs[i]->nactions; j++) {
			struct action *a = &x->runs[i]->actions[j];

			timer_clear(s, &a->timer);
			for (struct attempt *t = a->latest; t != NULL;
			     t = t->before) {
				timer_clear(s, &t->timer);
				if (t->is_changed)
					TAILQ_REMOVE(&s->changed, t, changed);
			}
		}
	execution_free(x);
}

struct execution *
execution_decode(
    struct state *s, const msgpack_object *o, char *why, size_t size)
{
	struct damage damage = {why, size};
	struct fields f;
	struct execution *x;

	why[0] = '\0';
	fields_open(&f, o, 8, "execution", &damage);
	if ((x = take_identity(&f, s)) == NULL)
		return NULL;
	take_generations(&f, x);
	take_progress(&f, x);
	take_runs(&f, s, x);
	if (!is_damaged(&damage))
		take_nodes(&f, x);
	take_signals(&f, x);
	take_open(&f, x);
	take_ready(&f, x);
	check_execution(&damage, x);
	if (is_damaged(&damage)) {
		forget(s, x);
		return NULL;
	}
	timer_set(s, &x->timer, TIMER_TIMEOUT, x->k.due);
	state_insert(s, x);
	return x;
}

void
execution_count(struct state *s, struct execution *x)
{
	s->by_status[x->k.status]++;
	s->open_callouts += x->open_callouts;
	x->workflow->executions++;
	x->workflow->open += !execution_ended(x->k.status);
	if (!execution_ended(x->k.status) && !x->is_held)
		x->workflow->active++;
}
