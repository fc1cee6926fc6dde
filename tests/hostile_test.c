/* links: tests/hostile.c tests/beside.c tests/scratch_daemon.c tests/transcript_json.c libweir.a ; libs: msgpack jansson */
/*
 * hostile_test: clients that send what they should not, or as they should not,
 * with a good one beside them.
 */

#include <sys/socket.h>

#include <atf-c.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/beside.h"
#include "tests/hostile.h"

#define CLIENTS 48
#define MESSAGE (1024 * 1024) /* limits.message */

/* Users that the system has no names for: their numbers are in the log. */
#define SOMEBODY 61001
#define SOMEBODY_NAME "61001"
#define OTHER_NAME "61002"

/*
 * What one connection costs the daemon besides the messages it is sent: its
 * buffers for reading (64 KiB, and as much to grow) and for writing.
 */
#define EACH ((size_t)192 * 1024)
/* What the good client itself leaves behind, and the allocator's own. */
#define NOISE (12 * BESIDE_MIB)

/* Bytes that end a connection, and the daemon's word for why. */
struct bad_bytes {
	const char *what;
	const char *bytes;
	size_t size;
	const char *word;
};

#define BYTES(text) text, sizeof(text) - 1

static const struct bad_bytes bad[] = {
    {"an array of 268 million", BYTES("\xdd\x0f\xff\xff\xff"), "too many"},
    {"a map of 268 million", BYTES("\xdf\x0f\xff\xff\xff"), "too many"},
    {"an array of 2^32-1", BYTES("\xdd\xff\xff\xff\xff"), "too many"},
    {"a map of 2^32-1", BYTES("\xdf\xff\xff\xff\xff"), "too many"},
    {"268 million parameters",
	BYTES("\x94\x00\x01\xa5hello\xdd\x0f\xff\xff\xff"), "too many"},
    {"a map of 268 million as parameters",
	BYTES("\x94\x00\x01\xa5hello\x91\xdf\x0f\xff\xff\xff"), "too many"},
    {"a string of 4 GiB", BYTES("\x94\x00\x01\xdb\xff\xff\xff\xff"), "too big"},
    {"bytes of 4 GiB", BYTES("\x94\x00\x01\xc6\xff\xff\xff\xff"), "too big"},
    {"an extension of 4 GiB", BYTES("\x94\x00\x01\xc9\xff\xff\xff\xff\x01"),
	"too big"},
    {"a byte that is never used", BYTES("\x94\x00\x01\xc1"), "not MessagePack"},
};

static unsigned read_log(const char *, uint64_t *);
static void send_nonsense(unsigned, uid_t);
static void send_by_bytes(void);
static void send_halves(void);
static void drip(void);
static void send_bad(void);
static void send_deep(void);
static void send_invalid(void);
static void send_notifications(void);
static void reuse_ids(void);
static void never_read(void);
static void die_midway(void);
static void connect_and_go(void);

/* Valid requests on many connections, a byte at a time. */
static void
send_by_bytes(void)
{
	msgpack_sbuffer request;
	int fds[CLIENTS];

	msgpack_sbuffer_init(&request);
	hostile_request(&request, 1, "execution.list", "{'limit': 1}");
	for (int i = 0; i < CLIENTS; i++)
		fds[i] = hostile_dial();
	attack_begun();
	for (size_t at = 0;; at = (at + 1) % request.size)
		for (int i = 0; i < CLIENTS; i++) {
			if (!hostile_send(fds[i], request.data + at, 1))
				_exit(1);
			hostile_skim(fds[i]);
		}
}

/* Almost all of the largest message there may be, and silence. */
static void
send_halves(void)
{
	static char half[MESSAGE - 64];
	static const char head[] = "\x94\x00\x01\xdb\x00\x0f\xff\xd0";

	memcpy(half, head, sizeof(head) - 1);
	for (int i = 0; i < CLIENTS; i++)
		if (!hostile_send(hostile_dial(), half, sizeof(half)))
			_exit(1);
	attack_begun();
}

/* Slow, but never silent: a byte to each of many in turn. */
static void
drip(void)
{
	static const char head[] = "\x94\x00\x01\xdb\x00\x0f\xff\x00";
	int fds[CLIENTS];

	for (int i = 0; i < CLIENTS; i++) {
		fds[i] = hostile_dial();
		hostile_send(fds[i], head, sizeof(head) - 1);
	}
	attack_begun();
	for (;;)
		for (int i = 0; i < CLIENTS; i++) {
			if (hostile_send(fds[i], "x", 1))
				continue;
			close(fds[i]);
			fds[i] = hostile_dial();
			hostile_send(fds[i], head, sizeof(head) - 1);
		}
}

