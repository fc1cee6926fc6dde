/* links: tests/scene.c tests/scene_again.c tests/invariants.c tests/witness.c tests/task_changes.c tests/expected_end.c libcore.a libweir.a ; libs: msgpack lua5.4 jansson m */
/*
 * again_kept_test: what a task that runs again keeps: the variables that it
 * saw, how late it was, and the end that its execution had.
 */

#include <stdio.h>

#include "tests/scene_again.h"
#include "tests/scene_case.h"

static void define_late(struct scene *, const char *late);

/* Two of three are enough; what comes late is a callout or a subworkflow. */
static void
define_late(struct scene *s, const char *late)
{
	char json[512];

	snprintf(json, sizeof(json),
	    "{'workflow': 'w', 'tasks': {'a': {'run': ['x'], 'next': [{'do': "
	    "'j'}]}, 'b': {'run': ['x'], 'next': [{'do': 'j'}]}, 'c': {%s, "
	    "'next': [{'do': 'j'}]}, 'j': {'join': 2, 'run': ['y']}}}",
	    late);
	scene_define(s, json);
}

SCENE_CASE(late, "what came late to a join comes late again")
{
	uint64_t id;

	define_late(s, "'run': ['x']");
	id = scene_start(s, "w", NULL);
	EXIT(id, "a", 0);
	EXIT(id, "b", 0);
	EXIT(id, "j", 0);
	EXIT(id, "c", 0);
	STATUS(id, "completed");
	for (int i = 0; i < 3; i++) {
		scene_rerun(s, id, "['c']", NULL, NULL);
		STATUS(id, "running");
		EXIT(id, "c", 0);
		STATUS(id, "completed");
	}
	ATF_REQUIRE_EQ(scene_execution(s, id)->nodes[3].runs, 1);
	/* And who made it fire makes it fire again, with what is there. */
	scene_rerun(s, id, "['a']", NULL, NULL);
	EXIT(id, "a", 0);
	STATUS(id, "running");
	ATF_REQUIRE(RUNS(id, "j"));
	EXIT(id, "j", 0);
	STATUS(id, "completed");
}

SCENE_CASE(late_open, "the same while others are still to come late")
{
	uint64_t id;

	scene_define(s,
	    "{'workflow': 'w', 'tasks': {'a': {'run': ['x'], 'next': [{'do': "
	    "'j'}]}, 'b': {'run': ['x'], 'next': [{'do': 'j'}]}, 'c': {'run': "
	    "['x'], 'next': [{'do': 'j'}]}, 'j': {'join': 1, 'run': ['y']}}}");
	id = scene_start(s, "w", NULL);
	EXIT(id, "a", 0);
	EXIT(id, "b", 0);
	EXIT(id, "j", 0);
	scene_rerun(s, id, "['b']", NULL, NULL);
	EXIT(id, "b", 0);
	EXIT(id, "c", 0);
	STATUS(id, "completed");
	scene_rerun(s, id, "['b', 'c']", NULL, NULL);
	EXIT(id, "c", 0);
	EXIT(id, "b", 0);
	STATUS(id, "completed");
	ATF_REQUIRE_EQ(scene_execution(s, id)->nodes[3].runs, 1);
}

SCENE_CASE(late_before, "what is reached again by a task before it is late too")
{
	uint64_t id;

	scene_define(s,
	    "{'workflow': 'w', 'tasks': {'a': {'run': ['x'], 'next': [{'do': "
	    "'j'}]}, 'u': {'run': ['x'], 'next': [{'do': 'c'}]}, 'c': {'run': "
	    "['x'], 'next': [{'do': 'j'}]}, 'j': {'join': 1, 'run': ['y']}}}");
	id = scene_start(s, "w", NULL);
	EXIT(id, "a", 0);
	EXIT(id, "j", 0);
	EXIT(id, "u", 0);
	EXIT(id, "c", 0);
	STATUS(id, "completed");
	scene_rerun(s, id, "['u']", NULL, NULL);
	EXIT(id, "u", 0);
	EXIT(id, "c", 0);
	STATUS(id, "completed");
	ATF_REQUIRE_EQ(scene_execution(s, id)->nodes[3].runs, 1);
}

SCENE_CASE(
    late_child, "a subworkflow that came late does so when it runs again")
{
	uint64_t id;

	scene_define(s, "{'workflow': 'leaf', 'tasks': {'t': {'run': ['x']}}}");
	define_late(s, "'workflow': 'leaf'");
	id = scene_start(s, "w", NULL);
	EXIT(id, "a", 0);
	EXIT(id, "b", 0);
	EXIT(id, "j", 0);
	EXIT(id + 1, "t", 0);
	STATUS(id, "completed");
	scene_again(s, COMMAND_RERUN, id + 1, false);
	STATUS(id, "running");
	EXIT(id + 1, "t", 0);
	STATUS(id, "completed");
	ATF_REQUIRE_EQ(scene_execution(s, id)->nodes[3].runs, 1);
}

