/* links: ctl/arguments.c ctl/argument.c ctl/usage.c daemon/core/alloc.c daemon/core/quantity.c libproto/nearest.c ; libs: msgpack */
/*
 * ctl_arguments: command lines, parsed and checked against descriptors.
 */
#include <atf-c.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl/arguments.h"

static const char *const colours[] = {"red", "green", NULL};

static const struct option options[] = {
    {'v', "verbose", ARGUMENT_NONE, NULL, "", NULL, false, false},
    {'n', "number", ARGUMENT_NUMBER, "N", "", NULL, false, false},
    {0, "pair", ARGUMENT_PAIR, "K=V", "", NULL, true, false},
    {'c', "colour", ARGUMENT_WORD, "COLOUR", "", colours, false, false},
    {'i', "integer", ARGUMENT_INTEGER, "I", "", NULL, false, false},
    {'d', "duration", ARGUMENT_DURATION, "D", "", NULL, false, false},
    {'t', "time", ARGUMENT_TIME, "T", "", NULL, false, false},
    {.name = NULL},
};

static const struct option must[] = {
    {'r', "reason", ARGUMENT_TEXT, "R", "", NULL, false, true},
    {.name = NULL},
};

static const struct verb plain = {
    .name = "plain",
    .alias = "p",
    .summary = "",
    .options = {options},
    .operands = {{"ID", ARGUMENT_EXECUTIONS, OPERAND_ANY, NULL}},
};

static const struct verb strict = {
    .name = "noun strict",
    .summary = "",
    .options = {must, options},
    .operands = {{"NAME", ARGUMENT_VERSIONED, OPERAND_ONE, NULL},
	{"FILE", ARGUMENT_STARTABLE, OPERAND_OPTIONAL, NULL}},
};

static const struct verb some = {
    .name = "some",
    .summary = "",
    .operands = {{"FILE", ARGUMENT_FILE, OPERAND_SOME, NULL}},
};

const struct verb *const verbs[] = {&plain, &strict, &some, NULL};

#define PARSE(a, ...) \
	parse(a, (const char *const[]){"weirctl", __VA_ARGS__, NULL})

/* Errors go to a file: what they say is check_test's. */
static bool
parse(struct arguments *a, const char *const *words)
{
	char *argv[16];
	int argc;

	for (argc = 0; words[argc] != NULL; argc++)
		memcpy(&argv[argc], &words[argc], sizeof(*argv));
	argv[argc] = NULL;
	return arguments_parse(a, argc, argv);
}

static void
quiet(void)
{
	int fd = open("stderr", O_WRONLY | O_CREAT | O_APPEND, 0644);

	ATF_REQUIRE(fd != -1 && dup2(fd, STDERR_FILENO) != -1);
	close(fd);
}

ATF_TC_WITHOUT_HEAD(forms);
ATF_TC_BODY(forms, tc)
{
	struct arguments a;
	const struct given *g;

	ATF_REQUIRE(PARSE(&a, "-s", "sock", "plain", "-vn3", "--pair", "a=b",
	    "--pair=c=d=e", "7", "9-12", "--json", "-q"));
	ATF_CHECK(a.verb == &plain);
	ATF_CHECK_STREQ(a.socket, "sock");
	ATF_CHECK(a.json && a.quiet && !a.help);
	ATF_CHECK(arguments_has(&a, "verbose"));
	ATF_CHECK(!arguments_has(&a, "colour"));
	ATF_CHECK_EQ(arguments_option(&a, "number", NULL)->number, 3);
	g = arguments_option(&a, "pair", NULL);
	ATF_CHECK_STREQ(g->text, "a=b");
	g = arguments_option(&a, "pair", g);
	ATF_CHECK_STREQ(g->text, "c=d=e");
	ATF_CHECK_EQ(g->length, 1);
	ATF_CHECK(arguments_option(&a, "pair", g) == NULL);
	ATF_CHECK_EQ(a.noperands, 2);
	ATF_CHECK_EQ(a.operands[0].number, 7);
	ATF_CHECK_EQ(a.operands[0].last, 7);
	ATF_CHECK_EQ(a.operands[1].number, 9);
	ATF_CHECK_EQ(a.operands[1].last, 12);
	arguments_free(&a);
	ATF_REQUIRE(PARSE(&a, "some", "--", "-x", "--json"));
	ATF_CHECK_EQ(a.noperands, 2);
	ATF_CHECK(!a.json);
	arguments_free(&a);
	ATF_REQUIRE(PARSE(&a, "p", "--help"));
	ATF_CHECK(a.help && a.verb == &plain);
	arguments_free(&a);
	ATF_REQUIRE(PARSE(&a, "noun", "strict", "-r", "x", "w@3", "./f"));
	ATF_CHECK(a.verb == &strict);
	ATF_CHECK_EQ(a.operands[0].number, 3);
	ATF_CHECK_EQ(a.operands[0].length, 1);
	arguments_free(&a);
}

