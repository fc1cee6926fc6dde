/*
 * links: tests/definition_json.c daemon/core/decoder_error.c
 * daemon/core/decoder_fields.c daemon/core/decoder_keys.c
 * daemon/core/decoder_structure.c daemon/core/definition.c
 * daemon/core/definition_attempts.c daemon/core/definition_edges.c
 * daemon/core/definition_graph.c daemon/core/definition_input.c
 * daemon/core/definition_memory.c daemon/core/definition_nesting.c
 * daemon/core/definition_run.c daemon/core/definition_task.c
 * daemon/core/definition_wait.c libproto/nearest.c daemon/core/quantity.c
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

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, on_lost);
	return atf_no_error();
}
