/* apply: engine, definitions and executions; apply_task.c has the tasks. */

#include "daemon/core/apply.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/core/alloc.h"
#include "daemon/core/family.h"
#include "daemon/core/memory.h"
#include "daemon/core/safety.h"
#include "daemon/core/snapshot.h"
#include "daemon/core/zone.h"

static applier apply_definition_put, apply_definition_status,
    apply_execution_created, apply_execution_status, apply_execution_ending,
    apply_execution_signal, apply_execution_followed;
static struct definition *parse_stored(struct state *, const struct event *);
static void parent_follows(
    struct state *, const struct execution *, bool was_paused, bool paused);
static void
execution_begins(struct state *, struct execution *, const struct event *);
static void
execution_ends(struct state *, struct execution *, const struct event *);
static void stop_clock(struct state *, struct execution *);

static applier *const appliers[EVENT_TYPES] = {
    [EVENT_ENGINE_STATUS] = apply_engine_status,
    [EVENT_DEFINITION_PUT] = apply_definition_put,
    [EVENT_DEFINITION_STATUS] = apply_definition_status,
    [EVENT_DEFINITION_CAPPED] = apply_definition_capped,
    [EVENT_DEFINITION_LIFTED] = apply_definition_lifted,
    [EVENT_DEFINITION_SAFETY] = apply_definition_safety,
    [EVENT_EXECUTION_CREATED] = apply_execution_created,
    [EVENT_EXECUTION_STATUS] = apply_execution_status,
    [EVENT_EXECUTION_ENDING] = apply_execution_ending,
    [EVENT_EXECUTION_SIGNAL] = apply_execution_signal,
    [EVENT_EXECUTION_FOLLOWED] = apply_execution_followed,
    [EVENT_EXECUTION_HELD] = apply_execution_held,
    [EVENT_EXECUTION_RESUMED] = apply_execution_resumed,
    [EVENT_EXECUTION_RESTARTED] = apply_execution_restarted,
    [EVENT_EXECUTION_REVIVED] = apply_execution_revived,
    [EVENT_EXECUTION_DELETED] = apply_execution_deleted,
    [EVENT_DEFINITION_DELETED] = apply_definition_deleted,
    [EVENT_EXECUTION_LOGS_REMOVED] = apply_logs_removed,
    [EVENT_TASK_SUPERSEDED] = apply_task_superseded,
    [EVENT_TASK_AGAIN] = apply_task_again,
    [EVENT_TASK_REOPENED] = apply_task_reopened,
    [EVENT_TASK_CONTINUED] = apply_task_continued,
    [EVENT_TASK_ITEMS] = apply_task_items,
    [EVENT_TASK_STARTED] = apply_task_started,
    [EVENT_TASK_WAITING] = apply_task_waiting,
    [EVENT_TASK_STOPPING] = apply_task_stopping,
    [EVENT_TASK_ATTEMPT_ENDED] = apply_task_attempt_ended,
    [EVENT_TASK_ITEM_ENDED] = apply_task_item_ended,
    [EVENT_TASK_READY] = apply_task_ready,
    [EVENT_TASK_ENDED] = apply_task_ended,
};

void
apply(struct state *s, const struct event *e)
{
	struct execution *x;

	assert(e->seq == s->k.seq + 1);
	snapshot_before(s, e);
	s->k.seq = e->seq;
	s->k.time = e->time;
	appliers[e->type](s, e);
	if (e->execution != 0 &&
	    (x = state_execution(s, e->execution)) != NULL) {
		x->k.revision++;
		revision_rises(s, x);
		mark_dirty(s, x);
		family_follows(s, x);
	}
}

void
mark_dirty(struct state *s, struct execution *x)
{
	if (x->is_dirty)
		return;
	x->is_dirty = true;
	TAILQ_INSERT_TAIL(&s->dirty, x, dirty);
}

void
mark_blocked(struct state *s, struct execution *x)
{
	if (x->is_blocked)
		return;
	x->is_blocked = true;
	TAILQ_INSERT_TAIL(&s->blocked, x, blocked);
}

void
timer_set(struct state *s, struct timer *t, enum timer_kind kind, int64_t due)
{
	timer_clear(s, t);
	if (due == 0)
		return;
	t->due = due;
	t->kind = kind;
	RB_INSERT(timers, kind == TIMER_UNTIL ? &s->untils : &s->timers, t);
}

void
timer_clear(struct state *s, struct timer *t)
{
	if (t->due == 0)
		return;
	RB_REMOVE(timers, t->kind == TIMER_UNTIL ? &s->untils : &s->timers, t);
	t->due = 0;
}

void
replace_string(char **where, const char *string)
{
	/* An event may lend what stands there already. */
	char *copy = string == NULL ? NULL : xstrdup(string);

	free(*where);
	*where = copy;
}

