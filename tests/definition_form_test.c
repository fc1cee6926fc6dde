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
/* definition_form_test: what a good definition is compiled into. */

#include <atf-c.h>
#include <stdio.h>
#include <string.h>

#include "tests/definition_json.h"

#define SECOND INT64_C(1000000000)

static struct definition *parse(const char *);
static const struct task_definition *
task(const struct definition *, const char *);
static void
require_leads(const struct definition *, const char *, uint32_t, const char *);
static void
require_before(const struct definition *, const char *, const char *);

static struct expressions *expressions;

static struct definition *
parse(const char *json)
{
	if (expressions == NULL)
		expressions = expressions_new();
	return definition_of_json(expressions, json, NULL, NULL, NULL);
}

static const struct task_definition *
task(const struct definition *def, const char *name)
{
	uint32_t number = definition_task(def, name, strlen(name));

	ATF_REQUIRE_MSG(number < def->ntasks, "no task %s", name);
	return &def->tasks[number];
}

/* The names of the tasks that an entry of next leads to, with blanks. */
static void
require_leads(const struct definition *def, const char *name, uint32_t entry,
    const char *names)
{
	const struct task_definition *t = task(def, name);
	char got[256] = "";
	uint32_t i;

	ATF_REQUIRE(entry < t->nnext);
	for (i = 0; i < t->next[entry].nto; i++) {
		strcat(got, i > 0 ? " " : "");
		strcat(got, def->tasks[t->next[entry].to[i]].name);
	}
	ATF_CHECK_STREQ(names, got);
}

static void
require_before(
    const struct definition *def, const char *name, const char *names)
{
	const struct task_definition *t = task(def, name);
	char got[256] = "";
	uint32_t i;

	for (i = 0; i < t->nbefore; i++) {
		strcat(got, i > 0 ? " " : "");
		strcat(got, def->tasks[t->before[i]].name);
	}
	ATF_CHECK_STREQ(names, got);
}

/* The example of weir-workflow(5). */
static const char release[] =
    "{'workflow':'release','description':'Build, test and publish',"
    "'input':{'version':{'type':'string'},"
    "'platforms':{'type':'list','default':['amd64','arm64']},"
    "'dry_run':{'type':'boolean','default':true}},"
    "'vars':{'built':[]},'output':{'artifacts':'${{ vars.built }}'},"
    "'timeout':'2h','on_failure':'page-operator','on_error':'kill',"
    "'limits':{'parallel_tasks':4,'parallel_runs':1},"
    "'safety':{'starts':{'max':200,'per':'1h'},"
    "'cost':{'max':50.5,'per':'1d'}},'secret':'token',"
    "'tasks':{"
    "'compile':{'items':{'in':'${{ input.platforms }}','parallel':2},"
    "'run':['make','ARCH=${{ item }}',7,true],'cwd':'/srv/src',"
    "'env':{'VERSION':'${{ input.version }}'},'output':'json',"
    "'timeout':'20m','retry':{'count':2,'delay':'10s',"
    "'backoff':'exponential','max_delay':'5m','jitter':'20%'},"
    "'on_lost':'retry','next':[{'when':'completed',"
    "'set':{'built':'${{ task.output }}'},'do':['test','scan']},"
    "{'when':'failed','do':'cleanup'}]},"
    "'test':{'workflow':'run-tests@3','input':{'version':"
    "'${{ input.version }}'},'next':[{'when':'completed',"
    "'do':'publish'}]},"
    "'scan':{'run':'scanner','env':{'T':'${{ input.version }}'},"
    "'success':[0,1],'fatal':[64,65],'optional':true,"
    "'next':[{'when':'always','do':'publish'}]},"
    "'publish':{'join':'all','wait':{'approval':"
    "'Publish ${{ input.version }}?','from':['release-managers'],"
    "'timeout':'1d'}},"
    "'upload':{'needs':['publish'],'domain':'cluster',"
    "'cost':'${{ task.output }}','output':'json',"
    "'run':['upload','--all'],'priority':-5},"
    "'cleanup':{'run':['make','clean'],'next':{'do':'stop'},"
    "'limits':{'nofile':64,'as':'1G','core':'unlimited','nice':5,"
    "'cpu':'90s'},'kill_after':'0s'},"
    "'stop':{'end':'failed','reason':'exit ${{ tasks.compile.exit }}'}}}";

