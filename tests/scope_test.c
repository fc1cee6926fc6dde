/* links: tests/scene.c tests/invariants.c tests/witness.c tests/task_changes.c tests/expected_end.c libcore.a libweir.a ; libs: msgpack lua5.4 jansson m */
/*
 * scope_test: what expressions see of tasks and of their execution, and what
 * becomes of a task whose expressions give what it can't use.
 */

#include "tests/scene_case.h"

static uint64_t start_with(struct scene *, const char *given);
static void
require_var(const struct execution *, const char *name, const char *json);
static void wait_given(
    struct scene *, const char *wait, const char *input, const char *reason);

/* An execution with a correlation id and labels. */
static uint64_t
start_with(struct scene *s, const char *labels)
{
	struct command c = scene_command(COMMAND_START);

	c.name = "w";
	c.correlation = "order 7";
	c.labels = scene_value(labels);
	ATF_REQUIRE(scene_do(s, &c) || s->reply.error == ERROR_NONE);
	value_unref(c.labels);
	return s->reply.execution;
}

/* A variable that the execution has now. */
static void
require_var(const struct execution *x, const char *name, const char *json)
{
	struct value *found = value_get(x->k.vars, name);

	REQUIRE_VALUE(found, json);
	value_unref(found);
}

SCENE_CASE(execution, "an execution's fields are seen by its tasks")
{
	const struct execution *x;
	struct value *started, *expected;
	uint64_t id;

	scene_define(s,
	    "{'workflow': 'w', 'tasks': {'a': {'set': {'id': '${{ execution.id "
	    "}}', 'workflow': '${{ execution.workflow }}', 'version': '${{ "
	    "execution.version }}', 'correlation': '${{ "
	    "execution.correlation_id }}', 'labels': '${{ execution.labels "
	    "}}', 'started': '${{ execution.started }}'}}}}");
	id = start_with(s, "{'team': 'blue'}");
	STATUS(id, "completed");
	x = scene_execution(s, id);
	started = value_get(x->k.vars, "started");
	require_var(x, "id", "1");
	require_var(x, "workflow", "'w'");
	require_var(x, "version", "1");
	require_var(x, "correlation", "'order 7'");
	require_var(x, "labels", "{'team': 'blue'}");
	expected = value_of_int(x->k.started_at);
	ATF_REQUIRE(value_equal(started, expected));
	value_unref(started);
	value_unref(expected);
}

SCENE_CASE(nothing, "of variables and labels that there are not, none is there")
{
	const struct execution *x;
	uint64_t id;

	scene_define(s,
	    "{'workflow': 'w', 'vars': {'first': '${{ vars.x }}'}, "
	    "'tasks': {'a': {'set': {'x': '${{ vars.x }}', 'team': '${{ "
	    "execution.labels.team }}', 'all': '${{ execution.labels }}'}}}}");
	scene_define(s,
	    "{'workflow': 'none', 'tasks': {'a': {'set': {'x': '${{ vars.x "
	    "}}', 'all': '${{ vars }}'}, 'next': [{'when': 'vars.x == nil', "
	    "'do': 'b'}]}, 'b': {'run': ['x'], 'env': {'X': '${{ vars.y "
	    "}}'}, 'next': [{'when': 'failed', 'set': {'y': 1, 'z': 1}}]}}, "
	    "'output': '${{ vars.z }}'}");
	id = scene_start(s, "w", NULL);
	STATUS(id, "completed");
	x = scene_execution(s, id);
	require_var(x, "first", "null");
	require_var(x, "x", "null");
	require_var(x, "team", "null");
	require_var(x, "all", "{}");
	id = scene_start(s, "none", NULL);
	EXIT(id, "b", 0);
	STATUS(id, "completed");
	x = scene_execution(s, id);
	require_var(x, "x", "null");
	require_var(x, "all", "{}");
}

SCENE_CASE(items, "a task's items and attempts are seen by those after it")
{
	const struct execution *x;
	uint64_t id;

	scene_define(s,
	    "{'workflow': 'w', 'tasks': {'each': {'items': [1, 2], 'run': "
	    "['x'], 'output': 'json', 'next': [{'do': 'sum'}]}, 'sum': {'set': "
	    "{'items': '${{ tasks.each.items }}', 'attempt': '${{ "
	    "tasks.one.attempt }}'}}, 'one': {'run': ['y'], 'retry': "
	    "{'count': 2}, 'next': [{'do': 'tell'}]}, 'tell': {'set': "
	    "{'attempt': '${{ tasks.one.attempt }}', 'exit': '${{ "
	    "tasks.one.exit }}'}}}}");
	id = scene_start(s, "w", NULL);
	EXIT(id, "one", 1);
	scene_advance(s, 60 * SECOND);
	EXIT(id, "one", 0);
	scene_exit(s, id, "each", 0, 0, "'first'");
	scene_exit(s, id, "each", 1, 3, "'second'");
	x = scene_execution(s, id);
	require_var(x, "attempt", "2");
	require_var(x, "exit", "0");
	require_var(x, "items",
	    "[{'status': 'completed', 'output': 'first', 'exit': 0}, "
	    "{'status': 'failed', 'output': null, 'exit': 3}]");
}

/* The wait of a task, its input, and how the execution fails for it. */
static void
wait_given(
    struct scene *s, const char *wait, const char *input, const char *reason)
{
	char text[512];
	uint64_t id;

	snprintf(text, sizeof(text),
	    "{'workflow': 'w', 'input': {'x': {'type': 'any'}}, 'tasks': {'a': "
	    "{'wait': "
	    "%s}}}",
	    wait);
	scene_define(s, text);
	snprintf(text, sizeof(text), "{'x': %s}", input);
	id = scene_start(s, "w", text);
	if (reason == NULL) {
		TASK(id, "a", "waiting");
		return;
	}
	STATUS(id, "failed");
	REQUIRE_REASON(id, reason);
}

