/* replaying: chunks and records, made a state */

#include "daemon/replaying.h"

#include <stdio.h>
#include <string.h>

#include "daemon/core/core.h"
#include "daemon/core/state_decode.h"

static bool end_snapshot(struct replaying *);

void
replaying_begin(struct replaying *replaying)
{
	memset(replaying, 0, sizeof(*replaying));
	replaying->state = state_new();
}

void
replaying_end(struct replaying *replaying)
{
	state_decoder_free(replaying->decoder);
	if (replaying->state != NULL)
		state_free(replaying->state);
}

struct state *
replaying_take(struct replaying *replaying)
{
	struct state *state = replaying->state;

	replaying->state = NULL;
	return state;
}

bool
replaying_chunk(void *ctx, const struct journal_chunk *chunk)
{
	struct replaying *replaying = ctx;

	if (chunk->number == 1) {
		state_decoder_free(replaying->decoder);
		replaying->decoder = state_decoder_new();
		replaying->snapshot = chunk->snapshot;
	}
	return state_decoder_take(replaying->decoder, chunk->bytes, chunk->size,
		   replaying->why, sizeof(replaying->why)) &&
	    (!chunk->last || end_snapshot(replaying));
}

static bool
end_snapshot(struct replaying *replaying)
{
	struct state *state = state_decoder_end(
	    replaying->decoder, replaying->why, sizeof(replaying->why));

	if (state == NULL)
		return false;
	state_free(replaying->state);
	replaying->state = state;
	if (state->k.seq == replaying->snapshot)
		return true;
	snprintf(replaying->why, sizeof(replaying->why), "it is of event %ju",
	    (uintmax_t)state->k.seq);
	return false;
}

bool
replaying_record(void *ctx, const struct journal_record *record)
{
	struct replaying *replaying = ctx;

	if (!core_replay(
		replaying->state, record->seq, record->bytes, record->size)) {
		replaying->bad = record->seq;
		return false;
	}
	replaying->records++;
	return true;
}
