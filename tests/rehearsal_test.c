/* links: tests/scene.c tests/invariants.c tests/witness.c tests/task_changes.c tests/expected_end.c tests/random_workflow.c tests/random_command.c libcore.a libweir.a ; libs: msgpack lua5.4 jansson m */
/*
 * rehearsal_test: what a rehearsal says would happen is what happens, and
 * nothing happens by saying it.
 */

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "daemon/core/rehearsal.h"
#include "daemon/core/rehearsal_parts.h"
#include "tests/random_command.h"
#include "tests/scene_case.h"
#include "tests/test_length.h"

static struct rehearsal *
rehearse(struct scene *, struct command *, struct reply *);
static void same_bytes(const msgpack_sbuffer *, const msgpack_sbuffer *);
static void encode_course(struct execution *, msgpack_sbuffer *);
static void hold_to_it(const struct scene *, const struct rehearsal *);
static void walk(uint64_t seed);
static unsigned count_of(struct rehearsal *, enum change_kind);
static const char *
how_of(struct rehearsal *, enum change_kind, const char *task);

/* At the time at which the scene will do it, with the state left as it was. */
static struct rehearsal *
rehearse(struct scene *s, struct command *c, struct reply *reply)
{
	struct rehearsal *r = rehearsal_new(s->live);
	msgpack_sbuffer before, after;

	msgpack_sbuffer_init(&before);
	msgpack_sbuffer_init(&after);
	state_encode(s->live, &before);
	c->now = s->now + 1000000;
	rehearsal_do(r, c, reply);
	state_encode(s->live, &after);
	same_bytes(&before, &after);
	msgpack_sbuffer_destroy(&before);
	msgpack_sbuffer_destroy(&after);
	return r;
}

static void
same_bytes(const msgpack_sbuffer *a, const msgpack_sbuffer *b)
{
	ATF_REQUIRE_EQ(a->size, b->size);
	ATF_REQUIRE(memcmp(a->data, b->data, a->size) == 0);
}

/*
 * All of it but the numbers of its events: those of others, which were not
 * copied, may come in between.
 */
static void
encode_course(struct execution *x, msgpack_sbuffer *to)
{
	uint64_t *numbers = calloc((size_t)x->nruns + 1, sizeof(*numbers));
	msgpack_packer pk;

	ATF_REQUIRE(numbers != NULL);
	for (uint32_t i = 0; i < x->nruns; i++) {
		numbers[i] = x->runs[i]->k.ended_seq;
		x->runs[i]->k.ended_seq = 0;
	}
	msgpack_packer_init(&pk, to, msgpack_sbuffer_write);
	execution_encode(x, &pk);
	for (uint32_t i = 0; i < x->nruns; i++)
		x->runs[i]->k.ended_seq = numbers[i];
	free(numbers);
}

/* Every execution that was copied is now as it was said to become. */
static void
hold_to_it(const struct scene *s, const struct rehearsal *r)
{
	struct execution *said;
	msgpack_sbuffer theirs, ours;

	msgpack_sbuffer_init(&theirs);
	msgpack_sbuffer_init(&ours);
	RB_FOREACH (said, executions, &r->copy->executions) {
		theirs.size = ours.size = 0;
		encode_course(said, &theirs);
		encode_course(state_execution(s->live, said->k.id), &ours);
		same_bytes(&theirs, &ours);
	}
	ATF_REQUIRE_EQ(r->copy->k.next_execution, s->live->k.next_execution);
	msgpack_sbuffer_destroy(&theirs);
	msgpack_sbuffer_destroy(&ours);
}

static void
walk(uint64_t seed)
{
	struct dice dice = {seed};
	struct random_command one;
	struct rehearsal *r;
	struct reply reply;
	struct host host;
	struct scene s;

	printf("WEIR_SEED=%" PRIu64 "\n", seed);
	fflush(stdout);
	scene_begin(&s);
	/* Who gets a place that becomes free is nothing to plan with. */
	host = s.live->host;
	host.max_callouts = 0;
	core_host(s.live, &host);
	for (unsigned i = 0; i < RANDOM_WORKFLOWS; i++)
		random_workflow(&s, &dice, i);
	for (unsigned i = 0; i < 150; i++) {
		scene_advance(&s, (int64_t)roll(&dice, 3) * SECOND / 4);
		random_command(&s, &dice, &one);
		if (one.c.type == COMMAND_CALLOUT_ENDED ||
		    (plan_deadline(s.live) != 0 &&
			plan_deadline(s.live) <= s.now + 1000000)) {
			scene_do(&s, &one.c);
		} else {
			r = rehearse(&s, &one.c, &reply);
			scene_do(&s, &one.c);
			ATF_REQUIRE_EQ(reply.error, s.reply.error);
			ATF_REQUIRE_STREQ(reply.message, s.reply.message);
			ATF_REQUIRE_EQ(reply.execution, s.reply.execution);
			hold_to_it(&s, r);
			rehearsal_free(r);
		}
		random_command_release(&one);
	}
	scene_end(&s);
}

