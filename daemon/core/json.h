/*
 * json: MessagePack written as compact JSON.
 */
#ifndef WEIR_CORE_JSON_H
#define WEIR_CORE_JSON_H

#include <msgpack.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

extern const char json_too_long[]; /* past the limit */

/*
 * Adds the element at the first pointer to the buffer, which gets no longer
 * than the limit.  A str is taken for UTF-8, a bin too; a number that JSON
 * does not have is null.  What it costs is taken from the ticks (NULL: it may
 * cost anything), and it stops where they get below zero.  NULL, or what was
 * wrong, json_too_long among it.
 */
const char *json_write(msgpack_sbuffer *, size_t limit, int64_t *ticks,
    const char *, const char *end);

#endif
