/* links: tests/scene.c tests/invariants.c tests/witness.c tests/task_changes.c tests/expected_end.c libcore.a libweir.a ; libs: msgpack lua5.4 jansson m */
/* lost_test: what on_lost and retry.when say of attempts, and how often. */

#include "tests/scene_case.h"

#define RETRIES(more) \
	"{'workflow': 'w', 'tasks': {'a': {'run': ['x'], " more "}}}"

/* The only callout that runs. */
static void
lose(struct scene *s)
{
	struct callout_result lost = {
	    .end = CALLOUT_LOST, .reason = "its runner is gone"};
	struct callout_key key;

	ATF_REQUIRE_EQ(s->nrunning, 1);
	key = s->running[0];
	scene_end_callout(s, &key, &lost);
}

/* As a daemon stored it that did not refuse it yet. */
static void
define_stored(struct scene *s, const char *json)
{
	struct command c = scene_command(COMMAND_DEFINITION_PUT);
	struct value *v = scene_value(json);
	struct definition_errors errors;
	msgpack_zone zone;
	msgpack_object o;

	msgpack_zone_init(&zone, 4096);
	value_unpack(v, &zone, &o);
	c.definition = definition_load(s->live->expressions, &o, &errors);
	ATF_REQUIRE(c.definition != NULL);
	definition_errors_free(&errors);
	msgpack_zone_destroy(&zone);
	ATF_REQUIRE(scene_do(s, &c));
	definition_unref(c.definition);
	value_unref(v);
}

SCENE_CASE(count, "what is lost again and again is retried count times")
{
	uint64_t id;

	scene_define(s, RETRIES("'on_lost': 'retry', 'retry': {'count': 2}"));
	id = scene_start(s, "w", NULL);
	lose(s);
	lose(s);
	STATUS(id, "running");
	lose(s);
	STATUS(id, "failed");
	REQUIRE_REASON(id, "lost: its runner is gone");
	ATF_REQUIRE_EQ(s->nrunning, 0);
}

SCENE_CASE(mixed, "a loss and a failure count alike")
{
	uint64_t id;

	scene_define(s, RETRIES("'on_lost': 'retry', 'retry': {'count': 1}"));
	id = scene_start(s, "w", NULL);
	lose(s);
	EXIT(id, "a", 1);
	STATUS(id, "failed");
	REQUIRE_REASON(id, "exit status 1");
}

SCENE_CASE(delay, "after a loss the delay is waited for")
{
	uint64_t id;

	scene_define(s,
	    RETRIES("'on_lost': 'retry', 'retry': {'count': 1, 'delay': "
		    "'1h'}"));
	id = scene_start(s, "w", NULL);
	lose(s);
	TASK(id, "a", "pending");
	scene_advance(s, 3599 * SECOND);
	ATF_REQUIRE(!RUNS(id, "a"));
	scene_advance(s, 1 * SECOND);
	ATF_REQUIRE(RUNS(id, "a"));
	EXIT(id, "a", 0);
	STATUS(id, "completed");
}

SCENE_CASE(condition, "retry.when decides about what is lost, too")
{
	uint64_t id;

	scene_define(s,
	    RETRIES("'on_lost': 'retry', 'retry': {'count': 9, 'when': "
		    "'task.attempt < 2'}"));
	id = scene_start(s, "w", NULL);
	lose(s);
	STATUS(id, "running");
	lose(s);
	STATUS(id, "failed");
}

SCENE_CASE(stored, "one stored before, without a retry: fails when it is lost")
{
	uint64_t id;

	define_stored(s, RETRIES("'on_lost': 'retry'"));
	id = scene_start(s, "w", NULL);
	lose(s);
	STATUS(id, "failed");
	REQUIRE_REASON(id, "lost: its runner is gone");
}

