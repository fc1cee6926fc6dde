/* event: the journal's records, made from event.def. */

#include "daemon/core/buffer.h"
#include "daemon/core/event.h"
#include "daemon/core/zone.h"

#include <assert.h>
#include <string.h>

#include "libproto/scan.h"
#include "libproto/unpack.h"

enum kind { U64, U32, I64, I32, STR, VALUE };

struct field {
	enum kind kind;
	size_t offset;
};

static void field_clear(struct event *, const struct field *, unsigned);
static bool
field_empty(const struct event *, const struct event *, const struct field *);
static void
field_pack(const struct event *, const struct field *, msgpack_packer *);
static bool field_unpack(struct event *, const struct field *,
    const msgpack_object *, msgpack_zone *);
static bool
decode_fields(struct event *, const msgpack_object *, msgpack_zone *);

static const struct field fields[EVENT_FIELDS] = {
#define EVENT_FIELD(suffix, member, kind) \
	{kind, offsetof(struct event, member)},
#include "daemon/core/event.def"
#undef EVENT_FIELD
};

static_assert(EVENT_FIELDS <= 64, "the fields of an event are bits");

#define F(suffix) | UINT64_C(1) << EVENT_FIELD_##suffix
static const uint64_t event_fields[EVENT_TYPES] = {
#define EVENT(suffix, name, list) UINT64_C(0) list,
#include "daemon/core/event.def"
#undef EVENT
};
#undef F

static const char *const names[EVENT_TYPES] = {
#define EVENT(suffix, name, list) name,
#include "daemon/core/event.def"
#undef EVENT
};

/* Numbers for which 0 means something. */
static const uint64_t none_fields = UINT64_C(1) << EVENT_FIELD_RUN |
    UINT64_C(1) << EVENT_FIELD_ITEM | UINT64_C(1) << EVENT_FIELD_ATTEMPT |
    UINT64_C(1) << EVENT_FIELD_STATUS | UINT64_C(1) << EVENT_FIELD_PARENT_RUN |
    UINT64_C(1) << EVENT_FIELD_PARENT_ITEM | UINT64_C(1) << EVENT_FIELD_END |
    UINT64_C(1) << EVENT_FIELD_EXIT | UINT64_C(1) << EVENT_FIELD_NEXT |
    UINT64_C(1) << EVENT_FIELD_CAP;

/* Of what was journaled once everything is read, however large. */
static const struct scan_limits record_limits = {
    .size = SIZE_MAX, .depth = SCAN_DEPTH_MAX, .elements = UINT32_MAX};

#define MEMBER(e, f, type) ((type *)(void *)((char *)(e) + (f)->offset))
#define CMEMBER(e, f, type) \
	((const type *)(const void *)((const char *)(e) + (f)->offset))

const char *
event_name(enum event_type type)
{
	return names[type];
}

bool
event_has(enum event_type type, unsigned field)
{
	return event_fields[type] >> field & 1;
}

static void
field_clear(struct event *e, const struct field *f, unsigned number)
{
	bool none = none_fields >> number & 1;

	if (f->kind == U32 && none)
		*MEMBER(e, f, uint32_t) = EVENT_NONE;
	else if (f->kind == I32 && none)
		*MEMBER(e, f, int32_t) = -1;
}

void
event_init(struct event *e, enum event_type type)
{
	memset(e, 0, sizeof(*e));
	e->type = type;
	for (unsigned i = 0; i < EVENT_FIELDS; i++)
		field_clear(e, &fields[i], i);
}

static bool
field_empty(
    const struct event *e, const struct event *blank, const struct field *f)
{
	switch (f->kind) {
	case U64:
	case I64:
		return *CMEMBER(e, f, uint64_t) == *CMEMBER(blank, f, uint64_t);
	case U32:
	case I32:
		return *CMEMBER(e, f, uint32_t) == *CMEMBER(blank, f, uint32_t);
	case STR:
		return *CMEMBER(e, f, char *) == NULL;
	case VALUE:
		return *CMEMBER(e, f, struct value *) == NULL;
	}
	return true;
}

static void
field_pack(const struct event *e, const struct field *f, msgpack_packer *pk)
{
	const char *s;

	switch (f->kind) {
	case U64:
		msgpack_pack_uint64(pk, *CMEMBER(e, f, uint64_t));
		break;
	case U32:
		msgpack_pack_uint32(pk, *CMEMBER(e, f, uint32_t));
		break;
	case I64:
		msgpack_pack_int64(pk, *CMEMBER(e, f, int64_t));
		break;
	case I32:
		msgpack_pack_int32(pk, *CMEMBER(e, f, int32_t));
		break;
	case STR:
		s = *CMEMBER(e, f, char *);
		msgpack_pack_str(pk, strlen(s));
		msgpack_pack_str_body(pk, s, strlen(s));
		break;
	case VALUE:
		value_pack(*CMEMBER(e, f, struct value *), pk);
		break;
	}
}

