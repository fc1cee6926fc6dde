/* links: tests/races.c tests/scene_text.c tests/scene.c tests/invariants.c tests/witness.c tests/task_changes.c tests/expected_end.c libcore.a libweir.a ; libs: msgpack lua5.4 jansson m */
/* races_again_test: two who run it again, and children whose parent moves. */

#include "tests/races.h"
#include "tests/scene_case.h"

/*
 * Each of the two verbs alone would run it again; the second finds it running.
 */
static void
twice(struct scene *s, enum command_type first, enum command_type second,
    const char *then)
{
	struct value *tasks = scene_value("['a']");
	struct command c = scene_command(first);

	scene_define(s, AB);
	c.execution = scene_start(s, "ab", NULL);
	EXIT(c.execution, "a", 0);
	EXIT(c.execution, "b", 1);
	SEES("1 failed: a completed, b failed");
	c.tasks = tasks;
	ATF_REQUIRE(scene_do(s, &c));
	SEES(then);
	c.type = second;
	ATF_REQUIRE(!scene_do(s, &c));
	ATF_REQUIRE_EQ(s->reply.error, ERROR_STATE_CONFLICT);
	SEES(then);
	value_unref(tasks);
}

#define TWICE(name, first, second, then)                                       \
	SCENE_CASE(name, #first " and " #second " at once")                    \
	{                                                                      \
		twice(                                                         \
		    s, COMMAND_##first, COMMAND_##second, "1 running: " then); \
	}

TWICE(rerun_rerun, RERUN, RERUN, "a running")
TWICE(rerun_restart, RERUN, RESTART, "a running")
TWICE(rerun_retry, RERUN, RETRY, "a running")
TWICE(rerun_tasks, RERUN, RERUN_TASKS, "a running")
TWICE(restart_rerun, RESTART, RERUN, "a running")
TWICE(restart_restart, RESTART, RESTART, "a running")
TWICE(restart_retry, RESTART, RETRY, "a running")
TWICE(restart_tasks, RESTART, RERUN_TASKS, "a running")
TWICE(retry_rerun, RETRY, RERUN, "a completed, b#2 running")
TWICE(retry_restart, RETRY, RESTART, "a completed, b#2 running")
TWICE(retry_retry, RETRY, RETRY, "a completed, b#2 running")
TWICE(tasks_rerun, RERUN_TASKS, RERUN, "a#2 running")
TWICE(tasks_restart, RERUN_TASKS, RESTART, "a#2 running")
TWICE(tasks_retry, RERUN_TASKS, RETRY, "a#2 running")
TWICE(tasks_tasks, RERUN_TASKS, RERUN_TASKS, "a#2 running")

SCENE_CASE(retry_tasks, "retry, then rerun --task of what it left alone")
{
	struct value *tasks = scene_value("['a']");
	uint64_t id;

	scene_define(s, AB);
	id = scene_start(s, "ab", NULL);
	EXIT(id, "a", 0);
	EXIT(id, "b", 1);
	ATF_REQUIRE(ASK(RETRY, id));
	SEES("1 running: a completed, b#2 running");
	ATF_REQUIRE(ASK(RERUN_TASKS, id, .tasks = tasks));
	SEES("1 running: a#2 running"); /* b goes again after it */
	EXIT(id, "b", 0);		/* superseded */
	SEES("1 running: a#2 running");
	EXIT(id, "a", 0);
	SEES("1 running: a#2 completed, b#3 running");
	value_unref(tasks);
}

/* The child has failed, and its parent will when q has ended. */
static uint64_t
failed_family(struct scene *s)
{
	uint64_t id;

	define_family(s);
	id = scene_start(s, "top", NULL);
	EXIT(id + 1, "a", 0);
	EXIT(id + 1, "b", 1);
	return id;
}

SCENE_CASE(
    revive_ending, "a child runs again while its parent comes to its end")
{
	uint64_t id = failed_family(s);
	struct value *b = scene_value("['b']");

	SEES("1 running(failed): s failed, q running; "
	     "2 failed: a completed, b failed");
	ATF_REQUIRE(!ASK(RETRY, id + 1));
	ATF_REQUIRE_EQ(s->reply.error, ERROR_STATE_CONFLICT);
	ATF_REQUIRE(!ASK(RERUN_TASKS, id + 1, .tasks = b));
	ATF_REQUIRE(!ASK(RESTART, id + 1));
	ATF_REQUIRE(!ASK(RERUN_TASKS, id, .tasks = b));
	SEES("1 running(failed): s failed, q running; "
	     "2 failed: a completed, b failed");
	EXIT(id, "q", 0);
	SEES("1 failed: s failed, q completed; "
	     "2 failed: a completed, b failed");
	ATF_REQUIRE(ASK(RETRY, id + 1));
	SEES("1 running: s running, q completed; "
	     "2 running: a completed, b#2 running");
	EXIT(id + 1, "b", 0);
	SEES("1 running: s completed, q completed, z running; "
	     "2 completed: a completed, b#2 completed");
	EXIT(id, "z", 0);
	SEES("1 completed: s completed, q completed, z completed; "
	     "2 completed: a completed, b#2 completed");
	value_unref(b);
}

SCENE_CASE(rerun_ending, "what will end failed can't be run again before")
{
	struct value *a = scene_value("['s']");
	uint64_t id = failed_family(s);

	ATF_REQUIRE(!ASK(RERUN_TASKS, id, .tasks = a));
	ATF_REQUIRE_EQ(s->reply.error, ERROR_STATE_CONFLICT);
	ATF_REQUIRE(strstr(s->reply.message, "on its way to being failed"));
	SEES("1 running(failed): s failed, q running; "
	     "2 failed: a completed, b failed");
	value_unref(a);
}

/* v takes care of what becomes of its subworkflow, and goes on. */
static uint64_t
handled_family(struct scene *s)
{
	uint64_t id;

	scene_define(s, AB);
	scene_define(s,
	    "{'workflow': 'v', 'tasks': {'s': {'workflow': 'ab', 'next': "
	    "[{'when': 'always', 'do': 'z'}]}, 'z': {" CALL "}}}");
	id = scene_start(s, "v", NULL);
	EXIT(id + 1, "a", 0);
	EXIT(id + 1, "b", 1);
	SEES("1 running: s failed, z running; "
	     "2 failed: a completed, b failed");
	return id;
}

SCENE_CASE(revive_running, "a child runs again while its parent goes on")
{
	uint64_t id = handled_family(s);

	ATF_REQUIRE(ASK(RETRY, id + 1)); /* z came of its failure */
	SEES("1 running: s running; 2 running: a completed, b#2 running");
	EXIT(id, "z", 0); /* being stopped: superseded */
	EXIT(id + 1, "b", 0);
	SEES("1 running: s completed, z#2 running; "
	     "2 completed: a completed, b#2 completed");
	EXIT(id, "z", 0);
	SEES("1 completed: s completed, z#2 completed; "
	     "2 completed: a completed, b#2 completed");
}

SCENE_CASE(revive_paused, "a child runs again while its parent is paused")
{
	uint64_t id = handled_family(s);

	ATF_REQUIRE(ASK(PAUSE, id));
	SEES("1 pausing: s failed, z running; "
	     "2 failed: a completed, b failed");
	EXIT(id, "z", 0);
	SEES("1 completed: s failed, z completed; "
	     "2 failed: a completed, b failed");

	id = scene_start(s, "v", NULL);
	ATF_REQUIRE(ASK(PAUSE, id, .freeze = true));
	ATF_REQUIRE(ASK(RESUME, id + 1)); /* this branch alone runs */
	EXIT(id + 1, "a", 0);
	EXIT(id + 1, "b", 1);
	SEES("1 completed: s failed, z completed; "
	     "2 failed: a completed, b failed; "
	     "3 paused: s failed, z pending; "
	     "4 failed: a completed, b failed");
	ATF_REQUIRE(ASK(RETRY, id + 1));
	SEES("1 completed: s failed, z completed; "
	     "2 failed: a completed, b failed; "
	     "3 paused: s running; "
	     "4 running: a completed, b#2 running");
	EXIT(id + 1, "b", 0);
	SEES("1 completed: s failed, z completed; "
	     "2 failed: a completed, b failed; "
	     "3 paused: s completed, z#2 pending; "
	     "4 completed: a completed, b#2 completed");
	ATF_REQUIRE(ASK(RESUME, id));
	EXIT(id, "z", 0);
	STATUS(id, "completed");
}

SCENE_CASE(
    revive_canceling, "a child can't run again as its parent is canceled")
{
	uint64_t id = handled_family(s);

	ATF_REQUIRE(ASK(CANCEL, id));
	SEES("1 canceling: s failed, z running; "
	     "2 failed: a completed, b failed");
	ATF_REQUIRE(!ASK(RETRY, id + 1));
	ATF_REQUIRE_EQ(s->reply.error, ERROR_STATE_CONFLICT);
	ATF_REQUIRE(!ASK(RERUN, id + 1));
	SEES("1 canceling: s failed, z running; "
	     "2 failed: a completed, b failed");
	EXIT(id, "z", 0);
	ATF_REQUIRE(ASK(RETRY, id + 1)); /* now it takes its parent along */
	SEES("1 running: s running; 2 running: a completed, b#2 running");
	ATF_REQUIRE(ASK(CANCEL, id)); /* and is canceled with it */
	SEES("1 canceling: s running; 2 canceling: a completed, b#2 running");
	EXIT(id + 1, "b", 0);
	SEES("1 canceled: s canceled; 2 canceled: a completed, b#2 completed");
}

SCENE_CASE(revive_cut_off, "what was cut off behind a child waits for it")
{
	uint64_t id = handled_family(s);

	ATF_REQUIRE(ASK(TERMINATE, id, .reason = "so"));
	ATF_REQUIRE(!ASK(RETRY, id + 1)); /* z is still being stopped */
	killed(s, id, "z");
	SEES("1 terminated: s failed, z canceled; "
	     "2 failed: a completed, b failed");
	ATF_REQUIRE(ASK(RETRY, id + 1));
	SEES("1 running: s running; 2 running: a completed, b#2 running");
	EXIT(id + 1, "b", 0);
	SEES("1 running: s completed, z#2 running; "
	     "2 completed: a completed, b#2 completed");
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, rerun_rerun);
	ATF_TP_ADD_TC(tp, rerun_restart);
	ATF_TP_ADD_TC(tp, rerun_retry);
	ATF_TP_ADD_TC(tp, rerun_tasks);
	ATF_TP_ADD_TC(tp, restart_rerun);
	ATF_TP_ADD_TC(tp, restart_restart);
	ATF_TP_ADD_TC(tp, restart_retry);
	ATF_TP_ADD_TC(tp, restart_tasks);
	ATF_TP_ADD_TC(tp, retry_rerun);
	ATF_TP_ADD_TC(tp, retry_restart);
	ATF_TP_ADD_TC(tp, retry_retry);
	ATF_TP_ADD_TC(tp, tasks_rerun);
	ATF_TP_ADD_TC(tp, tasks_restart);
	ATF_TP_ADD_TC(tp, tasks_retry);
	ATF_TP_ADD_TC(tp, tasks_tasks);
	ATF_TP_ADD_TC(tp, retry_tasks);
	ATF_TP_ADD_TC(tp, revive_ending);
	ATF_TP_ADD_TC(tp, rerun_ending);
	ATF_TP_ADD_TC(tp, revive_running);
	ATF_TP_ADD_TC(tp, revive_paused);
	ATF_TP_ADD_TC(tp, revive_canceling);
	ATF_TP_ADD_TC(tp, revive_cut_off);
	return atf_no_error();
}