static void
check_refused(const char *const *words)
{
	struct arguments a;
	bool parsed = parse(&a, words);

	ATF_CHECK_MSG(!parsed, "%s %s", words[1], words[2]);
	arguments_free(&a);
}

#define REFUSED(...) \
	check_refused((const char *const[]){"weirctl", __VA_ARGS__, NULL})

ATF_TC_WITHOUT_HEAD(refused);
ATF_TC_BODY(refused, tc)
{
	quiet();
	REFUSED("nothing", "x");
	REFUSED("noun", "x");
	REFUSED("noun", "strict", "w");
	REFUSED("noun", "strict", "-r", "x");
	REFUSED("noun", "strict", "-r", "x", "w", "v", "u");
	REFUSED("noun", "strict", "-r", "x", "W");
	REFUSED("noun", "strict", "-r", "x", "w@0");
	REFUSED("noun", "strict", "-r", "x", "w@");
	REFUSED("noun", "strict", "-r", "x", "w@5000000000");
	REFUSED("noun", "strict", "-r", "x", "-w");
	REFUSED("plain", "--verbose=3");
	REFUSED("plain", "--verbos");
	REFUSED("plain", "-n", "x");
	REFUSED("plain", "-n", "-3");
	REFUSED("plain", "-n", "99999999999999999999");
	REFUSED("plain", "-n");
	REFUSED("plain", "-n", "1", "-n", "2");
	REFUSED("plain", "-c", "blue");
	REFUSED("plain", "-i", "3000000000");
	REFUSED("plain", "-d", "10");
	REFUSED("plain", "-t", "yesterday");
	REFUSED("plain", "--pair", "=b");
	REFUSED("plain", "0");
	REFUSED("plain", "3-");
	REFUSED("plain", "3-2");
	REFUSED("plain", "1-10001");
	REFUSED("plain", "");
	REFUSED("some");
}

ATF_TC_WITHOUT_HEAD(types);
ATF_TC_BODY(types, tc)
{
	struct arguments a;

	ATF_REQUIRE(PARSE(&a, "plain", "-i", "-7", "-d", "90s", "-t",
	    "1970-01-01T00:00:01Z", "-c", "red"));
	ATF_CHECK_EQ(arguments_option(&a, "integer", NULL)->integer, -7);
	ATF_CHECK_EQ(arguments_option(&a, "duration", NULL)->integer,
	    INT64_C(90000000000));
	ATF_CHECK_EQ(
	    arguments_option(&a, "time", NULL)->integer, INT64_C(1000000000));
	arguments_free(&a);
	ATF_CHECK(argument_is_file("-") && argument_is_file("a/b") &&
	    argument_is_file("a.yaml") && argument_is_file("a.json"));
	ATF_CHECK(!argument_is_file("a") && !argument_is_file("a@3") &&
	    !argument_is_file(".yaml"));
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, forms);
	ATF_TP_ADD_TC(tp, refused);
	ATF_TP_ADD_TC(tp, types);
	return atf_no_error();
}
