/* event_check: a record of a journal is believed only after this. */

#include "daemon/core/event_check.h"

#include <string.h>

#include "daemon/core/family.h"
#include "daemon/core/zone.h"

/* In the year 2116; what a hundred years are added to is still a number. */
#define FAR (INT64_MAX / 2)

typedef bool checker(const struct state *, const struct event *);

static checker check_engine_status, check_definition_put,
    check_definition_status, check_definition_cap, check_definition_safety,
    check_created, check_status, check_ending, check_signal, check_held,
    check_resumed, check_restarted, check_revived, check_followed, check_items,
    check_started, check_waiting, check_stopping, check_attempt_ended,
    check_item_ended, check_ready, check_ended, check_superseded, check_again,
    check_reopened, check_continued, check_deleted, check_definition_deleted,
    check_logs_removed;
static bool has_numbers(const struct event *);
static bool is_map(const struct value *);
static const struct execution *
its_execution(const struct state *, const struct event *);
static const struct run *its_run(const struct state *, const struct event *);
static const struct run *
current_run(const struct state *, const struct event *);
static const struct action *
its_action(const struct state *, const struct event *);
static const struct attempt *
its_attempt(const struct state *, const struct event *);
static bool reaches(const struct action *, int32_t);
static bool parent_can(const struct state *, const struct event *);
static bool
are_tasks(const struct execution *, const struct run *, const struct value *);
static bool
is_after(const struct execution *, const struct run *, const msgpack_object *);

static checker *const checkers[EVENT_TYPES] = {
    [EVENT_ENGINE_STATUS] = check_engine_status,
    [EVENT_DEFINITION_PUT] = check_definition_put,
    [EVENT_DEFINITION_STATUS] = check_definition_status,
    [EVENT_DEFINITION_CAPPED] = check_definition_cap,
    [EVENT_DEFINITION_LIFTED] = check_definition_cap,
    [EVENT_DEFINITION_SAFETY] = check_definition_safety,
    [EVENT_EXECUTION_CREATED] = check_created,
    [EVENT_EXECUTION_STATUS] = check_status,
    [EVENT_EXECUTION_ENDING] = check_ending,
    [EVENT_EXECUTION_SIGNAL] = check_signal,
    [EVENT_EXECUTION_FOLLOWED] = check_followed,
    [EVENT_EXECUTION_HELD] = check_held,
    [EVENT_EXECUTION_RESUMED] = check_resumed,
    [EVENT_EXECUTION_RESTARTED] = check_restarted,
    [EVENT_EXECUTION_REVIVED] = check_revived,
    [EVENT_EXECUTION_DELETED] = check_deleted,
    [EVENT_DEFINITION_DELETED] = check_definition_deleted,
    [EVENT_EXECUTION_LOGS_REMOVED] = check_logs_removed,
    [EVENT_TASK_SUPERSEDED] = check_superseded,
    [EVENT_TASK_AGAIN] = check_again,
    [EVENT_TASK_REOPENED] = check_reopened,
    [EVENT_TASK_CONTINUED] = check_continued,
    [EVENT_TASK_ITEMS] = check_items,
    [EVENT_TASK_STARTED] = check_started,
    [EVENT_TASK_WAITING] = check_waiting,
    [EVENT_TASK_STOPPING] = check_stopping,
    [EVENT_TASK_ATTEMPT_ENDED] = check_attempt_ended,
    [EVENT_TASK_ITEM_ENDED] = check_item_ended,
    [EVENT_TASK_READY] = check_ready,
    [EVENT_TASK_ENDED] = check_ended,
};

bool
event_can_be(const struct state *s, const struct event *e)
{
	/* A type without a check is of no version so far. */
	return checkers[e->type] != NULL && has_numbers(e) &&
	    checkers[e->type](s, e);
}

static bool
has_numbers(const struct event *e)
{
	return e->time >= 0 && e->time <= FAR && e->due >= 0 && e->cost >= 0;
}

