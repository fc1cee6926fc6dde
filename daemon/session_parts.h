/*
 * session_parts: what the files of session share.  session.c has who comes and
 * goes, session_count.c how many of whom, session_io.c what is read and
 * written, session_turn.c whose turn it is.
 */
#ifndef WEIR_SESSION_PARTS_H
#define WEIR_SESSION_PARTS_H

#include <event2/event.h>
#include <msgpack.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/tree.h>

#include "daemon/session.h"
#include "libproto/frame.h"

#define SESSION_READ_SIZE 16384 /* bytes that are read at a time */

struct session_process; /* whose it is */

struct session {
	TAILQ_ENTRY(session) entry;
	RB_ENTRY(session) ready;     /* in sessions.ready, when is_ready */
	TAILQ_ENTRY(session) unsent; /* in sessions.unsent, when is_unsent */
	struct sessions *all;
	int fd; /* -1: closed */
	unsigned refs;
	unsigned in_flight; /* requests not answered */
	bool is_unsent;
	bool is_ready;
	bool is_full;	  /* is served no more before the client reads */
	bool is_readable; /* something may have come that was not read */
	bool is_ending;	  /* closed once everything is written */
	bool has_text_errors;
	struct peer peer;
	struct session_process *process;
	uint64_t number;
	int64_t used; /* the daemon's time, in ns; see sessions.served */
	struct frame frame;
	const char *message; /* the next one, within the frame; or NULL */
	size_t message_size;
	struct session_job *job;
	bool job_waits;
	size_t held; /* bytes of answers that are not durable */
	struct evbuffer *output;
	struct event *readable;
	struct event *writable; /* its timeout is for clients that don't read */
	struct event *patience; /* while there is half a message */
};
TAILQ_HEAD(session_list, session);
RB_HEAD(session_tree, session);

struct sessions {
	struct event_base *base;
	const struct config *config;
	struct session_handlers handlers;
	struct session_list list;
	struct session_list unsent;
	struct session_tree ready; /* by what they have used */
	struct session_users *users;
	struct recent_peers recent;
	int64_t served; /* what the one that was served last had used */
	uint64_t number;
	int descriptors; /* numbers of clients' descriptors stay below */
	unsigned count;
	char buffer[SESSION_READ_SIZE];
};

/* Lets go of all but the memory that others may still refer to. */
void session_close(struct session *);
void session_pack_dropped(
    msgpack_sbuffer *, int code, const char *message, uint64_t last);

/* session_count.c */
struct session_users *session_users_new(void);
void session_users_free(struct session_users *);
/* One more of the process that is at the socket's other end. */
struct session_process *
session_process_take(struct session_users *, uint32_t uid, int fd);
void session_process_drop(struct session_users *, struct session_process *);
/* One of its sessions has become ready, or is not any more. */
void session_process_ready(struct session_process *, bool);
/*
 * Into how many equal parts its user's time is shared out, of which one is for
 * each of its sessions: users have as much as each other, and so have the
 * processes of one, and the sessions of a process, as far as they are ready.
 */
unsigned session_process_shares(const struct session_process *);
unsigned session_user_count(const struct session_users *, uint32_t uid);

/* session_turn.c: whether it is its turn, with what it has. */
void session_prepare(struct session *);
void session_unready(struct session *);
/* limits.idle_timeout */
struct timeval session_timeout(const struct sessions *);

/* session_io.c: some of what has come; false: it was closed. */
bool session_read(struct session *);
void session_on_readable(evutil_socket_t, short, void *);
void session_on_writable(evutil_socket_t, short, void *);
void session_on_impatient(evutil_socket_t, short, void *);

#endif
