/* links: libproto/catalogue.c libproto/catalogue_check.c libproto/catalogue_text.c libproto/nearest.c libproto/utf8.c libproto/scan.c libproto/header.c libproto/unpack.c ; libs: msgpack */
/* proto_catalogue_test: methods and the check of their parameters. */

#include <atf-c.h>
#include <msgpack.h>
#include <stdio.h>
#include <string.h>

#include "libproto/catalogue.h"
#include "libproto/nearest.h"
#include "libproto/unpack.h"
#include "libproto/utf8.h"

static msgpack_zone zone;
static char why[512];

static msgpack_object unpack(const char *, size_t);
static const char *check(enum method_id, const char *, size_t);
static const char *check_labels(const char *, size_t);

/* What catalogue_check says of parameters given as bytes; "" is yes. */
#define CHECK(method, literal) \
	check(METHOD_##method, literal, sizeof(literal) - 1)
#define SAYS(part, says) \
	ATF_CHECK_MSG(strstr((says), (part)) != NULL, "\"%s\"", why)

static msgpack_object
unpack(const char *bytes, size_t size)
{
	msgpack_object object;

	if (zone.chunk_size == 0)
		ATF_REQUIRE(msgpack_zone_init(&zone, 1024));
	ATF_REQUIRE(unpack_value(bytes, size, &zone, &object));
	return object;
}

static const char *
check(enum method_id method, const char *bytes, size_t size)
{
	msgpack_object object = unpack(bytes, size);

	why[0] = '\0';
	if (catalogue_check(method, &object, why, sizeof(why)))
		ATF_CHECK_STREQ("", why);
	else
		ATF_CHECK(why[0] != '\0');
	return why;
}

ATF_TC_WITHOUT_HEAD(lookup);
ATF_TC_BODY(lookup, tc)
{
	enum method_id id;

	for (unsigned i = 0; i < METHODS; i++) {
		const char *name = catalogue_method((enum method_id)i)->name;

		ATF_CHECK(
		    catalogue_find(name, strlen(name), &id, why, sizeof(why)));
		ATF_CHECK_EQ(i, id);
		ATF_CHECK(!catalogue_find(
		    name, strlen(name) - 1, &id, why, sizeof(why)));
	}
	ATF_CHECK(!catalogue_find("engine.statsu", 13, &id, why, sizeof(why)));
	ATF_CHECK_STREQ("there is no method \"engine.statsu\"; did you mean "
			"\"engine.status\"?",
	    why);
	ATF_CHECK(!catalogue_find("", 0, &id, why, sizeof(why)));
	ATF_CHECK(!catalogue_find("frobnicate", 10, &id, why, sizeof(why)));
	ATF_CHECK_STREQ("there is no method \"frobnicate\"; weir-protocol(7) "
			"lists them",
	    why);
}

/* What a peer has made up is cut short, and does nothing to a terminal. */
ATF_TC_WITHOUT_HEAD(foreign_names);
ATF_TC_BODY(foreign_names, tc)
{
	enum method_id id;
	char name[65], expected[128];

	ATF_CHECK(!catalogue_find(
	    "a\n\x1b[2J\xff\xc3\xa4\0b", 11, &id, why, sizeof(why)));
	ATF_CHECK_STREQ("there is no method \"a??[2J????b\"; weir-protocol(7) "
			"lists them",
	    why);
	memset(name, 'x', sizeof(name));
	snprintf(expected, sizeof(expected),
	    "there is no method \"%.64s\"; weir-protocol(7) lists them", name);
	ATF_CHECK(!catalogue_find(name, 64, &id, why, sizeof(why)));
	ATF_CHECK_STREQ(expected, why);
	snprintf(expected, sizeof(expected),
	    "there is no method \"%.64s\"...; weir-protocol(7) lists them",
	    name);
	ATF_CHECK(!catalogue_find(name, 65, &id, why, sizeof(why)));
	ATF_CHECK_STREQ(expected, why);
	/* As much as there is room for, and an end. */
	ATF_CHECK(!catalogue_find(name, 65, &id, why, 20));
	ATF_CHECK_STREQ("there is no method ", why);
}

/* The rows themselves make sense. */
ATF_TC_WITHOUT_HEAD(rows);
ATF_TC_BODY(rows, tc)
{
	for (unsigned i = 0; i < METHODS; i++) {
		const struct method *m = catalogue_method((enum method_id)i);
		const struct parameter *p, *other;
		unsigned either = 0;

		ATF_CHECK(strlen(m->what) > 0 && strlen(m->result) > 0);
		ATF_CHECK(m->whose <= METHOD_OF_READER ||
		    m->role == METHOD_FOR_OPERATOR);
		for (p = m->parameters; p->name != NULL; p++) {
			char expected[256];

			catalogue_expected(p, expected, sizeof(expected));
			ATF_CHECK(strlen(expected) < 200);
			ATF_CHECK(p - m->parameters < 32);
			ATF_CHECK(strlen(p->help) > 0);
			ATF_CHECK(
			    p->least < 0 || (uint64_t)p->least <= p->most);
			either += p->need == PARAMETER_EITHER ? 1 : 0;
			for (other = m->parameters; other < p; other++)
				ATF_CHECK(strcmp(other->name, p->name) != 0);
		}
		ATF_CHECK_MSG(either == 0 || either == 2, "%s", m->name);
	}
}

ATF_TC_WITHOUT_HEAD(roles);
ATF_TC_BODY(roles, tc)
{
	ATF_CHECK_EQ(METHOD_FOR_ANY, catalogue_method(METHOD_HELLO)->role);
	ATF_CHECK_EQ(
	    METHOD_FOR_ADMIN, catalogue_method(METHOD_ENGINE_STOP)->role);
	ATF_CHECK_EQ(
	    METHOD_OF_OWNER, catalogue_method(METHOD_EXECUTION_CANCEL)->whose);
	ATF_CHECK_EQ(
	    METHOD_OF_ANYONE, catalogue_method(METHOD_EXECUTION_START)->whose);
}

ATF_TC_WITHOUT_HEAD(unknown_parameters);
ATF_TC_BODY(unknown_parameters, tc)
{
	ATF_CHECK_STREQ("", CHECK(HELLO, "\x80"));
	SAYS("events.unsubscribe: unknown parameter \"x\": it takes none",
	    CHECK(EVENTS_UNSUBSCRIBE, "\x81\xa1x\x01"));
	SAYS("execution.start: unknown parameter \"worflow\"; "
	     "did you mean \"workflow\"?",
	    CHECK(EXECUTION_START, "\x81\xa7worflow\xa1x"));
	SAYS("unknown parameter \"frob\"; weir-protocol(7) lists",
	    CHECK(EXECUTION_START,
		"\x81\xa4"
		"frob\xa1x"));
	SAYS("names of parameters are strings, not 5",
	    CHECK(EXECUTION_START, "\x81\x05\xa1x"));
	/* A bar parts words; it is no word. */
	SAYS("unknown parameter", CHECK(HELLO, "\x81\xa0\x01"));
	/* Nothing of a peer's reaches a terminal as it came. */
	SAYS("\"?[2J??\"", CHECK(HELLO, "\x81\xa6\x1b[2J\xc3\xa4\x01"));
}

ATF_TC_WITHOUT_HEAD(missing_and_nil);
ATF_TC_BODY(missing_and_nil, tc)
{
	SAYS("execution.start: parameter \"workflow\" is missing: "
	     "a workflow's name",
	    CHECK(EXECUTION_START, "\x80"));
	SAYS("\"workflow\" is missing",
	    CHECK(EXECUTION_START, "\x81\xa8workflow\xc0"));
	ATF_CHECK_STREQ("",
	    CHECK(EXECUTION_START,
		"\x82\xa8workflow\xa1"
		"a\xa7version\xc0"));
	SAYS("\"workflow\" is given twice",
	    CHECK(EXECUTION_START,
		"\x82\xa8workflow\xa1"
		"a\xa8workflow\xa1"
		"a"));
	/* Where anything is taken, so is nil; what is not there is not. */
	ATF_CHECK_STREQ("",
	    CHECK(DEFINITION_CHECK,
		"\x81\xaa"
		"definition\xc0"));
	SAYS("\"definition\" is missing", CHECK(DEFINITION_CHECK, "\x80"));
	SAYS("parameters are one map", CHECK(DEFINITION_CHECK, "\x90"));
}

ATF_TC_WITHOUT_HEAD(one_of_two);
ATF_TC_BODY(one_of_two, tc)
{
	ATF_CHECK_STREQ("execution.cancel: give \"ids\" or \"filter\"",
	    CHECK(EXECUTION_CANCEL, "\x80"));
	ATF_CHECK_STREQ(
	    "execution.cancel: give \"ids\" or \"filter\", not both",
	    CHECK(EXECUTION_CANCEL,
		"\x82\xa3ids\x91\x01\xa6"
		"filter\x80"));
	ATF_CHECK_STREQ("", CHECK(EXECUTION_CANCEL, "\x81\xa3ids\x91\x01"));
	ATF_CHECK_STREQ("",
	    CHECK(EXECUTION_CANCEL,
		"\x81\xa6"
		"filter\x80"));
	SAYS("\"reason\" is missing",
	    CHECK(EXECUTION_TERMINATE, "\x81\xa3ids\x91\x01"));
}

ATF_TC_WITHOUT_HEAD(numbers);
ATF_TC_BODY(numbers, tc)
{
	ATF_CHECK_STREQ("execution.list: parameter \"limit\" must be an "
			"integer from 1 to 1000, not 1001",
	    CHECK(EXECUTION_LIST, "\x81\xa5limit\xcd\x03\xe9"));
	ATF_CHECK_STREQ("", CHECK(EXECUTION_LIST, "\x81\xa5limit\xcd\x03\xe8"));
	SAYS("not 0", CHECK(EXECUTION_LIST, "\x81\xa5limit\x00"));
	SAYS("not -1", CHECK(EXECUTION_LIST, "\x81\xa5limit\xff"));
	SAYS("not the float 1.5",
	    CHECK(EXECUTION_LIST, "\x81\xa5limit\xcb\x3f\xf8\0\0\0\0\0\0"));
	SAYS("not \"10\"",
	    CHECK(EXECUTION_LIST,
		"\x81\xa5limit\xa2"
		"10"));
	SAYS("not true", CHECK(EXECUTION_LIST, "\x81\xa5limit\xc3"));
	SAYS("a positive integer, not 0",
	    CHECK(EXECUTION_GET, "\x81\xa2id\x00"));
	ATF_CHECK_STREQ("",
	    CHECK(EXECUTION_GET,
		"\x81\xa2id\xcf\xff\xff\xff\xff\xff\xff\xff\xff"));
	/* priority: an int32 */
	ATF_CHECK_STREQ("",
	    CHECK(EXECUTION_START,
		"\x82\xa8workflow\xa1"
		"a"
		"\xa8priority\xd2\x80\0\0\0"));
	SAYS("not -2147483649",
	    CHECK(EXECUTION_START,
		"\x82\xa8workflow\xa1"
		"a\xa8priority\xd3\xff\xff\xff\xff\x7f\xff\xff\xff"));
	SAYS("not 2147483648",
	    CHECK(EXECUTION_START,
		"\x82\xa8workflow\xa1"
		"a\xa8priority\xce\x80\0\0\0"));
	/* a duration is an int64 */
	SAYS("must be a duration in nanoseconds, not 9223372036854775808",
	    CHECK(EXECUTION_WAIT,
		"\x82\xa2id\x01\xa7timeout\xcf\x80\0\0\0\0"
		"\0\0\0"));
}

ATF_TC_WITHOUT_HEAD(strings_and_names);
ATF_TC_BODY(strings_and_names, tc)
{
	static const char *const good[] = {"a", "0", "a.b-c_d", "x9"};
	static const char *const bad[] = {
	    "", "A", "-a", ".a", "_a", "a b", "a/b", "a\n", "\xc3\xa4"};
	char bytes[64];

	for (unsigned i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		int n = snprintf(bytes, sizeof(bytes), "\x81\xa8workflow%c%s",
		    (int)(0xa0 + strlen(good[i])), good[i]);
		ATF_CHECK_STREQ(
		    "", check(METHOD_DEFINITION_GET, bytes, (size_t)n));
	}
	for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		int n = snprintf(bytes, sizeof(bytes), "\x81\xa8workflow%c%s",
		    (int)(0xa0 + strlen(bad[i])), bad[i]);
		SAYS("must be a workflow's name",
		    check(METHOD_DEFINITION_GET, bytes, (size_t)n));
	}
	SAYS("must be a string, 1 to 1024 bytes, not \"\"",
	    CHECK(ENGINE_PAUSE, "\x81\xa6reason\xa0"));
	ATF_CHECK_STREQ("", CHECK(ENGINE_PAUSE, "\x81\xa6reason\xa2\xc3\xa4"));
	SAYS("reason", CHECK(ENGINE_PAUSE, "\x81\xa6reason\xa1\xc3"));
	SAYS("reason",
	    CHECK(ENGINE_PAUSE,
		"\x81\xa6reason\xa3"
		"a\0b"));
	SAYS("binary data", CHECK(ENGINE_PAUSE, "\x81\xa6reason\xc4\x01x"));
	/* A task's name: an identifier. */
	SAYS("a task's name",
	    CHECK(TASK_APPROVE,
		"\x82\xa9"
		"execution\x01\xa4task\xa2"
		"9a"));
	ATF_CHECK_STREQ("",
	    CHECK(TASK_APPROVE,
		"\x82\xa9"
		"execution\x01\xa4task\xa2_9"));
	SAYS("a task's name",
	    CHECK(TASK_APPROVE,
		"\x82\xa9"
		"execution\x01\xa4task\xa3"
		"a-b"));
}

