/* alarm: one time to be woken at. */

#include "daemon/alarm.h"

#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include "daemon/clock.h"
#include "daemon/core/alloc.h"
#include "daemon/loop.h"

#define NS_PER_S 1000000000

#ifdef __linux__

#include <sys/timerfd.h>

#include <err.h>
#include <errno.h>
#include <sysexits.h>

struct alarm {
	struct event *event;
	event_callback_fn callback;
	void *ctx;
	int fd;
	int flags;
	int64_t at;
};

static void arm(struct alarm *, int64_t);
static void on_expired(evutil_socket_t, short, void *);

struct alarm *
alarm_new(struct event_base *base, enum alarm_clock which,
    event_callback_fn callback, void *ctx)
{
	struct alarm *alarm = xcalloc(1, sizeof(*alarm));

	alarm->callback = callback;
	alarm->ctx = ctx;
	alarm->flags = TFD_TIMER_ABSTIME |
	    (which == ALARM_WALL ? TFD_TIMER_CANCEL_ON_SET : 0);
	alarm->fd =
	    timerfd_create(which == ALARM_WALL ? CLOCK_REALTIME : CLOCK_STEADY,
		TFD_NONBLOCK | TFD_CLOEXEC);
	if (alarm->fd == -1)
		err(EX_OSERR, "timerfd_create");
	alarm->event = loop_event(
	    base, alarm->fd, EV_READ | EV_PERSIST, on_expired, alarm);
	loop_add(alarm->event, NULL);
	return alarm;
}

void
alarm_free(struct alarm *alarm)
{
	event_free(alarm->event);
	close(alarm->fd);
	free(alarm);
}

/* An error of the reading tells that the clock was set: that is news, too. */
static void
on_expired(evutil_socket_t fd, short what, void *ctx)
{
	struct alarm *alarm = ctx;
	uint64_t times;
	ssize_t n = read(fd, &times, sizeof(times));

	(void)n;
	alarm->at = 0;
	alarm->callback(fd, what, alarm->ctx);
}

void
alarm_set(struct alarm *alarm, int64_t at)
{
	if (at < 0)
		at = 1; /* long past, too */
	if (at == alarm->at)
		return;
	alarm->at = at;
	arm(alarm, at);
}

static void
arm(struct alarm *alarm, int64_t at)
{
	struct itimerspec when = {
	    .it_value = {.tv_sec = (time_t)(at / NS_PER_S),
		.tv_nsec = (long)(at % NS_PER_S)},
	};

	if (timerfd_settime(alarm->fd, alarm->flags, &when, NULL) == -1 &&
	    errno != ECANCELED)
		err(EX_OSERR, "timerfd_settime");
}

#else

/* How soon, in s, a clock that was set is noticed. */
#define LOOK 60

struct alarm {
	struct event *event;
	enum alarm_clock which;
};

struct alarm *
alarm_new(struct event_base *base, enum alarm_clock which,
    event_callback_fn callback, void *ctx)
{
	struct alarm *alarm = xcalloc(1, sizeof(*alarm));

	alarm->which = which;
	alarm->event = loop_event(base, -1, 0, callback, ctx);
	return alarm;
}

void
alarm_free(struct alarm *alarm)
{
	event_free(alarm->event);
	free(alarm);
}

void
alarm_set(struct alarm *alarm, int64_t at)
{
	struct timeval timeout = {.tv_sec = LOOK};
	int64_t left;

	if (at == 0) {
		event_del(alarm->event);
		return;
	}
	left = at -
	    (alarm->which == ALARM_WALL ? clock_wall() : clock_steady()) + 999;
	if (left < 0)
		left = 0;
	if (left < (int64_t)LOOK * NS_PER_S) {
		timeout.tv_sec = (time_t)(left / NS_PER_S);
		timeout.tv_usec = (suseconds_t)(left % NS_PER_S / 1000);
	}
	loop_add(alarm->event, &timeout);
}

#endif
