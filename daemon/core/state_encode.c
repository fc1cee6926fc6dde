/*
 * state_encode: all that survives a restart, as bytes.  Two states that a
 * history led to are equal when these are.
 */

#include "daemon/core/buffer.h"
#include "daemon/core/safety.h"
#include "libproto/pack.h"

static void encode_workflow(msgpack_packer *, const struct workflow *);
static void encode_caps(msgpack_packer *, const struct workflow *);
static void encode_identity(msgpack_packer *, const struct execution *);
static void encode_progress(msgpack_packer *, const struct execution *);
static void
encode_node(msgpack_packer *, const struct execution *, uint32_t task);
static void encode_generation(msgpack_packer *, const struct generation *);
static void encode_run(msgpack_packer *, const struct run *);
static void encode_action(msgpack_packer *, const struct action *);
static void encode_attempt(msgpack_packer *, const struct attempt *);
static uint32_t attempts_of(const struct action *);
static void encode_lists(msgpack_packer *, const struct execution *);
static void encode_value(msgpack_packer *, const struct value *);
static void encode_engine(msgpack_packer *, const struct state *);

/* Its own bytes, just as they are; what says nothing is nil. */
static void
encode_value(msgpack_packer *pk, const struct value *v)
{
	if (v == NULL || (v->size == 1 && v->bytes[0] == '\xc0')) {
		msgpack_pack_nil(pk);
		return;
	}
	msgpack_pack_bin(pk, v->size);
	msgpack_pack_bin_body(pk, v->bytes, v->size);
}

static uint32_t
attempts_of(const struct action *a)
{
	uint32_t n = 0;

	for (const struct attempt *t = a->latest; t != NULL; t = t->before)
		n++;
	return n;
}

static void
encode_attempt(msgpack_packer *pk, const struct attempt *t)
{
	msgpack_pack_array(pk, 20);
	msgpack_pack_uint32(pk, t->k.number);
	pack_bool(pk, t->k.open);
	pack_bool(pk, t->k.late);
	msgpack_pack_int(pk, (int)t->k.status);
	msgpack_pack_int32(pk, t->k.exit);
	msgpack_pack_int32(pk, t->k.signal);
	msgpack_pack_int(pk, (int)t->k.stop);
	msgpack_pack_int32(pk, t->k.stop_signal);
	msgpack_pack_int64(pk, t->k.started_at);
	msgpack_pack_int64(pk, t->k.ended_at);
	msgpack_pack_int64(pk, t->k.cpu);
	msgpack_pack_int64(pk, t->k.max_rss);
	msgpack_pack_int64(pk, t->k.due);
	msgpack_pack_int64(pk, t->k.left);
	pack_bool(pk, t->k.frozen);
	pack_bool(pk, t->k.thawed);
	msgpack_pack_uint64(pk, t->k.runner);
	msgpack_pack_uint64(pk, t->k.child);
	encode_value(pk, t->k.spec);
	pack_str(pk, t->k.reason);
}

static void
encode_action(msgpack_packer *pk, const struct action *a)
{
	msgpack_pack_array(pk, 12);
	msgpack_pack_int(pk, (int)a->k.status);
	msgpack_pack_uint32(pk, a->k.attempts);
	msgpack_pack_uint32(pk, a->k.failures);
	msgpack_pack_int64(pk, a->k.due);
	msgpack_pack_int(pk, (int)a->k.due_kind);
	encode_value(pk, a->k.wait);
	encode_value(pk, a->k.output);
	pack_str(pk, a->k.reason);
	pack_bool(pk, a->k.lost);
	pack_bool(pk, a->k.offered);
	pack_bool(pk, a->k.touched);
	msgpack_pack_array(pk, attempts_of(a));
	for (const struct attempt *t = a->latest; t != NULL; t = t->before)
		encode_attempt(pk, t);
}

