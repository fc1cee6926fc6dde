/* links: ctl/table.c ctl/time_text.c ctl/status.c ctl/print_json.c ctl/visible.c ctl/source.c ctl/field.c ctl/cell.c daemon/core/alloc.c daemon/core/value.c daemon/core/element.c libproto/pack.c libproto/header.c ; libs: msgpack */
/*
 * ctl_text: what weirctl prints for people: tables, times, statuses, values;
 * and JSON.
 */
#include <atf-c.h>
#include <locale.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/cell.h"
#include "ctl/field.h"
#include "ctl/status.h"
#include "ctl/table.h"
#include "ctl/time_text.h"
#include "daemon/core/alloc.h"
#include "libproto/pack.h"

#define SECOND INT64_C(1000000000)

static void
check_duration(int64_t ns, const char *expected)
{
	char text[TIME_TEXT_MAX];

	time_text_duration(ns, text);
	ATF_CHECK_STREQ(text, expected);
}

static void
check_ago(int64_t then, const char *expected)
{
	char text[TIME_TEXT_MAX];

	time_text_ago(then, 100 * 86400 * SECOND, text);
	ATF_CHECK_STREQ(text, expected);
}

ATF_TC_WITHOUT_HEAD(times);
ATF_TC_BODY(times, tc)
{
	const int64_t now = 100 * 86400 * SECOND;
	char text[TIME_TEXT_MAX];

	check_duration(-5, "0ms");
	check_duration(850 * SECOND / 1000, "850ms");
	check_duration(4 * SECOND + 299999999, "4.2s");
	check_duration(59 * SECOND, "59.0s");
	check_duration(185 * SECOND, "3m05s");
	check_duration(7620 * SECOND, "2h07m");
	check_duration((3 * 86400 + 4 * 3600) * SECOND, "3d04h");
	check_duration(INT64_MAX, "106751d23h");
	check_ago(now, "now");
	check_ago(now - SECOND / 2, "now");
	check_ago(now - 200 * SECOND, "3m ago");
	check_ago(now + 7300 * SECOND, "in 2h");
	check_ago(0, "100d ago");
	setenv("TZ", "UTC", 1);
	time_text_exact(SECOND + 5000000, text);
	ATF_CHECK_STREQ(text, "1970-01-01 00:00:01.005 +0000");
}

static char *
print_table(const char *const *cells, size_t rows, size_t columns,
    unsigned width, unsigned shrink)
{
	struct table *table = table_new(columns, width);
	char *text = NULL;
	size_t size, i;
	FILE *to = open_memstream(&text, &size);

	for (i = 0; i < columns; i++)
		table_column(table, i, i == 0, (shrink >> i & 1) != 0);
	for (i = 0; i < rows * columns; i++)
		table_add(table, xstrdup(cells[i]));
	table_print(table, to);
	fclose(to);
	table_free(table);
	return text;
}

ATF_TC_WITHOUT_HEAD(tables);
ATF_TC_BODY(tables, tc)
{
	static const char *const cells[] = {"ID", "NAME", "WHY", "7", "release",
	    "because it is so very long", "12", "x", ""};
	static const char *const wide[] = {"ID", "NAME", "HELD", "TOOK",
	    "CORRELATION", "LABELS", "1", "release", "", "12.25s", "nightly-1",
	    ""};
	static const char *const coloured[] = {
	    "\033[31mabcdefghijkl\033[0m", "z"};
	char *text;

	text = print_table(cells, 3, 3, 0, 4);
	ATF_CHECK_STREQ(text,
	    "ID  NAME     WHY\n"
	    " 7  release  because it is so very long\n"
	    "12  x\n");
	free(text);
	text = print_table(cells, 3, 3, 24, 4);
	ATF_CHECK_STREQ(text,
	    "ID  NAME     WHY\n"
	    " 7  release  because i..\n"
	    "12  x\n");
	free(text);
	/* none is narrower than 8: rather it is left out */
	text = print_table(cells, 3, 3, 21, 4);
	ATF_CHECK_STREQ(text,
	    "ID  NAME     WHY\n"
	    " 7  release  becaus..\n"
	    "12  x\n");
	free(text);
	text = print_table(cells, 3, 3, 20, 4);
	ATF_CHECK_STREQ(text, "ID  NAME\n 7  release\n12  x\n");
	free(text);
	text = print_table(cells, 3, 3, 5, 4);
	ATF_CHECK_STREQ(text, "ID  NAME\n 7  release\n12  x\n");
	free(text);
	/* those that have only a title go first, from the right */
	text = print_table(wide, 2, 6, 32, 0);
	ATF_CHECK_STREQ(text,
	    "ID  NAME     TOOK    CORRELATION\n"
	    " 1  release  12.25s  nightly-1\n");
	free(text);
	text = print_table(wide, 2, 6, 25, 0);
	ATF_CHECK_STREQ(text, "ID  NAME     TOOK\n 1  release  12.25s\n");
	free(text);
	/* colours take no room, and end where the text is cut */
	text = print_table(coloured, 1, 2, 11, 1);
	ATF_CHECK_STREQ(text, "\033[31mabcdef..\033[0m  z\n");
	free(text);
}

