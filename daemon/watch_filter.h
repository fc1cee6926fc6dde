/*
 * watch_filter: which events a watcher gets.
 */
#ifndef WEIR_WATCH_FILTER_H
#define WEIR_WATCH_FILTER_H

#include <msgpack.h>
#include <stdbool.h>
#include <stdint.h>

#include "daemon/core/event.h"

/* What it keeps is its own. */
struct watch_filter {
	bool types[EVENT_TYPES];
	uint64_t *executions; /* in order; NULL: all */
	uint32_t nexecutions;
};

/* Of checked parameters; NULL lets everything through. */
void watch_filter_init(struct watch_filter *, const msgpack_object *executions,
    const msgpack_object *types);
void watch_filter_free(struct watch_filter *);
bool watch_filter_holds(
    const struct watch_filter *, enum event_type, uint64_t execution);
/* Whether any event has a type like this: "task.ended", "task.*". */
bool watch_type_exists(const msgpack_object *);

#endif