static void
encode_run(msgpack_packer *pk, const struct run *r)
{
	msgpack_pack_array(pk, 24);
	msgpack_pack_uint32(pk, r->k.generation);
	msgpack_pack_uint32(pk, r->task->number);
	msgpack_pack_uint32(pk, r->k.number);
	msgpack_pack_int(pk, (int)r->k.status);
	pack_bool(pk, r->k.begun);
	msgpack_pack_int64(pk, r->k.created_at);
	msgpack_pack_int64(pk, r->k.started_at);
	msgpack_pack_int64(pk, r->k.ended_at);
	encode_value(pk, r->k.items);
	encode_value(pk, r->k.output);
	pack_str(pk, r->k.reason);
	pack_bool(pk, r->k.superseded);
	pack_bool(pk, r->k.counted);
	pack_bool(pk, r->k.led);
	pack_bool(pk, r->k.own_context);
	msgpack_pack_uint64(pk, r->k.ended_seq);
	encode_value(pk, r->k.context);
	encode_value(pk, r->k.input);
	encode_value(pk, r->k.set);
	encode_value(pk, r->k.cut);
	msgpack_pack_uint32(pk, r->k.nlate);
	msgpack_pack_uint32(pk, r->k.next_item);
	msgpack_pack_array(pk, r->k.nfrom);
	for (uint32_t i = 0; i < r->k.nfrom; i++)
		msgpack_pack_uint32(pk, r->k.from[i]);
	msgpack_pack_array(pk, r->nactions);
	for (uint32_t i = 0; i < r->nactions; i++)
		encode_action(pk, &r->actions[i]);
}

static void
encode_node(msgpack_packer *pk, const struct execution *x, uint32_t task)
{
	const struct node *node = &x->nodes[task];
	uint32_t n =
	    node->k.round == NULL ? 0 : x->definition->tasks[task].nbefore;

	msgpack_pack_array(pk, 3);
	pack_bool(pk, node->k.fired);
	msgpack_pack_array(pk, n);
	for (uint32_t i = 0; i < n; i++)
		pack_bool(pk, node->k.round[i]);
	msgpack_pack_array(pk, node->k.narrivals);
	for (uint32_t i = 0; i < node->k.narrivals; i++) {
		msgpack_pack_array(pk, 2);
		msgpack_pack_uint32(pk, node->k.arrivals[i].before);
		msgpack_pack_uint32(pk, node->k.arrivals[i].run);
	}
}

static void
encode_generation(msgpack_packer *pk, const struct generation *g)
{
	msgpack_pack_array(pk, 11);
	msgpack_pack_uint32(pk, g->definition->version);
	encode_value(pk, g->input);
	encode_value(pk, g->output);
	encode_value(pk, g->vars);
	pack_str(pk, g->reason);
	msgpack_pack_uint32(pk, g->cause.run);
	msgpack_pack_uint32(pk, g->cause.item);
	msgpack_pack_uint32(pk, g->cause.attempt);
	msgpack_pack_int(pk, (int)g->status);
	msgpack_pack_int64(pk, g->started_at);
	msgpack_pack_int64(pk, g->ended_at);
}

static void
encode_identity(msgpack_packer *pk, const struct execution *x)
{
	msgpack_pack_array(pk, 18);
	msgpack_pack_uint64(pk, x->k.id);
	pack_str(pk, x->definition->name);
	msgpack_pack_uint32(pk, x->definition->version);
	msgpack_pack_uint64(pk, x->k.parent);
	msgpack_pack_uint32(pk, x->k.parent_run);
	msgpack_pack_uint32(pk, x->k.parent_item);
	msgpack_pack_uint64(pk, x->k.failure_of);
	msgpack_pack_uint64(pk, x->k.replay_of);
	msgpack_pack_uint32(pk, x->k.depth);
	msgpack_pack_uint32(pk, x->k.uid);
	msgpack_pack_uint32(pk, x->k.gid);
	pack_str(pk, x->k.owner);
	encode_value(pk, x->k.input);
	encode_value(pk, x->k.labels);
	encode_value(pk, x->k.domains);
	pack_str(pk, x->k.correlation);
	pack_str(pk, x->k.key);
	msgpack_pack_int32(pk, x->k.priority);
}

