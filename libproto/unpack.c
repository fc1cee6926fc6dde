/* unpack: decodes MessagePack into msgpack-c's objects. */

#include "libproto/unpack.h"

#include <errno.h>
#include <string.h>

#include "libproto/header.h"
#include "libproto/scan.h"

/* A list or map with values that have not been decoded yet. */
struct level {
	msgpack_object *next; /* of a map: keys and values in turn */
	size_t left;
};

struct unpacker {
	const char *at;
	const char *end;
	msgpack_zone *zone;
	unsigned depth;
	struct level levels[SCAN_DEPTH_MAX];
};

static bool unpack_one(struct unpacker *, msgpack_object *);
static void set_number(msgpack_object *, const struct header *);
static bool
set_body(struct unpacker *, msgpack_object *, const struct header *);
static bool
open_level(struct unpacker *, msgpack_object *, const struct header *);

/* A pair is a key and a value, one behind the other, and nothing else. */
_Static_assert(sizeof(msgpack_object_kv) == 2 * sizeof(msgpack_object),
    "pairs of a map can't be filled as a list of objects");

bool
unpack_value(
    const void *bytes, size_t size, msgpack_zone *zone, msgpack_object *object)
{
	struct unpacker unpacker = {
	    .at = bytes, .end = (const char *)bytes + size, .zone = zone};

	errno = 0;
	if (!unpack_one(&unpacker, object))
		return false;
	while (unpacker.depth > 0) {
		struct level *level = &unpacker.levels[unpacker.depth - 1];

		if (level->left == 0) {
			unpacker.depth--;
			continue;
		}
		level->left--;
		if (!unpack_one(&unpacker, level->next++))
			return false;
	}
	return unpacker.at == unpacker.end;
}

static bool
unpack_one(struct unpacker *unpacker, msgpack_object *object)
{
	struct header header;
	const unsigned char *at = (const unsigned char *)unpacker->at;
	size_t left = (size_t)(unpacker->end - unpacker->at);

	if (left == 0 || header_size(*at) > left)
		return false;
	header = header_read(at);
	unpacker->at += header.size;
	switch (header.kind) {
	case HEADER_INVALID:
		return false;
	case HEADER_ARRAY:
	case HEADER_MAP:
		return open_level(unpacker, object, &header);
	case HEADER_STR:
	case HEADER_BIN:
	case HEADER_EXT:
		return set_body(unpacker, object, &header);
	default:
		set_number(object, &header);
		return true;
	}
}

static void
set_number(msgpack_object *object, const struct header *header)
{
	uint32_t bits = (uint32_t)header->number;
	float single;

	object->type = MSGPACK_OBJECT_NIL;
	switch (header->kind) {
	case HEADER_BOOL:
		object->type = MSGPACK_OBJECT_BOOLEAN;
		object->via.boolean = header->number != 0;
		break;
	case HEADER_FLOAT:
		object->type = MSGPACK_OBJECT_FLOAT32;
		memcpy(&single, &bits, sizeof(single));
		object->via.f64 = (double)single;
		break;
	case HEADER_DOUBLE:
		object->type = MSGPACK_OBJECT_FLOAT64;
		memcpy(&object->via.f64, &header->number, sizeof(double));
		break;
	case HEADER_INT:
		if ((int64_t)header->number < 0) {
			object->type = MSGPACK_OBJECT_NEGATIVE_INTEGER;
			object->via.i64 = (int64_t)header->number;
			break;
		}
		/* FALLTHROUGH */
	case HEADER_UINT:
		object->type = MSGPACK_OBJECT_POSITIVE_INTEGER;
		object->via.u64 = header->number;
		break;
	default:
		break;
	}
}

static bool
set_body(struct unpacker *unpacker, msgpack_object *object,
    const struct header *header)
{
	uint32_t size = (uint32_t)header->number;

	if (header->number > (size_t)(unpacker->end - unpacker->at) ||
	    header->number > UINT32_MAX)
		return false;
	if (header->kind == HEADER_STR) {
		object->type = MSGPACK_OBJECT_STR;
		object->via.str.ptr = unpacker->at;
		object->via.str.size = size;
	} else if (header->kind == HEADER_BIN) {
		object->type = MSGPACK_OBJECT_BIN;
		object->via.bin.ptr = unpacker->at;
		object->via.bin.size = size;
	} else {
		object->type = MSGPACK_OBJECT_EXT;
		object->via.ext.type = (int8_t)*unpacker->at;
		object->via.ext.ptr = unpacker->at + 1;
		object->via.ext.size = size - 1;
	}
	unpacker->at += size;
	return true;
}

static bool
open_level(struct unpacker *unpacker, msgpack_object *object,
    const struct header *header)
{
	uint64_t children = header_children(header);
	msgpack_object *list = NULL;

	if (children > (size_t)(unpacker->end - unpacker->at) ||
	    unpacker->depth == SCAN_DEPTH_MAX)
		return false;
	if (children > 0) {
		list = msgpack_zone_malloc(
		    unpacker->zone, (size_t)children * sizeof(*list));
		if (list == NULL) {
			errno = ENOMEM;
			return false;
		}
	}
	if (header->kind == HEADER_ARRAY) {
		object->type = MSGPACK_OBJECT_ARRAY;
		object->via.array.size = (uint32_t)header->number;
		object->via.array.ptr = list;
	} else {
		object->type = MSGPACK_OBJECT_MAP;
		object->via.map.size = (uint32_t)header->number;
		object->via.map.ptr = (msgpack_object_kv *)(void *)list;
	}
	unpacker->levels[unpacker->depth++] =
	    (struct level){list, (size_t)children};
	return true;
}
