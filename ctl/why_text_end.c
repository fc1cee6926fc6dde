/*
 * why_text_end: what ended an execution, or will, in sentences.
 */
#include <inttypes.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/cell.h"
#include "ctl/field.h"
#include "ctl/why_text.h"
#include "daemon/core/alloc.h"

static void tell_ending(struct screen *, const msgpack_object *);
static void tell_reason(struct screen *, const msgpack_object *);
static void tell_canceled(struct screen *, const msgpack_object *);
static void tell_joins(struct screen *, const msgpack_object *);
static void tell_cause(struct screen *, const msgpack_object *);
static void tell_below(struct screen *, const msgpack_object *cause);
static void tell_attempt(struct screen *, const msgpack_object *cause);
static void tell_signal(struct screen *, const msgpack_object *cause);
static const char *signal_hint(uint64_t);
static const char *exit_hint(uint64_t);
static void tell_log(struct screen *, const msgpack_object *cause);
static void tell_line(struct screen *, const msgpack_object *);
static void tell_others(
    struct screen *, const msgpack_object *, const char *key, const char *);
static void tell_callouts(struct screen *, const msgpack_object *);
static void tell_failure_workflow(struct screen *, const msgpack_object *);

void
why_text_end(struct screen *s, const msgpack_object *x)
{
	const msgpack_object *cause = field(x, "cause");
	bool below = field(cause, "execution") != NULL;

	if (field(x, "ending") != NULL)
		tell_ending(s, x);
	if (field(x, "canceled_by") != NULL ||
	    field_is(x, "status", "canceled"))
		tell_canceled(s, x);
	else if (field(x, "reason") != NULL && !below)
		tell_reason(s, x);
	else if (field_is(x, "status", "completed") && !below)
		screen_say(s, WHY_INDENT, "all that was to be done is done");
	tell_joins(s, x);
	if (!below && field(cause, "attempt") != NULL)
		tell_cause(s, cause);
	tell_others(s, x, "interrupted", "ran still, and was stopped");
	tell_callouts(s, x);
	tell_others(s, x, "tolerated", NULL);
	tell_failure_workflow(s, x);
	if (below) /* whose paragraph comes next */
		tell_below(s, cause);
}

static void
tell_ending(struct screen *s, const msgpack_object *x)
{
	fputs("it will end ", screen_line(s));
	cell_text(s->line, x, "ending", s->look);
	fputs(" when what runs has ended", s->line);
	screen_end(s, WHY_INDENT);
}

static void
tell_reason(struct screen *s, const msgpack_object *x)
{
	cell_text(screen_line(s), x, "reason", s->look);
	screen_end(s, WHY_INDENT);
}

/* "canceled by ann, along with execution 40: the disk is full" */
static void
tell_canceled(struct screen *s, const msgpack_object *x)
{
	char *by = field_text(x, "canceled_by"), *reason, *usual;
	const char *why =
	    field(x, "canceled_for") != NULL ? "canceled_for" : "reason";

	if (by == NULL) { /* a task that was canceled did it */
		if (field(x, "reason") != NULL)
			tell_reason(s, x);
		return;
	}
	fprintf(screen_line(s), "%s by ",
	    field_is(x, "status", "terminated") ? "terminated" : "canceled");
	cell_text(s->line, x, "canceled_by", s->look);
	if (field(x, "canceled_with") != NULL)
		fprintf(s->line, ", along with execution %" PRIu64,
		    field_uint(x, "canceled_with"));
	reason = field_text(x, why);
	usual = xasprintf("canceled by %s", by);
	if (reason != NULL && strcmp(reason, usual) != 0) {
		fputs(": ", s->line);
		cell_text(s->line, x, why, s->look);
	}
	screen_end(s, WHY_INDENT);
	free(usual);
	free(reason);
	free(by);
}

static void
tell_joins(struct screen *s, const msgpack_object *x)
{
	bool ended = field(x, "ended_at") != NULL;
	const msgpack_object *join;
	uint32_t i;

	for (i = 0; i < field_count(x, "joins"); i++) {
		join = field_entry(x, "joins", i);
		fputs("task ", screen_line(s));
		cell_text(s->line, join, "task", s->look);
		fputs(ended ? " could never start: no arrival came from "
			    : " joins, and lacks: ",
		    s->line);
		cell_text(s->line, join, "lacks", s->look);
		screen_end(s, WHY_INDENT);
	}
}