static void
encode_progress(msgpack_packer *pk, const struct execution *x)
{
	msgpack_pack_array(pk, 26);
	msgpack_pack_int(pk, (int)x->k.status);
	msgpack_pack_int(pk, x->k.ending);
	msgpack_pack_uint64(pk, x->k.revision);
	msgpack_pack_uint32(pk, x->k.generation);
	encode_value(pk, x->k.vars);
	encode_value(pk, x->k.first_vars);
	encode_value(pk, x->k.output);
	pack_str(pk, x->k.reason);
	pack_str(pk, x->k.canceled_by);
	msgpack_pack_uint32(pk, x->k.cause.run);
	msgpack_pack_uint32(pk, x->k.cause.item);
	msgpack_pack_uint32(pk, x->k.cause.attempt);
	pack_bool(pk, x->k.kill);
	pack_bool(pk, x->k.admitted);
	pack_bool(pk, x->k.wants_failure_workflow);
	pack_bool(pk, x->k.followed);
	pack_str(pk, x->k.unfollowed);
	msgpack_pack_uint64(pk, x->k.followed_by);
	msgpack_pack_int64(pk, x->k.created_at);
	msgpack_pack_int64(pk, x->k.started_at);
	msgpack_pack_int64(pk, x->k.ended_at);
	msgpack_pack_int64(pk, x->k.due);
	msgpack_pack_int64(pk, x->k.left);
	msgpack_pack_array(pk, 5);
	msgpack_pack_int(pk, (int)x->k.hold.by);
	pack_bool(pk, x->k.hold.frozen);
	pack_str(pk, x->k.hold.who);
	pack_str(pk, x->k.hold.reason);
	msgpack_pack_int64(pk, x->k.hold.since);
	msgpack_pack_int64(pk, x->k.logs_gone_at);
	msgpack_pack_int(pk, (int)x->k.logs_gone);
}

/* Which runs have not ended, and which actions are due: in their order. */
static void
encode_lists(msgpack_packer *pk, const struct execution *x)
{
	const struct run *r;
	const struct action *a;
	uint32_t open = 0, ready = 0;

	TAILQ_FOREACH (r, &x->open, open)
		open++;
	msgpack_pack_array(pk, open);
	TAILQ_FOREACH (r, &x->open, open)
		msgpack_pack_uint32(pk, r->index);
	TAILQ_FOREACH (a, &x->ready, ready)
		ready++;
	msgpack_pack_array(pk, ready);
	TAILQ_FOREACH (a, &x->ready, ready) {
		msgpack_pack_array(pk, 2);
		msgpack_pack_uint32(pk, a->run->index);
		msgpack_pack_uint32(pk, a->item);
	}
}

void
execution_encode(const struct execution *x, msgpack_packer *pk)
{
	const struct kept_signal *kept;
	uint32_t signals = 0;

	msgpack_pack_array(pk, 8);
	encode_identity(pk, x);
	msgpack_pack_array(pk, x->k.generation - 1);
	for (uint32_t i = 0; i + 1 < x->k.generation; i++)
		encode_generation(pk, &x->earlier[i]);
	encode_progress(pk, x);
	msgpack_pack_array(pk, x->nruns);
	for (uint32_t i = 0; i < x->nruns; i++)
		encode_run(pk, x->runs[i]);
	msgpack_pack_array(pk, x->definition->ntasks);
	for (uint32_t i = 0; i < x->definition->ntasks; i++)
		encode_node(pk, x, i);
	TAILQ_FOREACH (kept, &x->signals, entry)
		signals++;
	msgpack_pack_array(pk, signals);
	TAILQ_FOREACH (kept, &x->signals, entry) {
		msgpack_pack_array(pk, 3);
		pack_str(pk, kept->name);
		encode_value(pk, kept->output);
		pack_str(pk, kept->by);
	}
	encode_lists(pk, x);
}

