/*
 * session_parts: what the files of session share.  session.c has who comes and
 * goes, session_io.c what is read and written.
 */
#ifndef WEIR_SESSION_PARTS_H
#define WEIR_SESSION_PARTS_H

#include <event2/event.h>
#include <msgpack.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#include "daemon/session.h"
#include "libproto/frame.h"

#define SESSION_READ_SIZE 65536 /* bytes that are read at a time */

struct session {
	TAILQ_ENTRY(session) entry;
	TAILQ_ENTRY(session) unsent; /* in sessions.unsent, when is_unsent */
	struct sessions *all;
	int fd; /* -1: closed */
	unsigned refs;
	unsigned in_flight; /* requests not answered */
	bool is_unsent;
	bool is_full;	/* reads nothing before the client does */
	bool is_ending; /* closed once everything is written */
	bool has_text_errors;
	struct peer peer;
	struct frame frame;
	struct evbuffer *output;
	struct event *readable;
	struct event *writable; /* its timeout is for clients that don't read */
	struct event *patience; /* while there is half a message */
};
TAILQ_HEAD(session_list, session);

struct sessions {
	struct event_base *base;
	const struct config *config;
	struct session_handlers handlers;
	struct session_list list;
	struct session_list unsent;
	unsigned count;
	char buffer[SESSION_READ_SIZE];
};

/* Lets go of all but the memory that others may still refer to. */
void session_close(struct session *);
void session_pack_dropped(
    msgpack_sbuffer *, int code, const char *message, uint64_t last);

void session_on_readable(evutil_socket_t, short, void *);
void session_on_writable(evutil_socket_t, short, void *);
void session_on_impatient(evutil_socket_t, short, void *);

#endif
