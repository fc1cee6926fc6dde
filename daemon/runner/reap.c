/* reap: the ends of children. */

#include "daemon/runner/reap.h"

#include <sys/wait.h>

#include <errno.h>
#include <stddef.h>

bool
reap_next(siginfo_t *info)
{
	int got;

	do {
		info->si_pid = 0;
		got = waitid(P_ALL, 0, info, WEXITED | WNOHANG | WNOWAIT);
	} while (got == -1 && errno == EINTR);
	return got == 0 && info->si_pid != 0;
}

bool
reap_child(pid_t pid, int *status, struct rusage *usage)
{
	pid_t got;

	do
		got = wait4(pid, status, 0, usage);
	while (got == -1 && errno == EINTR);
	return got == pid;
}
