/* links: tests/races.c tests/scene_text.c tests/scene.c tests/invariants.c tests/witness.c tests/task_changes.c tests/expected_end.c libcore.a libweir.a ; libs: msgpack lua5.4 jansson m */
/*
 * races_test: two things that happen at once, in both orders.  After each of
 * them the statuses of every execution and task are what they must be, and
 * what the journal gives back is what there is.
 */

#include "tests/races.h"
#include "tests/scene_case.h"

SCENE_CASE(cancel_first, "cancel, then an item fails")
{
	uint64_t id;

	scene_define(s,
	    "{'workflow': 'w', 'tasks': {'a': {'items': {'in': [1, 2, 3], "
	    "'parallel': 2}, " CALL "}}}");
	id = scene_start(s, "w", NULL);
	SEES("1 running: a running[running running pending]");
	ATF_REQUIRE(ASK(CANCEL, id, .reason = "so"));
	SEES("1 canceling: a running[running running pending]");
	scene_exit(s, id, "a", 0, 1, NULL);
	SEES("1 canceling: a running[failed running pending]");
	scene_exit(s, id, "a", 1, 0, NULL);
	SEES("1 canceled: a canceled[failed completed canceled]");
	REQUIRE_REASON(id, "so");
}

SCENE_CASE(item_first, "an item fails, then cancel")
{
	uint64_t id;

	scene_define(s,
	    "{'workflow': 'w', 'tasks': {'a': {'items': {'in': [1, 2, 3], "
	    "'parallel': 2}, " CALL "}}}");
	id = scene_start(s, "w", NULL);
	scene_exit(s, id, "a", 0, 1, NULL);
	SEES("1 running: a running[failed running pending]");
	ATF_REQUIRE(ASK(CANCEL, id, .reason = "so"));
	SEES("1 canceling: a running[failed running pending]");
	scene_exit(s, id, "a", 1, 0, NULL);
	SEES("1 canceled: a canceled[failed completed canceled]");
	REQUIRE_REASON(id, "so");
}

SCENE_CASE(kill_after_cancel, "cancel --kill after cancel, and the other way")
{
	uint64_t id;
	unsigned i;

	scene_define(s, AB);
	id = scene_start(s, "ab", NULL);
	ATF_REQUIRE(ASK(CANCEL, id));
	SEES("1 canceling: a running");
	ATF_REQUIRE(ASK(CANCEL, id, .kill = true));
	SEES("1 canceling: a canceling");
	ATF_REQUIRE(scene_runs(s, id, "a", EVENT_NONE, &i));
	ATF_REQUIRE_EQ(s->wants[i], PLAN_TERM);
	killed(s, id, "a");
	SEES("1 canceled: a canceled");
	REQUIRE_REASON(id, "canceled by tester");

	id = scene_start(s, "ab", NULL);
	ATF_REQUIRE(ASK(CANCEL, id, .kill = true));
	SEES("1 canceled: a canceled; 2 canceling: a canceling");
	ATF_REQUIRE(ASK(CANCEL, id)); /* it is; and is killed all the same */
	SEES("1 canceled: a canceled; 2 canceling: a canceling");
	EXIT(id, "a", 0);
	SEES("1 canceled: a canceled; 2 canceled: a canceled");
}

static void
define_retry(struct scene *s)
{
	scene_define(s,
	    "{'workflow': 'r', 'tasks': {'a': {" CALL ", 'retry': {'count': "
	    "1, 'delay': '10s'}}}}");
}

SCENE_CASE(terminate_delay, "terminate in a retry's delay, then the delay ends")
{
	uint64_t id;

	define_retry(s);
	id = scene_start(s, "r", NULL);
	EXIT(id, "a", 1);
	SEES("1 running: a pending");
	ATF_REQUIRE(ASK(TERMINATE, id, .reason = "no"));
	SEES("1 terminated: a canceled");
	scene_advance(s, 20 * SECOND);
	SEES("1 terminated: a canceled");
	ATF_REQUIRE_EQ(s->nrunning, 0);
	ATF_REQUIRE_EQ(plan_deadline(s->live), 0);
}