ATF_TC(top);
ATF_TC_HEAD(top, tc)
{
	atf_tc_set_md_var(tc, "descr", "the keys of a workflow");
}
ATF_TC_BODY(top, tc)
{
	struct definition *def = parse(release);

	ATF_CHECK_STREQ("release", def->name);
	ATF_CHECK_STREQ("Build, test and publish", def->description);
	ATF_CHECK_EQ(7200 * SECOND, def->timeout);
	ATF_CHECK_STREQ("page-operator", def->on_failure);
	ATF_CHECK(def->kill_on_error);
	ATF_CHECK_EQ(4, def->parallel_tasks);
	ATF_CHECK_EQ(1, def->parallel_runs);
	ATF_CHECK_EQ(200, def->safety.starts_max);
	ATF_CHECK_EQ(3600 * SECOND, def->safety.starts_per);
	ATF_CHECK_EQ(101, (int)(def->safety.cost_max * 2));
	ATF_CHECK_EQ(86400 * SECOND, def->safety.cost_per);
	ATF_REQUIRE_EQ(1, def->nsecrets);
	ATF_CHECK_STREQ("token", def->secrets[0]);
	ATF_REQUIRE_EQ(3, def->ninputs);
	ATF_CHECK_EQ(INPUT_STRING, def->inputs[0].type);
	ATF_CHECK(def->inputs[0].required);
	ATF_CHECK(!def->inputs[1].required);
	ATF_CHECK(def->inputs[1].fallback != NULL);
	ATF_CHECK(def->vars != NULL && template_is_constant(def->vars));
	ATF_CHECK(def->output != NULL && !template_is_constant(def->output));
	ATF_CHECK(def->source != NULL);
	ATF_REQUIRE_EQ(7, def->ntasks);
	ATF_CHECK_EQ(UINT32_MAX, definition_task(def, "buil", 4));
	ATF_CHECK_EQ(UINT32_MAX, definition_task(def, "compile2", 8));
	ATF_CHECK_EQ(0, definition_task(def, "compile2", 7));
	definition_unref(definition_ref(def));
	definition_unref(def);
}

ATF_TC(callout);
ATF_TC_HEAD(callout, tc)
{
	atf_tc_set_md_var(tc, "descr", "the keys of a task that runs");
}
ATF_TC_BODY(callout, tc)
{
	struct definition *def = parse(release);
	const struct task_definition *t = task(def, "compile");

	ATF_CHECK_EQ(ACTION_RUN, t->kind);
	ATF_CHECK(!t->u.run.shell && t->u.run.argv != NULL);
	ATF_CHECK(t->u.run.cwd != NULL && t->u.run.env != NULL);
	ATF_CHECK(t->items != NULL);
	ATF_CHECK_EQ(2, t->parallel);
	ATF_CHECK_EQ(OUTPUT_JSON, t->u.run.output);
	ATF_CHECK_EQ(1200 * SECOND, t->timeout);
	ATF_CHECK_EQ(10 * SECOND, t->u.run.kill_after);
	ATF_CHECK_EQ(1, t->u.run.success[0]);
	ATF_CHECK_EQ(2, t->retry.count);
	ATF_CHECK_EQ(10 * SECOND, t->retry.delay);
	ATF_CHECK_EQ(BACKOFF_EXPONENTIAL, t->retry.backoff);
	ATF_CHECK_EQ(300 * SECOND, t->retry.max_delay);
	ATF_CHECK_EQ(20, t->retry.jitter_percent);
	ATF_CHECK_EQ(LOST_RETRY, t->on_lost);
	ATF_CHECK_STREQ("local", t->domain);

	t = task(def, "scan");
	ATF_CHECK(t->u.run.shell && t->optional);
	ATF_CHECK_EQ(3, t->u.run.success[0]);
	ATF_CHECK_EQ(3, t->u.run.fatal[8]);
	ATF_CHECK_EQ(OUTPUT_NONE, t->u.run.output);
	ATF_CHECK_EQ(LOST_DEFAULT, t->on_lost);

	t = task(def, "upload");
	ATF_CHECK_STREQ("cluster", t->domain);
	ATF_CHECK(t->cost != NULL);
	ATF_CHECK_EQ(-5, t->priority);

	t = task(def, "cleanup");
	ATF_CHECK_EQ(0, t->u.run.kill_after);
	ATF_REQUIRE_EQ(5, t->u.run.nlimits);
	ATF_CHECK_STREQ("as", t->u.run.limits[0].name);
	ATF_CHECK_EQ(INT64_C(1) << 30, t->u.run.limits[0].value);
	ATF_CHECK_STREQ("core", t->u.run.limits[1].name);
	ATF_CHECK_EQ(-1, t->u.run.limits[1].value);
	ATF_CHECK_STREQ("cpu", t->u.run.limits[2].name);
	ATF_CHECK_EQ(90, t->u.run.limits[2].value);
	ATF_CHECK_STREQ("nice", t->u.run.limits[3].name);
	ATF_CHECK_EQ(5, t->u.run.limits[3].value);
	ATF_CHECK_STREQ("nofile", t->u.run.limits[4].name);
	ATF_CHECK_EQ(64, t->u.run.limits[4].value);
	definition_unref(def);
}

