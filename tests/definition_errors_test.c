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
 * definition_errors_test: what is wrong with a definition is told once, where
 * it stands, in words that help; and nothing else is told along with it.
 */

#include <atf-c.h>
#include <stdio.h>
#include <string.h>

#include "libproto/pack.h"
#include "tests/definition_json.h"

#define TASKS(tasks) "{'workflow':'w','tasks':{" tasks "}}"
#define TASK(body) TASKS("'a':{" body "}")
#define RUN(more) TASK("'run':['true']," more)
#define TOP(more) "{'workflow':'w','tasks':{'a':{'run':['true']}}," more "}"
#define INPUT(in) TOP("'input':{" in "}")

struct wrong {
	const char *json;
	const char *path;
	const char *part; /* of the message */
	bool at_key;
};

static const struct wrong shape[] = {
    {"5", "", "found the number 5", false},
    {"[]", "", "a workflow, which is a map", false},
    {"{}", "", "needs the key \"workflow\"", false},
    {"{'workflow':'w'}", "", "needs the key \"tasks\"", false},
    {"{'workflow':'w','tasks':{}}", "/tasks", "an empty map", false},
    {"{'workflow':'w','tasks':['a']}", "/tasks", "found a list", false},
    {"{'workflow':'W','tasks':{'a':{'run':'x'}}}", "/workflow",
	"found the string \"W\"", false},
    {"{'workflow':7,'tasks':{'a':{'run':'x'}}}", "/workflow",
	"found the number 7", false},
    {TOP("'desciption':'x'"), "/desciption", "did you mean \"description\"?",
	true},
    {TOP("'a/b~c':1"), "/a~1b~0c", "unknown key \"a/b~c\"", true},
    {TOP("'description':''"), "/description", "not empty", false},
    {TOP("'timeout':60"), "/timeout", "with its unit", false},
    {TOP("'timeout':'0s'"), "/timeout", "longer than nothing", false},
    {TOP("'timeout':'5 m'"), "/timeout", "found the string \"5 m\"", false},
    {TOP("'timeout':'99999d'"), "/timeout", "at most 36500d", false},
    {TOP("'on_failure':'w'"), "/on_failure", "its own failure", false},
    {TOP("'on_failure':'x@2'"), "/on_failure", "without a version", false},
    {TOP("'on_error':'kil'"), "/on_error", "did you mean \"kill\"?", false},
    {TOP("'limits':{'parallel_task':1}"), "/limits/parallel_task",
	"did you mean \"parallel_tasks\"?", true},
    {TOP("'limits':{'parallel_runs':0}"), "/limits/parallel_runs",
	"from 1 to 1000000", false},
    {TOP("'safety':{'starts':{'max':3}}"), "/safety/starts",
	"needs the key \"per\"", false},
    {TOP("'safety':{'cost':{'max':-1,'per':'1d'}}"), "/safety/cost/max",
	"a number above 0", false},
    {TOP("'safety':{'start':{}}"), "/safety/start", "did you mean \"starts\"?",
	true},
    {TOP("'secret':{'a':1}"), "/secret", "a list of", false},
    {TOP("'secret':['a','b','a']"), "/secret/2", "stands here twice", false},
    {TOP("'vars':[1]"), "/vars", "expected a map", false},
    {TOP("'vars':{'x':{'y':'${{ input.no }}'}}"), "/vars/x/y", "no", false},
    {TOP("'output':'${{ tasks.b.output }}'"), "/output", "b", false},
    {INPUT("'v':'string'"), "/input/v", "{type: string}", false},
    {INPUT("'v':{'default':1}"), "/input/v", "needs the key \"type\"", false},
    {INPUT("'v':{'type':'strin'}"), "/input/v/type", "did you mean \"string\"?",
	false},
    {INPUT("'v':{'type':'integer','default':'1'}"), "/input/v/default",
	"expected a whole number", false},
    {INPUT("'v':{'type':'string','default':'${{ vars.x }}'}"),
	"/input/v/default", "not an expression", false},
    {INPUT("'v-w':{'type':'string'}"), "/input/v-w", "name of an input", true},
    {INPUT("'end':{'type':'string'}"), "/input/end", "name of an input", true},
};