SCENE_CASE(terminate_due, "the delay is over as terminate comes")
{
	uint64_t id;

	define_retry(s);
	id = scene_start(s, "r", NULL);
	EXIT(id, "a", 1);
	/* Due, but no tick has come yet. */
	s->now += 20 * SECOND;
	ATF_REQUIRE(ASK(TERMINATE, id, .reason = "no"));
	SEES("1 terminated: a canceled");
	ATF_REQUIRE_EQ(s->nrunning, 0);

	id = scene_start(s, "r", NULL);
	EXIT(id, "a", 1);
	scene_advance(s, 10 * SECOND);
	SEES("1 terminated: a canceled; 2 running: a running");
	ATF_REQUIRE(ASK(TERMINATE, id, .reason = "no"));
	SEES("1 terminated: a canceled; 2 terminated: a canceled");
	ATF_REQUIRE_EQ(s->wants[0], PLAN_TERM);
	EXIT(id, "a", 0); /* late */
	SEES("1 terminated: a canceled; 2 terminated: a canceled");
	ATF_REQUIRE_EQ(s->nrunning, 0);
}

static void
define_wait(struct scene *s)
{
	scene_define(s,
	    "{'workflow': 'w', 'tasks': {'a': {" CALL ", 'next': [{'do': "
	    "'q'}]}, 'q': {'wait': {'signal': 'go', 'timeout': '10s'}}}}");
}

SCENE_CASE(signal_early, "a signal before its wait is kept for it")
{
	uint64_t id;

	define_wait(s);
	id = scene_start(s, "w", NULL);
	ATF_REQUIRE(ASK(SIGNAL, id, .name = "go"));
	SEES("1 running: a running");
	EXIT(id, "a", 0);
	SEES("1 completed: a completed, q completed");
	ATF_REQUIRE(!ASK(SIGNAL, id, .name = "go"));
}

SCENE_CASE(signal_late, "a signal after its wait has begun ends it, once")
{
	uint64_t id;

	define_wait(s);
	id = scene_start(s, "w", NULL);
	EXIT(id, "a", 0);
	SEES("1 waiting: a completed, q waiting");
	ATF_REQUIRE(ASK(SIGNAL, id, .name = "go"));
	SEES("1 completed: a completed, q completed");
	ATF_REQUIRE(!ASK(SIGNAL, id, .name = "go"));
	ATF_REQUIRE_EQ(s->reply.error, ERROR_STATE_CONFLICT);
}

SCENE_CASE(signal_timeout, "a signal as its wait times out")
{
	uint64_t id;

	define_wait(s);
	id = scene_start(s, "w", NULL);
	EXIT(id, "a", 0);
	s->now += 10 * SECOND; /* due: the signal came first */
	ATF_REQUIRE(ASK(SIGNAL, id, .name = "go"));
	SEES("1 completed: a completed, q completed");
	id = scene_start(s, "w", NULL);
	EXIT(id, "a", 0);
	scene_advance(s, 10 * SECOND);
	SEES("1 completed: a completed, q completed; "
	     "2 failed: a completed, q timed_out");
	ATF_REQUIRE(!ASK(SIGNAL, id, .name = "go"));
	SEES("1 completed: a completed, q completed; "
	     "2 failed: a completed, q timed_out");
}

static void
define_approval(struct scene *s)
{
	scene_define(s,
	    "{'workflow': 'p', 'tasks': {'q': {'wait': {'approval': 'Go?', "
	    "'timeout': '10s'}, 'next': [{'when': 'completed', 'do': 'a'}]}, "
	    "'a': {" CALL "}}}");
}

