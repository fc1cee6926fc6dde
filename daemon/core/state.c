/* state: finding things in it, and its beginning and end. */

#include "daemon/core/state.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/core/alloc.h"
#include "daemon/core/memory.h"
#include "daemon/core/safety.h"

static int
execution_compare(const struct execution *, const struct execution *);
static int workflow_compare(const struct workflow *, const struct workflow *);
static int timer_compare(const struct timer *, const struct timer *);
static int
idempotency_compare(const struct idempotency *, const struct idempotency *);
static int pointer_compare(const void *, const void *);
static int number_compare(uint64_t, uint64_t);
static struct state *state_new_with(struct expressions *);

RB_GENERATE(executions, execution, entry, execution_compare)
RB_GENERATE(going, execution, going, execution_compare)
RB_GENERATE(workflows, workflow, entry, workflow_compare)
RB_GENERATE(timers, timer, entry, timer_compare)
RB_GENERATE(idempotencies, idempotency, entry, idempotency_compare)

static int
number_compare(uint64_t a, uint64_t b)
{
	return a < b ? -1 : a > b;
}

static int
pointer_compare(const void *a, const void *b)
{
	return number_compare((uintptr_t)a, (uintptr_t)b);
}

static int
execution_compare(const struct execution *a, const struct execution *b)
{
	return number_compare(a->k.id, b->k.id);
}

static int
workflow_compare(const struct workflow *a, const struct workflow *b)
{
	return strcmp(a->name, b->name);
}

#define OWNER(timer, type) ((type *)((uintptr_t)(timer)-offsetof(type, timer)))

struct workflow *
timer_workflow(const struct timer *timer)
{
	return timer->of == TIMER_OF_WORKFLOW ? OWNER(timer, struct workflow)
					      : NULL;
}

struct attempt *
timer_attempt(const struct timer *timer)
{
	return timer->of == TIMER_OF_ATTEMPT ? OWNER(timer, struct attempt)
					     : NULL;
}

struct action *
timer_action(const struct timer *timer)
{
	if (timer->of == TIMER_OF_ATTEMPT)
		return timer_attempt(timer)->action;
	return timer->of == TIMER_OF_ACTION ? OWNER(timer, struct action)
					    : NULL;
}

struct execution *
timer_execution(const struct timer *timer)
{
	if (timer->of == TIMER_OF_EXECUTION)
		return OWNER(timer, struct execution);
	return timer->of == TIMER_OF_WORKFLOW
	    ? NULL
	    : timer_action(timer)->run->execution;
}

/*
 * Timers of the same instant are told apart by what they belong to, so that
 * which fires first is the same in every run of the same history.
 */
static int
timer_compare(const struct timer *a, const struct timer *b)
{
	const struct action *mine, *other;
	int order;

	if (a->due != b->due)
		return a->due < b->due ? -1 : 1;
	if (a->of == TIMER_OF_WORKFLOW && b->of == TIMER_OF_WORKFLOW)
		return workflow_compare(timer_workflow(a), timer_workflow(b));
	if (a->of == TIMER_OF_WORKFLOW || b->of == TIMER_OF_WORKFLOW)
		return a->of == TIMER_OF_WORKFLOW ? -1 : 1;
	order =
	    number_compare(timer_execution(a)->k.id, timer_execution(b)->k.id);
	if (order != 0)
		return order;
	mine = timer_action(a);
	other = timer_action(b);
	if (mine != NULL && other != NULL) {
		order = number_compare(mine->run->index, other->run->index);
		if (order == 0)
			order = number_compare(mine->item, other->item);
		if (order == 0 && a->of == TIMER_OF_ATTEMPT &&
		    b->of == TIMER_OF_ATTEMPT)
			order = number_compare(timer_attempt(a)->k.number,
			    timer_attempt(b)->k.number);
		if (order != 0)
			return order;
	} else if (mine != other)
		return mine == NULL ? -1 : 1;
	if ((a->of == TIMER_OF_ATTEMPT) != (b->of == TIMER_OF_ATTEMPT))
		return a->of != TIMER_OF_ATTEMPT ? -1 : 1;
	return pointer_compare(a, b);
}

static int
idempotency_compare(const struct idempotency *a, const struct idempotency *b)
{
	int order = number_compare(a->uid, b->uid);

	return order != 0 ? order : strcmp(a->key, b->key);
}

struct state *
state_new(void)
{
	return state_new_with(expressions_new());
}

