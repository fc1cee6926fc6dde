/* links: tests/covered.c tests/scene.c tests/invariants.c tests/witness.c tests/task_changes.c tests/expected_end.c tests/random_workflow.c libcore.a libweir.a ; libs: msgpack lua5.4 jansson m */
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

#include "tests/covered.h"
#include "tests/random_workflow.h"
#include "tests/scene.h"

#define COMMANDS_EACH 300
#define WORKFLOWS 5

static void one_history(uint64_t seed, struct covered *);
static void random_step(struct scene *, struct dice *);
static void step_start(struct scene *, struct dice *);
static void step_callout(struct scene *, struct dice *);
static void step_execution(struct scene *, struct dice *);
static void step_task(struct scene *, struct dice *);
static void step_engine(struct scene *, struct dice *);
static void step_hold(struct scene *, struct dice *);
static void tasks_again(const struct scene *, struct dice *, struct command *);
static void step_again(struct scene *, struct dice *);
static void resume_all(struct scene *);
static void enable_all(struct scene *);
static void step_host(struct scene *, struct dice *);
static void step_definition(struct scene *, struct dice *);
static uint64_t some_execution(const struct scene *, struct dice *);
static uint64_t
likely_execution(const struct scene *, struct dice *, bool ended);
static void likely_task(const struct scene *, struct dice *, struct command *);
static void run_out(struct scene *, struct dice *);
static bool all_ended(const struct scene *);
static void fail_stuck(const struct scene *);

static uint64_t
some_execution(const struct scene *s, struct dice *d)
{
	uint64_t next = s->live->k.next_execution;

	/* One too many now and then: what is not there is refused. */
	return 1 + roll(d, (unsigned)next);
}

/* One that has ended, or has not, where a few tries find it. */
static uint64_t
likely_execution(const struct scene *s, struct dice *d, bool ended)
{
	uint64_t id = some_execution(s, d);

	for (unsigned i = 0; i < 12 && roll(d, 12) != 0; i++) {
		const struct execution *x = state_execution(s->live, id);

		if (x != NULL && execution_ended(x->k.status) == ended)
			break;
		id = some_execution(s, d);
	}
	return id;
}

static void
step_start(struct scene *s, struct dice *d)
{
	static const char *const inputs[] = {
	    NULL, "{}", "{'n': 1}", "{'n': 3}", "{'wrong': true}"};
	struct command c = scene_command(COMMAND_START);
	const char *input = inputs[roll(d, 5)];
	char name[8], key[8];

	snprintf(name, sizeof(name), "w%u", roll(d, WORKFLOWS));
	snprintf(key, sizeof(key), "k%u", roll(d, 30));
	c.name = name;
	c.value = input == NULL ? NULL : scene_value(input);
	c.key = roll(d, 4) == 0 ? key : NULL;
	c.version = roll(d, 4) == 0 ? roll(d, 3) : 0;
	c.priority = (int32_t)roll(d, 3);
	if (roll(d, 3) == 0)
		c.domains = scene_value("{'far': 'near'}");
	scene_do(s, &c);
	value_unref(c.value);
	value_unref(c.domains);
}

static void
step_callout(struct scene *s, struct dice *d)
{
	static const char *const outputs[] = {NULL, "1", "'text'", "[1, 2]"};
	struct callout_result result = {.started_at = s->now};
	struct callout_key key;
	unsigned at;

	if (s->nrunning == 0)
		return;
	at = roll(d, s->nrunning);
	if (s->wants[at] == PLAN_FREEZE && roll(d, 8) != 0)
		return; /* it stands still, unless somebody kills it */
	key = s->running[at];
	result.end = (enum callout_end[]){CALLOUT_EXITED, CALLOUT_EXITED,
	    CALLOUT_EXITED, CALLOUT_EXITED, CALLOUT_EXITED, CALLOUT_SIGNALED,
	    CALLOUT_NOT_STARTED, CALLOUT_LOST}[roll(d, 8)];
	result.exit = roll(d, 3) == 0 ? (int)roll(d, 4) : 0;
	result.signal = SIGKILL;
	result.reason = "chance";
	result.ended_at = s->now;
	result.output = scene_value(
	    outputs[roll(d, 4)] == NULL ? "null" : outputs[roll(d, 3) + 1]);
	if (roll(d, 20) == 0)
		result.output_error = "no output at all";
	scene_end_callout(s, &key, &result);
	if (roll(d, 10) == 0) /* told twice: nothing more comes of it */
		scene_end_callout(s, &key, &result);
	value_unref(result.output);
}

static void
step_execution(struct scene *s, struct dice *d)
{
	struct command c =
	    scene_command(roll(d, 3) == 0 ? COMMAND_TERMINATE : COMMAND_CANCEL);

	c.execution = likely_execution(s, d, false);
	c.kill = roll(d, 2) == 0;
	c.reason = roll(d, 4) == 0 ? NULL : "chance";
	c.failure_workflow = roll(d, 2) == 0;
	if (roll(d, 8) == 0)
		c.if_revision = roll(d, 20) + 1;
	scene_do(s, &c);
}

