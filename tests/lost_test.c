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

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, count);
	ATF_TP_ADD_TC(tp, mixed);
	ATF_TP_ADD_TC(tp, delay);
	ATF_TP_ADD_TC(tp, condition);
	ATF_TP_ADD_TC(tp, stored);
	return atf_no_error();
}