SCENE_CASE(waits, "a wait that is given nonsense fails its task and says so")
{
	wait_given(s, "{'for': '${{ input.x }}'}", "'soon'",
	    "wait for: not a duration such as 10s");
	wait_given(s, "{'until': '${{ input.x }}'}", "'soon'",
	    "wait until: not a time such as 2027-01-01T00:00:00Z");
	wait_given(s, "{'until': '${{ input.x }}'}", "-1",
	    "wait until: a number is not a time such as 2027-01-01T00:00:00Z");
	wait_given(s, "{'until': '${{ input.x }}'}", "9223372036854775807",
	    "wait until: a number is not a time such as 2027-01-01T00:00:00Z");
	wait_given(s, "{'until': '${{ input.x }}'}", "[]",
	    "wait until: not a time such as 2027-01-01T00:00:00Z");
	wait_given(s, "{'for': '${{ input.x }}'}", "5",
	    "wait for: a number without a unit, such as 10s has");
	wait_given(s, "{'for': '${{ input.x }}'}", "1.5",
	    "wait for: a number without a unit, such as 10s has");
	wait_given(s, "{'for': '${{ input.x }}'}", "'5'",
	    "wait for: not a duration such as 10s");
	wait_given(s, "{'for': '${{ input.x }}m'}", "5", NULL);
	wait_given(
	    s, "{'until': '${{ input.x }}'}", "'2200-01-01T00:00:00Z'", NULL);
	wait_given(s, "{'signal': '${{ input.x }}'}", "[1]",
	    "wait: what it gives is no string");
	wait_given(s, "{'signal': '${{ input.x.y.z }}'}", "3", "expression: ");
}

SCENE_CASE(far, "a clock that stands still forgets no deadline, however far")
{
	struct command c;
	uint64_t id;

	scene_define(s,
	    "{'workflow': 'w', 'timeout': '36500d', 'tasks': {'a': {'run': "
	    "['x'], 'timeout': '36500d'}}}");
	id = scene_start(s, "w", NULL);
	for (int i = 0; i < 3; i++) {
		c = scene_command(COMMAND_PAUSE);
		c.execution = id;
		c.freeze = true;
		scene_do(s, &c);
		scene_advance(s, INT64_C(3650) * 86400 * SECOND);
		c = scene_command(COMMAND_RESUME);
		c.execution = id;
		scene_do(s, &c);
	}
	STATUS(id, "running");
	ATF_REQUIRE(scene_execution(s, id)->k.due > s->now);
	EXIT(id, "a", 0);
	STATUS(id, "completed");
}

SCENE_CASE(many_items, "a list of more items than there may be fails its task")
{
	uint64_t id;

	scene_define(s,
	    "{'workflow': 'w', 'input': {'x': {'type': 'any'}}, 'tasks': {'a': "
	    "{'items': "
	    "'${{ input.x }}', 'run': ['x']}, 'e': {'end': "
	    "'failed', 'reason': '${{ input.x.y.z }}'}}}");
	id = scene_start(s, "w", "{'x': 3}");
	STATUS(id, "failed");
	REQUIRE_REASON(id, "is not a list");
}

SCENE_CASE(limits, "executions, versions and kept signals have a limit each")
{
	struct host host = s->live->host;
	struct command c;
	uint64_t first;

	host.max_executions = 2;
	host.max_versions = 3;
	host.max_signals = 2;
	core_host(s->live, &host);
	scene_define(s, "{'workflow': 'w', 'tasks': {'a': {'run': ['x']}}}");
	first = scene_start(s, "w", NULL);
	ATF_REQUIRE(scene_start(s, "w", NULL) != 0);
	ATF_REQUIRE_EQ(scene_start(s, "w", NULL), 0);
	ATF_REQUIRE_EQ(s->reply.error, ERROR_LIMIT);
	ATF_REQUIRE(strstr(s->reply.message, "limits.executions") != NULL);
	for (int i = 0; i < 3; i++) {
		c = scene_command(COMMAND_SIGNAL);
		c.execution = first;
		c.name = "go";
		scene_do(s, &c);
		ATF_REQUIRE_EQ(
		    s->reply.error, i < 2 ? ERROR_NONE : ERROR_LIMIT);
	}
	ATF_REQUIRE(strstr(s->reply.message, "limits.signals") != NULL);
	EXIT(first, "a", 0);
	ATF_REQUIRE(scene_start(s, "w", NULL) != 0);
	scene_define(s, "{'workflow': 'w', 'tasks': {'a': {'run': ['y']}}}");
	scene_define(s, "{'workflow': 'v', 'tasks': {'a': {'run': ['y']}}}");
	c = scene_command(COMMAND_DEFINITION_PUT);
	c.definition = state_definition(s->live, "w", 1);
	scene_do(s, &c);
	ATF_REQUIRE_EQ(s->reply.error, ERROR_LIMIT);
	ATF_REQUIRE(strstr(s->reply.message, "limits.definitions") != NULL);
	/* What is there already is no new version. */
	c.definition = state_definition(s->live, "v", 1);
	scene_do(s, &c);
	ATF_REQUIRE_EQ(s->reply.error, ERROR_NONE);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, nothing);
	ATF_TP_ADD_TC(tp, execution);
	ATF_TP_ADD_TC(tp, items);
	ATF_TP_ADD_TC(tp, waits);
	ATF_TP_ADD_TC(tp, far);
	ATF_TP_ADD_TC(tp, many_items);
	ATF_TP_ADD_TC(tp, limits);
	return atf_no_error();
}
