/* apply_task: what happens to task runs, their actions and attempts. */

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/core/alloc.h"
#include "daemon/core/apply.h"
#include "daemon/core/memory.h"
#include "daemon/core/zone.h"

static struct action *event_action(struct state *, const struct event *);
static void action_reopens(struct action *);
static void action_offered(struct action *);
static void action_withdrawn(struct action *);
static void action_not_ready(struct action *);
static void run_follows(struct state *, struct run *);
static enum task_status run_status(const struct run *);
static void join_arrives(
    struct state *, struct execution *, uint32_t from, uint32_t to, int64_t);
static bool join_fires(struct state *, struct execution *, uint32_t, int64_t);
static bool join_round(struct execution *, uint32_t);
static void run_starts(struct state *, struct execution *, uint32_t task,
    const uint32_t *from, uint32_t nfrom, int64_t);
static void publish(struct run *, const struct value *);

void
mark_attention(struct state *s, struct run *r)
{
	mark_dirty(s, r->execution);
	if (r->in_attention || task_ended(r->k.status))
		return;
	r->in_attention = true;
	TAILQ_INSERT_TAIL(&r->execution->attention, r, attention);
}

static struct action *
event_action(struct state *s, const struct event *e)
{
	return run_action(
	    state_execution(s, e->execution)->runs[e->run], e->item);
}

void
attempt_changed(struct state *s, struct attempt *t)
{
	if (t->is_changed)
		TAILQ_REMOVE(&s->changed, t, changed);
	t->is_changed = true;
	t->changed_seq = s->k.seq;
	TAILQ_INSERT_TAIL(&s->changed, t, changed);
}

void
action_ready(struct action *a)
{
	struct actions *list = &a->run->execution->ready;
	struct action *other;

	if (a->is_ready)
		return;
	a->is_ready = true;
	TAILQ_FOREACH_REVERSE(other, list, actions, ready)
	if (other->run->task->priority >= a->run->task->priority)
		break;
	if (other == NULL)
		TAILQ_INSERT_HEAD(list, a, ready);
	else
		TAILQ_INSERT_AFTER(list, other, a, ready);
}

static void
action_not_ready(struct action *a)
{
	if (!a->is_ready)
		return;
	a->is_ready = false;
	TAILQ_REMOVE(&a->run->execution->ready, a, ready);
}

/* Its turn has come. */
static void
action_offered(struct action *a)
{
	a->k.offered = true;
	a->run->items_active++;
}

static void
action_withdrawn(struct action *a)
{
	if (!a->k.offered)
		return;
	a->k.offered = false;
	a->run->items_active--;
}

/* Makes as many items ready as may run beside each other. */
void
actions_offer(struct run *r)
{
	uint32_t parallel = r->task->parallel;

	while (r->items_bad == 0 && r->k.next_item < r->nactions &&
	    (parallel == 0 || r->items_active < parallel)) {
		struct action *a = &r->actions[r->k.next_item++];

		if (a->k.touched || a->k.offered)
			continue; /* it was skipped before its turn came */
		action_offered(a);
		action_ready(a);
	}
}

/* What its end had counted is taken back. */
static void
action_reopens(struct action *a)
{
	struct run *r = a->run;

	r->items_open++;
	action_offered(a);
	if (a->k.status != TASK_COMPLETED && a->k.status != TASK_SKIPPED)
		r->items_bad--;
}

void
action_becomes(struct state *s, struct action *a, enum task_status status)
{
	struct run *r = a->run;

	assert(task_reaches(a->k.status, status));
	if (!a->k.touched) {
		a->k.touched = true;
		r->untouched--;
	}
	if (task_ended(a->k.status))
		action_reopens(a);
	r->by_status[a->k.status]--;
	r->by_status[status]++;
	a->k.status = status;
	a->k.due = 0;
	timer_clear(s, &a->timer);
	action_not_ready(a);
	if (task_ended(status)) {
		value_unref(a->k.wait);
		a->k.wait = NULL;
		a->k.lost = false;
		r->items_open--;
		action_withdrawn(a);
		if (status != TASK_COMPLETED && status != TASK_SKIPPED)
			r->items_bad++;
		if (r->task->items != NULL)
			actions_offer(r);
		mark_attention(s, r);
	}
	run_follows(s, r);
}

