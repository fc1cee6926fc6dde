/*
 * field: reads what the daemon's answers hold, whatever they may lack.
 */
#include "ctl/field.h"

#include <string.h>

#include "ctl/source.h"
#include "ctl/writer.h"
#include "daemon/core/alloc.h"
#include "daemon/core/value.h"

static void print_safely(FILE *, const char *, size_t);

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
		print_safely(to, o->via.str.ptr, o->via.str.size);
	else
		json_print(to, o);
}

/* Control characters, C1 ones too, and what is not UTF-8 become "?". */
static void
print_safely(FILE *to, const char *text, size_t length)
{
	size_t i, n;

	for (i = 0; i < length; i += n) {
		n = utf8_length(text + i, length - i);
		if (n == 1 && text[i] == '\n')
			fputc(' ', to);
		else if (n == 0 || (n == 1 && (unsigned char)text[i] < 0x20) ||
		    text[i] == 0x7f ||
		    (n == 2 && (unsigned char)text[i] == 0xc2 &&
			(unsigned char)text[i + 1] < 0xa0))
			fputc('?', to);
		else
			fwrite(text + i, 1, n, to);
		n = n == 0 ? 1 : n;
	}
}
