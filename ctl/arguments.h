/*
 * arguments: a command line, parsed and checked against a verb's descriptor.
 */
#ifndef WEIR_CTL_ARGUMENTS_H
#define WEIR_CTL_ARGUMENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "ctl/verb.h"

/* One that was given; which numbers are set depends on its type. */
struct given {
	const struct option *option; /* NULL: an operand */
	const char *text;	     /* NULL: the option takes none */
	uint64_t number; /* NUMBER EXECUTION EXECUTIONS; VERSIONED: or 0 */
	uint64_t last;	 /* EXECUTIONS: end of the range */
	int64_t integer; /* INTEGER; DURATION, TIME: ns */
	size_t length;	 /* of the name or key in PAIR VERSIONED STARTABLE */
};

struct arguments {
	const struct verb *verb;
	struct given *options;
	size_t noptions;
	struct given *operands;
	size_t noperands;
	bool help;
	/* the global ones */
	const char *socket;
	bool quiet;
	bool json;
	bool version;
};

/*
 * Parses a command line.  False when it is wrong: what and what to do has been
 * written to standard error; exit with EX_USAGE.  Freed either way.
 */
bool arguments_parse(struct arguments *, int, char **);
void arguments_free(struct arguments *);

/* The first (or next, after the one given) of an option; NULL: none. */
const struct given *arguments_option(
    const struct arguments *, const char *, const struct given *after);
bool arguments_has(const struct arguments *, const char *);
/* The text of an option, or NULL. */
const char *arguments_text(const struct arguments *, const char *);

/* argument.c: checks one; false with a sentence in the buffer. */
bool argument_check(enum argument_type, const char *const *words, const char *,
    struct given *, char *, size_t);

/* Whether a STARTABLE is a file. */
bool argument_is_file(const char *);

#define EXECUTIONS_MAX 10000 /* in one range */

/* usage.c */
void usage_print_verb(FILE *, const struct verb *);
void usage_print_all(FILE *);
void usage_print_synopsis(FILE *, const struct verb *);
/* The second word may be NULL: "engine paus". */
void usage_unknown_verb(const char *, const char *second);
void usage_unknown_option(const struct verb *, const char *);

#endif
