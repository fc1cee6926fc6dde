/*
 * execution_tree: an execution's tasks, attempts and subworkflows as a tree.
 */
#include "ctl/execution_tree.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/cell.h"
#include "ctl/field.h"
#include "ctl/status.h"

#define INDENT_MAX 256 /* bytes; deeper than workflows nest */
#define ITEMS_SHOWN 10 /* with more, completed ones are only counted */

struct tree {
	struct ctl *ctl;
	FILE *to;
	const struct look *look;
	bool all;	     /* superseded runs too */
	unsigned superseded; /* left out so far */
};

/* What a line begins with: the branches above it. */
struct branch {
	char indent[INDENT_MAX];
};

static void
print_tasks(struct tree *, const msgpack_object *, const struct branch *);
static bool is_left_out(const struct tree *, const msgpack_object *);
static uint32_t items_behind(const msgpack_object *, uint32_t);
static bool is_shown(const msgpack_object *, uint32_t);
static void print_items(struct tree *, const msgpack_object *, uint32_t,
    uint32_t, const struct branch *);
static void print_task(
    struct tree *, const msgpack_object *, const struct branch *, bool last);
static void
print_line(struct tree *, const msgpack_object *, bool with_attempt);
static void print_attempt(
    struct tree *, const msgpack_object *, const struct branch *, bool last);
static void print_ending(struct tree *, const msgpack_object *);
static void print_child(struct tree *, uint64_t, const struct branch *);
static void start_line(struct tree *, const struct branch *, bool last);
static struct branch
below(const struct tree *, const struct branch *, bool last);

void
execution_tree_print(
    struct ctl *ctl, FILE *to, const msgpack_object *execution, bool all)
{
	struct tree tree = {ctl, to, &ctl->out->look, all, 0};
	struct branch root = {""};

	print_tasks(&tree, execution, &root);
	if (tree.superseded > 0)
		fprintf(to, "%u superseded run%s left out: --all shows %s\n",
		    tree.superseded, tree.superseded == 1 ? "" : "s",
		    tree.superseded == 1 ? "it" : "them");
}

int
execution_get(struct ctl *ctl, uint64_t id, struct answer *answer)
{
	int status = execution_try(ctl, id, answer);

	if (ctl_again(ctl, "execution.get", answer))
		status = execution_try(ctl, id, answer);
	if (status != 0 && ctl->weir != NULL)
		ctl_explain("execution.get", answer);
	return status;
}

int
execution_try(struct ctl *ctl, uint64_t id, struct answer *answer)
{
	return execution_try_generation(ctl, id, 0, answer);
}

int
execution_try_generation(
    struct ctl *ctl, uint64_t id, uint64_t generation, struct answer *answer)
{
	struct parameters p;
	int status;

	parameters_start(&p);
	parameters_uint(&p, "id", id);
	if (generation != 0)
		parameters_uint(&p, "generation", generation);
	status = ctl_try(ctl, "execution.get", &p, answer);
	parameters_free(&p);
	return status;
}

/* Behind an entry for a run with items come those for its items. */
static void
print_tasks(struct tree *t, const msgpack_object *execution,
    const struct branch *branch)
{
	uint32_t n = field_count(execution, "tasks"), i, items, left = 0;
	struct branch inner;
	bool last;

	for (i = 0; i < n; i += 1 + items_behind(execution, i))
		left += !is_left_out(t, field_entry(execution, "tasks", i));
	for (i = 0; i < n; i += 1 + items) {
		items = items_behind(execution, i);
		if (is_left_out(t, field_entry(execution, "tasks", i))) {
			t->superseded++;
			continue;
		}
		last = --left == 0;
		print_task(t, field_entry(execution, "tasks", i), branch, last);
		inner = below(t, branch, last);
		print_items(t, execution, i + 1, items, &inner);
	}
}

static bool
is_left_out(const struct tree *t, const msgpack_object *task)
{
	return !t->all && field_true(task, "superseded");
}

static uint32_t
items_behind(const msgpack_object *execution, uint32_t run)
{
	uint32_t n = field_count(execution, "tasks"), i = run + 1;

	while (
	    i < n && field(field_entry(execution, "tasks", i), "item") != NULL)
		i++;
	return i - run - 1;
}

static bool
is_shown(const msgpack_object *item, uint32_t of)
{
	return of <= ITEMS_SHOWN || !field_is(item, "status", "completed");
}

static void
print_items(struct tree *t, const msgpack_object *execution, uint32_t first,
    uint32_t n, const struct branch *branch)
{
	const msgpack_object *item;
	uint32_t i, shown = 0, left;

	for (i = first; i < first + n; i++)
		if (is_shown(field_entry(execution, "tasks", i), n))
			shown++;
	left = shown;
	for (i = first; i < first + n; i++) {
		item = field_entry(execution, "tasks", i);
		if (is_shown(item, n))
			print_task(t, item, branch, --left == 0 && shown == n);
	}
	if (shown < n) {
		start_line(t, branch, true);
		fprintf(t->to, "%u completed\n", n - shown);
	}
}

