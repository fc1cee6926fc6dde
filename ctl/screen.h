/*
 * screen: lines for people, put together piece by piece and broken where the
 * terminal ends.
 */
#ifndef WEIR_CTL_SCREEN_H
#define WEIR_CTL_SCREEN_H

#include <stddef.h>
#include <stdio.h>

#include "ctl/writer.h"

struct screen {
	FILE *to;
	const struct look *look;
	FILE *line; /* being put together; NULL: none is */
	char *text;
	size_t size;
};

/* Begins a line; what it says is written to the stream that comes back. */
FILE *screen_line(struct screen *);
/* Writes it, indented by so many columns. */
void screen_end(struct screen *, unsigned indent);
/* A line that is known already. */
void screen_say(struct screen *, unsigned indent, const char *, ...)
    __attribute__((format(printf, 3, 4)));

#endif
