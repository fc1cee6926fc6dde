/*
 * listener: the socket that clients connect to.
 */
#ifndef WEIR_LISTENER_H
#define WEIR_LISTENER_H

#include <event2/event.h>
#include <stddef.h>
#include <sys/types.h>

struct listener;

/* Takes over the descriptor, which neither blocks nor survives an exec. */
typedef void listener_accept(void *, int fd);

/*
 * Listens.  A socket that a dead daemon left is replaced, one on which somebody
 * answers is not.  NULL with a sentence in the buffer.
 */
struct listener *listener_open(struct event_base *, const char *path,
    mode_t mode, listener_accept *, void *, char *, size_t);
/* Accepts again, after it was out of descriptors and some were closed. */
void listener_resume(struct listener *);
/* Takes the socket away too. */
void listener_close(struct listener *);

#endif
