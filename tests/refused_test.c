/* links: tests/scene.c tests/invariants.c tests/witness.c tests/task_changes.c tests/expected_end.c libcore.a libweir.a ; libs: msgpack lua5.4 jansson m */
/* refused_test: what is refused, and what a refusal says can be done. */

#include "tests/scene_case.h"

#include <string.h>

static bool
start_with(struct scene *s, const char *workflow, const char *input)
{
	struct command c = scene_command(COMMAND_START);
	bool ok;

	c.name = workflow;
	c.key = "k1";
	c.value = scene_value(input);
	ok = scene_do(s, &c);
	value_unref(c.value);
	return ok;
}

SCENE_CASE(key_for_another, "a key starts nothing else than it did")
{
	struct command rerun = scene_command(COMMAND_RERUN);
	uint64_t id;

	scene_define(s,
	    "{'workflow': 'w', 'input': {'m': {'type': 'map'}, "
	    "'n': {'type': 'integer', 'default': 1}}, 'tasks': {'a': {'run': "
	    "['x']}}}");
	scene_define(s, "{'workflow': 'v', 'tasks': {'a': {'run': ['x']}}}");
	ATF_REQUIRE(start_with(s, "w", "{'m': {'a': 1, 'b': [{}, 2]}}"));
	id = s->reply.execution;
	ATF_REQUIRE(!start_with(s, "v", "{}"));
	ATF_REQUIRE_EQ(s->reply.error, ERROR_STATE_CONFLICT);
	ATF_REQUIRE_STREQ(s->reply.message,
	    "idempotency key \"k1\" started execution 1, of workflow w: to "
	    "start v takes another key");
	/* What is the same, however it is written... */
	ATF_REQUIRE(
	    start_with(s, "w", "{'n': 1, 'm': {'b': [{}, 2], 'a': 1}}"));
	ATF_REQUIRE_EQ(s->reply.execution, id);
	ATF_REQUIRE(!s->reply.created);
	/* ...and what is not, or would not even do. */
	ATF_REQUIRE(!start_with(s, "w", "{'m': {'a': 1, 'c': [{}, 2]}}"));
	ATF_REQUIRE_EQ(s->reply.error, ERROR_STATE_CONFLICT);
	ATF_REQUIRE_STREQ(s->reply.message,
	    "idempotency key \"k1\" started execution 1, of workflow w, with "
	    "other input: to start it with this one takes another key");
	ATF_REQUIRE(!start_with(s, "w", "{'m': {'a': 1, 'b': [{}]}}"));
	ATF_REQUIRE(!start_with(s, "w", "{'m': {'a': 1}}"));
	ATF_REQUIRE(!start_with(s, "w", "{}"));
	/* A newer version's defaults and a rerun's input do not count. */
	scene_define(s,
	    "{'workflow': 'w', 'input': {'m': {'type': 'map'}, "
	    "'n': {'type': 'integer', 'default': 2}}, 'tasks': {'a': {'run': "
	    "['x']}}}");
	EXIT(id, "a", 0);
	rerun.execution = id;
	rerun.value = scene_value("{'n': 9}");
	ATF_REQUIRE(scene_do(s, &rerun));
	value_unref(rerun.value);
	ATF_REQUIRE(start_with(s, "w", "{'m': {'a': 1, 'b': [{}, 2]}}"));
	ATF_REQUIRE_EQ(s->reply.execution, id);
	ATF_REQUIRE_EQ(s->reply.version, 1);
}

/* Asks for it, in vain; the moves that are allowed, as the manual lists them.
 */
static const char *
allowed(struct scene *s, struct command *c)
{
	static char text[512];
	const struct lifecycle *table;
	size_t used = 0;

	ATF_REQUIRE(!scene_do(s, c));
	ATF_REQUIRE_EQ(s->reply.error, ERROR_STATE_CONFLICT);
	table = &lifecycles[s->reply.run != NULL ? LIFECYCLE_TASK
						 : LIFECYCLE_EXECUTION];
	text[0] = '\0';
	for (size_t i = 0; i < table->nmoves; i++)
		if ((s->reply.allowed >> i & 1) != 0)
			used +=
			    (size_t)snprintf(text + used, sizeof(text) - used,
				"%s%s", used == 0 ? "" : ", ", table->moves[i]);
	return text;
}

#define ALLOWED(c, wanted) ATF_REQUIRE_STREQ(allowed(s, c), wanted)

static void
terminate(struct scene *s, uint64_t id)
{
	struct command c = scene_command(COMMAND_TERMINATE);

	c.execution = id;
	c.reason = "enough";
	ATF_REQUIRE(scene_do(s, &c));
}

