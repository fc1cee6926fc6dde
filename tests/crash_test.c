/* links: tests/crash_daemon.c tests/crash_trace.c tests/crash_ledger.c
 * tests/crash_attempt.c tests/crash_client.c tests/told.c tests/race_text.c
 * tests/transcript_json.c libweir.a ; libs: msgpack jansson libbsd-overlay
 * pthread atf-c */
/*
 * crash_test: daemons and runners that are killed at any instant while clients
 * ask and commands run.  What was acknowledged is there afterwards, nothing
 * ran twice, and no status is made up.
 */

#include <sys/wait.h>

#include <atf-c.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "tests/crash_client.h"
#include "tests/test_length.h"

#define CLIENTS 3
#define RUNNERS_EACH 2
#define ERA 60	       /* kills of one state directory */
#define STARTING 5     /* one kill in so many is of a daemon that starts */
#define START_US 20000 /* how long that takes at most */
#define ANSWERS_MAX 40 /* before the kill */
#define AFTER_US 3000  /* and so long, at most, after the last of them */
#define GAP_US 2000    /* between daemon and runners, where both are killed */

enum target { DAEMON, STOPPED, RUNNERS, BOTH, EVERYTHING };

/* Where the kills fell. */
struct fallen {
	unsigned starting; /* it did not listen yet */
	unsigned idle;	   /* no request was unanswered */
	unsigned asked;
	unsigned running; /* commands ran */
	unsigned runners; /* were killed */
};

struct crashing {
	enum target target;
	unsigned seed;
	struct crash_daemon daemon;
	struct ledger ledger;
	struct fallen fallen;
	struct ledger total; /* its counts */
};

static unsigned times(unsigned few, unsigned many);
static unsigned chance(struct crashing *, unsigned below);
static void wait_us(unsigned);
static void strike(struct crashing *);
static void kill_starting(struct crashing *);
static void kill_loaded(struct crashing *);
static void renew_runners(struct crashing *);
static void open_era(struct crashing *, unsigned);
static void close_era(struct crashing *);
static void add_counts(struct ledger *, const struct ledger *);
static void crash(enum target, unsigned kills);
static void await_begun(struct crashing *, const char *key);
static void check_task(struct weir *, unsigned id, const char *status,
    unsigned attempts, const char *reason);

static unsigned
times(unsigned few, unsigned many)
{
	return runs_long() ? many : build_is("plain") ? few : few / 5;
}

static unsigned
chance(struct crashing *c, unsigned below)
{
	return (unsigned)rand_r(&c->seed) % below;
}

/* The instant matters: it is met by counting the time off. */
static void
wait_us(unsigned us)
{
	struct timespec now, end;

	clock_gettime(CLOCK_MONOTONIC, &end);
	end.tv_nsec += (long)us * 1000;
	end.tv_sec += end.tv_nsec / 1000000000;
	end.tv_nsec %= 1000000000;
	do
		clock_gettime(CLOCK_MONOTONIC, &now);
	while (now.tv_sec < end.tv_sec ||
	    (now.tv_sec == end.tv_sec && now.tv_nsec < end.tv_nsec));
}

static void
strike(struct crashing *c)
{
	switch (c->target) {
	case DAEMON:
		crash_daemon_kill(&c->daemon);
		break;
	case STOPPED:
		crash_daemon_stop(&c->daemon);
		break;
	case RUNNERS:
		c->fallen.runners += crash_kill_runners(&c->daemon);
		break;
	case BOTH:
		if (chance(c, 2) == 0)
			c->fallen.runners += crash_kill_runners(&c->daemon);
		wait_us(chance(c, GAP_US));
		crash_daemon_kill(&c->daemon);
		wait_us(chance(c, GAP_US));
		c->fallen.runners += crash_kill_runners(&c->daemon);
		break;
	case EVERYTHING:
		crash_kill_all(&c->daemon);
		break;
	}
}

/* One that replays, adopts or is about to listen. */
static void
kill_starting(struct crashing *c)
{
	crash_daemon_start(&c->daemon, NULL, NULL);
	wait_us(chance(c, START_US));
	c->fallen.starting++;
	crash_daemon_kill(&c->daemon);
	if (c->target == EVERYTHING)
		crash_kill_all(&c->daemon);
}

