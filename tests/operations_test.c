/* links: tests/scene.c tests/invariants.c tests/witness.c tests/task_changes.c tests/expected_end.c libcore.a libweir.a ; libs: msgpack lua5.4 jansson m */
/* operations_test: what people do to executions, in a state by itself. */

#include <signal.h>

#include "tests/scene_case.h"

SCENE_CASE(approval, "approve and reject, by whom the definition names")
{
	static const char *const managers[] = {"managers"};
	struct command c = scene_command(COMMAND_APPROVE);
	uint64_t id;

	scene_define(s,
	    "{'workflow': 'w', 'tasks': {'a': {'wait': {'approval': 'Go?', "
	    "'from': ['managers']}}}}");
	id = scene_start(s, "w", NULL);
	STATUS(id, "waiting");
	c.execution = id;
	c.name = "a";
	c.by.role = ROLE_OPERATOR;
	c.by.uid = 77;
	ATF_REQUIRE(!scene_do(s, &c));
	ATF_REQUIRE_EQ(s->reply.error, ERROR_FORBIDDEN);
	c.by.groups = managers;
	c.by.ngroups = 1;
	c.reason = "fine";
	ATF_REQUIRE(scene_do(s, &c));
	STATUS(id, "completed");
	id = scene_start(s, "w", NULL);
	c.type = COMMAND_REJECT;
	c.execution = id;
	ATF_REQUIRE(scene_do(s, &c));
	STATUS(id, "failed");
	REQUIRE_REASON(id, "rejected by tester: fine");
}

SCENE_CASE(cancel, "cancel drains, down to the children; --kill stops")
{
	struct command c = scene_command(COMMAND_CANCEL);
	uint64_t id;
	unsigned i;

	scene_define(s,
	    "{'workflow': 'child', 'tasks': {'a': {'run': ['x'], 'next': "
	    "[{'do': 'b'}]}, 'b': {'run': ['y']}}}");
	scene_define(s,
	    "{'workflow': 'w', 'tasks': {'s': {'workflow': 'child'}, 'q': "
	    "{'wait': {'signal': 'x'}}}}");
	id = scene_start(s, "w", NULL);
	c.execution = id;
	ATF_REQUIRE(scene_do(s, &c));
	STATUS(id, "canceling");
	STATUS(id + 1, "canceling");
	TASK(id, "q", "canceled");
	c.kill = true;
	ATF_REQUIRE(scene_do(s, &c));
	ATF_REQUIRE(scene_runs(s, id + 1, "a", EVENT_NONE, &i));
	ATF_REQUIRE_EQ(s->wants[i], PLAN_TERM);
	EXIT(id + 1, "a", 0);
	STATUS(id + 1, "canceled");
	STATUS(id, "canceled");
	REQUIRE_REASON(id, "canceled by tester");
	ATF_REQUIRE(!scene_do(s, &c)); /* it is over */
	ATF_REQUIRE_EQ(s->reply.error, ERROR_STATE_CONFLICT);
	c.type = COMMAND_TERMINATE;
	c.reason = "no";
	ATF_REQUIRE(!scene_do(s, &c));
	ATF_REQUIRE_EQ(s->reply.error, ERROR_STATE_CONFLICT);
}

SCENE_CASE(child_canceled, "a child's cancellation passes on, unless handled")
{
	struct command c = scene_command(COMMAND_CANCEL);
	uint64_t id;

	scene_define(s,
	    "{'workflow': 'child', 'tasks': {'a': {'wait': {'signal': 'x'}}}}");
	scene_define(
	    s, "{'workflow': 'w', 'tasks': {'s': {'workflow': 'child'}}}");
	scene_define(s,
	    "{'workflow': 'v', 'tasks': {'s': {'workflow': 'child', 'next': "
	    "[{'when': 'canceled', 'do': 'b'}]}, 'b': {'set': {}}}}");
	id = scene_start(s, "w", NULL);
	STATUS(id, "waiting");
	c.execution = id + 1;
	ATF_REQUIRE(scene_do(s, &c));
	STATUS(id, "canceled");
	id = scene_start(s, "v", NULL);
	c.execution = id + 1;
	ATF_REQUIRE(scene_do(s, &c));
	STATUS(id, "completed");
	id = scene_start(s, "w", NULL);
	c.type = COMMAND_TERMINATE;
	c.execution = id + 1;
	c.reason = "enough";
	ATF_REQUIRE(scene_do(s, &c));
	STATUS(id, "terminated");
}

