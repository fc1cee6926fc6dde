/*
 * event_check: whether an event can have happened in a state.  What decide has
 * made always can; a record of a journal is believed only after this, for
 * apply does not look.
 */
#ifndef WEIR_CORE_EVENT_CHECK_H
#define WEIR_CORE_EVENT_CHECK_H

#include <stdbool.h>

#include "daemon/core/event.h"
#include "daemon/core/state.h"

bool event_can_be(const struct state *, const struct event *);

#endif
