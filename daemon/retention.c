/* retention: what is kept of what has ended, and for how long */

#include "daemon/retention.h"

#include <sys/queue.h>

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "daemon/core/alloc.h"
#include "daemon/log.h"
#include "daemon/log_files.h"
#include "daemon/loop.h"
#include "daemon/server.h"
#include "libproto/pack.h"

/* Of one turn of the loop: executions, with their families, and files. */
#define EACH_TURN 32
#define FILES_EACH_TURN 64
/* Where nothing can be removed now: when it is tried again. */
#define LATER INT64_C(60000000000)

/* Logs of something that is not durable yet. */
struct doomed {
	STAILQ_ENTRY(doomed) next;
	uint64_t seq;
	uint64_t execution;
	bool whole; /* the execution was deleted */
};
STAILQ_HEAD(doomed_list, doomed);

struct retention {
	struct server *server;
	struct log_files *logs;
	struct doomed_list doomed;
	struct event *timer;
	int64_t logs_wait; /* until then no logs can be removed; 0 */
	uint64_t deleted;  /* executions, by retention, since the start */
	uint64_t stripped; /* whose logs were removed */
};

static bool is_there(void *, uint64_t);
static bool is_stripped(void *, uint64_t);
static bool runs(void *, const struct callout_key *);
static bool stays(void *, const struct callout_key *);
static void on_timer(evutil_socket_t, short, void *);
static void command(struct retention *, struct command *, struct reply *);
static const char *why_delete(const struct retention *, int64_t now);
static bool delete_some(struct retention *, int64_t now);
static const char *
why_remove(const struct retention *, int64_t now, uint64_t *id, int64_t *then);
static bool remove_some(struct retention *, int64_t now);
static bool remove_logs(struct retention *, uint64_t, const char *why);
static void set_timer(struct retention *, int64_t now);
static int64_t sooner(int64_t, int64_t then, int64_t age);

struct retention *
retention_new(struct server *server)
{
	struct retention *r = xcalloc(1, sizeof(*r));
	const struct log_owner owner = {is_there, is_stripped, runs, stays, r};
	char dir[PATH_MAX];

	r->server = server;
	STAILQ_INIT(&r->doomed);
	r->timer = loop_event(server->base, -1, 0, on_timer, server);
	snprintf(dir, sizeof(dir), "%s/logs", server->config->state_dir);
	r->logs = log_files_open(dir, &owner);
	return r;
}

void
retention_free(struct retention *r)
{
	struct doomed *doomed;

	if (r == NULL)
		return;
	while ((doomed = STAILQ_FIRST(&r->doomed)) != NULL) {
		STAILQ_REMOVE_HEAD(&r->doomed, next);
		free(doomed);
	}
	log_files_free(r->logs);
	event_free(r->timer);
	free(r);
}

/* Of what is to come nothing is known: it is nobody's to remove. */
static bool
is_there(void *ctx, uint64_t id)
{
	const struct retention *r = ctx;
	const struct state *state = r->server->state;

	return state_execution(state, id) != NULL ||
	    id >= state->k.next_execution;
}

static bool
is_stripped(void *ctx, uint64_t id)
{
	const struct retention *r = ctx;
	const struct execution *x = state_execution(r->server->state, id);

	return x != NULL && x->k.logs_gone_at != 0;
}

static bool
runs(void *ctx, const struct callout_key *key)
{
	const struct retention *r = ctx;
	const struct attempt *t = state_attempt(r->server->state, key);

	return t != NULL && t->k.open;
}

/* The execution may have been run again since. */
static bool
stays(void *ctx, const struct callout_key *key)
{
	const struct retention *r = ctx;
	const struct state *state = r->server->state;
	const struct execution *x = state_execution(state, key->execution);
	const struct attempt *t = state_attempt(state, key);

	return t != NULL && (t->k.open || t->k.ended_at > x->k.logs_gone_at);
}

static void
on_timer(evutil_socket_t fd, short what, void *ctx)
{
	(void)fd;
	(void)what;
	server_schedule(ctx);
}

void
retention_logged(
    struct retention *r, const struct callout_key *key, uint64_t bytes)
{
	log_files_add(
	    r->logs, key->execution, bytes, clock_now(&r->server->clock));
}

void
retention_event(struct retention *r, const struct event *event)
{
	struct doomed *doomed;

	if (event->type != EVENT_EXECUTION_DELETED &&
	    event->type != EVENT_EXECUTION_LOGS_REMOVED)
		return;
	doomed = xcalloc(1, sizeof(*doomed));
	doomed->seq = event->seq;
	doomed->execution = event->execution;
	doomed->whole = event->type == EVENT_EXECUTION_DELETED;
	STAILQ_INSERT_TAIL(&r->doomed, doomed, next);
}

/* By nobody but the daemon itself. */
static void
command(struct retention *r, struct command *what, struct reply *reply)
{
	static const struct actor daemon = {.role = ROLE_ADMIN};

	what->if_status = -1;
	server_command(r->server, what, &daemon, reply);
	if (reply->error != ERROR_NONE)
		log_error("retention: %s", reply->message);
}

/* The key of weird.conf that the one over first goes by; NULL: it stays. */
static const char *
why_delete(const struct retention *r, int64_t now)
{
	const struct config *config = r->server->config;
	const struct state *state = r->server->state;
	const struct execution *x = TAILQ_FIRST(&state->over);

	if (x == NULL)
		return NULL;
	if (config->retention.executions > 0 &&
	    state->nover > config->retention.executions)
		return "retention.executions";
	if (config->retention.age > 0 &&
	    now - x->over_at >= config->retention.age)
		return "retention.age";
	return NULL;
}

