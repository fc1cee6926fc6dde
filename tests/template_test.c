/* links: tests/rendering.c daemon/core/template.c daemon/core/template_compile.c daemon/core/expression.c daemon/core/expression_names.c daemon/core/expression_check.c daemon/core/lexer.c libproto/utf8.c libproto/nearest.c daemon/core/proxy.c daemon/core/luaval.c daemon/core/functions.c daemon/core/functions_text.c daemon/core/json.c daemon/core/value.c daemon/core/element.c daemon/core/alloc.c libproto/pack.c libproto/scan.c libproto/header.c ; libs: msgpack lua5.4 */
/* template_test: strings and values in which expressions stand. */

#include <atf-c.h>
#include <string.h>

#include "tests/rendering.h"

ATF_TC(strings);
ATF_TC_HEAD(strings, tc)
{
	atf_tc_set_md_var(tc, "descr",
	    "where an expression begins and ends, and what comes of a string");
}
ATF_TC_BODY(strings, tc)
{
	static const struct row rows[] = {
	    {"plain", "\"plain\""},
	    {"", "\"\""},
	    {"$ {{ }} $$ ${ {", "\"$ {{ }} $$ ${ {\""},
	    {"${{ input.version }}", "\"1.2\""},
	    {"${{input.n}}", "3"},
	    {"${{ input.n }} ", "\"3 \""},
	    {"v${{ input.version }}-${{input.n}}", "\"v1.2-3\""},
	    {"${{ input.n }}${{ input.n }}", "\"33\""},
	    {"[${{ nil }}${{ true }}${{ 1.5 }}]", "\"[true1.5]\""},
	    {"${{ 7 }}: ${{ input.list }}", "\"7: [10,20,[30]]\""},
	    {"m=${{ {b=1, a={}} }}", "\"m={\\\"a\\\":[],\\\"b\\\":1}\""},
	    {"${{ {a={b={1,2}}}}}", "{\"a\":{\"b\":[1,2]}}"},
	    {"${{ \"}}\" .. '{{' .. [[}}]] .. [==[ ]] }} ]==] }}",
		"\"}}{{}} ]] }} \""},
	    {"${{ 'it\\'s }}' }}", "\"it's }}\""},
	    {"$${{ a }}", "\"${{ a }}\""},
	    {"$$${{ a }}", "\"$${{ a }}\""},
	    {"$${{ ${{ 1 }} $${{", "\"${{ 1 ${{\""},
	    {"$${{", "\"${{\""},
	};
	struct scope scope;

	scope_open(&scope);
	CHECK_ROWS(rows, &scope);
	scope_close(&scope);
}

/* What does not compile. */
static const struct row wrong[] = {
    {"${{ 1 ", "@0: expression: '${{' without its '}}'\n"},
    {"ab ${{ 1", "@3: expression: '${{' without its '}}'\n"},
    {"${{ }}",
	"@4: expression: nothing in it; expected something like "
	"'input.name'\n"},
    {"${{ 'abc }}", "@4: expression: a string without its end\n"},
    {"${{ [[abc }}", "@4: expression: a long string without its end\n"},
    {"${{ 1 } }}", "@6: expression: a '}' that closes nothing\n"},
    {"${{ 1 -- x }}",
	"@6: expression: '--' starts a comment in Lua, and an "
	"expression has none; write '- -' for a minus of a minus\n"},
    {"${{ 1; }}",
	"@5: expression: only one expression is possible, and ';' "
	"ends it\n"},
    {"${{ 1, 2 }}",
	"@5: expression: only one expression is possible, and ',' "
	"begins another; for a list write {a, b}\n"},
    {"${{ 1; os.exit() }}",
	"@5: expression: only one expression is possible, and ';' "
	"ends it\n"},
    {"${{ 1 return 2 }}",
	"@6: expression: 'return' does not go on from what is before "
	"it\n"},
    {"${{ 1) + (2 }}",
	"@5: expression: ')' does not go on from what is before it\n"},
    {"${{ x = 1 }}",
	"@6: expression: '=' does not go on from what is before it; "
	"'==' compares\n"},
    {"${{ 1 + }}", "@8: expression: unexpected symbol at its end\n"},
    {"${{ (1 }}", "@7: expression: ')' expected at its end\n"},
    {"${{ 1 + * 2 }}", "@8: expression: unexpected symbol near '*'\n"},
    {"${{ 0x }}", "@4: expression: malformed number near '0x'\n"},
    {"${{ \"\\q\" }}",
	"@4: expression: invalid escape sequence near '\"\\q'\n"},
    {"${{ (function() local _ENV = {} end)() }}",
	"@22: expression: '_ENV' may not be used\n"},
    {"${{ nope }} and ${{ 1 + }}",
	"@4: expression: unknown name 'nope'; inputs are input.NAME, "
	"variables are vars.NAME\n"
	"@24: expression: unexpected symbol at its end\n"},
    {"${{ inputs.x }}",
	"@4: expression: unknown name 'inputs'; did you mean "
	"'input'?\n"},
    {"${{ lenn('x') }}",
	"@4: expression: unknown name 'lenn'; did you mean 'len'?\n"},
    {"${{ tostring(1) }}",
	"@4: expression: 'tostring' is of Lua's library, which is not "
	"here; text(x) makes a string\n"},
    {"${{ input.nope }}", "@10: expression: there is no input 'nope'\n"},
    {"${{ input[\"no\x01\xff\"] }}",
	"@10: expression: there is no input 'no?\?'\n"},
    {"${{ tasks.biuld.exit }}", "@10: expression: there is no task 'biuld'\n"},
    {"${{ tasks.build.exti }}",
	"@16: expression: a task has no field 'exti'; did you mean "
	"'exit'?\n"},
    {"${{ execution.flavour }}",
	"@14: expression: execution has no field 'flavour'; it has id "
	"workflow version correlation_id labels started\n"},
};

