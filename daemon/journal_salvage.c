/* journal_salvage: chooses what can be saved, writes it, tells of the rest. */

#include "daemon/journal_salvage.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "daemon/core/alloc.h"
#include "daemon/journal_pieces.h"

#define BATCH_SIZE (1024 * 1024) /* bytes of records handed over at a time */

struct salvaging {
	const struct journal_salvage *salvage;
	struct pieces pieces;
	struct journal_saved *saved;
	struct journal *to;
	bool has_older;
	uint64_t older; /* a snapshot that is saved besides */
	char *error;
	size_t size;
};

static void choose(struct salvaging *);
static uint64_t reach(const struct pieces *, uint64_t);
static uint64_t reach_back(const struct pieces *, uint64_t);
static const struct piece *piece_with(const struct pieces *, uint64_t);
static bool write_all(struct salvaging *);
static bool write_records(struct salvaging *, uint64_t, uint64_t);
static bool append(void *, const struct journal_record *);
static bool write_snapshot(struct salvaging *, uint64_t);
static bool add_chunk(void *, const struct journal_chunk *);
static bool commit(struct salvaging *);
static bool tell_rest(struct salvaging *);
static void tell_holes(const struct salvaging *);
static bool
tell_loose(struct salvaging *, const struct piece *, uint64_t, uint64_t);
static void tell_gaps(const struct salvaging *, uint64_t, uint64_t,
    enum journal_loss_kind, const char *);
static void tell_gone(const struct salvaging *, uint64_t, uint64_t,
    enum journal_loss_kind, const char *);
static bool count_loose(void *, const struct journal_record *);

bool
journal_salvage(const struct journal_salvage *salvage,
    struct journal_saved *saved, char *error, size_t size)
{
	struct salvaging salvaging = {.salvage = salvage,
	    .pieces = {.salvage = salvage},
	    .saved = saved,
	    .error = error,
	    .size = size};
	bool ok;

	memset(saved, 0, sizeof *saved);
	ok = pieces_read(&salvaging.pieces, error, size);
	if (ok) {
		choose(&salvaging);
		ok = write_all(&salvaging) && tell_rest(&salvaging);
	}
	pieces_free(&salvaging.pieces);
	return ok;
}

/*
 * Whatever leads furthest: the first record, or a snapshot; of those that lead
 * as far, the newest snapshot.  What leads up to that is kept too.
 */
static void
choose(struct salvaging *salvaging)
{
	const struct pieces *pieces = &salvaging->pieces;
	struct journal_saved *saved = salvaging->saved;

	saved->last = reach(pieces, 0);
	for (size_t i = 0; i < pieces->nsnapshots; i++) {
		uint64_t end = reach(pieces, pieces->snapshots[i]);

		if (end < saved->last)
			continue;
		saved->last = end;
		saved->has_snapshot = true;
		saved->snapshot = pieces->snapshots[i];
	}
	saved->first =
	    saved->has_snapshot ? reach_back(pieces, saved->snapshot) : 1;
	for (size_t i = 0; i < pieces->nsnapshots; i++) {
		if (pieces->snapshots[i] >= saved->snapshot ||
		    pieces->snapshots[i] + 1 < saved->first)
			continue;
		salvaging->has_older = true;
		salvaging->older = pieces->snapshots[i];
	}
}

/* The last record that follows without a gap, in whole groups. */
static uint64_t
reach(const struct pieces *pieces, uint64_t seq)
{
	const struct piece *piece;

	while ((piece = piece_with(pieces, seq + 1)) != NULL)
		seq = piece->whole;
	return seq;
}

/* The first record from which all is there up to this one. */
static uint64_t
reach_back(const struct pieces *pieces, uint64_t seq)
{
	const struct piece *piece;
	uint64_t first = seq + 1;

	while (first > 1 && (piece = piece_with(pieces, first - 1)) != NULL &&
	    piece->start < first) {
		first = piece->start;
		if (first > piece->first)
			break;
	}
	return first;
}

