/* state_decode: the whole state, made again from its bytes. */

#include "daemon/core/state_decode.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/core/alloc.h"
#include "daemon/core/apply.h"
#include "daemon/core/memory.h"
#include "daemon/core/safety.h"
#include "daemon/core/state_read.h"
#include "libproto/scan.h"

/* Lists in lists; values are bytes. */
#define STATE_DEPTH_MAX 16

/* A workflow's pending list, until its executions are there. */
struct waiting {
	struct workflow *workflow;
	struct fields ids;
};

static void take_engine(struct fields *, struct state *);
static void take_workflow(struct fields *, struct state *, struct waiting *);
static void take_caps(struct fields *, struct state *, struct workflow *);
static void take_version(
    struct fields *, struct state *, struct workflow **, const char *name);
static void take_executions(struct fields *, struct state *);
static void take_pending(struct waiting *, struct state *);
static void take_keys(struct fields *, struct state *);
static void check_links(struct damage *, const struct state *);
static void
check_children(struct damage *, const struct state *, const struct execution *);
static void take_state(const msgpack_object *, struct state *, struct damage *);

static void
take_engine(struct fields *outer, struct state *s)
{
	struct fields f;

	fields_take(outer, &f, 8, "engine");
	s->k.seq = take_u64(&f);
	s->k.time = take_i64(&f);
	s->k.next_execution = take_u64(&f);
	s->k.engine = (enum engine_status)take_below(
	    &f, ENGINE_STATUSES, "engine status");
	s->k.engine_reason = take_string(&f);
	s->k.engine_by = take_string(&f);
	s->k.engine_since = take_i64(&f);
	s->k.engine_frozen = take_bool(&f);
}

/* The first one brings the workflow into being. */
static void
take_version(struct fields *outer, struct state *s, struct workflow **w,
    const char *name)
{
	struct definition_errors errors = {0};
	struct workflow_version *v;
	struct definition *d = NULL;
	struct value *source;
	struct fields f;
	msgpack_zone zone;
	msgpack_object o;

	fields_take(outer, &f, 3, "version");
	source = take_value(&f);
	msgpack_zone_init(&zone, 4096);
	if (!is_damaged(f.damage) && value_unpack(source, &zone, &o))
		d = definition_parse(s->expressions, &o, NULL, NULL, &errors);
	msgpack_zone_destroy(&zone);
	value_unref(source);
	if (d == NULL)
		damaged(f.damage, "workflow %s: %s", name,
		    errors.count > 0 ? errors.list[0].message
				     : "it is no definition");
	else if (strcmp(d->name, name) != 0)
		damaged(f.damage, "workflow %s: it is named %s", name, d->name);
	definition_errors_free(&errors);
	if (d == NULL || is_damaged(f.damage)) {
		definition_unref(d);
		return;
	}
	if (*w == NULL) {
		*w = workflow_new(name);
		RB_INSERT(workflows, &s->workflows, *w);
	}
	v = workflow_add(*w, d);
	d->version = (*w)->nversions;
	v->put_at = take_i64(&f);
	v->by = take_string(&f);
}

static void
take_workflow(struct fields *outer, struct state *s, struct waiting *waiting)
{
	struct fields f, status, versions;
	struct workflow *w = NULL;
	char *name;

	fields_take(outer, &f, 8, "workflow");
	name = take_string(&f);
	if (name == NULL || state_workflow(s, name) != NULL) {
		damaged(
		    f.damage, "workflow: its name is missing or not its own");
		free(name);
		return;
	}
	status = f; /* with reason and by */
	take(&f);
	take(&f);
	take(&f);
	fields_take(&f, &versions, 0, "versions");
	if (versions.left == 0)
		damaged(f.damage, "workflow: it has no version");
	while (versions.left > 0 && !is_damaged(f.damage))
		take_version(&versions, s, &w, name);
	free(name);
	if (w == NULL)
		return;
	w->status = (enum workflow_status)take_below(
	    &status, WORKFLOW_DISABLED + 1, "workflow status");
	w->reason = take_string(&status);
	w->by = take_string(&status);
	waiting->workflow = w;
	fields_take(&f, &waiting->ids, 0, "pending executions");
	take_caps(&f, s, w);
}

static void
take_caps(struct fields *outer, struct state *s, struct workflow *w)
{
	struct value *own = take_value(outer);
	struct fields list, f;

	w->has_own_caps = own != NULL;
	safety_read(&w->own_caps, own);
	value_unref(own);
	fields_take(outer, &list, CAPS, "caps");
	for (int i = 0; i < CAPS; i++) {
		fields_take(&list, &f, 3, "cap");
		w->use[i].since = take_i64(&f);
		w->use[i].used = take_i64(&f);
		w->use[i].reached_at = take_i64(&f);
	}
	if (!is_damaged(outer->damage))
		caps_changed(s, w);
}

