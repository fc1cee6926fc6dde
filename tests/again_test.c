/* links: tests/scene.c tests/scene_again.c tests/invariants.c tests/witness.c tests/task_changes.c tests/expected_end.c libcore.a libweir.a ; libs: msgpack lua5.4 jansson m */
/* again_test: replay, restart, rerun and retry, in a state by itself. */

#include "tests/scene_again.h"
#include "tests/scene_case.h"

static uint32_t passes(const struct scene *, uint64_t, const char *);
static void define_diamond(struct scene *);
static void define_nested(struct scene *);

static uint32_t
passes(const struct scene *s, uint64_t id, const char *task)
{
	const struct execution *x = scene_execution(s, id);

	return x->nodes[definition_task(x->definition, task, strlen(task))]
	    .runs;
}

/* Two branches that publish, a join that reads both, and one after it. */
static void
define_diamond(struct scene *s)
{
	scene_define(s,
	    "{'workflow': 'w', 'vars': {'l': 0, 'r': 0}, 'output': '${{ "
	    "vars }}', 'tasks': {'l': {'run': ['x'], 'output': 'json', "
	    "'next': [{'when': 'completed', 'set': {'l': '${{ task.output "
	    "}}'}, 'do': 'j'}]}, 'r': {'run': ['x'], 'output': 'json', "
	    "'next': [{'when': 'completed', 'set': {'r': '${{ task.output "
	    "}}'}, 'do': 'j'}]}, 'j': {'join': 'all', 'run': ['y', '${{ "
	    "vars.l }}', '${{ vars.r }}'], 'next': [{'when': 'completed', "
	    "'do': 'z'}]}, 'z': {'run': ['z']}}}");
}

/* Three levels; at each a task before the subworkflow and one after it. */
static void
define_nested(struct scene *s)
{
	scene_define(s,
	    "{'workflow': 'low', 'tasks': {'a': {'run': ['x'], 'next': "
	    "[{'when': 'completed', 'do': 'b'}]}, 'b': {'run': ['y']}}}");
	scene_define(s,
	    "{'workflow': 'mid', 'tasks': {'a': {'run': ['x'], 'next': "
	    "[{'when': 'completed', 'do': 'sub'}]}, 'sub': {'workflow': "
	    "'low', 'next': [{'when': 'completed', 'do': 'c'}]}, 'c': {'run': "
	    "['z']}}}");
	scene_define(s,
	    "{'workflow': 'top', 'tasks': {'a': {'run': ['x'], 'next': "
	    "[{'when': 'completed', 'do': ['sub', 'side']}]}, 'side': {'run': "
	    "['s'], 'next': [{'when': 'completed', 'do': 'j'}]}, 'sub': "
	    "{'workflow': 'mid', 'next': [{'when': 'completed', 'do': 'j'}]}, "
	    "'j': {'join': 'all', 'run': ['z']}}}");
}

SCENE_CASE(replay, "a replay is new, linked, and starts empty")
{
	uint64_t id;

	define_diamond(s);
	id = scene_start(s, "w", NULL);
	scene_again(s, COMMAND_REPLAY, id, false);
	ATF_REQUIRE_EQ(s->reply.execution, id + 1);
	ATF_REQUIRE_EQ(scene_execution(s, id + 1)->k.replay_of, id);
	STATUS(id, "running");
	STATUS(id + 1, "running");
}

SCENE_CASE(restart, "a restart keeps the id, and what was before it")
{
	const struct execution *x;
	uint64_t id;

	scene_define(s, "{'workflow': 'w', 'tasks': {'a': {'run': ['x']}}}");
	id = scene_start(s, "w", NULL);
	EXIT(id, "a", 1);
	scene_define(s, "{'workflow': 'w', 'tasks': {'b': {'run': ['y']}}}");
	scene_again(s, COMMAND_RESTART, id, false);
	STATUS(id, "running");
	EXIT(id, "a", 1);
	STATUS(id, "failed");
	scene_again(s, COMMAND_RESTART, id, true); /* the latest version */
	EXIT(id, "b", 0);
	STATUS(id, "completed");
	x = scene_execution(s, id);
	ATF_REQUIRE_EQ(x->k.generation, 3);
	ATF_REQUIRE_EQ(x->nruns, 3);
	ATF_REQUIRE_EQ(x->earlier[0].status, EXECUTION_FAILED);
	ATF_REQUIRE(x->runs[0]->k.superseded && !x->runs[2]->k.superseded);
}

