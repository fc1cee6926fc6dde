/* catalogue_check: whether parameters are what a method takes. */

#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "libproto/catalogue.h"
#include "libproto/nearest.h"
#include "libproto/utf8.h"

#define SHOWN_MAX 40	  /* bytes of a peer's own text in a sentence */
#define PARAMETERS_MAX 32 /* of one method */

/* Where the check is, for the sentence. */
struct check {
	const char *method;
	const char *outer; /* "filter." below the map filter, else "" */
	char *why;
	size_t size;
};

static bool check_map(
    const struct check *, const struct parameter *, const msgpack_object *);
static bool check_pair(const struct check *, const struct parameter *,
    const msgpack_object *, uint32_t);
static bool check_needs(
    const struct check *, const struct parameter *, const msgpack_object *);
static bool is_given(const struct parameter *, const msgpack_object *);
static bool check_fields(
    const struct check *, const struct parameter *, const msgpack_object *);
static const struct parameter *
find_parameter(const struct parameter *, const msgpack_object *);
static bool refuse_unknown(
    const struct check *, const struct parameter *, const msgpack_object *);
static bool refuse(const struct check *, const char *, ...)
    __attribute__((format(printf, 2, 3)));
static void show(const msgpack_object *, char *, size_t);

static bool
find_wrong(const struct parameter *, const msgpack_object *, char *, size_t);
static bool
find_wrong_label(const msgpack_object_map *, uint32_t, char *, size_t);
static bool
has_wrong_text(const char *, const msgpack_object *, size_t, char *, size_t);
static bool fits(const struct parameter *, const msgpack_object *);
static bool fits_number(const struct parameter *, const msgpack_object *);
static bool fits_float(const struct parameter *, const msgpack_object *);
static bool fits_str(const struct parameter *, const msgpack_object *);
static bool fits_list(const struct parameter *, const msgpack_object *);
static bool fits_labels(const struct parameter *, const msgpack_object *);
static bool fits_words(const struct parameter *, const msgpack_object *);
static bool is_word(const char *, const msgpack_object *);
static bool is_text(const msgpack_object *, size_t, size_t);
static bool is_within(const struct parameter *, uint64_t);

bool
catalogue_check(
    enum method_id id, const msgpack_object *params, char *why, size_t size)
{
	const struct method *method = catalogue_method(id);
	struct check check = {method->name, "", why, size};

	if (params->type != MSGPACK_OBJECT_MAP)
		return refuse(&check, "parameters are one map");
	return check_map(&check, method->parameters, params);
}

static bool
check_map(const struct check *check, const struct parameter *known,
    const msgpack_object *params)
{
	for (uint32_t i = 0; i < params->via.map.size; i++)
		if (!check_pair(check, known, params, i))
			return false;
	return check_needs(check, known, params);
}

static bool
check_pair(const struct check *check, const struct parameter *known,
    const msgpack_object *params, uint32_t i)
{
	const msgpack_object_kv *pair = &params->via.map.ptr[i];
	const struct parameter *parameter = find_parameter(known, &pair->key);
	char expected[256], found[2 * SHOWN_MAX], wrong[400];

	if (parameter == NULL)
		return refuse_unknown(check, known, &pair->key);
	/* No parameter passes twice, so there are never many to compare. */
	for (uint32_t j = 0; j < i; j++)
		if (find_parameter(known, &params->via.map.ptr[j].key) ==
		    parameter)
			return refuse(check,
			    "parameter \"%s%s\" is given twice", check->outer,
			    parameter->name);
	if (pair->val.type == MSGPACK_OBJECT_NIL)
		return true;
	if (!fits(parameter, &pair->val)) {
		if (find_wrong(parameter, &pair->val, wrong, sizeof(wrong)))
			return refuse(check, "parameter \"%s%s\": %s",
			    check->outer, parameter->name, wrong);
		catalogue_expected(parameter, expected, sizeof(expected));
		show(&pair->val, found, sizeof(found));
		return refuse(check, "parameter \"%s%s\" must be %s, not %s",
		    check->outer, parameter->name, expected, found);
	}
	if (parameter->type == PARAMETER_FIELDS)
		return check_fields(check, parameter, &pair->val);
	return true;
}

