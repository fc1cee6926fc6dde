/*
 * field: reads what the daemon's answers hold, whatever they may lack.
 */
#ifndef WEIR_CTL_FIELD_H
#define WEIR_CTL_FIELD_H

#include <msgpack.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* The value under a key; NULL where it is absent or nil, or this is no map. */
const msgpack_object *field(const msgpack_object *, const char *);
/* Through maps in maps: "journal.first". */
const msgpack_object *field_deep(const msgpack_object *, const char *);
uint64_t field_uint(const msgpack_object *, const char *); /* or 0 */
int64_t field_int(const msgpack_object *, const char *, int64_t absent);
bool field_is(const msgpack_object *, const char *, const char *text);
bool field_true(const msgpack_object *, const char *);
/* A list's length and entries; 0 where there is none. */
uint32_t field_count(const msgpack_object *, const char *);
const msgpack_object *
field_entry(const msgpack_object *, const char *, uint32_t);
/* A copy that the caller frees; NULL where there is no text. */
char *field_text(const msgpack_object *, const char *);

/*
 * Writes a value for people: a string as it is, anything else as JSON.  What
 * could play tricks on a terminal is replaced.
 */
void field_print_text(FILE *, const msgpack_object *);

#endif
