/* definition_json: definitions written as JSON with ' for ". */

#include "tests/definition_json.h"

#include <err.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/core/alloc.h"
#include "libproto/pack.h"

static void pack_list(msgpack_packer *, const json_t *);
static void pack_map(msgpack_packer *, json_t *);
static void pack_json(msgpack_packer *, json_t *);

static void
pack_list(msgpack_packer *pk, const json_t *list)
{
	size_t i;

	msgpack_pack_array(pk, json_array_size(list));
	for (i = 0; i < json_array_size(list); i++)
		pack_json(pk, json_array_get(list, i));
}

static void
pack_map(msgpack_packer *pk, json_t *map)
{
	const char *key;
	json_t *value;

	msgpack_pack_map(pk, json_object_size(map));
	json_object_foreach(map, key, value)
	{
		pack_str(pk, key);
		pack_json(pk, value);
	}
}

static void
pack_json(msgpack_packer *pk, json_t *j)
{
	switch (json_typeof(j)) {
	case JSON_OBJECT:
		pack_map(pk, j);
		break;
	case JSON_ARRAY:
		pack_list(pk, j);
		break;
	case JSON_STRING:
		pack_strn(pk, json_string_value(j), json_string_length(j));
		break;
	case JSON_INTEGER:
		msgpack_pack_int64(pk, json_integer_value(j));
		break;
	case JSON_REAL:
		msgpack_pack_double(pk, json_real_value(j));
		break;
	case JSON_TRUE:
	case JSON_FALSE:
		pack_bool(pk, json_is_true(j));
		break;
	case JSON_NULL:
		msgpack_pack_nil(pk);
		break;
	}
}

struct value *
value_of_json(const char *text)
{
	char *copy = xstrdup(text), *p;
	msgpack_sbuffer buffer;
	msgpack_packer pk;
	json_error_t wrong;
	json_t *j;

	for (p = copy; *p != '\0'; p++)
		if (*p == '\'')
			*p = '"';
	j = json_loads(copy, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, &wrong);
	if (j == NULL)
		errx(1, "%s, at %d: %s", wrong.text, wrong.position, copy);
	free(copy);
	msgpack_sbuffer_init(&buffer);
	msgpack_packer_init(&pk, &buffer, msgpack_sbuffer_write);
	pack_json(&pk, j);
	json_decref(j);
	return value_of_buffer(&buffer);
}

struct definition *
definition_of_value(struct expressions *expressions, const struct value *v,
    definition_finder *find, const void *ctx, struct definition_errors *e)
{
	struct definition_errors own;
	struct definition *def;
	msgpack_object o;
	msgpack_zone zone;

	if (!msgpack_zone_init(&zone, MSGPACK_ZONE_CHUNK_SIZE) ||
	    !value_unpack(v, &zone, &o))
		errx(1, "a value that can't be unpacked");
	def =
	    definition_parse(expressions, &o, find, ctx, e != NULL ? e : &own);
	msgpack_zone_destroy(&zone);
	if (e == NULL) {
		if (def == NULL)
			errx(
			    1, "%s: %s", own.list[0].path, own.list[0].message);
		definition_errors_free(&own);
	}
	return def;
}

struct definition *
definition_of_json(struct expressions *expressions, const char *text,
    definition_finder *find, const void *ctx, struct definition_errors *e)
{
	struct value *v = value_of_json(text);
	struct definition *def =
	    definition_of_value(expressions, v, find, ctx, e);

	value_unref(v);
	return def;
}

struct definition *
definition_stored_value(struct expressions *expressions, const struct value *v)
{
	struct definition_errors e;
	struct definition *def;
	msgpack_object o;
	msgpack_zone zone;

	if (!msgpack_zone_init(&zone, MSGPACK_ZONE_CHUNK_SIZE) ||
	    !value_unpack(v, &zone, &o))
		errx(1, "a value that can't be unpacked");
	def = definition_load(expressions, &o, &e);
	msgpack_zone_destroy(&zone);
	if (def == NULL)
		errx(1, "%s: %s", e.list[0].path, e.list[0].message);
	definition_errors_free(&e);
	return def;
}