static enum task_status
run_status(const struct run *r)
{
	const uint32_t *count = r->by_status;

	if (count[TASK_RUNNING] > 0)
		return TASK_RUNNING;
	if (count[TASK_CANCELING] > 0)
		return TASK_CANCELING;
	if (count[TASK_PAUSED] > 0)
		return TASK_PAUSED;
	if (count[TASK_WAITING] > 0)
		return TASK_WAITING;
	if (count[TASK_PENDING] == r->nactions)
		return TASK_PENDING;
	return TASK_RUNNING;
}

/* Until it ends a run is what its actions are; ending is an event's. */
static void
run_follows(struct state *s, struct run *r)
{
	enum task_status status;

	if (task_ended(r->k.status))
		return;
	status = run_status(r);
	if (r->k.started_at == 0 && status != TASK_PENDING)
		r->k.started_at = s->k.time;
	r->k.status = status;
}

/* As if it had never been canceled: it waits for its turn again. */
void
action_requeued(struct state *s, struct action *a)
{
	action_becomes(s, a, TASK_PENDING);
	action_withdrawn(a);
	a->k.touched = false;
	a->run->untouched++;
}

void
apply_task_items(struct state *s, const struct event *e)
{
	struct run *r = state_execution(s, e->execution)->runs[e->run];

	run_sees(r);
	r->k.items = value_ref(e->value);
	replace_string(&r->k.reason, e->reason);
	run_make_actions(r, e->count);
	actions_offer(r);
	mark_attention(s, r);
}

void
apply_task_started(struct state *s, const struct event *e)
{
	struct action *a = event_action(s, e);
	struct attempt *t = attempt_append(a);

	run_sees(a->run);
	t->k.started_at = e->time;
	t->k.runner = e->runner;
	t->k.spec = value_ref(e->value);
	t->k.due = e->due;
	action_becomes(s, a, TASK_RUNNING);
	timer_set(s, &t->timer, TIMER_TIMEOUT, e->due);
	a->run->execution->open_callouts++;
	s->open_callouts++;
	attempt_changed(s, t);
}

void
child_started(struct state *s, const struct event *e)
{
	struct execution *parent = state_execution(s, e->parent);
	struct action *a =
	    run_action(parent->runs[e->parent_run], e->parent_item);
	struct attempt *t = attempt_append(a);
	int64_t timeout = a->run->task->timeout;

	run_sees(a->run);
	t->k.started_at = e->time;
	t->k.child = e->execution;
	t->k.due = timeout == 0 ? 0 : e->time + timeout;
	action_becomes(s, a, TASK_RUNNING);
	timer_set(s, &t->timer, TIMER_TIMEOUT, t->k.due);
	parent->k.revision++;
	mark_dirty(s, parent);
}

void
apply_task_waiting(struct state *s, const struct event *e)
{
	struct action *a = event_action(s, e);

	run_sees(a->run);
	action_becomes(s, a, TASK_WAITING);
	a->k.wait = value_ref(e->value);
	a->k.due = e->due;
	a->k.due_kind = (enum timer_kind)e->count;
	timer_set(s, &a->timer, a->k.due_kind, e->due);
}

void
apply_task_stopping(struct state *s, const struct event *e)
{
	struct action *a = event_action(s, e);
	struct attempt *t = action_attempt(a, e->attempt);

	attempt_thaw(s, t); /* or it could not end */
	t->k.stop = (enum stop_why)e->end;
	t->k.stop_signal = e->signal;
	t->k.due = e->due;
	t->k.left = 0;
	replace_string(&t->k.reason, e->reason);
	timer_set(s, &t->timer, TIMER_KILL, e->due);
	if (t->k.stop == STOP_CANCEL &&
	    (a->k.status == TASK_RUNNING || a->k.status == TASK_PAUSED))
		action_becomes(s, a, TASK_CANCELING);
	if (t->k.child == 0)
		attempt_changed(s, t);
}

