/*
 * retention: what has ended is deleted, and logs are removed, as weird.conf
 * says; and the logs of what was deleted, by whomever.
 */
#ifndef WEIR_RETENTION_H
#define WEIR_RETENTION_H

#include <msgpack.h>
#include <stdbool.h>
#include <stdint.h>

#include "daemon/core/event.h"
#include "daemon/core/outcome.h"

struct retention;
struct server;

struct retention *retention_new(struct server *);
void retention_free(struct retention *);
/* The callouts' logged(). */
void retention_logged(
    struct retention *, const struct callout_key *, uint64_t bytes);
/* Told of every event. */
void retention_event(struct retention *, const struct event *);
/*
 * A little of what is to be done, before the turn's events are written.  True
 * when there is more to do at once.
 */
bool retention_turn(struct retention *);
/*
 * Takes up what is durable by now: the logs of what has been deleted.  True
 * when there is something to do at once.
 */
bool retention_durable(struct retention *, uint64_t durable);
/* The configuration may have changed. */
void retention_again(struct retention *);
/* Its map in engine.status. */
void retention_view(const struct retention *, msgpack_packer *);

#endif
