/*
 * replaying: the state of what a journal's readers are given.
 */
#ifndef WEIR_REPLAYING_H
#define WEIR_REPLAYING_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/core/state.h"
#include "daemon/journal.h"

struct state_decoder;

struct replaying {
	struct state *state;
	struct state_decoder *decoder; /* of the snapshot read last, or NULL */
	uint64_t snapshot;	       /* the record it goes up to; 0: none */
	uint64_t records;
	uint64_t bad;  /* the record that is no event; 0: none */
	char why[512]; /* the snapshot can't be understood; "": it can */
};

void replaying_begin(struct replaying *);
/* Frees all that hasn't been taken. */
void replaying_end(struct replaying *);
/* The state so far, the caller's now. */
struct state *replaying_take(struct replaying *);

/* The readers; their ctx is the struct.  A snapshot begins the state anew. */
bool replaying_chunk(void *, const struct journal_chunk *);
bool replaying_record(void *, const struct journal_record *);

#endif
