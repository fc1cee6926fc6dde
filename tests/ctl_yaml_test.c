/* links: ctl/source.c ctl/yaml.c ctl/yaml_check.c ctl/yaml_scalar.c ctl/yaml_place.c ctl/yaml_error.c ctl/yaml_fold.c ctl/yaml_pack.c ctl/print_json.c ctl/visible.c daemon/core/alloc.c libproto/pack.c libproto/unpack.c libproto/scan.c libproto/header.c ; libs: msgpack yaml-0.1 */
/*
 * ctl_yaml: YAML as weirctl reads it: values, places, and what is refused.
 */
#include <atf-c.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ctl/source.h"
#include "ctl/writer.h"
#include "ctl/yaml.h"
#include "daemon/core/alloc.h"
#include "libproto/unpack.h"

struct read {
	struct source source;
	struct complaints complaints;
	struct document *yaml;
};

static void
read_text(struct read *r, const char *text, size_t size)
{
	memset(r, 0, sizeof(*r));
	if (source_of_text(&r->source, "t", text, size, &r->complaints))
		r->yaml = document_parse(&r->source, &r->complaints);
}

static void
read_free(struct read *r)
{
	document_free(r->yaml);
	source_free(&r->source);
	complaints_free(&r->complaints);
}

/* The text's value as JSON, or its first complaint. */
static char *
as_json(const char *text, size_t size)
{
	struct read r;
	msgpack_sbuffer buffer;
	msgpack_zone zone;
	msgpack_object object;
	char *json = NULL;
	size_t length;
	FILE *to = open_memstream(&json, &length);

	read_text(&r, text, size);
	msgpack_sbuffer_init(&buffer);
	msgpack_zone_init(&zone, 1024);
	if (r.yaml != NULL && document_pack(r.yaml, &buffer, &r.complaints) &&
	    r.complaints.count == 0 &&
	    unpack_value(buffer.data, buffer.size, &zone, &object))
		json_print(to, &object);
	else if (r.complaints.count > 0)
		fprintf(to, "%u:%u: %s", r.complaints.list[0].at.line,
		    r.complaints.list[0].at.column,
		    r.complaints.list[0].message);
	fclose(to);
	msgpack_zone_destroy(&zone);
	msgpack_sbuffer_destroy(&buffer);
	read_free(&r);
	return json;
}

static void
check_json(const char *text, const char *expected)
{
	char *json = as_json(text, strlen(text));

	ATF_CHECK_MSG(strcmp(json, expected) == 0, "%s: %s, not %s", text, json,
	    expected);
	free(json);
}

/* The complaint starts with its place and has the fragment in it. */
static void
check_refused(
    const char *text, size_t size, const char *at, const char *fragment)
{
	char *got = as_json(text, size);

	ATF_CHECK_MSG(
	    strncmp(got, at, strlen(at)) == 0 && strstr(got, fragment) != NULL,
	    "%.60s: got \"%s\", expected %s ...%s", text, got, at, fragment);
	free(got);
}

static void
check_place(const char *text, const char *path, bool at_key, size_t offset,
    uint32_t line, uint32_t column)
{
	struct read r;
	struct position at;

	read_text(&r, text, strlen(text));
	ATF_REQUIRE_MSG(r.yaml != NULL, "%s", text);
	at = document_position(r.yaml, path, at_key, offset);
	ATF_CHECK_MSG(at.line == line && at.column == column,
	    "%s %s+%zu: %u:%u, not %u:%u", text, path, offset, at.line,
	    at.column, line, column);
	read_free(&r);
}

#define REFUSED(text, at, fragment) \
	check_refused(text, sizeof(text) - 1, at, fragment)

