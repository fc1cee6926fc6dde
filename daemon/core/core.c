/* core: one step of the engine. */

#include "daemon/core/core.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/core/alloc.h"
#include "daemon/core/apply.h"
#include "daemon/core/decide.h"
#include "daemon/core/event_check.h"
#include "daemon/core/family.h"
#include "daemon/core/zone.h"

/*
 * Events of one step after which what is left goes to the next, so that no
 * command holds the loop for long.
 */
#define STEP_EVENTS 250
#define STEP_BYTES (1024 * 1024) /* of their records */
#define STEP_INSTRUCTIONS 5000	 /* of expressions; one may take 10000 */
#define STEP_LOOKED_AT 500	 /* executions for which nothing may follow */

/* Of a record, at most, without its values. */
#define EVENT_BYTES 1024

/* A step under way: each event is held back until it is known to be the last.
 */
struct step {
	struct state *s;
	const struct event_sink *sink;
	struct batch batch;
	struct batch applied; /* the one before: what is held borrows of it */
	msgpack_sbuffer record;
	struct event held;
	size_t held_size; /* of its record */
	bool holds;
	unsigned events;
	unsigned looked_at;
	size_t bytes;
	uint64_t spent; /* instructions, before it */
	bool starved;	/* something has no room */
};

static void step_hold(struct step *, const struct event *);
static void step_flush(struct step *, bool last);
static bool step_is_full(const struct step *);
static uint64_t batch_bytes(const struct batch *);
static size_t event_bytes(const struct event *);
static bool step_has_room(struct step *);
static void step_apply(struct step *);
static bool settle_runs(struct step *, struct execution *);
static bool settle_one(struct step *, struct execution *);
static bool settle_dirty(struct step *);
static bool settle_blocked(struct step *);
static void mark_waiting(struct state *);
static bool is_due(int64_t, int64_t);

/* Gives what is held to the sink. */
static void
step_flush(struct step *step, bool last)
{
	if (!step->holds)
		return;
	step->sink->event(step->sink->ctx, &step->held, step->record.data,
	    step->held_size, last);
	step->holds = false;
	step->record.size = 0;
}

static void
step_hold(struct step *step, const struct event *e)
{
	step_flush(step, false);
	if (!step->sink->no_records)
		event_encode(e, &step->record);
	step->held = *e;
	step->held_size =
	    step->sink->no_records ? event_bytes(e) : step->record.size;
	step->holds = true;
	step->events++;
	step->bytes += step->held_size;
}

static bool
step_is_full(const struct step *step)
{
	return step->events >= STEP_EVENTS || step->bytes >= STEP_BYTES ||
	    step->looked_at >= STEP_LOOKED_AT ||
	    expressions_spent(step->s->expressions) - step->spent >=
	    STEP_INSTRUCTIONS;
}

/*
 * Journals and applies the batch, which is kept until the next one has been,
 * since its last event is held back.
 */
static void
step_apply(struct step *step)
{
	struct batch applied;

	if (step->batch.n == 0)
		return;
	batch_own_strings(&step->batch);
	for (size_t i = 0; i < step->batch.n; i++) {
		struct event *e = &step->batch.events[i];

		e->seq = step->s->k.seq + 1;
		step_hold(step, e);
		apply(step->s, e);
	}
	applied = step->batch;
	step->batch = step->applied;
	step->batch.now = applied.now;
	step->applied = applied;
	batch_empty(&step->batch);
}

/* What is large in an event is its values. */
static size_t
event_bytes(const struct event *e)
{
	const struct value *values[] = {
	    e->value, e->set, e->to, e->cut, e->labels, e->domains};
	size_t bytes = EVENT_BYTES;

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		bytes += values[i] == NULL ? 0 : values[i]->size;
	return bytes;
}

static uint64_t
batch_bytes(const struct batch *b)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < b->n; i++)
		bytes += event_bytes(&b->events[i]);
	return bytes;
}

/* False: the batch has to wait, and is dropped; it follows again later. */
static bool
step_has_room(struct step *step)
{
	struct state *s = step->s;
	uint64_t need = step->bytes + batch_bytes(&step->batch);

	if (s->host.room_bytes == 0 || need <= s->host.room_bytes)
		return true;
	s->held_bytes = need;
	step->starved = true;
	batch_empty(&step->batch);
	return false;
}

/* Runs that need attention; true where the step is full. */
static bool
settle_runs(struct step *step, struct execution *x)
{
	struct run *r;

	while ((r = TAILQ_FIRST(&x->attention)) != NULL) {
		if (step_is_full(step))
			return true;
		settle_run(step->s, r, &step->batch);
		if (step->batch.n == 0) {
			r->in_attention = false;
			TAILQ_REMOVE(&x->attention, r, attention);
		} else if (step_has_room(step))
			step_apply(step);
		else
			return true;
	}
	return false;
}

/* Until nothing follows any more; true where the step is full. */
static bool
settle_one(struct step *step, struct execution *x)
{
	bool blocked;

	for (;;) {
		if (!execution_ended(x->k.status) && settle_runs(step, x))
			return true;
		if (step_is_full(step))
			return true;
		settle_execution(step->s, x, &step->batch, &blocked);
		if (step->batch.n == 0)
			break;
		if (!step_has_room(step))
			return true;
		step_apply(step);
	}
	if (blocked)
		mark_blocked(step->s, x);
	return false;
}