/* In the newest file that has it. */
static const struct piece *
piece_with(const struct pieces *pieces, uint64_t seq)
{
	for (size_t i = pieces->n; i > 0; i--) {
		const struct piece *piece = &pieces->list[i - 1];

		if (!piece->torn && piece->first <= seq && seq <= piece->whole)
			return piece;
	}
	return NULL;
}

static bool
write_all(struct salvaging *salvaging)
{
	const struct journal_saved *saved = salvaging->saved;
	const struct journal_options options = {.dir = salvaging->salvage->to,
	    .io = salvaging->salvage->io,
	    .segment_size = salvaging->salvage->segment_size,
	    .begin_after = saved->first - 1};
	const struct journal_readers readers = {.chunk = NULL};
	uint64_t done = saved->first - 1;
	bool ok;

	salvaging->to =
	    journal_open(&options, &readers, salvaging->error, salvaging->size);
	ok = salvaging->to != NULL;
	if (ok && salvaging->has_older) {
		ok = write_records(salvaging, done + 1, salvaging->older) &&
		    write_snapshot(salvaging, salvaging->older);
		done = salvaging->older;
	}
	if (ok && saved->has_snapshot) {
		ok = write_records(salvaging, done + 1, saved->snapshot) &&
		    write_snapshot(salvaging, saved->snapshot);
		done = saved->snapshot;
	}
	ok = ok && write_records(salvaging, done + 1, saved->last);
	journal_close(salvaging->to);
	return ok;
}

static bool
write_records(struct salvaging *salvaging, uint64_t first, uint64_t last)
{
	const struct piece *piece;
	uint64_t end;

	while (first <= last) {
		piece = piece_with(&salvaging->pieces, first);
		end = piece->whole < last ? piece->whole : last;
		if (!pieces_give(&salvaging->pieces, piece, first, end, append,
			salvaging, salvaging->error, salvaging->size))
			return false;
		first = end + 1;
	}
	return commit(salvaging);
}

static bool
append(void *ctx, const struct journal_record *record)
{
	struct salvaging *salvaging = ctx;

	journal_append(
	    salvaging->to, record->bytes, record->size, record->last);
	return salvaging->to->gathering.size < BATCH_SIZE || commit(salvaging);
}

static bool
commit(struct salvaging *salvaging)
{
	const char *error;

	journal_commit_all(salvaging->to);
	journal_collect(salvaging->to, &error);
	return error == NULL ||
	    segment_error(salvaging->error, salvaging->size, "%s", error);
}

static bool
write_snapshot(struct salvaging *salvaging, uint64_t seq)
{
	const struct journal_readers readers = {
	    .chunk = add_chunk, .ctx = salvaging->to};

	if (!journal_snapshot_begin(salvaging->to))
		return false;
	if (!journal_read_snapshot(salvaging->pieces.journal, seq, &readers,
		salvaging->error, salvaging->size))
		return false;
	journal_snapshot_end(salvaging->to);
	return journal_snapshot_wait(
	    salvaging->to, salvaging->error, salvaging->size);
}

static bool
add_chunk(void *ctx, const struct journal_chunk *chunk)
{
	journal_snapshot_add(ctx, chunk->bytes, chunk->size);
	return true;
}

