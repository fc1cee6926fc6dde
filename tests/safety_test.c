/* links: tests/scene.c tests/invariants.c tests/witness.c tests/task_changes.c tests/expected_end.c libcore.a libweir.a ; libs: msgpack lua5.4 jansson m */
/* safety_test: caps on starts and cost, and what waits for a workflow. */

#include "daemon/core/safety.h"
#include "tests/scene_case.h"

#define HOUR (3600 * SECOND)

static const struct workflow *workflow(const struct scene *, const char *);
static void name_one(struct scene *, enum command_type, const char *);
static void set_caps(struct scene *, const char *name, const char *caps);
static void define_starts(struct scene *);
static void define_cost(struct scene *);
static void define_above(struct scene *);
static void cost_of(struct scene *, const char *output);

#define CAPPED(name, wanted) \
	ATF_REQUIRE_EQ(workflow_capped(workflow(s, name)), wanted)
#define REFUSED(code, part)                                     \
	do {                                                    \
		ATF_REQUIRE_EQ(s->reply.error, code);           \
		ATF_REQUIRE_MSG(strstr(s->reply.message, part), \
		    "the refusal says: %s", s->reply.message);  \
	} while (0)

static const struct workflow *
workflow(const struct scene *s, const char *name)
{
	return state_workflow(s->live, name);
}

static void
name_one(struct scene *s, enum command_type type, const char *name)
{
	struct command c = scene_command(type);

	c.name = name;
	scene_do(s, &c);
}

static void
set_caps(struct scene *s, const char *name, const char *caps)
{
	struct command c = scene_command(COMMAND_DEFINITION_SAFETY);

	c.name = name;
	c.value = caps != NULL ? scene_value(caps) : NULL;
	scene_do(s, &c);
	value_unref(c.value);
}

static void
define_starts(struct scene *s)
{
	scene_define(s,
	    "{'workflow': 'w', 'safety': {'starts': {'max': 2, 'per': '1h'}}, "
	    "'tasks': {'a': {'run': ['x']}}}");
}

static void
define_cost(struct scene *s)
{
	scene_define(s,
	    "{'workflow': 'w', 'safety': {'cost': {'max': 1.5, 'per': '1h'}}, "
	    "'tasks': {'a': {'run': ['x'], 'output': 'json', 'cost': '${{ "
	    "task.output }}'}}}");
}

/* It has w as a subworkflow, and another branch. */
static void
define_above(struct scene *s)
{
	scene_define(s,
	    "{'workflow': 'above', 'tasks': {'sub': {'workflow': 'w', 'next': "
	    "[{'when': 'completed', 'do': 'b'}]}, 'b': {'run': ['y']}}}");
}

/* An execution of w that costs that. */
static void
cost_of(struct scene *s, const char *output)
{
	uint64_t id = scene_start(s, "w", NULL);

	ATF_REQUIRE(id != 0);
	scene_exit(s, id, "a", EVENT_NONE, 0, output);
}

SCENE_CASE(starts, "the start that reaches the cap is the last one")
{
	uint64_t first, second;

	define_starts(s);
	first = scene_start(s, "w", NULL);
	CAPPED("w", -1);
	second = scene_start(s, "w", NULL);
	CAPPED("w", CAP_STARTS);
	ATF_REQUIRE_EQ(
	    workflow_status(workflow(s, "w")), WORKFLOW_SAFETY_PAUSED);
	ATF_REQUIRE_EQ(scene_start(s, "w", NULL), 0);
	REFUSED(ERROR_ENGINE_PAUSED, "2 of 2 in 1h");
	REFUSED(ERROR_ENGINE_PAUSED, "weirctl enable w");
	/* What has started goes on. */
	STATUS(second, "running");
	EXIT(first, "a", 0);
	EXIT(second, "a", 1);
	STATUS(first, "completed");
	/* It stays when the period is over; it is for somebody to look. */
	scene_advance(s, 2 * HOUR);
	ATF_REQUIRE_EQ(scene_start(s, "w", NULL), 0);
	name_one(s, COMMAND_DEFINITION_ENABLE, "w");
	ATF_REQUIRE_EQ(s->reply.error, ERROR_NONE);
	CAPPED("w", -1);
	ATF_REQUIRE(scene_start(s, "w", NULL) != 0);
	CAPPED("w", -1);
}

