/* plain: what no value from outside may have in it, wherever it is from. */

#include "daemon/core/plain.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/core/alloc.h"
#include "daemon/core/value.h"
#include "libproto/utf8.h"

#define FEW 8	      /* keys that are compared each with each */
#define PROBES_EACH 8 /* of a key, until its table is taken for attacked */
#define KEY_SHOWN 40  /* bytes of a key in a sentence */
#define PATH_SHOWN 160

/* Where the check is: in a map under a key, or in a list. */
struct step {
	const struct step *up; /* NULL: the value itself */
	const msgpack_object *key;
	uint32_t index;
};

struct check {
	const char *name;
	char *why;
	size_t size;
	unsigned depth;
};

/* A key's place in a table: empty where the number is 0. */
struct slot {
	uint32_t hash;
	uint32_t number; /* of the pair, from 1 on */
};

static bool refuse(const struct check *, const struct step *, const char *);
static size_t write_path(const struct step *, char *, size_t);
static const char *wrong_with_text(const msgpack_object *);
static bool
check_value(struct check *, const struct step *, const msgpack_object *);
static bool
check_list(struct check *, const struct step *, const msgpack_object_array *);
static bool
check_map(struct check *, const struct step *, const msgpack_object_map *);
static bool is_same(const msgpack_object *, const msgpack_object *);
static uint64_t hash_of(const msgpack_object *);
static const msgpack_object *find_twice(const msgpack_object_map *);
static bool look_up_twice(const msgpack_object_map *, const msgpack_object **);
static const msgpack_object *sort_twice(const msgpack_object_map *);
static int compare_keys(const void *, const void *);

/* The way to it, as an expression would have it; what is odd becomes a '?'. */
static size_t
write_path(const struct step *step, char *path, size_t size)
{
	char key[KEY_SHOWN + 1];
	size_t used;
	int n;

	if (step == NULL)
		return 0;
	used = write_path(step->up, path, size);
	if (step->key == NULL)
		n = snprintf(path + used, size - used, "[%u]", step->index);
	else {
		utf8_show(step->key->via.str.ptr, step->key->via.str.size, key,
		    sizeof(key));
		n = snprintf(path + used, size - used, ".%s", key);
	}
	used += n > 0 ? (size_t)n : 0;
	return used < size ? used : size - 1;
}

static bool
refuse(const struct check *check, const struct step *step, const char *what)
{
	char path[PATH_SHOWN] = "";

	write_path(step, path, sizeof(path));
	snprintf(check->why, check->size, "%s%s: %s", check->name, path, what);
	return false;
}

/* NULL: nothing. */
static const char *
wrong_with_text(const msgpack_object *o)
{
	if (utf8_is_text(o->via.str.ptr, o->via.str.size))
		return NULL;
	return memchr(o->via.str.ptr, '\0', o->via.str.size) != NULL
	    ? "with a NUL byte in it"
	    : "that is not UTF-8";
}

bool
value_is_plain(
    const msgpack_object *value, const char *name, char *why, size_t size)
{
	struct check check = {.name = name, .why = why, .size = size};

	return check_value(&check, NULL, value);
}

static bool
check_value(
    struct check *check, const struct step *at, const msgpack_object *value)
{
	const char *wrong;
	char text[64];
	bool good = true;

	switch (value->type) {
	case MSGPACK_OBJECT_NIL:
	case MSGPACK_OBJECT_BOOLEAN:
	case MSGPACK_OBJECT_POSITIVE_INTEGER:
	case MSGPACK_OBJECT_NEGATIVE_INTEGER:
		return true;
	case MSGPACK_OBJECT_FLOAT32:
	case MSGPACK_OBJECT_FLOAT64:
		return isfinite(value->via.f64) ||
		    refuse(check, at, "a number that is infinite or no number");
	case MSGPACK_OBJECT_STR:
		wrong = wrong_with_text(value);
		if (wrong == NULL)
			return true;
		snprintf(text, sizeof(text), "a string %s", wrong);
		return refuse(check, at, text);
	case MSGPACK_OBJECT_BIN:
		return refuse(check, at, "binary data, which is no value");
	case MSGPACK_OBJECT_EXT:
		return refuse(
		    check, at, "an extension type, which is no value");
	case MSGPACK_OBJECT_ARRAY:
	case MSGPACK_OBJECT_MAP:
		break;
	}
	if (check->depth == VALUE_DEPTH_MAX) {
		snprintf(text, sizeof(text),
		    "more than %d lists and maps inside each other",
		    VALUE_DEPTH_MAX);
		return refuse(check, NULL, text);
	}
	check->depth++;
	good = value->type == MSGPACK_OBJECT_ARRAY
	    ? check_list(check, at, &value->via.array)
	    : check_map(check, at, &value->via.map);
	check->depth--;
	return good;
}