static const struct wrong task[] = {
    {TASKS("'a':['x']"), "/tasks/a", "a task, which is a map", false},
    {TASKS("'a':null"), "/tasks/a", "nothing (null)", false},
    {TASKS("'a':{}"), "/tasks/a", "has no action", true},
    {TASK("'rum':'x'"), "/tasks/a/rum", "did you mean \"run\"?", true},
    {TASKS("'A':{'run':'x'}"), "/tasks/A", "name of a task", true},
    {TASKS("'a-b':{'run':'x'}"), "/tasks/a-b", "name of a task", true},
    {TASKS("'end':{'run':'x'}"), "/tasks/end", "a keyword", true},
    {TASK("'run':'x','workflow':'y'"), "/tasks/a/workflow",
	"both run and workflow", true},
    {TASK("'run':'x','set':{}"), "/tasks/a/set", "an entry of its next", true},
    {TASK("'run':{}"), "/tasks/a/run", "program and arguments", false},
    {TASK("'run':[]"), "/tasks/a/run", "an empty list", false},
    {TASK("'run':['x',['y']]"), "/tasks/a/run/1", "found a list", false},
    {TASK("'run':['']"), "/tasks/a/run/0", "the program to run", false},
    {TASK("'run':'echo ${{ input.x }}'"), "/tasks/a/run", "under env:", false},
    {RUN("'retri':{'count':1}"), "/tasks/a/retri",
	"unknown key \"retri\"; did you mean \"retry\"?", true},
    {RUN("'detach':true"), "/tasks/a/detach",
	"\"detach\" goes with workflow, not with run", true},
    {TASK("'wait':{'for':'1s'},'env':{}"), "/tasks/a/env",
	"goes with run, not with wait", true},
    {TASK("'set':{},'retry':{'count':1}"), "/tasks/a/retry",
	"goes with run or workflow, not with set", true},
    {TASK("'end':'failed','next':[]"), "/tasks/a/next",
	"goes with run, workflow, wait or set, not with end", true},
    {TASK("'set':{},'output':'json'"), "/tasks/a/output",
	"goes with run or end, not with set", true},
    {RUN("'cwd':'src'"), "/tasks/a/cwd", "an absolute path", false},
    {RUN("'env':['A=1']"), "/tasks/a/env", "expected a map", false},
    {RUN("'env':{'A':null}"), "/tasks/a/env/A", "nothing (null)", false},
    {RUN("'env':{'A=B':1}"), "/tasks/a/env/A=B", "environment", true},
    {RUN("'output':'jsn'"), "/tasks/a/output", "did you mean \"json\"?", false},
    {RUN("'success':[]"), "/tasks/a/success", "at least one", false},
    {RUN("'success':[0,256]"), "/tasks/a/success/1", "from 0 to 255", false},
    {RUN("'fatal':[3],'success':[0,3]"), "/tasks/a/fatal",
	"exit code 3 stands under both", false},
    {RUN("'limits':{'nfile':1}"), "/tasks/a/limits/nfile",
	"did you mean \"nofile\"?", true},
    {RUN("'limits':{'as':'1 GB'}"), "/tasks/a/limits/as", "a size", false},
    {RUN("'limits':{'nice':20}"), "/tasks/a/limits/nice", "-20 to 19", false},
    {RUN("'timeout':'-1s'"), "/tasks/a/timeout", "a duration", false},
    {RUN("'retry':{'delay':'1s'}"), "/tasks/a/retry", "the key \"count\"",
	false},
    {RUN("'retry':{'count':-1}"), "/tasks/a/retry/count", "from 0 to", false},
    {RUN("'retry':{'count':1,'backoff':'expo'}"), "/tasks/a/retry/backoff",
	"fixed, linear or exponential", false},
    {RUN("'retry':{'count':1,'jitter':20}"), "/tasks/a/retry/jitter",
	"from 0% to 100%", false},
    {RUN("'retry':{'count':1,'jitter':'101%'}"), "/tasks/a/retry/jitter",
	"from 0% to 100%", false},
    {RUN("'retry':{'count':1,'delay':'9s','max_delay':'1s'}"),
	"/tasks/a/retry/max_delay", "shorter than \"delay\"", false},
    {RUN("'retry':3"), "/tasks/a/retry", "a retry, which is a map", false},
    {RUN("'on_lost':'maybe'"), "/tasks/a/on_lost", "retry, fail or ask", false},
    {RUN("'items':[]"), "/tasks/a/items", "not empty", false},
    {RUN("'items':'abc'"), "/tasks/a/items", "gives a list", false},
    {RUN("'items':{'parallel':2}"), "/tasks/a/items", "the key \"in\"", false},
    {RUN("'items':{'in':[1],'parallel':0}"), "/tasks/a/items/parallel",
	"from 1", false},
    {RUN("'items':'${{ item }}'"), "/tasks/a/items", "item", false},
    {RUN("'optional':'yes'"), "/tasks/a/optional", "true or false", false},
    {RUN("'priority':2000"), "/tasks/a/priority", "-1000 to 1000", false},
    {RUN("'domain':'a b'"), "/tasks/a/domain", "a domain's name", false},
    {RUN("'cost':'much'"), "/tasks/a/cost", "a number from 0 on", false},
    {TASK("'workflow':'x@0'"), "/tasks/a/workflow", "NAME@3", false},
    {TASK("'workflow':'x@'"), "/tasks/a/workflow", "NAME@3", false},
    {TASK("'workflow':'${{ input.x }}'"), "/tasks/a/workflow",
	"can't depend on an expression", false},
    {TASK("'workflow':'x','input':[1]"), "/tasks/a/input", "a map", false},
    {TASK("'wait':'10s'"), "/tasks/a/wait", "a wait, which is a map", false},
    {TASK("'wait':{}"), "/tasks/a/wait", "this has none", false},
    {TASK("'wait':{'for':'1s','signal':'x'}"), "/tasks/a/wait", "this has more",
	false},
    {TASK("'wait':{'for':'soon'}"), "/tasks/a/wait/for", "a duration", false},
    {TASK("'wait':{'until':'2027-02-30T00:00:00Z'}"), "/tasks/a/wait/until",
	"a point in time", false},
    {TASK("'wait':{'signal':'x','from':'ops'}"), "/tasks/a/wait/from",
	"goes with approval", true},
    {TASK("'wait':{'approval':'?','from':[]}"), "/tasks/a/wait/from",
	"an empty list", false},
    {TASK("'end':'done'"), "/tasks/a/end", "completed, failed or termin",
	false},
    {TASK("'end':'failed','reason':5"), "/tasks/a/reason", "not empty", false},
};

