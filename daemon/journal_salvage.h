/*
 * journal_salvage: a new journal of what can be saved of a damaged one.
 *
 * Saved is one history without a gap: all whole groups from a snapshot, or from
 * the first record, up to the first one that is missing.  What can be read
 * behind that is given to the caller, who keeps it somewhere.
 */
#ifndef WEIR_JOURNAL_SALVAGE_H
#define WEIR_JOURNAL_SALVAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/journal_check.h"

enum journal_loss_kind {
	LOSS_FILE,    /* nothing of the file could be used; why says it */
	LOSS_BYTES,   /* of a file, that are no records any more */
	LOSS_TORN,    /* the same, but they were never acknowledged */
	LOSS_GONE,    /* records: nowhere to be read */
	LOSS_LOOSE,   /* records: read, but something before them is gone */
	LOSS_HISTORY, /* records: gone, but a snapshot has what they did */
};

struct journal_loss {
	enum journal_loss_kind kind;
	char file[JOURNAL_FILE_SIZE]; /* empty: none in particular */
	int64_t offset;		      /* BYTES, TORN */
	int64_t bytes;
	uint64_t first; /* GONE, LOOSE, HISTORY: sequence numbers */
	uint64_t last;
	const char *why;
};

struct journal_salvage {
	const char *from;	     /* is never changed */
	const char *to;		     /* an empty directory */
	const struct journal_io *io; /* for writing; NULL: the system's */
	size_t segment_size;	     /* of the new one's; 0: the usual */
	/* False: it is no event, or no chunk, that this version knows. */
	journal_reader *record;
	journal_chunk_reader *chunk;
	void (*lost)(void *, const struct journal_loss *);
	/* A whole record that isn't saved; false: it couldn't be kept. */
	journal_reader *loose;
	void *ctx;
};

struct journal_saved {
	uint64_t first; /* records in the new journal; last < first: none */
	uint64_t last;
	bool has_snapshot; /* that it goes on from */
	uint64_t snapshot;
	uint64_t loose; /* records given to the caller */
	bool complete;	/* nothing that was acknowledged is missing */
};

/* False with a sentence: it couldn't be read or written, or loose failed. */
bool journal_salvage(
    const struct journal_salvage *, struct journal_saved *, char *, size_t);

#endif
