/*
 * verb_act: weirctl cancel and terminate: acting on many executions, with a
 * line for each that says what became of it.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "ctl/ctl.h"
#include "ctl/field.h"
#include "ctl/targets.h"
#include "ctl/verbs.h"

static int act(struct ctl *, const struct arguments *, const char *method);
static void flags(struct parameters *, const struct arguments *);
static void tell_done(struct ctl *, const msgpack_object *);
static void tell_refused(struct ctl *, const msgpack_object *);
static char *refusal_text(const msgpack_object *);
static int outcome(const msgpack_object *);

static int
act(struct ctl *ctl, const struct arguments *arguments, const char *method)
{
	struct parameters p;
	struct answer answer;
	uint32_t i;
	int status;

	parameters_start(&p);
	if ((status = targets_pack(&p, arguments)) != 0) {
		parameters_free(&p);
		return status;
	}
	flags(&p, arguments);
	status = ctl_call(ctl, method, &p, &answer);
	if (status == 0) {
		for (i = 0; i < field_count(&answer.object, "succeeded"); i++)
			tell_done(
			    ctl, field_entry(&answer.object, "succeeded", i));
		for (i = 0; i < field_count(&answer.object, "failed"); i++)
			tell_refused(
			    ctl, field_entry(&answer.object, "failed", i));
		status = outcome(&answer.object);
		if (field_count(&answer.object, "succeeded") == 0 &&
		    field_count(&answer.object, "failed") == 0)
			writer_note(
			    ctl->out, NULL, "no execution is selected by this");
	}
	parameters_free(&p);
	answer_free(&answer);
	return status;
}

static void
flags(struct parameters *p, const struct arguments *a)
{
	static const struct {
		const char *option, *key;
	} all[] = {{"kill", "kill"}, {"wait", "wait"},
	    {"failure-workflow", "failure_workflow"}};
	const struct given *revision = arguments_option(a, "if-revision", NULL);
	size_t i;

	parameters_str(p, "reason", arguments_text(a, "reason"));
	for (i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (arguments_has(a, all[i].option))
			parameters_bool(p, all[i].key, true);
	if (revision != NULL)
		parameters_uint(p, "if_revision", revision->number);
}

static void
tell_done(struct ctl *ctl, const msgpack_object *done)
{
	char *status = field_text(done, "status");

	writer_note(ctl->out, done, "%" PRIu64 ": %s", field_uint(done, "id"),
	    status != NULL ? status : "done");
	free(status);
}

/* Refusals are results here, and go where the others go. */
static void
tell_refused(struct ctl *ctl, const msgpack_object *refused)
{
	char *text;

	if (ctl->out->quiet) {
		text = refusal_text(refused);
		fprintf(stderr, "weirctl: %s\n", text != NULL ? text : "");
		free(text);
		return;
	}
	text = refusal_text(refused);
	writer_note(ctl->out, refused, "%s", text != NULL ? text : "");
	free(text);
}

/* "12: refused: it has completed (allowed now: terminate)" */
static char *
refusal_text(const msgpack_object *refused)
{
	const msgpack_object *error = field(refused, "error");
	const msgpack_object *allowed = field_deep(error, "details.allowed");
	const msgpack_object *message = field(error, "message");
	char *text = NULL;
	size_t size;
	uint32_t i;
	FILE *to = open_memstream(&text, &size);

	if (to == NULL)
		return NULL;
	fprintf(to, "%" PRIu64 ": refused: ", field_uint(refused, "id"));
	if (message != NULL)
		field_print_text(to, message);
	if (allowed != NULL && allowed->type == MSGPACK_OBJECT_ARRAY &&
	    allowed->via.array.size > 0) {
		for (i = 0; i < allowed->via.array.size; i++) {
			fputs(i > 0 ? ", " : " (allowed now: ", to);
			field_print_text(to, &allowed->via.array.ptr[i]);
		}
		fputc(')', to);
	}
	fclose(to);
	return text;
}

/*
 * 1 where some was done and some refused; where all was, and for one reason,
 * that reason's exit status.
 */
static int
outcome(const msgpack_object *result)
{
	uint32_t refused = field_count(result, "failed"), i;
	int status, first = 0;

	if (refused == 0)
		return 0;
	if (field_count(result, "succeeded") > 0)
		return 1;
	for (i = 0; i < refused; i++) {
		status = ctl_status_of((int)field_uint(
		    field_entry(result, "failed", i), "error.code"));
		if (i > 0 && status != first)
			return 1;
		first = status;
	}
	return first;
}

static int
cancel(struct ctl *ctl, const struct arguments *arguments)
{
	return act(ctl, arguments, "execution.cancel");
}

static int
terminate(struct ctl *ctl, const struct arguments *arguments)
{
	return act(ctl, arguments, "execution.terminate");
}

#define REVISION_OPTION                                                   \
	{                                                                 \
		0, "if-revision", ARGUMENT_NUMBER, "N",                   \
		    "only where the execution is still at this revision", \
		    NULL, false, false                                    \
	}
#define WAIT_OPTION                                                            \
	{                                                                      \
		0, "wait", ARGUMENT_NONE, NULL,                                \
		    "answer when the last process is gone", NULL, false, false \
	}

static const struct option cancel_options[] = {
    {'r', "reason", ARGUMENT_TEXT, "REASON", "why; kept in its history", NULL,
	false, false},
    {'k', "kill", ARGUMENT_NONE, NULL,
	"stop its callouts too: SIGTERM, then SIGKILL", NULL, false, false},
    WAIT_OPTION,
    REVISION_OPTION,
    {.name = NULL},
};

static const struct option terminate_options[] = {
    {'r', "reason", ARGUMENT_TEXT, "REASON", "why; kept in its history", NULL,
	false, true},
    {0, "failure-workflow", ARGUMENT_NONE, NULL,
	"start the failure workflow too", NULL, false, false},
    WAIT_OPTION,
    REVISION_OPTION,
    {.name = NULL},
};

const struct verb verb_cancel = {
    .name = "cancel",
    .summary = "End executions; what runs is let finish",
    .text = "Nothing more is started, callouts that run are let finish "
	    "unless --kill is\ngiven, and subworkflows are canceled too.  "
	    "This is final.",
    .options = {cancel_options, selector_options, all_option},
    .operands = {{"ID", ARGUMENT_EXECUTIONS, OPERAND_ANY, NULL}},
    .run = cancel,
};

const struct verb verb_terminate = {
    .name = "terminate",
    .summary = "Stop executions at once, with all that they run",
    .options = {terminate_options, selector_options, all_option},
    .operands = {{"ID", ARGUMENT_EXECUTIONS, OPERAND_ANY, NULL}},
    .run = terminate,
};
