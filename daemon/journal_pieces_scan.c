/* journal_pieces_scan: all records of a segment, past everything that is none.
 */

#include <string.h>

#include "daemon/core/alloc.h"
#include "daemon/journal_pieces.h"

#define WINDOW_SIZE (256 * 1024) /* bytes */
#define PIECE (64 * 1024)	 /* bytes looked through at a time */
#define SECTOR 4096		 /* what a disk refuses at a time, at most */

struct scan {
	struct pieces *pieces;
	size_t number; /* of the file */
	struct pieces_file *file;
	struct window window;
	off_t offset;
	bool in_piece;	  /* the last piece of the list may go on */
	bool group_ended; /* by the record before */
	uint64_t batch;	  /* of the record before */
	bool batch_ended;
	off_t hole;	 /* where what is missing begins; -1: nothing is */
	off_t hole_used; /* behind its last byte that isn't zero */
	uint64_t hole_batch;
	const char *why;
};

static void take(struct scan *, const struct record *);
static bool known(struct scan *, const struct record *);
static void add_record(struct scan *, const struct record *);
static void begin_piece(struct scan *, const struct record *);
static void begin_hole(struct scan *, const char *);
static void end_hole(struct scan *, off_t);
static void pass_bad(struct scan *, enum record_found);
static bool skip_zeros(struct scan *);
static bool trust_header(struct scan *, struct record *);
static void use_bytes(struct scan *, off_t, size_t);
static void judge(struct pieces *, size_t, size_t, size_t);

void
pieces_scan(struct pieces *pieces, size_t number)
{
	struct pieces_file *file = &pieces->files[number];
	struct scan scan = {.pieces = pieces,
	    .number = number,
	    .file = file,
	    .offset = SEGMENT_DATA_OFFSET,
	    .group_ended = true,
	    .batch = file->first_batch - 1,
	    .batch_ended = true,
	    .hole = -1};
	size_t first = pieces->n, first_hole = pieces->nholes;
	enum record_found found;
	struct record record;

	if (!window_open(&scan.window, file->fd, WINDOW_SIZE))
		return;
	while (scan.offset < scan.window.file_size) {
		found = record_at(&scan.window, file->seed, scan.offset,
		    scan.offset, &record);
		if (found == RECORD_FOUND && (record.flags & RECORD_CHUNK) == 0)
			take(&scan, &record);
		else
			pass_bad(&scan, found);
	}
	end_hole(&scan, scan.window.file_size);
	window_close(&scan.window);
	judge(pieces, number, first, first_hole);
}

static void
take(struct scan *scan, const struct record *record)
{
	bool seal = (record->flags & RECORD_SEAL) != 0;
	off_t offset = scan->offset;

	scan->offset = record->next;
	if (record->batch > scan->file->max_batch)
		scan->file->max_batch = record->batch;
	if ((record->flags & RECORD_CONTINUED) != 0) {
		scan->file->continued = true;
		if (record->seq < scan->file->limit)
			scan->file->limit = record->seq;
	}
	if (seal && record->seq > scan->file->sealed)
		scan->file->sealed = record->seq;
	if (!seal && !known(scan, record)) {
		scan->offset = offset;
		begin_hole(scan, "an event that this version doesn't know");
		scan->hole_used = scan->offset = record->next;
		scan->group_ended = (record->flags & RECORD_GROUP_END) != 0;
	} else {
		end_hole(scan, offset);
		if (!seal) {
			scan->offset = offset;
			add_record(scan, record);
			scan->offset = record->next;
		}
		scan->group_ended = (record->flags & RECORD_GROUP_END) != 0;
	}
	scan->batch = record->batch;
	scan->batch_ended = (record->flags & RECORD_BATCH_END) != 0;
}

static bool
known(struct scan *scan, const struct record *record)
{
	const struct journal_salvage *salvage = scan->pieces->salvage;
	const struct journal_record given = {.seq = record->seq,
	    .bytes = record->bytes,
	    .size = record->length,
	    .last = (record->flags & RECORD_GROUP_END) != 0,
	    .batch = record->batch,
	    .segment = scan->file->first_seq,
	    .offset = scan->offset};

	return salvage->record == NULL || salvage->record(salvage->ctx, &given);
}

static void
add_record(struct scan *scan, const struct record *record)
{
	struct pieces *pieces = scan->pieces;
	struct piece *piece;

	if (!scan->in_piece ||
	    record->seq != pieces->list[pieces->n - 1].last + 1)
		begin_piece(scan, record);
	piece = &pieces->list[pieces->n - 1];
	piece->last = record->seq;
	piece->to = record->next;
	if ((record->flags & RECORD_GROUP_END) != 0) {
		piece->whole = record->seq;
		if (piece->start == 0)
			piece->start = record->seq + 1;
	}
}

static void
begin_piece(struct scan *scan, const struct record *record)
{
	struct pieces *pieces = scan->pieces;
	struct piece *piece;

	pieces->list =
	    xreallocarray(pieces->list, pieces->n + 1, sizeof *pieces->list);
	piece = &pieces->list[pieces->n++];
	memset(piece, 0, sizeof *piece);
	piece->file = scan->number;
	piece->from = scan->offset;
	piece->first = record->seq;
	piece->whole = record->seq - 1;
	piece->start = scan->group_ended ? record->seq : 0;
	piece->hole_batch = scan->hole_batch;
	scan->in_piece = true;
}

