/* links: tests/rendering.c daemon/core/template.c daemon/core/template_compile.c daemon/core/expression.c daemon/core/expression_names.c daemon/core/expression_check.c daemon/core/lexer.c libproto/utf8.c libproto/nearest.c daemon/core/proxy.c daemon/core/luaval.c daemon/core/functions.c daemon/core/functions_text.c daemon/core/json.c daemon/core/value.c daemon/core/element.c daemon/core/alloc.c libproto/pack.c libproto/scan.c libproto/header.c ; libs: msgpack lua5.4 */
/* expression_values_test: what expressions give, and what is no value. */

#include <atf-c.h>

#include "tests/rendering.h"

ATF_TC(results);
ATF_TC_HEAD(results, tc)
{
	atf_tc_set_md_var(tc, "descr", "what a value of Lua becomes");
}
ATF_TC_BODY(results, tc)
{
	static const struct row rows[] = {
	    {"${{ 3 // 2 }}", "1"},
	    {"${{ 3 / 2 }}", "1.5"},
	    {"${{ 4 / 2 }}", "2.0"},
	    {"${{ 9007199254740993 }}", "9007199254740993"},
	    {"${{ -5 }}", "-5"},
	    {"${{ 0.1 + 0.2 }}", "0.30000000000000004"},
	    {"${{ {} }}", "[]"},
	    {"${{ {z=1,a=2,m={}} }}", "{\"a\":2,\"m\":[],\"z\":1}"},
	    {"${{ {'\\n\"\\\\\\u{e9}'} }}", "[\"\\n\\\"\\\\\xc3\xa9\"]"},
	    {"${{ {'a\\0'} }}", "expression: a string with a zero byte in it"},
	    {"${{ {['\\0']=1} }}",
		"expression: a string with a zero byte in it"},
	    {"x ${{ '\\xff' }}", "expression: a string that is not UTF-8"},
	    {"${{ split('\xc3\xa9', '\\xc3') }}",
		"expression: a string that is not UTF-8"},
	    {"${{ len('\\0\\xff') }}", "2"},
	    {"${{ ... }}", "null"},
	};
	struct scope scope;

	scope_open(&scope);
	CHECK_ROWS(rows, &scope);
	scope_close(&scope);
}

ATF_TC(refused);
ATF_TC_HEAD(refused, tc)
{
	atf_tc_set_md_var(tc, "descr", "what of Lua is no value");
}
ATF_TC_BODY(refused, tc)
{
	static const struct row rows[] = {
	    {"${{ 1/0 }}", "expression: a number is infinite or not a number"},
	    {"${{ 0/0 }} x",
		"expression: a number is infinite or not a number"},
	    {"${{ {1,nil,3} }}",
		"expression: a list has holes, the first at number 2; "
		"default(x, y) fills one"},
	    {"${{ {[4711]=1} }}",
		"expression: a list has holes, the first at number 1; "
		"default(x, y) fills one"},
	    {"${{ {1,a=2} }}",
		"expression: a table must be a list or a map: this one has "
		"both numbers and names for keys"},
	    {"${{ {[0]=1} }}",
		"expression: a table's keys must be strings, or 1, 2, 3 and "
		"so on: found a number that is none of these"},
	    {"${{ {[-4711.5]=1} }}",
		"expression: a table's keys must be strings, or 1, 2, 3 and "
		"so on: found a number that is none of these"},
	    {"${{ execution[input.map.a .. 'x'] }}",
		"expression: execution has no such field; it has id workflow "
		"version correlation_id labels started"},
	    {"${{ tasks[input.map.a .. 'x'][input.map.a .. 'y'] }}",
		"expression: a task has no such field; it has status output "
		"exit attempt items"},
	    {"${{ {[true]=1} }}",
		"expression: a table's keys must be strings, or 1, 2, 3 and "
		"so on: found boolean"},
	    {"${{ len }}", "expression: a function is no value"},
	    {"${{ {text(len)} }}", "expression: a function is no value"},
	    {"${{ tasks }}",
		"expression: tasks is no value: name a task and a field of it"},
	    {"${{ execution }}",
		"expression: execution is no value: name a field of it, like "
		"'.id'"},
	    {"${{ (function() local t = {} t[1] = t return t end)() }}",
		"expression: a table is nested deeper than 64"},
	    {"${{ (function() local t = {} for i = 1, 24 do t = {t} end "
	     "return t end)() }}",
		"expression: the rendered value would have more than 24 lists "
		"and maps inside each other"},
	    {"${{ vars.x.y }}",
		"expression: attempt to index a nil value (field 'x')"},
	};
	struct scope scope;

	scope_open(&scope);
	CHECK_ROWS(rows, &scope);
	scope_close(&scope);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, results);
	ATF_TP_ADD_TC(tp, refused);
	return atf_no_error();
}
