/*
 * verb_define: weirctl define: checks files and stores their workflows.
 */
#include <stdlib.h>

#include "ctl/ctl.h"
#include "ctl/define.h"
#include "ctl/field.h"
#include "ctl/file_report.h"
#include "ctl/plan.h"
#include "ctl/verbs.h"
#include "libproto/errors.h"

static int define_all(struct ctl *, struct workflow_files *);
static int define_and_tell(struct ctl *, struct workflow_file *);

int
define_file(struct ctl *ctl, struct workflow_file *f, struct answer *answer)
{
	struct parameters p;
	int status;

	parameters_start(&p);
	parameters_raw(&p, "definition", f->packed.data, f->packed.size);
	plan_ask(&p, ctl->arguments);
	status = ctl_try(ctl, "definition.put", &p, answer);
	parameters_free(&p);
	if (status == 0 || ctl->weir == NULL)
		return status;
	if (answer->error == ERROR_INVALID_DEFINITION) {
		workflow_file_take_errors(f, &answer->object);
		if (f->complaints.count > 0) {
			file_report(ctl->out, f);
			return status;
		}
	}
	ctl_explain("definition.put", answer);
	return status;
}

static int
define(struct ctl *ctl, const struct arguments *arguments)
{
	struct workflow_files files;
	char **paths = file_report_paths(arguments);
	size_t i;
	int status;

	if (workflow_files_check(&files, paths, arguments->noperands)) {
		status = define_all(ctl, &files);
	} else {
		status = workflow_files_status(&files);
		for (i = 0; i < files.n; i++)
			if (files.list[i].error != 0 ||
			    files.list[i].complaints.count > 0)
				file_report(ctl->out, &files.list[i]);
	}
	workflow_files_free(&files);
	free(paths);
	return status;
}

static int
define_all(struct ctl *ctl, struct workflow_files *files)
{
	int status, worst = 0;
	size_t i;

	for (i = 0; i < files->n; i++) {
		status = define_and_tell(ctl, &files->list[i]);
		if (status != 0)
			worst = status;
		if (ctl->weir == NULL)
			break;
	}
	return worst;
}

static int
define_and_tell(struct ctl *ctl, struct workflow_file *f)
{
	struct answer answer;
	int status = define_file(ctl, f, &answer);
	const char *would;
	unsigned version;

	if (status == 0) {
		would =
		    arguments_has(ctl->arguments, "plan") ? "would be " : "";
		version = (unsigned)field_uint(&answer.object, "version");
		if (field_true(&answer.object, "created"))
			writer_note(ctl->out, &answer.object, "%sdefined %s@%u",
			    would, f->definition->name, version);
		else
			writer_note(ctl->out, &answer.object,
			    "%s@%u is the same already", f->definition->name,
			    version);
	}
	answer_free(&answer);
	return status;
}

static const struct option options[] = {
    PLAN_OPTION,
    {.name = NULL},
};

const struct verb verb_define = {
    .name = "define",
    .summary = "Check workflow files and store them with the daemon",
    .text = "When one file has an error none is stored.  A workflow that is "
	    "stored already\njust as the file has it gets no new version.",
    .options = {options},
    .operands = {{"FILE", ARGUMENT_FILE, OPERAND_SOME, NULL}},
    .run = define,
};
