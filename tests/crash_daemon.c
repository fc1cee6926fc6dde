/* crash_daemon: daemons of a directory of their own, that are killed. */

#include "tests/crash_daemon.h"

#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <atf-c.h>
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PATIENCE 60000 /* ms */
#define WITH_MAX 32    /* words before the daemon's own */
#define ENVIRON_MAX 32768

static bool connects(const char *);
static bool read_all(pid_t, const char *, char *, size_t *);
static bool is_runner(const struct crash_daemon *, pid_t);
static bool is_command(const struct crash_daemon *, pid_t);
static unsigned kill_round(struct crash_daemon *);
static pid_t next_pid(DIR *);

void
crash_daemon_make(struct crash_daemon *d, const char *name, unsigned runners)
{
	char here[128];

	if (getenv("WEIR_BIN") == NULL || getenv("WEIR_RUNNER") == NULL)
		atf_tc_skip("WEIR_BIN is not set; run by make check");
	memset(d, 0, sizeof(*d));
	ATF_REQUIRE(getcwd(here, sizeof(here)) != NULL);
	snprintf(d->dir, sizeof(d->dir), "%s/%s", here, name);
	ATF_REQUIRE_EQ(0, mkdir(d->dir, 0700));
	snprintf(d->socket, sizeof(d->socket), "%s/sock", d->dir);
	snprintf(d->trace, sizeof(d->trace), "%s/trace", d->dir);
	crash_daemon_runner(d, runners, getenv("WEIR_RUNNER"));
}

void
crash_daemon_runner(
    const struct crash_daemon *d, unsigned runners, const char *runner)
{
	char path[320];
	FILE *f;

	snprintf(path, sizeof(path), "%s/weird.conf", d->dir);
	f = fopen(path, "w");
	ATF_REQUIRE(f != NULL);
	fprintf(f, "callouts:\n  runners: %u\n  max: 16\n  runner: %s\n",
	    runners, runner);
	ATF_REQUIRE_EQ(0, fclose(f));
}

void
crash_daemon_start(
    struct crash_daemon *d, const char *const *with, const char *bin)
{
	char weird[1024], conf[320], state[320], log[320];
	const char *argv[WITH_MAX + 10];
	unsigned n = 0;

	snprintf(weird, sizeof(weird), "%s/weird",
	    bin != NULL ? bin : getenv("WEIR_BIN"));
	snprintf(conf, sizeof(conf), "%s/weird.conf", d->dir);
	snprintf(state, sizeof(state), "%s/state", d->dir);
	snprintf(log, sizeof(log), "%s/weird.log", d->dir);
	while (with != NULL && with[n] != NULL && n < WITH_MAX) {
		argv[n] = with[n];
		n++;
	}
	argv[n++] = weird;
	argv[n++] = "-f";
	argv[n++] = "-c";
	argv[n++] = conf;
	argv[n++] = "-d";
	argv[n++] = state;
	argv[n++] = "-s";
	argv[n++] = d->socket;
	argv[n] = NULL;
	unlink(d->socket); /* of one before it */
	d->pid = fork();
	ATF_REQUIRE(d->pid != -1);
	if (d->pid == 0) {
		/* no daemon is left where a test fails */
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (freopen(log, "a", stderr) == NULL)
			_exit(126);
		execvp(argv[0], (char *const *)(uintptr_t)argv);
		_exit(127);
	}
}

static bool
connects(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	bool does;

	ATF_REQUIRE(fd != -1);
	ATF_REQUIRE(strlen(path) < sizeof(address.sun_path));
	strcpy(address.sun_path, path);
	does = connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0;
	close(fd);
	return does;
}

bool
crash_daemon_listens(struct crash_daemon *d)
{
	siginfo_t info;

	for (int i = 0; i < PATIENCE; i++) {
		if (connects(d->socket))
			return true;
		info.si_pid = 0;
		ATF_REQUIRE_EQ(0,
		    waitid(P_PID, (id_t)d->pid, &info,
			WEXITED | WNOHANG | WNOWAIT));
		if (info.si_pid != 0)
			return false;
		poll(NULL, 0, 1);
	}
	crash_daemon_show(d);
	atf_tc_fail("weird does not listen");
}

void
crash_daemon_up(struct crash_daemon *d)
{
	crash_daemon_start(d, NULL, NULL);
	if (crash_daemon_listens(d))
		return;
	crash_daemon_show(d);
	atf_tc_fail("weird ended instead of listening, status %d",
	    crash_daemon_ended(d));
}

