/* links: daemon/runner/wire.c tests/runner_client.c ; libs: atf-c */
/*
 * runner_refusal_test: what weir-runner does not take: messages that are cut
 * short, and being started by hand.
 */

#include <sys/stat.h>
#include <sys/wait.h>

#include <atf-c.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "tests/runner_client.h"

static void refused(struct runner *, unsigned type, const void *, size_t);
static void
check_usage(const char *id, const char *input, int status, const char *says);

/* A message of a type with that for its body; the connection ends. */
static void
refused(struct runner *r, unsigned type, const void *body, size_t size)
{
	unsigned char bytes[64] = {(unsigned char)size, 0, 0, 0, WIRE_VERSION,
	    0, (unsigned char)type, 0};
	struct wire_message m;

	greet(r);
	memcpy(bytes + 8, body, size);
	ATF_REQUIRE_EQ((ssize_t)size + 8, write(r->fd, bytes, size + 8));
	ATF_CHECK_EQ_MSG(0, receive(r, &m), "type %u was taken", type);
	hang_up(r);
}

ATF_TC(cut_short);
ATF_TC_HEAD(cut_short, tc)
{
	atf_tc_set_md_var(tc, "descr",
	    "each message that is cut short ends the connection; what runs "
	    "goes on");
}
ATF_TC_BODY(cut_short, tc)
{
	struct wire_message m;
	struct runner r;

	begin(&r, NULL);
	greet(&r);
	run(&r, 1, "sleep 1000");
	hang_up(&r);
	refused(&r, WIRE_HELLO, "\1\2", 2);
	refused(&r, WIRE_START, "\1\2\3", 3);
	refused(&r, WIRE_SIGNAL, "\1", 1);
	refused(&r, WIRE_ACK, "\1\2\3\4", 4);
	greet(&r);
	say(&r, WIRE_LIST);
	receive_report(&r, WIRE_STARTED);
	ATF_REQUIRE_EQ(WIRE_LISTED, receive(&r, &m));
	/* Nothing to acknowledge yet: it is kept. */
	acknowledge(&r, 1);
	say(&r, WIRE_LIST);
	receive_report(&r, WIRE_STARTED);
	send_signal(&r, 1, SIGKILL);
	end(&r);
}

/* How the runner ends that is started with those arguments and input. */
static void
check_usage(const char *id, const char *input, int status, const char *says)
{
	const char *program = getenv("WEIR_RUNNER");
	char said[256] = "";
	int ends[2], result, fd;
	size_t length = 0;
	ssize_t n;
	pid_t pid;

	ATF_REQUIRE(program != NULL);
	ATF_REQUIRE_EQ(0, pipe(ends));
	pid = fork();
	ATF_REQUIRE(pid != -1);
	if (pid == 0) {
		fd = open(input, O_RDONLY);
		if (fd == -1 || dup2(fd, 0) == -1 || dup2(ends[1], 2) == -1)
			_exit(99);
		execl(program, "weir-runner", "x.sock", id, (char *)NULL);
		_exit(98);
	}
	close(ends[1]);
	while ((n = read(ends[0], said + length, sizeof said - 1 - length)) > 0)
		length += (size_t)n;
	close(ends[0]);
	ATF_REQUIRE_EQ(pid, waitpid(pid, &result, 0));
	ATF_CHECK(WIFEXITED(result));
	ATF_CHECK_EQ(status, WEXITSTATUS(result));
	ATF_CHECK_MSG(strstr(said, says) != NULL, "said: %s", said);
}

ATF_TC(usage);
ATF_TC_HEAD(usage, tc)
{
	atf_tc_set_md_var(tc, "descr", "started by hand it says who starts it");
}
ATF_TC_BODY(usage, tc)
{
	check_usage(ID_TEXT, "/dev/null", EX_USAGE, "weird(8) starts it");
	check_usage(NULL, "/dev/null", EX_USAGE, "usage: weir-runner");
	check_usage("0", "/dev/null", EX_USAGE, "an id in hexadecimal");
	check_usage("12x", "/dev/null", EX_USAGE, "12x: expected an id");
}

/* Asks for it, and says at which stage it failed. */
static unsigned
fails_at(struct runner *r, const struct wire_start *start, int error)
{
	struct wire_report failed;

	ask(r, start);
	failed = receive_report(r, WIRE_FAILED);
	ATF_CHECK_EQ(error, failed.error);
	ATF_CHECK_EQ(0, failed.pid);
	return failed.stage;
}

/* A command that needs nothing of the test's directory. */
static struct wire_start *
elsewhere(struct runner *r, uint64_t execution)
{
	struct wire_start *start = shell(r, execution, "exit 7");

	start->cwd = "/";
	start->out = start->err = "/dev/null";
	return start;
}

static void
as_nobody(void)
{
	if (setgid(65534) == -1 || setuid(65534) == -1)
		_exit(97);
}

