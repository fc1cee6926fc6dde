/*
 * space: whether the disk and the journal have room for new work.  Work that
 * could not be recorded to its end must not begin: for each callout that runs
 * the journal keeps room for the largest ending that it can have, and the file
 * system some for what callouts write.
 *
 * It looks when there is something to do, and every second while there is no
 * room; while there is, nothing wakes it.
 */
#ifndef WEIR_SPACE_H
#define WEIR_SPACE_H

#include <event2/event.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/config.h"
#include "daemon/core/state.h"
#include "daemon/journal.h"

struct space;

struct space_options {
	const struct config *config; /* read again at each look */
	struct journal *journal;
	void (*changed)(void *); /* there is room again: take a look */
	void *ctx;
};

struct space *space_new(struct event_base *, const struct space_options *);
void space_free(struct space *);

/*
 * Looks, at the disk at most once a second.  True when what space_host fills in
 * is not what it was the last time.  held_bytes: what waits for room already.
 */
bool space_look(struct space *, uint32_t open_callouts, uint64_t held_bytes);
/* Fills in unavailable, which holds until the next look, and the bounds. */
void space_host(const struct space *, struct host *);

uint64_t space_room_bytes(const struct space *);

/* For the sums: so many bytes of records were appended, and handed over. */
void space_appended(struct space *, size_t);
void space_committed(struct space *);
/* An attempt was not started because there was no space for what it needs. */
void space_denied(struct space *, const char *why);

#endif
