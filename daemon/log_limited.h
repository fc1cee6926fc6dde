/*
 * log_limited: lines that those may cause whom nobody trusts with the log's
 * disk, within log_limit's bounds.
 */
#ifndef WEIR_LOG_LIMITED_H
#define WEIR_LOG_LIMITED_H

#include <event2/event.h>

#include "daemon/log_limit.h"

/* Before it what is held back is told by log_limited_close alone. */
void log_limited_open(struct event_base *);
/* Tells what is left; also done where the daemon exits over an error. */
void log_limited_close(void);

void log_limited(const struct log_about *, const char *, ...)
    __attribute__((format(printf, 2, 3)));

#endif
