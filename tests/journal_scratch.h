/*
 * journal_scratch: a journal in a scratch directory, whose records say by their
 * sequence numbers what they must hold.
 */
#ifndef WEIR_JOURNAL_SCRATCH_H
#define WEIR_JOURNAL_SCRATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "daemon/journal.h"

#define SCRATCH_PAYLOAD_MAX 256
#define SCRATCH_RECORDS_MAX 4096
#define SCRATCH_NAME_SIZE 64
#define SCRATCH_FIRST "0000000000000001.seg"

struct scratch {
	struct journal_options options;
	struct journal *journal;
	char error[1024];
	const char *failure; /* what the last collect said; NULL: nothing */
	char warnings[4096]; /* all of them, each with a newline */
	unsigned nwarnings;
	uint64_t seen;	   /* the last sequence number the reader was given */
	bool seen_last;	   /* that one ended its group */
	uint64_t restored; /* what the snapshot included that was given; 0 */
	uint64_t nchunks;  /* of it */
	bool wrong;	   /* the reader was given what was not written */
};

/* Makes dir; the journal syncs nothing unless options.io is changed. */
void scratch_init(struct scratch *, const char *dir);
/* Opens and reads all; error is set where it is refused. */
bool scratch_open(struct scratch *);
void scratch_close(struct scratch *);
/* As the daemon does it: with a snapshot after an end that wasn't clean. */
bool scratch_resume(struct scratch *);
/* Closes it, and leaves it as if it had been killed. */
void scratch_kill(struct scratch *);
/* Appends groups of so many records each, without committing. */
void scratch_append(struct scratch *, unsigned groups, unsigned records);
/* Commits all there is and waits until it is durable; false: failed. */
bool scratch_commit(struct scratch *);
/* Batches of so many groups of two records. */
bool scratch_batches(struct scratch *, unsigned batches, unsigned groups);
/* A journal of its own batches: opens, writes, closes. */
void scratch_batch(struct scratch *, unsigned groups, unsigned records);

/* What record seq holds; up to SCRATCH_PAYLOAD_MAX bytes. */
size_t scratch_payload(uint64_t seq, char *);
/* The journal_reader that checks that; its ctx is the struct scratch. */
bool scratch_reader(void *, const struct journal_record *);
/* What chunk number of a snapshot holds. */
size_t scratch_chunk(uint64_t snapshot, uint64_t number, char *);
bool scratch_chunk_reader(void *, const struct journal_chunk *);
/* Begins a snapshot of what was appended, and adds so many chunks. */
void scratch_begin(struct scratch *, uint64_t chunks);
/* And ends it, and waits for it; false with error set. */
bool scratch_snapshot(struct scratch *, uint64_t chunks);

/* A segment's bytes and where its records are. */
struct scratch_file {
	char path[512];
	unsigned char *bytes;
	size_t size;
	size_t offsets[SCRATCH_RECORDS_MAX + 1]; /* and the last one's end */
	uint64_t seqs[SCRATCH_RECORDS_MAX];
	uint64_t batches[SCRATCH_RECORDS_MAX];
	uint32_t flags[SCRATCH_RECORDS_MAX];
	size_t nrecords;
};

void scratch_load(const struct scratch *, const char *, struct scratch_file *);
void scratch_store(const struct scratch_file *);
void scratch_free(struct scratch_file *);
/* Takes the seal at the end away, as if the machine had stopped before it. */
void scratch_unseal(struct scratch_file *);
/* The index of the first record of the last batch. */
size_t scratch_last_batch(const struct scratch_file *);
/* The only file whose name begins so; false when there are none or more. */
bool scratch_find(const struct scratch *, const char *prefix, char *, size_t);
/* The name of the segment that is written to. */
void scratch_last_segment(const struct scratch *, char[SCRATCH_NAME_SIZE]);
unsigned scratch_count(const struct scratch *, const char *suffix);

#endif
