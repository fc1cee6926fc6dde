/*
 * verb_act: weirctl cancel and terminate.
 */
#include <stddef.h>

#include "ctl/act.h"
#include "ctl/plan.h"
#include "ctl/status.h"
#include "ctl/targets.h"
#include "ctl/verbs.h"

static int
cancel(struct ctl *ctl, const struct arguments *arguments)
{
	static const struct act what = {
	    .method = "execution.cancel",
	    .statuses = open_statuses,
	    .flags = {{"kill", "kill"}, {"wait", "wait"}},
	};

	return act(ctl, arguments, &what);
}

static int
terminate(struct ctl *ctl, const struct arguments *arguments)
{
	static const struct act what = {
	    .method = "execution.terminate",
	    .statuses = open_statuses,
	    .flags = {{"wait", "wait"},
		{"failure-workflow", "failure_workflow"}},
	};

	return act(ctl, arguments, &what);
}

#define WAIT_OPTION                                                       \
	{                                                                 \
		0, "wait", ARGUMENT_NONE, NULL,                           \
		    "answer when the last process is gone, or with what " \
		    "survived",                                           \
		    NULL, false, false                                    \
	}

static const struct option cancel_options[] = {
    {'r', "reason", ARGUMENT_TEXT, "REASON", "why; kept in its history", NULL,
	false, false},
    {'k', "kill", ARGUMENT_NONE, NULL,
	"stop its callouts too: SIGTERM, then SIGKILL", NULL, false, false},
    WAIT_OPTION,
    REVISION_OPTION,
    PLAN_OPTION,
    {.name = NULL},
};

static const struct option terminate_options[] = {
    {'r', "reason", ARGUMENT_TEXT, "REASON", "why; kept in its history", NULL,
	false, true},
    {0, "failure-workflow", ARGUMENT_NONE, NULL,
	"start the failure workflow too", NULL, false, false},
    WAIT_OPTION,
    REVISION_OPTION,
    PLAN_OPTION,
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
