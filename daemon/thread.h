/*
 * thread: threads beside the loop's: how one begins, and how it wakes the loop.
 */
#ifndef WEIR_THREAD_H
#define WEIR_THREAD_H

#include <pthread.h>
#include <stdbool.h>

/* An errno, or 0.  Signals are for the loop's thread alone. */
int thread_start(pthread_t *, void *(*)(void *), void *);

struct wake {
	int fd;	 /* readable once it has been signalled */
	int end; /* which is written to; the same where it is an eventfd */
};

#define WAKE_NONE      \
	{              \
		-1, -1 \
	}

/* False with errno. */
bool wake_open(struct wake *);
void wake_close(struct wake *);
/* From any thread; as often as one likes. */
void wake_signal(const struct wake *);
/* Forgets the signals up to here. */
void wake_clear(const struct wake *);

#endif
