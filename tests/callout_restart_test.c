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
 * callout_restart_test: daemons and runners that die, and what becomes of their
 * callouts.  WEIR_RUNNER names the executable.
 */

#include <sys/stat.h>

#include <atf-c.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/callout_daemon.h"

ATF_TC(reopened);
ATF_TC_HEAD(reopened, tc)
{
	atf_tc_set_md_var(tc, "descr",
	    "a daemon that was killed with -9: what runs is adopted, what "
	    "ended is collected, and nothing runs twice");
}
ATF_TC_BODY(reopened, tc)
{
	char here[256];
	struct wish w = {.shell = "echo ran >>$D/ran.$WEIR_EXECUTION; read x "
				  "<$D/fifo; exit $((WEIR_EXECUTION + 10))",
	    .variable = "D",
	    .content = getcwd(here, sizeof here)};
	struct wish early = {
	    .shell = "echo ran >>$D/ran.$WEIR_EXECUTION; exit 40",
	    .variable = "D",
	    .content = here};
	struct ending *e;
	struct corpse dead;
	int fd;

	ATF_REQUIRE(mkfifo("fifo", 0600) == 0);
	dead = daemon_that_dies(2, &w, false);
	open_daemon(1);
	want_run(1, dead.id, &w);
	want_run(2, dead.id, &w);
	want_run(
	    3, dead.id, &early); /* decided, and never sent: it is started */
	callouts_recovered(d.callouts);
	ATF_CHECK(wait_pid(1) != 0);
	wait_pid(2);
	e = wait_end(3);
	ATF_CHECK_EQ(40, e->exit);
	fd = open("fifo", O_WRONLY);
	ATF_REQUIRE_EQ(4, write(fd, "\n\n\n\n", 4));
	e = wait_end(1);
	ATF_CHECK_EQ(CALLOUT_EXITED, e->end);
	ATF_CHECK_EQ(11, e->exit);
	e = wait_end(2);
	ATF_CHECK_EQ(12, e->exit);
	close(fd);
	/* none was forgotten: the next daemon is told again */
	close_daemon(false);
	open_daemon(1);
	want_run(1, dead.id, &w);
	callouts_recovered(d.callouts); /* 2 and 3 are acknowledged */
	e = wait_end(1);
	ATF_CHECK_EQ(11, e->exit);
	want(1, CALLOUT_FORGET);
	/* had they been acknowledged before, they would run again */
	check_file("ran.1", "ran\n");
	check_file("ran.2", "ran\n");
	check_file("ran.3", "ran\n");
	close_daemon(true);
	wait_empty("run"); /* they leave: nothing is kept */
}

ATF_TC(stale_start);
ATF_TC_HEAD(stale_start, tc)
{
	atf_tc_set_md_var(tc, "descr",
	    "starts that a daemon had sent when it died, and that its runner "
	    "had not seen, are carried out once, not again for the next");
}
ATF_TC_BODY(stale_start, tc)
{
	char here[256];
	struct wish w = {.shell = "echo ran >>$D/ran.$WEIR_EXECUTION",
	    .variable = "D",
	    .content = getcwd(here, sizeof here)};
	struct corpse dead;
	char path[32];
	unsigned i;

	dead = daemon_that_dies(5, &w, true);
	open_daemon(1);
	for (i = 1; i <= 5; i++)
		want_run(i, dead.id, &w);
	callouts_recovered(d.callouts);
	/* its work is not lost while it is there, only stopped */
	event_base_loop(d.base, EVLOOP_NONBLOCK);
	ATF_CHECK_EQ(0, d.ended);
	ATF_REQUIRE(kill(dead.runner, SIGCONT) == 0);
	for (i = 1; i <= 5; i++) {
		ATF_CHECK_EQ(CALLOUT_EXITED, wait_end(i)->end);
		snprintf(path, sizeof path, "ran.%u", i);
		check_file(path, "ran\n");
	}
	close_daemon(true);
}