SCENE_CASE(broken, "a condition that breaks is told, with what failed")
{
	uint64_t id;

	scene_define(
	    s, RETRIES("'retry': {'count': 2, 'when': 'task.output.x'}"));
	id = scene_start(s, "w", NULL);
	EXIT(id, "a", 1);
	STATUS(id, "failed");
	REQUIRE_REASON(id, "exit status 1; retry.when: expression: ");
	REQUIRE_REASON(id, "index a nil value");
	id = scene_start(s, "w", NULL);
	lose(s);
	STATUS(id, "failed");
	REQUIRE_REASON(
	    id, "lost: its runner is gone; retry.when: expression: ");
}

SCENE_CASE(broken_child, "nor is it swallowed where a subworkflow has failed")
{
	uint64_t id;

	scene_define(s, "{'workflow': 'leaf', 'tasks': {'t': {'run': ['x']}}}");
	scene_define(s,
	    "{'workflow': 'w', 'tasks': {'a': {'workflow': 'leaf', 'retry': "
	    "{'count': 2, 'when': 'task.output.x'}}}}");
	id = scene_start(s, "w", NULL);
	EXIT(id + 1, "t", 1);
	STATUS(id, "failed");
	REQUIRE_REASON(id, "subworkflow 2 failed");
	REQUIRE_REASON(id, "; retry.when: expression: ");
}

SCENE_CASE(broken_update, "nor where somebody has set the task to failed")
{
	struct command c = scene_command(COMMAND_UPDATE);
	uint64_t id;

	scene_define(
	    s, RETRIES("'retry': {'count': 2, 'when': 'task.output.x'}"));
	id = scene_start(s, "w", NULL);
	c.execution = id;
	c.name = "a";
	c.item = EVENT_NONE;
	c.status = TASK_FAILED;
	c.reason = "it does nothing";
	ATF_REQUIRE_MSG(scene_do(s, &c), "%s", s->reply.message);
	REQUIRE_REASON(id, "it does nothing; retry.when: expression: ");
	EXIT(id, "a", 143);
	STATUS(id, "failed");
}

SCENE_CASE(unbroken, "a condition that is not asked breaks nothing")
{
	uint64_t id;

	scene_define(s,
	    RETRIES("'fatal': [3], 'retry': {'count': 2, 'when': "
		    "'task.exit ~= 2 or task.output.x'}"));
	id = scene_start(s, "w", NULL);
	EXIT(id, "a", 3);
	STATUS(id, "failed");
	ATF_REQUIRE(strstr(scene_execution(s, id)->k.reason, "when") == NULL);
	id = scene_start(s, "w", NULL);
	EXIT(id, "a", 1);
	EXIT(id, "a", 2);
	STATUS(id, "failed");
	REQUIRE_REASON(id, "exit status 2; retry.when: expression: ");
}

SCENE_CASE(quiet, "the text of the error has none of the values")
{
	struct value *input = scene_value("{'token': 'hunter2'}");
	struct command c = scene_command(COMMAND_START);
	const char *reason;

	scene_define(s,
	    "{'workflow': 'w', 'secret': 'token', 'input': {'token': {'type': "
	    "'string'}}, 'tasks': {'a': {'run': ['x'], 'retry': {'count': 1, "
	    "'when': 'int(input.token) > 1'}}}}");
	c.name = "w";
	c.value = input;
	ATF_REQUIRE(scene_do(s, &c));
	value_unref(input);
	EXIT(s->reply.execution, "a", 1);
	reason = scene_execution(s, 1)->k.reason;
	ATF_REQUIRE(strstr(reason, "; retry.when: expression: ") != NULL);
	ATF_REQUIRE_MSG(strstr(reason, "hunter2") == NULL, "%s", reason);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, broken);
	ATF_TP_ADD_TC(tp, broken_child);
	ATF_TP_ADD_TC(tp, broken_update);
	ATF_TP_ADD_TC(tp, unbroken);
	ATF_TP_ADD_TC(tp, quiet);
	ATF_TP_ADD_TC(tp, count);
	ATF_TP_ADD_TC(tp, mixed);
	ATF_TP_ADD_TC(tp, delay);
	ATF_TP_ADD_TC(tp, condition);
	ATF_TP_ADD_TC(tp, stored);
	return atf_no_error();
}
