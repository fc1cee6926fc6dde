/* links: daemon/session.c daemon/session_count.c daemon/session_io.c daemon/session_turn.c daemon/actor.c daemon/config.c daemon/config_key.c daemon/loop.c daemon/log.c daemon/log_limit.c daemon/log_limited.c daemon/core/alloc.c daemon/core/quantity.c libproto/nearest.c libproto/frame.c libproto/header.c libproto/scan.c libproto/message.c libproto/message_write.c libproto/unpack.c libproto/pack.c libproto/errors.c ; libs: jansson libevent_core yaml-0.1 msgpack */
/* session_test: clients that send too much, too little, or do not read. */

#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <atf-c.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/clock.h"
#include "daemon/session.h"

#define CLIENTS 4
#define MILLISECOND INT64_C(1000000)

/* Some clients, and what the daemon's side has been told. */
struct scene {
	struct event_base *base;
	struct config *config;
	struct sessions *sessions;
	int clients[CLIENTS];
	struct session *newest; /* whose message came last */
	unsigned messages;
	struct session *mine; /* one of which they are counted */
	unsigned of_mine;
	unsigned second_at; /* how many there were when a second one's came */
	size_t answer;	    /* bytes that each message is answered with */
	bool has_long;	    /* messages begin what takes several turns, */
	bool waits;	    /* and waits for something before */
	struct session_job job;
	unsigned pieces;
	unsigned over;
	unsigned ready;
	unsigned closed;
	unsigned drained;
};

static int64_t looks; /* at the clock */

static void on_message(void *, struct session *, const char *, size_t);
static bool on_proceeds(struct session_job *);
static void on_over(struct session_job *);
static void on_ready(void *);
static void on_drained(void *, struct session *);
static void on_closed(void *, struct session *);
static void begin(struct scene *);
static void end(struct scene *);
static void turn_until(struct scene *, const unsigned *, unsigned);
static void say(struct scene *, int, const char *, size_t);
static bool hears(struct scene *, int, const char *);
static void flood_from(const struct sockaddr_un *, unsigned);

/*
 * In place of the system's: a microsecond passes with each look, so that what
 * somebody has used is not what this program has waited for a processor.
 */
int64_t
clock_uptime(void)
{
	return ++looks * 1000;
}

int64_t
clock_steady(void)
{
	return clock_uptime();
}

static void
on_message(void *ctx, struct session *session, const char *bytes, size_t size)
{
	struct scene *scene = ctx;

	ATF_CHECK(bytes != NULL && size > 0);
	scene->messages++;
	scene->of_mine += session == scene->mine;
	if (scene->newest != NULL && scene->newest != session &&
	    scene->second_at == 0)
		scene->second_at = scene->messages;
	scene->newest = session;
	if (scene->answer > 0) {
		char *answer = calloc(1, scene->answer);

		session_send(session, answer, scene->answer);
		free(answer);
	}
	if (scene->has_long)
		session_set_job(session, &scene->job);
	if (scene->waits)
		session_job_waits(session, true);
}

static bool
on_proceeds(struct session_job *job)
{
	struct scene *scene =
	    (struct scene *)((char *)job - offsetof(struct scene, job));

	return ++scene->pieces % 3 == 0;
}

static void
on_over(struct session_job *job)
{
	struct scene *scene =
	    (struct scene *)((char *)job - offsetof(struct scene, job));

	scene->over++;
}

static void
on_ready(void *ctx)
{
	struct scene *scene = ctx;

	scene->ready++;
}

static void
on_drained(void *ctx, struct session *session)
{
	struct scene *scene = ctx;

	(void)session;
	scene->drained++;
}

static void
on_closed(void *ctx, struct session *session)
{
	struct scene *scene = ctx;

	(void)session;
	scene->closed++;
}

static void
begin(struct scene *scene)
{
	struct session_handlers handlers = {
	    on_message, on_ready, on_drained, on_closed, scene};

	memset(scene, 0, sizeof(*scene));
	scene->job.proceed = on_proceeds;
	scene->job.end = on_over;
	scene->base = event_base_new();
	scene->config = config_new();
	scene->config->limits.idle_timeout = 60000 * MILLISECOND;
	scene->sessions = sessions_new(scene->base, scene->config, &handlers);
	for (int i = 0; i < CLIENTS; i++) {
		int ends[2];

		ATF_REQUIRE_EQ(0,
		    socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends));
		scene->clients[i] = ends[0];
		sessions_accept(scene->sessions, ends[1]);
	}
}