SCENE_CASE(terminate, "terminate ends at once; what lands later is late")
{
	struct command c = scene_command(COMMAND_TERMINATE);
	uint64_t id;

	scene_define(s,
	    "{'workflow': 'page', 'input': {'status': {'type': 'string'}, "
	    "'reason': {'type': 'string'}}, 'tasks': {'a': {'run': ['x']}}}");
	scene_define(s,
	    "{'workflow': 'w', 'on_failure': 'page', 'tasks': {'a': {'run': "
	    "['x']}}}");
	id = scene_start(s, "w", NULL);
	c.execution = id;
	ATF_REQUIRE(!scene_do(s, &c)); /* no reason */
	c.reason = "power";
	c.failure_workflow = true;
	ATF_REQUIRE(scene_do(s, &c));
	STATUS(id, "terminated");
	EXIT(id, "a", 0);
	STATUS(id, "terminated");
	TASK(id, "a", "canceled");
	ATF_REQUIRE(scene_execution(s, id)->runs[0]->actions[0].latest->k.late);
	STATUS(id + 1, "running");
	REQUIRE_VALUE(scene_execution(s, id + 1)->k.input,
	    "{'status': 'terminated', 'reason': 'power'}");
	EXIT(id + 1, "a", 1); /* never one for a failure workflow */
	ATF_REQUIRE(state_execution(s->live, id + 2) == NULL);
}

SCENE_CASE(lost, "on_lost decides: retry, fail, or ask")
{
	struct callout_result lost = {
	    .end = CALLOUT_LOST, .reason = "its runner is gone"};
	struct command c = scene_command(COMMAND_UPDATE);
	struct callout_key key;
	uint64_t id;

	scene_define(s,
	    "{'workflow': 'r', 'tasks': {'a': {'run': ['x'], 'on_lost': "
	    "'retry', 'retry': {'count': 1}}}}");
	scene_define(s,
	    "{'workflow': 'k', 'tasks': {'a': {'run': ['x'], 'on_lost': "
	    "'ask'}}}");
	scene_define(s, "{'workflow': 'f', 'tasks': {'a': {'run': ['x']}}}");
	id = scene_start(s, "r", NULL);
	key = s->running[0];
	scene_end_callout(s, &key, &lost);
	ATF_REQUIRE(RUNS(id, "a"));
	EXIT(id, "a", 0);
	STATUS(id, "completed");
	id = scene_start(s, "k", NULL);
	key = s->running[0];
	scene_end_callout(s, &key, &lost);
	STATUS(id, "waiting");
	c.execution = id;
	c.name = "a";
	c.status = TASK_COMPLETED;
	ATF_REQUIRE(scene_do(s, &c));
	STATUS(id, "completed");
	id = scene_start(s, "f", NULL);
	key = s->running[0];
	scene_end_callout(s, &key, &lost);
	STATUS(id, "failed");
	REQUIRE_REASON(id, "lost: its runner is gone");
}

SCENE_CASE(engine, "a paused engine starts nothing and takes nothing new")
{
	struct command pause = scene_command(COMMAND_ENGINE_PAUSE);
	struct command resume = scene_command(COMMAND_ENGINE_RESUME);
	uint64_t id;

	scene_define(s,
	    "{'workflow': 'w', 'tasks': {'a': {'run': ['x'], 'next': [{'do': "
	    "['b', 'c']}]}, 'b': {'run': ['y']}, 'c': {'wait': {'for': "
	    "'1s'}}}}");
	id = scene_start(s, "w", NULL);
	ATF_REQUIRE(scene_do(s, &pause));
	ATF_REQUIRE_EQ(s->live->k.engine, ENGINE_PAUSING);
	ATF_REQUIRE(!scene_do(s, &resume));
	EXIT(id, "a", 0);
	ATF_REQUIRE_EQ(s->live->k.engine, ENGINE_PAUSED);
	ATF_REQUIRE(!RUNS(id, "b"));
	ATF_REQUIRE_EQ(scene_start(s, "w", NULL), 0);
	ATF_REQUIRE_EQ(s->reply.error, ERROR_ENGINE_PAUSED);
	scene_check(s);
	ATF_REQUIRE(scene_do(s, &resume));
	ATF_REQUIRE(RUNS(id, "b"));
	EXIT(id, "b", 0);
	scene_advance(s, SECOND);
	STATUS(id, "completed");
}

