/* links: tests/hostile.c tests/scratch_daemon.c tests/transcript_json.c libweir.a ; libs: msgpack jansson */
/*
 * large_definition_test: definitions that the daemon parses aside of its loop,
 * told apart from small ones by nothing.
 */

#include <sys/socket.h>

#include <atf-c.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libproto/errors.h"
#include "libproto/unpack.h"
#include "tests/hostile.h"
#include "tests/scratch_daemon.h"
#include "tests/test_length.h"
#include "tests/transcript_json.h"

#define PATIENCE 60000 /* ms */
#define TASKS 600      /* which are some 40 KiB */

static struct weir *client;

static void begin(void);
static char *large(const char *name, const char *first, const char *last);
static char *with(const char *params, const char *pair);
static int64_t ask(const char *method, const char *params);
static int call(const char *, const char *, struct weir_message *);
static void hear(int64_t id, int error);
static char *told(const struct weir_message *);
static void put_below(int version);
static bool put_overtaken(struct weir *, int round, int *version);

static void
begin(void)
{
	scratch_daemon_start();
	client = weir_open(SCRATCH_SOCKET);
	ATF_REQUIRE(client != NULL);
}

/*
 * The parameters of definition.put: tasks that count vars.n up, one after the
 * other, between what is given.  The caller frees it.
 */
static char *
large(const char *name, const char *first, const char *last)
{
	size_t size;
	char *text;
	FILE *file = open_memstream(&text, &size);

	fprintf(file,
	    "{'definition': {'workflow': '%s', 'vars': {'n': 0}, 'output': "
	    "{'n': '${{ vars.n }}'}, 'tasks': {%s",
	    name, first);
	for (int i = 0; i < TASKS; i++)
		fprintf(file,
		    "'t%d': {'set': {'n': '${{ vars.n + 1 }}'}, 'next': "
		    "[{'do': '%s%.0d'}]}, ",
		    i, i + 1 < TASKS ? "t" : "last", i + 1 < TASKS ? i + 1 : 0);
	fprintf(file, "'last': %s}}}", last);
	fclose(file);
	return text;
}

/* The parameters with one more; the caller frees it. */
static char *
with(const char *params, const char *pair)
{
	char *text = NULL;

	ATF_REQUIRE(asprintf(&text, "%.*s, %s}", (int)strlen(params) - 1,
			params, pair) > 0);
	return text;
}

static int64_t
ask(const char *method, const char *params)
{
	msgpack_sbuffer packed;
	msgpack_packer packer;
	int64_t id;

	msgpack_sbuffer_init(&packed);
	msgpack_packer_init(&packer, &packed, msgpack_sbuffer_write);
	json_to_msgpack(params, &packer);
	id = weir_send(client, method, packed.data, packed.size);
	msgpack_sbuffer_destroy(&packed);
	ATF_REQUIRE(id >= 0);
	return id;
}

static int
call(const char *method, const char *params, struct weir_message *answer)
{
	int64_t id = ask(method, params);

	ATF_REQUIRE_EQ(WEIR_OK, weir_receive(client, PATIENCE, answer));
	ATF_REQUIRE_EQ(id, answer->msgid);
	return answer->error;
}

/* The next answer is that one, and has that error. */
static void
hear(int64_t id, int error)
{
	struct weir_message answer;

	ATF_REQUIRE_EQ(WEIR_OK, weir_receive(client, PATIENCE, &answer));
	ATF_CHECK_EQ(id, answer.msgid);
	ATF_CHECK_EQ_MSG(
	    error, answer.error, "%s", answer.error == 0 ? "" : answer.text);
}

/* A result or the details of an error as JSON; the caller frees it. */
static char *
told(const struct weir_message *answer)
{
	msgpack_object object;
	msgpack_zone zone;
	size_t size;
	char *text;
	FILE *file = open_memstream(&text, &size);

	ATF_REQUIRE(msgpack_zone_init(&zone, 4096));
	ATF_REQUIRE(unpack_value(answer->body, answer->size, &zone, &object));
	msgpack_to_json(&object, file);
	fclose(file);
	msgpack_zone_destroy(&zone);
	return text;
}