SCENE_CASE(approve_first, "approved at the instant of the timeout")
{
	uint64_t id;

	define_approval(s);
	id = scene_start(s, "p", NULL);
	s->now += 10 * SECOND;
	ATF_REQUIRE(ASK(APPROVE, id, .name = "q"));
	SEES("1 running: q completed, a running");
	scene_advance(s, SECOND);
	SEES("1 running: q completed, a running");
	ATF_REQUIRE(!ASK(REJECT, id, .name = "q"));
	SEES("1 running: q completed, a running");
}

SCENE_CASE(timeout_first, "timed out at the instant of the approval")
{
	uint64_t id;

	define_approval(s);
	id = scene_start(s, "p", NULL);
	scene_advance(s, 10 * SECOND);
	SEES("1 failed: q timed_out");
	s->now -= 1000000; /* the same instant */
	ATF_REQUIRE(!ASK(APPROVE, id, .name = "q"));
	ATF_REQUIRE_EQ(s->reply.error, ERROR_STATE_CONFLICT);
	SEES("1 failed: q timed_out");
}

SCENE_CASE(approve_reject, "approve and reject at once: the first counts")
{
	uint64_t id;

	define_approval(s);
	id = scene_start(s, "p", NULL);
	ATF_REQUIRE(ASK(APPROVE, id, .name = "q"));
	ATF_REQUIRE(!ASK(REJECT, id, .name = "q"));
	SEES("1 running: q completed, a running");
	id = scene_start(s, "p", NULL);
	ATF_REQUIRE(ASK(REJECT, id, .name = "q"));
	ATF_REQUIRE(!ASK(APPROVE, id, .name = "q"));
	SEES("1 running: q completed, a running; 2 failed: q failed");
}

SCENE_CASE(child_first, "a subworkflow ends, then its parent is canceled")
{
	uint64_t id;

	define_family(s);
	id = scene_start(s, "top", NULL);
	SEES("1 running: s running, q running; 2 running: a running");
	EXIT(id + 1, "a", 0);
	EXIT(id + 1, "b", 0);
	SEES("1 running: s completed, q running, z running; "
	     "2 completed: a completed, b completed");
	ATF_REQUIRE(ASK(CANCEL, id, .reason = "so"));
	SEES("1 canceling: s completed, q running, z running; "
	     "2 completed: a completed, b completed");
	EXIT(id, "q", 0);
	EXIT(id, "z", 0);
	SEES("1 canceled: s completed, q completed, z completed; "
	     "2 completed: a completed, b completed");
}

SCENE_CASE(parent_first, "a parent is canceled, then its subworkflow ends")
{
	uint64_t id;

	define_family(s);
	id = scene_start(s, "top", NULL);
	EXIT(id + 1, "a", 0);
	ATF_REQUIRE(ASK(CANCEL, id, .reason = "so"));
	SEES("1 canceling: s running, q running; "
	     "2 canceling: a completed, b running");
	EXIT(id + 1, "b", 0);
	SEES("1 canceling: s canceled, q running; "
	     "2 canceled: a completed, b completed");
	REQUIRE_REASON(id + 1, "with its parent 1: so");
	EXIT(id, "q", 0);
	SEES("1 canceled: s canceled, q completed; "
	     "2 canceled: a completed, b completed");
	ATF_REQUIRE_STREQ(scene_execution(s, id)->k.reason, "so");
}

SCENE_CASE(child_terminated, "a parent is terminated as its subworkflow ends")
{
	uint64_t id;

	define_family(s);
	id = scene_start(s, "top", NULL);
	EXIT(id + 1, "a", 0);
	ATF_REQUIRE(ASK(TERMINATE, id, .reason = "so"));
	SEES("1 terminated: s canceled, q canceled; "
	     "2 terminated: a completed, b canceled");
	REQUIRE_REASON(id + 1, "with its parent 1: so");
	EXIT(id + 1, "b", 0); /* late */
	EXIT(id, "q", 0);
	SEES("1 terminated: s canceled, q canceled; "
	     "2 terminated: a completed, b canceled");
}