SCENE_CASE(idempotency, "the same key starts one execution")
{
	struct command c = scene_command(COMMAND_START);
	uint64_t first;

	scene_define(s, "{'workflow': 'w', 'tasks': {'a': {'run': ['x']}}}");
	c.name = "w";
	c.key = "k1";
	ATF_REQUIRE(scene_do(s, &c));
	ATF_REQUIRE(s->reply.created);
	first = s->reply.execution;
	ATF_REQUIRE(scene_do(s, &c));
	ATF_REQUIRE(!s->reply.created);
	ATF_REQUIRE_EQ(s->reply.execution, first);
	c.by.uid = 7; /* another user's keys are others */
	ATF_REQUIRE(scene_do(s, &c));
	ATF_REQUIRE(s->reply.created);
}

SCENE_CASE(owner, "only its owner, or who operates all, acts on an execution")
{
	struct command c = scene_command(COMMAND_CANCEL);

	scene_define(s, "{'workflow': 'w', 'tasks': {'a': {'run': ['x']}}}");
	c.execution = scene_start(s, "w", NULL);
	c.by.role = ROLE_OPERATOR;
	c.by.uid = 99;
	ATF_REQUIRE(!scene_do(s, &c));
	ATF_REQUIRE_EQ(s->reply.error, ERROR_FORBIDDEN);
	c.if_revision = 1;
	c.by.operates_any = true;
	ATF_REQUIRE(!scene_do(s, &c));
	ATF_REQUIRE_EQ(s->reply.error, ERROR_STATE_CONFLICT);
	c.if_revision = 0;
	ATF_REQUIRE(scene_do(s, &c));
}

SCENE_CASE(skip, "skip goes on as if it had completed")
{
	struct command c = scene_command(COMMAND_SKIP);
	uint64_t id;

	scene_define(s,
	    "{'workflow': 'w', 'tasks': {'a': {'run': ['x'], 'next': [{'when': "
	    "'completed', 'do': 'b'}]}, 'b': {'run': ['y', '${{ "
	    "tasks.a.output }}']}}}");
	id = scene_start(s, "w", NULL);
	c.execution = id;
	c.name = "a";
	c.value = scene_value("'given'");
	ATF_REQUIRE(scene_do(s, &c));
	value_unref(c.value);
	TASK(id, "a", "skipped");
	ATF_REQUIRE(RUNS(id, "b"));
	ATF_REQUIRE(RUNS(id, "a")); /* being stopped */
	EXIT(id, "b", 0);
	STATUS(id, "running");
	EXIT(id, "a", 0);
	STATUS(id, "completed");
}

SCENE_CASE(skip_waiting_item, "an item skipped before its turn never starts")
{
	struct command c = scene_command(COMMAND_SKIP);
	uint64_t id;

	scene_define(s,
	    "{'workflow': 'w', 'tasks': {'a': {'items': {'in': [1, 2, 3], "
	    "'parallel': 1}, 'run': ['x']}}}");
	id = scene_start(s, "w", NULL);
	c.execution = id;
	c.name = "a";
	c.item = 1;
	ATF_REQUIRE(scene_do(s, &c));
	scene_exit(s, id, "a", 0, 0, NULL);
	ATF_REQUIRE(!scene_runs(s, id, "a", 1, NULL));
	scene_exit(s, id, "a", 2, 0, NULL);
	STATUS(id, "completed");
}

SCENE_CASE(run_again, "what is to run again waits for what it replaces to end")
{
	struct command c = scene_command(COMMAND_UPDATE);
	struct callout_result killed = {
	    .end = CALLOUT_SIGNALED, .signal = SIGTERM};
	struct callout_key key;
	uint64_t id;

	scene_define(
	    s, "{'workflow': 'child', 'tasks': {'a': {'run': ['x']}}}");
	scene_define(
	    s, "{'workflow': 'w', 'tasks': {'s': {'workflow': 'child'}}}");
	id = scene_start(s, "w", NULL);
	c.execution = id;
	c.name = "s";
	c.status = TASK_RUNNING;
	ATF_REQUIRE(scene_do(s, &c));
	TASK(id, "s", "pending");
	STATUS(id + 1, "canceling");
	ATF_REQUIRE(state_execution(s->live, id + 2) == NULL);
	key = s->running[0];
	scene_end_callout(s, &key, &killed);
	STATUS(id + 1, "canceled");
	TASK(id, "s", "running");
	EXIT(id + 2, "a", 0);
	STATUS(id, "completed");
}

