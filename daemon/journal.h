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
 * posix_fallocate does, and rename's names are both within the directory.
 */
struct journal_io {
	ssize_t (*write)(int, const void *, size_t, off_t);
	int (*sync)(int); /* of a file's data */
	int (*sync_directory)(int);
	int (*allocate)(int, off_t, off_t);
	int (*rename)(int dir, const char *from, const char *to);
};

struct journal_options {
	const char *dir;       /* must exist */
	size_t segment_size;   /* bytes, preallocated; 0: the default, 16 MiB */
	void (*warn)(void *, const char *); /* one line for the operator */
	void *ctx;
	const struct journal_io *io; /* NULL: the system's */
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
};

/* False stops the reading: the record can't be understood (say so first). */
typedef bool journal_reader(void *, const struct journal_record *);

/*
 * Opens the journal, made if the directory is empty, and gives every record to
 * the reader.  A torn tail (which may end within a group) is saved aside, cut
 * off at the end of the last whole group, and told through warn.  NULL with a
 * sentence naming file and offset when there is damage.
 */
struct journal *journal_open(const struct journal_options *, journal_reader *,
    void *, char *, size_t);
/* Writes the whole groups there are, seals them, and waits for that. */
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
 * sentence (else NULL); the daemon must then exit.
 */
uint64_t journal_collect(struct journal *, const char **error);
uint64_t journal_durable(const struct journal *); /* as last collected */
uint64_t journal_last(const struct journal *); /* appended, durable or not */

struct journal_figures {
	uint64_t first; /* oldest sequence number there is; 0: none */
	uint64_t last;  /* durable */
	uint64_t bytes; /* in use, of all segments */
	uint64_t segments;
	uint64_t batches;     /* since the start */
	int64_t sync_ns_mean; /* of this run's batches; 0: none yet */
};
void journal_figures(const struct journal *, struct journal_figures *);

/*
 * Reads durable records from seq on, at most max of them, for watchers that
 * come back.  Gives the number after the last that was read (one the reader
 * refused was not); 0 when seq is older than the oldest there is, or when it
 * can't be read any more, which warn is told.  Going on where an earlier call
 * ended costs only what is read.
 */
uint64_t journal_read(struct journal *, uint64_t seq, unsigned max,
    journal_reader *, void *);

#endif