/* Or nothing. */
static bool
is_map(const struct value *v)
{
	unsigned char first;

	if (v == NULL)
		return true;
	first = (unsigned char)v->bytes[0];
	return (first & 0xf0) == 0x80 || first == 0xde || first == 0xdf;
}

static const struct execution *
its_execution(const struct state *s, const struct event *e)
{
	return e->execution == 0 ? NULL : state_execution(s, e->execution);
}

static const struct run *
its_run(const struct state *s, const struct event *e)
{
	const struct execution *x = its_execution(s, e);

	return x != NULL && e->run < x->nruns ? x->runs[e->run] : NULL;
}

/* One that counts, of the definition that is in force. */
static const struct run *
current_run(const struct state *s, const struct event *e)
{
	const struct run *r = its_run(s, e);

	return r != NULL && !r->k.superseded &&
		r->k.generation == r->execution->k.generation
	    ? r
	    : NULL;
}

static const struct action *
its_action(const struct state *s, const struct event *e)
{
	const struct run *r = its_run(s, e);

	return r == NULL || !r->k.begun ? NULL : run_action(r, e->item);
}

static const struct attempt *
its_attempt(const struct state *s, const struct event *e)
{
	const struct action *a = its_action(s, e);

	return a == NULL ? NULL : action_attempt(a, e->attempt);
}

static bool
reaches(const struct action *a, int32_t status)
{
	return status >= 0 && status < TASK_STATUSES &&
	    task_reaches(a->k.status, (enum task_status)status);
}

static bool
check_engine_status(const struct state *s, const struct event *e)
{
	(void)s;
	return e->status >= 0 && e->status < ENGINE_STATUSES;
}

static bool
check_definition_put(const struct state *s, const struct event *e)
{
	const struct workflow *w =
	    e->name == NULL ? NULL : state_workflow(s, e->name);

	return e->name != NULL && e->definition != NULL &&
	    strcmp(e->definition->name, e->name) == 0 &&
	    e->version == (w == NULL ? 0 : w->nversions) + 1;
}

static bool
check_definition_status(const struct state *s, const struct event *e)
{
	return e->name != NULL && state_workflow(s, e->name) != NULL &&
	    (e->status == WORKFLOW_ENABLED || e->status == WORKFLOW_DISABLED);
}

static bool
check_definition_cap(const struct state *s, const struct event *e)
{
	return e->name != NULL && state_workflow(s, e->name) != NULL &&
	    e->cap >= 0 && e->cap < CAPS;
}

static bool
check_definition_safety(const struct state *s, const struct event *e)
{
	return e->name != NULL && state_workflow(s, e->name) != NULL &&
	    is_map(e->value);
}

/* The task that started it is there, and was about to. */
static bool
parent_can(const struct state *s, const struct event *e)
{
	const struct execution *parent = state_execution(s, e->parent);
	const struct action *a;
	const struct run *r;

	if (parent == NULL || e->parent_run >= parent->nruns)
		return false;
	r = parent->runs[e->parent_run];
	if (r->k.superseded || r->k.generation != parent->k.generation ||
	    !r->k.begun || r->task->kind != ACTION_WORKFLOW)
		return false;
	a = run_action(r, e->parent_item);
	return a != NULL && a->k.status == TASK_PENDING;
}

static bool
check_created(const struct state *s, const struct event *e)
{
	return e->name != NULL && e->version != 0 &&
	    state_definition(s, e->name, e->version) != NULL &&
	    e->execution >= s->k.next_execution && e->execution < UINT64_MAX &&
	    is_map(e->labels) && is_map(e->domains) && is_map(e->value) &&
	    (e->parent == 0 || parent_can(s, e));
}

static bool
check_status(const struct state *s, const struct event *e)
{
	const struct execution *x = its_execution(s, e);

	if (x == NULL || e->status < 0 || e->status >= EXECUTION_STATUSES ||
	    !execution_reaches(x->k.status, (enum execution_status)e->status))
		return false;
	if (x->k.status == EXECUTION_PENDING && e->status == EXECUTION_RUNNING)
		return x->is_held && is_map(e->value);
	return !execution_ended(x->k.status) &&
	    (!execution_ended((enum execution_status)e->status) ||
		TAILQ_EMPTY(&x->open));
}