struct state *
state_new_copy(const struct state *of, workflow_source *source, void *ctx)
{
	struct state *s = state_new_with(of->expressions);

	s->source = source;
	s->source_ctx = ctx;
	return s;
}

static struct state *
state_new_with(struct expressions *expressions)
{
	struct state *s = xcalloc(1, sizeof(*s));

	RB_INIT(&s->workflows);
	RB_INIT(&s->executions);
	RB_INIT(&s->idempotencies);
	RB_INIT(&s->timers);
	RB_INIT(&s->untils);
	TAILQ_INIT(&s->changed);
	RB_INIT(&s->going);
	TAILQ_INIT(&s->dirty);
	TAILQ_INIT(&s->blocked);
	TAILQ_INIT(&s->over);
	s->expressions = expressions;
	s->k.next_execution = 1;
	s->k.engine = ENGINE_RUNNING;
	return s;
}

void
state_free(struct state *s)
{
	struct execution *x;
	struct workflow *w;
	struct idempotency *i;

	if (s == NULL)
		return;
	while ((x = RB_ROOT(&s->executions)) != NULL) {
		RB_REMOVE(executions, &s->executions, x);
		execution_free(x);
	}
	while ((w = RB_ROOT(&s->workflows)) != NULL) {
		RB_REMOVE(workflows, &s->workflows, w);
		workflow_free(w);
	}
	while ((i = RB_ROOT(&s->idempotencies)) != NULL) {
		RB_REMOVE(idempotencies, &s->idempotencies, i);
		free(i->key);
		free(i);
	}
	if (s->source == NULL)
		expressions_free(s->expressions);
	free(s->k.engine_reason);
	free(s->k.engine_by);
	free(s->runners);
	free(s->snapshot);
	free(s->unavailable);
	free(s);
}

void
state_insert(struct state *s, struct execution *x)
{
	RB_INSERT(executions, &s->executions, x);
	if (!execution_ended(x->k.status))
		RB_INSERT(going, &s->going, x);
}

struct execution *
state_execution(const struct state *s, uint64_t id)
{
	struct execution key = {.k = {.id = id}};

	/* sys/tree.h takes no const head; finding changes nothing. */
	return RB_FIND(
	    executions, &((struct state *)(uintptr_t)s)->executions, &key);
}

struct workflow *
state_workflow(const struct state *s, const char *name)
{
	struct workflow key = {.name = (char *)(uintptr_t)name}, *found;

	found = RB_FIND(
	    workflows, &((struct state *)(uintptr_t)s)->workflows, &key);
	return found == NULL && s->source != NULL
	    ? s->source(s->source_ctx, name)
	    : found;
}

struct execution *
workflow_next(const struct workflow *w)
{
	struct execution *x;

	TAILQ_FOREACH (x, &w->pending, held)
		if (x->k.status == EXECUTION_PENDING && workflow_admits(w, x))
			return x;
	return NULL;
}

struct definition *
state_definition(const struct state *s, const char *name, uint32_t version)
{
	const struct workflow *w = state_workflow(s, name);

	if (w == NULL || version > w->nversions)
		return NULL;
	return w->versions[(version == 0 ? w->nversions : version) - 1]
	    .definition;
}

struct attempt *
state_attempt(const struct state *s, const struct callout_key *key)
{
	const struct execution *x = state_execution(s, key->execution);
	const struct action *action;

	if (x == NULL || key->run >= x->nruns)
		return NULL;
	action = run_action(x->runs[key->run], key->item);
	return action == NULL ? NULL : action_attempt(action, key->attempt);
}

const struct idempotency *
state_idempotency(const struct state *s, uint32_t uid, const char *key)
{
	struct idempotency wanted = {.uid = uid, .key = (char *)(uintptr_t)key};

	return RB_FIND(idempotencies,
	    &((struct state *)(uintptr_t)s)->idempotencies, &wanted);
}

struct action *
run_action(const struct run *r, uint32_t item)
{
	bool items = r->task->items != NULL;

	if (!items)
		return item == EVENT_NONE ? &r->actions[0] : NULL;
	return item < r->nactions ? &r->actions[item] : NULL;
}

struct attempt *
action_attempt(const struct action *a, uint32_t number)
{
	struct attempt *t = a->latest;

	while (t != NULL && t->k.number != number)
		t = t->before;
	return t;
}

bool
execution_is_held(const struct state *s, const struct execution *x)
{
	return s->k.engine != ENGINE_RUNNING || x->k.hold.by != HOLD_NONE;
}

