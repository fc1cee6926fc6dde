/*
 * verb_again: weirctl restart, rerun, retry and replay.
 */
#include <err.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "ctl/act.h"
#include "ctl/execution_tree.h"
#include "ctl/field.h"
#include "ctl/input.h"
#include "ctl/progress.h"
#include "ctl/plan.h"
#include "ctl/status.h"
#include "ctl/targets.h"
#include "ctl/verbs.h"
#include "daemon/core/alloc.h"

static int pack_replay(struct ctl *, struct parameters *);
static int pack_rerun(struct ctl *, struct parameters *);
static int pack_input(struct ctl *, struct parameters *);
static int get_declared(struct ctl *, struct answer *);
static void pack_names(
    struct parameters *, const struct arguments *, const char *, const char *);
static int pack_task_input(struct parameters *, const struct arguments *);
static int
wait_for_all(struct ctl *, const struct act *, const msgpack_object *, int);
static int again(struct ctl *, const struct arguments *, struct act);

static int
restart(struct ctl *ctl, const struct arguments *a)
{
	return again(ctl, a,
	    (struct act){
		.method = "execution.restart",
		.statuses = ended_statuses,
		.flags = {{"latest", "latest"}},
		.takes_input = true,
	    });
}

static int
retry(struct ctl *ctl, const struct arguments *a)
{
	return again(ctl, a,
	    (struct act){
		.method = "execution.retry",
		.statuses = retry_statuses,
		.flags = {{"resume-subworkflows", "resume_subworkflows"}},
	    });
}

static int
rerun(struct ctl *ctl, const struct arguments *a)
{
	return again(ctl, a,
	    (struct act){
		.method = "execution.rerun",
		.more = pack_rerun,
		.takes_input = !arguments_has(a, "task"),
	    });
}

static int
replay(struct ctl *ctl, const struct arguments *a)
{
	return again(ctl, a,
	    (struct act){
		.method = "execution.replay",
		.more = pack_replay,
		.takes_input = true,
	    });
}

/* What ended before is no news. */
static int
again(struct ctl *ctl, const struct arguments *a, struct act what)
{
	int status;

	if (arguments_has(a, "wait")) {
		what.later = wait_for_all;
		if ((status = progress_now(ctl, &what.asked_at)) != 0)
			return status;
	}
	return act(ctl, a, &what);
}

/* Each to its end, one after the other. */
static int
wait_for_all(struct ctl *ctl, const struct act *what,
    const msgpack_object *result, int status)
{
	const msgpack_object *entry;
	uint64_t id;
	int waited;

	for (uint32_t i = 0; i < field_count(result, "succeeded"); i++) {
		entry = field_entry(result, "succeeded", i);
		id = field_uint(entry, "replay");
		waited = progress_follow_since(ctl,
		    id != 0 ? id : field_uint(entry, "id"), what->asked_at);
		if (status == 0)
			status = waited;
	}
	return status;
}

static int
pack_replay(struct ctl *ctl, struct parameters *p)
{
	const struct given *version =
	    arguments_option(ctl->arguments, "version", NULL);

	if (version != NULL)
		parameters_uint(p, "version", version->number);
	return pack_input(ctl, p);
}

static int
pack_rerun(struct ctl *ctl, struct parameters *p)
{
	const struct arguments *a = ctl->arguments;
	int status = pack_input(ctl, p);

	if (status != 0)
		return status;
	pack_names(p, a, "task", "tasks");
	pack_names(p, a, "no-reset", "no_reset");
	parameters_str(
	    p, "correlation_id", arguments_text(a, "set-correlation-id"));
	if (arguments_has(a, "domain"))
		targets_pack_labels(parameters_key(p, "domains"), a, "domain");
	return pack_task_input(p, a);
}

/* Where some is given; it is laid over what the execution had. */
static int
pack_input(struct ctl *ctl, struct parameters *p)
{
	const struct arguments *a = ctl->arguments;
	struct answer declared = {.bytes = NULL};
	msgpack_sbuffer input;
	int status = 0;

	if (!arguments_has(a, "set") && !arguments_has(a, "input"))
		return 0;
	msgpack_sbuffer_init(&input);
	if (targets_count(a) == 1)
		status = get_declared(ctl, &declared);
	if (status == 0)
		status = input_pack(&input, a,
		    field_deep(&declared.object, "definition.input"));
	if (status == 0)
		parameters_raw(p, "input", input.data, input.size);
	msgpack_sbuffer_destroy(&input);
	if (declared.bytes != NULL)
		answer_free(&declared);
	return status;
}

/* What the workflow of the only target declares: it tells "3" from 3. */
static int
get_declared(struct ctl *ctl, struct answer *declared)
{
	struct answer execution;
	struct parameters p;
	int status =
	    execution_get(ctl, targets_id(ctl->arguments, 0), &execution);
	char *workflow;

	if (status == 0) {
		workflow = field_text(&execution.object, "workflow");
		parameters_start(&p);
		parameters_str(&p, "workflow", workflow);
		parameters_uint(
		    &p, "version", field_uint(&execution.object, "version"));
		status = ctl_call(ctl, "definition.get", &p, declared);
		parameters_free(&p);
		free(workflow);
	}
	answer_free(&execution);
	return status;
}

