/*
 * server: the daemon as a whole, and the one turn of its loop.  Callbacks of
 * the edges queue work; server_turn.c is the only place that does it.
 */
#ifndef WEIR_SERVER_H
#define WEIR_SERVER_H

#include <event2/event.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "daemon/alarm.h"
#include "daemon/answer.h"
#include "daemon/callout.h"
#include "daemon/clock.h"
#include "daemon/config.h"
#include "daemon/core/core.h"
#include "daemon/journal.h"
#include "daemon/listener.h"
#include "daemon/options.h"
#include "daemon/runner/harden.h"
#include "daemon/saver.h"
#include "daemon/session.h"
#include "daemon/space.h"

struct reloaded;
struct retention;
struct waiters;
struct watch;
struct work;
struct worker;
STAILQ_HEAD(work_list, work);

/* How the daemon ends, in the order of urgency. */
enum server_end {
	SERVER_GOES_ON,
	SERVER_DRAINS, /* when the last callout has ended; none starts */
	SERVER_LEAVES, /* now; callouts go on without it */
};

struct server {
	const struct options *options;
	struct config *config;
	struct event_base *base;
	struct clock clock;
	struct state *state;
	struct journal *journal;
	struct saver saver;
	struct space *space;
	struct callouts *callouts;
	struct listener *listener;
	struct sessions *sessions;
	struct worker *worker; /* for large requests */
	struct answers *answers;
	struct waiters *waiters;
	struct watch *watch;
	struct retention *retention;
	struct work_list work;
	uint64_t *runners; /* those that take work */
	unsigned nrunners;
	bool host_changed; /* the core is to be told of runners and limits */
	bool tick;	   /* the core has work left, or a deadline is due */
	enum server_end end;
	struct harden_limits limits; /* as they were; for commands */
	int64_t started_at;	     /* ns since the epoch */
	struct event *turn;
	struct alarm *deadline; /* of durations */
	struct alarm *until;	/* of what goes by the wall clock */
	struct event *durable;
	struct event *signals[3];
};

/*
 * Opens everything and listens.  Ends the process with a message, and an exit
 * status of weird(8), when something stands in the way.
 */
void server_open(struct server *, const struct options *, struct config *);
/* Until somebody stops it. */
void server_run(struct server *);
/* Callouts go on. */
void server_close(struct server *);

/* Sees to it that a turn comes, after what else the loop has at hand. */
void server_schedule(struct server *);
/* What is wanted of callouts' edges, now that all up to there is durable. */
void server_plan(struct server *, uint64_t durable);
void server_work_free(struct server *);

/* For callbacks: queues an attempt's end. */
void server_callout_ended(
    void *, const struct callout_key *, const struct callout_result *);
/* The work of one turn and what follows from it. */
void server_turn(struct server *);

/*
 * For methods: decides the command for the actor, with everything that follows.
 * The answer must not leave before the state's newest event is durable.
 */
void server_command(
    struct server *, struct command *, const struct actor *, struct reply *);
/* Reads weird.conf again; false: it has errors, and nothing has changed. */
bool server_reload(struct server *, struct reloaded *);
/* Ends the daemon in that way, unless it is ending in a quicker one. */
void server_stop(struct server *, enum server_end);

#endif