ATF_TC(may_not);
ATF_TC_HEAD(may_not, tc)
{
	atf_tc_set_md_var(tc, "descr",
	    "a runner that may not do what a command needs says what");
	atf_tc_set_md_var(tc, "require.user", "root");
}
ATF_TC_BODY(may_not, tc)
{
	static char *no_path[] = {NULL};
	struct wire_start *start;
	struct wire_report report;
	struct runner r;

	ATF_REQUIRE_EQ(0, chmod(".", 0777));
	begin(&r, as_nobody);
	ATF_REQUIRE_EQ(0, chmod("r.sock", 0777));
	/* It serves its own user alone. */
	ATF_REQUIRE_EQ(0, setegid(65534));
	ATF_REQUIRE_EQ(0, seteuid(65534));
	greet(&r);
	ATF_REQUIRE_EQ(0, seteuid(0));
	ATF_REQUIRE_EQ(0, setegid(0));
	start = elsewhere(&r, 1);
	start->has_nice = true;
	start->nice = -5;
	ATF_CHECK_EQ(WIRE_STAGE_NICE, fails_at(&r, start, EACCES));
	start = elsewhere(&r, 2);
	start->uid = start->gid = 0;
	ATF_CHECK_EQ(WIRE_STAGE_STDOUT, fails_at(&r, start, EPERM));
	start = elsewhere(&r, 4);
	start->in = "/no/such/file";
	ATF_CHECK_EQ(WIRE_STAGE_STDIN, fails_at(&r, start, ENOENT));
	start = elsewhere(&r, 5);
	start->err = "/no/such/place/log";
	ATF_CHECK_EQ(WIRE_STAGE_STDERR, fails_at(&r, start, ENOENT));
	/* Without PATH in its environment, what systems have. */
	start = elsewhere(&r, 6);
	start->env = no_path;
	ask(&r, start);
	receive_report(&r, WIRE_STARTED);
	report = receive_report(&r, WIRE_ENDED);
	ATF_CHECK_EQ(7, WEXITSTATUS(report.status));
	ATF_REQUIRE_EQ(0, kill(r.pid, SIGKILL));
	hang_up(&r);
}

/* Whether the body of a message of the type is taken. */
static bool
is_taken(unsigned type, struct wire_message *m)
{
	struct wire_report report;
	struct wire_start start;
	struct wire_key key;
	uint64_t id;
	bool good;
	int signo;

	switch (type) {
	case WIRE_HELLO:
		return wire_get_id(m, &id);
	case WIRE_ACK:
		return wire_get_key(m, &key);
	case WIRE_SIGNAL:
		return wire_get_signal(m, &key, &signo);
	case WIRE_ENDED:
		return wire_get_report(m, &report);
	default:
		good = wire_get_start(m, &start);
		wire_start_free(&start);
		return good;
	}
}

/* The message in the buffer is taken, and no beginning of it is. */
static void
check_lengths(struct wire_buffer *b, unsigned type, size_t least)
{
	struct wire_message whole, part;

	ATF_REQUIRE_EQ(1, wire_next(b, &whole));
	for (size_t n = 0; n <= (size_t)(whole.end - whole.at); n++) {
		part = whole;
		part.end = part.at + n;
		ATF_CHECK_EQ_MSG(n >= least, is_taken(type, &part),
		    "type %u, %zu bytes", type, n);
	}
	wire_buffer_free(b);
}

ATF_TC(lengths);
ATF_TC_HEAD(lengths, tc)
{
	atf_tc_set_md_var(
	    tc, "descr", "a message is taken whole, and cut anywhere refused");
}
ATF_TC_BODY(lengths, tc)
{
	static const struct wire_key key = {1, 2, 3, 4};
	static char *words[] = {
	    (char *)(uintptr_t) "a", (char *)(uintptr_t) "b", NULL};
	static uint32_t groups[] = {7};
	struct wire_start start = {.key = key,
	    .groups = groups,
	    .ngroups = 1,
	    .limits = {{1, 2}},
	    .nlimits = 1,
	    .cwd = "/",
	    .in = "",
	    .out = "/o",
	    .err = "/e",
	    .argv = words,
	    .env = words};
	struct wire_buffer b = {0};
	size_t size;

	wire_put_id(&b, WIRE_HELLO, ID);
	check_lengths(&b, WIRE_HELLO, 8);
	wire_put_key(&b, WIRE_ACK, &key);
	check_lengths(&b, WIRE_ACK, 20);
	wire_put_signal(&b, &key, 9);
	check_lengths(&b, WIRE_SIGNAL, 24);
	ATF_REQUIRE(wire_put_start(&b, &start));
	size = b.end - b.start - 8; /* without the header */
	check_lengths(&b, WIRE_START, size);
}

ATF_TC(too_long);
ATF_TC_HEAD(too_long, tc)
{
	atf_tc_set_md_var(tc, "descr",
	    "a command that is too long for a message is not written");
}
ATF_TC_BODY(too_long, tc)
{
	size_t size = 64 * 1024 * 1024;
	char *text = malloc(size);
	char *words[] = {text, NULL};
	struct wire_start start = {.cwd = "/",
	    .in = "",
	    .out = "",
	    .err = "",
	    .argv = words,
	    .env = words + 1};
	struct wire_buffer b = {0};

	ATF_REQUIRE(text != NULL);
	memset(text, 'x', size);
	text[size - 1] = '\0';
	wire_put_id(&b, WIRE_HELLO, ID);
	size = b.end;
	ATF_CHECK(!wire_put_start(&b, &start));
	ATF_CHECK_EQ(size, b.end);
	wire_buffer_free(&b);
	free(text);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, may_not);
	ATF_TP_ADD_TC(tp, lengths);
	ATF_TP_ADD_TC(tp, too_long);
	ATF_TP_ADD_TC(tp, cut_short);
	ATF_TP_ADD_TC(tp, usage);
	return atf_no_error();
}
