/* server_turn: the one turn of the loop */

#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "daemon/core/alloc.h"
#include "daemon/event_log.h"
#include "daemon/log.h"
#include "daemon/loop.h"
#include "daemon/retention.h"
#include "daemon/runner/coverage.h"
#include "daemon/server.h"
#include "daemon/waiters.h"
#include "daemon/watch.h"
#include "libproto/errors.h"

/* The end of an attempt. */
struct work {
	STAILQ_ENTRY(work) entry;
	struct callout_key callout;
	struct callout_result result;
	char *reason;
	char *output_error;
};

static void do_work(struct server *, struct work *);
static void free_work(struct work *);
static void step(struct server *, struct command *, struct reply *);
static void on_event(void *, const struct event *, const char *, size_t, bool);
static void look_for_space(struct server *);
static void tell_host(struct server *);
static void collect(struct server *);
static void set_deadline(struct server *);
static void consider_end(struct server *);

void
server_schedule(struct server *server)
{
	event_active(server->turn, EV_TIMEOUT, 0);
}

void
server_callout_ended(void *ctx, const struct callout_key *key,
    const struct callout_result *result)
{
	struct server *server = ctx;
	struct work *work = xcalloc(1, sizeof(*work));

	if (result->end == CALLOUT_NO_SPACE)
		space_denied(server->space, result->reason);
	work->callout = *key;
	work->result = *result;
	if (result->reason != NULL)
		work->reason = xstrdup(result->reason);
	if (result->output_error != NULL)
		work->output_error = xstrdup(result->output_error);
	work->result.reason = work->reason;
	work->result.output_error = work->output_error;
	value_ref(result->output);
	STAILQ_INSERT_TAIL(&server->work, work, entry);
	server_schedule(server);
}

static void
free_work(struct work *work)
{
	value_unref(work->result.output);
	free(work->reason);
	free(work->output_error);
	free(work);
}

void
server_work_free(struct server *server)
{
	struct work *work;

	while ((work = STAILQ_FIRST(&server->work)) != NULL) {
		STAILQ_REMOVE_HEAD(&server->work, entry);
		free_work(work);
	}
}

void
server_turn(struct server *server)
{
	struct command tick = {.type = COMMAND_TICK, .if_status = -1};
	/* For the disk to take what it was given of a snapshot. */
	struct timeval at_once = {0}, a_moment = {.tv_usec = 5000};
	enum saver_next snapshot;
	struct reply reply;
	struct work *work;
	uint64_t durable;
	bool more;

	look_for_space(server);
	while ((work = STAILQ_FIRST(&server->work)) != NULL) {
		STAILQ_REMOVE_HEAD(&server->work, entry);
		do_work(server, work);
		free_work(work);
	}
	more = sessions_serve(server->sessions);
	if (server->tick) {
		server->tick = false;
		step(server, &tick, &reply);
	}
	more = retention_turn(server->retention) || more;
	look_for_space(server); /* what it has come to need is asked for */
	while (waiters_answer(server->waiters))
		if (server->end == SERVER_GOES_ON) {
			more = true;
			break;
		}
	snapshot = saver_turn(&server->saver);
	journal_commit(server->journal);
	collect(server);
	durable = journal_durable(server->journal);
	more = retention_durable(server->retention, durable) || more;
	more = watch_deliver(server->watch, durable) || more;
	server_plan(server, durable);
	more = sessions_flush(server->sessions) || more;
	set_deadline(server);
	consider_end(server);
	/* The loop looks at sockets and children before it goes on. */
	if (more || server->tick || snapshot == SAVER_GOES_ON)
		loop_add(server->turn, &at_once);
	else if (snapshot == SAVER_WAITS)
		loop_add(server->turn, &a_moment);
}

static void
do_work(struct server *server, struct work *work)
{
	struct command command = {
	    .type = COMMAND_CALLOUT_ENDED,
	    .if_status = -1,
	    .callout = work->callout,
	    .result = work->result,
	};
	struct reply reply;

	step(server, &command, &reply);
	if (reply.error != ERROR_NONE)
		log_error("the end of a callout of execution %ju is refused: "
			  "%s",
		    (uintmax_t)work->callout.execution, reply.message);
}

void
server_command(struct server *server, struct command *command,
    const struct actor *by, struct reply *reply)
{
	command->by = *by;
	step(server, command, reply);
}

