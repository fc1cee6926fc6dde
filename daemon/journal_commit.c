/*
 * journal_commit: the thread that makes batches durable, one after the other.
 *
 * It alone touches the segment being written and the spare one.  Between
 * batches it zeroes blocks ahead and makes the next segment, so that a batch
 * seldom waits for either.  When a second has passed without a batch it seals
 * the last one, and then sleeps until it is woken.
 */

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "daemon/clock.h"
#include "daemon/core/alloc.h"
#include "daemon/journal_parts.h"

#define NS_PER_S 1000000000
#define SEAL_AFTER_S 1
#define RETRY_AFTER_S 1
#define BUFFER_KEEP (1024 * 1024) /* bytes; a larger one is given back */

static void serve(struct journal *);
static void wait_for_work(struct journal *);
static void commit_handed(struct journal *);
static void seal_now(struct journal *, bool);
static void prepare_ahead(struct journal *);
static bool preparation_due(const struct journal *);
static bool zeroing_due(const struct journal *);
static bool spare_due(const struct journal *);
static bool growth_due(const struct journal *);
static void grow_spare(struct journal *);
static bool prepare_step(struct journal *, char *, size_t);
static void retry_later(struct journal *);
static bool disk_has_room(const struct segment_store *);
static void count_room(struct journal *);
static bool write_batch(struct journal *, char *, size_t);
static bool fits(const struct segment *, size_t);
static bool take_spare(struct journal *, uint64_t, char *, size_t);
static bool
write_into_spare(struct journal *, struct segment *, char *, size_t);
static void finish_records(struct journal *, const struct segment *);
static bool mark_continued(struct journal *, char *, size_t);
static bool write_seal(
    struct journal *, struct segment *, uint64_t, uint32_t, char *, size_t);
static void fail(struct journal *, const char *);

void *
journal_commit_thread(void *arg)
{
	struct journal *journal = arg;

	pthread_mutex_lock(&journal->lock);
	serve(journal);
	pthread_mutex_unlock(&journal->lock);
	return NULL;
}

/* These three hold the lock except where they write. */
static void
serve(struct journal *journal)
{
	prepare_ahead(journal);
	for (;;) {
		if (!journal->busy && !journal->stopping)
			wait_for_work(journal);
		if (journal->busy) {
			commit_handed(journal);
			prepare_ahead(journal);
		} else if (journal->stopping) {
			break;
		} else {
			if (!journal->asked && !journal->sealed &&
			    !journal->failed)
				seal_now(journal, false);
			journal->asked = false;
			prepare_ahead(journal);
		}
	}
	if (!journal->closed && !journal->failed)
		seal_now(journal, true);
}

/* Comes back with work, to stop, or when it is time to seal or to retry. */
static void
wait_for_work(struct journal *journal)
{
	struct timespec due;
	int result = 0;

	clock_gettime(CLOCK_MONOTONIC, &due);
	due.tv_sec += SEAL_AFTER_S;
	while (!journal->busy && !journal->stopping && !journal->asked &&
	    result != ETIMEDOUT) {
		if (journal->failed ||
		    (journal->sealed && !journal->spare_failed &&
			!journal->active.full))
			pthread_cond_wait(&journal->work, &journal->lock);
		else
			result = pthread_cond_timedwait(
			    &journal->work, &journal->lock, &due);
	}
}

static void
commit_handed(struct journal *journal)
{
	char error[JOURNAL_ERROR_SIZE];
	int64_t start;
	bool ok;

	pthread_mutex_unlock(&journal->lock);
	start = clock_uptime();
	ok = write_batch(journal, error, sizeof error);
	start = clock_uptime() - start;
	journal->handed.size = 0;
	if (journal->handed.capacity > BUFFER_KEEP) {
		free(journal->handed.bytes);
		memset(&journal->handed, 0, sizeof journal->handed);
	}
	pthread_mutex_lock(&journal->lock);
	journal->busy = false;
	if (!ok) {
		fail(journal, error);
		return;
	}
	journal->synced = journal->handed_last;
	journal->batches++;
	journal->sync_ns += start;
	journal_count_bytes(journal, &journal->active);
	count_room(journal);
	/* A snapshot may have waited for this. */
	pthread_cond_signal(&journal->snapshots.work);
	wake_signal(&journal->wake);
}

static void
seal_now(struct journal *journal, bool closed)
{
	char error[JOURNAL_ERROR_SIZE];
	bool ok;

	pthread_mutex_unlock(&journal->lock);
	ok = journal_seal(journal, closed, error, sizeof error);
	pthread_mutex_lock(&journal->lock);
	if (!ok)
		fail(journal, error);
	else
		journal_count_bytes(journal, &journal->active);
}

/* At least one step where one is due, and more while there is no batch. */
static void
prepare_ahead(struct journal *journal)
{
	char error[JOURNAL_ERROR_SIZE];
	bool ok;

	count_room(journal); /* what a file that was there has */
	while (!journal->failed && preparation_due(journal)) {
		pthread_mutex_unlock(&journal->lock);
		ok = prepare_step(journal, error, sizeof error);
		pthread_mutex_lock(&journal->lock);
		if (!ok)
			fail(journal, error);
		count_room(journal);
		if (journal->busy || journal->stopping)
			break;
	}
}