ATF_TC_WITHOUT_HEAD(widths);
ATF_TC_BODY(widths, tc)
{
	if (setlocale(LC_CTYPE, "C.UTF-8") == NULL)
		atf_tc_skip("there is no locale C.UTF-8");
	ATF_CHECK_EQ(table_text_width(""), 0);
	ATF_CHECK_EQ(table_text_width("abc"), 3);
	ATF_CHECK_EQ(table_text_width("\xc3\xa9\xe2\x9c\x93"), 2);
	ATF_CHECK_EQ(table_text_width("\xe6\xbc\xa2"), 2);
	ATF_CHECK_EQ(table_text_width("e\xcc\x81"), 1);
	ATF_CHECK_EQ(table_text_width("\033[1;31mx\033[0m"), 1);
	ATF_CHECK_EQ(table_text_width("\xff\xfe"), 2);
}

/* Every status has a sign, and no two ASCII signs of a kind are the same. */
ATF_TC_WITHOUT_HEAD(statuses);
ATF_TC_BODY(statuses, tc)
{
	struct look look = {.signs = false};
	char signs[16] = "";
	size_t i, size;

	for (i = 0; execution_statuses[i] != NULL; i++) {
		char *text = NULL;
		FILE *to = open_memstream(&text, &size);

		status_print_sign(to, execution_statuses[i], &look);
		fclose(to);
		ATF_CHECK_EQ(size, 1);
		ATF_CHECK_MSG(
		    strchr("?", text[0]) == NULL, "%s", execution_statuses[i]);
		ATF_CHECK(strchr(signs, text[0]) == NULL);
		signs[i] = text[0];
		free(text);
	}
	ATF_CHECK(status_is_final("completed") && status_is_final("timed_out"));
	ATF_CHECK(!status_is_final("running") && !status_is_final("odd"));
}

typedef void printer(FILE *, const msgpack_object *);

static void
check_printed(printer *print, msgpack_object o, const char *expected)
{
	char *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);

	print(to, &o);
	fclose(to);
	ATF_CHECK_MSG(
	    strcmp(text, expected) == 0, "%s, not %s", text, expected);
	free(text);
}

static msgpack_object
text_object(const char *text, size_t size)
{
	msgpack_object o = {.type = MSGPACK_OBJECT_STR};

	o.via.str.ptr = text;
	o.via.str.size = (uint32_t)size;
	return o;
}

#define TEXT(text) text_object(text, sizeof(text) - 1)
#define NUMBER(kind, member, value)               \
	(msgpack_object)                          \
	{                                         \
		.type = kind, .via.member = value \
	}

ATF_TC_WITHOUT_HEAD(json);
ATF_TC_BODY(json, tc)
{
	check_printed(json_print,
	    NUMBER(MSGPACK_OBJECT_POSITIVE_INTEGER, u64, UINT64_MAX),
	    "18446744073709551615");
	check_printed(json_print,
	    NUMBER(MSGPACK_OBJECT_NEGATIVE_INTEGER, i64, INT64_MIN),
	    "-9223372036854775808");
	check_printed(
	    json_print, NUMBER(MSGPACK_OBJECT_FLOAT64, f64, 0.1), "0.1");
	check_printed(
	    json_print, NUMBER(MSGPACK_OBJECT_FLOAT64, f64, 2), "2.0");
	check_printed(json_print, NUMBER(MSGPACK_OBJECT_FLOAT64, f64, 1.0 / 3),
	    "0.3333333333333333");
	check_printed(
	    json_print, NUMBER(MSGPACK_OBJECT_FLOAT64, f64, NAN), "null");
	check_printed(json_print, TEXT("a\"\\\n\t\x01\x7f\xc3\xa9\xff"),
	    "\"a\\\"\\\\\\n\\u0009\\u0001\\u007f\xc3\xa9\\ufffd\"");
}

/* Nothing that comes from others reaches the terminal's controls. */
ATF_TC_WITHOUT_HEAD(safe);
ATF_TC_BODY(safe, tc)
{
	check_printed(field_print_text,
	    TEXT("a\033[31mb\nc\rd\xc2\x9b"
		 "e\xff\xc3\xa9\x7f"),
	    "a?[31mb c?d?e?\xc3\xa9?");
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, times);
	ATF_TP_ADD_TC(tp, tables);
	ATF_TP_ADD_TC(tp, widths);
	ATF_TP_ADD_TC(tp, statuses);
	ATF_TP_ADD_TC(tp, json);
	ATF_TP_ADD_TC(tp, safe);
	return atf_no_error();
}
