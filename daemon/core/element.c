/* element: reading MessagePack where it lies, one element after another. */

#include "daemon/core/element.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* How the elements whose first byte is 0xc0 to 0xdf are built. */
struct layout {
	msgpack_object_type type;
	uint8_t bytes; /* that follow the first and hold the number or size */
	bool is_signed;
	int8_t fixed; /* bool: its value; fixext: its size */
};

static const struct layout layouts[32] = {
    {MSGPACK_OBJECT_NIL, 0, false, -1}, /* 0xc0 */
    {MSGPACK_OBJECT_NIL, 0, false, 0},	/* never used: refused below */
    {MSGPACK_OBJECT_BOOLEAN, 0, false, 0},
    {MSGPACK_OBJECT_BOOLEAN, 0, false, 1},
    {MSGPACK_OBJECT_BIN, 1, false, -1},
    {MSGPACK_OBJECT_BIN, 2, false, -1},
    {MSGPACK_OBJECT_BIN, 4, false, -1},
    {MSGPACK_OBJECT_EXT, 1, false, -1},
    {MSGPACK_OBJECT_EXT, 2, false, -1},
    {MSGPACK_OBJECT_EXT, 4, false, -1},
    {MSGPACK_OBJECT_FLOAT32, 4, false, -1},
    {MSGPACK_OBJECT_FLOAT64, 8, false, -1},
    {MSGPACK_OBJECT_POSITIVE_INTEGER, 1, false, -1},
    {MSGPACK_OBJECT_POSITIVE_INTEGER, 2, false, -1},
    {MSGPACK_OBJECT_POSITIVE_INTEGER, 4, false, -1},
    {MSGPACK_OBJECT_POSITIVE_INTEGER, 8, false, -1},
    {MSGPACK_OBJECT_POSITIVE_INTEGER, 1, true, -1}, /* 0xd0 */
    {MSGPACK_OBJECT_POSITIVE_INTEGER, 2, true, -1},
    {MSGPACK_OBJECT_POSITIVE_INTEGER, 4, true, -1},
    {MSGPACK_OBJECT_POSITIVE_INTEGER, 8, true, -1},
    {MSGPACK_OBJECT_EXT, 0, false, 1},
    {MSGPACK_OBJECT_EXT, 0, false, 2},
    {MSGPACK_OBJECT_EXT, 0, false, 4},
    {MSGPACK_OBJECT_EXT, 0, false, 8},
    {MSGPACK_OBJECT_EXT, 0, false, 16},
    {MSGPACK_OBJECT_STR, 1, false, -1},
    {MSGPACK_OBJECT_STR, 2, false, -1},
    {MSGPACK_OBJECT_STR, 4, false, -1},
    {MSGPACK_OBJECT_ARRAY, 2, false, -1},
    {MSGPACK_OBJECT_ARRAY, 4, false, -1},
    {MSGPACK_OBJECT_MAP, 2, false, -1},
    {MSGPACK_OBJECT_MAP, 4, false, -1},
};

static uint64_t big_endian(const char *, size_t);
static bool read_fix(uint8_t, msgpack_object *, uint64_t *);
static void set_signed(msgpack_object *, uint64_t, size_t);
static void set_float(msgpack_object *, uint64_t);
static const char *
set_bytes(msgpack_object *, const char *, const char *, uint64_t);
static const char *
set_sized(msgpack_object *, const char *, const char *, uint64_t);

static uint64_t
big_endian(const char *p, size_t n)
{
	uint64_t number = 0;

	for (size_t i = 0; i < n; i++)
		number = number << 8 | (uint8_t)p[i];
	return number;
}

static void
set_signed(msgpack_object *o, uint64_t bits, size_t n)
{
	uint64_t sign = (uint64_t)1 << (n * 8 - 1);
	int64_t number;

	bits = (bits ^ sign) - sign;
	memcpy(&number, &bits, sizeof(number));
	if (number < 0) {
		o->type = MSGPACK_OBJECT_NEGATIVE_INTEGER;
		o->via.i64 = number;
	} else {
		o->via.u64 = bits;
	}
}

static void
set_float(msgpack_object *o, uint64_t bits)
{
	uint32_t half = (uint32_t)bits;
	float single;

	if (o->type == MSGPACK_OBJECT_FLOAT32) {
		memcpy(&single, &half, sizeof(single));
		o->via.f64 = (double)single;
	} else {
		memcpy(&o->via.f64, &bits, sizeof(bits));
	}
}

