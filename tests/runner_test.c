/* links: daemon/runner/wire.c tests/runner_client.c ; libs: atf-c */
/*
 * runner_test: weir-runner itself, driven through its socket as a daemon does.
 * WEIR_RUNNER names the executable.
 */

#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <atf-c.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "tests/runner_client.h"

ATF_TC(status);
ATF_TC_HEAD(status, tc)
{
	atf_tc_set_md_var(tc, "descr",
	    "exit statuses, signals, times and usage are what they are");
}
ATF_TC_BODY(status, tc)
{
	struct wire_report started, ended;
	struct runner r;

	begin(&r, NULL);
	greet(&r);
	run(&r, 1, "exit 0");
	ended = receive_report(&r, WIRE_ENDED);
	ATF_CHECK_EQ(0, ended.status);
	started = run(&r, 2, "echo out; echo err >&2; exit 3");
	ended = receive_report(&r, WIRE_ENDED);
	ATF_CHECK(WIFEXITED(ended.status) && WEXITSTATUS(ended.status) == 3);
	ATF_CHECK_EQ(started.pid, ended.pid);
	ATF_CHECK(ended.key.execution == 2);
	ATF_CHECK(started.started_at == ended.started_at);
	ATF_CHECK(ended.ended_at > ended.started_at);
	ATF_CHECK(ended.max_rss > 4096);
	ATF_CHECK_EQ(0, ended.left);
	check_file("out.2", "out\n");
	check_file("err.2", "err\n");
	run(&r, 3, "kill -9 $$");
	ended = receive_report(&r, WIRE_ENDED);
	ATF_CHECK(WIFSIGNALED(ended.status) && WTERMSIG(ended.status) == 9);
	end(&r);
}

static void
hostile_signals(void)
{
	sigset_t all;

	signal(SIGCHLD, SIG_IGN);
	signal(SIGTERM, SIG_IGN);
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
}