/* A task that is open, and what can be done to it. */
static void
likely_task(const struct scene *s, struct dice *d, struct command *c)
{
	const struct execution *x = state_execution(s->live, c->execution);
	const struct run *r;

	if (x == NULL)
		return;
	TAILQ_FOREACH (r, &x->open, open) {
		if (roll(d, 2) == 0)
			continue;
		c->name = r->task->name;
		if (r->task->kind != ACTION_WAIT || roll(d, 4) == 0)
			c->type =
			    roll(d, 3) == 0 ? COMMAND_SKIP : COMMAND_UPDATE;
		else if (r->task->u.wait.kind == WAIT_APPROVAL)
			c->type =
			    roll(d, 3) == 0 ? COMMAND_REJECT : COMMAND_APPROVE;
		return;
	}
}

static void
step_task(struct scene *s, struct dice *d)
{
	static const enum command_type types[] = {COMMAND_UPDATE, COMMAND_SKIP,
	    COMMAND_SIGNAL, COMMAND_SIGNAL, COMMAND_APPROVE, COMMAND_APPROVE,
	    COMMAND_REJECT};
	static const enum task_status updates[] = {
	    TASK_COMPLETED, TASK_FAILED, TASK_RUNNING, TASK_SKIPPED};
	struct command c = scene_command(types[roll(d, 7)]);
	char name[8];

	c.execution = likely_execution(s, d, false);
	snprintf(name, sizeof(name), "%c%u",
	    c.type == COMMAND_SIGNAL ? 's' : 't', roll(d, RANDOM_TASKS));
	c.name = name;
	if (roll(d, 4) != 0)
		likely_task(s, d, &c);
	c.status = updates[roll(d, 4)];
	c.terminal = roll(d, 2) == 0;
	c.tree = roll(d, 2) == 0;
	if (roll(d, 3) == 0)
		c.item = roll(d, 4);
	c.value = scene_value("{'given': 1}");
	scene_do(s, &c);
	value_unref(c.value);
}

static void
step_engine(struct scene *s, struct dice *d)
{
	struct command c = scene_command(
	    roll(d, 3) == 0 ? COMMAND_ENGINE_PAUSE : COMMAND_ENGINE_RESUME);

	c.early = roll(d, 2) == 0;
	c.freeze = roll(d, 3) == 0;
	scene_do(s, &c);
}

static void
step_hold(struct scene *s, struct dice *d)
{
	struct command c =
	    scene_command(roll(d, 2) == 0 ? COMMAND_PAUSE : COMMAND_RESUME);

	c.execution = likely_execution(s, d, false);
	c.freeze = roll(d, 3) == 0;
	c.hold = roll(d, 3) == 0;
	c.early = roll(d, 2) == 0;
	c.all = roll(d, 2) == 0;
	scene_do(s, &c);
}

/* Tasks by chance; mostly some of those that have run and ended. */
static void
tasks_again(const struct scene *s, struct dice *d, struct command *c)
{
	const struct execution *x = state_execution(s->live, c->execution);
	const char *names[2] = {"t0", "t1"};
	char list[64];

	if (x != NULL && roll(d, 6) != 0)
		for (unsigned i = 0; i < 8 && x->nruns > 0; i++) {
			const struct run *r = x->runs[roll(d, x->nruns)];

			if (task_ended(r->k.status) && !r->k.superseded)
				names[i % 2] = r->task->name;
		}
	snprintf(list, sizeof(list), "['%s', '%s']", names[0],
	    names[roll(d, 3) == 0]);
	c->tasks = scene_value(list);
	if (roll(d, 3) == 0) {
		snprintf(list, sizeof(list), "['%s']",
		    roll(d, 8) == 0 ? "t3" : names[0]);
		c->no_reset = scene_value(list);
	}
	if (roll(d, 3) == 0) {
		snprintf(list, sizeof(list), "{'%s': {'n': 5}}",
		    roll(d, 8) == 0 ? "t1" : names[0]);
		c->task_input = scene_value(list);
	}
}

