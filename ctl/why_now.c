/*
 * why_now: what an execution that has not ended waits for, and who can move it.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/execution_tree.h"
#include "ctl/field.h"
#include "ctl/why.h"
#include "daemon/core/alloc.h"

#define ANCESTORS_MAX 64 /* more than subworkflows nest */

/* One execution of which it is told what it does now. */
struct now {
	struct why *why;
	const msgpack_object *o; /* the execution */
	uint64_t id;
};

static void put_held(struct now *, struct parameters *);
static uint64_t
copy_holder(struct parameters *, struct now *, const msgpack_object *);
static void command_to_resume(struct now *, uint64_t holder);
static void put_waits(struct now *, struct parameters *);
static void put_wait(struct now *, struct parameters *, const msgpack_object *);
static void commands_for_wait(struct now *, const msgpack_object *);
static void put_tasks(struct now *, struct parameters *);
static bool is_running(const msgpack_object *task);
static bool is_a_wait(const msgpack_object *, const msgpack_object *task);
static void put_running(struct parameters *, const msgpack_object *);
static void put_pending(struct now *, struct parameters *retries,
    struct parameters *pending, const msgpack_object *);
static bool is_stopping(struct ctl *);
static void put_not_reached(struct now *, struct parameters *);
static bool is_reached(const msgpack_object *, const msgpack_object *name);
static void commands(struct now *);
static char *quoted(const char *);

void
why_now(struct why *why, struct parameters *map, const msgpack_object *o)
{
	struct now now = {why, o, field_uint(o, "id")};

	put_held(&now, map);
	why_copy(map, o, "unavailable");
	why_copy(map, o, "queue");
	why_copy(map, o, "callouts");
	put_waits(&now, map);
	put_tasks(&now, map);
	if (field_count(o, "joins") > 0)
		why_copy(map, o, "joins");
	if (!field_is(o, "status", "canceling") && field(o, "ending") == NULL)
		put_not_reached(&now, map);
	commands(&now);
}

/* Who it is that holds it: the one above it that was paused by itself. */
static void
put_held(struct now *now, struct parameters *map)
{
	const msgpack_object *held = field(now->o, "held");
	struct parameters holder;
	char *workflow;
	uint64_t by;

	if (held == NULL)
		return;
	parameters_start(&holder);
	by = copy_holder(&holder, now, held);
	if (field_is(held, "by", "disabled") ||
	    field_is(held, "by", "safety")) {
		workflow = field_text(now->o, "workflow");
		why_workflow(now->why, &holder, workflow);
		free(workflow);
	}
	why_put_map(map, "held", &holder);
	command_to_resume(now, by);
}