ATF_TC(runs);
ATF_TC_HEAD(runs, tc)
{
	atf_tc_set_md_var(tc, "descr",
	    "it is stored before what its client asks for next, and runs");
	atf_tc_set_md_var(tc, "timeout", "120");
}
ATF_TC_BODY(runs, tc)
{
	char *params, *text, expected[64];
	struct weir_message answer;
	int64_t put, start, wait;

	begin();
	params = large("big", "", "{'set': {'n': '${{ vars.n + 1000000 }}'}}");
	put = ask("definition.put", params);
	start = ask("execution.start", "{'workflow': 'big'}");
	wait = ask("execution.wait", "{'id': 1}");
	hear(put, 0);
	hear(start, 0);
	ATF_REQUIRE_EQ(WEIR_OK, weir_receive(client, PATIENCE, &answer));
	ATF_CHECK_EQ(wait, answer.msgid);
	text = told(&answer);
	snprintf(expected, sizeof(expected), "{'n': %d}", 1000000 + TASKS);
	ATF_CHECK_MSG(strstr(text, expected) != NULL, "%s", text);
	free(text);
	/* The same again is no new version, and a plan stores nothing. */
	ATF_CHECK_EQ(0, call("definition.put", params, &answer));
	text = told(&answer);
	ATF_CHECK_MSG(strstr(text, "'created': false") != NULL, "%s", text);
	free(text);
	free(params);
	params = large("planned", "", "{'set': {'n': 1}}");
	text = with(params, "'plan': true");
	ATF_CHECK_EQ(0, call("definition.put", text, &answer));
	ATF_CHECK_EQ(ERROR_NOT_FOUND,
	    call("definition.get", "{'workflow': 'planned'}", &answer));
	free(text);
	free(params);
	/* What has been stored is read again as it was. */
	weir_close(client);
	scratch_daemon_kill();
	begin();
	hear(ask("execution.start", "{'workflow': 'big'}"), 0);
	ATF_CHECK_EQ(0, call("execution.wait", "{'id': 2}", &answer));
	text = told(&answer);
	ATF_CHECK_MSG(strstr(text, expected) != NULL, "%s", text);
	free(text);
	weir_close(client);
	scratch_daemon_stop();
}

ATF_TC(refused);
ATF_TC_HEAD(refused, tc)
{
	atf_tc_set_md_var(tc, "descr", "what is wrong with it is told");
	atf_tc_set_md_var(tc, "timeout", "120");
}
ATF_TC_BODY(refused, tc)
{
	static const struct {
		const char *last;
		const char *told;
	} cases[] = {
	    {"{'run': []}", "/tasks/last/run"},
	    {"{'set': {'n': '${{ vars.n + }}'}}", "/tasks/last/set/n"},
	    {"{'workflow': 'below', 'input': {'y': 1}}", "has no input \"y\""},
	    {"{'workflow': 'below'}", "needs the input \"x\""},
	    {"{'workflow': 'up'}", "the workflow would start itself"},
	};
	struct weir_message answer;
	char *params, *text;

	begin();
	ATF_CHECK_EQ(0,
	    call("definition.put",
		"{'definition': {'workflow': 'below', 'input': {'x': {'type': "
		"'integer'}}, 'tasks': {'a': {'end': "
		"'completed'}}}}",
		&answer));
	ATF_CHECK_EQ(0,
	    call("definition.put",
		"{'definition': {'workflow': 'up', 'tasks': {'a': "
		"{'workflow': 'big'}}}}",
		&answer));
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		params = large("big", "", cases[i].last);
		for (int put = 0; put < 2; put++) {
			ATF_CHECK_EQ(ERROR_INVALID_DEFINITION,
			    call(put ? "definition.put" : "definition.check",
				params, &answer));
			text = told(&answer);
			ATF_CHECK_MSG(
			    strstr(text, cases[i].told) != NULL, "%s", text);
			free(text);
		}
		free(params);
	}
	params = large("big", "", "{'end': 'completed'}");
	text = with(params, "'plna': true");
	ATF_CHECK_EQ(ERROR_BAD_REQUEST, call("definition.put", text, &answer));
	ATF_CHECK_MSG(strstr(answer.text, "plna") != NULL, "%s", answer.text);
	free(text);
	free(params);
	weir_close(client);
	scratch_daemon_stop();
}

/* A version of what is below, which has one input of two: "a" or "b". */
static void
put_below(int version)
{
	char params[512];

	snprintf(params, sizeof(params),
	    "{'definition': {'workflow': 'below', 'description': 'v%d', "
	    "'input': {'%s': {'type': 'integer'}}, 'tasks': "
	    "{'t': {'end': 'completed'}}}}",
	    version, version % 2 == 0 ? "a" : "b");
	hostile_call(client, "definition.put", params);
}

