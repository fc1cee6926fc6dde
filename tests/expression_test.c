/* links: tests/rendering.c daemon/core/template.c daemon/core/template_compile.c daemon/core/expression.c daemon/core/expression_names.c daemon/core/expression_check.c daemon/core/lexer.c libproto/utf8.c libproto/nearest.c daemon/core/proxy.c daemon/core/luaval.c daemon/core/functions.c daemon/core/functions_text.c daemon/core/json.c daemon/core/value.c daemon/core/element.c daemon/core/alloc.c libproto/pack.c libproto/scan.c libproto/header.c ; libs: msgpack lua5.4 */
/* expression_test: what expressions see and can do, and their limits. */

#include <atf-c.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libproto/pack.h"
#include "tests/rendering.h"

static struct value *big_input(uint32_t);
static struct value *render(const char *, const struct scope *);
static void check_whole(const struct scope *);
static void check_parts(const struct scope *);
static void check_longer(const struct scope *);

ATF_TC_WITHOUT_HEAD(roots);
ATF_TC_BODY(roots, tc)
{
	static const struct row rows[] = {
	    {"${{ input }}",
		"{\"b\":false,\"list\":[10,20,[30]],\"map\":{\"a\":1,\"b\":{"
		"\"c\":\"deep\"}},\"n\":3,\"s\":\" Text \",\"version\":"
		"\"1.2\"}"},
	    {"${{ input.list[3][1] + #input.list }}", "33"},
	    {"${{ input['map'].b.c }}", "\"deep\""},
	    {"${{ input.map.b.c == 'deep' and 'yes' or 'no' }}", "\"yes\""},
	    {"${{ input.list[0] }}${{ input.list[4] }}${{ input.list.x }}",
		"\"\""},
	    {"${{ vars.none }}", "null"},
	    {"${{ vars }}", "{\"built\":[\"x\"]}"},
	    {"${{ tasks.build.exit }}", "3"},
	    {"${{ tasks.build.output }}", "null"},
	    {"${{ task.output.own }}", "1"},
	    {"${{ {task.output, 2, input.map.b} }}",
		"[{\"own\":1},2,{\"c\":\"deep\"}]"},
	    {"${{ execution.id }}", "\"id\""},
	    {"${{ item }} ${{ index }}", "\"arm64 4\""},
	    {"${{ input.map == input.map }}", "true"},
	    {"${{ input.map == input.list }}", "false"},
	    {"${{ input.list == input.list[3] }}", "false"},
	    {"${{ (function() local n = 0 for i = 1, 2 do "
	     "n = n + input.list[i] end return n end)() }}",
		"30"},
	};
	struct scope scope;

	scope_open(&scope);
	CHECK_ROWS(rows, &scope);
	scope_close(&scope);
	REQUIRE_SHOWN("null", "${{ input }}", NULL);
	REQUIRE_SHOWN("[]", "${{ {item, index, vars.x, task.exit} }}", NULL);
	expressions_free(expressions);
}

