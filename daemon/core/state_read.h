/*
 * state_read: reading an encoded state, field by field, with the first thing
 * that is wrong kept; and the parts of state_decode.
 */
#ifndef WEIR_CORE_STATE_READ_H
#define WEIR_CORE_STATE_READ_H

#include <msgpack.h>
#include <stdbool.h>
#include <stdint.h>

#include "daemon/core/state.h"

/* What is wrong with the bytes; the first sentence stays. */
struct damage {
	char *text; /* "": nothing so far */
	size_t size;
};

/* A list of fields, read one after the other.  Past its end all is empty. */
struct fields {
	struct damage *damage;
	const char *what; /* "attempt": for the sentence */
	const msgpack_object *next;
	uint32_t left;
};

bool is_damaged(const struct damage *);
void damaged(struct damage *, const char *, ...)
    __attribute__((format(printf, 2, 3)));

/* Opens a list; how many: any number where it is 0. */
void fields_open(struct fields *, const msgpack_object *, uint32_t how_many,
    const char *what, struct damage *);
/* The next field as a list of its own. */
void fields_take(
    struct fields *, struct fields *inner, uint32_t how_many, const char *what);
const msgpack_object *take(struct fields *); /* nil past the end */

uint64_t take_u64(struct fields *);
uint32_t take_u32(struct fields *);
int64_t take_i64(struct fields *);
int32_t take_i32(struct fields *);
bool take_bool(struct fields *);
/* A number below the limit; 0 where it is not. */
uint32_t take_below(struct fields *, uint32_t limit, const char *name);
char *take_string(struct fields *);	   /* new; nil: NULL */
struct value *take_value(struct fields *); /* new, of its bytes; nil: NULL */

/* The next field as the execution's next run, of the definition it began in. */
void take_run(struct fields *, struct state *, struct execution *);

#endif
