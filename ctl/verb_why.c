/*
 * verb_why: weirctl why: why an execution is where it is.
 */
#include "ctl/ctl.h"
#include "ctl/verbs.h"
#include "ctl/why.h"

static int
why(struct ctl *ctl, const struct arguments *a)
{
	struct answer answer;
	int status;

	ctl->out->look.exact = arguments_has(a, "long");
	status = why_ask(ctl, a->operands[0].number, &answer);
	if (status == 0 && writer_is_json(ctl->out))
		writer_row(ctl->out, &answer.object);
	else if (status == 0 && !ctl->out->quiet)
		why_print(ctl->out->to, &answer.object, &ctl->out->look);
	answer_free(&answer);
	return status;
}

static const struct option options[] = {
    {'l', "long", ARGUMENT_NONE, NULL, "show times exactly", NULL, false,
	false},
    {.name = NULL},
};

const struct verb verb_why = {
    .name = "why",
    .summary = "Say why an execution is where it is, and what can be done",
    .text = "What it waits for and who can move it; or which task and attempt "
	    "ended it,\nhow, and what that wrote last, down through "
	    "subworkflows to the root cause.",
    .options = {options},
    .operands = {{"ID", ARGUMENT_EXECUTION, OPERAND_ONE, NULL}},
    .run = why,
};
