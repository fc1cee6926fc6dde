/* journal_open: finds, recovers and starts a journal. */

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/core/alloc.h"
#include "daemon/journal_parts.h"

#define SEGMENT_SIZE_DEFAULT (16 * 1024 * 1024)
#define SEGMENT_SIZE_MIN (2 * SEGMENT_DATA_OFFSET)

static bool
recover(struct journal *, const struct journal_readers *, char *, size_t);
static bool settle(struct journal *, char *, size_t);
static bool
remove_left(const struct segment_store *, const char *, char *, size_t);
static bool make_wake(struct journal *, char *, size_t);
static int start_threads(struct journal *, char *, size_t);
static int system_open(int, const char *, int, mode_t);
static int system_rename(int, const char *, const char *);
static int system_unlink(int, const char *);
static void system_forget(int);

static const struct journal_io system_io = {
    .write = pwrite,
    .sync = fdatasync,
    .sync_directory = fsync,
    .allocate = posix_fallocate,
    .open = system_open,
    .rename = system_rename,
    .unlink = system_unlink,
    .forget = system_forget,
};

struct journal *
journal_open(const struct journal_options *options,
    const struct journal_readers *readers, char *error, size_t size)
{
	struct journal *journal = journal_new(options);
	int refused = 0;
	bool ok;

	journal->store.refused = &refused;
	ok = journal_open_directory(journal, error, size) &&
	    recover(journal, readers, error, size) &&
	    make_wake(journal, error, size);
	journal->store.refused = NULL; /* the threads are not to write to it */
	if (ok)
		refused = start_threads(journal, error, size);
	if (ok && refused == 0)
		return journal;
	if (journal->snapshots.has_thread)
		journal_stop_snapshots(journal);
	journal_free(journal);
	errno = refused;
	return NULL;
}

struct journal *
journal_new(const struct journal_options *options)
{
	struct journal *journal = xcalloc(1, sizeof *journal);
	size_t size = options->segment_size;
	pthread_condattr_t attributes;

	if (size == 0)
		size = SEGMENT_SIZE_DEFAULT;
	if (size < SEGMENT_SIZE_MIN)
		size = SEGMENT_SIZE_MIN;
	journal->store.dir = -1;
	journal->store.path = xstrdup(options->dir);
	journal->store.io = options->io != NULL ? options->io : &system_io;
	journal->store.size = (off_t)size;
	journal->written = options->begin_after;
	journal->keep = options->keep;
	journal->warn = options->warn;
	journal->ctx = options->ctx;
	journal->active.fd = journal->previous.fd = journal->spare.fd = -1;
	journal->wake = (struct wake)WAKE_NONE;
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&journal->work, &attributes);
	pthread_condattr_destroy(&attributes);
	pthread_cond_init(&journal->snapshots.work, NULL);
	pthread_cond_init(&journal->snapshots.ended, NULL);
	journal->snapshots.dir = -1;
	pthread_mutex_init(&journal->lock, NULL);
	return journal;
}

void
journal_free(struct journal *journal)
{
	segment_close(&journal->active);
	segment_close(&journal->previous);
	segment_close(&journal->spare);
	if (journal->store.dir != -1)
		close(journal->store.dir);
	wake_close(&journal->wake);
	if (journal->snapshots.dir != -1)
		close(journal->snapshots.dir);
	pthread_cond_destroy(&journal->work);
	pthread_cond_destroy(&journal->snapshots.work);
	pthread_cond_destroy(&journal->snapshots.ended);
	pthread_mutex_destroy(&journal->lock);
	free(journal->store.path);
	free(journal->gathering.bytes);
	free(journal->handed.bytes);
	free(journal->segments);
	free(journal->snapshots.chunks.bytes);
	free(journal->snapshots.files);
	free(journal);
}