void
apply_task_attempt_ended(struct state *s, const struct event *e)
{
	struct action *a = event_action(s, e);
	struct attempt *t = action_attempt(a, e->attempt);

	t->k.open = false;
	if (a->run->k.superseded &&
	    a->run->k.generation == a->run->execution->k.generation)
		a->run->execution->nodes[a->run->task->number].leaving--;
	t->k.status = (enum task_status)e->status;
	t->k.exit = e->exit;
	t->k.signal = e->signal;
	t->k.cpu = e->cpu;
	t->k.max_rss = e->max_rss;
	t->k.ended_at = e->ended_at == 0 ? e->time : e->ended_at;
	if (e->started_at != 0)
		t->k.started_at = e->started_at;
	t->k.due = 0;
	t->k.left = 0;
	t->k.frozen = false;
	timer_clear(s, &t->timer);
	value_unref(t->k.spec);
	t->k.spec = NULL;
	replace_string(&t->k.reason, e->reason);
	if (t->k.child == 0) {
		a->run->execution->open_callouts--;
		s->open_callouts--;
		attempt_changed(s, t);
	}
	if (e->next < 0) { /* its action had ended before */
		t->k.late = true;
		return;
	}
	if (t->k.status != TASK_COMPLETED && e->end != CALLOUT_NO_SPACE)
		a->k.failures++;
	value_unref(a->k.output);
	a->k.output = value_ref(e->value);
	replace_string(&a->k.reason, e->reason);
	action_becomes(s, a, (enum task_status)e->next);
	a->k.lost = e->next == TASK_WAITING;
	if (e->next == TASK_PENDING) {
		a->k.due = e->due;
		a->k.due_kind = TIMER_RETRY;
		timer_set(s, &a->timer, TIMER_RETRY, e->due);
		if (e->due == 0)
			action_ready(a);
	}
}

void
apply_task_item_ended(struct state *s, const struct event *e)
{
	struct action *a = event_action(s, e);
	struct execution *x = a->run->execution;
	struct kept_signal *kept;

	/* A name is that of the kept signal that ended the wait. */
	if (e->name != NULL && (kept = kept_signal_find(x, e->name)) != NULL) {
		TAILQ_REMOVE(&x->signals, kept, entry);
		kept_signal_free(kept);
	}
	if (!a->k.touched)
		run_sees(a->run);
	if (e->set != NULL)
		publish(a->run, e->set);
	replace_string(&a->k.reason, e->reason);
	value_unref(a->k.output);
	a->k.output = value_ref(e->value);
	action_becomes(s, a, (enum task_status)e->status);
}

void
apply_task_ready(struct state *s, const struct event *e)
{
	struct action *a = event_action(s, e);

	if (a->k.status != TASK_PENDING)
		action_becomes(s, a, TASK_PENDING);
	a->k.due = e->due;
	a->k.due_kind = TIMER_RETRY;
	a->k.lost = false;
	timer_set(s, &a->timer, TIMER_RETRY, e->due);
	if (e->due == 0)
		action_ready(a);
}

static void
publish(struct run *r, const struct value *set)
{
	struct execution *x = r->execution;
	struct value *merged = value_merge(x->k.vars, set);

	value_unref(x->k.vars);
	x->k.vars = merged;
	merged = value_merge(r->k.set, set);
	value_unref(r->k.set);
	r->k.set = merged;
	run_find_vars(r);
}

void
apply_task_ended(struct state *s, const struct event *e)
{
	struct execution *x = state_execution(s, e->execution);
	struct run *r = x->runs[e->run];

	for (uint32_t i = 0; i < r->nactions; i++) {
		struct action *a = &r->actions[i];

		if (!task_ended(a->k.status)) {
			r->k.next_item = r->nactions; /* offers none */
			action_becomes(s, a, TASK_CANCELED);
		}
	}
	r->k.status = (enum task_status)e->status;
	r->k.ended_at = e->time;
	r->k.output = value_ref(e->value);
	replace_string(&r->k.reason, e->reason);
	TAILQ_REMOVE(&x->open, r, open);
	if (r->in_attention) {
		r->in_attention = false;
		TAILQ_REMOVE(&x->attention, r, attention);
	}
	r->k.ended_seq = e->seq;
	r->k.led = e->led != 0;
	r->k.cut = value_ref(e->cut);
	cap_count(s, x->workflow, CAP_COST, e->cost, e->time);
	if (e->set != NULL)
		publish(r, e->set);
	run_leads(s, r, e->to, e->time);
}

