/* clock: wall time that never goes back */

#include <err.h>
#include <sysexits.h>
#include <time.h>

#include "daemon/clock.h"

static int64_t read_clock(clockid_t);

static int64_t
read_clock(clockid_t id)
{
	struct timespec ts;

	if (clock_gettime(id, &ts) == -1)
		err(EX_OSERR, "clock_gettime");
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

int64_t
clock_wall(void)
{
	return read_clock(CLOCK_REALTIME);
}

int64_t
clock_steady(void)
{
	return read_clock(CLOCK_STEADY);
}

int64_t
clock_uptime(void)
{
	return read_clock(CLOCK_MONOTONIC);
}

void
clock_start(struct clock *clock, int64_t not_before)
{
	clock->wall = clock_wall();
	if (clock->wall < not_before)
		clock->wall = not_before;
	clock->steady = clock_steady();
}

int64_t
clock_now(const struct clock *clock)
{
	return clock->wall + (clock_steady() - clock->steady);
}

int64_t
clock_steady_at(const struct clock *clock, int64_t now)
{
	return clock->steady + (now - clock->wall);
}