ATF_TC_WITHOUT_HEAD(words_and_lists);
ATF_TC_BODY(words_and_lists, tc)
{
	ATF_CHECK_STREQ("",
	    CHECK(ENGINE_STOP,
		"\x81\xa4mode\xa5"
		"drain"));
	ATF_CHECK_STREQ("engine.stop: parameter \"mode\" must be leave, "
			"drain or kill, not \"drai\"",
	    CHECK(ENGINE_STOP,
		"\x81\xa4mode\xa4"
		"drai"));
	SAYS("not \"leave|drain\"",
	    CHECK(ENGINE_STOP, "\x81\xa4mode\xableave|drain"));
	SAYS("not \"\"", CHECK(ENGINE_STOP, "\x81\xa4mode\xa0"));
	ATF_CHECK_STREQ("",
	    CHECK(EXECUTION_WAIT,
		"\x82\xa2id\x01\xa6status\xa6"
		"failed"));
	ATF_CHECK_STREQ("",
	    CHECK(EXECUTION_WAIT,
		"\x82\xa2id\x01\xa6status\x92\xa6"
		"failed\xa7running"));
	SAYS("or a list of these, not a list of 0",
	    CHECK(EXECUTION_WAIT, "\x82\xa2id\x01\xa6status\x90"));
	SAYS("parameter \"status\": entry 1 must be pending, running,",
	    CHECK(EXECUTION_WAIT, "\x82\xa2id\x01\xa6status\x91\xa1x"));
	SAYS("or terminated, not \"x\"",
	    CHECK(EXECUTION_WAIT, "\x82\xa2id\x01\xa6status\x91\xa1x"));
	SAYS("a list of ids", CHECK(EXECUTION_CANCEL, "\x81\xa3ids\x90"));
	SAYS("parameter \"ids\": entry 1 must be a positive integer, not 0",
	    CHECK(EXECUTION_CANCEL, "\x81\xa3ids\x91\x00"));
	SAYS("parameter \"ids\": entry 2 must be a positive integer, not \"x\"",
	    CHECK(EXECUTION_CANCEL, "\x81\xa3ids\x92\x01\xa1x"));
	SAYS("a list of ids", CHECK(EXECUTION_CANCEL, "\x81\xa3ids\x01"));
	SAYS("parameter \"types\": entry 1 must be a string, 1 to 256 bytes, "
	     "not 1",
	    CHECK(EVENTS_SUBSCRIBE, "\x81\xa5types\x91\x01"));
	SAYS("a list of strings of 1 to 256 bytes",
	    CHECK(EVENTS_SUBSCRIBE, "\x81\xa5types\x01"));
	ATF_CHECK_STREQ("",
	    CHECK(EXECUTION_START,
		"\x82\xa8workflow\xa1"
		"a\xa6labels\x81\xa1k\xa0"));
	SAYS("parameter \"labels\": the value of \"k\" must be a string, "
	     "not 1",
	    CHECK(EXECUTION_START,
		"\x82\xa8workflow\xa1"
		"a\xa6labels\x81\xa1k\x01"));
	SAYS("by keys of 1 to 64, at most 64 pairs, not 1",
	    CHECK(EXECUTION_START,
		"\x82\xa8workflow\xa1"
		"a\xa6labels\x01"));
}

