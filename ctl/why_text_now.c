/*
 * why_text_now: what an execution that has not ended waits for, in sentences.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/cell.h"
#include "ctl/field.h"
#include "ctl/time_text.h"
#include "ctl/why_text.h"

#define NAMES_MAX 12 /* of tasks in one line */

typedef void tell(struct screen *, const msgpack_object *entry);

static void
each(struct screen *, const msgpack_object *, const char *key, tell *);
static void tell_held(struct screen *, const msgpack_object *);
static void tell_unavailable(struct screen *, const msgpack_object *);
static void tell_holder(struct screen *, const msgpack_object *held);
static void tell_workflow(struct screen *, const msgpack_object *held);
static void tell_queue(struct screen *, const msgpack_object *);
static void tell_drain(struct screen *, const msgpack_object *);
static bool waits_below(const msgpack_object *);
static void tell_wait(struct screen *, const msgpack_object *);
static void tell_groups(struct screen *, const msgpack_object *wait);
static void tell_running(struct screen *, const msgpack_object *);
static void tell_stopping(struct screen *, const msgpack_object *);
static void tell_retry(struct screen *, const msgpack_object *);
static void tell_pending(struct screen *, const msgpack_object *);
static void tell_not_reached(struct screen *, const msgpack_object *);
static void tell_until(
    struct screen *, const char *what, const msgpack_object *, const char *key);
static const char *
meaning(const msgpack_object *, const char *key, const char *const (*)[2]);

void
why_text_now(struct screen *s, const msgpack_object *x)
{
	tell_held(s, x);
	tell_unavailable(s, x);
	tell_drain(s, x);
	each(s, x, "waits", tell_wait);
	each(s, x, "running", tell_running);
	each(s, x, "retries", tell_retry);
	each(s, x, "pending", tell_pending);
	tell_not_reached(s, x);
}

static void
each(struct screen *s, const msgpack_object *x, const char *key, tell *one)
{
	uint32_t i;

	for (i = 0; i < field_count(x, key); i++) {
		screen_line(s);
		one(s, field_entry(x, key, i));
		screen_end(s, WHY_INDENT);
	}
}

static void
tell_held(struct screen *s, const msgpack_object *x)
{
	const msgpack_object *held = field(x, "held");

	if (held == NULL)
		return;
	screen_line(s);
	if (field_is(held, "by", "limit"))
		tell_queue(s, x);
	else
		tell_holder(s, held);
	screen_end(s, WHY_INDENT);
}

/* The daemon's own sentence, with what to do. */
static void
tell_unavailable(struct screen *s, const msgpack_object *x)
{
	if (field(x, "unavailable") == NULL)
		return;
	cell_text(screen_line(s), x, "unavailable", s->look);
	screen_end(s, WHY_INDENT);
}

static void
tell_holder(struct screen *s, const msgpack_object *held)
{
	FILE *line = s->line;

	if (field(held, "workflow") != NULL) {
		fputs("it may not begin: ", line);
		tell_workflow(s, held);
		return;
	}
	if (field_is(held, "by", "parent") && field(held, "execution") != NULL)
		fprintf(line, "paused along with execution %" PRIu64,
		    field_uint(held, "execution"));
	else if (field_is(held, "by", "engine"))
		fputs("held by the engine, which is paused", line);
	else
		fputs("paused", line);
	if (field(held, "who") != NULL) {
		fputs(" by ", line);
		cell_text(line, held, "who", s->look);
	}
	if (field(held, "since") != NULL) {
		fputs(", ", line);
		cell_when(line, held, "since", s->look);
	}
	if (field_true(held, "frozen"))
		fputs(", what runs of it standing still", line);
	if (field_true(held, "engine") && !field_is(held, "by", "engine"))
		fputs("; the engine is paused too", line);
	if (field(held, "reason") != NULL) {
		fputs(": ", line);
		cell_text(line, held, "reason", s->look);
	}
}

