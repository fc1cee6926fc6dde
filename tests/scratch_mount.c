/* scratch_mount: a file system that can lose its power. */

#include "tests/scratch_mount.h"

#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <atf-c.h>
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The same number for XFS and ext4, and the same word for "drop the log". */
#define SHUTDOWN _IOR('X', 125, uint32_t)
#define NO_LOG_FLUSH 2

#define TRIES 1000
#define PAUSE 10 /* ms */

static bool run(const char *, ...) __attribute__((format(printf, 1, 2)));
static unsigned kill_ours(const char *here);
static bool mentions(const char *pid, const char *file, const char *what);

static bool
run(const char *format, ...)
{
	char command[1024];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(command, sizeof(command), format, arguments);
	va_end(arguments);
	return system(command) == 0;
}

void
scratch_mount_make(const char *mkfs, const char *size)
{
	ATF_REQUIRE_EQ(0, mkdir("state", 0755));
	if (!run("truncate -s %s image && %s image >mkfs.out 2>&1", size, mkfs))
		atf_tc_skip("no file system can be made with %s", mkfs);
	if (!run("mount -o loop image state 2>mount.err"))
		atf_tc_skip("nothing can be mounted here");
}

void
scratch_mount_cut(void)
{
	uint32_t how = NO_LOG_FLUSH;
	int fd = open("state", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	ATF_REQUIRE(fd != -1);
	if (ioctl(fd, SHUTDOWN, &how) == -1)
		atf_tc_skip(
		    "the file system can't be shut down: %s", strerror(errno));
	close(fd);
}

static bool
mentions(const char *pid, const char *file, const char *what)
{
	char path[64], bytes[65536];
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/proc/%.20s/%s", pid, file);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd == -1)
		return false;
	n = read(fd, bytes, sizeof(bytes));
	close(fd);
	return n > 0 && memmem(bytes, (size_t)n, what, strlen(what)) != NULL;
}

static unsigned
kill_ours(const char *here)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	unsigned n = 0;
	char of_callouts[1024];

	ATF_REQUIRE(proc != NULL);
	snprintf(of_callouts, sizeof(of_callouts), "WEIR_SOCKET=%s/", here);
	while ((entry = readdir(proc)) != NULL) {
		if (!isdigit((unsigned char)entry->d_name[0]) ||
		    (!mentions(entry->d_name, "environ", of_callouts) &&
			(!mentions(entry->d_name, "cmdline", "weir-runner") ||
			    !mentions(entry->d_name, "cmdline", here))))
			continue;
		kill((pid_t)atol(entry->d_name), SIGKILL);
		n++;
	}
	closedir(proc);
	return n;
}

void
scratch_mount_kill(void)
{
	char here[512];

	ATF_REQUIRE(getcwd(here, sizeof(here)) != NULL);
	for (int i = 0; i < TRIES && kill_ours(here) > 0; i++)
		poll(NULL, 0, PAUSE);
}

/* The last of them may still be on its way out. */
void
scratch_mount_end(void)
{
	for (int i = 0; i < TRIES && umount("state") == -1 && errno == EBUSY;
	     i++)
		poll(NULL, 0, PAUSE);
}

void
scratch_mount_again(void)
{
	scratch_mount_end();
	ATF_REQUIRE_MSG(run("mount -o loop image state"),
	    "it can't be mounted again after the cut");
}