/* What runs is being stopped: there is nothing left for a timeout to do. */
static void
stop_clock(struct state *s, struct execution *x)
{
	x->k.kill = true;
	x->k.due = 0;
	x->k.left = 0;
	timer_clear(s, &x->timer);
}

void
mark_all(struct state *s, struct execution *x)
{
	struct run *r;

	mark_dirty(s, x);
	TAILQ_FOREACH (r, &x->open, open)
		mark_attention(s, r);
}

static struct definition *
parse_stored(struct state *s, const struct event *e)
{
	struct definition_errors errors = {0};
	struct definition *d;
	msgpack_zone zone;
	msgpack_object o;

	if (e->definition != NULL)
		return definition_ref(e->definition);
	zone_init(&zone, 4096);
	value_unpack(e->value, &zone, &o);
	d = definition_load(s->expressions, &o, &errors);
	definition_errors_free(&errors);
	msgpack_zone_destroy(&zone);
	return d;
}

static void
apply_definition_put(struct state *s, const struct event *e)
{
	struct workflow *w = state_workflow(s, e->name);
	struct workflow_version *v;

	if (w == NULL) {
		w = workflow_new(e->name);
		RB_INSERT(workflows, &s->workflows, w);
	}
	v = workflow_add(w, parse_stored(s, e));
	/* core_replay has refused what this version can't read. */
	assert(v->definition != NULL);
	v->definition->version = w->nversions;
	s->nversions++;
	v->put_at = e->time;
	v->by = e->by == NULL ? NULL : xstrdup(e->by);
	v->uid = e->uid;
	caps_changed(s, w);
}

static void
apply_definition_status(struct state *s, const struct event *e)
{
	struct workflow *w = state_workflow(s, e->name);

	w->status = (enum workflow_status)e->status;
	replace_string(&w->reason, e->reason);
	replace_string(&w->by, e->by);
	caps_changed(s, w);
}

/* In the order of priority, the older before the newer. */
void
hold_pending(struct execution *x)
{
	struct execution_list *list = &x->workflow->pending;
	struct execution *other;

	TAILQ_FOREACH_REVERSE(other, list, execution_list, held)
	if (other->k.priority >= x->k.priority)
		break;
	if (other == NULL)
		TAILQ_INSERT_HEAD(list, x, held);
	else
		TAILQ_INSERT_AFTER(list, other, x, held);
	x->is_held = true;
}

static void
apply_execution_created(struct state *s, const struct event *e)
{
	struct execution *x = execution_new(
	    state_definition(s, e->name, e->version), e->execution);
	struct execution *failed;

	x->workflow = state_workflow(s, e->name);
	x->k.parent = e->parent;
	x->k.parent_run = e->parent_run;
	x->k.parent_item = e->parent_item;
	x->k.failure_of = e->failure_of;
	x->k.replay_of = e->replay_of;
	x->k.depth = e->depth;
	x->k.uid = e->uid;
	x->k.gid = e->gid;
	x->k.owner = e->by == NULL ? NULL : xstrdup(e->by);
	x->k.input = value_ref(e->value);
	x->k.labels = value_ref(e->labels);
	x->k.domains = value_ref(e->domains);
	x->k.correlation =
	    e->correlation == NULL ? NULL : xstrdup(e->correlation);
	x->k.key = e->key == NULL ? NULL : xstrdup(e->key);
	x->k.priority = e->priority;
	x->k.created_at = e->time;
	x->k.status = EXECUTION_PENDING;
	s->by_status[EXECUTION_PENDING]++;
	s->k.next_execution = x->k.id + 1;
	state_insert(s, x);
	x->workflow->executions++;
	x->workflow->open++;
	x->k.admitted = workflow_capped(x->workflow) < 0;
	cap_count(s, x->workflow, CAP_STARTS, 1, e->time);
	hold_pending(x);
	if (x->k.key != NULL)
		idempotency_add(s, x->k.uid, x->k.key, x->k.id);
	if (e->parent != 0) {
		child_started(s, e);
		revision_rises(s, state_execution(s, e->parent));
	}
	failed = state_execution(s, e->failure_of);
	if (failed != NULL) {
		failed->k.followed = true;
		failed->k.followed_by = x->k.id;
		failed->k.revision++;
		revision_rises(s, failed);
		family_follows(s, failed);
	}
}

/* The task of a paused subworkflow is paused, for as long as that is. */
static void
parent_follows(
    struct state *s, const struct execution *x, bool was_paused, bool paused)
{
	struct execution *parent = state_execution(s, x->k.parent), *above;
	struct action *a;