/* "the workflow pack is disabled by ann: it is broken" */
static void
tell_workflow(struct screen *s, const msgpack_object *held)
{
	const msgpack_object *w = field(held, "workflow");

	fputs("the workflow ", s->line);
	cell_text(s->line, w, "workflow", s->look);
	fputs(field_is(w, "status", "safety_paused")
		? " is paused by a safety cap"
		: " is disabled",
	    s->line);
	if (field_is(w, "status", "disabled") && field(held, "who") != NULL) {
		fputs(" by ", s->line);
		cell_text(s->line, held, "who", s->look);
	}
	if (field(w, "lifts_at") != NULL) {
		fputs(", which lifts ", s->line);
		cell_when(s->line, w, "lifts_at", s->look);
	}
	if (field(w, "reason") != NULL) {
		fputs(": ", s->line);
		cell_text(s->line, w, "reason", s->look);
	}
}

static void
tell_queue(struct screen *s, const msgpack_object *x)
{
	const msgpack_object *queue = field(x, "queue");
	uint64_t ahead = field_uint(queue, "ahead");

	fputs("it waits for its turn: ", s->line);
	if (field(queue, "limit") != NULL)
		fprintf(s->line,
		    "%" PRIu64 " of the workflow run, and limits.parallel_runs "
		    "lets %" PRIu64 " run; ",
		    field_uint(queue, "running"), field_uint(queue, "limit"));
	if (ahead == 0)
		fputs("it is the next", s->line);
	else
		fprintf(s->line, "%" PRIu64 " %s before it", ahead,
		    ahead == 1 ? "begins" : "begin");
}

/* What a pause or a cancel that was asked for waits for. */
static void
tell_drain(struct screen *s, const msgpack_object *x)
{
	uint64_t left = field_uint(x, "callouts");
	bool stays = field(x, "ending") != NULL; /* it will not be paused */
	const char *what = field_is(x, "status", "pausing") && !stays ? "paused"
	    : field_is(x, "status", "canceling") ? "canceled"
						 : NULL;

	if (what == NULL)
		return;
	if (left > 0)
		screen_say(s, WHY_INDENT,
		    "it will be %s when what runs has ended: %" PRIu64
		    " callout%s%s",
		    what, left, left == 1 ? "" : "s",
		    waits_below(x) ? " of its own, and its subworkflows" : "");
	else
		screen_say(s, WHY_INDENT,
		    "it will be %s when its subworkflows are", what);
}

static bool
waits_below(const msgpack_object *x)
{
	uint32_t i;

	for (i = 0; i < field_count(x, "waits"); i++)
		if (field_is(field_entry(x, "waits", i), "kind", "subworkflow"))
			return true;
	return false;
}

static void
tell_wait(struct screen *s, const msgpack_object *wait)
{
	FILE *line = s->line;

	why_text_task(s, wait);
	if (field_is(wait, "kind", "subworkflow")) {
		fprintf(line, " waits for its subworkflow, %" PRIu64,
		    field_uint(wait, "execution"));
	} else if (field_is(wait, "kind", "workflow")) {
		fputs(" may not start its subworkflow: ", line);
		tell_workflow(s, wait);
		return;
	} else if (field_is(wait, "kind", "timer")) {
		fputs(" waits for a time", line);
		tell_until(s, "", wait, "until");
		return;
	} else if (field_is(wait, "kind", "signal")) {
		fputs(" waits for the signal ", line);
		cell_text(line, wait, "name", s->look);
	} else if (field_is(wait, "kind", "approval")) {
		fputs(" waits for an approval", line);
		tell_groups(s, wait);
		if (field(wait, "question") != NULL) {
			fputs(": ", line);
			cell_text(line, wait, "question", s->look);
		}
	} else
		fputs(" was lost: nobody knows whether its command has run "
		      "or how it ended; an operator is to say",
		    line);
	tell_until(s, "times out ", wait, "until");
}

