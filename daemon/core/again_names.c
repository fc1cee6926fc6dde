/* again_names: the tasks that are named to run again, and what is said of them.
 */

#include <string.h>

#include "daemon/core/again.h"
#include "daemon/core/decide.h"
#include "daemon/core/zone.h"

static bool list_has(const struct value *, const char *);
static bool list_has_name(const struct value *, const msgpack_object *);
static bool name_one(struct again *, struct reply *, const char *, size_t);
static void drop_downstream(struct again *);
static bool have_rest(const struct again *, struct reply *);
static bool are_named(const struct again *, struct reply *,
    const struct value *, const char *what);
static const struct run *
newest_run(const struct again *, const msgpack_object *name);
static bool is_input(const struct again *, struct reply *,
    const msgpack_object *name, const msgpack_object *given);
static bool are_inputs(const struct again *, struct reply *);

static bool
list_has(const struct value *list, const char *name)
{
	const msgpack_object o = {.type = MSGPACK_OBJECT_STR,
	    .via.str = {(uint32_t)strlen(name), name}};

	return list_has_name(list, &o);
}

static bool
list_has_name(const struct value *list, const msgpack_object *name)
{
	msgpack_zone zone;
	msgpack_object o;
	bool found = false;

	zone_init(&zone, 256);
	value_unpack(list, &zone, &o);
	for (uint32_t i = 0;
	     o.type == MSGPACK_OBJECT_ARRAY && i < o.via.array.size; i++)
		found |= msgpack_object_equal(o.via.array.ptr[i], *name);
	msgpack_zone_destroy(&zone);
	return found;
}

static bool
name_one(struct again *again, struct reply *reply, const char *name, size_t len)
{
	const struct execution *x = again->x;
	uint32_t task = definition_task(x->definition, name, len);
	const struct run *r;

	if (task == UINT32_MAX)
		return refuse(reply, ERROR_NOT_FOUND,
		    "workflow %s has no task \"%.*s\"", x->definition->name,
		    (int)len, name);
	r = x->nodes[task].newest;
	if (r == NULL && x->nodes[task].runs > 0)
		return refuse(reply, ERROR_STATE_CONFLICT,
		    "task %.*s of execution %llu is superseded: a task before "
		    "it runs again, or has since led elsewhere; run that one "
		    "again",
		    (int)len, name, (unsigned long long)x->k.id);
	if (r == NULL)
		return refuse(reply, ERROR_STATE_CONFLICT,
		    "task %.*s of execution %llu never ran: there is nothing "
		    "to run again",
		    (int)len, name, (unsigned long long)x->k.id);
	if (task_moved(r->k.status, TASK_MOVE_RUN_AGAIN) == LIFECYCLE_NO)
		return refuse(reply, ERROR_STATE_CONFLICT,
		    "task %.*s of execution %llu is in flight (%s): cancel it "
		    "or wait for its end",
		    (int)len, name, (unsigned long long)x->k.id,
		    task_status_name(r->k.status));
	again->fates[r->index] = list_has(again->c->no_reset, r->task->name)
	    ? FATE_AGAIN_REST
	    : FATE_AGAIN;
	return true;
}

/* A task named that is downstream of another one would run twice. */
static void
drop_downstream(struct again *again)
{
	for (uint32_t i = 0; i < again->x->nruns; i++)
		if (!again->x->runs[i]->k.superseded &&
		    again_is_downstream(again, again->x->runs[i]))
			again->fates[i] = FATE_ASIDE;
}

/* Where the items that are done stay, some other must be there to run. */
static bool
have_rest(const struct again *again, struct reply *reply)
{
	for (uint32_t i = 0; i < again->x->nruns; i++) {
		const struct run *r = again->x->runs[i];

		if (again->fates[i] != FATE_AGAIN_REST || r->k.items == NULL ||
		    r->by_status[TASK_COMPLETED] + r->by_status[TASK_SKIPPED] <
			r->nactions)
			continue;
		return refuse(reply, ERROR_STATE_CONFLICT,
		    "all items of task %s of execution %llu are done: there "
		    "is nothing to run again; without no_reset all of them "
		    "run again",
		    r->task->name, (unsigned long long)again->x->k.id);
	}
	return true;
}

