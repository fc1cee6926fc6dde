/*
 * segment: one file of the journal, made, written and read.  A segment is made
 * under the name "spare" and gets its own only when its header and first batch
 * are durable, so a file with a segment's name is always whole from the start.
 *
 * Functions that can fail give false and a sentence naming file and offset.
 */
#ifndef WEIR_SEGMENT_H
#define WEIR_SEGMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "daemon/journal.h"
#include "daemon/journal_format.h"

#define SEGMENT_NAME_SIZE 32 /* bytes, with the NUL */

/* Where the segments are, and what they have in common. */
struct segment_store {
	int dir;    /* the open directory */
	char *path; /* its name, for messages */
	const struct journal_io *io;
	off_t size; /* bytes, of a new segment */
	bool has_id;
	unsigned char id[JOURNAL_ID_SIZE];
	int *refused; /* the errno of the last refusal, where asked for */
};

struct segment {
	int fd; /* -1: none */
	uint64_t number;
	uint64_t first_seq;
	uint64_t first_batch;
	uint32_t seed;	/* of its CRCs */
	off_t size;	/* of the file */
	off_t position; /* where the next record goes */
	off_t zeroed;	/* up to here its blocks have been written */
	off_t reserved; /* up to here the disk has room for it */
	bool full;	/* the disk had no room for more zeros */
};

/* A sentence into the buffer; always false. */
bool segment_error(char *, size_t, const char *, ...)
    __attribute__((format(printf, 3, 4)));
/* The same for what the system refused: doing what, where, errno, and advice.
 */
bool segment_system_error(const struct segment_store *, const char *name,
    const char *what, off_t offset, int error, char *, size_t);
/* With other advice than to start again. */
bool segment_refused(const struct segment_store *, const char *name,
    const char *what, off_t offset, int error, const char *advice, char *,
    size_t);

/* Keeps the errno of what the system refused, for who asked for that. */
void store_refused(const struct segment_store *, int error);

/* The store's system calls, gone on with where a signal interrupts them. */
int store_open(const struct segment_store *, const char *, int flags);
bool
store_write(const struct segment_store *, int, const void *, size_t, off_t);
int store_sync(const struct segment_store *, int);
int store_sync_directory(const struct segment_store *);
int store_rename(const struct segment_store *, const char *, const char *);
int store_unlink(const struct segment_store *, const char *);
/* An errno; 0: done. */
int store_allocate(const struct segment_store *, int, off_t);
/* Of the CRCs of a file's records: number is a segment's, or a snapshot's seq.
 */
uint32_t store_seed(const unsigned char[JOURNAL_ID_SIZE], uint64_t number);

/* 0: the spare's. */
void segment_name(uint64_t first_seq, char[SEGMENT_NAME_SIZE]);

/* Opens an existing one and checks its header; the store learns its id. */
bool segment_open(struct segment_store *, uint64_t first_seq, int flags,
    struct segment *, char *, size_t);
void segment_close(struct segment *);

/* Makes the spare, its first blocks zeroed and synced. */
bool
segment_make(const struct segment_store *, struct segment *, char *, size_t);
/* Makes it a certain segment: writes its header. */
bool segment_begin(const struct segment_store *, struct segment *,
    uint64_t number, uint64_t seq, uint64_t batch, char *, size_t);
/* Writes whole records at the position. */
bool segment_write(const struct segment_store *, struct segment *, const void *,
    size_t, char *, size_t);
bool segment_sync(
    const struct segment_store *, const struct segment *, char *, size_t);
/* Gives the spare its name, durably. */
bool segment_publish(
    const struct segment_store *, const struct segment *, char *, size_t);
bool segment_sync_directory(const struct segment_store *, char *, size_t);

/* True when the zeroed blocks ahead of the position run short. */
bool segment_zeroing_due(const struct segment *);
/* Sets full where the disk has no room for them, which is no failure. */
bool segment_zero_ahead(
    const struct segment_store *, struct segment *, char *, size_t);
/* Bytes that the disk has room for and that hold nothing yet. */
uint64_t segment_room(const struct segment *);
/* Reserves more, up to so many bytes of it; what it has stays as it is. */
bool segment_grow(
    const struct segment_store *, struct segment *, off_t, char *, size_t);

/* A piece of a file in memory, moved along while it is read. */
struct window {
	int fd;
	off_t file_size;
	unsigned char *bytes;
	size_t capacity;
	size_t filled;
	off_t start; /* of bytes, in the file */
	int error;   /* errno of a read that failed; 0: none */
};

bool window_open(struct window *, int fd, size_t capacity);
void window_close(struct window *);
/*
 * The size bytes at offset, valid until the next call; NULL beyond the file's
 * end, and with error set.  All from keep on (at most offset) stays in memory
 * together, so that a later call with the same keep need not read it again.
 */
const unsigned char *
window_at(struct window *, off_t keep, off_t offset, size_t);

enum record_found {
	RECORD_FOUND,
	RECORD_NONE,	   /* zeros or the end of the file */
	RECORD_BAD,	   /* not what was written there */
	RECORD_UNREADABLE, /* the window's error says why */
};

struct record {
	uint64_t seq;
	uint64_t batch;
	uint32_t flags;
	uint32_t length;
	off_t next;	   /* where the one after it begins */
	const char *bytes; /* the window's */
};

/* Decodes a record's header; false when it isn't a valid one. */
bool record_header_decode(
    const unsigned char *, uint32_t seed, off_t offset, struct record *);
enum record_found record_at(
    struct window *, uint32_t seed, off_t keep, off_t offset, struct record *);
/* Fills in what the writer knows last: batch and CRCs. */
void
record_finish(unsigned char *, uint32_t seed, uint64_t batch, bool ends_batch);

#endif
