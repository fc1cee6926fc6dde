/* value: a MessagePack value kept as its bytes, shared by reference count. */

#include "daemon/core/buffer.h"
#include "daemon/core/value.h"

#include <err.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "daemon/core/alloc.h"
#include "daemon/core/element.h"
#include "daemon/core/zone.h"
#include "libproto/pack.h"

/* Deeper is refused; the protocol allows 64, and values are put into values. */
#define UNPACK_DEPTH_MAX 256

/* One entry of a map where it lies; the key is a str's content. */
struct entry {
	const char *key, *value;
	size_t key_size, value_size;
	msgpack_object_type key_type; /* unless str, the key is its bytes */
	uint32_t number;
	bool used;
};

struct decoder {
	const char *p, *end;
	msgpack_zone *zone;
	int depth;
};

static struct value *value_allocate(size_t);
static void must(bool);
static bool decode(struct decoder *, msgpack_object *);
static bool decode_list(struct decoder *, msgpack_object_array *);
static bool decode_map(struct decoder *, msgpack_object_map *);
static bool is_nil(const struct value *);
static struct entry *map_entries(const struct value *, uint32_t *);
static int compare_keys(const void *, const void *);
static int compare_entries(const void *, const void *);
static uint32_t keep_last(struct entry *, uint32_t);
static int compare_numbers(const void *, const void *);
static void write_entry(msgpack_packer *, const struct entry *);
static uint32_t overlay(struct entry *, uint32_t, struct entry *, uint32_t);

static struct value *
value_allocate(size_t n)
{
	struct value *v;

	if (n > UINT32_MAX)
		errx(EX_SOFTWARE, "a value of %zu bytes was asked for", n);
	v = xmalloc(sizeof(*v) + n);
	v->refs = 1;
	v->size = (uint32_t)n;
	return v;
}

static void
must(bool done)
{
	if (!done)
		out_of_memory();
}

struct value *
value_new(const void *bytes, size_t n)
{
	struct value *v = value_allocate(n);

	memcpy(v->bytes, bytes, n);
	return v;
}

struct value *
value_of_object(const msgpack_object *o)
{
	msgpack_sbuffer buffer;
	msgpack_packer pk;

	msgpack_sbuffer_init(&buffer);
	msgpack_packer_init(&pk, &buffer, buffer_write);
	must(msgpack_pack_object(&pk, *o) == 0);
	return value_of_buffer(&buffer);
}

struct value *
value_of_text(const void *text, size_t n)
{
	msgpack_sbuffer buffer;
	msgpack_packer pk;

	msgpack_sbuffer_init(&buffer);
	msgpack_packer_init(&pk, &buffer, buffer_write);
	must(msgpack_pack_str(&pk, n) == 0 &&
	    msgpack_pack_str_body(&pk, text, n) == 0);
	return value_of_buffer(&buffer);
}

struct value *
value_of_string(const char *s)
{
	return value_of_text(s, strlen(s));
}

struct value *
value_of_int(int64_t number)
{
	msgpack_sbuffer buffer;
	msgpack_packer pk;

	msgpack_sbuffer_init(&buffer);
	msgpack_packer_init(&pk, &buffer, buffer_write);
	must(msgpack_pack_int64(&pk, number) == 0);
	return value_of_buffer(&buffer);
}

struct value *
value_of_bool(bool b)
{
	return value_new(b ? "\xc3" : "\xc2", 1);
}

struct value *
value_of_buffer(msgpack_sbuffer *buffer)
{
	struct value *v = value_allocate(buffer->size);

	if (buffer->size > 0)
		memcpy(v->bytes, buffer->data, buffer->size);
	msgpack_sbuffer_destroy(buffer);
	msgpack_sbuffer_init(buffer);
	return v;
}

struct value *
value_ref(struct value *v)
{
	if (v != NULL)
		v->refs++;
	return v;
}

void
value_unref(struct value *v)
{
	if (v != NULL && --v->refs == 0)
		free(v);
}

static bool
decode_list(struct decoder *d, msgpack_object_array *list)
{
	if (list->size == 0)
		return true;
	list->ptr = zone_malloc(d->zone, list->size * sizeof(*list->ptr));
	for (uint32_t i = 0; i < list->size; i++) {
		if (!decode(d, &list->ptr[i]))
			return false;
	}
	return true;
}