/* What is said of labels, which are the rest of a map. */
static const char *
check_labels(const char *map, size_t size)
{
	static const char start[] = "\x82\xa8workflow\xa1"
				    "a\xa6labels";
	char bytes[1024];

	ATF_REQUIRE(sizeof(start) - 1 + size <= sizeof(bytes));
	memcpy(bytes, start, sizeof(start) - 1);
	memcpy(bytes + sizeof(start) - 1, map, size);
	return check(METHOD_EXECUTION_START, bytes, sizeof(start) - 1 + size);
}

#define LABELS(literal) check_labels(literal, sizeof(literal) - 1)

ATF_TC(labels);
ATF_TC_HEAD(labels, tc)
{
	atf_tc_set_md_var(tc, "descr", "which label is wrong, and why");
}
ATF_TC_BODY(labels, tc)
{
	char map[512] = "\x81\xd9";

	SAYS("parameter \"labels\": the key of pair 2 is empty",
	    LABELS("\x82\xa1k\xa0\xa0\xa0"));
	SAYS("the key of pair 1 must be a string, not 7",
	    LABELS("\x81\x07\xa0"));
	SAYS("the key of pair 1 is not UTF-8, or has a NUL byte in it",
	    LABELS("\x81\xa1\x00\xa0"));
	SAYS("the value of \"k\" is not UTF-8, or has a NUL byte in it",
	    LABELS("\x81\xa1k\xa1\xff"));
	SAYS("the key \"k\" stands there twice",
	    LABELS("\x83\xa1k\xa0\xa1l\xa0\xa1k\xa0"));
	memset(map + 3, 'x', 65);
	map[2] = 64;
	map[3 + 64] = (char)0xa0;
	ATF_CHECK_STREQ("", check_labels(map, 3 + 64 + 1));
	map[2] = 65;
	map[3 + 64] = 'x';
	map[3 + 65] = (char)0xa0;
	SAYS("the key of pair 1 has 65 bytes, at most 64 are possible",
	    check_labels(map, 3 + 65 + 1));
	memcpy(map, "\x81\xa1k\xda\x01\x00", 6);
	memset(map + 6, 'x', 257);
	ATF_CHECK_STREQ("", check_labels(map, 6 + 256));
	map[5] = 1;
	SAYS("the value of \"k\" has 257 bytes, at most 256 are possible",
	    check_labels(map, 6 + 257));
}

