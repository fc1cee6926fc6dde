/* journal_snapshot_write: a snapshot's file, from its creation to its name. */

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "daemon/crc32c.h"
#include "daemon/journal_parts.h"

/*
 * What has been written is synced this often, so that a batch's sync never
 * waits for more than this of a snapshot.
 */
#define SYNC_EVERY (1024 * 1024) /* bytes */

static bool
failed(struct snapshot_file *, const char *, const char *, char *, size_t);

void
snapshot_name(uint64_t seq, char name[SEGMENT_NAME_SIZE])
{
	snprintf(name, SEGMENT_NAME_SIZE, "%0*" PRIu64 SNAPSHOT_SUFFIX,
	    NAME_DIGITS, seq);
}

bool
snapshot_create(struct snapshot_file *file,
    const struct journal_snapshots *snapshots, char *error, size_t size)
{
	struct snapshot_header header = {.format = le32(JOURNAL_FORMAT),
	    .data_offset = le32(SNAPSHOT_DATA_OFFSET),
	    .seq = le64(snapshots->seq),
	    .taken = le64((uint64_t)snapshots->taken),
	    .segment = le64(snapshots->segment)};

	memcpy(header.magic, SNAPSHOT_MAGIC, sizeof header.magic);
	memcpy(header.journal_id, file->store.id, JOURNAL_ID_SIZE);
	header.crc =
	    le32(crc32c(0, &header, offsetof(struct snapshot_header, crc)));
	file->position = file->synced = 0;
	file->error = 0;
	file->seed = store_seed(file->store.id, snapshots->seq);
	file->fd = store_open(
	    &file->store, SNAPSHOT_NEW_NAME, O_WRONLY | O_CREAT | O_TRUNC);
	if (file->fd == -1)
		return failed(file, SNAPSHOT_NEW_NAME, "create", error, size);
	return snapshot_write(file, &header, sizeof header, error, size);
}

bool
snapshot_write(struct snapshot_file *file, const void *bytes, size_t n,
    char *error, size_t size)
{
	if (!store_write(&file->store, file->fd, bytes, n, file->position))
		return failed(file, SNAPSHOT_NEW_NAME, "write", error, size);
	file->position += (off_t)n;
	return file->position - file->synced < SYNC_EVERY ||
	    snapshot_sync(file, error, size);
}

bool
snapshot_sync(struct snapshot_file *file, char *error, size_t size)
{
	if (store_sync(&file->store, file->fd) == -1)
		return failed(file, SNAPSHOT_NEW_NAME, "sync", error, size);
	file->synced = file->position;
	return true;
}

bool
snapshot_publish(
    struct snapshot_file *file, uint64_t seq, char *error, size_t size)
{
	char name[SEGMENT_NAME_SIZE];

	snapshot_name(seq, name);
	if (store_rename(&file->store, SNAPSHOT_NEW_NAME, name) == -1)
		return failed(
		    file, name, "give a new snapshot this name", error, size);
	close(file->fd);
	file->fd = -1;
	return store_sync_directory(&file->store) == 0 ||
	    failed(file, "", "sync this directory", error, size);
}

void
snapshot_discard(struct snapshot_file *file)
{
	if (file->fd == -1)
		return;
	close(file->fd);
	file->fd = -1;
	store_unlink(&file->store, SNAPSHOT_NEW_NAME);
}

/* Of errno; the daemon goes on without this snapshot. */
static bool
failed(struct snapshot_file *file, const char *name, const char *what,
    char *error, size_t size)
{
	const char *advice = "weird goes on without a new snapshot, keeps all "
			     "of the journal meanwhile, and tries again later";

	file->error = errno;
	if (errno == ENOSPC || errno == EDQUOT)
		advice = "make room on that file system: until then no "
			 "snapshot is written and the journal grows";
	return segment_refused(
	    &file->store, name, what, -1, file->error, advice, error, size);
}
