/*
 * visible: what others have written, for a terminal: nothing in it moves the
 * cursor, sets the title, answers, or hides what is there.
 */
#ifndef WEIR_CTL_VISIBLE_H
#define WEIR_CTL_VISIBLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* In one line: control characters, and what is not UTF-8, become "?". */
void visible_text(FILE *, const char *, size_t);
/* The same as a string; the caller frees. */
char *visible_copy(const char *);
/* How many bytes a control character at text has; 0: it is none. */
size_t visible_control(const char *text, size_t length);

/* A log, piece by piece; zeroed at first. */
struct visible_log {
	char rest[4]; /* of a character that goes on in the next piece */
	size_t n;
};

/* Lines and tabs stay, other control characters are shown: ^[ or \x9b. */
void visible_log(FILE *, struct visible_log *, const char *, size_t);
/* There is no more of it. */
void visible_log_end(FILE *, struct visible_log *);

#endif
