/* links: daemon/callout.c daemon/callout_attempt.c daemon/callout_child.c
 * daemon/callout_link.c daemon/callout_log.c daemon/callout_trim.c
 * daemon/callout_output.c
 * daemon/callout_runner.c daemon/boot.c daemon/callout_spec.c
 * daemon/callout_start.c daemon/survivors.c daemon/processes.c
 * daemon/runner/wire.c daemon/runner/process.c daemon/runner/reap.c
 * daemon/loop.c daemon/log.c
 * daemon/log_limit.c daemon/log_limited.c daemon/clock.c daemon/core/value.c
 * daemon/core/element.c daemon/core/alloc.c libproto/pack.c
 * tests/callout_daemon.c ; libs: msgpack libevent_core jansson atf-c */
/*
 * callout_stop_test: the callout edge, and commands that are stopped, frozen,
 * or leave something behind.
 */

#include <sys/stat.h>

#include <atf-c.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "tests/callout_daemon.h"

static uint64_t only_runner(void);
static void want_stop(unsigned, uint64_t runner);
static char state_of(pid_t);

/* As ps(1) has it: T is stopped. */
static char
state_of(pid_t pid)
{
	char path[64], state;
	FILE *f;

	snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
	f = fopen(path, "r");
	ATF_REQUIRE(f != NULL);
	ATF_REQUIRE_EQ(1, fscanf(f, "%*d (%*[^)]) %c", &state));
	fclose(f);
	return state;
}

/* The id in the name of the one socket that there is. */
static uint64_t
only_runner(void)
{
	struct dirent *entry;
	uint64_t id;
	DIR *dir;

	id = 0;
	dir = opendir("run");
	ATF_REQUIRE(dir != NULL);
	while (id == 0 && (entry = readdir(dir)) != NULL)
		(void)!sscanf(entry->d_name, "runner-%" SCNx64, &id);
	closedir(dir);
	ATF_REQUIRE(id != 0);
	return id;
}

ATF_TC(stops);
ATF_TC_HEAD(stops, tc)
{
	atf_tc_set_md_var(tc, "descr", "TERM that is ignored, and then KILL");
}
ATF_TC_BODY(stops, tc)
{
	char line[256];
	struct ending *e;

	ATF_REQUIRE(mkfifo("fifo", 0600) == 0);
	start_daemon(1);
	start(1,
	    &(struct wish){.shell = "trap 'echo got >fifo' TERM; echo up "
				    ">fifo; while :; do sleep 0.1; done",
		.cwd = getcwd(line, sizeof line)});
	wait_pid(1);
	check_file("fifo", "up\n");
	want(1, CALLOUT_TERM);
	check_file("fifo", "got\n");
	ATF_CHECK_EQ(0, d.endings[1].times);
	want(1, CALLOUT_KILL);
	e = wait_end(1);
	ATF_CHECK_EQ(CALLOUT_SIGNALED, e->end);
	ATF_CHECK_EQ(SIGKILL, e->signal);
	close_daemon(true);
}

ATF_TC(freezes);
ATF_TC_HEAD(freezes, tc)
{
	atf_tc_set_md_var(tc, "descr",
	    "a command is stopped where it is, even before its start was "
	    "answered, and goes on");
	atf_tc_set_md_var(tc, "timeout", "60");
}
ATF_TC_BODY(freezes, tc)
{
	start_daemon(1);
	start(1, &(struct wish){.shell = "exec sleep 1000"});
	want(1, CALLOUT_FREEZE);
	wait_pid(1);
	while (state_of(wait_pid(1)) != 'T')
		sched_yield();
	want(1, CALLOUT_THAW);
	while (state_of(wait_pid(1)) == 'T')
		sched_yield();
	want(1, CALLOUT_FREEZE);
	while (state_of(wait_pid(1)) != 'T')
		sched_yield();
	want(1, CALLOUT_TERM); /* comes when it goes on */
	want(1, CALLOUT_THAW);
	ATF_CHECK_EQ(SIGTERM, wait_end(1)->signal);
	close_daemon(true);
}

static void
want_stop(unsigned n, uint64_t runner)
{
	struct callout_key k = key(n);
	struct value *v = spec(&(struct wish){.shell = "exit 1"});

	callouts_want(d.callouts, &k, runner, CALLOUT_TERM, v);
	value_unref(v);
}

ATF_TC(stopped_before);
ATF_TC_HEAD(stopped_before, tc)
{
	atf_tc_set_md_var(tc, "descr",
	    "what is stopped before it was sent to a runner never runs, and "
	    "what names a runner that is not there neither");
}
ATF_TC_BODY(stopped_before, tc)
{
	struct ending *e;

	start_daemon(1);
	want_run(1, 0xdead, &(struct wish){.shell = "exit 1"});
	e = wait_end(1);
	ATF_CHECK_EQ(CALLOUT_NOT_STARTED, e->end);
	ATF_CHECK(strstr(e->reason, "nothing ran") != NULL);
	close_daemon(false);

	/* its runner is there, and not connected to before the loop turns */
	open_daemon(1);
	want_run(2, only_runner(), &(struct wish){.shell = "exit 2"});
	want(2, CALLOUT_KILL); /* for all one knows it runs */
	callouts_recovered(d.callouts);
	want_run(3, only_runner(), &(struct wish){.shell = "exit 3"});
	want(3, CALLOUT_TERM);
	want_run(4, only_runner(), &(struct wish){.shell = "exit 4"});
	want_stop(5, only_runner()); /* all that was ever said of it */
	e = wait_end(2);
	ATF_CHECK_EQ(CALLOUT_NOT_STARTED, e->end);
	ATF_CHECK_STREQ("stopped before it was started", e->reason);
	e = wait_end(3);
	ATF_CHECK_EQ(CALLOUT_NOT_STARTED, e->end);
	ATF_CHECK_STREQ("stopped before it was started", e->reason);
	ATF_CHECK_EQ(4, wait_end(4)->exit);
	e = wait_end(5);
	ATF_CHECK_EQ(CALLOUT_NOT_STARTED, e->end);
	ATF_CHECK_STREQ("stopped before it was started", e->reason);
	ATF_CHECK(access("state/logs/2", F_OK) == -1);
	close_daemon(true);
}

ATF_TC(left_behind);
ATF_TC_HEAD(left_behind, tc)
{
	atf_tc_set_md_var(tc, "descr",
	    "processes left behind are killed, and the log says so");
}
ATF_TC_BODY(left_behind, tc)
{
	struct ending *e;
	char byte, here[256];
	int fd;

	start_daemon(1);
	ATF_REQUIRE(mkfifo("fifo", 0600) == 0);
	fd = open("fifo", O_RDONLY | O_NONBLOCK);
	e = run(1,
	    &(struct wish){.shell =
			       "exec 9>$D/fifo; setsid sh -c ': >$D/up; "
			       "exec sleep 1000' & sleep 1000 & "
			       "while ! test -e $D/up; do sleep 0.1; done; "
			       "exit 6",
		.variable = "D",
		.content = getcwd(here, sizeof here)});
	ATF_CHECK_EQ(6, e->exit);
	fcntl(fd, F_SETFL, 0);
	ATF_CHECK_EQ(0, read(fd, &byte, 1)); /* all that had it open are dead */
	check_file("state/logs/1/0.-.1.err",
	    "weir: killed 2 processes that it left behind\n");
	close_daemon(true);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, stops);
	ATF_TP_ADD_TC(tp, freezes);
	ATF_TP_ADD_TC(tp, stopped_before);
	ATF_TP_ADD_TC(tp, left_behind);
	return atf_no_error();
}
