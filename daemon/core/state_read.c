/* state_read: reading an encoded state, field by field. */

#include "daemon/core/state_read.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "daemon/core/alloc.h"
#include "libproto/scan.h"

static const msgpack_object nil = {.type = MSGPACK_OBJECT_NIL};

static void wrong(const struct fields *, const char *expected);

bool
is_damaged(const struct damage *damage)
{
	return damage->text[0] != '\0';
}

void
damaged(struct damage *damage, const char *fmt, ...)
{
	va_list ap;

	if (is_damaged(damage))
		return;
	va_start(ap, fmt);
	vsnprintf(damage->text, damage->size, fmt, ap);
	va_end(ap);
}

static void
wrong(const struct fields *f, const char *expected)
{
	damaged(f->damage, "%s: %s is expected %u fields before its end",
	    f->what, expected, f->left + 1);
}

void
fields_open(struct fields *f, const msgpack_object *o, uint32_t how_many,
    const char *what, struct damage *damage)
{
	*f = (struct fields){.damage = damage, .what = what};
	if (o->type != MSGPACK_OBJECT_ARRAY) {
		damaged(damage, "%s is not a list", what);
		return;
	}
	if (how_many != 0 && o->via.array.size != how_many) {
		damaged(damage, "%s has %u fields rather than %u", what,
		    o->via.array.size, how_many);
		return;
	}
	f->next = o->via.array.ptr;
	f->left = o->via.array.size;
}

void
fields_take(
    struct fields *f, struct fields *inner, uint32_t how_many, const char *what)
{
	fields_open(inner, take(f), how_many, what, f->damage);
}

const msgpack_object *
take(struct fields *f)
{
	if (f->left == 0)
		return &nil;
	f->left--;
	return f->next++;
}

uint64_t
take_u64(struct fields *f)
{
	const msgpack_object *o = take(f);

	if (o->type == MSGPACK_OBJECT_POSITIVE_INTEGER)
		return o->via.u64;
	wrong(f, "a number");
	return 0;
}

uint32_t
take_u32(struct fields *f)
{
	uint64_t number = take_u64(f);

	if (number <= UINT32_MAX)
		return (uint32_t)number;
	wrong(f, "a number of 32 bits");
	return 0;
}

int64_t
take_i64(struct fields *f)
{
	const msgpack_object *o = take(f);

	if (o->type == MSGPACK_OBJECT_NEGATIVE_INTEGER)
		return o->via.i64;
	if (o->type == MSGPACK_OBJECT_POSITIVE_INTEGER &&
	    o->via.u64 <= INT64_MAX)
		return (int64_t)o->via.u64;
	wrong(f, "a number");
	return 0;
}

int32_t
take_i32(struct fields *f)
{
	int64_t number = take_i64(f);

	if (number >= INT32_MIN && number <= INT32_MAX)
		return (int32_t)number;
	wrong(f, "a number of 32 bits");
	return 0;
}

bool
take_bool(struct fields *f)
{
	const msgpack_object *o = take(f);

	if (o->type == MSGPACK_OBJECT_BOOLEAN)
		return o->via.boolean;
	wrong(f, "true or false");
	return false;
}

uint32_t
take_below(struct fields *f, uint32_t limit, const char *name)
{
	uint32_t number = take_u32(f);

	if (number < limit)
		return number;
	damaged(f->damage, "%s: there is no %s %u", f->what, name, number);
	return 0;
}

char *
take_string(struct fields *f)
{
	const msgpack_object *o = take(f);

	if (o->type == MSGPACK_OBJECT_NIL && !is_damaged(f->damage))
		return NULL;
	if (o->type == MSGPACK_OBJECT_STR &&
	    (o->via.str.size == 0 ||
		memchr(o->via.str.ptr, '\0', o->via.str.size) == NULL))
		return xstrndup(o->via.str.ptr, o->via.str.size);
	wrong(f, "a string");
	return NULL;
}

struct value *
take_value(struct fields *f)
{
	static const struct scan_limits limits = {.size = UINT32_MAX,
	    .depth = SCAN_DEPTH_MAX,
	    .elements = UINT32_MAX};
	const msgpack_object *o = take(f);

	if (o->type == MSGPACK_OBJECT_NIL && !is_damaged(f->damage))
		return NULL;
	if (o->type == MSGPACK_OBJECT_BIN &&
	    scan_is_value(o->via.bin.ptr, o->via.bin.size, &limits))
		return value_new(o->via.bin.ptr, o->via.bin.size);
	wrong(f, "a value");
	return NULL;
}
