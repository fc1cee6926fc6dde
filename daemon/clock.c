/* clock: wall time that never goes back */

#include <err.h>
#include <sysexits.h>
#include <time.h>

#include "daemon/clock.h"

/* Time that the machine sleeps counts where the system has a clock for that. */
#ifdef CLOCK_BOOTTIME
#define STEADY CLOCK_BOOTTIME
#else
#define STEADY CLOCK_MONOTONIC
#endif

static int64_t
read_clock(clockid_t id)
{
	struct timespec ts;

	if (clock_gettime(id, &ts) == -1)
		err(EX_OSERR, "clock_gettime");
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

void
clock_start(struct clock *clock, int64_t not_before)
{
	clock->wall = read_clock(CLOCK_REALTIME);
	if (clock->wall < not_before)
		clock->wall = not_before;
	clock->steady = read_clock(STEADY);
}

int64_t
clock_now(const struct clock *clock)
{
	return clock->wall + (read_clock(STEADY) - clock->steady);
}