ATF_TC(refused);
ATF_TC_HEAD(refused, tc)
{
	atf_tc_set_md_var(tc, "descr",
	    "what does not compile, with the byte where it does not");
}
ATF_TC_BODY(refused, tc)
{
	CHECK_ROWS(wrong, NULL);
	expressions_free(expressions);
}

ATF_TC_WITHOUT_HEAD(locals);
ATF_TC_BODY(locals, tc)
{
	static const struct row rows[] = {
	    {"${{ (function(x, ...) local y <const>, z = 2, 3; "
	     "for i = 1, 2 do goto c ::c:: end "
	     "local function f(q) return q + y end "
	     "return {x=x, y=f(z), a={...}} end)(1, 7) }}",
		"{\"a\":[7],\"x\":1,\"y\":5}"},
	    {"${{ (function(input) return input.nope end)({nope=1}) }}", "1"},
	    {"${{ (function() len = 3 end)() }}",
		"expression: attempt to set 'len': an expression only reads"},
	    {"${{ (function() input.x = 3 end)() }}",
		"@22: expression: there is no input 'x'\n"},
	    {"${{ (function() vars.x = 3 end)() }}",
		"expression: attempt to change a map: an expression only "
		"reads"},
	    {"${{ ('x'):rep(10) }}",
		"expression: attempt to index a string value (constant 'x')"},
	};
	struct scope scope;

	scope_open(&scope);
	CHECK_ROWS(rows, &scope);
	scope_close(&scope);
}

ATF_TC(places);
ATF_TC_HEAD(places, tc)
{
	atf_tc_set_md_var(tc, "descr", "what each place is allowed to name");
}
ATF_TC_BODY(places, tc)
{
	static const struct {
		const char *name;
		enum template_in from;
		const char *where;
	} cases[] = {
	    {"input", IN_DEFINITION, ""},
	    {"vars", IN_DEFINITION, ""},
	    {"execution.id", IN_DEFINITION, ""},
	    {"tasks.build.exit", IN_TASK, "'tasks' is known only inside"},
	    {"item", IN_ITEM, "'item' is known only in a task that has items"},
	    {"index", IN_ITEM, "'index' is known only in a task that"},
	    {"task.exit", IN_NEXT, "'task' is known only in a task's own"},
	};
	struct template *t;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		for (int in = IN_DEFINITION; in <= IN_NEXT; in++) {
			t = compile_text(
			    cases[i].name, (enum template_in)in, true);
			ATF_CHECK_EQ_MSG((int)cases[i].from <= in, t != NULL,
			    "%s in %d", cases[i].name, in);
			if (t == NULL)
				ATF_CHECK_MATCH(cases[i].where, said.text);
			template_free(t);
		}
	}
	expressions_free(expressions);
}

