/* family: executions and their task runs as a table. */

#include "tests/family.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define ROWS_MAX 512

/* A row's cell in some step; all point into the step's text. */
struct cell {
	const char *label, *text, *reason;
	size_t label_size, text_size, reason_size;
};

static const msgpack_object *field(const msgpack_object *, const char *);
static void write_text(FILE *, const char *before, const msgpack_object *);
static void
add_task(FILE *, const msgpack_object *execution, const msgpack_object *task);
static bool next_cell(const char **, struct cell *);
static bool find_cell(const char *, const struct cell *like, struct cell *);
static bool same_text(const struct cell *, const struct cell *);
static size_t
gather_rows(char *const *steps, size_t nsteps, struct cell rows[ROWS_MAX]);
static void write_cell(FILE *, const char *const *, char *const *, size_t step,
    const struct cell *row, size_t width);
static const char *
cell_shown(char *const *, size_t step, const struct cell *row, size_t *size);
static void
write_notes(FILE *, char *const *, size_t step, const struct cell *, size_t n);

static const msgpack_object *
field(const msgpack_object *map, const char *key)
{
	static const msgpack_object none = {.type = MSGPACK_OBJECT_NIL};

	for (uint32_t i = 0; i < map->via.map.size; i++) {
		const msgpack_object *k = &map->via.map.ptr[i].key;

		if (k->via.str.size == strlen(key) &&
		    memcmp(k->via.str.ptr, key, k->via.str.size) == 0)
			return &map->via.map.ptr[i].val;
	}
	return &none;
}

/* Nothing for nil. */
static void
write_text(FILE *f, const char *before, const msgpack_object *o)
{
	if (o->type == MSGPACK_OBJECT_NIL)
		return;
	fputs(before, f);
	if (o->type == MSGPACK_OBJECT_STR)
		fwrite(o->via.str.ptr, 1, o->via.str.size, f);
	else if (o->type == MSGPACK_OBJECT_ARRAY) {
		for (uint32_t i = 0; i < o->via.array.size; i++)
			write_text(f, i == 0 ? "" : ", ", &o->via.array.ptr[i]);
	} else
		msgpack_object_print(f, *o);
}

static void
add_task(FILE *f, const msgpack_object *execution, const msgpack_object *task)
{
	write_text(f, "", field(execution, "id"));
	write_text(f, "/", field(execution, "generation"));
	write_text(f, "   ", field(task, "name"));
	write_text(f, ".", field(task, "run"));
	if (field(task, "item")->type != MSGPACK_OBJECT_NIL) {
		write_text(f, "[", field(task, "item"));
		fputc(']', f);
	}
	fputc('\t', f);
	if (field(task, "superseded")->via.boolean)
		fputc('~', f);
	write_text(f, "", field(task, "status"));
	if (field(task, "items")->type == MSGPACK_OBJECT_NIL ||
	    field(task, "item")->type != MSGPACK_OBJECT_NIL)
		write_text(f, " ", field(task, "attempt"));
	write_text(f, " >", field(task, "execution"));
	write_text(f, " ", field(task, "output"));
	fputc('\n', f);
}

void
family_add(FILE *f, const msgpack_object *x)
{
	const msgpack_object *held = field(x, "held"), *tasks;
	const msgpack_object *error = field(x, "error");

	write_text(f, "", field(x, "id"));
	write_text(f, "/", field(x, "generation"));
	write_text(f, " ", field(x, "workflow"));
	write_text(f, "@", field(x, "version"));
	write_text(f, "\t", field(x, "status"));
	if (field(x, "ending")->type != MSGPACK_OBJECT_NIL) {
		write_text(f, "(", field(x, "ending"));
		fputc(')', f);
	}
	if (held->type == MSGPACK_OBJECT_MAP)
		write_text(f, " held by ", field(held, "by"));
	write_text(f, " ", field(x, "output"));
	write_text(f, "\t", field(x, "reason"));
	if (error->type == MSGPACK_OBJECT_MAP) {
		write_text(f, " [", field(error, "task"));
		write_text(f, " item ", field(error, "item"));
		write_text(f, " attempt ", field(error, "attempt"));
		fputc(']', f);
	}
	fputc('\n', f);
	tasks = field(x, "tasks");
	for (uint32_t i = 0; i < tasks->via.array.size; i++)
		add_task(f, x, &tasks->via.array.ptr[i]);
}