static void
begin_hole(struct scan *scan, const char *why)
{
	scan->in_piece = false;
	scan->group_ended = false;
	if (scan->hole != -1)
		return;
	scan->hole = scan->hole_used = scan->offset;
	scan->hole_batch = scan->batch + scan->batch_ended;
	scan->why = why;
}

static void
end_hole(struct scan *scan, off_t end)
{
	struct pieces *pieces = scan->pieces;
	struct hole *hole;

	if (scan->hole == -1)
		return;
	/* Zeros at the end are where nothing has been written yet. */
	if (end < scan->window.file_size || scan->hole_used > scan->hole) {
		if (end == scan->window.file_size)
			end = scan->hole_used;
		pieces->holes = xreallocarray(
		    pieces->holes, pieces->nholes + 1, sizeof *pieces->holes);
		hole = &pieces->holes[pieces->nholes++];
		hole->file = scan->number;
		hole->from = scan->hole;
		hole->to = end;
		hole->batch = scan->hole_batch;
		hole->torn = false;
		hole->why = scan->why;
	}
	scan->hole = -1;
}

/* To where the next record may be. */
static void
pass_bad(struct scan *scan, enum record_found found)
{
	struct window *window = &scan->window;
	struct record record;

	begin_hole(scan,
	    found == RECORD_UNREADABLE ? strerror(window->error)
				       : "not what was written there");
	if (found == RECORD_UNREADABLE) {
		scan->offset += SECTOR - scan->offset % SECTOR;
		scan->hole_used = scan->offset;
		window->error = 0;
		window->filled = 0;
	} else if (found == RECORD_BAD && trust_header(scan, &record)) {
		scan->hole_used = scan->offset = record.next;
		scan->group_ended = (record.flags & RECORD_GROUP_END) != 0;
	} else if (found != RECORD_NONE || !skip_zeros(scan)) {
		use_bytes(scan, scan->offset, RECORD_ALIGNMENT);
		scan->offset += RECORD_ALIGNMENT;
	}
}

/* Most of a segment may never have been written: to the next byte that was. */
static bool
skip_zeros(struct scan *scan)
{
	off_t left = scan->window.file_size - scan->offset, n;
	const unsigned char *p;
	size_t i = 0;

	n = left < PIECE ? left : PIECE;
	p = window_at(&scan->window, scan->offset, scan->offset, (size_t)n);
	if (p == NULL)
		return false;
	while (i < (size_t)n && p[i] == 0)
		i++;
	i -= i % RECORD_ALIGNMENT;
	scan->offset += (off_t)i;
	return i > 0;
}

/* Where its payload alone is damaged, the header says how long that is. */
static bool
trust_header(struct scan *scan, struct record *record)
{
	const unsigned char *p = window_at(&scan->window, scan->offset,
	    scan->offset, sizeof(struct record_header));

	return p != NULL &&
	    record_header_decode(p, scan->file->seed, scan->offset, record) &&
	    record->next <= scan->window.file_size;
}

static void
use_bytes(struct scan *scan, off_t offset, size_t n)
{
	const unsigned char *p;

	if ((off_t)n > scan->window.file_size - offset)
		n = (size_t)(scan->window.file_size - offset);
	p = window_at(&scan->window, offset, offset, n);
	for (size_t i = 0; p != NULL && i < n; i++)
		if (p[i] != 0)
			scan->hole_used = offset + (off_t)i + 1;
}

/*
 * As at a start: where nothing of a later batch is there, what is missing had
 * not been acknowledged, nor had what stands behind it.
 */
static void
judge(struct pieces *pieces, size_t number, size_t first, size_t first_hole)
{
	const struct pieces_file *file = &pieces->files[number];

	for (size_t i = first; i < pieces->n; i++) {
		struct piece *piece = &pieces->list[i];

		piece->torn = piece->hole_batch != 0 && !file->has_next &&
		    file->max_batch <= piece->hole_batch;
		if (piece->start == 0)
			piece->start = piece->whole + 1;
		if (piece->whole > file->limit)
			piece->whole = file->limit;
	}
	for (size_t i = first_hole; i < pieces->nholes; i++)
		pieces->holes[i].torn =
		    file->max_batch <= pieces->holes[i].batch;
}

bool
pieces_give(const struct pieces *pieces, const struct piece *piece,
    uint64_t first, uint64_t last, journal_reader *reader, void *ctx,
    char *error, size_t size)
{
	const struct pieces_file *file = &pieces->files[piece->file];
	struct journal_record given = {.segment = file->first_seq};
	struct window window;
	struct record record = {.next = piece->from};
	bool ok;

	ok = window_open(&window, file->fd, WINDOW_SIZE);
	while (ok && record.next < piece->to) {
		given.offset = record.next;
		ok = record_at(&window, file->seed, given.offset, given.offset,
			 &record) == RECORD_FOUND;
		if (!ok || (record.flags & RECORD_SEAL) != 0 ||
		    record.seq < first)
			continue;
		if (record.seq > last)
			break;
		given.seq = record.seq;
		given.bytes = record.bytes;
		given.size = record.length;
		given.last = (record.flags & RECORD_GROUP_END) != 0;
		given.batch = record.batch;
		if (!reader(ctx, &given)) {
			window_close(&window);
			return false;
		}
	}
	window_close(&window);
	if (!ok)
		segment_error(error, size,
		    "%s/%s: what was a record at offset %jd a moment ago is "
		    "none any more; check the disk and try again",
		    pieces->journal->store.path, file->name,
		    (intmax_t)given.offset);
	return ok;
}