ATF_TC(scalars);
ATF_TC_HEAD(scalars, tc)
{
	atf_tc_set_md_var(tc, "descr", "the core schema of YAML 1.2");
}
ATF_TC_BODY(scalars, tc)
{
	check_json("true", "true");
	check_json("False", "false");
	check_json("yes", "\"yes\"");
	check_json("no", "\"no\"");
	check_json("on", "\"on\"");
	check_json("~", "null");
	check_json("Null", "null");
	check_json("a:", "{\"a\": null}");
	check_json("17", "17");
	check_json("-17", "-17");
	check_json("+17", "17");
	check_json("017", "17");
	check_json("0x1fF", "511");
	check_json("0o17", "15");
	check_json("0o18", "\"0o18\"");
	check_json("0x", "\"0x\"");
	check_json("18446744073709551615", "18446744073709551615");
	check_json("-9223372036854775808", "-9223372036854775808");
	check_json("1.5", "1.5");
	check_json("1e3", "1000.0");
	check_json(".5", "0.5");
	check_json("1.", "1.0");
	check_json("1e", "\"1e\"");
	check_json("12:30", "\"12:30\"");
	check_json("1_000", "\"1_000\"");
	check_json("2027-01-01", "\"2027-01-01\"");
	check_json("\"17\"", "\"17\"");
	check_json("'true'", "\"true\"");
	check_json("!!str 17", "\"17\"");
	check_json("! 17", "\"17\"");
	check_json("!!int \"17\"", "17");
	check_json("|\n  a\n  b\n", "\"a\\nb\\n\"");
	check_json("\xef\xbb\xbf"
		   "a: 1",
	    "{\"a\": 1}");
	check_json("{\"a\": [1, \"\\u00e9\"]}", "{\"a\": [1, \"\xc3\xa9\"]}");
	check_json("\"a\\0b\"", "\"a\\u0000b\"");
}

ATF_TC_WITHOUT_HEAD(tags);
ATF_TC_BODY(tags, tc)
{
	check_json("!!float 3", "3.0");
	check_json("!!float -3", "-3.0");
	check_json("!!float \"2.5\"", "2.5");
	check_json("!!str 5", "\"5\"");
	check_json("!!str true", "\"true\"");
	check_json("!!int 0x10", "16");
	check_json("!!bool false", "false");
	check_json("!!null ~", "null");
	check_json("{a: !!null , b: !!str }", "{\"a\": null, \"b\": \"\"}");
	REFUSED("a: !!int abc\n",
	    "1:10: ", "\"abc\" is no whole number, as its tag !!int says");
	REFUSED("a: 1\nb: !!int 3.5\n", "2:10: ", "no whole number");
	REFUSED("a: !!bool x\n", "1:11: ", "neither true nor false");
	REFUSED("a: !!bool yes\n", "1:11: ", "neither true nor false");
	REFUSED("a: !!null foo\n", "1:11: ", "not null");
	REFUSED("a: !!float x\n", "1:12: ", "no number");
	REFUSED("a: [&x !!int \"\"]\n", "1:14: ", "no whole number");
	REFUSED("a: !!float .nan\n", "1:12: ", "no number to count with");
}

#define SMILE "\\ud83d\\ude00"
#define AS_SMILE "\xf0\x9f\x98\x80"

