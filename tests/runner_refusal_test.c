/* links: daemon/runner/wire.c tests/runner_client.c ; libs: atf-c */
/*
 * runner_refusal_test: what weir-runner does not take: messages that are cut
 * short, and being started by hand.
 */

#include <sys/wait.h>

#include <atf-c.h>
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
	int ends[2], result;
	size_t length = 0;
	ssize_t n;
	pid_t pid;

	ATF_REQUIRE(program != NULL);
	ATF_REQUIRE_EQ(0, pipe(ends));
	pid = fork();
	ATF_REQUIRE(pid != -1);
	if (pid == 0) {
		close(0);
		if (open(input, O_RDONLY) != 0 || dup2(ends[1], 2) == -1)
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

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, cut_short);
	ATF_TP_ADD_TC(tp, usage);
	return atf_no_error();
}
