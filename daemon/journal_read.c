/*
 * journal_read: durable records from the files, for watchers that come back.
 *
 * A few cursors remember where readings ended.  A reading goes on from the
 * nearest one in its segment, or else from the segment's first record, and
 * passes over records by their headers alone.
 */

#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>

#include "daemon/journal_parts.h"

#define WINDOW_SIZE (64 * 1024) /* bytes */
#define SEEK_RECORDS 500	/* passed over at a time */

struct reading {
	struct journal *journal;
	journal_reader *reader;
	void *ctx;
	uint64_t next; /* the record to give next */
	unsigned left; /* how many more may be given */
	unsigned over; /* how many more may be passed over */
	bool stopped;  /* by the reader */
	struct segment segment;
	struct window window;
	off_t offset; /* of the record numbered at, or of a seal before it */
	uint64_t at;
};

static uint64_t segment_of(struct journal *, uint64_t);
static bool read_segment(struct reading *, uint64_t, char *, size_t);
static bool pass_over(struct reading *, char *, size_t);
static bool give(struct reading *, char *, size_t);
static enum record_found header_at(struct reading *, struct record *);
static bool offer(struct reading *, const struct record *);
static bool broken(struct reading *, enum record_found, char *, size_t);
static void go_to_cursor(struct reading *);
static void keep_cursor(struct reading *, uint64_t);
static bool is_at_cursor(const struct journal *, uint64_t);

uint64_t
journal_read(struct journal *journal, uint64_t seq, unsigned max,
    journal_reader *reader, void *ctx)
{
	struct reading reading = {.journal = journal,
	    .reader = reader,
	    .ctx = ctx,
	    .next = seq,
	    .left = max,
	    .over = UINT_MAX};
	char error[JOURNAL_ERROR_SIZE];
	uint64_t segment;

	while (reading.left > 0 && reading.next <= journal->durable &&
	    !reading.stopped) {
		segment = segment_of(journal, reading.next);
		if (segment == 0)
			return 0;
		if (!read_segment(&reading, segment, error, sizeof error)) {
			/* Compaction may have taken it away meanwhile. */
			if (segment_of(journal, reading.next) == segment)
				journal_warn(journal, "%s", error);
			return 0;
		}
	}
	if (max == 0 && segment_of(journal, seq) == 0)
		return 0;
	return reading.next;
}

/* The first record of the segment seq is in; 0 when seq is older than all. */
static uint64_t
segment_of(struct journal *journal, uint64_t seq)
{
	size_t low = 0, high, middle;
	uint64_t first = 0;

	pthread_mutex_lock(&journal->lock);
	high = journal->nsegments;
	while (low < high) {
		middle = low + (high - low) / 2;
		if (journal->segments[middle].first_seq <= seq)
			low = middle + 1;
		else
			high = middle;
	}
	if (low > 0)
		first = journal->segments[low - 1].first_seq;
	pthread_mutex_unlock(&journal->lock);
	return first;
}

/* Gives what this segment has; false when it can't be read. */
static bool
read_segment(struct reading *reading, uint64_t first, char *error, size_t size)
{
	bool ok;

	if (!segment_open(&reading->journal->store, first, O_RDONLY,
		&reading->segment, error, size))
		return false;
	reading->offset = SEGMENT_DATA_OFFSET;
	reading->at = first;
	go_to_cursor(reading);
	if (window_open(&reading->window, reading->segment.fd, WINDOW_SIZE))
		ok = pass_over(reading, error, size) &&
		    give(reading, error, size);
	else
		ok = broken(reading, RECORD_UNREADABLE, error, size);
	if (ok)
		keep_cursor(reading, first);
	window_close(&reading->window);
	segment_close(&reading->segment);
	return ok;
}

static bool
pass_over(struct reading *reading, char *error, size_t size)
{
	enum record_found found;
	struct record record;

	for (; reading->at < reading->next && reading->over > 0;
	     reading->over--) {
		found = header_at(reading, &record);
		if (found != RECORD_FOUND)
			return broken(reading, found, error, size);
		reading->offset = record.next;
		if ((record.flags & RECORD_SEAL) == 0)
			reading->at++;
	}
	return true;
}

