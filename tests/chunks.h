/* chunks: what a snapshot has given, kept in memory and made a state again. */
#ifndef WEIR_TESTS_CHUNKS_H
#define WEIR_TESTS_CHUNKS_H

#include <stdbool.h>
#include <stddef.h>

#include "daemon/core/state.h"

struct chunks {
	char **bytes;
	size_t *sizes;
	size_t n;
};

/* A snapshot_sink; the chunks are the context. */
void chunks_add(void *, const void *, size_t);
/* All of a state at once. */
void chunks_take(struct chunks *, struct state *);
/* NULL: damaged, with a sentence. */
struct state *chunks_decode(const struct chunks *, char *why, size_t);
/* The same; fails the test unless it encodes to these bytes. */
struct state *chunks_decode_to(const struct chunks *, const msgpack_sbuffer *);
void chunks_empty(struct chunks *);

#endif
