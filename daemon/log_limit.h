/*
 * log_limit: how many lines of the log others may cause.  Each user may cause
 * some of each kind at once; then one a minute tells how many there were, until
 * a minute has passed without any.  Nothing that is held back goes untold.
 *
 * Allocates nothing, so that it works where there is no memory left.
 */
#ifndef WEIR_LOG_LIMIT_H
#define WEIR_LOG_LIMIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/log.h"

#define LOG_LIMIT_INTERVAL INT64_C(60000000000) /* ns */
#define LOG_LIMIT_BURST 10 /* lines of one user and kind in a row */
#define LOG_LIMIT_ALL 30   /* lines of all users in an interval, and counts */
#define LOG_LIMIT_USERS 32 /* that are told apart; of each kind one counts */
#define LOG_LIMIT_TEXT 512 /* bytes of a line that is kept for a count */

#define LOG_OF_NOBODY UINT32_MAX /* where it is not known whose doing it is */

/* What lines are about: those of one kind leave those of others their room. */
enum log_kind {
	LOG_KIND_CLIENT,   /* a connection that was ended */
	LOG_KIND_ACCEPT,   /* connections or requests that have to wait */
	LOG_KIND_START,	   /* a command that did not start */
	LOG_KIND_OUTPUT,   /* a command that writes too much */
	LOG_KIND_WORKFLOW, /* a workflow that its caps stop */
	LOG_KIND_RUNNER,   /* one that does not answer, or does again */
	LOG_KIND_SPACE,	   /* that there is none, or some again */
	LOG_KIND_LEFTOVER, /* directories that can't be removed */
	LOG_KINDS
};

struct log_tally {
	bool used;
	enum log_kind kind;
	uint32_t uid;
	int64_t since; /* ns; its interval began then */
	unsigned written;
	uint64_t held;
	enum log_level level;	   /* of the last that was held back, */
	char text[LOG_LIMIT_TEXT]; /* and what it said */
};

/* All zero: nothing was written yet. */
struct log_limit {
	struct log_tally users[LOG_LIMIT_USERS];
	struct log_tally others; /* users that there are too many of */
	/* Of LOG_OF_NOBODY; users take nothing of it away. */
	struct log_tally own[LOG_KINDS];
	int64_t since; /* ns; the interval of all users began then */
	unsigned written;
};

struct log_about {
	enum log_kind kind;
	uint32_t uid; /* whose doing it is */
	enum log_level level;
};

typedef void log_limit_write(void *, enum log_level, const char *line);

/*
 * Whether the line is to be written now, at so many ns of a clock that does not
 * go back; if not it is counted.
 */
bool log_limit_take(struct log_limit *, const struct log_about *,
    const char *text, int64_t now);
/* Tells what was held back in the intervals that are over; or in all. */
void log_limit_tell(
    struct log_limit *, bool all, int64_t now, log_limit_write *, void *);
/* When the first of the intervals is over, or INT64_MAX: none has begun. */
int64_t log_limit_due(const struct log_limit *);

#endif