static const struct wrong edges[] = {
    {RUN("'next':'a'"), "/tasks/a/next", "[{do: NAME}]", false},
    {RUN("'next':['a']"), "/tasks/a/next/0", "{do: NAME}", false},
    {RUN("'next':[{'when':'failed'}]"), "/tasks/a/next/0", "does nothing",
	false},
    {RUN("'next':[{'whn':'failed','do':[]}]"), "/tasks/a/next/0/whn",
	"did you mean \"when\"?", true},
    {RUN("'next':[{'when':'complete','do':[]}]"), "/tasks/a/next/0/when",
	"did you mean \"completed\"?", false},
    {RUN("'next':[{'when':'vars','do':[]}]"), "/tasks/a/next/0/when",
	"or an expression (one of a single word stands in ${{ }})", false},
    {RUN("'next':[{'when':true,'do':[]}]"), "/tasks/a/next/0/when",
	"found true", false},
    {RUN("'next':[{'when':'task.exit ==','do':[]}]"), "/tasks/a/next/0/when",
	"", false},
    {RUN("'next':[{'set':{'x':'${{ input.y }}'}}]"), "/tasks/a/next/0/set/x",
	"y", false},
    {RUN("'next':[{'do':'c'}]"), "/tasks/a/next/0/do", "there is no task \"c\"",
	false},
    {TASKS("'build':{'run':'x','next':{'do':['biuld']}}"),
	"/tasks/build/next/do/0", "did you mean \"build\"?", false},
    {TASKS("'a':{'run':'x','next':{'do':['b','b']}},'b':{'run':'x'}"),
	"/tasks/a/next/do/1", "stands here twice", false},
    {RUN("'needs':['b']"), "/tasks/a/needs/0", "no task \"b\"", false},
    {RUN("'needs':[]"), "/tasks/a/needs", "at least one", false},
    {RUN("'needs':['a']"), "/tasks/a/needs", "needs itself", false},
    {TASKS("'a':{'run':'x'},'b':{'run':'x','needs':'a','join':'all'}"),
	"/tasks/b/join", "beside \"needs\"", true},
    {RUN("'join':'any'"), "/tasks/a/join", "all, or how many", false},
    {RUN("'join':0"), "/tasks/a/join", "from 1 to", false},
    {RUN("'join':'all'"), "/tasks/a/join", "no task leads to \"a\"", false},
    {TASKS("'a':{'run':'x','next':{'do':'b'}},'b':{'run':'x','join':2}"),
	"/tasks/b/join", "it wants 2 tasks, and 1 leads to", false},
    {TASKS("'s':{'run':'x','next':{'do':'a'}},"
	   "'a':{'run':'x','join':'all','next':{'do':'b'}},"
	   "'b':{'run':'x','next':{'when':'failed','do':'a'}}"),
	"/tasks/a/join", "waits for \"b\", which is only reached through",
	false},
    {TASKS("'a':{'run':'x','next':{'when':'failed','do':'a'}}"), "/tasks",
	"no task starts first", false},
    {TASKS("'a':{'run':'x'},'b':{'run':'x','next':{'when':'failed',"
	   "'do':['c','d']}},'c':{'run':'x','next':{'do':'b'}},"
	   "'d':{'run':'x'}"),
	"/tasks/b", "(b, c)", true},
    {TASKS("'s':{'run':'x','next':{'do':'a'}},"
	   "'a':{'run':'x','next':{'do':'b'}},"
	   "'b':{'run':'x','next':{'do':'a'}}"),
	"/tasks/a", "the cycle of a, b has no way out", true},
    {TASKS("'s':{'run':'x','next':{'do':'a'}},"
	   "'a':{'run':'x','next':[{'do':'a'},{'when':'failed',"
	   "'do':'b'}]},'b':{'run':'x'}"),
	"/tasks/a", "has no way out", true},
    {TASKS("'s':{'run':'x','next':{'do':'f'}},"
	   "'f':{'set':{},'next':{'do':['b','c']}},"
	   "'b':{'run':'x','next':{'do':'j'}},"
	   "'c':{'run':'x','next':[{'when':'failed','do':'j'},"
	   "{'do':'j'}]},'j':{'set':{},'join':'all','next':{'do':'f'}}"),
	"/tasks/f", "has no way out", true},
};