static bool
decode_map(struct decoder *d, msgpack_object_map *map)
{
	if (map->size == 0)
		return true;
	map->ptr = zone_malloc(d->zone, map->size * sizeof(*map->ptr));
	for (uint32_t i = 0; i < map->size; i++) {
		if (!decode(d, &map->ptr[i].key) ||
		    !decode(d, &map->ptr[i].val))
			return false;
	}
	return true;
}

static bool
decode(struct decoder *d, msgpack_object *o)
{
	bool good = true;

	d->p = element_read(d->p, d->end, o);
	if (d->p == NULL || d->depth == UNPACK_DEPTH_MAX)
		return false;
	d->depth++;
	if (o->type == MSGPACK_OBJECT_ARRAY)
		good = decode_list(d, &o->via.array);
	else if (o->type == MSGPACK_OBJECT_MAP)
		good = decode_map(d, &o->via.map);
	d->depth--;
	return good;
}

bool
value_unpack(const struct value *v, msgpack_zone *zone, msgpack_object *o)
{
	struct decoder d = {.zone = zone};

	if (v == NULL) {
		o->type = MSGPACK_OBJECT_NIL;
		return true;
	}
	d.p = v->bytes;
	d.end = v->bytes + v->size;
	return decode(&d, o) && d.p == d.end;
}

void
value_pack(const struct value *v, msgpack_packer *pk)
{
	if (v == NULL)
		must(msgpack_pack_nil(pk) == 0);
	else
		must(pk->callback(pk->data, v->bytes, v->size) == 0);
}

static bool
is_nil(const struct value *v)
{
	return v == NULL || (v->size == 1 && (uint8_t)v->bytes[0] == 0xc0);
}

bool
value_is_string(const struct value *v, const char *s)
{
	struct value *other = value_of_string(s);
	bool same = value_equal(v, other);

	value_unref(other);
	return same;
}

bool
value_equal(const struct value *a, const struct value *b)
{
	msgpack_object left, right;
	msgpack_zone zone;
	bool equal;

	if (a == b)
		return true;
	if (a == NULL || b == NULL)
		return is_nil(a) && is_nil(b);
	if (a->size == b->size && memcmp(a->bytes, b->bytes, a->size) == 0)
		return true;
	/* The same number may have been written in more bytes than needed. */
	zone_init(&zone, MSGPACK_ZONE_CHUNK_SIZE);
	equal = value_unpack(a, &zone, &left) &&
	    value_unpack(b, &zone, &right) && msgpack_object_equal(left, right);
	msgpack_zone_destroy(&zone);
	return equal;
}

/* The caller frees them; they point into the value. */
static struct entry *
map_entries(const struct value *v, uint32_t *count)
{
	const char *p, *end;
	struct entry *entries, *e;
	msgpack_object o;

	*count = 0;
	if (v == NULL)
		return NULL;
	end = v->bytes + v->size;
	p = element_read(v->bytes, end, &o);
	if (p == NULL || o.type != MSGPACK_OBJECT_MAP || o.via.map.size == 0)
		return NULL;
	entries = xcalloc(o.via.map.size, sizeof(*entries));
	for (uint32_t n = o.via.map.size; *count < n; ++*count) {
		e = &entries[*count];
		e->key = p;
		e->value = element_skip(p, end);
		if (e->value == NULL ||
		    (p = element_skip(e->value, end)) == NULL)
			break;
		e->value_size = (size_t)(p - e->value);
		e->key_size = (size_t)(e->value - e->key);
		e->number = *count;
		element_read(e->key, end, &o);
		e->key_type = o.type;
		if (o.type == MSGPACK_OBJECT_STR) {
			e->key = o.via.str.ptr;
			e->key_size = o.via.str.size;
		}
	}
	return entries;
}

static int
compare_keys(const void *left, const void *right)
{
	const struct entry *a = left, *b = right;

	if (a->key_type != b->key_type)
		return a->key_type < b->key_type ? -1 : 1;
	if (a->key_size != b->key_size)
		return a->key_size < b->key_size ? -1 : 1;
	return memcmp(a->key, b->key, a->key_size);
}

