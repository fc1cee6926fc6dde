/* links: tests/scene.c tests/invariants.c tests/witness.c tests/task_changes.c tests/expected_end.c libcore.a libweir.a ; libs: msgpack lua5.4 jansson m */
/* core_test: what workflows do, in a state without anything around it. */

#include <signal.h>

#include "tests/scene_case.h"

SCENE_CASE(chain, "one task after the other, and the output at the end")
{
	uint64_t id;

	scene_define(s,
	    "{'workflow': 'w', 'output': {'n': '${{ vars.n }}'}, 'tasks': {"
	    "'a': {'run': ['x'], 'output': 'json', 'next': [{'when': "
	    "'completed', 'set': {'n': '${{ task.output + 1 }}'}, "
	    "'do': 'b'}]}, 'b': {'run': ['y', '${{ vars.n }}']}}}");
	id = scene_start(s, "w", NULL);
	STATUS(id, "running");
	ATF_REQUIRE(RUNS(id, "a") && !RUNS(id, "b"));
	scene_exit(s, id, "a", EVENT_NONE, 0, "41");
	ATF_REQUIRE(!RUNS(id, "a") && RUNS(id, "b"));
	EXIT(id, "b", 0);
	STATUS(id, "completed");
	REQUIRE_VALUE(scene_execution(s, id)->k.output, "{'n': 42}");
}

SCENE_CASE(failure, "an unhandled failure lets the rest finish and fails")
{
	uint64_t id;

	scene_define(s,
	    "{'workflow': 'w', 'tasks': {'a': {'run': ['x']}, 'b': {'run': "
	    "['y'], 'next': [{'do': 'c'}]}, 'c': {'run': ['z']}}}");
	id = scene_start(s, "w", NULL);
	EXIT(id, "a", 3);
	STATUS(id, "running");
	ATF_REQUIRE_EQ(scene_execution(s, id)->k.ending, EXECUTION_FAILED);
	ATF_REQUIRE(RUNS(id, "b"));
	EXIT(id, "b", 0);
	STATUS(id, "failed");
	REQUIRE_REASON(id, "task a failed: exit status 3");
}

SCENE_CASE(kill_on_error, "on_error: kill stops what runs")
{
	uint64_t id;
	unsigned i;
	struct callout_result killed = {
	    .end = CALLOUT_SIGNALED, .signal = SIGTERM};
	struct callout_key key;

	scene_define(s,
	    "{'workflow': 'w', 'on_error': 'kill', 'tasks': {'a': {'run': "
	    "['x']}, 'b': {'run': ['y']}}}");
	id = scene_start(s, "w", NULL);
	EXIT(id, "a", 1);
	ATF_REQUIRE(scene_runs(s, id, "b", EVENT_NONE, &i));
	ATF_REQUIRE_EQ(s->wants[i], PLAN_TERM);
	scene_advance(s, 10 * SECOND);
	ATF_REQUIRE_EQ(s->wants[i], PLAN_KILL);
	key = s->running[i];
	scene_end_callout(s, &key, &killed);
	TASK(id, "b", "canceled");
	STATUS(id, "failed");
}

SCENE_CASE(handled, "a failure that next handles is none")
{
	uint64_t id;

	scene_define(s,
	    "{'workflow': 'w', 'tasks': {'a': {'run': ['x'], 'next': [{'when': "
	    "'failed', 'do': 'b'}, {'when': 'completed', 'do': 'c'}]}, "
	    "'b': {'run': ['y']}, 'c': {'run': ['z']}}}");
	id = scene_start(s, "w", NULL);
	EXIT(id, "a", 1);
	ATF_REQUIRE(RUNS(id, "b") && !RUNS(id, "c"));
	EXIT(id, "b", 0);
	STATUS(id, "completed");
}

SCENE_CASE(optional, "an optional task's failure fails nothing")
{
	uint64_t id;

	scene_define(s,
	    "{'workflow': 'w', 'tasks': {'a': {'run': ['x'], 'optional': "
	    "true}}}");
	id = scene_start(s, "w", NULL);
	EXIT(id, "a", 1);
	TASK(id, "a", "failed");
	STATUS(id, "completed");
}

