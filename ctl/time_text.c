/*
 * time_text: points in time and durations, as people read them.
 */
#include "ctl/time_text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#define MILLISECOND INT64_C(1000000)
#define SECOND (1000 * MILLISECOND)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

void
time_text_duration(int64_t ns, char text[TIME_TEXT_MAX])
{
	static const struct {
		int64_t from, unit, part;
		const char *name, *part_name;
	} steps[] = {
	    {DAY, DAY, HOUR, "d", "h"},
	    {HOUR, HOUR, MINUTE, "h", "m"},
	    {MINUTE, MINUTE, SECOND, "m", "s"},
	};
	size_t i;

	if (ns < 0)
		ns = 0;
	for (i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		if (ns < steps[i].from)
			continue;
		snprintf(text, TIME_TEXT_MAX, "%" PRId64 "%s%02" PRId64 "%s",
		    ns / steps[i].unit, steps[i].name,
		    ns % steps[i].unit / steps[i].part, steps[i].part_name);
		return;
	}
	if (ns >= SECOND)
		snprintf(text, TIME_TEXT_MAX, "%" PRId64 ".%" PRId64 "s",
		    ns / SECOND, ns % SECOND / (SECOND / 10));
	else
		snprintf(
		    text, TIME_TEXT_MAX, "%" PRId64 "ms", ns / MILLISECOND);
}

void
time_text_ago(int64_t then, int64_t now, char text[TIME_TEXT_MAX])
{
	static const struct {
		int64_t unit;
		const char *name;
	} units[] = {{DAY, "d"}, {HOUR, "h"}, {MINUTE, "m"}, {SECOND, "s"}};
	int64_t distance = then > now ? then - now : now - then;
	size_t i;

	for (i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (distance < units[i].unit)
			continue;
		snprintf(text, TIME_TEXT_MAX, "%s%" PRId64 "%s%s",
		    then > now ? "in " : "", distance / units[i].unit,
		    units[i].name, then > now ? "" : " ago");
		return;
	}
	snprintf(text, TIME_TEXT_MAX, "now");
}

void
time_text_exact(int64_t ns, char text[TIME_TEXT_MAX])
{
	time_t seconds = (time_t)(ns / SECOND);
	char zone[8];
	struct tm tm;
	size_t n;

	if (localtime_r(&seconds, &tm) == NULL) {
		snprintf(text, TIME_TEXT_MAX, "%" PRId64, ns);
		return;
	}
	n = strftime(text, TIME_TEXT_MAX, "%Y-%m-%d %H:%M:%S", &tm);
	strftime(zone, sizeof(zone), "%z", &tm);
	snprintf(text + n, TIME_TEXT_MAX - n, ".%03d %s",
	    (int)(ns % SECOND / MILLISECOND), zone);
}

int64_t
time_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return now.tv_sec * SECOND + now.tv_nsec;
}