static bool
check_needs(const struct check *check, const struct parameter *known,
    const msgpack_object *params)
{
	const struct parameter *one = NULL, *other = NULL;
	unsigned given = 0;
	char expected[256];

	for (; known->name != NULL; known++) {
		if (known->need == PARAMETER_EITHER) {
			given += is_given(known, params) ? 1 : 0;
			other = one;
			one = known;
		} else if (known->need == PARAMETER_REQUIRED &&
		    !is_given(known, params)) {
			catalogue_expected(known, expected, sizeof(expected));
			return refuse(check,
			    "parameter \"%s%s\" is missing: %s (%s)",
			    check->outer, known->name, expected, known->help);
		}
	}
	if (other == NULL || given == 1)
		return true;
	return refuse(check, "give \"%s%s\" or \"%s%s\"%s", check->outer,
	    other->name, check->outer, one->name,
	    given > 1 ? ", not both" : "");
}

/* Where anything may be given, so may nil, if it is written down. */
static bool
is_given(const struct parameter *parameter, const msgpack_object *params)
{
	if (catalogue_param(params, parameter->name) != NULL)
		return true;
	if (parameter->type != PARAMETER_ANY)
		return false;
	for (uint32_t i = 0; i < params->via.map.size; i++)
		if (find_parameter(parameter, &params->via.map.ptr[i].key) ==
		    parameter)
			return true;
	return false;
}

static bool
check_fields(const struct check *check, const struct parameter *parameter,
    const msgpack_object *value)
{
	struct check inner = *check;
	char outer[SHOWN_MAX];

	snprintf(outer, sizeof(outer), "%s.", parameter->name);
	inner.outer = outer;
	return check_map(&inner, parameter->fields, value);
}

static const struct parameter *
find_parameter(const struct parameter *known, const msgpack_object *name)
{
	for (; known->name != NULL; known++)
		if (is_word(known->name, name))
			return known;
	return NULL;
}

static bool
refuse_unknown(const struct check *check, const struct parameter *known,
    const msgpack_object *name)
{
	const char *names[PARAMETERS_MAX], *near = NULL;
	char found[2 * SHOWN_MAX];
	size_t n = 0;

	show(name, found, sizeof(found));
	if (name->type != MSGPACK_OBJECT_STR)
		return refuse(
		    check, "names of parameters are strings, not %s", found);
	for (; known->name != NULL && n < PARAMETERS_MAX; known++)
		names[n++] = known->name;
	if (n == 0)
		return refuse(
		    check, "unknown parameter %s: it takes none", found);
	near = nearest_word(name->via.str.ptr, name->via.str.size, names, n);
	if (near != NULL)
		return refuse(check,
		    "unknown parameter %s; did you mean \"%s%s\"?", found,
		    check->outer, near);
	return refuse(check,
	    "unknown parameter %s; weir-protocol(7) lists those that there are",
	    found);
}

/* Writes the sentence, the method in front of it. */
static bool
refuse(const struct check *check, const char *format, ...)
{
	va_list ap;
	int used;

	used = snprintf(check->why, check->size, "%s: ", check->method);
	if (used < 0 || (size_t)used >= check->size)
		return false;
	va_start(ap, format);
	vsnprintf(check->why + used, check->size - (size_t)used, format, ap);
	va_end(ap);
	return false;
}

/* What was found, in words; text of the peer's cut short and made harmless. */
static void
show(const msgpack_object *object, char *buffer, size_t size)
{
	char text[SHOWN_MAX + 1];
	size_t length;

	switch (object->type) {
	case MSGPACK_OBJECT_NIL:
		snprintf(buffer, size, "nil");
		return;
	case MSGPACK_OBJECT_BOOLEAN:
		snprintf(
		    buffer, size, "%s", object->via.boolean ? "true" : "false");
		return;
	case MSGPACK_OBJECT_POSITIVE_INTEGER:
		snprintf(buffer, size, "%" PRIu64, object->via.u64);
		return;
	case MSGPACK_OBJECT_NEGATIVE_INTEGER:
		snprintf(buffer, size, "%" PRId64, object->via.i64);
		return;
	case MSGPACK_OBJECT_FLOAT32:
	case MSGPACK_OBJECT_FLOAT64:
		snprintf(buffer, size, "the float %g", object->via.f64);
		return;
	case MSGPACK_OBJECT_STR:
		length = object->via.str.size;
		utf8_show(object->via.str.ptr, length, text, sizeof(text));
		snprintf(buffer, size, "\"%s\"%s", text,
		    length > SHOWN_MAX ? "..." : "");
		return;
	case MSGPACK_OBJECT_ARRAY:
		snprintf(
		    buffer, size, "a list of %" PRIu32, object->via.array.size);
		return;
	case MSGPACK_OBJECT_MAP:
		snprintf(
		    buffer, size, "a map of %" PRIu32, object->via.map.size);
		return;
	case MSGPACK_OBJECT_BIN:
		snprintf(buffer, size, "binary data");
		return;
	default:
		snprintf(buffer, size, "an extension type");
	}
}

