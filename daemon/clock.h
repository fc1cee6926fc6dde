/*
 * clock: the time that commands carry.  It begins at the wall clock, or at the
 * time of the journal's newest event where that is later, and goes on with the
 * machine's steady clock: it never goes back, whatever is done to the date.
 */
#ifndef WEIR_CLOCK_H
#define WEIR_CLOCK_H

#include <stdint.h>

struct clock {
	int64_t wall;	/* ns since the epoch, when it was started */
	int64_t steady; /* ns of the steady clock, then */
};

/* not_before: ns since the epoch. */
void clock_start(struct clock *, int64_t not_before);
int64_t clock_now(const struct clock *); /* ns since the epoch */

#endif
