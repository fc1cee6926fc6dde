/*
 * progress: follows one execution until it has ended, showing how it gets on.
 *
 * Events say that something changed; what is shown is always the execution as
 * the daemon has it, so that nothing has to be pieced together, and a restart
 * of the daemon in between changes nothing.
 */
#include "ctl/progress.h"

#include <err.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "ctl/cell.h"
#include "ctl/execution_tree.h"
#include "ctl/field.h"
#include "ctl/follow.h"
#include "ctl/status.h"
#include "ctl/table.h"
#include "ctl/time_text.h"
#include "daemon/core/alloc.h"

/*
 * Between looks passes at least PAUSE, and so much that looking takes no more
 * than a small part of the daemon's time, however much there is to see.
 */
#define PAUSE (50 * INT64_C(1000000)) /* ns */
#define LOOK_PART 20		      /* of the time: one part in 20 */

struct progress {
	struct ctl *ctl;
	uint64_t id;
	int64_t since; /* what had ended by then is not told; ns */
	bool live;     /* a line that is kept up to date */
	bool silent;   /* nothing is shown but how it ended */
	bool ended;
	bool over;	   /* an event said that it has ended */
	int64_t looked;	   /* when; ns since the epoch */
	int64_t pause;	   /* before the next look; ns */
	struct answer now; /* the execution as it was last seen */
	bool *told;	   /* tasks whose ending has been shown */
	uint32_t ntold;
};

static int look(struct progress *);
static void tell_tasks(struct progress *);
static bool is_final(const msgpack_object *);
static bool first_time(struct progress *, uint32_t);
static void tell_task(struct progress *, const msgpack_object *);
static void draw(struct progress *);
static void write_line(struct progress *, FILE *);
static void write_current(FILE *, const msgpack_object *);
static void write_hint(FILE *, const msgpack_object *, const msgpack_object *);
static void erase(const struct progress *);
static int go_on(struct progress *, struct follow *);
static int look_when_due(struct progress *, struct follow *);
static int interrupted(const struct progress *);
static void take_event(void *, const msgpack_object *);

int
progress_follow(struct ctl *ctl, uint64_t id)
{
	return progress_follow_since(ctl, id, 0);
}

int
progress_now(struct ctl *ctl, int64_t *now)
{
	struct answer answer;
	int status = ctl_call(ctl, "engine.status", NULL, &answer);

	*now = status == 0 ? (int64_t)field_uint(&answer.object, "now") : 0;
	answer_free(&answer);
	return status;
}

int
progress_follow_since(struct ctl *ctl, uint64_t id, int64_t since)
{
	/* what is shown without a terminal; the first is all that ends it */
	static const char *const ends[] = {"execution.status", "task.ended"};
	struct progress p = {.ctl = ctl, .id = id, .since = since};
	struct follow f = {.ctl = ctl,
	    .executions = &p.id,
	    .nexecutions = 1,
	    .event = take_event,
	    .ctx = &p};
	int status;

	p.silent = ctl->out->quiet || writer_is_json(ctl->out);
	p.live = isatty(STDOUT_FILENO) && !p.silent;
	if (!p.live) {
		f.types = ends;
		f.ntypes = p.silent ? 1 : sizeof(ends) / sizeof(ends[0]);
	}
	msgpack_zone_init(&p.now.zone, 2048);
	if ((status = follow_start(&f)) != 0) {
		answer_free(&p.now);
		return status;
	}
	status = look(&p);
	while (status == 0 && !p.ended)
		status = go_on(&p, &f);
	follow_end();
	erase(&p);
	if (status == 0)
		status = progress_result(ctl, &p.now.object);
	answer_free(&p.now);
	free(p.told);
	return status == -1 ? 0 : status;
}

static int
go_on(struct progress *p, struct follow *f)
{
	switch (follow_wait(f, p->live ? 1000 : -1)) {
	case FOLLOW_TIMEOUT:
		p->ctl->out->look.now = time_now();
		draw(p);
		return 0;
	case FOLLOW_INTERRUPTED:
		return interrupted(p);
	case FOLLOW_LOST:
		return EX_UNAVAILABLE;
	case FOLLOW_EVENTS:
		break;
	}
	return look_when_due(p, f);
}

/*
 * Many events make one look, and the one that says that it is over makes the
 * last.  Where nothing is shown meanwhile that is the only one.
 */
