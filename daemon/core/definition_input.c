/* definition_input: the inputs a workflow declares, and those it is given. */

#include "daemon/core/buffer.h"
#include "daemon/core/definition_parts.h"

#include <stdio.h>
#include <string.h>

#include "daemon/core/alloc.h"
#include "daemon/core/zone.h"
#include "libproto/nearest.h"
#include "libproto/pack.h"
#include "libproto/utf8.h"

#define INPUTS_MAX 1000

static decode_field decode_type;
static decode_field decode_default;
static void decode_declaration(struct decoder *, const struct place *,
    const msgpack_object *, struct input_declaration *);
static bool fits(enum input_type, const msgpack_object *);
static const char *type_found(const msgpack_object *);
static struct value *
complete(const struct definition *, const struct value *, bool, char *, size_t);
static bool check_given(
    const struct definition *, const msgpack_object *, bool, char *, size_t);
static bool refuse_unknown(
    const struct definition *, const msgpack_object *, char *, size_t);
static bool pack_input(msgpack_packer *, const struct input_declaration *,
    const msgpack_object *, char *, size_t);

static const char *const type_names[] = {
    [INPUT_STRING] = "string",
    [INPUT_INTEGER] = "integer",
    [INPUT_NUMBER] = "number",
    [INPUT_BOOLEAN] = "boolean",
    [INPUT_LIST] = "list",
    [INPUT_MAP] = "map",
    [INPUT_ANY] = "any",
};

static const char *const type_phrases[] = {
    [INPUT_STRING] = "a string",
    [INPUT_INTEGER] = "a whole number",
    [INPUT_NUMBER] = "a number",
    [INPUT_BOOLEAN] = "true or false",
    [INPUT_LIST] = "a list",
    [INPUT_MAP] = "a map",
    [INPUT_ANY] = "any value",
};

static const struct key declaration_keys[] = {
    {"type", decode_type, offsetof(struct input_declaration, type), 0, true},
    {"default", decode_default, 0, 0, false},
};
static const struct key_table declaration_table =
    KEY_TABLE("the declaration of an input", declaration_keys);

static bool
fits(enum input_type type, const msgpack_object *o)
{
	bool integer = o->type == MSGPACK_OBJECT_POSITIVE_INTEGER ||
	    o->type == MSGPACK_OBJECT_NEGATIVE_INTEGER;

	switch (type) {
	case INPUT_STRING:
		return o->type == MSGPACK_OBJECT_STR;
	case INPUT_INTEGER:
		return integer;
	case INPUT_NUMBER:
		return integer || o->type == MSGPACK_OBJECT_FLOAT32 ||
		    o->type == MSGPACK_OBJECT_FLOAT64;
	case INPUT_BOOLEAN:
		return o->type == MSGPACK_OBJECT_BOOLEAN;
	case INPUT_LIST:
		return o->type == MSGPACK_OBJECT_ARRAY;
	case INPUT_MAP:
		return o->type == MSGPACK_OBJECT_MAP;
	case INPUT_ANY:
		return true;
	}
	return false;
}

static void
decode_type(struct decoder *d, const struct place *place,
    const msgpack_object *o, void *field)
{
	enum input_type *type = field;
	int word = decode_word(d, place, o, type_names,
	    sizeof(type_names) / sizeof(type_names[0]));

	*type = word >= 0 ? (enum input_type)word : INPUT_ANY;
}

/* Comes after the type, which stands first in the table. */
static void
decode_default(struct decoder *d, const struct place *place,
    const msgpack_object *o, void *field)
{
	struct input_declaration *in = field;
	size_t offset;

	in->required = false;
	if (o->type == MSGPACK_OBJECT_NIL)
		return;
	if (!fits(in->type, o))
		unexpected(d, place, o, type_phrases[in->type]);
	else if (holds_expression(o, &offset))
		complain_inside(d, place, "", offset,
		    "a default is a plain value, not an expression");
	else
		in->fallback = memory_value(d->memory, value_of_object(o));
}

static void
decode_declaration(struct decoder *d, const struct place *place,
    const msgpack_object *o, struct input_declaration *in)
{
	in->name = memory_text(d->memory, place->key, place->len);
	in->type = INPUT_ANY;
	in->required = true;
	if (!is_identifier(place->key, place->len, true) ||
	    is_lua_keyword(place->key, place->len))
		complain_key(d, place,
		    "\"%.*s\" can't be the name of an input, which has "
		    "letters, digits and _, does not begin with a digit, and "
		    "is no keyword of Lua",
		    place->len > NAME_LENGTH_MAX ? NAME_LENGTH_MAX
						 : (int)place->len,
		    place->key);
	if (o->type == MSGPACK_OBJECT_STR)
		unexpected(d, place, o, "a declaration, as in {type: string}");
	else
		decode_keys(d, place, o, &declaration_table, in);
}

void
decode_inputs(struct decoder *d, const struct place *place,
    const msgpack_object *o, void *field)
{
	struct definition *def = field;
	const msgpack_object_kv *kv;
	struct place at;
	uint32_t i;

	if (o->type != MSGPACK_OBJECT_MAP || o->via.map.size > INPUTS_MAX) {
		unexpected(d, place, o,
		    "a map of at most 1000 declarations by the inputs' names");
		d->inputs_known = false;
		return;
	}
	def->inputs =
	    memory_get(d->memory, o->via.map.size, sizeof(*def->inputs));
	for (i = 0; i < o->via.map.size; i++) {
		kv = &o->via.map.ptr[i];
		if (kv->key.type != MSGPACK_OBJECT_STR)
			continue;
		at = place_key(place, &kv->key);
		decode_declaration(
		    d, &at, &kv->val, &def->inputs[def->ninputs++]);
	}
}

