/*
 * plain: what no value from outside may have in it, wherever it is from.
 * MessagePack has more than JSON, and than its own libraries all read: values
 * are given on to every client.
 */
#ifndef WEIR_CORE_PLAIN_H
#define WEIR_CORE_PLAIN_H

#include <msgpack.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * Whether all strings are UTF-8 without NUL bytes, all keys strings that stand
 * once, all numbers finite, lists and maps no deeper than VALUE_DEPTH_MAX, and
 * nothing is binary data or of an extension type.  Else a sentence says what is
 * wrong where, beginning with the name: "input.x.k: a key twice".
 *
 * Takes time in proportion to the size of the value.
 */
bool value_is_plain(
    const msgpack_object *, const char *name, char *why, size_t size);

#endif
