/*
 * source: the text of a file, and where in it something stands.
 */
#ifndef WEIR_CTL_SOURCE_H
#define WEIR_CTL_SOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SOURCE_SIZE_MAX (1024 * 1024) /* bytes; that of a message */

/* Both from 1; columns count characters, as editors do. */
struct position {
	uint32_t line;
	uint32_t column;
};

/* One thing wrong with a file. */
struct complaint {
	struct position at;
	char *message;
	char *path;	/* JSON pointer; NULL where there is none */
	char *found;	/* may be NULL */
	char *expected; /* may be NULL */
};

#define COMPLAINTS_MAX 100

struct complaints {
	struct complaint *list;
	size_t count;
	size_t left_out; /* past COMPLAINTS_MAX */
};

struct source {
	char *name;	    /* for messages */
	const char *begins; /* in words, with what; NULL: as a workflow */
	char *bytes;
	size_t size;
	uint32_t *lines; /* byte offset at which each line starts */
	uint32_t nlines;
};

/*
 * Reads a file ("-": standard input) that must be a text in UTF-8 of at most
 * SOURCE_SIZE_MAX bytes.  False with errno when it can't be read, and with
 * errno 0 when a complaint was added.  Freed with source_free either way.
 */
bool source_read(struct source *, const char *path, struct complaints *);
/* The same from memory. */
bool source_of_text(struct source *, const char *name, const char *text,
    size_t size, struct complaints *);
void source_free(struct source *);

struct position source_position(const struct source *, size_t offset);

/*
 * Adds a complaint, the message made as by printf; NULL when it is one too
 * many, which is counted.
 */
struct complaint *add_complaint(struct complaints *, struct position,
    const char *, ...) __attribute__((format(printf, 3, 4)));
void complaints_sort(struct complaints *);
void complaints_free(struct complaints *);

/* Bytes of the UTF-8 sequence that starts there; 0 where none does. */
size_t utf8_length(const char *, size_t left);

#endif
