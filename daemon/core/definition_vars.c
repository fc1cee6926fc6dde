/* definition_vars: the names of all variables that a workflow can have. */

#include "daemon/core/definition_parts.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/core/alloc.h"

static void add_name(struct variables *, const msgpack_object *);
static void add_names(struct variables *, const msgpack_object *);
static void add_next(struct variables *, const msgpack_object *);
static void add_tasks(struct variables *, const msgpack_object *);
static int compare(const void *, const void *);
static int compare_name(const void *, const void *);

struct name {
	const char *bytes;
	size_t size;
};

static int
compare(const void *a, const void *b)
{
	const char *const *x = a, *const *y = b;

	return strcmp(*x, *y);
}

static int
compare_name(const void *key, const void *element)
{
	const struct name *name = key;
	const char *const *known = element;
	int order = strncmp(name->bytes, *known, name->size);

	return order != 0 || (*known)[name->size] == '\0' ? order : -1;
}

static void
add_name(struct variables *v, const msgpack_object *key)
{
	if (key->type != MSGPACK_OBJECT_STR)
		return;
	if (v->count == v->room) {
		v->room = v->room == 0 ? 16 : v->room * 2;
		v->names = xreallocarray(v->names, v->room, sizeof(*v->names));
	}
	v->names[v->count++] = xstrndup(key->via.str.ptr, key->via.str.size);
}

/* Of vars or set, which may not be there. */
static void
add_names(struct variables *v, const msgpack_object *map)
{
	if (map == NULL)
		return;
	if (map->type != MSGPACK_OBJECT_MAP) {
		v->known = false;
		return;
	}
	for (uint32_t i = 0; i < map->via.map.size; i++)
		add_name(v, &map->via.map.ptr[i].key);
}

static void
add_next(struct variables *v, const msgpack_object *next)
{
	const msgpack_object *entries = next;
	uint32_t n = 1;

	if (next == NULL)
		return;
	if (next->type == MSGPACK_OBJECT_ARRAY) {
		entries = next->via.array.ptr;
		n = next->via.array.size;
	}
	for (uint32_t i = 0; i < n; i++) {
		if (entries[i].type == MSGPACK_OBJECT_MAP)
			add_names(v, object_get(&entries[i], "set"));
		else
			v->known = false;
	}
}

static void
add_tasks(struct variables *v, const msgpack_object *tasks)
{
	const msgpack_object *task;

	if (tasks == NULL || tasks->type != MSGPACK_OBJECT_MAP) {
		v->known = false;
		return;
	}
	for (uint32_t i = 0; i < tasks->via.map.size; i++) {
		task = &tasks->via.map.ptr[i].val;
		if (task->type != MSGPACK_OBJECT_MAP) {
			v->known = false;
			continue;
		}
		add_names(v, object_get(task, "set"));
		add_next(v, object_get(task, "next"));
	}
}

void
variables_find(struct variables *v, const msgpack_object *workflow)
{
	*v = (struct variables){.known = true};
	if (workflow->type != MSGPACK_OBJECT_MAP)
		return;
	add_names(v, object_get(workflow, "vars"));
	add_tasks(v, object_get(workflow, "tasks"));
	if (v->count > 0)
		qsort(v->names, v->count, sizeof(*v->names), compare);
}

void
variables_free(struct variables *v)
{
	for (size_t i = 0; i < v->count; i++)
		free(v->names[i]);
	free(v->names);
	*v = (struct variables){0};
}

bool
variables_have(const struct variables *v, const char *bytes, size_t size)
{
	struct name name = {bytes, size};

	return !v->known ||
	    (v->count > 0 &&
		bsearch(&name, v->names, v->count, sizeof(*v->names),
		    compare_name) != NULL);
}
