/*
 * clock_shim: loaded into a program, shows it clocks that somebody sets and a
 * machine that sleeps.  What sleeps is not woken by what goes on without it:
 * CLOCK_MONOTONIC, and with it every timeout, stands still meanwhile.
 */

#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/timerfd.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "tests/clock_plan.h"

#define NS_PER_S 1000000000
#define TIMERS 16
#define LOOK 2 /* ms between two looks at the clocks */

/* A timerfd is an eventfd here, that a thread writes to. */
struct fake {
	int fd;
	clockid_t clock;
	int64_t due; /* 0: not armed */
	bool on_set; /* comes when the date is set, too */
	int64_t wall;
};

static struct clock_plan *plan;
static struct fake fakes[TIMERS];
static unsigned nfakes;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static int64_t shown(clockid_t);
static void *look(void *);

__attribute__((constructor)) static void
begin(void)
{
	const char *path = getenv(CLOCK_PLAN);
	int fd = path == NULL ? -1 : open(path, O_RDWR | O_CLOEXEC);

	if (fd == -1)
		_exit(126);
	plan = mmap(
	    NULL, sizeof(*plan), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	if (plan == MAP_FAILED)
		_exit(126);
}

static int64_t
shown(clockid_t clock)
{
	struct timespec ts;
	int64_t ns;

	syscall(SYS_clock_gettime, clock, &ts);
	ns = (int64_t)ts.tv_sec * NS_PER_S + ts.tv_nsec;
	if (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)
		ns += __atomic_load_n(&plan->wall, __ATOMIC_SEQ_CST) +
		    __atomic_load_n(&plan->slept, __ATOMIC_SEQ_CST);
	else if (clock == CLOCK_BOOTTIME)
		ns += __atomic_load_n(&plan->slept, __ATOMIC_SEQ_CST);
	return ns;
}

int
clock_gettime(clockid_t clock, struct timespec *ts)
{
	int64_t ns = shown(clock);

	ts->tv_sec = (time_t)(ns / NS_PER_S);
	ts->tv_nsec = (long)(ns % NS_PER_S);
	return 0;
}

int
gettimeofday(struct timeval *tv, void *zone)
{
	int64_t ns = shown(CLOCK_REALTIME);

	(void)zone;
	tv->tv_sec = (time_t)(ns / NS_PER_S);
	tv->tv_usec = (suseconds_t)(ns % NS_PER_S / 1000);
	return 0;
}

time_t
time(time_t *t)
{
	time_t now = (time_t)(shown(CLOCK_REALTIME) / NS_PER_S);

	if (t != NULL)
		*t = now;
	return now;
}

static void *
look(void *arg)
{
	const uint64_t one = 1;

	for (;;) {
		pthread_mutex_lock(&lock);
		for (unsigned i = 0; i < nfakes; i++) {
			struct fake *fake = &fakes[i];

			if (fake->due == 0 ||
			    (shown(fake->clock) < fake->due &&
				!(fake->on_set && fake->wall != plan->wall)))
				continue;
			fake->due = 0;
			if (write(fake->fd, &one, sizeof(one)) == -1)
				abort();
		}
		pthread_mutex_unlock(&lock);
		poll(NULL, 0, LOOK);
	}
	return arg;
}

int
timerfd_create(int clock, int flags)
{
	int fd = eventfd(0, flags); /* the flags are the same */
	sigset_t all, before;
	pthread_t thread;

	if (fd == -1 || nfakes == TIMERS) {
		errno = EMFILE;
		return -1;
	}
	pthread_mutex_lock(&lock);
	fakes[nfakes++] = (struct fake){.fd = fd, .clock = clock};
	pthread_mutex_unlock(&lock);
	if (nfakes > 1)
		return fd;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	if (pthread_create(&thread, NULL, look, NULL) != 0)
		_exit(126);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return fd;
}

int
timerfd_settime(
    int fd, int flags, const struct itimerspec *when, struct itimerspec *before)
{
	int64_t due =
	    (int64_t)when->it_value.tv_sec * NS_PER_S + when->it_value.tv_nsec;

	(void)before;
	pthread_mutex_lock(&lock);
	for (unsigned i = 0; i < nfakes; i++) {
		if (fakes[i].fd != fd)
			continue;
		fakes[i].due = due == 0 || (flags & TFD_TIMER_ABSTIME) != 0
		    ? due
		    : shown(fakes[i].clock) + due;
		fakes[i].on_set = (flags & TFD_TIMER_CANCEL_ON_SET) != 0;
		fakes[i].wall = plan->wall;
	}
	pthread_mutex_unlock(&lock);
	return 0;
}
