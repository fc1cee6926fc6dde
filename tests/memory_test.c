/* links: tests/scene.c tests/invariants.c tests/witness.c tests/task_changes.c tests/expected_end.c libcore.a libweir.a ; libs: msgpack lua5.4 jansson m */
/*
 * memory_test: what a small execution that has ended takes in memory, which is
 * what weird.conf(5) says of retention.executions.
 */

#include <atf-c.h>
#include <inttypes.h>
#include <malloc.h>
#include <stdio.h>
#include <string.h>

#include "daemon/core/core.h"
#include "tests/scene.h"

/* What weird.conf(5) promises: bytes for one with one task, and for each more.
 */
#define ONE_TASK 1600
#define EACH_MORE 900

#define MANY 5000

static const uint64_t runners[] = {11};

/* What runs outside: it ends at once. */
struct outside {
	struct state *s;
	int64_t now;
};

static void
no_event(void *ctx, const struct event *e, const char *record, size_t size,
    bool last)
{
	(void)ctx, (void)e, (void)record, (void)size, (void)last;
}

static void
step(struct outside *o, struct command *c)
{
	const struct event_sink nobody = {.event = no_event, .ctx = NULL};
	struct reply reply;

	o->now += SECOND / 1000;
	c->now = o->now;
	while (core_step(o->s, c, &nobody, &reply))
		*c = scene_command(COMMAND_TICK);
	ATF_REQUIRE_EQ_MSG(ERROR_NONE, reply.error, "%s", reply.message);
}

static void
define_in(struct outside *o, const char *json)
{
	struct command c = scene_command(COMMAND_DEFINITION_PUT);
	struct definition_errors errors = {0};
	struct value *v = scene_value(json);
	msgpack_zone zone;
	msgpack_object object;

	msgpack_zone_init(&zone, 4096);
	value_unpack(v, &zone, &object);
	c.definition =
	    definition_parse(o->s->expressions, &object, NULL, NULL, &errors);
	ATF_REQUIRE(c.definition != NULL);
	definition_errors_free(&errors);
	step(o, &c);
	definition_unref(c.definition);
	msgpack_zone_destroy(&zone);
	value_unref(v);
}

/* From its start to its end. */
static void
run_one(struct outside *o, const char *workflow)
{
	struct command c = scene_command(COMMAND_START);
	struct plan_callout planned;

	c.name = workflow;
	c.value = scene_value("{'customer': 'a name of some length'}");
	step(o, &c);
	value_unref(c.value);
	while (plan_next(o->s, o->s->k.seq, &planned)) {
		if (planned.want != PLAN_RUN)
			continue;
		c = scene_command(COMMAND_CALLOUT_ENDED);
		c.callout = planned.key;
		c.result.started_at = c.result.ended_at = o->now;
		c.result.output = scene_value("'done as it was told to be'");
		step(o, &c);
		value_unref(c.result.output);
	}
}

static size_t
bytes_in_use(void)
{
	struct mallinfo2 info = mallinfo2();

	return info.uordblks + info.hblkhd;
}

static size_t
bytes_each(const char *workflow, const char *json)
{
	struct host host = {
	    .max_callouts = 64, .runners = runners, .nrunners = 1};
	struct outside o = {.s = state_new(), .now = 1700000000 * SECOND};
	size_t before, each;

	core_host(o.s, &host);
	define_in(&o, json);
	run_one(&o, workflow);
	before = bytes_in_use();
	for (unsigned i = 0; i < MANY; i++)
		run_one(&o, workflow);
	each = (bytes_in_use() - before) / MANY;
	ATF_REQUIRE_EQ(MANY + 1, o.s->by_status[EXECUTION_COMPLETED]);
	ATF_REQUIRE_EQ(MANY + 1, o.s->nover);
	state_free(o.s);
	return each;
}

ATF_TC(ended);
ATF_TC_HEAD(ended, tc)
{
	atf_tc_set_md_var(tc, "descr",
	    "an execution that has ended takes as much as the manual says");
}
ATF_TC_BODY(ended, tc)
{
	size_t one, three;

#if defined(__SANITIZE_ADDRESS__)
	atf_tc_skip("sanitizers take memory of their own");
#endif
	one = bytes_each("one",
	    "{'workflow': 'one', 'input': {'customer': {'type': 'string'}}, "
	    "'tasks': "
	    "{'a': {'run': ['echo', 'hello'], 'output': 'text'}}}");
	three = bytes_each("three",
	    "{'workflow': 'three', 'input': {'customer': {'type': 'string'}}, "
	    "'tasks': {'a': {'run': ['echo', 'hello'], 'output': 'text', "
	    "'next': [{'do': 'b'}]}, 'b': {'run': ['true'], 'next': [{'do': "
	    "'c'}]}, 'c': {'run': ['true']}}}");
	printf("one task: %zu bytes; three tasks: %zu bytes\n", one, three);
	printf("a year of 10000 a day, of one task: %zu MiB; of three: %zu "
	       "MiB\n",
	    one * 3650000 >> 20, three * 3650000 >> 20);
	ATF_CHECK_MSG(one <= ONE_TASK, "%zu bytes", one);
	ATF_CHECK_MSG(three <= ONE_TASK + 2 * EACH_MORE, "%zu bytes", three);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, ended);
	return atf_no_error();
}
