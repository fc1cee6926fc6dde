/* links: tests/scene.c tests/invariants.c tests/witness.c tests/task_changes.c tests/expected_end.c tests/random_workflow.c tests/random_command.c libcore.a libweir.a ; libs: msgpack lua5.4 jansson m */
/*
 * state_decode_test: a state that was encoded and decoded encodes to the same
 * bytes, holds the invariants, and goes on just as the one it was made of.
 */

#include <atf-c.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "daemon/core/state_decode.h"
#include "libproto/pack.h"
#include "tests/invariants.h"
#include "tests/random_command.h"

static struct state *again(const struct state *);
static void hear(void *, const struct event *, const char *, size_t, bool last);
static bool step_of(struct state *, const struct command *, msgpack_sbuffer *);
static void both_do(struct scene *, struct state *, struct command *);
static void walk(uint64_t seed);
static void try_bytes(const char *, size_t);

/* The state once more, out of its bytes; both give the same ones. */
static struct state *
again(const struct state *s)
{
	struct command tick = scene_command(COMMAND_TICK);
	struct state *copy;
	msgpack_sbuffer before, after;
	char why[256];

	msgpack_sbuffer_init(&before);
	msgpack_sbuffer_init(&after);
	state_encode(s, &before);
	copy = state_decode(before.data, before.size, why, sizeof(why));
	ATF_REQUIRE_MSG(copy != NULL, "%s", why);
	core_host(copy, &s->host);
	state_encode(copy, &after);
	ATF_REQUIRE_EQ(after.size, before.size);
	ATF_REQUIRE(memcmp(after.data, before.data, after.size) == 0);
	/* What was settled is settled: looking at it again gives nothing. */
	core_recovered(copy);
	tick.now = s->k.time;
	after.size = 0;
	step_of(copy, &tick, &after);
	ATF_REQUIRE_EQ(after.size, 0);
	invariants_state(copy, true);
	msgpack_sbuffer_destroy(&before);
	msgpack_sbuffer_destroy(&after);
	return copy;
}

static void
hear(void *ctx, const struct event *e, const char *record, size_t size,
    bool last)
{
	(void)e, (void)last;
	ATF_REQUIRE(msgpack_sbuffer_write(ctx, record, size) == 0);
}

static bool
step_of(struct state *s, const struct command *c, msgpack_sbuffer *records)
{
	struct event_sink sink = {hear, records};
	struct reply reply;

	return core_step(s, c, &sink, &reply);
}

/* The scene and the other state do the same, and the same comes of it. */
static void
both_do(struct scene *scene, struct state *other, struct command *c)
{
	struct command tick = scene_command(COMMAND_TICK);
	msgpack_sbuffer live, theirs;

	msgpack_sbuffer_init(&live);
	msgpack_sbuffer_init(&theirs);
	scene_do(scene, c); /* sets now */
	tick.now = c->now;
	if (step_of(other, c, &theirs))
		while (step_of(other, &tick, &theirs))
			;
	state_encode(scene->live, &live);
	theirs.size = 0;
	state_encode(other, &theirs);
	ATF_REQUIRE_EQ_MSG(scene->live->k.seq, other->k.seq,
	    "other events of command %d", (int)c->type);
	if (live.size != theirs.size ||
	    memcmp(live.data, theirs.data, live.size) != 0)
		atf_tc_fail("another state after command %d", (int)c->type);
	msgpack_sbuffer_destroy(&live);
	msgpack_sbuffer_destroy(&theirs);
}

static void
walk(uint64_t seed)
{
	struct dice dice = {seed};
	struct random_command r;
	struct state *other = NULL;
	struct host host;
	struct scene s;

	printf("WEIR_SEED=%" PRIu64 "\n", seed);
	fflush(stdout);
	scene_begin(&s);
	/* Who gets a place that becomes free is not kept. */
	host = s.live->host;
	host.max_callouts = 0;
	core_host(s.live, &host);
	for (unsigned i = 0; i < RANDOM_WORKFLOWS; i++)
		random_workflow(&s, &dice, i);
	for (unsigned i = 0; i < 200; i++) {
		if (i % 20 == 0) {
			state_free(other);
			other = again(s.live);
		}
		random_command(&s, &dice, &r);
		if (roll(&dice, 8) == 0)
			s.now += (int64_t)roll(&dice, 20) * SECOND / 4;
		both_do(&s, other, &r.c);
		random_command_release(&r);
	}
	state_free(other);
	scene_end(&s);
}

ATF_TC(random_walk);
ATF_TC_HEAD(random_walk, tc)
{
	atf_tc_set_md_var(tc, "descr",
	    "random histories go on alike in a state that was decoded");
	atf_tc_set_md_var(tc, "timeout", "1800");
}
ATF_TC_BODY(random_walk, tc)
{
	const char *given = getenv("WEIR_SEED");
	const char *length = getenv("WEIR_LONG");
	uint64_t first =
	    given != NULL ? strtoull(given, NULL, 10) : (uint64_t)time(NULL);
	unsigned n = given != NULL		  ? 1
	    : length != NULL && length[0] != '\0' ? 500
						  : 40;

	for (unsigned i = 0; i < n; i++)
		walk(first + i);
}

