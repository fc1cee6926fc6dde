/*
 * covered: what histories have covered of the commands and of the tables.
 */
#ifndef WEIR_TESTS_COVERED_H
#define WEIR_TESTS_COVERED_H

#include <stdint.h>

#include "tests/scene.h"

struct covered {
	uint64_t commands;
	uint64_t events;
	uint64_t snapshots; /* taken whole, while all went on */
	uint64_t done[COMMANDS];
	uint64_t refused[COMMANDS];
	struct moves_seen moves;
	uint64_t tasks[TASK_STATUSES][TASK_STATUSES];
	uint64_t by_depth[4]; /* executions; the last: deeper still */
};

void covered_add(struct covered *, const struct scene *);
void covered_tell(const struct covered *);
/*
 * Says what the tables allow and nobody has seen, but for what can't be; how
 * much that is.
 */
unsigned covered_tell_missing(const struct covered *);

#endif