static void
take_pending(struct waiting *waiting, struct state *s)
{
	struct execution *x;

	while (waiting->ids.left > 0) {
		x = state_execution(s, take_u64(&waiting->ids));
		if (x == NULL || x->workflow != waiting->workflow ||
		    x->is_held || x->k.started_at != 0 ||
		    execution_ended(x->k.status)) {
			damaged(waiting->ids.damage,
			    "workflow %s: what is pending is not",
			    waiting->workflow->name);
			return;
		}
		TAILQ_INSERT_TAIL(&x->workflow->pending, x, held);
		x->is_held = true;
	}
}

static void
take_executions(struct fields *outer, struct state *s)
{
	struct fields list;

	fields_take(outer, &list, 0, "executions");
	while (list.left > 0 && !is_damaged(list.damage))
		execution_decode(
		    s, take(&list), list.damage->text, list.damage->size);
}

static void
take_keys(struct fields *outer, struct state *s)
{
	struct fields list, f;
	uint64_t execution;
	uint32_t uid;
	char *key;

	fields_take(outer, &list, 0, "idempotency keys");
	while (list.left > 0 && !is_damaged(list.damage)) {
		fields_take(&list, &f, 3, "idempotency key");
		uid = take_u32(&f);
		key = take_string(&f);
		execution = take_u64(&f);
		if (key == NULL || state_execution(s, execution) == NULL)
			damaged(f.damage,
			    "idempotency key: it or its execution is missing");
		else
			idempotency_add(s, uid, key, execution);
		free(key);
	}
}

static void
check_children(
    struct damage *damage, const struct state *s, const struct execution *x)
{
	for (uint32_t i = 0; i < x->nruns; i++)
		for (uint32_t j = 0; j < x->runs[i]->nactions; j++) {
			const struct attempt *t = x->runs[i]->actions[j].latest;
			const struct execution *child;

			for (; t != NULL; t = t->before) {
				if (t->k.child == 0)
					continue;
				child = state_execution(s, t->k.child);
				if (child == NULL || child->k.parent != x->k.id)
					damaged(damage,
					    "execution %llu: its subworkflow "
					    "%llu is not there",
					    (unsigned long long)x->k.id,
					    (unsigned long long)t->k.child);
			}
		}
}

/* Whom an execution names is there, and what has not begun is pending. */
static void
check_links(struct damage *damage, const struct state *s)
{
	struct executions *all = &((struct state *)(uintptr_t)s)->executions;
	const struct execution *parent;
	struct execution *x;

	RB_FOREACH (x, executions, all) {
		check_children(damage, s, x);
		if (x->k.status == EXECUTION_PENDING && !x->is_held)
			damaged(damage,
			    "execution %llu: pending, and not of its workflow",
			    (unsigned long long)x->k.id);
		if (x->k.parent == 0)
			continue;
		parent = state_execution(s, x->k.parent);
		if (parent == NULL || x->k.parent_run >= parent->nruns ||
		    x->k.parent >= x->k.id ||
		    !parent->runs[x->k.parent_run]->k.begun ||
		    run_action(parent->runs[x->k.parent_run],
			x->k.parent_item) == NULL)
			damaged(damage,
			    "execution %llu: its parent is not there",
			    (unsigned long long)x->k.id);
	}
}

static void
take_state(const msgpack_object *o, struct state *s, struct damage *damage)
{
	struct waiting *waiting;
	struct execution *x;
	struct fields f, list;
	uint32_t n;

	fields_open(&f, o, 4, "state", damage);
	take_engine(&f, s);
	fields_take(&f, &list, 0, "workflows");
	n = list.left;
	waiting = xcalloc((size_t)n + 1, sizeof(*waiting));
	for (uint32_t i = 0; i < n && !is_damaged(damage); i++)
		take_workflow(&list, s, &waiting[i]);
	if (!is_damaged(damage))
		take_executions(&f, s);
	for (uint32_t i = 0; i < n && !is_damaged(damage); i++)
		take_pending(&waiting[i], s);
	free(waiting);
	if (is_damaged(damage))
		return;
	take_keys(&f, s);
	check_links(damage, s);
	RB_FOREACH (x, executions, &s->executions)
		execution_count(s, x);
}

struct state *
state_decode(const void *bytes, size_t n, char *why, size_t size)
{
	/* The state is as large as it is; what it takes is in proportion. */
	static const struct scan_limits limits = {
	    .size = SIZE_MAX, .depth = STATE_DEPTH_MAX, .elements = UINT32_MAX};
	struct damage damage = {why, size};
	struct state *s;
	msgpack_zone zone;
	msgpack_object o;
	size_t at = 0;

	why[0] = '\0';
	if (!scan_is_value(bytes, n, &limits)) {
		snprintf(why, size, "the state is not one MessagePack value");
		return NULL;
	}
	msgpack_zone_init(&zone, 65536);
	s = state_new();
	if (msgpack_unpack(bytes, n, &at, &zone, &o) == MSGPACK_UNPACK_SUCCESS)
		take_state(&o, s, &damage);
	else
		damaged(&damage, "the state can't be unpacked");
	msgpack_zone_destroy(&zone);
	if (is_damaged(&damage)) {
		state_free(s);
		return NULL;
	}
	return s;
}
