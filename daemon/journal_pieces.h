/*
 * journal_pieces: what can still be read in the files of a damaged journal,
 * whatever is wrong around it.
 */
#ifndef WEIR_JOURNAL_PIECES_H
#define WEIR_JOURNAL_PIECES_H

#include "daemon/journal_parts.h"
#include "daemon/journal_salvage.h"

/* A segment's file. */
struct pieces_file {
	char name[SEGMENT_NAME_SIZE];
	int fd; /* -1: not used */
	uint64_t number;
	uint64_t first_seq;
	uint64_t first_batch;
	uint64_t limit;	    /* later records here were never acknowledged */
	bool has_next;	    /* the segment behind it is there */
	bool continued;	    /* its end says that there was one */
	uint64_t sealed;    /* by its seals, there were records up to here */
	uint64_t max_batch; /* of all records that are whole */
	uint32_t seed;
};

/* Records that follow each other in a file, without a hole. */
struct piece {
	size_t file;
	off_t from; /* of its first record */
	off_t to;   /* behind the last */
	uint64_t first;
	uint64_t last;
	uint64_t whole; /* where its last whole group ends; first - 1: none */
	uint64_t start; /* where its first group surely begins; whole + 1 */
	uint64_t hole_batch; /* of what is missing before it; 0: nothing is */
	bool torn; /* or written by a batch that nobody was answered for */
};

/* What is between pieces, and isn't zeros. */
struct hole {
	size_t file;
	off_t from;
	off_t to;
	uint64_t batch;
	bool torn;
	const char *why;
};

struct pieces {
	struct journal *journal; /* looking; its store has the id */
	const struct journal_salvage *salvage;
	struct pieces_file *files; /* by number, then by name */
	size_t nfiles;
	struct piece *list; /* in the files' order */
	size_t n;
	struct hole *holes;
	size_t nholes;
	uint64_t *snapshots; /* those that are whole, ascending */
	size_t nsnapshots;
	uint64_t last; /* the last record that is known to have been there */
	bool goes_on;  /* there was a segment behind the newest one */
	uint64_t lost_file; /* named so; nothing of it can be read */
};

/* Reads everything; false with a sentence when the directory can't be. */
bool pieces_read(struct pieces *, char *, size_t);
void pieces_free(struct pieces *);
/* Tells of a file of which nothing is used. */
void pieces_lose_file(const struct pieces *, const char *, const char *why);

/* journal_pieces_scan.c: fills in the file's pieces and holes. */
void pieces_scan(struct pieces *, size_t file);

/*
 * Gives the records of a piece from first to last to the reader; false with a
 * sentence when it can't be read any more or the reader says so.
 */
bool pieces_give(const struct pieces *, const struct piece *, uint64_t first,
    uint64_t last, journal_reader *, void *, char *, size_t);

#endif