bool
journal_open_directory(struct journal *journal, char *error, size_t size)
{
	struct segment_store *store = &journal->store;

	store->dir = open(store->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (store->dir == -1)
		return segment_system_error(
		    store, "", "open this directory", -1, errno, error, size);
	return true;
}

static bool
recover(struct journal *journal, const struct journal_readers *readers,
    char *error, size_t size)
{
	struct journal_listing listing;
	uint64_t seq;
	bool ok;

	if (!journal_list(&journal->store, &listing, error, size))
		return false;
	if (listing.nunknown > 0)
		journal_warn(journal,
		    "%s/%s: not a file of the journal, left alone (%zu such "
		    "in the directory)",
		    journal->store.path, listing.unknown, listing.nunknown);
	if (listing.nsegments == 0) {
		journal->clean = true;
		ok = journal_check_alone(journal, &listing, error, size) &&
		    journal_first_segment(journal, error, size);
	} else {
		ok = journal_learn_id(journal, &listing, error, size) &&
		    journal_restore(
			journal, &listing, readers, &seq, error, size) &&
		    journal_replay(
			journal, &listing, readers, seq, error, size) &&
		    settle(journal, error, size);
	}
	journal_listing_free(&listing);
	journal->last = journal->whole_last = journal->written;
	journal->durable = journal->synced = journal->written;
	if (ok)
		journal_take_figures(journal);
	return ok;
}

/* The oldest segment's id is the journal's; all other files have to have it. */
bool
journal_learn_id(struct journal *journal, const struct journal_listing *listing,
    char *error, size_t size)
{
	struct segment oldest;

	if (!segment_open(&journal->store, listing->segments[0], O_RDONLY,
		&oldest, error, size))
		return false;
	segment_close(&oldest);
	return true;
}

/* Snapshots without segments are what is left of a journal, not a new one. */
bool
journal_check_alone(const struct journal *journal,
    const struct journal_listing *listing, char *error, size_t size)
{
	char name[SEGMENT_NAME_SIZE];

	if (listing->nsnapshots == 0)
		return true;
	snapshot_name(listing->snapshots[0], name);
	return segment_error(error, size,
	    "%s/%s: there is a snapshot but no segment; restore the "
	    "segments, or move the snapshot away to begin a new journal",
	    journal->store.path, name);
}

/*
 * The names become durable before anything is built on them: the daemon before
 * may have ended between a rename and its sync.  What that daemon hadn't given
 * a name to holds nothing that was acknowledged.  Where it didn't end as it
 * should, its last segment is never written again.
 */
static bool
settle(struct journal *journal, char *error, size_t size)
{
	struct segment_store *store = &journal->store;

	if (!remove_left(store, SEGMENT_SPARE_NAME, error, size) ||
	    !remove_left(store, SNAPSHOT_NEW_NAME, error, size) ||
	    !segment_sync_directory(store, error, size))
		return false;
	return journal->clean || journal_next_segment(journal, error, size);
}

static bool
remove_left(const struct segment_store *store, const char *name, char *error,
    size_t size)
{
	if (store_unlink(store, name) == 0 || errno == ENOENT)
		return true;
	return segment_system_error(
	    store, name, "remove", -1, errno, error, size);
}

static bool
make_wake(struct journal *journal, char *error, size_t size)
{
	if (wake_open(&journal->wake))
		return true;
	store_refused(&journal->store, errno);
	return segment_error(error, size,
	    "%s: cannot make a descriptor to be woken by: %s; raise the limit "
	    "of open files and start again",
	    journal->store.path, strerror(errno));
}

/* An errno, with a sentence; 0: they run. */
static int
start_threads(struct journal *journal, char *error, size_t size)
{
	struct journal_snapshots *snapshots = &journal->snapshots;
	int result;

	snapshots->dir =
	    store_open(&journal->store, ".", O_RDONLY | O_DIRECTORY);
	if (snapshots->dir == -1) {
		result = errno;
		segment_system_error(&journal->store, "", "open this directory",
		    -1, result, error, size);
		return result;
	}
	result =
	    thread_start(&snapshots->thread, journal_snapshot_thread, journal);
	snapshots->has_thread = result == 0;
	if (result == 0)
		result = thread_start(
		    &journal->thread, journal_commit_thread, journal);
	if (result == 0)
		return 0;
	segment_error(error, size,
	    "%s: cannot start the journal's threads: %s; raise the limit of "
	    "processes and start again",
	    journal->store.path, strerror(result));
	return result;
}

void
journal_warn(const struct journal *journal, const char *fmt, ...)
{
	char line[JOURNAL_ERROR_SIZE];
	va_list ap;

	if (journal->warn == NULL)
		return;
	va_start(ap, fmt);
	vsnprintf(line, sizeof line, fmt, ap);
	va_end(ap);
	journal->warn(journal->ctx, line);
}

static int
system_rename(int dir, const char *from, const char *to)
{
	return renameat(dir, from, dir, to);
}

static int
system_open(int dir, const char *name, int flags, mode_t mode)
{
	return openat(dir, name, flags, mode);
}

static int
system_unlink(int dir, const char *name)
{
	return unlinkat(dir, name, 0);
}

/* Where a sync failed the system may have kept pages that aren't on the disk.
 */
static void
system_forget(int fd)
{
#ifdef POSIX_FADV_DONTNEED
	posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
#else
	(void)fd;
#endif
}
