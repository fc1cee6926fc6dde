/* inbox: what a client's connection has sent and has got. */

#include "libproto/inbox.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "libproto/message.h"

/* Copies pieces of a message behind each other, terminated. */
struct copier {
	char *at;
};

static const char *copy_text(struct copier *, const char *, size_t);
static void
copy_body(struct copier *, struct weir_message *, const struct message_part *);
static bool make_room(struct pending *);

bool
pending_add(struct pending *pending, uint32_t id)
{
	if (pending->end == pending->capacity && !make_room(pending))
		return false;
	pending->ids[pending->end++] = id;
	return true;
}

bool
pending_remove(struct pending *pending, uint32_t id)
{
	for (size_t i = pending->start; i < pending->end; i++) {
		if (pending->ids[i] != id)
			continue;
		memmove(&pending->ids[pending->start + 1],
		    &pending->ids[pending->start],
		    (i - pending->start) * sizeof(pending->ids[0]));
		pending->start++;
		return true;
	}
	return false;
}

void
pending_free(struct pending *pending)
{
	free(pending->ids);
}

int
letter_new(const char *bytes, size_t size, struct letter **made)
{
	struct message message;
	struct message_error error = {.code = 0};
	struct letter *letter;
	struct copier copier;
	const struct message_part *body = &message.result;
	const char *why;

	if (!message_parse(bytes, size, &message, &why) ||
	    message.kind == MESSAGE_REQUEST)
		return WEIR_EPROTOCOL;
	if (message.error.size > 0) {
		message_error_parse(&message, &error);
		body = &error.details;
	} else if (message.kind == MESSAGE_NOTIFICATION) {
		body = &message.params;
	}
	letter = calloc(1,
	    sizeof(*letter) + message.method_size + error.name_size +
		error.text_size + body->size + 3);
	if (letter == NULL)
		return WEIR_ESYSTEM;
	copier.at = letter->bytes;
	letter->message.kind = message.kind == MESSAGE_RESPONSE
	    ? WEIR_RESPONSE
	    : WEIR_NOTIFICATION;
	letter->message.msgid = message.id;
	letter->message.error = error.code;
	letter->message.method =
	    copy_text(&copier, message.method, message.method_size);
	letter->message.name = copy_text(&copier, error.name, error.name_size);
	letter->message.text = copy_text(&copier, error.text, error.text_size);
	copy_body(&copier, &letter->message, body);
	*made = letter;
	return WEIR_OK;
}

static const char *
copy_text(struct copier *copier, const char *text, size_t size)
{
	char *copy = copier->at;

	if (text == NULL)
		return NULL;
	memcpy(copy, text, size);
	copy[size] = '\0';
	copier->at += size + 1;
	return copy;
}

static void
copy_body(struct copier *copier, struct weir_message *message,
    const struct message_part *body)
{
	if (body->size == 0)
		return;
	memcpy(copier->at, body->bytes, body->size);
	message->body = copier->at;
	message->size = body->size;
}

/* Moves the ids to the front where half is free, else doubles. */
static bool
make_room(struct pending *pending)
{
	size_t count = pending->end - pending->start;
	size_t capacity = pending->capacity > 0 ? 2 * pending->capacity : 16;
	uint32_t *ids = pending->ids;

	if (pending->start > 0)
		memmove(ids, ids + pending->start, count * sizeof(ids[0]));
	pending->start = 0;
	pending->end = count;
	if (count < pending->capacity / 2)
		return true;
	if (capacity > SIZE_MAX / sizeof(ids[0])) {
		errno = ENOMEM;
		return false;
	}
	ids = realloc(ids, capacity * sizeof(ids[0]));
	if (ids == NULL)
		return false;
	pending->ids = ids;
	pending->capacity = capacity;
	return true;
}
