/*
 * message: the three shapes of MessagePack-RPC, taken apart and put together.
 * Taking apart works on the bytes and allocates nothing; only the parameters
 * of a request become objects, when they are asked for.
 *
 * Needs msgpack-c.
 */
#ifndef WEIR_MESSAGE_H
#define WEIR_MESSAGE_H

#include <msgpack.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libproto/scan.h"

/* The limits that weird has unless weird.conf gives others. */
#define MESSAGE_SIZE_MAX (1024 * 1024)
#define MESSAGE_DEPTH_MAX 64
#define MESSAGE_ELEMENTS_MAX 131072

enum message_kind { MESSAGE_REQUEST, MESSAGE_RESPONSE, MESSAGE_NOTIFICATION };

/* The bytes of one value, within those of the message. */
struct message_part {
	const char *bytes;
	size_t size; /* 0: there is none, or it is nil */
};

struct message {
	enum message_kind kind;
	bool answerable; /* a request whose id is known, even where refused */
	uint32_t id;	 /* of requests and responses */
	const char *method; /* of requests and notifications; not terminated */
	size_t method_size;
	struct message_part params; /* what params holds: a map, or nothing */
	struct message_part error;  /* of a response */
	struct message_part result;
};

/* A response's error, as this protocol has it. */
struct message_error {
	int code;
	const char *name; /* not terminated, nor is text */
	size_t name_size;
	const char *text;
	size_t text_size;
	struct message_part details;
};

/*
 * Takes a message apart.  The bytes must be one value that scan has passed;
 * the parts point into them.  False with a sentence (a constant) when it is no
 * message.
 */
bool message_parse(const void *, size_t, struct message *, const char **why);
/*
 * The parameters as a map, an empty one where there are none.  False only
 * without memory.
 */
bool
message_params(const struct message *, msgpack_zone *, msgpack_object *params);
/*
 * Reads a response's error.  One of another shape, such as a plain string,
 * becomes "unknown" with that text, code ERROR_INTERNAL, and itself as details.
 */
void message_error_parse(const struct message *, struct message_error *);

/*
 * Writing.  Parameters, results and details are the bytes of one value; of size
 * 0: nothing (params []), or nil.  False without memory; what is in the buffer
 * is then as it was before.
 */
bool message_request(msgpack_sbuffer *, uint32_t id, const char *method,
    const void *params, size_t);
bool
message_response(msgpack_sbuffer *, uint32_t id, const void *result, size_t);
bool message_error(msgpack_sbuffer *, uint32_t id, int code, const char *text,
    const void *details, size_t);
/* The same as one string, "409 state_conflict: it has ended". */
bool
message_error_text(msgpack_sbuffer *, uint32_t id, int code, const char *text);
bool message_notification(
    msgpack_sbuffer *, const char *method, const void *params, size_t);

/*
 * Writes a response, or a notification, up to the place where one value must
 * follow: the result, or the map of parameters.
 */
bool message_response_begin(msgpack_sbuffer *, uint32_t id);
bool message_notification_begin(msgpack_sbuffer *, const char *method);

#endif
