/* server: what the daemon consists of, from its start to its end */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "daemon/core/alloc.h"
#include "daemon/instance.h"
#include "daemon/log_limited.h"
#include "daemon/loop.h"
#include "daemon/recovery.h"
#include "daemon/request.h"
#include "daemon/retention.h"
#include "daemon/role_names.h"
#include "daemon/server.h"
#include "daemon/settings.h"
#include "daemon/waiters.h"
#include "daemon/watch.h"
#include "daemon/worker.h"

#define ERROR_SIZE 1024

static _Noreturn void fail(int, const char *);
static void open_directories(const struct config *);
static void check_programs(const struct config *);
static void check_place(enum place, int failed, const char *);
static void open_loop(struct server *);
static int journal_status(int refused);
static void open_journal(struct server *);
static void open_space(struct server *);
static void open_callouts(struct server *);
static void open_clients(struct server *);
static void on_turn(evutil_socket_t, short, void *);
static void on_deadline(evutil_socket_t, short, void *);
static void on_durable(evutil_socket_t, short, void *);
static void on_stop(evutil_socket_t, short, void *);
static void on_reload(evutil_socket_t, short, void *);
static void on_unknown_name(void *, const char *);
static void on_logged(void *, const struct callout_key *, uint64_t);
static void on_space(void *);
static void on_runners(void *, const uint64_t *, unsigned);
static void on_client(void *, int);
static void on_client_closed(void *, struct session *);
static void on_client_drained(void *, struct session *);
static void on_client_message(void *, struct session *, const char *, size_t);
static void on_client_ready(void *);

static _Noreturn void
fail(int status, const char *why)
{
	log_error("%s", why);
	exit(status);
}

void
server_open(
    struct server *server, const struct options *options, struct config *config)
{
	memset(server, 0, sizeof(*server));
	server->options = options;
	server->config = config;
	STAILQ_INIT(&server->work);
	harden_limits(&server->limits);
	open_directories(config);
	open_loop(server);
	open_journal(server);
	open_space(server);
	open_callouts(server);
	open_clients(server);
	server->host_changed = true;
	server->tick = true;
	server_schedule(server);
}

/*
 * Commands of other users, which root's weird alone has, pass through the state
 * directory to working directories of theirs; all else in it is weird's.
 */
static void
open_directories(const struct config *config)
{
	const struct {
		const char *below;
		const char *path;
		mode_t mode;
	} directories[] = {
	    {config->state_dir, "", geteuid() == 0 ? 0711 : 0700},
	    {config->state_dir, "/journal", 0700},
	    {config->state_dir, "/logs", 0700},
	    {config->runtime_dir, "", 0700},
	};
	char error[ERROR_SIZE], path[PATH_MAX];

	for (size_t i = 0; i < sizeof(directories) / sizeof(directories[0]);
	     i++) {
		snprintf(path, sizeof(path), "%s%s", directories[i].below,
		    directories[i].path);
		check_place(
		    place_own(path, directories[i].mode, error, sizeof(error)),
		    EX_CANTCREAT, error);
	}
	if (!instance_lock(config->state_dir, error, sizeof(error)))
		fail(EX_TEMPFAIL, error);
}

/* What callouts are started with: a program, and where theirs are. */
static void
check_programs(const struct config *config)
{
	char error[ERROR_SIZE];

	check_place(
	    place_program(config->callouts.runner, error, sizeof(error)),
	    EX_UNAVAILABLE, error);
	check_place(place_search(config->callouts.path, error, sizeof(error)),
	    EX_CONFIG, error);
}

static void
check_place(enum place place, int failed, const char *error)
{
	if (place != PLACE_GOOD)
		fail(place == PLACE_UNSAFE ? EX_CONFIG : failed, error);
}

static void
open_loop(struct server *server)
{
	static const struct {
		int number;
		event_callback_fn handler;
	} signals[] = {
	    {SIGTERM, on_stop},
	    {SIGINT, on_stop},
	    {SIGHUP, on_reload},
	};

	server->base = loop_new();
	log_limited_open(server->base);
	signal(SIGPIPE, SIG_IGN);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		server->signals[i] = loop_event(server->base, signals[i].number,
		    EV_SIGNAL | EV_PERSIST, signals[i].handler, server);
		loop_add(server->signals[i], NULL);
	}
	server->turn = loop_event(server->base, -1, 0, on_turn, server);
	server->deadline =
	    alarm_new(server->base, ALARM_STEADY, on_deadline, server);
	server->until =
	    alarm_new(server->base, ALARM_WALL, on_deadline, server);
}