static void
kill_loaded(struct crashing *c)
{
	struct load load;
	unsigned answers = chance(c, ANSWERS_MAX), open;

	load_start(&load, &c->ledger, (unsigned)rand_r(&c->seed));
	while (atomic_load(&load.answered) < answers)
		poll(NULL, 0, 1);
	wait_us(chance(c, AFTER_US));
	open = atomic_load(&load.open);
	c->fallen.idle += open == 0;
	c->fallen.asked += open != 0;
	strike(c);
	load_end(&load);
}

/* At once there are new ones when it starts; else one a second. */
static void
renew_runners(struct crashing *c)
{
	ledger_settle(&c->ledger);
	ledger_check(&c->ledger, false);
	crash_daemon_stop(&c->daemon);
	crash_daemon_up(&c->daemon);
}

static void
open_era(struct crashing *c, unsigned n)
{
	char name[16];

	snprintf(name, sizeof(name), "e%u", n);
	crash_daemon_make(&c->daemon, name, RUNNERS_EACH);
	ledger_make(&c->ledger, &c->daemon, CLIENTS);
	c->ledger.losses = c->target >= RUNNERS;
	crash_daemon_up(&c->daemon);
	ledger_define(&c->ledger);
}

/* All that was ever started has ended, and is looked at again. */
static void
close_era(struct crashing *c)
{
	ledger_settle(&c->ledger);
	ledger_check(&c->ledger, true);
	crash_daemon_stop(&c->daemon);
	crash_daemon_up(&c->daemon);
	ledger_check(&c->ledger, true);
	add_counts(&c->total, &c->ledger);
	crash_daemon_remove(&c->daemon);
	ledger_free(&c->ledger);
}

static void
add_counts(struct ledger *total, const struct ledger *l)
{
	for (unsigned v = 0; v < VERBS; v++) {
		total->acknowledged[v] += l->acknowledged[v];
		total->whole[v] += l->whole[v];
		total->never[v] += l->never[v];
	}
	total->executions += l->executions;
	total->attempts += l->attempts;
	total->exited += l->exited;
	total->signaled += l->signaled;
	total->lost += l->lost;
	total->unstarted += l->unstarted;
}

static void
crash(enum target target, unsigned kills)
{
	static struct crashing c; /* large */
	struct timespec now;

	memset(&c, 0, sizeof(c));
	clock_gettime(CLOCK_REALTIME, &now);
	c.seed = (unsigned)now.tv_nsec;
	c.target = target;
	printf("seed %u\n", c.seed);
	signal(SIGPIPE, SIG_IGN);
	for (unsigned i = 0; i < kills; i++) {
		if (i % ERA == 0)
			open_era(&c, i);
		kill_loaded(&c);
		for (; target != RUNNERS && chance(&c, STARTING) == 0 &&
		     i + 1 < kills && (i + 1) % ERA != 0;
		     i++)
			kill_starting(&c);
		if (c.daemon.pid == 0)
			crash_daemon_up(&c.daemon);
		ledger_check(&c.ledger, false);
		if (target == RUNNERS)
			renew_runners(&c);
		if ((i + 1) % ERA == 0 || i + 1 == kills)
			close_era(&c);
	}
	printf("%u kills: %u while it started, %u with requests unanswered, "
	       "%u with none; %u runners killed\n",
	    kills, c.fallen.starting, c.fallen.asked, c.fallen.idle,
	    c.fallen.runners);
	ledger_print(&c.total);
}

#define CRASH(name, description, target, few, many)          \
	ATF_TC(name);                                        \
	ATF_TC_HEAD(name, tc)                                \
	{                                                    \
		atf_tc_set_md_var(tc, "descr", description); \
		atf_tc_set_md_var(tc, "timeout", "14400");   \
	}                                                    \
	ATF_TC_BODY(name, tc)                                \
	{                                                    \
		crash(target, times(few, many));             \
	}

CRASH(daemon_killed,
    "kill -9 of the daemon at any instant: all that was acknowledged is "
    "there, no command is lost or runs twice, each status is the true one",
    DAEMON, 300, 10000)
