/* journal: appended to, committed, asked, closed. */

#include "daemon/journal.h"

#include <err.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "daemon/core/alloc.h"
#include "daemon/journal_parts.h"

#define BUFFER_START (16 * 1024) /* bytes */

static void take_snapshot_figures(struct journal *);

void
journal_close(struct journal *journal)
{
	if (journal == NULL)
		return;
	journal_commit_all(journal);
	journal_stop_snapshots(journal);
	pthread_mutex_lock(&journal->lock);
	journal->stopping = true;
	pthread_cond_signal(&journal->work);
	pthread_mutex_unlock(&journal->lock);
	pthread_join(journal->thread, NULL);
	journal_free(journal);
}

void
journal_commit_all(struct journal *journal)
{
	struct pollfd readable = {.fd = journal->wake.fd, .events = POLLIN};
	const char *error = NULL;

	for (;;) {
		journal_collect(journal, &error);
		journal_commit(journal);
		/* Where one is still in flight, the rest comes after it. */
		if (journal->whole == 0 || error != NULL)
			break;
		poll(&readable, 1, -1);
	}
}

uint64_t
journal_append(
    struct journal *journal, const void *bytes, size_t size, bool last)
{
	struct record_header header = {.length = le32((uint32_t)size),
	    .seq = le64(journal->last + 1),
	    .flags = le32(last ? RECORD_GROUP_END : 0)};
	size_t padded;
	unsigned char *p;

	if (size > JOURNAL_RECORD_MAX)
		errx(EX_SOFTWARE,
		    "%s: a record of %zu bytes, which is more than the "
		    "journal takes (%u)",
		    journal->store.path, size, JOURNAL_RECORD_MAX);
	padded = record_padded(size);
	p = journal_buffer_add(&journal->gathering, sizeof header + padded);
	memcpy(p, &header, sizeof header);
	p += sizeof header;
	if (size > 0)
		memcpy(p, bytes, size);
	memset(p + size, 0, padded - size);
	journal->last++;
	journal->appended += sizeof header + padded;
	if (last) {
		journal->whole = journal->gathering.size;
		journal->whole_last = journal->last;
	}
	return journal->last;
}

unsigned char *
journal_buffer_add(struct journal_buffer *buffer, size_t size)
{
	size_t need = buffer->size + size;
	unsigned char *p;

	if (need > buffer->capacity) {
		buffer->capacity =
		    buffer->capacity == 0 ? BUFFER_START : buffer->capacity * 2;
		if (buffer->capacity < need)
			buffer->capacity = need;
		buffer->bytes =
		    xreallocarray(buffer->bytes, buffer->capacity, 1);
	}
	p = buffer->bytes + buffer->size;
	buffer->size = need;
	return p;
}

void
journal_commit(struct journal *journal)
{
	struct journal_buffer batch = journal->gathering;
	size_t rest = batch.size - journal->whole;

	if (journal->whole == 0)
		return;
	pthread_mutex_lock(&journal->lock);
	if (journal->busy || journal->failed) {
		pthread_mutex_unlock(&journal->lock);
		return;
	}
	journal->gathering = journal->handed;
	journal->gathering.size = 0;
	batch.size = journal->whole;
	journal->handed = batch;
	journal->handed_last = journal->whole_last;
	if (rest > 0)
		memcpy(journal_buffer_add(&journal->gathering, rest),
		    batch.bytes + batch.size, rest);
	journal->whole = 0;
	journal->busy = true;
	pthread_cond_signal(&journal->work);
	pthread_mutex_unlock(&journal->lock);
}

int
journal_fd(const struct journal *journal)
{
	return journal->wake.fd;
}

uint64_t
journal_collect(struct journal *journal, const char **error)
{
	bool untold;

	wake_clear(&journal->wake);
	pthread_mutex_lock(&journal->lock);
	journal->durable = journal->synced;
	*error = journal->failed ? journal->error : NULL;
	journal_take_figures(journal);
	untold = journal->snapshots.untold;
	journal->snapshots.untold = false;
	pthread_mutex_unlock(&journal->lock);
	if (untold)
		journal_warn(journal, "%s", journal->snapshot_error);
	/* What came meanwhile: nobody is woken for this batch again. */
	journal_commit(journal);
	return journal->durable;
}

void
journal_take_figures(struct journal *journal)
{
	struct journal_figures *figures = &journal->figures;

	figures->last = journal->durable;
	figures->first = 0;
	if (figures->last >= journal->segments[0].first_seq)
		figures->first = journal->segments[0].first_seq;
	figures->bytes = journal->bytes;
	figures->segments = journal->nsegments;
	figures->batches = journal->batches;
	if (journal->batches > 0)
		figures->sync_ns_mean =
		    journal->sync_ns / (int64_t)journal->batches;
	take_snapshot_figures(journal);
	journal->is_short = journal->spare_failed;
	if (journal->is_short)
		memcpy(journal->why_short, journal->spare_error,
		    sizeof journal->why_short);
}

static void
take_snapshot_figures(struct journal *journal)
{
	const struct journal_snapshots *snapshots = &journal->snapshots;
	struct journal_figures *figures = &journal->figures;

	figures->has_snapshot = snapshots->has_newest;
	figures->snapshot_under_way = snapshots->state != SNAPSHOT_NONE;
	figures->snapshot = snapshots->newest;
	figures->snapshot_bytes = snapshots->newest_bytes;
	figures->snapshot_time = snapshots->newest_taken;
	figures->bytes_behind = journal->appended - snapshots->newest_mark;
	memcpy(journal->snapshot_error, snapshots->error,
	    sizeof journal->snapshot_error);
	figures->snapshot_error =
	    snapshots->failed ? journal->snapshot_error : NULL;
}

uint64_t
journal_room(struct journal *journal)
{
	uint64_t room;

	pthread_mutex_lock(&journal->lock);
	room = journal->room;
	pthread_mutex_unlock(&journal->lock);
	return room;
}

void
journal_keep_room(struct journal *journal, uint64_t bytes)
{
	pthread_mutex_lock(&journal->lock);
	journal->wanted = bytes;
	journal->asked = true;
	pthread_cond_signal(&journal->work);
	pthread_mutex_unlock(&journal->lock);
}

bool
journal_is_short(const struct journal *journal, const char **why)
{
	*why = journal->is_short ? journal->why_short : NULL;
	return journal->is_short;
}

bool
journal_ended_cleanly(const struct journal *journal)
{
	return journal->clean;
}

uint64_t
journal_durable(const struct journal *journal)
{
	return journal->durable;
}

uint64_t
journal_last(const struct journal *journal)
{
	return journal->last;
}

/* The caller holds the lock, or is alone. */
void
journal_add_segment(struct journal *journal, const struct segment *segment)
{
	struct journal_segment *entry;

	journal->segments = xreallocarray(journal->segments,
	    journal->nsegments + 1, sizeof *journal->segments);
	entry = &journal->segments[journal->nsegments++];
	entry->number = segment->number;
	entry->first_seq = segment->first_seq;
	entry->bytes = 0;
	journal_count_bytes(journal, segment);
}

void
journal_count_bytes(struct journal *journal, const struct segment *active)
{
	struct journal_segment *entry =
	    &journal->segments[journal->nsegments - 1];

	journal->bytes += (uint64_t)active->position - entry->bytes;
	entry->bytes = (uint64_t)active->position;
}

void
journal_figures(const struct journal *journal, struct journal_figures *figures)
{
	*figures = journal->figures;
}