/* What is said of a task that does not run again would be lost. */
static bool
are_named(const struct again *again, struct reply *reply,
    const struct value *given, const char *what)
{
	msgpack_zone zone;
	msgpack_object o;
	bool ok = true, is_map;

	if (given == NULL)
		return true;
	zone_init(&zone, 256);
	value_unpack(given, &zone, &o);
	is_map = o.type == MSGPACK_OBJECT_MAP;
	for (uint32_t i = 0;
	     ok && i < (is_map ? o.via.map.size : o.via.array.size); i++) {
		const msgpack_object *name =
		    is_map ? &o.via.map.ptr[i].key : &o.via.array.ptr[i];

		if (!list_has_name(again->c->tasks, name))
			ok = refuse(reply, ERROR_BAD_REQUEST,
			    "%s is for tasks that are named to run again, and "
			    "%.*s is not",
			    what, (int)name->via.str.size, name->via.str.ptr);
		else if (again->fates[newest_run(again, name)->index] ==
		    FATE_ASIDE)
			ok = refuse(reply, ERROR_BAD_REQUEST,
			    "%s of %.*s would be lost: it comes after another "
			    "task that is named, which leads to it as to a "
			    "task that never ran",
			    what, (int)name->via.str.size, name->via.str.ptr);
	}
	msgpack_zone_destroy(&zone);
	return ok;
}

/* Of a task that was named. */
static const struct run *
newest_run(const struct again *again, const msgpack_object *name)
{
	const struct execution *x = again->x;

	return x
	    ->nodes[definition_task(
		x->definition, name->via.str.ptr, name->via.str.size)]
	    .newest;
}

/* What its task sees is what the execution was given, with that besides. */
static bool
is_input(const struct again *again, struct reply *reply,
    const msgpack_object *name, const msgpack_object *given)
{
	struct value *value = value_of_object(given), *all, *input;
	char why[256];

	if (given->type != MSGPACK_OBJECT_MAP) {
		value_unref(value);
		return refuse(reply, ERROR_BAD_REQUEST,
		    "task_input of %.*s: expected a map of inputs by name",
		    (int)name->via.str.size, name->via.str.ptr);
	}
	all = value_merge(run_input(newest_run(again, name)), value);
	input = definition_input(again->x->definition, all, why, sizeof(why));
	value_unref(value);
	value_unref(all);
	if (input == NULL)
		return refuse(reply, ERROR_BAD_REQUEST,
		    "task_input of %.*s: %s", (int)name->via.str.size,
		    name->via.str.ptr, why);
	value_unref(input);
	return true;
}

static bool
are_inputs(const struct again *again, struct reply *reply)
{
	msgpack_zone zone;
	msgpack_object o;
	bool ok = true;

	if (again->c->task_input == NULL)
		return true;
	zone_init(&zone, 256);
	value_unpack(again->c->task_input, &zone, &o);
	for (uint32_t i = 0;
	     ok && o.type == MSGPACK_OBJECT_MAP && i < o.via.map.size; i++)
		ok = is_input(
		    again, reply, &o.via.map.ptr[i].key, &o.via.map.ptr[i].val);
	msgpack_zone_destroy(&zone);
	return ok;
}

bool
again_names(struct again *again, struct reply *reply)
{
	msgpack_zone zone;
	msgpack_object o;
	bool ok = true;

	zone_init(&zone, 256);
	value_unpack(again->c->tasks, &zone, &o);
	for (uint32_t i = 0;
	     ok && o.type == MSGPACK_OBJECT_ARRAY && i < o.via.array.size; i++)
		ok = name_one(again, reply, o.via.array.ptr[i].via.str.ptr,
		    o.via.array.ptr[i].via.str.size);
	msgpack_zone_destroy(&zone);
	if (!ok)
		return false;
	drop_downstream(again);
	return are_named(again, reply, again->c->no_reset, "no_reset") &&
	    are_named(again, reply, again->c->task_input, "task_input") &&
	    are_inputs(again, reply) && have_rest(again, reply);
}
