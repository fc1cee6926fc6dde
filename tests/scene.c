/* scene: a state, its journal and a virtual clock, for tests of the core. */

#include "tests/scene.h"

#include <atf-c.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/core/alloc.h"
#include "libproto/pack.h"
#include "tests/invariants.h"

static void pack_json(msgpack_packer *, const json_t *);
static void forget_deleted(struct scene *, uint64_t);

static void
took_event(void *, const struct event *, const char *, size_t, bool);
static bool same_key(const struct callout_key *, const struct callout_key *);
static void no_event(void *, const struct event *, const char *, size_t, bool);
static void trace(const struct scene *, const struct event *);
static void follow_plan(struct scene *, uint64_t durable);
static void check_plan(const struct scene *);
static void check_refusal(struct scene *);
static void check_going(struct state *);
static void check_standing(struct scene *);
static void check_revisions(struct state *);
static void keep_state(const char *, const msgpack_sbuffer *);

static const uint64_t runners[] = {11, 12};

static void
pack_json(msgpack_packer *pk, const json_t *j)
{
	const char *key;
	json_t *value;
	size_t i;

	switch (json_typeof(j)) {
	case JSON_OBJECT:
		msgpack_pack_map(pk, json_object_size(j));
		json_object_foreach((json_t *)(uintptr_t)j, key, value)
		{
			pack_str(pk, key);
			pack_json(pk, value);
		}
		break;
	case JSON_ARRAY:
		msgpack_pack_array(pk, json_array_size(j));
		json_array_foreach(j, i, value) pack_json(pk, value);
		break;
	case JSON_STRING:
		pack_strn(pk, json_string_value(j), json_string_length(j));
		break;
	case JSON_INTEGER:
		msgpack_pack_int64(pk, json_integer_value(j));
		break;
	case JSON_REAL:
		msgpack_pack_double(pk, json_real_value(j));
		break;
	case JSON_TRUE:
	case JSON_FALSE:
		pack_bool(pk, json_is_true(j));
		break;
	case JSON_NULL:
		msgpack_pack_nil(pk);
		break;
	}
}

struct value *
scene_value(const char *json)
{
	char *text = xstrdup(json);
	msgpack_sbuffer buffer;
	msgpack_packer pk;
	json_error_t error;
	json_t *j;

	for (char *p = text; *p != '\0'; p++)
		if (*p == '\'')
			*p = '"';
	j = json_loads(text, JSON_DECODE_ANY, &error);
	ATF_REQUIRE_MSG(j != NULL, "%s: %s", text, error.text);
	msgpack_sbuffer_init(&buffer);
	msgpack_packer_init(&pk, &buffer, msgpack_sbuffer_write);
	pack_json(&pk, j);
	json_decref(j);
	free(text);
	return value_of_buffer(&buffer);
}

void
scene_begin(struct scene *scene)
{
	struct host host = {.max_callouts = 64,
	    .max_runs = 10000,
	    .runners = runners,
	    .nrunners = 2};

	memset(scene, 0, sizeof(*scene));
	scene->live = state_new();
	scene->replayed = state_new();
	scene->witness = witness_new();
	scene->trace = getenv("WEIR_TRACE") != NULL;
	msgpack_sbuffer_init(&scene->encoded);
	scene->now = 1700000000 * SECOND;
	core_host(scene->live, &host);
}

void
scene_end(struct scene *scene)
{
	state_free(scene->live);
	state_free(scene->replayed);
	witness_free(scene->witness);
	msgpack_sbuffer_destroy(&scene->encoded);
}

/* For whoever looks into a history: what was asked, and what came of it. */
static void
trace(const struct scene *scene, const struct event *e)
{
	const struct execution *x = state_execution(scene->live, e->execution);
	const struct command *c = scene->command;

	printf("%llu %lld.%03lld [%d %llu] %s %llu", (unsigned long long)e->seq,
	    (long long)(e->time / SECOND),
	    (long long)(e->time % SECOND / 1000000), (int)c->type,
	    (unsigned long long)c->execution, event_name(e->type),
	    (unsigned long long)e->execution);
	if (x != NULL)
		printf(" (%s, child of %llu)",
		    execution_status_name(x->k.status),
		    (unsigned long long)x->k.parent);
	if (x != NULL && e->run != EVENT_NONE)
		printf(" %s.%u item %d %s", x->runs[e->run]->task->name, e->run,
		    (int)e->item, task_status_name(x->runs[e->run]->k.status));
	printf(" %s\n", e->reason == NULL ? "" : e->reason);
}