ATF_TC_WITHOUT_HEAD(functions);
ATF_TC_BODY(functions, tc)
{
	static const struct row rows[] = {
	    {"${{ {len('h\xc3\xa9'), len({1,2}), len({a=1}), len(input)} }}",
		"[3,2,1,6]"},
	    {"${{ {keys({b=1,a=2}), keys(input.map), keys({})} }}",
		"[[\"a\",\"b\"],[\"a\",\"b\"],[]]"},
	    {"${{ {has(input.map,'a'), has(input.map,'q'), has(nil,'q'), "
	     "has({1},1), has(input.list, 4)} }}",
		"[true,false,false,true,false]"},
	    {"${{ {default(nil, 5), default(false, 5)} }}", "[5,false]"},
	    {"${{ {min(1,2.5,-3), max({4,9,2}), min({})} }}", "[-3,9]"},
	    {"${{ {round(2.5), round(-2.5), round(3.14159, 2), round(7)} }}",
		"[3,-3,3.14,7]"},
	    {"${{ {int('42'), int(-3.7), int(' 0x10 '), float(2)} }}",
		"[42,-3,16,2.0]"},
	    {"${{ {text(1), text('x'), text(nil), text({1})} }}",
		"[\"1\",\"x\",\"\",\"[1]\"]"},
	    {"${{ json({a={1,'x'}}) }}", "\"{\\\"a\\\":[1,\\\"x\\\"]}\""},
	    {"${{ json(input.list) }}", "\"[10,20,[30]]\""},
	    {"${{ {contains('abc','b'), contains('abc',''), "
	     "contains(input.list, 20), contains(input.list, 'x'), "
	     "contains({1,2}, 3), contains(vars.built, 'x')} }}",
		"[true,true,true,false,false,true]"},
	    {"${{ {starts_with('abc','ab'), ends_with('abc','bc'), "
	     "starts_with('a','ab')} }}",
		"[true,true,false]"},
	    {"${{ {lower('AbC\xc3\x89'), upper('abc'), upper('')} }}",
		"[\"abc\xc3\x89\",\"ABC\",\"\"]"},
	    {"[${{ trim(input.s) }}${{ trim('  ') }}]", "\"[Text]\""},
	    {"${{ {split('a,b,,c', ','), split('', ',')} }}",
		"[[\"a\",\"b\",\"\",\"c\"],[\"\"]]"},
	    {"${{ {join({1,'b',true}, '-'), join(vars.built), join({})} }}",
		"[\"1-b-true\",\"x\",\"\"]"},
	    {"${{ replace('aXbX', 'X', 'yy') }}", "\"ayybyy\""},
	    {"${{ len(nil) }}",
		"expression: bad argument #1 to 'len' (string, list or map "
		"expected, got nil)"},
	    {"${{ lower(input.list) }}",
		"expression: bad argument #1 to 'lower' (string expected, got "
		"list)"},
	    {"${{ replace('a', '', 'b') }}",
		"expression: bad argument #2 to 'replace' (must not be empty)"},
	    {"${{ split('a', '') }}",
		"expression: bad argument #2 to 'split' (must not be empty)"},
	    {"${{ int('4x') }}",
		"expression: bad argument #1 to 'int' (the string is not a "
		"number)"},
	    {"${{ int(1e300) }}",
		"expression: bad argument #1 to 'int' (too great for an "
		"integer)"},
	    {"${{ join(input.list) }}",
		"expression: join: strings and numbers expected in the list, "
		"got list"},
	};
	struct scope scope;

	scope_open(&scope);
	CHECK_ROWS(rows, &scope);
	scope_close(&scope);
}

ATF_TC_WITHOUT_HEAD(globs);
ATF_TC_BODY(globs, tc)
{
	static const struct {
		const char *text, *glob;
		bool matches;
	} cases[] = {
	    {"", "", true},
	    {"", "*", true},
	    {"a", "", false},
	    {"abc.txt", "*.txt", true},
	    {"abc.txt.gz", "*.txt", false},
	    {"abc", "a?c", true},
	    {"abc", "a?", false},
	    {"abc", "***c", true},
	    {"mississippi", "m*iss*ip*", true},
	    {"mississippi", "m*iss*x*", false},
	    {"b", "[a-c]", true},
	    {"d", "[a-c]", false},
	    {"d", "[!a-c]", true},
	    {"]", "[]]", true},
	    {"-", "[a-]", true},
	    {"[", "[", true},
	    {"[a", "[a", true},
	    {"a*", "a\\\\*", true},
	    {"ab", "a\\\\*", false},
	    {"a/b", "*", true},
	};
	char text[128];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(text, sizeof(text), "${{ matches('%s', '%s') }}",
		    cases[i].text, cases[i].glob);
		CHECK_SHOWN(cases[i].matches ? "true" : "false", text, NULL);
	}
	expressions_free(expressions);
}

/* A map of a list of n small numbers, a string of n bytes, and one number. */
static struct value *
big_input(uint32_t n)
{
	msgpack_sbuffer buffer;
	msgpack_packer pk;
	char *text = calloc(1, n);

	ATF_REQUIRE(text != NULL);
	memset(text, 'x', n);
	msgpack_sbuffer_init(&buffer);
	msgpack_packer_init(&pk, &buffer, msgpack_sbuffer_write);
	msgpack_pack_map(&pk, 3);
	pack_str(&pk, "list");
	msgpack_pack_array(&pk, n);
	for (uint32_t i = 0; i < n; i++)
		msgpack_pack_uint32(&pk, i % 100);
	pack_str(&pk, "s");
	pack_strn(&pk, text, n);
	pack_str(&pk, "n");
	msgpack_pack_nil(&pk);
	free(text);
	return value_of_buffer(&buffer);
}

static struct value *
render(const char *text, const struct scope *scope)
{
	char error[EXPRESSION_ERROR_MAX];
	struct template *t = compile_text(text, IN_NEXT, false);
	struct value *v = template_render(t, scope, error);

	ATF_REQUIRE(v != NULL);
	template_free(t);
	return v;
}

static void
check_whole(const struct scope *scope)
{
	struct value *v = render("${{ input }}", scope);

	ATF_REQUIRE(value_equal(scope->input, v));
	value_unref(v);
}