CRASH(daemon_restarted,
    "SIGTERM at any instant, and started again: the same; commands go on",
    STOPPED, 40, 1000)
CRASH(runners_killed,
    "kill -9 of the runners at any instant: what can't be known is lost, "
    "nothing runs twice, no status is made up",
    RUNNERS, 40, 1000)
CRASH(both_killed,
    "kill -9 of the daemon and the runners at any instant: the same", BOTH, 40,
    1000)
CRASH(everything_killed,
    "kill -9 of all there is, commands too, at any instant: the same",
    EVERYTHING, 40, 1000)

/* Until all of them have begun. */
static void
await_begun(struct crashing *c, const char *key)
{
	for (int i = 0; trace_find(&c->ledger.trace, key) == NULL; i++) {
		ATF_REQUIRE_MSG(i < 30000, "%s never begins", key);
		poll(NULL, 0, 1);
		trace_read(&c->ledger.trace);
	}
}

/* The first task of an execution: its status, attempts and why. */
static void
check_task(struct weir *weir, unsigned id, const char *status,
    unsigned attempts, const char *reason)
{
	const msgpack_object *task, *list;
	char params[32], text[256];
	struct told told;

	snprintf(params, sizeof(params), "{'id': %u}", id);
	ledger_call(weir, "execution.get", params, &told);
	task = &told_member(&told.object, "tasks")->via.array.ptr[0];
	told_text(task, "status", text, sizeof(text));
	ATF_CHECK_STREQ(status, text);
	list = told_member(task, "attempts");
	ATF_CHECK_EQ(attempts, list->via.array.size);
	told_text(&list->via.array.ptr[0], "reason", text, sizeof(text));
	ATF_CHECK_MSG(strstr(text, reason) != NULL, "%s", text);
	ATF_CHECK_EQ(MSGPACK_OBJECT_NIL,
	    told_member(&list->via.array.ptr[0], "exit")->type);
	told_drop(&told);
}

ATF_TC(on_lost);
ATF_TC_HEAD(on_lost, tc)
{
	atf_tc_set_md_var(tc, "descr",
	    "everything killed: retry tries again, fail fails, ask waits for "
	    "an operator; no status is made up");
}
ATF_TC_BODY(on_lost, tc)
{
	static const enum flow flows[] = {FLOW_RETRY, FLOW_FAIL, FLOW_ASK};
	static struct crashing c = {.target = EVERYTHING};
	struct told told;
	struct weir *weir;

	signal(SIGPIPE, SIG_IGN);
	open_era(&c, 0);
	weir = weir_open(c.daemon.socket);
	for (size_t i = 0; i < 3; i++)
		ATF_REQUIRE(client_do(&c.ledger, 0, weir,
		    ledger_record(&c.ledger, 0, flows[i]), VERB_START, "100"));
	weir_close(weir);
	await_begun(&c, "1.a..1");
	await_begun(&c, "2.a..1");
	await_begun(&c, "3.a..1");
	strike(&c);
	crash_daemon_up(&c.daemon);
	await_begun(&c, "1.a..2");
	weir = weir_open(c.daemon.socket);
	check_task(weir, 1, "running", 2, "lost: the runner");
	check_task(weir, 2, "failed", 1, "lost: the runner");
	check_task(weir, 3, "waiting", 1, "lost: the runner");
	ledger_call(weir, "task.update",
	    "{'execution': 3, 'task': 'a', 'status': 'failed'}", &told);
	told_drop(&told);
	check_task(weir, 3, "failed", 1, "");
	ATF_REQUIRE(client_do(&c.ledger, 0, weir,
	    &c.ledger.clients[0].records[0], VERB_TERMINATE, NULL));
	weir_close(weir);
	close_era(&c);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, daemon_killed);
	ATF_TP_ADD_TC(tp, daemon_restarted);
	ATF_TP_ADD_TC(tp, runners_killed);
	ATF_TP_ADD_TC(tp, both_killed);
	ATF_TP_ADD_TC(tp, everything_killed);
	ATF_TP_ADD_TC(tp, on_lost);
	return atf_no_error();
}
