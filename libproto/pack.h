/*
 * pack: short spellings for writing MessagePack with msgpack-c.
 */
#ifndef WEIR_PACK_H
#define WEIR_PACK_H

#include <msgpack.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void pack_str(msgpack_packer *, const char *); /* NULL is written as nil */
void pack_strn(msgpack_packer *, const char *, size_t);
void pack_bool(msgpack_packer *, bool);

/* A key and its value, inside a map. */
void pack_key_str(msgpack_packer *, const char *, const char *);
void pack_key_uint(msgpack_packer *, const char *, uint64_t);
void pack_key_int(msgpack_packer *, const char *, int64_t);
void pack_key_bool(msgpack_packer *, const char *, bool);
void pack_key_nil(msgpack_packer *, const char *);

#endif
