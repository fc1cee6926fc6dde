/* answer: answers, held until they are true for ever */

#include <sys/queue.h>

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/answer.h"
#include "daemon/core/alloc.h"
#include "daemon/core/buffer.h"
#include "libproto/errors.h"
#include "libproto/message.h"
#include "libproto/pack.h"
#include "libproto/utf8.h"

/* A buffer that has grown beyond this is given back. */
#define BUFFER_KEEP 65536

struct held {
	STAILQ_ENTRY(held) entry;
	struct session *session;
	uint64_t seq;
	size_t size;
	char *bytes;
};
STAILQ_HEAD(held_list, held);

/* seq never decreases along the list, so that it is released in order. */
struct answers {
	struct held_list held;
	uint64_t durable;
	msgpack_sbuffer buffer; /* the answer that is being written */
	msgpack_packer packer;
};

static void hold(struct answers *, struct session *, uint64_t);
static void leave(struct session *, const void *, size_t);

struct answers *
answers_new(void)
{
	struct answers *answers = xcalloc(1, sizeof(*answers));

	STAILQ_INIT(&answers->held);
	msgpack_sbuffer_init(&answers->buffer);
	return answers;
}

void
answers_free(struct answers *answers)
{
	struct held *held;

	if (answers == NULL)
		return;
	while ((held = STAILQ_FIRST(&answers->held)) != NULL) {
		STAILQ_REMOVE_HEAD(&answers->held, entry);
		session_unref(held->session);
		free(held->bytes);
		free(held);
	}
	msgpack_sbuffer_destroy(&answers->buffer);
	free(answers);
}

msgpack_packer *
answer_begin(struct answers *answers, const struct asker *asker)
{
	if (answers->buffer.alloc > BUFFER_KEEP) {
		msgpack_sbuffer_destroy(&answers->buffer);
		msgpack_sbuffer_init(&answers->buffer);
	}
	msgpack_sbuffer_clear(&answers->buffer);
	if (!message_response_begin(&answers->buffer, asker->id))
		out_of_memory();
	msgpack_packer_init(&answers->packer, &answers->buffer, buffer_write);
	return &answers->packer;
}

void
answer_end(struct answers *answers, const struct asker *asker, uint64_t seq)
{
	if (seq <= answers->durable)
		leave(
		    asker->session, answers->buffer.data, answers->buffer.size);
	else
		hold(answers, asker->session, seq);
}

/*
 * Takes what is in the buffer, or a copy where the buffer has much more room:
 * there may be very many, and what is counted is their size.
 */
static void
hold(struct answers *answers, struct session *session, uint64_t seq)
{
	struct held *held = xmalloc(sizeof(*held));
	msgpack_sbuffer *buffer = &answers->buffer;

	held->session = session_ref(session);
	held->seq = seq;
	held->size = buffer->size;
	if (buffer->alloc / 2 > buffer->size) {
		held->bytes = xmalloc(buffer->size);
		memcpy(held->bytes, buffer->data, buffer->size);
	} else
		held->bytes = msgpack_sbuffer_release(buffer);
	session_hold(session, held->size + sizeof(*held));
	STAILQ_INSERT_TAIL(&answers->held, held, entry);
}

static void
leave(struct session *session, const void *bytes, size_t size)
{
	session_send(session, bytes, size);
	session_answered(session);
}

void
answer_error(struct answers *answers, const struct asker *asker, uint64_t seq,
    int code, const char *format, ...)
{
	char text[512];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	utf8_mend(text);
	answer_error_details(answers, asker, seq, code, text, NULL, 0);
}

void
answer_error_details(struct answers *answers, const struct asker *asker,
    uint64_t seq, int code, const char *text, const void *details, size_t size)
{
	msgpack_sbuffer *buffer = &answers->buffer;
	bool ok;

	msgpack_sbuffer_clear(buffer);
	if (session_has_text_errors(asker->session))
		ok = message_error_text(buffer, asker->id, code, text);
	else
		ok =
		    message_error(buffer, asker->id, code, text, details, size);
	if (!ok)
		out_of_memory();
	answer_end(answers, asker, seq);
}

void
answers_release(struct answers *answers, uint64_t durable)
{
	struct held *held;

	answers->durable = durable;
	while ((held = STAILQ_FIRST(&answers->held)) != NULL &&
	    held->seq <= durable) {
		STAILQ_REMOVE_HEAD(&answers->held, entry);
		session_release(held->session, held->size + sizeof(*held));
		leave(held->session, held->bytes, held->size);
		session_unref(held->session);
		free(held->bytes);
		free(held);
	}
}

void
pack_error(msgpack_packer *packer, int code, const char *text,
    const void *details, size_t size)
{
	msgpack_pack_map(packer, 4);
	pack_key_int(packer, "code", code);
	pack_key_str(packer, "name", error_name(code));
	pack_key_str(packer, "message", text);
	pack_str(packer, "details");
	if (size > 0)
		msgpack_pack_bin_body(packer, details, size);
	else
		msgpack_pack_nil(packer);
}
