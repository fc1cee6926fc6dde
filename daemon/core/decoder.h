/*
 * decoder: reads the maps of a definition by tables of their keys, and gathers
 * everything that is wrong with them on the way.
 *
 * Nothing stops at an error: a decoder that finds one reports it, leaves its
 * field as it is, and the next one goes on.  What was found wrong once is not
 * reported again for what follows from it.
 */
#ifndef WEIR_CORE_DECODER_H
#define WEIR_CORE_DECODER_H

#include <msgpack.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/core/definition.h"
#include "daemon/core/definition_memory.h"

/* Where in the definition; a list that hangs together by its ends. */
struct place {
	const struct place *up; /* NULL: this is the whole */
	const char *key;	/* NULL: an element of a list */
	size_t len;
	uint32_t index;
};

/* The tasks that a task's needs: names. */
struct needs {
	uint32_t *from;
	uint32_t count;
};

/* The names of all variables that there can be, sorted; the same twice. */
struct variables {
	char **names;
	size_t count;
	size_t room;
	bool known; /* false: something that may name some can't be read */
};

struct decoder {
	struct definition *definition; /* as far as it is decoded */
	struct definition_memory *memory;
	struct expressions *expressions;
	definition_finder *find; /* may be NULL */
	const void *find_ctx;
	struct definition_errors *errors;
	struct needs *needs; /* by task number */
	uint32_t *marks;     /* by task number; see fresh_mark */
	uint32_t mark;
	struct task_definition *task; /* the one being decoded */
	unsigned action;	      /* bit of its action; 0: on no task */
	enum template_in in;	      /* what expressions may name here */
	bool inputs_known;	      /* the declarations could be read */
	bool edges_known; /* every edge between tasks could be read */
	bool stored;	  /* before; later checks are not made */
	struct variables variables;
};

typedef void decode_field(struct decoder *, const struct place *,
    const msgpack_object *, void *field);

/* One key of a map, and the field of a struct it is decoded into. */
struct key {
	const char *name;
	decode_field *decode;
	size_t offset;
	unsigned goes_with; /* bits of the actions it may stand with; 0: all */
	bool required;
};

struct key_table {
	const char *what; /* "a retry" */
	const struct key *keys;
	size_t count;
};

#define ACTION_KINDS (ACTION_END + 1)
extern const char *const action_names[ACTION_KINDS];

#define ACTION_BIT(kind) (1U << (unsigned)(kind))
#define KEY_TABLE(what, keys)                                \
	{                                                    \
		what, keys, sizeof(keys) / sizeof((keys)[0]) \
	}

/*
 * Decodes a map by its table, in the table's order; false when it is no map.
 * Unknown, misplaced and missing keys are reported.
 */
bool decode_keys(struct decoder *, const struct place *, const msgpack_object *,
    const struct key_table *, void *into);
/* The words for the actions whose bits are set: "run or workflow". */
char *action_words(unsigned);

/* What is wrong with the value, or with the key, at the place. */
void complain(struct decoder *, const struct place *, const char *, ...)
    __attribute__((format(printf, 3, 4)));
void complain_key(struct decoder *, const struct place *, const char *, ...)
    __attribute__((format(printf, 3, 4)));
/*
 * What is wrong further in, at a byte of a string: inner is a JSON pointer from
 * the place on, "" for the place itself.
 */
void complain_inside(struct decoder *, const struct place *, const char *inner,
    size_t offset, const char *message);
/* A value of the wrong kind; expected is a phrase: "a list of strings". */
void unexpected(struct decoder *, const struct place *, const msgpack_object *,
    const char *expected);
/* "the number 5", "a list"; the caller frees it. */
char *describe_object(const msgpack_object *);

struct place place_in(const struct place *, const char *key);
struct place place_key(const struct place *, const msgpack_object *key);
struct place place_at(const struct place *, uint32_t index);

/* A mark that stands in none of marks yet. */
uint32_t fresh_mark(struct decoder *);

/* Fields of every kind; the comment names the type of the field. */
decode_field decode_name;	   /* char *: a workflow's name */
decode_field decode_line;	   /* char *: any string but an empty one */
decode_field decode_boolean;	   /* bool */
decode_field decode_count;	   /* uint32_t: at least 1 */
decode_field decode_duration;	   /* int64_t ns */
decode_field decode_timeout;	   /* int64_t ns, more than 0 */
decode_field decode_template;	   /* struct template * */
decode_field decode_template_map;  /* struct template *: a map */
decode_field decode_template_text; /* struct template *: a string */
decode_field decode_condition;	   /* struct template *: an expression */

bool decode_integer(struct decoder *, const struct place *,
    const msgpack_object *, int64_t min, int64_t max, int64_t *);
/* The number of the word; -1 after an error. */
int decode_word(struct decoder *, const struct place *, const msgpack_object *,
    const char *const *words, size_t count);
/* A string, or a list of different ones; the copies are the definition's. */
bool decode_lines(struct decoder *, const struct place *,
    const msgpack_object *, char ***, uint32_t *);

/*
 * Reports what is wrong with any map, wherever it stands: repeated keys, keys
 * that are no strings; and text that is no text, binary data, and what is
 * nested too deep, for which it is false: nothing more can be read.
 */
bool
check_structure(struct decoder *, const struct place *, const msgpack_object *);

/* Bytes of the UTF-8 character that begins here; 0: it is none. */
size_t character_length(const unsigned char *, size_t left);

/* definition_vars.c: of the whole workflow, before any of it is decoded. */
void variables_find(struct variables *, const msgpack_object *);
void variables_free(struct variables *);
bool variables_have(const struct variables *, const char *, size_t);

/* Whether an expression stands in the string, and where the first one does. */
bool holds_expression(const msgpack_object *, size_t *offset);
bool is_workflow_name(const char *, size_t);
bool is_identifier(const char *, size_t, bool upper_case);
bool is_lua_keyword(const char *, size_t);

#endif
