/* journal_parts: what the journal's own source files share; for no others. */
#ifndef WEIR_JOURNAL_PARTS_H
#define WEIR_JOURNAL_PARTS_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "daemon/journal.h"
#include "daemon/segment.h"

#define JOURNAL_ERROR_SIZE 1024 /* bytes; paths are cut short in messages */
#define JOURNAL_CURSORS 8

struct journal_buffer {
	unsigned char *bytes;
	size_t size;
	size_t capacity;
};

/* One segment, as figures and journal_read need it. */
struct journal_segment {
	uint64_t first_seq;
	uint64_t bytes; /* in use */
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

	/* The loop's. */
	struct journal_buffer gathering;
	size_t whole;	     /* bytes of gathering up to its last whole group */
	uint64_t whole_last; /* the sequence number there */
	uint64_t last;	     /* appended */
	uint64_t durable;    /* as last collected */
	struct journal_cursor cursors[JOURNAL_CURSORS];
	unsigned next_cursor;		/* the one to give up next */
	struct journal_figures figures; /* as last collected */

	/* The commit thread's, once it runs. */
	struct segment active;
	struct segment spare;
	bool spare_failed; /* it can't be made now: try when it is needed */
	uint64_t batch;	   /* the last one written */
	uint64_t written;  /* the last sequence number in it */
	bool sealed;

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
	uint64_t bytes; /* in use, of all segments */

	int wake[2]; /* read and write end; the same where it is an eventfd */
	pthread_t thread;
};

/* What stands in the directory. */
struct journal_listing {
	uint64_t *segments; /* first sequence numbers, ascending */
	size_t nsegments;
	size_t nsnapshots;
	size_t nunknown;
	char *snapshot; /* the first one's name, or NULL */
	char *unknown;
};

void journal_free(struct journal *);
/* For journal_figures; the caller holds the lock, or is alone. */
void journal_take_figures(struct journal *);

bool journal_list(
    const struct segment_store *, struct journal_listing *, char *, size_t);
void journal_listing_free(struct journal_listing *);

void journal_warn(const struct journal *, const char *, ...)
    __attribute__((format(printf, 2, 3)));

/* Reads all there is and leaves the last segment active, its tail clean. */
bool journal_replay(struct journal *, const struct journal_listing *,
    journal_reader *, void *, char *, size_t);

/* How far the last segment could be read. */
struct journal_tail {
	off_t whole;	    /* the end of the last whole group */
	uint64_t whole_seq; /* the last record there */
	off_t bad;	    /* the first byte that is no valid record */
	uint64_t batch;	    /* the one that what stands at bad belongs to */
};

/* Tells a torn tail, which it saves and cuts off, from damage, an error. */
bool journal_tail_settle(struct journal *, struct window *,
    const struct journal_tail *, char *, size_t);

/* The commit thread's pieces that opening and closing need too. */
bool journal_first_segment(struct journal *, char *, size_t);
bool journal_seal(struct journal *, char *, size_t);
void journal_add_segment(struct journal *, const struct segment *);
/* The last segment's bytes are as many as are written now. */
void journal_count_bytes(struct journal *, const struct segment *);
void *journal_commit_thread(void *);

#endif