/* What needs space is not there while there is none. */
static void
check_space(const struct scene *scene, const struct event *e)
{
	const struct state *s = scene->live;
	static const bool is_work[EVENT_TYPES] = {
	    [EVENT_DEFINITION_PUT] = true,
	    [EVENT_EXECUTION_CREATED] = true,
	    [EVENT_EXECUTION_RESTARTED] = true,
	    [EVENT_TASK_ITEMS] = true,
	    [EVENT_TASK_STARTED] = true,
	};

	if (s->host.unavailable == NULL)
		return;
	ATF_REQUIRE_MSG(
	    !is_work[e->type], "%s, and the disk is full", event_name(e->type));
	ATF_REQUIRE_MSG(!s->host.endings_only ||
		scene->command->type != COMMAND_CALLOUT_ENDED ||
		e->type == EVENT_TASK_ATTEMPT_ENDED ||
		e->type == EVENT_ENGINE_STATUS,
	    "%s, and there is room for endings alone", event_name(e->type));
}

static void
took_event(void *ctx, const struct event *e, const char *record, size_t size,
    bool last)
{
	struct scene *scene = ctx;

	ATF_REQUIRE_EQ(e->seq, scene->replayed->k.seq + 1);
	ATF_REQUIRE_MSG(core_replay(scene->replayed, e->seq, record, size),
	    "event %s can't be replayed", event_name(e->type));
	check_space(scene, e);
	scene->events++;
	scene->lasts = last;
	if (e->type == EVENT_EXECUTION_DELETED)
		forget_deleted(scene, e->execution);
	if (scene->trace)
		trace(scene, e);
	witness_event(scene->witness, scene->live, scene->command, e);
}

/* Nobody is told any more what is wanted of its callouts: they have ended. */
static void
forget_deleted(struct scene *scene, uint64_t execution)
{
	for (unsigned i = scene->nrunning; i-- > 0;) {
		if (scene->running[i].execution != execution)
			continue;
		scene->nrunning--;
		scene->running[i] = scene->running[scene->nrunning];
		scene->wants[i] = scene->wants[scene->nrunning];
	}
}

static bool
same_key(const struct callout_key *a, const struct callout_key *b)
{
	return a->execution == b->execution && a->run == b->run &&
	    a->item == b->item && a->attempt == b->attempt;
}

static void
follow_plan(struct scene *scene, uint64_t durable)
{
	struct plan_callout p;
	unsigned i;

	while (plan_next(scene->live, durable, &p)) {
		for (i = 0; i < scene->nrunning; i++)
			if (same_key(&scene->running[i], &p.key))
				break;
		if (p.want == PLAN_FORGET) {
			if (i < scene->nrunning) {
				scene->nrunning--;
				scene->running[i] =
				    scene->running[scene->nrunning];
				scene->wants[i] = scene->wants[scene->nrunning];
			}
			continue;
		}
		if (i == scene->nrunning) {
			ATF_REQUIRE(i < SCENE_CALLOUTS);
			ATF_REQUIRE(p.spec != NULL);
			scene->running[i] = p.key;
			scene->nrunning++;
		}
		scene->wants[i] = p.want;
	}
}

/* What plan has asked for is what the attempts that are open want. */
static void
check_plan(const struct scene *scene)
{
	const struct attempt *t;

	ATF_REQUIRE_EQ(scene->nrunning, scene->live->open_callouts);
	for (unsigned i = 0; i < scene->nrunning; i++) {
		t = state_attempt(scene->live, &scene->running[i]);
		ATF_REQUIRE(t != NULL && t->k.open && t->k.child == 0);
		ATF_REQUIRE_EQ(scene->wants[i], plan_attempt(t));
	}
}

/* A refusal has changed nothing, not even what no event tells. */
static void
check_refusal(struct scene *scene)
{
	msgpack_sbuffer now;

	if (scene->encoded.size == 0 ||
	    scene->encoded_seq != scene->live->k.seq)
		return;
	msgpack_sbuffer_init(&now);
	state_encode(scene->live, &now);
	ATF_REQUIRE_MSG(now.size == scene->encoded.size &&
		memcmp(now.data, scene->encoded.data, now.size) == 0,
	    "a refusal changed the state: %s", scene->reply.message);
	msgpack_sbuffer_destroy(&now);
}

struct command
scene_command(enum command_type type)
{
	struct command c;

	memset(&c, 0, sizeof(c));
	c.type = type;
	c.by.name = "tester";
	c.by.role = ROLE_ADMIN;
	c.if_status = -1;
	c.item = EVENT_NONE;
	return c;
}

