/*
 * links: tests/definition_json.c daemon/core/decoder_error.c
 * daemon/core/decoder_fields.c daemon/core/decoder_keys.c
 * daemon/core/decoder_structure.c daemon/core/definition.c
 * daemon/core/definition_attempts.c daemon/core/definition_edges.c
 * daemon/core/definition_graph.c daemon/core/definition_input.c
 * daemon/core/definition_memory.c daemon/core/definition_nesting.c
 * daemon/core/definition_run.c daemon/core/definition_task.c
 * daemon/core/definition_vars.c
 * daemon/core/definition_wait.c libproto/nearest.c libproto/utf8.c
 * daemon/core/quantity.c
 * daemon/core/task_graph.c daemon/core/template.c
 * daemon/core/template_compile.c daemon/core/expression.c
 * daemon/core/expression_names.c
 * daemon/core/expression_check.c daemon/core/functions.c
 * daemon/core/functions_text.c daemon/core/json.c daemon/core/lexer.c
 * daemon/core/luaval.c daemon/core/proxy.c daemon/core/value.c
 * daemon/core/element.c daemon/core/alloc.c libproto/pack.c
 * libproto/scan.c libproto/header.c ; libs: msgpack
 * lua5.4 jansson m
 */
/*
 * definition_input_test: what an execution is given, against what its workflow
 * declares; and subworkflows, as far as they are known.
 */

#include <atf-c.h>
#include <stdio.h>
#include <string.h>

#include "tests/definition_json.h"

#define KNOWN_MAX 64

/* Definitions that others are told of. */
struct known {
	struct definition *list[KNOWN_MAX];
	size_t count;
};

static void require_input(const char *, const char *);
static void require_refused(const char *, const char *);
static void require_twice(void);
static const struct definition *find(const void *, const char *, uint32_t);
static void learn(struct known *, struct expressions *, const char *);
static void forget(struct known *);
static void require_error(struct known *, struct expressions *, const char *,
    const char *, const char *);

static const char declared[] =
    "{'workflow':'w','tasks':{'a':{'run':'x'}},'input':{"
    "'version':{'type':'string'},"
    "'count':{'type':'integer','default':3},"
    "'ratio':{'type':'number','default':null},"
    "'what':{'type':'any','default':null}}}";

static void
require_input(const char *given_json, const char *expected_json)
{
	struct expressions *expressions = expressions_new();
	struct definition *def =
	    definition_of_json(expressions, declared, NULL, NULL, NULL);
	struct value *given = value_of_json(given_json);
	struct value *expected = value_of_json(expected_json), *got;
	char why[200] = "";

	got = definition_input(def, given, why, sizeof(why));
	ATF_CHECK_MSG(got != NULL, "%s: %s", given_json, why);
	ATF_CHECK_MSG(value_equal(got, expected), "%s", given_json);
	value_unref(got);
	value_unref(given);
	value_unref(expected);
	definition_unref(def);
	expressions_free(expressions);
}

static void
require_refused(const char *given_json, const char *sentence)
{
	struct expressions *expressions = expressions_new();
	struct definition *def =
	    definition_of_json(expressions, declared, NULL, NULL, NULL);
	struct value *given = value_of_json(given_json), *got;
	char why[200] = "";

	got = definition_input(def, given, why, sizeof(why));
	ATF_CHECK_MSG(got == NULL, "%s", given_json);
	ATF_CHECK_STREQ(sentence, why);
	value_unref(got);
	value_unref(given);
	definition_unref(def);
	expressions_free(expressions);
}

/* Also where as many are given as are declared, or fewer. */
static void
require_twice(void)
{
	static const char twice[] = "\x82\xa7version\xa1"
				    "1\xa7version\xa1"
				    "2";
	struct expressions *expressions = expressions_new();
	struct definition *def =
	    definition_of_json(expressions, declared, NULL, NULL, NULL);
	struct value *given = value_new(twice, sizeof(twice) - 1);
	char why[200] = "";

	ATF_CHECK(definition_input(def, given, why, sizeof(why)) == NULL);
	ATF_CHECK_STREQ("input: \"version\" is given twice", why);
	value_unref(given);
	definition_unref(def);
	expressions_free(expressions);
}

