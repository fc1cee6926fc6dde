/* space_rules: how much space is enough. */

#include "daemon/space_rules.h"

#include <stddef.h>

#include "daemon/callout.h"

#define RESERVE_MOST (64 * 1024 * 1024)
#define RESERVE_LEAST (64 * 1024)
#define INODES_MOST 1024
#define INODES_LEAST 16 /* three attempts: directory, logs, input */
/* Of an ending besides the output: names, figures, and what stops it. */
#define ENDING_FRAME (16 * 1024)
/* One step's worth of records, and the event that goes past it. */
#define STEP_MOST (4 * 1024 * 1024)

uint64_t
space_ending(const struct config *config)
{
	return CALLOUT_VALUE_MAX((uint64_t)config->callouts.output_max) +
	    ENDING_FRAME;
}

uint64_t
space_margin(const struct config *config)
{
	return STEP_MOST + (uint64_t)config->limits.message;
}

uint32_t
space_callouts(uint64_t room, uint64_t ending, uint64_t margin)
{
	uint64_t n = room <= margin ? 0 : (room - margin) / ending;

	return n > UINT32_MAX ? UINT32_MAX : (uint32_t)n;
}

const char *
space_lacks(const struct space_facts *facts, uint64_t *kept)
{
	uint64_t bytes = facts->reserve, inodes = facts->inodes / 100;

	if (bytes == 0) {
		bytes = facts->size / 100;
		if (bytes > RESERVE_MOST)
			bytes = RESERVE_MOST;
		if (bytes < RESERVE_LEAST)
			bytes = RESERVE_LEAST;
	}
	if (inodes > INODES_MOST)
		inodes = INODES_MOST;
	if (inodes < INODES_LEAST)
		inodes = INODES_LEAST;
	*kept = bytes;
	/* A quarter more, so that it does not go to and fro. */
	if (facts->free < bytes + (facts->was_short ? bytes / 4 : 0))
		return "bytes";
	*kept = inodes;
	/* Some file systems have no fixed number: 0. */
	if (facts->inodes != 0 &&
	    facts->free_inodes < inodes + (facts->was_short ? inodes / 4 : 0))
		return "inodes";
	return NULL;
}
