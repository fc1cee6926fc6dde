/* journal_open: finds, recovers and starts a journal. */

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#ifdef __linux__
#include <sys/eventfd.h>
#endif

#include "daemon/core/alloc.h"
#include "daemon/journal_parts.h"

#define SEGMENT_SIZE_DEFAULT (16 * 1024 * 1024)
#define SEGMENT_SIZE_MIN (2 * SEGMENT_DATA_OFFSET)

static struct journal *journal_new(const struct journal_options *);
static bool open_directory(struct journal *, char *, size_t);
static bool recover(struct journal *, journal_reader *, void *, char *, size_t);
static bool check_alone(
    const struct journal *, const struct journal_listing *, char *, size_t);
static void
warn_of_others(const struct journal *, const struct journal_listing *);
static bool settle(struct journal *, char *, size_t);
static bool make_wake(struct journal *, char *, size_t);
static bool start_thread(struct journal *, char *, size_t);
static int start_masked(struct journal *);
static int system_rename(int, const char *, const char *);

static const struct journal_io system_io = {
    .write = pwrite,
    .sync = fdatasync,
    .sync_directory = fsync,
    .allocate = posix_fallocate,
    .rename = system_rename,
};

struct journal *
journal_open(const struct journal_options *options, journal_reader *reader,
    void *ctx, char *error, size_t size)
{
	struct journal *journal = journal_new(options);

	if (open_directory(journal, error, size) &&
	    recover(journal, reader, ctx, error, size) &&
	    make_wake(journal, error, size) &&
	    start_thread(journal, error, size))
		return journal;
	journal_free(journal);
	return NULL;
}

static struct journal *
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
	journal->warn = options->warn;
	journal->ctx = options->ctx;
	journal->active.fd = journal->spare.fd = -1;
	journal->wake[0] = journal->wake[1] = -1;
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_cond_init(&journal->work, &attributes);
	pthread_condattr_destroy(&attributes);
	pthread_mutex_init(&journal->lock, NULL);
	return journal;
}

void
journal_free(struct journal *journal)
{
	segment_close(&journal->active);
	segment_close(&journal->spare);
	if (journal->store.dir != -1)
		close(journal->store.dir);
	if (journal->wake[0] != -1)
		close(journal->wake[0]);
	if (journal->wake[1] != -1 && journal->wake[1] != journal->wake[0])
		close(journal->wake[1]);
	pthread_cond_destroy(&journal->work);
	pthread_mutex_destroy(&journal->lock);
	free(journal->store.path);
	free(journal->gathering.bytes);
	free(journal->handed.bytes);
	free(journal->segments);
	free(journal);
}

static bool
open_directory(struct journal *journal, char *error, size_t size)
{
	struct segment_store *store = &journal->store;

	store->dir = open(store->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (store->dir == -1)
		return segment_system_error(
		    store, "", "open this directory", -1, errno, error, size);
	return true;
}

static bool
recover(struct journal *journal, journal_reader *reader, void *ctx, char *error,
    size_t size)
{
	struct journal_listing listing;
	bool ok;

	if (!journal_list(&journal->store, &listing, error, size))
		return false;
	warn_of_others(journal, &listing);
	if (listing.nsegments == 0)
		ok = check_alone(journal, &listing, error, size) &&
		    journal_first_segment(journal, error, size);
	else
		ok = journal_replay(
			 journal, &listing, reader, ctx, error, size) &&
		    settle(journal, error, size);
	journal_listing_free(&listing);
	journal->last = journal->whole_last = journal->written;
	journal->durable = journal->synced = journal->written;
	if (ok)
		journal_take_figures(journal);
	return ok;
}

/* Snapshots without segments are what is left of a journal, not a new one. */
static bool
check_alone(const struct journal *journal,
    const struct journal_listing *listing, char *error, size_t size)
{
	if (listing->nsnapshots == 0)
		return true;
	return segment_error(error, size,
	    "%s/%s: there is a snapshot but no segment; restore the "
	    "segments, or move the snapshot away to begin a new journal",
	    journal->store.path, listing->snapshot);
}

static void
warn_of_others(
    const struct journal *journal, const struct journal_listing *listing)
{
	if (listing->nsnapshots > 0)
		journal_warn(journal,
		    "%s/%s: a snapshot, which this version of weird does not "
		    "use: everything is read from the segments",
		    journal->store.path, listing->snapshot);
	if (listing->nunknown > 0)
		journal_warn(journal,
		    "%s/%s: not a file of the journal, left alone (%zu such "
		    "in the directory)",
		    journal->store.path, listing->unknown, listing->nunknown);
}

/*
 * What was read becomes what is durable before anything is built on it: the
 * daemon before may have ended between a write and its sync, or a rename and
 * its.  The spare of that daemon holds nothing that was acknowledged.
 */
static bool
settle(struct journal *journal, char *error, size_t size)
{
	struct segment_store *store = &journal->store;

	if (unlinkat(store->dir, SEGMENT_SPARE_NAME, 0) == -1 &&
	    errno != ENOENT)
		return segment_system_error(store, SEGMENT_SPARE_NAME, "remove",
		    -1, errno, error, size);
	if (!segment_sync(store, &journal->active, error, size) ||
	    !segment_sync_directory(store, error, size))
		return false;
	if (!journal->sealed && !journal_seal(journal, error, size))
		return false;
	journal_count_bytes(journal, &journal->active);
	return true;
}

static bool
make_wake(struct journal *journal, char *error, size_t size)
{
#ifdef __linux__
	journal->wake[0] = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	journal->wake[1] = journal->wake[0];
	if (journal->wake[0] != -1)
		return true;
#else
	if (pipe2(journal->wake, O_CLOEXEC | O_NONBLOCK) == 0)
		return true;
#endif
	return segment_error(error, size,
	    "%s: cannot make a descriptor to be woken by: %s; raise the limit "
	    "of open files and start again",
	    journal->store.path, strerror(errno));
}

static bool
start_thread(struct journal *journal, char *error, size_t size)
{
	int result = start_masked(journal);

	if (result == 0)
		return true;
	return segment_error(error, size,
	    "%s: cannot start the journal's thread: %s; raise the limit of "
	    "processes and start again",
	    journal->store.path, strerror(result));
}

/* Signals are for the loop's thread alone. */
static int
start_masked(struct journal *journal)
{
	sigset_t all, before;
	int result;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	result = pthread_create(
	    &journal->thread, NULL, journal_commit_thread, journal);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
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