static bool
fits(const struct parameter *parameter, const msgpack_object *value)
{
	switch (parameter->type) {
	case PARAMETER_UINT:
	case PARAMETER_INT:
	case PARAMETER_DURATION:
	case PARAMETER_TIME:
		return fits_number(parameter, value);
	case PARAMETER_NUMBER:
		return fits_float(parameter, value) ||
		    fits_number(parameter, value);
	case PARAMETER_BOOL:
		return value->type == MSGPACK_OBJECT_BOOLEAN;
	case PARAMETER_STR:
	case PARAMETER_NAME:
	case PARAMETER_TASK:
		return fits_str(parameter, value);
	case PARAMETER_ANY:
		return true;
	case PARAMETER_MAP:
	case PARAMETER_FIELDS:
		return value->type == MSGPACK_OBJECT_MAP;
	case PARAMETER_LABELS:
		return fits_labels(parameter, value);
	case PARAMETER_IDS:
	case PARAMETER_STRS:
		return fits_list(parameter, value);
	case PARAMETER_WORD:
		return is_word(parameter->words, value);
	case PARAMETER_WORDS:
		return fits_words(parameter, value);
	}
	return false;
}

static bool
fits_number(const struct parameter *parameter, const msgpack_object *value)
{
	if (value->type == MSGPACK_OBJECT_NEGATIVE_INTEGER)
		return value->via.i64 >= parameter->least;
	return value->type == MSGPACK_OBJECT_POSITIVE_INTEGER &&
	    is_within(parameter, value->via.u64);
}

static bool
fits_float(const struct parameter *parameter, const msgpack_object *value)
{
	return (value->type == MSGPACK_OBJECT_FLOAT32 ||
		   value->type == MSGPACK_OBJECT_FLOAT64) &&
	    isfinite(value->via.f64) &&
	    value->via.f64 >= (double)parameter->least &&
	    value->via.f64 <= (double)parameter->most;
}

static bool
fits_str(const struct parameter *parameter, const msgpack_object *value)
{
	static const char lower[] = "abcdefghijklmnopqrstuvwxyz";
	static const char digits[] = "0123456789";
	bool name = parameter->type == PARAMETER_NAME;

	if (!is_text(value, (size_t)parameter->least, (size_t)parameter->most))
		return false;
	if (parameter->type == PARAMETER_STR)
		return true;
	for (uint32_t i = 0; i < value->via.str.size; i++) {
		char c = value->via.str.ptr[i];
		bool good = strchr(lower, c) != NULL ||
		    (strchr(digits, c) != NULL && (name || i > 0)) ||
		    (c == '_' && (!name || i > 0)) ||
		    ((c == '.' || c == '-') && name && i > 0);

		if (!good)
			return false;
	}
	return true;
}

static bool
fits_list(const struct parameter *parameter, const msgpack_object *value)
{
	if (value->type != MSGPACK_OBJECT_ARRAY ||
	    !is_within(parameter, value->via.array.size))
		return false;
	for (uint32_t i = 0; i < value->via.array.size; i++) {
		const msgpack_object *element = &value->via.array.ptr[i];

		if (parameter->type == PARAMETER_STRS
			? !is_text(element, 1, ELEMENT_MAX)
			: element->type != MSGPACK_OBJECT_POSITIVE_INTEGER ||
			    element->via.u64 == 0)
			return false;
	}
	return true;
}

static bool
fits_labels(const struct parameter *parameter, const msgpack_object *value)
{
	if (value->type != MSGPACK_OBJECT_MAP ||
	    !is_within(parameter, value->via.map.size))
		return false;
	for (uint32_t i = 0; i < value->via.map.size; i++)
		if (find_wrong_label(&value->via.map, i, NULL, 0))
			return false;
	return true;
}

/*
 * What is wrong with one of a list or map that is right in itself; false: it
 * is wrong as a whole.
 */