ATF_TC(sigchld_ignored);
ATF_TC_HEAD(sigchld_ignored, tc)
{
	atf_tc_set_md_var(tc, "descr",
	    "an ignored SIGCHLD that the runner inherits makes no status 0 of "
	    "any other");
}
ATF_TC_BODY(sigchld_ignored, tc)
{
	struct wire_report ended;
	struct runner r;

	begin(&r, hostile_signals);
	greet(&r);
	run(&r, 1, "exit 3");
	ended = receive_report(&r, WIRE_ENDED);
	ATF_CHECK(WIFEXITED(ended.status) && WEXITSTATUS(ended.status) == 3);
	run(&r, 2, "grep -E '^Sig(Blk|Ign)' /proc/self/status");
	receive_report(&r, WIRE_ENDED);
	check_file(
	    "out.2", "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
	end(&r);
}

ATF_TC(failures);
ATF_TC_HEAD(failures, tc)
{
	atf_tc_set_md_var(tc, "descr",
	    "a command that can't be started is told apart from one that "
	    "exits, with what failed");
}
ATF_TC_BODY(failures, tc)
{
	static char *missing[] = {(char *)(uintptr_t) "frobnicate", NULL};
	static char *script[] = {(char *)(uintptr_t) "./script", NULL};
	struct wire_report failed;
	struct wire_start *start;
	struct runner r;

	begin(&r, NULL);
	greet(&r);
	start = shell(&r, 1, "");
	start->argv = missing;
	ask(&r, start);
	failed = receive_report(&r, WIRE_FAILED);
	ATF_CHECK_EQ(ENOENT, failed.error);
	ATF_CHECK_EQ(WIRE_STAGE_EXEC, failed.stage);
	ATF_CHECK_EQ(0, failed.pid);

	atf_utils_create_file("script", "#!/bin/sh\n");
	ATF_REQUIRE(chmod("script", 0644) == 0);
	start = shell(&r, 2, "");
	start->argv = script;
	ask(&r, start);
	failed = receive_report(&r, WIRE_FAILED);
	ATF_CHECK_EQ(EACCES, failed.error);

	start = shell(&r, 3, "");
	start->cwd = "/no/such/place";
	ask(&r, start);
	failed = receive_report(&r, WIRE_FAILED);
	ATF_CHECK_EQ(ENOENT, failed.error);
	ATF_CHECK_EQ(WIRE_STAGE_CHDIR, failed.stage);

	start = shell(&r, 4, "");
	start->out = "/no/such/place/log";
	ask(&r, start);
	failed = receive_report(&r, WIRE_FAILED);
	ATF_CHECK_EQ(WIRE_STAGE_STDOUT, failed.stage);

	start = shell(&r, 5, "");
	start->nlimits = 1;
	start->limits[0] = (struct wire_limit){9999, 1};
	ask(&r, start);
	failed = receive_report(&r, WIRE_FAILED);
	ATF_CHECK_EQ(WIRE_STAGE_LIMIT, failed.stage);
	ATF_CHECK_EQ(9999, failed.detail);
	end(&r);
}

ATF_TC(start_twice);
ATF_TC_HEAD(start_twice, tc)
{
	atf_tc_set_md_var(tc, "descr",
	    "the same attempt asked for again is reported, not started");
}
ATF_TC_BODY(start_twice, tc)
{
	struct wire_report again;
	struct runner r;

	begin(&r, NULL);
	greet(&r);
	run(&r, 1, "echo ran >>ran; exit 4");
	receive_report(&r, WIRE_ENDED);
	ask(&r, shell(&r, 1, "echo ran >>ran"));
	again = receive_report(&r, WIRE_ENDED);
	ATF_CHECK_EQ(4, WEXITSTATUS(again.status));
	check_file("ran", "ran\n");
	end(&r);
}

ATF_TC(stale_start);
ATF_TC_HEAD(stale_start, tc)
{
	atf_tc_set_md_var(tc, "descr",
	    "a start asked for by a daemon that died is carried out before its "
	    "successor is answered, and not again");
}
ATF_TC_BODY(stale_start, tc)
{
	struct wire_message m;
	struct runner r;
	int type;

	begin(&r, NULL);
	greet(&r);
	ATF_REQUIRE(kill(r.pid, SIGSTOP) == 0);
	ask(&r, shell(&r, 1, "echo ran >>ran"));
	hang_up(&r);
	r.fd = dial();
	say(&r, WIRE_LIST);
	ask(&r, shell(&r, 1, "echo ran >>ran"));
	ATF_REQUIRE(kill(r.pid, SIGCONT) == 0);
	type = receive(&r, &m);
	ATF_CHECK(type == WIRE_STARTED || type == WIRE_ENDED);
	while (type != WIRE_ENDED) {
		type = receive(&r, &m);
		ATF_REQUIRE(type != 0);
	}
	check_file("ran", "ran\n");
	end(&r);
}

ATF_TC(successor_waits);
ATF_TC_HEAD(successor_waits, tc)
{
	atf_tc_set_md_var(tc, "descr",
	    "one daemon at a time: the next is answered when the one before "
	    "has gone");
}
ATF_TC_BODY(successor_waits, tc)
{
	struct wire_message m;
	struct pollfd pfd;
	struct runner r;
	int first, second;

	begin(&r, NULL);
	greet(&r);
	second = dial();
	first = r.fd;
	r.fd = second;
	say(&r, WIRE_LIST);
	r.fd = first;
	say(&r, WIRE_LIST); /* a round trip: it has had the time to answer */
	ATF_CHECK_EQ(WIRE_LISTED, receive(&r, &m));
	pfd = (struct pollfd){.fd = second, .events = POLLIN};
	ATF_CHECK_EQ(0, poll(&pfd, 1, 0));
	hang_up(&r);
	r.fd = second;
	ATF_CHECK_EQ(WIRE_LISTED, receive(&r, &m));
	end(&r);
}

ATF_TC(kept_until_acknowledged);
ATF_TC_HEAD(kept_until_acknowledged, tc)
{
	atf_tc_set_md_var(tc, "descr",
	    "an ending is told to every daemon until one acknowledges it");
}
ATF_TC_BODY(kept_until_acknowledged, tc)
{
	struct wire_report ended;
	struct wire_message m;
	struct runner r;
	int i;

	begin(&r, NULL);
	greet(&r);
	ATF_REQUIRE(mkfifo("fifo", 0600) == 0);
	run(&r, 1, "exec 9>fifo; exit 7");
	hang_up(&r); /* it ends while there is no daemon */
	wait_fifo("fifo");
	for (i = 0; i < 2; i++) {
		greet(&r);
		say(&r, WIRE_LIST);
		while (receive(&r, &m) == WIRE_STARTED || m.type == WIRE_LISTED)
			;
		ATF_REQUIRE_EQ(WIRE_ENDED, m.type);
		ATF_REQUIRE(wire_get_report(&m, &ended));
		ATF_CHECK_EQ(7, WEXITSTATUS(ended.status));
	}
	acknowledge(&r, 1);
	greet(&r);
	say(&r, WIRE_LIST);
	ATF_CHECK_EQ(WIRE_LISTED, receive(&r, &m));
	end(&r);
}

ATF_TC(left_behind);
ATF_TC_HEAD(left_behind, tc)
{
	atf_tc_set_md_var(tc, "descr",
	    "what a command leaves behind ends with it, in its group, its "
	    "session, or one of its own, and nothing else does");
}
ATF_TC_BODY(left_behind, tc)
{
	char *env[] = {(char *)(uintptr_t) "PATH=/usr/bin:/bin",
	    (char *)(uintptr_t) "WEIR_CALLOUT=" ID_TEXT "-1-0-4294967295-1",
	    NULL};
	struct wire_report ended, other;
	struct wire_start *start;
	struct runner r;

	begin(&r, NULL);
	greet(&r);
	/* each holds the fifo open: it reads its end once all are dead */
	ATF_REQUIRE(mkfifo("fifo", 0600) == 0);
	ATF_REQUIRE(mkfifo("go", 0600) == 0);
	other = run(&r, 2, "setsid sleep 1000 & wait");
	start = shell(&r, 1,
	    "exec 9>fifo; sleep 1000 & setsid sh -c 'echo >go; exec sleep "
	    "1000' & "
	    "set -m; sleep 1000 & read x <go; exit 5");
	start->env = env;
	ask(&r, start);
	receive_report(&r, WIRE_STARTED);
	wait_fifo("fifo");
	ended = receive_report(&r, WIRE_ENDED);
	ATF_CHECK_EQ(5, WEXITSTATUS(ended.status));
	ATF_CHECK_EQ_MSG(3, ended.left, "%u left", ended.left);
	ATF_CHECK(kill(other.pid, 0) == 0);
	send_signal(&r, 2, SIGKILL);
	receive_report(&r, WIRE_ENDED);
	end(&r);
}

ATF_TC(signals);
ATF_TC_HEAD(signals, tc)
{
	atf_tc_set_md_var(tc, "descr",
	    "signals reach the whole group; KILL ends what ignores TERM; an "
	    "unknown attempt is said to be unknown");
}
ATF_TC_BODY(signals, tc)
{
	struct wire_report ended;
	struct wire_message m;
	struct runner r;

	begin(&r, NULL);
	greet(&r);
	ATF_REQUIRE(mkfifo("fifo", 0600) == 0);
	run(&r, 1, "sleep 1000; exit 1");
	send_signal(&r, 1, SIGTERM);
	ended = receive_report(&r, WIRE_ENDED);
	ATF_CHECK(WIFSIGNALED(ended.status) && WTERMSIG(ended.status) == 15);
	run(&r, 2, "trap 'echo term' TERM; : >fifo; while :; do sleep 1; done");
	wait_fifo("fifo");
	send_signal(&r, 2, SIGTERM);
	say(&r, WIRE_LIST);
	do
		ATF_REQUIRE(receive(&r, &m) != 0);
	while (m.type != WIRE_LISTED);
	send_signal(&r, 2, SIGKILL);
	ended = receive_report(&r, WIRE_ENDED);
	ATF_CHECK(WIFSIGNALED(ended.status) && WTERMSIG(ended.status) == 9);
	send_signal(&r, 77, SIGTERM);
	ended = receive_report(&r, WIRE_UNKNOWN);
	ATF_CHECK(ended.key.execution == 77);
	end(&r);
}

ATF_TC(leave);
ATF_TC_HEAD(leave, tc)
{
	atf_tc_set_md_var(tc, "descr",
	    "told to leave, it does when nothing runs and all is "
	    "acknowledged, and takes its socket along");
}
ATF_TC_BODY(leave, tc)
{
	struct wire_message m;
	struct runner r;
	int status;

	begin(&r, NULL);
	greet(&r);
	ATF_REQUIRE(mkfifo("fifo", 0600) == 0);
	run(&r, 1, "read x <fifo");
	say(&r, WIRE_LEAVE);
	say(&r, WIRE_LIST);
	receive_report(&r, WIRE_STARTED);
	ATF_CHECK_EQ(WIRE_LISTED, receive(&r, &m));
	atf_utils_create_file("fifo", "x\n");
	receive_report(&r, WIRE_ENDED);
	say(&r, WIRE_LIST);
	receive_report(&r, WIRE_ENDED);
	ATF_CHECK_EQ(WIRE_LISTED, receive(&r, &m));
	acknowledge(&r, 1);
	ATF_CHECK_EQ(0, receive(&r, &m));
	ATF_REQUIRE_EQ(r.pid, waitpid(r.pid, &status, 0));
	ATF_CHECK_EQ(0, status);
	ATF_CHECK(access(r.path, F_OK) == -1);
	hang_up(&r);
}

ATF_TC(not_by_name);
ATF_TC_HEAD(not_by_name, tc)
{
	atf_tc_set_md_var(tc, "descr",
	    "it has a name and a session of its own, and stays when asked to "
	    "end by the usual signals");
}
ATF_TC_BODY(not_by_name, tc)
{
	static const int usual[] = {SIGTERM, SIGINT, SIGHUP, SIGQUIT, SIGPIPE};
	struct wire_message m;
	struct runner r;
	char path[64];
	size_t i;

	begin(&r, NULL);
	greet(&r);
	for (i = 0; i < sizeof usual / sizeof usual[0]; i++)
		ATF_REQUIRE(kill(r.pid, usual[i]) == 0);
	say(&r, WIRE_LIST);
	ATF_CHECK_EQ(WIRE_LISTED, receive(&r, &m));
	ATF_CHECK_EQ(r.pid, getsid(r.pid));
	snprintf(path, sizeof path, "/proc/%d/comm", (int)r.pid);
	check_file(path, "weir-runner\n");
	end(&r);
}

ATF_TC(surroundings);
ATF_TC_HEAD(surroundings, tc)
{
	atf_tc_set_md_var(tc, "descr",
	    "a command has a session of its own, three descriptors, the limits "
	    "and the input it was given, and logs nobody else can read");
}
ATF_TC_BODY(surroundings, tc)
{
	struct wire_report report;
	struct wire_start *start;
	struct runner r;
	struct stat st;
	char in[300], wanted[64];

	begin(&r, NULL);
	greet(&r);
	atf_utils_create_file("in", "given\n");
	snprintf(in, sizeof in, "%s/in", r.dir);
	start = shell(
	    &r, 1, "cat; ulimit -n; nice; cut -d' ' -f6 /proc/$$/stat; umask");
	start->in = in;
	start->nlimits = 1;
	start->limits[0] = (struct wire_limit){RLIMIT_NOFILE, 77};
	start->has_nice = true;
	start->nice = 5;
	ask(&r, start);
	report = receive_report(&r, WIRE_STARTED);
	receive_report(&r, WIRE_ENDED);
	snprintf(
	    wanted, sizeof wanted, "given\n77\n5\n%d\n0022\n", (int)report.pid);
	check_file("out.1", wanted);
	ATF_REQUIRE(stat("out.1", &st) == 0);
	ATF_CHECK_EQ(0600, st.st_mode & 07777);

	/* one more than its three: the directory that ls reads */
	run(&r, 2, "cat; ls /proc/self/fd | wc -l");
	receive_report(&r, WIRE_ENDED);
	check_file("out.2", "4\n");
	end(&r);
}

ATF_TC(user);
ATF_TC_HEAD(user, tc)
{
	atf_tc_set_md_var(tc, "descr",
	    "root's runner starts commands as another user, with its groups");
	atf_tc_set_md_var(tc, "require.user", "root");
}
ATF_TC_BODY(user, tc)
{
	uint32_t groups[] = {65534, 12345};
	struct wire_start *start;
	struct runner r;
	struct stat st;

	begin(&r, NULL);
	greet(&r);
	start = shell(&r, 1, "id -u; id -g; id -G");
	start->uid = start->gid = 65534;
	start->groups = groups;
	start->ngroups = 2;
	start->cwd = "/";
	ask(&r, start);
	receive_report(&r, WIRE_STARTED);
	receive_report(&r, WIRE_ENDED);
	check_file("out.1", "65534\n65534\n65534 12345\n");
	ATF_REQUIRE(stat("out.1", &st) == 0);
	ATF_CHECK_EQ(65534, st.st_uid);
	end(&r);
}

ATF_TC(nonsense);
ATF_TC_HEAD(nonsense, tc)
{
	atf_tc_set_md_var(tc, "descr",
	    "what is not the protocol ends the connection and nothing else; "
	    "types of a newer daemon are passed over");
}
ATF_TC_BODY(nonsense, tc)
{
	static const unsigned char newer[] = {3, 0, 0, 0, 9, 0, 99, 0, 1, 2, 3};
	static const unsigned char cut[] = {3, 0, 0, 0, 1, 0, 2, 0, 1, 2, 3};
	struct wire_message m;
	struct runner r;

	begin(&r, NULL);
	greet(&r);
	ATF_REQUIRE_EQ((ssize_t)sizeof newer, write(r.fd, newer, sizeof newer));
	run(&r, 1, "read x </dev/null; sleep 1000");
	ATF_REQUIRE_EQ((ssize_t)sizeof cut, write(r.fd, cut, sizeof cut));
	ATF_CHECK_EQ(0, receive(&r, &m));
	hang_up(&r);
	r.fd = dial();
	ATF_REQUIRE_EQ(16, write(r.fd, "GET / HTTP/1.0\r\n", 16));
	ATF_CHECK_EQ(0, receive(&r, &m));
	greet(&r);
	say(&r, WIRE_LIST);
	receive_report(&r, WIRE_STARTED);
	send_signal(&r, 1, SIGKILL);
	end(&r);
}

ATF_TC(marks);
ATF_TC_HEAD(marks, tc)
{
	atf_tc_set_md_var(
	    tc, "descr", "a mark that was printed is read again, others not");
}
ATF_TC_BODY(marks, tc)
{
	struct wire_mark mark = {ID, {12, 3, 4, 5}}, read_again;
	char text[WIRE_MARK_SIZE], variable[2 * WIRE_MARK_SIZE];

	wire_mark_print(&mark, text);
	ATF_CHECK_STREQ(ID_TEXT "-12-3-4-5", text);
	snprintf(variable, sizeof variable, "%s=%s", WIRE_MARK, text);
	ATF_REQUIRE(wire_mark_parse(variable, &read_again));
	ATF_CHECK(read_again.runner == ID);
	ATF_CHECK_EQ(0, wire_key_compare(&mark.key, &read_again.key));
	ATF_CHECK(!wire_mark_parse("WEIR_CALLOUT=1-2-3-4-5x", &read_again));
	ATF_CHECK(!wire_mark_parse("WEIR_CALLOUTS=1-2-3-4-5", &read_again));
	ATF_CHECK(!wire_mark_parse("PATH=/bin", &read_again));
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, status);
	ATF_TP_ADD_TC(tp, sigchld_ignored);
	ATF_TP_ADD_TC(tp, failures);
	ATF_TP_ADD_TC(tp, start_twice);
	ATF_TP_ADD_TC(tp, stale_start);
	ATF_TP_ADD_TC(tp, successor_waits);
	ATF_TP_ADD_TC(tp, kept_until_acknowledged);
	ATF_TP_ADD_TC(tp, left_behind);
	ATF_TP_ADD_TC(tp, signals);
	ATF_TP_ADD_TC(tp, leave);
	ATF_TP_ADD_TC(tp, not_by_name);
	ATF_TP_ADD_TC(tp, surroundings);
	ATF_TP_ADD_TC(tp, user);
	ATF_TP_ADD_TC(tp, nonsense);
	ATF_TP_ADD_TC(tp, marks);
	return atf_no_error();
}