SCENE_CASE(rerun_branch, "a join keeps the other branch's arrival and value")
{
	uint64_t id;

	define_diamond(s);
	id = scene_start(s, "w", NULL);
	scene_exit(s, id, "l", EVENT_NONE, 0, "1");
	scene_exit(s, id, "r", EVENT_NONE, 0, "2");
	EXIT(id, "j", 0);
	EXIT(id, "z", 0);
	STATUS(id, "completed");
	REQUIRE_VALUE(scene_execution(s, id)->k.output, "{'l': 1, 'r': 2}");
	scene_rerun(s, id, "['l']", NULL, NULL);
	STATUS(id, "running");
	ATF_REQUIRE(RUNS(id, "l") && !RUNS(id, "r") && !RUNS(id, "j"));
	REQUIRE_VALUE(scene_execution(s, id)->k.vars, "{'l': 0, 'r': 2}");
	scene_exit(s, id, "l", EVENT_NONE, 0, "7");
	ATF_REQUIRE(RUNS(id, "j"));
	EXIT(id, "j", 0);
	EXIT(id, "z", 0);
	STATUS(id, "completed");
	REQUIRE_VALUE(scene_execution(s, id)->k.output, "{'l': 7, 'r': 2}");
	ATF_REQUIRE_EQ(passes(s, id, "l"), 2);
	ATF_REQUIRE_EQ(passes(s, id, "r"), 1);
	ATF_REQUIRE_EQ(passes(s, id, "j"), 2);
}

SCENE_CASE(rerun_join, "a join that runs again itself waits for nobody")
{
	uint64_t id;

	define_diamond(s);
	id = scene_start(s, "w", NULL);
	scene_exit(s, id, "l", EVENT_NONE, 0, "1");
	scene_exit(s, id, "r", EVENT_NONE, 0, "2");
	EXIT(id, "j", 0);
	EXIT(id, "z", 0);
	/* z is downstream of j, and dropped. */
	scene_rerun(s, id, "['z', 'j']", NULL, NULL);
	ATF_REQUIRE(RUNS(id, "j") && !RUNS(id, "z"));
	EXIT(id, "j", 0);
	EXIT(id, "z", 0);
	STATUS(id, "completed");
}

SCENE_CASE(rerun_in_flight, "in a running execution, what is not in flight")
{
	uint64_t id;

	define_diamond(s);
	id = scene_start(s, "w", NULL);
	scene_rerun(s, id, "['z']", NULL, NULL);
	ATF_REQUIRE_EQ(s->reply.error, ERROR_STATE_CONFLICT); /* never ran */
	scene_rerun(s, id, "['l']", NULL, NULL);
	ATF_REQUIRE_EQ(s->reply.error, ERROR_STATE_CONFLICT); /* in flight */
	scene_rerun(s, id, "['nobody']", NULL, NULL);
	ATF_REQUIRE_EQ(s->reply.error, ERROR_NOT_FOUND);
	scene_exit(s, id, "l", EVENT_NONE, 0, "1");
	scene_exit(s, id, "r", EVENT_NONE, 0, "2");
	scene_rerun(s, id, "['l']", NULL, NULL); /* j runs: it is stopped */
	ATF_REQUIRE_EQ(s->reply.error, ERROR_NONE);
	EXIT(id, "j", 0);
	scene_exit(s, id, "l", EVENT_NONE, 0, "5");
	EXIT(id, "j", 0);
	EXIT(id, "z", 0);
	STATUS(id, "completed");
	REQUIRE_VALUE(scene_execution(s, id)->k.output, "{'l': 5, 'r': 2}");
}

SCENE_CASE(still_failed, "what was not run again after it failed still counts")
{
	uint64_t id;

	scene_define(s,
	    "{'workflow': 'w', 'tasks': {'a': {'run': ['x']}, 'b': {'run': "
	    "['y']}}}");
	id = scene_start(s, "w", NULL);
	EXIT(id, "a", 1);
	EXIT(id, "b", 0);
	STATUS(id, "failed");
	scene_rerun(s, id, "['b']", NULL, NULL);
	EXIT(id, "b", 0);
	STATUS(id, "failed");
	REQUIRE_REASON(id, "task a failed");
}

SCENE_CASE(items_rest, "items: all again, or those that were not done")
{
	uint64_t id;

	scene_define(s,
	    "{'workflow': 'w', 'output': '${{ tasks.a.output }}', 'tasks': "
	    "{'a': {'items': [1, 2, 3], 'run': ['x', '${{ item }}'], "
	    "'output': 'json'}}}");
	id = scene_start(s, "w", NULL);
	scene_exit(s, id, "a", 0, 0, "10");
	scene_exit(s, id, "a", 1, 1, NULL);
	scene_exit(s, id, "a", 2, 0, "30");
	STATUS(id, "failed");
	scene_rerun(s, id, "['a']", "['a']", NULL);
	ATF_REQUIRE_EQ(s->nrunning, 1);
	scene_exit(s, id, "a", 1, 0, "20");
	STATUS(id, "completed");
	REQUIRE_VALUE(scene_execution(s, id)->k.output, "[10, 20, 30]");
	scene_rerun(s, id, "['a']", NULL, NULL);
	ATF_REQUIRE_EQ(s->nrunning, 3);
}

