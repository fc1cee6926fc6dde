/*
 * batch: the events that a decision gives, with what they borrow.
 */
#ifndef WEIR_CORE_BATCH_H
#define WEIR_CORE_BATCH_H

#include <stddef.h>
#include <stdint.h>

#include "daemon/core/event.h"
#include "daemon/core/state.h"

struct batch {
	int64_t now; /* ns since the epoch: the time of every event */
	struct event *events;
	size_t n;
	size_t room;
	char **strings; /* lent to events until the batch is emptied */
	size_t nstrings;
};

void batch_init(struct batch *, int64_t now);
void batch_empty(struct batch *); /* drops values and strings */
void batch_free(struct batch *);

/*
 * Copies the strings of all events into the batch: what they borrowed of the
 * state may be replaced when they are applied.
 */
void batch_own_strings(struct batch *);

/* The pointers are good until the next event is added. */
struct event *batch_add(struct batch *, enum event_type);
struct event *
batch_add_execution(struct batch *, enum event_type, const struct execution *);
struct event *
batch_add_run(struct batch *, enum event_type, const struct run *);
struct event *
batch_add_action(struct batch *, enum event_type, const struct action *);

/* Strings that live as long as the batch's events. */
const char *batch_printf(struct batch *, const char *, ...)
    __attribute__((format(printf, 2, 3)));

#endif