SCENE_CASE(skip_first, "a task is skipped, then its callout ends")
{
	uint64_t id;

	scene_define(s, AB);
	id = scene_start(s, "ab", NULL);
	ATF_REQUIRE(ASK(SKIP, id, .name = "a"));
	SEES("1 running: a skipped, b running");
	EXIT(id, "a", 1); /* late: it changes nothing */
	SEES("1 running: a skipped, b running");
	EXIT(id, "b", 0);
	SEES("1 completed: a skipped, b completed");
}

SCENE_CASE(skip_second, "a callout ends, then its task is skipped: refused")
{
	uint64_t id;

	scene_define(s, AB);
	id = scene_start(s, "ab", NULL);
	EXIT(id, "a", 1);
	ATF_REQUIRE(!ASK(SKIP, id, .name = "a"));
	ATF_REQUIRE_EQ(s->reply.error, ERROR_STATE_CONFLICT);
	SEES("1 running: a failed, b running");
}

SCENE_CASE(update_first, "a task is updated, then its callout ends")
{
	uint64_t id;

	scene_define(s, AB);
	id = scene_start(s, "ab", NULL);
	ATF_REQUIRE(ASK(
	    UPDATE, id, .name = "a", .status = TASK_FAILED, .terminal = true));
	SEES("1 running: a failed, b running");
	EXIT(id, "a", 0);
	SEES("1 running: a failed, b running");
	ATF_REQUIRE(ASK(UPDATE, id, .name = "b", .status = TASK_RUNNING));
	SEES("1 running: a failed, b pending"); /* after what is stopped */
	EXIT(id, "b", 0);
	SEES("1 running: a failed, b running");
	ATF_REQUIRE_EQ(
	    scene_execution(s, id)->runs[1]->actions[0].k.attempts, 2);
	EXIT(id, "b", 0);
	SEES("1 completed: a failed, b completed");
}

SCENE_CASE(update_second, "a callout ends, then its task is updated: refused")
{
	uint64_t id;

	scene_define(s, AB);
	id = scene_start(s, "ab", NULL);
	EXIT(id, "a", 0);
	ATF_REQUIRE(!ASK(UPDATE, id, .name = "a", .status = TASK_RUNNING));
	ATF_REQUIRE_EQ(s->reply.error, ERROR_STATE_CONFLICT);
	SEES("1 running: a completed, b running");
}

static void
define_timeouts(struct scene *s)
{
	scene_define(s,
	    "{'workflow': 't', 'timeout': '10s', 'tasks': {'a': {" CALL "}}}");
	scene_define(s,
	    "{'workflow': 'u', 'tasks': {'a': {" CALL ", 'timeout': "
	    "'10s'}}}");
}

SCENE_CASE(execution_timeout, "an execution times out as its last task ends")
{
	uint64_t id;

	define_timeouts(s);
	id = scene_start(s, "t", NULL);
	s->now += 10 * SECOND; /* due, but the end is told first */
	EXIT(id, "a", 0);
	SEES("1 completed: a completed");
	id = scene_start(s, "t", NULL);
	scene_advance(s, 10 * SECOND);
	SEES("1 completed: a completed; 2 running(timed_out): a canceling");
	EXIT(id, "a", 0);
	SEES("1 completed: a completed; 2 timed_out: a canceled");
}

SCENE_CASE(task_timeout, "a task times out as its callout's end is on its way")
{
	uint64_t id;

	define_timeouts(s);
	id = scene_start(s, "u", NULL);
	s->now += 10 * SECOND;
	EXIT(id, "a", 0);
	SEES("1 completed: a completed");
	id = scene_start(s, "u", NULL);
	scene_advance(s, 10 * SECOND);
	SEES("1 completed: a completed; 2 running: a running");
	ATF_REQUIRE_EQ(s->wants[0], PLAN_TERM);
	EXIT(id, "a", 0);
	SEES("1 completed: a completed; 2 failed: a timed_out");
	ATF_REQUIRE_EQ(plan_deadline(s->live), 0);
}