ATF_TC_WITHOUT_HEAD(pairs);
ATF_TC_BODY(pairs, tc)
{
	check_json("{\"a\": \"" SMILE "\"}", "{\"a\": \"" AS_SMILE "\"}");
	check_json("\"" SMILE "\"", "\"" AS_SMILE "\"");
	check_json("[\"x" SMILE SMILE "\\\\\", -1.5e+3, true]",
	    "[\"x" AS_SMILE AS_SMILE "\\\\\", -1500.0, true]");
	check_json("{\"\\uD800\\uDC00\": \"\\uDBFF\\uDFFF\"}",
	    "{\"\xf0\x90\x80\x80\": \"\xf4\x8f\xbf\xbf\"}");
	/* A backslash that is one, and what is no pair. */
	check_json("[\"\\\\ud83d\\\\ude00\"]", "[\"\\\\ud83d\\\\ude00\"]");
	REFUSED("[\"\\ud83d\"]", "1:", "no Unicode character");
	REFUSED("[\"" SMILE "\", \"\\ude00\\ud83d\"]", "1:21: ", "no Unicode");
	/* What is not JSON is as YAML has it. */
	check_json("['" SMILE "']", "[\"\\\\ud83d\\\\ude00\"]");
	check_json("[e\"" SMILE "\"]", "[\"e\\\"\\\\ud83d\\\\ude00\\\"\"]");
	check_json(
	    "{a:\"" SMILE "\"}", "{\"a:\\\"\\\\ud83d\\\\ude00\\\"\": null}");
	check_json(
	    "a: '\"" SMILE "\"'", "{\"a\": \"\\\"\\\\ud83d\\\\ude00\\\"\"}");
	REFUSED("a: \"" SMILE "\"\n", "1:", "write the character itself");
	/* Places are those of the file. */
	REFUSED("{\"" SMILE "\": 1, \"a\": .nan}", "1:26: ", "no number");
	REFUSED("{\"" SMILE "\": 1, \"a\": @}", "1:26: ", "no value");
	REFUSED("{\"" SMILE "\": 1,\n\"" SMILE "\": 2}", "2:1: ", "at 1:2");
	check_place("{\"a\": \"" SMILE "x" SMILE "yz\", \"b\": 1}", "/a", false,
	    10, 1, 34);
	check_place("{\"a\": \"" SMILE "x" SMILE "yz\", \"b\": 1}", "/b", false,
	    0, 1, 43);
}

ATF_TC_WITHOUT_HEAD(aliases);
ATF_TC_BODY(aliases, tc)
{
	check_json("a: &x [1, 2]\nb: *x\n", "{\"a\": [1, 2], \"b\": [1, 2]}");
	check_json("a: &x 1\nb: &x 2\nc: *x", "{\"a\": 1, \"b\": 2, \"c\": 2}");
	REFUSED("a: *x\n", "1:4: ", "&x");
	REFUSED("a: &x [*x]\n", "1:8: ", "alias of");
	REFUSED("a: &x 1\n*x : 2\n", "2:1: ", "not an alias");
}

ATF_TC_WITHOUT_HEAD(refused);
ATF_TC_BODY(refused, tc)
{
	REFUSED("", "1:1: ", "nothing in the file");
	REFUSED("# only\n", "1:1: ", "nothing in the file");
	REFUSED("a: 1\nb: 2\na: 3\n", "3:1: ", "first is at 1:1");
	REFUSED("a: {b: 1, b: 2}", "1:11: ", "first is at 1:5");
	REFUSED("<<: {a: 1}\n", "1:1: ", "merge key");
	REFUSED("1: a\n", "1:1: ", "the key 1 is not a text");
	REFUSED("a:\n  true: a\n", "2:3: ", "the key true");
	REFUSED("? # none\n: a\n", "", "a key is missing");
	REFUSED("a: !!st x\n", "1:4: ", "means nothing");
	REFUSED("[a]: b\n", "1:1: ", "not a list");
	REFUSED("a: ${{ x }}: y\n", "1:", "");
	REFUSED("{a: 1}: b\n", "1:1: ", "not a map");
	REFUSED("a: !foo 1\n", "1:4: ", "tag !foo");
	REFUSED("!!set {a}\n", "1:1: ", "means nothing");
	REFUSED("%TAG ! tag:x,2000:\n---\na: 1\n", "1:1: ", "%TAG");
	REFUSED("a: 1\n---\nb: 2\n", "2:1: ", "second document");
	REFUSED("a: .inf\n", "1:4: ", "no number");
	REFUSED("a: 99999999999999999999\n", "1:4: ", "too large");
	REFUSED("a: 1e999\n", "1:4: ", "too large");
	REFUSED("a:\n\tb: 1\n", "2:1: ", "a tab can't indent");
	REFUSED("a:\n  b: 1\n\tc: 2\n", "3:1: ", "a tab can't indent");
	REFUSED("a: [1, 2\nb: 3\n", "2:", "not closed");
	REFUSED("a: \"open\nb: 1\n", "1:4: ", "never closed");
	REFUSED("a: 'open\n", "1:4: ", "never closed");
	REFUSED("a: b: c\n", "1:5: ", "no key can be");
	REFUSED("a: 1\n b: 2\n", "2:", "");
	REFUSED("a: @x\n", "1:4: ", "no value can start");
	REFUSED("a: \"\\q\"\n", "1:", "no such escape");
	REFUSED("a: 1\nb\n", "2:1: ", "no \"key: value\"");
	REFUSED("a: \xff\n", "1:4: ", "0xff is not UTF-8");
	REFUSED("a: 1\n\xc3\xa9\xc3\x28: 1\n", "2:2: ", "0xc3");
	REFUSED("a: 1\nb: \0", "2:4: ", "NUL");
	REFUSED("a: \033[1m\n", "1:4: ", "0x1b");
	REFUSED("a: \xc2\x85 b\xc2\x81\n", "1:", "U+0081");
}