static void
require_wrong(struct expressions *, const struct wrong *, definition_finder *);
static void require_all(const struct wrong *, size_t);
static struct definition_errors errors_of(struct value *);

static void
require_wrong(struct expressions *expressions, const struct wrong *w,
    definition_finder *find)
{
	struct definition_errors e;
	struct definition *def =
	    definition_of_json(expressions, w->json, find, NULL, &e);
	size_t i;

	ATF_REQUIRE_MSG(def == NULL, "taken as right: %s", w->json);
	for (i = 0; e.count != 1 && i < e.count; i++)
		printf("%s: %s\n", e.list[i].path, e.list[i].message);
	ATF_CHECK_MSG(e.count == 1, "%zu errors: %s", e.count, w->json);
	ATF_CHECK_MSG(strcmp(e.list[0].path, w->path) == 0, "path \"%s\": %s",
	    e.list[0].path, w->json);
	ATF_CHECK_MSG(strstr(e.list[0].message, w->part) != NULL,
	    "message \"%s\": %s", e.list[0].message, w->json);
	ATF_CHECK_MSG(e.list[0].at_key == w->at_key, "at_key: %s", w->json);
	definition_errors_free(&e);
}

static void
require_all(const struct wrong *w, size_t n)
{
	struct expressions *expressions = expressions_new();
	size_t i;

	for (i = 0; i < n; i++)
		require_wrong(expressions, &w[i], NULL);
	expressions_free(expressions);
}

ATF_TC(wrong_shape);
ATF_TC_HEAD(wrong_shape, tc)
{
	atf_tc_set_md_var(tc, "descr", "errors of a workflow's own keys");
}
ATF_TC_BODY(wrong_shape, tc)
{
	require_all(shape, sizeof(shape) / sizeof(shape[0]));
}

ATF_TC(wrong_task);
ATF_TC_HEAD(wrong_task, tc)
{
	atf_tc_set_md_var(tc, "descr", "errors of a task's keys");
}
ATF_TC_BODY(wrong_task, tc)
{
	require_all(task, sizeof(task) / sizeof(task[0]));
}

ATF_TC(wrong_edges);
ATF_TC_HEAD(wrong_edges, tc)
{
	atf_tc_set_md_var(tc, "descr", "errors of next, needs and the graph");
}
ATF_TC_BODY(wrong_edges, tc)
{
	require_all(edges, sizeof(edges) / sizeof(edges[0]));
}

/* Takes the value. */
static struct definition_errors
errors_of(struct value *v)
{
	struct expressions *expressions = expressions_new();
	struct definition_errors e;

	ATF_REQUIRE(
	    definition_of_value(expressions, v, NULL, NULL, &e) == NULL);
	value_unref(v);
	expressions_free(expressions);
	return e;
}

