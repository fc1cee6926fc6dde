/* catalogue: the methods of weir-protocol(7), as methods.def lists them. */

#include "libproto/catalogue.h"

#include <stdio.h>
#include <string.h>

#include "libproto/nearest.h"
#include "libproto/utf8.h"

#define SHOWN_MAX 64 /* bytes of a name that a peer has made up */

/* The rows of methods.def as initializers. */
#define END_OF_PARAMS        \
	{                    \
		.name = NULL \
	}
/* clang-format off */
#define PARAMS(...) {__VA_ARGS__ END_OF_PARAMS}
/* clang-format on */
#define PARAM(name_, type_, need_, least_, most_, help_) \
	{.name = (name_),                                \
	    .type = PARAMETER_##type_,                   \
	    .need = PARAMETER_##need_,                   \
	    .least = (least_),                           \
	    .most = (most_),                             \
	    .help = (help_)},
#define WORD(name_, need_, words_, help_) \
	{.name = (name_),                 \
	    .type = PARAMETER_WORD,       \
	    .need = PARAMETER_##need_,    \
	    .words = (words_),            \
	    .help = (help_)},
#define WORDS(name_, need_, words_, help_) \
	{.name = (name_),                  \
	    .type = PARAMETER_WORDS,       \
	    .need = PARAMETER_##need_,     \
	    .words = (words_),             \
	    .help = (help_)},
#define FIELDS(name_, need_, keys_, help_) \
	{.name = (name_),                  \
	    .type = PARAMETER_FIELDS,      \
	    .need = PARAMETER_##need_,     \
	    .fields = shape_##keys_,       \
	    .help = (help_)},

#define SHAPE(id, params) static const struct parameter shape_##id[] = params;
#define METHOD(id, name_, role_, what_, result_, params) \
	static const struct parameter parameters_##id[] = params;
#include "libproto/methods.def"
#undef SHAPE
#undef METHOD

/* Roles of methods.def: the role proper, and whether it matters whose. */
#define ROLE_OF_ANY METHOD_FOR_ANY, .whose = METHOD_OF_ANYONE
#define ROLE_OF_VIEWER METHOD_FOR_VIEWER, .whose = METHOD_OF_ANYONE
#define ROLE_OF_READER METHOD_FOR_VIEWER, .whose = METHOD_OF_READER
#define ROLE_OF_OPERATOR METHOD_FOR_OPERATOR, .whose = METHOD_OF_ANYONE
#define ROLE_OF_OWNER METHOD_FOR_OPERATOR, .whose = METHOD_OF_OWNER
#define ROLE_OF_AUTHOR METHOD_FOR_OPERATOR, .whose = METHOD_OF_AUTHOR
#define ROLE_OF_APPROVER METHOD_FOR_OPERATOR, .whose = METHOD_OF_APPROVER
#define ROLE_OF_ADMIN METHOD_FOR_ADMIN, .whose = METHOD_OF_ANYONE

static const struct method methods[METHODS] = {
#define SHAPE(...)
#define METHOD(id, name_, role_, what_, result_, params) \
	[METHOD_##id] = {.name = (name_),                \
	    .role = ROLE_OF_##role_,                     \
	    .what = (what_),                             \
	    .result = (result_),                         \
	    .parameters = parameters_##id},
#include "libproto/methods.def"
#undef SHAPE
#undef METHOD
};

static bool str_is(const msgpack_object *, const char *);

const struct method *
catalogue_method(enum method_id id)
{
	return &methods[id];
}

bool
catalogue_find(
    const char *name, size_t length, enum method_id *id, char *why, size_t size)
{
	const char *names[METHODS], *near;
	char shown[SHOWN_MAX + 1];

	for (unsigned i = 0; i < METHODS; i++) {
		names[i] = methods[i].name;
		if (strlen(names[i]) == length &&
		    memcmp(names[i], name, length) == 0) {
			*id = (enum method_id)i;
			return true;
		}
	}
	utf8_show(name, length, shown, sizeof(shown));
	near = nearest_word(name, length, names, METHODS);
	snprintf(why, size, "there is no method \"%s\"%s; %s%s%s", shown,
	    length > SHOWN_MAX ? "..." : "",
	    near != NULL ? "did you mean \"" : "weir-protocol(7) lists them",
	    near != NULL ? near : "", near != NULL ? "\"?" : "");
	return false;
}

const msgpack_object *
catalogue_param(const msgpack_object *params, const char *name)
{
	for (uint32_t i = 0; i < params->via.map.size; i++) {
		const msgpack_object_kv *pair = &params->via.map.ptr[i];

		if (str_is(&pair->key, name))
			return pair->val.type == MSGPACK_OBJECT_NIL
			    ? NULL
			    : &pair->val;
	}
	return NULL;
}

uint64_t
catalogue_uint(const msgpack_object *params, const char *name, uint64_t absent)
{
	const msgpack_object *value = catalogue_param(params, name);

	return value != NULL ? value->via.u64 : absent;
}

int64_t
catalogue_int(const msgpack_object *params, const char *name, int64_t absent)
{
	const msgpack_object *value = catalogue_param(params, name);

	return value != NULL ? value->via.i64 : absent;
}

bool
catalogue_bool(const msgpack_object *params, const char *name, bool absent)
{
	const msgpack_object *value = catalogue_param(params, name);

	return value != NULL ? value->via.boolean : absent;
}

const char *
catalogue_str(const msgpack_object *params, const char *name, size_t *length)
{
	const msgpack_object *value = catalogue_param(params, name);

	*length = value != NULL ? value->via.str.size : 0;
	return value != NULL ? value->via.str.ptr : NULL;
}

bool
catalogue_has_word(
    const msgpack_object *params, const char *parameter, const char *word)
{
	const msgpack_object *value = catalogue_param(params, parameter);

	if (value == NULL)
		return false;
	if (value->type == MSGPACK_OBJECT_STR)
		return str_is(value, word);
	for (uint32_t i = 0; i < value->via.array.size; i++)
		if (str_is(&value->via.array.ptr[i], word))
			return true;
	return false;
}

static bool
str_is(const msgpack_object *object, const char *word)
{
	return object->type == MSGPACK_OBJECT_STR &&
	    object->via.str.size == strlen(word) &&
	    memcmp(object->via.str.ptr, word, object->via.str.size) == 0;
}
