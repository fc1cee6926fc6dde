/*
 * follow: the daemon's events as they come, across restarts of the daemon.
 */
#ifndef WEIR_CTL_FOLLOW_H
#define WEIR_CTL_FOLLOW_H

#include <msgpack.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ctl/ctl.h"

#define FOLLOW_PATIENCE 60000 /* ms that a daemon may be gone */

typedef void follow_event(void *, const msgpack_object *event);

struct follow {
	struct ctl *ctl;
	const uint64_t *executions; /* of these only; none: of all */
	size_t nexecutions;
	const char *const *types; /* of these only; NULL: of all */
	size_t ntypes;
	uint64_t next; /* sequence number to go on from; 0: from now */
	follow_event *event;
	void *ctx;
	bool back;	 /* it was gone for a while: what is known may be old */
	bool dropped;	 /* the daemon ended the connection, and said why */
	uint64_t oldest; /* event there is, where next is gone; else 0 */
};

enum follow_result {
	FOLLOW_EVENTS,	    /* some were given to event() */
	FOLLOW_TIMEOUT,	    /* the time is over */
	FOLLOW_INTERRUPTED, /* Ctrl-C */
	FOLLOW_LOST,	    /* the daemon did not come back; it was told */
};

/*
 * Subscribes; 0, or the exit status once the error has been told.  From here on
 * Ctrl-C is an answer of follow_wait.
 */
int follow_start(struct follow *);
/* Waits for events, at most ms milliseconds; -1: for ever. */
enum follow_result follow_wait(struct follow *, int ms);
/* Ctrl-C ends the process again. */
void follow_end(void);

/* Connects again to a daemon that went away; 0 or the exit status. */
int follow_reconnect(struct ctl *);

#endif
