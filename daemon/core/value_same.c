/*
 * value_same: whether two values say the same.  Who writes a map from a hash
 * table writes it in another order each time.
 */
#include <stdlib.h>
#include <string.h>

#include "daemon/core/alloc.h"
#include "daemon/core/value.h"
#include "daemon/core/zone.h"

static bool same(const msgpack_object *, const msgpack_object *);
static bool same_lists(const msgpack_object *, const msgpack_object *);
static bool same_maps(const msgpack_object *, const msgpack_object *);
static const msgpack_object_kv **sorted(const msgpack_object *map);
static int compare(const void *, const void *);
static bool key_bytes(const msgpack_object *, const char **, uint32_t *);

bool
value_same(const struct value *a, const struct value *b)
{
	msgpack_object left, right;
	msgpack_zone zone;
	bool answer;

	if (value_equal(a, b))
		return true;
	zone_init(&zone, MSGPACK_ZONE_CHUNK_SIZE);
	answer = value_unpack(a, &zone, &left) &&
	    value_unpack(b, &zone, &right) && same(&left, &right);
	msgpack_zone_destroy(&zone);
	return answer;
}

/* As deep as values are: VALUE_DEPTH_MAX. */
static bool
same(const msgpack_object *a, const msgpack_object *b)
{
	if (a->type == MSGPACK_OBJECT_ARRAY && b->type == MSGPACK_OBJECT_ARRAY)
		return same_lists(a, b);
	if (a->type == MSGPACK_OBJECT_MAP && b->type == MSGPACK_OBJECT_MAP)
		return same_maps(a, b);
	return msgpack_object_equal(*a, *b);
}

static bool
same_lists(const msgpack_object *a, const msgpack_object *b)
{
	if (a->via.array.size != b->via.array.size)
		return false;
	for (uint32_t i = 0; i < a->via.array.size; i++)
		if (!same(&a->via.array.ptr[i], &b->via.array.ptr[i]))
			return false;
	return true;
}

static bool
same_maps(const msgpack_object *a, const msgpack_object *b)
{
	uint32_t i, size = a->via.map.size;
	const msgpack_object_kv **left, **right;

	if (size != b->via.map.size)
		return false;
	left = sorted(a);
	right = sorted(b);
	for (i = 0; i < size; i++)
		if (!msgpack_object_equal(left[i]->key, right[i]->key) ||
		    !same(&left[i]->val, &right[i]->val))
			break;
	free(left);
	free(right);
	return i == size;
}

static const msgpack_object_kv **
sorted(const msgpack_object *map)
{
	uint32_t size = map->via.map.size;
	const msgpack_object_kv **list = xcalloc(size + 1, sizeof(*list));

	for (uint32_t i = 0; i < size; i++)
		list[i] = &map->via.map.ptr[i];
	qsort(list, size, sizeof(*list), compare);
	return list;
}

/* Keys that are no texts, and the same key again, stay in the order given. */
static int
compare(const void *a, const void *b)
{
	const msgpack_object_kv *left = *(const msgpack_object_kv *const *)a;
	const msgpack_object_kv *right = *(const msgpack_object_kv *const *)b;
	const char *l = "", *r = "";
	uint32_t l_size = 0, r_size = 0;
	bool l_text = key_bytes(&left->key, &l, &l_size);
	bool r_text = key_bytes(&right->key, &r, &r_size);
	int order = memcmp(l, r, l_size < r_size ? l_size : r_size);

	if (l_text != r_text)
		return l_text ? -1 : 1;
	if (order != 0)
		return order;
	if (l_size != r_size)
		return l_size < r_size ? -1 : 1;
	return (left > right) - (left < right);
}

static bool
key_bytes(const msgpack_object *key, const char **bytes, uint32_t *size)
{
	if (key->type != MSGPACK_OBJECT_STR)
		return false;
	*bytes = key->via.str.ptr;
	*size = key->via.str.size;
	return true;
}
