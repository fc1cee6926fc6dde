/*
 * plan: --plan: what a verb would do, asked of the daemon and shown.
 */
#include "ctl/plan.h"

#include <inttypes.h>
#include <stdlib.h>

#include "ctl/cell.h"
#include "ctl/field.h"
#include "daemon/core/alloc.h"

#define SHOWN_MAX 40 /* entries of one kind; --json has them all */

static bool print_switch(struct ctl *, const msgpack_object *);
static void print_executions(struct ctl *, const msgpack_object *plan);
static void print_changes(struct ctl *, const msgpack_object *plan);
static void print_kind(struct ctl *, const msgpack_object *plan,
    const char *kind, const char *title);
static void print_change(FILE *, const msgpack_object *, bool with_execution);
static bool is_of_many(const msgpack_object *plan);
static void print_binding(struct ctl *, const msgpack_object *answer);
static void note(struct ctl *, const char *title, const char *text);

bool
plan_ask(struct parameters *p, const struct arguments *a)
{
	if (!arguments_has(a, "plan"))
		return false;
	parameters_bool(p, "plan", true);
	return true;
}

void
plan_print(struct ctl *ctl, const msgpack_object *answer)
{
	const msgpack_object *plan = field(answer, "plan");

	if (writer_is_json(ctl->out)) {
		writer_row(ctl->out, answer);
		return;
	}
	/* Where all was refused there is nothing to plan. */
	if (plan == NULL ||
	    (field_count(answer, "failed") > 0 &&
		field_count(answer, "succeeded") == 0))
		return;
	if (!print_switch(ctl, answer) && field_count(plan, "executions") == 0)
		note(ctl, "nothing", "would change");
	print_executions(ctl, plan);
	print_changes(ctl, plan);
	if (field_uint(plan, "left_out") > 0)
		writer_note(ctl->out, NULL,
		    "and %" PRIu64 " more, which are left out",
		    field_uint(plan, "left_out"));
	print_binding(ctl, answer);
}

static void
note(struct ctl *ctl, const char *title, const char *text)
{
	writer_note(ctl->out, NULL, "%-12s%s", title, text);
}

/* What became of the engine, or of a workflow; false: neither is meant. */
static bool
print_switch(struct ctl *ctl, const msgpack_object *answer)
{
	bool is_engine = field(answer, "becomes") != NULL;
	char *status = field_text(answer, "status");
	char *name = field_text(answer, is_engine ? "becomes" : "workflow");
	bool known = status != NULL && name != NULL;

	if (known && is_engine)
		writer_note(
		    ctl->out, NULL, "%-12s%s -> %s", "engine", status, name);
	else if (known)
		writer_note(ctl->out, NULL, "%-12s%s would be %s", "workflow",
		    name, status);
	free(status);
	free(name);
	return known;
}

/* "execution   42 build: failed -> running (parent)" */
static void
print_executions(struct ctl *ctl, const msgpack_object *plan)
{
	uint32_t n = field_count(plan, "executions"), i;
	const msgpack_object *entry;
	char *text;
	size_t size;
	FILE *to;

	for (i = 0; i < n; i++) {
		entry = field_entry(plan, "executions", i);
		if (i == SHOWN_MAX) {
			writer_note(
			    ctl->out, NULL, "and %u more executions", n - i);
			return;
		}
		text = NULL;
		if ((to = open_memstream(&text, &size)) == NULL)
			return;
		fprintf(to, "%" PRIu64 " ", field_uint(entry, "id"));
		field_print_text(to, field(entry, "workflow"));
		fputs(": ", to);
		if (field(entry, "status") != NULL &&
		    field(entry, "status")->type == MSGPACK_OBJECT_STR)
			field_print_text(to, field(entry, "status"));
		else
			fputs("not there yet", to);
		fputs(" -> ", to);
		field_print_text(to, field(entry, "becomes"));
		if (!field_is(entry, "relation", "self")) {
			fputs(" (", to);
			field_print_text(to, field(entry, "relation"));
			fputc(')', to);
		}
		fclose(to);
		note(ctl, "execution", text);
		free(text);
	}
}

static void
print_changes(struct ctl *ctl, const msgpack_object *plan)
{
	static const char *const kinds[][2] = {
	    {"stopped", "stop"},
	    {"superseded", "supersede"},
	    {"ended", "end"},
	    {"started", "start"},
	    {"staged", "hold back"},
	    {"kept", "keep"},
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		print_kind(ctl, plan, kinds[i][0], kinds[i][1]);
}

static bool
is_of_many(const msgpack_object *plan)
{
	return field_count(plan, "executions") > 1;
}

static void
print_kind(struct ctl *ctl, const msgpack_object *plan, const char *kind,
    const char *title)
{
	uint32_t n = field_count(plan, kind), i;
	char *text = NULL;
	size_t size;
	FILE *to;

	if (n == 0 || (to = open_memstream(&text, &size)) == NULL)
		return;
	for (i = 0; i < n && i < SHOWN_MAX; i++) {
		fputs(i > 0 ? ", " : "", to);
		print_change(to, field_entry(plan, kind, i), is_of_many(plan));
	}
	if (i < n)
		fprintf(to, " and %u more", n - i);
	fclose(to);
	note(ctl, title, text);
	free(text);
}

/* "43 deploy[2] (SIGTERM)" */
static void
print_change(FILE *to, const msgpack_object *change, bool with_execution)
{
	const msgpack_object *how = field(change, "how");

	if (with_execution)
		fprintf(to, "%" PRIu64 " ", field_uint(change, "execution"));
	field_print_text(to, field(change, "task"));
	if (field(change, "item") != NULL &&
	    field(change, "item")->type == MSGPACK_OBJECT_POSITIVE_INTEGER)
		fprintf(to, "[%" PRIu64 "]", field_uint(change, "item"));
	if (how != NULL && how->type == MSGPACK_OBJECT_STR) {
		fputs(" (", to);
		field_print_text(to, how);
		fputc(')', to);
	}
}

/* What holds now may not in a moment. */
static void
print_binding(struct ctl *ctl, const msgpack_object *answer)
{
	const msgpack_object *one = field_count(answer, "succeeded") == 1
	    ? field_entry(answer, "succeeded", 0)
	    : answer;
	uint64_t revision = field_uint(one, "revision");

	if (field_count(answer, "succeeded") > 1)
		writer_note(ctl->out, NULL,
		    "this holds for now; --plan for one execution says the "
		    "revision to bind it to");
	else if (revision > 0 && field(answer, "created") == NULL)
		writer_note(ctl->out, NULL,
		    "this holds at revision %" PRIu64 ": with --if-revision "
		    "%" PRIu64 " in place of --plan it does just that, or "
		    "nothing",
		    revision, revision);
}
