/*
 * verb: what describes a verb of weirctl.  Each verb's file exports constant
 * descriptors; verbs.c lists them.  Parsing, checks, help, completions and the
 * manual's synopsis are made from these, and from nothing else.
 */
#ifndef WEIR_CTL_VERB_H
#define WEIR_CTL_VERB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ctl;
struct arguments;

/* What may be given for an option or operand; checked before the handler. */
enum argument_type {
	ARGUMENT_NONE, /* an option that takes none */
	ARGUMENT_TEXT,
	ARGUMENT_FILE,
	ARGUMENT_NUMBER,     /* not negative */
	ARGUMENT_ORDINAL,    /* from 1 on */
	ARGUMENT_INTEGER,    /* of 32 bits */
	ARGUMENT_DURATION,   /* 10s 5m */
	ARGUMENT_TIME,	     /* RFC 3339, or a duration: so long ago */
	ARGUMENT_PAIR,	     /* key=value */
	ARGUMENT_WORD,	     /* one of words */
	ARGUMENT_WORKFLOW,   /* NAME */
	ARGUMENT_VERSIONED,  /* NAME or NAME@N */
	ARGUMENT_STARTABLE,  /* NAME, NAME@N or a file */
	ARGUMENT_EXECUTION,  /* an id */
	ARGUMENT_EXECUTIONS, /* ids and ranges, 12-20 */
	ARGUMENT_TASK,
	ARGUMENT_TYPES
};

struct option {
	char letter;	  /* or 0 */
	const char *name; /* NULL ends a list */
	enum argument_type type;
	const char *argument; /* what it is called in the help */
	const char *help;
	const char *const *words; /* ARGUMENT_WORD; NULL ends it */
	bool many;		  /* may be given more than once */
	bool required;
};

enum operand_count { OPERAND_ONE, OPERAND_OPTIONAL, OPERAND_SOME, OPERAND_ANY };

struct operand {
	const char *name; /* NULL ends a list */
	enum argument_type type;
	enum operand_count count; /* SOME, ANY: the last only */
	const char *const *words;
};

#define VERB_OPTION_LISTS 3
#define VERB_OPERANDS 4

#define VERB_LOCAL 0x01	 /* needs no daemon */
#define VERB_HIDDEN 0x02 /* not in the help: for the build */

struct verb {
	const char *name; /* "engine status": a noun's verb */
	const char *alias;
	const char *summary; /* one line, no full stop */
	const char *text;    /* more for --help; may be NULL */
	const struct option *options[VERB_OPTION_LISTS];
	struct operand operands[VERB_OPERANDS];
	unsigned flags;
	/* Gives the exit status. */
	int (*run)(struct ctl *, const struct arguments *);
};

extern const struct verb *const verbs[]; /* NULL ends it */
extern const struct option global_options[];

/* The i'th option of a verb, through all its lists; NULL: no more. */
const struct option *verb_option(const struct verb *, size_t i);
const struct verb *verb_find(const char *name);

#endif
