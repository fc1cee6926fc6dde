/*
 * alarm: one time to be woken at, by a clock that goes on while the machine
 * sleeps, or by the wall clock, set to whatever it may be.
 */
#ifndef WEIR_ALARM_H
#define WEIR_ALARM_H

#include <event2/event.h>
#include <stdint.h>

enum alarm_clock {
	ALARM_STEADY, /* counts the machine's sleep, and nobody sets it */
	ALARM_WALL,   /* comes as well whenever somebody has set the clock */
};

struct alarm;

/* The callback looks at the clock itself: it may come too early. */
struct alarm *
alarm_new(struct event_base *, enum alarm_clock, event_callback_fn, void *);
void alarm_free(struct alarm *);
/*
 * ns on that clock, as clock_gettime(2) has it; 0: never.  In place of what was
 * asked for before.
 */
void alarm_set(struct alarm *, int64_t);

#endif
