/* log_limited: lines of the log that others may cause */

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "daemon/clock.h"
#include "daemon/log_limited.h"
#include "daemon/loop.h"

#define LINE_SIZE 1024

static struct {
	struct log_limit limit;
	struct event *due;
} log_lines;

static void on_due(evutil_socket_t, short, void *);
static void wait_for_due(void);
static void write_line(void *, enum log_level, const char *);
static void tell_all(void);

void
log_limited_open(struct event_base *base)
{
	log_lines.due = loop_event(base, -1, 0, on_due, NULL);
	atexit(tell_all);
}

void
log_limited_close(void)
{
	tell_all();
	event_free(log_lines.due);
	log_lines.due = NULL;
}

static void
tell_all(void)
{
	log_limit_tell(
	    &log_lines.limit, true, clock_steady(), write_line, NULL);
}

void
log_limited(const struct log_about *about, const char *format, ...)
{
	char text[LINE_SIZE];
	va_list arguments;

	if (!log_writes(about->level))
		return;
	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	if (log_limit_take(&log_lines.limit, about, text, clock_steady()))
		write_line(NULL, about->level, text);
	else
		wait_for_due();
}

static void
on_due(evutil_socket_t fd, short what, void *ctx)
{
	(void)fd;
	(void)what;
	(void)ctx;
	log_limit_tell(
	    &log_lines.limit, false, clock_steady(), write_line, NULL);
	wait_for_due();
}

/* No timer goes while there is nothing to be told: an idle daemon sleeps. */
static void
wait_for_due(void)
{
	int64_t due = log_limit_due(&log_lines.limit);
	struct timeval left;

	if (log_lines.due == NULL || due == INT64_MAX ||
	    event_pending(log_lines.due, EV_TIMEOUT, NULL))
		return;
	due -= clock_steady();
	left.tv_sec = due > 0 ? (time_t)(due / 1000000000) + 1 : 1;
	left.tv_usec = 0;
	loop_add(log_lines.due, &left);
}

static void
write_line(void *ctx, enum log_level level, const char *line)
{
	(void)ctx;
	log_line(level, line);
}