static bool
find_wrong(const struct parameter *parameter, const msgpack_object *value,
    char *what, size_t size)
{
	struct parameter one = *parameter;
	char expected[256], found[2 * SHOWN_MAX];
	bool map = parameter->type == PARAMETER_LABELS &&
	    value->type == MSGPACK_OBJECT_MAP;
	bool words = parameter->type == PARAMETER_WORDS;
	bool list = (words || parameter->type == PARAMETER_IDS ||
			parameter->type == PARAMETER_STRS) &&
	    value->type == MSGPACK_OBJECT_ARRAY;

	if ((!map && !list) ||
	    (map && !is_within(parameter, value->via.map.size)) ||
	    (list && !words && !is_within(parameter, value->via.array.size)))
		return false;
	for (uint32_t i = 0; map && i < value->via.map.size; i++)
		if (find_wrong_label(&value->via.map, i, what, size))
			return true;
	one.type = words			? PARAMETER_WORD
	    : parameter->type == PARAMETER_STRS ? PARAMETER_STR
						: PARAMETER_UINT;
	one.least = 1;
	one.most = one.type == PARAMETER_STR ? ELEMENT_MAX : UINT64_MAX;
	for (uint32_t i = 0; list && i < value->via.array.size; i++) {
		if (fits(&one, &value->via.array.ptr[i]))
			continue;
		catalogue_expected(&one, expected, sizeof(expected));
		show(&value->via.array.ptr[i], found, sizeof(found));
		snprintf(what, size, "entry %" PRIu32 " must be %s, not %s",
		    i + 1, expected, found);
		return true;
	}
	return false;
}

/* Of one pair, where something is; it may be the key that others have too. */
static bool
find_wrong_label(
    const msgpack_object_map *map, uint32_t i, char *what, size_t size)
{
	const msgpack_object *key = &map->ptr[i].key, *other;
	char of[2 * SHOWN_MAX], name[3 * SHOWN_MAX];

	snprintf(name, sizeof(name), "the key of pair %" PRIu32, i + 1);
	if (key->type == MSGPACK_OBJECT_STR && key->via.str.size == 0) {
		snprintf(what, size, "%s is empty", name);
		return true;
	}
	if (has_wrong_text(name, key, LABEL_KEY_MAX, what, size))
		return true;
	show(key, of, sizeof(of));
	for (uint32_t j = 0; j < i; j++) {
		other = &map->ptr[j].key;
		if (other->via.str.size != key->via.str.size ||
		    memcmp(other->via.str.ptr, key->via.str.ptr,
			key->via.str.size) != 0)
			continue;
		snprintf(what, size, "the key %s stands there twice", of);
		return true;
	}
	snprintf(name, sizeof(name), "the value of %s", of);
	return has_wrong_text(
	    name, &map->ptr[i].val, LABEL_VALUE_MAX, what, size);
}

static bool
has_wrong_text(const char *name, const msgpack_object *o, size_t most,
    char *what, size_t size)
{
	char found[2 * SHOWN_MAX];

	if (o->type != MSGPACK_OBJECT_STR) {
		show(o, found, sizeof(found));
		snprintf(
		    what, size, "%s must be a string, not %s", name, found);
	} else if (o->via.str.size > most)
		snprintf(what, size,
		    "%s has %" PRIu32 " bytes, at most %zu are possible", name,
		    o->via.str.size, most);
	else if (!utf8_is_text(o->via.str.ptr, o->via.str.size))
		snprintf(what, size, "%s is not UTF-8, or has a NUL byte in it",
		    name);
	else
		return false;
	return true;
}

static bool
fits_words(const struct parameter *parameter, const msgpack_object *value)
{
	if (value->type != MSGPACK_OBJECT_ARRAY)
		return is_word(parameter->words, value);
	for (uint32_t i = 0; i < value->via.array.size; i++)
		if (!is_word(parameter->words, &value->via.array.ptr[i]))
			return false;
	return value->via.array.size > 0;
}

/* Whether the value is one of the words, which bars part. */
static bool
is_word(const char *words, const msgpack_object *value)
{
	if (value->type != MSGPACK_OBJECT_STR)
		return false;
	while (*words != '\0') {
		size_t length = strcspn(words, "|");

		if (length == value->via.str.size &&
		    memcmp(words, value->via.str.ptr, length) == 0)
			return true;
		words += length;
		words += *words == '|' ? 1 : 0;
	}
	return false;
}

static bool
is_text(const msgpack_object *value, size_t least, size_t most)
{
	return value->type == MSGPACK_OBJECT_STR &&
	    value->via.str.size >= least && value->via.str.size <= most &&
	    utf8_is_text(value->via.str.ptr, value->via.str.size);
}

static bool
is_within(const struct parameter *parameter, uint64_t number)
{
	return number <= parameter->most &&
	    (parameter->least < 0 || number >= (uint64_t)parameter->least);
}
