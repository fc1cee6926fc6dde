/*
 * table: cells of text laid out in columns that fit a terminal.
 */
#include "ctl/table.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "ctl/source.h"
#include "daemon/core/alloc.h"

#define GAP 2	/* blanks between columns */
#define LEAST 8 /* columns that one that shrinks keeps */
#define KEPT 2	/* columns of the table that are never left out */

struct place_of_column {
	size_t width;
	bool right;
	bool shrink;
};

struct table {
	size_t ncolumns;
	unsigned width;
	struct place_of_column *columns;
	char **cells;
	size_t ncells;
	size_t room;
};

static size_t step(const char *, size_t *width);
static void fit(struct table *);
static struct place_of_column *least_wanted(struct table *);
static bool has_text(const struct table *, size_t column);
static void
print_cell(FILE *, const char *, const struct place_of_column *, bool last);
static void print_cut(FILE *, const char *, size_t);
static void pad(FILE *, size_t);

struct table *
table_new(size_t columns, unsigned width)
{
	struct table *t = xcalloc(1, sizeof(*t));

	t->ncolumns = columns;
	t->width = width;
	t->columns = xcalloc(columns, sizeof(*t->columns));
	return t;
}

void
table_column(struct table *t, size_t i, bool right, bool shrink)
{
	t->columns[i].right = right;
	t->columns[i].shrink = shrink;
}

void
table_add(struct table *t, char *text)
{
	struct place_of_column *c = &t->columns[t->ncells % t->ncolumns];
	size_t width = table_text_width(text);

	if (t->ncells == t->room) {
		t->room = t->room == 0 ? 64 : t->room * 2;
		t->cells = xreallocarray(t->cells, t->room, sizeof(char *));
	}
	t->cells[t->ncells++] = text;
	if (width > c->width)
		c->width = width;
}

void
table_free(struct table *t)
{
	size_t i;

	if (t == NULL)
		return;
	for (i = 0; i < t->ncells; i++)
		free(t->cells[i]);
	free(t->cells);
	free(t->columns);
	free(t);
}

/* Bytes of the character or SGR sequence, and the columns that it takes. */
static size_t
step(const char *text, size_t *width)
{
	size_t n = utf8_length(text, strlen(text)), i;
	uint32_t c;
	int columns;

	*width = 1;
	if (text[0] == '\033' && text[1] == '[') {
		*width = 0;
		n = 2 + strcspn(text + 2, "m");
		return text[n] == 'm' ? n + 1 : n;
	}
	if (n <= 1)
		return 1;
	c = (unsigned char)text[0] & (0x7fU >> n);
	for (i = 1; i < n; i++)
		c = c << 6 | ((unsigned char)text[i] & 0x3fU);
	columns = wcwidth((wchar_t)c);
	*width = columns < 0 ? 1 : (size_t)columns;
	return n;
}

size_t
table_text_width(const char *text)
{
	size_t width, all = 0;

	while (*text != '\0') {
		text += step(text, &width);
		all += width;
	}
	return all;
}

/*
 * The widest column that may shrink gives way, one character at a time; then
 * whole columns do.
 */
static void
fit(struct table *t)
{
	struct place_of_column *widest;
	size_t i, all;

	if (t->width == 0)
		return;
	for (;;) {
		widest = NULL;
		all = 0;
		for (i = 0; i < t->ncolumns; i++) {
			all += t->columns[i].width +
			    (i > 0 && t->columns[i].width > 0 ? GAP : 0);
			if (t->columns[i].shrink &&
			    t->columns[i].width > LEAST &&
			    (widest == NULL ||
				t->columns[i].width > widest->width))
				widest = &t->columns[i];
		}
		if (all <= t->width)
			return;
		if (widest == NULL)
			widest = least_wanted(t);
		if (widest == NULL)
			return;
		widest->width -=
		    widest->width > LEAST && widest->shrink ? 1 : widest->width;
	}
}

/*
 * What is left out where even narrow columns are too many: from the right,
 * those with a title alone before the others.  The first two stay.
 */
static struct place_of_column *
least_wanted(struct table *t)
{
	struct place_of_column *found = NULL;
	size_t i;

	for (i = t->ncolumns; i-- > KEPT;) {
		if (t->columns[i].width == 0)
			continue;
		if (!has_text(t, i))
			return &t->columns[i];
		if (found == NULL)
			found = &t->columns[i];
	}
	return found;
}

static bool
has_text(const struct table *t, size_t column)
{
	size_t i;

	for (i = t->ncolumns + column; i < t->ncells; i += t->ncolumns)
		if (t->cells[i][0] != '\0')
			return true;
	return false;
}

void
table_print(const struct table *table, FILE *to)
{
	struct table t = *table;
	size_t i, column, last;

	t.columns = xcalloc(t.ncolumns, sizeof(*t.columns));
	memcpy(t.columns, table->columns, t.ncolumns * sizeof(*t.columns));
	fit(&t);
	for (i = 0; i + t.ncolumns <= t.ncells; i += t.ncolumns) {
		last = t.ncolumns;
		while (last > 1 &&
		    (t.cells[i + last - 1][0] == '\0' ||
			t.columns[last - 1].width == 0))
			last--;
		for (column = 0; column < last; column++)
			if (t.columns[column].width > 0)
				print_cell(to, t.cells[i + column],
				    &t.columns[column], column + 1 == last);
		fputc('\n', to);
	}
	free(t.columns);
}

void
table_print_cell(const struct table *t, FILE *to)
{
	struct place_of_column column = t->columns[0];

	if (t->width > 0 && column.width > t->width)
		column.width = t->width;
	print_cell(to, t->cells[0], &column, true);
}

static void
print_cell(
    FILE *to, const char *text, const struct place_of_column *column, bool last)
{
	size_t width = table_text_width(text);

	if (width > column->width) {
		print_cut(to, text, column->width);
		width = column->width;
	} else {
		if (column->right)
			pad(to, column->width - width);
		fputs(text, to);
	}
	if (last)
		return;
	if (!column->right)
		pad(to, column->width - width);
	pad(to, GAP);
}

/* SGR sequences behind the cut are kept, so that colour ends. */
static void
print_cut(FILE *to, const char *text, size_t limit)
{
	size_t used = 0, width, n;
	bool cut = false;

	for (; *text != '\0'; text += n) {
		n = step(text, &width);
		if (width > 0 && !cut && used + width + 2 > limit) {
			fputs("..", to);
			cut = true;
			for (used += 2; used < limit; used++)
				fputc(' ', to);
		}
		if (width > 0 && cut)
			continue;
		fwrite(text, 1, n, to);
		used += width;
	}
}

static void
pad(FILE *to, size_t n)
{
	while (n-- > 0)
		fputc(' ', to);
}
