/* settle_run: what is next for a run: its items, its wait, its end. */

#include <stdio.h>

#include "daemon/core/decide.h"
#include "daemon/core/element.h"
#include "daemon/core/scope.h"
#include "daemon/core/zone.h"

/* Items of one run. */
#define ITEMS_MAX 100000

static void begin_items(const struct run *, struct batch *);
static void begin_wait(const struct run *, struct batch *);
static void begin_set(const struct run *, struct batch *);
static void begin_end(const struct run *, struct batch *);
static bool wait_deadline(const struct task_definition *,
    const msgpack_object *, int64_t now, int64_t *due, char *why, size_t);
static bool is_number(const msgpack_object *);
static void park(const struct action *, struct value *, int64_t due,
    enum timer_kind, struct batch *);
static struct value *
render(const struct run *, const struct template *, char[EXPRESSION_ERROR_MAX]);

void
settle_run(const struct state *s, const struct run *r, struct batch *b)
{
	if (r->k.begun && r->items_open == 0) {
		settle_run_ended(s, r, b);
		return;
	}
	if (execution_stops(r->execution) || nothing_begins(s, r->execution))
		return;
	if (!r->k.begun) {
		begin_items(r, b);
		return;
	}
	if (r->items_bad > 0 && r->untouched == r->items_open) {
		settle_run_ended(s, r, b); /* no new item starts */
		return;
	}
	if (r->actions[0].k.touched)
		return;
	if (r->task->kind == ACTION_WAIT)
		begin_wait(r, b);
	else if (r->task->kind == ACTION_SET)
		begin_set(r, b);
	else if (r->task->kind == ACTION_END)
		begin_end(r, b);
}

/* With what the run sees; items have their own scope in settle_start. */
static struct value *
render(const struct run *r, const struct template *template,
    char why[EXPRESSION_ERROR_MAX])
{
	struct view view = {.x = r->execution, .run = r};
	struct scope scope;
	struct value *value;

	scope_of(&scope, &view);
	value = template_render(template, &scope, why);
	view_release(&view);
	return value;
}

static void
begin_items(const struct run *r, struct batch *b)
{
	char why[EXPRESSION_ERROR_MAX] = "items: not a list";
	struct value *items = render(r, r->task->items, why);
	msgpack_object o = {.type = MSGPACK_OBJECT_NIL};
	struct event *e;

	if (items != NULL)
		element_read(items->bytes, items->bytes + items->size, &o);
	if (o.type == MSGPACK_OBJECT_ARRAY && o.via.array.size <= ITEMS_MAX) {
		e = batch_add_run(b, EVENT_TASK_ITEMS, r);
		e->value = items;
		e->count = o.via.array.size;
		return;
	}
	e = batch_add_run(b, EVENT_TASK_ITEMS, r);
	e->reason = items == NULL ? batch_printf(b, "%s", why)
	    : o.type == MSGPACK_OBJECT_ARRAY
	    ? batch_printf(b, "items: %u of them, at most %d are possible",
		  o.via.array.size, ITEMS_MAX)
	    : "items: what `in` gives is not a list";
	value_unref(items);
}

/* When a wait for time is over; false with a sentence. */
static bool
wait_deadline(const struct task_definition *t, const msgpack_object *o,
    int64_t now, int64_t *due, char *why, size_t size)
{
	bool text = o->type == MSGPACK_OBJECT_STR;
	int64_t ns;

	/* A bare number would be nanoseconds, which nobody means here. */
	if (t->u.wait.kind == WAIT_FOR && text && parse_duration(o, &ns)) {
		*due = now + ns;
		return true;
	}
	if (t->u.wait.kind == WAIT_UNTIL && text &&
	    parse_time(o->via.str.ptr, o->via.str.size, due))
		return true;
	if (t->u.wait.kind == WAIT_FOR)
		snprintf(why, size, "wait for: %s",
		    is_number(o) ? "a number without a unit, such as 10s has"
				 : "not a duration such as 10s");
	else
		snprintf(why, size,
		    "wait until: %snot a time such as 2027-01-01T00:00:00Z",
		    is_number(o) ? "a number is " : "");
	return false;
}

static bool
is_number(const msgpack_object *o)
{
	return o->type == MSGPACK_OBJECT_POSITIVE_INTEGER ||
	    o->type == MSGPACK_OBJECT_NEGATIVE_INTEGER ||
	    o->type == MSGPACK_OBJECT_FLOAT32 ||
	    o->type == MSGPACK_OBJECT_FLOAT64;
}