static const char *const logs_gone_names[LOGS_GONES] = {
    [LOGS_GONE_SIZE] = "retention.logs_size",
    [LOGS_GONE_AGE] = "retention.logs_age",
};

const char *
logs_gone_name(enum logs_gone why)
{
	return logs_gone_names[why];
}

enum logs_gone
logs_gone_find(const char *name)
{
	if (name != NULL && strcmp(name, logs_gone_names[LOGS_GONE_AGE]) == 0)
		return LOGS_GONE_AGE;
	return LOGS_GONE_SIZE;
}

bool
execution_is_to_be_followed(const struct execution *x)
{
	bool failed = x->k.status == EXECUTION_FAILED ||
	    x->k.status == EXECUTION_TIMED_OUT ||
	    (x->k.status == EXECUTION_TERMINATED &&
		x->k.wants_failure_workflow);

	return failed && !x->k.followed && x->k.failure_of == 0 &&
	    x->definition->on_failure != NULL;
}

bool
nothing_begins(const struct state *s, const struct execution *x)
{
	return s->host.unavailable != NULL || execution_is_held(s, x);
}

uint32_t
execution_callouts_frozen(const struct execution *x)
{
	uint32_t frozen = 0;

	for (uint32_t i = 0; x->open_callouts > 0 && i < x->nruns; i++)
		for (uint32_t j = 0; j < x->runs[i]->nactions; j++) {
			const struct attempt *t = x->runs[i]->actions[j].latest;

			frozen += t != NULL && t->k.frozen;
		}
	return frozen;
}

uint32_t
state_callouts_frozen(const struct state *s)
{
	/* sys/tree.h takes no const head; walking changes nothing. */
	struct going *all = &((struct state *)(uintptr_t)s)->going;
	struct execution *x;
	uint32_t frozen = 0;

	if (s->open_callouts == 0)
		return 0;
	RB_FOREACH (x, going, all)
		if (x->k.hold.frozen || s->k.engine == ENGINE_PAUSED)
			frozen += execution_callouts_frozen(x);
	return frozen;
}

bool
journal_is_full(const struct state *s)
{
	return s->host.is_bounded && s->open_callouts >= s->host.room_callouts;
}

struct kept_signal *
kept_signal_find(const struct execution *x, const char *name)
{
	struct kept_signal *kept;

	TAILQ_FOREACH (kept, &x->signals, entry)
		if (strcmp(kept->name, name) == 0)
			return kept;
	return NULL;
}

struct value *
run_vars(const struct run *r)
{
	if (!r->k.own_context)
		return r->execution->k.vars;
	return r->own_vars != NULL ? r->own_vars : r->k.context;
}

struct value *
run_input(const struct run *r)
{
	return r->k.input != NULL ? r->k.input : r->execution->k.input;
}

bool
run_is_unhandled(const struct run *r)
{
	return !r->k.superseded && !r->k.led && task_ended(r->k.status) &&
	    r->k.status != TASK_COMPLETED && r->k.status != TASK_SKIPPED;
}

uint32_t
run_open_attempts(const struct run *r)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < r->nactions; i++)
		n += r->actions[i].latest != NULL &&
		    r->actions[i].latest->k.open;
	return n;
}

bool
attempt_is_current(const struct attempt *t)
{
	const struct action *a = t->action;

	return a->latest == t &&
	    (a->k.status == TASK_RUNNING || a->k.status == TASK_PAUSED ||
		a->k.status == TASK_CANCELING);
}

void
action_key(const struct action *a, uint32_t attempt, struct callout_key *key)
{
	key->execution = a->run->execution->k.id;
	key->run = a->run->index;
	key->item = a->item;
	key->attempt = attempt;
}

char *
node_lacks(const struct execution *x, uint32_t task)
{
	const struct task_definition *t = &x->definition->tasks[task];
	const struct node *node = &x->nodes[task];
	char *list = NULL, *longer;

	if (node->k.round == NULL || node->k.fired || node->k.narrivals == 0)
		return NULL;
	for (uint32_t i = 0; i < t->nbefore; i++) {
		const char *name = x->definition->tasks[t->before[i]].name;
		bool here = false;

		for (uint32_t j = 0; j < node->k.narrivals; j++)
			here |= node->k.arrivals[j].before == i;
		if (here)
			continue;
		longer = list == NULL ? xstrdup(name)
				      : xasprintf("%s, %s", list, name);
		free(list);
		list = longer;
	}
	return list;
}
