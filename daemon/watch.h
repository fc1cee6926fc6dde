/*
 * watch: who watches the events.  Each watcher has the number of the event
 * that it gets next; what is just becoming durable goes to those that are up
 * to date, and the others read the journal until they are.
 */
#ifndef WEIR_WATCH_H
#define WEIR_WATCH_H

#include <msgpack.h>
#include <stdbool.h>
#include <stdint.h>

#include "daemon/core/event.h"
#include "daemon/session.h"

struct server;
struct watch;

struct watch *watch_new(struct server *);
void watch_free(struct watch *);

/*
 * The session gets each event from the number on, of those executions and
 * types only (checked parameters; NULL: all).  Instead of what it had.
 */
void watch_add(struct watch *, struct session *, uint64_t from,
    const msgpack_object *executions, const msgpack_object *types);
void watch_remove(struct watch *, const struct session *);

/* Told of every event, before it is applied. */
void watch_event(struct watch *, const struct event *);
/*
 * Sends what is durable, or of much the next piece.  True when there is more
 * to send at once.
 */
bool watch_deliver(struct watch *, uint64_t durable);

#endif