static bool
preparation_due(const struct journal *journal)
{
	return journal->previous.fd != -1 || zeroing_due(journal) ||
	    spare_due(journal) || growth_due(journal);
}

/* What is reserved has to last where there is no more: all of it then. */
static bool
zeroing_due(const struct journal *journal)
{
	const struct segment *active = &journal->active;

	if (active->full && clock_uptime() < journal->retry_at)
		return false;
	return segment_zeroing_due(active) ||
	    (journal->spare_failed && active->zeroed < active->size);
}

static bool
spare_due(const struct journal *journal)
{
	const struct segment *active = &journal->active;

	return journal->spare.fd == -1 &&
	    (active->position > active->size / 2 ||
		segment_room(active) < journal->wanted) &&
	    (!journal->spare_failed || clock_uptime() >= journal->retry_at);
}

/* The room that is wanted has to be in one piece: batches are never split. */
static bool
growth_due(const struct journal *journal)
{
	return journal->spare.fd != -1 &&
	    segment_room(&journal->active) < journal->wanted &&
	    segment_room(&journal->spare) < journal->wanted &&
	    clock_uptime() >= journal->retry_at;
}

/* Where it fails that is no shortage: less runs at a time then. */
static void
grow_spare(struct journal *journal)
{
	char error[JOURNAL_ERROR_SIZE];
	uint64_t wanted;

	pthread_mutex_lock(&journal->lock);
	wanted = journal->wanted;
	pthread_mutex_unlock(&journal->lock);
	if (!segment_grow(&journal->store, &journal->spare,
		(off_t)(wanted + SEGMENT_DATA_OFFSET), error, sizeof error))
		retry_later(journal);
}

static bool
prepare_step(struct journal *journal, char *error, size_t size)
{
	struct segment_store *store = &journal->store;
	bool failed_before = journal->spare_failed, ok;

	if (journal->previous.fd != -1)
		return mark_continued(journal, error, size);
	if (zeroing_due(journal)) {
		journal->active.full = false;
		ok = segment_zero_ahead(store, &journal->active, error, size);
		if (journal->active.full)
			retry_later(journal);
		return ok;
	}
	if (journal->spare.fd != -1) {
		grow_spare(journal);
		return true;
	}
	/* Not needed yet: a disk that is full now may have room by then. */
	if (failed_before && !disk_has_room(store))
		ok = false;
	else
		ok = segment_make(store, &journal->spare, error, size);
	if (!ok)
		retry_later(journal);
	pthread_mutex_lock(&journal->lock);
	journal->spare_failed = !ok;
	if (!ok && !failed_before)
		memcpy(journal->spare_error, error, size);
	if (!ok != failed_before)
		wake_signal(&journal->wake);
	pthread_mutex_unlock(&journal->lock);
	return true;
}

static void
retry_later(struct journal *journal)
{
	journal->retry_at = clock_uptime() + (int64_t)RETRY_AFTER_S * NS_PER_S;
}

/*
 * To try for a whole segment takes the last of a full disk away from others,
 * for a moment, so where that has failed it isn't tried in vain.
 */
static bool
disk_has_room(const struct segment_store *store)
{
	struct statvfs st;

	if (fstatvfs(store->dir, &st) == -1 || st.f_frsize == 0)
		return true;
	return (geteuid() == 0 ? st.f_bfree : st.f_bavail) >
	    (uint64_t)store->size / st.f_frsize;
}

/* With the lock held. */
static void
count_room(struct journal *journal)
{
	const uint64_t seals = 2 * sizeof(struct record_header);
	uint64_t active = segment_room(&journal->active);
	uint64_t spare = segment_room(&journal->spare);
	uint64_t before = journal->room;

	/*
	 * A batch that does not fit into the one goes into the other whole, and
	 * all that follows with it: only one of them counts.
	 */
	journal->room = active > spare ? active : spare;
	journal->room -= journal->room < seals ? journal->room : seals;
	if (journal->room > before && before < journal->wanted)
		wake_signal(&journal->wake);
}

static bool
write_batch(struct journal *journal, char *error, size_t size)
{
	struct segment_store *store = &journal->store;
	struct segment *active = &journal->active;
	struct journal_buffer *batch = &journal->handed;

	journal->batch++;
	if (!fits(active, batch->size)) {
		if (!take_spare(journal, journal->written + 1, error, size))
			return false;
	} else {
		finish_records(journal, active);
		if (!segment_write(store, active, batch->bytes, batch->size,
			error, size) ||
		    !segment_sync(store, active, error, size))
			return false;
	}
	journal->written = journal->handed_last;
	journal->sealed = journal->closed = false;
	return true;
}

/*
 * A batch is never split, and leaves room for its seal, the one of a clean end
 * and the one that the next segment gives rise to.  One that is larger than a
 * segment makes the segment larger.
 */
static bool
fits(const struct segment *segment, size_t size)
{
	off_t need = (off_t)(size + 3 * sizeof(struct record_header));

	return segment->position == SEGMENT_DATA_OFFSET ||
	    need <= segment->size - segment->position;
}

