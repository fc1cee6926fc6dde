/*
 * journal_snapshot: snapshots begun and added to by the loop, written by a
 * thread of their own.
 */

#include <err.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

#include "daemon/core/alloc.h"
#include "daemon/journal_parts.h"

#define NS_PER_S 1000000000
#define PIECE (256 * 1024) /* bytes written between looks whether to go on */

static void begin(struct journal_snapshots *);
static void make_snapshot(struct journal *);
static bool over(const struct journal *);
static bool write_chunks(struct journal *, struct snapshot_file *, char *);
static bool write_ready(struct journal *, struct snapshot_file *, char *);
static void finish_records(struct journal_buffer *, uint32_t);
static void take_ready(struct journal_snapshots *, struct journal_buffer *);
static bool finish(struct journal *, struct snapshot_file *, char *);
static void note_newest(struct journal *, const struct snapshot_file *);
static void note_failure(struct journal *, const char *, int);

bool
journal_snapshot_begin(struct journal *journal)
{
	struct journal_snapshots *snapshots = &journal->snapshots;
	bool idle;

	if (journal->whole != journal->gathering.size)
		errx(EX_SOFTWARE,
		    "%s: a snapshot at record %ju, in the middle of a group",
		    journal->store.path, (uintmax_t)journal->last);
	pthread_mutex_lock(&journal->lock);
	idle = snapshots->state == SNAPSHOT_NONE;
	if (idle) {
		begin(snapshots);
		snapshots->seq = journal->last;
		snapshots->mark = journal->appended;
		snapshots->segment =
		    journal->segments[journal->nsegments - 1].number;
		journal->figures.snapshot_under_way = true;
		pthread_cond_signal(&snapshots->work);
	}
	pthread_mutex_unlock(&journal->lock);
	return idle;
}

static void
begin(struct journal_snapshots *snapshots)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	snapshots->taken = (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
	snapshots->state = SNAPSHOT_GATHERING;
	snapshots->chunks.size = snapshots->ready = snapshots->writing = 0;
	snapshots->number = 0;
}

/* Framed here, but for what the thread fills in: the checksums. */
void
journal_snapshot_add(struct journal *journal, const void *bytes, size_t size)
{
	struct journal_snapshots *snapshots = &journal->snapshots;
	struct record_header header = {
	    .length = le32((uint32_t)size), .flags = le32(RECORD_CHUNK)};
	size_t padded = record_padded(size);
	unsigned char *p;

	if (size > JOURNAL_RECORD_MAX)
		errx(EX_SOFTWARE,
		    "%s: a snapshot's chunk of %zu bytes, which is more than "
		    "the journal takes (%u)",
		    journal->store.path, size, JOURNAL_RECORD_MAX);
	pthread_mutex_lock(&journal->lock);
	if (snapshots->state == SNAPSHOT_GATHERING) {
		header.seq = le64(++snapshots->number);
		snapshots->ready = snapshots->chunks.size;
		p = journal_buffer_add(
		    &snapshots->chunks, sizeof header + padded);
		memcpy(p, &header, sizeof header);
		p += sizeof header;
		if (size > 0)
			memcpy(p, bytes, size);
		memset(p + size, 0, padded - size);
		pthread_cond_signal(&snapshots->work);
	}
	pthread_mutex_unlock(&journal->lock);
}

size_t
journal_snapshot_backlog(struct journal *journal)
{
	size_t backlog;

	pthread_mutex_lock(&journal->lock);
	backlog = journal->snapshots.chunks.size + journal->snapshots.writing;
	pthread_mutex_unlock(&journal->lock);
	return backlog;
}

void
journal_snapshot_end(struct journal *journal)
{
	struct journal_snapshots *snapshots = &journal->snapshots;
	const struct le32 flags = le32(RECORD_CHUNK | RECORD_LAST_CHUNK);

	pthread_mutex_lock(&journal->lock);
	if (snapshots->state == SNAPSHOT_GATHERING) {
		if (snapshots->number == 0)
			errx(EX_SOFTWARE, "%s: a snapshot without a chunk",
			    journal->store.path);
		memcpy(snapshots->chunks.bytes + snapshots->ready +
			offsetof(struct record_header, flags),
		    &flags, sizeof flags);
		snapshots->ready = snapshots->chunks.size;
		snapshots->state = SNAPSHOT_WHOLE;
		pthread_cond_signal(&snapshots->work);
	}
	pthread_mutex_unlock(&journal->lock);
}