static void
step_again(struct scene *s, struct dice *d)
{
	static const enum command_type types[] = {COMMAND_REPLAY,
	    COMMAND_RESTART, COMMAND_RERUN, COMMAND_RERUN_TASKS,
	    COMMAND_RERUN_TASKS, COMMAND_RETRY, COMMAND_RETRY};
	struct command c = scene_command(types[roll(d, 7)]);

	c.execution = likely_execution(
	    s, d, c.type != COMMAND_RERUN_TASKS || roll(d, 3) != 0);
	if (c.type == COMMAND_REPLAY && roll(d, 3) == 0)
		c.version = roll(d, 4);
	c.latest = roll(d, 2) == 0;
	c.resume_subworkflows = roll(d, 2) == 0;
	if (c.type == COMMAND_RERUN_TASKS)
		tasks_again(s, d, &c);
	if ((c.type == COMMAND_RERUN || c.type == COMMAND_REPLAY) &&
	    roll(d, 2) == 0)
		c.value = scene_value("{'n': 2}");
	if (c.type == COMMAND_RERUN && roll(d, 3) == 0)
		c.domains = scene_value("{'far': 'local'}");
	scene_do(s, &c);
	value_unref(c.tasks);
	value_unref(c.no_reset);
	value_unref(c.value);
	value_unref(c.task_input);
	value_unref(c.domains);
}

static void
step_definition(struct scene *s, struct dice *d)
{
	struct command c =
	    scene_command(roll(d, 3) == 0 ? COMMAND_DEFINITION_DISABLE
					  : COMMAND_DEFINITION_ENABLE);
	char name[8], caps[CAPS_TEXT];

	if (roll(d, 4) == 0) { /* another version */
		random_workflow(s, d, roll(d, WORKFLOWS));
		return;
	}
	snprintf(name, sizeof(name), "w%u", roll(d, WORKFLOWS + 1));
	c.name = name;
	if (roll(d, 3) == 0) {
		c.type = COMMAND_DEFINITION_SAFETY;
		random_caps(d, false, caps);
		c.value = roll(d, 3) == 0 ? NULL : scene_value(caps);
	}
	scene_do(s, &c);
	value_unref(c.value);
}

/* The runners are gone for a while: nothing can be started. */
static void
step_host(struct scene *s, struct dice *d)
{
	static const uint64_t runners[] = {11, 12};
	struct host host = s->live->host;

	host.runners = runners;
	host.nrunners = roll(d, 3) == 0 ? 0 : 2;
	core_host(s->live, &host);
	scene_advance(s, 0); /* what was waiting for them begins */
}

static void
random_step(struct scene *s, struct dice *d)
{
	static const struct {
		unsigned weight;
		void (*step)(struct scene *, struct dice *);
	} steps[] = {{12, step_start}, {33, step_callout}, {4, step_execution},
	    {12, step_task}, {10, step_hold}, {10, step_again},
	    {4, step_engine}, {2, step_definition}, {1, step_host}};
	unsigned at = roll(d, 100);

	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		if (at < steps[i].weight) {
			steps[i].step(s, d);
			return;
		}
		at -= steps[i].weight;
	}
	scene_advance(s, (int64_t)roll(d, 20) * SECOND / 4);
}

static bool
all_ended(const struct scene *s)
{
	uint32_t ended = 0;

	for (int i = 0; i < EXECUTION_STATUSES; i++)
		if (execution_ended((enum execution_status)i))
			ended += s->live->by_status[i];
	return s->nrunning == 0 && ended + 1 == s->live->k.next_execution;
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

	for (unsigned i = 0; i < WORKFLOWS; i++) {
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
	resume_all(s);
	for (unsigned round = 0; round < 3000 && !all_ended(s); round++) {
		struct execution *x;

		enable_all(s);
		while (s->nrunning > 0 && roll(d, 8) != 0)
			step_callout(s, d);
		scene_advance(s, 30 * SECOND);
		if (round < 200) {
			step_task(s, d);
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
	struct scene s;

	scene_begin(&s);
	s.lags = roll(&dice, 3) == 0;
	for (unsigned i = 0; i < WORKFLOWS; i++)
		random_workflow(&s, &dice, i);
	for (unsigned i = 0; i < COMMANDS_EACH; i++) {
		random_step(&s, &dice);
		/* Comparing costs as much as there is: less often of much. */
		if (i % (1 + s.live->k.next_execution / 50) == 0)
			scene_check(&s);
	}
	scene_recovers(&s);
	run_out(&s, &dice);
	scene_check(&s);
	scene_recovers(&s);
	covered_add(covered, &s);
	scene_end(&s);
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
	/* The suite sets it, to nothing where the run is short. */
	const char *length = getenv("WEIR_LONG");
	bool is_long = length != NULL && length[0] != '\0';
	unsigned n = given != NULL ? 1 : is_long ? 4000 : 60, missing;
	struct covered covered = {0};

	for (unsigned i = 0; i < n; i++) {
		printf("WEIR_SEED=%" PRIu64 "\n", first + i);
		fflush(stdout);
		one_history(first + i, &covered);
	}
	printf("%u histories\n", n);
	covered_tell(&covered);
	missing = covered_tell_missing(&covered);
	if (is_long && given == NULL)
		ATF_REQUIRE_MSG(missing == 0,
		    "%u moves that the table allows were never made", missing);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, histories);
	return atf_no_error();
}
