/* scope: what the expressions of an execution see of the state. */

#include "daemon/core/buffer.h"
#include "daemon/core/scope.h"

#include <string.h>

#include "daemon/core/element.h"
#include "libproto/pack.h"

static struct value *
task_field(const void *, const char *, size_t, const char *);
static struct value *execution_field(const void *, const char *);
static struct value *
run_field(const struct view *, const struct run *, const char *);
static struct value *run_output(const struct view *, const struct run *);
static struct value *run_exit(const struct view *, const struct run *);
static struct value *run_items(const struct view *, const struct run *);
static const struct action *
seen_action(const struct view *, const struct run *);
static struct value *item_value(const struct action *);

/* The item's own value, out of the list of them. */
static struct value *
item_value(const struct action *a)
{
	const struct value *list = a->run->k.items;
	const char *end = list->bytes + list->size;
	msgpack_object head;
	const char *p = element_read(list->bytes, end, &head), *next;

	for (uint32_t i = 0; i < a->item && p != NULL; i++)
		p = element_skip(p, end);
	next = p == NULL ? NULL : element_skip(p, end);
	return next == NULL ? NULL : value_new(p, (size_t)(next - p));
}

void
scope_of(struct scope *scope, struct view *view)
{
	const struct action *a = view->action;

	memset(scope, 0, sizeof(*scope));
	scope->input =
	    view->run != NULL ? run_input(view->run) : view->x->k.input;
	scope->vars = view->vars != NULL ? view->vars
	    : view->run != NULL		 ? run_vars(view->run)
					 : view->x->k.vars;
	scope->index = -1;
	if (a != NULL && a->item != EVENT_NONE) {
		view->item = item_value(a);
		scope->item = view->item;
		scope->index = a->item;
	}
	scope->task = task_field;
	scope->execution = execution_field;
	scope->ctx = view;
}

void
view_release(struct view *view)
{
	value_unref(view->item);
	view->item = NULL;
}

/* The action whose attempts stand for the run: its own, or the item's. */
static const struct action *
seen_action(const struct view *view, const struct run *r)
{
	if (view->run == r && view->action != NULL)
		return view->action;
	return r->task->items == NULL ? &r->actions[0] : NULL;
}

static struct value *
run_output(const struct view *view, const struct run *r)
{
	const struct action *a = seen_action(view, r);

	if (view->run == r && view->overlaid)
		return value_ref((struct value *)(uintptr_t)view->output);
	if (a == NULL)
		return value_ref(r->k.output);
	return value_ref(a->k.output);
}

static struct value *
run_exit(const struct view *view, const struct run *r)
{
	const struct action *a = seen_action(view, r);
	int status = -1;

	if (view->run == r && view->overlaid)
		status = view->exit;
	else if (a != NULL && a->latest != NULL)
		status = a->latest->k.exit;
	return status < 0 ? NULL : value_of_int(status);
}

/* No item fails or times out that has not begun. */
enum task_status
item_ends(const struct action *a, enum task_status whole)
{
	return whole != TASK_COMPLETED && whole != TASK_SKIPPED &&
		a->k.status == TASK_PENDING
	    ? TASK_CANCELED
	    : whole;
}

static struct value *
run_items(const struct view *view, const struct run *r)
{
	bool end = view->run == r && view->items != 0;
	msgpack_sbuffer buffer;
	msgpack_packer pk;

	if (r->task->items == NULL)
		return NULL;
	msgpack_sbuffer_init(&buffer);
	msgpack_packer_init(&pk, &buffer, buffer_write);
	msgpack_pack_array(&pk, r->nactions);
	for (uint32_t i = 0; i < r->nactions; i++) {
		const struct action *a = &r->actions[i];
		enum task_status status = a->k.status;

		if (end && !task_ended(status))
			status = item_ends(a, view->items);
		msgpack_pack_map(&pk, 3);
		pack_key_str(&pk, "status", task_status_name(status));
		pack_str(&pk, "output");
		value_pack(a->k.output, &pk);
		if (a->latest == NULL || a->latest->k.exit < 0)
			pack_key_nil(&pk, "exit");
		else
			pack_key_int(&pk, "exit", a->latest->k.exit);
	}
	return value_of_buffer(&buffer);
}

static struct value *
run_field(const struct view *view, const struct run *r, const char *field)
{
	const struct action *a = seen_action(view, r);

	if (strcmp(field, "status") == 0)
		return value_of_string(task_status_name(
		    view->run == r && view->overlaid ? view->status
						     : r->k.status));
	if (strcmp(field, "output") == 0)
		return run_output(view, r);
	if (strcmp(field, "exit") == 0)
		return run_exit(view, r);
	if (strcmp(field, "attempt") == 0)
		return a == NULL ? NULL : value_of_int(a->k.attempts);
	if (strcmp(field, "items") == 0)
		return run_items(view, r);
	return NULL;
}

static struct value *
task_field(const void *ctx, const char *name, size_t len, const char *field)
{
	const struct view *view = ctx;
	const struct run *r = view->run;
	uint32_t number;

	if (name != NULL) {
		number = definition_task(view->x->definition, name, len);
		r = number == UINT32_MAX ? NULL : view->x->nodes[number].newest;
	}
	return r == NULL ? NULL : run_field(view, r, field);
}

static struct value *
execution_field(const void *ctx, const char *field)
{
	const struct execution *x = ((const struct view *)ctx)->x;

	if (strcmp(field, "id") == 0)
		return value_of_int((int64_t)x->k.id);
	if (strcmp(field, "workflow") == 0)
		return value_of_string(x->definition->name);
	if (strcmp(field, "version") == 0)
		return value_of_int(x->definition->version);
	if (strcmp(field, "correlation_id") == 0)
		return x->k.correlation == NULL
		    ? NULL
		    : value_of_string(x->k.correlation);
	if (strcmp(field, "labels") == 0)
		return x->k.labels != NULL ? value_ref(x->k.labels)
					   : value_new("\x80", 1); /* a map */
	if (strcmp(field, "started") == 0)
		return value_of_int(
		    x->k.started_at == 0 ? x->k.created_at : x->k.started_at);
	return NULL;
}
