/*
 * journal_restore: the newest snapshot that is whole, checked before a chunk of
 * it is given.
 *
 * A damaged one is told of and passed over: where the one before it, or no
 * snapshot at all, and the segments together still give everything, nothing is
 * lost.  That they do is for the replay to find out.
 */

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "daemon/crc32c.h"
#include "daemon/journal_parts.h"

#define WINDOW_SIZE (256 * 1024) /* bytes */

enum verdict {
	SNAPSHOT_GOOD,
	SNAPSHOT_DAMAGED, /* another may do */
	SNAPSHOT_REFUSED, /* not this journal's, or not for this version */
};

struct restore {
	struct journal *journal;
	const struct journal_readers *readers;
	uint64_t seq;
	char name[SEGMENT_NAME_SIZE];
	int fd;
	struct snapshot_header header;
	struct window window;
	char *error;
	size_t size;
};

static bool check_headers(struct restore *, const struct journal_listing *);
static void finish(struct restore *);
static enum verdict check(struct restore *, enum verdict (*)(struct restore *));
static enum verdict check_header(struct restore *);
static enum verdict check_chunks(struct restore *);
static enum verdict damaged(struct restore *, off_t, const char *);
static enum record_found
chunk_at(struct restore *, off_t, uint64_t, struct record *);
static bool give(struct restore *);
static void note(struct restore *, const struct journal_listing *);
static bool covered(const struct restore *, const struct journal_listing *);
static bool out_of_reach(
    struct restore *, const struct journal_listing *, const char *damage);

bool
journal_restore(struct journal *journal, const struct journal_listing *listing,
    const struct journal_readers *readers, uint64_t *seq, char *error,
    size_t size)
{
	struct restore restore = {.journal = journal,
	    .readers = readers,
	    .error = error,
	    .size = size};
	char damage[JOURNAL_ERROR_SIZE] = "";
	enum verdict verdict = SNAPSHOT_DAMAGED;
	bool ok = false;

	for (size_t i = 0; i < listing->nsnapshots; i++)
		journal_note_snapshot(journal, listing->snapshots[i]);
	if (!check_headers(&restore, listing))
		return false;
	for (size_t i = listing->nsnapshots;
	     i > 0 && verdict == SNAPSHOT_DAMAGED; i--) {
		restore.seq = listing->snapshots[i - 1];
		if (!covered(&restore, listing))
			return out_of_reach(&restore, listing, damage);
		verdict = check(&restore, check_chunks);
		if (verdict == SNAPSHOT_GOOD) {
			ok = give(&restore);
			note(&restore, listing);
		} else if (verdict == SNAPSHOT_DAMAGED && damage[0] == '\0') {
			segment_error(damage, sizeof damage, "%s", error);
		}
		finish(&restore);
	}
	*seq = verdict == SNAPSHOT_GOOD ? restore.seq : 0;
	if (verdict == SNAPSHOT_DAMAGED) {
		restore.seq = 0;
		if (!covered(&restore, listing))
			return out_of_reach(&restore, listing, damage);
		ok = true;
	}
	if (ok && damage[0] != '\0')
		journal_warn(journal,
		    "%s; the older files of the journal are read instead, and "
		    "nothing is missing",
		    damage);
	return ok;
}

/* What isn't this journal's is refused, used or not. */
static bool
check_headers(struct restore *restore, const struct journal_listing *listing)
{
	enum verdict verdict = SNAPSHOT_GOOD;

	for (size_t i = 0;
	     i < listing->nsnapshots && verdict != SNAPSHOT_REFUSED; i++) {
		restore->seq = listing->snapshots[i];
		verdict = check(restore, check_header);
		finish(restore);
	}
	return verdict != SNAPSHOT_REFUSED;
}

static void
finish(struct restore *restore)
{
	window_close(&restore->window);
	if (restore->fd != -1)
		close(restore->fd);
	restore->fd = -1;
}

