/* links: tests/chunks.c tests/scene.c tests/invariants.c tests/witness.c tests/task_changes.c tests/expected_end.c tests/random_workflow.c tests/random_command.c libcore.a libweir.a ; libs: msgpack lua5.4 jansson m */
/*
 * state_decode_test: a state that a snapshot was decoded to encodes to the same
 * bytes, holds the invariants, and goes on just as the one it was made of.
 */

#include <atf-c.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "daemon/core/snapshot.h"
#include "tests/chunks.h"
#include "tests/invariants.h"
#include "tests/random_command.h"
#include "tests/test_length.h"

static struct state *again(struct state *);
static void hear(void *, const struct event *, const char *, size_t, bool last);
static bool step_of(struct state *, const struct command *, msgpack_sbuffer *);
static void both_do(struct scene *, struct state *, struct command *);
static void walk(uint64_t seed);
static void try_chunk(struct chunks *, size_t, const char *, size_t);
static void make_older(struct chunks *);

/* The state once more, out of a snapshot; both give the same bytes. */
static struct state *
again(struct state *s)
{
	struct command tick = scene_command(COMMAND_TICK);
	struct chunks chunks = {0};
	struct state *copy;
	msgpack_sbuffer before, after;

	msgpack_sbuffer_init(&before);
	msgpack_sbuffer_init(&after);
	state_encode(s, &before);
	chunks_take(&chunks, s);
	copy = chunks_decode_to(&chunks, &before);
	chunks_empty(&chunks);
	core_host(copy, &s->host);
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
	struct event_sink sink = {.event = hear, .ctx = records};
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
	uint64_t first =
	    given != NULL ? strtoull(given, NULL, 10) : (uint64_t)time(NULL);
	unsigned n = given != NULL ? 1 : runs_long() ? 500 : 40;

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

/* In place of one chunk, bytes that may be anything: it is a state, or told. */
static void
try_chunk(struct chunks *c, size_t chunk, const char *bytes, size_t size)
{
	char why[256] = "";
	char *kept = c->bytes[chunk];
	size_t kept_size = c->sizes[chunk];
	struct state *s;

	c->bytes[chunk] = malloc(size == 0 ? 1 : size); /* no more: ASan */
	ATF_REQUIRE(c->bytes[chunk] != NULL);
	memcpy(c->bytes[chunk], bytes, size);
	c->sizes[chunk] = size;
	s = chunks_decode(c, why, sizeof(why));
	ATF_REQUIRE((s == NULL) == (why[0] != '\0'));
	state_free(s);
	free(c->bytes[chunk]);
	c->bytes[chunk] = kept;
	c->sizes[chunk] = kept_size;
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
	struct chunks chunks = {0};
	struct scene s;

	scene_begin(&s);
	for (unsigned i = 0; i < 3; i++)
		random_workflow(&s, &dice, i);
	for (unsigned i = 0; i < 40; i++) {
		random_command(&s, &dice, &r);
		scene_do(&s, &r.c);
		random_command_release(&r);
	}
	chunks_take(&chunks, s.live);
	for (size_t i = 0; i < chunks.n; i++)
		for (size_t cut = 0; cut < chunks.sizes[i];
		     cut += 1 + chunks.sizes[i] / 40)
			try_chunk(&chunks, i, chunks.bytes[i], cut);
	for (unsigned i = 0; i < 1500; i++) {
		size_t chunk = roll(&dice, (unsigned)chunks.n);
		size_t at = roll(&dice, (unsigned)chunks.sizes[chunk]);
		char *byte = &chunks.bytes[chunk][at], kept = *byte;

		*byte =
		    (char)(roll(&dice, 3) == 0 ? (int)roll(&dice, 256)
					       : kept ^ 1 << roll(&dice, 8));
		try_chunk(
		    &chunks, chunk, chunks.bytes[chunk], chunks.sizes[chunk]);
		*byte = kept;
	}
	chunks_empty(&chunks);
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
	struct chunks chunks = {0};
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
	chunks_take(&chunks, s.live);
	ATF_REQUIRE_EQ(chunks.n, 3);
	chunks.n--;
	ATF_REQUIRE(chunks_decode(&chunks, why, sizeof(why)) == NULL);
	ATF_REQUIRE_STREQ(why, "snapshot: its end is missing");
	chunks.sizes[1]--;
	ATF_REQUIRE(chunks_decode(&chunks, why, sizeof(why)) == NULL);
	ATF_REQUIRE_STREQ(
	    why, "snapshot's chunk: it is not one MessagePack value");
	chunks.sizes[1]++;
	chunks.n++;
	chunks.bytes[0][2] = SNAPSHOT_VERSION + 1;
	ATF_REQUIRE(chunks_decode(&chunks, why, sizeof(why)) == NULL);
	ATF_REQUIRE_STREQ(why,
	    "snapshot: it has version 3, and this weird knows 2; a newer one "
	    "has written it");
	chunks_empty(&chunks);
	scene_end(&s);
}

/* As version 1 had it: without whose a workflow's versions are. */
static void
make_older(struct chunks *chunks)
{
	msgpack_unpacked head;
	msgpack_sbuffer buffer;
	msgpack_packer packer;
	msgpack_object *workflow, *versions;
	size_t at = 0;

	msgpack_unpacked_init(&head);
	ATF_REQUIRE_EQ(MSGPACK_UNPACK_SUCCESS,
	    msgpack_unpack_next(
		&head, chunks->bytes[0], chunks->sizes[0], &at));
	head.data.via.array.ptr[1].via.u64 = 1;
	workflow = &head.data.via.array.ptr[3].via.array.ptr[0];
	versions = &workflow->via.array.ptr[4];
	for (uint32_t i = 0; i < versions->via.array.size; i++)
		versions->via.array.ptr[i].via.array.size = 3;
	msgpack_sbuffer_init(&buffer);
	msgpack_packer_init(&packer, &buffer, msgpack_sbuffer_write);
	msgpack_pack_object(&packer, head.data);
	free(chunks->bytes[0]);
	chunks->sizes[0] = buffer.size;
	chunks->bytes[0] = msgpack_sbuffer_release(&buffer);
	msgpack_unpacked_destroy(&head);
}

/* Whose a workflow is survives; of what an older weird kept only admins are. */
ATF_TC_WITHOUT_HEAD(owners);
ATF_TC_BODY(owners, tc)
{
	struct chunks chunks = {0};
	struct state *copy;
	struct scene s;
	char why[256];

	scene_begin(&s);
	scene_define(&s, "{'workflow': 'w', 'tasks': {'a': {'run': 'true'}}}");
	state_workflow(s.live, "w")->versions[0].uid = 1234;
	chunks_take(&chunks, s.live);
	copy = chunks_decode(&chunks, why, sizeof(why));
	ATF_REQUIRE_MSG(copy != NULL, "%s", why);
	ATF_CHECK_EQ(1234, state_workflow(copy, "w")->versions[0].uid);
	state_free(copy);
	make_older(&chunks);
	copy = chunks_decode(&chunks, why, sizeof(why));
	ATF_REQUIRE_MSG(copy != NULL, "%s", why);
	ATF_CHECK_EQ(UID_UNKNOWN, state_workflow(copy, "w")->versions[0].uid);
	state_free(copy);
	chunks_empty(&chunks);
	state_workflow(s.live, "w")->versions[0].uid = 0;
	scene_end(&s);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, owners);
	ATF_TP_ADD_TC(tp, random_walk);
	ATF_TP_ADD_TC(tp, stopped_first);
	ATF_TP_ADD_TC(tp, damage);
	ATF_TP_ADD_TC(tp, told);
	return atf_no_error();
}
