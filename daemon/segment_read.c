/* segment_read: the records of a segment, read and finished. */

#include "daemon/segment.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/core/alloc.h"
#include "daemon/crc32c.h"

static bool window_move(struct window *, off_t, off_t, size_t);
static bool all_zero(const unsigned char *, size_t);
static bool valid_flags(const struct record *);

bool
window_open(struct window *window, int fd, size_t capacity)
{
	struct stat st;

	memset(window, 0, sizeof *window);
	window->fd = fd;
	if (fstat(fd, &st) == -1) {
		window->error = errno;
		return false;
	}
	window->file_size = st.st_size;
	window->capacity = capacity;
	window->bytes = xmalloc(capacity);
	return true;
}

void
window_close(struct window *window)
{
	free(window->bytes);
	window->bytes = NULL;
}

const unsigned char *
window_at(struct window *window, off_t keep, off_t offset, size_t size)
{
	if (offset > window->file_size ||
	    (off_t)size > window->file_size - offset)
		return NULL;
	if (keep < window->start ||
	    offset + (off_t)size > window->start + (off_t)window->filled) {
		if (!window_move(window, keep, offset, size))
			return NULL;
	}
	return window->bytes + (offset - window->start);
}

/* Brings [keep, offset + size) into memory, and what else there is room for. */
static bool
window_move(struct window *window, off_t keep, off_t offset, size_t size)
{
	size_t need = (size_t)(offset - keep) + size, have = 0;
	off_t end = window->start + (off_t)window->filled;
	ssize_t n;

	if (keep >= window->start && keep < end) {
		have = (size_t)(end - keep);
		memmove(window->bytes, window->bytes + (keep - window->start),
		    have);
	}
	window->start = keep;
	window->filled = have;
	if (need > window->capacity) {
		window->capacity =
		    need > window->capacity * 2 ? need : window->capacity * 2;
		window->bytes =
		    xreallocarray(window->bytes, window->capacity, 1);
	}
	while (window->filled < need) {
		n = pread(window->fd, window->bytes + window->filled,
		    window->capacity - window->filled,
		    keep + (off_t)window->filled);
		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0) {
			/* Shorter than it was: somebody else is at work. */
			window->error = n == -1 ? errno : EIO;
			return false;
		}
		window->filled += (size_t)n;
	}
	return true;
}

static bool
all_zero(const unsigned char *p, size_t n)
{
	while (n > 0 && *p == 0) {
		p++;
		n--;
	}
	return n == 0;
}

static bool
valid_flags(const struct record *record)
{
	const uint32_t seal = RECORD_SEAL | RECORD_GROUP_END | RECORD_BATCH_END;

	if ((record->flags & RECORD_CHUNK) != 0)
		return record->seq > 0 &&
		    (record->flags & ~(RECORD_CHUNK | RECORD_LAST_CHUNK)) == 0;
	/* A seal is a batch and a group of its own, with nothing in it. */
	if ((record->flags & RECORD_SEAL) != 0)
		return record->length == 0 &&
		    (record->flags == seal ||
			record->flags == (seal | RECORD_CLOSED) ||
			record->flags == (seal | RECORD_CONTINUED));
	return record->seq > 0 &&
	    (record->flags & ~(RECORD_GROUP_END | RECORD_BATCH_END)) == 0;
}

bool
record_header_decode(
    const unsigned char *p, uint32_t seed, off_t offset, struct record *record)
{
	struct record_header header;

	memcpy(&header, p, sizeof header);
	record->flags = le32_get(&header.flags);
	record->length = le32_get(&header.length);
	record->seq = le64_get(&header.seq);
	if (!valid_flags(record) || record->length > JOURNAL_RECORD_MAX)
		return false;
	if (crc32c(seed, p, offsetof(struct record_header, header_crc)) !=
	    le32_get(&header.header_crc))
		return false;
	record->batch = le64_get(&header.batch);
	record->next = offset + (off_t)sizeof header +
	    (off_t)record_padded(record->length);
	return true;
}

enum record_found
record_at(struct window *window, uint32_t seed, off_t keep, off_t offset,
    struct record *record)
{
	const unsigned char *p;
	struct le32 payload_crc;
	off_t payload = offset + (off_t)sizeof(struct record_header);
	size_t padded;

	p = window_at(window, keep, offset, sizeof(struct record_header));
	if (p == NULL)
		return window->error != 0 ? RECORD_UNREADABLE : RECORD_NONE;
	if (all_zero(p, sizeof(struct record_header)))
		return RECORD_NONE;
	if (!record_header_decode(p, seed, offset, record))
		return RECORD_BAD;
	memcpy(&payload_crc, p + offsetof(struct record_header, payload_crc),
	    sizeof payload_crc);
	padded = record_padded(record->length);
	p = window_at(window, keep, payload, padded);
	if (p == NULL)
		return window->error != 0 ? RECORD_UNREADABLE : RECORD_BAD;
	if (crc32c(seed, p, padded) != le32_get(&payload_crc))
		return RECORD_BAD;
	record->bytes = (const char *)p;
	return RECORD_FOUND;
}

void
record_finish(unsigned char *p, uint32_t seed, uint64_t batch, bool ends_batch)
{
	struct record_header header;
	size_t padded;

	memcpy(&header, p, sizeof header);
	padded = record_padded(le32_get(&header.length));
	header.payload_crc = le32(crc32c(seed, p + sizeof header, padded));
	header.batch = le64(batch);
	if (ends_batch)
		header.flags = le32(le32_get(&header.flags) | RECORD_BATCH_END);
	header.header_crc = le32(
	    crc32c(seed, &header, offsetof(struct record_header, header_crc)));
	memcpy(p, &header, sizeof header);
}