static void
pack_names(struct parameters *p, const struct arguments *a, const char *option,
    const char *key)
{
	const struct given *given = NULL;
	msgpack_packer *to;
	size_t n = 0;

	while ((given = arguments_option(a, option, given)) != NULL)
		n++;
	if (n == 0)
		return;
	to = parameters_key(p, key);
	msgpack_pack_array(to, n);
	while ((given = arguments_option(a, option, given)) != NULL)
		pack_str(to, given->text);
}

/* TASK=MAP, each a task of its own. */
static int
pack_task_input(struct parameters *p, const struct arguments *a)
{
	const struct given *given = NULL;
	msgpack_packer *to;
	size_t n = 0;
	char *task;
	bool ok = true;

	while ((given = arguments_option(a, "task-input", given)) != NULL)
		n++;
	if (n == 0)
		return 0;
	to = parameters_key(p, "task_input");
	msgpack_pack_map(to, n);
	while (
	    ok && (given = arguments_option(a, "task-input", given)) != NULL) {
		task = xstrndup(given->text, given->length);
		pack_str(to, task);
		ok = input_value(
		    &p->bytes, task, given->text + given->length + 1, false);
		free(task);
	}
	return ok ? 0 : EX_DATAERR;
}

#define WAIT_OPTION                                                         \
	{                                                                   \
		0, "wait", ARGUMENT_NONE, NULL,                             \
		    "follow it until it has ended; the exit status is its " \
		    "result",                                               \
		    NULL, false, false                                      \
	}

static const struct option restart_options[] = {
    {0, "latest", ARGUMENT_NONE, NULL,
	"by the newest version of the workflow, not the one it had", NULL,
	false, false},
    WAIT_OPTION,
    REVISION_OPTION,
    PLAN_OPTION,
    {.name = NULL},
};

static const struct option retry_options[] = {
    {0, "resume-subworkflows", ARGUMENT_NONE, NULL,
	"failed subworkflows go on where they failed, not anew", NULL, false,
	false},
    WAIT_OPTION,
    REVISION_OPTION,
    PLAN_OPTION,
    {.name = NULL},
};

#define INPUT_OPTIONS                                                        \
	{'i', "set", ARGUMENT_PAIR, "KEY=VALUE",                             \
	    "an input other than it had; a text where declared so, else "    \
	    "YAML or JSON",                                                  \
	    NULL, true, false},                                              \
	{                                                                    \
		0, "input", ARGUMENT_FILE, "FILE",                           \
		    "a YAML or JSON file with such inputs; -i wins over it", \
		    NULL, false, false                                       \
	}

static const struct option rerun_options[] = {
    {'t', "task", ARGUMENT_TASK, "TASK",
	"not the whole, but this task and all that comes after it", NULL, true,
	false},
    {0, "no-reset", ARGUMENT_TASK, "TASK",
	"one named with --task: its items that were done stay so", NULL, true,
	false},
    {0, "task-input", ARGUMENT_PAIR, "TASK=MAP",
	"one named with --task sees these inputs besides, as YAML or JSON",
	NULL, true, false},
    INPUT_OPTIONS,
    {0, "set-correlation-id", ARGUMENT_TEXT, "ID",
	"in place of the one that it had", NULL, false, false},
    {0, "domain", ARGUMENT_PAIR, "NAME=OTHER",
	"what the workflow runs in domain NAME is run in OTHER", NULL, true,
	false},
    WAIT_OPTION,
    REVISION_OPTION,
    PLAN_OPTION,
    {.name = NULL},
};

static const struct option replay_options[] = {
    INPUT_OPTIONS,
    {0, "version", ARGUMENT_ORDINAL, "N",
	"of the workflow, in place of the one that it had", NULL, false, false},
    WAIT_OPTION,
    REVISION_OPTION,
    PLAN_OPTION,
    {.name = NULL},
};

const struct verb verb_restart = {
    .name = "restart",
    .summary = "Run what has ended again from the beginning, under its id",
    .text = "With the same input and, unless --latest is given, the same "
	    "version of the\nworkflow.  What was stays as an earlier "
	    "generation: show --generation, logs\n--generation.  Parents "
	    "that had ended wait for it again.",
    .options = {restart_options, selector_options, all_option},
    .operands = {{"ID", ARGUMENT_EXECUTIONS, OPERAND_ANY, NULL}},
    .run = restart,
};

const struct verb verb_rerun = {
    .name = "rerun",
    .summary = "Run again with other input, or from some tasks on",
    .text = "Without --task as restart does, the inputs given laid over "
	    "those it had.  With\n--task each of these tasks runs again with "
	    "what it saw when it last ran, and\nall that comes after it; "
	    "everything else stays as it is.",
    .options = {rerun_options, selector_options, all_option},
    .operands = {{"ID", ARGUMENT_EXECUTIONS, OPERAND_ANY, NULL}},
    .run = rerun,
};

const struct verb verb_retry = {
    .name = "retry",
    .summary = "Go on from the tasks that failed or were cut off",
    .text = "Every task whose failure, timeout or cancellation ended the "
	    "execution runs\nagain; everything else stays as it is.",
    .options = {retry_options, selector_options, all_option},
    .operands = {{"ID", ARGUMENT_EXECUTIONS, OPERAND_ANY, NULL}},
    .run = retry,
};

const struct verb verb_replay = {
    .name = "replay",
    .summary = "Start a new execution with what another one had",
    .text = "The same workflow, version, input, labels and correlation id, "
	    "and a link to the\nold one, which stays as it is.",
    .options = {replay_options, selector_options, all_option},
    .operands = {{"ID", ARGUMENT_EXECUTIONS, OPERAND_ANY, NULL}},
    .run = replay,
};
