/* journal_parts: what the journal's own source files share; for no others. */
#ifndef WEIR_JOURNAL_PARTS_H
#define WEIR_JOURNAL_PARTS_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "daemon/journal.h"
#include "daemon/segment.h"
#include "daemon/thread.h"

#define JOURNAL_ERROR_SIZE 1024 /* bytes; paths are cut short in messages */
#define JOURNAL_CURSORS 8

struct journal_buffer {
	unsigned char *bytes;
	size_t size;
	size_t capacity;
};

/* One segment, as figures and journal_read need it. */
struct journal_segment {
	uint64_t number;
	uint64_t first_seq;
	uint64_t bytes; /* in use */
};

/* The snapshot under way, and the ones in place.  All under the lock. */
enum snapshot_state {
	SNAPSHOT_NONE,	    /* nothing under way */
	SNAPSHOT_GATHERING, /* chunks are added */
	SNAPSHOT_WHOLE,	    /* all of them have been */
	SNAPSHOT_ABANDONED, /* the thread has to clean up */
};

struct journal_snapshots {
	enum snapshot_state state;
	uint64_t seq;
	int64_t taken;	  /* ns since 1970 */
	uint64_t mark;	  /* what had been appended by then, in bytes */
	uint64_t segment; /* the number of the newest one by then */
	struct journal_buffer chunks;
	size_t ready;	 /* of chunks, up to the newest: it may be the last */
	size_t writing;	 /* bytes that the thread has taken */
	uint64_t number; /* of the newest chunk */
	pthread_cond_t work;  /* for the thread */
	pthread_cond_t ended; /* for journal_snapshot_wait */
	bool stopping;
	pthread_t thread;
	bool has_thread;
	int dir; /* a description of the directory of the thread's own */

	/* What came of the last one, and what the loop isn't told yet. */
	bool done; /* it is in place */
	bool failed;
	bool untold;
	int failed_errno; /* of the failure told last; 0: none since a success
			   */
	char error[JOURNAL_ERROR_SIZE];

	/* In place. */
	uint64_t *files; /* by their numbers, ascending, damaged ones too */
	size_t nfiles;
	bool has_newest; /* which is whole */
	uint64_t newest;
	uint64_t newest_bytes;
	int64_t newest_taken;
	uint64_t newest_mark;
	uint64_t newest_segment;
	bool has_older; /* the generation before it */
	uint64_t older;
};

/* Where a reading ended, for the one that goes on from there. */
struct journal_cursor {
	uint64_t seq; /* of the record at offset; 0: not in use */
	uint64_t segment;
	off_t offset;
};

struct journal {
	struct segment_store store;
	void (*warn)(void *, const char *);
	void *ctx;
	bool looking;  /* nothing is changed; there are no threads */
	off_t torn_at; /* what was found so, in the last segment */
	off_t torn_bytes;

	/* The loop's. */
	struct journal_buffer gathering;
	size_t whole;	     /* bytes of gathering up to its last whole group */
	uint64_t whole_last; /* the sequence number there */
	uint64_t last;	     /* appended */
	uint64_t durable;    /* as last collected */
	struct journal_cursor cursors[JOURNAL_CURSORS];
	unsigned next_cursor;		/* the one to give up next */
	struct journal_figures figures; /* as last collected */
	uint64_t appended; /* bytes of records behind the snapshot of the start,
			      and since */
	bool clean;	   /* the end before this start */
	bool is_short;
	char why_short[JOURNAL_ERROR_SIZE];
	char snapshot_error[JOURNAL_ERROR_SIZE]; /* as collected */

	/* The commit thread's, once it runs. */
	struct segment active;
	struct segment previous; /* to be told that active follows it */
	struct segment spare;
	int64_t retry_at; /* monotonic ns, when there is a failure to mend */
	uint64_t batch;	  /* the last one written */
	uint64_t written; /* the last sequence number in it */
	bool sealed;
	bool closed; /* with the seal of a clean end */

	/* Both threads', under the lock. */
	pthread_mutex_t lock;
	pthread_cond_t work;	      /* for the commit thread */
	struct journal_buffer handed; /* the thread's while busy */
	uint64_t handed_last;
	bool busy;
	bool stopping;
	bool failed;
	char error[JOURNAL_ERROR_SIZE]; /* never changes once failed is set */
	uint64_t synced;
	uint64_t batches;
	int64_t sync_ns; /* of all of them together */
	struct journal_segment *segments;
	size_t nsegments;
	uint64_t bytes;	   /* in use, of all segments */
	uint64_t keep;	   /* bytes of them that compaction leaves */
	uint64_t room;	   /* what journal_room says */
	uint64_t wanted;   /* of it */
	bool asked;	   /* for more, just now */
	bool spare_failed; /* spare_error says how */
	char spare_error[JOURNAL_ERROR_SIZE];
	struct journal_snapshots snapshots;