static uint64_t
copy_holder(struct parameters *to, struct now *now, const msgpack_object *held)
{
	static const char *const kept[] = {
	    "by", "who", "reason", "since", "frozen", "engine"};
	uint64_t id = now->id;
	struct answer parent;
	uint64_t next = field_uint(now->o, "parent.execution");
	unsigned depth;
	size_t i;
	bool goes_on = field_is(held, "by", "parent");

	for (i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
		why_copy(to, held, kept[i]);
	for (depth = 0; goes_on && next != 0 && depth < ANCESTORS_MAX;
	     depth++) {
		if (execution_try(now->why->ctl, next, &parent) == 0) {
			id = next;
			next = field_uint(&parent.object, "parent.execution");
			goes_on = field_is(&parent.object, "held.by", "parent");
		} else
			goes_on = false;
		answer_free(&parent);
	}
	if (id != now->id)
		parameters_uint(to, "execution", id);
	return id;
}

/* Each that was paused by itself is resumed by itself. */
static void
command_to_resume(struct now *now, uint64_t holder)
{
	const msgpack_object *held = field(now->o, "held");
	static const char method[] = "execution.resume";
	const char *what = now->id == now->why->ids[0]
	    ? "lets it go on"
	    : "lets that subworkflow go on";
	bool is_paused =
	    field_is(held, "by", "user") || field_is(held, "by", "parent");

	if (is_paused && why_would(now->why, method, holder, NULL, NULL))
		why_command(now->why, what, "weirctl resume %" PRIu64, holder);
	else if (is_paused &&
	    why_would(now->why, method, holder, "early", NULL))
		why_command(now->why, what,
		    "weirctl resume %" PRIu64 " --early", holder);
	if (field_true(held, "engine"))
		why_engine(now->why, "lets everything go on");
}

static void
put_waits(struct now *now, struct parameters *map)
{
	struct parameters list;
	const msgpack_object *wait;
	uint32_t i;

	parameters_start(&list);
	for (i = 0; i < field_count(now->o, "waits_on"); i++) {
		wait = field_entry(now->o, "waits_on", i);
		put_wait(now, &list, wait);
		if (field_is(wait, "kind", "subworkflow"))
			why_also(now->why, field_uint(wait, "execution"));
		else
			commands_for_wait(now, wait);
	}
	why_put_list(map, "waits", &list);
}

static void
put_wait(struct now *now, struct parameters *list, const msgpack_object *wait)
{
	static const char *const kept[] = {"task", "run", "item", "kind",
	    "name", "question", "execution", "until", "from"};
	char *workflow;
	struct parameters map;
	size_t i;

	parameters_start(&map);
	for (i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
		why_copy(&map, wait, kept[i]);
	if (field_is(wait, "kind", "workflow")) {
		workflow = field_text(wait, "name");
		why_workflow(now->why, &map, workflow);
		free(workflow);
	}
	why_append(list, &map);
}

static void
commands_for_wait(struct now *now, const msgpack_object *wait)
{
	char *task = field_text(wait, "task"), *name, *shell, item[32];

	why_item_option(wait, item);
	if (field_is(wait, "kind", "signal")) {
		name = field_text(wait, "name");
		shell = quoted(name != NULL ? name : "");
		why_command(now->why, "ends the wait",
		    "weirctl signal %" PRIu64 " %s", now->id, shell);
		free(shell);
		free(name);
	} else if (field_is(wait, "kind", "approval")) {
		why_command(now->why, "says yes",
		    "weirctl approve %" PRIu64 " %s", now->id, task);
		why_command(now->why, "says no",
		    "weirctl reject %" PRIu64 " %s", now->id, task);
	} else if (field_is(wait, "kind", "operator")) {
		why_command(now->why, "it had completed",
		    "weirctl update %" PRIu64 " %s completed%s", now->id, task,
		    item);
		why_command(now->why, "it had failed",
		    "weirctl update %" PRIu64 " %s failed%s", now->id, task,
		    item);
		why_command(now->why, "it is to run again",
		    "weirctl update %" PRIu64 " %s running%s", now->id, task,
		    item);
	} else if (field_is(wait, "kind", "timer")) {
		why_command(now->why, "waits no longer",
		    "weirctl skip %" PRIu64 " %s%s", now->id, task, item);
	}
	free(task);
}

/* What runs, what is tried again and when, and what is due but has not begun.
 */
static void
put_tasks(struct now *now, struct parameters *map)
{
	struct parameters running, retries, pending;
	const msgpack_object *task;
	uint32_t i;

	parameters_start(&running);
	parameters_start(&retries);
	parameters_start(&pending);
	for (i = 0; i < field_count(now->o, "tasks"); i++) {
		task = field_entry(now->o, "tasks", i);
		if (!why_is_action(task))
			continue;
		if (is_running(task))
			put_running(&running, task);
		else if (field_is(task, "status", "pending") &&
		    !is_a_wait(now->o, task))
			put_pending(now, &retries, &pending, task);
	}
	why_put_list(map, "running", &running);
	why_put_list(map, "retries", &retries);
	why_put_list(map, "pending", &pending);
}

/* It has a command of its own that has not ended. */
static bool
is_running(const msgpack_object *task)
{
	const msgpack_object *attempt = why_attempt(task);

	return attempt != NULL && field(attempt, "ended_at") == NULL &&
	    field(attempt, "execution") == NULL &&
	    field(attempt, "exit") == NULL &&
	    !field_is(task, "status", "waiting");
}

/* It is among the waits: what it would begin may not. */
static bool
is_a_wait(const msgpack_object *o, const msgpack_object *task)
{
	const msgpack_object *wait;
	uint32_t i;

	for (i = 0; i < field_count(o, "waits_on"); i++) {
		wait = field_entry(o, "waits_on", i);
		if (msgpack_object_equal(
			*field(wait, "task"), *field(task, "name")) &&
		    field_uint(wait, "run") == field_uint(task, "run") &&
		    (field(wait, "item") != NULL) ==
			(field(task, "item") != NULL) &&
		    field_uint(wait, "item") == field_uint(task, "item"))
			return true;
	}
	return false;
}

static void
put_running(struct parameters *list, const msgpack_object *task)
{
	static const char *const kept[] = {
	    "attempt", "pid", "started_at", "until", "stopped", "stop_signal"};
	const msgpack_object *attempt = why_attempt(task);
	struct parameters map;
	size_t i;

	parameters_start(&map);
	why_copy_run(&map, task);
	why_copy(&map, task, "status");
	for (i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
		why_copy(&map, attempt, kept[i]);
	why_append(list, &map);
}

static void
put_pending(struct now *now, struct parameters *retries,
    struct parameters *pending, const msgpack_object *task)
{
	const msgpack_object *attempt = why_attempt(task);
	struct parameters map;

	parameters_start(&map);
	why_copy_run(&map, task);
	if (field(task, "due") != NULL && attempt != NULL) {
		why_copy(&map, task, "due");
		why_copy(&map, attempt, "attempt");
		parameters_uint(
		    &map, "attempts", field_uint(task, "retries") + 1);
		why_copy(&map, attempt, "reason");
		why_append(retries, &map);
		return;
	}
	if (field_is(task, "blocked", "runners") && is_stopping(now->why->ctl))
		parameters_str(&map, "blocked", "drain");
	else
		why_copy(&map, task, "blocked");
	why_append(pending, &map);
}

/* The runners that there are take nothing any more. */
static bool
is_stopping(struct ctl *ctl)
{
	struct answer answer;
	bool stopping = ctl_try(ctl, "engine.status", NULL, &answer) == 0 &&
	    field_true(&answer.object, "stopping");

	answer_free(&answer);
	return stopping;
}

/* Tasks of the definition that have no run yet; some may never have one. */
static void
put_not_reached(struct now *now, struct parameters *map)
{
	char *workflow = field_text(now->o, "workflow");
	const msgpack_object *tasks;
	struct parameters p, list;
	struct answer answer;
	uint32_t i;

	parameters_start(&p);
	parameters_start(&list);
	parameters_str(&p, "workflow", workflow);
	parameters_uint(&p, "version", field_uint(now->o, "version"));
	if (ctl_try(now->why->ctl, "definition.get", &p, &answer) == 0) {
		tasks = field_deep(&answer.object, "definition.tasks");
		for (i = 0;
		     tasks != NULL && tasks->type == MSGPACK_OBJECT_MAP &&
		     i < tasks->via.map.size;
		     i++)
			if (!is_reached(now->o, &tasks->via.map.ptr[i].key)) {
				msgpack_pack_object(
				    &list.packer, tasks->via.map.ptr[i].key);
				list.count++;
			}
	}
	why_put_list(map, "not_reached", &list);
	answer_free(&answer);
	parameters_free(&p);
	free(workflow);
}

static bool
is_reached(const msgpack_object *o, const msgpack_object *name)
{
	uint32_t i;

	for (i = 0; i < field_count(o, "tasks"); i++)
		if (msgpack_object_equal(
			*field(field_entry(o, "tasks", i), "name"), *name))
			return true;
	return false;
}

static void
commands(struct now *now)
{
	bool canceling = field_is(now->o, "status", "canceling");
	bool stays = field(now->o, "ending") != NULL;
	char *workflow;

	if (now->id != now->why->ids[0])
		return;
	if (field(now->o, "queue") != NULL &&
	    field_is(now->o, "held.by", "limit")) {
		workflow = field_text(now->o, "workflow");
		why_command(now->why, "shows what it waits for",
		    "weirctl ls --workflow %s --status running "
		    "--status waiting --status paused",
		    workflow);
		free(workflow);
	}
	if (canceling || (stays && field_uint(now->o, "callouts") > 0))
		why_command(now->why, "does not wait for what runs",
		    "weirctl cancel %" PRIu64 " --kill", now->id);
	else if (field_uint(now->o, "callouts") > 0)
		why_command(now->why, "shows how it gets on",
		    "weirctl watch %" PRIu64, now->id);
}

/* As a shell takes it for one word. */
static char *
quoted(const char *text)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				    "_-./:@%+=,";
	char *all = NULL;
	size_t size;
	FILE *to;

	if (*text != '\0' && *text != '-' && text[strspn(text, plain)] == '\0')
		return xstrdup(text);
	if ((to = open_memstream(&all, &size)) == NULL)
		return xstrdup(text);
	fputs(*text == '-' ? "-- '" : "'", to);
	for (; *text != '\0'; text++)
		if (*text == '\'')
			fputs("'\\''", to);
		else
			fputc(*text, to);
	fputc('\'', to);
	fclose(to);
	return all;
}