ATF_TC(all_at_once);
ATF_TC_HEAD(all_at_once, tc)
{
	atf_tc_set_md_var(tc, "descr", "every error is told, not the first");
}
ATF_TC_BODY(all_at_once, tc)
{
	static const char *const paths[] = {"/wat", "/limits/parallel_runs",
	    "/tasks/a/run", "/tasks/a/retry/count", "/tasks/a/retry/delay",
	    "/tasks/b", "/tasks/c/env/X", "/tasks/c/next/0/do", "/output"};
	struct definition_errors e = errors_of(value_of_json(
	    "{'workflow':'w','wat':1,'limits':{'parallel_runs':'x'},"
	    "'tasks':{'a':{'run':5,'retry':{'count':'x','delay':3}},"
	    "'b':{},'c':{'run':'x','env':{'X':'${{ input.y }}'},"
	    "'next':[{'do':'d'}]}},'output':'${{ tasks.e.output }}'}"));
	size_t i;

	ATF_CHECK_EQ(sizeof(paths) / sizeof(paths[0]), e.count);
	for (i = 0; i < e.count; i++)
		ATF_CHECK_STREQ(paths[i], e.list[i].path);
	ATF_CHECK_EQ(0, e.left_out);
	definition_errors_free(&e);
}

ATF_TC(bounded);
ATF_TC_HEAD(bounded, tc)
{
	atf_tc_set_md_var(tc, "descr", "100 errors are kept, others counted");
}
ATF_TC_BODY(bounded, tc)
{
	msgpack_sbuffer buffer;
	msgpack_packer pk;
	struct definition_errors e;
	char name[16];
	int i;

	msgpack_sbuffer_init(&buffer);
	msgpack_packer_init(&pk, &buffer, msgpack_sbuffer_write);
	msgpack_pack_map(&pk, 252);
	pack_key_str(&pk, "workflow", "w");
	pack_str(&pk, "tasks");
	msgpack_pack_map(&pk, 1);
	pack_str(&pk, "a");
	msgpack_pack_map(&pk, 1);
	pack_key_str(&pk, "run", "x");
	for (i = 0; i < 250; i++) {
		snprintf(name, sizeof(name), "key%d", i);
		pack_key_nil(&pk, name);
	}
	e = errors_of(value_of_buffer(&buffer));
	ATF_CHECK_EQ(100, e.count);
	ATF_CHECK_EQ(150, e.left_out);
	definition_errors_free(&e);
}

ATF_TC(details);
ATF_TC_HEAD(details, tc)
{
	atf_tc_set_md_var(tc, "descr", "found, expected, and the offset");
}
ATF_TC_BODY(details, tc)
{
	struct definition_errors e =
	    errors_of(value_of_json(RUN("'timeout':60")));

	ATF_CHECK_STREQ("the number 60", e.list[0].found);
	ATF_CHECK(strstr(e.list[0].expected, "a duration") != NULL);
	definition_errors_free(&e);

	e = errors_of(
	    value_of_json(TASK("'run':'echo x; echo ${{ input.x }}'")));
	ATF_CHECK_EQ(13, e.list[0].offset);
	definition_errors_free(&e);
}

ATF_TC(not_finite);
ATF_TC_HEAD(not_finite, tc)
{
	atf_tc_set_md_var(tc, "descr",
	    "a number that is none is refused, unless it is stored already");
}
ATF_TC_BODY(not_finite, tc)
{
	static const char bytes[] = "\x83\xa8workflow\xa1w\xa5tasks\x81\xa1"
				    "a\x81\xa3run\xa1x\xa4vars\x81\xa1x"
				    "\xcb\x7f\xf8\0\0\0\0\0\0";
	struct expressions *expressions = expressions_new();
	struct value *v = value_new(bytes, sizeof(bytes) - 1);
	struct definition_errors e;
	struct definition *stored;
	msgpack_object o;
	msgpack_zone zone;

	msgpack_zone_init(&zone, 1024);
	ATF_REQUIRE(value_unpack(v, &zone, &o));
	stored = definition_load(expressions, &o, &e);
	ATF_CHECK(stored != NULL);
	definition_unref(stored);
	definition_errors_free(&e);
	ATF_CHECK(definition_of_value(expressions, v, NULL, NULL, &e) == NULL);
	ATF_REQUIRE_EQ(1, e.count);
	ATF_CHECK_STREQ("/vars/x", e.list[0].path);
	ATF_CHECK_STREQ("a finite number", e.list[0].expected);
	definition_errors_free(&e);
	msgpack_zone_destroy(&zone);
	value_unref(v);
	expressions_free(expressions);
}