ATF_TC(actions);
ATF_TC_HEAD(actions, tc)
{
	atf_tc_set_md_var(tc, "descr", "workflow, wait, set and end");
}
ATF_TC_BODY(actions, tc)
{
	struct definition *def = parse(release);
	const struct task_definition *t = task(def, "test");

	ATF_CHECK_EQ(ACTION_WORKFLOW, t->kind);
	ATF_CHECK_STREQ("run-tests", t->u.workflow.name);
	ATF_CHECK_EQ(3, t->u.workflow.version);
	ATF_CHECK(t->u.workflow.input != NULL && !t->u.workflow.detach);

	t = task(def, "publish");
	ATF_CHECK_EQ(ACTION_WAIT, t->kind);
	ATF_CHECK_EQ(WAIT_APPROVAL, t->u.wait.kind);
	ATF_CHECK_EQ(86400 * SECOND, t->u.wait.timeout);
	ATF_REQUIRE_EQ(1, t->u.wait.nfrom);
	ATF_CHECK_STREQ("release-managers", t->u.wait.from[0]);

	t = task(def, "stop");
	ATF_CHECK_EQ(ACTION_END, t->kind);
	ATF_CHECK_EQ(END_FAILED, t->u.end.status);
	ATF_CHECK(t->u.end.reason != NULL && t->u.end.output == NULL);
	definition_unref(def);

	def = parse("{'workflow':'w','vars':{'pause':'5s','all':{},'n':1},"
		    "'tasks':{'f':{'wait':{'for':'1h30m'}},"
		    "'u':{'wait':{'until':'2027-01-01T00:00:00Z'}},"
		    "'s':{'wait':{'signal':'go','timeout':'5s'}},"
		    "'x':{'wait':{'for':'${{ vars.pause }}'}},"
		    "'d':{'workflow':'y','detach':true,"
		    "'input':'${{ vars.all }}'},"
		    "'v':{'set':{'a':1}},'e':{'end':'completed',"
		    "'output':{'n':[1,'${{ vars.n }}']}}}}");
	ATF_CHECK_EQ(WAIT_FOR, task(def, "f")->u.wait.kind);
	ATF_CHECK_EQ(WAIT_UNTIL, task(def, "u")->u.wait.kind);
	ATF_CHECK_EQ(WAIT_SIGNAL, task(def, "s")->u.wait.kind);
	ATF_CHECK_EQ(5 * SECOND, task(def, "s")->u.wait.timeout);
	ATF_CHECK(!template_is_constant(task(def, "x")->u.wait.value));
	ATF_CHECK(task(def, "d")->u.workflow.detach);
	ATF_CHECK_EQ(0, task(def, "d")->u.workflow.version);
	ATF_CHECK_EQ(ACTION_SET, task(def, "v")->kind);
	ATF_CHECK(task(def, "e")->u.end.output != NULL);
	definition_unref(def);
}

ATF_TC(edges);
ATF_TC_HEAD(edges, tc)
{
	atf_tc_set_md_var(tc, "descr", "next, before, join and needs");
}
ATF_TC_BODY(edges, tc)
{
	struct definition *def = parse(release);
	const struct task_definition *t = task(def, "compile");

	ATF_REQUIRE_EQ(2, t->nnext);
	ATF_CHECK_EQ(WHEN_COMPLETED, t->next[0].when);
	ATF_CHECK(t->next[0].set != NULL);
	require_leads(def, "compile", 0, "test scan");
	ATF_CHECK_EQ(WHEN_FAILED, t->next[1].when);
	require_leads(def, "compile", 1, "cleanup");
	require_before(def, "compile", "");
	require_before(def, "publish", "test scan");
	require_before(def, "stop", "cleanup");
	ATF_CHECK_EQ(JOIN_ALL, task(def, "publish")->join);
	ATF_CHECK_EQ(JOIN_NONE, task(def, "test")->join);

	/* needs: upload stands for an entry of publish's next. */
	t = task(def, "publish");
	ATF_REQUIRE_EQ(1, t->nnext);
	ATF_CHECK_EQ(WHEN_COMPLETED, t->next[0].when);
	require_leads(def, "publish", 0, "upload");
	require_before(def, "upload", "publish");
	ATF_CHECK_EQ(JOIN_ALL, task(def, "upload")->join);
	definition_unref(def);
}