/* The next row of a step that is no note. */
static bool
next_cell(const char **at, struct cell *cell)
{
	const char *end, *tab;

	while (**at == '!')
		*at += strcspn(*at, "\n") + 1;
	if (**at == '\0')
		return false;
	end = *at + strcspn(*at, "\n");
	cell->label = *at;
	cell->label_size = strcspn(*at, "\t");
	cell->text = *at + cell->label_size + 1;
	tab = cell->text + strcspn(cell->text, "\t\n");
	cell->text_size = (size_t)(tab - cell->text);
	cell->reason = tab < end ? tab + 1 : end;
	cell->reason_size = (size_t)(end - cell->reason);
	*at = end + 1;
	return true;
}

static bool
find_cell(const char *step, const struct cell *like, struct cell *cell)
{
	while (next_cell(&step, cell))
		if (cell->label_size == like->label_size &&
		    memcmp(cell->label, like->label, cell->label_size) == 0)
			return true;
	return false;
}

static bool
same_text(const struct cell *a, const struct cell *b)
{
	return a->text_size == b->text_size &&
	    memcmp(a->text, b->text, a->text_size) == 0;
}

/* Those of the last step, which has all, then any that it has lost. */
static size_t
gather_rows(char *const *steps, size_t nsteps, struct cell rows[ROWS_MAX])
{
	size_t n = 0;

	for (size_t i = nsteps; i > 0; i--) {
		const char *at = steps[i - 1];
		struct cell cell, found;

		while (next_cell(&at, &cell) && n < ROWS_MAX)
			if (i == nsteps ||
			    !find_cell(steps[nsteps - 1], &cell, &found))
				rows[n++] = cell;
	}
	return n;
}

static const char *
cell_shown(
    char *const *steps, size_t step, const struct cell *row, size_t *size)
{
	struct cell cell, before;
	bool was = step > 0 && find_cell(steps[step - 1], row, &before);

	if (!find_cell(steps[step], row, &cell)) {
		*size = was ? 4 : 0;
		return was ? "LOST" : "";
	}
	*size = 1;
	if (was && same_text(&cell, &before))
		return "=";
	*size = cell.text_size;
	return cell.text;
}

static void
write_cell(FILE *f, const char *const *titles, char *const *steps, size_t step,
    const struct cell *row, size_t width)
{
	size_t size;
	const char *text;

	if (row != NULL)
		text = cell_shown(steps, step, row, &size);
	else {
		text = titles[step];
		size = strlen(text);
	}
	fprintf(f, " | %-*.*s", (int)width, (int)size, text);
}

/* Notes, and reasons that were not there the step before. */
static void
write_notes(FILE *f, char *const *steps, size_t step, const struct cell *rows,
    size_t nrows)
{
	struct cell cell, before;

	for (const char *p = steps[step]; *p != '\0'; p += strcspn(p, "\n") + 1)
		if (*p == '!')
			fprintf(f, "%zu %.*s\n", step + 1,
			    (int)strcspn(p + 2, "\n"), p + 2);
	for (size_t i = 0; i < nrows; i++) {
		if (!find_cell(steps[step], &rows[i], &cell) ||
		    cell.reason_size == 0)
			continue;
		if (step > 0 && find_cell(steps[step - 1], &rows[i], &before) &&
		    before.reason_size == cell.reason_size &&
		    memcmp(before.reason, cell.reason, cell.reason_size) == 0)
			continue;
		fprintf(f, "%zu %.*s: %.*s\n", step + 1, (int)cell.label_size,
		    cell.label, (int)cell.reason_size, cell.reason);
	}
}

void
family_table(
    FILE *f, const char *const *titles, char *const *steps, size_t nsteps)
{
	struct cell rows[ROWS_MAX];
	size_t nrows = gather_rows(steps, nsteps, rows), first = 0, size;
	size_t widths[16] = {0};

	for (size_t i = 0; i < nrows; i++)
		if (rows[i].label_size > first)
			first = rows[i].label_size;
	for (size_t i = 0; i < nsteps; i++) {
		widths[i] = strlen(titles[i]);
		for (size_t j = 0; j < nrows; j++) {
			cell_shown(steps, i, &rows[j], &size);
			if (size > widths[i])
				widths[i] = size;
		}
	}
	fprintf(f, "%-*s", (int)first, "");
	for (size_t i = 0; i < nsteps; i++)
		write_cell(
		    f, titles, steps, i, NULL, i + 1 < nsteps ? widths[i] : 0);
	for (size_t j = 0; j < nrows; j++) {
		fprintf(f, "\n%-*.*s", (int)first, (int)rows[j].label_size,
		    rows[j].label);
		for (size_t i = 0; i < nsteps; i++)
			write_cell(f, titles, steps, i, &rows[j],
			    i + 1 < nsteps ? widths[i] : 0);
	}
	fputc('\n', f);
	for (size_t i = 0; i < nsteps; i++)
		write_notes(f, steps, i, rows, nrows);
}