/* What JSON can't say. */
ATF_TC(not_json);
ATF_TC_HEAD(not_json, tc)
{
	atf_tc_set_md_var(tc, "descr",
	    "repeated keys, keys that are no strings, binary, broken text");
}
ATF_TC_BODY(not_json, tc)
{
	static const struct {
		const char *bytes;
		size_t size;
		const char *path;
		const char *part;
	} cases[] = {
#define CASE(bytes, path, part) {bytes, sizeof(bytes) - 1, path, part}
#define START "\xa8workflow\xa1w\xa5tasks\x81\xa1"
#define GOOD START "a\x81\xa3run\xa1x"
	    CASE("\x83" GOOD "\xa8workflow\xa1w", "/workflow",
		"stands here twice"),
	    CASE("\x82\xa8workflow\xa1w\xa5tasks\x82\xa1"
		 "a\x81\xa3run\xa1x\xa1"
		 "a\x81\xa3run\xa1x",
		"/tasks/a", "stands here twice"),
	    CASE("\x82" START "a\x82\xa3run\xa1x\xa3"
		 "env\x82\xa1X\x01\xa1X\x02",
		"/tasks/a/env/X", "stands here twice"),
	    CASE("\x83" GOOD "\x05\x06", "", "keys that are strings"),
	    CASE("\x83" GOOD "\xab"
		 "description\xc4\x01x",
		"/description", "binary data"),
	    CASE("\x83" GOOD "\xab"
		 "description\xa2\xc3\x28",
		"/description", "not UTF-8"),
	    CASE("\x83" GOOD "\xab"
		 "description\xa3x\0y",
		"/description", "a zero byte"),
	    CASE("\x83" GOOD "\xa4vars\x81\xa1x\xd4\x01x", "/vars/x",
		"binary data"),
	    CASE("\xc4\x02xy", "", "binary data"),
	};
	struct definition_errors e;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		e = errors_of(value_new(cases[i].bytes, cases[i].size));
		ATF_CHECK_EQ(1, e.count);
		ATF_CHECK_STREQ(cases[i].path, e.list[0].path);
		ATF_CHECK_MSG(strstr(e.list[0].message, cases[i].part) != NULL,
		    "%s", e.list[0].message);
		definition_errors_free(&e);
	}
}

ATF_TC(too_many_tasks);
ATF_TC_HEAD(too_many_tasks, tc)
{
	atf_tc_set_md_var(tc, "descr", "4096 tasks are fine, one more is not");
}
ATF_TC_BODY(too_many_tasks, tc)
{
	struct expressions *expressions = expressions_new();
	struct definition_errors e;
	struct definition *def;
	unsigned n, i;

	for (n = 4096; n <= 4097; n++) {
		struct value *v;
		msgpack_sbuffer buffer;
		msgpack_packer pk;
		char name[16];

		msgpack_sbuffer_init(&buffer);
		msgpack_packer_init(&pk, &buffer, msgpack_sbuffer_write);
		msgpack_pack_map(&pk, 2);
		pack_key_str(&pk, "workflow", "w");
		pack_str(&pk, "tasks");
		msgpack_pack_map(&pk, n);
		for (i = 0; i < n; i++) {
			snprintf(name, sizeof(name), "t%u", i);
			pack_str(&pk, name);
			msgpack_pack_map(&pk, i > 0 ? 2 : 1);
			pack_key_str(&pk, "run", "x");
			snprintf(name, sizeof(name), "t%u", i - 1);
			if (i > 0)
				pack_key_str(&pk, "needs", name);
		}
		v = value_of_buffer(&buffer);
		def = definition_of_value(expressions, v, NULL, NULL, &e);
		value_unref(v);
		ATF_CHECK_EQ(n == 4096, def != NULL);
		ATF_CHECK_EQ(n == 4096 ? 0U : 1U, e.count);
		definition_unref(def);
		definition_errors_free(&e);
	}
	expressions_free(expressions);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, wrong_shape);
	ATF_TP_ADD_TC(tp, wrong_task);
	ATF_TP_ADD_TC(tp, wrong_edges);
	ATF_TP_ADD_TC(tp, all_at_once);
	ATF_TP_ADD_TC(tp, bounded);
	ATF_TP_ADD_TC(tp, details);
	ATF_TP_ADD_TC(tp, not_json);
	ATF_TP_ADD_TC(tp, not_finite);
	ATF_TP_ADD_TC(tp, too_many_tasks);
	return atf_no_error();
}
