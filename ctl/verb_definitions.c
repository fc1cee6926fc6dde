/*
 * verb_definitions: weirctl definitions, definition, enable, disable: the
 * workflows that the daemon has.
 */
#include <stdlib.h>

#include "ctl/cell.h"
#include "ctl/ctl.h"
#include "ctl/field.h"
#include "ctl/plan.h"
#include "ctl/verbs.h"
#include "ctl/yaml_print.h"
#include "daemon/core/alloc.h"

static const struct column columns[] = {
    {"WORKFLOW", "workflow", cell_workflow, false, false},
    {"STATUS", "status", cell_status, false, false},
    {"VERSIONS", "versions", cell_text, true, false},
    {"ACTIVE", "active", cell_text, true, false},
    {"DESCRIPTION", "description", cell_text, false, true},
    {"REASON", "reason", cell_text, false, true},
};

static int
definitions(struct ctl *ctl, const struct arguments *arguments)
{
	struct answer answer;
	uint32_t i;
	int status = ctl_call(ctl, "definition.list", NULL, &answer);

	(void)arguments;
	if (status == 0 && field_count(&answer.object, "definitions") == 0) {
		writer_note(ctl->out, NULL,
		    "no workflows yet; \"weirctl define FILE\" adds one");
	} else if (status == 0) {
		writer_list_begin(
		    ctl->out, columns, sizeof(columns) / sizeof(columns[0]));
		for (i = 0; i < field_count(&answer.object, "definitions"); i++)
			writer_row(ctl->out,
			    field_entry(&answer.object, "definitions", i));
		writer_list_end(ctl->out);
	}
	answer_free(&answer);
	return status;
}

static void
name_parameters(struct parameters *p, const struct given *given)
{
	char *name = xstrndup(given->text, given->length);

	parameters_start(p);
	parameters_str(p, "workflow", name);
	if (given->number != 0)
		parameters_uint(p, "version", given->number);
	free(name);
}

static int
definition(struct ctl *ctl, const struct arguments *arguments)
{
	const msgpack_object *found;
	struct parameters p;
	struct answer answer;
	int status;

	name_parameters(&p, &arguments->operands[0]);
	status = ctl_call(ctl, "definition.get", &p, &answer);
	found = field(&answer.object, "definition");
	if (status == 0 && writer_is_json(ctl->out))
		writer_row(ctl->out, &answer.object);
	else if (status == 0 && found != NULL)
		document_print(stdout, found);
	parameters_free(&p);
	answer_free(&answer);
	return status;
}

static void
tell_status(struct ctl *ctl, const msgpack_object *workflow, const char *more)
{
	char *name = field_text(workflow, "workflow");
	char *status = field_text(workflow, "status");

	writer_note(ctl->out, workflow, "%s is %s%s", name, status, more);
	free(name);
	free(status);
}

/* "nightly is enabled"; under JSON the workflow as it is now. */
static int
change(struct ctl *ctl, const struct arguments *arguments, const char *method,
    const char *more)
{
	struct parameters p;
	struct answer answer;
	bool planned;
	int status;

	name_parameters(&p, &arguments->operands[0]);
	parameters_str(&p, "reason", arguments_text(arguments, "reason"));
	planned = plan_ask(&p, arguments);
	status = ctl_call(ctl, method, &p, &answer);
	if (status == 0 && planned)
		plan_print(ctl, &answer.object);
	else if (status == 0)
		tell_status(ctl, &answer.object, more);
	parameters_free(&p);
	answer_free(&answer);
	return status;
}

static int
enable(struct ctl *ctl, const struct arguments *arguments)
{
	return change(ctl, arguments, "definition.enable", "");
}

static int
disable(struct ctl *ctl, const struct arguments *arguments)
{
	return change(ctl, arguments, "definition.disable",
	    "; running executions go on, none starts");
}

static int
undefine(struct ctl *ctl, const struct arguments *arguments)
{
	return change(ctl, arguments, "definition.delete", "");
}

static const struct option disable_options[] = {
    {'r', "reason", ARGUMENT_TEXT, "REASON", "why; shown to whoever tries",
	NULL, false, false},
    PLAN_OPTION,
    {.name = NULL},
};

static const struct option plan_option[] = {
    PLAN_OPTION,
    {.name = NULL},
};

const struct verb verb_definitions = {
    .name = "definitions",
    .alias = "defs",
    .summary = "List the workflows that are defined",
    .run = definitions,
};

const struct verb verb_definition = {
    .name = "definition",
    .alias = "def",
    .summary = "Print a workflow's definition as YAML",
    .operands = {{"NAME[@VERSION]", ARGUMENT_VERSIONED, OPERAND_ONE, NULL}},
    .run = definition,
};

const struct verb verb_enable = {
    .name = "enable",
    .summary = "Let executions of a workflow start again",
    .options = {plan_option},
    .operands = {{"NAME", ARGUMENT_WORKFLOW, OPERAND_ONE, NULL}},
    .run = enable,
};

const struct verb verb_disable = {
    .name = "disable",
    .summary = "Let no execution of a workflow start any more",
    .options = {disable_options},
    .operands = {{"NAME", ARGUMENT_WORKFLOW, OPERAND_ONE, NULL}},
    .run = disable,
};

const struct verb verb_undefine = {
    .name = "undefine",
    .summary = "Delete a workflow, with all its versions",
    .text = "None of its executions may be left: weirctl delete --workflow "
	    "NAME deletes those\nthat have ended.  And the newest version of "
	    "no other workflow may start it, as a\nsubworkflow or after a "
	    "failure.",
    .options = {plan_option},
    .operands = {{"NAME", ARGUMENT_WORKFLOW, OPERAND_ONE, NULL}},
    .run = undefine,
};