SCENE_CASE(period, "a period begins with the first start after the last one")
{
	define_starts(s);
	scene_start(s, "w", NULL);
	scene_advance(s, HOUR);
	scene_start(s, "w", NULL);
	CAPPED("w", -1);
	scene_advance(s, HOUR - SECOND);
	scene_start(s, "w", NULL);
	CAPPED("w", CAP_STARTS);
}

SCENE_CASE(again, "a replay and a restart are starts, a retry is none")
{
	struct command c = scene_command(COMMAND_RETRY);
	uint64_t id;

	define_starts(s);
	id = scene_start(s, "w", NULL);
	EXIT(id, "a", 1);
	c.execution = id;
	scene_do(s, &c);
	ATF_REQUIRE_EQ(s->reply.error, ERROR_NONE);
	EXIT(id, "a", 1);
	CAPPED("w", -1);
	c.type = COMMAND_RESTART;
	scene_do(s, &c);
	CAPPED("w", CAP_STARTS);
	EXIT(id, "a", 1);
	c.type = COMMAND_REPLAY;
	scene_do(s, &c);
	REFUSED(ERROR_ENGINE_PAUSED, "safety_paused");
	c.type = COMMAND_RETRY;
	scene_do(s, &c);
	ATF_REQUIRE_EQ(s->reply.error, ERROR_NONE);
	STATUS(id, "running");
}

SCENE_CASE(limit, "what was accepted before the cap begins after it")
{
	uint64_t first, second;

	scene_define(s,
	    "{'workflow': 'w', 'limits': {'parallel_runs': 1}, 'safety': "
	    "{'starts': {'max': 2, 'per': '1h'}}, 'tasks': {'a': {'run': "
	    "['x']}}}");
	first = scene_start(s, "w", NULL);
	second = scene_start(s, "w", NULL);
	CAPPED("w", CAP_STARTS);
	STATUS(second, "pending");
	EXIT(first, "a", 0);
	STATUS(second, "running");
}

SCENE_CASE(cost, "cost is summed up, and lifts when its period is over")
{
	define_cost(s);
	cost_of(s, "1");
	CAPPED("w", -1);
	scene_advance(s, 60 * SECOND);
	cost_of(s, "0.25");
	cost_of(s, "0.25");
	CAPPED("w", CAP_COST);
	ATF_REQUIRE_EQ(scene_start(s, "w", NULL), 0);
	REFUSED(ERROR_ENGINE_PAUSED, "1.5 of 1.5 in 1h");
	name_one(s, COMMAND_DEFINITION_ENABLE, "w");
	REFUSED(ERROR_STATE_CONFLICT, "weirctl safety w --cost");
	CAPPED("w", CAP_COST);
	scene_advance(s, HOUR - 61 * SECOND);
	CAPPED("w", CAP_COST);
	scene_advance(s, SECOND);
	CAPPED("w", -1);
	cost_of(s, "1");
	CAPPED("w", -1);
}

SCENE_CASE(late_cost,
    "what costs too much when the period is just over begins "
    "another")
{
	uint64_t first, second;

	define_cost(s);
	first = scene_start(s, "w", NULL);
	second = scene_start(s, "w", NULL);
	scene_exit(s, first, "a", EVENT_NONE, 0, "2");
	CAPPED("w", CAP_COST);
	s->now += HOUR; /* and no tick has come since */
	scene_exit(s, second, "a", EVENT_NONE, 0, "2");
	CAPPED("w", CAP_COST);
	scene_advance(s, HOUR - SECOND);
	CAPPED("w", CAP_COST);
	scene_advance(s, SECOND);
	CAPPED("w", -1);
}

