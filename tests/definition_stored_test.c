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
 * daemon/core/quantity.c daemon/core/task_graph.c daemon/core/template.c
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
 * definition_stored_test: what is refused only since some version, when it is
 * new; what was stored before is still read.
 */

#include <atf-c.h>
#include <string.h>

#include "tests/definition_json.h"

#define TASKS(tasks) "{'workflow':'w','tasks':{" tasks "}}"
#define RUN(more) TASKS("'a':{'run':['true']," more "}")

struct later {
	const char *json;
	const char *path;
	const char *part; /* of the message */
	bool at_key;
};

static const struct later on_lost[] = {
    {RUN("'on_lost':'retry'"), "/tasks/a/on_lost", "needs \"retry\"", false},
};

static const char *const on_lost_good[] = {
    RUN("'on_lost':'retry','retry':{'count':1}"),
    RUN("'on_lost':'fail'"),
    RUN("'on_lost':'ask'"),
};

static const struct later vars[] = {
    {"{'workflow':'w','vars':{'count':1},'tasks':{'a':{'run':['echo',"
     "'${{ vars.cuont }}']}}}",
	"/tasks/a/run/1", "there is no variable 'cuont'; did you mean 'count'?",
	false},
    {RUN("'next':{'when':'vars.n > 1','do':[]}"), "/tasks/a/next/when",
	"there is no variable 'n'", false},
    {TASKS("'a':{'set':{'x':1,'y':'${{ vars[\\u0022z\\u0022] }}'}}"),
	"/tasks/a/set/y", "there is no variable 'z'", false},
    {"{'workflow':'w','vars':{'count':1,'n':'${{ vars.m }}'},'tasks':{'a':"
     "{'run':['x']}}}",
	"/vars/n", "there is no variable 'm'", false},
    {"{'workflow':'w','vars':{'ab':1},'tasks':{'a':{'run':['x']}},'output':"
     "'${{ vars.a }}'}",
	"/output", "there is no variable 'a'", false},
};

/* However a variable comes to be, wherever it is read, or can't be told. */
static const char *const vars_good[] = {
    "{'workflow':'w','vars':{'a':1,'A_2':2,'x-y':3},'tasks':{'t':{'run':['x',"
    "'${{ vars.a + vars.A_2 + vars[\\u0022x-y\\u0022] }}']}},'output':'${{ "
    "vars.a }}'}",
    TASKS("'a':{'set':{'x':1}},'b':{'needs':'a','run':['${{ vars.x }}']}"),
    RUN("'next':{'set':{'x':'${{ (vars.x or 0) + 1 }}'}}"),
    RUN("'next':[{'set':{'y':1}},{'when':'vars.y == 1','do':[]}]"),
    RUN("'env':{'X':'${{ vars[input] }}','Y':'${{ #keys(vars) }}'}"),
    RUN("'stdin':'${{ (function(vars) return vars.q end)({}) }}'"),
    RUN("'stdin':'vars.q ${{ text(\\u0022vars.q\\u0022) }}'"),
    RUN("'stdin':'${{ ({vars = 1}).vars }}'"),
};

#define ROUND(next)                                                            \
	TASKS("'s':{'run':'x','next':{'do':'a'}},'a':{'run':'x','next':[" next \
	      "]},'b':{'run':'x','next':{'do':'a'}}")

static const struct later cycle[] = {
    {ROUND("{'when':'completed','do':'a'},{'when':'failed','do':'b'},"
	   "{'when':'canceled','do':'a'}"),
	"/tasks/a", "the cycle of a, b has no way out", true},
    {ROUND("{'when':'completed','do':['a','b']},{'when':'failed','do':'a'},"
	   "{'when':'canceled','do':'b'},{'when':'task.exit == 3','do':[]}"),
	"/tasks/a", "has no way out", true},
    /* A join that whatever happens leads to. */
    {TASKS("'s':{'run':'x','next':{'do':'f'}},"
	   "'f':{'set':{},'next':{'do':['b','c']}},"
	   "'b':{'run':'x','next':{'do':'j'}},"
	   "'c':{'run':'x','next':[{'when':'failed','do':'j'},"
	   "{'when':'completed','do':'j'},{'when':'canceled','do':'j'}]},"
	   "'j':{'set':{},'join':'all','next':{'do':'f'}}"),
	"/tasks/f", "has no way out", true},
};