static void
tell_groups(struct screen *s, const msgpack_object *wait)
{
	uint32_t n = field_count(wait, "from"), i;

	if (n == 0)
		fputs(
		    " by its owner or an operator of all executions", s->line);
	else
		fprintf(
		    s->line, " by a member of the group%s ", n > 1 ? "s" : "");
	for (i = 0; i < n; i++) {
		fputs(i == 0 ? "" : i + 1 == n ? " or " : ", ", s->line);
		field_print_text(s->line, field_entry(wait, "from", i));
	}
}

static void
tell_running(struct screen *s, const msgpack_object *run)
{
	FILE *line = s->line;

	why_text_task(s, run);
	fputs(field_is(run, "status", "paused") ? " stands still: " : " runs: ",
	    line);
	fprintf(line, "attempt %" PRIu64, field_uint(run, "attempt"));
	if (field(run, "pid") != NULL)
		fprintf(line, ", pid %" PRIu64, field_uint(run, "pid"));
	if (field(run, "started_at") != NULL) {
		fputs(", for ", line);
		cell_elapsed(line, run, NULL, s->look);
	}
	if (field(run, "stopped") != NULL)
		tell_stopping(s, run);
	else
		tell_until(s, "times out ", run, "until");
}

static void
tell_stopping(struct screen *s, const msgpack_object *run)
{
	uint64_t signal = field_uint(run, "stop_signal");

	fputs("; being stopped for the ", s->line);
	cell_text(s->line, run, "stopped", s->look);
	if (signal != 0)
		fprintf(s->line, ", %s was sent",
		    signal == 9	       ? "SIGKILL"
			: signal == 15 ? "SIGTERM"
				       : "a signal");
	if (signal != 9)
		tell_until(s, "SIGKILL comes ", run, "until");
}

static void
tell_retry(struct screen *s, const msgpack_object *retry)
{
	why_text_task(s, retry);
	fputs(" is tried again", s->line);
	tell_until(s, "", retry, "due");
	fprintf(s->line, ": attempt %" PRIu64 " of %" PRIu64,
	    field_uint(retry, "attempt"), field_uint(retry, "attempts"));
	fputs(field(retry, "reason") != NULL ? ": " : " has ended", s->line);
	cell_text(s->line, retry, "reason", s->look);
}

static void
tell_pending(struct screen *s, const msgpack_object *pending)
{
	static const char *const why[][2] = {
	    {"hold", "what holds the execution"},
	    {"failed_item", "nothing any more, for an item has failed"},
	    {"stopping", "its last attempt, which is being stopped"},
	    {"parallel_tasks", "others, as limits.parallel_tasks says"},
	    {"runners", "a runner, none of which is there at the moment"},
	    {"drain", "the next start of the daemon, which is being stopped"},
	    {"space", "space on the disk, or in the journal"},
	    {"callouts",
		"callouts of other executions, as limits.callouts of "
		"weird.conf "
		"says"},
	    {NULL, "its turn"},
	};

	why_text_task(s, pending);
	fprintf(s->line, " is due and waits for %s",
	    meaning(pending, "blocked", why));
}

static void
tell_not_reached(struct screen *s, const msgpack_object *x)
{
	uint32_t n = field_count(x, "not_reached"), i;

	if (n == 0)
		return;
	fputs("not reached yet: ", screen_line(s));
	for (i = 0; i < n && i < NAMES_MAX; i++) {
		fputs(i > 0 ? ", " : "", s->line);
		field_print_text(s->line, field_entry(x, "not_reached", i));
	}
	if (i < n)
		fprintf(s->line, " and %" PRIu32 " more", n - i);
	screen_end(s, WHY_INDENT);
}

/* ", times out in 3m" */
static void
tell_until(struct screen *s, const char *what, const msgpack_object *map,
    const char *key)
{
	if (field(map, key) == NULL)
		return;
	fprintf(s->line, ", %s", what);
	cell_when(s->line, map, key, s->look);
}

/* The text of the word under the key; that of the last pair for any other. */
static const char *
meaning(
    const msgpack_object *map, const char *key, const char *const (*texts)[2])
{
	for (; (*texts)[0] != NULL; texts++)
		if (field_is(map, key, (*texts)[0]))
			break;
	return (*texts)[1];
}
