/*
 * why_text: what weirctl why says, for people: a paragraph for each execution,
 * and what can be done.
 */
#include "ctl/why_text.h"

#include <inttypes.h>
#include <stdlib.h>

#include "ctl/cell.h"
#include "ctl/field.h"
#include "ctl/status.h"
#include "ctl/table.h"
#include "ctl/why.h"
#include "daemon/core/alloc.h"

static void print_head(struct screen *, const msgpack_object *);
static void print_commands(struct screen *, const msgpack_object *);

void
why_print(FILE *to, const msgpack_object *o, const struct look *look)
{
	struct screen screen = {.to = to, .look = look};
	const msgpack_object *x;
	uint32_t i;

	for (i = 0; i < field_count(o, "executions"); i++) {
		x = field_entry(o, "executions", i);
		print_head(&screen, x);
		why_text_now(&screen, x);
		why_text_end(&screen, x);
	}
	if (field(o, "left_out") != NULL)
		screen_say(&screen, 0,
		    "and %" PRIu64 " more subworkflows: weirctl tree %" PRIu64,
		    field_uint(o, "left_out"), field_uint(o, "id"));
	print_commands(&screen, o);
}

/* "43 deploy@1 ✗ failed 3m ago, after 2m05s (task deploy of 42)" */
static void
print_head(struct screen *s, const msgpack_object *x)
{
	FILE *line = screen_line(s);

	fprintf(line, "%" PRIu64 " ", field_uint(x, "id"));
	cell_workflow(line, x, "workflow", s->look);
	fputc(' ', line);
	cell_status(line, x, "status", s->look);
	if (field(x, "ended_at") != NULL) {
		fputc(' ', line);
		cell_when(line, x, "ended_at", s->look);
		fputs(field(x, "started_at") != NULL ? ", after "
						     : ", never begun",
		    line);
		cell_elapsed(line, x, NULL, s->look);
	} else if (field(x, "started_at") != NULL) {
		fputs(", begun ", line);
		cell_when(line, x, "started_at", s->look);
	} else {
		fputs(", accepted ", line);
		cell_when(line, x, "created_at", s->look);
	}
	if (field(x, "parent") != NULL) {
		fputs(" (task ", line);
		cell_text(line, x, "parent.task", s->look);
		fprintf(line, " of %" PRIu64 ")",
		    field_uint(x, "parent.execution"));
	}
	screen_end(s, 0);
}

void
why_text_task(struct screen *s, const msgpack_object *run)
{
	fputs("task ", s->line);
	cell_text(s->line, run, "task", s->look);
	if (field(run, "item") != NULL)
		fprintf(s->line, "[%" PRIu64 "]", field_uint(run, "item"));
	if (field_uint(run, "run") > 1)
		fprintf(s->line, " (run %" PRIu64 ")", field_uint(run, "run"));
}

static void
print_commands(struct screen *s, const msgpack_object *o)
{
	struct table *table = table_new(2, s->look->width);
	const msgpack_object *command;
	char *text;
	uint32_t i, n = field_count(o, "commands");

	if (n > 0)
		screen_say(s, 0, "what can be done:");
	table_column(table, 1, false, true);
	for (i = 0; i < n; i++) {
		command = field_entry(o, "commands", i);
		text = field_text(command, "command");
		table_add(table, xasprintf("  %s", text));
		table_add(table, field_text(command, "what"));
		free(text);
	}
	table_print(table, s->to);
	table_free(table);
}
