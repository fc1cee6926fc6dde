/*
 * verb_run: weirctl run: starts a workflow, from a file where one is given.
 */
#include <err.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "ctl/ctl.h"
#include "ctl/define.h"
#include "ctl/field.h"
#include "ctl/file_report.h"
#include "ctl/input.h"
#include "ctl/plan.h"
#include "ctl/progress.h"
#include "ctl/targets.h"
#include "ctl/verbs.h"
#include "daemon/core/alloc.h"
#include "libproto/errors.h"

/* What is to be started, and what it declares. */
struct start {
	char *workflow;
	uint64_t version; /* 0: the latest */
	msgpack_sbuffer input;
};

static int from_file(struct ctl *, const struct arguments *, struct start *);
static int from_name(struct ctl *, const struct arguments *, struct start *);
static int send_start(struct ctl *, const struct arguments *,
    const struct start *, struct answer *);
static int finish(struct ctl *, const struct arguments *, const struct start *,
    struct answer *);
static void
note_started(struct ctl *, const struct start *, const msgpack_object *);

static int
run(struct ctl *ctl, const struct arguments *a)
{
	struct start start = {.workflow = NULL};
	struct answer answer;
	int status;

	if (arguments_has(a, "plan") && argument_is_file(a->operands[0].text)) {
		warnx("run --plan is for workflows that are defined; "
		      "\"weirctl define --plan %s\" says what a file would "
		      "change",
		    a->operands[0].text);
		return EX_USAGE;
	}
	msgpack_sbuffer_init(&start.input);
	if (argument_is_file(a->operands[0].text))
		status = from_file(ctl, a, &start);
	else
		status = from_name(ctl, a, &start);
	if (status == 0) {
		status = send_start(ctl, a, &start, &answer);
		if (status == 0)
			status = finish(ctl, a, &start, &answer);
		answer_free(&answer);
	}
	msgpack_sbuffer_destroy(&start.input);
	free(start.workflow);
	return status;
}

static int
from_file(struct ctl *ctl, const struct arguments *a, struct start *start)
{
	struct workflow_files files;
	struct workflow_file *f;
	struct answer answer;
	char *path = xstrdup(a->operands[0].text);
	int status = 0;

	if (!workflow_files_check(&files, &path, 1)) {
		status = workflow_files_status(&files);
		file_report(ctl->out, &files.list[0]);
	} else if ((status = input_pack(&start->input, a,
			field(&files.list[0].object, "input"))) == 0) {
		f = &files.list[0];
		status = define_file(ctl, f, &answer);
		if (status == 0) {
			start->workflow = xstrdup(f->definition->name);
			start->version = field_uint(&answer.object, "version");
		}
		answer_free(&answer);
	}
	free(path);
	workflow_files_free(&files);
	return status;
}

/*
 * The declarations tell "3" from 3; the version that they are of is the one
 * that is started.
 */
static int
from_name(struct ctl *ctl, const struct arguments *a, struct start *start)
{
	const struct given *name = &a->operands[0];
	struct parameters p;
	struct answer answer;
	int status = 0;

	start->workflow = xstrndup(name->text, name->length);
	start->version = name->number;
	parameters_start(&p);
	parameters_str(&p, "workflow", start->workflow);
	if (start->version != 0)
		parameters_uint(&p, "version", start->version);
	status = ctl_call(ctl, "definition.get", &p, &answer);
	if (status == 0)
		start->version = field_uint(&answer.object, "version");
	if (status == 0)
		status = input_pack(&start->input, a,
		    field_deep(&answer.object, "definition.input"));
	parameters_free(&p);
	answer_free(&answer);
	return status;
}

