/* links: daemon/processes.c daemon/core/alloc.c ; libs: */
/* processes_test: trees of processes, by pid and command. */

#include <sys/wait.h>

#include <atf-c.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/processes.h"

/*
 * A leader of a session, a child of it, a grandchild with a session of its
 * own, whose pids are given; all end with this process.
 */
static void
start_family(pid_t family[3])
{
	int pids[2], life[2];
	char byte;

	ATF_REQUIRE(pipe(pids) == 0 && pipe(life) == 0);
	if (fork() == 0) {
		close(life[1]);
		setsid();
		for (int i = 0; i < 3; i++) {
			pid_t pid = getpid();

			if (i == 2)
				setsid();
			if (write(pids[1], &pid, sizeof(pid)) == -1)
				_exit(1);
			if (i < 2 && fork() != 0)
				break;
		}
		_exit(read(life[0], &byte, 1) == 0 ? 0 : 1);
	}
	close(life[0]);
	for (int i = 0; i < 3; i++)
		ATF_REQUIRE(read(pids[0], &family[i], sizeof(family[i])) ==
		    (ssize_t)sizeof(family[i]));
}

static const struct process *
find(const struct processes *all, pid_t pid)
{
	for (size_t i = 0; i < all->count; i++)
		if (all->list[i].pid == pid)
			return &all->list[i];
	return NULL;
}

ATF_TC_WITHOUT_HEAD(tree);
ATF_TC_BODY(tree, tc)
{
	struct processes all;
	const char *me = "me", *other = "other";
	pid_t family[3];

	start_family(family);
	processes_look(&all);
	ATF_REQUIRE(find(&all, getpid()) != NULL);
	ATF_CHECK_EQ(getppid(), find(&all, getpid())->parent);
	ATF_CHECK_EQ(getsid(0), find(&all, getpid())->session);
	ATF_CHECK_EQ(getuid(), find(&all, getpid())->uid);
	for (int i = 0; i < 3; i++)
		ATF_REQUIRE(find(&all, family[i]) != NULL);
	ATF_CHECK_EQ(family[0], find(&all, family[1])->session);
	ATF_CHECK_EQ(family[2], find(&all, family[2])->session);
	processes_choose(&all, family[2], other);
	processes_choose(&all, family[0], me);
	ATF_CHECK_EQ((const void *)me, find(&all, family[0])->of);
	ATF_CHECK_EQ((const void *)me, find(&all, family[1])->of);
	ATF_CHECK_EQ((const void *)other, find(&all, family[2])->of);
	ATF_CHECK(find(&all, getpid())->of == NULL);
	processes_free(&all);
	ATF_CHECK_EQ(0, all.count);
}

ATF_TC_WITHOUT_HEAD(descendants);
ATF_TC_BODY(descendants, tc)
{
	struct processes all;
	const char *me = "me";
	pid_t family[3];

	start_family(family);
	processes_look(&all);
	for (size_t i = 0; i < all.count; i++)
		if (all.list[i].pid == family[1])
			processes_choose_one(&all, &all.list[i], me);
	ATF_CHECK(find(&all, family[0])->of == NULL);
	ATF_CHECK_EQ((const void *)me, find(&all, family[1])->of);
	ATF_CHECK_EQ((const void *)me, find(&all, family[2])->of);
	processes_free(&all);
}

ATF_TC_WITHOUT_HEAD(dead);
ATF_TC_BODY(dead, tc)
{
	struct processes all;
	siginfo_t info;
	pid_t pid;

	if ((pid = fork()) == 0)
		_exit(0);
	ATF_REQUIRE(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT) == 0);
	processes_look(&all);
	ATF_CHECK_MSG(find(&all, pid) == NULL, "one that is dead is listed");
	processes_free(&all);
}

/* That it has executed shows before its arguments do: it is asked to work. */
ATF_TC_WITHOUT_HEAD(command);
ATF_TC_BODY(command, tc)
{
	char name[] = "cat", tab[] = "a\tb", end[] = "-", *text;
	char *argv[] = {name, end, tab, NULL};
	int in[2], out[2];
	pid_t pid;
	char byte;

	ATF_REQUIRE(pipe2(in, O_CLOEXEC) == 0);
	ATF_REQUIRE(pipe2(out, O_CLOEXEC) == 0);
	if ((pid = fork()) == 0) {
		dup2(in[0], 0);
		dup2(out[1], 1);
		execvp("cat", argv);
		_exit(127);
	}
	close(out[1]);
	ATF_REQUIRE_EQ(1, write(in[1], "x", 1));
	ATF_REQUIRE_EQ(1, read(out[0], &byte, 1));
	text = process_command(pid);
	ATF_CHECK_STREQ("cat - a?b", text);
	free(text);
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	text = process_command(pid);
	ATF_CHECK_STREQ("[]", text);
	free(text);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, tree);
	ATF_TP_ADD_TC(tp, descendants);
	ATF_TP_ADD_TC(tp, dead);
	ATF_TP_ADD_TC(tp, command);
	return atf_no_error();
}
