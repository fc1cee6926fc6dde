/*
 * journal: the append-only write-ahead log.  weir-journal(5) has the format.
 *
 * Records are appended to a buffer; journal_commit hands what has gathered to
 * a thread of the journal's own that writes and syncs it as one batch, so the
 * loop never waits for a disk.  One batch is in flight at a time.  A failed
 * write or sync is final: journal_collect tells it, and nothing of that batch
 * or any later one is ever durable.
 *
 * A second after the last batch the thread writes, once, an empty record that
 * seals it; the caller has nothing to do for that.  All functions are for one
 * thread, the loop's, and warn is only ever called from within them.
 */
#ifndef WEIR_JOURNAL_H
#define WEIR_JOURNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define JOURNAL_RECORD_MAX (1u << 30) /* bytes */

struct journal;

/*
 * The system calls on which durability rests, so that a test can make them
 * fail.  As the system's own, but: allocate returns an errno as
 * posix_fallocate does, and all names are within the directory.
 */
struct journal_io {
	ssize_t (*write)(int, const void *, size_t, off_t);
	int (*sync)(int); /* of a file's data */
	int (*sync_directory)(int);
	int (*allocate)(int, off_t, off_t);
	int (*open)(int dir, const char *, int flags, mode_t);
	int (*rename)(int dir, const char *from, const char *to);
	int (*unlink)(int dir, const char *);
	/* What is read from the file then comes from the disk. */
	void (*forget)(int);
};

struct journal_options {
	const char *dir;     /* must exist */
	size_t segment_size; /* bytes, preallocated; 0: the default, 16 MiB */
	void (*warn)(void *, const char *); /* one line for the operator */
	void *ctx;
	const struct journal_io *io; /* NULL: the system's */
	uint64_t begin_after; /* a new journal's first record is the next */
	/*
	 * So many bytes of records stay, for watchers that come back, even
	 * where snapshots make them superfluous: one is written after each
	 * crash.
	 */
	uint64_t keep;
};

/*
 * One record while reading.  Sequence numbers start at 1 and have no gaps.
 * last: it ends a group (all the events of one command), and only whole groups
 * are ever given.
 */
struct journal_record {
	uint64_t seq;
	const char *bytes;
	size_t size;
	bool last;
	/* Where it stands. */
	uint64_t batch;
	uint64_t segment; /* the first record of that */
	off_t offset;
};

/* False stops the reading: the record can't be understood (say so first). */
typedef bool journal_reader(void *, const struct journal_record *);

/* One piece of the snapshot that the records go on from, numbered from 1. */
struct journal_chunk {
	uint64_t snapshot; /* the last sequence number the snapshot includes */
	uint64_t number;
	const char *bytes;
	size_t size;
	bool last;
	off_t offset;
};

/* False as a journal_reader's: it can't be understood. */
typedef bool journal_chunk_reader(void *, const struct journal_chunk *);

/*
 * Who is given what there is: first the chunks of one whole snapshot, where
 * there is one, then the records behind it.  No chunk is given before all of
 * its snapshot has been found to be as it was written.
 */
struct journal_readers {
	journal_chunk_reader *chunk;
	journal_reader *record;
	void *ctx; /* both get it */
};

/*
 * Opens the journal, made if the directory is empty, and gives all there is to
 * the readers.  A torn tail (which may end within a group) is saved aside, left
 * out from the end of the last whole group on, and told through warn; so is a
 * damaged snapshot where an older one and the records behind it give the same.
 * After an end that wasn't clean what is appended goes into a new segment.
 * NULL with a sentence naming file and offset where it can't be, and errno: 0
 * when the journal is at fault, else what the system refused.
 */
struct journal *journal_open(const struct journal_options *,
    const struct journal_readers *, char *, size_t);
/* The daemon before ended in good order, or this journal is new. */
bool journal_ended_cleanly(const struct journal *);
/*
 * Writes the whole groups there are, seals them as the journal's end, and waits
 * for that.  A snapshot that isn't in place yet is abandoned.
 */
void journal_close(struct journal *);

/*
 * Adds a record to the next batch and gives back its sequence number.  At most
 * JOURNAL_RECORD_MAX bytes; a longer one ends the process.
 */