static void
end(struct scene *scene)
{
	sessions_free(scene->sessions);
	config_free(scene->config);
	event_base_free(scene->base);
	for (int i = 0; i < CLIENTS; i++)
		close(scene->clients[i]);
}

/* Until the count is reached; a case that waits in vain times out. */
static void
turn_until(struct scene *scene, const unsigned *count, unsigned wanted)
{
	while (*count < wanted) {
		bool more = sessions_serve(scene->sessions);

		more = sessions_flush(scene->sessions) || more;
		if (*count < wanted)
			event_base_loop(
			    scene->base, more ? EVLOOP_NONBLOCK : EVLOOP_ONCE);
	}
}

static void
say(struct scene *scene, int client, const char *bytes, size_t size)
{
	ATF_REQUIRE_EQ(
	    (ssize_t)size, write(scene->clients[client], bytes, size));
}

/* Whether the client was sent the text, and then the end. */
static bool
hears(struct scene *scene, int client, const char *text)
{
	char buffer[1024];
	ssize_t n = read(scene->clients[client], buffer, sizeof(buffer));

	return n > 0 && memmem(buffer, (size_t)n, text, strlen(text)) != NULL &&
	    read(scene->clients[client], buffer, sizeof(buffer)) == 0;
}

#define SESSION_CASE(name, description)                      \
	static void name##_scene(struct scene *);            \
	ATF_TC(name);                                        \
	ATF_TC_HEAD(name, tc)                                \
	{                                                    \
		atf_tc_set_md_var(tc, "descr", description); \
		atf_tc_set_md_var(tc, "timeout", "60");      \
	}                                                    \
	ATF_TC_BODY(name, tc)                                \
	{                                                    \
		struct scene scene;                          \
                                                             \
		begin(&scene);                               \
		name##_scene(&scene);                        \
		end(&scene);                                 \
	}                                                    \
	static void name##_scene(struct scene *scene)

SESSION_CASE(pieces, "messages in pieces, and several in one")
{
	say(scene, 0, "\x93\x02", 2);
	say(scene, 1, "\x90\x91\x01\x90", 4);
	turn_until(scene, &scene->messages, 3);
	say(scene, 0, "\x01\x02", 2);
	turn_until(scene, &scene->messages, 4);
	ATF_CHECK_EQ(4, scene->messages);
	ATF_CHECK_EQ(0, scene->closed);
	ATF_CHECK_EQ(0, session_actor(scene->newest)->uid != getuid());
}

SESSION_CASE(half, "half a message is not waited for for ever")
{
	scene->config->limits.idle_timeout = 50 * MILLISECOND;
	say(scene, 0, "\x93\x02", 2);
	turn_until(scene, &scene->closed, 1);
	ATF_CHECK(hears(scene, 0, "did not come in time"));
	say(scene, 1, "\x90", 1);
	turn_until(scene, &scene->messages, 1);
	ATF_CHECK_EQ(1, scene->closed);
}

SESSION_CASE(garbage, "what is no MessagePack ends the connection")
{
	say(scene, 0, "\x90\xc1\x90", 3);
	turn_until(scene, &scene->closed, 1);
	ATF_CHECK_EQ(1, scene->messages);
	ATF_CHECK(hears(scene, 0, "not MessagePack"));
}

SESSION_CASE(unread, "one that does not read is dropped, with others served")
{
	size_t size = 4 * 1024 * 1024;
	char *bytes = calloc(1, size);

	say(scene, 0, "\x90", 1);
	turn_until(scene, &scene->messages, 1);
	session_send(scene->newest, bytes, size);
	ATF_CHECK_EQ(size, session_backlog(scene->newest));
	(void)sessions_flush(scene->sessions);
	ATF_CHECK(session_backlog(scene->newest) > size / 2);
	say(scene, 1, "\x90", 1);
	turn_until(scene, &scene->messages, 2);
	ATF_CHECK_EQ(0, scene->closed);
	/* Who reads something begins anew to be waited for. */
	scene->config->limits.idle_timeout = 50 * MILLISECOND;
	while (read(scene->clients[0], bytes, size) > 0)
		continue;
	turn_until(scene, &scene->closed, 1);
	ATF_CHECK_EQ(0, scene->drained);
	free(bytes);
}

