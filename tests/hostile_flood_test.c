/* links: tests/hostile.c tests/beside.c tests/scratch_daemon.c tests/transcript_json.c libweir.a ; libs: msgpack jansson */
/*
 * hostile_flood_test: clients that ask for too much of what they may ask for,
 * with a good one beside them.
 */

#include <sys/socket.h>

#include <atf-c.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libproto/errors.h"
#include "tests/beside.h"
#include "tests/hostile.h"
#include "tests/scratch_daemon.h"
#include "tests/test_length.h"

#define CLIENTS 48
#define MESSAGE (1024 * 1024) /* limits.message */
#define UNREAD (1024 * 1024)  /* bytes with which a client is served no more */
#define QUEUE (4 * 1024 * 1024) /* of a watcher */
#define PLANNED 200	  /* executions, the most that a plan is made for */
#define PAGE (256 * 1024) /* bytes of a page of execution.list, about */
/* A call for 10000: what became of each of them, and that as an answer. */
#define CALL (10000 * (size_t)(400 + 2 * 512))
#define EACH ((size_t)192 * 1024)
#define NOISE (12 * BESIDE_MIB)

static void ask_for_ever(const char *, const char *);
static void ask_as(uid_t, const char *, const char *);
static void send_whole(int, const msgpack_sbuffer *);
static void ask_unread(const char *, const char *, unsigned);
static void send_unread(const char *, const char *, unsigned);
static void await_all(struct weir *, uint64_t);
static void end_awaited(void);
static void watch(const char *, bool);
static void list_all(void);
static void list_by_label(void);
static void list_unread(void);
static void pause_all(void);
static void plan_for_all(void);
static void wait_for_all(void);
static void wait_unread(void);
static void read_logs(void);
static void watch_again(void);
static void watch_dearly(void);
static void watch_unread(void);
static void check_large(void);
static void stop(void);
static void populate(unsigned);

/* Pipelined on many connections; the answers are read and forgotten. */
static void
ask_for_ever(const char *method, const char *params)
{
	ask_as(0, method, params);
}

static void
ask_as(uid_t uid, const char *method, const char *params)
{
	msgpack_sbuffer flood;
	int fds[CLIENTS];

	msgpack_sbuffer_init(&flood);
	hostile_requests(&flood, 20, method, params);
	for (int i = 0; i < CLIENTS; i++) {
		fds[i] = hostile_dial_as(uid);
		hostile_send(fds[i], flood.data, flood.size);
	}
	attack_begun();
	for (unsigned i = 0;; i = (i + 1) % CLIENTS) {
		if (!hostile_skim(fds[i])) {
			/* Sent away, for it was too slow in reading. */
			close(fds[i]);
			fds[i] = hostile_dial_as(uid);
		}
		send_whole(fds[i], &flood);
	}
}

/* All, or nothing where there is no room; reads what comes meanwhile. */
static void
send_whole(int fd, const msgpack_sbuffer *flood)
{
	struct pollfd ready = {.fd = fd, .events = POLLIN | POLLOUT};
	size_t sent = 0;

	do {
		ssize_t n = send(fd, flood->data + sent, flood->size - sent,
		    MSG_DONTWAIT | MSG_NOSIGNAL);

		if (n > 0)
			sent += (size_t)n;
		else if (sent == 0 || errno != EAGAIN)
			return;
		else
			poll(&ready, 1, -1);
		if (!hostile_skim(fd))
			return;
	} while (sent < flood->size);
}

/* The same, and none of the answers is read. */
static void
ask_unread(const char *method, const char *params, unsigned n)
{
	send_unread(method, params, n);
	attack_begun();
}

static void
send_unread(const char *method, const char *params, unsigned n)
{
	msgpack_sbuffer flood;

	msgpack_sbuffer_init(&flood);
	hostile_requests(&flood, n, method, params);
	hostile_request(&flood, n, "execution.start", "{'workflow': 'crowd'}");
	for (int i = 0; i < CLIENTS; i++)
		(void)!send(hostile_dial(), flood.data, flood.size,
		    MSG_DONTWAIT | MSG_NOSIGNAL);
	msgpack_sbuffer_destroy(&flood);
}

/* The last request of each has been served when there are as many. */
static void
await_all(struct weir *weir, uint64_t id)
{
	struct weir_message answer;
	msgpack_sbuffer params;
	msgpack_packer packer;
	int error;

	msgpack_sbuffer_init(&params);
	msgpack_packer_init(&packer, &params, msgpack_sbuffer_write);
	msgpack_pack_map(&packer, 1);
	msgpack_pack_str_with_body(&packer, "id", 2);
	msgpack_pack_uint64(&packer, id);
	do
		error = weir_call(weir, "execution.get", params.data,
		    params.size, 60000, &answer);
	while (error == ERROR_NOT_FOUND);
	ATF_REQUIRE_EQ(WEIR_OK, error);
	msgpack_sbuffer_destroy(&params);
}