static void
check_parts(const struct scope *scope)
{
	struct value *v = render("${{ {a=input.s, b={input.n}} }}", scope);
	struct value *part = value_get(v, "a");
	struct value *s = value_get(scope->input, "s");

	ATF_REQUIRE(value_equal(part, s));
	value_unref(s);
	value_unref(part);
	value_unref(v);
}

static void
check_longer(const struct scope *scope)
{
	struct value *v = render("x${{ input.s }}", scope);

	ATF_REQUIRE(v->size == 5 + 500001);
	value_unref(v);
}

ATF_TC(big_values);
ATF_TC_HEAD(big_values, tc)
{
	atf_tc_set_md_var(tc, "descr",
	    "values larger than the memory of an evaluation are used in place");
}
ATF_TC_BODY(big_values, tc)
{
	static const struct row rows[] = {
	    {"${{ #input.list }} ${{ len(input.s) }} ${{ input.n }}.",
		"\"500000 500000 .\""},
	    {"${{ input.list[100] + input.list[199] }}", "197"},
	    {"${{ contains(input.list, 100) }}", "false"},
	    {"${{ {contains(input.s, 'y'), starts_with(input.s, 'xx'), "
	     "ends_with(input.s, 'xx')} }}",
		"[false,true,true]"},
	    {"${{ input.s == input.s }}", "true"},
	    {"${{ keys(input) }}", "[\"list\",\"s\",\"n\"]"},
	    {"${{ input.s .. '' }}", "expression: over its memory of 256 KiB"},
	    {"${{ json(input.list) }}",
		"expression: over its memory of 256 KiB"},
	    {"${{ input.s:len() }}",
		"expression: attempt to index a string of 500000 bytes"},
	};
	struct value *input = big_input(500000);
	struct scope scope = {.input = input, .index = -1};

	CHECK_ROWS(rows, &scope);
	check_whole(&scope);
	check_parts(&scope);
	check_longer(&scope);
	value_unref(input);
	expressions_free(expressions);
}

ATF_TC(large_values);
ATF_TC_HEAD(large_values, tc)
{
	atf_tc_set_md_var(tc, "descr",
	    "values that just fit, or of which no more is read than is needed");
}
ATF_TC_BODY(large_values, tc)
{
	struct value *input = big_input(70000);
	struct scope scope = {.input = input, .index = -1};

	REQUIRE_SHOWN("70001", "${{ #('y' .. input.s) }}", &scope);
	REQUIRE_SHOWN("70000", "${{ len(upper(input.s)) }}", &scope);
	REQUIRE_SHOWN("true", "${{ input.list == input.list }}", &scope);
	/* Neither going over the list again and again, nor over what is
	 * before a key. */
	REQUIRE_SHOWN("24750",
	    "${{ (function() local n = 0 for i = 1, 500 do "
	    "n = n + input.list[i] end return n end)() }}",
	    &scope);
	REQUIRE_SHOWN("500",
	    "${{ (function() local n = 0 for i = 1, 500 do "
	    "if input.n == nil then n = n + 1 end end return n end)() }}",
	    &scope);
	value_unref(input);
	expressions_free(expressions);
}

ATF_TC(nothing_lost);
ATF_TC_HEAD(nothing_lost, tc)
{
	atf_tc_set_md_var(tc, "descr",
	    "a null in a list or map, a bin, an ext and odd numbers");
}
ATF_TC_BODY(nothing_lost, tc)
{
	/* {"l": [1, nil], "u": 2^64-1, "b": bin, "e": ext, "f": 1.5 float32} */
	static const char bytes[] = "\x85\xa1l\x92\x01\xc0\xa1u\xcf\xff\xff\xff"
				    "\xff\xff\xff\xff\xff\xa1"
				    "b\xc4\x02yz\xa1"
				    "e\xd4\x05q\xa1"
				    "f\xca\x3f\xc0\x00\x00";
	struct value *vars = value_new(bytes, sizeof(bytes) - 1);
	struct scope scope = {.vars = vars, .index = -1};

	REQUIRE_SHOWN("[1,null]", "${{ vars.l }}", &scope);
	REQUIRE_SHOWN("[[1,null]]", "${{ {vars.l} }}", &scope);
	REQUIRE_SHOWN(
	    "true", "${{ vars.l[2] == nil and #vars.l == 2 }}", &scope);
	REQUIRE_SHOWN("1.8446744073709552e+19", "${{ vars.u + 0.0 }}", &scope);
	REQUIRE_SHOWN("\"yz1.5\"", "${{ vars.b .. vars.f }}", &scope);
	REQUIRE_SHOWN("expression: a value of an extension type (5) is unknown",
	    "${{ vars.e }}", &scope);
	REQUIRE_SHOWN("expression: a value cannot be written as JSON: "
		      "something in it that JSON does not have",
	    "${{ json(vars) }}", &scope);
	value_unref(vars);
	expressions_free(expressions);
}

