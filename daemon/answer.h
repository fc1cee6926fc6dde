/*
 * answer: what clients are told, held back until all that was decided before
 * is durable.
 */
#ifndef WEIR_ANSWER_H
#define WEIR_ANSWER_H

#include <msgpack.h>
#include <stdint.h>

#include "daemon/core/command.h"
#include "daemon/core/state.h"
#include "daemon/session.h"

/* Whom to answer: a request of a session, which it holds a reference to. */
struct asker {
	struct session *session;
	uint32_t id;
};

struct answers;

struct answers *answers_new(void);
void answers_free(struct answers *);

/*
 * One answer at a time: begin, write one value, end.  It leaves once all up to
 * the sequence number is durable.
 */
msgpack_packer *answer_begin(struct answers *, const struct asker *);
void answer_end(struct answers *, const struct asker *, uint64_t seq);

void answer_error(struct answers *, const struct asker *, uint64_t seq,
    int code, const char *, ...) __attribute__((format(printf, 5, 6)));
/* With details, the bytes of one value; size 0: none. */
void answer_error_details(struct answers *, const struct asker *, uint64_t seq,
    int code, const char *text, const void *details, size_t);

/* Gives to the sessions what may leave now. */
void answers_release(struct answers *, uint64_t durable);

/* Writes an error as a map, for lists of what did not succeed. */
void pack_error(
    msgpack_packer *, int code, const char *text, const void *details, size_t);

#endif
