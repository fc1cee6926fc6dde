/* links: tests/races.c tests/scene_text.c tests/scene.c tests/invariants.c tests/witness.c tests/task_changes.c tests/expected_end.c libcore.a libweir.a ; libs: msgpack lua5.4 jansson m */
/* races_hold_test: pause, freeze and resume as something else happens. */

#include "tests/races.h"
#include "tests/scene_case.h"

SCENE_CASE(pause_first, "pause, then the last task ends: completed")
{
	uint64_t id;

	scene_define(s, ONE);
	id = scene_start(s, "one", NULL);
	ATF_REQUIRE(ASK(PAUSE, id));
	SEES("1 pausing: a running");
	EXIT(id, "a", 0);
	SEES("1 completed: a completed");
	ATF_REQUIRE(!ASK(RESUME, id));
	SEES("1 completed: a completed");
}

SCENE_CASE(last_first, "the last task ends, then pause: refused")
{
	uint64_t id;

	scene_define(s, ONE);
	id = scene_start(s, "one", NULL);
	EXIT(id, "a", 0);
	SEES("1 completed: a completed");
	ATF_REQUIRE(!ASK(PAUSE, id));
	ATF_REQUIRE_EQ(s->reply.error, ERROR_STATE_CONFLICT);
	SEES("1 completed: a completed");
}

SCENE_CASE(freeze_first, "freeze, and yet the callout ends")
{
	uint64_t id;

	scene_define(s, AB);
	id = scene_start(s, "ab", NULL);
	ATF_REQUIRE(ASK(PAUSE, id, .freeze = true));
	SEES("1 paused: a paused");
	EXIT(id, "a", 0); /* it was on its way */
	SEES("1 paused: a completed, b pending");
	ATF_REQUIRE(ASK(RESUME, id));
	SEES("1 running: a completed, b running");
	EXIT(id, "b", 0);
	SEES("1 completed: a completed, b completed");
}

SCENE_CASE(freeze_last, "freeze, and the callout that ends was the last one")
{
	uint64_t id;

	scene_define(s, ONE);
	id = scene_start(s, "one", NULL);
	ATF_REQUIRE(ASK(PAUSE, id, .freeze = true));
	EXIT(id, "a", 0);
	SEES("1 paused: a completed");
	ATF_REQUIRE(ASK(RESUME, id));
	SEES("1 completed: a completed");
}

SCENE_CASE(freeze_second, "the callout ends, then freeze")
{
	uint64_t id;

	scene_define(s, AB);
	id = scene_start(s, "ab", NULL);
	EXIT(id, "a", 0);
	SEES("1 running: a completed, b running");
	ATF_REQUIRE(ASK(PAUSE, id, .freeze = true));
	SEES("1 paused: a completed, b paused");
	ATF_REQUIRE(ASK(RESUME, id));
	SEES("1 running: a completed, b running");
}

SCENE_CASE(resume_early, "resume while pausing is refused; --early is not")
{
	uint64_t id;

	scene_define(s, AB);
	id = scene_start(s, "ab", NULL);
	ATF_REQUIRE(ASK(PAUSE, id));
	ATF_REQUIRE(!ASK(RESUME, id));
	ATF_REQUIRE_EQ(s->reply.error, ERROR_STATE_CONFLICT);
	SEES("1 pausing: a running");
	ATF_REQUIRE(ASK(RESUME, id, .early = true));
	SEES("1 running: a running");
	EXIT(id, "a", 0);
	SEES("1 running: a completed, b running");
}

SCENE_CASE(resume_drained, "what drains ends, then resume, --early or not")
{
	uint64_t id;

	scene_define(s, AB);
	id = scene_start(s, "ab", NULL);
	ATF_REQUIRE(ASK(PAUSE, id));
	EXIT(id, "a", 0);
	SEES("1 paused: a completed, b pending");
	ATF_REQUIRE(ASK(RESUME, id, .early = true));
	SEES("1 running: a completed, b running");
	ATF_REQUIRE(ASK(PAUSE, id));
	SEES("1 pausing: a completed, b running");
	ATF_REQUIRE(ASK(RESUME, id, .early = true));
	ATF_REQUIRE(!ASK(RESUME, id)); /* nothing to resume any more */
	SEES("1 running: a completed, b running");
}

