/*
 * inbox: what a client's connection has sent and has got: the requests that
 * wait for their answers, and the messages that nobody has asked for yet.
 *
 * Needs weir.h, <sys/queue.h>.
 */
#ifndef WEIR_INBOX_H
#define WEIR_INBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "libproto/weir.h"

/* One message, with all that it points to. */
struct letter {
	TAILQ_ENTRY(letter) link;
	struct weir_message message;
	char bytes[];
};

TAILQ_HEAD(letters, letter);

/* Ids that wait for an answer, mostly in the order in which answers come. */
struct pending {
	uint32_t *ids;
	size_t start;
	size_t end;
	size_t capacity;
};

/* False without memory. */
bool pending_add(struct pending *, uint32_t id);
/* Whether the id was waiting; it no longer is. */
bool pending_remove(struct pending *, uint32_t id);
void pending_free(struct pending *);

/*
 * Makes a letter of a message's bytes: WEIR_OK; WEIR_EPROTOCOL where they are
 * none (a request is none either); WEIR_ESYSTEM without memory.
 */
int letter_new(const char *bytes, size_t size, struct letter **);

#endif