ATF_TC(given);
ATF_TC_HEAD(given, tc)
{
	atf_tc_set_md_var(tc, "descr", "input that fits, with the defaults");
}
ATF_TC_BODY(given, tc)
{
	require_input("{'version':'1'}",
	    "{'version':'1','count':3,'ratio':null,'what':null}");
	require_input("{'what':[1,{}],'ratio':-2,'count':-7,'version':''}",
	    "{'version':'','count':-7,'ratio':-2,'what':[1,{}]}");
	require_input("{'version':'1','ratio':0.5,'count':null,"
		      "'what':null}",
	    "{'version':'1','count':3,'ratio':0.5,'what':null}");
}

ATF_TC(refused);
ATF_TC_HEAD(refused, tc)
{
	atf_tc_set_md_var(tc, "descr", "input that does not fit");
}
ATF_TC_BODY(refused, tc)
{
	require_refused("{}", "input: version is missing (a string)");
	require_refused("null", "input: version is missing (a string)");
	require_refused(
	    "{'version':null}", "input: version is missing (a string)");
	require_refused("{'version':1}",
	    "input: version: expected a string, found a whole number");
	require_refused("{'version':'1','count':1.5}",
	    "input: count: expected a whole number, found a number with a "
	    "fraction");
	require_refused("{'version':true}",
	    "input: version: expected a string, found a boolean");
	require_refused("{'version':'1','count':'hunter2'}",
	    "input: count: expected a whole number, found a string");
	require_refused("{'version':'1','count':{'hunter2':1}}",
	    "input: count: expected a whole number, found a map");
	require_refused("{'version':'1','vresion':2}",
	    "input: \"w\" has no input \"vresion\"; did you mean "
	    "\"version\"?");
	require_refused("{'zzz':2}", "input: \"w\" has no input \"zzz\"");
	require_refused("[1]", "input: expected a map of inputs by name");
	require_twice();
}

ATF_TC(made);
ATF_TC_HEAD(made, tc)
{
	atf_tc_set_md_var(tc, "descr", "names that an expression has made");
}
ATF_TC_BODY(made, tc)
{
	struct expressions *expressions = expressions_new();
	struct definition *def =
	    definition_of_json(expressions, declared, NULL, NULL, NULL);
	struct value *given = value_of_json("{'vresion':1}"), *got;
	char why[200] = "";

	got = definition_input_made(def, given, why, sizeof(why));
	ATF_CHECK(got == NULL);
	ATF_CHECK_STREQ("input: \"w\" has no input of a name that the "
			"expression gives",
	    why);
	value_unref(given);
	given = value_of_json("{'version':'1'}");
	got = definition_input_made(def, given, why, sizeof(why));
	ATF_CHECK(got != NULL);
	value_unref(got);
	value_unref(given);
	definition_unref(def);
	expressions_free(expressions);
}

static const struct definition *
find(const void *ctx, const char *name, uint32_t version)
{
	const struct known *known = ctx;
	size_t i;

	if (version > 1)
		return NULL;
	for (i = known->count; i-- > 0;)
		if (strcmp(known->list[i]->name, name) == 0)
			return known->list[i];
	return NULL;
}

static void
learn(struct known *known, struct expressions *expressions, const char *json)
{
	ATF_REQUIRE(known->count < KNOWN_MAX);
	known->list[known->count] =
	    definition_of_json(expressions, json, find, known, NULL);
	known->count++;
}

static void
forget(struct known *known)
{
	while (known->count > 0)
		definition_unref(known->list[--known->count]);
}

static void
require_error(struct known *known, struct expressions *expressions,
    const char *json, const char *path, const char *part)
{
	struct definition_errors e;

	ATF_CHECK(
	    definition_of_json(expressions, json, find, known, &e) == NULL);
	ATF_REQUIRE_EQ(1, e.count);
	ATF_CHECK_STREQ(path, e.list[0].path);
	ATF_CHECK_MSG(
	    strstr(e.list[0].message, part) != NULL, "%s", e.list[0].message);
	definition_errors_free(&e);
}