/* "task deploy failed: that was subworkflow 43" */
static void
tell_below(struct screen *s, const msgpack_object *cause)
{
	screen_line(s);
	why_text_task(s, cause);
	fputc(' ', s->line);
	cell_text(s->line, cause, "status", s->look);
	fprintf(s->line, ": that was its subworkflow, %" PRIu64,
	    field_uint(cause, "execution"));
	screen_end(s, WHY_INDENT);
}

/* The attempt, how it ended, and its log. */
static void
tell_cause(struct screen *s, const msgpack_object *cause)
{
	screen_line(s);
	tell_attempt(s, cause);
	screen_end(s, WHY_INDENT);
	if (field(cause, "signal") != NULL || field(cause, "stopped") != NULL)
		tell_signal(s, cause);
	else if (exit_hint(field_uint(cause, "exit")) != NULL)
		screen_say(s, WHY_INDENT, "exit status %" PRIu64 ": %s",
		    field_uint(cause, "exit"),
		    exit_hint(field_uint(cause, "exit")));
	tell_log(s, cause);
}

/* "task pack[1], attempt 3 of 3, after 1.2s: exit status 2" */
static void
tell_attempt(struct screen *s, const msgpack_object *cause)
{
	uint64_t most = field_uint(cause, "attempts");
	uint64_t attempt = field_uint(cause, "attempt");

	why_text_task(s, cause);
	fprintf(s->line, ", attempt %" PRIu64, attempt);
	if (attempt <= most)
		fprintf(s->line, " of %" PRIu64, most);
	if (field(cause, "started_at") != NULL) {
		fputs(", after ", s->line);
		cell_elapsed(s->line, cause, NULL, s->look);
	}
	if (field(cause, "exit") != NULL)
		fprintf(s->line, ": exit status %" PRIu64,
		    field_uint(cause, "exit"));
	else if (field(cause, "signal") != NULL)
		fprintf(s->line, ": killed by signal %" PRIu64,
		    field_uint(cause, "signal"));
	if (attempt < most && field_is(cause, "status", "failed"))
		fputs("; not tried again, as its retry or fatal says", s->line);
}

static void
tell_signal(struct screen *s, const msgpack_object *cause)
{
	static const char *const whys[][2] = {
	    {"timeout", "its timeout was over"},
	    {"cancel", "what it belongs to was stopped"},
	    {"update", "an operator set its status"},
	};
	const char *hint = signal_hint(field_uint(cause, "signal"));
	size_t i;

	if (field(cause, "stopped") == NULL) {
		screen_say(s, WHY_INDENT,
		    "weird did not send that signal; somebody else or the "
		    "system did%s%s",
		    hint != NULL ? ": " : "", hint != NULL ? hint : "");
		return;
	}
	for (i = 0; i < sizeof(whys) / sizeof(whys[0]); i++)
		if (field_is(cause, "stopped", whys[i][0]))
			screen_say(s, WHY_INDENT,
			    "weird stopped it with %s, for %s",
			    field_uint(cause, "stop_signal") == SIGKILL
				? "SIGKILL"
				: "SIGTERM",
			    whys[i][1]);
}

static const char *
signal_hint(uint64_t number)
{
	static const struct {
		int number;
		const char *hint;
	} hints[] = {
	    {SIGKILL, "where memory ran out, the system's log says so"},
	    {SIGSEGV, "the program crashed"},
	    {SIGBUS, "the program crashed"},
	    {SIGILL, "the program crashed"},
	    {SIGFPE, "the program crashed"},
	    {SIGABRT, "the program gave up by itself"},
	    {SIGPIPE, "nobody read what it wrote any more"},
	    {SIGXCPU, "its limit for CPU time was used up"},
	    {SIGXFSZ, "its limit for the size of a file was reached"},
	    {SIGSYS, "it made a system call that it may not make"},
	};
	size_t i;

	for (i = 0; i < sizeof(hints) / sizeof(hints[0]); i++)
		if ((uint64_t)hints[i].number == number)
			return hints[i].hint;
	return NULL;
}

