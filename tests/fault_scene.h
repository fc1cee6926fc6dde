/*
 * fault_scene: a short life of a daemon in which one call fails, and another
 * life after it.  In the first a workflow is defined, two executions of it are
 * run to their ends, and the daemon is stopped; in the second, which nothing
 * disturbs, all that was acknowledged is there, the rest is made up for, and
 * what the daemon says of attempts is what they wrote themselves.
 */
#ifndef WEIR_TESTS_FAULT_SCENE_H
#define WEIR_TESTS_FAULT_SCENE_H

#include "tests/fault_plan.h"

enum fault_where { FAULT_IN_DAEMON, FAULT_IN_RUNNER };

/*
 * At most so many of the calls of those kinds, spread evenly, each with each
 * of its errors; all where most is 0.  Prints how many of how many.
 */
void fault_sweep(enum fault_where, const enum fault_call *calls,
    unsigned ncalls, unsigned most);

#endif
