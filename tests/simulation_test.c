/* links: tests/chunks.c tests/covered.c tests/scene.c tests/invariants.c tests/witness.c tests/task_changes.c tests/expected_end.c tests/random_workflow.c tests/random_command.c libcore.a libweir.a ; libs: msgpack lua5.4 jansson m */
/*
 * simulation_test: seeded random histories with a virtual clock.  After every
 * command the invariants hold and the replayed state equals the live one, byte
 * for byte; in the end everything ends.  The seed is printed; WEIR_SEED repeats
 * one, WEIR_LONG makes many.
 */

#include <atf-c.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "daemon/core/snapshot.h"
#include "tests/chunks.h"
#include "tests/covered.h"
#include "tests/random_command.h"
#include "tests/scene.h"
#include "tests/test_length.h"

#define COMMANDS_EACH 300

/* A snapshot being taken, and the state as it was when it began. */
struct taken {
	struct chunks chunks;
	msgpack_sbuffer state;
	uint64_t n; /* taken to the end */
};

typedef void
maker(const struct scene *, struct dice *, struct random_command *);

static void one_history(uint64_t seed, struct covered *);
static void random_step(struct scene *, struct dice *);
static void step_command(struct scene *, struct dice *);
static void step_host(struct scene *, struct dice *);
static void space_comes_back(struct scene *);
static void run_out(struct scene *, struct dice *);
static void step_with(struct scene *, struct dice *, maker *);
static void snapshot_step(struct scene *, struct dice *, struct taken *);
static void resume_all(struct scene *);
static void enable_all(struct scene *);
static bool all_ended(const struct scene *);
static void fail_stuck(const struct scene *);

static void
step_command(struct scene *s, struct dice *d)
{
	struct random_command r;

	random_command(s, d, &r);
	scene_do(s, &r.c);
	if (r.c.type == COMMAND_CALLOUT_ENDED && roll(d, 10) == 0)
		scene_do(s, &r.c); /* told twice: nothing more comes of it */
	random_command_release(&r);
}

static void
step_with(struct scene *s, struct dice *d, maker *make)
{
	struct random_command r;

	make(s, d, &r);
	scene_do(s, &r.c);
	random_command_release(&r);
}

/*
 * The runners are gone for a while: nothing can be started; or the disk is
 * full, or nearly: nothing new begins, or not even what follows from an end.
 */
static void
step_host(struct scene *s, struct dice *d)
{
	static const uint64_t runners[] = {11, 12};
	struct host host = s->live->host;

	host.runners = runners;
	host.nrunners = roll(d, 3) == 0 ? 0 : 2;
	host.unavailable = roll(d, 3) == 0 ? "the disk is full" : NULL;
	host.endings_only = roll(d, 2) == 0;
	host.is_bounded = roll(d, 3) == 0;
	host.room_callouts = roll(d, 10);
	host.room_bytes = roll(d, 3) == 0 ? 1 + roll(d, 8000) : 0;
	core_host(s->live, &host);
	scene_advance(s, 0); /* what was waiting for them begins */
}

static void
space_comes_back(struct scene *s)
{
	struct host host = s->live->host;

	host.unavailable = NULL;
	host.is_bounded = false;
	host.room_bytes = 0;
	core_host(s->live, &host);
	scene_advance(s, 0);
}

static void
random_step(struct scene *s, struct dice *d)
{
	unsigned at = roll(d, 200);

	if (at < 1 && s->live->host.unavailable == NULL)
		random_workflow(s, d, roll(d, RANDOM_WORKFLOWS));
	else if (at < 3)
		step_host(s, d);
	else if (at < 27)
		scene_advance(s, (int64_t)roll(d, 20) * SECOND / 4);
	else
		step_command(s, d);
}

/* What a snapshot that was taken in slices holds is what was there at first. */
static void
snapshot_step(struct scene *s, struct dice *d, struct taken *taken)
{
	if (s->live->snapshot == NULL) {
		if (roll(d, 8) != 0)
			return;
		taken->state.size = 0;
		state_encode(s->live, &taken->state);
		snapshot_begin(s->live, chunks_add, &taken->chunks);
		return;
	}
	if (roll(d, 60) == 0) {
		snapshot_abandon(s->live);
		chunks_empty(&taken->chunks);
		return;
	}
	if (snapshot_slice(s->live, 1 + roll(d, 4000)))
		return;
	state_free(chunks_decode_to(&taken->chunks, &taken->state));
	chunks_empty(&taken->chunks);
	taken->n++;
}

static bool
all_ended(const struct scene *s)
{
	uint32_t open = 0;

	for (int i = 0; i < EXECUTION_STATUSES; i++)
		if (!execution_ended((enum execution_status)i))
			open += s->live->by_status[i];
	return s->nrunning == 0 && open == 0;
}

