/*
 * act: acting on many executions, with a line for each that says what became
 * of it.
 */
#include "ctl/act.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "ctl/field.h"
#include "ctl/plan.h"
#include "ctl/survivors.h"
#include "ctl/targets.h"

static void
flags(struct parameters *, const struct arguments *, const struct act *);
static void tell_all(struct ctl *, const msgpack_object *, const char *hidden);
static void tell_refusals(struct ctl *, const msgpack_object *);
static void tell_done(struct ctl *, const msgpack_object *);
static void print_left(FILE *, const msgpack_object *);
static void tell_refused(struct ctl *, const msgpack_object *);
static bool says(const msgpack_object *, const char *);
static char *refusal_text(const msgpack_object *);
static int outcome(const msgpack_object *, const struct act *);

int
act(struct ctl *ctl, const struct arguments *a, const struct act *what)
{
	struct parameters p;
	struct answer answer;
	bool planned;
	int status;

	parameters_start(&p);
	status = targets_pack(&p, a, what->statuses);
	if (status == 0 && what->more != NULL)
		status = what->more(ctl, &p);
	if (status != 0) {
		parameters_free(&p);
		return status;
	}
	flags(&p, a, what);
	planned = plan_ask(&p, a);
	status = ctl_call(ctl, what->method, &p, &answer);
	if (status == 0 && planned) {
		if (!writer_is_json(ctl->out))
			tell_refusals(ctl, &answer.object);
		plan_print(ctl, &answer.object);
		status = outcome(&answer.object, what);
	} else if (status == 0) {
		tell_all(ctl, &answer.object,
		    what->later != NULL ? what->until : NULL);
		status = outcome(&answer.object, what);
		if (what->later != NULL)
			status = what->later(ctl, what, &answer.object, status);
	}
	parameters_free(&p);
	answer_free(&answer);
	return status;
}

static void
flags(struct parameters *p, const struct arguments *a, const struct act *what)
{
	const struct given *revision = arguments_option(a, "if-revision", NULL);
	const struct act_flag *flag;

	parameters_str(p, "reason", arguments_text(a, "reason"));
	for (flag = what->flags; flag->option != NULL; flag++)
		if (arguments_has(a, flag->option))
			parameters_bool(p, flag->key, true);
	if (revision != NULL)
		parameters_uint(p, "if_revision", revision->number);
}

/* Those in the status that is hidden are told later. */
static void
tell_all(struct ctl *ctl, const msgpack_object *result, const char *hidden)
{
	uint32_t done = field_count(result, "succeeded"), i;
	uint32_t refused = field_count(result, "failed");
	const msgpack_object *entry;

	for (i = 0; i < done; i++) {
		entry = field_entry(result, "succeeded", i);
		if (hidden == NULL || !field_is(entry, "status", hidden))
			tell_done(ctl, entry);
	}
	tell_refusals(ctl, result);
	if (done == 0 && refused == 0)
		writer_note(ctl->out, NULL, "no execution is selected by this");
}

static void
tell_refusals(struct ctl *ctl, const msgpack_object *result)
{
	for (uint32_t i = 0; i < field_count(result, "failed"); i++)
		tell_refused(ctl, field_entry(result, "failed", i));
}

static void
tell_done(struct ctl *ctl, const msgpack_object *done)
{
	char *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);

	if (to == NULL)
		return;
	fprintf(to, "%" PRIu64 ": ", field_uint(done, "id"));
	if (field_uint(done, "replay") != 0)
		fprintf(to, "replayed as %" PRIu64, field_uint(done, "replay"));
	else if (field_uint(done, "deleted") > 1)
		fprintf(to, "deleted, with %" PRIu64 " subworkflow%s",
		    field_uint(done, "deleted") - 1,
		    field_uint(done, "deleted") == 2 ? "" : "s");
	else if (field_uint(done, "deleted") == 1)
		fputs("deleted", to);
	else if (field(done, "status") != NULL)
		field_print_text(to, field(done, "status"));
	else
		fputs("done", to);
	print_left(to, done);
	if (field(done, "unfollowed") != NULL) {
		fputs("; no failure workflow follows: ", to);
		field_print_text(to, field(done, "unfollowed"));
	}
	survivors_print(to, done);
	fclose(to);
	writer_note(ctl->out, done, "%s", text);
	free(text);
}

/* "; subworkflow 43 stays paused by itself (weirctl resume 43)" */
static void
print_left(FILE *to, const msgpack_object *done)
{
	uint64_t left = field_uint(done, "left_paused");
	uint64_t first = field_uint(done, "first_left");

	if (left == 1)
		fprintf(to,
		    "; subworkflow %" PRIu64 " stays paused by itself (weirctl "
		    "resume %" PRIu64 ")",
		    first, first);
	else if (left > 1)
		fprintf(to,
		    "; %" PRIu64 " subworkflows stay paused by themselves "
		    "(weirctl resume %" PRIu64 " --all)",
		    left, field_uint(done, "id"));
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

static bool
says(const msgpack_object *text, const char *part)
{
	return text != NULL && text->type == MSGPACK_OBJECT_STR &&
	    memmem(text->via.str.ptr, text->via.str.size, part, strlen(part)) !=
	    NULL;
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
	/* Some say it themselves. */
	if (allowed != NULL && allowed->type == MSGPACK_OBJECT_ARRAY &&
	    allowed->via.array.size > 0 && !says(message, "allowed: ")) {
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
 * 1 where some was done and some refused, or processes are left; where all was,
 * and for one reason, that reason's exit status.
 */
static int
outcome(const msgpack_object *result, const struct act *what)
{
	uint32_t refused = field_count(result, "failed"), i;
	int status, first = 0;

	if (survivors_any(result))
		return 1;
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
	return first == EX_USAGE && what->takes_input ? EX_DATAERR : first;
}