SCENE_CASE(raised, "a cap that is raised lifts, by a version or by hand")
{
	define_cost(s);
	cost_of(s, "2");
	CAPPED("w", CAP_COST);
	scene_define(s,
	    "{'workflow': 'w', 'safety': {'cost': {'max': 3, 'per': '1h'}}, "
	    "'tasks': {'a': {'run': ['x'], 'output': 'json', 'cost': '${{ "
	    "task.output }}'}}}");
	CAPPED("w", -1);
	cost_of(s, "1");
	CAPPED("w", CAP_COST);
	set_caps(s, "w", "{'cost': {'max': 4.5, 'per': 3600000000000}}");
	CAPPED("w", -1);
	ATF_REQUIRE(workflow_caps(workflow(s, "w"))->cost_max > 4);
	/* Lowered, it is reached at once. */
	set_caps(s, "w", "{'cost': {'max': 1, 'per': 3600000000000}}");
	CAPPED("w", CAP_COST);
	/* A longer period ends later. */
	set_caps(s, "w", "{'cost': {'max': 1, 'per': 7200000000000}}");
	scene_advance(s, HOUR);
	CAPPED("w", CAP_COST);
	scene_advance(s, HOUR);
	CAPPED("w", -1);
	/* Back to what the definition says; no cap at all. */
	set_caps(s, "w", NULL);
	ATF_REQUIRE(workflow_caps(workflow(s, "w"))->cost_max == 3);
	set_caps(s, "w", "{}");
	cost_of(s, "1000");
	CAPPED("w", -1);
}

SCENE_CASE(disabled, "disabled by hand stays so when a cap lifts")
{
	define_cost(s);
	cost_of(s, "2");
	name_one(s, COMMAND_DEFINITION_DISABLE, "w");
	ATF_REQUIRE_EQ(workflow_status(workflow(s, "w")), WORKFLOW_DISABLED);
	name_one(s, COMMAND_DEFINITION_ENABLE, "w");
	ATF_REQUIRE_EQ(
	    workflow_status(workflow(s, "w")), WORKFLOW_SAFETY_PAUSED);
	name_one(s, COMMAND_DEFINITION_DISABLE, "w");
	scene_advance(s, HOUR);
	CAPPED("w", -1);
	ATF_REQUIRE_EQ(workflow_status(workflow(s, "w")), WORKFLOW_DISABLED);
}

SCENE_CASE(bad_cost, "what can't say what it cost has failed")
{
	uint64_t id;

	define_cost(s);
	id = scene_start(s, "w", NULL);
	scene_exit(s, id, "a", EVENT_NONE, 0, "'dear'");
	STATUS(id, "failed");
	REQUIRE_REASON(id, "cost: not a number from 0 on");
	id = scene_start(s, "w", NULL);
	scene_exit(s, id, "a", EVENT_NONE, 0, "-1");
	STATUS(id, "failed");
	/* One that failed anyway says both. */
	id = scene_start(s, "w", NULL);
	EXIT(id, "a", 4);
	REQUIRE_REASON(id, "exit status 4 (cost: ");
	ATF_REQUIRE_EQ(workflow(s, "w")->use[CAP_COST].used, 0);
}

SCENE_CASE(subworkflow, "its task is pending until it may start")
{
	uint64_t id;

	define_starts(s);
	define_above(s);
	name_one(s, COMMAND_DEFINITION_DISABLE, "w");
	id = scene_start(s, "above", NULL);
	STATUS(id, "waiting");
	TASK(id, "sub", "pending");
	ATF_REQUIRE_EQ(s->live->k.next_execution, id + 1);
	name_one(s, COMMAND_DEFINITION_ENABLE, "w");
	STATUS(id, "running");
	TASK(id, "sub", "running");
	EXIT(id + 1, "a", 0);
	ATF_REQUIRE(RUNS(id, "b"));
	EXIT(id, "b", 0);
	STATUS(id, "completed");
}