bool
journal_read_snapshot(struct journal *journal, uint64_t seq,
    const struct journal_readers *readers, char *error, size_t size)
{
	const struct journal_listing none = {.nsnapshots = 0};
	struct restore restore = {.journal = journal,
	    .readers = readers,
	    .seq = seq,
	    .error = error,
	    .size = size};
	bool ok;

	ok = check(&restore, check_chunks) == SNAPSHOT_GOOD &&
	    (readers->chunk == NULL || give(&restore));
	if (ok)
		note(&restore, &none);
	finish(&restore);
	return ok;
}

/* The segments begin at the record behind it, or before that. */
static bool
covered(const struct restore *restore, const struct journal_listing *listing)
{
	return listing->segments[0] <= restore->seq + 1;
}

static bool
out_of_reach(struct restore *restore, const struct journal_listing *listing,
    const char *damage)
{
	char first[SEGMENT_NAME_SIZE];

	segment_name(listing->segments[0], first);
	if (damage[0] != '\0')
		return segment_error(restore->error, restore->size,
		    "%s; without it the records before %" PRIu64
		    ", where the oldest segment, %s, begins, would be missing: "
		    "restore it from a backup (nothing was changed)",
		    damage, listing->segments[0], first);
	return segment_error(restore->error, restore->size,
	    "%s/%s: this is the oldest segment there is and begins with record "
	    "%" PRIu64 "; restore the ones before it, from record %" PRIu64
	    " on (nothing was changed)",
	    restore->journal->store.path, first, listing->segments[0],
	    restore->seq + 1);
}

static enum verdict
check(struct restore *restore, enum verdict (*how)(struct restore *))
{
	const struct segment_store *store = &restore->journal->store;

	snapshot_name(restore->seq, restore->name);
	restore->fd = store_open(store, restore->name, O_RDONLY);
	if (restore->fd == -1) {
		segment_system_error(store, restore->name, "open", -1, errno,
		    restore->error, restore->size);
		return SNAPSHOT_REFUSED;
	}
	store->io->forget(restore->fd);
	if (!window_open(&restore->window, restore->fd, WINDOW_SIZE))
		return damaged(restore, 0, NULL);
	return how(restore);
}

/* why NULL: the window says. */
static enum verdict
damaged(struct restore *restore, off_t offset, const char *why)
{
	const struct segment_store *store = &restore->journal->store;

	if (restore->window.error != 0)
		segment_refused(store, restore->name, "read", offset,
		    restore->window.error, "check the disk", restore->error,
		    restore->size);
	else
		segment_error(restore->error, restore->size,
		    "%s/%s: damaged at offset %jd: %s", store->path,
		    restore->name, (intmax_t)offset, why);
	return SNAPSHOT_DAMAGED;
}

static enum verdict
check_header(struct restore *restore)
{
	struct segment_store *store = &restore->journal->store;
	struct snapshot_header *header = &restore->header;
	const unsigned char *p;

	p = window_at(&restore->window, 0, 0, sizeof *header);
	if (p == NULL)
		return damaged(restore, restore->window.file_size,
		    "the file ends within its header");
	memcpy(header, p, sizeof *header);
	if (memcmp(header->magic, SNAPSHOT_MAGIC, sizeof header->magic) != 0)
		return damaged(restore, 0, "not a journal's snapshot");
	if (crc32c(0, header, offsetof(struct snapshot_header, crc)) !=
	    le32_get(&header->crc))
		return damaged(restore, 0, "the header's checksum is wrong");
	if (le32_get(&header->format) != JOURNAL_FORMAT ||
	    le32_get(&header->data_offset) != SNAPSHOT_DATA_OFFSET)
		segment_error(restore->error, restore->size,
		    "%s/%s: offset 8: journal format %" PRIu32
		    ", and this weird reads format %d; start the version that "
		    "wrote it",
		    store->path, restore->name, le32_get(&header->format),
		    JOURNAL_FORMAT);
	else if (le64_get(&header->seq) != restore->seq)
		segment_error(restore->error, restore->size,
		    "%s/%s: offset 32: the snapshot includes all up to record "
		    "%" PRIu64 ", not to the one it is named after: a copy or "
		    "a wrong name; move it away or give it its name back",
		    store->path, restore->name, le64_get(&header->seq));
	else if (memcmp(store->id, header->journal_id, JOURNAL_ID_SIZE) != 0)
		segment_error(restore->error, restore->size,
		    "%s/%s: offset 16: the snapshot is another journal's; move "
		    "it away and put this journal's own back",
		    store->path, restore->name);
	else
		return SNAPSHOT_GOOD;
	return SNAPSHOT_REFUSED;
}