static bool
check_ending(const struct state *s, const struct event *e)
{
	const struct execution *x = its_execution(s, e);

	return x != NULL && !execution_ended(x->k.status) && e->status >= 0 &&
	    e->status < EXECUTION_STATUSES &&
	    execution_ended((enum execution_status)e->status) &&
	    (e->run == EVENT_NONE || e->run < x->nruns);
}

static bool
check_signal(const struct state *s, const struct event *e)
{
	const struct execution *x = its_execution(s, e);

	return x != NULL && !execution_ended(x->k.status) && e->name != NULL;
}

static bool
check_deleted(const struct state *s, const struct event *e)
{
	const struct execution *x = its_execution(s, e);

	return x != NULL && execution_is_over(x);
}

static bool
check_definition_deleted(const struct state *s, const struct event *e)
{
	const struct workflow *w =
	    e->name == NULL ? NULL : state_workflow(s, e->name);

	return w != NULL && w->executions == 0;
}

static bool
check_logs_removed(const struct state *s, const struct event *e)
{
	return its_execution(s, e) != NULL && e->reason != NULL;
}

static bool
check_held(const struct state *s, const struct event *e)
{
	const struct execution *x = its_execution(s, e);

	return x != NULL && !execution_ended(x->k.status) && e->status >= 0 &&
	    e->status < EXECUTION_STATUSES &&
	    !execution_ended((enum execution_status)e->status) &&
	    execution_reaches(x->k.status, (enum execution_status)e->status) &&
	    (e->hold == HOLD_USER || e->hold == HOLD_PARENT);
}

static bool
check_resumed(const struct state *s, const struct event *e)
{
	const struct execution *x = its_execution(s, e);

	return x != NULL && !execution_ended(x->k.status) && e->status >= 0 &&
	    e->status < EXECUTION_STATUSES &&
	    !execution_ended((enum execution_status)e->status) &&
	    execution_reaches(x->k.status, (enum execution_status)e->status);
}

static bool
check_restarted(const struct state *s, const struct event *e)
{
	const struct execution *x = its_execution(s, e);

	return x != NULL && execution_ended(x->k.status) &&
	    TAILQ_EMPTY(&x->open) && e->status == EXECUTION_PENDING &&
	    e->version != 0 &&
	    state_definition(s, x->workflow->name, e->version) != NULL &&
	    is_map(e->value) && is_map(e->domains);
}

static bool
check_revived(const struct state *s, const struct event *e)
{
	const struct execution *x = its_execution(s, e);

	if (x == NULL || !execution_ended(x->k.status))
		return x != NULL;
	return e->status >= 0 && e->status < EXECUTION_STATUSES &&
	    !execution_ended((enum execution_status)e->status) &&
	    e->status != EXECUTION_PENDING && x->k.started_at != 0 &&
	    execution_reaches(x->k.status, (enum execution_status)e->status);
}

static bool
check_followed(const struct state *s, const struct event *e)
{
	return its_execution(s, e) != NULL;
}

static bool
check_items(const struct state *s, const struct event *e)
{
	const struct run *r = current_run(s, e);
	msgpack_object o;
	msgpack_zone zone;
	bool can;

	if (r == NULL || r->task->items == NULL || r->k.begun ||
	    task_ended(r->k.status))
		return false;
	if (e->value == NULL)
		return e->count == 0;
	zone_init(&zone, 1024);
	can = value_unpack(e->value, &zone, &o) &&
	    o.type == MSGPACK_OBJECT_ARRAY && o.via.array.size == e->count;
	msgpack_zone_destroy(&zone);
	return can;
}

static bool
check_started(const struct state *s, const struct event *e)
{
	const struct action *a = its_action(s, e);

	return a != NULL && current_run(s, e) != NULL &&
	    a->run->task->kind == ACTION_RUN && a->k.status == TASK_PENDING &&
	    e->attempt == a->k.attempts + 1;
}

