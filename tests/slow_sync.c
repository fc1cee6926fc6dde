/*
 * slow_sync: loaded into weird by LD_PRELOAD, makes each fdatasync slow, or has
 * it wait for somebody.
 *
 * SLOW_SYNC_MS: so many milliseconds longer.  SLOW_SYNC_GATE: a file; while it
 * is there an fdatasync makes FILE.waits and goes on when the file is gone.
 */
#include <sys/syscall.h>

#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

int
fdatasync(int fd)
{
	const char *ms = getenv("SLOW_SYNC_MS"), *gate;
	char waits[1024];
	int mark;

	if (ms != NULL)
		poll(NULL, 0, atoi(ms));
	gate = getenv("SLOW_SYNC_GATE");
	while (gate != NULL && access(gate, F_OK) == 0) {
		snprintf(waits, sizeof(waits), "%s.waits", gate);
		mark = open(waits, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
		if (mark != -1)
			close(mark);
		poll(NULL, 0, 5);
	}
	return (int)syscall(SYS_fdatasync, fd);
}