ATF_TC_WITHOUT_HEAD(filters);
ATF_TC_BODY(filters, tc)
{
	ATF_CHECK_STREQ("",
	    CHECK(EXECUTION_LIST,
		"\x81\xa6"
		"filter\x82\xa8workflow\xa1"
		"a\xa5owner\x00"));
	SAYS("execution.list: unknown parameter \"worklow\"; did you mean "
	     "\"filter.workflow\"?",
	    CHECK(EXECUTION_LIST,
		"\x81\xa6"
		"filter\x81\xa7worklow\xa1"
		"a"));
	SAYS("parameter \"filter.since\" must be nanoseconds since the epoch",
	    CHECK(EXECUTION_LIST,
		"\x81\xa6"
		"filter\x81\xa5since\xff"));
	SAYS("parameter \"filter\" must be a map, not a list of 0",
	    CHECK(EXECUTION_LIST,
		"\x81\xa6"
		"filter\x90"));
}

ATF_TC_WITHOUT_HEAD(accessors);
ATF_TC_BODY(accessors, tc)
{
	static const char bytes[] = "\x85\xa1u\x07\xa1i\xfb\xa1"
				    "b\xc3\xa1s"
				    "\xa3"
				    "abc\xa1l\x92\xa1x\xa1y";
	msgpack_object params = unpack(bytes, sizeof(bytes) - 1);
	size_t length;

	ATF_CHECK_EQ(7, catalogue_uint(&params, "u", 1));
	ATF_CHECK_EQ(1, catalogue_uint(&params, "none", 1));
	ATF_CHECK_EQ(-5, catalogue_int(&params, "i", 1));
	ATF_CHECK_EQ(7, catalogue_int(&params, "u", 1));
	ATF_CHECK_EQ(true, catalogue_bool(&params, "b", false));
	ATF_CHECK_EQ(true, catalogue_bool(&params, "none", true));
	ATF_CHECK_EQ(0, memcmp("abc", catalogue_str(&params, "s", &length), 3));
	ATF_CHECK_EQ(3, length);
	ATF_CHECK(catalogue_str(&params, "none", &length) == NULL);
	ATF_CHECK_EQ(0, length);
	ATF_CHECK(catalogue_has_word(&params, "s", "abc"));
	ATF_CHECK(!catalogue_has_word(&params, "s", "ab"));
	ATF_CHECK(catalogue_has_word(&params, "l", "y"));
	ATF_CHECK(!catalogue_has_word(&params, "l", "z"));
	ATF_CHECK(!catalogue_has_word(&params, "none", "z"));
}

