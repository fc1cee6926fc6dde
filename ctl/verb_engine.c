/*
 * verb_engine: weirctl engine status, pause, resume, reload, stop.
 */
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "ctl/cell.h"
#include "ctl/ctl.h"
#include "ctl/draining.h"
#include "ctl/field.h"
#include "ctl/plan.h"
#include "ctl/verbs.h"

static draining_look look;
static cell_writer print_frozen, print_stopping;

static const struct column fields[] = {
    {"engine", "status", cell_status, false, false},
    {"reason", "reason", cell_text, false, false},
    {"by", "by", cell_text, false, false},
    {"since", "since", cell_when, false, false},
    {"frozen", "frozen", print_frozen, false, false},
    {"stopping", "stopping", print_stopping, false, false},
    {"no new work", "unavailable", cell_text, false, false},
    {"callouts running", "callouts", cell_text, false, false},
    {"callouts frozen", "callouts_frozen", cell_text, false, false},
    {"executions", "executions", cell_counts, false, false},
    {"journal from", "journal.first", cell_text, false, false},
    {"journal to", "journal.last", cell_text, false, false},
    {"journal size", "journal.bytes", cell_bytes, false, false},
    {"journal segments", "journal.segments", cell_text, false, false},
    {"snapshot of event", "journal.snapshot.event", cell_text, false, false},
    {"snapshot taken", "journal.snapshot.at", cell_when, false, false},
    {"snapshot size", "journal.snapshot.bytes", cell_bytes, false, false},
    {"journal behind it", "journal.snapshot.behind", cell_bytes, false, false},
    {"snapshot failed", "journal.snapshot.error", cell_text, false, false},
    {"ended, kept", "retention.executions", cell_text, false, false},
    {"the first ended", "retention.oldest", cell_when, false, false},
    {"deleted by retention", "retention.deleted", cell_text, false, false},
    {"logs size", "retention.logs_size", cell_bytes, false, false},
    {"logs removed", "retention.logs_removed", cell_text, false, false},
};

static void
print_frozen(
    FILE *to, const msgpack_object *map, const char *key, const struct look *as)
{
	(void)as;
	if (field_true(map, key))
		fputs("what runs stands still until the engine is resumed", to);
}

static void
print_stopping(
    FILE *to, const msgpack_object *map, const char *key, const struct look *as)
{
	(void)as;
	if (field_true(map, key))
		fputs("nothing starts any more; the daemon ends when the last "
		      "callout has",
		    to);
}

static int
status_of_engine(struct ctl *ctl, const struct arguments *a)
{
	struct answer answer;
	int status = ctl_call(ctl, "engine.status", NULL, &answer);

	ctl->out->look.exact = arguments_has(a, "long");
	if (status == 0)
		writer_record(ctl->out, fields,
		    sizeof(fields) / sizeof(fields[0]), &answer.object);
	answer_free(&answer);
	return status;
}

static int
change(struct ctl *ctl, struct parameters *p, const char *method)
{
	struct answer answer;
	char *now;
	int status = ctl_call(ctl, method, p, &answer);

	if (status == 0 && arguments_has(ctl->arguments, "plan")) {
		plan_print(ctl, &answer.object);
	} else if (status == 0) {
		now = field_text(&answer.object, "status");
		writer_note(ctl->out, &answer.object, "the engine is %s",
		    now != NULL ? now : "changing");
		free(now);
	}
	answer_free(&answer);
	return status;
}

static int
pause_engine(struct ctl *ctl, const struct arguments *a)
{
	struct parameters p;
	struct answer answer;
	bool is_paused = true;
	int status;

	parameters_start(&p);
	parameters_str(&p, "reason", arguments_text(a, "reason"));
	if (arguments_has(a, "freeze"))
		parameters_bool(&p, "freeze", true);
	if (plan_ask(&p, a) || !arguments_has(a, "wait")) {
		status = change(ctl, &p, "engine.pause");
	} else {
		status = ctl_call(ctl, "engine.pause", &p, &answer);
		answer_free(&answer);
		if (status == 0)
			status = draining_wait(ctl, look, &is_paused);
	}
	parameters_free(&p);
	return status != 0 ? status : !is_paused;
}

