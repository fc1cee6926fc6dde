/* message: the three shapes of MessagePack-RPC, taken apart. */

#include "libproto/message.h"

#include <limits.h>
#include <string.h>

#include "libproto/errors.h"
#include "libproto/header.h"
#include "libproto/unpack.h"

/* The values of a list or map, one after the other. */
struct cursor {
	const char *at;
	const char *end;
	uint64_t left;
};

enum wire_type { WIRE_REQUEST, WIRE_RESPONSE, WIRE_NOTIFICATION };

static bool
open_part(const struct message_part *, enum header_kind, struct cursor *);
static bool next_part(struct cursor *, struct message_part *);
static bool last_part(struct cursor *, struct message_part *);
static bool next_number(struct cursor *, uint64_t *);
static bool part_header(const struct message_part *, struct header *);
static bool part_text(const struct message_part *, const char **, size_t *);
static void drop_nil(struct message_part *);
static bool parse_called(struct cursor *, struct message *, const char **);
static bool parse_response(struct cursor *, struct message *, const char **);
static bool
parse_params(const struct message_part *, struct message *, const char **);
static void error_field(struct message_error *, const struct message_part *,
    const struct message_part *);
static bool text_is(const char *, size_t, const char *);

/* What scan has passed already need not be measured for these again. */
static const struct scan_limits no_limits = {
    SIZE_MAX / 4, SCAN_DEPTH_MAX, UINT32_MAX};

bool
message_parse(
    const void *bytes, size_t size, struct message *message, const char **why)
{
	struct message_part whole = {bytes, size};
	struct cursor cursor;
	uint64_t type;

	memset(message, 0, sizeof(*message));
	*why = "a message is a list whose first element is 0 (request), "
	       "1 (response) or 2 (notification)";
	if (!open_part(&whole, HEADER_ARRAY, &cursor) ||
	    !next_number(&cursor, &type))
		return false;
	switch (type) {
	case WIRE_REQUEST:
		message->kind = MESSAGE_REQUEST;
		return parse_called(&cursor, message, why);
	case WIRE_RESPONSE:
		message->kind = MESSAGE_RESPONSE;
		return parse_response(&cursor, message, why);
	case WIRE_NOTIFICATION:
		message->kind = MESSAGE_NOTIFICATION;
		return parse_called(&cursor, message, why);
	default:
		return false;
	}
}

bool
message_params(
    const struct message *message, msgpack_zone *zone, msgpack_object *params)
{
	if (message->params.size > 0)
		return unpack_value(
		    message->params.bytes, message->params.size, zone, params);
	params->type = MSGPACK_OBJECT_MAP;
	params->via.map.size = 0;
	params->via.map.ptr = NULL;
	return true;
}

void
message_error_parse(const struct message *message, struct message_error *error)
{
	static const char unknown[] = "unknown";
	struct message_part key, value;
	struct cursor cursor;

	*error = (struct message_error){.code = 0};
	if (open_part(&message->error, HEADER_MAP, &cursor))
		while (next_part(&cursor, &key) && next_part(&cursor, &value))
			error_field(error, &key, &value);
	if (error->code > 0 && error->name != NULL && error->text != NULL)
		return;
	if (error->text == NULL &&
	    !part_text(&message->error, &error->text, &error->text_size)) {
		error->text = "the error came without a message";
		error->text_size = strlen(error->text);
	}
	if (error->code <= 0)
		error->code = ERROR_INTERNAL;
	if (error->name == NULL) {
		error->name = unknown;
		error->name_size = sizeof(unknown) - 1;
	}
	error->details = message->error;
}

/* The rest of a request or a notification. */
static bool
parse_called(struct cursor *cursor, struct message *message, const char **why)
{
	struct message_part method, params;
	uint64_t id;

	if (message->kind == MESSAGE_REQUEST) {
		*why = "a request's id is an integer from 0 to 4294967295";
		if (!next_number(cursor, &id) || id > UINT32_MAX)
			return false;
		message->id = (uint32_t)id;
		message->answerable = true;
	}
	*why = "a request is [0, id, method, params], "
	       "a notification [2, method, params]";
	if (cursor->left != 2 || !next_part(cursor, &method) ||
	    !last_part(cursor, &params))
		return false;
	*why = "the method is a string";
	if (!part_text(&method, &message->method, &message->method_size))
		return false;
	return parse_params(&params, message, why);
}