SCENE_CASE(join_all, "a barrier waits for all")
{
	uint64_t id;

	scene_define(s,
	    "{'workflow': 'w', 'tasks': {'a': {'run': ['x']}, 'b': {'run': "
	    "['x']}, 'c': {'needs': ['a', 'b'], 'run': ['y']}}}");
	id = scene_start(s, "w", NULL);
	EXIT(id, "a", 0);
	ATF_REQUIRE(!RUNS(id, "c"));
	EXIT(id, "b", 0);
	ATF_REQUIRE(RUNS(id, "c"));
	EXIT(id, "c", 0);
	STATUS(id, "completed");
}

SCENE_CASE(join_number, "a join of N starts once, late arrivals start nothing")
{
	uint64_t id;

	scene_define(s,
	    "{'workflow': 'w', 'tasks': {'a': {'run': ['x'], 'next': [{'do': "
	    "'j'}]}, 'b': {'run': ['x'], 'next': [{'do': 'j'}]}, 'c': {'run': "
	    "['x'], 'next': [{'do': 'j'}]}, 'j': {'join': 2, 'run': ['y']}}}");
	id = scene_start(s, "w", NULL);
	EXIT(id, "a", 0);
	ATF_REQUIRE(!RUNS(id, "j"));
	EXIT(id, "b", 0);
	ATF_REQUIRE(RUNS(id, "j"));
	EXIT(id, "j", 0);
	STATUS(id, "running");
	EXIT(id, "c", 0);
	STATUS(id, "completed");
	ATF_REQUIRE_EQ(scene_execution(s, id)->nruns, 4);
}

SCENE_CASE(join_unmet, "a join that can't be met names what it lacked")
{
	uint64_t id;

	scene_define(s,
	    "{'workflow': 'w', 'tasks': {'a': {'run': ['x'], 'next': [{'when': "
	    "'completed', 'do': 'j'}]}, 'b': {'run': ['x'], 'next': [{'when': "
	    "'failed', 'do': 'j'}]}, 'j': {'join': 'all', 'run': ['y']}}}");
	id = scene_start(s, "w", NULL);
	EXIT(id, "a", 0);
	EXIT(id, "b", 0);
	STATUS(id, "failed");
	REQUIRE_REASON(id, "join of j lacks: b");
}

SCENE_CASE(cycle, "each pass of a cycle is a run of its own")
{
	uint64_t id;

	scene_define(s,
	    "{'workflow': 'w', 'vars': {'n': 0}, 'tasks': {'go': {'set': {}, "
	    "'next': [{'do': 'a'}]}, 'a': {'run': ['x'], 'next': [{'set': "
	    "{'n': "
	    "'${{ vars.n + 1 }}'}}, {'when': 'vars.n < 3', 'do': 'a'}]}}}");
	id = scene_start(s, "w", NULL);
	EXIT(id, "a", 0);
	EXIT(id, "a", 0);
	STATUS(id, "running");
	EXIT(id, "a", 0);
	STATUS(id, "completed");
	ATF_REQUIRE_EQ(scene_execution(s, id)->nruns, 4);
	ATF_REQUIRE_EQ(scene_execution(s, id)->runs[3]->k.number, 3);
}

SCENE_CASE(runaway, "a cycle that never ends is stopped")
{
	uint64_t id;

	scene_define(s,
	    "{'workflow': 'w', 'tasks': {'go': {'set': {}, 'next': [{'do': "
	    "'a'}]}, 'a': {'set': {}, 'next': [{'when': '1 == 1', 'do': "
	    "'a'}]}}}");
	id = scene_start(s, "w", NULL);
	STATUS(id, "failed");
	REQUIRE_REASON(id, "more than 10000 task runs");
}

