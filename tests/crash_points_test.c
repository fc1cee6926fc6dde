/* links: tests/crash_daemon.c tests/crash_trace.c tests/crash_ledger.c
 * tests/crash_attempt.c tests/crash_client.c tests/crash_points.c tests/told.c
 * tests/race_text.c tests/transcript_json.c libweir.a ; libs: msgpack jansson
 * libbsd-overlay pthread atf-c */
/*
 * crash_points_test: the daemon, or a runner, killed at every single system
 * call of a scenario, one after the other; then started again and held to what
 * it had acknowledged.
 */

#include <sys/mman.h>
#include <sys/wait.h>

#include <atf-c.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/crash_client.h"
#include "tests/crash_points.h"
#include "tests/test_length.h"

#define RUNNER_COUNT 1
#define POINTS_SHORT 700 /* more are sampled evenly, where it is not long */
#define POINTS_SANITIZED 40

/* False where the daemon is gone. */
typedef bool scenario_steps(struct ledger *, struct weir *);

/* What is counted of all points, by several processes. */
struct tally {
	unsigned reached;
	unsigned passed_by; /* the process ended without coming so far */
};

static scenario_steps requests, recovery, stopping;
static bool work(struct ledger *, struct weir *, enum flow, const char *delay);
static bool await(struct ledger *, struct weir *, unsigned);
static void leave_running(struct ledger *);
static void run_steps(struct ledger *, scenario_steps *);
static bool define(struct ledger *);
static void once(struct crash_daemon *, const struct point *, bool runner,
    scenario_steps *, struct tally *);
static void all_points(bool runner, scenario_steps *);
static void each_point(const struct points *, unsigned share, bool runner,
    scenario_steps *, struct tally *);

/* A command that is to end; asked for with a key. */
static bool
work(struct ledger *l, struct weir *weir, enum flow flow, const char *delay)
{
	struct record *r = ledger_record(l, 0, flow);

	r->keyed = true;
	return client_do(l, 0, weir, r, VERB_START, delay);
}

/* Until that execution has ended, or stands still. */
static bool
await(struct ledger *l, struct weir *weir, unsigned n)
{
	struct weir_message answer;
	char params[128];

	snprintf(params, sizeof(params),
	    "{'id': %" PRIu64 ", 'timeout': 20000000000, 'status': "
	    "['completed', 'failed', 'canceled', 'terminated', 'waiting']}",
	    l->clients[0].records[n].id);
	return ledger_try(weir, "execution.wait", params, &answer) == WEIR_OK;
}

/* Everything that a client can ask for, in a directory that is new. */
static bool
requests(struct ledger *l, struct weir *weir)
{
	static const enum verb verbs[] = {VERB_START, VERB_PAUSE, VERB_RESUME,
	    VERB_GO, VERB_PAUSE, VERB_RESUME, VERB_END};
	struct record *gate;

	if (!work(l, weir, FLOW_RETRY, "0") ||
	    !client_do(l, 0, weir, NULL, VERB_PUT, NULL) ||
	    !client_do(l, 0, weir, NULL, VERB_DISABLE, NULL))
		return false;
	gate = ledger_record(l, 0, FLOW_GATE);
	for (size_t i = 0; i < sizeof(verbs) / sizeof(verbs[0]); i++)
		if (!client_do(l, 0, weir, gate, verbs[i], "0"))
			return false;
	return work(l, weir, FLOW_FAIL, "0.5") &&
	    client_do(
		l, 0, weir, &l->clients[0].records[2], VERB_TERMINATE, NULL) &&
	    await(l, weir, 0) && await(l, weir, 2);
}

/* What is left from before is adopted and collected; then the same again. */
static bool
recovery(struct ledger *l, struct weir *weir)
{
	return await(l, weir, 0) && await(l, weir, 1) && requests(l, weir) &&
	    await(l, weir, l->clients[0].nrecords - 1);
}

/* Frozen, thawed, and left with commands that run. */
static bool
stopping(struct ledger *l, struct weir *weir)
{
	struct weir_message answer;

	return work(l, weir, FLOW_ITEMS, "0") &&
	    work(l, weir, FLOW_ASK, "0.05") &&
	    ledger_try(weir, "engine.pause", "{'freeze': true}", &answer) ==
	    WEIR_OK &&
	    ledger_try(weir, "engine.resume", "{'early': true}", &answer) ==
	    WEIR_OK &&
	    await(l, weir, 0) && work(l, weir, FLOW_FAIL, "0.2");
}

/* By a daemon that is killed, nobody traces. */
static void
leave_running(struct ledger *l)
{
	struct weir *weir;

	crash_daemon_up(l->daemon);
	ledger_define(l);
	weir = weir_open(l->daemon->socket);
	ATF_REQUIRE(weir != NULL && work(l, weir, FLOW_FAIL, "0") &&
	    work(l, weir, FLOW_ITEMS, "0.05") && await(l, weir, 0));
	weir_close(weir);
	crash_daemon_kill(l->daemon);
}

static bool
define(struct ledger *l)
{
	struct weir *weir = weir_open(l->daemon->socket);
	bool done;

	done = weir != NULL && ledger_define_by(weir);
	weir_close(weir);
	return done;
}

/* As far as it comes; the daemon is gone in the end. */
static void
run_steps(struct ledger *l, scenario_steps *steps)
{
	struct weir *weir;

	if (crash_daemon_listens(l->daemon) && define(l) &&
	    (weir = weir_open(l->daemon->socket)) != NULL) {
		if (steps(l, weir))
			kill(l->daemon->pid, SIGTERM);
		weir_close(weir);
	}
}