static bool
check_list(struct check *check, const struct step *at,
    const msgpack_object_array *list)
{
	for (uint32_t i = 0; i < list->size; i++) {
		struct step step = {.up = at, .index = i};

		if (!check_value(check, &step, &list->ptr[i]))
			return false;
	}
	return true;
}

static bool
check_map(
    struct check *check, const struct step *at, const msgpack_object_map *map)
{
	struct step step = {.up = at};
	const char *wrong;
	char text[64];

	for (uint32_t i = 0; i < map->size; i++) {
		step.key = &map->ptr[i].key;
		if (step.key->type != MSGPACK_OBJECT_STR)
			return refuse(check, at, "a key that is no string");
		wrong = wrong_with_text(step.key);
		if (wrong != NULL) {
			snprintf(text, sizeof(text), "a key %s", wrong);
			return refuse(check, at, text);
		}
		if (!check_value(check, &step, &map->ptr[i].val))
			return false;
	}
	step.key = find_twice(map);
	return step.key == NULL || refuse(check, &step, "a key twice");
}

static bool
is_same(const msgpack_object *a, const msgpack_object *b)
{
	return a->via.str.size == b->via.str.size &&
	    memcmp(a->via.str.ptr, b->via.str.ptr, a->via.str.size) == 0;
}

/* A key that stands twice; NULL: none. */
static const msgpack_object *
find_twice(const msgpack_object_map *map)
{
	const msgpack_object *twice = NULL;

	if (map->size <= FEW) {
		for (uint32_t i = 1; i < map->size; i++)
			for (uint32_t j = 0; j < i; j++)
				if (is_same(&map->ptr[i].key, &map->ptr[j].key))
					return &map->ptr[i].key;
		return NULL;
	}
	if (!look_up_twice(map, &twice))
		twice = sort_twice(map);
	return twice;
}

/* FNV-1a, then mixed so that its upper bits are as good as the lower ones. */
static uint64_t
hash_of(const msgpack_object *key)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (uint32_t i = 0; i < key->via.str.size; i++) {
		hash ^= (uint8_t)key->via.str.ptr[i];
		hash *= UINT64_C(0x100000001b3);
	}
	hash ^= hash >> 32;
	return hash * UINT64_C(0x9e3779b97f4a7c15);
}

/*
 * By a table of hashes; false when the keys are such that it would take long,
 * which nobody's are by chance.
 */
static bool
look_up_twice(const msgpack_object_map *map, const msgpack_object **twice)
{
	uint64_t probes = (uint64_t)map->size * PROBES_EACH, hash;
	uint32_t number = 0;
	struct slot *table;
	size_t slots = 2 * FEW, at;
	unsigned shift = 64 - 4;

	for (; slots < (size_t)map->size * 2; slots *= 2)
		shift--;
	table = xcalloc(slots, sizeof(*table));
	while (*twice == NULL && number < map->size && probes > 0) {
		const msgpack_object *key = &map->ptr[number++].key;

		hash = hash_of(key);
		at = (size_t)(hash >> shift);
		for (; table[at].number != 0 && probes > 0; probes--) {
			if (table[at].hash == (uint32_t)hash &&
			    is_same(key, &map->ptr[table[at].number - 1].key)) {
				*twice = key;
				break;
			}
			at = (at + 1) % slots;
		}
		table[at] = (struct slot){(uint32_t)hash, number};
	}
	free(table);
	return probes > 0;
}

static int
compare_keys(const void *a, const void *b)
{
	const msgpack_object *x = *(const msgpack_object *const *)a;
	const msgpack_object *y = *(const msgpack_object *const *)b;

	if (x->via.str.size != y->via.str.size)
		return x->via.str.size < y->via.str.size ? -1 : 1;
	return memcmp(x->via.str.ptr, y->via.str.ptr, x->via.str.size);
}

static const msgpack_object *
sort_twice(const msgpack_object_map *map)
{
	const msgpack_object **keys, *twice = NULL;

	keys = xreallocarray(NULL, map->size, sizeof(*keys));
	for (uint32_t i = 0; i < map->size; i++)
		keys[i] = &map->ptr[i].key;
	qsort(keys, map->size, sizeof(*keys), compare_keys);
	for (uint32_t i = 1; i < map->size && twice == NULL; i++)
		if (is_same(keys[i - 1], keys[i]))
			twice = keys[i];
	free(keys);
	return twice;
}
