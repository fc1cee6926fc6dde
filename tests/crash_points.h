/*
 * crash_points: the system calls of a process, enumerated by strace, and what
 * has it killed at one of them.
 */
#ifndef WEIR_TESTS_CRASH_POINTS_H
#define WEIR_TESTS_CRASH_POINTS_H

#include <stdbool.h>

#include "tests/crash_daemon.h"

#define POINTS_MAX 8192
#define POINT_SHARES 2 /* processes that go through them */
#define POINT_WORDS 16

/* Killed as it enters its nth call of that name. */
struct point {
	char name[32];
	unsigned n; /* 0: not killed, but written down */
};

struct points {
	struct point list[POINTS_MAX];
	unsigned count;
	unsigned every; /* one in so many is tried */
	char skipped[2048];
};

/* What the daemon is run with; it is its own, no child of strace's. */
struct point_words {
	const char *words[POINT_WORDS];
	char inject[80], trace[48], out[320];
};

extern const struct point point_none;

/* Skips the test where strace or what it needs is missing. */
void points_require(void);
/* All that the run with point_none did. */
void points_read(struct points *, unsigned most, unsigned most_sanitized);
bool points_sampled(const struct points *, unsigned);
void points_print(const struct points *, const char *program);

const char *point_directory(const struct point *);
void point_words(
    const struct point *, const struct crash_daemon *, struct point_words *);
/* The same for the first runner that it starts. */
void point_runner(
    const struct point *, const struct crash_daemon *, unsigned runners);
/* Whether that runner was killed. */
bool point_was_reached(const struct crash_daemon *);

#endif