#define LOOP(body) "${{ (function() " body " end)() }}"
#define BUDGET "expression: over its budget of 10000 instructions"
#define MEMORY "expression: over its memory of 256 KiB"
static const struct row endless[] = {
    {LOOP("while true do end"), BUDGET},
    {LOOP("repeat until false"), BUDGET},
    {LOOP("::a:: goto a"), BUDGET},
    {LOOP("for i = 1, 1e18 do end"), BUDGET},
    {LOOP("local function f() return f() end return f()"), BUDGET},
    {LOOP("local s = 'x' while true do s = s .. s end"), MEMORY},
    {LOOP("local s = 'x' while true do s = s .. 'y' end"), MEMORY},
    {LOOP("local s = input.s while true do if s .. s == s then return "
	  "end end"),
	MEMORY},
    {LOOP("local a, b = 'a' .. input.s, 'a' .. input.s "
	  "while a == b do end"),
	BUDGET},
    {LOOP("local a, b = 'a' .. input.s, 'a' .. input.s "
	  "while a <= b do end"),
	BUDGET},
    {LOOP("local t = {} for i = 1, 1e9 do t['k' .. i] = i end"), BUDGET},
    {LOOP("local t = {} for i = 1, 1e9 do t[i] = {} end"), BUDGET},
    {LOOP("local t = {} for i = 1, 40 do t = {t, t} end return t"), BUDGET},
    {LOOP("local t = {} for i = 1, 99 do t[i] = input end return t"),
	"expression: its value would be over 4096 KiB"},
    {LOOP("while true do local x = input.list[60000] end"), BUDGET},
    {LOOP("while true do local x = input.list[60000] + "
	  "input.list[1] end"),
	BUDGET},
    {LOOP("while true do local x = input.n end"), BUDGET},
    {LOOP("while input == input do end"), BUDGET},
    {LOOP("while true do contains(input.s, 'xxxxxxxxxxxxy') end"), BUDGET},
    {LOOP("local y = replace('aaaaaaaa', 'a', "
	  "'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx') .. 'y' "
	  "while true do contains(input.s, y) end"),
	BUDGET},
    {LOOP("local y = 'y' .. replace('aaaaaaaa', 'a', "
	  "'xxxxxxxxxxxxxxxxxxxxxxxxxxxxxx') "
	  "while true do contains(input.s, y) end"),
	BUDGET},
    {LOOP("while true do matches(input.s, 'x*y*x*y*x*y') end"), BUDGET},
    {"${{ matches(input.s, '*x*x*x*x*x*x*x*x*x*x*x*x*x*x*y*') }}", "false"},
    {"${{ matches(input.s, '*xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"
     "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxy') }}",
	BUDGET},
    {LOOP("local p = '*' .. replace('xxxxxxxx', 'x', '[[[[[[[[[[[') "
	  "while true do matches(input.s, p) end"),
	BUDGET},
    {LOOP("local s = 'x' .. input.s return s..s..s..s..s..s..s..s..s.."
	  "s..s..s..s..s..s..s..s..s..s..s..s..s..s..s..s..s..s..s..s"),
	MEMORY},
    {"${{ split(input.s, 'x') }}", MEMORY},
    {"${{ replace(input.s, 'x', 'yyyyyyyyyyyyyyyyyyyyyyyyyyyy') }}", MEMORY},
    {"${{ join(input.list, '----------') }}", MEMORY},
    {"${{ keys(input.list) }}",
	"expression: bad argument #1 to 'keys' (map expected, got "
	"list)"},
    {LOOP("while true do max(input.list) end"), BUDGET},
    {LOOP("while true do text(input.list) end"), BUDGET},
    {LOOP("while true do tasks.build.output = nil end"),
	"expression: attempt to change a task: an expression only "
	"reads"},
    {LOOP("local n = 0 while true do n = n + 1 "
	  "local x = tasks['t' .. n].output end"),
	BUDGET},
};

