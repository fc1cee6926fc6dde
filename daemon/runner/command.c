/*
 * command: starting one.  vfork, for a process that only sets itself up and
 * executes: everything that allocates or may fail in other ways happens before
 * it, and the child tells what failed through the memory the two share.
 */

#include "daemon/runner/harden.h"
#include "daemon/runner/reap.h"
#include "daemon/runner/runner.h"

#include <sys/resource.h>
#include <sys/stat.h>
#ifdef __linux__
#include <sys/syscall.h>
#endif
#include <sys/wait.h>

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define DEFAULT_PATH "/usr/bin:/bin"

/* What the child works on; it writes nothing but the last three. */
struct setup {
	const struct wire_start *start;
	const struct harden_limits *limits;
	char **programs; /* paths to try */
	gid_t *groups;
	int in, out, err;
	volatile int error;
	volatile uint32_t stage;
	volatile uint32_t detail;
};

static const char *path_of(char **);
static char **programs(const struct wire_start *);
static gid_t *groups(const struct wire_start *);
static int open_patiently(const char *, int);
static bool open_log(struct setup *, const char *, int *);
static bool open_files(struct setup *);
static bool prepare(struct setup *);
static void release(struct setup *);
static pid_t run(struct setup *);
static void child(struct setup *) __attribute__((noreturn));
static void
child_failed(struct setup *, enum wire_stage) __attribute__((noreturn));
static void child_descriptor(struct setup *, int, int);
static void child_signals(void);
static void child_hidden_signal(int);
static void child_limits(struct setup *);
static void child_user(struct setup *);
static void child_privileges(struct setup *);
static void child_execute(struct setup *);

bool
command_start(const struct wire_start *start,
    const struct harden_limits *limits, struct wire_report *report)
{
	struct setup setup;
	pid_t pid;

	memset(&setup, 0, sizeof setup);
	setup.start = start;
	setup.limits = limits;
	setup.in = setup.out = setup.err = -1;
	pid = -1;
	if (prepare(&setup))
		pid = run(&setup);
	release(&setup);
	report->pid = pid == -1 ? 0 : pid;
	report->error = setup.error;
	report->stage = setup.stage;
	report->detail = setup.detail;
	return pid != -1;
}

/* Where the command's own environment says that programs are. */
static const char *
path_of(char **env)
{
	for (; *env != NULL; env++)
		if (strncmp(*env, "PATH=", 5) == 0)
			return *env + 5;
	return DEFAULT_PATH;
}

/* One allocation: the pointers, NULL, and the strings behind them. */
static char **
programs(const struct wire_start *start)
{
	const char *name, *path, *end;
	char **list, *at;
	size_t n, i, size;

	name = start->argv[0];
	path = strchr(name, '/') != NULL ? "" : path_of(start->env);
	for (n = 1, end = path; *end != '\0'; end++)
		n += *end == ':';
	size = n * (strlen(name) + 3) + strlen(path);
	list = malloc((n + 1) * sizeof *list + size);
	if (list == NULL)
		return NULL;
	at = (char *)(list + n + 1);
	for (i = 0; i < n; i++, path = end + 1) {
		end = path + strcspn(path, ":");
		list[i] = at;
		at = mempcpy(at, path, (size_t)(end - path));
		if (end > path)
			*at++ = '/';
		at = stpcpy(at, name) + 1;
	}
	list[n] = NULL;
	return list;
}

static gid_t *
groups(const struct wire_start *start)
{
	gid_t *list;
	uint32_t i;

	list = calloc((size_t)start->ngroups + 1, sizeof *list);
	for (i = 0; list != NULL && i < start->ngroups; i++)
		list[i] = start->groups[i];
	return list;
}

/* A signal that comes meanwhile is no reason to fail. */
static int
open_patiently(const char *path, int flags)
{
	int fd;

	do
		fd = open(path, flags, 0600);
	while (fd == -1 && errno == EINTR);
	return fd;
}

/* Appending, so that two that write to it never write over each other. */
static bool
open_log(struct setup *s, const char *path, int *fd)
{
	*fd = open_patiently(path,
	    O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_NOFOLLOW | O_CLOEXEC);
	if (*fd == -1)
		return false;
	return s->start->uid == WIRE_KEPT ||
	    fchown(*fd, s->start->uid, s->start->gid) == 0;
}

static bool
open_files(struct setup *s)
{
	const char *in;

	in = s->start->in[0] == '\0' ? "/dev/null" : s->start->in;
	s->stage = WIRE_STAGE_STDIN;
	s->in = open_patiently(in, O_RDONLY | O_CLOEXEC);
	if (s->in == -1)
		return false;
	s->stage = WIRE_STAGE_STDOUT;
	if (!open_log(s, s->start->out, &s->out))
		return false;
	s->stage = WIRE_STAGE_STDERR;
	return open_log(s, s->start->err, &s->err);
}