SCENE_CASE(engine_first, "the engine pauses, then the last callout ends")
{
	uint64_t id;

	scene_define(s, AB);
	id = scene_start(s, "ab", NULL);
	ATF_REQUIRE(ASK(ENGINE_PAUSE, 0));
	ATF_REQUIRE_EQ(s->live->k.engine, ENGINE_PAUSING);
	ATF_REQUIRE(!ASK(ENGINE_RESUME, 0));
	ATF_REQUIRE(strstr(s->reply.message, "still 1 callout;") != NULL);
	EXIT(id, "a", 0);
	ATF_REQUIRE_EQ(s->live->k.engine, ENGINE_PAUSED);
	SEES("1 running: a completed, b pending");
	ATF_REQUIRE(ASK(ENGINE_RESUME, 0));
	SEES("1 running: a completed, b running");
}

SCENE_CASE(frozen_first, "what stands frozen already is not waited for")
{
	uint64_t one, two, left;

	scene_define(s, AB);
	one = scene_start(s, "ab", NULL);
	two = scene_start(s, "ab", NULL);
	left = scene_start(s, "ab", NULL);
	ATF_REQUIRE(ASK(PAUSE, one, .freeze = true));
	ATF_REQUIRE(ASK(ENGINE_PAUSE, 0));
	ATF_REQUIRE_EQ(s->live->k.engine, ENGINE_PAUSING);
	ATF_REQUIRE(!ASK(ENGINE_RESUME, 0));
	ATF_REQUIRE(strstr(s->reply.message, "still 2 callouts;") != NULL);
	ATF_REQUIRE(!ASK(ENGINE_PAUSE, 0, .freeze = true));
	ATF_REQUIRE(strstr(s->reply.message, "`weirctl pause --all --freeze`"));
	EXIT(left, "a", 0);
	ATF_REQUIRE_EQ(s->live->k.engine, ENGINE_PAUSING);
	ATF_REQUIRE(ASK(PAUSE, two, .freeze = true));
	ATF_REQUIRE_EQ(s->live->k.engine, ENGINE_PAUSED);
	scene_recovers(s);
	ATF_REQUIRE(ASK(ENGINE_RESUME, 0));
	SEES("1 paused: a paused; 2 paused: a paused; "
	     "3 running: a completed, b running");
}

SCENE_CASE(thawed_in_between, "what is resumed while the engine drains counts")
{
	uint64_t one, two;

	scene_define(s, AB);
	one = scene_start(s, "ab", NULL);
	two = scene_start(s, "ab", NULL);
	ATF_REQUIRE(ASK(PAUSE, one, .freeze = true));
	ATF_REQUIRE(ASK(ENGINE_PAUSE, 0));
	ATF_REQUIRE(ASK(RESUME, one));
	EXIT(two, "a", 0);
	ATF_REQUIRE_EQ(s->live->k.engine, ENGINE_PAUSING);
	EXIT(one, "a", 0);
	ATF_REQUIRE_EQ(s->live->k.engine, ENGINE_PAUSED);
	SEES("1 running: a completed, b pending; "
	     "2 running: a completed, b pending");
}

/* The engine is PAUSED, and the execution frozen by itself. */
static uint64_t
stand_still(struct scene *s)
{
	uint64_t id;

	scene_define(s, AB);
	id = scene_start(s, "ab", NULL);
	ATF_REQUIRE(ASK(PAUSE, id, .freeze = true));
	ATF_REQUIRE(ASK(ENGINE_PAUSE, 0));
	ATF_REQUIRE_EQ(s->live->k.engine, ENGINE_PAUSED);
	ATF_REQUIRE_EQ(s->wants[0], PLAN_FREEZE);
	return id;
}