SCENE_CASE(own_vars, "what a task sets is not there when it runs again")
{
	uint64_t id;

	scene_define(s,
	    "{'workflow': 'w', 'vars': {'n': 0, 'm': 0}, 'output': ['${{ "
	    "vars.n }}', '${{ vars.m }}'], 'tasks': {'a': {'run': ['x', '${{ "
	    "vars.n }}'], 'next': [{'set': {'n': '${{ vars.n + 1 }}'}}, "
	    "{'set': {'n': '${{ vars.n + 1 }}'}}]}, 's': {'set': {'m': '${{ "
	    "vars.m + 1 }}'}}}}");
	id = scene_start(s, "w", NULL);
	for (int i = 0; i < 3; i++) {
		scene_requires_argv(s, id, "a", "['x', '0']");
		EXIT(id, "a", 0);
		STATUS(id, "completed");
		REQUIRE_VALUE(scene_execution(s, id)->k.output, "[2, 1]");
		scene_rerun(s, id, "['a', 's']", NULL, NULL);
	}
	EXIT(id, "a", 0);
}

SCENE_CASE(seen_vars, "a task runs again with the variables that it saw")
{
	uint64_t id;

	scene_define(s,
	    "{'workflow': 'w', 'vars': {'y': 0}, 'limits': {'parallel_tasks': "
	    "1}, 'tasks': {'a': {'run': ['x'], 'priority': 5, 'next': [{'set': "
	    "{'y': 1}}]}, 'b': {'run': ['x', '${{ vars.y }}'], 'next': [{'do': "
	    "'c'}]}, 'c': {'set': {'y': 2}, 'next': [{'do': 'd'}]}, 'd': "
	    "{'wait': {'signal': 'go'}}}}");
	id = scene_start(s, "w", NULL);
	ATF_REQUIRE(!RUNS(id, "b"));
	EXIT(id, "a", 0);
	scene_requires_argv(s, id, "b", "['x', '1']");
	EXIT(id, "b", 0);
	TASK(id, "d", "waiting");
	REQUIRE_VALUE(scene_execution(s, id)->k.vars, "{'y': 2}");
	scene_rerun(s, id, "['b']", NULL, NULL);
	scene_requires_argv(s, id, "b", "['x', '1']");
	EXIT(id, "b", 0);
	TASK(id, "d", "waiting");
}

SCENE_CASE(seen_by_attempts, "of several attempts the last one's count")
{
	struct command retry = scene_command(COMMAND_RETRY);
	uint64_t id;

	scene_define(s,
	    "{'workflow': 'w', 'vars': {'y': 0}, 'tasks': {'a': {'run': ['x'], "
	    "'next': [{'set': {'y': 1}}]}, 'b': {'run': ['x', '${{ vars.y "
	    "}}'], 'retry': {'count': 1, 'delay': '1s'}}}}");
	id = scene_start(s, "w", NULL);
	scene_requires_argv(s, id, "b", "['x', '0']");
	EXIT(id, "b", 1);
	EXIT(id, "a", 0);
	scene_advance(s, SECOND);
	scene_requires_argv(s, id, "b", "['x', '1']");
	EXIT(id, "b", 1);
	STATUS(id, "failed");
	retry.execution = id;
	scene_do(s, &retry);
	scene_requires_argv(s, id, "b", "['x', '1']");
	EXIT(id, "b", 0);
	STATUS(id, "completed");
}

SCENE_CASE(kept_end, "an execution that a task has ended ends so again")
{
	uint64_t id;

	scene_define(s,
	    "{'workflow': 'w', 'tasks': {'a': {'run': ['x'], 'next': [{'do': "
	    "'f'}]}, 'long': {'run': ['y']}, 'f': {'end': 'failed', 'reason': "
	    "'boo', 'output': {'x': 1}}}}");
	id = scene_start(s, "w", NULL);
	EXIT(id, "a", 0);
	EXIT(id, "long", 143);
	STATUS(id, "failed");
	for (int i = 0; i < 2; i++) {
		if (i == 0)
			scene_again(s, COMMAND_RETRY, id, false);
		else
			scene_rerun(s, id, "['long']", NULL, NULL);
		STATUS(id, "running");
		EXIT(id, "long", 0);
		STATUS(id, "failed");
		REQUIRE_REASON(id, "boo");
		REQUIRE_VALUE(scene_execution(s, id)->k.output, "{'x': 1}");
	}
	/* Where it runs again as well, it says anew how it ends. */
	scene_rerun(s, id, "['a']", NULL, NULL);
	EXIT(id, "a", 0);
	STATUS(id, "failed");
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, late);
	ATF_TP_ADD_TC(tp, late_open);
	ATF_TP_ADD_TC(tp, late_before);
	ATF_TP_ADD_TC(tp, late_child);
	ATF_TP_ADD_TC(tp, own_vars);
	ATF_TP_ADD_TC(tp, seen_vars);
	ATF_TP_ADD_TC(tp, seen_by_attempts);
	ATF_TP_ADD_TC(tp, kept_end);
	return atf_no_error();
}