ATF_TC(subworkflow_input);
ATF_TC_HEAD(subworkflow_input, tc)
{
	atf_tc_set_md_var(tc, "descr", "what a known subworkflow is given");
}
ATF_TC_BODY(subworkflow_input, tc)
{
#define CALL(more) "{'workflow':'c','tasks':{'a':{'workflow':'w'" more "}}}"
	struct expressions *x = expressions_new();
	struct known known = {.count = 0};

	learn(&known, x, declared);
	learn(&known, x, CALL(",'input':{'version':'1'}"));
	learn(&known, x,
	    CALL(",'input':'${{ vars.all }}','next':{'set':{'all':{}}}"));
	learn(&known, x, "{'workflow':'c','tasks':{'a':{'workflow':'w@9'}}}");
	require_error(
	    &known, x, CALL(""), "/tasks/a", "needs the input \"version\"");
	require_error(&known, x, CALL(",'input':{'count':1}"), "/tasks/a/input",
	    "needs the input \"version\"");
	require_error(&known, x, CALL(",'input':{'version':'1','cuont':1}"),
	    "/tasks/a/input/cuont", "did you mean \"count\"?");
	forget(&known);
	expressions_free(x);
}

ATF_TC(recursion);
ATF_TC_HEAD(recursion, tc)
{
	atf_tc_set_md_var(tc, "descr",
	    "a subworkflow that contains itself with no condition between");
}
ATF_TC_BODY(recursion, tc)
{
	struct expressions *x = expressions_new();
	struct known known = {.count = 0};

	require_error(&known, x,
	    "{'workflow':'w','tasks':{'a':{'workflow':'w'}}}",
	    "/tasks/a/workflow", "start itself again and again");
	require_error(&known, x,
	    "{'workflow':'w','tasks':{'a':{'workflow':'w',"
	    "'detach':true}}}",
	    "/tasks/a/workflow", "start itself again and again");
	require_error(&known, x,
	    "{'workflow':'w','tasks':{'a':{'run':'x','next':{'do':['b',"
	    "'c']}},'b':{'set':{},'next':{'do':'d'}},"
	    "'c':{'set':{},'next':{'do':'d'}},"
	    "'d':{'join':'all','workflow':'w','items':[1,2]}}}",
	    "/tasks/d/workflow", "start itself again and again");
	/* Conditions: when, and items that may come to none. */
	learn(&known, x,
	    "{'workflow':'w','tasks':{'a':{'run':'x','next':{"
	    "'when':'completed','do':'b'}},'b':{'workflow':'w'}}}");
	learn(&known, x,
	    "{'workflow':'v','tasks':{'b':{'workflow':'v',"
	    "'items':'${{ vars.more }}'}},'vars':{'more':[]}}");
	/* Through another one. */
	learn(
	    &known, x, "{'workflow':'ping','tasks':{'a':{'workflow':'pong'}}}");
	require_error(&known, x,
	    "{'workflow':'pong','tasks':{'a':{'workflow':'ping'}}}",
	    "/tasks/a/workflow", "leads back to this one");
	learn(&known, x,
	    "{'workflow':'pong','tasks':{'a':{'workflow':'ping',"
	    "'items':'${{ vars.more }}'}},'vars':{'more':[]}}");
	forget(&known);
	expressions_free(x);
}

ATF_TC(depth);
ATF_TC_HEAD(depth, tc)
{
	atf_tc_set_md_var(tc, "descr", "32 levels of subworkflows, no more");
}
ATF_TC_BODY(depth, tc)
{
	struct expressions *x = expressions_new();
	struct known known = {.count = 0};
	char json[200];
	int i;

	learn(&known, x, "{'workflow':'w0','tasks':{'a':{'run':'x'}}}");
	for (i = 1; i <= 33; i++) {
		snprintf(json, sizeof(json),
		    "{'workflow':'w%d','tasks':{'a':{'workflow':'w%d'},"
		    "'b':{'workflow':'w0'}}}",
		    i, i - 1);
		if (i <= 32)
			learn(&known, x, json);
		else
			require_error(&known, x, json, "/tasks/a/workflow",
			    "deeper than 32 levels");
	}
	forget(&known);
	expressions_free(x);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, given);
	ATF_TP_ADD_TC(tp, refused);
	ATF_TP_ADD_TC(tp, made);
	ATF_TP_ADD_TC(tp, subworkflow_input);
	ATF_TP_ADD_TC(tp, recursion);
	ATF_TP_ADD_TC(tp, depth);
	return atf_no_error();
}