static void
list_all(void)
{
	ask_for_ever("execution.list", "{'limit': 1000}");
}

/* A filter that looks at everything and lets nothing through. */
static void
list_by_label(void)
{
	ask_for_ever("execution.list",
	    "{'limit': 1000, 'filter': {'label': {'a': 'b', 'none': 'such'}}}");
}

static void
list_unread(void)
{
	ask_unread("execution.list", "{'limit': 1000}", 1000);
}

/* What changes nothing at most of them, and something at some. */
static void
pause_all(void)
{
	ask_for_ever("execution.resume", "{'filter': {'workflow': 'crowd'}}");
}

static void
plan_for_all(void)
{
	ask_for_ever("execution.cancel",
	    "{'filter': {'workflow': 'few'}, 'plan': true}");
}

static void
wait_for_all(void)
{
	ask_for_ever("execution.wait", "{'id': 1, 'timeout': 1000000}");
}

/* All of them are over at once, with an answer that is large. */
static void
wait_unread(void)
{
	end_awaited();
	attack_begun();
}

/* What 120 waits of each client are for ends, and its output is large. */
static void
end_awaited(void)
{
	struct weir *weir = weir_open(SCRATCH_SOCKET);
	size_t size = 200000;
	char *params = malloc(size + 200), wait[64];
	uint64_t id;

	ATF_REQUIRE(weir != NULL);
	snprintf(params, size, "{'workflow': 'large', 'input': {'x': '");
	memset(params + strlen(params), 'x', size);
	strcpy(params + size, "'}}");
	id = hostile_call(weir, "execution.start", params);
	snprintf(wait, sizeof(wait), "{'id': %ju}", (uintmax_t)id);
	send_unread("execution.wait", wait, 120);
	await_all(weir, id + CLIENTS);
	snprintf(
	    wait, sizeof(wait), "{'ids': [%ju], 'kill': true}", (uintmax_t)id);
	hostile_call(weir, "execution.cancel", wait);
	free(params);
	weir_close(weir);
}

static void
read_logs(void)
{
	ask_for_ever("task.log",
	    "{'execution': 1, 'task': 'a', 'stream': 'stdout', 'limit': "
	    "262144}");
}

static void
watch(const char *params, bool reads)
{
	msgpack_sbuffer flood;
	int fds[CLIENTS];

	msgpack_sbuffer_init(&flood);
	hostile_requests(&flood, 1, "events.subscribe", params);
	for (int i = 0; i < CLIENTS; i++) {
		fds[i] = hostile_dial();
		hostile_send(fds[i], flood.data, flood.size);
	}
	attack_begun();
	while (reads)
		for (int i = 0; i < CLIENTS; i++)
			if (!hostile_skim(fds[i]))
				_exit(1);
}

/* All events from the first on, again and again. */
static void
watch_again(void)
{
	ask_for_ever("events.subscribe", "{'from': 1}");
}

/* Each with 1000 executions and 64 types. */
static void
watch_dearly(void)
{
	size_t size = 32768;
	char *params = malloc(size);
	FILE *file = fmemopen(params, size, "w");

	fprintf(file, "{'from': 1, 'executions': [1");
	for (int i = 2; i <= 1000; i++)
		fprintf(file, ", %d", i * 7);
	fprintf(file, "], 'types': ['*'");
	for (int i = 2; i <= 64; i++)
		fprintf(file, ", 'execution.*'");
	fprintf(file, "]}");
	fclose(file);
	watch(params, true);
}

static void
watch_unread(void)
{
	watch("{'from': 1}", false);
}

/* A definition with as many tasks as there may be, to be checked; each wrong.
 */
static void
check_large(void)
{
	int n = runs_long() ? 4000 : 1000; /* tasks; 4096 are the most */
	size_t size = 1000000;
	char *params = malloc(size);
	FILE *file = fmemopen(params, size, "w");

	fprintf(file, "{'definition': {'workflow': 'big', 'tasks': {");
	for (int i = 0; i < n; i++)
		fprintf(file,
		    "%s't%d': {'run': ['x', '${{ input.a + %d }}'], 'next': "
		    "[{'do': 't%d'}]}",
		    i > 0 ? ", " : "", i, i, (i + 1) % n);
	fprintf(file, "}}}");
	fclose(file);
	ask_for_ever("definition.check", params);
}

