/* segment: one file of the journal, made and written. */

#include "daemon/segment.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/crc32c.h"

/*
 * An fdatasync is cheapest where it overwrites blocks that have been written
 * before: the file system then has nothing of its own to make durable.  Zeroing
 * a whole segment takes 10 to 35 ms and more on a slow disk, so it is done a
 * piece at a time, by the commit thread between batches.
 */
#define ZERO_PIECE (256 * 1024)
#define ZERO_AHEAD                                                \
	(128 * 1024) /* less than this ahead: zero the next piece \
		      */

static const unsigned char zeros[64 * 1024];

static bool check_header(const struct segment_store *, const char *,
    const struct segment_header *, uint64_t, char *, size_t);
static void take_header(
    struct segment_store *, struct segment *, const struct segment_header *);
static bool
allocate(const struct segment_store *, struct segment *, off_t, char *, size_t);
static bool
zero(const struct segment_store *, struct segment *, off_t, char *, size_t);

void
segment_name(uint64_t first_seq, char name[SEGMENT_NAME_SIZE])
{
	if (first_seq == 0)
		snprintf(name, SEGMENT_NAME_SIZE, SEGMENT_SPARE_NAME);
	else
		snprintf(name, SEGMENT_NAME_SIZE, "%0*" PRIu64 SEGMENT_SUFFIX,
		    NAME_DIGITS, first_seq);
}

bool
segment_open(struct segment_store *store, uint64_t first_seq, int flags,
    struct segment *segment, char *error, size_t size)
{
	struct segment_header header;
	char name[SEGMENT_NAME_SIZE];
	struct stat st;
	ssize_t n;

	segment_name(first_seq, name);
	segment->full = false;
	segment->fd = store_open(store, name, flags);
	if (segment->fd == -1)
		return segment_system_error(
		    store, name, "open", -1, errno, error, size);
	n = pread(segment->fd, &header, sizeof header, 0);
	if (n == -1 || fstat(segment->fd, &st) == -1) {
		segment_system_error(
		    store, name, "read", 0, errno, error, size);
		goto fail;
	}
	if (n < (ssize_t)sizeof header || st.st_size < SEGMENT_DATA_OFFSET) {
		segment_error(error, size,
		    "%s/%s: damaged at offset %jd: the file ends within its "
		    "header; restore it from a backup",
		    store->path, name, (intmax_t)st.st_size);
		goto fail;
	}
	if (!check_header(store, name, &header, first_seq, error, size))
		goto fail;
	segment->size = st.st_size;
	/* Blocks of 512 bytes, whatever the file system's are. */
	segment->reserved =
	    (off_t)st.st_blocks * 512 >= st.st_size ? st.st_size : 0;
	take_header(store, segment, &header);
	return true;
fail:
	segment_close(segment);
	return false;
}

static bool
check_header(const struct segment_store *store, const char *name,
    const struct segment_header *header, uint64_t first_seq, char *error,
    size_t size)
{
	const char *dir = store->path;
	uint32_t format = le32_get(&header->format);

	if (memcmp(header->magic, SEGMENT_MAGIC, sizeof header->magic) != 0)
		return segment_error(error, size,
		    "%s/%s: damaged at offset 0: not a journal segment; "
		    "restore it from a backup",
		    dir, name);
	if (crc32c(0, header, offsetof(struct segment_header, crc)) !=
	    le32_get(&header->crc))
		return segment_error(error, size,
		    "%s/%s: damaged at offset 0: the header's checksum is "
		    "wrong; restore the file from a backup",
		    dir, name);
	if (format != JOURNAL_FORMAT ||
	    le32_get(&header->data_offset) != SEGMENT_DATA_OFFSET)
		return segment_error(error, size,
		    "%s/%s: offset 8: journal format %" PRIu32
		    ", and this weird reads format %d; start the version that "
		    "wrote it",
		    dir, name, format, JOURNAL_FORMAT);
	if (le64_get(&header->first_seq) != first_seq)
		return segment_error(error, size,
		    "%s/%s: offset 40: the segment begins with record %" PRIu64
		    ", not with the one it is named after: a copy or a wrong "
		    "name; move it away or give it its name back",
		    dir, name, le64_get(&header->first_seq));
	if (store->has_id &&
	    memcmp(store->id, header->journal_id, JOURNAL_ID_SIZE) != 0)
		return segment_error(error, size,
		    "%s/%s: offset 16: the segment is another journal's; move "
		    "it away and put this journal's own back",
		    dir, name);
	return true;
}

static void
take_header(struct segment_store *store, struct segment *segment,
    const struct segment_header *header)
{
	if (!store->has_id)
		memcpy(store->id, header->journal_id, JOURNAL_ID_SIZE);
	store->has_id = true;
	segment->number = le64_get(&header->number);
	segment->first_seq = le64_get(&header->first_seq);
	segment->first_batch = le64_get(&header->first_batch);
	segment->seed = store_seed(store->id, segment->number);
	segment->position = SEGMENT_DATA_OFFSET;
	segment->zeroed = segment->position;
}

void
segment_close(struct segment *segment)
{
	if (segment->fd != -1)
		close(segment->fd);
	segment->fd = -1;
}

