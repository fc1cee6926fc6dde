/* links: tests/hostile.c tests/scratch_daemon.c tests/transcript_json.c libweir.a ; libs: msgpack jansson */
/*
 * pieces_test: what would take long is done a piece at a time, or refused; and
 * what happens between the pieces does no harm.
 */

#include <atf-c.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libproto/errors.h"
#include "libproto/unpack.h"
#include "libproto/weir.h"
#include "tests/hostile.h"
#include "tests/scratch_daemon.h"

#define PLANNED 200 /* executions that a plan is made for at most */
#define TASKS 600   /* of an execution: more than are answered in one piece */
#define WORKFLOWS 450
#define ROUNDS 20
#define PATIENCE 120000 /* ms */

static const char one_wait[] = "{'definition': {'workflow': 'one', 'tasks': "
			       "{'a': {'wait': {'signal': 'go'}}}}}";

static struct weir *begin(void);
static struct weir *dial(void);
static char *text_of(const char *format, uint64_t);
static void define_tasks(struct weir *, const char *, unsigned);
static int
call(struct weir *, const char *method, const char *, struct weir_message *);
static void
refused(struct weir *, const char *method, const char *, const char *why);
static void beside(struct weir *, const char *method, const char *,
    struct weir_message *, const char *other, const char *);
static bool has(const struct weir_message *, const char *);
static uint32_t
count_in(const struct weir_message *, const char *key, unsigned depth);
static void ask_and_leave(const char *method, const char *);
static char *ids(unsigned n);

static struct weir *
dial(void)
{
	struct weir *weir = weir_open(SCRATCH_SOCKET);

	ATF_REQUIRE(weir != NULL);
	return weir;
}

static struct weir *
begin(void)
{
	scratch_daemon_start();
	return dial();
}

/* The format has one %ju; the caller frees the text. */
static char *
text_of(const char *format, uint64_t number)
{
	const char *hole = strstr(format, "%ju");
	char *text;

	ATF_REQUIRE(hole != NULL);
	ATF_REQUIRE(asprintf(&text, "%.*s%ju%s", (int)(hole - format), format,
			(uintmax_t)number, hole + 3) > 0);
	return text;
}

/* Each of its tasks waits for a signal of its own. */
static void
define_tasks(struct weir *weir, const char *name, unsigned n)
{
	size_t size = 128 + (size_t)n * 64, at;
	char *text = malloc(size);

	ATF_REQUIRE(text != NULL);
	at = (size_t)snprintf(
	    text, size, "{'definition': {'workflow': '%s', 'tasks': {", name);
	for (unsigned i = 0; i < n; i++)
		at += (size_t)snprintf(text + at, size - at,
		    "%s't%u': {'wait': {'signal': 's%u'}}", i == 0 ? "" : ", ",
		    i, i);
	snprintf(text + at, size - at, "}}}");
	hostile_call(weir, "definition.put", text);
	free(text);
}

/* The answer's code; it is good until the next call. */
static int
call(struct weir *weir, const char *method, const char *params,
    struct weir_message *answer)
{
	msgpack_sbuffer packed;
	int error;

	hostile_pack(&packed, params);
	error =
	    weir_call(weir, method, packed.data, packed.size, PATIENCE, answer);
	msgpack_sbuffer_destroy(&packed);
	ATF_REQUIRE_MSG(error >= 0, "%s: %s", method, weir_strerror(error));
	return error;
}

static void
refused(
    struct weir *weir, const char *method, const char *params, const char *why)
{
	struct weir_message answer;

	ATF_REQUIRE_EQ(ERROR_LIMIT, call(weir, method, params, &answer));
	ATF_CHECK_MSG(
	    strstr(answer.text, why) != NULL, "%s: %s", method, answer.text);
}

/* The call, with another one of another client's while it is under way. */
static void
beside(struct weir *weir, const char *method, const char *params,
    struct weir_message *answer, const char *other, const char *others)
{
	struct weir *second = dial();
	msgpack_sbuffer packed;
	struct weir_message ignored;
	int got;

	hostile_pack(&packed, params);
	ATF_REQUIRE(weir_send(weir, method, packed.data, packed.size) >= 0);
	msgpack_sbuffer_destroy(&packed);
	got = weir_receive(weir, 0, answer);
	(void)call(second, other, others, &ignored);
	if (got == WEIR_ETIMEOUT)
		got = weir_receive(weir, PATIENCE, answer);
	ATF_REQUIRE_EQ(WEIR_OK, got);
	weir_close(second);
}

static bool
has(const struct weir_message *answer, const char *text)
{
	return memmem(answer->body, answer->size, text, strlen(text)) != NULL;
}