SESSION_CASE(reads_late, "one that reads late gets everything")
{
	size_t size = 4 * 1024 * 1024, left = size;
	char *bytes = calloc(1, size);

	say(scene, 0, "\x90", 1);
	turn_until(scene, &scene->messages, 1);
	session_send(scene->newest, bytes, size);
	(void)sessions_flush(scene->sessions);
	while (left > 0) {
		ssize_t n = read(scene->clients[0], bytes, left);

		if (n > 0)
			left -= (size_t)n;
		event_base_loop(scene->base, EVLOOP_NONBLOCK);
		(void)sessions_flush(scene->sessions);
	}
	ATF_CHECK_EQ(1, scene->drained);
	ATF_CHECK_EQ(0, session_backlog(scene->newest));
	free(bytes);
}

SESSION_CASE(requests, "requests in flight are counted")
{
	scene->config->limits.requests = 2;
	say(scene, 0, "\x90", 1);
	turn_until(scene, &scene->messages, 1);
	ATF_CHECK(session_admit(scene->newest));
	ATF_CHECK(session_admit(scene->newest));
	ATF_CHECK(!session_admit(scene->newest));
	session_answered(scene->newest);
	session_answered(scene->newest);
	ATF_CHECK(session_admit(scene->newest));
}

SESSION_CASE(connections, "one client too many is told so")
{
	int ends[2];

	scene->config->limits.connections = CLIENTS;
	ATF_REQUIRE_EQ(0, socketpair(AF_UNIX, SOCK_STREAM, 0, ends));
	close(scene->clients[0]);
	scene->clients[0] = ends[0];
	sessions_accept(scene->sessions, ends[1]);
	ATF_CHECK(hears(scene, 0, "too many connections; try again"));
	ATF_CHECK_EQ(CLIENTS, sessions_count(scene->sessions));
}

SESSION_CASE(fairness, "a flood of one does not hold up the one of another")
{
	static char flood[60000];
	unsigned before;

	memset(flood, '\x90', sizeof(flood));
	scene->answer = 1;
	say(scene, 0, flood, sizeof(flood));
	turn_until(scene, &scene->messages, 1);
	(void)sessions_flush(scene->sessions);
	before = scene->messages;
	ATF_REQUIRE(before < sizeof(flood));
	say(scene, 1, "\x90", 1);
	while (scene->ready < 2)
		event_base_loop(scene->base, EVLOOP_ONCE);
	ATF_CHECK_EQ(before, scene->messages);
	while (scene->messages < sizeof(flood) + 1) {
		turn_until(scene, &scene->messages, scene->messages + 1);
		/* Or its answers, a byte each, would fill the socket. */
		(void)!read(scene->clients[0], flood, sizeof(flood));
	}
	/* It had used less, so that it came first. */
	ATF_CHECK_MSG(scene->second_at <= before + 2, "%u of the flood first",
	    scene->second_at - before);
	ATF_CHECK_EQ(0, scene->closed);
}

SESSION_CASE(unserved, "of one that does not read no more is done")
{
	static char flood[1000];
	static char got[262144];
	unsigned served;

	memset(flood, '\x90', sizeof(flood));
	scene->answer = 65536;
	say(scene, 0, flood, sizeof(flood));
	turn_until(scene, &scene->messages, 1);
	do {
		served = scene->messages;
		(void)sessions_serve(scene->sessions);
		(void)sessions_flush(scene->sessions);
	} while (scene->messages > served);
	ATF_CHECK_MSG(served < 100, "%u of 1000 answers of 64 KiB", served);
	ATF_CHECK(session_backlog(scene->newest) < 2 * 1024 * 1024);
	while (scene->messages < sizeof(flood)) {
		(void)!read(scene->clients[0], got, sizeof(got));
		event_base_loop(scene->base, EVLOOP_NONBLOCK);
		(void)sessions_serve(scene->sessions);
		(void)sessions_flush(scene->sessions);
	}
	ATF_CHECK_EQ(0, scene->closed);
}

