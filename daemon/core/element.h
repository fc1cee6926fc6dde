/*
 * element: reading MessagePack where it lies, one element after another.  Only
 * what is asked for is looked at; no memory is taken.  Unlike msgpack-c, which
 * gives up at 32 nested lists or maps, this goes as deep as the bytes do.
 */
#ifndef WEIR_CORE_ELEMENT_H
#define WEIR_CORE_ELEMENT_H

#include <msgpack.h>
#include <stddef.h>
#include <stdint.h>

/*
 * Reads the head of the element at the first pointer, not past the second.
 * Scalars are read whole, with str, bin and ext pointing into the bytes; of a
 * list or map only the size is read, and its ptr is NULL.  What comes back
 * points behind what was read; NULL for bytes that are no element.
 */
const char *element_read(const char *, const char *, msgpack_object *);

/* Behind the whole element with all that is in it; NULL as above. */
const char *element_skip(const char *, const char *);
/* The same; adds to the count how many elements were passed. */
const char *element_skip_counted(const char *, const char *, uint64_t *);

#endif