static int
compare_entries(const void *left, const void *right)
{
	const struct entry *a = left, *b = right;
	int order = compare_keys(a, b);

	return order != 0 ? order : (a->number < b->number ? -1 : 1);
}

/* Of sorted entries with the same key only the last one stays. */
static uint32_t
keep_last(struct entry *entries, uint32_t count)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < count; i++) {
		if (i + 1 < count &&
		    compare_keys(&entries[i], &entries[i + 1]) == 0)
			continue;
		entries[kept++] = entries[i];
	}
	return kept;
}

static int
compare_numbers(const void *left, const void *right)
{
	const struct entry *a = left, *b = right;

	return a->number < b->number ? -1 : a->number > b->number;
}

static void
write_entry(msgpack_packer *pk, const struct entry *e)
{
	if (e->key_type == MSGPACK_OBJECT_STR)
		pack_strn(pk, e->key, e->key_size);
	else
		must(pk->callback(pk->data, e->key, e->key_size) == 0);
	must(pk->callback(pk->data, e->value, e->value_size) == 0);
}

/* Puts the newer values over the older; gives how many keys are new. */
static uint32_t
overlay(struct entry *old, uint32_t nold, struct entry *new, uint32_t nnew)
{
	uint32_t added = nnew;
	struct entry *found;

	for (uint32_t i = 0; nnew > 0 && i < nold; i++) {
		found = bsearch(&old[i], new, nnew, sizeof(*new), compare_keys);
		if (found == NULL)
			continue;
		old[i].value = found->value;
		old[i].value_size = found->value_size;
		added -= !found->used;
		found->used = true;
	}
	return added;
}

struct value *
value_merge(const struct value *first, const struct value *second)
{
	struct entry *old, *new;
	uint32_t nold, nnew, added;
	msgpack_sbuffer buffer;
	msgpack_packer pk;

	old = map_entries(first, &nold);
	new = map_entries(second, &nnew);
	if (nnew > 0)
		qsort(new, nnew, sizeof(*new), compare_entries);
	nnew = keep_last(new, nnew);
	added = overlay(old, nold, new, nnew);
	if (nnew > 0)
		qsort(new, nnew, sizeof(*new), compare_numbers);
	msgpack_sbuffer_init(&buffer);
	msgpack_packer_init(&pk, &buffer, buffer_write);
	must(msgpack_pack_map(&pk, (size_t)nold + added) == 0);
	for (uint32_t i = 0; i < nold; i++)
		write_entry(&pk, &old[i]);
	for (uint32_t i = 0; i < nnew; i++) {
		if (!new[i].used)
			write_entry(&pk, &new[i]);
	}
	free(old);
	free(new);
	return value_of_buffer(&buffer);
}

struct value *
value_get(const struct value *v, const char *key)
{
	const char *p, *end, *value;
	msgpack_object o, k;

	if (v == NULL)
		return NULL;
	end = v->bytes + v->size;
	p = element_read(v->bytes, end, &o);
	if (p == NULL || o.type != MSGPACK_OBJECT_MAP)
		return NULL;
	for (uint32_t n = o.via.map.size; n > 0; n--) {
		value = element_skip(p, end);
		if (value == NULL || element_read(p, end, &k) == NULL ||
		    (p = element_skip(value, end)) == NULL)
			return NULL;
		if (object_is(&k, key))
			return value_new(value, (size_t)(p - value));
	}
	return NULL;
}

bool
object_is(const msgpack_object *o, const char *s)
{
	size_t n = strlen(s);

	return o->type == MSGPACK_OBJECT_STR && o->via.str.size == n &&
	    memcmp(o->via.str.ptr, s, n) == 0;
}

const msgpack_object *
object_get(const msgpack_object *map, const char *key)
{
	if (map == NULL || map->type != MSGPACK_OBJECT_MAP)
		return NULL;
	for (uint32_t i = 0; i < map->via.map.size; i++) {
		if (object_is(&map->via.map.ptr[i].key, key))
			return &map->via.map.ptr[i].val;
	}
	return NULL;
}