bool
scene_do(struct scene *scene, struct command *c)
{
	struct event_sink sink = {.event = took_event, .ctx = scene};
	const struct execution *x = state_execution(scene->live, c->execution);
	struct reply reply;
	uint64_t before = scene->events, durable = scene->live->k.seq;
	int status = x == NULL ? -1 : (int)x->k.status;
	bool more;

	scene->now += 1000000;
	c->now = scene->now;
	scene->tick = scene_command(COMMAND_TICK);
	scene->tick.now = scene->now;
	scene->command = c;
	more = core_step(scene->live, c, &sink, &scene->reply);
	if (scene->reply.error != ERROR_NONE) {
		ATF_REQUIRE_EQ(scene->events, before);
		check_refusal(scene);
	}
	while (more) {
		ATF_REQUIRE(scene->lasts || scene->events == before);
		uint64_t events = scene->events;

		scene->command = &scene->tick;
		more = core_step(scene->live, &scene->tick, &sink, &reply);
		ATF_REQUIRE_MSG(!more || scene->events > events,
		    "something is due, and nothing comes of it");
	}
	ATF_REQUIRE(scene->lasts || scene->events == before);
	if (scene->live->held_bytes > 0)
		core_room(scene->live, 1); /* the rest of it is used up */
	scene->steps++;
	if (scene->reply.error != ERROR_NONE)
		scene->refused[c->type]++;
	else if (scene->events > before)
		scene->done[c->type]++;
	witness_command(scene->witness, scene->live, c, &scene->reply, status);
	follow_plan(scene, scene->lags ? durable : scene->live->k.seq);
	if (!scene->lags)
		check_plan(scene);
	return scene->reply.error == ERROR_NONE;
}

void
scene_advance(struct scene *scene, int64_t ns)
{
	struct command tick = scene_command(COMMAND_TICK);

	scene->now += ns;
	scene_do(scene, &tick);
}

uint32_t
scene_define(struct scene *scene, const char *json)
{
	struct command c = scene_command(COMMAND_DEFINITION_PUT);
	struct value *v = scene_value(json);
	struct definition_errors errors = {0};
	msgpack_zone zone;
	msgpack_object o;

	msgpack_zone_init(&zone, 4096);
	value_unpack(v, &zone, &o);
	c.definition =
	    definition_parse(scene->live->expressions, &o, NULL, NULL, &errors);
	ATF_REQUIRE_MSG(c.definition != NULL, "%s: %s",
	    errors.count > 0 ? errors.list[0].path : "?",
	    errors.count > 0 ? errors.list[0].message : "?");
	definition_errors_free(&errors);
	msgpack_zone_destroy(&zone);
	ATF_REQUIRE(scene_do(scene, &c));
	definition_unref(c.definition);
	value_unref(v);
	return scene->reply.version;
}

uint64_t
scene_start(struct scene *scene, const char *workflow, const char *input)
{
	struct command c = scene_command(COMMAND_START);
	bool ok;

	c.name = workflow;
	c.value = input == NULL ? NULL : scene_value(input);
	ok = scene_do(scene, &c);
	value_unref(c.value);
	return ok ? scene->reply.execution : 0;
}

const struct execution *
scene_execution(const struct scene *scene, uint64_t id)
{
	const struct execution *x = state_execution(scene->live, id);

	ATF_REQUIRE_MSG(x != NULL, "no execution %llu", (unsigned long long)id);
	return x;
}

enum execution_status
scene_status(const struct scene *scene, uint64_t id)
{
	return scene_execution(scene, id)->k.status;
}

enum task_status
scene_task(const struct scene *scene, uint64_t id, const char *task)
{
	const struct execution *x = scene_execution(scene, id);
	uint32_t n = definition_task(x->definition, task, strlen(task));

	ATF_REQUIRE(n != UINT32_MAX);
	ATF_REQUIRE_MSG(x->nodes[n].newest != NULL, "%s never ran", task);
	return x->nodes[n].newest->k.status;
}

bool
scene_runs(const struct scene *scene, uint64_t id, const char *task,
    uint32_t item, unsigned *where)
{
	const struct execution *x = scene_execution(scene, id);

	for (unsigned i = 0; i < scene->nrunning; i++) {
		const struct callout_key *key = &scene->running[i];

		if (key->execution != id || key->item != item ||
		    strcmp(x->runs[key->run]->task->name, task) != 0)
			continue;
		if (where != NULL)
			*where = i;
		return true;
	}
	return false;
}

void
scene_end_callout(struct scene *scene, const struct callout_key *key,
    const struct callout_result *result)
{
	struct command c = scene_command(COMMAND_CALLOUT_ENDED);

	c.callout = *key;
	c.result = *result;
	scene_do(scene, &c);
}