ATF_TC(runner_killed);
ATF_TC_HEAD(runner_killed, tc)
{
	atf_tc_set_md_var(tc, "descr",
	    "a runner is killed with -9 while the daemon lives: its commands "
	    "are the daemon's then, with their true statuses, and a new runner "
	    "takes new work");
}
ATF_TC_BODY(runner_killed, tc)
{
	char here[256];
	struct wish w = {
	    .shell = "read x <$D/fifo; exit $((WEIR_EXECUTION + 30))",
	    .variable = "D",
	    .content = getcwd(here, sizeof here)};
	uint64_t first;
	pid_t one, two;
	int fd;

	ATF_REQUIRE(mkfifo("fifo", 0600) == 0);
	start_daemon(1);
	first = d.ids[0];
	start(1, &w);
	start(2, &w);
	start(3, &(struct wish){.shell = "exec sleep 1000"});
	one = wait_pid(1);
	two = wait_pid(2);
	wait_pid(3);
	ATF_REQUIRE(kill(parent_of(one), SIGKILL) == 0);
	while (d.nids == 0 || d.ids[0] == first)
		turn();
	ATF_CHECK_EQ(getpid(), parent_of(one));
	ATF_CHECK_EQ(getpid(), parent_of(two));
	want(3, CALLOUT_TERM);
	ATF_CHECK_EQ(SIGTERM, wait_end(3)->signal);
	fd = open("fifo", O_WRONLY);
	ATF_REQUIRE_EQ(2, write(fd, "\n\n", 2));
	ATF_CHECK_EQ(31, wait_end(1)->exit);
	ATF_CHECK_EQ(CALLOUT_EXITED, d.endings[1].end);
	ATF_CHECK_EQ(32, wait_end(2)->exit);
	close(fd);
	ATF_CHECK_EQ(8, shell(4, "exit 8")->exit);
	/* named a runner that is gone: it never ran, and is not said to have */
	want_run(5, first, &w);
	ATF_CHECK_EQ(CALLOUT_NOT_STARTED, wait_end(5)->end);
	close_daemon(true);
}

ATF_TC(all_killed);
ATF_TC_HEAD(all_killed, tc)
{
	atf_tc_set_md_var(tc, "descr",
	    "daemon and runner killed with -9: lost, with a reason, no status "
	    "made up, and what still runs of it does not go on beside a retry");
}
ATF_TC_BODY(all_killed, tc)
{
	char here[256], byte;
	struct wish w = {.shell = "exec 9>$D/fifo; read x <$D/never; exit 0",
	    .variable = "D",
	    .content = getcwd(here, sizeof here)};
	struct ending *e;
	struct corpse dead;
	int fd;

	ATF_REQUIRE(mkfifo("fifo", 0600) == 0);
	ATF_REQUIRE(mkfifo("never", 0600) == 0);
	fd = open("fifo", O_RDONLY | O_NONBLOCK);
	dead = daemon_that_dies(1, &w, false);
	open_daemon(1);
	want_run(1, dead.id, &w);
	callouts_recovered(d.callouts);
	wait_pid(1);
	ATF_REQUIRE(kill(dead.runner, SIGKILL) == 0);
	e = wait_end(1);
	ATF_CHECK_EQ(CALLOUT_LOST, e->end);
	ATF_CHECK(strstr(e->reason, "it may have run") != NULL);
	fcntl(fd, F_SETFL, 0);
	ATF_CHECK_EQ(0, read(fd, &byte, 1));
	/* and at the next start, where there is no trace of the runner */
	close_daemon(true);
	open_daemon(1);
	want_run(1, dead.id, &w);
	callouts_recovered(d.callouts);
	e = wait_end(1);
	ATF_CHECK_EQ(CALLOUT_LOST, e->end);
	ATF_CHECK(strstr(e->reason, "it may have run") != NULL);
	close_daemon(true);
}

ATF_TC(machine_restarted);
ATF_TC_HEAD(machine_restarted, tc)
{
	atf_tc_set_md_var(tc, "descr",
	    "what was given to a runner of another boot is lost, and said to "
	    "be, even where somebody listens on that runner's socket");
}
ATF_TC_BODY(machine_restarted, tc)
{
	struct wish w = {.shell = "exit 0"};
	char here[64], there[64];
	struct corpse dead;
	struct ending *e;
	uint64_t other;

	dead = daemon_that_dies(0, &w, false);
	other = dead.id ^ UINT64_C(1) << 63;
	if (dead.id >> 32 == 0)
		atf_tc_skip("this system does not tell one boot from another");
	snprintf(here, sizeof here, "run/runner-%016" PRIx64 ".sock", dead.id);
	snprintf(there, sizeof there, "run/runner-%016" PRIx64 ".sock", other);
	ATF_REQUIRE(rename(here, there) == 0);
	open_daemon(1);
	want_run(1, other, &w);
	callouts_recovered(d.callouts);
	e = wait_end(1);
	ATF_CHECK_EQ(CALLOUT_LOST, e->end);
	ATF_CHECK_MSG(strstr(e->reason, "machine was restarted since") != NULL,
	    "%s", e->reason);
	ATF_CHECK(access(there, F_OK) == -1 && errno == ENOENT);
	while (d.nids == 0)
		turn();
	ATF_CHECK_EQ(dead.id >> 32, d.ids[0] >> 32);
	ATF_CHECK_EQ(8, shell(4, "exit 8")->exit);
	close_daemon(true);
	wait_empty("run");
	ATF_CHECK_EQ(0, kill(dead.runner, SIGKILL)); /* nobody asks it to go */
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, reopened);
	ATF_TP_ADD_TC(tp, stale_start);
	ATF_TP_ADD_TC(tp, runner_killed);
	ATF_TP_ADD_TC(tp, all_killed);
	ATF_TP_ADD_TC(tp, machine_restarted);
	return atf_no_error();
}