static const char *
exit_hint(uint64_t status)
{
	if (status == 126)
		return "a shell found the command and could not execute it";
	if (status == 127)
		return "a shell did not find the command";
	if (status == 128 + SIGKILL)
		return "a shell's command was killed by SIGKILL; where memory "
		       "ran out, the system's log says so";
	if (status == 128 + SIGTERM)
		return "a shell's command was ended by SIGTERM";
	if (status == 128 + SIGSEGV)
		return "a shell's command crashed";
	return NULL;
}

static void
tell_log(struct screen *s, const msgpack_object *cause)
{
	const msgpack_object *log = field(cause, "log");
	bool whole = !field_true(log, "cut");
	uint32_t i;

	if (log == NULL) {
		screen_say(s, WHY_INDENT, "it wrote nothing");
		return;
	}
	if (field(log, "hidden") != NULL) {
		cell_text(screen_line(s), log, "hidden", s->look);
		screen_end(s, WHY_INDENT);
		return;
	}
	screen_say(s, WHY_INDENT, "its standard %s%s:",
	    field_is(log, "stream", "stderr") ? "error" : "output",
	    whole ? "" : " ends");
	for (i = 0; i < field_count(log, "lines"); i++)
		tell_line(s, field_entry(log, "lines", i));
}

/* Tabs are blanks here; what else could play tricks is replaced. */
static void
tell_line(struct screen *s, const msgpack_object *o)
{
	msgpack_object line = *o;
	char *text = xstrndup(o->via.str.ptr, o->via.str.size), *tab;

	while ((tab = memchr(text, '\t', o->via.str.size)) != NULL)
		*tab = ' ';
	line.via.str.ptr = text;
	fputs("| ", screen_line(s));
	field_print_text(s->line, &line);
	screen_end(s, 2 * WHY_INDENT);
	free(text);
}

static void
tell_others(struct screen *s, const msgpack_object *x, const char *key,
    const char *what)
{
	const msgpack_object *task;
	uint32_t i;

	for (i = 0; i < field_count(x, key); i++) {
		task = field_entry(x, key, i);
		screen_line(s);
		why_text_task(s, task);
		fputc(' ', s->line);
		if (field_true(task, "stopping"))
			fputs("runs still, and is being stopped", s->line);
		else if (what != NULL)
			fputs(what, s->line);
		else
			cell_text(s->line, task, "status", s->look);
		if (what == NULL && field(task, "reason") != NULL) {
			fputs(": ", s->line);
			cell_text(s->line, task, "reason", s->look);
		}
		if (what == NULL)
			fputs(field_is(task, "how", "optional")
				? " (it is optional)"
				: " (its next took care of that)",
			    s->line);
		screen_end(s, WHY_INDENT);
	}
}

/* Of one that has ended: why it can't be tried again yet. */
static void
tell_callouts(struct screen *s, const msgpack_object *x)
{
	uint64_t left = field_uint(x, "callouts");

	if (field(x, "ended_at") != NULL && left > 0)
		screen_say(s, WHY_INDENT,
		    "%" PRIu64 " callout%s of it %s being stopped still: "
		    "nothing of it can run again before",
		    left, left == 1 ? "" : "s", left == 1 ? "is" : "are");
}

static void
tell_failure_workflow(struct screen *s, const msgpack_object *x)
{
	const msgpack_object *followed = field(x, "failure_workflow");

	if (followed == NULL)
		return;
	screen_line(s);
	if (field(followed, "execution") == NULL)
		cell_text(s->line, followed, "reason", s->look);
	else {
		fputs("its failure workflow was started: ", s->line);
		fprintf(
		    s->line, "%" PRIu64 " ", field_uint(followed, "execution"));
		cell_workflow(s->line, followed, "workflow", s->look);
		fputc(' ', s->line);
		cell_status(s->line, followed, "status", s->look);
	}
	screen_end(s, WHY_INDENT);
}
