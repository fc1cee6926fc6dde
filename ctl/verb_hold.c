/*
 * verb_hold: weirctl pause and resume.
 */
#include <inttypes.h>
#include <stdlib.h>

#include "ctl/act.h"
#include "ctl/draining.h"
#include "ctl/execution_tree.h"
#include "ctl/field.h"
#include "ctl/plan.h"
#include "ctl/status.h"
#include "ctl/targets.h"
#include "ctl/verbs.h"
#include "daemon/core/alloc.h"

/* Executions that are pausing still. */
struct pausing {
	uint64_t *ids; /* 0: told */
	uint32_t n;
	bool ended; /* some of them have, in place of being paused */
};

static int
wait_paused(struct ctl *, const struct act *, const msgpack_object *, int);
static draining_look look_at_all;
static int
look_at(struct ctl *, struct pausing *, uint32_t, uint64_t *callouts);
static int count_below(struct ctl *, uint64_t id, uint64_t *callouts);

static int
pause_executions(struct ctl *ctl, const struct arguments *a)
{
	struct act what = {
	    .method = "execution.pause",
	    .statuses = open_statuses,
	    .flags = {{"freeze", "freeze"}, {"hold", "hold"}},
	    .until = "pausing",
	};

	if (arguments_has(a, "wait"))
		what.later = wait_paused;
	return act(ctl, a, &what);
}

static int
resume(struct ctl *ctl, const struct arguments *a)
{
	static const struct act what = {
	    .method = "execution.resume",
	    .statuses = paused_statuses,
	    .flags = {{"all", "all"}, {"early", "early"}},
	};

	return act(ctl, a, &what);
}

static int
wait_paused(struct ctl *ctl, const struct act *what,
    const msgpack_object *result, int status)
{
	uint32_t n = field_count(result, "succeeded"), i;
	struct pausing pausing = {.ids = xcalloc(n + 1, sizeof(*pausing.ids))};
	const msgpack_object *entry;
	int waited = 0;

	for (i = 0; i < n; i++) {
		entry = field_entry(result, "succeeded", i);
		if (field_is(entry, "status", what->until))
			pausing.ids[pausing.n++] = field_uint(entry, "id");
	}
	if (pausing.n > 0)
		waited = draining_wait(ctl, look_at_all, &pausing);
	free(pausing.ids);
	if (waited != 0)
		return waited;
	return status != 0 ? status : pausing.ended;
}

static int
look_at_all(struct ctl *ctl, void *ctx, uint64_t *callouts, bool *is_over)
{
	struct pausing *pausing = ctx;
	uint32_t i;
	int status = 0;

	*callouts = 0;
	*is_over = true;
	for (i = 0; status == 0 && i < pausing->n; i++) {
		if (pausing->ids[i] == 0)
			continue;
		status = look_at(ctl, pausing, i, callouts);
		if (pausing->ids[i] != 0)
			*is_over = false;
	}
	return status;
}

/* What ended, or was resumed or canceled meanwhile, is not waited for. */
static int
look_at(
    struct ctl *ctl, struct pausing *pausing, uint32_t i, uint64_t *callouts)
{
	uint64_t id = pausing->ids[i];
	struct answer answer;
	int status = execution_get(ctl, id, &answer);
	char *now;

	if (status == 0 && field_is(&answer.object, "status", "pausing")) {
		*callouts += field_uint(&answer.object, "callouts");
		status = count_below(ctl, id, callouts);
	} else if (status == 0) {
		now = field_text(&answer.object, "status");
		writer_note(ctl->out, &answer.object, "%" PRIu64 ": %s", id,
		    now != NULL ? now : "gone");
		free(now);
		pausing->ids[i] = 0;
		if (!field_is(&answer.object, "status", "paused"))
			pausing->ended = true;
	}
	answer_free(&answer);
	return status;
}

/* Adds the callouts of the subworkflows that are pausing too. */
static int
count_below(struct ctl *ctl, uint64_t id, uint64_t *callouts)
{
	const msgpack_object *child;
	struct parameters p;
	struct answer answer;
	uint32_t i;
	int status;

	parameters_start(&p);
	msgpack_pack_map(parameters_key(&p, "filter"), 2);
	pack_key_uint(&p.packer, "parent", id);
	pack_key_str(&p.packer, "status", "pausing");
	status = ctl_call(ctl, "execution.list", &p, &answer);
	for (i = 0;
	     status == 0 && i < field_count(&answer.object, "executions");
	     i++) {
		child = field_entry(&answer.object, "executions", i);
		*callouts += field_uint(child, "callouts");
		status = count_below(ctl, field_uint(child, "id"), callouts);
	}
	parameters_free(&p);
	answer_free(&answer);
	return status;
}

static const struct option pause_options[] = {
    {'r', "reason", ARGUMENT_TEXT, "REASON", "why; shown to whoever wonders",
	NULL, false, false},
    {0, "freeze", ARGUMENT_NONE, NULL,
	"stop what runs where it is (SIGSTOP), until it is resumed", NULL,
	false, false},
    {0, "hold", ARGUMENT_NONE, NULL,
	"what waits too: what comes after the wait is held back", NULL, false,
	false},
    {0, "wait", ARGUMENT_NONE, NULL, "until the last callout has ended", NULL,
	false, false},
    REVISION_OPTION,
    PLAN_OPTION,
    {.name = NULL},
};

static const struct option resume_options[] = {
    {0, "all", ARGUMENT_NONE, NULL,
	"subworkflows that were paused by themselves too; alone, all that is "
	"paused",
	NULL, false, false},
    {0, "early", ARGUMENT_NONE, NULL, "even while callouts still finish", NULL,
	false, false},
    REVISION_OPTION,
    PLAN_OPTION,
    {.name = NULL},
};

const struct verb verb_pause = {
    .name = "pause",
    .summary = "Start nothing more in executions; what runs is let finish",
    .text = "Subworkflows are paused too.  An execution is pausing until its "
	    "last callout\nhas ended, then paused; with --freeze it is paused "
	    "at once.  Timeouts do not\ncount meanwhile.",
    .options = {pause_options, selector_options, all_option},
    .operands = {{"ID", ARGUMENT_EXECUTIONS, OPERAND_ANY, NULL}},
    .run = pause_executions,
};

const struct verb verb_resume = {
    .name = "resume",
    .summary = "Go on after a pause",
    .text = "So do the subworkflows that were paused along with it.",
    .options = {resume_options, selector_options},
    .operands = {{"ID", ARGUMENT_EXECUTIONS, OPERAND_ANY, NULL}},
    .run = resume,
};
