/* random_workflow: definitions made by chance, for the simulation. */
#ifndef WEIR_RANDOM_WORKFLOW_H
#define WEIR_RANDOM_WORKFLOW_H

#include <stdint.h>

#include "tests/scene.h"

#define RANDOM_TASKS 7

struct dice {
	uint64_t state;
};

/* 0 to n - 1. */
unsigned roll(struct dice *, unsigned n);

/*
 * Defines workflow w<number>: tasks t0, t1, ... with edges that mostly go
 * forward, and every action, join, retry and wait there is; subworkflows are
 * those of smaller numbers.
 */
void random_workflow(struct scene *, struct dice *, unsigned number);

#define CAPS_TEXT 192
/* Caps on starts and cost, as in a file, or as a command has them: in ns. */
void random_caps(struct dice *, bool in_file, char[CAPS_TEXT]);

#endif
