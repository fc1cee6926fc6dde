/* message_write: the three shapes of MessagePack-RPC, put together. */

#include <stdio.h>
#include <string.h>

#include "libproto/errors.h"
#include "libproto/message.h"

static bool finish(msgpack_sbuffer *, size_t, bool);
static bool put_value(msgpack_sbuffer *, const void *, size_t);
static bool put_params(msgpack_sbuffer *, const void *, size_t);
static bool put_text(msgpack_packer *, const char *);
static bool put_pair(msgpack_packer *, const char *, const char *);
static bool put_error(msgpack_packer *, int, const char *);

bool
message_request(msgpack_sbuffer *buffer, uint32_t id, const char *method,
    const void *params, size_t size)
{
	msgpack_packer packer;
	size_t before = buffer->size;
	bool ok;

	msgpack_packer_init(&packer, buffer, msgpack_sbuffer_write);
	ok = msgpack_pack_array(&packer, 4) == 0 &&
	    msgpack_pack_int(&packer, 0) == 0 &&
	    msgpack_pack_uint32(&packer, id) == 0 &&
	    put_text(&packer, method) && put_params(buffer, params, size);
	return finish(buffer, before, ok);
}

bool
message_response(
    msgpack_sbuffer *buffer, uint32_t id, const void *result, size_t size)
{
	size_t before = buffer->size;
	bool ok;

	ok = message_response_begin(buffer, id) &&
	    put_value(buffer, result, size);
	return finish(buffer, before, ok);
}

bool
message_response_begin(msgpack_sbuffer *buffer, uint32_t id)
{
	msgpack_packer packer;
	size_t before = buffer->size;
	bool ok;

	msgpack_packer_init(&packer, buffer, msgpack_sbuffer_write);
	ok = msgpack_pack_array(&packer, 4) == 0 &&
	    msgpack_pack_int(&packer, 1) == 0 &&
	    msgpack_pack_uint32(&packer, id) == 0 &&
	    msgpack_pack_nil(&packer) == 0;
	return finish(buffer, before, ok);
}

bool
message_error(msgpack_sbuffer *buffer, uint32_t id, int code, const char *text,
    const void *details, size_t size)
{
	msgpack_packer packer;
	size_t before = buffer->size;
	bool ok;

	msgpack_packer_init(&packer, buffer, msgpack_sbuffer_write);
	ok = msgpack_pack_array(&packer, 4) == 0 &&
	    msgpack_pack_int(&packer, 1) == 0 &&
	    msgpack_pack_uint32(&packer, id) == 0 &&
	    put_error(&packer, code, text) &&
	    put_value(buffer, details, size) && msgpack_pack_nil(&packer) == 0;
	return finish(buffer, before, ok);
}

bool
message_error_text(
    msgpack_sbuffer *buffer, uint32_t id, int code, const char *text)
{
	char number[16];
	const char *name = error_name(code);
	msgpack_packer packer;
	size_t before = buffer->size, digits;
	bool ok;

	digits = (size_t)snprintf(number, sizeof(number), "%d ", code);
	msgpack_packer_init(&packer, buffer, msgpack_sbuffer_write);
	ok = msgpack_pack_array(&packer, 4) == 0 &&
	    msgpack_pack_int(&packer, 1) == 0 &&
	    msgpack_pack_uint32(&packer, id) == 0 &&
	    msgpack_pack_str(
		&packer, digits + strlen(name) + 2 + strlen(text)) == 0 &&
	    msgpack_pack_str_body(&packer, number, digits) == 0 &&
	    msgpack_pack_str_body(&packer, name, strlen(name)) == 0 &&
	    msgpack_pack_str_body(&packer, ": ", 2) == 0 &&
	    msgpack_pack_str_body(&packer, text, strlen(text)) == 0 &&
	    msgpack_pack_nil(&packer) == 0;
	return finish(buffer, before, ok);
}

bool
message_notification(msgpack_sbuffer *buffer, const char *method,
    const void *params, size_t size)
{
	msgpack_packer packer;
	size_t before = buffer->size;
	bool ok;

	msgpack_packer_init(&packer, buffer, msgpack_sbuffer_write);
	ok = msgpack_pack_array(&packer, 3) == 0 &&
	    msgpack_pack_int(&packer, 2) == 0 && put_text(&packer, method) &&
	    put_params(buffer, params, size);
	return finish(buffer, before, ok);
}

bool
message_notification_begin(msgpack_sbuffer *buffer, const char *method)
{
	msgpack_packer packer;
	size_t before = buffer->size;
	bool ok;

	msgpack_packer_init(&packer, buffer, msgpack_sbuffer_write);
	ok = msgpack_pack_array(&packer, 3) == 0 &&
	    msgpack_pack_int(&packer, 2) == 0 && put_text(&packer, method) &&
	    msgpack_pack_array(&packer, 1) == 0;
	return finish(buffer, before, ok);
}

/* Takes back what was written of a message that did not fit into memory. */
static bool
finish(msgpack_sbuffer *buffer, size_t before, bool ok)
{
	if (!ok)
		buffer->size = before;
	return ok;
}

static bool
put_value(msgpack_sbuffer *buffer, const void *bytes, size_t size)
{
	static const char nil = (char)0xc0;

	if (size == 0)
		return msgpack_sbuffer_write(buffer, &nil, 1) == 0;
	return msgpack_sbuffer_write(buffer, bytes, size) == 0;
}

static bool
put_params(msgpack_sbuffer *buffer, const void *bytes, size_t size)
{
	static const char none = (char)0x90, one = (char)0x91;

	if (size == 0)
		return msgpack_sbuffer_write(buffer, &none, 1) == 0;
	return msgpack_sbuffer_write(buffer, &one, 1) == 0 &&
	    msgpack_sbuffer_write(buffer, bytes, size) == 0;
}

static bool
put_text(msgpack_packer *packer, const char *text)
{
	size_t size = strlen(text);

	return msgpack_pack_str(packer, size) == 0 &&
	    msgpack_pack_str_body(packer, text, size) == 0;
}

static bool
put_pair(msgpack_packer *packer, const char *key, const char *text)
{
	return put_text(packer, key) && put_text(packer, text);
}

/* All of an error's map but the value of its last key, the details. */
static bool
put_error(msgpack_packer *packer, int code, const char *text)
{
	return msgpack_pack_map(packer, 4) == 0 && put_text(packer, "code") &&
	    msgpack_pack_int(packer, code) == 0 &&
	    put_pair(packer, "name", error_name(code)) &&
	    put_pair(packer, "message", text) && put_text(packer, "details");
}
