/*
 * event_text: an event in names and words, for whoever has the event alone and
 * no state that it belongs to.
 */
#ifndef WEIR_CORE_EVENT_TEXT_H
#define WEIR_CORE_EVENT_TEXT_H

#include <msgpack.h>

#include "daemon/core/event.h"
#include "daemon/core/state.h"

const char *workflow_status_name(enum workflow_status);
/* Who holds an execution; NULL: nobody. */
const char *hold_name(enum hold_by);
/* What the event's status means; NULL: it has none, or none that there is. */
const char *event_status_name(const struct event *);

/*
 * Writes a map of all fields that have something in them, named as the
 * notification "event" names them, and values as they are.
 */
void event_pack_fields(const struct event *, msgpack_packer *);

#endif