ATF_TC(conditions);
ATF_TC_HEAD(conditions, tc)
{
	atf_tc_set_md_var(tc, "descr", "template_holds");
}
ATF_TC_BODY(conditions, tc)
{
	static const struct {
		const char *text;
		int holds; /* -2: is refused */
	} cases[] = {
	    {"input.n == 3", 1},
	    {"input.n ~= 3", 0},
	    {" ${{ input.n > 2 }}\n", 1},
	    {"0", 1},
	    {"''", 1},
	    {"nil", 0},
	    {"input.b", 0},
	    {"input.list", 1},
	    {"vars.x.y", -1},
	    {"", -2},
	    {"${{ true }} and ${{ true }}", -2},
	    {"completed", -2},
	    {"a }} b", -2},
	};
	static const bool constants[] = {true, false};
	char error[EXPRESSION_ERROR_MAX];
	msgpack_object o = {.type = MSGPACK_OBJECT_BOOLEAN};
	struct template *t;
	struct scope scope;
	int holds;

	scope_open(&scope);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		t = compile_text(cases[i].text, IN_NEXT, true);
		holds = t == NULL ? -2 : template_holds(t, &scope, error);
		ATF_CHECK_EQ_MSG(
		    cases[i].holds, holds, "%s: %d", cases[i].text, holds);
		template_free(t);
	}
	for (int i = 0; i < 2; i++) {
		o.via.boolean = constants[i];
		t = compile(&o, IN_NEXT, true);
		ATF_REQUIRE(t != NULL && template_is_constant(t));
		ATF_CHECK_EQ(constants[i], template_holds(t, &scope, error));
		template_free(t);
	}
	o.type = MSGPACK_OBJECT_NIL;
	ATF_CHECK(compile(&o, IN_NEXT, true) == NULL);
	t = compile_text("x${{ 1 }}", IN_NEXT, false);
	ATF_CHECK_EQ(1, template_holds(t, &scope, error));
	template_free(t);
	scope_close(&scope);
}

ATF_TC(structures);
ATF_TC_HEAD(structures, tc)
{
	atf_tc_set_md_var(tc, "descr",
	    "expressions deep in a value, and the paths of their errors");
}
ATF_TC_BODY(structures, tc)
{
	char error[EXPRESSION_ERROR_MAX];
	struct value *v, *constant;
	struct template *t;
	struct scope scope;
	msgpack_zone zone;
	msgpack_object o;

	scope_open(&scope);
	msgpack_zone_init(&zone, 1024);
	v = lua("{argv={'make', '$'..'{{ item }}', 7}, env={A='x$'..'{{ 1 }}',"
		" ['$'..'{{ 2 }}']='$$'..'{{'}}");
	ATF_REQUIRE(value_unpack(v, &zone, &o));
	t = compile(&o, IN_NEXT, false);
	ATF_REQUIRE(t != NULL && !template_is_constant(t));
	value_unref(v); /* nothing of it may be kept */
	v = template_render(t, &scope, error);
	ATF_CHECK_STREQ("{\"argv\":[\"make\",\"arm64\",7],\"env\":{\"${{ 2 }}\""
			":\"${{\",\"A\":\"x1\"}}",
	    json(v));
	template_free(t);

	v = lua("{['a/b~']={1, 'ok $'..'{{ nope }}', {'$'..'{{'}}}");
	ATF_REQUIRE(value_unpack(v, &zone, &o));
	ATF_CHECK(compile(&o, IN_NEXT, false) == NULL);
	ATF_CHECK_STREQ("/a~1b~0/1@7: expression: unknown name 'nope'; inputs "
			"are input.NAME, variables are vars.NAME\n"
			"/a~1b~0/2/0@0: expression: '${{' without its '}}'\n",
	    said.text);
	value_unref(v);

	v = lua("{a={1, '$$'..'{{ x }}'}}");
	ATF_REQUIRE(value_unpack(v, &zone, &o));
	t = compile(&o, IN_NEXT, false);
	ATF_REQUIRE(template_is_constant(t));
	value_unref(v);
	constant = template_render(t, &scope, error);
	v = template_render(t, &scope, error);
	ATF_CHECK_MSG(v == constant, "a constant is rendered by reference");
	value_unref(constant);
	template_free(t);
	ATF_CHECK_STREQ("{\"a\":[1,\"${{ x }}\"]}", json(v));
	msgpack_zone_destroy(&zone);
	scope_close(&scope);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, strings);
	ATF_TP_ADD_TC(tp, refused);
	ATF_TP_ADD_TC(tp, locals);
	ATF_TP_ADD_TC(tp, places);
	ATF_TP_ADD_TC(tp, conditions);
	ATF_TP_ADD_TC(tp, structures);
	return atf_no_error();
}