/* All that ends a connection at once, on ever new connections. */
static void
send_bad(void)
{
	attack_begun();
	for (unsigned i = 0;; i++) {
		const struct bad_bytes *one =
		    &bad[i % (sizeof(bad) / sizeof(bad[0]))];
		int fd = hostile_dial();
		size_t size;

		hostile_send(fd, one->bytes, one->size);
		free(hostile_hear(fd, &size));
		close(fd);
	}
}

static void
send_deep(void)
{
	size_t size = 1000000;
	char *deep = malloc(size);

	memset(deep, '\x91', size);
	attack_begun();
	for (;;) {
		int fd = hostile_dial();

		hostile_send(fd, deep, size);
		free(hostile_hear(fd, &size));
		size = 1000000;
		close(fd);
	}
}

/* Requests that are refused, as many as there can be. */
static void
send_invalid(void)
{
	static const char *const params[] = {"{'workflow': 'x', 'version': -1}",
	    "{'nothing': 'known'}",
	    "{'workflow': {'deep': [[[[[[[[[[[[]]]]]]]]]]]]}}", "{}"};
	msgpack_sbuffer flood;
	int fds[8];

	msgpack_sbuffer_init(&flood);
	for (size_t i = 0; i < 4; i++)
		hostile_requests(&flood, 200, "execution.start", params[i]);
	hostile_requests(&flood, 200, "no.such.method", "{}");
	/* Duplicate keys, and text that is not UTF-8. */
	for (int i = 0; i < 200; i++) {
		msgpack_sbuffer_write(&flood,
		    BYTES("\x94\x00\x07\xad"
			  "execution.get\x91\x82\xa2"
			  "id"
			  "\x01"
			  "\xa2"
			  "id"
			  "\x02"));
		msgpack_sbuffer_write(&flood,
		    BYTES("\x94\x00\x08\xaf"
			  "execution.start\x91\x81\xa8"
			  "workflow"
			  "\xa3\xff\xfe\x80"));
	}
	for (int i = 0; i < 8; i++)
		fds[i] = hostile_dial();
	attack_begun();
	for (unsigned i = 0;; i++) {
		if (!hostile_send(fds[i % 8], flood.data, flood.size))
			_exit(1);
		hostile_skim(fds[i % 8]);
	}
}

/* What nobody answers. */
static void
send_notifications(void)
{
	msgpack_sbuffer flood;
	int fds[8];

	msgpack_sbuffer_init(&flood);
	for (int i = 0; i < 1000; i++) {
		msgpack_sbuffer_write(&flood,
		    BYTES("\x93\x02\xa5"
			  "hello\x90"));
		msgpack_sbuffer_write(&flood, BYTES("\x94\x01\x05\xc0\xa2ok"));
	}
	for (int i = 0; i < 8; i++)
		fds[i] = hostile_dial();
	attack_begun();
	for (unsigned i = 0;; i++)
		if (!hostile_send(fds[i % 8], flood.data, flood.size))
			_exit(1);
}

/* The same id for all, most of them unanswered for ever. */
static void
reuse_ids(void)
{
	msgpack_sbuffer flood;
	int fds[CLIENTS];

	msgpack_sbuffer_init(&flood);
	for (int i = 0; i < 1000; i++)
		hostile_request(&flood, 7, "execution.wait", "{'id': 1}");
	for (int i = 0; i < CLIENTS; i++)
		fds[i] = hostile_dial();
	attack_begun();
	for (unsigned i = 0;; i++) {
		if (!hostile_send(fds[i % CLIENTS], flood.data, flood.size))
			_exit(1);
		hostile_skim(fds[i % CLIENTS]);
	}
}

/* Requests at full speed; of the answers not one byte is read. */
static void
never_read(void)
{
	msgpack_sbuffer flood;
	int fds[CLIENTS];
	bool begun = false;

	msgpack_sbuffer_init(&flood);
	hostile_requests(&flood, 1000, "engine.status", "{}");
	for (int i = 0; i < CLIENTS; i++)
		fds[i] = hostile_dial();
	for (;;) {
		for (int i = 0; i < CLIENTS; i++)
			(void)!send(fds[i], flood.data, flood.size,
			    MSG_DONTWAIT | MSG_NOSIGNAL);
		if (!begun)
			attack_begun();
		begun = true;
	}
}

/* The connection ends when the first byte of an answer has come. */
static void
die_midway(void)
{
	msgpack_sbuffer flood;
	char byte;

	msgpack_sbuffer_init(&flood);
	hostile_requests(&flood, 100, "execution.list", "{'limit': 1000}");
	attack_begun();
	for (;;) {
		int fd = hostile_dial();

		hostile_send(fd, flood.data, flood.size);
		(void)!read(fd, &byte, 1);
		close(fd);
	}
}

static void
connect_and_go(void)
{
	attack_begun();
	for (;;)
		close(hostile_dial());
}