/* Entries of the list under the key; at that depth of maps: 0 or 1. */
static uint32_t
count_in(const struct weir_message *answer, const char *key, unsigned depth)
{
	msgpack_object all, *in = &all;
	msgpack_zone zone;
	uint32_t count = UINT32_MAX;

	ATF_REQUIRE(msgpack_zone_init(&zone, 65536));
	ATF_REQUIRE(unpack_value(answer->body, answer->size, &zone, &all));
	ATF_REQUIRE_EQ(MSGPACK_OBJECT_MAP, all.type);
	for (uint32_t i = 0; depth > 0 && i < all.via.map.size; i++)
		if (all.via.map.ptr[i].val.type == MSGPACK_OBJECT_MAP)
			in = &all.via.map.ptr[i].val;
	for (uint32_t i = 0; i < in->via.map.size; i++) {
		const msgpack_object_kv *pair = &in->via.map.ptr[i];

		if (pair->key.via.str.size == strlen(key) &&
		    memcmp(pair->key.via.str.ptr, key, strlen(key)) == 0)
			count = pair->val.via.array.size;
	}
	ATF_REQUIRE_MSG(count != UINT32_MAX, "no %s", key);
	msgpack_zone_destroy(&zone);
	return count;
}

/* A client that does not wait for its answer. */
static void
ask_and_leave(const char *method, const char *params)
{
	msgpack_sbuffer request;
	int fd = hostile_dial();

	msgpack_sbuffer_init(&request);
	hostile_request(&request, 1, method, params);
	ATF_REQUIRE(hostile_send(fd, request.data, request.size));
	msgpack_sbuffer_destroy(&request);
	close(fd);
}

/* {'plan': true, 'ids': [1, ... n]} */
static char *
ids(unsigned n)
{
	size_t size = 64 + (size_t)n * 12, at;
	char *text = malloc(size);

	ATF_REQUIRE(text != NULL);
	at = (size_t)snprintf(text, size, "{'plan': true, 'ids': [1");
	for (unsigned i = 2; i <= n; i++)
		at += (size_t)snprintf(text + at, size - at, ", %u", i);
	snprintf(text + at, size - at, "]}");
	return text;
}

ATF_TC_WITHOUT_HEAD(plan_limits);
ATF_TC_BODY(plan_limits, tc)
{
	const char *by_filter = "{'plan': true, 'filter': {'workflow': 'one'}}";
	struct weir *weir = begin();
	struct weir_message answer;
	char *list;

	hostile_call(weir, "definition.put", one_wait);
	hostile_populate(weir, PLANNED, "{'workflow': 'one'}");
	ATF_REQUIRE_EQ(0, call(weir, "execution.cancel", by_filter, &answer));
	ATF_CHECK_EQ(PLANNED, count_in(&answer, "executions", 1));
	list = ids(PLANNED);
	ATF_REQUIRE_EQ(0, call(weir, "execution.cancel", list, &answer));
	ATF_CHECK_EQ(PLANNED, count_in(&answer, "executions", 1));
	free(list);
	list = ids(PLANNED + 1);
	refused(weir, "execution.cancel", list,
	    "a plan is made for at most 200 executions at a time; give fewer");
	free(list);
	hostile_populate(weir, 1, "{'workflow': 'one'}");
	refused(weir, "execution.cancel", by_filter,
	    "the filter lets more than 200 executions through; give one that");
	define_tasks(weir, "wide", TASKS);
	hostile_populate(weir, 6, "{'workflow': 'wide'}");
	refused(weir, "execution.pause",
	    "{'plan': true, 'filter': {'workflow': 'wide'}}",
	    "this reaches more than 1000 executions or 3000 task runs");
	/* What can't be asked for in parts may reach more. */
	ATF_CHECK_EQ(0, call(weir, "engine.pause", "{'plan': true}", &answer));
	hostile_populate(weir, 20000 / TASKS, "{'workflow': 'wide'}");
	refused(weir, "engine.pause", "{'plan': true}",
	    "this reaches more than 2000 executions or 20000 task runs");
	/* Nothing of that was done. */
	ATF_REQUIRE_EQ(0,
	    call(weir, "execution.list",
		"{'limit': 1000, 'filter': {'status': ['canceled', 'paused', "
		"'pausing', 'canceling']}}",
		&answer));
	ATF_CHECK_EQ(0, count_in(&answer, "executions", 0));
	weir_close(weir);
	scratch_daemon_stop();
}

