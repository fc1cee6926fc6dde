/*
 * config_key: the rows of config.def, and how a value of each type is read.
 */
#ifndef WEIR_CONFIG_KEY_H
#define WEIR_CONFIG_KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/config.h"

enum config_type {
	CONFIG_PATH,
	CONFIG_TEXT,
	CONFIG_COUNT,
	CONFIG_SIZE,
	CONFIG_DURATION,
	CONFIG_BOOL,
	CONFIG_LEVEL,
	CONFIG_MODE,
	CONFIG_NAMES,
};

struct config_key {
	const char *name; /* "limits.requests" */
	enum config_type type;
	size_t offset; /* in struct config */
	int64_t least;
	int64_t most;
	const char *fallback; /* as it would stand in the file; "" is none */
	const char *help;
};

extern const struct config_key config_keys[];
extern const size_t config_nkeys;

/*
 * Sets the key from the text of one scalar (of NAMES: adds it).  False with
 * what was expected: "a number from 1 to 64".
 */
bool config_key_set(struct config *, const struct config_key *, const char *,
    char *expected, size_t);
void config_key_expected(const struct config_key *, char *, size_t);

#endif
