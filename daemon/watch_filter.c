/* watch_filter: picks events by execution and type */

#include <stdlib.h>
#include <string.h>

#include "daemon/core/alloc.h"
#include "daemon/watch_filter.h"

static bool type_is(const char *, const msgpack_object *);
static int compare(const void *, const void *);

void
watch_filter_init(struct watch_filter *filter, const msgpack_object *executions,
    const msgpack_object *types)
{
	memset(filter, 0, sizeof(*filter));
	for (int i = 0; i < EVENT_TYPES; i++) {
		const char *name = event_name((enum event_type)i);

		filter->types[i] = types == NULL;
		for (uint32_t j = 0; types != NULL && j < types->via.array.size;
		     j++)
			filter->types[i] = filter->types[i] ||
			    type_is(name, &types->via.array.ptr[j]);
	}
	if (executions == NULL)
		return;
	filter->nexecutions = executions->via.array.size;
	filter->executions =
	    xcalloc(filter->nexecutions + 1, sizeof(*filter->executions));
	for (uint32_t i = 0; i < filter->nexecutions; i++)
		filter->executions[i] = executions->via.array.ptr[i].via.u64;
	qsort(filter->executions, filter->nexecutions,
	    sizeof(*filter->executions), compare);
}

void
watch_filter_free(struct watch_filter *filter)
{
	free(filter->executions);
}

static int
compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* The wanted one ends in * for all that begin so. */
static bool
type_is(const char *name, const msgpack_object *wanted)
{
	size_t size = wanted->via.str.size;
	const char *text = wanted->via.str.ptr;

	if (size > 0 && text[size - 1] == '*')
		return strncmp(name, text, size - 1) == 0;
	return strlen(name) == size && memcmp(name, text, size) == 0;
}

bool
watch_type_exists(const msgpack_object *wanted)
{
	for (int i = 0; i < EVENT_TYPES; i++)
		if (type_is(event_name((enum event_type)i), wanted))
			return true;
	return false;
}

bool
watch_filter_holds(
    const struct watch_filter *filter, enum event_type type, uint64_t execution)
{
	if (!filter->types[type])
		return false;
	return filter->executions == NULL ||
	    bsearch(&execution, filter->executions, filter->nexecutions,
		sizeof(*filter->executions), compare) != NULL;
}