SCENE_CASE(items, "items run beside each other, as many as may")
{
	uint64_t id;

	scene_define(s,
	    "{'workflow': 'w', 'tasks': {'a': {'items': {'in': '${{ input.l "
	    "}}', 'parallel': 2}, 'run': ['x', '${{ item }}'], 'output': "
	    "'json'}}, 'input': {'l': {'type': 'list'}}, 'output': '${{ "
	    "tasks.a.output }}'}");
	id = scene_start(s, "w", "{'l': ['p', 'q', 'r']}");
	ATF_REQUIRE_EQ(s->nrunning, 2);
	scene_exit(s, id, "a", 1, 0, "'Q'");
	ATF_REQUIRE(scene_runs(s, id, "a", 2, NULL));
	scene_exit(s, id, "a", 0, 0, "'P'");
	scene_exit(s, id, "a", 2, 0, "'R'");
	STATUS(id, "completed");
	REQUIRE_VALUE(scene_execution(s, id)->k.output, "['P', 'Q', 'R']");
}

SCENE_CASE(items_fail, "after an item failed no new one starts")
{
	uint64_t id;

	scene_define(s,
	    "{'workflow': 'w', 'tasks': {'a': {'items': {'in': [1, 2, 3, 4], "
	    "'parallel': 2}, 'run': ['x']}}}");
	id = scene_start(s, "w", NULL);
	scene_exit(s, id, "a", 0, 1, NULL);
	ATF_REQUIRE_EQ(s->nrunning, 1);
	STATUS(id, "running");
	scene_exit(s, id, "a", 1, 0, NULL);
	STATUS(id, "failed");
	REQUIRE_REASON(id, "task a failed: item 0: exit status 1");
}

SCENE_CASE(items_none, "no items is nothing to do, and well done")
{
	uint64_t id;

	scene_define(s,
	    "{'workflow': 'w', 'tasks': {'a': {'items': '${{ {} }}', 'run': "
	    "['x']}}}");
	id = scene_start(s, "w", NULL);
	STATUS(id, "completed");
}

SCENE_CASE(items_wrong, "items that are no list fail the task")
{
	uint64_t id;

	scene_define(s,
	    "{'workflow': 'w', 'input': {'l': {'type': 'any'}}, 'tasks': "
	    "{'a': {'items': '${{ input.l }}', 'run': ['x']}}}");
	id = scene_start(s, "w", "{'l': 7}");
	STATUS(id, "failed");
	REQUIRE_REASON(id, "is not a list");
}

SCENE_CASE(retry, "count, delay and back-off; fatal codes are not retried")
{
	uint64_t id;

	scene_define(s,
	    "{'workflow': 'w', 'tasks': {'a': {'run': ['x'], 'fatal': [64], "
	    "'retry': {'count': 2, 'delay': '10s', 'backoff': "
	    "'exponential'}}}}");
	id = scene_start(s, "w", NULL);
	EXIT(id, "a", 1);
	TASK(id, "a", "pending");
	STATUS(id, "running");
	scene_advance(s, 9 * SECOND);
	ATF_REQUIRE(!RUNS(id, "a"));
	scene_advance(s, 1 * SECOND);
	EXIT(id, "a", 1);
	scene_advance(s, 19 * SECOND);
	ATF_REQUIRE(!RUNS(id, "a"));
	scene_advance(s, 1 * SECOND);
	EXIT(id, "a", 1);
	STATUS(id, "failed");
	id = scene_start(s, "w", NULL);
	EXIT(id, "a", 64);
	STATUS(id, "failed");
}

SCENE_CASE(timeout, "a timeout stops the attempt, TERM then KILL")
{
	struct callout_result killed = {
	    .end = CALLOUT_SIGNALED, .signal = SIGKILL};
	struct callout_key key;
	uint64_t id;
	unsigned i;

	scene_define(s,
	    "{'workflow': 'w', 'tasks': {'a': {'run': ['x'], 'timeout': '5s', "
	    "'kill_after': '2s', 'next': [{'when': 'failed', 'do': 'b'}]}, "
	    "'b': {'run': ['y']}}}");
	id = scene_start(s, "w", NULL);
	scene_advance(s, 5 * SECOND);
	ATF_REQUIRE(scene_runs(s, id, "a", EVENT_NONE, &i));
	ATF_REQUIRE_EQ(s->wants[i], PLAN_TERM);
	scene_advance(s, 2 * SECOND);
	ATF_REQUIRE_EQ(s->wants[i], PLAN_KILL);
	key = s->running[i];
	scene_end_callout(s, &key, &killed);
	TASK(id, "a", "timed_out");
	ATF_REQUIRE(RUNS(id, "b"));
	EXIT(id, "b", 0);
	STATUS(id, "completed");
}

