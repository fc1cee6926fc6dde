/*
 * verb_check: weirctl check: every error of workflow files, without a daemon.
 */
#include <stdlib.h>

#include "ctl/ctl.h"
#include "ctl/file_report.h"
#include "ctl/verbs.h"
#include "ctl/workflow_file.h"

static int
check(struct ctl *ctl, const struct arguments *arguments)
{
	struct workflow_files files;
	char **paths = file_report_paths(arguments);
	int status = 0;
	size_t i;

	if (!workflow_files_check(&files, paths, arguments->noperands))
		status = workflow_files_status(&files);
	for (i = 0; i < files.n; i++)
		file_report(ctl->out, &files.list[i]);
	workflow_files_free(&files);
	free(paths);
	return status;
}

const struct verb verb_check = {
    .name = "check",
    .summary = "Check workflow files and show all of their errors",
    .text = "Each error is told as FILE:LINE:COLUMN: what is wrong.  Files "
	    "given together may\nname each other's workflows as "
	    "subworkflows.  \"-\" is standard input.",
    .operands = {{"FILE", ARGUMENT_FILE, OPERAND_SOME, NULL}},
    .flags = VERB_LOCAL,
    .run = check,
};