static bool
give(struct reading *reading, char *error, size_t size)
{
	struct journal *journal = reading->journal;
	uint64_t first = reading->segment.first_seq;
	enum record_found found;
	struct record record;

	while (reading->left > 0 && reading->next <= journal->durable &&
	    !reading->stopped) {
		/* Where the next segment goes on, what stands here was torn. */
		if (reading->next > first &&
		    segment_of(journal, reading->next) != first)
			return true;
		found = record_at(&reading->window, reading->segment.seed,
		    reading->offset, reading->offset, &record);
		if (found != RECORD_FOUND)
			return broken(reading, found, error, size);
		if ((record.flags & RECORD_SEAL) == 0) {
			if (record.seq != reading->next ||
			    (record.flags & RECORD_CHUNK) != 0)
				return broken(reading, RECORD_BAD, error, size);
			if (!offer(reading, &record))
				break;
		}
		reading->offset = record.next;
	}
	return true;
}

static enum record_found
header_at(struct reading *reading, struct record *record)
{
	struct window *window = &reading->window;
	const unsigned char *p;

	p = window_at(window, reading->offset, reading->offset,
	    sizeof(struct record_header));
	if (p == NULL)
		return window->error != 0 ? RECORD_UNREADABLE : RECORD_NONE;
	if (!record_header_decode(
		p, reading->segment.seed, reading->offset, record))
		return RECORD_BAD;
	if ((record->flags & RECORD_CHUNK) != 0 ||
	    ((record->flags & RECORD_SEAL) == 0 && record->seq != reading->at))
		return RECORD_BAD;
	return RECORD_FOUND;
}

static bool
offer(struct reading *reading, const struct record *record)
{
	struct journal_record given = {.seq = record->seq,
	    .bytes = record->bytes,
	    .size = record->length,
	    .last = (record->flags & RECORD_GROUP_END) != 0,
	    .batch = record->batch,
	    .segment = reading->segment.first_seq,
	    .offset = reading->offset};

	if (!reading->reader(reading->ctx, &given)) {
		reading->stopped = true;
		return false;
	}
	reading->next++;
	reading->at++;
	reading->left--;
	return true;
}

static bool
broken(
    struct reading *reading, enum record_found found, char *error, size_t size)
{
	struct journal *journal = reading->journal;
	char name[SEGMENT_NAME_SIZE];

	segment_name(reading->segment.first_seq, name);
	if (found == RECORD_UNREADABLE)
		return segment_system_error(&journal->store, name, "read",
		    reading->offset, reading->window.error, error, size);
	return segment_error(error, size,
	    "%s/%s: damaged at offset %jd: record %" PRIu64
	    " should be there; stop weird and restore the file from a backup",
	    journal->store.path, name, (intmax_t)reading->offset, reading->at);
}

static void
go_to_cursor(struct reading *reading)
{
	const struct journal_cursor *cursors = reading->journal->cursors;

	for (unsigned i = 0; i < JOURNAL_CURSORS; i++) {
		if (cursors[i].segment != reading->segment.first_seq ||
		    cursors[i].seq < reading->at ||
		    cursors[i].seq > reading->next)
			continue;
		reading->at = cursors[i].seq;
		reading->offset = cursors[i].offset;
	}
}

static void
keep_cursor(struct reading *reading, uint64_t segment)
{
	struct journal *journal = reading->journal;
	struct journal_cursor *cursor;

	cursor = &journal->cursors[journal->next_cursor];
	cursor->seq = reading->at;
	cursor->segment = segment;
	cursor->offset = reading->offset;
	journal->next_cursor = (journal->next_cursor + 1) % JOURNAL_CURSORS;
}

static bool
is_at_cursor(const struct journal *journal, uint64_t seq)
{
	for (unsigned i = 0; i < JOURNAL_CURSORS; i++)
		if (journal->cursors[i].seq == seq)
			return true;
	return false;
}

bool
journal_seek(struct journal *journal, uint64_t seq, struct journal_place *place)
{
	struct reading reading = {
	    .journal = journal, .next = seq, .over = SEEK_RECORDS};
	char error[JOURNAL_ERROR_SIZE];
	uint64_t first = segment_of(journal, seq);
	bool ok;

	if (first == 0 || seq > journal->durable ||
	    is_at_cursor(journal, seq) ||
	    !segment_open(&journal->store, first, O_RDONLY, &reading.segment,
		error, sizeof(error)))
		return false;
	reading.offset = SEGMENT_DATA_OFFSET;
	reading.at = first;
	if (place->segment == first && place->seq <= seq) {
		reading.offset = place->offset;
		reading.at = place->seq;
	}
	go_to_cursor(&reading);
	ok = window_open(&reading.window, reading.segment.fd, WINDOW_SIZE) &&
	    pass_over(&reading, error, sizeof(error));
	*place = (struct journal_place){first, reading.at, reading.offset};
	if (ok && reading.at == seq)
		keep_cursor(&reading, first);
	window_close(&reading.window);
	segment_close(&reading.segment);
	return ok && reading.at < seq;
}