static int
look_when_due(struct progress *p, struct follow *f)
{
	enum follow_result result = FOLLOW_EVENTS;
	int64_t left;

	while (!p->over && !f->back && result == FOLLOW_EVENTS) {
		if (p->silent)
			return 0;
		left = p->looked + p->pause - time_now();
		if (left <= 0)
			break;
		result = follow_wait(f, (int)(left / 1000000) + 1);
	}
	f->back = false;
	if (result == FOLLOW_LOST)
		return EX_UNAVAILABLE;
	if (result == FOLLOW_INTERRUPTED)
		return interrupted(p);
	return look(p);
}

static int
interrupted(const struct progress *p)
{
	erase(p);
	fprintf(stderr,
	    "weirctl: no longer watching; %" PRIu64 " goes on "
	    "(\"weirctl watch %" PRIu64 "\" looks again)\n",
	    p->id, p->id);
	return EX_TEMPFAIL;
}

static void
take_event(void *ctx, const msgpack_object *event)
{
	struct progress *p = ctx;
	char *type = field_text(event, "type");
	char *status = field_text(event, "status");

	if (type != NULL && status != NULL &&
	    strcmp(type, "execution.status") == 0 && status_is_final(status))
		p->over = true;
	free(type);
	free(status);
}

static int
look(struct progress *p)
{
	struct answer answer;
	int64_t asked = time_now(), took;
	int error = execution_try(p->ctl, p->id, &answer);

	if (error != 0) {
		/* the daemon went away meanwhile: following finds out */
		if (answer.error == WEIR_ECLOSED)
			error = 0;
		else
			ctl_explain("execution.get", &answer);
		answer_free(&answer);
		return error;
	}
	answer_free(&p->now);
	p->now = answer;
	p->ctl->out->look.now = time_now();
	p->looked = p->ctl->out->look.now;
	took = p->looked - asked;
	p->pause = took * LOOK_PART > PAUSE ? took * LOOK_PART : PAUSE;
	p->over = false;
	p->ended = is_final(&p->now.object);
	tell_tasks(p);
	draw(p);
	return 0;
}

/*
 * Runs come in the order in which they began, which never changes; behind each
 * come its items, of which only those that did not complete are told.
 */
static void
tell_tasks(struct progress *p)
{
	uint32_t n = field_count(&p->now.object, "tasks"), i, run = 0;
	const msgpack_object *task;
	bool ended_now = false;

	if (writer_is_json(p->ctl->out) || p->ctl->out->quiet)
		return;
	for (i = 0; i < n; i++) {
		task = field_entry(&p->now.object, "tasks", i);
		if (field(task, "item") == NULL) {
			ended_now = is_final(task) && first_time(p, run) &&
			    (int64_t)field_uint(task, "ended_at") > p->since;
			run++;
		}
		if (ended_now &&
		    (field(task, "item") == NULL ||
			!field_is(task, "status", "completed")))
			tell_task(p, task);
	}
}

static bool
is_final(const msgpack_object *task)
{
	char *status = field_text(task, "status");
	bool final = status != NULL && status_is_final(status);

	free(status);
	return final;
}

/* Whether the ending of the run has not been told yet; now it has. */
static bool
first_time(struct progress *p, uint32_t run)
{
	uint32_t i;

	if (run >= p->ntold) {
		p->told = xreallocarray(p->told, run + 16, sizeof(*p->told));
		for (i = p->ntold; i < run + 16; i++)
			p->told[i] = false;
		p->ntold = run + 16;
	}
	if (p->told[run])
		return false;
	p->told[run] = true;
	return true;
}

static void
tell_task(struct progress *p, const msgpack_object *task)
{
	const struct look *look = &p->ctl->out->look;
	const msgpack_object *reason = field(task, "reason");
	uint32_t n = field_count(task, "attempts");

	erase(p);
	cell_status(stdout, task, "status", look);
	fputc(' ', stdout);
	cell_text(stdout, task, "name", look);
	if (field(task, "item") != NULL)
		printf("[%" PRIu64 "]", field_uint(task, "item"));
	if (field(task, "started_at") != NULL) {
		fputs("  ", stdout);
		cell_elapsed(stdout, task, NULL, look);
	}
	if (n > 1)
		printf("  %u attempts", n);
	if (reason != NULL) {
		fputs("  ", stdout);
		field_print_text(stdout, reason);
	}
	fputc('\n', stdout);
	fflush(stdout);
}

static void
erase(const struct progress *p)
{
	if (!p->live)
		return;
	fputs("\r\033[K", stdout);
	fflush(stdout);
}