	if (parent == NULL)
		return;
	mark_dirty(s, parent);
	/* All that are above wait for what drains below them. */
	for (above = parent; above != NULL;
	     above = state_execution(s, above->k.parent))
		if (above->k.status == EXECUTION_PAUSING)
			mark_dirty(s, above);
	a = run_action(parent->runs[x->k.parent_run], x->k.parent_item);
	if (a->latest == NULL || a->latest->k.child != x->k.id)
		return;
	if (paused && a->k.status == TASK_RUNNING)
		action_becomes(s, a, TASK_PAUSED);
	else if (was_paused && !paused && a->k.status == TASK_PAUSED)
		action_becomes(s, a, TASK_RUNNING);
}

void
execution_becomes(
    struct state *s, struct execution *x, enum execution_status status)
{
	bool was_paused = x->k.status == EXECUTION_PAUSED;
	bool had_ended = execution_ended(x->k.status);

	assert(execution_reaches(x->k.status, status));
	if (execution_ended(status) && !had_ended)
		RB_REMOVE(going, &s->going, x);
	else if (!execution_ended(status) && had_ended)
		RB_INSERT(going, &s->going, x);
	s->by_status[x->k.status]--;
	s->by_status[status]++;
	x->workflow->open -= execution_ended(status);
	x->workflow->open += execution_ended(x->k.status);
	x->k.status = status;
	if (status == EXECUTION_CANCELING || execution_ended(status))
		hold_clear(s, x);
	parent_follows(s, x, was_paused, status == EXECUTION_PAUSED);
}

static void
execution_begins(struct state *s, struct execution *x, const struct event *e)
{
	struct execution *next;

	TAILQ_REMOVE(&x->workflow->pending, x, held);
	x->is_held = false;
	x->workflow->active++;
	x->k.started_at = e->time;
	x->k.vars = value_ref(e->value);
	x->k.first_vars = value_ref(e->value);
	x->k.due = e->due;
	timer_set(s, &x->timer, TIMER_TIMEOUT, e->due);
	if ((next = workflow_next(x->workflow)) != NULL)
		mark_dirty(s, next);
	for (uint32_t i = 0; i < x->definition->ntasks; i++)
		if (x->definition->tasks[i].nbefore == 0)
			task_arrives(s, x, EVENT_NONE, i, e->time);
}

static void
execution_ends(struct state *s, struct execution *x, const struct event *e)
{
	struct kept_signal *kept;
	struct execution *next;

	x->k.ended_at = e->time;
	x->k.due = 0;
	x->k.left = 0;
	timer_clear(s, &x->timer);
	value_unref(x->k.output);
	x->k.output = value_ref(e->value);
	if (x->is_held) {
		TAILQ_REMOVE(&x->workflow->pending, x, held);
		x->is_held = false;
	} else
		x->workflow->active--;
	while ((kept = TAILQ_FIRST(&x->signals)) != NULL) {
		TAILQ_REMOVE(&x->signals, kept, entry);
		kept_signal_free(kept);
	}
	if ((next = workflow_next(x->workflow)) != NULL)
		mark_dirty(s, next);
}

static void
apply_execution_status(struct state *s, const struct event *e)
{
	struct execution *x = state_execution(s, e->execution);
	enum execution_status status = (enum execution_status)e->status;
	bool begins =
	    x->k.status == EXECUTION_PENDING && status == EXECUTION_RUNNING;

	if (e->kill != 0)
		stop_clock(s, x);
	if (e->reason != NULL)
		replace_string(&x->k.reason, e->reason);
	if (status == EXECUTION_CANCELING || status == EXECUTION_TERMINATED ||
	    (status == EXECUTION_CANCELED && x->k.canceled_by == NULL))
		replace_string(&x->k.canceled_by, e->by);
	if (e->follow != 0)
		x->k.wants_failure_workflow = true;
	execution_becomes(s, x, status);
	if (begins)
		execution_begins(s, x, e);
	else if (execution_ended(status))
		execution_ends(s, x, e);
}

static void
apply_execution_ending(struct state *s, const struct event *e)
{
	struct execution *x = state_execution(s, e->execution);

	x->k.ending = e->status;
	x->k.cause = (struct cause){e->run, e->item, e->attempt};
	replace_string(&x->k.reason, e->reason);
	if (e->kill != 0)
		stop_clock(s, x);
	if (e->value != NULL) {
		value_unref(x->k.output);
		x->k.output = value_ref(e->value);
	}
}

static void
apply_execution_signal(struct state *s, const struct event *e)
{
	struct execution *x = state_execution(s, e->execution);
	struct kept_signal *kept = xcalloc(1, sizeof(*kept));

	(void)s;
	kept->name = xstrdup(e->name);
	kept->by = e->by == NULL ? NULL : xstrdup(e->by);
	kept->output = value_ref(e->value);
	TAILQ_INSERT_TAIL(&x->signals, kept, entry);
}

static void
apply_execution_followed(struct state *s, const struct event *e)
{
	struct execution *x = state_execution(s, e->execution);

	x->k.followed = true;
	replace_string(&x->k.unfollowed, e->reason);
}
