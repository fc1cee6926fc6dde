/*
 * why_end: what ended an execution, or will: the task, its attempt, and how
 * that ended; what else did not go well.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/execution_tree.h"
#include "ctl/field.h"
#include "ctl/status.h"
#include "ctl/why.h"

/* One execution that has ended, or is ending. */
struct end {
	struct why *why;
	const msgpack_object *o; /* the execution */
	uint64_t id;
};

static const msgpack_object *find_cause(const msgpack_object *);
static bool is_of(const msgpack_object *task, const msgpack_object *error);
static bool went_badly(const msgpack_object *);
static void
put_cause(struct end *, struct parameters *, const msgpack_object *);
static void
put_attempt(struct end *, struct parameters *, const msgpack_object *task);
static void put_log(
    struct end *, struct parameters *, const msgpack_object *task, uint64_t);
static void put_others(
    struct end *, struct parameters *, const msgpack_object *cause, bool ended);
static void
put_other(struct parameters *, const msgpack_object *task, const char *how);
static void put_failure_workflow(struct end *, struct parameters *);
static void put_with_parent(struct end *, struct parameters *);
static void commands(struct end *, const msgpack_object *cause);
static void commands_to_go_back(struct end *, const msgpack_object *cause);
static void command_to_rerun(struct end *, const char *task, const char *what);
static void commands_to_begin(struct end *);

void
why_end(struct why *why, struct parameters *map, const msgpack_object *o)
{
	struct end end = {why, o, field_uint(o, "id")};
	char *status = field_text(o, "status");
	bool ended = status != NULL && status_is_final(status);
	const msgpack_object *cause = find_cause(o);

	if (cause != NULL)
		put_cause(&end, map, cause);
	put_others(&end, map, cause, ended);
	if (ended && field_count(o, "joins") > 0 &&
	    !field_is(o, "status", "completed"))
		why_copy(map, o, "joins");
	if (field(o, "canceled_by") != NULL)
		put_with_parent(&end, map);
	if (ended && field_uint(o, "callouts") > 0)
		why_copy(map, o, "callouts");
	if (ended)
		put_failure_workflow(&end, map);
	if (ended && end.id == why->ids[0])
		commands(&end, cause);
	free(status);
}

/* The run that the daemon names; without a name, the last that went badly. */
static const msgpack_object *
find_cause(const msgpack_object *o)
{
	const msgpack_object *error = field(o, "error"), *task, *found = NULL;
	bool failed = field_is(o, "status", "failed");
	uint32_t i;

	for (i = 0; i < field_count(o, "tasks"); i++) {
		task = field_entry(o, "tasks", i);
		if (error != NULL ? is_of(task, error)
				  : failed && why_is_action(task) &&
			    field_is(task, "status", "failed") &&
			    !field_true(task, "optional") &&
			    !field_true(task, "handled"))
			found = task;
	}
	return found;
}

static bool
is_of(const msgpack_object *task, const msgpack_object *error)
{
	const msgpack_object *name = field(error, "task");

	return name != NULL &&
	    msgpack_object_equal(*field(task, "name"), *name) &&
	    field_uint(task, "run") == field_uint(error, "run") &&
	    (field(task, "item") != NULL) == (field(error, "item") != NULL) &&
	    field_uint(task, "item") == field_uint(error, "item");
}

static bool
went_badly(const msgpack_object *task)
{
	return field_is(task, "status", "failed") ||
	    field_is(task, "status", "timed_out") ||
	    field_is(task, "status", "canceled");
}

static void
put_cause(struct end *end, struct parameters *to, const msgpack_object *task)
{
	struct parameters map;
	uint64_t child = field_uint(task, "execution");

	parameters_start(&map);
	why_copy_run(&map, task);
	why_copy(&map, task, "status");
	why_copy(&map, task, "reason");
	if (went_badly(task))
		why_copy(&map, task, "execution");
	if (child != 0 && went_badly(task))
		why_also(end->why, child);
	put_attempt(end, &map, task);
	why_put_map(to, "cause", &map);
}