void
journal_snapshot_abandon(struct journal *journal)
{
	struct journal_snapshots *snapshots = &journal->snapshots;

	pthread_mutex_lock(&journal->lock);
	if (snapshots->state != SNAPSHOT_NONE)
		snapshots->state = SNAPSHOT_ABANDONED;
	pthread_cond_signal(&snapshots->work);
	pthread_mutex_unlock(&journal->lock);
}

bool
journal_snapshot_wait(struct journal *journal, char *error, size_t size)
{
	struct journal_snapshots *snapshots = &journal->snapshots;
	bool ok;

	/* It is in place only when the journal is durable up to it. */
	journal_commit_all(journal);
	pthread_mutex_lock(&journal->lock);
	while (snapshots->state != SNAPSHOT_NONE)
		pthread_cond_wait(&snapshots->ended, &journal->lock);
	ok = snapshots->done;
	if (!ok)
		segment_error(error, size, "%s",
		    journal->failed	    ? journal->error
			: snapshots->failed ? snapshots->error
					    : "the snapshot was abandoned");
	snapshots->untold = false;
	journal_take_figures(journal);
	pthread_mutex_unlock(&journal->lock);
	return ok;
}

void
journal_stop_snapshots(struct journal *journal)
{
	struct journal_snapshots *snapshots = &journal->snapshots;

	pthread_mutex_lock(&journal->lock);
	snapshots->stopping = true;
	pthread_cond_signal(&snapshots->work);
	pthread_mutex_unlock(&journal->lock);
	pthread_join(snapshots->thread, NULL);
	snapshots->has_thread = false;
}

/* All from here on is the thread's, with the lock held but where it writes. */
void *
journal_snapshot_thread(void *arg)
{
	struct journal *journal = arg;
	struct journal_snapshots *snapshots = &journal->snapshots;

	pthread_mutex_lock(&journal->lock);
	while (!snapshots->stopping) {
		if (snapshots->state == SNAPSHOT_NONE)
			pthread_cond_wait(&snapshots->work, &journal->lock);
		else
			make_snapshot(journal);
	}
	pthread_mutex_unlock(&journal->lock);
	return NULL;
}

static void
make_snapshot(struct journal *journal)
{
	struct journal_snapshots *snapshots = &journal->snapshots;
	struct snapshot_file file = {.store = journal->store, .fd = -1};
	char error[JOURNAL_ERROR_SIZE];
	bool ok;

	file.store.dir = snapshots->dir;
	pthread_mutex_unlock(&journal->lock);
	ok = snapshot_create(&file, snapshots, error, sizeof error);
	pthread_mutex_lock(&journal->lock);
	ok = ok && write_chunks(journal, &file, error) &&
	    finish(journal, &file, error);
	snapshots->done = ok;
	if (ok) {
		note_newest(journal, &file);
		if (!journal_compact(journal, &file, error, sizeof error))
			note_failure(journal, error, file.error);
		else
			snapshots->failed_errno = 0;
	} else {
		if (file.error != 0)
			note_failure(journal, error, file.error);
		pthread_mutex_unlock(&journal->lock);
		snapshot_discard(&file);
		pthread_mutex_lock(&journal->lock);
	}
	free(snapshots->chunks.bytes);
	memset(&snapshots->chunks, 0, sizeof snapshots->chunks);
	snapshots->state = SNAPSHOT_NONE;
	pthread_cond_broadcast(&snapshots->ended);
	wake_signal(&journal->wake);
}

static bool
over(const struct journal *journal)
{
	return journal->snapshots.stopping || journal->failed ||
	    journal->snapshots.state == SNAPSHOT_ABANDONED;
}