static void
print_task(struct tree *t, const msgpack_object *task,
    const struct branch *branch, bool last)
{
	uint32_t n = field_count(task, "attempts"), i;
	struct branch inner = below(t, branch, last);

	start_line(t, branch, last);
	print_line(t, task, n <= 1);
	if (n > 1)
		for (i = 0; i < n; i++)
			print_attempt(t, field_entry(task, "attempts", i),
			    &inner, i + 1 == n);
	if (field_uint(task, "execution") != 0)
		print_child(t, field_uint(task, "execution"), &inner);
}

/* "✓ completed compile[1] (run 2)  1.2s  exit 0" */
static void
print_line(struct tree *t, const msgpack_object *task, bool with_attempt)
{
	cell_status(t->to, task, "status", t->look);
	fputc(' ', t->to);
	cell_text(t->to, task, "name", t->look);
	if (field(task, "item") != NULL)
		fprintf(t->to, "[%" PRIu64 "]", field_uint(task, "item"));
	if (field_uint(task, "run") > 1)
		fprintf(t->to, " (run %" PRIu64 ")", field_uint(task, "run"));
	if (field(task, "items") != NULL && field(task, "item") == NULL)
		fprintf(
		    t->to, ": %" PRIu64 " items", field_uint(task, "items"));
	if (field_true(task, "superseded"))
		fputs(" (superseded)", t->to);
	if (with_attempt && field_count(task, "attempts") == 1)
		print_ending(t, field_entry(task, "attempts", 0));
	else if (field_count(task, "attempts") == 0 &&
	    field(task, "started_at") != NULL) {
		fputs("  ", t->to);
		cell_elapsed(t->to, task, NULL, t->look);
	}
	if (field(task, "reason") != NULL) {
		fputs("  ", t->to);
		cell_text(t->to, task, "reason", t->look);
	}
	fputc('\n', t->to);
}

static void
print_attempt(struct tree *t, const msgpack_object *attempt,
    const struct branch *branch, bool last)
{
	start_line(t, branch, last);
	fprintf(t->to, "attempt %" PRIu64 " ", field_uint(attempt, "attempt"));
	cell_status(t->to, attempt, "status", t->look);
	print_ending(t, attempt);
	if (field(attempt, "reason") != NULL) {
		fputs("  ", t->to);
		cell_text(t->to, attempt, "reason", t->look);
	}
	fputc('\n', t->to);
}

static void
print_ending(struct tree *t, const msgpack_object *attempt)
{
	if (field(attempt, "started_at") != NULL) {
		fputs("  ", t->to);
		cell_elapsed(t->to, attempt, NULL, t->look);
	}
	/* a reason that is given says it too */
	if (field_uint(attempt, "exit") != 0 &&
	    field(attempt, "reason") == NULL)
		fprintf(t->to, "  exit %" PRIu64, field_uint(attempt, "exit"));
	if (field_uint(attempt, "signal") != 0 &&
	    field(attempt, "reason") == NULL)
		fprintf(
		    t->to, "  signal %" PRIu64, field_uint(attempt, "signal"));
	if (t->look->exact && field_uint(attempt, "max_rss") != 0) {
		fputs("  cpu ", t->to);
		cell_duration(t->to, attempt, "cpu", t->look);
		fputs("  rss ", t->to);
		cell_bytes(t->to, attempt, "max_rss", t->look);
	}
	if (field_true(attempt, "late"))
		fputs("  late", t->to);
}

static void
print_child(struct tree *t, uint64_t id, const struct branch *branch)
{
	struct answer child;

	if (strlen(branch->indent) + 8 >= INDENT_MAX)
		return;
	if (execution_get(t->ctl, id, &child) == 0) {
		fprintf(t->to, "%sexecution %" PRIu64 " ", branch->indent, id);
		cell_workflow(t->to, &child.object, "workflow", t->look);
		fputc('\n', t->to);
		print_tasks(t, &child.object, branch);
	}
	answer_free(&child);
}

static void
start_line(struct tree *t, const struct branch *branch, bool last)
{
	const char *fork = t->look->signs ? "├─ " : "|- ";
	const char *end = t->look->signs ? "└─ " : "`- ";

	fprintf(t->to, "%s%s", branch->indent, last ? end : fork);
}

static struct branch
below(const struct tree *t, const struct branch *branch, bool last)
{
	const char *line = last ? "   " : t->look->signs ? "│  " : "|  ";
	struct branch inner;

	snprintf(inner.indent, sizeof(inner.indent), "%.*s%s", INDENT_MAX - 8,
	    branch->indent, line);
	return inner;
}