static void
resume_all(struct scene *s)
{
	struct execution *x;

	RB_FOREACH (x, executions, &s->live->executions) {
		struct command c = scene_command(COMMAND_RESUME);

		c.execution = x->k.id;
		c.early = true;
		if (x->k.hold.by != HOLD_NONE)
			scene_do(s, &c);
	}
}

/* Of caps on starts, enabling lifts what is reached. */
static void
enable_all(struct scene *s)
{
	struct command enable = scene_command(COMMAND_DEFINITION_ENABLE);
	char name[8];

	for (unsigned i = 0; i < RANDOM_WORKFLOWS; i++) {
		snprintf(name, sizeof(name), "w%u", i);
		enable.name = name;
		scene_do(s, &enable);
	}
}

static void
fail_stuck(const struct scene *s)
{
	struct execution *x;
	const struct run *r;

	RB_FOREACH (x, executions, &s->live->executions) {
		if (execution_ended(x->k.status))
			continue;
		printf("execution %" PRIu64 " of %s is %s\n", x->k.id,
		    x->definition->name, execution_status_name(x->k.status));
		TAILQ_FOREACH (r, &x->open, open)
			printf("  %s run %u: %s\n", r->task->name, r->k.number,
			    task_status_name(r->k.status));
	}
	atf_tc_fail("%u callouts run and something never ends", s->nrunning);
}

/*
 * Lets everything that is under way come to an end: no execution may be stuck.
 * What waits for a signal, an approval or an operator gets it.
 */
static void
run_out(struct scene *s, struct dice *d)
{
	struct command resume = scene_command(COMMAND_ENGINE_RESUME);

	resume.early = true;
	scene_do(s, &resume);
	while (s->live->host.nrunners == 0)
		step_host(s, d);
	space_comes_back(s);
	resume_all(s);
	for (unsigned round = 0; round < 3000 && !all_ended(s); round++) {
		struct execution *x;

		enable_all(s);
		while (s->nrunning > 0 && roll(d, 8) != 0)
			step_with(s, d, random_callout_end);
		scene_advance(s, 30 * SECOND);
		if (round < 200) {
			step_with(s, d, random_task_command);
			continue;
		}
		RB_FOREACH (x, executions, &s->live->executions)
			if (!execution_ended(x->k.status)) {
				struct command c =
				    scene_command(COMMAND_CANCEL);

				c.execution = x->k.id;
				c.kill = true;
				scene_do(s, &c);
				break;
			}
	}
	if (!all_ended(s))
		fail_stuck(s);
}

static void
one_history(uint64_t seed, struct covered *covered)
{
	struct dice dice = {seed};
	struct taken taken = {.n = 0};
	struct scene s;

	msgpack_sbuffer_init(&taken.state);
	scene_begin(&s);
	s.lags = roll(&dice, 3) == 0;
	for (unsigned i = 0; i < RANDOM_WORKFLOWS; i++)
		random_workflow(&s, &dice, i);
	for (unsigned i = 0; i < COMMANDS_EACH; i++) {
		random_step(&s, &dice);
		snapshot_step(&s, &dice, &taken);
		/* Comparing costs as much as there is: less often of much. */
		if (i % (1 + s.live->k.next_execution / 50) == 0)
			scene_check(&s);
	}
	space_comes_back(&s);
	scene_recovers(&s);
	run_out(&s, &dice);
	scene_check(&s);
	scene_recovers(&s);
	covered_add(covered, &s);
	covered->snapshots += taken.n;
	scene_end(&s);
	chunks_empty(&taken.chunks);
	msgpack_sbuffer_destroy(&taken.state);
}

ATF_TC(histories);
ATF_TC_HEAD(histories, tc)
{
	atf_tc_set_md_var(tc, "descr",
	    "random histories: invariants hold, replay equals live, all ends");
	atf_tc_set_md_var(tc, "timeout", "1800");
}
ATF_TC_BODY(histories, tc)
{
	const char *given = getenv("WEIR_SEED");
	uint64_t first =
	    given != NULL ? strtoull(given, NULL, 10) : (uint64_t)time(NULL);
	unsigned n = given != NULL ? 1 : runs_long() ? 8000 : 60, missing;
	struct covered covered = {0};

	for (unsigned i = 0; i < n; i++) {
		printf("WEIR_SEED=%" PRIu64 "\n", first + i);
		fflush(stdout);
		one_history(first + i, &covered);
	}
	printf("%u histories\n", n);
	covered_tell(&covered);
	missing = covered_tell_missing(&covered);
	if (runs_long() && given == NULL)
		ATF_REQUIRE_MSG(missing == 0,
		    "%u moves that the table allows were never made", missing);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, histories);
	return atf_no_error();
}
