/* scene_text: a scene's executions and all their tasks, as one line. */

#include "tests/scene_text.h"

#include <atf-c.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void write_run(FILE *, const struct run *);
static void write_execution(FILE *, const struct execution *);

static void
write_run(FILE *f, const struct run *r)
{
	fprintf(f, "%s", r->task->name);
	if (r->k.number > 1)
		fprintf(f, "#%u", r->k.number);
	fprintf(f, " %s", task_status_name(r->k.status));
	if (r->task->items == NULL)
		return;
	for (uint32_t i = 0; i < r->nactions; i++)
		fprintf(f, "%c%s", i == 0 ? '[' : ' ',
		    task_status_name(r->actions[i].k.status));
	fprintf(f, "]");
}

static void
write_execution(FILE *f, const struct execution *x)
{
	const char *between = ": ";

	fprintf(
	    f, "%" PRIu64 " %s", x->k.id, execution_status_name(x->k.status));
	if (x->k.ending >= 0 && !execution_ended(x->k.status))
		fprintf(f, "(%s)",
		    execution_status_name((enum execution_status)x->k.ending));
	for (uint32_t i = 0; i < x->definition->ntasks; i++) {
		if (x->nodes[i].newest == NULL)
			continue;
		fprintf(f, "%s", between);
		between = ", ";
		write_run(f, x->nodes[i].newest);
	}
}

char *
scene_text(const struct scene *s)
{
	struct execution *x;
	char *text = NULL;
	size_t size = 0;
	FILE *f = open_memstream(&text, &size);

	ATF_REQUIRE(f != NULL);
	RB_FOREACH (x, executions, &s->live->executions) {
		if (ftell(f) > 0)
			fprintf(f, "; ");
		write_execution(f, x);
	}
	fclose(f);
	return text;
}

void
scene_sees(struct scene *s, const char *wanted, const char *file, int line)
{
	char *text = scene_text(s);

	if (strcmp(text, wanted) != 0)
		atf_tc_fail(
		    "%s:%d: it is\n%s\nnot\n%s", file, line, text, wanted);
	free(text);
	scene_check(s);
}

bool
scene_ask(struct scene *s, const struct command *asked)
{
	struct command c = *asked, plain = scene_command(asked->type);

	c.by = plain.by;
	c.if_status = plain.if_status;
	c.item = plain.item;
	return scene_do(s, &c);
}