SCENE_CASE(execution_timeout, "the whole execution has a time limit")
{
	struct callout_result killed = {
	    .end = CALLOUT_SIGNALED, .signal = SIGTERM};
	struct callout_key key;
	uint64_t id;

	scene_define(s,
	    "{'workflow': 'w', 'timeout': '1m', 'tasks': {'a': {'run': "
	    "['x']}, 'b': {'wait': {'signal': 'never'}}}}");
	id = scene_start(s, "w", NULL);
	scene_advance(s, 60 * SECOND);
	ATF_REQUIRE_EQ(s->nrunning, 1);
	ATF_REQUIRE_EQ(s->wants[0], PLAN_TERM);
	TASK(id, "b", "canceled");
	key = s->running[0];
	scene_end_callout(s, &key, &killed);
	STATUS(id, "timed_out");
	REQUIRE_REASON(id, "timed out after 1m");
}

SCENE_CASE(waits, "waits for time, signals kept or not, and their timeouts")
{
	struct command c = scene_command(COMMAND_SIGNAL);
	uint64_t id;

	scene_define(s,
	    "{'workflow': 'w', 'tasks': {'t': {'wait': {'for': '10s'}, 'next': "
	    "[{'do': 'g'}]}, 'g': {'wait': {'signal': 'go', 'timeout': '5s'}}}"
	    "}");
	id = scene_start(s, "w", NULL);
	STATUS(id, "waiting");
	c.execution = id;
	c.name = "go"; /* early: kept */
	ATF_REQUIRE(scene_do(s, &c));
	scene_advance(s, 10 * SECOND);
	STATUS(id, "completed");
	id = scene_start(s, "w", NULL);
	scene_advance(s, 10 * SECOND);
	TASK(id, "g", "waiting");
	c.execution = id;
	c.name = "other";
	ATF_REQUIRE(scene_do(s, &c));
	TASK(id, "g", "waiting");
	scene_advance(s, 5 * SECOND);
	TASK(id, "g", "timed_out");
	STATUS(id, "failed");
}

SCENE_CASE(subworkflow, "a child's end is its parent's task's end")
{
	uint64_t id, child;

	scene_define(s,
	    "{'workflow': 'child', 'input': {'n': {'type': 'integer'}}, "
	    "'output': '${{ input.n * 2 }}', 'tasks': {'a': {'run': ['x']}}}");
	scene_define(s,
	    "{'workflow': 'w', 'output': '${{ tasks.s.output }}', 'tasks': "
	    "{'s': {'workflow': 'child', 'input': {'n': 21}}}}");
	id = scene_start(s, "w", NULL);
	child = id + 1;
	STATUS(child, "running");
	EXIT(child, "a", 0);
	STATUS(child, "completed");
	STATUS(id, "completed");
	REQUIRE_VALUE(scene_execution(s, id)->k.output, "42");
	id = scene_start(s, "w", NULL);
	EXIT(id + 1, "a", 9);
	STATUS(id, "failed");
	REQUIRE_REASON(id, "exit status 9");
}

SCENE_CASE(subworkflow_missing, "a subworkflow that is not there")
{
	uint64_t id;

	scene_define(
	    s, "{'workflow': 'w', 'tasks': {'s': {'workflow': 'nowhere'}}}");
	id = scene_start(s, "w", NULL);
	STATUS(id, "failed");
	REQUIRE_REASON(id, "there is no workflow \"nowhere\"");
}