SCENE_CASE(pause, "pause drains, stages what comes next, and resume goes on")
{
	struct command pause = scene_command(COMMAND_PAUSE);
	struct command resume = scene_command(COMMAND_RESUME);
	uint64_t id;

	scene_define(s,
	    "{'workflow': 'w', 'timeout': '1m', 'tasks': {'a': {'run': ['x'], "
	    "'next': [{'do': 'b'}]}, 'b': {'run': ['y']}}}");
	id = scene_start(s, "w", NULL);
	pause.execution = resume.execution = id;
	ATF_REQUIRE(scene_do(s, &pause));
	STATUS(id, "pausing");
	ATF_REQUIRE(!scene_do(s, &resume));
	ATF_REQUIRE_EQ(s->reply.error, ERROR_STATE_CONFLICT);
	EXIT(id, "a", 0);
	STATUS(id, "paused");
	TASK(id, "b", "pending");
	scene_check(s);
	scene_advance(s, 100 * SECOND); /* held time does not count */
	STATUS(id, "paused");
	ATF_REQUIRE(scene_do(s, &pause)); /* is so already */
	ATF_REQUIRE(scene_do(s, &resume));
	STATUS(id, "running");
	ATF_REQUIRE(RUNS(id, "b"));
	EXIT(id, "b", 0);
	STATUS(id, "completed");
	ATF_REQUIRE(!scene_do(s, &pause));
}

SCENE_CASE(pause_last, "when the last task ends during pausing it is completed")
{
	struct command pause = scene_command(COMMAND_PAUSE);

	scene_define(s, "{'workflow': 'w', 'tasks': {'a': {'run': ['x']}}}");
	pause.execution = scene_start(s, "w", NULL);
	ATF_REQUIRE(scene_do(s, &pause));
	EXIT(pause.execution, "a", 0);
	STATUS(pause.execution, "completed");
	pause.execution = scene_start(s, "w", NULL);
	ATF_REQUIRE(scene_do(s, &pause));
	EXIT(pause.execution, "a", 1); /* failure beats pausing */
	STATUS(pause.execution, "failed");
}

SCENE_CASE(freeze, "what is frozen stands still, its clock too")
{
	struct command pause = scene_command(COMMAND_PAUSE);
	struct command resume = scene_command(COMMAND_RESUME);
	struct command cancel = scene_command(COMMAND_CANCEL);
	uint64_t id;
	unsigned i;

	scene_define(s,
	    "{'workflow': 'w', 'tasks': {'a': {'run': ['x'], 'timeout': "
	    "'10s'}}}");
	id = scene_start(s, "w", NULL);
	pause.execution = resume.execution = cancel.execution = id;
	pause.freeze = true;
	scene_advance(s, 5 * SECOND);
	ATF_REQUIRE(scene_do(s, &pause));
	STATUS(id, "paused");
	TASK(id, "a", "paused");
	ATF_REQUIRE(scene_runs(s, id, "a", EVENT_NONE, &i));
	ATF_REQUIRE_EQ(s->wants[i], PLAN_FREEZE);
	scene_advance(s, 100 * SECOND);
	ATF_REQUIRE_EQ(s->wants[i], PLAN_FREEZE);
	ATF_REQUIRE(scene_do(s, &resume));
	ATF_REQUIRE_EQ(s->wants[i], PLAN_RUN);
	TASK(id, "a", "running");
	scene_advance(s, 4 * SECOND);
	ATF_REQUIRE_EQ(s->wants[i], PLAN_RUN);
	scene_advance(s, 1 * SECOND);
	ATF_REQUIRE_EQ(s->wants[i], PLAN_TERM);
	EXIT(id, "a", 0);
	STATUS(id, "failed");
	id = scene_start(s, "w", NULL);
	pause.execution = cancel.execution = id;
	ATF_REQUIRE(scene_do(s, &pause));
	ATF_REQUIRE(scene_do(s, &cancel));
	STATUS(id, "canceling");
	ATF_REQUIRE_EQ(s->wants[0], PLAN_RUN); /* thawed to drain */
	EXIT(id, "a", 0);
	STATUS(id, "canceled");
}