ATF_TC(needs);
ATF_TC_HEAD(needs, tc)
{
	atf_tc_set_md_var(tc, "descr",
	    "needs: adds one entry behind next, and leads nowhere twice");
}
ATF_TC_BODY(needs, tc)
{
	struct definition *def =
	    parse("{'workflow':'w','tasks':{'c':{'run':'x','needs':['b','a']},"
		  "'a':{'run':'x','next':[{'when':'failed','do':'f'},"
		  "{'do':['d']}]},'b':{'run':'x'},"
		  "'d':{'run':'x','needs':['a','b']},'f':{'run':'x'}}}");

	ATF_REQUIRE_EQ(3, task(def, "a")->nnext);
	require_leads(def, "a", 0, "f");
	require_leads(def, "a", 1, "d");
	require_leads(def, "a", 2, "c");
	ATF_REQUIRE_EQ(1, task(def, "b")->nnext);
	require_leads(def, "b", 0, "c d");
	require_before(def, "c", "a b");
	require_before(def, "d", "a b");
	ATF_CHECK_EQ(JOIN_ALL, task(def, "d")->join);
	ATF_CHECK_EQ(JOIN_NONE, task(def, "f")->join);
	definition_unref(def);
}

/* Each has to be taken as it is. */
ATF_TC(accepted);
ATF_TC_HEAD(accepted, tc)
{
	atf_tc_set_md_var(tc, "descr", "what looks wrong and is not");
}
ATF_TC_BODY(accepted, tc)
{
#define TASKS(tasks) "{'workflow':'w','tasks':{" tasks "}}"
#define GO "'s':{'run':'x','next':{'do':'a'}},"
	static const char *const good[] = {
	    /* a cycle that a condition ends */
	    TASKS(GO "'a':{'run':'x','next':{'when':'failed','do':'a'}}"),
	    TASKS(GO "'a':{'run':'x','next':{'do':'b'}},"
		     "'b':{'run':'x','next':{'when':'task.exit == 1',"
		     "'do':'a'}}"),
	    /* one that another task ends */
	    TASKS(GO "'a':{'run':'x','next':[{'do':'a'},"
		     "{'when':'failed','do':'e'}]},'e':{'end':'failed'}"),
	    /* a join in a cycle that can be met from outside of it */
	    TASKS("'s':{'run':'x','next':{'do':['a','c']}},"
		  "'c':{'run':'x','next':{'do':'b'}},"
		  "'a':{'run':'x','join':1,'next':{'when':'failed',"
		  "'do':'b'}},'b':{'run':'x','next':{'when':'failed',"
		  "'do':'a'}}"),
	    /* two entries that lead to the same task */
	    TASKS("'a':{'run':'x','next':[{'when':'completed','do':'b'},"
		  "{'when':'failed','do':'b'}]},'b':{'run':'x'}"),
	    TASKS("'a':{'run':'x','next':[{'when':'failed','do':[]}]}"),
	    TASKS("'a':{'set':{}}"),
	    TASKS("'a':{'run':['x'],'items':[1,2]}"),
	    TASKS("'a':{'run':['x'],'items':'${{ vars.x }}'},"
		  "'b':{'set':{'x':[1]}}"),
	    TASKS("'a':{'run':'x','success':3}"),
	    TASKS("'_1':{'run':'x','cost':1.5}"),
	    ("{'workflow':'0.a_b-c','tasks':{'a':{'run':'x'}},"
	     "'input':{'A_1':{'type':'any','default':null}}}"),
	};
	struct definition_errors e;
	struct definition *def;
	size_t i;

	expressions = expressions_new();
	for (i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		def = definition_of_json(expressions, good[i], NULL, NULL, &e);
		ATF_CHECK_MSG(def != NULL, "%s: %s", good[i],
		    e.count > 0 ? e.list[0].message : "no error");
		definition_unref(def);
		definition_errors_free(&e);
	}
	expressions_free(expressions);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, top);
	ATF_TP_ADD_TC(tp, callout);
	ATF_TP_ADD_TC(tp, actions);
	ATF_TP_ADD_TC(tp, edges);
	ATF_TP_ADD_TC(tp, needs);
	ATF_TP_ADD_TC(tp, accepted);
	return atf_no_error();
}