SCENE_CASE(thawed_later, "under a paused engine a callout stands still")
{
	uint64_t id = stand_still(s);

	ATF_REQUIRE(ASK(RESUME, id));
	SEES("1 running: a paused");
	ATF_REQUIRE_EQ(s->wants[0], PLAN_FREEZE);
	ATF_REQUIRE(ASK(PAUSE, id)); /* and so it is paused at once */
	SEES("1 paused: a paused");
	ATF_REQUIRE(ASK(RESUME, id));
	ATF_REQUIRE(ASK(ENGINE_RESUME, 0));
	SEES("1 running: a running");
	ATF_REQUIRE_EQ(s->wants[0], PLAN_RUN);
}

SCENE_CASE(ended_later, "what is to end runs to its end, the engine paused")
{
	uint64_t id = stand_still(s);

	ATF_REQUIRE(ASK(CANCEL, id));
	ATF_REQUIRE_EQ(s->live->k.engine, ENGINE_PAUSED);
	ATF_REQUIRE_EQ(s->wants[0], PLAN_RUN);
	EXIT(id, "a", 0);
	SEES("1 canceled: a completed");
	ATF_REQUIRE(ASK(ENGINE_RESUME, 0));
	id = stand_still(s);
	ATF_REQUIRE(ASK(TERMINATE, id, .reason = "enough"));
	ATF_REQUIRE_EQ(s->wants[0], PLAN_TERM);
	killed(s, id, "a");
	ATF_REQUIRE_EQ(s->live->k.engine, ENGINE_PAUSED);
}

SCENE_CASE(engine_second, "the last callout ends, then the engine pauses")
{
	uint64_t id;

	scene_define(s, ONE);
	id = scene_start(s, "one", NULL);
	EXIT(id, "a", 0);
	ATF_REQUIRE(ASK(ENGINE_PAUSE, 0));
	ATF_REQUIRE_EQ(s->live->k.engine, ENGINE_PAUSED);
	ATF_REQUIRE(!ASK(ENGINE_PAUSE, 0));
	SEES("1 completed: a completed");
	ATF_REQUIRE(ASK(ENGINE_RESUME, 0));
	ATF_REQUIRE(!ASK(ENGINE_RESUME, 0));
}

SCENE_CASE(
    engine_frozen, "a pause of what the engine has frozen is there at once")
{
	uint64_t id;

	define_family(s);
	id = scene_start(s, "top", NULL);
	ATF_REQUIRE(ASK(ENGINE_PAUSE, 0, .freeze = true));
	SEES("1 running: s running, q paused; 2 running: a paused");
	ATF_REQUIRE(ASK(PAUSE, id, .reason = "mine"));
	SEES("1 paused: s paused, q paused; 2 paused: a paused");
	ATF_REQUIRE_STREQ(scene_execution(s, id)->k.hold.reason, "mine");
	ATF_REQUIRE_EQ(scene_execution(s, id + 1)->k.hold.by, HOLD_PARENT);
	/* What was paused by itself does not go on with the engine. */
	ATF_REQUIRE(ASK(ENGINE_RESUME, 0));
	SEES("1 paused: s paused, q paused; 2 paused: a paused");
	ATF_REQUIRE_EQ(s->wants[0], PLAN_FREEZE);
	ATF_REQUIRE(ASK(RESUME, id));
	SEES("1 running: s running, q running; 2 running: a running");
	ATF_REQUIRE_EQ(s->wants[0], PLAN_RUN);
}

