/* instance: one weird for one state directory; going to the background */

#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "daemon/instance.h"
#include "daemon/runner/coverage.h"

/* How often, and how long between (ms), a lock is tried again. */
#define LOCK_TRIES 100
#define LOCK_TRIES_ALIVE 15 /* while its holder lives */
#define LOCK_PAUSE 20

static bool
fail(char *, size_t, const char *, ...) __attribute__((format(printf, 3, 4)));
static bool take_lock(int, const char *, char *, size_t);
static pid_t read_pid(int);
static bool write_pid(int);

static bool
fail(char *error, size_t size, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(error, size, format, arguments);
	va_end(arguments);
	return false;
}

bool
instance_lock(const char *state_dir, char *error, size_t size)
{
	char path[PATH_MAX];
	int fd;

	if (snprintf(path, sizeof(path), "%s/lock", state_dir) >=
	    (int)sizeof(path))
		return fail(error, size, "%s: too long for a path", state_dir);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd == -1)
		return fail(error, size, "%s: %s", path, strerror(errno));
	if (!take_lock(fd, state_dir, error, size)) {
		close(fd);
		return false;
	}
	/* On a full disk a second weird is told less. */
	if (!write_pid(fd) && errno != ENOSPC && errno != EDQUOT) {
		fail(error, size, "%s: %s", path, strerror(errno));
		close(fd);
		return false;
	}
	return true; /* the descriptor is the lock */
}

/*
 * A child of a weird that has just died has its descriptors until it execs; a
 * lock whose holder is gone is therefore waited for a little.  So is, for a
 * moment, one whose holder seems to live: it may be about to be gone, killed
 * just now.
 */
static bool
take_lock(int fd, const char *state_dir, char *error, size_t size)
{
	const struct timespec pause = {.tv_nsec = LOCK_PAUSE * 1000000L};
	pid_t holder = 0;

	for (int try = 0; try < LOCK_TRIES; try++) {
		if (flock(fd, LOCK_EX | LOCK_NB) == 0)
			return true;
		if (errno != EWOULDBLOCK)
			return fail(error, size, "%s/lock: %s", state_dir,
			    strerror(errno));
		holder = read_pid(fd);
		if (try >= LOCK_TRIES_ALIVE && holder > 0 &&
		    (kill(holder, 0) == 0 || errno == EPERM))
			break;
		nanosleep(&pause, NULL);
	}
	if (holder > 0)
		return fail(error, size,
		    "another weird (pid %ld) uses this state directory: %s",
		    (long)holder, state_dir);
	return fail(error, size,
	    "another process uses this state directory: %s", state_dir);
}

int
instance_share(const char *state_dir, pid_t *holder, char *error, size_t size)
{
	char path[PATH_MAX];
	int fd = -1;

	*holder = 0;
	if (snprintf(path, sizeof(path), "%s/lock", state_dir) >=
	    (int)sizeof(path)) {
		fail(error, size, "%s: too long for a path", state_dir);
		return -1;
	}
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd == -1 && (errno == ENOENT || errno == ENOTDIR))
		return -2;
	if (fd != -1 && flock(fd, LOCK_SH | LOCK_NB) == 0)
		return fd;
	if (fd != -1 && errno == EWOULDBLOCK) {
		*holder = read_pid(fd);
		fail(error, size,
		    "weird (pid %ld) runs with this state directory: %s",
		    (long)*holder, state_dir);
	} else {
		fail(error, size, "%s: %s", path, strerror(errno));
	}
	if (fd != -1)
		close(fd);
	return -1;
}

/* 0 where the file does not say. */
static pid_t
read_pid(int fd)
{
	char text[32];
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);

	if (n <= 0)
		return 0;
	text[n] = '\0';
	return (pid_t)strtol(text, NULL, 10);
}

static bool
write_pid(int fd)
{
	char text[32];
	int n = snprintf(text, sizeof(text), "%ld\n", (long)getpid());

	ssize_t written;

	if (ftruncate(fd, 0) == -1)
		return false;
	for (ssize_t done = 0; done < n; done += written) {
		written = pwrite(fd, text + done, (size_t)(n - done), done);
		if (written == -1 && errno == EINTR)
			written = 0;
		else if (written == -1)
			return false;
	}
	return true;
}

bool
pid_file_write(const char *path, char *error, size_t size)
{
	char temporary[PATH_MAX];
	bool ok;
	int fd;

	if (snprintf(temporary, sizeof(temporary), "%s.new", path) >=
	    (int)sizeof(temporary))
		return fail(error, size, "%s: too long for a path", path);
	unlink(temporary);
	fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	ok = fd != -1 && write_pid(fd) && rename(temporary, path) == 0;
	if (!ok)
		fail(error, size, "%s: %s", path, strerror(errno));
	if (fd != -1)
		close(fd);
	return ok;
}

void
pid_file_remove(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

	if (fd == -1)
		return;
	if (read_pid(fd) == getpid())
		unlink(path);
	close(fd);
}

int
daemon_begin(void)
{
	int ends[2], status;
	ssize_t n;
	char byte;
	pid_t pid;

	if (pipe2(ends, O_CLOEXEC) == -1)
		err(EX_OSERR, "pipe");
	pid = fork();
	if (pid == -1)
		err(EX_OSERR, "fork");
	if (pid == 0) {
		close(ends[0]);
		setsid();
		return ends[1];
	}
	close(ends[1]);
	do
		n = read(ends[0], &byte, 1);
	while (n == -1 && errno == EINTR);
	coverage_write();
	if (n == 1)
		_exit(0);
	if (waitpid(pid, &status, 0) == pid && WIFEXITED(status))
		_exit(WEXITSTATUS(status));
	_exit(EX_SOFTWARE);
}

void
daemon_ready(int fd)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null == -1)
		err(EX_OSERR, "/dev/null");
	for (int i = STDIN_FILENO; i <= STDERR_FILENO; i++)
		dup2(null, i);
	if (null > STDERR_FILENO)
		close(null);
	if (write(fd, "", 1) != 1)
		err(EX_OSERR, "the parent is gone");
	close(fd);
}
