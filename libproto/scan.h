/*
 * scan: looks over MessagePack bytes that nobody vouches for, before anything
 * is allocated for them: where the value ends, and whether it keeps within
 * limits of size, depth and number of elements.
 *
 * Bytes may come in pieces of any size; none is looked at twice.  It neither
 * allocates nor recurses.  Needs nothing but libc.
 */
#ifndef WEIR_SCAN_H
#define WEIR_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libproto/header.h"

#define SCAN_DEPTH_MAX 128 /* no limit can be deeper than this */

struct scan_limits {
	size_t size;	   /* bytes of the whole value */
	uint32_t depth;	   /* lists and maps within each other */
	uint32_t elements; /* of all lists and maps; a pair of a map is two */
};

enum scan_result {
	SCAN_COMPLETE,
	SCAN_MORE,    /* fine so far, more must come */
	SCAN_INVALID, /* not MessagePack */
	SCAN_TOO_BIG, /* it is, or says it will be, over limits.size */
	SCAN_TOO_DEEP,
	SCAN_TOO_MANY, /* elements */
};

struct scan {
	struct scan_limits limits;
	enum scan_result refused; /* SCAN_MORE: not refused */
	uint64_t size;		  /* bytes of the value so far */
	uint64_t body;		  /* bytes that still belong to a string */
	uint64_t owed;		  /* values announced that have not begun */
	uint64_t elements;
	uint32_t depth;
	uint32_t left[SCAN_DEPTH_MAX];	       /* values owed, level by level */
	unsigned char header[HEADER_SIZE_MAX]; /* one that came in pieces */
	unsigned have;			       /* bytes of it that are there */
};

/* Begins a value. */
void scan_start(struct scan *, const struct scan_limits *);
/*
 * Goes on with the next bytes.  COMPLETE sets *used to how many of them belong
 * to the value (the rest begins another, after scan_start); MORE has used all
 * of them.  Anything else is final: the bytes are to be thrown away.
 */
enum scan_result
scan_next(struct scan *, const void *, size_t size, size_t *used);
/* Whether the bytes are exactly one value within the limits. */
bool scan_is_value(const void *, size_t, const struct scan_limits *);
/* "message is nested too deep"; what is wrong, for a result that refuses. */
const char *scan_result_text(enum scan_result);

#endif
