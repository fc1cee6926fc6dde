/*
 * journal_event: what stands in a journal, as objects for JSON.
 */
#ifndef WEIR_CTL_JOURNAL_EVENT_H
#define WEIR_CTL_JOURNAL_EVENT_H

#include <stdbool.h>
#include <stdio.h>

#include "daemon/journal_check.h"

/* Whether it is an event that this version knows; a reader without a ctx. */
bool journal_event_known(void *, const struct journal_record *);
/* Writes a line of JSON; false when it is none. */
bool journal_event_print(FILE *, const struct journal_record *);
/* The same of a chunk; false when it is no MessagePack, as all are. */
bool journal_chunk_print(FILE *, const struct journal_chunk *);

#endif
