/*
 * told: an answer of the daemon's, taken apart.
 */
#ifndef WEIR_TESTS_TOLD_H
#define WEIR_TESTS_TOLD_H

#include <msgpack.h>
#include <stdbool.h>
#include <stdint.h>

#include "libproto/weir.h"

struct told {
	char *bytes;
	msgpack_zone zone;
	msgpack_object object;
};

/* Its own copy of the bytes, until it is dropped. */
void told_take(struct told *, const struct weir_message *);
void told_drop(struct told *);
/* Fails the test where there is none. */
const msgpack_object *told_member(const msgpack_object *, const char *key);
bool told_is(const msgpack_object *, const char *text);
/* Of a map's member; 0: nil. */
uint64_t told_number(const msgpack_object *, const char *key);
/* The string of a map's member, as much as fits; "" for nil. */
void told_text(const msgpack_object *, const char *key, char *, size_t);

#endif