/* Makes the spare the active segment, with this batch as its first. */
static bool
take_spare(struct journal *journal, uint64_t seq, char *error, size_t size)
{
	struct segment_store *store = &journal->store;
	struct segment next = journal->spare;

	if (seq > NAME_SEQ_MAX)
		return segment_error(error, size,
		    "%s: record %llu: no segment can be named after so high "
		    "a number; begin a new journal",
		    store->path, (unsigned long long)seq);
	/* One batch number is for the seal that says that this one is there. */
	journal->batch++;
	journal->spare.fd = -1;
	if (next.fd == -1 && !segment_make(store, &next, error, size))
		return false;
	if (!segment_begin(store, &next, journal->active.number + 1, seq,
		journal->batch, error, size) ||
	    !write_into_spare(journal, &next, error, size)) {
		segment_close(&next);
		return false;
	}
	journal->previous = journal->active;
	journal->active = next;
	pthread_mutex_lock(&journal->lock);
	journal_add_segment(journal, &next);
	journal->spare_failed = false;
	pthread_mutex_unlock(&journal->lock);
	return true;
}

static bool
write_into_spare(
    struct journal *journal, struct segment *next, char *error, size_t size)
{
	struct segment_store *store = &journal->store;
	struct journal_buffer *batch = &journal->handed;

	finish_records(journal, next);
	return segment_write(
		   store, next, batch->bytes, batch->size, error, size) &&
	    segment_sync(store, next, error, size) &&
	    segment_publish(store, next, error, size);
}

static void
finish_records(struct journal *journal, const struct segment *segment)
{
	struct journal_buffer *batch = &journal->handed;
	const struct record_header *header;
	size_t offset = 0, next;

	while (offset < batch->size) {
		header = (const void *)(batch->bytes + offset);
		next = offset + sizeof *header +
		    record_padded(le32_get(&header->length));
		record_finish(batch->bytes + offset, segment->seed,
		    journal->batch, next == batch->size);
		offset = next;
	}
}

bool
journal_seal(struct journal *journal, bool closed, char *error, size_t size)
{
	if (!write_seal(journal, &journal->active, ++journal->batch,
		closed ? RECORD_CLOSED : 0, error, size))
		return false;
	journal->sealed = true;
	journal->closed = closed;
	return true;
}

/*
 * The last thing in a segment that another follows.  Without it the loss of the
 * newest segments as whole files would look like a journal that ends there.
 */
static bool
mark_continued(struct journal *journal, char *error, size_t size)
{
	struct segment *previous = &journal->previous;
	bool ok;

	ok = write_seal(journal, previous, journal->active.first_batch - 1,
	    RECORD_CONTINUED, error, size);
	segment_close(previous);
	return ok;
}

static bool
write_seal(struct journal *journal, struct segment *segment, uint64_t batch,
    uint32_t flag, char *error, size_t size)
{
	uint64_t seq = segment == &journal->active
	    ? journal->written
	    : journal->active.first_seq - 1;
	struct record_header seal = {.seq = le64(seq),
	    .flags = le32(RECORD_SEAL | RECORD_GROUP_END | flag)};

	record_finish((unsigned char *)&seal, segment->seed, batch, true);
	return segment_write(
		   &journal->store, segment, &seal, sizeof seal, error, size) &&
	    segment_sync(&journal->store, segment, error, size);
}

bool
journal_first_segment(struct journal *journal, char *error, size_t size)
{
	struct segment_store *store = &journal->store;

	if (getentropy(store->id, sizeof store->id) == -1) {
		store_refused(store, errno);
		return segment_error(error, size,
		    "%s: no random bytes for the journal's id: %s; start "
		    "again when the system has some",
		    store->path, strerror(errno));
	}
	store->has_id = true;
	return journal_next_segment(journal, error, size);
}

/* One that holds no record gives its place to the next, name and number. */
bool
journal_next_segment(struct journal *journal, char *error, size_t size)
{
	struct segment_store *store = &journal->store;
	struct segment *active = &journal->active, next;
	uint64_t seq = journal->written + 1;
	bool instead = active->fd != -1 && active->first_seq == seq;
	uint64_t number = instead ? active->number : active->number + 1;

	if (!segment_make(store, &next, error, size))
		return false;
	if (!segment_begin(
		store, &next, number, seq, journal->batch + 1, error, size) ||
	    !segment_sync(store, &next, error, size) ||
	    !segment_publish(store, &next, error, size)) {
		segment_close(&next);
		return false;
	}
	segment_close(active);
	*active = next;
	if (instead)
		journal_count_bytes(journal, active);
	else
		journal_add_segment(journal, active);
	journal->sealed = true;
	journal->closed = false;
	return true;
}

static void
fail(struct journal *journal, const char *error)
{
	memcpy(journal->error, error, sizeof journal->error);
	journal->failed = true;
	pthread_cond_signal(&journal->snapshots.work);
	/* A batch handed over meanwhile is never written. */
	journal->busy = false;
	wake_signal(&journal->wake);
}