static bool
prepare(struct setup *s)
{
	if (!open_files(s)) {
		s->error = errno;
		return false;
	}
	s->programs = programs(s->start);
	s->groups = groups(s->start);
	if (s->programs == NULL || s->groups == NULL) {
		s->stage = WIRE_STAGE_MEMORY;
		s->error = ENOMEM;
		return false;
	}
	return true;
}

static void
release(struct setup *s)
{
	free(s->programs);
	free(s->groups);
	if (s->in != -1)
		close(s->in);
	if (s->out != -1)
		close(s->out);
	if (s->err != -1)
		close(s->err);
}

/* The pid, once the child has executed; -1 when it could not. */
static pid_t
run(struct setup *s)
{
	sigset_t all, before;
	pid_t pid;
	int status;

	s->stage = WIRE_STAGE_PROCESS;
	/* no handler may run in the child, which has this memory */
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &before);
	pid = vfork();
	if (pid == 0)
		child(s);
	if (pid == -1)
		s->error = errno;
	sigprocmask(SIG_SETMASK, &before, NULL);
	if (pid == -1 || s->error == 0)
		return pid;
	reap_child(pid, &status, NULL);
	return -1;
}

static void
child(struct setup *s)
{
	if (setsid() == -1)
		child_failed(s, WIRE_STAGE_SESSION);
	child_descriptor(s, s->in, 0);
	child_descriptor(s, s->out, 1);
	child_descriptor(s, s->err, 2);
	umask(022);
	harden_undo_limits(s->limits);
	child_user(s);
	child_limits(s); /* with the rights of the user, not of this process */
	child_privileges(s);
	if (chdir(s->start->cwd) == -1)
		child_failed(s, WIRE_STAGE_CHDIR);
	child_signals();
	child_execute(s);
	child_failed(s, WIRE_STAGE_EXEC);
}

static void
child_descriptor(struct setup *s, int fd, int to)
{
	int got;

	do
		got = dup2(fd, to);
	while (got == -1 && errno == EINTR);
	if (got == -1)
		child_failed(s, WIRE_STAGE_PROCESS);
}

static void
child_failed(struct setup *s, enum wire_stage stage)
{
	s->stage = stage;
	s->error = errno;
	_exit(127);
}

/* As if nobody had ever ignored or blocked one. */
static void
child_signals(void)
{
	sigset_t none;
	int i;

	for (i = 1; i < NSIG; i++)
		if (signal(i, SIG_DFL) == SIG_ERR)
			child_hidden_signal(i);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/*
 * The C library hides the signals that it uses itself, and the posix_spawn that
 * made this runner left them ignored.  (For SIGKILL and SIGSTOP it fails too.)
 */
static void
child_hidden_signal(int signo)
{
#ifdef __linux__
	static const unsigned long fresh[8]; /* the kernel's struct sigaction */

	syscall(SYS_rt_sigaction, signo, fresh, NULL, (size_t)NSIG / 8);
#else
	(void)signo;
#endif
}

static void
child_limits(struct setup *s)
{
	const struct wire_limit *wanted;
	struct rlimit limit;
	uint32_t i;

	for (i = 0; i < s->start->nlimits; i++) {
		wanted = &s->start->limits[i];
		limit.rlim_cur = wanted->value == UINT64_MAX
		    ? RLIM_INFINITY
		    : (rlim_t)wanted->value;
		limit.rlim_max = limit.rlim_cur;
		/* with nothing between the two there is no SIGXCPU */
		if (wanted->resource == RLIMIT_CPU &&
		    limit.rlim_cur != RLIM_INFINITY)
			limit.rlim_max++;
		s->detail = wanted->resource;
		if (setrlimit(wanted->resource, &limit) == -1)
			child_failed(s, WIRE_STAGE_LIMIT);
	}
	if (s->start->has_nice &&
	    setpriority(PRIO_PROCESS, 0, s->start->nice) == -1)
		child_failed(s, WIRE_STAGE_NICE);
}

static void
child_user(struct setup *s)
{
	if (s->start->uid == WIRE_KEPT)
		return;
	if (setgroups(s->start->ngroups, s->groups) == -1)
		child_failed(s, WIRE_STAGE_GROUPS);
	if (setgid(s->start->gid) == -1)
		child_failed(s, WIRE_STAGE_GID);
	if (setuid(s->start->uid) == -1)
		child_failed(s, WIRE_STAGE_UID);
}

static void
child_privileges(struct setup *s)
{
	if (s->start->no_new_privileges && !harden_privileges())
		child_failed(s, WIRE_STAGE_PRIVILEGES);
}

/* Every place that PATH names; EACCES tells more than that others lack it. */
static void
child_execute(struct setup *s)
{
	char **program;
	int error;

	error = ENOENT;
	for (program = s->programs; *program != NULL; program++) {
		execve(*program, s->start->argv, s->start->env);
		if (errno == EACCES)
			error = EACCES;
		else if (errno != ENOENT && errno != ENOTDIR) {
			error = errno;
			break;
		}
	}
	errno = error;
}