static void
encode_workflow(msgpack_packer *pk, const struct workflow *w)
{
	const struct execution *x;
	uint32_t pending = 0;

	msgpack_pack_array(pk, 8);
	pack_str(pk, w->name);
	msgpack_pack_int(pk, (int)w->status);
	pack_str(pk, w->reason);
	pack_str(pk, w->by);
	msgpack_pack_array(pk, w->nversions);
	for (uint32_t i = 0; i < w->nversions; i++) {
		msgpack_pack_array(pk, 4);
		encode_value(pk, w->versions[i].definition->source);
		msgpack_pack_int64(pk, w->versions[i].put_at);
		pack_str(pk, w->versions[i].by);
		msgpack_pack_uint32(pk, w->versions[i].uid);
	}
	TAILQ_FOREACH (x, &w->pending, held)
		pending++;
	msgpack_pack_array(pk, pending);
	TAILQ_FOREACH (x, &w->pending, held)
		msgpack_pack_uint64(pk, x->k.id);
	encode_caps(pk, w);
}

/* Two elements: caps of its own, or nil, and what is used. */
static void
encode_caps(msgpack_packer *pk, const struct workflow *w)
{
	struct value *own = w->has_own_caps ? safety_value(&w->own_caps) : NULL;

	encode_value(pk, own);
	value_unref(own);
	msgpack_pack_array(pk, CAPS);
	for (size_t i = 0; i < CAPS; i++) {
		msgpack_pack_array(pk, 3);
		msgpack_pack_int64(pk, w->use[i].since);
		msgpack_pack_int64(pk, w->use[i].used);
		msgpack_pack_int64(pk, w->use[i].reached_at);
	}
}

static void
encode_engine(msgpack_packer *pk, const struct state *s)
{
	msgpack_pack_array(pk, 8);
	msgpack_pack_uint64(pk, s->k.seq);
	msgpack_pack_int64(pk, s->k.time);
	msgpack_pack_uint64(pk, s->k.next_execution);
	msgpack_pack_int(pk, (int)s->k.engine);
	pack_str(pk, s->k.engine_reason);
	pack_str(pk, s->k.engine_by);
	msgpack_pack_int64(pk, s->k.engine_since);
	pack_bool(pk, s->k.engine_frozen);
}

void
state_encode_head(const struct state *const_state, msgpack_packer *pk)
{
	/* sys/tree.h takes no const head; walking changes nothing. */
	struct state *s = (struct state *)(uintptr_t)const_state;
	struct workflow *w;
	uint32_t n = 0;

	RB_FOREACH (w, workflows, &s->workflows)
		n++;
	encode_engine(pk, s);
	msgpack_pack_array(pk, n);
	RB_FOREACH (w, workflows, &s->workflows)
		encode_workflow(pk, w);
}

void
state_encode(const struct state *const_state, msgpack_sbuffer *buffer)
{
	struct state *s = (struct state *)(uintptr_t)const_state;
	struct execution *x;
	struct idempotency *key;
	msgpack_packer pk;
	uint32_t n[2] = {0};

	RB_FOREACH (x, executions, &s->executions)
		n[0]++;
	RB_FOREACH (key, idempotencies, &s->idempotencies)
		n[1]++;
	msgpack_packer_init(&pk, buffer, buffer_write);
	msgpack_pack_array(&pk, 4);
	state_encode_head(s, &pk);
	msgpack_pack_array(&pk, n[0]);
	RB_FOREACH (x, executions, &s->executions)
		execution_encode(x, &pk);
	msgpack_pack_array(&pk, n[1]);
	RB_FOREACH (key, idempotencies, &s->idempotencies) {
		msgpack_pack_array(&pk, 3);
		msgpack_pack_uint32(&pk, key->uid);
		pack_str(&pk, key->key);
		msgpack_pack_uint64(&pk, key->execution);
	}
}
