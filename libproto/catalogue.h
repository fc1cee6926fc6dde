/*
 * catalogue: the methods of weir-protocol(7), as methods.def lists them: their
 * names, the role that each needs, and its parameters, which are checked here
 * and nowhere else.
 *
 * Needs msgpack-c.
 */
#ifndef WEIR_CATALOGUE_H
#define WEIR_CATALOGUE_H

#include <msgpack.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* METHOD_HELLO, METHOD_ENGINE_STATUS... */
enum method_id {
#define SHAPE(...)
#define METHOD(id, ...) METHOD_##id,
#include "libproto/methods.def"
#undef METHOD
#undef SHAPE
	METHODS
};

/* The least role that a method asks for. */
enum method_role {
	METHOD_FOR_ANY, /* even a peer without any role */
	METHOD_FOR_VIEWER,
	METHOD_FOR_OPERATOR,
	METHOD_FOR_ADMIN,
};

/* Whose executions or workflows one with that role may give it; an admin any.
 */
enum method_whose {
	METHOD_OF_ANYONE,
	METHOD_OF_READER,   /* executions whose values one sees: one's own,
			       anyone's with operator_any or show_inputs */
	METHOD_OF_OWNER,    /* one's own executions, or with operator_any
			       anyone's */
	METHOD_OF_APPROVER, /* where the definition names groups, their
			       members; else as METHOD_OF_OWNER */
	METHOD_OF_AUTHOR,   /* one's own workflows, and those that are new */
};

/* Bytes, in all labels and domains, and of a string in a list. */
#define LABEL_KEY_MAX 64
#define LABEL_VALUE_MAX 256
#define ELEMENT_MAX 256

enum parameter_type {
	PARAMETER_UINT,
	PARAMETER_INT,
	PARAMETER_NUMBER, /* an integer or a finite float, from least on */
	PARAMETER_BOOL,
	PARAMETER_STR,	/* UTF-8 without NUL */
	PARAMETER_NAME, /* of a workflow: [a-z0-9][a-z0-9._-]* */
	PARAMETER_TASK, /* of a task: [a-z_][a-z0-9_]* */
	PARAMETER_ANY,
	PARAMETER_MAP,
	PARAMETER_LABELS, /* a map of strings */
	PARAMETER_IDS,	  /* a list of integers from 1 on */
	PARAMETER_STRS,
	PARAMETER_DURATION, /* ns */
	PARAMETER_TIME,	    /* ns since the epoch */
	PARAMETER_WORD,	    /* one of words */
	PARAMETER_WORDS,    /* one of words, or a list of some */
	PARAMETER_FIELDS,   /* a map with the keys of fields */
};

enum parameter_need {
	PARAMETER_OPTIONAL,
	PARAMETER_REQUIRED,
	PARAMETER_EITHER, /* exactly one of those that are EITHER */
};

struct parameter {
	const char *name;
	enum parameter_type type;
	enum parameter_need need;
	int64_t least; /* the number; bytes, elements or pairs */
	uint64_t most;
	const char *words;		/* "stdout|stderr", or NULL */
	const struct parameter *fields; /* or NULL */
	const char *help;
};

struct method {
	const char *name;
	enum method_role role;
	enum method_whose whose;
	const char *what;
	const char *result;
	const struct parameter *parameters; /* up to one whose name is NULL */
};

const struct method *catalogue_method(enum method_id);
/* The method of that name; false with a sentence when there is none. */
bool catalogue_find(
    const char *name, size_t length, enum method_id *, char *why, size_t);

/*
 * Whether the parameters, a map, are what the method takes: none unknown, none
 * missing, each of its type and within its bounds; nil is as good as absent.
 * False with a sentence that names the parameter, what was found and what was
 * expected.
 */
bool catalogue_check(
    enum method_id, const msgpack_object *params, char *why, size_t);
/* "an integer from 1 to 1000"; for messages and manuals. */
void catalogue_expected(const struct parameter *, char *, size_t);

/* Of checked parameters, or of a map within them.  NULL: absent, or nil. */
const msgpack_object *catalogue_param(const msgpack_object *, const char *);
uint64_t catalogue_uint(const msgpack_object *, const char *, uint64_t absent);
int64_t catalogue_int(const msgpack_object *, const char *, int64_t absent);
bool catalogue_bool(const msgpack_object *, const char *, bool absent);
/* Not terminated. */
const char *catalogue_str(const msgpack_object *, const char *, size_t *length);
/* Whether the parameter is this word, or a list that has it. */
bool catalogue_has_word(
    const msgpack_object *, const char *parameter, const char *word);

#endif
