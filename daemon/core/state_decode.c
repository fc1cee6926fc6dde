/* state_decode: the whole state, made again from a snapshot's chunks. */

#include "daemon/core/state_decode.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/core/alloc.h"
#include "daemon/core/apply.h"
#include "daemon/core/family.h"
#include "daemon/core/memory.h"
#include "daemon/core/safety.h"
#include "daemon/core/snapshot.h"
#include "daemon/core/state_read.h"
#include "daemon/core/zone.h"
#include "libproto/scan.h"

/* Lists in lists; values are bytes. */
#define STATE_DEPTH_MAX 16

/* Of a workflow's version: since snapshots of version 2, and before. */
#define VERSION_FIELDS 4
#define VERSION_FIELDS_1 3

/* A workflow's pending list, until its executions are there. */
struct waiting {
	struct workflow *workflow;
	uint64_t *ids;
	uint32_t n;
};

struct state_decoder {
	struct state *state;
	struct waiting *waiting;
	uint32_t nwaiting;
	uint32_t executions;
	bool begun; /* the head has been there */
	bool ended;
};

typedef void taker(struct state_decoder *, struct fields *);

static taker take_head, take_execution, take_end;
static void
take_chunk(struct state_decoder *, const msgpack_object *, struct damage *);
static void take_engine(struct fields *, struct state *);
static void take_workflow(struct fields *, struct state *, struct waiting *);
static void take_caps(struct fields *, struct state *, struct workflow *);
static void take_version(
    struct fields *, struct state *, struct workflow **, const char *name);
static void take_waiting(struct fields *, struct waiting *);
static void
settle_pending(const struct waiting *, const struct state *, struct damage *);
static void settle_keys(struct state *, struct damage *);
static void check_links(struct damage *, const struct state *);
static void
check_children(struct damage *, const struct state *, const struct execution *);

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
	bool known;

	fields_take(outer, &f, 0, "version");
	known = f.left == VERSION_FIELDS;
	if (!known && f.left != VERSION_FIELDS_1 && !is_damaged(f.damage))
		damaged(f.damage, "version has %u fields rather than %u",
		    f.left, VERSION_FIELDS);
	source = take_value(&f);
	zone_init(&zone, 4096);
	if (!is_damaged(f.damage) && value_unpack(source, &zone, &o))
		d = definition_load(s->expressions, &o, &errors);
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
	s->nversions++;
	v->put_at = take_i64(&f);
	v->by = take_string(&f);
	v->uid = known ? take_u32(&f) : UID_UNKNOWN;
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
	take_waiting(&f, waiting);
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
take_waiting(struct fields *outer, struct waiting *waiting)
{
	struct fields ids;

	fields_take(outer, &ids, 0, "pending executions");
	waiting->ids = xcalloc((size_t)ids.left + 1, sizeof(*waiting->ids));
	while (ids.left > 0)
		waiting->ids[waiting->n++] = take_u64(&ids);
}

/* In their order. */
static void
settle_pending(
    const struct waiting *waiting, const struct state *s, struct damage *damage)
{
	struct execution *x;

	for (uint32_t i = 0; i < waiting->n; i++) {
		x = state_execution(s, waiting->ids[i]);
		if (x == NULL || x->workflow != waiting->workflow ||
		    x->is_held || x->k.started_at != 0 ||
		    execution_ended(x->k.status)) {
			damaged(damage, "workflow %s: what is pending is not",
			    waiting->workflow->name);
			return;
		}
		TAILQ_INSERT_TAIL(&x->workflow->pending, x, held);
		x->is_held = true;
	}
}

