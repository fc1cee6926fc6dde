/* decoder_structure: what no value of a definition may be, wherever it stands.
 */

#include "daemon/core/decoder.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/core/alloc.h"

static int compare_keys(const void *, const void *);
static void
check_keys(struct decoder *, const struct place *, const msgpack_object *);
static void
check_text(struct decoder *, const struct place *, const msgpack_object *);
static bool check_list(
    struct decoder *, const struct place *, const msgpack_object *, unsigned);
static bool check_map(
    struct decoder *, const struct place *, const msgpack_object *, unsigned);
static bool check_value(
    struct decoder *, const struct place *, const msgpack_object *, unsigned);

/* By content, then by where they stand, so that the first one stays first. */
static int
compare_keys(const void *a, const void *b)
{
	const msgpack_object *x = *(const msgpack_object *const *)a;
	const msgpack_object *y = *(const msgpack_object *const *)b;
	uint32_t shorter = x->via.str.size < y->via.str.size ? x->via.str.size
							     : y->via.str.size;
	int order =
	    shorter == 0 ? 0 : memcmp(x->via.str.ptr, y->via.str.ptr, shorter);

	if (order != 0)
		return order;
	if (x->via.str.size != y->via.str.size)
		return x->via.str.size < y->via.str.size ? -1 : 1;
	return x < y ? -1 : x > y;
}

static void
check_keys(
    struct decoder *d, const struct place *place, const msgpack_object *map)
{
	const msgpack_object **keys;
	const msgpack_object *key;
	uint32_t i, n;
	struct place at;

	keys = xreallocarray(NULL, map->via.map.size, sizeof(*keys));
	for (i = n = 0; i < map->via.map.size; i++) {
		key = &map->via.map.ptr[i].key;
		if (key->type == MSGPACK_OBJECT_STR)
			keys[n++] = key;
		else
			unexpected(d, place, key, "keys that are strings");
	}
	qsort(keys, n, sizeof(*keys), compare_keys);
	for (i = 1; i < n; i++) {
		if (keys[i]->via.str.size != keys[i - 1]->via.str.size ||
		    memcmp(keys[i]->via.str.ptr, keys[i - 1]->via.str.ptr,
			keys[i]->via.str.size) != 0)
			continue;
		at = place_key(place, keys[i]);
		d->edges_known = false;
		complain_key(d, &at, "the key \"%.*s\" stands here twice",
		    (int)keys[i]->via.str.size, keys[i]->via.str.ptr);
	}
	free(keys);
}

size_t
character_length(const unsigned char *s, size_t left)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	uint32_t c;
	size_t n, i;

	if (s[0] < 0x80)
		return 1;
	n = s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2;
	if (s[0] < 0xc2 || s[0] > 0xf4 || n > left)
		return 0;
	for (c = s[0] & (0x7fU >> n), i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (s[i] & 0x3f);
	}
	if (c < least[n] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff))
		return 0;
	return n;
}

static void
check_text(
    struct decoder *d, const struct place *place, const msgpack_object *o)
{
	const unsigned char *s = (const unsigned char *)o->via.str.ptr;
	size_t i, n;

	for (i = 0; i < o->via.str.size; i += n) {
		n = character_length(s + i, o->via.str.size - i);
		if (n == 0 || s[i] == '\0') {
			complain_inside(d, place, "", i,
			    n == 0 ? "the string is not UTF-8 text"
				   : "the string has a zero byte in it");
			return;
		}
	}
}

static bool
check_list(struct decoder *d, const struct place *place,
    const msgpack_object *o, unsigned depth)
{
	struct place at;
	uint32_t i;

	for (i = 0; i < o->via.array.size; i++) {
		at = place_at(place, i);
		if (!check_value(d, &at, &o->via.array.ptr[i], depth + 1))
			return false;
	}
	return true;
}

static bool
check_map(struct decoder *d, const struct place *place, const msgpack_object *o,
    unsigned depth)
{
	const msgpack_object_kv *kv;
	struct place at;
	uint32_t i;

	if (o->via.map.size > 0)
		check_keys(d, place, o);
	for (i = 0; i < o->via.map.size; i++) {
		kv = &o->via.map.ptr[i];
		if (kv->key.type != MSGPACK_OBJECT_STR)
			continue;
		at = place_key(place, &kv->key);
		check_text(d, &at, &kv->key);
		if (!check_value(d, &at, &kv->val, depth + 1))
			return false;
	}
	return true;
}

static bool
check_value(struct decoder *d, const struct place *place,
    const msgpack_object *o, unsigned depth)
{
	switch (o->type) {
	case MSGPACK_OBJECT_ARRAY:
	case MSGPACK_OBJECT_MAP:
		if (depth < VALUE_DEPTH_MAX)
			return o->type == MSGPACK_OBJECT_MAP
			    ? check_map(d, place, o, depth)
			    : check_list(d, place, o, depth);
		complain(d, place,
		    "lists and maps are nested deeper than %d levels here",
		    VALUE_DEPTH_MAX);
		return false;
	case MSGPACK_OBJECT_STR:
		check_text(d, place, o);
		return true;
	case MSGPACK_OBJECT_BIN:
	case MSGPACK_OBJECT_EXT:
		unexpected(d, place, o, "text or plain values");
		return true;
	case MSGPACK_OBJECT_NIL:
	case MSGPACK_OBJECT_BOOLEAN:
	case MSGPACK_OBJECT_POSITIVE_INTEGER:
	case MSGPACK_OBJECT_NEGATIVE_INTEGER:
		return true;
	case MSGPACK_OBJECT_FLOAT32:
	case MSGPACK_OBJECT_FLOAT64:
		/* What was stored before this was looked at is still good. */
		if (!isfinite(o->via.f64) && !d->stored)
			unexpected(d, place, o, "a finite number");
		return true;
	}
	return true;
}

bool
check_structure(
    struct decoder *d, const struct place *place, const msgpack_object *o)
{
	return check_value(d, place, o, 0);
}