void
run_leads(struct state *s, struct run *r, const struct value *to, int64_t now)
{
	msgpack_object o;
	msgpack_zone zone;

	if (to == NULL)
		return;
	zone_init(&zone, 256);
	value_unpack(to, &zone, &o);
	for (uint32_t i = 0; i < o.via.array.size; i++)
		task_arrives(s, r->execution, r->index,
		    (uint32_t)o.via.array.ptr[i].via.u64, now);
	msgpack_zone_destroy(&zone);
}

void
task_arrives(struct state *s, struct execution *x, uint32_t from, uint32_t to,
    int64_t now)
{
	if (x->definition->tasks[to].join != JOIN_NONE)
		join_arrives(s, x, from, to, now);
	else
		run_starts(s, x, to, &from, from == EVENT_NONE ? 0 : 1, now);
}

/* It is due now, or is looked at first. */
void
run_offer(struct state *s, struct run *r)
{
	enum action_kind kind = r->task->kind;

	if (r->task->items == NULL) {
		action_offered(&r->actions[0]);
		r->k.next_item = 1;
		if (kind == ACTION_RUN || kind == ACTION_WORKFLOW) {
			action_ready(&r->actions[0]);
			mark_dirty(s, r->execution);
			return;
		}
	}
	mark_attention(s, r);
}

static void
run_starts(struct state *s, struct execution *x, uint32_t task,
    const uint32_t *from, uint32_t nfrom, int64_t now)
{
	struct run *r = run_new(x, task, now);

	run_from(r, from, nfrom);
	run_offer(s, r);
}

/*
 * A join fires with the oldest arrival of each task that is here, once there
 * are enough.  Its round goes on until every task has taken part: who comes
 * late starts nothing, and is kept with the run that did not wait for it.
 */
static bool
join_fires(struct state *s, struct execution *x, uint32_t task, int64_t now)
{
	const struct task_definition *t = &x->definition->tasks[task];
	struct node *node = &x->nodes[task];
	uint32_t wanted = t->join == JOIN_ALL ? t->nbefore : t->join;
	uint32_t *from = xcalloc(t->nbefore, sizeof(*from)), n = 0;

	for (uint32_t i = 0; i < node->k.narrivals; i++) {
		uint32_t before = node->k.arrivals[i].before;

		if (node->k.round[before])
			continue;
		node->k.round[before] = true;
		from[n++] = node->k.arrivals[i].run;
	}
	if (n >= wanted) {
		for (uint32_t i = 0; i < n; i++)
			arrivals_remove(node, from[i]);
		node->k.fired = true;
		run_starts(s, x, task, from, n, now);
	} else
		memset(node->k.round, 0, t->nbefore * sizeof(bool));
	free(from);
	return n >= wanted;
}

/* Late arrivals are used up; true where the round is over with them. */
static bool
join_round(struct execution *x, uint32_t task)
{
	const struct task_definition *t = &x->definition->tasks[task];
	struct node *node = &x->nodes[task];

	for (uint32_t i = 0; i < node->k.narrivals;) {
		struct arrival late = node->k.arrivals[i];

		if (node->k.round[late.before]) {
			i++; /* of the next round */
			continue;
		}
		node->k.round[late.before] = true;
		arrivals_remove(node, late.run);
		run_from(node->newest, &late.run, 1);
		node->newest->k.nlate++;
	}
	for (uint32_t i = 0; i < t->nbefore; i++)
		if (!node->k.round[i])
			return false;
	memset(node->k.round, 0, t->nbefore * sizeof(bool));
	node->k.fired = false;
	return true;
}

void
join_settles(struct state *s, struct execution *x, uint32_t task, int64_t now)
{
	struct node *node = &x->nodes[task];

	for (;;) {
		if (node->k.fired) {
			if (!join_round(x, task))
				break;
		} else if (!join_fires(s, x, task, now))
			break;
	}
}

static void
join_arrives(struct state *s, struct execution *x, uint32_t from, uint32_t to,
    int64_t now)
{
	arrival_add(x, to, from);
	join_settles(s, x, to, now);
}
