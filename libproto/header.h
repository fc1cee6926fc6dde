/*
 * header: reads what stands in front of one MessagePack value: its kind and
 * its length, or the whole value where that is a number.
 *
 * Needs nothing but libc.
 */
#ifndef WEIR_HEADER_H
#define WEIR_HEADER_H

#include <stddef.h>
#include <stdint.h>

#define HEADER_SIZE_MAX 9

enum header_kind {
	HEADER_NIL,
	HEADER_BOOL,
	HEADER_UINT,
	HEADER_INT,
	HEADER_FLOAT,
	HEADER_DOUBLE,
	HEADER_STR,
	HEADER_BIN,
	HEADER_EXT,
	HEADER_ARRAY,
	HEADER_MAP,
	HEADER_INVALID, /* the one byte that MessagePack never uses, 0xc1 */
};

struct header {
	enum header_kind kind;
	uint8_t size; /* bytes of the header itself */
	/*
	 * NIL: 0.  BOOL, UINT: the value.  INT: its two's complement, sign
	 * extended.  FLOAT, DOUBLE: its bits.  STR, BIN: bytes that follow.
	 * EXT: bytes that follow, its type the first of them.  ARRAY: elements.
	 * MAP: pairs.
	 */
	uint64_t number;
};

/* How long the header is that begins with this byte; 1 to HEADER_SIZE_MAX. */
unsigned header_size(unsigned char first);
/* Reads a header that is whole; 0xc1 gives HEADER_INVALID. */
struct header header_read(const unsigned char *);
/* Bytes that follow the header and are no values themselves. */
uint64_t header_body(const struct header *);
/* Values that follow the header: those of a list, twice the pairs of a map. */
uint64_t header_children(const struct header *);

#endif
