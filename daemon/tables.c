/* tables: prints the lifecycle tables */

#include <string.h>

#include "daemon/core/lifecycle.h"
#include "daemon/tables.h"

static int column_width(const struct lifecycle *, size_t);
static const char *cell(const struct lifecycle *, size_t, size_t);
static void print_table(FILE *, const struct lifecycle *);

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