/* What may be over by itself is told from what has to be repaired. */
static int
journal_status(int refused)
{
	switch (refused) {
	case 0:
		return EX_DATAERR;
	case EMFILE:
	case ENFILE:
	case ENOMEM:
	case EAGAIN:
		return EX_OSERR;
	default:
		return EX_IOERR;
	}
}

static void
open_journal(struct server *server)
{
	char error[ERROR_SIZE], dir[PATH_MAX];

	snprintf(dir, sizeof(dir), "%s/journal", server->config->state_dir);
	server->journal = recovery_replay(
	    &server->state, server->config, dir, error, sizeof(error));
	if (server->journal == NULL)
		fail(journal_status(errno), error);
	saver_init(
	    &server->saver, server->state, server->journal, server->config);
	/* What the disk holds may be less than what has just been read of it,
	 * if the last daemon ended over a sync that failed. */
	if (!journal_ended_cleanly(server->journal) &&
	    !saver_save(&server->saver, error, sizeof(error)))
		fail(EX_IOERR, error);
	clock_start(&server->clock, server->state->k.time);
	server->started_at = clock_now(&server->clock);
	server->durable = loop_event(server->base, journal_fd(server->journal),
	    EV_READ | EV_PERSIST, on_durable, server);
	loop_add(server->durable, NULL);
}

static void
open_space(struct server *server)
{
	const struct space_options options = {
	    .config = server->config,
	    .journal = server->journal,
	    .changed = on_space,
	    .ctx = server,
	};

	server->space = space_new(server->base, &options);
}

static void
open_callouts(struct server *server)
{
	const struct config *config = server->config;
	const struct callout_options options = {
	    .state_dir = config->state_dir,
	    .run_dir = config->runtime_dir,
	    .runner_path = config->callouts.runner,
	    .socket_path = config->socket,
	    .runners = (unsigned)config->callouts.runners,
	    .output_max = (size_t)config->callouts.output_max,
	    .log_max = (uint64_t)config->callouts.log_max,
	    .path = config->callouts.path,
	    .new_privileges = config->callouts.new_privileges,
	    .limits = server->limits,
	};
	const struct callout_handlers handlers = {
	    .ended = server_callout_ended,
	    .runners = on_runners,
	    .logged = on_logged,
	    .ctx = server,
	};
	char error[ERROR_SIZE];

	check_programs(config);
	server->callouts = callouts_open(
	    server->base, &options, &handlers, error, sizeof(error));
	if (server->callouts == NULL)
		fail(EX_UNAVAILABLE, error);
	server->retention = retention_new(server);
	recovery_adopt(server->state, server->callouts);
}

static void
open_clients(struct server *server)
{
	const struct config *config = server->config;
	const struct session_handlers handlers = {
	    .message = on_client_message,
	    .ready = on_client_ready,
	    .drained = on_client_drained,
	    .closed = on_client_closed,
	    .ctx = server,
	};
	char error[ERROR_SIZE];

	server->worker = worker_new(server->base);
	server->answers = answers_new();
	server->waiters = waiters_new(server);
	server->watch = watch_new(server);
	server->sessions = sessions_new(server->base, config, &handlers);
	check_place(settings_make_socket_dir(config, error, sizeof(error)),
	    EX_CANTCREAT, error);
	server->listener = listener_open(server->base, config->socket,
	    (mode_t)config->socket_mode, on_client, server, error,
	    sizeof(error));
	if (server->listener == NULL)
		fail(EX_CANTCREAT, error);
	log_info("weird %s listens on %s; state in %s", WEIR_VERSION,
	    config->socket, config->state_dir);
}

void
server_run(struct server *server)
{
	event_base_dispatch(server->base);
}