SCENE_CASE(stopping, "what is stopped still can't run again or be deleted")
{
	struct command retry = scene_command(COMMAND_RETRY);
	struct command cancel = scene_command(COMMAND_CANCEL);
	uint64_t id;

	scene_define(s, "{'workflow': 'w', 'tasks': {'a': {'run': ['x']}}}");
	id = retry.execution = cancel.execution = scene_start(s, "w", NULL);
	ALLOWED(&retry,
	    "pause, pause --hold, pause --freeze, replay, cancel, "
	    "cancel --kill, terminate");
	terminate(s, id);
	ALLOWED(&retry, "replay");
	ALLOWED(&cancel, "replay");
	ATF_REQUIRE_STREQ(s->reply.message,
	    "execution 1 is terminated: cancel is not possible now; allowed: "
	    "replay");
	EXIT(id, "a", 0);
	ALLOWED(&cancel, "restart, rerun, rerun --task, retry, replay, delete");
}

SCENE_CASE(engine, "a paused engine starts nothing; what it holds it lets go")
{
	struct command pause = scene_command(COMMAND_ENGINE_PAUSE);
	struct command resume = scene_command(COMMAND_RESUME);
	uint64_t id;

	scene_define(s,
	    "{'workflow': 'w', 'tasks': {'a': {'run': ['x'], 'next': "
	    "[{'do': 'b'}]}, 'b': {'run': ['y']}}}");
	id = resume.execution = scene_start(s, "w", NULL);
	EXIT(id, "a", 0);
	ATF_REQUIRE(scene_do(s, &pause));
	ALLOWED(&resume,
	    "pause, pause --hold, pause --freeze, cancel, cancel --kill, "
	    "terminate");
	ATF_REQUIRE_STREQ(s->reply.message,
	    "execution 1 is running: resume is not possible now; allowed: "
	    "pause, pause --hold, pause --freeze, cancel, cancel --kill, "
	    "terminate; the engine holds it, which is PAUSING: `weirctl "
	    "engine resume --early` lets it go on");
	EXIT(id, "b", 0);
	ALLOWED(&resume, "delete");
	ATF_REQUIRE(strstr(s->reply.message, "engine") == NULL);
}

SCENE_CASE(below, "a parent that is being canceled keeps its children ended")
{
	struct command cancel = scene_command(COMMAND_CANCEL);
	struct command retry = scene_command(COMMAND_RETRY);
	uint64_t id;

	scene_define(s, "{'workflow': 'c', 'tasks': {'a': {'run': ['x']}}}");
	scene_define(s,
	    "{'workflow': 'p', 'tasks': {'sub': {'workflow': 'c'}, "
	    "'own': {'run': ['y']}}}");
	id = scene_start(s, "p", NULL);
	EXIT(id + 1, "a", 1);
	cancel.execution = id;
	ATF_REQUIRE(scene_do(s, &cancel));
	retry.execution = id + 1;
	ALLOWED(&retry, "replay");
}

SCENE_CASE(nothing_failed, "what a join lacked is not to be retried")
{
	struct command c = scene_command(COMMAND_RETRY);
	uint64_t id;

	scene_define(s,
	    "{'workflow': 'w', 'tasks': {'e': {'end': 'failed', 'reason': "
	    "'no'}}}");
	id = c.execution = scene_start(s, "w", NULL);
	STATUS(id, "failed");
	ALLOWED(&c, "restart, rerun, rerun --task, replay, delete");
}

SCENE_CASE(task, "of a task's verb, what is allowed on that task")
{
	struct command skip = scene_command(COMMAND_SKIP);
	struct command approve = scene_command(COMMAND_APPROVE);
	uint64_t id;

	scene_define(s,
	    "{'workflow': 'w', 'tasks': {'done': {'run': ['x']}, 'sign': "
	    "{'wait': {'signal': 'go'}}, 'runs': {'run': ['y'], 'next': "
	    "[{'do': 'later'}]}, 'later': {'run': ['z']}}}");
	id = skip.execution = approve.execution = scene_start(s, "w", NULL);
	skip.item = approve.item = EVENT_NONE;
	EXIT(id, "done", 0);
	skip.name = approve.name = "done";
	ALLOWED(&skip, "rerun --task");
	ALLOWED(&approve, "rerun --task");
	approve.name = "sign";
	ALLOWED(&approve, "update completed, update failed, skip, signal");
	approve.name = "runs";
	ALLOWED(
	    &approve, "update completed, update failed, update running, skip");
	approve.name = "later";
	ALLOWED(&approve, "");
	/* A condition that does not hold is no word against the verb. */
	skip.name = "runs";
	skip.if_revision = 99999;
	ALLOWED(&skip, "update completed, update failed, update running, skip");
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, key_for_another);
	ATF_TP_ADD_TC(tp, stopping);
	ATF_TP_ADD_TC(tp, engine);
	ATF_TP_ADD_TC(tp, below);
	ATF_TP_ADD_TC(tp, nothing_failed);
	ATF_TP_ADD_TC(tp, task);
	return atf_no_error();
}