static bool
refuse_unknown(const struct definition *def, const msgpack_object *key,
    char *why, size_t size)
{
	const char *names[INPUTS_MAX], *meant = NULL;
	char name[NAME_LENGTH_MAX + 1];
	uint32_t i;

	if (key->type != MSGPACK_OBJECT_STR) {
		snprintf(why, size, "input: names of inputs are strings");
		return false;
	}
	for (i = 0; i < def->ninputs; i++)
		names[i] = def->inputs[i].name;
	meant = nearest_word(
	    key->via.str.ptr, key->via.str.size, names, def->ninputs);
	utf8_show(key->via.str.ptr, key->via.str.size, name, sizeof(name));
	snprintf(why, size, "input: \"%s\" has no input \"%s\"%s%s%s",
	    def->name, name, meant != NULL ? "; did you mean \"" : "",
	    meant != NULL ? meant : "", meant != NULL ? "\"?" : "");
	return false;
}

/* Of the type alone: what it is may be a secret, here or where it is from. */
static const char *
type_found(const msgpack_object *o)
{
	switch (o->type) {
	case MSGPACK_OBJECT_NIL:
		return "nothing (null)";
	case MSGPACK_OBJECT_BOOLEAN:
		return "a boolean";
	case MSGPACK_OBJECT_POSITIVE_INTEGER:
	case MSGPACK_OBJECT_NEGATIVE_INTEGER:
		return "a whole number";
	case MSGPACK_OBJECT_FLOAT32:
	case MSGPACK_OBJECT_FLOAT64:
		return "a number with a fraction";
	case MSGPACK_OBJECT_STR:
		return "a string";
	case MSGPACK_OBJECT_ARRAY:
		return "a list";
	case MSGPACK_OBJECT_MAP:
		return "a map";
	case MSGPACK_OBJECT_BIN:
	case MSGPACK_OBJECT_EXT:
		break;
	}
	return "binary data";
}

static bool
check_given(const struct definition *def, const msgpack_object *given,
    bool made, char *why, size_t size)
{
	const msgpack_object *key;
	bool seen[INPUTS_MAX] = {false};
	uint32_t i, j;

	for (i = 0; i < given->via.map.size; i++) {
		key = &given->via.map.ptr[i].key;
		for (j = 0; j < def->ninputs; j++)
			if (object_is(key, def->inputs[j].name))
				break;
		if (j == def->ninputs && made) {
			snprintf(why, size,
			    "input: \"%s\" has no input of a name that the "
			    "expression gives",
			    def->name);
			return false;
		}
		if (j == def->ninputs)
			return refuse_unknown(def, key, why, size);
		/* Nothing passes twice, so there are never many to compare. */
		if (seen[j]) {
			snprintf(why, size, "input: \"%s\" is given twice",
			    def->inputs[j].name);
			return false;
		}
		seen[j] = true;
	}
	return true;
}

/* Nothing, for an input that is not declared as any, is as if not given. */
static bool
pack_input(msgpack_packer *pk, const struct input_declaration *in,
    const msgpack_object *given, char *why, size_t size)
{
	const msgpack_object *o = object_get(given, in->name);

	if (o != NULL && o->type == MSGPACK_OBJECT_NIL && in->type != INPUT_ANY)
		o = NULL;
	if (o == NULL && in->required) {
		snprintf(why, size, "input: %s is missing (%s)", in->name,
		    type_phrases[in->type]);
		return false;
	}
	if (o != NULL && !fits(in->type, o)) {
		snprintf(why, size, "input: %s: expected %s, found %s",
		    in->name, type_phrases[in->type], type_found(o));
		return false;
	}
	pack_str(pk, in->name);
	if (o != NULL)
		msgpack_pack_object(pk, *o);
	else
		value_pack(in->fallback, pk);
	return true;
}

struct value *
definition_input(const struct definition *def, const struct value *value,
    char *why, size_t size)
{
	return complete(def, value, false, why, size);
}

struct value *
definition_input_made(const struct definition *def, const struct value *value,
    char *why, size_t size)
{
	return complete(def, value, true, why, size);
}

static struct value *
complete(const struct definition *def, const struct value *value, bool made,
    char *why, size_t size)
{
	msgpack_object given;
	msgpack_zone zone;
	msgpack_sbuffer buffer;
	msgpack_packer pk;
	bool good;
	uint32_t i;

	zone_init(&zone, MSGPACK_ZONE_CHUNK_SIZE);
	msgpack_sbuffer_init(&buffer);
	msgpack_packer_init(&pk, &buffer, buffer_write);
	good = value_unpack(value, &zone, &given);
	if (good && given.type == MSGPACK_OBJECT_NIL)
		given = (msgpack_object){.type = MSGPACK_OBJECT_MAP};
	if (!good || given.type != MSGPACK_OBJECT_MAP) {
		good = false;
		snprintf(why, size, "input: expected a map of inputs by name");
	}
	if (good)
		good = check_given(def, &given, made, why, size);
	msgpack_pack_map(&pk, def->ninputs);
	for (i = 0; good && i < def->ninputs; i++)
		good = pack_input(&pk, &def->inputs[i], &given, why, size);
	msgpack_zone_destroy(&zone);
	if (good)
		return value_of_buffer(&buffer);
	msgpack_sbuffer_destroy(&buffer);
	return NULL;
}
