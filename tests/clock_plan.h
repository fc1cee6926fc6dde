/*
 * clock_plan: how far the clocks of a program are off; the test and the
 * clock_shim.so that is loaded into the program share one in a file.
 */
#ifndef WEIR_TESTS_CLOCK_PLAN_H
#define WEIR_TESTS_CLOCK_PLAN_H

#include <stdint.h>

#define CLOCK_PLAN "CLOCK_PLAN" /* in the environment: the file */

struct clock_plan {
	int64_t wall;  /* ns that somebody has set the date forward */
	int64_t slept; /* ns that the machine has slept */
};

#endif