SCENE_CASE(frozen_while_pausing, "a pause that drains, then the engine freezes")
{
	uint64_t id;

	define_family(s);
	id = scene_start(s, "top", NULL);
	ATF_REQUIRE(ASK(PAUSE, id));
	SEES("1 pausing: s running, q running; 2 pausing: a running");
	ATF_REQUIRE(ASK(ENGINE_PAUSE, 0, .freeze = true));
	SEES("1 paused: s paused, q paused; 2 paused: a paused");
	ATF_REQUIRE(ASK(ENGINE_RESUME, 0));
	SEES("1 paused: s paused, q paused; 2 paused: a paused");
	ATF_REQUIRE(ASK(RESUME, id));
	SEES("1 running: s running, q running; 2 running: a running");
}

SCENE_CASE(child_clock, "the timeout of a task that runs a held child stands")
{
	uint64_t id;

	scene_define(s, ONE);
	scene_define(s,
	    "{'workflow': 'c', 'tasks': {'s': {'workflow': 'one', 'timeout': "
	    "'10s'}}}");
	id = scene_start(s, "c", NULL);
	scene_advance(s, 5 * SECOND);
	ATF_REQUIRE(ASK(PAUSE, id, .freeze = true));
	scene_advance(s, 100 * SECOND);
	SEES("1 paused: s paused; 2 paused: a paused");
	ATF_REQUIRE(ASK(RESUME, id));
	scene_advance(s, 4 * SECOND);
	SEES("1 running: s running; 2 running: a running");
	ATF_REQUIRE(ASK(ENGINE_PAUSE, 0, .freeze = true));
	scene_advance(s, 100 * SECOND);
	SEES("1 running: s running; 2 running: a paused");
	ATF_REQUIRE(ASK(ENGINE_RESUME, 0));
	scene_advance(s, 2 * SECOND);
	SEES("1 running: s running; 2 canceling: a canceling");
	REQUIRE_REASON(id + 1, "by its parent 1: timed out after 10s");
	killed(s, id + 1, "a");
	SEES("1 failed: s timed_out; 2 canceled: a canceled");
}

SCENE_CASE(
    cascade_below, "a pause reaches what was resumed below a paused child")
{
	uint64_t id;

	scene_define(s, AB);
	scene_define(
	    s, "{'workflow': 'm', 'tasks': {'s': {'workflow': 'ab'}}}");
	scene_define(s, "{'workflow': 't', 'tasks': {'s': {'workflow': 'm'}}}");
	id = scene_start(s, "t", NULL);
	ATF_REQUIRE(ASK(PAUSE, id + 1, .hold = true, .freeze = true));
	ATF_REQUIRE(ASK(RESUME, id + 2));
	SEES("1 waiting: s paused; 2 paused: s running; 3 running: a running");
	ATF_REQUIRE(ASK(PAUSE, id, .hold = true));
	SEES("1 paused: s paused; 2 paused: s running; 3 pausing: a running");
	EXIT(id + 2, "a", 0);
	SEES("1 paused: s paused; 2 paused: s paused; "
	     "3 paused: a completed, b pending");
	ATF_REQUIRE(ASK(RESUME, id, .all = true));
	SEES("1 running: s running; 2 running: s running; "
	     "3 running: a completed, b running");
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, pause_first);
	ATF_TP_ADD_TC(tp, last_first);
	ATF_TP_ADD_TC(tp, freeze_first);
	ATF_TP_ADD_TC(tp, freeze_last);
	ATF_TP_ADD_TC(tp, freeze_second);
	ATF_TP_ADD_TC(tp, resume_early);
	ATF_TP_ADD_TC(tp, resume_drained);
	ATF_TP_ADD_TC(tp, engine_first);
	ATF_TP_ADD_TC(tp, frozen_first);
	ATF_TP_ADD_TC(tp, thawed_in_between);
	ATF_TP_ADD_TC(tp, thawed_later);
	ATF_TP_ADD_TC(tp, ended_later);
	ATF_TP_ADD_TC(tp, engine_second);
	ATF_TP_ADD_TC(tp, engine_frozen);
	ATF_TP_ADD_TC(tp, frozen_while_pausing);
	ATF_TP_ADD_TC(tp, child_clock);
	ATF_TP_ADD_TC(tp, cascade_below);
	return atf_no_error();
}