static void
once(struct crash_daemon *d, const struct point *point, bool runner,
    scenario_steps *steps, struct tally *tally)
{
	static struct ledger l; /* large */
	struct point_words words;
	int status;

	crash_daemon_make(d, point_directory(point), RUNNER_COUNT);
	ledger_make(&l, d, 1);
	l.losses = runner;
	if (steps == recovery)
		leave_running(&l);
	if (runner)
		point_runner(point, d, RUNNER_COUNT);
	point_words(point, d, &words);
	crash_daemon_start(d, runner ? NULL : words.words, NULL);
	run_steps(&l, steps);
	status = crash_daemon_ended(d);
	if (runner || !WIFSIGNALED(status)) {
		if (status != 0)
			crash_daemon_show(d);
		ATF_REQUIRE_EQ_MSG(0, status, "weird ended with %d", status);
	}
	if (runner ? point_was_reached(d) : status != 0)
		__atomic_fetch_add(&tally->reached, 1, __ATOMIC_RELAXED);
	else
		__atomic_fetch_add(&tally->passed_by, 1, __ATOMIC_RELAXED);
	crash_daemon_runner(d, RUNNER_COUNT, getenv("WEIR_RUNNER"));
	crash_daemon_up(d);
	ledger_define(&l);
	ledger_check(&l, false);
	ledger_settle(&l);
	ledger_check(&l, true);
	crash_daemon_stop(d);
	crash_daemon_remove(d);
	ledger_free(&l);
}

/* WEIR_POINT=close-2: that one alone, as often as WEIR_TIMES says. */
static bool
one_point(const struct points *points, bool runner, scenario_steps *steps,
    struct tally *tally)
{
	const char *name = getenv("WEIR_POINT"), *times = getenv("WEIR_TIMES");
	int n = times != NULL ? atoi(times) : 1;
	struct crash_daemon d;

	if (name == NULL)
		return false;
	for (unsigned i = 0; i < points->count; i++)
		for (int j = 0; j < n &&
		     strcmp(point_directory(&points->list[i]), name) == 0;
		     j++)
			once(&d, &points->list[i], runner, steps, tally);
	return true;
}

/* By a process of its own: every second one, of two. */
static void
each_point(const struct points *points, unsigned share, bool runner,
    scenario_steps *steps, struct tally *tally)
{
	struct crash_daemon d;

	for (unsigned i = share; i < points->count; i += POINT_SHARES) {
		if (!points_sampled(points, i))
			continue;
		once(&d, &points->list[i], runner, steps, tally);
	}
}

static void
all_points(bool runner, scenario_steps *steps)
{
	const int access = PROT_READ | PROT_WRITE;
	const int kind = MAP_SHARED | MAP_ANONYMOUS;
	static struct points points;
	struct tally *tally;
	struct crash_daemon d;
	int status, failed = 0;

	/* cppcheck-suppress invalidFunctionArg */
	tally = mmap(NULL, sizeof(*tally), access, kind, -1, 0);
	ATF_REQUIRE(tally != MAP_FAILED);
	signal(SIGPIPE, SIG_IGN);
	points_require();
	once(&d, &point_none, runner, steps, tally);
	points_read(&points, POINTS_SHORT, POINTS_SANITIZED);
	points_print(&points, runner ? "weir-runner" : "weird");
	memset(tally, 0, sizeof(*tally));
	if (one_point(&points, runner, steps, tally))
		return;
	fflush(stdout);
	for (unsigned share = 0; share < POINT_SHARES; share++)
		if (fork() == 0) {
			each_point(&points, share, runner, steps, tally);
			fflush(stdout);
			_exit(0);
		}
	for (unsigned share = 0; share < POINT_SHARES; share++) {
		ATF_REQUIRE(wait(&status) != -1);
		failed += status != 0;
	}
	printf("killed at %u points; %u were passed by\n", tally->reached,
	    tally->passed_by);
	fflush(stdout);
	if (failed > 0)
		_exit(1); /* the process that failed has said why */
	ATF_REQUIRE(tally->reached > 0);
}

#define POINTS(name, description, runner, steps, only_long)                \
	ATF_TC(name);                                                      \
	ATF_TC_HEAD(name, tc)                                              \
	{                                                                  \
		atf_tc_set_md_var(tc, "descr", description);               \
		atf_tc_set_md_var(tc, "timeout", "14400");                 \
	}                                                                  \
	ATF_TC_BODY(name, tc)                                              \
	{                                                                  \
		if (only_long && !runs_long())                             \
			atf_tc_skip("only long: make check-long runs it"); \
		all_points(runner, steps);                                 \
	}

POINTS(daemon_requests,
    "the daemon killed at every call: a new directory, all "
    "requests",
    false, requests, false)
POINTS(daemon_recovery,
    "the daemon killed at every call: recovery, adoption, "
    "requests",
    false, recovery, true)
POINTS(daemon_stopping,
    "the daemon killed at every call: freezing, and the "
    "end with commands running",
    false, stopping, true)
POINTS(runner_requests, "a runner killed at every call: all requests", true,
    requests, false)
POINTS(runner_recovery, "a runner killed at every call: recovery, requests",
    true, recovery, true)
POINTS(runner_stopping,
    "a runner killed at every call: freezing, and the "
    "daemon's end",
    true, stopping, true)

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, daemon_requests);
	ATF_TP_ADD_TC(tp, daemon_recovery);
	ATF_TP_ADD_TC(tp, daemon_stopping);
	ATF_TP_ADD_TC(tp, runner_requests);
	ATF_TP_ADD_TC(tp, runner_recovery);
	ATF_TP_ADD_TC(tp, runner_stopping);
	return atf_no_error();
}