static void
draw(struct progress *p)
{
	char *text = NULL;
	size_t size;
	FILE *to;
	struct table *line;

	if (!p->live || p->ended || (to = open_memstream(&text, &size)) == NULL)
		return;
	write_line(p, to);
	fclose(to);
	/* a table of one cell, to be cut where the terminal ends */
	line = table_new(
	    1, p->ctl->out->look.width > 1 ? p->ctl->out->look.width - 1 : 0);
	table_column(line, 0, false, true);
	table_add(line, text);
	erase(p);
	table_print_cell(line, stdout);
	fflush(stdout);
	table_free(line);
}

/* "42 release@3 ▶ running 12.3s: 3 done, 2 running, 1 failed: test, scan" */
static void
write_line(struct progress *p, FILE *to)
{
	static const char *const kinds[] = {
	    "completed", "running", "waiting", "pending", "failed"};
	const struct look *look = &p->ctl->out->look;
	const msgpack_object *o = &p->now.object;
	uint32_t n = field_count(o, "tasks"), i, count;
	const msgpack_object *task;
	size_t kind;

	fprintf(to, "%" PRIu64 " ", p->id);
	cell_workflow(to, o, "workflow", look);
	fputc(' ', to);
	cell_status(to, o, "status", look);
	fputc(' ', to);
	cell_elapsed(to, o, NULL, look);
	for (kind = 0; kind < sizeof(kinds) / sizeof(kinds[0]); kind++) {
		for (i = 0, count = 0; i < n; i++) {
			task = field_entry(o, "tasks", i);
			if (field(task, "item") == NULL &&
			    field_is(task, "status", kinds[kind]))
				count++;
		}
		if (count == 0)
			continue;
		fputs("  ", to);
		status_print_sign(to, kinds[kind], look);
		fprintf(to, " %u", count);
	}
	write_current(to, o);
}

/* What is in work: "test, scan, pack 3/10". */
static void
write_current(FILE *to, const msgpack_object *o)
{
	const msgpack_object *task;
	uint32_t n = field_count(o, "tasks"), i, j, done, some = 0;

	for (i = 0; i < n; i++) {
		task = field_entry(o, "tasks", i);
		if (field(task, "item") != NULL || is_final(task))
			continue;
		fputs(some++ > 0 ? ", " : "  ", to);
		cell_text(to, task, "name", NULL);
		if (field(task, "items") == NULL)
			continue;
		for (j = i + 1, done = 0;
		     j < n && field(field_entry(o, "tasks", j), "item") != NULL;
		     j++)
			done += is_final(field_entry(o, "tasks", j));
		fprintf(to, " %u/%" PRIu64, done, field_uint(task, "items"));
	}
}

/* Where to see more: the log of a command, else the execution that has it. */
static void
write_hint(FILE *to, const msgpack_object *o, const msgpack_object *name)
{
	uint32_t i;
	uint64_t child = 0;
	const msgpack_object *task;

	for (i = 0; i < field_count(o, "tasks"); i++) {
		task = field_entry(o, "tasks", i);
		if (msgpack_object_equal(*field(task, "name"), *name) &&
		    field_uint(task, "execution") != 0)
			child = field_uint(task, "execution");
	}
	if (child != 0 || field_deep(o, "error.attempt") == NULL) {
		fprintf(to, "\nsee: weirctl show %" PRIu64,
		    child != 0 ? child : field_uint(o, "id"));
		return;
	}
	fprintf(to, "\nsee: weirctl logs %" PRIu64 " ", field_uint(o, "id"));
	field_print_text(to, name);
	if (field_deep(o, "error.item") != NULL)
		fprintf(to, " --item %" PRIu64, field_uint(o, "error.item"));
}

/* "42 failed after 3.2s: task compile: exit status 2" */
int
progress_result(struct ctl *ctl, const msgpack_object *o)
{
	bool completed = field_is(o, "status", "completed");
	const msgpack_object *reason = field(o, "reason");
	const msgpack_object *task = field_deep(o, "error.task");
	char *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);

	if (to == NULL)
		return EX_OSERR;
	if (reason == NULL)
		reason = field_deep(o, "error.reason");
	fprintf(to, "%" PRIu64 " ", field_uint(o, "id"));
	cell_status(to, o, "status", &ctl->out->look);
	fputs(" after ", to);
	cell_elapsed(to, o, NULL, &ctl->out->look);
	if (reason != NULL) {
		fputs(": ", to);
		field_print_text(to, reason);
	}
	if (completed && field(o, "output") != NULL) {
		fputs("\noutput: ", to);
		json_print(to, field(o, "output"));
	}
	if (!completed && task != NULL)
		write_hint(to, o, task);
	fclose(to);
	writer_note(ctl->out, o, "%s", text);
	free(text);
	return completed ? 0 : 1;
}
