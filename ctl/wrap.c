/*
 * wrap: text in lines no longer than the terminal is wide.
 */
#include "ctl/wrap.h"

#include <stdlib.h>
#include <string.h>

#include "ctl/table.h"
#include "daemon/core/alloc.h"

#define NARROW 20 /* columns; on fewer nothing is broken */

static size_t columns_of(const char *, size_t);

void
wrap_print(FILE *to, const char *text, unsigned indent, unsigned width)
{
	size_t column = indent, length, columns;
	unsigned below = indent + 2;
	bool first = true;

	fprintf(to, "%*s", (int)indent, "");
	while (*text != '\0') {
		length = strcspn(text, " ");
		columns = columns_of(text, length);
		if (!first && width >= NARROW && column + 1 + columns > width) {
			fprintf(to, "\n%*s", (int)below, "");
			column = below;
		} else if (!first) {
			fputc(' ', to);
			column++;
		}
		fwrite(text, 1, length, to);
		column += columns;
		first = false;
		text += length;
		text += *text == ' ';
	}
	fputc('\n', to);
}

static size_t
columns_of(const char *text, size_t length)
{
	char *word = xstrndup(text, length);
	size_t columns = table_text_width(word);

	free(word);
	return columns;
}