SCENE_CASE(deadlines_nested, "two deadlines at once, one above the other")
{
	uint64_t id;

	scene_define(s,
	    "{'workflow': 'lone', 'limits': {'parallel_runs': 1}, 'tasks': "
	    "{'a': {" CALL "}}}");
	scene_define(s,
	    "{'workflow': 'm', 'tasks': {'s': {'workflow': 'lone', 'timeout': "
	    "'8s'}}}");
	scene_define(s,
	    "{'workflow': 't', 'tasks': {'s': {'workflow': 'm', 'timeout': "
	    "'8s'}}}");
	scene_start(s, "lone", NULL);
	id = scene_start(s, "t", NULL);
	SEES("1 running: a running; 2 running: s running; 3 running: s "
	     "running; 4 pending");
	scene_advance(s, 8 * SECOND);
	SEES("1 running: a running; 2 failed: s timed_out; 3 canceled: s "
	     "canceled; 4 canceled");
	REQUIRE_REASON(id + 2, "with its parent 3: by its parent 2: timed out");
}

SCENE_CASE(join_both, "two arrivals at a join, in both orders")
{
	uint64_t id;

	scene_define(s,
	    "{'workflow': 'j', 'tasks': {'l': {" CALL ", 'next': [{'do': "
	    "'j'}]}, 'r': {" CALL ", 'next': [{'do': 'j'}]}, 'j': {'join': "
	    "'all', " CALL "}}}");
	scene_define(s,
	    "{'workflow': 'n', 'tasks': {'l': {" CALL ", 'next': [{'do': "
	    "'j'}]}, 'r': {" CALL ", 'next': [{'do': 'j'}]}, 'j': {'join': "
	    "1, " CALL "}}}");
	id = scene_start(s, "j", NULL);
	EXIT(id, "l", 0);
	SEES("1 running: l completed, r running");
	EXIT(id, "r", 0);
	SEES("1 running: l completed, r completed, j running");
	EXIT(id, "j", 0);
	id = scene_start(s, "j", NULL);
	EXIT(id, "r", 0);
	EXIT(id, "l", 0);
	SEES("1 completed: l completed, r completed, j completed; "
	     "2 running: l completed, r completed, j running");
	EXIT(id, "j", 0);
	id = scene_start(s, "n", NULL);
	EXIT(id, "r", 0);
	EXIT(id, "l", 0); /* late: it starts nothing */
	SEES("1 completed: l completed, r completed, j completed; "
	     "2 completed: l completed, r completed, j completed; "
	     "3 running: l completed, r completed, j running");
	EXIT(id, "j", 0);
	STATUS(id, "completed");
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, cancel_first);
	ATF_TP_ADD_TC(tp, item_first);
	ATF_TP_ADD_TC(tp, kill_after_cancel);
	ATF_TP_ADD_TC(tp, terminate_delay);
	ATF_TP_ADD_TC(tp, terminate_due);
	ATF_TP_ADD_TC(tp, signal_early);
	ATF_TP_ADD_TC(tp, signal_late);
	ATF_TP_ADD_TC(tp, signal_timeout);
	ATF_TP_ADD_TC(tp, approve_first);
	ATF_TP_ADD_TC(tp, timeout_first);
	ATF_TP_ADD_TC(tp, approve_reject);
	ATF_TP_ADD_TC(tp, child_first);
	ATF_TP_ADD_TC(tp, parent_first);
	ATF_TP_ADD_TC(tp, child_terminated);
	ATF_TP_ADD_TC(tp, skip_first);
	ATF_TP_ADD_TC(tp, skip_second);
	ATF_TP_ADD_TC(tp, update_first);
	ATF_TP_ADD_TC(tp, update_second);
	ATF_TP_ADD_TC(tp, execution_timeout);
	ATF_TP_ADD_TC(tp, task_timeout);
	ATF_TP_ADD_TC(tp, deadlines_nested);
	ATF_TP_ADD_TC(tp, join_both);
	return atf_no_error();
}