/* All that is not in the new journal, in the order of its numbers. */
static bool
tell_rest(struct salvaging *salvaging)
{
	const struct pieces *pieces = &salvaging->pieces;
	struct journal_saved *saved = salvaging->saved;

	saved->complete = saved->last >= pieces->last && !pieces->goes_on;
	tell_holes(salvaging);
	if (pieces->nfiles > 0)
		tell_gaps(salvaging, pieces->files[0].first_seq,
		    saved->first - 1, LOSS_HISTORY,
		    "the snapshot has what they did");
	for (size_t i = 0; i < pieces->n; i++) {
		const struct piece *piece = &pieces->list[i];
		uint64_t limit = pieces->files[piece->file].limit;
		uint64_t last = piece->last < limit ? piece->last : limit;

		if (!tell_loose(salvaging, piece, piece->first,
			last < saved->first ? last : saved->first - 1) ||
		    !tell_loose(salvaging, piece,
			piece->first > saved->last ? piece->first
						   : saved->last + 1,
			last))
			return false;
	}
	tell_gaps(salvaging, saved->last + 1, pieces->last, LOSS_GONE,
	    "can't be read anywhere");
	if (pieces->goes_on)
		tell_gone(salvaging,
		    pieces->last > saved->last ? pieces->last + 1
					       : saved->last + 1,
		    0, LOSS_GONE, "the newest segments are missing");
	return true;
}

static void
tell_holes(const struct salvaging *salvaging)
{
	const struct pieces *pieces = &salvaging->pieces;

	for (size_t i = 0; i < pieces->nholes; i++) {
		const struct hole *hole = &pieces->holes[i];
		const struct pieces_file *file = &pieces->files[hole->file];
		struct journal_loss loss = {
		    .kind = hole->torn ? LOSS_TORN : LOSS_BYTES,
		    .offset = hole->from,
		    .bytes = hole->to - hole->from,
		    .why = hole->why};

		memcpy(loss.file, file->name, sizeof file->name);
		salvaging->salvage->lost(salvaging->salvage->ctx, &loss);
	}
}

static bool
tell_loose(struct salvaging *salvaging, const struct piece *piece,
    uint64_t first, uint64_t last)
{
	const struct pieces *pieces = &salvaging->pieces;
	const struct pieces_file *file = &pieces->files[piece->file];
	struct journal_loss loss = {.kind = LOSS_LOOSE,
	    .first = first,
	    .last = last,
	    .why = piece->torn	       ? "never acknowledged"
		: first > piece->whole ? "never acknowledged: no whole group"
		: last < salvaging->saved->first
		? "readable; the snapshot has what they did"
		: "readable, but what comes before them is gone"};

	if (first > last)
		return true;
	memcpy(loss.file, file->name, sizeof file->name);
	salvaging->salvage->lost(salvaging->salvage->ctx, &loss);
	return pieces_give(pieces, piece, first, last, count_loose, salvaging,
	    salvaging->error, salvaging->size);
}

static bool
count_loose(void *ctx, const struct journal_record *record)
{
	struct salvaging *salvaging = ctx;

	salvaging->saved->loose++;
	return salvaging->salvage->loose == NULL ||
	    salvaging->salvage->loose(salvaging->salvage->ctx, record) ||
	    segment_error(salvaging->error, salvaging->size,
		"record %ju can't be kept beside the new journal",
		(uintmax_t)record->seq);
}

/* Those of the records that no file has. */
static void
tell_gaps(const struct salvaging *salvaging, uint64_t seq, uint64_t last,
    enum journal_loss_kind kind, const char *why)
{
	const struct pieces *pieces = &salvaging->pieces;

	while (seq <= last) {
		uint64_t next = last + 1;
		bool inside = false;

		for (size_t i = 0; i < pieces->n && !inside; i++) {
			const struct piece *piece = &pieces->list[i];

			inside = piece->first <= seq && seq <= piece->last;
			if (inside)
				next = piece->last + 1;
			else if (piece->first > seq && piece->first < next)
				next = piece->first;
		}
		if (!inside)
			tell_gone(salvaging, seq, next - 1, kind, why);
		seq = next;
	}
}

static void
tell_gone(const struct salvaging *salvaging, uint64_t first, uint64_t last,
    enum journal_loss_kind kind, const char *why)
{
	const struct journal_loss loss = {
	    .kind = kind, .first = first, .last = last, .why = why};

	salvaging->salvage->lost(salvaging->salvage->ctx, &loss);
}
