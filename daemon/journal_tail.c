/*
 * journal_tail: what stands behind the last whole group.  A batch is written
 * only after the one before it is durable.  So where a record is bad and a
 * later batch's is there, the bad one had been durable: damage.  Otherwise it
 * belongs to the write that the crash interrupted, which nobody was answered.
 */

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "daemon/journal_parts.h"

#define TORN_NAME_SIZE 80
#define COPY_PIECE (64 * 1024) /* bytes */

struct search {
	off_t last_used;      /* behind the last byte that isn't zero */
	off_t later;	      /* a record of a later batch; 0: none */
	struct record record; /* that one */
};

static bool
unproven(const struct journal *, const struct journal_tail *, char *, size_t);
static bool search(struct journal *, struct window *,
    const struct journal_tail *, struct search *, char *, size_t);
static off_t skip_unwritten(const struct window *, off_t);
static void search_piece(const unsigned char *, size_t, off_t, uint32_t,
    const struct journal_tail *, struct search *);
static bool set_aside(struct journal *, struct window *,
    const struct journal_tail *, off_t, char *, size_t);
static bool save(const struct segment_store *, struct window *, const char *,
    off_t, off_t, char *, size_t);
static int
copy(const struct segment_store *, struct window *, int, off_t, off_t);
static void torn_name(uint64_t, char[TORN_NAME_SIZE]);

bool
journal_tail_settle(struct journal *journal, struct window *window,
    struct journal_tail *tail, char *error, size_t size)
{
	struct search found = {.last_used = tail->whole};
	char name[SEGMENT_NAME_SIZE];

	if (tail->whole_seq < tail->proven)
		return unproven(journal, tail, error, size);
	if (!search(journal, window, tail, &found, error, size))
		return false;
	if (found.later != 0) {
		segment_name(journal->active.first_seq, name);
		return segment_error(error, size,
		    "%s/%s: damaged at offset %jd: what should be record "
		    "%" PRIu64 " isn't valid, and a later batch's record, "
		    "%" PRIu64 " at offset %jd, shows that it once was; "
		    "restore the file from a backup (nothing was changed)",
		    journal->store.path, name, (intmax_t)tail->bad,
		    tail->whole_seq + 1, found.record.seq,
		    (intmax_t)found.later);
	}
	tail->torn = found.last_used != tail->whole;
	journal->torn_at = tail->whole;
	journal->torn_bytes = found.last_used - tail->whole;
	if (!tail->torn || journal->looking)
		return true;
	return set_aside(journal, window, tail, found.last_used, error, size);
}

/* A snapshot gets its name only when all that it includes is durable. */
static bool
unproven(const struct journal *journal, const struct journal_tail *tail,
    char *error, size_t size)
{
	char name[SEGMENT_NAME_SIZE], snapshot[SEGMENT_NAME_SIZE];

	segment_name(journal->active.first_seq, name);
	snapshot_name(tail->proven, snapshot);
	return segment_error(error, size,
	    "%s/%s: damaged at offset %jd: what should be record %" PRIu64
	    " isn't valid, and %s shows that all up to record %" PRIu64
	    " once was; restore the journal's files from one backup (nothing "
	    "was changed)",
	    journal->store.path, name, (intmax_t)tail->bad, tail->whole_seq + 1,
	    snapshot, tail->proven);
}

/* Looks through all from the last whole group to the file's end. */
static bool
search(struct journal *journal, struct window *window,
    const struct journal_tail *tail, struct search *found, char *error,
    size_t size)
{
	const size_t header = sizeof(struct record_header);
	const unsigned char *p;
	char name[SEGMENT_NAME_SIZE];
	off_t offset = tail->whole;
	size_t n;

	while (found->later == 0 &&
	    (offset = skip_unwritten(window, offset)) < window->file_size) {
		n = window->file_size - offset < COPY_PIECE
		    ? (size_t)(window->file_size - offset)
		    : COPY_PIECE;
		p = window_at(window, offset, offset, n);
		if (p == NULL) {
			segment_name(journal->active.first_seq, name);
			return segment_system_error(&journal->store, name,
			    "read", offset, window->error, error, size);
		}
		search_piece(p, n, offset, journal->active.seed, tail, found);
		if (n < COPY_PIECE)
			break;
		/* A header may lie across the end of this piece. */
		offset += (off_t)(n - header + RECORD_ALIGNMENT);
	}
	return true;
}