/* Whether there is more. */
static bool
delete_some(struct retention *r, int64_t now)
{
	const struct state *state = r->server->state;
	struct reply reply;
	const char *why;

	for (uint32_t done = 0; done < EACH_TURN; done += reply.deleted) {
		struct command what = {.type = COMMAND_DELETE};

		if ((why = why_delete(r, now)) == NULL)
			return false;
		what.execution = TAILQ_FIRST(&state->over)->k.id;
		what.reason = why;
		command(r, &what, &reply);
		if (reply.error != ERROR_NONE)
			return false;
		r->deleted += reply.deleted;
	}
	return why_delete(r, now) != NULL;
}

static const char *
why_remove(const struct retention *r, int64_t now, uint64_t *id, int64_t *then)
{
	const struct config *config = r->server->config;
	struct log_figures figures;

	if (!log_files_oldest(r->logs, id, then))
		return NULL;
	log_files_figures(r->logs, &figures);
	if (config->retention.logs_age > 0 &&
	    now - *then >= config->retention.logs_age)
		return "retention.logs_age";
	/* Before all are counted the oldest is not known. */
	if (config->retention.logs_size > 0 && !figures.counting &&
	    figures.bytes > (uint64_t)config->retention.logs_size)
		return "retention.logs_size";
	return NULL;
}

/* Those of what goes on count as new: in a minute it is looked again. */
static bool
remove_some(struct retention *r, int64_t now)
{
	const char *why;
	int64_t then;
	uint64_t id;

	if (now < r->logs_wait)
		return false;
	for (unsigned i = 0; i < EACH_TURN; i++) {
		if ((why = why_remove(r, now, &id, &then)) == NULL)
			return false;
		if (then >= now) {
			r->logs_wait = now + LATER;
			return false;
		}
		if (!remove_logs(r, id, why))
			log_files_touch(r->logs, id, now);
	}
	return why_remove(r, now, &id, &then) != NULL;
}

/* False: the execution is not over. */
static bool
remove_logs(struct retention *r, uint64_t id, const char *why)
{
	struct command what = {
	    .type = COMMAND_REMOVE_LOGS, .execution = id, .reason = why};
	const struct execution *x = state_execution(r->server->state, id);
	struct reply reply;

	if (x == NULL || !execution_ended(x->k.status) ||
	    x->open_callouts > 0 || execution_is_to_be_followed(x))
		return false;
	command(r, &what, &reply);
	if (reply.error != ERROR_NONE)
		return false;
	log_files_forget(r->logs, id);
	r->stripped++;
	return true;
}

bool
retention_durable(struct retention *r, uint64_t durable)
{
	struct doomed *doomed;
	bool more = false;

	while ((doomed = STAILQ_FIRST(&r->doomed)) != NULL &&
	    doomed->seq <= durable) {
		if (doomed->whole)
			callouts_forget(r->server->callouts, doomed->execution);
		log_files_remove(r->logs, doomed->execution);
		STAILQ_REMOVE_HEAD(&r->doomed, next);
		free(doomed);
		more = true;
	}
	return more;
}

bool
retention_turn(struct retention *r)
{
	int64_t now = clock_now(&r->server->clock);
	bool more;

	if (r->server->end != SERVER_GOES_ON)
		return false;
	more = delete_some(r, now);
	more = remove_some(r, now) || more;
	more = log_files_work(r->logs, FILES_EACH_TURN) || more;
	if (!more)
		set_timer(r, now);
	return more;
}

/* The sooner of two times; the second one is when what was then is too old. */
static int64_t
sooner(int64_t due, int64_t then, int64_t age)
{
	if (age <= 0)
		return due;
	return due == 0 || then + age < due ? then + age : due;
}

static void
set_timer(struct retention *r, int64_t now)
{
	const struct config *config = r->server->config;
	const struct execution *first = TAILQ_FIRST(&r->server->state->over);
	struct timeval timeout;
	int64_t due = 0, then;
	uint64_t id;

	if (first != NULL)
		due = sooner(due, first->over_at, config->retention.age);
	if (log_files_oldest(r->logs, &id, &then))
		due = sooner(due, then, config->retention.logs_age);
	if (r->logs_wait > now)
		due = sooner(due, now, r->logs_wait - now);
	if (due == 0) {
		event_del(r->timer);
		return;
	}
	due = due > now ? due - now : 0;
	timeout.tv_sec = (time_t)(due / 1000000000);
	timeout.tv_usec = (suseconds_t)(due % 1000000000 / 1000 + 1000);
	loop_add(r->timer, &timeout);
}

void
retention_again(struct retention *r)
{
	r->logs_wait = 0;
	server_schedule(r->server);
}

void
retention_view(const struct retention *r, msgpack_packer *packer)
{
	const struct config *config = r->server->config;
	const struct state *state = r->server->state;
	const struct execution *first = TAILQ_FIRST(&state->over);
	struct log_figures figures;

	log_files_figures(r->logs, &figures);
	msgpack_pack_map(packer, 11);
	pack_key_uint(packer, "executions", state->nover);
	pack_key_int(packer, "executions_max", config->retention.executions);
	if (first != NULL)
		pack_key_int(packer, "oldest", first->over_at);
	else
		pack_key_nil(packer, "oldest");
	pack_key_int(packer, "age_max", config->retention.age);
	pack_key_uint(packer, "deleted", r->deleted);
	pack_key_uint(packer, "logs", figures.executions);
	pack_key_uint(packer, "logs_size", figures.bytes);
	pack_key_int(packer, "logs_size_max", config->retention.logs_size);
	pack_key_int(packer, "logs_age_max", config->retention.logs_age);
	pack_key_uint(packer, "logs_removed", r->stripped);
	pack_key_bool(packer, "counting", figures.counting);
}
