/*
 * event_log: what of the events an operator wants to know, for the log.
 */
#ifndef WEIR_EVENT_LOG_H
#define WEIR_EVENT_LOG_H

#include "daemon/core/event.h"
#include "daemon/core/state.h"

/* Called before the event is applied. */
void event_log(const struct state *, const struct event *);

#endif