/* A buffer for reading grows by doubling: two messages for each. */
static const struct attack attacks[] = {
    {"bytes one at a time", send_by_bytes, CLIENTS *EACH + NOISE},
    {"half a message and silence", send_halves,
	CLIENTS *(2 * MESSAGE + EACH) + NOISE},
    {"a byte now and then", drip, CLIENTS *(2 * MESSAGE + EACH) + NOISE},
    {"headers that lie", send_bad, NOISE},
    {"a depth of a million", send_deep, NOISE},
    {"invalid requests", send_invalid, 8 * (MESSAGE + EACH) + NOISE},
    {"notifications and answers", send_notifications, 8 * EACH + NOISE},
    {"one id for all requests", reuse_ids, CLIENTS *(MESSAGE + EACH) + NOISE},
    {"never reading", never_read, CLIENTS *(2 * MESSAGE + EACH) + NOISE},
    {"ending in the middle of an answer", die_midway, 4 * MESSAGE + NOISE},
    {"connecting and going away", connect_and_go, NOISE},
};

ATF_TC(refused);
ATF_TC_HEAD(refused, tc)
{
	atf_tc_set_md_var(
	    tc, "descr", "what says that it is too much is refused at once");
}
ATF_TC_BODY(refused, tc)
{
	size_t before;

	beside_begin("");
	before = beside_memory();
	beside_mark();
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		int fd = hostile_dial();
		size_t size;
		char *text;

		ATF_REQUIRE(hostile_send(fd, bad[i].bytes, bad[i].size));
		text = hostile_hear(fd, &size);
		ATF_CHECK_MSG(memmem(text, size, "dropped", 7) != NULL &&
			memmem(text, size, bad[i].word, strlen(bad[i].word)) !=
			    NULL,
		    "%s: %.*s", bad[i].what, (int)size, text);
		free(text);
		close(fd);
	}
	if (!beside_is_sanitized())
		ATF_CHECK(beside_peak() < before + BESIDE_MIB);
	beside_end();
}

ATF_TC(beside);
ATF_TC_HEAD(beside, tc)
{
	atf_tc_set_md_var(
	    tc, "descr", "a good client has its answers beside each of them");
	atf_tc_set_md_var(tc, "timeout", "600");
}
ATF_TC_BODY(beside, tc)
{
	signal(SIGPIPE, SIG_IGN);
	beside_begin("log: warn\nlimits:\n  idle_timeout: 60s\n");
	for (size_t i = 0; i < sizeof(attacks) / sizeof(attacks[0]); i++)
		beside_attack(&attacks[i]);
	beside_end();
}

/* Of so many connections that end badly. */
static void
send_nonsense(unsigned n, uid_t uid)
{
	for (unsigned i = 0; i < n; i++) {
		int fd = hostile_dial_as(uid);
		size_t size;

		ATF_REQUIRE(hostile_send(fd, BYTES("\xc1")));
		free(hostile_hear(fd, &size));
		close(fd);
	}
}

/* Lines of the log about a user's clients; *told: how many ended in all. */
static unsigned
read_log(const char *user, uint64_t *told)
{
	FILE *log = fopen("weird.log", "r");
	char line[1024], start[128];
	unsigned lines = 0;
	uint64_t count;

	ATF_REQUIRE(log != NULL);
	snprintf(start, sizeof(start), "a client of %s is dropped: ", user);
	*told = 0;
	while (fgets(line, sizeof(line), log) != NULL) {
		const char *sum = strstr(line, " (the last of ");

		if (strstr(line, start) == NULL)
			continue;
		lines++;
		if (sum == NULL)
			count = 1;
		else
			ATF_REQUIRE_EQ(1,
			    sscanf(sum, " (the last of %" SCNu64 " held back ",
				&count));
		*told += count;
	}
	fclose(log);
	return lines;
}

ATF_TC(logged);
ATF_TC_HEAD(logged, tc)
{
	atf_tc_set_md_var(
	    tc, "descr", "who connects again and again can't fill the log");
	atf_tc_set_md_var(tc, "require.user", "root");
}
ATF_TC_BODY(logged, tc)
{
	const unsigned n = 2000;
	unsigned lines;
	uint64_t told;

	beside_begin("");
	send_nonsense(n, SOMEBODY);
	send_nonsense(3, SOMEBODY + 1);
	beside_end();
	lines = read_log(SOMEBODY_NAME, &told);
	printf("%u bad connections: %u lines, which tell of %" PRIu64 "\n", n,
	    lines, told);
	ATF_CHECK_EQ(n, told);
	ATF_CHECK(lines > 1 && lines < 40);
	/* Another's are there as ever. */
	ATF_CHECK_EQ(3, read_log(OTHER_NAME, &told));
	ATF_CHECK_EQ(3, told);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, refused);
	ATF_TP_ADD_TC(tp, logged);
	ATF_TP_ADD_TC(tp, beside);
	return atf_no_error();
}
