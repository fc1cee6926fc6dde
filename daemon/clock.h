/*
 * clock: the time that commands carry.  It begins at the wall clock, or at the
 * time of the journal's newest event where that is later, and goes on with the
 * machine's steady clock, which counts its sleep: it never goes back and never
 * leaps, whatever is done to the date.  Durations run on it, and it is what is
 * recorded.  What is to happen at a time that clocks show goes by clock_wall().
 */
#ifndef WEIR_CLOCK_H
#define WEIR_CLOCK_H

#include <stdint.h>
#include <time.h>

/* Time that the machine sleeps counts where the system has a clock for that. */
#ifdef CLOCK_BOOTTIME
#define CLOCK_STEADY CLOCK_BOOTTIME
#else
#define CLOCK_STEADY CLOCK_MONOTONIC
#endif

struct clock {
	int64_t wall;	/* ns since the epoch, when it was started */
	int64_t steady; /* ns of the steady clock, then */
};

/* not_before: ns since the epoch. */
void clock_start(struct clock *, int64_t not_before);
int64_t clock_now(const struct clock *); /* ns since the epoch */
/* When clock_steady() gives that much, clock_now() gives this. */
int64_t clock_steady_at(const struct clock *, int64_t now);

int64_t clock_wall(void);   /* ns since the epoch, as somebody has set it */
int64_t clock_steady(void); /* ns */
/* ns that the machine has run, its sleep not counted: for short times. */
int64_t clock_uptime(void);

#endif