SCENE_CASE(detach, "a detached child goes its own way")
{
	uint64_t id;

	scene_define(
	    s, "{'workflow': 'child', 'tasks': {'a': {'run': ['x']}}}");
	scene_define(s,
	    "{'workflow': 'w', 'tasks': {'s': {'workflow': 'child', 'detach': "
	    "true}}}");
	id = scene_start(s, "w", NULL);
	STATUS(id, "completed");
	STATUS(id + 1, "running");
	ATF_REQUIRE_EQ(scene_execution(s, id + 1)->k.parent, 0);
	EXIT(id + 1, "a", 1);
	STATUS(id + 1, "failed");
}

SCENE_CASE(limits, "parallel_tasks and parallel_runs hold back")
{
	uint64_t a, b;

	scene_define(s,
	    "{'workflow': 'w', 'limits': {'parallel_tasks': 1, "
	    "'parallel_runs': 1}, 'tasks': {'a': {'run': ['x']}, 'b': {'run': "
	    "['y']}}}");
	a = scene_start(s, "w", NULL);
	b = scene_start(s, "w", NULL);
	STATUS(b, "pending");
	ATF_REQUIRE_EQ(s->nrunning, 1);
	EXIT(a, "a", 0);
	EXIT(a, "b", 0);
	STATUS(a, "completed");
	STATUS(b, "running");
}

SCENE_CASE(expression, "an expression that fails fails its task")
{
	uint64_t id;

	scene_define(s,
	    "{'workflow': 'w', 'input': {'m': {'type': 'any', 'default': "
	    "null}}, 'tasks': {'a': {'run': ['x', '${{ input.m.n }}']}}}");
	id = scene_start(s, "w", NULL);
	STATUS(id, "failed");
	REQUIRE_REASON(id, "expression");
	ATF_REQUIRE_EQ(s->nrunning, 0);
}

SCENE_CASE(end_task, "end ends the execution with its status and reason")
{
	uint64_t id;

	scene_define(s,
	    "{'workflow': 'w', 'tasks': {'a': {'run': ['x'], 'next': [{'when': "
	    "'failed', 'do': 'stop'}]}, 'b': {'wait': {'signal': 's'}}, "
	    "'stop': "
	    "{'end': 'failed', 'reason': 'a gave ${{ tasks.a.exit }}', "
	    "'output': {'x': 1}}}}");
	id = scene_start(s, "w", NULL);
	EXIT(id, "a", 5);
	STATUS(id, "failed");
	REQUIRE_REASON(id, "a gave 5");
	REQUIRE_VALUE(scene_execution(s, id)->k.output, "{'x': 1}");
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, chain);
	ATF_TP_ADD_TC(tp, failure);
	ATF_TP_ADD_TC(tp, kill_on_error);
	ATF_TP_ADD_TC(tp, handled);
	ATF_TP_ADD_TC(tp, optional);
	ATF_TP_ADD_TC(tp, join_all);
	ATF_TP_ADD_TC(tp, join_number);
	ATF_TP_ADD_TC(tp, join_unmet);
	ATF_TP_ADD_TC(tp, cycle);
	ATF_TP_ADD_TC(tp, runaway);
	ATF_TP_ADD_TC(tp, items);
	ATF_TP_ADD_TC(tp, items_fail);
	ATF_TP_ADD_TC(tp, items_none);
	ATF_TP_ADD_TC(tp, items_wrong);
	ATF_TP_ADD_TC(tp, retry);
	ATF_TP_ADD_TC(tp, timeout);
	ATF_TP_ADD_TC(tp, execution_timeout);
	ATF_TP_ADD_TC(tp, waits);
	ATF_TP_ADD_TC(tp, subworkflow);
	ATF_TP_ADD_TC(tp, subworkflow_missing);
	ATF_TP_ADD_TC(tp, detach);
	ATF_TP_ADD_TC(tp, limits);
	ATF_TP_ADD_TC(tp, expression);
	ATF_TP_ADD_TC(tp, end_task);
	return atf_no_error();
}
