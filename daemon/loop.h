/*
 * loop: libevent, without the errors that nobody could do anything about.  An
 * event that can't be made or added would never come: the daemon ends instead
 * (71, EX_OSERR), says why, and the next one has everything.
 */
#ifndef WEIR_LOOP_H
#define WEIR_LOOP_H

#include <event2/event.h>

/* Before any other use of libevent: who allocates for it. */
void loop_begin(void);
struct event_base *loop_new(void);
/* As event_new and event_add; a descriptor of -1 is a timer's. */
struct event *loop_event(
    struct event_base *, evutil_socket_t, short, event_callback_fn, void *);
void loop_add(struct event *, const struct timeval *);

#endif
