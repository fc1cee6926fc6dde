/* session_turn: whose turn it is, and for how long */

#include <sys/time.h>

#include <stdio.h>

#include "daemon/clock.h"
#include "daemon/loop.h"
#include "daemon/session_parts.h"
#include "libproto/errors.h"

/*
 * How long sessions are served before sockets are looked at again, in ns: so
 * long one that has just sent something may have to wait for others.
 */
#define SERVE_TIME 25000

/* How long one of them is: what it is answered is written in one piece then. */
#define STAY_TIME 10000

static int compare(const struct session *, const struct session *);
static int64_t serve_some(struct session *, int64_t);
static void serve(struct session *);
static void proceed(struct session *, struct session_job *);
static void take_message(struct session *);
static void refuse_message(struct session *, enum scan_result);
static void watch_patience(struct session *, bool);

RB_PROTOTYPE(session_tree, session, ready, compare)
RB_GENERATE(session_tree, session, ready, compare)

static int
compare(const struct session *a, const struct session *b)
{
	if (a->used != b->used)
		return a->used < b->used ? -1 : 1;
	return a->number < b->number ? -1 : a->number > b->number;
}

bool
sessions_serve(struct sessions *all)
{
	struct session *session;
	int64_t now, end;

	if (RB_EMPTY(&all->ready))
		return false;
	now = clock_uptime();
	end = now + SERVE_TIME;
	while ((session = RB_MIN(session_tree, &all->ready)) != NULL &&
	    now < end) {
		session_ref(session);
		all->served = session->used;
		now = serve_some(session, now);
		session_unref(session);
	}
	return session != NULL;
}

/* Comes back with the time. */
static int64_t
serve_some(struct session *session, int64_t now)
{
	int64_t began = now, before;
	unsigned shares;

	do {
		shares = session_process_shares(session->process);
		session_unready(session);
		before = now;
		serve(session);
		now = clock_uptime();
		session->used += (now - before + 1) * shares;
		session_prepare(session);
	} while (session->is_ready && now - began < STAY_TIME);
	return now;
}

static void
serve(struct session *session)
{
	const struct session_handlers *handlers = &session->all->handlers;
	struct session_job *job = session->job;
	const char *message;

	if (job != NULL) {
		proceed(session, job);
		return;
	}
	if (session->message == NULL && session_read(session))
		take_message(session);
	message = session->message;
	if (message == NULL || session->is_full)
		return;
	session->message = NULL;
	handlers->message(
	    handlers->ctx, session, message, session->message_size);
	if (session->fd != -1 && !session->is_ending)
		take_message(session);
}

static void
proceed(struct session *session, struct session_job *job)
{
	/* If it has ended the session, it has ended itself. */
	if (!job->proceed(job) || session->job != job)
		return;
	session->job = NULL;
	job->end(job);
}

void
session_prepare(struct session *session)
{
	struct sessions *all = session->all;
	bool can;

	if (session->fd == -1 || session->is_ending || session->is_ready)
		return;
	session->is_full = session->is_full || session_is_full(session);
	if (session->job != NULL)
		can = !session->job_waits;
	else if (session->message != NULL)
		can = !session->is_full;
	else
		can = session->is_readable;
	if (!can)
		return;
	if (session->used < all->served)
		session->used = all->served;
	RB_INSERT(session_tree, &all->ready, session);
	session->is_ready = true;
	session_process_ready(session->process, true);
}

void
session_unready(struct session *session)
{
	if (!session->is_ready)
		return;
	RB_REMOVE(session_tree, &session->all->ready, session);
	session->is_ready = false;
	session_process_ready(session->process, false);
}

/* Nothing of what was sent is done: the messages before it have been taken. */
static void
refuse_message(struct session *session, enum scan_result result)
{
	char why[128];

	if (result == SCAN_TOO_BIG)
		snprintf(why, sizeof(why), "%s: limits.message is %zu bytes",
		    scan_result_text(result), session->frame.limits.size);
	else
		snprintf(why, sizeof(why), "%s", scan_result_text(result));
	session_drop(session,
	    result == SCAN_INVALID ? ERROR_BAD_REQUEST : ERROR_TOO_LARGE, why,
	    0);
}

static void
take_message(struct session *session)
{
	bool begins = session->message_size > 0;
	enum scan_result result = frame_take(
	    &session->frame, &session->message, &session->message_size);

	if (result == SCAN_COMPLETE) {
		event_del(session->patience);
		return;
	}
	session->message = NULL;
	session->message_size = 0;
	if (result == SCAN_MORE)
		watch_patience(session, begins);
	else
		refuse_message(session, result);
}

/* The time for one message does not begin again with each of its bytes. */
static void
watch_patience(struct session *session, bool begins)
{
	struct timeval timeout = session_timeout(session->all);

	if (frame_pending(&session->frame) == 0)
		event_del(session->patience);
	else if (begins || !event_pending(session->patience, EV_TIMEOUT, NULL))
		loop_add(session->patience, &timeout);
}

struct timeval
session_timeout(const struct sessions *all)
{
	int64_t ns = all->config->limits.idle_timeout;
	struct timeval timeout = {
	    .tv_sec = (time_t)(ns / 1000000000),
	    .tv_usec = (suseconds_t)(ns % 1000000000 / 1000),
	};

	return timeout;
}
