/*
 * journal_event: records and chunks as lines of JSON.
 */
#include "ctl/journal_event.h"

#include <msgpack.h>
#include <stdint.h>

#include "ctl/writer.h"
#include "daemon/core/event.h"
#include "daemon/core/event_text.h"
#include "libproto/pack.h"
#include "libproto/scan.h"
#include "libproto/unpack.h"

static void pack_event(
    msgpack_packer *, const struct journal_record *, const struct event *);
static void
pack_held(msgpack_packer *, msgpack_sbuffer *, const msgpack_object *);
static bool print_packed(FILE *, const msgpack_sbuffer *);

bool
journal_event_known(void *ctx, const struct journal_record *record)
{
	(void)ctx;
	return journal_event_print(NULL, record);
}

bool
journal_event_print(FILE *to, const struct journal_record *record)
{
	msgpack_sbuffer buffer;
	msgpack_packer packer;
	msgpack_zone zone;
	struct event event;
	bool known, ok;

	msgpack_zone_init(&zone, 2048);
	ok = known = event_decode(&event, record->bytes, record->size, &zone);
	if (ok && to != NULL) {
		msgpack_sbuffer_init(&buffer);
		msgpack_packer_init(&packer, &buffer, msgpack_sbuffer_write);
		pack_event(&packer, record, &event);
		ok = print_packed(to, &buffer);
		msgpack_sbuffer_destroy(&buffer);
	}
	if (known)
		event_release(&event);
	msgpack_zone_destroy(&zone);
	return ok;
}

static void
pack_event(msgpack_packer *packer, const struct journal_record *record,
    const struct event *event)
{
	char file[JOURNAL_FILE_SIZE];

	journal_segment_file(record->segment, file);
	msgpack_pack_map(packer, 8);
	pack_key_uint(packer, "seq", record->seq);
	pack_key_uint(packer, "batch", record->batch);
	pack_key_str(packer, "file", file);
	pack_key_int(packer, "offset", record->offset);
	pack_key_bool(packer, "ends_group", record->last);
	pack_key_int(packer, "time", event->time);
	pack_key_str(packer, "type", event_name(event->type));
	pack_str(packer, "fields");
	event_pack_fields(event, packer);
}

static bool
print_packed(FILE *to, const msgpack_sbuffer *buffer)
{
	msgpack_object object;
	msgpack_zone zone;
	bool ok;

	msgpack_zone_init(&zone, 2048);
	ok = unpack_value(buffer->data, buffer->size, &zone, &object);
	if (ok)
		json_print_line(to, &object);
	msgpack_zone_destroy(&zone);
	return ok;
}

/* Snapshots hold inputs, outputs and the like as bytes of MessagePack. */
static void
pack_held(msgpack_packer *packer, msgpack_sbuffer *to, const msgpack_object *o)
{
	static const struct scan_limits limits = {
	    SIZE_MAX, SCAN_DEPTH_MAX, UINT32_MAX};
	uint32_t i;

	if (o->type == MSGPACK_OBJECT_ARRAY) {
		msgpack_pack_array(packer, o->via.array.size);
		for (i = 0; i < o->via.array.size; i++)
			pack_held(packer, to, &o->via.array.ptr[i]);
	} else if (o->type == MSGPACK_OBJECT_MAP) {
		msgpack_pack_map(packer, o->via.map.size);
		for (i = 0; i < o->via.map.size; i++) {
			pack_held(packer, to, &o->via.map.ptr[i].key);
			pack_held(packer, to, &o->via.map.ptr[i].val);
		}
	} else if (o->type == MSGPACK_OBJECT_BIN &&
	    scan_is_value(o->via.bin.ptr, o->via.bin.size, &limits)) {
		msgpack_sbuffer_write(to, o->via.bin.ptr, o->via.bin.size);
	} else {
		msgpack_pack_object(packer, *o);
	}
}

bool
journal_chunk_print(FILE *to, const struct journal_chunk *chunk)
{
	char file[JOURNAL_FILE_SIZE];
	msgpack_sbuffer buffer;
	msgpack_packer packer;
	msgpack_object object;
	msgpack_zone zone;
	bool ok;

	msgpack_zone_init(&zone, 2048);
	ok = unpack_value(chunk->bytes, chunk->size, &zone, &object);
	if (ok) {
		journal_snapshot_file(chunk->snapshot, file);
		msgpack_sbuffer_init(&buffer);
		msgpack_packer_init(&packer, &buffer, msgpack_sbuffer_write);
		msgpack_pack_map(&packer, 6);
		pack_key_uint(&packer, "snapshot", chunk->snapshot);
		pack_key_uint(&packer, "chunk", chunk->number);
		pack_key_str(&packer, "file", file);
		pack_key_int(&packer, "offset", chunk->offset);
		pack_key_bool(&packer, "last", chunk->last);
		pack_str(&packer, "holds");
		pack_held(&packer, &buffer, &object);
		ok = print_packed(to, &buffer);
		msgpack_sbuffer_destroy(&buffer);
	}
	msgpack_zone_destroy(&zone);
	return ok;
}
