/*
 * table: cells of text laid out in columns that fit a terminal.
 */
#ifndef WEIR_CTL_TABLE_H
#define WEIR_CTL_TABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct table;

/* Width in columns; 0: as wide as it gets. */
struct table *table_new(size_t columns, unsigned width);
void table_column(struct table *, size_t, bool right, bool shrink);
/* Takes over the text of the next cell, row by row; may hold SGR sequences. */
void table_add(struct table *, char *);
/* Writes all rows; cells that must give way end in "..". */
void table_print(const struct table *, FILE *);
/* Writes a single cell, without the end of the line. */
void table_print_cell(const struct table *, FILE *);
void table_free(struct table *);

/* Columns that a text takes on a terminal. */
size_t table_text_width(const char *);

#endif
