/*
 * verb_delete: weirctl delete.
 */
#include <stddef.h>

#include "ctl/act.h"
#include "ctl/plan.h"
#include "ctl/status.h"
#include "ctl/targets.h"
#include "ctl/verbs.h"

static int
delete_executions(struct ctl *ctl, const struct arguments *arguments)
{
	static const struct act what = {
	    .method = "execution.delete",
	    .statuses = ended_statuses,
	};

	return act(ctl, arguments, &what);
}

static const struct option options[] = {
    {'r', "reason", ARGUMENT_TEXT, "REASON", "why; told to whoever watches",
	NULL, false, false},
    REVISION_OPTION,
    PLAN_OPTION,
    {.name = NULL},
};

const struct verb verb_delete = {
    .name = "delete",
    .summary = "Remove what has ended for good, with its subworkflows and logs",
    .text = "What has not ended is refused, as is a subworkflow, which goes "
	    "with the execution\nat the top.  Nothing brings it back, and its "
	    "number is never given again.",
    .options = {options, selector_options, all_option},
    .operands = {{"ID", ARGUMENT_EXECUTIONS, OPERAND_ANY, NULL}},
    .run = delete_executions,
};