static bool
parse_response(struct cursor *cursor, struct message *message, const char **why)
{
	uint64_t id;

	*why = "a response is [1, id, error, result]";
	if (!next_number(cursor, &id) || id > UINT32_MAX || cursor->left != 2 ||
	    !next_part(cursor, &message->error) ||
	    !last_part(cursor, &message->result))
		return false;
	message->id = (uint32_t)id;
	drop_nil(&message->error);
	drop_nil(&message->result);
	return true;
}

static bool
parse_params(const struct message_part *params, struct message *message,
    const char **why)
{
	struct cursor cursor;
	struct header header;

	*why = "params is a list that holds one map of named parameters, "
	       "or nothing";
	if (!open_part(params, HEADER_ARRAY, &cursor))
		return false;
	if (cursor.left == 0)
		return true;
	if (cursor.left == 1 && last_part(&cursor, &message->params) &&
	    part_header(&message->params, &header) && header.kind == HEADER_MAP)
		return true;
	/* Of a notification that others have made up, these are not ours. */
	message->params.size = 0;
	return message->kind == MESSAGE_NOTIFICATION;
}

/* Takes in one pair of an error's map; a wrong type is as good as no pair. */
static void
error_field(struct message_error *error, const struct message_part *key,
    const struct message_part *value)
{
	struct header header;
	const char *name;
	size_t size;

	if (!part_text(key, &name, &size) || !part_header(value, &header))
		return;
	if (text_is(name, size, "code")) {
		if (header.kind == HEADER_UINT && header.number <= INT_MAX)
			error->code = (int)header.number;
	} else if (text_is(name, size, "name")) {
		(void)part_text(value, &error->name, &error->name_size);
	} else if (text_is(name, size, "message")) {
		(void)part_text(value, &error->text, &error->text_size);
	} else if (text_is(name, size, "details")) {
		error->details = *value;
		drop_nil(&error->details);
	}
}

static bool
open_part(const struct message_part *part, enum header_kind kind,
    struct cursor *cursor)
{
	struct header header;

	if (!part_header(part, &header) || header.kind != kind)
		return false;
	cursor->at = part->bytes + header.size;
	cursor->end = part->bytes + part->size;
	cursor->left = header_children(&header);
	return true;
}

static bool
next_part(struct cursor *cursor, struct message_part *part)
{
	struct scan scan;
	size_t used;

	if (cursor->left == 0)
		return false;
	scan_start(&scan, &no_limits);
	if (scan_next(&scan, cursor->at, (size_t)(cursor->end - cursor->at),
		&used) != SCAN_COMPLETE)
		return false;
	part->bytes = cursor->at;
	part->size = used;
	cursor->at += used;
	cursor->left--;
	return true;
}

/* All that is left: it need not be measured, which takes long where it is much.
 */
static bool
last_part(struct cursor *cursor, struct message_part *part)
{
	if (cursor->left != 1 || cursor->at == cursor->end)
		return false;
	part->bytes = cursor->at;
	part->size = (size_t)(cursor->end - cursor->at);
	cursor->at = cursor->end;
	cursor->left = 0;
	return true;
}

static bool
next_number(struct cursor *cursor, uint64_t *number)
{
	struct message_part part;
	struct header header;

	if (!next_part(cursor, &part) || !part_header(&part, &header) ||
	    (header.kind != HEADER_UINT && header.kind != HEADER_INT) ||
	    (header.kind == HEADER_INT && (int64_t)header.number < 0))
		return false;
	*number = header.number;
	return true;
}

static bool
part_header(const struct message_part *part, struct header *header)
{
	const unsigned char *bytes = (const unsigned char *)part->bytes;

	if (part->size == 0 || header_size(bytes[0]) > part->size)
		return false;
	*header = header_read(bytes);
	return true;
}

/* Text may come as str or, from older libraries, as bin. */
static bool
part_text(const struct message_part *part, const char **text, size_t *size)
{
	struct header header;

	if (!part_header(part, &header) ||
	    (header.kind != HEADER_STR && header.kind != HEADER_BIN) ||
	    header.number > part->size - header.size)
		return false;
	*text = part->bytes + header.size;
	*size = (size_t)header.number;
	return true;
}

static void
drop_nil(struct message_part *part)
{
	struct header header;

	if (part_header(part, &header) && header.kind == HEADER_NIL)
		part->size = 0;
}

static bool
text_is(const char *text, size_t size, const char *word)
{
	return size == strlen(word) && memcmp(text, word, size) == 0;
}