int
crash_daemon_ended(struct crash_daemon *d)
{
	int status;

	ATF_REQUIRE_EQ(d->pid, waitpid(d->pid, &status, 0));
	d->pid = 0;
	return status;
}

void
crash_daemon_kill(struct crash_daemon *d)
{
	ATF_REQUIRE_EQ(0, kill(d->pid, SIGKILL));
	crash_daemon_ended(d);
}

void
crash_daemon_stop(struct crash_daemon *d)
{
	int status;

	ATF_REQUIRE_EQ(0, kill(d->pid, SIGTERM));
	status = crash_daemon_ended(d);
	if (status != 0)
		crash_daemon_show(d);
	ATF_REQUIRE_EQ_MSG(0, status, "weird ended with status %d", status);
}

void
crash_daemon_show(const struct crash_daemon *d)
{
	char command[400];

	snprintf(command, sizeof(command), "tail -n 40 %s/weird.log", d->dir);
	fflush(stdout);
	if (system(command) != 0)
		printf("no log in %s\n", d->dir);
}

static pid_t
next_pid(DIR *proc)
{
	struct dirent *entry;

	while ((entry = readdir(proc)) != NULL)
		if (isdigit((unsigned char)entry->d_name[0]))
			return (pid_t)atoi(entry->d_name);
	return 0;
}

/* What is in the process's file; zero bytes become newlines. */
static bool
read_all(pid_t pid, const char *name, char *text, size_t *size)
{
	char path[64];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd == -1)
		return false;
	n = read(fd, text, *size - 1);
	close(fd);
	if (n <= 0)
		return false;
	for (ssize_t i = 0; i < n; i++)
		if (text[i] == '\0')
			text[i] = '\n';
	text[n] = '\0';
	*size = (size_t)n;
	return true;
}

/* It has the path of its socket as its argument. */
static bool
is_runner(const struct crash_daemon *d, pid_t pid)
{
	char text[1024], wanted[320];
	size_t size = sizeof(text);

	snprintf(wanted, sizeof(wanted), "\n%s/state/run/runner-", d->dir);
	return read_all(pid, "cmdline", text, &size) &&
	    strncmp(text, "weird", 5) != 0 && strstr(text, wanted) != NULL;
}

static bool
is_command(const struct crash_daemon *d, pid_t pid)
{
	static char text[ENVIRON_MAX];
	char wanted[320];
	size_t size = sizeof(text);

	snprintf(wanted, sizeof(wanted), "WEIR_SOCKET=%s\n", d->socket);
	return read_all(pid, "environ", text, &size) &&
	    strstr(text, wanted) != NULL;
}

unsigned
crash_runners(const struct crash_daemon *d, pid_t *pids, unsigned room)
{
	DIR *proc = opendir("/proc");
	unsigned n = 0;
	pid_t pid;

	if (proc == NULL)
		atf_tc_skip("there is no /proc to find runners by");
	while ((pid = next_pid(proc)) != 0)
		if (is_runner(d, pid) && n < room - 1)
			pids[n++] = pid;
	closedir(proc);
	pids[n] = 0;
	return n;
}

unsigned
crash_kill_runners(const struct crash_daemon *d)
{
	pid_t pids[64];
	unsigned n = crash_runners(d, pids, 64);

	for (unsigned i = 0; i < n; i++)
		kill(pids[i], SIGKILL);
	return n;
}

static unsigned
kill_round(struct crash_daemon *d)
{
	DIR *proc = opendir("/proc");
	unsigned n = 0;
	pid_t pid;

	ATF_REQUIRE(proc != NULL);
	while ((pid = next_pid(proc)) != 0)
		if ((is_runner(d, pid) || is_command(d, pid)) &&
		    kill(pid, SIGKILL) == 0)
			n++;
	closedir(proc);
	return n;
}

void
crash_kill_all(struct crash_daemon *d)
{
	int i;

	if (d->pid != 0)
		crash_daemon_kill(d);
	for (i = 0; kill_round(d) > 0; i++)
		ATF_REQUIRE_MSG(i < PATIENCE, "processes that can't be killed");
}

void
crash_daemon_remove(struct crash_daemon *d)
{
	char command[320];

	crash_kill_all(d);
	snprintf(command, sizeof(command), "rm -rf %s", d->dir);
	ATF_REQUIRE_EQ(0, system(command));
}
