/*
 * cell: writes one field of an answer as a table's cell, by what it is.
 */
#include "ctl/cell.h"

#include <inttypes.h>
#include <stdlib.h>

#include "ctl/field.h"
#include "ctl/status.h"
#include "ctl/table.h"
#include "ctl/time_text.h"

#define VALUE_WIDTH 200 /* columns */

void
cell_text(FILE *to, const msgpack_object *map, const char *key,
    const struct look *look)
{
	const msgpack_object *o = field_deep(map, key);

	(void)look;
	if (o != NULL)
		field_print_text(to, o);
}

void
cell_value(FILE *to, const msgpack_object *map, const char *key,
    const struct look *look)
{
	const msgpack_object *o = field_deep(map, key);
	struct table *one;
	char *text = NULL;
	size_t size;
	FILE *buffer;

	if (o == NULL || (buffer = open_memstream(&text, &size)) == NULL)
		return;
	field_print_text(buffer, o);
	fclose(buffer);
	one = table_new(1, look->exact ? 0 : VALUE_WIDTH);
	table_add(one, text);
	table_print_cell(one, to);
	table_free(one);
}

void
cell_status(FILE *to, const msgpack_object *map, const char *key,
    const struct look *look)
{
	char *status = field_text(map, key);

	if (status != NULL)
		status_print(to, status, look);
	free(status);
}

void
cell_when(FILE *to, const msgpack_object *map, const char *key,
    const struct look *look)
{
	int64_t at = field_int(map, key, 0);
	char text[TIME_TEXT_MAX];

	if (at == 0)
		return;
	if (look->exact)
		time_text_exact(at, text);
	else
		time_text_ago(at, look->now, text);
	fputs(text, to);
}

void
cell_duration(FILE *to, const msgpack_object *map, const char *key,
    const struct look *look)
{
	int64_t ns = field_int(map, key, 0);
	char text[TIME_TEXT_MAX];

	(void)look;
	if (ns == 0)
		return;
	time_text_duration(ns, text);
	fputs(text, to);
}

void
cell_elapsed(FILE *to, const msgpack_object *map, const char *key,
    const struct look *look)
{
	int64_t from = field_int(map, "started_at", 0);
	char text[TIME_TEXT_MAX];

	(void)key;
	if (from == 0)
		return;
	time_text_duration(field_int(map, "ended_at", look->now) - from, text);
	fputs(text, to);
}

void
cell_bytes(FILE *to, const msgpack_object *map, const char *key,
    const struct look *look)
{
	static const char units[] = "BKMGT";
	uint64_t n = field_uint(map, key);
	double scaled = (double)n;
	size_t unit = 0;

	(void)look;
	if (n == 0)
		return;
	for (; scaled >= 1024 && units[unit + 1] != '\0'; unit++)
		scaled /= 1024;
	if (unit == 0)
		fprintf(to, "%" PRIu64 "B", n);
	else
		fprintf(to, "%.1f%c", scaled, units[unit]);
}

void
cell_workflow(FILE *to, const msgpack_object *map, const char *key,
    const struct look *look)
{
	cell_text(to, map, key, look);
	if (field_uint(map, "version") != 0)
		fprintf(to, "@%" PRIu64, field_uint(map, "version"));
}

void
cell_labels(FILE *to, const msgpack_object *map, const char *key,
    const struct look *look)
{
	const msgpack_object *labels = field(map, key);
	uint32_t i;

	(void)look;
	if (labels == NULL || labels->type != MSGPACK_OBJECT_MAP)
		return;
	for (i = 0; i < labels->via.map.size; i++) {
		fputs(i > 0 ? " " : "", to);
		field_print_text(to, &labels->via.map.ptr[i].key);
		fputc('=', to);
		field_print_text(to, &labels->via.map.ptr[i].val);
	}
}

void
cell_counts(FILE *to, const msgpack_object *map, const char *key,
    const struct look *look)
{
	const msgpack_object *counts = field(map, key), *n;
	bool some = false;
	uint32_t i;

	(void)look;
	if (counts == NULL || counts->type != MSGPACK_OBJECT_MAP)
		return;
	for (i = 0; i < counts->via.map.size; i++) {
		n = &counts->via.map.ptr[i].val;
		if (n->type == MSGPACK_OBJECT_POSITIVE_INTEGER &&
		    n->via.u64 == 0)
			continue;
		fputs(some ? ", " : "", to);
		field_print_text(to, n);
		fputc(' ', to);
		field_print_text(to, &counts->via.map.ptr[i].key);
		some = true;
	}
	if (!some)
		fputs("none", to);
}

/* "by ann: a disk is being changed, since 3m ago; frozen" */
void
cell_held(FILE *to, const msgpack_object *map, const char *key,
    const struct look *look)
{
	const msgpack_object *held = field(map, key);

	if (held == NULL)
		return;
	fputs(field_is(held, "by", "parent")   ? "with its "
		: field_is(held, "by", "user") ? "by "
					       : "by the ",
	    to);
	if (!field_is(held, "by", "user") || field(held, "who") == NULL)
		cell_text(to, held, "by", look);
	if (field(held, "who") != NULL) {
		fputs(field_is(held, "by", "user") ? "" : ", by ", to);
		cell_text(to, held, "who", look);
	}
	if (field(held, "reason") != NULL) {
		fputs(": ", to);
		cell_text(to, held, "reason", look);
	}
	if (field(held, "since") != NULL) {
		fputs(", since ", to);
		cell_when(to, held, "since", look);
	}
	if (field_true(held, "frozen"))
		fputs("; frozen", to);
	if (field_true(held, "engine") && !field_is(held, "by", "engine"))
		fputs("; the engine is paused too", to);
}

void
cell_holder(FILE *to, const msgpack_object *map, const char *key,
    const struct look *look)
{
	const msgpack_object *held = field(map, key);

	if (held == NULL)
		return;
	cell_text(to, held, "by", look);
	if (field_true(held, "frozen"))
		fputs(", frozen", to);
}