static void
settle_keys(struct state *s, struct damage *damage)
{
	struct execution *x;

	RB_FOREACH (x, executions, &s->executions) {
		if (x->k.key == NULL)
			continue;
		if (state_idempotency(s, x->k.uid, x->k.key) != NULL) {
			damaged(damage,
			    "execution %llu: its key is another one's",
			    (unsigned long long)x->k.id);
			return;
		}
		idempotency_add(s, x->k.uid, x->k.key, x->k.id);
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
take_head(struct state_decoder *d, struct fields *f)
{
	uint32_t version = take_u32(f);
	struct fields list;

	if (d->begun)
		damaged(f->damage, "snapshot: a second head");
	else if (version == 0 || version > SNAPSHOT_VERSION)
		damaged(f->damage,
		    "snapshot: it has version %u, and this weird knows %u; a "
		    "newer one has written it",
		    version, SNAPSHOT_VERSION);
	if (is_damaged(f->damage))
		return;
	d->begun = true;
	take_engine(f, d->state);
	fields_take(f, &list, 0, "workflows");
	d->waiting = xcalloc((size_t)list.left + 1, sizeof(*d->waiting));
	while (list.left > 0 && !is_damaged(f->damage))
		take_workflow(&list, d->state, &d->waiting[d->nwaiting++]);
}

static void
take_execution(struct state_decoder *d, struct fields *f)
{
	execution_decode(d->state, take(f), f->damage->text, f->damage->size);
	d->executions++;
}

static void
take_end(struct state_decoder *d, struct fields *f)
{
	uint32_t count = take_u32(f);

	if (count != d->executions)
		damaged(f->damage, "snapshot: %u executions rather than %u",
		    d->executions, count);
	d->ended = true;
}

static void
take_chunk(
    struct state_decoder *d, const msgpack_object *o, struct damage *damage)
{
	static const struct {
		taker *take;
		uint32_t fields;
		const char *what;
	} chunks[] = {
	    [SNAPSHOT_HEAD] = {take_head, 4, "snapshot's head"},
	    [SNAPSHOT_EXECUTION] = {take_execution, 2, "snapshot's execution"},
	    [SNAPSHOT_END] = {take_end, 2, "snapshot's end"},
	};
	struct fields f;
	uint32_t kind;

	fields_open(&f, o, 0, "snapshot's chunk", damage);
	kind =
	    take_below(&f, sizeof(chunks) / sizeof(chunks[0]), "kind of chunk");
	if (is_damaged(damage))
		return;
	if (f.left + 1 != chunks[kind].fields)
		damaged(damage, "%s: it has %u fields rather than %u",
		    chunks[kind].what, f.left + 1, chunks[kind].fields);
	else if (!d->begun && kind != SNAPSHOT_HEAD)
		damaged(damage, "%s: before the head", chunks[kind].what);
	else if (d->ended)
		damaged(damage, "%s: behind the end", chunks[kind].what);
	else
		chunks[kind].take(d, &f);
}

struct state_decoder *
state_decoder_new(void)
{
	struct state_decoder *d = xcalloc(1, sizeof(*d));

	d->state = state_new();
	return d;
}

bool
state_decoder_take(struct state_decoder *d, const void *bytes, size_t n,
    char *why, size_t size)
{
	/* An execution is as large as it is; this takes in proportion. */
	static const struct scan_limits limits = {
	    .size = SIZE_MAX, .depth = STATE_DEPTH_MAX, .elements = UINT32_MAX};
	struct damage damage = {why, size};
	msgpack_zone zone;
	msgpack_object o;
	size_t at = 0;

	why[0] = '\0';
	if (!scan_is_value(bytes, n, &limits)) {
		snprintf(why, size,
		    "snapshot's chunk: it is not one MessagePack value");
		return false;
	}
	zone_init(&zone, 8192);
	if (msgpack_unpack(bytes, n, &at, &zone, &o) == MSGPACK_UNPACK_SUCCESS)
		take_chunk(d, &o, &damage);
	else
		damaged(&damage, "snapshot's chunk: it can't be unpacked");
	msgpack_zone_destroy(&zone);
	return !is_damaged(&damage);
}

struct state *
state_decoder_end(struct state_decoder *d, char *why, size_t size)
{
	struct damage damage = {why, size};
	struct state *s = d->state;
	struct execution *x;

	why[0] = '\0';
	if (!d->ended) {
		damaged(&damage, "snapshot: its end is missing");
		return NULL;
	}
	for (uint32_t i = 0; i < d->nwaiting && !is_damaged(&damage); i++)
		settle_pending(&d->waiting[i], s, &damage);
	settle_keys(s, &damage);
	check_links(&damage, s);
	if (is_damaged(&damage))
		return NULL;
	RB_FOREACH (x, executions, &s->executions)
		execution_count(s, x);
	families_find(s);
	revisions_find(s);
	d->state = NULL;
	return s;
}

void
state_decoder_free(struct state_decoder *d)
{
	if (d == NULL)
		return;
	for (uint32_t i = 0; i < d->nwaiting; i++)
		free(d->waiting[i].ids);
	free(d->waiting);
	state_free(d->state);
	free(d);
}