/* Resumed by somebody meanwhile, it is not waited for either. */
static int
look(struct ctl *ctl, void *ctx, uint64_t *callouts, bool *is_over)
{
	bool *is_paused = ctx;
	struct answer answer;
	int status = ctl_call(ctl, "engine.status", NULL, &answer);
	char *now = NULL;

	*is_over =
	    status == 0 && !field_is(&answer.object, "status", "PAUSING");
	*is_paused = field_is(&answer.object, "status", "PAUSED");
	*callouts = field_uint(&answer.object, "callouts") -
	    field_uint(&answer.object, "callouts_frozen");
	if (*is_over) {
		now = field_text(&answer.object, "status");
		writer_note(ctl->out, &answer.object, "the engine is %s",
		    now != NULL ? now : "changing");
	}
	free(now);
	answer_free(&answer);
	return status;
}

static int
resume_engine(struct ctl *ctl, const struct arguments *a)
{
	struct parameters p;
	int status;

	parameters_start(&p);
	if (arguments_has(a, "early"))
		parameters_bool(&p, "early", true);
	plan_ask(&p, a);
	status = change(ctl, &p, "engine.resume");
	parameters_free(&p);
	return status;
}

static int
reload_engine(struct ctl *ctl, const struct arguments *a)
{
	struct answer answer;
	const msgpack_object *keys;
	int status = ctl_call(ctl, "engine.reload", NULL, &answer);

	(void)a;
	if (status == 0) {
		keys = field(&answer.object, "restart");
		writer_note(
		    ctl->out, &answer.object, "weird.conf was read again");
		for (uint32_t i = 0;
		     keys != NULL && keys->type == MSGPACK_OBJECT_ARRAY &&
		     i < keys->via.array.size;
		     i++)
			writer_note(ctl->out, NULL,
			    "%.*s changes with the next start",
			    (int)keys->via.array.ptr[i].via.str.size,
			    keys->via.array.ptr[i].via.str.ptr);
	}
	answer_free(&answer);
	/* the command line was checked: it is weird.conf that is wrong */
	return status == EX_USAGE ? EX_DATAERR : status;
}

static const char *const modes[] = {"leave", "drain", "kill", NULL};

static int
stop_engine(struct ctl *ctl, const struct arguments *a)
{
	const char *mode = arguments_text(a, "mode");
	struct parameters p;
	struct answer answer;
	int status;

	parameters_start(&p);
	parameters_str(&p, "mode", mode);
	status = ctl_call(ctl, "engine.stop", &p, &answer);
	if (status == 0)
		writer_note(ctl->out, &answer.object, "the daemon stops; %s",
		    mode == NULL || strcmp(mode, "leave") == 0
			? "what it runs goes on, and is picked up at the next "
			  "start"
			: strcmp(mode, "drain") == 0
			? "what it runs is waited for"
			: "what it runs is killed");
	parameters_free(&p);
	answer_free(&answer);
	return status;
}

static const struct option status_options[] = {
    {'l', "long", ARGUMENT_NONE, NULL, "show times exactly", NULL, false,
	false},
    {.name = NULL},
};

static const struct option pause_options[] = {
    {'r', "reason", ARGUMENT_TEXT, "REASON", "why; shown to whoever wonders",
	NULL, false, false},
    {0, "freeze", ARGUMENT_NONE, NULL,
	"stop what runs where it is (SIGSTOP), until it is resumed", NULL,
	false, false},
    {'w', "wait", ARGUMENT_NONE, NULL, "until the last callout has ended", NULL,
	false, false},
    PLAN_OPTION,
    {.name = NULL},
};

static const struct option resume_options[] = {
    {0, "early", ARGUMENT_NONE, NULL, "even while callouts still finish", NULL,
	false, false},
    PLAN_OPTION,
    {.name = NULL},
};

static const struct option stop_options[] = {
    {'m', "mode", ARGUMENT_WORD, "MODE",
	"what becomes of callouts (leave unless given)", modes, false, false},
    {.name = NULL},
};

const struct verb verb_engine_status = {
    .name = "engine status",
    .alias = "status",
    .summary = "Show the engine's status and figures",
    .options = {status_options},
    .run = status_of_engine,
};

const struct verb verb_engine_pause = {
    .name = "engine pause",
    .summary = "Start nothing new; what runs is let finish",
    .options = {pause_options},
    .run = pause_engine,
};

const struct verb verb_engine_resume = {
    .name = "engine resume",
    .summary = "Go on after a pause",
    .options = {resume_options},
    .run = resume_engine,
};

const struct verb verb_engine_reload = {
    .name = "engine reload",
    .summary = "Have weird.conf read again",
    .run = reload_engine,
};

const struct verb verb_engine_stop = {
    .name = "engine stop",
    .summary = "End the daemon",
    .options = {stop_options},
    .run = stop_engine,
};