void
scene_exit(struct scene *scene, uint64_t id, const char *task, uint32_t item,
    int status, const char *output)
{
	struct callout_result result = {.end = CALLOUT_EXITED, .exit = status};
	struct callout_key key;
	unsigned i;

	ATF_REQUIRE_MSG(
	    scene_runs(scene, id, task, item, &i), "%s does not run", task);
	key = scene->running[i];
	result.output = output == NULL ? NULL : scene_value(output);
	result.started_at = scene->now;
	result.ended_at = scene->now;
	scene_end_callout(scene, &key, &result);
	value_unref(result.output);
}

static void
keep_state(const char *name, const msgpack_sbuffer *state)
{
	FILE *f = fopen(name, "w");

	ATF_REQUIRE(f != NULL);
	fwrite(state->data, 1, state->size, f);
	fclose(f);
}

/* All that have not ended, and no others, are in the list of those. */
static void
check_going(struct state *s)
{
	struct execution *x;
	uint32_t going = 0;

	for (int i = 0; i < EXECUTION_STATUSES; i++)
		if (!execution_ended((enum execution_status)i))
			going += s->by_status[i];
	RB_FOREACH (x, going, &s->going) {
		ATF_REQUIRE(state_execution(s, x->k.id) == x);
		ATF_REQUIRE(!execution_ended(x->k.status));
		ATF_REQUIRE(going-- > 0);
	}
	ATF_REQUIRE_EQ(0, going);
}

/* While the engine is paused nothing runs but to its end. */
static void
check_standing(struct scene *scene)
{
	struct state *s = scene->live;
	const struct execution *x;
	const struct attempt *t;

	for (unsigned i = 0; i < scene->nrunning; i++) {
		t = state_attempt(s, &scene->running[i]);
		if (s->k.engine != ENGINE_PAUSED || t == NULL || !t->k.open ||
		    t->k.stop != STOP_NOT || t->k.frozen)
			continue;
		x = t->action->run->execution;
		ATF_REQUIRE_MSG(x->k.status == EXECUTION_CANCELING ||
			execution_ended(x->k.status),
		    "a callout of execution %llu runs under a paused engine",
		    (unsigned long long)x->k.id);
	}
}

/* What those above have seen of an execution is what is there. */
static void
check_revisions(struct state *s)
{
	struct execution *x, *below;
	const struct execution *above;
	uint64_t sum;

	RB_FOREACH (x, executions, &s->executions) {
		sum = 0;
		RB_FOREACH (below, executions, &s->executions) {
			above = below;
			while ((above = state_execution(s, above->k.parent)) !=
				NULL &&
			    above != x)
				;
			sum += above == x ? below->k.revision : 0;
		}
		ATF_REQUIRE_EQ_MSG(sum, x->below, "execution %llu",
		    (unsigned long long)x->k.id);
	}
}

void
scene_check(struct scene *scene)
{
	msgpack_sbuffer replayed, *live = &scene->encoded;

	msgpack_sbuffer_init(&replayed);
	live->size = 0;
	state_encode(scene->live, live);
	scene->encoded_seq = scene->live->k.seq;
	state_encode(scene->replayed, &replayed);
	if (live->size != replayed.size ||
	    memcmp(live->data, replayed.data, live->size) != 0) {
		keep_state("live.state", live);
		keep_state("replayed.state", &replayed);
		atf_tc_fail("live and replayed state differ: compare "
			    "live.state and replayed.state (MessagePack)");
	}
	msgpack_sbuffer_destroy(&replayed);
	invariants_state(scene->live,
	    !scene->live->host.endings_only && scene->live->held_bytes == 0);
	invariants_state(scene->replayed, false);
	check_standing(scene);
	check_revisions(scene->live);
	check_going(scene->live);
	check_going(scene->replayed);
}

static void
no_event(void *ctx, const struct event *e, const char *record, size_t size,
    bool last)
{
	(void)ctx, (void)record, (void)size, (void)last;
	atf_tc_fail("after a restart something was left to do: %s of %llu",
	    event_name(e->type), (unsigned long long)e->execution);
}

void
scene_recovers(struct scene *scene)
{
	struct command tick = scene_command(COMMAND_TICK);
	struct event_sink sink = {.event = no_event, .ctx = NULL};
	struct reply reply;

	tick.now = scene->now;
	core_host(scene->replayed, &scene->live->host);
	core_recovered(scene->replayed);
	while (core_step(scene->replayed, &tick, &sink, &reply))
		;
	invariants_state(scene->replayed, true);
	check_revisions(scene->replayed);
}
