/*
 * verb_logs: weirctl logs: what an attempt of a task has written.
 */
#include <err.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "ctl/ctl.h"
#include "ctl/execution_tree.h"
#include "ctl/field.h"
#include "ctl/follow.h"
#include "ctl/status.h"
#include "ctl/visible.h"
#include "ctl/verbs.h"
#include "libproto/errors.h"

#define PIECE 262144 /* bytes asked for at once; the most there is */
#define PAUSE 250    /* ms between looks at a log that grows */

struct reading {
	struct ctl *ctl;
	const struct arguments *arguments;
	uint64_t execution;
	uint64_t attempt; /* 0: the newest there is */
	uint64_t offset;
	bool follow;
	bool more;   /* the last piece was not the end */
	bool broken; /* the daemon went away in the middle */
	bool known;  /* that the workflow has such a task */
	bool shown;  /* to a terminal */
	struct visible_log log;
};

/* What became of the attempt that is read. */
enum stage { STAGE_RUNNING, STAGE_ANOTHER, STAGE_OVER };

static int read_on(struct reading *);
static int piece(struct reading *);
static bool closed(struct reading *, const struct answer *);
static void pack(struct parameters *, const struct reading *);
static void take(struct reading *, const struct answer *);
static int follow_log(struct reading *);
static int look(struct reading *, enum stage *);
static int check_task(struct reading *, const msgpack_object *);
static const msgpack_object *
find_task(const struct reading *, const msgpack_object *);
static enum stage stage_of(struct reading *, const msgpack_object *);

static int
logs(struct ctl *ctl, const struct arguments *a)
{
	const struct given *attempt = arguments_option(a, "attempt", NULL);
	struct reading r = {
	    .ctl = ctl, .arguments = a, .execution = a->operands[0].number};
	int status;

	r.follow = arguments_has(a, "follow");
	r.attempt = attempt != NULL ? attempt->number : 0;
	r.shown = isatty(STDOUT_FILENO) && !arguments_has(a, "raw");
	status = r.follow ? follow_log(&r) : read_on(&r);
	visible_log_end(stdout, &r.log);
	return status;
}

/* Up to the end that the log has now. */
static int
read_on(struct reading *r)
{
	int status;

	do
		status = piece(r);
	while (status == 0 && r->more);
	return status;
}

static int
piece(struct reading *r)
{
	struct parameters p;
	struct answer answer;
	int status;

	parameters_start(&p);
	pack(&p, r);
	status = ctl_try(r->ctl, "task.log", &p, &answer);
	r->more = false;
	if (status == 0)
		take(r, &answer);
	else if (r->follow && answer.error == ERROR_NOT_FOUND)
		status = 0; /* not started yet: look() knows more */
	else if (closed(r, &answer))
		status = 0;
	else if (r->ctl->weir != NULL) {
		ctl_explain("task.log", &answer);
		if (answer.error == ERROR_BAD_REQUEST &&
		    !arguments_has(r->arguments, "item"))
			warnx("--item N names an item");
	}
	parameters_free(&p);
	answer_free(&answer);
	return status;
}

/* Following finds out too, and comes back. */
static bool
closed(struct reading *r, const struct answer *answer)
{
	if (r->follow && answer->error == WEIR_ECLOSED)
		r->broken = true;
	return r->broken;
}

static void
pack(struct parameters *p, const struct reading *r)
{
	static const char *const numbers[] = {"item", "run", "generation"};
	const struct arguments *a = r->arguments;
	const struct given *given;
	size_t i;

	parameters_uint(p, "execution", r->execution);
	parameters_str(p, "task", a->operands[1].text);
	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		if ((given = arguments_option(a, numbers[i], NULL)) != NULL)
			parameters_uint(p, numbers[i], given->number);
	if (r->attempt != 0)
		parameters_uint(p, "attempt", r->attempt);
	parameters_str(
	    p, "stream", arguments_has(a, "stderr") ? "stderr" : "stdout");
	parameters_uint(p, "offset", r->offset);
	parameters_uint(p, "limit", PIECE);
}

/*
 * The log is the command's own bytes, and they go out as they are, but to a
 * terminal, which would do what they say.  Where it had grown too large a line
 * says how much is not there.
 */
static void
take(struct reading *r, const struct answer *answer)
{
	const msgpack_object *bytes = field(&answer->object, "bytes");
	uint32_t n = bytes != NULL && bytes->type == MSGPACK_OBJECT_BIN
	    ? bytes->via.bin.size
	    : 0;
	uint64_t left_out = field_uint(&answer->object, "left_out");

	if ((n > 0 || left_out > 0) && writer_is_json(r->ctl->out))
		writer_row(r->ctl->out, &answer->object);
	else {
		if (left_out > 0)
			printf(
			    "\nweir: %" PRIu64 " bytes left out\n", left_out);
		if (n > 0 && r->shown)
			visible_log(stdout, &r->log, bytes->via.bin.ptr, n);
		else if (n > 0)
			fwrite(bytes->via.bin.ptr, 1, n, stdout);
	}
	r->offset += left_out + n;
	r->more =
	    left_out + n > 0 && r->offset < field_uint(&answer->object, "size");
	fflush(stdout);
}

/*
 * A log grows without an event, so it is looked at again and again; that its
 * attempt has ended, or another begun, is an event.
 */