/* Which they may not. */
static void
stop(void)
{
	ask_as(65534, "engine.stop", "{'mode': 'kill'}");
}

static const struct attack attacks[] = {
    {"lists of everything", list_all, CLIENTS *(UNREAD + PAGE + EACH) + NOISE},
    {"lists of nothing", list_by_label, CLIENTS *(UNREAD + EACH) + NOISE},
    {"lists of everything, unread", list_unread,
	CLIENTS *(UNREAD + PAGE + EACH) + NOISE},
    {"calls for everything", pause_all, CLIENTS *(2 * UNREAD + EACH) + NOISE},
    {"plans for 200", plan_for_all, CLIENTS *(2 * UNREAD + EACH) + NOISE},
    {"waits", wait_for_all, CLIENTS *(UNREAD + EACH) + NOISE},
    {"waits for what is large, unread", wait_unread,
	CLIENTS *(2 * UNREAD + EACH) + NOISE},
    {"logs", read_logs, CLIENTS *(2 * UNREAD + EACH) + NOISE},
    {"subscribing again and again", watch_again,
	CLIENTS *(2 * UNREAD + EACH) + NOISE},
    {"watchers with long filters", watch_dearly,
	CLIENTS *(2 * UNREAD + EACH) + NOISE},
    {"watchers that do not read", watch_unread,
	CLIENTS *(QUEUE + EACH) + NOISE},
    {"definitions as large as can be", check_large,
	CLIENTS *(2 * MESSAGE + UNREAD + EACH) + 64 * BESIDE_MIB},
    {"engine.stop by who may not", stop, CLIENTS *(UNREAD + EACH) + NOISE},
};

/* One with a log to read, which is the first, and many that do nothing. */
static void
populate(unsigned n)
{
	struct weir *weir = weir_open(SCRATCH_SOCKET);

	ATF_REQUIRE(weir != NULL);
	hostile_call(weir, "definition.put",
	    "{'definition': {'workflow': 'crowd', 'tasks': {'a': {'wait': "
	    "{'signal': 'x'}}}}}");
	hostile_call(weir, "definition.put",
	    "{'definition': {'workflow': 'large', 'input': {'x': {'type': "
	    "'string'}}, 'tasks': {'a': {'wait': {'signal': 'x'}}}}}");
	hostile_call(weir, "definition.put",
	    "{'definition': {'workflow': 'few', 'tasks': {'a': {'wait': "
	    "{'signal': 'x'}}}}}");
	hostile_populate(
	    weir, n, "{'workflow': 'crowd', 'labels': {'a': 'b', 'c': 'd'}}");
	hostile_populate(weir, PLANNED, "{'workflow': 'few'}");
	weir_close(weir);
}

ATF_TC(floods);
ATF_TC_HEAD(floods, tc)
{
	atf_tc_set_md_var(
	    tc, "descr", "a good client has its answers beside each of them");
	atf_tc_set_md_var(tc, "timeout", "1200");
	atf_tc_set_md_var(tc, "require.user", "root");
}
ATF_TC_BODY(floods, tc)
{
	unsigned n = runs_long() ? 100000 : 5000;

	signal(SIGPIPE, SIG_IGN);
	beside_begin("log: warn\nlimits:\n  executions: 1000000\n"
		     "  idle_timeout: 60s\n");
	populate(beside_is_sanitized() ? 2000 : n);
	for (size_t i = 0; i < sizeof(attacks) / sizeof(attacks[0]); i++)
		beside_attack(&attacks[i]);
	beside_end();
}

/* Or it would look again and again at what can't be answered. */
ATF_TC(rests);
ATF_TC_HEAD(rests, tc)
{
	atf_tc_set_md_var(tc, "descr",
	    "answers that nobody reads cost no time, and keep nobody from "
	    "ending the daemon");
	atf_tc_set_md_var(tc, "require.user", "root");
}
ATF_TC_BODY(rests, tc)
{
	long cpu;

	beside_begin("log: warn\nlimits:\n  idle_timeout: 60s\n");
	populate(0);
	end_awaited();
	cpu = beside_cpu();
	poll(NULL, 0, 2000);
	cpu = beside_cpu() - cpu;
	printf("%ld ms of computing in 2 s\n", cpu);
	ATF_CHECK_MSG(cpu < 1000, "%ld ms of computing in 2 s", cpu);
	beside_end();
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, rests);
	ATF_TP_ADD_TC(tp, floods);
	return atf_no_error();
}
