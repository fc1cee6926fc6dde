/* journal_replay: gives what the segments hold to the reader, in order. */

#include <fcntl.h>
#include <inttypes.h>
#include <string.h>

#include "daemon/journal_parts.h"

#define WINDOW_SIZE (256 * 1024) /* fits a processor's second cache */

/* Where the reading of the segments is. */
struct replay {
	struct journal *journal;
	const struct journal_readers *readers;
	uint64_t after;	 /* what a snapshot has given: only later ones are */
	uint64_t proven; /* up to here all was durable once, by a snapshot */
	char *error;
	size_t error_size;

	struct segment *segment;
	struct window window;
	off_t offset;	      /* of the next record */
	off_t group;	      /* where the group it belongs to begins */
	uint64_t seq;	      /* of the last record read */
	uint64_t given;	      /* of the last one of a whole group */
	uint64_t batch;	      /* of the last record read */
	bool batch_ended;     /* it was the last of its batch */
	uint64_t whole_batch; /* batch, at the end of the last whole group */
	bool whole_sealed;    /* that is a seal */
	uint64_t limit;	      /* the last record this segment may have */
	bool reading;	      /* the first one that is read has been begun */
	bool closed;	      /* the last record read is a clean end's seal */
	bool continued;	      /* it says that another segment follows */
	bool stopped;	      /* by the reader or the disk; error is set */
};

static bool open_next(struct replay *, uint64_t, struct segment *);
static bool
read_middle(struct replay *, struct segment *, const struct segment *);
static bool read_last(struct replay *, struct segment *);
static bool check_newest(struct replay *, const struct segment *);
static bool begin_reading(struct replay *, struct segment *);
static bool
check_order(struct replay *, const struct segment *, const struct segment *);
static enum record_found read_segment(struct replay *);
static bool follows(const struct replay *, const struct record *);
static bool give_group(struct replay *, off_t);
static bool
finish_segment(struct replay *, enum record_found, const struct segment *);
static bool finish_last(struct replay *, enum record_found);
static bool unreadable(struct replay *);
static const char *name_of(const struct segment *, char[SEGMENT_NAME_SIZE]);

bool
journal_replay(struct journal *journal, const struct journal_listing *listing,
    const struct journal_readers *readers, uint64_t seq, char *error,
    size_t size)
{
	struct replay replay = {.journal = journal,
	    .readers = readers,
	    .after = seq,
	    .error = error,
	    .error_size = size};
	struct segment segment, next = {.fd = -1};
	bool ok;

	if (listing->nsnapshots > 0)
		replay.proven = listing->snapshots[listing->nsnapshots - 1];
	ok = open_next(&replay, listing->segments[0], &segment);
	for (size_t i = 1; ok && i < listing->nsegments; i++) {
		ok = open_next(&replay, listing->segments[i], &next) &&
		    check_order(&replay, &segment, &next) &&
		    read_middle(&replay, &segment, &next);
		segment_close(&segment);
		segment = next;
		next.fd = -1;
	}
	if (ok)
		ok = read_last(&replay, &segment);
	if (!ok)
		segment_close(&segment);
	return ok;
}

static bool
open_next(struct replay *replay, uint64_t first_seq, struct segment *segment)
{
	return segment_open(&replay->journal->store, first_seq,
	    replay->journal->looking ? O_RDONLY : O_RDWR, segment,
	    replay->error, replay->error_size);
}

/* One whose records are all in the snapshot isn't read. */
static bool
read_middle(
    struct replay *replay, struct segment *segment, const struct segment *next)
{
	enum record_found end;
	bool ok;

	if (next->first_seq <= replay->after + 1) {
		segment->position = segment->size;
		journal_add_segment(replay->journal, segment);
		return true;
	}
	replay->limit = next->first_seq - 1;
	replay->journal->store.io->forget(segment->fd);
	if (!begin_reading(replay, segment))
		return false;
	end = read_segment(replay);
	ok = !replay->stopped && finish_segment(replay, end, next);
	window_close(&replay->window);
	return ok;
}

/*
 * What is read of the last one has to be what the disk holds: the daemon before
 * may have ended between a write and its sync, or because a sync failed, after
 * which the system's memory may hold what the disk doesn't.
 */
static bool
read_last(struct replay *replay, struct segment *segment)
{
	enum record_found end;
	bool ok;

	replay->limit = UINT64_MAX;
	if (!check_newest(replay, segment))
		return false;
	if (!replay->journal->looking &&
	    !segment_sync(&replay->journal->store, segment, replay->error,
		replay->error_size))
		return false;
	replay->journal->store.io->forget(segment->fd);
	if (!begin_reading(replay, segment))
		return false;
	end = read_segment(replay);
	ok = !replay->stopped && finish_last(replay, end);
	window_close(&replay->window);
	return ok;
}

