/* thread: threads beside the loop's */

#include "daemon/thread.h"

#ifdef __linux__
#include <sys/eventfd.h>
#endif

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <unistd.h>

int
thread_start(pthread_t *thread, void *(*run)(void *), void *ctx)
{
	sigset_t all, before;
	int result;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	result = pthread_create(thread, NULL, run, ctx);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return result;
}

bool
wake_open(struct wake *wake)
{
#ifdef __linux__
	wake->fd = wake->end = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	return wake->fd != -1;
#else
	int ends[2];

	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) == -1)
		return false;
	wake->fd = ends[0];
	wake->end = ends[1];
	return true;
#endif
}

void
wake_close(struct wake *wake)
{
	if (wake->fd == -1)
		return;
	close(wake->fd);
	if (wake->end != wake->fd)
		close(wake->end);
	wake->fd = wake->end = -1;
}

/* Nothing is lost when it is full: it is readable then. */
void
wake_signal(const struct wake *wake)
{
	const uint64_t one = 1;
	ssize_t n;

	do
		n = write(wake->end, &one, sizeof(one));
	while (n == -1 && errno == EINTR);
}

void
wake_clear(const struct wake *wake)
{
	uint64_t signals[16];
	ssize_t n;

	do
		n = read(wake->fd, signals, sizeof(signals));
	while (n == (ssize_t)sizeof(signals) || (n == -1 && errno == EINTR));
}
