/*
 * unpack: decodes MessagePack into msgpack-c's objects.  msgpack-c's own
 * unpacker gives up at 32 levels and takes gigabytes for a header of five bytes
 * that lies; this one goes down to SCAN_DEPTH_MAX and allocates for no more
 * elements than there are bytes.
 *
 * Needs msgpack-c.
 */
#ifndef WEIR_UNPACK_H
#define WEIR_UNPACK_H

#include <msgpack.h>
#include <stdbool.h>
#include <stddef.h>

/*
 * Decodes the bytes, which must be exactly one value.  Strings of the object
 * point into the bytes, lists and maps into the zone.  False for anything else
 * (scan says what is wrong), and with errno ENOMEM when there is no memory.
 */
bool unpack_value(const void *, size_t, msgpack_zone *, msgpack_object *);

#endif