static void
step(struct server *server, struct command *command, struct reply *reply)
{
	const struct event_sink sink = {.event = on_event, .ctx = server};

	look_for_space(server);
	memset(reply, 0, sizeof(*reply));
	reply->status = -1;
	command->now = clock_now(&server->clock);
	command->wall = clock_wall();
	if (core_step(server->state, command, &sink, reply))
		server->tick = true;
}

static void
on_event(void *ctx, const struct event *event, const char *record, size_t size,
    bool last)
{
	struct server *server = ctx;
	uint64_t seq = journal_append(server->journal, record, size, last);

	space_appended(server->space, size);
	if (seq != event->seq) {
		log_error("event %ju has become record %ju of the journal: a "
			  "bug, please report it",
		    (uintmax_t)event->seq, (uintmax_t)seq);
		abort();
	}
	watch_event(server->watch, event);
	waiters_event(server->waiters, event);
	retention_event(server->retention, event);
	event_log(server->state, event);
}

/* Before each command: what came before it may have taken the last room. */
static void
look_for_space(struct server *server)
{
	struct state *state = server->state;

	if (space_look(
		server->space, state->open_callouts, state->held_bytes) ||
	    server->host_changed)
		tell_host(server);
	/* That changes with every record. */
	core_room(state, space_room_bytes(server->space));
}

/* While it drains nobody takes work, so that nothing starts. */
static void
tell_host(struct server *server)
{
	struct host host = {
	    .max_callouts = (uint32_t)server->config->callouts.max,
	    .max_runs = (uint32_t)server->config->limits.task_runs,
	    .max_executions = (uint32_t)server->config->limits.executions,
	    .max_versions = (uint32_t)server->config->limits.definitions,
	    .max_signals = (uint32_t)server->config->limits.signals,
	    .runners = server->runners,
	    .nrunners = server->end == SERVER_GOES_ON ? server->nrunners : 0,
	};

	server->host_changed = false;
	space_host(server->space, &host);
	core_host(server->state, &host);
	server->tick = true;
}

/* Learns what is durable, and lets go of the answers that waited for it. */
static void
collect(struct server *server)
{
	const char *error;
	uint64_t durable = journal_collect(server->journal, &error);

	if (error != NULL) {
		log_error("%s; nothing that was not durable has been "
			  "answered, and callouts go on",
		    error);
		coverage_write();
		_exit(EX_IOERR);
	}
	space_committed(server->space);
	answers_release(server->answers, durable);
}

void
server_plan(struct server *server, uint64_t durable)
{
	static const enum callout_want wants[] = {
	    [PLAN_RUN] = CALLOUT_RUN,
	    [PLAN_FREEZE] = CALLOUT_FREEZE,
	    [PLAN_TERM] = CALLOUT_TERM,
	    [PLAN_KILL] = CALLOUT_KILL,
	    [PLAN_FORGET] = CALLOUT_FORGET,
	};
	struct plan_callout planned;

	while (plan_next(server->state, durable, &planned)) {
		if (planned.want == PLAN_NOTHING)
			continue;
		/* It may have been frozen before it was ever started. */
		if (planned.want == PLAN_FREEZE)
			callouts_want(server->callouts, &planned.key,
			    planned.runner, CALLOUT_RUN, planned.spec);
		callouts_want(server->callouts, &planned.key, planned.runner,
		    wants[planned.want], planned.spec);
		/* What stands still can't act on a SIGTERM. */
		if (planned.thaw && planned.want != PLAN_FORGET)
			callouts_want(server->callouts, &planned.key,
			    planned.runner, CALLOUT_THAW, NULL);
	}
}

static void
set_deadline(struct server *server)
{
	int64_t due = plan_deadline(server->state);

	alarm_set(server->deadline,
	    due == 0 ? 0 : clock_steady_at(&server->clock, due));
	alarm_set(server->until, plan_until(server->state));
}

void
server_stop(struct server *server, enum server_end end)
{
	if (server->end < end)
		server->end = end;
	server->host_changed = true;
	server_schedule(server);
}

/* All that was decided is durable first. */
static void
consider_end(struct server *server)
{
	if (server->end == SERVER_GOES_ON || server->tick ||
	    server->host_changed || !STAILQ_EMPTY(&server->work) ||
	    journal_durable(server->journal) < journal_last(server->journal))
		return;
	if (server->end == SERVER_DRAINS &&
	    server->state->open_callouts > state_callouts_frozen(server->state))
		return; /* what stands frozen does so until the next start */
	event_base_loopbreak(server->base);
}
