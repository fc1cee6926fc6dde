/* harden: by prctl(2), procctl(2) and capset(2), as the system has them. */

#include "daemon/runner/harden.h"

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <sys/resource.h>
#include <unistd.h>
#ifdef __linux__
#include <linux/capability.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#elif defined(__FreeBSD__)
#include <sys/procctl.h>
#endif

#define FILES_MAX ((uint64_t)1024 * 1024)

static uint64_t change_soft(struct rlimit *, uint64_t wanted);
static struct harden_limits set_limits(const struct harden_limits *);

void
harden_descriptors(void)
{
	int fd;

	closefrom(STDERR_FILENO + 1);
	do
		fd = open("/dev/null", O_RDWR);
	while (fd != -1 && fd <= STDERR_FILENO);
	if (fd != -1)
		close(fd);
}

/* Gives what it was; UINT64_MAX is none. */
static uint64_t
change_soft(struct rlimit *limit, uint64_t wanted)
{
	uint64_t before = limit->rlim_cur == RLIM_INFINITY
	    ? UINT64_MAX
	    : (uint64_t)limit->rlim_cur;

	if (wanted == UINT64_MAX || wanted > limit->rlim_max)
		limit->rlim_cur = limit->rlim_max;
	else
		limit->rlim_cur = (rlim_t)wanted;
	return before;
}

static struct harden_limits
set_limits(const struct harden_limits *wanted)
{
	struct harden_limits before = {0};
	struct rlimit limit;

	if (getrlimit(RLIMIT_CORE, &limit) == 0) {
		before.core = change_soft(&limit, wanted->core);
		(void)setrlimit(RLIMIT_CORE, &limit);
	}
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		before.files = change_soft(&limit, wanted->files);
		(void)setrlimit(RLIMIT_NOFILE, &limit);
	}
	return before;
}

void
harden_limits(struct harden_limits *before)
{
	const struct harden_limits wanted = {.core = 0, .files = FILES_MAX};

	*before = set_limits(&wanted);
}

void
harden_undo_limits(const struct harden_limits *before)
{
	(void)set_limits(before);
}

#ifdef __linux__

/* What each of them does as root to what is another user's, or the system's. */
static const int daemon_needs[] = {
    CAP_CHOWN,	      /* working directories are given to their users */
    CAP_DAC_OVERRIDE, /* users' logs are read, trimmed and removed */
    CAP_KILL,	      /* commands whose runner died */
    CAP_SYS_PTRACE,   /* marks in the environment of commands */
    CAP_SYS_RESOURCE, /* the blocks that a full file system keeps for root */
    -1,
};
static const int runner_needs[] = {
    CAP_CHOWN, /* logs are given to their users */
    CAP_DAC_OVERRIDE,
    CAP_KILL,
    CAP_SETGID,
    CAP_SETUID,
    CAP_SYS_NICE,     /* of root's commands */
    CAP_SYS_PTRACE,   /* marks in the environment of commands */
    CAP_SYS_RESOURCE, /* limits of root's commands */
    -1,
};
static const int *const needs[][2] = {
    [HARDEN_DAEMON] = {daemon_needs},
    [HARDEN_RUNNER] = {runner_needs},
    [HARDEN_BOTH] = {daemon_needs, runner_needs},
};

void
harden_memory(void)
{
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

bool
harden_privileges(void)
{
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0;
}

/* Where even that is not allowed, there is nothing to give up. */
void
harden_capabilities(enum harden_who who)
{
	struct __user_cap_header_struct header = {
	    .version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct has[_LINUX_CAPABILITY_U32S_3];
	__u32 kept[_LINUX_CAPABILITY_U32S_3] = {0};
	const int *need;
	size_t i;

	memset(has, 0, sizeof has);
	if (geteuid() != 0 || syscall(SYS_capget, &header, has) == -1)
		return;
	for (i = 0; i < 2; i++)
		for (need = needs[who][i]; need != NULL && *need != -1; need++)
			kept[CAP_TO_INDEX(*need)] |= CAP_TO_MASK(*need);
	for (i = 0; i < _LINUX_CAPABILITY_U32S_3; i++) {
		has[i].permitted &= kept[i];
		has[i].effective &= kept[i];
		has[i].inheritable &= kept[i];
	}
	syscall(SYS_capset, &header, has);
}

#elif defined(__FreeBSD__)

void
harden_memory(void)
{
	int how = PROC_TRACE_CTL_DISABLE_EXEC;

	procctl(P_PID, 0, PROC_TRACE_CTL, &how);
}

bool
harden_privileges(void)
{
#ifdef PROC_NO_NEW_PRIVS_CTL
	int how = PROC_NO_NEW_PRIVS_ENABLE;

	return procctl(P_PID, 0, PROC_NO_NEW_PRIVS_CTL, &how) == 0;
#else
	errno = ENOSYS;
	return false;
#endif
}

void
harden_capabilities(enum harden_who who)
{
	(void)who;
}

#else

void
harden_memory(void)
{
}

bool
harden_privileges(void)
{
	errno = ENOSYS;
	return false;
}

void
harden_capabilities(enum harden_who who)
{
	(void)who;
}

#endif
