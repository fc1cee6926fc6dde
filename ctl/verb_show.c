/*
 * verb_show: weirctl show and tree: one execution.
 */
#include <inttypes.h>

#include "ctl/cell.h"
#include "ctl/ctl.h"
#include "ctl/execution_tree.h"
#include "ctl/field.h"
#include "ctl/verbs.h"

static void
print_waits(FILE *, const msgpack_object *, const char *, const struct look *);
static void
print_later(FILE *, const msgpack_object *, const char *, const struct look *);
static void print_generations(
    FILE *, const msgpack_object *, const char *, const struct look *);
static void
print_parent(FILE *, const msgpack_object *, const char *, const struct look *);

static const struct column fields[] = {
    {"execution", "id", cell_text, false, false},
    {"workflow", "workflow", cell_workflow, false, false},
    {"status", "status", cell_status, false, false},
    {"ending", "ending", cell_text, false, false},
    {"reason", "reason", cell_text, false, false},
    {"failed task", "error.task", cell_text, false, false},
    {"held", "held", cell_held, false, false},
    {"waits on", "waits_on", print_waits, false, false},
    {"parent", "parent", print_parent, false, false},
    {"owner", "owner", cell_text, false, false},
    {"created", "created_at", cell_when, false, false},
    {"started", "started_at", cell_when, false, false},
    {"ended", "ended_at", cell_when, false, false},
    {"took", "started_at", cell_elapsed, false, false},
    {"correlation", "correlation_id", cell_text, false, false},
    {"labels", "labels", cell_labels, false, false},
    {"input", "input", cell_value, false, false},
    {"vars", "vars", cell_value, false, false},
    {"output", "output", cell_value, false, false},
    {"domains", "domains", cell_labels, false, false},
    {"replay of", "replay_of", cell_text, false, false},
    {"failure of", "failure_of", cell_text, false, false},
    {"generation", "generation", print_later, false, false},
    {"earlier", "generations", print_generations, false, false},
    {"revision", "revision", cell_text, false, false},
};

/* The first is as good as none. */
static void
print_later(FILE *to, const msgpack_object *map, const char *key,
    const struct look *look)
{
	if (field_uint(map, key) > 1)
		cell_text(to, map, key, look);
}

/* "publish: approval: Publish 1.2?; pause: timer in 3m" */
static void
print_waits(FILE *to, const msgpack_object *map, const char *key,
    const struct look *look)
{
	static const char *const what[] = {"question", "name", "execution"};
	const msgpack_object *wait;
	uint32_t i;
	size_t j;

	for (i = 0; i < field_count(map, key); i++) {
		wait = field_entry(map, key, i);
		fputs(i > 0 ? "; " : "", to);
		cell_text(to, wait, "task", look);
		if (field(wait, "item") != NULL)
			fprintf(to, "[%" PRIu64 "]", field_uint(wait, "item"));
		fputs(": ", to);
		cell_text(to, wait, "kind", look);
		for (j = 0; j < sizeof(what) / sizeof(what[0]); j++) {
			if (field(wait, what[j]) == NULL)
				continue;
			fputc(' ', to);
			cell_text(to, wait, what[j], look);
		}
		if (field(wait, "until") != NULL) {
			fputs(", until ", to);
			cell_when(to, wait, "until", look);
		}
	}
}

static void
print_parent(FILE *to, const msgpack_object *map, const char *key,
    const struct look *look)
{
	const msgpack_object *parent = field(map, key);

	if (parent == NULL)
		return;
	cell_text(to, parent, "execution", look);
	fputs(", task ", to);
	cell_text(to, parent, "task", look);
}

/* "1: failed 2h ago; 2: canceled 3m ago" */
static void
print_generations(FILE *to, const msgpack_object *map, const char *key,
    const struct look *look)
{
	const msgpack_object *earlier;
	uint32_t i;

	for (i = 0; i < field_count(map, key); i++) {
		earlier = field_entry(map, key, i);
		fprintf(to, "%s%" PRIu64 ": ", i > 0 ? "; " : "",
		    field_uint(earlier, "generation"));
		cell_status(to, earlier, "status", look);
		fputc(' ', to);
		cell_when(to, earlier, "ended_at", look);
	}
}

static int
get(struct ctl *ctl, const struct arguments *a, struct answer *answer)
{
	const struct given *generation =
	    arguments_option(a, "generation", NULL);
	uint64_t id = a->operands[0].number;
	uint64_t number = generation != NULL ? generation->number : 0;
	int status = execution_try_generation(ctl, id, number, answer);

	if (ctl_again(ctl, "execution.get", answer))
		status = execution_try_generation(ctl, id, number, answer);
	if (status != 0 && ctl->weir != NULL)
		ctl_explain("execution.get", answer);
	return status;
}

static int
show(struct ctl *ctl, const struct arguments *a)
{
	struct answer answer;
	int status = get(ctl, a, &answer);

	ctl->out->look.exact = arguments_has(a, "long");
	if (status == 0) {
		writer_record(ctl->out, fields,
		    sizeof(fields) / sizeof(fields[0]), &answer.object);
		if (!writer_is_json(ctl->out))
			execution_tree_print(ctl, stdout, &answer.object,
			    arguments_has(a, "all"));
	}
	answer_free(&answer);
	return status;
}

static int
tree(struct ctl *ctl, const struct arguments *a)
{
	const struct look *look = &ctl->out->look;
	struct answer answer;
	int status = get(ctl, a, &answer);

	ctl->out->look.exact = arguments_has(a, "long");
	if (status == 0 && writer_is_json(ctl->out)) {
		writer_row(ctl->out, &answer.object);
	} else if (status == 0) {
		printf("%" PRIu64 " ", a->operands[0].number);
		cell_workflow(stdout, &answer.object, "workflow", look);
		fputc(' ', stdout);
		cell_status(stdout, &answer.object, "status", look);
		fputc(' ', stdout);
		cell_elapsed(stdout, &answer.object, NULL, look);
		fputc('\n', stdout);
		execution_tree_print(
		    ctl, stdout, &answer.object, arguments_has(a, "all"));
	}
	answer_free(&answer);
	return status;
}

static const struct option options[] = {
    {'a', "all", ARGUMENT_NONE, NULL,
	"runs too that others stand in place of, after a rerun or retry", NULL,
	false, false},
    {0, "generation", ARGUMENT_ORDINAL, "N",
	"as it was before a restart or rerun; the first is 1", NULL, false,
	false},
    {'l', "long", ARGUMENT_NONE, NULL,
	"show times exactly, and what each attempt used", NULL, false, false},
    {.name = NULL},
};

const struct verb verb_show = {
    .name = "show",
    .alias = "get",
    .summary = "Show one execution, its tasks and attempts",
    .options = {options},
    .operands = {{"ID", ARGUMENT_EXECUTION, OPERAND_ONE, NULL}},
    .run = show,
};

const struct verb verb_tree = {
    .name = "tree",
    .summary = "Show an execution's tasks and subworkflows as a tree",
    .options = {options},
    .operands = {{"ID", ARGUMENT_EXECUTION, OPERAND_ONE, NULL}},
    .run = tree,
};