/* A snapshot says which segment was there when it was begun. */
static bool
check_newest(struct replay *replay, const struct segment *segment)
{
	const struct journal_snapshots *snapshots = &replay->journal->snapshots;
	char name[SEGMENT_NAME_SIZE], snapshot[SEGMENT_NAME_SIZE];

	if (segment->number >= snapshots->newest_segment)
		return true;
	snapshot_name(snapshots->newest, snapshot);
	return segment_error(replay->error, replay->error_size,
	    "%s/%s: this is segment %" PRIu64 " of the journal and the newest "
	    "there is, but %s shows that there was segment %" PRIu64
	    "; restore the ones behind it (nothing was changed)",
	    replay->journal->store.path, name_of(segment, name),
	    segment->number, snapshot, snapshots->newest_segment);
}

static bool
begin_reading(struct replay *replay, struct segment *segment)
{
	replay->segment = segment;
	replay->offset = SEGMENT_DATA_OFFSET;
	if (!replay->reading) {
		replay->seq = replay->given = segment->first_seq - 1;
		replay->reading = true;
	}
	return window_open(&replay->window, segment->fd, WINDOW_SIZE) ||
	    unreadable(replay);
}

static bool
check_order(struct replay *replay, const struct segment *segment,
    const struct segment *next)
{
	char before[SEGMENT_NAME_SIZE], name[SEGMENT_NAME_SIZE];
	const char *path = replay->journal->store.path;

	name_of(segment, before);
	name_of(next, name);
	if (next->number == segment->number + 1)
		return true;
	if (next->number == segment->number)
		return segment_error(replay->error, replay->error_size,
		    "%s/%s: this is segment %" PRIu64 ", and so is %s; move "
		    "the one away that isn't the journal's",
		    path, name, next->number, before);
	if (next->number < segment->number)
		return segment_error(replay->error, replay->error_size,
		    "%s/%s: this is segment %" PRIu64 ", but %s before it is "
		    "segment %" PRIu64
		    "; restore the journal's files from one backup",
		    path, name, next->number, before, segment->number);
	return segment_error(replay->error, replay->error_size,
	    "%s/%s: this is segment %" PRIu64 ", but the one before it, %s, "
	    "is segment %" PRIu64 "; restore what is missing between them",
	    path, name, next->number, before, segment->number);
}

/* Reads to the segment's end, or to what is no record that belongs there. */
static enum record_found
read_segment(struct replay *replay)
{
	struct segment *segment = replay->segment;
	enum record_found found;
	struct record record;

	replay->offset = replay->group = SEGMENT_DATA_OFFSET;
	/* The last segment may have been left without a batch's end: the next
	 * one's being there says that the batch before it was whole. */
	replay->batch_ended = true;
	replay->whole_sealed = true;
	replay->closed = replay->continued = false;
	if (replay->batch < segment->first_batch)
		replay->batch = segment->first_batch - 1;
	replay->whole_batch = replay->batch;
	while ((found = record_at(&replay->window, segment->seed, replay->group,
		    replay->offset, &record)) == RECORD_FOUND) {
		/* What was torn here was written anew in the next segment. */
		if (record.seq > replay->limit)
			return RECORD_NONE;
		if (!follows(replay, &record))
			return RECORD_BAD;
		replay->offset = record.next;
		replay->seq = record.seq;
		replay->batch = record.batch;
		replay->batch_ended = (record.flags & RECORD_BATCH_END) != 0;
		if ((record.flags & RECORD_GROUP_END) == 0)
			continue;
		replay->whole_sealed = (record.flags & RECORD_SEAL) != 0;
		replay->closed = (record.flags & RECORD_CLOSED) != 0;
		replay->continued = (record.flags & RECORD_CONTINUED) != 0;
		if (!replay->whole_sealed && !give_group(replay, record.next)) {
			replay->stopped = true;
			return RECORD_FOUND;
		}
		replay->whole_batch = record.batch;
		replay->group = record.next;
	}
	return found;
}

static bool
follows(const struct replay *replay, const struct record *record)
{
	bool seal = (record->flags & RECORD_SEAL) != 0;
	bool open_group = replay->group != replay->offset;

	if ((record->flags & RECORD_CHUNK) != 0 ||
	    record->seq != replay->seq + !seal)
		return false;
	if (record->batch == replay->batch)
		return !seal && !replay->batch_ended;
	/*
	 * A batch begins behind the end of the one before it, or where what
	 * was left of a torn one was sealed.
	 */
	return record->batch == replay->batch + 1 && !open_group &&
	    (replay->batch_ended || seal);
}

