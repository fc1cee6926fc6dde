/*
 * journal_compact: takes away what the newest snapshot and the one before it
 * make superfluous, but for as much as is to be kept.  The oldest goes first
 * and durably, so that what is left is at every instant all from some record
 * on.
 */

#include <errno.h>
#include <string.h>

#include "daemon/core/alloc.h"
#include "daemon/journal_parts.h"

static bool
drop_snapshots(struct journal *, struct snapshot_file *, char *, size_t);
static bool unneeded(const struct journal_snapshots *, size_t *);
static bool
drop_segments(struct journal *, struct snapshot_file *, char *, size_t);
static void put_back(struct journal *, const struct journal_segment *);
static bool remove_file(
    struct journal *, struct snapshot_file *, const char *, char *, size_t);

bool
journal_compact(struct journal *journal, struct snapshot_file *file,
    char *error, size_t size)
{
	return drop_snapshots(journal, file, error, size) &&
	    drop_segments(journal, file, error, size);
}

static bool
drop_snapshots(struct journal *journal, struct snapshot_file *file, char *error,
    size_t size)
{
	struct journal_snapshots *snapshots = &journal->snapshots;
	char name[SEGMENT_NAME_SIZE];
	size_t i;

	while (!snapshots->stopping && unneeded(snapshots, &i)) {
		snapshot_name(snapshots->files[i], name);
		if (!remove_file(journal, file, name, error, size))
			return false;
		snapshots->nfiles--;
		memmove(snapshots->files + i, snapshots->files + i + 1,
		    (snapshots->nfiles - i) * sizeof *snapshots->files);
	}
	return true;
}

static bool
unneeded(const struct journal_snapshots *snapshots, size_t *i)
{
	for (*i = 0; *i < snapshots->nfiles; ++*i)
		if (snapshots->files[*i] != snapshots->newest &&
		    (!snapshots->has_older ||
			snapshots->files[*i] != snapshots->older))
			return true;
	return false;
}

/* They leave the list first, so that journal_read looks for none in vain. */
static bool
drop_segments(struct journal *journal, struct snapshot_file *file, char *error,
    size_t size)
{
	const struct journal_snapshots *snapshots = &journal->snapshots;
	struct journal_segment oldest;
	char name[SEGMENT_NAME_SIZE];
	bool ok = true;

	while (ok && !snapshots->stopping && snapshots->has_older &&
	    journal->nsegments > 1 &&
	    journal->segments[1].first_seq <= snapshots->older + 1 &&
	    journal->bytes - journal->segments[0].bytes >= journal->keep) {
		oldest = journal->segments[0];
		journal->nsegments--;
		memmove(journal->segments, journal->segments + 1,
		    journal->nsegments * sizeof oldest);
		journal->bytes -= oldest.bytes;
		segment_name(oldest.first_seq, name);
		ok = remove_file(journal, file, name, error, size);
		if (!ok)
			put_back(journal, &oldest);
	}
	return ok;
}

static void
put_back(struct journal *journal, const struct journal_segment *oldest)
{
	journal->segments = xreallocarray(journal->segments,
	    journal->nsegments + 1, sizeof *journal->segments);
	memmove(journal->segments + 1, journal->segments,
	    journal->nsegments * sizeof *oldest);
	journal->segments[0] = *oldest;
	journal->nsegments++;
	journal->bytes += oldest->bytes;
}

static bool
remove_file(struct journal *journal, struct snapshot_file *file,
    const char *name, char *error, size_t size)
{
	const char *what = "remove";
	int number = 0;

	pthread_mutex_unlock(&journal->lock);
	if (store_unlink(&file->store, name) == -1 && errno != ENOENT) {
		number = errno;
	} else if (store_sync_directory(&file->store) == -1) {
		number = errno;
		what = "sync the directory after removing";
	}
	if (number != 0)
		segment_refused(&file->store, name, what, -1, number,
		    "weird goes on and tries again after the next snapshot",
		    error, size);
	pthread_mutex_lock(&journal->lock);
	file->error = number;
	return number == 0;
}

void
journal_note_snapshot(struct journal *journal, uint64_t seq)
{
	struct journal_snapshots *snapshots = &journal->snapshots;

	for (size_t i = 0; i < snapshots->nfiles; i++)
		if (snapshots->files[i] == seq)
			return;
	snapshots->files = xreallocarray(
	    snapshots->files, snapshots->nfiles + 1, sizeof *snapshots->files);
	snapshots->files[snapshots->nfiles++] = seq;
}