SCENE_CASE(pause_cascade, "a hold goes down, never up or sideways")
{
	struct command pause = scene_command(COMMAND_PAUSE);
	struct command resume = scene_command(COMMAND_RESUME);
	uint64_t id, left, right;

	scene_define(s,
	    "{'workflow': 'child', 'tasks': {'a': {'run': ['x'], 'next': "
	    "[{'do': 'b'}]}, 'b': {'run': ['y']}}}");
	scene_define(s,
	    "{'workflow': 'w', 'tasks': {'l': {'workflow': 'child'}, 'r': "
	    "{'workflow': 'child'}}}");
	id = scene_start(s, "w", NULL);
	left = id + 1;
	right = id + 2;
	pause.execution = left;
	ATF_REQUIRE(scene_do(s, &pause));
	STATUS(left, "pausing");
	STATUS(right, "running");
	STATUS(id, "running");
	EXIT(left, "a", 0);
	STATUS(left, "paused");
	TASK(id, "l", "paused");
	pause.execution = id;
	ATF_REQUIRE(scene_do(s, &pause));
	STATUS(right, "pausing");
	EXIT(right, "a", 0);
	STATUS(right, "paused");
	STATUS(id, "paused");
	ATF_REQUIRE_EQ(scene_execution(s, left)->k.hold.by, HOLD_USER);
	ATF_REQUIRE_EQ(scene_execution(s, right)->k.hold.by, HOLD_PARENT);
	resume.execution = id;
	ATF_REQUIRE(scene_do(s, &resume));
	ATF_REQUIRE_EQ(s->reply.left_paused, 1);
	ATF_REQUIRE_EQ(s->reply.first_left, left);
	STATUS(right, "running");
	STATUS(left, "paused");
	EXIT(right, "b", 0);
	STATUS(id, "waiting"); /* on the one that is still paused */
	ATF_REQUIRE(!scene_do(s, &resume)); /* the parent is not paused */
	resume.all = true;
	ATF_REQUIRE(scene_do(s, &resume)); /* but something below it is */
	STATUS(left, "running");
	STATUS(id, "running");
	ATF_REQUIRE(!scene_do(s, &resume));
	EXIT(left, "b", 0);
	STATUS(id, "completed");
}

SCENE_CASE(pause_waiting, "a waiting execution is held only with --hold")
{
	struct command pause = scene_command(COMMAND_PAUSE);
	struct command resume = scene_command(COMMAND_RESUME);
	uint64_t id;

	scene_define(s,
	    "{'workflow': 'w', 'tasks': {'t': {'wait': {'for': '10s'}, 'next': "
	    "[{'do': 'a'}]}, 'a': {'run': ['x']}}}");
	id = scene_start(s, "w", NULL);
	pause.execution = resume.execution = id;
	ATF_REQUIRE(!scene_do(s, &pause));
	pause.hold = true;
	ATF_REQUIRE(scene_do(s, &pause));
	STATUS(id, "paused");
	scene_advance(s, 20 * SECOND);
	TASK(id, "t", "completed");  /* recorded */
	ATF_REQUIRE(!RUNS(id, "a")); /* no effect yet */
	ATF_REQUIRE(scene_do(s, &resume));
	ATF_REQUIRE(RUNS(id, "a"));
	EXIT(id, "a", 0);
	STATUS(id, "completed");
}

SCENE_CASE(engine_freeze, "a frozen engine is paused at once")
{
	struct command pause = scene_command(COMMAND_ENGINE_PAUSE);
	struct command resume = scene_command(COMMAND_ENGINE_RESUME);
	uint64_t id;

	scene_define(s,
	    "{'workflow': 'w', 'timeout': '1m', 'tasks': {'a': {'run': "
	    "['x']}}}");
	id = scene_start(s, "w", NULL);
	pause.freeze = true;
	ATF_REQUIRE(scene_do(s, &pause));
	ATF_REQUIRE_EQ(s->live->k.engine, ENGINE_PAUSED);
	ATF_REQUIRE_EQ(s->wants[0], PLAN_FREEZE);
	scene_advance(s, 100 * SECOND);
	STATUS(id, "running");
	ATF_REQUIRE(scene_do(s, &resume));
	ATF_REQUIRE_EQ(s->wants[0], PLAN_RUN);
	scene_advance(s, 59 * SECOND);
	STATUS(id, "running");
	scene_advance(s, 2 * SECOND);
	ATF_REQUIRE_EQ(s->wants[0], PLAN_TERM);
	EXIT(id, "a", 0);
	STATUS(id, "timed_out");
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, approval);
	ATF_TP_ADD_TC(tp, cancel);
	ATF_TP_ADD_TC(tp, child_canceled);
	ATF_TP_ADD_TC(tp, terminate);
	ATF_TP_ADD_TC(tp, lost);
	ATF_TP_ADD_TC(tp, engine);
	ATF_TP_ADD_TC(tp, idempotency);
	ATF_TP_ADD_TC(tp, owner);
	ATF_TP_ADD_TC(tp, skip);
	ATF_TP_ADD_TC(tp, skip_waiting_item);
	ATF_TP_ADD_TC(tp, run_again);
	ATF_TP_ADD_TC(tp, pause);
	ATF_TP_ADD_TC(tp, pause_last);
	ATF_TP_ADD_TC(tp, freeze);
	ATF_TP_ADD_TC(tp, pause_cascade);
	ATF_TP_ADD_TC(tp, pause_waiting);
	ATF_TP_ADD_TC(tp, engine_freeze);
	return atf_no_error();
}