/* All of its tasks are in the answer, whatever happens to them meanwhile. */
ATF_TC_WITHOUT_HEAD(tasks_in_pieces);
ATF_TC_BODY(tasks_in_pieces, tc)
{
	struct weir *weir = begin();
	struct weir_message answer;
	char *get, *other;
	uint64_t id;

	define_tasks(weir, "wide", TASKS);
	id = hostile_call(weir, "execution.start", "{'workflow': 'wide'}");
	get = text_of("{'id': %ju}", id);
	ATF_REQUIRE_EQ(0, call(weir, "execution.get", get, &answer));
	ATF_CHECK_EQ(TASKS, count_in(&answer, "tasks", 0));
	for (unsigned i = 0; i < ROUNDS; i++) {
		other = text_of("{'execution': 1, 'name': 's%ju'}", i);
		ask_and_leave("execution.get", get);
		beside(
		    weir, "execution.get", get, &answer, "task.signal", other);
		ATF_REQUIRE_EQ(0, answer.error);
		ATF_CHECK_EQ(TASKS, count_in(&answer, "tasks", 0));
		ATF_CHECK(has(&answer, "t599"));
		free(other);
	}
	other = text_of("{'ids': [%ju]}", id);
	hostile_call(weir, "execution.terminate",
	    "{'filter': {'workflow': 'wide'}, 'reason': 'over', 'wait': true}");
	beside(weir, "execution.get", get, &answer, "execution.delete", other);
	if (answer.error == 0)
		ATF_CHECK_EQ(TASKS, count_in(&answer, "tasks", 0));
	else
		ATF_CHECK_EQ(ERROR_NOT_FOUND, answer.error);
	ATF_CHECK_EQ(
	    ERROR_NOT_FOUND, call(weir, "execution.get", get, &answer));
	free(other);
	free(get);
	weir_close(weir);
	scratch_daemon_stop();
}

/* Each that is there all the time is in it once. */
ATF_TC_WITHOUT_HEAD(workflows_in_pieces);
ATF_TC_BODY(workflows_in_pieces, tc)
{
	static const char format[] =
	    "{'definition': {'workflow': 'w%ju', 'tasks': {'a': {'wait': "
	    "{'signal': 'go'}}}}}";
	struct weir *weir = begin();
	struct weir_message answer;
	uint32_t count;
	char *text;

	for (unsigned i = 0; i < WORKFLOWS; i++) {
		text = text_of(format, 1000 + i);
		hostile_call(weir, "definition.put", text);
		free(text);
	}
	ATF_REQUIRE_EQ(0, call(weir, "definition.list", "{}", &answer));
	ATF_CHECK_EQ(WORKFLOWS, count_in(&answer, "definitions", 0));
	for (unsigned i = 0; i < ROUNDS; i++) {
		ask_and_leave("definition.list", "{}");
		/* One more, or one less, where the first piece ends. */
		text =
		    text_of(i % 2 == 0 ? "{'workflow': 'w%ju'}" : format, 1199);
		beside(weir, "definition.list", "{}", &answer,
		    i % 2 == 0 ? "definition.delete" : "definition.put", text);
		free(text);
		ATF_REQUIRE_EQ(0, answer.error);
		count = count_in(&answer, "definitions", 0);
		ATF_CHECK_MSG(count == WORKFLOWS || count == WORKFLOWS - 1,
		    "%u workflows", count);
		ATF_CHECK(has(&answer, "w1198") && has(&answer, "w1200") &&
		    has(&answer, "w1449"));
	}
	weir_close(weir);
	scratch_daemon_stop();
}

/* What a plan is for is looked for in pieces, and planned as it is then. */
ATF_TC_WITHOUT_HEAD(plan_in_pieces);
ATF_TC_BODY(plan_in_pieces, tc)
{
	static const char plan[] =
	    "{'plan': true, 'filter': {'label': {'pick': 'me'}}}";
	struct weir *weir = begin();
	struct weir_message answer;
	uint32_t count;
	char *other;

	hostile_call(weir, "definition.put", one_wait);
	hostile_call(weir, "definition.put",
	    "{'definition': {'workflow': 'none', 'vars': {'n': 1}, 'tasks': "
	    "{'a': {'set': {'n': 2}}}}}");
	hostile_populate(weir, 5,
	    "{'workflow': 'one', 'labels': {'pick': "
	    "'me'}}");
	hostile_populate(weir, 3000, "{'workflow': 'none'}");
	hostile_populate(weir, 5,
	    "{'workflow': 'one', 'labels': {'pick': "
	    "'me'}}");
	ATF_REQUIRE_EQ(0, call(weir, "execution.cancel", plan, &answer));
	ATF_CHECK_EQ(10, count_in(&answer, "executions", 1));
	for (unsigned i = 0; i < 5; i++) {
		other = text_of("{'ids': [%ju], 'reason': 'over'}", i + 1);
		ask_and_leave("execution.cancel", plan);
		beside(weir, "execution.cancel", plan, &answer,
		    "execution.terminate", other);
		ATF_REQUIRE_EQ(0, answer.error);
		count = count_in(&answer, "executions", 1);
		ATF_CHECK_MSG(count == 10 - i || count == 9 - i, "%u", count);
		free(other);
	}
	ATF_REQUIRE_EQ(0, call(weir, "execution.cancel", plan, &answer));
	ATF_CHECK_EQ(5, count_in(&answer, "executions", 1));
	weir_close(weir);
	scratch_daemon_stop();
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, plan_limits);
	ATF_TP_ADD_TC(tp, tasks_in_pieces);
	ATF_TP_ADD_TC(tp, workflows_in_pieces);
	ATF_TP_ADD_TC(tp, plan_in_pieces);
	return atf_no_error();
}
