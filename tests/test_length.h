/*
 * test_length: how long the tests that could go on for hours do: WEIR_LONG, set
 * by `make check-long`, and which build they run on.
 */
#ifndef WEIR_TEST_LENGTH_H
#define WEIR_TEST_LENGTH_H

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* The suite sets it always, to nothing where the run is short. */
static inline bool
runs_long(void)
{
	const char *value = getenv("WEIR_LONG");

	return value != NULL && value[0] != '\0';
}

/* "plain", "san", "cov"; false too where a test runs by itself. */
static inline bool
build_is(const char *name)
{
	const char *value = getenv("WEIR_BUILD");

	return value != NULL && strcmp(value, name) == 0;
}

#endif