SCENE_CASE(retry, "what failed runs again, and what that had cut off goes on")
{
	uint64_t id;

	define_diamond(s);
	id = scene_start(s, "w", NULL);
	scene_exit(s, id, "l", EVENT_NONE, 1, NULL);
	scene_exit(s, id, "r", EVENT_NONE, 0, "2");
	STATUS(id, "failed");
	scene_again(s, COMMAND_RETRY, id, false);
	STATUS(id, "running");
	ATF_REQUIRE(RUNS(id, "l") && !RUNS(id, "r"));
	scene_exit(s, id, "l", EVENT_NONE, 0, "1");
	ATF_REQUIRE(RUNS(id, "j"));
	EXIT(id, "j", 0);
	EXIT(id, "z", 0);
	STATUS(id, "completed");
	REQUIRE_VALUE(scene_execution(s, id)->k.output, "{'l': 1, 'r': 2}");
}

SCENE_CASE(retry_nothing, "where no task failed there is nothing to retry")
{
	struct command c = scene_command(COMMAND_RETRY);

	scene_define(s,
	    "{'workflow': 'w', 'tasks': {'e': {'end': 'failed', 'reason': "
	    "'so'}}}");
	c.execution = scene_start(s, "w", NULL);
	STATUS(c.execution, "failed");
	ATF_REQUIRE(!scene_do(s, &c));
	ATF_REQUIRE_EQ(s->reply.error, ERROR_STATE_CONFLICT);
}

SCENE_CASE(retry_resumes, "--resume-subworkflows goes on at every depth")
{
	uint64_t top, mid, low;

	define_nested(s);
	top = scene_start(s, "top", NULL);
	mid = top + 1;
	low = top + 2;
	EXIT(top, "a", 0);
	EXIT(mid, "a", 0);
	EXIT(low, "a", 0);
	EXIT(low, "b", 1);
	EXIT(top, "side", 0);
	STATUS(low, "failed");
	STATUS(mid, "failed");
	STATUS(top, "failed");
	scene_again(s, COMMAND_RETRY, top, true);
	STATUS(top, "running");
	STATUS(mid, "running");
	STATUS(low, "running");
	ATF_REQUIRE(RUNS(low, "b") && s->nrunning == 1);
	EXIT(low, "b", 0);
	EXIT(mid, "c", 0);
	EXIT(top, "j", 0);
	STATUS(top, "completed");
	ATF_REQUIRE_EQ(passes(s, mid, "sub"), 1);
}

SCENE_CASE(retry_anew, "without it the subworkflow task starts a new child")
{
	uint64_t top, anew;

	define_nested(s);
	top = scene_start(s, "top", NULL);
	EXIT(top, "a", 0);
	EXIT(top + 1, "a", 0);
	EXIT(top + 2, "a", 0);
	EXIT(top + 2, "b", 1);
	EXIT(top, "side", 0);
	scene_again(s, COMMAND_RETRY, top, false);
	anew = top + 3;
	STATUS(top + 1, "failed");
	STATUS(anew, "running");
	EXIT(anew, "a", 0);
	EXIT(anew + 1, "a", 0);
	EXIT(anew + 1, "b", 0);
	EXIT(anew, "c", 0);
	EXIT(top, "j", 0);
	STATUS(top, "completed");
	STATUS(top + 1, "failed");
}

SCENE_CASE(parents, "a child that runs again revives its parents to the root")
{
	uint64_t top, mid, low;

	define_nested(s);
	top = scene_start(s, "top", NULL);
	mid = top + 1;
	low = top + 2;
	EXIT(top, "a", 0);
	EXIT(mid, "a", 0);
	EXIT(low, "a", 1);
	EXIT(top, "side", 0);
	STATUS(top, "failed");
	scene_again(s, COMMAND_RETRY, low, false);
	STATUS(low, "running");
	STATUS(mid, "running");
	STATUS(top, "running");
	TASK(mid, "sub", "running");
	TASK(top, "sub", "running");
	EXIT(low, "a", 0);
	EXIT(low, "b", 0);
	EXIT(mid, "c", 0);
	EXIT(top, "j", 0);
	STATUS(top, "completed");
	scene_again(s, COMMAND_RESTART, low, false); /* c and j stand aside */
	STATUS(top, "running");
	EXIT(low, "a", 0);
	EXIT(low, "b", 0);
	EXIT(mid, "c", 0);
	EXIT(top, "j", 0);
	STATUS(top, "completed");
	ATF_REQUIRE_EQ(passes(s, top, "j"), 2);
	ATF_REQUIRE_EQ(passes(s, top, "side"), 1);
}