ATF_TC(random_walk);
ATF_TC_HEAD(random_walk, tc)
{
	atf_tc_set_md_var(
	    tc, "descr", "in random histories what was said is what happens");
	atf_tc_set_md_var(tc, "timeout", "1800");
}
ATF_TC_BODY(random_walk, tc)
{
	const char *given = getenv("WEIR_SEED");
	uint64_t first = given != NULL && *given != '\0'
	    ? strtoull(given, NULL, 10)
	    : (uint64_t)time(NULL);
	unsigned n = given != NULL && *given != '\0' ? 1
	    : runs_long()			     ? 2000
						     : 40;

	for (unsigned i = 0; i < n; i++)
		walk(first + i);
}

static unsigned
count_of(struct rehearsal *r, enum change_kind kind)
{
	struct rehearsed result;
	unsigned n = 0;

	rehearsal_result(r, &result);
	for (size_t i = 0; i < result.nchanges; i++)
		n += result.changes[i].kind == kind;
	return n;
}

/* NULL: there is no such change of the task. */
static const char *
how_of(struct rehearsal *r, enum change_kind kind, const char *task)
{
	struct rehearsed result;

	rehearsal_result(r, &result);
	for (size_t i = 0; i < result.nchanges; i++)
		if (result.changes[i].kind == kind &&
		    strcmp(result.changes[i].run->task->name, task) == 0)
			return result.changes[i].how == NULL
			    ? ""
			    : result.changes[i].how;
	return NULL;
}

