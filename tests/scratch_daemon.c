/* scratch_daemon: a weird of the test's own, in its scratch directory. */

#include "tests/scratch_daemon.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <atf-c.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define LISTEN_TRIES 2000
#define LISTEN_PAUSE 30 /* ms */

static pid_t daemon_pid;    /* 0: none runs */
static uid_t user;	    /* 0: whoever runs the test */
static struct rlimit files; /* 0: those of the test */

static void kill_daemon(void);
static bool listens(void);
static void await_socket(void);

void
scratch_daemon_start(void)
{
	const char *bin = getenv("WEIR_BIN");
	static int registered;
	char path[1024];

	if (bin == NULL)
		atf_tc_skip("WEIR_BIN is not set; run by make check");
	snprintf(path, sizeof(path), "%s/weird", bin);
	unlink(SCRATCH_SOCKET); /* of one before it */
	daemon_pid = fork();
	ATF_REQUIRE(daemon_pid != -1);
	if (daemon_pid == 0) {
		if (freopen("weird.log", "a", stderr) == NULL)
			_exit(126);
		if (files.rlim_max != 0 &&
		    setrlimit(RLIMIT_NOFILE, &files) == -1)
			_exit(124);
		if (user != 0 &&
		    (setgroups(0, NULL) == -1 || setgid((gid_t)user) == -1 ||
			setuid(user) == -1))
			_exit(125);
		if (access("weird.conf", R_OK) == 0)
			execl(path, "weird", "-f", "-d", "state", "-s",
			    SCRATCH_SOCKET, "-c", "weird.conf", (char *)NULL);
		else
			execl(path, "weird", "-f", "-d", "state", "-s",
			    SCRATCH_SOCKET, (char *)NULL);
		_exit(127);
	}
	if (!registered++)
		atexit(kill_daemon);
	await_socket();
}

void
scratch_daemon_user(uid_t uid)
{
	user = uid;
}

void
scratch_daemon_files(rlim_t most)
{
	files.rlim_cur = files.rlim_max = most;
}

/* The socket is there before it takes connections. */
static bool
listens(void)
{
	struct sockaddr_un address = {
	    .sun_family = AF_UNIX, .sun_path = SCRATCH_SOCKET};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	bool is;

	ATF_REQUIRE(fd != -1);
	is = connect(fd, (struct sockaddr *)&address, sizeof(address)) == 0;
	close(fd);
	return is;
}

static void
await_socket(void)
{
	for (int i = 0; i < LISTEN_TRIES && !listens(); i++) {
		if (waitpid(daemon_pid, NULL, WNOHANG) == daemon_pid)
			atf_tc_fail("weird ended instead of listening");
		poll(NULL, 0, LISTEN_PAUSE);
	}
}

/* Where a test has failed. */
static void
kill_daemon(void)
{
	if (daemon_pid > 0)
		kill(daemon_pid, SIGKILL);
}

void
scratch_daemon_stop(void)
{
	ATF_REQUIRE_EQ(0, kill(daemon_pid, SIGTERM));
	scratch_daemon_ends();
}

void
scratch_daemon_signal(int signal)
{
	ATF_REQUIRE_EQ(0, kill(daemon_pid, signal));
}

void
scratch_daemon_ends(void)
{
	int status;

	ATF_REQUIRE_EQ(daemon_pid, waitpid(daemon_pid, &status, 0));
	daemon_pid = 0;
	ATF_CHECK_EQ(0, status);
}

void
scratch_daemon_kill(void)
{
	int status;

	ATF_REQUIRE_EQ(0, kill(daemon_pid, SIGKILL));
	ATF_REQUIRE_EQ(daemon_pid, waitpid(daemon_pid, &status, 0));
	daemon_pid = 0;
	ATF_REQUIRE(WIFSIGNALED(status));
}

int
scratch_daemon_crash(void)
{
	int status;

	kill(daemon_pid, SIGKILL);
	ATF_REQUIRE_EQ(daemon_pid, waitpid(daemon_pid, &status, 0));
	daemon_pid = 0;
	return status;
}