ATF_TC_WITHOUT_HEAD(deep);
ATF_TC_BODY(deep, tc)
{
	size_t n = 100 * 1024;
	char *text = xmalloc(n);
	struct timespec from, to;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &from);
	memset(text, '[', n);
	check_refused(text, n, "1:65: ", "deeper than 64");
	memset(text, '{', n);
	check_refused(text, n, "1:2: ", "not a map");
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &to);
	ATF_CHECK(to.tv_sec - from.tv_sec <= 2);
	memset(text, '-', n);
	for (size_t i = 1; i < n; i += 2)
		text[i] = ' ';
	check_refused(text, n, "1:129: ", "deeper than 64");
	free(text);
	text = xmalloc(130);
	memset(text, '[', 64);
	memset(text + 64, ']', 64);
	text[128] = '\0';
	check_json(text, text);
	free(text);
}

ATF_TC_WITHOUT_HEAD(large);
ATF_TC_BODY(large, tc)
{
	size_t size;
	char *text = NULL;
	FILE *to = open_memstream(&text, &size);
	int i, level;

	/* a billion laughs */
	fprintf(to, "a0: &a0 [lol, lol, lol, lol, lol, lol, lol, lol]\n");
	for (level = 1; level < 20; level++) {
		fprintf(to, "a%d: &a%d [", level, level);
		for (i = 0; i < 8; i++)
			fprintf(to, "%s*a%d", i > 0 ? ", " : "", level - 1);
		fprintf(to, "]\n");
	}
	fclose(to);
	check_refused(text, size, "", "more than 1 MiB once this alias");
	free(text);
	/* many keys, none of them twice, take no quadratic time */
	to = open_memstream(&text, &size);
	for (i = 0; i < 90000; i++)
		fprintf(to, "k%d: %d\n", i, i % 7);
	fprintf(to, "k0: 1\n");
	fclose(to);
	check_refused(text, size, "90001:1: ", "first is at 1:1");
	free(text);
	text = xmalloc(SOURCE_SIZE_MAX + 1);
	memset(text, 'a', SOURCE_SIZE_MAX + 1);
	check_refused(text, SOURCE_SIZE_MAX + 1, "1:", "larger than 1 MiB");
	free(text);
	/* anchors by the thousand */
	to = open_memstream(&text, &size);
	for (i = 0; i < 1000; i++)
		fprintf(to, "- &a%d x\n", i);
	fclose(to);
	check_refused(text, size, "101:", "more than 100 anchors");
	free(text);
}