static const char *const cycle_good[] = {
    /* With a status that leads nowhere, or out. */
    ROUND("{'when':'completed','do':'a'},{'when':'failed','do':'b'}"),
    ROUND("{'when':'completed','do':'b'},{'when':'canceled','do':'b'}"),
    ROUND("{'when':'completed','do':'a'},{'when':'failed','do':'b'},"
	  "{'when':'canceled','do':[]}"),
    ROUND("{'when':'completed','do':'a'},{'when':'failed','do':'a'},"
	  "{'when':'task.status == \\u0022canceled\\u0022','do':'b'}"),
    TASKS("'s':{'run':'x','next':{'do':'a'}},'a':{'run':'x','next':["
	  "{'when':'completed','do':'a'},{'when':'failed','do':'a'},"
	  "{'when':'canceled','do':'e'}]},'e':{'end':'failed'}"),
    /* With a join that one status does not lead to. */
    TASKS("'s':{'run':'x','next':{'do':'f'}},"
	  "'f':{'set':{},'next':{'do':['b','c']}},"
	  "'b':{'run':'x','next':{'do':'j'}},"
	  "'c':{'run':'x','next':[{'when':'failed','do':'j'},"
	  "{'when':'completed','do':'j'},{'when':'canceled','do':'b'}]},"
	  "'j':{'set':{},'join':'all','next':{'do':'f'}}"),
};

static const struct later env[] = {
    {RUN("'env':{'WEIR_TASK':'x'}"), "/tasks/a/env/WEIR_TASK",
	"weir itself sets \"WEIR_TASK\"", true},
    {RUN("'env':{'A':1,'WEIR_SOCKET':''}"), "/tasks/a/env/WEIR_SOCKET",
	"another name", true},
};

static const char *const env_good[] = {
    RUN("'env':{'WEIR':'x','WEIR_TASKS':1,'weir_task':2}"),
};

static void
require_later(struct expressions *expressions, const struct later *l)
{
	struct definition_errors e;
	struct value *v = value_of_json(l->json);
	struct definition *d;

	d = definition_of_value(expressions, v, NULL, NULL, &e);
	ATF_REQUIRE_MSG(d == NULL, "nothing is wrong: %s", l->json);
	ATF_CHECK_MSG(e.count == 1, "%zu errors: %s", e.count, l->json);
	ATF_CHECK_MSG(strcmp(e.list[0].path, l->path) == 0, "path \"%s\": %s",
	    e.list[0].path, l->json);
	ATF_CHECK_MSG(strstr(e.list[0].message, l->part) != NULL,
	    "message \"%s\": %s", e.list[0].message, l->json);
	ATF_CHECK_MSG(e.list[0].at_key == l->at_key, "at_key: %s", l->json);
	definition_errors_free(&e);
	d = definition_stored_value(expressions, v);
	definition_unref(d);
	value_unref(v);
}

static void
require_all(const struct later *list, size_t n)
{
	struct expressions *expressions = expressions_new();

	for (size_t i = 0; i < n; i++)
		require_later(expressions, &list[i]);
	expressions_free(expressions);
}

static void
require_good(const char *const *list, size_t n)
{
	struct expressions *expressions = expressions_new();
	struct definition_errors e;
	struct definition *d;

	for (size_t i = 0; i < n; i++) {
		d = definition_of_json(expressions, list[i], NULL, NULL, &e);
		ATF_REQUIRE_MSG(d != NULL, "%s: %s: %s", e.list[0].path,
		    e.list[0].message, list[i]);
		definition_errors_free(&e);
		definition_unref(d);
	}
	expressions_free(expressions);
}

#define LATER_CASE(name, description)                                         \
	ATF_TC(name);                                                         \
	ATF_TC_HEAD(name, tc)                                                 \
	{                                                                     \
		atf_tc_set_md_var(tc, "descr", description);                  \
	}                                                                     \
	ATF_TC_BODY(name, tc)                                                 \
	{                                                                     \
		require_all(name, sizeof(name) / sizeof(name[0]));            \
		require_good(                                                 \
		    name##_good, sizeof(name##_good) / sizeof(*name##_good)); \
	}

LATER_CASE(on_lost, "on_lost: retry says how often by a retry")
LATER_CASE(vars, "a variable that nothing sets is none")
LATER_CASE(cycle, "every status leads back: no way out of a cycle")
LATER_CASE(env, "what weir sets itself can't be set")

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, env);
	ATF_TP_ADD_TC(tp, cycle);
	ATF_TP_ADD_TC(tp, vars);
	ATF_TP_ADD_TC(tp, on_lost);
	return atf_no_error();
}
