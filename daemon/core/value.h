/*
 * value: a MessagePack value kept as the bytes it came as, immutable and
 * shared by reference count.  Inputs, outputs, variables and rendered callouts
 * are values; they are decoded only where something reads them.
 *
 * A NULL value means nil everywhere a value is taken.
 */
#ifndef WEIR_CORE_VALUE_H
#define WEIR_CORE_VALUE_H

#include <msgpack.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Lists and maps inside each other, of any value that weir takes in.  msgpack-c
 * unpacks 32 levels; what is around a value in an answer takes up to 8.
 */
#define VALUE_DEPTH_MAX 24

struct value {
	uint32_t refs;
	uint32_t size; /* bytes */
	char bytes[];
};

/* The caller owns the reference that comes back. */
struct value *value_new(const void *, size_t);
struct value *value_of_object(const msgpack_object *);
struct value *value_of_string(const char *);
struct value *value_of_text(const void *, size_t); /* a MessagePack str */
struct value *value_of_int(int64_t);
struct value *value_of_bool(bool);
/* Takes what the buffer holds; the buffer is empty afterwards. */
struct value *value_of_buffer(msgpack_sbuffer *);

/* Both take NULL; value_ref gives back its argument. */
struct value *value_ref(struct value *);
void value_unref(struct value *);

/*
 * Decodes into the zone; the object points into the value's bytes, which must
 * outlive it.  NULL decodes as nil.  False only for bytes that are not one
 * whole value, which is never the case for a value made by this module.
 */
bool value_unpack(const struct value *, msgpack_zone *, msgpack_object *);
/* Writes the value (nil for NULL) as it stands. */
void value_pack(const struct value *, msgpack_packer *);

bool value_equal(const struct value *, const struct value *);
/* The same, in whatever order maps have their keys. */
bool value_same(const struct value *, const struct value *);
/* Whether it is a str of just these bytes. */
bool value_is_string(const struct value *, const char *);

/*
 * The map that has all the keys of both, those of the second winning; either
 * may be NULL or empty.  The order is that of the first, new keys behind.
 */
struct value *value_merge(const struct value *, const struct value *);
/* The value under a key of a map; NULL where there is none. */
struct value *value_get(const struct value *, const char *);

/* Of decoded maps: the entry under the key, or NULL. */
const msgpack_object *object_get(const msgpack_object *, const char *);
bool object_is(const msgpack_object *, const char *); /* a str equal to it */

#endif