ATF_TC_WITHOUT_HEAD(nearest_words);
ATF_TC_BODY(nearest_words, tc)
{
	static const char *const known[] = {"pause", "resume", "status", "if"};
	char long_word[200];

	ATF_CHECK_STREQ("pause", nearest_word("puase", 5, known, 4));
	ATF_CHECK_STREQ("pause", nearest_word("paus", 4, known, 4));
	ATF_CHECK_STREQ("resume", nearest_word("resumed", 7, known, 4));
	ATF_CHECK_STREQ("if", nearest_word("of", 2, known, 4));
	ATF_CHECK(nearest_word("xyz", 3, known, 4) == NULL);
	ATF_CHECK(nearest_word("", 0, known, 4) == NULL);
	memset(long_word, 'a', sizeof(long_word));
	ATF_CHECK(nearest_word(long_word, 64, known, 4) == NULL);
	ATF_CHECK(nearest_word(long_word, 200, known, 4) == NULL);
}

ATF_TC_WITHOUT_HEAD(utf8);
ATF_TC_BODY(utf8, tc)
{
	static const struct {
		const char *text;
		bool good;
	} rows[] = {
	    {"", true},
	    {"plain\n", true},
	    {"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80", true},
	    {"\xed\x9f\xbf\xee\x80\x80\xf4\x8f\xbf\xbf", true},
	    {"\x80", false},
	    {"\xc0\x80", false},
	    {"\xc1\xbf", false},
	    {"\xe0\x9f\xbf", false},
	    {"\xf0\x8f\xbf\xbf", false},
	    {"\xed\xa0\x80", false},
	    {"\xf4\x90\x80\x80", false},
	    {"\xf8\x88\x80\x80\x80", false},
	    {"\xe2\x82", false},
	    {"\xe2"
	     "a\xac",
		false},
	    {"\xff", false},
	};

	for (unsigned i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		ATF_CHECK_EQ_MSG(rows[i].good,
		    utf8_is_text(rows[i].text, strlen(rows[i].text)), "%u", i);
	ATF_CHECK(!utf8_is_text("a\0b", 3));
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, lookup);
	ATF_TP_ADD_TC(tp, foreign_names);
	ATF_TP_ADD_TC(tp, rows);
	ATF_TP_ADD_TC(tp, roles);
	ATF_TP_ADD_TC(tp, unknown_parameters);
	ATF_TP_ADD_TC(tp, missing_and_nil);
	ATF_TP_ADD_TC(tp, one_of_two);
	ATF_TP_ADD_TC(tp, numbers);
	ATF_TP_ADD_TC(tp, strings_and_names);
	ATF_TP_ADD_TC(tp, words_and_lists);
	ATF_TP_ADD_TC(tp, labels);
	ATF_TP_ADD_TC(tp, filters);
	ATF_TP_ADD_TC(tp, accessors);
	ATF_TP_ADD_TC(tp, nearest_words);
	ATF_TP_ADD_TC(tp, utf8);
	return atf_no_error();
}
