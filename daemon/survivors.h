/*
 * survivors: processes that callouts have started and that are still there,
 * though all that could be done was done to end them.
 */
#ifndef WEIR_SURVIVORS_H
#define WEIR_SURVIVORS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "daemon/core/outcome.h"

struct callouts;

struct survivor {
	struct callout_key key; /* whose it is */
	pid_t pid;
	char *command;
	char *why; /* a sentence */
};

struct survivors {
	struct survivor *list;
	uint32_t count;
};

typedef bool survivors_wanted(const void *ctx, uint64_t execution);

/* Those of the executions that are wanted; to be freed. */
void survivors_find(
    struct callouts *, survivors_wanted *, const void *ctx, struct survivors *);
void survivors_free(struct survivors *);

/*
 * Whether something is there of attempts that have ended: what their runners
 * were not allowed to kill, or what a runner that died could not.  Known for
 * as long as this daemon runs.
 */
bool survivors_left(struct callouts *, uint64_t execution);

#endif
