/* tables: prints the lifecycle tables */

#include <stdbool.h>
#include <string.h>

#include "daemon/core/lifecycle.h"
#include "daemon/tables.h"

static int column_width(const struct lifecycle *, size_t);
static const char *cell(const struct lifecycle *, size_t, size_t);
static void print_table(FILE *, const struct lifecycle *);
static bool is_asked_for(const struct lifecycle *);
static void print_mdoc(FILE *, const struct lifecycle *);
static void print_mdoc_head(FILE *, const struct lifecycle *);

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
	int first = (int)strlen(table->title);

	for (size_t i = 0; i < table->nstatuses; i++)
		if ((int)strlen(table->statuses[i]) > first)
			first = (int)strlen(table->statuses[i]);
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

/* The actions on tasks have more to them than their moves. */
void
tables_print_mdoc(FILE *out)
{
	bool first = true;

	for (size_t i = 0; i < LIFECYCLES; i++) {
		if (!is_asked_for(&lifecycles[i]))
			continue;
		if (!first)
			fputs(".Pp\n", out);
		print_mdoc(out, &lifecycles[i]);
		first = false;
	}
}

static bool
is_asked_for(const struct lifecycle *table)
{
	return strcmp(table->title, "task") != 0;
}

static void
print_mdoc(FILE *out, const struct lifecycle *table)
{
	print_mdoc_head(out, table);
	for (size_t i = 0; i < table->nstatuses; i++) {
		fprintf(out, ".It %s", table->statuses[i]);
		for (size_t j = 0; j < table->nmoves; j++)
			if (table->requested[j])
				fprintf(out, " Ta %s", cell(table, i, j));
		fputc('\n', out);
	}
	fputs(".El\n", out);
}

/* "pause --freeze" stands behind "pause": its option is enough. */
static void
print_mdoc_head(FILE *out, const struct lifecycle *table)
{
	size_t first = strlen(table->title), length;
	const char *option;

	for (size_t i = 0; i < table->nstatuses; i++)
		if (strlen(table->statuses[i]) > first)
			first = strlen(table->statuses[i]);
	fprintf(out, ".Bl -column -compact \"%.*s\"", (int)first,
	    "----------------");
	for (size_t j = 0; j < table->nmoves; j++) {
		if (!table->requested[j])
			continue;
		option = strstr(table->moves[j], " --");
		length = strlen(option != NULL ? option + 1 : table->moves[j]);
		for (size_t i = 0; i < table->nstatuses; i++)
			if (strlen(cell(table, i, j)) > length)
				length = strlen(cell(table, i, j));
		fprintf(out, " \"%.*s\"", (int)length, "----------------");
	}
	fprintf(out, "\n.It Em %s", table->title);
	for (size_t j = 0; j < table->nmoves; j++) {
		if (!table->requested[j])
			continue;
		option = strstr(table->moves[j], " --");
		if (option != NULL)
			fprintf(out, " Ta Fl -%s", option + 3);
		else
			fprintf(out, " Ta Ic %s", table->moves[j]);
	}
	fputc('\n', out);
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