SESSION_CASE(jobs, "what takes several turns holds up its own session alone")
{
	scene->has_long = true;
	say(scene, 0, "\x90\x90", 2);
	turn_until(scene, &scene->pieces, 1);
	ATF_CHECK(scene->messages >= 1);
	say(scene, 1, "\x90", 1);
	turn_until(scene, &scene->pieces, 9);
	ATF_CHECK_EQ(3, scene->messages);
	ATF_CHECK_EQ(3, scene->over);
}

/* As many connections to the socket, each with a flood of messages. */
static void
flood_from(const struct sockaddr_un *address, unsigned n)
{
	static char flood[20000];

	memset(flood, '\x90', sizeof(flood));
	for (unsigned i = 0; i < n; i++) {
		int fd = socket(AF_UNIX, SOCK_STREAM, 0);

		if (connect(fd, (const struct sockaddr *)address,
			sizeof(*address)) == -1 ||
		    write(fd, flood, sizeof(flood)) != sizeof(flood))
			abort();
	}
}

SESSION_CASE(processes, "many connections have no more of the time than one")
{
	struct sockaddr_un address = {
	    .sun_family = AF_UNIX, .sun_path = "socket"};
	int listener = socket(AF_UNIX, SOCK_STREAM, 0), status;
	unsigned many = 20, all;
	pid_t child;

	ATF_REQUIRE_EQ(
	    0, bind(listener, (struct sockaddr *)&address, sizeof(address)));
	ATF_REQUIRE_EQ(0, listen(listener, 64));
	flood_from(&address, 1);
	sessions_accept(
	    scene->sessions, accept4(listener, NULL, NULL, SOCK_NONBLOCK));
	turn_until(scene, &scene->messages, 1);
	scene->mine = scene->newest;
	child = fork();
	ATF_REQUIRE(child != -1);
	if (child == 0) {
		flood_from(&address, many);
		for (;;)
			pause();
	}
	for (unsigned i = 0; i < many; i++)
		sessions_accept(scene->sessions,
		    accept4(listener, NULL, NULL, SOCK_NONBLOCK));
	scene->ready = 0;
	while (scene->ready < many)
		event_base_loop(scene->base, EVLOOP_ONCE);
	all = scene->messages;
	turn_until(scene, &scene->of_mine, 10000);
	all = scene->messages - all;
	/* About half of them are its own, not one in 21. */
	ATF_CHECK_MSG(all < 10 * 10000, "%u beside 10000", all - 10000);
	kill(child, SIGKILL);
	waitpid(child, &status, 0);
	close(listener);
}

SESSION_CASE(waiting_jobs,
    "what waits for something else holds up its own "
    "session alone, and ends with it")
{
	struct session *first;

	scene->has_long = scene->waits = true;
	say(scene, 0, "\x90\x90", 2);
	turn_until(scene, &scene->messages, 1);
	first = scene->newest;
	scene->has_long = scene->waits = false;
	say(scene, 1, "\x90\x90\x90", 3);
	turn_until(scene, &scene->messages, 4);
	ATF_CHECK_EQ(0, scene->pieces);
	session_charge(first, 1000);
	session_job_waits(first, false);
	turn_until(scene, &scene->messages, 5);
	ATF_CHECK_EQ(3, scene->pieces);
	ATF_CHECK_EQ(1, scene->over);
	scene->has_long = scene->waits = true;
	say(scene, 0, "\x90", 1);
	turn_until(scene, &scene->messages, 6);
	session_drop(first, ERROR_LIMIT, "enough", 0);
	(void)sessions_flush(scene->sessions);
	ATF_CHECK_EQ(1, scene->closed);
	ATF_CHECK_EQ(2, scene->over);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, fairness);
	ATF_TP_ADD_TC(tp, unserved);
	ATF_TP_ADD_TC(tp, jobs);
	ATF_TP_ADD_TC(tp, waiting_jobs);
	ATF_TP_ADD_TC(tp, processes);
	ATF_TP_ADD_TC(tp, pieces);
	ATF_TP_ADD_TC(tp, half);
	ATF_TP_ADD_TC(tp, garbage);
	ATF_TP_ADD_TC(tp, unread);
	ATF_TP_ADD_TC(tp, reads_late);
	ATF_TP_ADD_TC(tp, requests);
	ATF_TP_ADD_TC(tp, connections);
	return atf_no_error();
}