void
event_encode(const struct event *e, msgpack_sbuffer *buffer)
{
	msgpack_packer pk;
	struct event blank;
	uint64_t present = 0;
	uint32_t n = 0;

	event_init(&blank, e->type);
	for (unsigned i = 0; i < EVENT_FIELDS; i++)
		if (event_has(e->type, i) &&
		    !field_empty(e, &blank, &fields[i])) {
			present |= UINT64_C(1) << i;
			n++;
		}
	msgpack_packer_init(&pk, buffer, buffer_write);
	msgpack_pack_array(&pk, 4);
	msgpack_pack_int(&pk, EVENT_VERSION);
	msgpack_pack_unsigned_int(&pk, e->type);
	msgpack_pack_int64(&pk, e->time);
	msgpack_pack_map(&pk, n);
	for (unsigned i = 0; i < EVENT_FIELDS; i++)
		if (present >> i & 1) {
			msgpack_pack_unsigned_int(&pk, i);
			field_pack(e, &fields[i], &pk);
		}
}

static bool
field_unpack(struct event *e, const struct field *f, const msgpack_object *o,
    msgpack_zone *zone)
{
	bool negative = o->type == MSGPACK_OBJECT_NEGATIVE_INTEGER;
	bool number = negative || o->type == MSGPACK_OBJECT_POSITIVE_INTEGER;
	char *s;

	switch (f->kind) {
	case U64:
	case I64:
		*MEMBER(e, f, uint64_t) = o->via.u64;
		return number;
	case U32:
		*MEMBER(e, f, uint32_t) = (uint32_t)o->via.u64;
		return number && !negative && o->via.u64 <= UINT32_MAX;
	case I32:
		*MEMBER(e, f, int32_t) = (int32_t)o->via.i64;
		return number && o->via.i64 >= INT32_MIN &&
		    o->via.i64 <= INT32_MAX;
	case STR:
		if (o->type != MSGPACK_OBJECT_STR)
			return false;
		s = zone_malloc(zone, o->via.str.size + 1);
		memcpy(s, o->via.str.ptr, o->via.str.size);
		s[o->via.str.size] = '\0';
		*MEMBER(e, f, char *) = s;
		return true;
	case VALUE:
		value_unref(*MEMBER(e, f, struct value *));
		*MEMBER(e, f, struct value *) = value_of_object(o);
		return true;
	}
	return false;
}

static bool
decode_fields(struct event *e, const msgpack_object *map, msgpack_zone *zone)
{
	for (uint32_t i = 0; i < map->via.map.size; i++) {
		const msgpack_object_kv *kv = &map->via.map.ptr[i];

		if (kv->key.type != MSGPACK_OBJECT_POSITIVE_INTEGER ||
		    kv->key.via.u64 >= EVENT_FIELDS ||
		    !event_has(e->type, (unsigned)kv->key.via.u64))
			return false;
		if (!field_unpack(e, &fields[kv->key.via.u64], &kv->val, zone))
			return false;
	}
	return true;
}

bool
event_decode(
    struct event *e, const char *bytes, size_t size, msgpack_zone *zone)
{
	msgpack_object o;
	const msgpack_object *part;

	event_init(e, EVENT_TYPES);
	/* The library's own unpacker gives up at 32 levels. */
	if (!scan_is_value(bytes, size, &record_limits) ||
	    !unpack_value(bytes, size, zone, &o))
		return false;
	if (o.type != MSGPACK_OBJECT_ARRAY || o.via.array.size != 4)
		return false;
	part = o.via.array.ptr;
	if (part[0].type != MSGPACK_OBJECT_POSITIVE_INTEGER ||
	    part[0].via.u64 != EVENT_VERSION ||
	    part[1].type != MSGPACK_OBJECT_POSITIVE_INTEGER ||
	    part[1].via.u64 >= EVENT_TYPES ||
	    part[2].type != MSGPACK_OBJECT_POSITIVE_INTEGER ||
	    part[3].type != MSGPACK_OBJECT_MAP)
		return false;
	event_init(e, (enum event_type)part[1].via.u64);
	e->time = part[2].via.i64;
	if (decode_fields(e, &part[3], zone))
		return true;
	event_release(e);
	return false;
}

void
event_map_strings(
    struct event *e, const char *(*map)(void *, const char *), void *ctx)
{
	for (unsigned i = 0; i < EVENT_FIELDS; i++) {
		const char **s = MEMBER(e, &fields[i], const char *);

		if (fields[i].kind == STR && *s != NULL)
			*s = map(ctx, *s);
	}
}

void
event_release(struct event *e)
{
	for (unsigned i = 0; i < EVENT_FIELDS; i++)
		if (fields[i].kind == VALUE) {
			value_unref(*MEMBER(e, &fields[i], struct value *));
			*MEMBER(e, &fields[i], struct value *) = NULL;
		}
}
