/*
 * verb_task: weirctl update, skip, signal, approve, reject: one task of one
 * execution.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <sysexits.h>

#include "ctl/act.h"
#include "ctl/field.h"
#include "ctl/input.h"
#include "ctl/plan.h"
#include "ctl/verbs.h"

static bool pack_options(struct parameters *, const struct arguments *);
static int act_on_task(struct ctl *, const struct arguments *,
    const char *method, const char *second, const char *done);

static bool
pack_options(struct parameters *p, const struct arguments *a)
{
	const struct given *item = arguments_option(a, "item", NULL);
	const char *output = arguments_text(a, "output");
	msgpack_sbuffer buffer;
	bool ok = true;

	if (item != NULL)
		parameters_uint(p, "item", item->number);
	parameters_str(p, "reason", arguments_text(a, "reason"));
	parameters_str(p, "note", arguments_text(a, "note"));
	if (arguments_has(a, "tree"))
		parameters_bool(p, "tree", true);
	if (output == NULL)
		return true;
	msgpack_sbuffer_init(&buffer);
	ok = input_value(&buffer, "output", output, false);
	if (ok)
		parameters_raw(p, "output", buffer.data, buffer.size);
	msgpack_sbuffer_destroy(&buffer);
	return ok;
}

/* second: what the operand behind the execution is called on the wire. */
static int
act_on_task(struct ctl *ctl, const struct arguments *a, const char *method,
    const char *second, const char *done)
{
	const struct given *revision = arguments_option(a, "if-revision", NULL);
	struct parameters p;
	struct answer answer;
	bool planned;
	char *now;
	int status;

	parameters_start(&p);
	parameters_uint(&p, "execution", a->operands[0].number);
	parameters_str(&p, second, a->operands[1].text);
	if (a->noperands > 2)
		parameters_str(&p, "status", a->operands[2].text);
	if (!pack_options(&p, a)) {
		parameters_free(&p);
		return EX_USAGE;
	}
	if (revision != NULL)
		parameters_uint(&p, "if_revision", revision->number);
	planned = plan_ask(&p, a);
	status = ctl_call(ctl, method, &p, &answer);
	if (status == 0 && planned) {
		plan_print(ctl, &answer.object);
	} else if (status == 0) {
		now = field_text(&answer.object, "status");
		writer_note(ctl->out, &answer.object,
		    "%" PRIu64 ": %s %s; the execution is %s",
		    a->operands[0].number, a->operands[1].text, done,
		    now != NULL ? now : "going on");
		free(now);
	}
	parameters_free(&p);
	answer_free(&answer);
	return status;
}

static int
update(struct ctl *ctl, const struct arguments *a)
{
	return act_on_task(ctl, a, "task.update", "task", a->operands[2].text);
}

static int
skip(struct ctl *ctl, const struct arguments *a)
{
	return act_on_task(ctl, a, "task.skip", "task", "skipped");
}

static int
send_signal(struct ctl *ctl, const struct arguments *a)
{
	return act_on_task(ctl, a, "task.signal", "name", "signaled");
}

static int
approve(struct ctl *ctl, const struct arguments *a)
{
	return act_on_task(ctl, a, "task.approve", "task", "approved");
}

static int
reject(struct ctl *ctl, const struct arguments *a)
{
	return act_on_task(ctl, a, "task.reject", "task", "rejected");
}

static const char *const update_statuses[] = {
    "completed", "failed", "failed_terminal", "running", NULL};

static const struct option update_options[] = {
    {0, "item", ARGUMENT_NUMBER, "N", "the run of one item, counted from 0",
	NULL, false, false},
    {'o', "output", ARGUMENT_TEXT, "YAML", "its output, as if it had given it",
	NULL, false, false},
    {'r', "reason", ARGUMENT_TEXT, "REASON", "why; kept in its history", NULL,
	false, false},
    REVISION_OPTION,
    PLAN_OPTION,
    {.name = NULL},
};

static const struct option signal_options[] = {
    {'o', "output", ARGUMENT_TEXT, "YAML", "becomes the output of the waits",
	NULL, false, false},
    {0, "tree", ARGUMENT_NONE, NULL, "in its subworkflows too", NULL, false,
	false},
    REVISION_OPTION,
    PLAN_OPTION,
    {.name = NULL},
};

static const struct option note_option[] = {
    {'n', "note", ARGUMENT_TEXT, "NOTE", "kept in its history", NULL, false,
	false},
    REVISION_OPTION,
    PLAN_OPTION,
    {.name = NULL},
};

#define ID_OPERAND                                          \
	{                                                   \
		"ID", ARGUMENT_EXECUTION, OPERAND_ONE, NULL \
	}
#define TASK_OPERAND                                     \
	{                                                \
		"TASK", ARGUMENT_TASK, OPERAND_ONE, NULL \
	}

const struct verb verb_update = {
    .name = "update",
    .summary = "Set the status of a task that waits or runs",
    .text = "A callout that runs is stopped first.  failed_terminal is "
	    "failed without a retry.",
    .options = {update_options},
    .operands = {ID_OPERAND, TASK_OPERAND,
	{"STATUS", ARGUMENT_WORD, OPERAND_ONE, update_statuses}},
    .run = update,
};

const struct verb verb_skip = {
    .name = "skip",
    .summary = "Go on as if a task had completed",
    .options = {update_options},
    .operands = {ID_OPERAND, TASK_OPERAND},
    .run = skip,
};

const struct verb verb_signal = {
    .name = "signal",
    .summary = "End every wait for a signal in an execution",
    .text = "A signal that comes before its wait is kept for it.",
    .options = {signal_options},
    .operands = {ID_OPERAND, {"NAME", ARGUMENT_TEXT, OPERAND_ONE, NULL}},
    .run = send_signal,
};

const struct verb verb_approve = {
    .name = "approve",
    .summary = "Say yes to a task that waits for an approval",
    .options = {note_option},
    .operands = {ID_OPERAND, TASK_OPERAND},
    .run = approve,
};

const struct verb verb_reject = {
    .name = "reject",
    .summary = "Say no to a task that waits for an approval",
    .options = {note_option},
    .operands = {ID_OPERAND, TASK_OPERAND},
    .run = reject,
};