ATF_TC(hostile);
ATF_TC_HEAD(hostile, tc)
{
	atf_tc_set_md_var(tc, "descr",
	    "expressions that would run or grow for ever are stopped");
}
ATF_TC_BODY(hostile, tc)
{
	struct value *input = big_input(66000);
	struct scope scope = {
	    .input = input, .index = -1, .task = task, .execution = execution};
	double start, took, worst = 0;
	const char *got;

	for (size_t i = 0; i < sizeof(endless) / sizeof(endless[0]); i++) {
		start = milliseconds();
		got = show(endless[i].text, &scope);
		took = milliseconds() - start;
		worst = took > worst ? took : worst;
		ATF_CHECK_STREQ_MSG(endless[i].expected, got, "%s gave %s",
		    endless[i].text, got);
		printf("%7.2f ms  %s\n", took, endless[i].text);
	}
	/* 9 ms is the aim; sanitizers and a loaded machine take more. */
	ATF_CHECK_MSG(worst < 250, "the worst took %.1f ms", worst);
	REQUIRE_SHOWN("66001", "${{ 1 + #input.list }}", &scope);
	value_unref(input);
	expressions_free(expressions);
}

ATF_TC(parser_limits);
ATF_TC_HEAD(parser_limits, tc)
{
	atf_tc_set_md_var(
	    tc, "descr", "expressions that would overflow the parser");
}
ATF_TC_BODY(parser_limits, tc)
{
	static const char *const parts[] = {
	    "(", "{", "-", "not ", "a..", "f{", "[", "function() return "};
	char text[16000], *long_text;
	struct template *t;
	size_t n;

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		n = 0;
		while (n + strlen(parts[i]) < sizeof(text))
			n += (size_t)snprintf(
			    text + n, sizeof(text) - n, "%s", parts[i]);
		t = compile_text(text, IN_NEXT, true);
		ATF_CHECK_MSG(t == NULL, "%s", parts[i]);
		ATF_CHECK_MSG(strncmp(said.text, "@", 1) == 0, "%s", said.text);
		template_free(t);
	}
	snprintf(text, sizeof(text), "1%*s", (int)sizeof(text) - 2, "");
	t = compile_text(text, IN_NEXT, true);
	ATF_CHECK(t != NULL);
	template_free(t);
	long_text = calloc(1, 20000);
	ATF_REQUIRE(long_text != NULL);
	memset(long_text, '1', 19999);
	ATF_CHECK(compile_text(long_text, IN_NEXT, true) == NULL);
	ATF_CHECK_MATCH("longer than 16 KiB", said.text);
	free(long_text);
	expressions_free(expressions);
}

ATF_TC(garbage);
ATF_TC_HEAD(garbage, tc)
{
	atf_tc_set_md_var(tc, "descr",
	    "many evaluations, and templates that come and go, leave no more "
	    "memory behind than a few");
}
ATF_TC_BODY(garbage, tc)
{
	struct template *t, *failing;
	struct scope scope = {.index = 1};
	char error[EXPRESSION_ERROR_MAX];
	size_t most = 0;
	struct value *v;

	t = compile_text(
	    "${{ {text(index) .. 'some text', {index}} }}", IN_NEXT, false);
	failing = compile_text("${{ index .. vars.x }}", IN_NEXT, false);
	for (int i = 0; i < 50000; i++) {
		scope.index = i;
		v = template_render(t, &scope, error);
		ATF_REQUIRE(v != NULL);
		value_unref(v);
		ATF_REQUIRE(template_render(failing, &scope, error) == NULL);
		if (i % 50 == 0)
			template_free(compile_text("index + 1", IN_NEXT, true));
		if (lua_memory() > most)
			most = lua_memory();
	}
	ATF_CHECK_MSG(most < 2 * 1024 * 1024, "%zu bytes", most);
	template_free(t);
	template_free(failing);
	expressions_free(expressions);
}

/* Definitions that are checked, again and again, with nothing run between. */
ATF_TC_WITHOUT_HEAD(compiled);
ATF_TC_BODY(compiled, tc)
{
	char text[64];
	size_t most = 0;

	for (int i = 0; i < 20000; i++) {
		snprintf(text, sizeof(text), "${{ input.a + %d }}", i);
		template_free(compile_text(text, IN_TASK, false));
		if (lua_memory() > most)
			most = lua_memory();
	}
	ATF_CHECK_MSG(most < 2 * 1024 * 1024, "%zu bytes", most);
	expressions_free(expressions);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, roots);
	ATF_TP_ADD_TC(tp, functions);
	ATF_TP_ADD_TC(tp, globs);
	ATF_TP_ADD_TC(tp, big_values);
	ATF_TP_ADD_TC(tp, large_values);
	ATF_TP_ADD_TC(tp, nothing_lost);
	ATF_TP_ADD_TC(tp, hostile);
	ATF_TP_ADD_TC(tp, parser_limits);
	ATF_TP_ADD_TC(tp, garbage);
	ATF_TP_ADD_TC(tp, compiled);
	return atf_no_error();
}