SCENE_CASE(subworkflow_capped, "so it is at a cap, and goes on by itself")
{
	uint64_t id;

	define_cost(s);
	define_above(s);
	cost_of(s, "2");
	id = scene_start(s, "above", NULL);
	STATUS(id, "waiting");
	TASK(id, "sub", "pending");
	scene_advance(s, HOUR);
	STATUS(id, "running");
	TASK(id, "sub", "running");
	ATF_REQUIRE(RUNS(id + 1, "a"));
	/* It can be canceled while it waits. */
	scene_exit(s, id + 1, "a", EVENT_NONE, 0, "2");
	EXIT(id, "b", 0);
	id = scene_start(s, "above", NULL);
	STATUS(id, "waiting");
	{
		struct command c = scene_command(COMMAND_CANCEL);

		c.execution = id;
		scene_do(s, &c);
	}
	STATUS(id, "canceled");
	TASK(id, "sub", "canceled");
}

SCENE_CASE(subworkflow_items, "one execution does not start more than the cap")
{
	struct command c = scene_command(COMMAND_DEFINITION_ENABLE);
	uint64_t id;

	define_starts(s);
	scene_define(s,
	    "{'workflow': 'many', 'tasks': {'sub': {'items': [1, 2, 3, 4, 5], "
	    "'workflow': 'w'}, 'other': {'workflow': 'w'}}}");
	id = scene_start(s, "many", NULL);
	CAPPED("w", CAP_STARTS);
	ATF_REQUIRE_EQ(workflow(s, "w")->use[CAP_STARTS].used, 2);
	ATF_REQUIRE_EQ(s->live->k.next_execution, id + 3);
	for (uint64_t child = id + 1; child <= id + 6; child += 2) {
		EXIT(child, "a", 0);
		EXIT(child + 1, "a", 0);
		c.name = "w";
		scene_do(s, &c);
	}
	STATUS(id, "completed");
}

SCENE_CASE(failure_workflows, "nor do those that follow failures")
{
	scene_define(s,
	    "{'workflow': 'after', 'safety': {'starts': {'max': 1, 'per': "
	    "'1h'}}, 'tasks': {'a': {'run': ['x']}}}");
	scene_define(s,
	    "{'workflow': 'bad', 'on_failure': 'after', 'tasks': {'f': {'end': "
	    "'failed'}}}");
	scene_define(s,
	    "{'workflow': 'many', 'tasks': {'sub': {'items': [1, 2, 3], "
	    "'workflow': 'bad', 'optional': true}}}");
	ATF_REQUIRE(scene_start(s, "many", NULL) != 0);
	CAPPED("after", CAP_STARTS);
	ATF_REQUIRE_EQ(workflow(s, "after")->active, 1);
	ATF_REQUIRE_EQ(workflow(s, "after")->open, 3);
}

SCENE_CASE(failure_workflow, "a failure workflow waits, and is not lost")
{
	uint64_t id;

	define_cost(s);
	scene_define(s,
	    "{'workflow': 'bad', 'on_failure': 'w', 'tasks': {'a': {'run': "
	    "['x']}}}");
	cost_of(s, "2");
	id = scene_start(s, "bad", NULL);
	EXIT(id, "a", 1);
	STATUS(id + 1, "pending");
	scene_advance(s, HOUR);
	STATUS(id + 1, "running");
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, starts);
	ATF_TP_ADD_TC(tp, period);
	ATF_TP_ADD_TC(tp, again);
	ATF_TP_ADD_TC(tp, limit);
	ATF_TP_ADD_TC(tp, cost);
	ATF_TP_ADD_TC(tp, late_cost);
	ATF_TP_ADD_TC(tp, raised);
	ATF_TP_ADD_TC(tp, disabled);
	ATF_TP_ADD_TC(tp, bad_cost);
	ATF_TP_ADD_TC(tp, subworkflow);
	ATF_TP_ADD_TC(tp, subworkflow_capped);
	ATF_TP_ADD_TC(tp, subworkflow_items);
	ATF_TP_ADD_TC(tp, failure_workflows);
	ATF_TP_ADD_TC(tp, failure_workflow);
	return atf_no_error();
}
