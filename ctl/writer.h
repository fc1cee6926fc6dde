/*
 * writer: where a verb's results go: text for people, or JSON.  A verb says
 * what it has once; both kinds are made of that.
 */
#ifndef WEIR_CTL_WRITER_H
#define WEIR_CTL_WRITER_H

#include <msgpack.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

/* What a text looks like on the terminal that it goes to. */
struct look {
	bool colour;
	bool signs;	/* the characters set has more than ASCII */
	bool exact;	/* times exactly, not "3m ago" */
	unsigned width; /* columns; 0: as wide as it gets */
	int64_t now;	/* ns since the epoch */
};

/* Writes a cell or field of the map into the stream; nothing: left out. */
typedef void cell_writer(
    FILE *, const msgpack_object *map, const char *key, const struct look *);

struct column {
	const char *title; /* of a column, or in front of a field */
	const char *key;
	cell_writer *write;
	bool right;  /* aligned */
	bool shrink; /* gives way where the terminal is too narrow */
};

struct writer {
	const struct writer_type *type;
	FILE *to;
	struct look look;
	bool quiet;
	struct listing *listing; /* being filled */
};

struct writer_type {
	/* A list: rows one by one between begin and end. */
	void (*list_begin)(struct writer *, const struct column *, size_t);
	void (*row)(struct writer *, const msgpack_object *);
	void (*list_end)(struct writer *);
	/* One thing with its fields, a line each. */
	void (*record)(struct writer *, const struct column *, size_t,
	    const msgpack_object *);
	/* What a verb did: the object, or the sentence. */
	void (*note)(struct writer *, const msgpack_object *, const char *);
};

/* The stream stays the caller's. */
struct writer *writer_text(FILE *);
struct writer *writer_json(FILE *);
void writer_free(struct writer *);

void writer_list_begin(struct writer *, const struct column *, size_t);
void writer_row(struct writer *, const msgpack_object *);
void writer_list_end(struct writer *);
void writer_record(
    struct writer *, const struct column *, size_t, const msgpack_object *);
void writer_note(struct writer *, const msgpack_object *, const char *, ...)
    __attribute__((format(printf, 3, 4)));
bool writer_is_json(const struct writer *);

/* print_json.c: one object on a line of its own, or without the line's end. */
void json_print_line(FILE *, const msgpack_object *);
void json_print(FILE *, const msgpack_object *);

#endif