static bool
settle_dirty(struct step *step)
{
	struct execution *x;

	while ((x = TAILQ_FIRST(&step->s->dirty)) != NULL) {
		if (settle_one(step, x))
			return true;
		step->looked_at++;
		x->is_dirty = false;
		TAILQ_REMOVE(&step->s->dirty, x, dirty);
	}
	return false;
}

/* In turn, one start each, as long as the machine has room. */
static bool
settle_blocked(struct step *step)
{
	struct state *s = step->s;
	struct execution *x;

	while ((x = TAILQ_FIRST(&s->blocked)) != NULL && s->host.nrunners > 0 &&
	    !journal_is_full(s) &&
	    (s->host.max_callouts == 0 ||
		s->open_callouts < s->host.max_callouts)) {
		x->is_blocked = false;
		TAILQ_REMOVE(&s->blocked, x, blocked);
		mark_dirty(s, x);
		if (settle_dirty(step))
			return true;
	}
	return false;
}

static bool
is_due(int64_t due, int64_t now)
{
	return due != 0 && due <= now;
}

bool
core_step(struct state *s, const struct command *c,
    const struct event_sink *sink, struct reply *reply)
{
	struct step step = {
	    .s = s, .sink = sink, .spent = expressions_spent(s->expressions)};
	const struct execution *x;
	bool more = false;

	batch_init(&step.batch, c->now);
	batch_init(&step.applied, c->now);
	msgpack_sbuffer_init(&step.record);
	if (!decide(s, c, &step.batch, reply))
		batch_empty(&step.batch);
	step_apply(&step);
	s->held_bytes = 0;
	if (!s->host.endings_only)
		more = settle_dirty(&step) || settle_blocked(&step);
	if (step.starved) /* until there is room */
		more = false;
	settle_engine(s, &step.batch);
	step_apply(&step);
	step_flush(&step, true);
	batch_free(&step.batch);
	batch_free(&step.applied);
	msgpack_sbuffer_destroy(&step.record);
	if (reply->error == ERROR_NONE && reply->execution != 0 &&
	    (x = state_execution(s, reply->execution)) != NULL) {
		reply->status = (int)x->k.status;
		reply->revision = execution_revision(s, x);
	}
	return more || is_due(plan_deadline(s), c->now) ||
	    is_due(plan_until(s), c->wall == 0 ? c->now : c->wall);
}

/* False for what can't have happened. */
static bool
replay_event(struct state *s, struct event *e)
{
	struct definition_errors errors = {0};
	msgpack_zone zone;
	msgpack_object o;
	bool can;

	if (e->type == EVENT_DEFINITION_PUT) {
		zone_init(&zone, 4096);
		value_unpack(e->value, &zone, &o);
		e->definition = definition_load(s->expressions, &o, &errors);
		definition_errors_free(&errors);
		msgpack_zone_destroy(&zone);
	}
	can = event_can_be(s, e);
	if (can)
		apply(s, e);
	definition_unref(e->definition);
	return can;
}

bool
core_replay(struct state *s, uint64_t seq, const char *bytes, size_t size)
{
	struct event e;
	msgpack_zone zone;
	bool ok;

	zone_init(&zone, 1024);
	ok = seq == s->k.seq + 1 && event_decode(&e, bytes, size, &zone);
	if (ok) {
		e.seq = seq;
		ok = replay_event(s, &e);
		event_release(&e);
	}
	msgpack_zone_destroy(&zone);
	return ok;
}

void
core_recovered(struct state *s)
{
	struct execution *x;

	RB_FOREACH (x, executions, &s->executions)
		mark_all(s, x);
}

void
core_host(struct state *s, const struct host *host)
{
	/* The caller's may be the ones in force. */
	char *unavailable =
	    host->unavailable == NULL ? NULL : xstrdup(host->unavailable);
	bool was_unavailable = s->unavailable != NULL;
	uint64_t *runners = NULL;

	if (host->nrunners > 0) {
		runners = xcalloc(host->nrunners, sizeof(*runners));
		memcpy(
		    runners, host->runners, host->nrunners * sizeof(*runners));
	}
	free(s->runners);
	free(s->unavailable);
	s->runners = runners;
	s->unavailable = unavailable;
	s->host = *host;
	s->host.runners = runners;
	s->host.unavailable = unavailable;
	s->host.endings_only = host->endings_only && unavailable != NULL;
	if (was_unavailable && unavailable == NULL)
		mark_waiting(s);
}

/* All that could not begin, failure workflows among it. */
static void
mark_waiting(struct state *s)
{
	struct execution *x;

	RB_FOREACH (x, executions, &s->executions)
		if (!execution_ended(x->k.status))
			mark_all(s, x);
		else if (!x->k.followed && x->definition->on_failure != NULL)
			mark_dirty(s, x);
}

void
core_room(struct state *s, uint64_t bytes)
{
	s->host.room_bytes = bytes;
}