uint64_t journal_append(struct journal *, const void *, size_t, bool last);
/*
 * Starts the next batch where there is a whole group to write and no batch is
 * in flight; a group that isn't whole yet waits for a later one.
 */
void journal_commit(struct journal *);
/* Readable when journal_collect has something to say. */
int journal_fd(const struct journal *);
/*
 * The sequence number up to which all is durable.  On failure sets *error to a
 * sentence (else NULL); the daemon must then exit.  Commits, too: what could
 * not be while the batch that it tells of was in flight.
 */
uint64_t journal_collect(struct journal *, const char **error);
uint64_t journal_durable(const struct journal *); /* as last collected */
uint64_t journal_last(const struct journal *);	  /* appended, durable or not */

/*
 * What is reserved: so many bytes can be written, in batches of any sizes,
 * whatever the disk says.
 */
uint64_t journal_room(struct journal *);
/*
 * Asks for so much room to be kept from now on, where the disk has it; the next
 * segment is made larger than others for that.  journal_fd is readable when
 * there is more.
 */
void journal_keep_room(struct journal *, uint64_t bytes);
/*
 * True while the next segment can't be made (the disk is full, as a rule), with
 * a sentence that holds until the next collect.  It is tried again every
 * second, and journal_fd is readable when this changes.
 */
bool journal_is_short(const struct journal *, const char **why);

/*
 * Begins the snapshot of all up to journal_last(), which must end a group.
 * False: one is under way.  A thread of its own writes the chunks that are
 * added while others may be, and gives the file its name when all are durable
 * and the journal is; then it removes what is no longer needed: everything but
 * this snapshot, the one before it, and the segments with records behind that.
 *
 * Where it fails (the disk is full, say), the file goes, warn is told once, and
 * the journal goes on: what is added to it from then on is thrown away.
 */
bool journal_snapshot_begin(struct journal *);
/* A chunk of at most JOURNAL_RECORD_MAX bytes; copied. */
void journal_snapshot_add(struct journal *, const void *, size_t);
/* Bytes added and not written yet, so that the caller can hold back. */
size_t journal_snapshot_backlog(struct journal *);
/* All chunks are there, at least one. */
void journal_snapshot_end(struct journal *);
/* Gives it up; the file goes away. */
void journal_snapshot_abandon(struct journal *);
/*
 * Blocks until the one that was ended last is in place; false with a sentence
 * where it failed, which warn isn't told then.  Commits what there is.
 */
bool journal_snapshot_wait(struct journal *, char *, size_t);

struct journal_figures {
	uint64_t first; /* oldest sequence number there is; 0: none */
	uint64_t last;	/* durable */
	uint64_t bytes; /* in use, of all segments */
	uint64_t segments;
	uint64_t batches;     /* since the start */
	int64_t sync_ns_mean; /* of this run's batches; 0: none yet */

	bool has_snapshot;
	bool snapshot_under_way;
	uint64_t snapshot;	 /* the last record the newest one includes */
	uint64_t snapshot_bytes; /* its size */
	int64_t snapshot_time;	 /* when it was begun, ns since 1970 */
	uint64_t bytes_behind;	 /* of the records behind it */
	const char *snapshot_error; /* how the last one failed; NULL: no */
};
/* As last collected; the sentence in it holds until the next collect. */
void journal_figures(const struct journal *, struct journal_figures *);

/*
 * Reads durable records from seq on, at most max of them, for watchers that
 * come back.  Gives the number after the last that was read (one the reader
 * refused was not); 0 when seq is older than the oldest there is, or when it
 * can't be read any more, which warn is told.  Going on where an earlier call
 * ended costs only what is read.
 */
uint64_t journal_read(
    struct journal *, uint64_t seq, unsigned max, journal_reader *, void *);

/* How far the search for a record has got; all 0 to begin with. */
struct journal_place {
	uint64_t segment;
	uint64_t seq;
	off_t offset;
};

/*
 * The search for a record in the middle of a segment, which passes over all
 * before it: a piece of it.  False when journal_read would now find it at once,
 * or would say why it can't.
 */
bool journal_seek(struct journal *, uint64_t seq, struct journal_place *);

#endif