static void
park(const struct action *a, struct value *value, int64_t due,
    enum timer_kind kind, struct batch *b)
{
	int64_t timeout = a->run->task->u.wait.timeout;
	struct event *e = batch_add_action(b, EVENT_TASK_WAITING, a);

	e->value = value;
	e->due = due;
	e->count = kind;
	if (timeout != 0 && (due == 0 || b->now + timeout < due)) {
		e->due = b->now + timeout;
		e->count = TIMER_TIMEOUT;
	}
}

static void
begin_wait(const struct run *r, struct batch *b)
{
	const struct task_definition *t = r->task;
	const struct action *a = &r->actions[0];
	const struct kept_signal *kept;
	char why[EXPRESSION_ERROR_MAX];
	struct value *value = render(r, t->u.wait.value, why);
	msgpack_zone zone;
	msgpack_object o;
	int64_t due = 0;
	bool ok = true;

	if (value == NULL) {
		end_action(b, a, TASK_FAILED, batch_printf(b, "%s", why), NULL);
		return;
	}
	zone_init(&zone, 1024);
	value_unpack(value, &zone, &o);
	if (t->u.wait.kind == WAIT_FOR || t->u.wait.kind == WAIT_UNTIL)
		ok = wait_deadline(t, &o, b->now, &due, why, sizeof(why));
	else if (o.type != MSGPACK_OBJECT_STR) {
		ok = false;
		snprintf(why, sizeof(why), "wait: what it gives is no string");
	}
	TAILQ_FOREACH (kept, &r->execution->signals, entry)
		if (ok && t->u.wait.kind == WAIT_SIGNAL &&
		    value_is_string(value, kept->name))
			break;
	if (!ok)
		end_action(b, a, TASK_FAILED, batch_printf(b, "%s", why), NULL);
	else if (kept != NULL) {
		struct event *e = end_action(
		    b, a, TASK_COMPLETED, NULL, value_ref(kept->output));

		e->name = batch_printf(b, "%s", kept->name);
		e->by = batch_printf(b, "%s", kept->by == NULL ? "" : kept->by);
	} else
		park(a, value_ref(value), due,
		    t->u.wait.kind == WAIT_UNTIL ? TIMER_UNTIL : TIMER_WAIT, b);
	msgpack_zone_destroy(&zone);
	value_unref(value);
}

static void
begin_set(const struct run *r, struct batch *b)
{
	char why[EXPRESSION_ERROR_MAX];
	struct value *set = render(r, r->task->u.set, why);

	if (set == NULL || !vars_fit(r, set, why)) {
		end_action(b, &r->actions[0], TASK_FAILED,
		    batch_printf(b, "%s", why), NULL);
		value_unref(set);
		return;
	}
	end_action(b, &r->actions[0], TASK_COMPLETED, NULL, value_ref(set))
	    ->set = set;
}

static void
begin_end(const struct run *r, struct batch *b)
{
	const struct task_definition *t = r->task;
	char why[EXPRESSION_ERROR_MAX] = "";
	struct value *reason = NULL, *output = NULL;
	struct event *e;
	msgpack_object o = {.type = MSGPACK_OBJECT_NIL};

	if (t->u.end.reason != NULL)
		reason = render(r, t->u.end.reason, why);
	if (why[0] == '\0' && t->u.end.output != NULL)
		output = render(r, t->u.end.output, why);
	if (why[0] != '\0') {
		end_action(b, &r->actions[0], TASK_FAILED,
		    batch_printf(b, "%s", why), NULL);
		value_unref(reason);
		return;
	}
	e = end_action(
	    b, &r->actions[0], TASK_COMPLETED, NULL, value_ref(output));
	if (reason != NULL)
		element_read(reason->bytes, reason->bytes + reason->size, &o);
	if (o.type == MSGPACK_OBJECT_STR)
		e->reason =
		    batch_printf(b, "%.*s", (int)o.via.str.size, o.via.str.ptr);
	settle_ended_by(r, e->reason, output, b);
	value_unref(output);
	value_unref(reason);
}

void
settle_ended_by(const struct run *r, const char *reason, struct value *output,
    struct batch *b)
{
	static const enum execution_status ends[] = {
	    [END_COMPLETED] = EXECUTION_COMPLETED,
	    [END_FAILED] = EXECUTION_FAILED,
	    [END_TERMINATED] = EXECUTION_TERMINATED,
	};
	struct event *e = batch_add_run(b, EVENT_EXECUTION_ENDING, r);

	e->status = (int32_t)ends[r->task->u.end.status];
	e->kill = 1;
	e->value = value_ref(output);
	e->reason = reason != NULL
	    ? batch_printf(b, "%s", reason)
	    : batch_printf(b, "ended by task %s", r->task->name);
}