bool
segment_make(const struct segment_store *store, struct segment *segment,
    char *error, size_t size)
{
	memset(segment, 0, sizeof *segment);
	segment->fd =
	    store_open(store, SEGMENT_SPARE_NAME, O_RDWR | O_CREAT | O_TRUNC);
	if (segment->fd == -1)
		return segment_system_error(store, SEGMENT_SPARE_NAME, "create",
		    -1, errno, error, size);
	if (!allocate(store, segment, store->size, error, size) ||
	    !segment_zero_ahead(store, segment, error, size) || segment->full) {
		segment_close(segment);
		/* What it has of the disk's last room is for others. */
		store_unlink(store, SEGMENT_SPARE_NAME);
		return false;
	}
	segment->position = SEGMENT_DATA_OFFSET;
	return true;
}

static bool
allocate(const struct segment_store *store, struct segment *segment, off_t to,
    char *error, size_t size)
{
	int result = store_allocate(store, segment->fd, to);

	/*
	 * Some file systems can't (ZFS): the length alone must do there, and
	 * what the daemon keeps free of the disk.
	 */
	if (result == EINVAL || result == EOPNOTSUPP || result == ENOSYS)
		result = ftruncate(segment->fd, to) == -1 ? errno : 0;
	if (result != 0)
		return segment_system_error(store, SEGMENT_SPARE_NAME,
		    "reserve space for a new segment", -1, result, error, size);
	segment->size = segment->reserved = to;
	return true;
}

bool
segment_begin(const struct segment_store *store, struct segment *segment,
    uint64_t number, uint64_t seq, uint64_t batch, char *error, size_t size)
{
	struct segment_header header = {.format = le32(JOURNAL_FORMAT)};

	memcpy(header.magic, SEGMENT_MAGIC, sizeof header.magic);
	memcpy(header.journal_id, store->id, JOURNAL_ID_SIZE);
	header.data_offset = le32(SEGMENT_DATA_OFFSET);
	header.number = le64(number);
	header.first_seq = le64(seq);
	header.first_batch = le64(batch);
	header.crc =
	    le32(crc32c(0, &header, offsetof(struct segment_header, crc)));
	segment->number = number;
	segment->first_seq = seq;
	segment->first_batch = batch;
	segment->seed = store_seed(store->id, number);
	if (!store_write(store, segment->fd, &header, sizeof header, 0))
		return segment_system_error(
		    store, SEGMENT_SPARE_NAME, "write", 0, errno, error, size);
	return true;
}

bool
segment_write(const struct segment_store *store, struct segment *segment,
    const void *bytes, size_t n, char *error, size_t size)
{
	char name[SEGMENT_NAME_SIZE];

	if (!store_write(store, segment->fd, bytes, n, segment->position)) {
		segment_name(segment->first_seq, name);
		return segment_system_error(store, name, "write",
		    segment->position, errno, error, size);
	}
	segment->position += (off_t)n;
	if (segment->size < segment->position)
		segment->size = segment->position;
	if (segment->zeroed < segment->position)
		segment->zeroed = segment->position;
	return true;
}

bool
segment_sync(const struct segment_store *store, const struct segment *segment,
    char *error, size_t size)
{
	char name[SEGMENT_NAME_SIZE];

	if (store_sync(store, segment->fd) == 0)
		return true;
	segment_name(segment->first_seq, name);
	return segment_system_error(
	    store, name, "sync", segment->position, errno, error, size);
}

bool
segment_publish(const struct segment_store *store,
    const struct segment *segment, char *error, size_t size)
{
	char name[SEGMENT_NAME_SIZE];

	segment_name(segment->first_seq, name);
	if (store_rename(store, SEGMENT_SPARE_NAME, name) == -1)
		return segment_system_error(store, name,
		    "give a new segment this name", -1, errno, error, size);
	return segment_sync_directory(store, error, size);
}

bool
segment_sync_directory(
    const struct segment_store *store, char *error, size_t size)
{
	/* A full sync: fdatasync may pass over what names a directory holds. */
	if (store_sync_directory(store) == 0)
		return true;
	return segment_system_error(
	    store, "", "sync this directory", -1, errno, error, size);
}

bool
segment_zeroing_due(const struct segment *segment)
{
	return segment->zeroed < segment->size &&
	    segment->zeroed - segment->position < ZERO_AHEAD;
}

bool
segment_zero_ahead(const struct segment_store *store, struct segment *segment,
    char *error, size_t size)
{
	off_t to = segment->zeroed + ZERO_PIECE;

	/* Pieces end where blocks end. */
	to -= to % SEGMENT_DATA_OFFSET;
	if (to > segment->size)
		to = segment->size;
	if (!zero(store, segment, to, error, size))
		return segment->full;
	if (!segment_sync(store, segment, error, size))
		return false;
	segment->zeroed = to;
	return true;
}

static bool
zero(const struct segment_store *store, struct segment *segment, off_t to,
    char *error, size_t size)
{
	off_t from = segment->zeroed;
	char name[SEGMENT_NAME_SIZE];
	size_t n;

	while (from < to) {
		n = to - from < (off_t)sizeof zeros ? (size_t)(to - from)
						    : sizeof zeros;
		if (!store_write(store, segment->fd, zeros, n, from)) {
			segment->full = errno == ENOSPC || errno == EDQUOT;
			segment_name(segment->first_seq, name);
			return segment_system_error(store, name, "write zeros",
			    from, errno, error, size);
		}
		from += (off_t)n;
	}
	return true;
}

uint64_t
segment_room(const struct segment *segment)
{
	off_t end = segment->zeroed > segment->reserved ? segment->zeroed
							: segment->reserved;

	if (segment->fd == -1 || end < segment->position)
		return 0;
	return (uint64_t)(end - segment->position);
}

bool
segment_grow(const struct segment_store *store, struct segment *segment,
    off_t to, char *error, size_t size)
{
	return allocate(store, segment, to, error, size);
}
