/*
 * field: reads what the daemon's answers hold, whatever they may lack.
 */
#include "ctl/field.h"

#include <string.h>

#include "ctl/visible.h"
#include "ctl/writer.h"
#include "daemon/core/alloc.h"
#include "daemon/core/value.h"

const msgpack_object *
field(const msgpack_object *map, const char *key)
{
	const msgpack_object *found;

	if (map == NULL || map->type != MSGPACK_OBJECT_MAP)
		return NULL;
	found = object_get(map, key);
	if (found == NULL || found->type == MSGPACK_OBJECT_NIL)
		return NULL;
	return found;
}

const msgpack_object *
field_deep(const msgpack_object *map, const char *path)
{
	char key[64];
	size_t length;

	while (map != NULL && *path != '\0') {
		length = strcspn(path, ".");
		if (length >= sizeof(key))
			return NULL;
		memcpy(key, path, length);
		key[length] = '\0';
		map = field(map, key);
		path += length + (path[length] == '.');
	}
	return map;
}

uint64_t
field_uint(const msgpack_object *map, const char *key)
{
	const msgpack_object *o = field_deep(map, key);

	return o != NULL && o->type == MSGPACK_OBJECT_POSITIVE_INTEGER
	    ? o->via.u64
	    : 0;
}

int64_t
field_int(const msgpack_object *map, const char *key, int64_t absent)
{
	const msgpack_object *o = field_deep(map, key);

	if (o == NULL ||
	    (o->type != MSGPACK_OBJECT_POSITIVE_INTEGER &&
		o->type != MSGPACK_OBJECT_NEGATIVE_INTEGER))
		return absent;
	return o->via.i64;
}

bool
field_is(const msgpack_object *map, const char *key, const char *text)
{
	const msgpack_object *o = field_deep(map, key);

	return o != NULL && object_is(o, text);
}

bool
field_true(const msgpack_object *map, const char *key)
{
	const msgpack_object *o = field(map, key);

	return o != NULL && o->type == MSGPACK_OBJECT_BOOLEAN && o->via.boolean;
}

uint32_t
field_count(const msgpack_object *map, const char *key)
{
	const msgpack_object *o = field(map, key);

	return o != NULL && o->type == MSGPACK_OBJECT_ARRAY ? o->via.array.size
							    : 0;
}

const msgpack_object *
field_entry(const msgpack_object *map, const char *key, uint32_t i)
{
	return &field(map, key)->via.array.ptr[i];
}

char *
field_text(const msgpack_object *map, const char *key)
{
	const msgpack_object *o = field_deep(map, key);

	if (o == NULL || o->type != MSGPACK_OBJECT_STR)
		return NULL;
	return xstrndup(o->via.str.ptr, o->via.str.size);
}

void
field_print_text(FILE *to, const msgpack_object *o)
{
	if (o->type == MSGPACK_OBJECT_STR)
		visible_text(to, o->via.str.ptr, o->via.str.size);
	else
		json_print(to, o);
}
