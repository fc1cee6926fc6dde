/*
 * session: one client's connection: what it sends, taken apart into messages,
 * and what it is sent.
 */
#ifndef WEIR_SESSION_H
#define WEIR_SESSION_H

#include <event2/event.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/actor.h"
#include "daemon/config.h"

struct session;
struct sessions; /* all of them */

/* message is called by sessions_serve, the others by the loop. */
struct session_handlers {
	/* One whole message; the bytes are good until it returns. */
	void (*message)(void *, struct session *, const char *, size_t);
	/* Somebody waits to be served. */
	void (*ready)(void *);
	/* It has read (almost) all that it was sent. */
	void (*drained)(void *, struct session *);
	void (*closed)(void *, struct session *);
	void *ctx;
};

/* The configuration must outlive them; it may change. */
struct sessions *sessions_new(struct event_base *, const struct config *,
    const struct session_handlers *);
/* Writes what can be written at once, and ends all. */
void sessions_free(struct sessions *);
/* Takes over the descriptor of a new client, or sends it away. */
void sessions_accept(struct sessions *, int fd);
/*
 * Serves those who have sent something, for a moment and in fairness: whose
 * turn it is has used up the least of the daemon's time, and one that was idle
 * has used no less than those who are served.  A user with many processes, or a
 * process with many sessions, has no more of it.  True when some are left
 * waiting.
 */
bool sessions_serve(struct sessions *);
/* Writes some of what session_send has gathered; true when more can be. */
bool sessions_flush(struct sessions *);
/* Gives the roles anew, after the configuration has changed. */
void sessions_assign(struct sessions *);
unsigned sessions_count(const struct sessions *);

/*
 * What a message has begun and is too long for one turn; part of what its owner
 * needs for it.
 */
struct session_job {
	/* The next piece, by sessions_serve.  True: that was the last. */
	bool (*proceed)(struct session_job *);
	/* It is over, or its session is: whoever owns it lets go of it. */
	void (*end)(struct session_job *);
};

struct session *session_ref(struct session *);
void session_unref(struct session *);
const struct actor *session_actor(const struct session *);
bool session_is_open(const struct session *);

/* How it wants errors: as maps, or as strings. */
void session_set_text_errors(struct session *, bool);
bool session_has_text_errors(const struct session *);
/* Counts a request in flight; false when it is one too many. */
bool session_admit(struct session *);
void session_answered(struct session *);

/* From within message.  Until it is over the session's other messages wait. */
void session_set_job(struct session *, struct session_job *);
/* It does not proceed as long as it waits for something else. */
void session_job_waits(struct session *, bool);
/* Counts time that was spent for it outside of sessions_serve; ns. */
void session_charge(struct session *, int64_t);

/* Bytes of answers that are held back for it, more or less by so many. */
void session_hold(struct session *, size_t);
void session_release(struct session *, size_t);
/* Whether so much waits for it to read that it is to be sent no more. */
bool session_is_full(const struct session *);
/* Requests that are not answered. */
unsigned session_in_flight(const struct session *);

/* Queues a whole message; of a closed session nothing comes of it. */
void session_send(struct session *, const void *, size_t);
/* Bytes that the client has not read. */
size_t session_backlog(const struct session *);
/*
 * Ends the session for a reason: the client gets the notification "dropped",
 * {code, name, message, last}, behind what it was sent before.  last is the
 * newest event that it was sent; 0: none.
 */
void
session_drop(struct session *, int code, const char *message, uint64_t last);

#endif