/* The one that ended it, not one that came after that. */
static void
put_attempt(struct end *end, struct parameters *map, const msgpack_object *task)
{
	static const char *const kept[] = {"attempt", "exit", "signal",
	    "stopped", "stop_signal", "started_at", "ended_at"};
	const msgpack_object *attempt = why_attempt(task);
	uint64_t number = field_uint(end->o, "error.attempt");
	size_t i;

	if (number > 0 && number <= field_count(task, "attempts"))
		attempt = field_entry(task, "attempts", (uint32_t)number - 1);
	if (attempt == NULL)
		return;
	for (i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
		why_copy(map, attempt, kept[i]);
	parameters_uint(map, "attempts", field_uint(task, "retries") + 1);
	if (field(attempt, "execution") == NULL && went_badly(task))
		put_log(end, map, task, field_uint(attempt, "attempt"));
}

static void
put_log(struct end *end, struct parameters *map, const msgpack_object *task,
    uint64_t attempt)
{
	const char *stream = why_log(end->why, map, end->id, task, attempt);
	char *name = field_text(task, "name"), item[32];

	if (stream != NULL)
		why_command(end->why, "shows all that it wrote",
		    "weirctl logs %" PRIu64 " %s%s%s", end->id, name,
		    why_item_option(task, item),
		    strcmp(stream, "stderr") == 0 ? " --stderr" : "");
	free(name);
}

/*
 * What else did not go well, and did not matter; what ran when it was over and
 * was stopped.
 */
static void
put_others(struct end *end, struct parameters *map, const msgpack_object *cause,
    bool ended)
{
	struct parameters tolerated, interrupted;
	const msgpack_object *task, *attempt;
	uint32_t i;

	parameters_start(&tolerated);
	parameters_start(&interrupted);
	for (i = 0; ended && i < field_count(end->o, "tasks"); i++) {
		task = field_entry(end->o, "tasks", i);
		attempt = why_attempt(task);
		if (task == cause || !why_is_action(task) || !went_badly(task))
			continue;
		if (attempt != NULL && field_is(attempt, "stopped", "cancel"))
			put_other(&interrupted, task, NULL);
		else if (field_true(task, "optional"))
			put_other(&tolerated, task, "optional");
		else if (field_true(task, "handled"))
			put_other(&tolerated, task, "handled");
	}
	why_put_list(map, "tolerated", &tolerated);
	why_put_list(map, "interrupted", &interrupted);
}

static void
put_other(struct parameters *list, const msgpack_object *task, const char *how)
{
	struct parameters map;

	parameters_start(&map);
	why_copy_run(&map, task);
	why_copy(&map, task, "status");
	why_copy(&map, task, "reason");
	parameters_str(&map, "how", how);
	if (how == NULL && field(why_attempt(task), "ended_at") == NULL)
		parameters_bool(&map, "stopping", true);
	why_append(list, &map);
}

static void
put_failure_workflow(struct end *end, struct parameters *to)
{
	static const char *const kept[] = {"workflow", "version", "status"};
	const msgpack_object *followed = field(end->o, "failure_workflow");
	struct parameters map;
	struct answer answer;
	size_t i;

	if (followed == NULL)
		return;
	parameters_start(&map);
	why_copy(&map, followed, "execution");
	why_copy(&map, followed, "reason");
	if (field(followed, "execution") != NULL) {
		if (execution_try(end->why->ctl,
			field_uint(followed, "execution"), &answer) == 0)
			for (i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
				why_copy(&map, &answer.object, kept[i]);
		answer_free(&answer);
	}
	why_put_map(to, "failure_workflow", &map);
}

/* A cancel comes down from above: where it was asked for is worth knowing. */
static void
put_with_parent(struct end *end, struct parameters *map)
{
	uint64_t next = field_uint(end->o, "parent.execution"), with = 0;
	char *reason = NULL;
	struct answer parent;

	while (next != 0) {
		if (execution_try(end->why->ctl, next, &parent) != 0 ||
		    field(&parent.object, "canceled_by") == NULL)
			next = 0;
		else {
			with = next;
			free(reason);
			reason = field_text(&parent.object, "reason");
			next = field_uint(&parent.object, "parent.execution");
		}
		answer_free(&parent);
	}
	if (with != 0)
		parameters_uint(map, "canceled_with", with);
	parameters_str(map, "canceled_for", reason);
	free(reason);
}

/* What would be refused now is no way on. */
static void
commands(struct end *end, const msgpack_object *cause)
{
	struct why *why = end->why;
	uint64_t id = end->id;
	bool below = cause != NULL && field(cause, "execution") != NULL;
	size_t before = why->commands.count;

	if (field_is(end->o, "status", "completed"))
		return;
	if (field(end->o, "started_at") != NULL) {
		if (why_would(why, "execution.retry", id, NULL, NULL))
			why_command(why, "tries what ended it again",
			    "weirctl retry %" PRIu64, id);
		if (below &&
		    why_would(why, "execution.retry", id, "resume_subworkflows",
			NULL))
			why_command(why, "tries only what failed down there",
			    "weirctl retry %" PRIu64 " --resume-subworkflows",
			    id);
		commands_to_go_back(end, cause);
	}
	if (why->commands.count == before)
		commands_to_begin(end);
}

static void
commands_to_go_back(struct end *end, const msgpack_object *cause)
{
	char *name = cause != NULL ? field_text(cause, "name") : NULL;
	char *lacks, *rest;
	uint32_t i;

	if (name != NULL)
		command_to_rerun(end, name, "goes back to that task");
	free(name);
	for (i = 0; i < field_count(end->o, "joins"); i++) {
		lacks = rest =
		    field_text(field_entry(end->o, "joins", i), "lacks");
		while (rest != NULL && (name = strsep(&rest, ", ")) != NULL)
			if (*name != '\0')
				command_to_rerun(end, name,
				    "goes back to what the join lacks");
		free(lacks);
	}
}

static void
command_to_rerun(struct end *end, const char *task, const char *what)
{
	if (why_would(end->why, "execution.rerun", end->id, NULL, task))
		why_command(end->why, what,
		    "weirctl rerun %" PRIu64 " --task %s", end->id, task);
}

static void
commands_to_begin(struct end *end)
{
	bool begun = field(end->o, "started_at") != NULL;

	if (why_would(end->why, "execution.restart", end->id, NULL, NULL))
		why_command(end->why,
		    begun ? "runs it from the beginning" : "begins it",
		    "weirctl restart %" PRIu64, end->id);
	else if (why_would(end->why, "execution.replay", end->id, NULL, NULL))
		why_command(end->why, "runs the same as another execution",
		    "weirctl replay %" PRIu64, end->id);
}