/* All of them, to the last, and nothing behind it. */
static enum verdict
check_chunks(struct restore *restore)
{
	struct record record = {.next = SNAPSHOT_DATA_OFFSET};
	enum verdict verdict = check_header(restore);
	enum record_found found;
	uint64_t number = 1;
	off_t offset;

	if (verdict != SNAPSHOT_GOOD)
		return verdict;
	do {
		offset = record.next;
		found = chunk_at(restore, offset, number++, &record);
		if (found == RECORD_UNREADABLE)
			return damaged(restore, offset, NULL);
		if (found == RECORD_NONE)
			return damaged(restore, offset,
			    "a chunk is missing there, and the last one was "
			    "not yet");
		if (found == RECORD_BAD)
			return damaged(
			    restore, offset, "what should be a chunk is not");
	} while ((record.flags & RECORD_LAST_CHUNK) == 0);
	if (record.next != restore->window.file_size)
		return damaged(restore, record.next,
		    "the snapshot ends there, and the file does not");
	return SNAPSHOT_GOOD;
}

static enum record_found
chunk_at(struct restore *restore, off_t offset, uint64_t number,
    struct record *record)
{
	uint32_t seed = store_seed(restore->header.journal_id, restore->seq);
	enum record_found found;

	found = record_at(&restore->window, seed, offset, offset, record);
	if (found == RECORD_FOUND &&
	    ((record->flags & RECORD_CHUNK) == 0 || record->seq != number ||
		record->batch != 0))
		return RECORD_BAD;
	return found;
}

static bool
give(struct restore *restore)
{
	struct record record = {.next = SNAPSHOT_DATA_OFFSET};
	struct journal_chunk chunk = {.snapshot = restore->seq};
	off_t offset;

	do {
		offset = record.next;
		if (chunk_at(restore, offset, ++chunk.number, &record) !=
		    RECORD_FOUND) {
			damaged(restore, offset,
			    "what was a chunk a moment ago is none any more; "
			    "check the disk and start again");
			return false;
		}
		chunk.bytes = record.bytes;
		chunk.offset = offset;
		chunk.size = record.length;
		chunk.last = (record.flags & RECORD_LAST_CHUNK) != 0;
		if (!restore->readers->chunk(restore->readers->ctx, &chunk))
			return segment_error(restore->error, restore->size,
			    "%s/%s: chunk %" PRIu64 " at offset %jd is whole "
			    "but can't be understood; start the version of "
			    "weird that wrote it, or a newer one",
			    restore->journal->store.path, restore->name,
			    chunk.number, (intmax_t)offset);
	} while (!chunk.last);
	return true;
}

static void
note(struct restore *restore, const struct journal_listing *listing)
{
	struct journal_snapshots *snapshots = &restore->journal->snapshots;

	snapshots->has_newest = true;
	snapshots->newest = restore->seq;
	snapshots->newest_segment = le64_get(&restore->header.segment);
	snapshots->newest_taken = (int64_t)le64_get(&restore->header.taken);
	snapshots->newest_bytes = (uint64_t)restore->window.file_size;
	for (size_t i = 0; i < listing->nsnapshots; i++) {
		if (listing->snapshots[i] >= restore->seq)
			break;
		snapshots->has_older = true;
		snapshots->older = listing->snapshots[i];
	}
}