static int
follow_log(struct reading *r)
{
	struct follow f = {
	    .ctl = r->ctl, .executions = &r->execution, .nexecutions = 1};
	enum follow_result result = FOLLOW_EVENTS;
	enum stage stage = STAGE_RUNNING;
	int status = follow_start(&f);

	if (status != 0)
		return status;
	while (status == 0) {
		if (result == FOLLOW_EVENTS)
			status = look(r, &stage);
		if (status == 0)
			status = read_on(r);
		if (status != 0 || (stage == STAGE_OVER && !r->broken))
			break;
		if (stage == STAGE_ANOTHER && !r->broken) {
			r->attempt++;
			r->offset = 0;
			result = FOLLOW_EVENTS;
			continue;
		}
		r->broken = false;
		result = follow_wait(&f, PAUSE);
		if (result == FOLLOW_LOST)
			status = EX_UNAVAILABLE;
		if (result == FOLLOW_INTERRUPTED)
			break;
	}
	follow_end();
	return status;
}

static int
look(struct reading *r, enum stage *stage)
{
	struct answer answer;
	const struct given *generation =
	    arguments_option(r->arguments, "generation", NULL);
	int status = execution_try_generation(r->ctl, r->execution,
	    generation != NULL ? generation->number : 0, &answer);
	const msgpack_object *task;
	char *now;

	if (status != 0 && closed(r, &answer))
		status = 0;
	else if (status != 0)
		ctl_explain("execution.get", &answer);

	if (status == 0 && !r->broken) {
		task = find_task(r, &answer.object);
		now = field_text(&answer.object, "status");
		if (task != NULL)
			*stage = stage_of(r, task);
		else if (!r->known)
			status = check_task(r, &answer.object);
		if (task == NULL && now != NULL && status_is_final(now))
			*stage = STAGE_OVER;
		free(now);
	}
	answer_free(&answer);
	return status;
}

/* A task that has not run yet is waited for, one that never will is not. */
static int
check_task(struct reading *r, const msgpack_object *execution)
{
	const char *name = r->arguments->operands[1].text;
	char *workflow = field_text(execution, "workflow");
	struct parameters p;
	struct answer answer;
	int status;

	parameters_start(&p);
	parameters_str(&p, "workflow", workflow);
	parameters_uint(&p, "version", field_uint(execution, "version"));
	status = ctl_call(r->ctl, "definition.get", &p, &answer);
	if (status == 0 &&
	    field(field_deep(&answer.object, "definition.tasks"), name) ==
		NULL) {
		warnx("the workflow %s has no task %s", workflow, name);
		status = 1;
	}
	r->known = true;
	parameters_free(&p);
	answer_free(&answer);
	free(workflow);
	return status;
}

/* The newest run of it, where none was asked for. */
static const msgpack_object *
find_task(const struct reading *r, const msgpack_object *execution)
{
	const struct arguments *a = r->arguments;
	const struct given *run = arguments_option(a, "run", NULL);
	const struct given *item = arguments_option(a, "item", NULL);
	const msgpack_object *task, *found = NULL;
	uint32_t i;

	for (i = 0; i < field_count(execution, "tasks"); i++) {
		task = field_entry(execution, "tasks", i);
		if (!field_is(task, "name", a->operands[1].text) ||
		    (field(task, "item") != NULL) != (item != NULL))
			continue;
		if (item != NULL && field_uint(task, "item") != item->number)
			continue;
		if (run == NULL || field_uint(task, "run") == run->number)
			found = task;
	}
	return found;
}

static enum stage
stage_of(struct reading *r, const msgpack_object *task)
{
	uint64_t newest = field_uint(task, "attempt"), i;
	const msgpack_object *attempt;
	char *status = field_text(task, "status");
	bool over = status != NULL && status_is_final(status);

	free(status);
	if (r->attempt == 0)
		r->attempt = newest;
	for (i = 0; i < field_count(task, "attempts"); i++) {
		attempt = field_entry(task, "attempts", (uint32_t)i);
		if (field_uint(attempt, "attempt") != r->attempt ||
		    field(attempt, "ended_at") == NULL)
			continue;
		if (arguments_has(r->arguments, "attempt"))
			return STAGE_OVER;
		if (newest > r->attempt)
			return STAGE_ANOTHER;
	}
	return over ? STAGE_OVER : STAGE_RUNNING;
}

static const struct option options[] = {
    {'f', "follow", ARGUMENT_NONE, NULL,
	"go on as it grows, until the task has ended", NULL, false, false},
    {0, "item", ARGUMENT_NUMBER, "N", "the run of one item, counted from 0",
	NULL, false, false},
    {0, "attempt", ARGUMENT_ORDINAL, "N", "which attempt; the newest", NULL,
	false, false},
    {0, "run", ARGUMENT_ORDINAL, "N", "which pass of the task; the newest",
	NULL, false, false},
    {0, "generation", ARGUMENT_ORDINAL, "N",
	"of an execution that was restarted; the newest", NULL, false, false},
    {0, "raw", ARGUMENT_NONE, NULL,
	"control characters as they are, to a terminal too", NULL, false,
	false},
    {'e', "stderr", ARGUMENT_NONE, NULL, "standard error, not output", NULL,
	false, false},
    {.name = NULL},
};

const struct verb verb_logs = {
    .name = "logs",
    .alias = "log",
    .summary = "Print what a task has written",
    .options = {options},
    .operands = {{"ID", ARGUMENT_EXECUTION, OPERAND_ONE, NULL},
	{"TASK", ARGUMENT_TASK, OPERAND_ONE, NULL}},
    .run = logs,
};