#define HOW(kind, task, wanted)                                    \
	do {                                                       \
		const char *how_ = how_of(r, CHANGE_##kind, task); \
                                                                   \
		ATF_REQUIRE_MSG(how_ != NULL, "%s: no", task);     \
		ATF_REQUIRE_STREQ(how_, wanted);                   \
	} while (0)

static const char above[] =
    "{'workflow': 'above', 'tasks': {'first': {'run': ['f'], 'next': [{'do': "
    "['sub', 'side']}]}, 'side': {'run': ['s'], 'next': [{'do': 'last'}]}, "
    "'sub': {'workflow': 'below', 'next': [{'when': 'completed', 'do': "
    "'last'}]}, 'last': {'join': 'all', 'run': ['l']}}}";
static const char below[] =
    "{'workflow': 'below', 'tasks': {'a': {'run': ['x'], 'next': [{'when': "
    "'completed', 'do': 'b'}]}, 'b': {'run': ['y']}}}";

SCENE_CASE(rerun, "a rerun of a task, and what it reaches")
{
	struct command c = scene_command(COMMAND_RETRY);
	struct rehearsed result;
	struct rehearsal *r;
	struct reply reply;
	uint64_t id;

	scene_define(s, below);
	scene_define(s, above);
	id = scene_start(s, "above", NULL);
	EXIT(id, "first", 0);
	EXIT(id, "side", 0);
	EXIT(id + 1, "a", 0);
	EXIT(id + 1, "b", 1);
	STATUS(id, "failed");
	c.execution = id + 1;
	r = rehearse(s, &c, &reply);
	ATF_REQUIRE_EQ(reply.error, ERROR_NONE);
	HOW(STARTED, "b", "callout");
	HOW(STARTED, "sub", "continued");
	HOW(SUPERSEDED, "b", "");
	HOW(KEPT, "a", "completed");
	HOW(KEPT, "side", "completed");
	ATF_REQUIRE_EQ(count_of(r, CHANGE_STOPPED), 0);
	rehearsal_result(r, &result);
	ATF_REQUIRE_EQ(result.nexecutions, 2);
	ATF_REQUIRE_EQ(result.executions[0].relation, RELATION_PARENT);
	ATF_REQUIRE_EQ(result.executions[1].relation, RELATION_SELF);
	ATF_REQUIRE_EQ(result.executions[0].after->k.status, EXECUTION_RUNNING);
	STATUS(id, "failed");
	rehearsal_free(r);
}

SCENE_CASE(stops, "what would be stopped, and how")
{
	struct command c = scene_command(COMMAND_CANCEL);
	struct rehearsal *r;
	struct reply reply;
	uint64_t id;

	scene_define(s, below);
	scene_define(s, above);
	id = scene_start(s, "above", NULL);
	EXIT(id, "first", 0);
	c.execution = id;
	r = rehearse(s, &c, &reply);
	HOW(KEPT, "side", "running");
	HOW(KEPT, "sub", "running");
	rehearsal_free(r);
	c.kill = true;
	r = rehearse(s, &c, &reply);
	HOW(STOPPED, "side", "SIGTERM");
	HOW(STOPPED, "a", "SIGTERM");
	rehearsal_free(r);
	c = scene_command(COMMAND_PAUSE);
	c.execution = id;
	c.freeze = true;
	r = rehearse(s, &c, &reply);
	HOW(STOPPED, "side", "SIGSTOP");
	HOW(STOPPED, "a", "SIGSTOP");
	/* Two, one after the other, on one copy. */
	c = scene_command(COMMAND_RESUME);
	c.execution = id;
	c.now = s->now + 1000000;
	rehearsal_do(r, &c, &reply);
	ATF_REQUIRE_EQ(reply.error, ERROR_NONE);
	ATF_REQUIRE_EQ(count_of(r, CHANGE_STOPPED), 0);
	rehearsal_free(r);
}

SCENE_CASE(skip, "what comes next, to its end")
{
	struct command c = scene_command(COMMAND_SKIP);
	struct rehearsal *r;
	struct reply reply;
	uint64_t id;

	scene_define(s, below);
	id = scene_start(s, "below", NULL);
	c.execution = id;
	c.name = "a";
	c.item = EVENT_NONE;
	r = rehearse(s, &c, &reply);
	HOW(STOPPED, "a", "SIGTERM");
	HOW(ENDED, "a", "skipped");
	HOW(STARTED, "b", "callout");
	rehearsal_free(r);
	/* A refusal is the same one. */
	c.name = "b";
	r = rehearse(s, &c, &reply);
	ATF_REQUIRE_EQ(reply.error, ERROR_STATE_CONFLICT);
	ATF_REQUIRE_EQ(count_of(r, CHANGE_STARTED), 0);
	rehearsal_free(r);
}

SCENE_CASE(start, "a start, and one more of the same key")
{
	struct command c = scene_command(COMMAND_START);
	struct rehearsal *r;
	struct reply reply;

	scene_define(s, below);
	c.name = "below";
	c.key = "once";
	r = rehearse(s, &c, &reply);
	ATF_REQUIRE(reply.created);
	ATF_REQUIRE_EQ(reply.execution, 1);
	HOW(STARTED, "a", "callout");
	rehearsal_free(r);
	ATF_REQUIRE(scene_do(s, &c));
	r = rehearse(s, &c, &reply);
	ATF_REQUIRE(!reply.created);
	ATF_REQUIRE_EQ(reply.execution, 1);
	ATF_REQUIRE_EQ(count_of(r, CHANGE_STARTED), 0);
	rehearsal_free(r);
}

SCENE_CASE(too_much, "what would take too long is refused")
{
	struct command c = scene_command(COMMAND_ENGINE_PAUSE);
	struct rehearsal *r;
	struct reply reply;

	scene_define(
	    s, "{'workflow': 'w', 'tasks': {'a': {'wait': {'signal': 'go'}}}}");
	for (unsigned i = 0; i <= REHEARSAL_EXECUTIONS_OF_ONE; i++)
		ATF_REQUIRE(scene_start(s, "w", NULL) != 0);
	r = rehearse(s, &c, &reply);
	ATF_REQUIRE_EQ(reply.error, ERROR_LIMIT);
	rehearsal_free(r);
}

SCENE_CASE(too_many_runs, "so is what has too many task runs, items too")
{
	char define[] =
	    "{'workflow': 'w', 'input': {'l': {'type': 'list'}}, 'tasks': "
	    "{'a': {'items': '${{ input.l }}', 'run': ['x']}}}";
	char input[5 * REHEARSAL_RUNS] = "{'l': [0";
	struct command c = scene_command(COMMAND_CANCEL);
	struct rehearsal *r;
	struct reply reply;
	uint64_t small;

	scene_define(s, define);
	for (unsigned i = 2; i < REHEARSAL_RUNS; i++)
		strcat(input, ",0");
	strcat(input, "]}");
	c.execution = scene_start(s, "w", input);
	small = scene_start(s, "w", "{'l': [0]}");
	ATF_REQUIRE(small != 0);
	/* As many as may be: its run, and those of its items. */
	r = rehearse(s, &c, &reply);
	ATF_REQUIRE_EQ(reply.error, ERROR_NONE);
	c.execution = small;
	rehearsal_do(r, &c, &reply);
	ATF_REQUIRE_EQ(reply.error, ERROR_LIMIT);
	ATF_REQUIRE(strstr(reply.message, "this reaches more than") != NULL);
	/* It stays so, whatever else is asked. */
	c = scene_command(COMMAND_START);
	c.name = "w";
	c.now = s->now;
	rehearsal_do(r, &c, &reply);
	ATF_REQUIRE_EQ(reply.error, ERROR_LIMIT);
	rehearsal_free(r);
}

SCENE_CASE(endless, "what follows and does not end is left out after a while")
{
	struct command c = scene_command(COMMAND_START);
	struct rehearsal *r;
	struct reply reply;

	scene_define(s,
	    "{'workflow': 'w', 'vars': {'n': 0}, 'tasks': {'z': {'set': {'n': "
	    "1}, 'next': [{'do': 'a'}]}, 'a': {'set': {'n': '${{ vars.n + 1 "
	    "}}'}, 'next': [{'when': '${{ vars.n < 9000 }}', 'do': 'a'}]}}}");
	c.name = "w";
	c.now = s->now + 1000000;
	r = rehearsal_new(s->live);
	rehearsal_do(r, &c, &reply);
	ATF_REQUIRE_EQ(reply.error, ERROR_NONE);
	ATF_REQUIRE(count_of(r, CHANGE_ENDED) > 100);
	ATF_REQUIRE(count_of(r, CHANGE_ENDED) < REHEARSAL_EVENTS);
	/* And nothing more is done. */
	rehearsal_do(r, &c, &reply);
	ATF_REQUIRE_EQ(reply.error, ERROR_LIMIT);
	ATF_REQUIRE(strstr(reply.message, "what follows from") != NULL);
	rehearsal_free(r);
}

SCENE_CASE(relations, "what each is to many at once")
{
	struct command c = scene_command(COMMAND_CANCEL);
	unsigned n[RELATION_OTHER + 1] = {0};
	struct rehearsed result;
	struct rehearsal *r;
	struct reply reply;
	uint64_t id[20];

	scene_define(s,
	    "{'workflow': 'below', 'tasks': {'a': {'wait': {'signal': "
	    "'x'}}}}");
	scene_define(s, above);
	for (unsigned i = 0; i < 20; i++) {
		id[i] = scene_start(s, "above", NULL);
		EXIT(id[i], "first", 0);
	}
	r = rehearsal_new(s->live);
	c.now = s->now + 1000000;
	c.kill = true;
	/* The odd ones by what is below them, the others by themselves. */
	for (unsigned i = 20; i-- > 0;) {
		c.execution = id[i] + i % 2;
		ATF_REQUIRE(rehearsal_reach(r, &c, &reply));
		rehearsal_do(r, &c, &reply);
		ATF_REQUIRE_EQ(reply.error, ERROR_NONE);
	}
	rehearsal_result(r, &result);
	for (size_t i = 0; i < result.nexecutions; i++) {
		const struct reached *reached = &result.executions[i];

		n[reached->relation]++;
		ATF_REQUIRE_EQ(reached->before,
		    state_execution(s->live, reached->after->k.id));
	}
	ATF_REQUIRE_EQ(n[RELATION_SELF], 20);
	ATF_REQUIRE_EQ(n[RELATION_SUBWORKFLOW], 10);
	ATF_REQUIRE_EQ(n[RELATION_PARENT], 10);
	ATF_REQUIRE_EQ(n[RELATION_NEW], 0);
	ATF_REQUIRE_EQ(n[RELATION_OTHER], 0);
	rehearsal_free(r);
}

SCENE_CASE(definition, "a workflow that would be deleted, and who names it")
{
	struct command c = scene_command(COMMAND_DEFINITION_DELETE);
	struct rehearsal *r;
	struct reply reply;

	scene_define(s, below);
	scene_define(s, above);
	c.name = "below";
	r = rehearse(s, &c, &reply);
	ATF_REQUIRE_EQ(reply.error, ERROR_STATE_CONFLICT);
	rehearsal_free(r);
	c.name = "above";
	r = rehearse(s, &c, &reply);
	ATF_REQUIRE_EQ(reply.error, ERROR_NONE);
	ATF_REQUIRE(state_workflow(s->live, "above") != NULL);
	ATF_REQUIRE(state_workflow(rehearsal_state(r), "above") == NULL);
	ATF_REQUIRE(state_workflow(rehearsal_state(r), "below") != NULL);
	/* Not there any more: neither for what comes next. */
	c = scene_command(COMMAND_START);
	c.name = "above";
	c.now = s->now + 1000000;
	rehearsal_do(r, &c, &reply);
	ATF_REQUIRE_EQ(reply.error, ERROR_NOT_FOUND);
	rehearsal_free(r);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, random_walk);
	ATF_TP_ADD_TC(tp, rerun);
	ATF_TP_ADD_TC(tp, stops);
	ATF_TP_ADD_TC(tp, skip);
	ATF_TP_ADD_TC(tp, start);
	ATF_TP_ADD_TC(tp, too_much);
	ATF_TP_ADD_TC(tp, too_many_runs);
	ATF_TP_ADD_TC(tp, endless);
	ATF_TP_ADD_TC(tp, relations);
	ATF_TP_ADD_TC(tp, definition);
	return atf_no_error();
}