static int
send_start(struct ctl *ctl, const struct arguments *a,
    const struct start *start, struct answer *answer)
{
	const struct given *priority = arguments_option(a, "priority", NULL);
	struct parameters p;
	int status;

	parameters_start(&p);
	parameters_str(&p, "workflow", start->workflow);
	if (start->version != 0)
		parameters_uint(&p, "version", start->version);
	parameters_raw(&p, "input", start->input.data, start->input.size);
	parameters_str(
	    &p, "correlation_id", arguments_text(a, "correlation-id"));
	parameters_str(
	    &p, "idempotency_key", arguments_text(a, "idempotency-key"));
	if (priority != NULL)
		parameters_int(&p, "priority", priority->integer);
	if (arguments_has(a, "domain"))
		targets_pack_labels(parameters_key(&p, "domains"), a, "domain");
	if (arguments_has(a, "label"))
		targets_pack_labels(parameters_key(&p, "labels"), a, "label");
	plan_ask(&p, a);
	status = ctl_call(ctl, "execution.start", &p, answer);
	parameters_free(&p);
	/*
	 * The command line was checked: it is the input that is wrong, or not
	 * what the key came with; to try again later is no use.
	 */
	if (answer->error == ERROR_BAD_REQUEST ||
	    answer->error == ERROR_STATE_CONFLICT)
		return EX_DATAERR;
	return status;
}

static int
finish(struct ctl *ctl, const struct arguments *a, const struct start *start,
    struct answer *answer)
{
	uint64_t id = field_uint(&answer->object, "id");
	bool wait = arguments_has(a, "wait");

	if (arguments_has(a, "plan")) {
		plan_print(ctl, &answer->object);
		return 0;
	}
	/* under JSON the result of waiting is the one object */
	if (!wait || !writer_is_json(ctl->out))
		note_started(ctl, start, &answer->object);
	return wait ? progress_follow(ctl, id) : 0;
}

/* The version is that of the execution: a key may have started an older one. */
static void
note_started(
    struct ctl *ctl, const struct start *start, const msgpack_object *answer)
{
	uint64_t id = field_uint(answer, "id");
	uint64_t version = field_uint(answer, "version");
	char *status = field_text(answer, "status");

	if (field_true(answer, "created"))
		writer_note(ctl->out, answer,
		    "started %" PRIu64 " (%s@%" PRIu64 ")%s", id,
		    start->workflow, version,
		    field_is(answer, "status", "pending")
			? ", pending: a limit holds it back"
			: "");
	else
		writer_note(ctl->out, answer,
		    "started already: %" PRIu64 " (%s@%" PRIu64 "), %s", id,
		    start->workflow, version, status);
	free(status);
}

static const struct option options[] = {
    {'i', "set", ARGUMENT_PAIR, "KEY=VALUE",
	"an input; a text where declared so, else YAML or JSON", NULL, true,
	false},
    {0, "input", ARGUMENT_FILE, "FILE",
	"a YAML or JSON file with the inputs; -i wins over it", NULL, false,
	false},
    {0, "label", ARGUMENT_PAIR, "KEY=VALUE", "a label, for ls and selectors",
	NULL, true, false},
    {0, "domain", ARGUMENT_PAIR, "NAME=OTHER",
	"what the workflow runs in domain NAME is run in OTHER", NULL, true,
	false},
    {0, "correlation-id", ARGUMENT_TEXT, "ID",
	"your own name for what this belongs to", NULL, false, false},
    {'p', "priority", ARGUMENT_INTEGER, "N",
	"higher ones go first where a limit holds some back; 0", NULL, false,
	false},
    {0, "idempotency-key", ARGUMENT_TEXT, "KEY",
	"the same key starts the same only once, and nothing else", NULL, false,
	false},
    {'w', "wait", ARGUMENT_NONE, NULL,
	"show its progress, and exit 0 if it completes, else 1", NULL, false,
	false},
    PLAN_OPTION,
    {.name = NULL},
};

const struct verb verb_run = {
    .name = "run",
    .alias = "start",
    .summary = "Start a workflow; a file is defined first",
    .text = "What has a slash in it, is \"-\", or ends in .yaml, .yml or "
	    ".json is a file.\nCtrl-C during --wait ends the watching, not "
	    "the execution.",
    .options = {options},
    .operands = {{"NAME[@VERSION]|FILE", ARGUMENT_STARTABLE, OPERAND_ONE,
	NULL}},
    .run = run,
};