/* Gives all records of the group that ends at end. */
static bool
give_group(struct replay *replay, off_t end)
{
	struct segment *segment = replay->segment;
	struct journal_record given = {.segment = segment->first_seq};
	const unsigned char *group;
	struct record_header header;
	off_t offset = replay->group;
	char name[SEGMENT_NAME_SIZE];

	group =
	    window_at(&replay->window, offset, offset, (size_t)(end - offset));
	if (group == NULL)
		return unreadable(replay);
	while (offset < end) {
		const unsigned char *p = group + (offset - replay->group);

		memcpy(&header, p, sizeof header);
		given.seq = le64_get(&header.seq);
		given.bytes = (const char *)p + sizeof header;
		given.size = le32_get(&header.length);
		given.last = (le32_get(&header.flags) & RECORD_GROUP_END) != 0;
		given.batch = le64_get(&header.batch);
		given.offset = offset;
		if (given.seq > replay->after &&
		    !replay->readers->record(replay->readers->ctx, &given)) {
			return segment_error(replay->error, replay->error_size,
			    "%s/%s: record %" PRIu64 " at offset %jd is whole "
			    "but can't be understood; start the version of "
			    "weird that wrote it, or a newer one",
			    replay->journal->store.path, name_of(segment, name),
			    given.seq, (intmax_t)offset);
		}
		replay->given = given.seq;
		offset += (off_t)(sizeof header + record_padded(given.size));
		if (given.seq > replay->after)
			replay->journal->appended +=
			    sizeof header + record_padded(given.size);
	}
	return true;
}

/* A segment that another follows has to lead up to it. */
static bool
finish_segment(
    struct replay *replay, enum record_found end, const struct segment *next)
{
	struct segment *segment = replay->segment;
	char name[SEGMENT_NAME_SIZE], other[SEGMENT_NAME_SIZE];
	const char *path = replay->journal->store.path;

	if (end == RECORD_UNREADABLE)
		return unreadable(replay);
	name_of(segment, name);
	name_of(next, other);
	if (replay->given + 1 != next->first_seq)
		return segment_error(replay->error, replay->error_size,
		    "%s/%s: damaged at offset %jd: record %" PRIu64
		    " should be there, and %s goes on after it with record "
		    "%" PRIu64 "; restore the file from a backup",
		    path, name, (intmax_t)replay->offset, replay->seq + 1,
		    other, next->first_seq);
	if (next->first_batch <= replay->batch)
		return segment_error(replay->error, replay->error_size,
		    "%s/%s: offset 48: it begins with batch %" PRIu64
		    ", but %s before it ends with batch %" PRIu64
		    "; restore the journal's files from one backup",
		    path, other, next->first_batch, name, replay->batch);
	/* What else stands there was torn, and told of at the time. */
	segment->position = replay->group;
	journal_add_segment(replay->journal, segment);
	return true;
}

static bool
finish_last(struct replay *replay, enum record_found end)
{
	struct journal *journal = replay->journal;
	struct segment *segment = replay->segment;
	char name[SEGMENT_NAME_SIZE];
	bool open_group = replay->group != replay->offset;
	struct journal_tail tail = {.whole = replay->group,
	    .whole_seq = replay->given,
	    .bad = replay->offset,
	    .batch = replay->batch,
	    .proven = replay->proven};

	if (end == RECORD_UNREADABLE)
		return unreadable(replay);
	if (replay->continued)
		return segment_error(replay->error, replay->error_size,
		    "%s/%s: offset %jd: the journal goes on in another segment "
		    "from record %" PRIu64 ", and that isn't there; restore "
		    "it, and the ones behind it (nothing was changed)",
		    journal->store.path, name_of(segment, name),
		    (intmax_t)replay->offset, replay->given + 1);
	if (replay->batch_ended && !open_group)
		tail.batch++;
	journal->active = *segment;
	journal->active.position = replay->group;
	journal->active.zeroed = replay->group;
	if (!journal_tail_settle(journal, &replay->window, &tail, replay->error,
		replay->error_size))
		return false;
	journal_add_segment(journal, &journal->active);
	journal->batch = replay->whole_batch;
	journal->written = replay->given;
	/* Nothing to seal where there has never been a batch. */
	journal->sealed = replay->whole_batch == 0 || replay->whole_sealed;
	journal->closed = journal->clean = replay->closed && !tail.torn;
	return true;
}

static bool
unreadable(struct replay *replay)
{
	char name[SEGMENT_NAME_SIZE];

	return segment_system_error(&replay->journal->store,
	    name_of(replay->segment, name), "read", replay->offset,
	    replay->window.error, replay->error, replay->error_size);
}

static const char *
name_of(const struct segment *segment, char name[SEGMENT_NAME_SIZE])
{
	segment_name(segment->first_seq, name);
	return name;
}
