/* tables: prints the lifecycle tables */

#include <string.h>

#include "daemon/core/lifecycle.h"
#include "daemon/tables.h"

#define PART_WIDTH 50 /* columns; what goes on beyond it is another table */

/* The moves of one table of the manual. */
struct part {
	size_t from;
	size_t to; /* the one behind the last */
};

static int column_width(const struct lifecycle *, size_t);
static const char *cell(const struct lifecycle *, size_t, size_t);
static void print_table(FILE *, const struct lifecycle *);
static void print_mdoc(FILE *, const struct lifecycle *);
static void part_end(const struct lifecycle *, struct part *);
static void
print_mdoc_part(FILE *, const struct lifecycle *, const struct part *);
static void
print_mdoc_head(FILE *, const struct lifecycle *, const struct part *);
static void print_mdoc_move(FILE *, const char *);
static const char *option_of(const struct lifecycle *, size_t);
static size_t mdoc_width(const struct lifecycle *, size_t);
static size_t status_width(const struct lifecycle *);

void
tables_print(FILE *out)
{
	for (size_t i = 0; i < LIFECYCLES; i++) {
		if (i > 0)
			fputc('\n', out);
		print_table(out, &lifecycles[i]);
	}
}

static void
print_table(FILE *out, const struct lifecycle *table)
{
	int first = (int)status_width(table);

	fprintf(out, "%-*s", first, table->title);
	for (size_t j = 0; j < table->nmoves; j++)
		fprintf(out, "  %-*s", column_width(table, j), table->moves[j]);
	fputc('\n', out);
	for (size_t i = 0; i < table->nstatuses; i++) {
		fprintf(out, "%-*s", first, table->statuses[i]);
		for (size_t j = 0; j < table->nmoves; j++)
			fprintf(out, "  %-*s", column_width(table, j),
			    cell(table, i, j));
		fputc('\n', out);
	}
}

void
tables_print_mdoc(FILE *out)
{
	for (size_t i = 0; i < LIFECYCLES; i++) {
		if (i > 0)
			fputs(".Pp\n", out);
		print_mdoc(out, &lifecycles[i]);
	}
}

/* As many tables side by side as a page's width takes, the rest below. */
static void
print_mdoc(FILE *out, const struct lifecycle *table)
{
	struct part part = {.from = 0};

	while (part.from < table->nmoves) {
		if (part.from > 0)
			fputs(".Pp\n", out);
		part_end(table, &part);
		print_mdoc_part(out, table, &part);
		part.from = part.to;
	}
}

/* What is an option of the move before it stays beside that. */
static void
part_end(const struct lifecycle *table, struct part *part)
{
	size_t width = status_width(table);

	part->to = part->from;
	for (size_t j = part->from; j < table->nmoves; j++) {
		if (!table->requested[j])
			continue;
		if (option_of(table, j) == NULL && width >= PART_WIDTH)
			return;
		width += mdoc_width(table, j) + 2;
		part->to = j + 1;
	}
	part->to = table->nmoves;
}

static void
print_mdoc_part(
    FILE *out, const struct lifecycle *table, const struct part *part)
{
	print_mdoc_head(out, table, part);
	for (size_t i = 0; i < table->nstatuses; i++) {
		fprintf(out, ".It %s", table->statuses[i]);
		for (size_t j = part->from; j < part->to; j++)
			if (table->requested[j])
				fprintf(out, " Ta %s", cell(table, i, j));
		fputc('\n', out);
	}
	fputs(".El\n", out);
}

/* "pause --freeze" stands behind "pause": its option is enough. */
static void
print_mdoc_head(
    FILE *out, const struct lifecycle *table, const struct part *part)
{
	fprintf(out, ".Bl -column -compact \"%.*s\"", (int)status_width(table),
	    "--------------------");
	for (size_t j = part->from; j < part->to; j++)
		if (table->requested[j])
			fprintf(out, " \"%.*s\"", (int)mdoc_width(table, j),
			    "--------------------");
	fprintf(out, "\n.It Em %s", table->title);
	for (size_t j = part->from; j < part->to; j++) {
		if (!table->requested[j])
			continue;
		if (option_of(table, j) != NULL)
			fprintf(out, " Ta Fl %s", option_of(table, j) + 1);
		else
			print_mdoc_move(out, table->moves[j]);
	}
	fputc('\n', out);
}

/* "rerun --task" as an option of rerun. */
static void
print_mdoc_move(FILE *out, const char *move)
{
	const char *option = strstr(move, " --");

	if (option == NULL)
		fprintf(out, " Ta Ic %s", move);
	else
		fprintf(out, " Ta Ic %.*s Fl %s", (int)(option - move), move,
		    option + 2);
}

/*
 * "--freeze" of "pause --freeze"; NULL where there is none, or the move without
 * it is none of the table's.
 */
static const char *
option_of(const struct lifecycle *table, size_t move)
{
	const char *name = table->moves[move];
	const char *blank = strstr(name, " --");
	size_t length = blank != NULL ? (size_t)(blank - name) : 0;

	for (size_t i = 0; blank != NULL && i < move; i++)
		if (strlen(table->moves[i]) == length &&
		    memcmp(table->moves[i], name, length) == 0)
			return blank + 1;
	return NULL;
}

static size_t
mdoc_width(const struct lifecycle *table, size_t move)
{
	const char *option = option_of(table, move);
	size_t width = strlen(option != NULL ? option : table->moves[move]);

	for (size_t i = 0; i < table->nstatuses; i++)
		if (strlen(cell(table, i, move)) > width)
			width = strlen(cell(table, i, move));
	return width;
}

static size_t
status_width(const struct lifecycle *table)
{
	size_t width = strlen(table->title);

	for (size_t i = 0; i < table->nstatuses; i++)
		if (strlen(table->statuses[i]) > width)
			width = strlen(table->statuses[i]);
	return width;
}

static int
column_width(const struct lifecycle *table, size_t move)
{
	size_t width = strlen(table->moves[move]);

	for (size_t i = 0; i < table->nstatuses; i++)
		if (strlen(cell(table, i, move)) > width)
			width = strlen(cell(table, i, move));
	return (int)width;
}

static const char *
cell(const struct lifecycle *table, size_t status, size_t move)
{
	signed char to = table->cells[status * table->nmoves + move];

	if (to == LIFECYCLE_NO)
		return "no";
	return to == LIFECYCLE_SAME ? "same" : table->statuses[(size_t)to];
}