static bool
write_chunks(struct journal *journal, struct snapshot_file *file, char *error)
{
	struct journal_snapshots *snapshots = &journal->snapshots;

	while (!over(journal)) {
		if (snapshots->ready > 0) {
			if (!write_ready(journal, file, error))
				return false;
		} else if (snapshots->state == SNAPSHOT_WHOLE) {
			return true;
		} else {
			pthread_cond_wait(&snapshots->work, &journal->lock);
		}
	}
	return false;
}

static bool
write_ready(struct journal *journal, struct snapshot_file *file, char *error)
{
	struct journal_snapshots *snapshots = &journal->snapshots;
	struct journal_buffer ready;
	size_t at = 0, size;
	bool ok = true;

	take_ready(snapshots, &ready);
	pthread_mutex_unlock(&journal->lock);
	finish_records(&ready, file->seed);
	pthread_mutex_lock(&journal->lock);
	while (ok && at < ready.size && !over(journal)) {
		size = ready.size - at < PIECE ? ready.size - at : PIECE;
		pthread_mutex_unlock(&journal->lock);
		ok = snapshot_write(
		    file, ready.bytes + at, size, error, JOURNAL_ERROR_SIZE);
		at += size;
		pthread_mutex_lock(&journal->lock);
		snapshots->writing -= size;
	}
	snapshots->writing = 0;
	free(ready.bytes);
	return ok;
}

static void
finish_records(struct journal_buffer *ready, uint32_t seed)
{
	const struct record_header *header;
	size_t at = 0;

	while (at < ready->size) {
		header = (const void *)(ready->bytes + at);
		record_finish(ready->bytes + at, seed, 0, false);
		at += sizeof *header + record_padded(le32_get(&header->length));
	}
}

/* All but the newest chunk, where that may still turn out to be the last. */
static void
take_ready(struct journal_snapshots *snapshots, struct journal_buffer *ready)
{
	size_t rest = snapshots->chunks.size - snapshots->ready;

	*ready = snapshots->chunks;
	ready->size = snapshots->ready;
	memset(&snapshots->chunks, 0, sizeof snapshots->chunks);
	if (rest > 0)
		memcpy(journal_buffer_add(&snapshots->chunks, rest),
		    ready->bytes + ready->size, rest);
	snapshots->writing = ready->size;
	snapshots->ready = 0;
}

/* Durable itself, it waits for the journal to be. */
static bool
finish(struct journal *journal, struct snapshot_file *file, char *error)
{
	struct journal_snapshots *snapshots = &journal->snapshots;
	bool ok;

	pthread_mutex_unlock(&journal->lock);
	ok = snapshot_sync(file, error, JOURNAL_ERROR_SIZE);
	pthread_mutex_lock(&journal->lock);
	if (!ok)
		return false;
	while (journal->synced < snapshots->seq && !over(journal))
		pthread_cond_wait(&snapshots->work, &journal->lock);
	if (over(journal))
		return false;
	pthread_mutex_unlock(&journal->lock);
	ok = snapshot_publish(file, snapshots->seq, error, JOURNAL_ERROR_SIZE);
	pthread_mutex_lock(&journal->lock);
	/* It may have its name even so, and is whole then: it counts as one. */
	if (file->fd == -1)
		journal_note_snapshot(journal, snapshots->seq);
	return ok;
}

static void
note_newest(struct journal *journal, const struct snapshot_file *file)
{
	struct journal_snapshots *snapshots = &journal->snapshots;

	snapshots->failed = snapshots->untold = false;
	if (!snapshots->has_newest || snapshots->newest != snapshots->seq) {
		snapshots->older = snapshots->newest;
		snapshots->has_older = snapshots->has_newest;
	}
	snapshots->has_newest = true;
	snapshots->newest = snapshots->seq;
	snapshots->newest_segment = snapshots->segment;
	snapshots->newest_taken = snapshots->taken;
	snapshots->newest_mark = snapshots->mark;
	snapshots->newest_bytes = (uint64_t)file->position;
}

/* Told once for as long as it is the same that fails. */
static void
note_failure(struct journal *journal, const char *error, int number)
{
	struct journal_snapshots *snapshots = &journal->snapshots;

	memcpy(snapshots->error, error, sizeof snapshots->error);
	snapshots->failed = true;
	snapshots->untold = snapshots->failed_errno != number;
	snapshots->failed_errno = number;
}