/* Whether it was stored; the other client has put more and more versions. */
static bool
put_overtaken(struct weir *other, int round, int *version)
{
	struct weir *asker = client;
	struct weir_message answer;
	char last[128], *params;
	int64_t id;
	int error;

	snprintf(last, sizeof(last),
	    "{'workflow': 'below', 'input': {'a': %d}}", round);
	params = large("big", "", last);
	id = ask("definition.put", params);
	free(params);
	/* The first time it writes the request out. */
	while ((error = weir_receive(client, 0, &answer)) == WEIR_ETIMEOUT) {
		client = other;
		put_below(++*version);
		client = asker;
	}
	ATF_REQUIRE_EQ(WEIR_OK, error);
	ATF_REQUIRE_EQ(id, answer.msgid);
	if (answer.error != 0)
		ATF_CHECK_EQ(ERROR_INVALID_DEFINITION, answer.error);
	return answer.error == 0;
}

/*
 * While it is parsed another client changes what it names, in turn so that it
 * fits and that it does not: whether it was stored agrees with what was there
 * when it was.
 */
ATF_TC(overtaken);
ATF_TC_HEAD(overtaken, tc)
{
	atf_tc_set_md_var(tc, "descr",
	    "it is checked against what is stored when it is stored");
	atf_tc_set_md_var(tc, "timeout", "300");
}
ATF_TC_BODY(overtaken, tc)
{
	int rounds = runs_long() ? 400 : 40, stored = 0, seen = 0, fits = -1;
	struct weir_message event;
	struct weir *other;
	FILE *conf;

	conf = fopen("weird.conf", "w");
	ATF_REQUIRE(conf != NULL);
	fputs("limits: {definitions: 1000000}\n", conf);
	fclose(conf);
	begin();
	put_below(0);
	other = client;
	client = weir_open(SCRATCH_SOCKET);
	for (int i = 0, version = 0; i < rounds; i++)
		stored += put_overtaken(other, i, &version);
	/* Again, in the order in which it was done. */
	hear(
	    ask("events.subscribe", "{'from': 1, 'types': ['definition.put']}"),
	    0);
	while (seen < stored) {
		char *text, *at;

		ATF_REQUIRE_EQ(WEIR_OK, weir_receive(client, PATIENCE, &event));
		text = told(&event);
		if (strstr(text, "'below'") != NULL) {
			at = strstr(text, "'version': ");
			ATF_REQUIRE(at != NULL);
			/* Version 1 is what was put first, with "a". */
			fits = (int)(strtol(at + 11, NULL, 10) % 2);
		} else {
			ATF_CHECK_EQ_MSG(1, fits, "%s", text);
			seen++;
		}
		free(text);
	}
	printf("%d of %d were stored\n", stored, rounds);
	weir_close(client);
	weir_close(other);
	scratch_daemon_stop();
}

ATF_TC(abandoned);
ATF_TC_HEAD(abandoned, tc)
{
	atf_tc_set_md_var(tc, "descr",
	    "its client may go, and the daemon end, in the middle");
	atf_tc_set_md_var(tc, "timeout", "120");
}
ATF_TC_BODY(abandoned, tc)
{
	msgpack_sbuffer request;
	char *params = large("big", "", "{'end': 'completed'}");
	int fd = -1;

	msgpack_sbuffer_init(&request);
	hostile_request(&request, 1, "definition.put", params);
	begin();
	for (int i = 0; i < 20; i++) {
		fd = hostile_dial();
		ATF_REQUIRE(hostile_send(fd, request.data, request.size));
		if (i % 2 == 0)
			shutdown(fd, SHUT_RDWR);
		close(fd);
	}
	hear(ask("hello", "{}"), 0);
	for (int i = 0; i < 20; i++) {
		fd = hostile_dial();
		ATF_REQUIRE(hostile_send(fd, request.data, request.size));
	}
	scratch_daemon_stop();
	weir_close(client);
	msgpack_sbuffer_destroy(&request);
	free(params);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, runs);
	ATF_TP_ADD_TC(tp, refused);
	ATF_TP_ADD_TC(tp, overtaken);
	ATF_TP_ADD_TC(tp, abandoned);
	return atf_no_error();
}