/* Blocks that were reserved and never written are zeros: no need to read. */
static off_t
skip_unwritten(const struct window *window, off_t offset)
{
#ifdef SEEK_DATA
	off_t data = lseek(window->fd, offset, SEEK_DATA);

	if (data == -1 && errno == ENXIO)
		return window->file_size;
	if (data > offset)
		return data - data % RECORD_ALIGNMENT;
#else
	(void)window;
#endif
	return offset;
}

static void
search_piece(const unsigned char *p, size_t n, off_t offset, uint32_t seed,
    const struct journal_tail *tail, struct search *found)
{
	static const unsigned char zeros[RECORD_ALIGNMENT];
	size_t header = sizeof(struct record_header), used;
	struct record record;

	for (size_t i = 0; i < n; i += RECORD_ALIGNMENT) {
		used = n - i < RECORD_ALIGNMENT ? n - i : RECORD_ALIGNMENT;
		if (memcmp(p + i, zeros, used) != 0) {
			while (p[i + used - 1] == 0)
				used--;
			found->last_used = offset + (off_t)(i + used);
		}
		if (n - i < header || offset + (off_t)i < tail->bad)
			continue;
		if (record_header_decode(
			p + i, seed, offset + (off_t)i, &record) &&
		    record.batch > tail->batch &&
		    (record.flags & RECORD_CHUNK) == 0) {
			found->later = offset + (off_t)i;
			found->record = record;
			return;
		}
	}
}

static bool
set_aside(struct journal *journal, struct window *window,
    const struct journal_tail *tail, off_t end, char *error, size_t size)
{
	struct segment_store *store = &journal->store;
	char name[SEGMENT_NAME_SIZE], torn[TORN_NAME_SIZE];

	segment_name(journal->active.first_seq, name);
	torn_name(tail->whole_seq + 1, torn);
	if (!save(store, window, torn, tail->whole, end, error, size))
		return false;
	journal_warn(journal,
	    "%s/%s: the last write was torn: %jd bytes at offset %jd, behind "
	    "record %" PRIu64 ", are left out and saved in %s; they were never "
	    "acknowledged",
	    store->path, name, (intmax_t)(end - tail->whole),
	    (intmax_t)tail->whole, tail->whole_seq, torn);
	return true;
}

/* Makes a file with the bytes from from to to, durably. */
static bool
save(const struct segment_store *store, struct window *window, const char *name,
    off_t from, off_t to, char *error, size_t size)
{
	int failed, fd;

	fd = store_open(store, name, O_WRONLY | O_CREAT | O_EXCL);
	if (fd == -1)
		return segment_system_error(
		    store, name, "create", -1, errno, error, size);
	failed = copy(store, window, fd, from, to);
	if (close(fd) == -1 && failed == 0)
		failed = errno;
	if (failed != 0) {
		/* The next start saves it again. */
		store_unlink(store, name);
		return segment_system_error(
		    store, name, "save a torn write", -1, failed, error, size);
	}
	return segment_sync_directory(store, error, size);
}

/* Gives an errno; 0 when all is copied and synced. */
static int
copy(const struct segment_store *store, struct window *window, int fd,
    off_t from, off_t to)
{
	const unsigned char *p;
	off_t done = 0;
	size_t n;

	while (from < to) {
		n = to - from < COPY_PIECE ? (size_t)(to - from) : COPY_PIECE;
		if ((p = window_at(window, from, from, n)) == NULL)
			return window->error != 0 ? window->error : EIO;
		if (!store_write(store, fd, p, n, done))
			return errno;
		from += (off_t)n;
		done += (off_t)n;
	}
	return store_sync(store, fd) == -1 ? errno : 0;
}

/* By the first record cut off, and the time, so that no two are the same. */
static void
torn_name(uint64_t seq, char name[TORN_NAME_SIZE])
{
	char when[32];
	struct timespec now;
	struct tm tm;

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &tm);
	strftime(when, sizeof when, "%Y%m%dT%H%M%S", &tm);
	snprintf(name, TORN_NAME_SIZE,
	    TORN_PREFIX "%0*" PRIu64 "-%s.%09ldZ.tail", NAME_DIGITS, seq, when,
	    now.tv_nsec);
}