	struct wake wake;
	pthread_t thread;
};

/* What stands in the directory. */
struct journal_listing {
	uint64_t *segments; /* first sequence numbers, ascending */
	size_t nsegments;
	uint64_t *snapshots; /* the last numbers they include, ascending */
	size_t nsnapshots;
	size_t nunknown;
	char *unknown; /* the first one's name, or NULL */
};

/* Pieces of opening, for those who only look, too. */
struct journal *journal_new(const struct journal_options *);
void journal_free(struct journal *);
bool journal_open_directory(struct journal *, char *, size_t);
bool journal_check_alone(
    const struct journal *, const struct journal_listing *, char *, size_t);
bool journal_learn_id(
    struct journal *, const struct journal_listing *, char *, size_t);
/* For journal_figures; the caller holds the lock, or is alone. */
void journal_take_figures(struct journal *);

bool journal_list(
    const struct segment_store *, struct journal_listing *, char *, size_t);
void journal_listing_free(struct journal_listing *);

void journal_warn(const struct journal *, const char *, ...)
    __attribute__((format(printf, 2, 3)));

/* Hands over all whole groups, and waits until the last is in flight. */
void journal_commit_all(struct journal *);
void journal_stop_snapshots(struct journal *);
/* Adds bytes for the caller to fill in. */
unsigned char *journal_buffer_add(struct journal_buffer *, size_t);

/*
 * Gives the chunks of the newest snapshot that is whole to the reader, where
 * there is one, and notes it; seq is then what it includes, else 0.
 */
bool journal_restore(struct journal *, const struct journal_listing *,
    const struct journal_readers *, uint64_t *seq, char *, size_t);
/*
 * Gives the chunks of one snapshot, none before all have been found to be as
 * they were written.  chunk may be NULL.
 */
bool journal_read_snapshot(struct journal *, uint64_t seq,
    const struct journal_readers *, char *, size_t);
/*
 * Gives all records behind seq and leaves the last segment active, its tail
 * clean.
 */
bool journal_replay(struct journal *, const struct journal_listing *,
    const struct journal_readers *, uint64_t seq, char *, size_t);

/* How far the last segment could be read. */
struct journal_tail {
	off_t whole;	    /* the end of the last whole group */
	uint64_t whole_seq; /* the last record there */
	off_t bad;	    /* the first byte that is no valid record */
	uint64_t batch;	    /* the one that what stands at bad belongs to */
	uint64_t proven;    /* up to here all was durable, by a snapshot */
	bool torn;	    /* found: something stands behind whole */
};

/* Tells a torn tail, which it saves (and notes, if looking), from damage. */
bool journal_tail_settle(
    struct journal *, struct window *, struct journal_tail *, char *, size_t);

/* A snapshot's file while it is written, with a store of the thread's own. */
struct snapshot_file {
	struct segment_store store;
	int fd; /* -1: none */
	uint32_t seed;
	off_t position;
	off_t synced;
	int error; /* errno of what failed */
};

void snapshot_name(uint64_t seq, char[SEGMENT_NAME_SIZE]);
/* These give false with a sentence, and error set. */
bool snapshot_create(
    struct snapshot_file *, const struct journal_snapshots *, char *, size_t);
bool
snapshot_write(struct snapshot_file *, const void *, size_t, char *, size_t);
bool snapshot_sync(struct snapshot_file *, char *, size_t);
bool snapshot_publish(struct snapshot_file *, uint64_t seq, char *, size_t);
/* Removes what there is of it, as far as that can be done. */
void snapshot_discard(struct snapshot_file *);
void *journal_snapshot_thread(void *);
/*
 * Called with the lock held, which it drops where it works: what is no longer
 * needed goes.  False with a sentence, and error set, where something can't be
 * removed; the next one tries again.
 */
bool journal_compact(struct journal *, struct snapshot_file *, char *, size_t);
/* A snapshot has this name now. */
void journal_note_snapshot(struct journal *, uint64_t seq);

/* The commit thread's pieces that opening and closing need too. */
bool journal_first_segment(struct journal *, char *, size_t);
/* Leaves the active segment as it is and begins the one after it. */
bool journal_next_segment(struct journal *, char *, size_t);
bool journal_seal(struct journal *, bool closed, char *, size_t);
void journal_add_segment(struct journal *, const struct segment *);
/* The last segment's bytes are as many as are written now. */
void journal_count_bytes(struct journal *, const struct segment *);
void *journal_commit_thread(void *);

#endif
