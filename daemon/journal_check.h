/*
 * journal_check: a journal's files, read and not changed, for `weird -n` and
 * `weirctl journal`.  Opening, order, chain, snapshots and tail are judged by
 * the code that weird starts with.
 */
#ifndef WEIR_JOURNAL_CHECK_H
#define WEIR_JOURNAL_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/journal.h"

#define JOURNAL_FILE_SIZE 32 /* bytes of a file's name, with the NUL */

enum journal_condition { JOURNAL_CLEAN, JOURNAL_TORN, JOURNAL_DAMAGED };

/* One thing that is not as it should be. */
struct journal_finding {
	enum journal_condition condition; /* TORN or DAMAGED */
	char file[JOURNAL_FILE_SIZE];	  /* empty: the directory */
	int64_t offset;			  /* -1: the file as a whole */
	const char *sentence;		  /* with what to do */
};

struct journal_check {
	const char *dir;
	/* Either may be NULL. */
	journal_chunk_reader *chunk; /* of all snapshots, each from 1 on */
	journal_reader *record;
	void *ctx; /* both readers' */
	/* Only what a start reads: one snapshot, and the records behind it. */
	bool as_at_start;
	void (*found)(void *, const struct journal_finding *); /* may be NULL */
	void *found_ctx;
};

struct journal_summary {
	enum journal_condition condition; /* the worst that was found */
	bool starts;	   /* weird would start with it, losing nothing */
	bool ended;	   /* weird had ended in good order */
	uint64_t segments; /* files there are */
	uint64_t snapshots;
	uint64_t foreign; /* files that are not the journal's */
	uint64_t bytes;	  /* of what records and chunks hold */
	uint64_t chunks;  /* read, as the following are */
	uint64_t records;
	uint64_t batches;
	uint64_t first; /* sequence numbers; 0: no record */
	uint64_t last;
	uint64_t torn_bytes;
	bool has_snapshot; /* one that is whole */
	uint64_t snapshot; /* what the newest of them includes */
};

/*
 * Reads all there is as far as it can be read.  False with a sentence where
 * the directory can't be, and errno.
 */
bool journal_check(
    const struct journal_check *, struct journal_summary *, char *, size_t);

/*
 * How many segments and snapshots there are, by their names.  False with a
 * sentence where the directory can't be read, and errno.
 */
bool journal_count_files(const char *, uint64_t *, char *, size_t);

/* The name of the segment that begins with this record. */
void journal_segment_file(uint64_t, char[JOURNAL_FILE_SIZE]);
void journal_snapshot_file(uint64_t, char[JOURNAL_FILE_SIZE]);

#endif