void
server_close(struct server *server)
{
	unsigned left = server->state->open_callouts;
	sigset_t all;

	/* It ends already: a signal that comes now must not end it worse. */
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	listener_close(server->listener);
	server->listener = NULL;
	sessions_free(server->sessions);
	worker_free(server->worker);
	retention_free(server->retention);
	waiters_free(server->waiters);
	watch_free(server->watch);
	answers_free(server->answers);
	server_work_free(server);
	callouts_close(server->callouts, left == 0);
	event_free(server->durable);
	space_free(server->space);
	journal_close(server->journal);
	state_free(server->state);
	event_free(server->turn);
	alarm_free(server->deadline);
	alarm_free(server->until);
	for (size_t i = 0;
	     i < sizeof(server->signals) / sizeof(server->signals[0]); i++)
		event_free(server->signals[i]);
	log_limited_close();
	event_base_free(server->base);
	free(server->runners);
	config_free(server->config);
	if (left > 0)
		log_info("weird ends; %u callout%s on", left,
		    left == 1 ? " goes" : "s go");
	else
		log_info("weird ends");
}

static void
on_turn(evutil_socket_t fd, short what, void *ctx)
{
	(void)fd;
	(void)what;
	server_turn(ctx);
}

static void
on_deadline(evutil_socket_t fd, short what, void *ctx)
{
	struct server *server = ctx;

	(void)fd;
	(void)what;
	server->tick = true;
	server_schedule(server);
}

static void
on_durable(evutil_socket_t fd, short what, void *ctx)
{
	(void)fd;
	(void)what;
	server_schedule(ctx);
}

static void
on_stop(evutil_socket_t number, short what, void *ctx)
{
	(void)what;
	log_info("stopped by SIG%s", number == SIGTERM ? "TERM" : "INT");
	server_stop(ctx, SERVER_LEAVES);
}

static void
on_reload(evutil_socket_t fd, short what, void *ctx)
{
	struct reloaded reloaded;

	(void)fd;
	(void)what;
	log_info("SIGHUP: the configuration is read again");
	server_reload(ctx, &reloaded);
}

static void
on_unknown_name(void *ctx, const char *message)
{
	(void)ctx;
	log_warn("%s", message);
}

/*
 * A peer's groups are asked for anew: somebody who has left one should not have
 * to be waited for.
 */
bool
server_reload(struct server *server, struct reloaded *reloaded)
{
	const struct config *config = server->config;

	if (!settings_reload(server->config, server->options, reloaded))
		return false;
	log_open(server->options->foreground ? LOG_TO_STDERR : LOG_TO_SYSLOG,
	    (enum log_level)config->log_level);
	sessions_assign(server->sessions);
	server->host_changed = true;
	server_schedule(server);
	callouts_set_log_max(
	    server->callouts, (uint64_t)config->callouts.log_max);
	retention_again(server->retention);
	role_names_check(config, on_unknown_name, NULL);
	log_info("configuration read again");
	return true;
}

static void
on_logged(void *ctx, const struct callout_key *key, uint64_t bytes)
{
	struct server *server = ctx;

	retention_logged(server->retention, key, bytes);
}

static void
on_space(void *ctx)
{
	server_schedule(ctx);
}

static void
on_runners(void *ctx, const uint64_t *ids, unsigned count)
{
	struct server *server = ctx;

	server->runners =
	    xreallocarray(server->runners, count + 1, sizeof(*server->runners));
	if (count > 0)
		memcpy(server->runners, ids, count * sizeof(*ids));
	server->nrunners = count;
	server->host_changed = true;
	server_schedule(server);
}

static void
on_client(void *ctx, int fd)
{
	struct server *server = ctx;

	sessions_accept(server->sessions, fd);
}

static void
on_client_message(
    void *ctx, struct session *session, const char *bytes, size_t size)
{
	request_take(ctx, session, bytes, size);
}

static void
on_client_ready(void *ctx)
{
	server_schedule(ctx);
}

static void
on_client_drained(void *ctx, struct session *session)
{
	(void)session;
	server_schedule(ctx); /* it may want more of the old events */
}

static void
on_client_closed(void *ctx, struct session *session)
{
	struct server *server = ctx;

	waiters_forget(server->waiters, session);
	watch_remove(server->watch, session);
	if (server->listener != NULL)
		listener_resume(server->listener);
}