/* What str, bin and ext have behind their size. */
static const char *
set_bytes(msgpack_object *o, const char *p, const char *end, uint64_t size)
{
	if (o->type == MSGPACK_OBJECT_EXT) {
		if (p == end)
			return NULL;
		o->via.ext.type = (int8_t)*p++;
	}
	if (size > (uint64_t)(end - p))
		return NULL;
	switch (o->type) {
	case MSGPACK_OBJECT_EXT:
		o->via.ext.size = (uint32_t)size;
		o->via.ext.ptr = p;
		break;
	case MSGPACK_OBJECT_BIN:
		o->via.bin.size = (uint32_t)size;
		o->via.bin.ptr = p;
		break;
	default:
		o->via.str.size = (uint32_t)size;
		o->via.str.ptr = p;
		break;
	}
	return p + size;
}

static const char *
set_sized(msgpack_object *o, const char *p, const char *end, uint64_t size)
{
	/* Each entry takes a byte at least: a size past that is a lie. */
	switch (o->type) {
	case MSGPACK_OBJECT_ARRAY:
		o->via.array.size = (uint32_t)size;
		o->via.array.ptr = NULL;
		return size > (uint64_t)(end - p) ? NULL : p;
	case MSGPACK_OBJECT_MAP:
		o->via.map.size = (uint32_t)size;
		o->via.map.ptr = NULL;
		return size * 2 > (uint64_t)(end - p) ? NULL : p;
	default:
		return set_bytes(o, p, end, size);
	}
}

static bool
read_fix(uint8_t first, msgpack_object *o, uint64_t *size)
{
	*size = UINT64_MAX; /* a number: no size */
	if (first < 0x80) {
		o->type = MSGPACK_OBJECT_POSITIVE_INTEGER;
		o->via.u64 = first;
	} else if (first >= 0xe0) {
		o->type = MSGPACK_OBJECT_NEGATIVE_INTEGER;
		o->via.i64 = (int64_t)first - 256;
	} else if (first < 0x90) {
		o->type = MSGPACK_OBJECT_MAP;
		*size = first & 0x0f;
	} else if (first < 0xa0) {
		o->type = MSGPACK_OBJECT_ARRAY;
		*size = first & 0x0f;
	} else if (first < 0xc0) {
		o->type = MSGPACK_OBJECT_STR;
		*size = first & 0x1f;
	} else {
		return false;
	}
	return true;
}

const char *
element_read(const char *p, const char *end, msgpack_object *o)
{
	const struct layout *layout;
	uint64_t number;
	uint8_t first;

	if (p == end)
		return NULL;
	first = (uint8_t)*p++;
	if (read_fix(first, o, &number))
		return number == UINT64_MAX ? p : set_sized(o, p, end, number);
	if (first == 0xc1)
		return NULL;
	layout = &layouts[first - 0xc0];
	if (layout->bytes > end - p)
		return NULL;
	o->type = layout->type;
	number = big_endian(p, layout->bytes);
	p += layout->bytes;
	switch (layout->type) {
	case MSGPACK_OBJECT_NIL:
		return p;
	case MSGPACK_OBJECT_BOOLEAN:
		o->via.boolean = layout->fixed == 1;
		return p;
	case MSGPACK_OBJECT_POSITIVE_INTEGER:
		if (layout->is_signed)
			set_signed(o, number, layout->bytes);
		else
			o->via.u64 = number;
		return p;
	case MSGPACK_OBJECT_FLOAT32:
	case MSGPACK_OBJECT_FLOAT64:
		set_float(o, number);
		return p;
	default:
		return set_sized(o, p, end,
		    layout->fixed >= 0 ? (uint64_t)layout->fixed : number);
	}
}

const char *
element_skip_counted(const char *p, const char *end, uint64_t *count)
{
	msgpack_object o;
	uint64_t left = 1;

	for (; left > 0; left--) {
		p = element_read(p, end, &o);
		if (p == NULL)
			return NULL;
		++*count;
		if (o.type == MSGPACK_OBJECT_ARRAY)
			left += o.via.array.size;
		else if (o.type == MSGPACK_OBJECT_MAP)
			left += (uint64_t)o.via.map.size * 2;
	}
	return p;
}

const char *
element_skip(const char *p, const char *end)
{
	uint64_t count = 0;

	return element_skip_counted(p, end, &count);
}