ATF_TC(stopped_first);
ATF_TC_HEAD(stopped_first, tc)
{
	atf_tc_set_md_var(tc, "descr",
	    "a task that waits for what is being stopped for it still does");
}
ATF_TC_BODY(stopped_first, tc)
{
	struct command c = scene_command(COMMAND_RERUN_TASKS);
	struct command end = scene_command(COMMAND_CALLOUT_ENDED);
	struct state *other;
	struct scene s;

	scene_begin(&s);
	scene_define(&s,
	    "{'workflow': 'w', 'tasks': {'a': {'run': ['x'], 'next': [{'when': "
	    "'completed', 'do': 'b'}]}, 'b': {'run': ['y']}}}");
	c.execution = scene_start(&s, "w", NULL);
	scene_exit(&s, c.execution, "a", EVENT_NONE, 0, NULL);
	c.tasks = scene_value("['a']");
	ATF_REQUIRE(scene_do(&s, &c)); /* b runs: it is stopped */
	value_unref(c.tasks);
	scene_exit(&s, c.execution, "a", EVENT_NONE, 0, NULL);
	ATF_REQUIRE_EQ(scene_task(&s, c.execution, "b"), TASK_PENDING);
	ATF_REQUIRE_EQ(s.nrunning, 1);
	other = again(s.live);
	end.callout = s.running[0];
	end.result.end = CALLOUT_SIGNALED;
	end.result.signal = 15;
	both_do(&s, other, &end);
	ATF_REQUIRE_EQ(scene_task(&s, c.execution, "b"), TASK_RUNNING);
	state_free(other);
	scene_end(&s);
}

/* Bytes that may be anything: a state or a sentence comes of them. */
static void
try_bytes(const char *bytes, size_t size)
{
	char why[256];
	char *copy = malloc(size == 0 ? 1 : size); /* not a byte more: ASan */
	struct state *s;

	ATF_REQUIRE(copy != NULL);
	memcpy(copy, bytes, size);
	s = state_decode(copy, size, why, sizeof(why));
	ATF_REQUIRE((s == NULL) == (why[0] != '\0'));
	state_free(s);
	free(copy);
}

ATF_TC(damage);
ATF_TC_HEAD(damage, tc)
{
	atf_tc_set_md_var(
	    tc, "descr", "cut and flipped bytes give a sentence, never more");
}
ATF_TC_BODY(damage, tc)
{
	struct dice dice = {4711};
	struct random_command r;
	struct scene s;
	msgpack_sbuffer b;

	scene_begin(&s);
	for (unsigned i = 0; i < 3; i++)
		random_workflow(&s, &dice, i);
	for (unsigned i = 0; i < 40; i++) {
		random_command(&s, &dice, &r);
		scene_do(&s, &r.c);
		random_command_release(&r);
	}
	msgpack_sbuffer_init(&b);
	state_encode(s.live, &b);
	for (size_t i = 0; i < b.size; i += 1 + b.size / 500)
		try_bytes(b.data, i);
	for (unsigned i = 0; i < 1500; i++) {
		size_t at = roll(&dice, (unsigned)b.size);
		char kept = b.data[at];

		b.data[at] =
		    (char)(roll(&dice, 3) == 0 ? (int)roll(&dice, 256)
					       : kept ^ 1 << roll(&dice, 8));
		try_bytes(b.data, b.size);
		b.data[at] = kept;
	}
	msgpack_sbuffer_destroy(&b);
	scene_end(&s);
}

ATF_TC(told);
ATF_TC_HEAD(told, tc)
{
	atf_tc_set_md_var(tc, "descr",
	    "what runs outside is wanted again; damage is told in a sentence");
}
ATF_TC_BODY(told, tc)
{
	struct scene s;
	struct state *copy;
	struct plan_callout p;
	msgpack_sbuffer b;
	char why[256];

	scene_begin(&s);
	scene_define(&s,
	    "{'workflow': 'w', 'tasks': {'a': {'run': 'true'}, "
	    "'b': {'wait': {'signal': 's'}, 'needs': ['a']}, "
	    "'c': {'run': 'true'}}}");
	scene_start(&s, "w", NULL);
	scene_exit(&s, 1, "a", EVENT_NONE, 0, NULL);
	copy = again(s.live);
	ATF_REQUIRE(plan_next(copy, copy->k.seq, &p));
	ATF_REQUIRE_EQ(p.key.execution, 1);
	ATF_REQUIRE_EQ(p.want, PLAN_RUN);
	ATF_REQUIRE(p.spec != NULL);
	ATF_REQUIRE(!plan_next(copy, copy->k.seq, &p));
	state_free(copy);
	ATF_REQUIRE(
	    state_decode("\x93\x01\x02\x03", 4, why, sizeof(why)) == NULL);
	ATF_REQUIRE_STREQ(why, "state has 3 fields rather than 4");
	msgpack_sbuffer_init(&b);
	state_encode(s.live, &b);
	ATF_REQUIRE(state_decode(b.data, b.size - 1, why, sizeof(why)) == NULL);
	ATF_REQUIRE_STREQ(why, "the state is not one MessagePack value");
	msgpack_sbuffer_destroy(&b);
	scene_end(&s);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, random_walk);
	ATF_TP_ADD_TC(tp, stopped_first);
	ATF_TP_ADD_TC(tp, damage);
	ATF_TP_ADD_TC(tp, told);
	return atf_no_error();
}