ATF_TC_WITHOUT_HEAD(places);
ATF_TC_BODY(places, tc)
{
	const char *text = "a: 1\nb:\n  c: [x, {d: y}]\n  \"e/f\": z\n";

	check_place(text, "", false, 0, 1, 1);
	check_place(text, "/a", false, 0, 1, 4);
	check_place(text, "/a", true, 0, 1, 1);
	check_place(text, "/b", true, 0, 2, 1);
	check_place(text, "/b", false, 0, 3, 3);
	check_place(text, "/b/c/0", false, 0, 3, 7);
	check_place(text, "/b/c/1/d", false, 0, 3, 14);
	check_place(text, "/b/c/1/d", true, 0, 3, 11);
	check_place(text, "/b/e~1f", false, 0, 4, 10);
	/* what is missing is missed at the key of what lacks it */
	check_place(text, "/b/nothing", false, 0, 2, 1);
	check_place(text, "/nothing", true, 0, 1, 1);
	check_place("a: &x {b: 1}\nc: *x\n", "/c", false, 0, 2, 4);
	check_place("a: &x {b: 1}\nc: *x\n", "/c/b", false, 0, 1, 11);
	check_place("a: &x !!str bcd\n", "/a", false, 2, 1, 15);
}

ATF_TC_WITHOUT_HEAD(offsets);
ATF_TC_BODY(offsets, tc)
{
	check_place("a: hello\n", "/a", false, 3, 1, 7);
	check_place("a: \"hello\"\n", "/a", false, 3, 1, 8);
	check_place("a: 'it''s x'\n", "/a", false, 3, 1, 9);
	check_place("a: 'it''s x'\n", "/a", false, 5, 1, 11);
	check_place("a: \"\\u00e9x\"\n", "/a", false, 2, 1, 11);
	check_place("a: \"t\\n\\tx\"\n", "/a", false, 3, 1, 10);
	check_place(
	    "\xc3\xa9: \xc3\xa9\xc3\xa9z\n", "/\xc3\xa9", false, 4, 1, 6);
	check_place("a: |\n  one\n  two\n", "/a", false, 4, 3, 3);
	check_place("a: |\n  one\n  two\n", "/a", false, 6, 3, 5);
	check_place("a: |2- # why\n  one\n    two\n", "/a", false, 6, 3, 5);
	check_place("a: >\n  one\n  two\n", "/a", false, 4, 3, 3);
	check_place("a: one\n  two\n", "/a", false, 4, 2, 3);
	check_place("a: \"one\n  two\"\n", "/a", false, 5, 2, 4);
	check_place("a: \"one\\\n  two\"\n", "/a", false, 3, 2, 3);
	check_place("a: |\r\n  one\r\n  two\r\n", "/a", false, 4, 3, 3);
	check_place("a: hello\n", "/a", false, 99, 1, 9);
}

/* All complaints of a file come at once, and the rest of it is kept. */
ATF_TC_WITHOUT_HEAD(many);
ATF_TC_BODY(many, tc)
{
	const char *text = "a: 1\na: 2\n3: x\nb: !x y\nc: .nan\nd: *z\n";
	struct read r;

	read_text(&r, text, strlen(text));
	ATF_CHECK(r.yaml != NULL);
	ATF_CHECK_EQ(r.complaints.count, 5);
	complaints_sort(&r.complaints);
	ATF_CHECK_EQ(r.complaints.list[0].at.line, 2);
	ATF_CHECK_EQ(r.complaints.list[1].at.line, 3);
	ATF_CHECK_EQ(r.complaints.list[2].at.line, 4);
	ATF_CHECK_EQ(r.complaints.list[3].at.line, 5);
	ATF_CHECK_EQ(r.complaints.list[4].at.line, 6);
	ATF_CHECK_EQ(r.yaml->root->count, 2 * 4);
	read_free(&r);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, scalars);
	ATF_TP_ADD_TC(tp, aliases);
	ATF_TP_ADD_TC(tp, tags);
	ATF_TP_ADD_TC(tp, pairs);
	ATF_TP_ADD_TC(tp, refused);
	ATF_TP_ADD_TC(tp, deep);
	ATF_TP_ADD_TC(tp, large);
	ATF_TP_ADD_TC(tp, places);
	ATF_TP_ADD_TC(tp, offsets);
	ATF_TP_ADD_TC(tp, many);
	return atf_no_error();
}