SCENE_CASE(task_input, "tasks that run again can be given more input")
{
	uint64_t id;

	scene_define(s,
	    "{'workflow': 'w', 'input': {'n': {'type': 'integer', 'default': "
	    "1}}, 'tasks': {'a': {'run': ['x', '${{ input.n }}']}}}");
	id = scene_start(s, "w", NULL);
	EXIT(id, "a", 0);
	scene_rerun(s, id, "['a']", NULL, "{'a': {'n': 5}}");
	scene_requires_argv(s, id, "a", "['x', '5']");
	EXIT(id, "a", 0);
}

SCENE_CASE(task_input_refused, "what would be lost of it is refused")
{
	static const struct {
		const char *tasks, *no_reset, *input, *why;
	} bad[] = {
	    {"['a', 'b']", NULL, "{'b': {'x': 'two'}}",
		"task_input of b would be lost"},
	    {"['a', 'b']", "['b']", NULL, "no_reset of b would be lost"},
	    {"['a']", NULL, "{'b': {'x': 'two'}}", "b is not"},
	    {"['a']", NULL, "{'a': {'nope': 1}}",
		"task_input of a: input: \"w\" has no input \"nope\""},
	    {"['a']", NULL, "{'a': {'x': 3}}",
		"task_input of a: input: x: expected a string"},
	    {"['a']", NULL, "{'a': 3}", "expected a map"},
	};
	uint64_t id;

	scene_define(s,
	    "{'workflow': 'w', 'input': {'x': {'type': 'string', 'default': "
	    "'one'}}, 'tasks': {'a': {'run': ['x'], 'next': [{'do': 'b'}]}, "
	    "'b': {'run': ['x', '${{ input.x }}']}}}");
	id = scene_start(s, "w", NULL);
	EXIT(id, "a", 0);
	EXIT(id, "b", 0);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		scene_rerun(s, id, bad[i].tasks, bad[i].no_reset, bad[i].input);
		ATF_REQUIRE_EQ(s->reply.error, ERROR_BAD_REQUEST);
		ATF_REQUIRE_MSG(strstr(s->reply.message, bad[i].why) != NULL,
		    "%s", s->reply.message);
		STATUS(id, "completed");
	}
	scene_rerun(s, id, "['a']", NULL, NULL);
	scene_rerun(s, id, "['b']", NULL, NULL);
	ATF_REQUIRE_EQ(s->reply.error, ERROR_STATE_CONFLICT);
	ATF_REQUIRE_MSG(
	    strstr(s->reply.message, "b of execution 1 is superseded") != NULL,
	    "%s", s->reply.message);
	EXIT(id, "a", 0);
	EXIT(id, "b", 0);
	scene_rerun(s, id, "['a', 'b']", NULL, "{'a': {'x': 'two'}}");
	EXIT(id, "a", 0);
	scene_requires_argv(s, id, "b", "['x', 'one']");
	EXIT(id, "b", 0);
}

SCENE_CASE(retry_ended, "a subworkflow that no failed task ended starts anew")
{
	uint64_t top;

	scene_define(s,
	    "{'workflow': 'ends', 'tasks': {'a': {'run': ['x'], 'next': "
	    "[{'do': 'f'}]}, 'f': {'end': 'failed'}}}");
	scene_define(s, "{'workflow': 'leaf', 'tasks': {'t': {'run': ['x']}}}");
	scene_define(s,
	    "{'workflow': 'top', 'tasks': {'k1': "
	    "{'workflow': 'ends'}, 'k2': {'workflow': 'leaf'}}}");
	top = scene_start(s, "top", NULL);
	EXIT(top + 2, "t", 1);
	EXIT(top + 1, "a", 0);
	STATUS(top, "failed");
	scene_again(s, COMMAND_RETRY, top, true);
	STATUS(top, "running");
	STATUS(top + 1, "failed");
	STATUS(top + 2, "running");
	EXIT(top + 2, "t", 0);
	EXIT(top + 3, "a", 0);
	STATUS(top, "failed");
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, replay);
	ATF_TP_ADD_TC(tp, restart);
	ATF_TP_ADD_TC(tp, rerun_branch);
	ATF_TP_ADD_TC(tp, rerun_join);
	ATF_TP_ADD_TC(tp, rerun_in_flight);
	ATF_TP_ADD_TC(tp, still_failed);
	ATF_TP_ADD_TC(tp, items_rest);
	ATF_TP_ADD_TC(tp, retry);
	ATF_TP_ADD_TC(tp, retry_nothing);
	ATF_TP_ADD_TC(tp, retry_resumes);
	ATF_TP_ADD_TC(tp, retry_anew);
	ATF_TP_ADD_TC(tp, parents);
	ATF_TP_ADD_TC(tp, task_input);
	ATF_TP_ADD_TC(tp, task_input_refused);
	ATF_TP_ADD_TC(tp, retry_ended);
	return atf_no_error();
}