static bool
check_waiting(const struct state *s, const struct event *e)
{
	const struct action *a = its_action(s, e);

	return a != NULL && current_run(s, e) != NULL &&
	    reaches(a, TASK_WAITING) &&
	    (e->count <= TIMER_TIMEOUT || e->count == TIMER_UNTIL);
}

static bool
check_stopping(const struct state *s, const struct event *e)
{
	const struct attempt *t = its_attempt(s, e);

	return t != NULL && t->k.open && e->end >= 0 && e->end <= STOP_UPDATE &&
	    e->signal >= 0 && e->signal <= 64;
}

static bool
check_attempt_ended(const struct state *s, const struct event *e)
{
	const struct attempt *t = its_attempt(s, e);

	return t != NULL && t->k.open && e->status >= 0 &&
	    e->status < TASK_STATUSES &&
	    task_ended((enum task_status)e->status) &&
	    e->end <= CALLOUT_NO_SPACE &&
	    (e->next < 0 ||
		(t->action->latest == t && current_run(s, e) != NULL &&
		    reaches(t->action, e->next)));
}

static bool
check_item_ended(const struct state *s, const struct event *e)
{
	const struct action *a = its_action(s, e);

	return a != NULL && current_run(s, e) != NULL &&
	    !task_ended(a->run->k.status) && reaches(a, e->status) &&
	    task_ended((enum task_status)e->status) && is_map(e->set);
}

static bool
check_ready(const struct state *s, const struct event *e)
{
	const struct action *a = its_action(s, e);

	return a != NULL && current_run(s, e) != NULL &&
	    !task_ended(a->run->k.status) && reaches(a, TASK_PENDING);
}

/* Something of the definition leads from the run's task to the other. */
static bool
is_after(
    const struct execution *x, const struct run *r, const msgpack_object *o)
{
	const struct task_definition *to;

	if (o->type != MSGPACK_OBJECT_POSITIVE_INTEGER ||
	    o->via.u64 >= x->definition->ntasks)
		return false;
	to = &x->definition->tasks[o->via.u64];
	for (uint32_t i = 0; i < to->nbefore; i++)
		if (to->before[i] == r->task->number)
			return true;
	return false;
}

static bool
are_tasks(const struct execution *x, const struct run *r, const struct value *v)
{
	msgpack_object o;
	msgpack_zone zone;
	bool are;

	if (v == NULL)
		return true;
	zone_init(&zone, 256);
	are = value_unpack(v, &zone, &o) && o.type == MSGPACK_OBJECT_ARRAY;
	for (uint32_t i = 0; are && i < o.via.array.size; i++)
		are = is_after(x, r, &o.via.array.ptr[i]);
	msgpack_zone_destroy(&zone);
	return are;
}

static bool
check_ended(const struct state *s, const struct event *e)
{
	const struct run *r = current_run(s, e);

	if (r == NULL || task_ended(r->k.status) || e->status < 0 ||
	    e->status >= TASK_STATUSES ||
	    !task_ended((enum task_status)e->status))
		return false;
	for (uint32_t i = 0; i < r->nactions; i++)
		if (!task_ended(r->actions[i].k.status) &&
		    !task_reaches(r->actions[i].k.status, TASK_CANCELED))
			return false;
	return is_map(e->set) && are_tasks(r->execution, r, e->to) &&
	    are_tasks(r->execution, r, e->cut);
}

static bool
check_superseded(const struct state *s, const struct event *e)
{
	return current_run(s, e) != NULL;
}

static bool
check_again(const struct state *s, const struct event *e)
{
	const struct run *r = current_run(s, e);

	return r != NULL && is_map(e->value);
}

static bool
check_reopened(const struct state *s, const struct event *e)
{
	const struct attempt *t = its_attempt(s, e);

	return t != NULL && current_run(s, e) != NULL && !t->k.open &&
	    t->k.child != 0 && t->action->latest == t &&
	    reaches(t->action, TASK_RUNNING);
}

static bool
check_continued(const struct state *s, const struct event *e)
{
	const struct run *r = current_run(s, e);

	return r != NULL && task_ended(r->k.status);
}
