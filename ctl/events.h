/*
 * events: the event stream as lines of text or JSON.
 */
#ifndef WEIR_CTL_EVENTS_H
#define WEIR_CTL_EVENTS_H

#include "ctl/ctl.h"

/* Until Ctrl-C; from: a sequence number, or 0 for now.  The exit status. */
int events_follow(
    struct ctl *, uint64_t from, const uint64_t *executions, size_t n);

#endif
