/* links: tests/scene.c tests/invariants.c tests/witness.c tests/task_changes.c tests/expected_end.c libcore.a libweir.a ; libs: msgpack lua5.4 jansson m */
/* domain_test: which other domains an execution can be told to run in. */

#include "tests/scene_case.h"

static bool
starts(struct scene *s, const char *workflow, const char *domains)
{
	struct command c = scene_command(COMMAND_START);
	bool ok;

	c.name = workflow;
	c.domains = scene_value(domains);
	ok = scene_do(s, &c);
	value_unref(c.domains);
	ATF_REQUIRE(ok || s->reply.error == ERROR_BAD_REQUEST);
	return ok;
}

static void
require_refused(struct scene *s, const char *workflow, const char *domains,
    const char *part)
{
	ATF_REQUIRE_MSG(!starts(s, workflow, domains), "started: %s", domains);
	ATF_REQUIRE_MSG(strstr(s->reply.message, part) != NULL, "%s: %s",
	    domains, s->reply.message);
}

SCENE_CASE(unused, "a name that no task has is refused, with those there are")
{
	scene_define(s,
	    "{'workflow': 'w', 'tasks': {'a': {'run': ['x'], 'domain': "
	    "'cluster'}, 'b': {'run': ['y']}, 'c': {'run': ['z']}, 'd': "
	    "{'set': {}}}}");
	ATF_REQUIRE(starts(s, "w", "{'cluster': 'local'}"));
	ATF_REQUIRE(starts(s, "w", "{'local': 'far', 'cluster': 'far'}"));
	require_refused(s, "w", "{'clutser': 'local'}",
	    "no task of workflow w runs in a domain \"clutser\"; its tasks run "
	    "in: cluster, local");
	require_refused(s, "w", "{'cluster': 'local', 'x': 'local'}", "\"x\"");
	scene_define(s, "{'workflow': 'none', 'tasks': {'a': {'set': {}}}}");
	require_refused(s, "none", "{'local': 'far'}", "no task of workflow");
}

SCENE_CASE(many, "of many domains the first are named")
{
	scene_define(s,
	    "{'workflow': 'w', 'tasks': {'a': {'run': ['x'], 'domain': 'd1'}, "
	    "'b': {'run': ['x'], 'domain': 'd2'}, 'c': {'run': ['x'], "
	    "'domain': 'd3'}, 'd': {'run': ['x'], 'domain': 'd4'}, 'e': "
	    "{'run': ['x'], 'domain': 'd5'}, 'f': {'run': ['x'], 'domain': "
	    "'d6'}}}");
	require_refused(
	    s, "w", "{'local': 'd1'}", "run in: d1, d2, d3, d4, and others");
	ATF_REQUIRE(starts(s, "w", "{'d6': 'd1'}"));
}

SCENE_CASE(others, "what starts other workflows may hand any name down")
{
	scene_define(
	    s, "{'workflow': 'w', 'tasks': {'a': {'workflow': 'child'}}}");
	scene_define(s,
	    "{'workflow': 'f', 'on_failure': 'child', 'tasks': {'a': {'run': "
	    "['x']}}}");
	ATF_REQUIRE(starts(s, "w", "{'cluster': 'local'}"));
	ATF_REQUIRE(starts(s, "f", "{'cluster': 'local'}"));
	require_refused(s, "w", "{'cluster': 'X!'}", "\"X!\" can't be");
	require_refused(s, "f", "{'': 'local'}", "\"\" can't be the name");
}

SCENE_CASE(rerun, "a rerun refuses the same")
{
	struct command c = scene_command(COMMAND_RERUN);

	scene_define(s, "{'workflow': 'w', 'tasks': {'a': {'run': ['x']}}}");
	c.execution = scene_start(s, "w", NULL);
	EXIT(c.execution, "a", 0);
	c.domains = scene_value("{'cluster': 'local'}");
	ATF_REQUIRE(!scene_do(s, &c));
	ATF_REQUIRE_EQ(s->reply.error, ERROR_BAD_REQUEST);
	value_unref(c.domains);
	c.domains = scene_value("{'local': 'cluster'}");
	ATF_REQUIRE(scene_do(s, &c));
	value_unref(c.domains);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, unused);
	ATF_TP_ADD_TC(tp, many);
	ATF_TP_ADD_TC(tp, others);
	ATF_TP_ADD_TC(tp, rerun);
	return atf_no_error();
}
