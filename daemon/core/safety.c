/* safety: the caps of a workflow. */

#include "daemon/core/buffer.h"
#include "daemon/core/safety.h"

#include <stdio.h>
#include <string.h>

#include "daemon/core/duration.h"
#include "daemon/core/zone.h"
#include "libproto/pack.h"

static bool
is_reached(const struct workflow *, const struct safety *, enum cap, int64_t);
static void pack_cap(msgpack_packer *, const struct safety *, enum cap);
static void read_cap(struct safety *, enum cap, const msgpack_object *);
static void print_amount(char *, size_t, enum cap, int64_t);

const struct safety *
workflow_caps(const struct workflow *w)
{
	return w->has_own_caps
	    ? &w->own_caps
	    : &w->versions[w->nversions - 1].definition->safety;
}

enum workflow_status
workflow_status(const struct workflow *w)
{
	if (w->status == WORKFLOW_ENABLED && workflow_capped(w) >= 0)
		return WORKFLOW_SAFETY_PAUSED;
	return w->status;
}

int
workflow_capped(const struct workflow *w)
{
	for (int i = 0; i < CAPS; i++)
		if (w->use[i].reached_at != 0)
			return i;
	return -1;
}

bool
workflow_admits(const struct workflow *w, const struct execution *x)
{
	return w->status == WORKFLOW_ENABLED &&
	    w->use[CAP_COST].reached_at == 0 &&
	    (w->use[CAP_STARTS].reached_at == 0 || x->k.admitted);
}

bool
subworkflow_is_held(const struct state *s, const struct action *a)
{
	const struct task_definition *t = a->run->task;
	const struct workflow *w;

	if (t->kind != ACTION_WORKFLOW || a->k.status != TASK_PENDING)
		return false;
	w = state_workflow(s, t->u.workflow.name);
	return w != NULL && workflow_status(w) != WORKFLOW_ENABLED;
}

int64_t
cap_max(const struct safety *caps, enum cap cap)
{
	if (cap == CAP_STARTS)
		return caps->starts_max;
	if (caps->cost_max >= (double)(INT64_MAX / COST_UNIT))
		return INT64_MAX;
	return (int64_t)(caps->cost_max * COST_UNIT);
}

int64_t
cap_per(const struct safety *caps, enum cap cap)
{
	return cap == CAP_STARTS ? caps->starts_per : caps->cost_per;
}

const char *
cap_name(enum cap cap)
{
	static const char *const names[] = {
	    [CAP_STARTS] = "starts",
	    [CAP_COST] = "cost",
	};

	return names[cap];
}

int64_t
cap_ends(const struct workflow *w, const struct safety *caps, enum cap cap)
{
	int64_t since = w->use[cap].since, per = cap_per(caps, cap);

	if (since == 0)
		return 0;
	return since > INT64_MAX - per ? INT64_MAX : since + per;
}

int64_t
cap_used(const struct workflow *w, const struct safety *caps, enum cap cap,
    int64_t now)
{
	return now < cap_ends(w, caps, cap) ? w->use[cap].used : 0;
}

/*
 * Too many starts may be the sign of something that goes wrong: that stays
 * until somebody has looked.
 */
static bool
is_reached(const struct workflow *w, const struct safety *caps, enum cap cap,
    int64_t now)
{
	int64_t max = cap_max(caps, cap);

	if (max == 0)
		return false;
	if (cap == CAP_STARTS && w->use[cap].reached_at != 0)
		return true;
	return cap_used(w, caps, cap, now) >= max;
}

void
safety_follows(
    const struct workflow *w, const struct safety *caps, struct batch *b)
{
	char text[CAP_TEXT];

	for (int i = 0; i < CAPS; i++) {
		enum cap cap = (enum cap)i;
		bool is = w->use[i].reached_at != 0;
		bool should = is_reached(w, caps, cap, b->now);
		struct event *e;

		if (is == should)
			continue;
		e = batch_add(b,
		    should ? EVENT_DEFINITION_CAPPED : EVENT_DEFINITION_LIFTED);
		e->name = w->name;
		e->cap = i;
		if (should) {
			cap_text(w, caps, cap, text);
			e->reason = batch_printf(b, "%s", text);
		} else
			e->reason = cap_max(caps, cap) == 0
			    ? "the cap was taken away"
			    : b->now < cap_ends(w, caps, cap)
			    ? "the cap was raised"
			    : "the period is over";
	}
}

static void
print_amount(char *text, size_t size, enum cap cap, int64_t amount)
{
	if (cap == CAP_STARTS)
		snprintf(text, size, "%lld", (long long)amount);
	else
		snprintf(text, size, "%.15g", (double)amount / COST_UNIT);
}

void
cap_text(const struct workflow *w, const struct safety *caps, enum cap cap,
    char text[CAP_TEXT])
{
	char used[40], max[40], per[DURATION_TEXT];

	print_amount(used, sizeof(used), cap, w->use[cap].used);
	print_amount(max, sizeof(max), cap, cap_max(caps, cap));
	duration_text(cap_per(caps, cap), per);
	snprintf(text, CAP_TEXT, "%s of %s in %s", used, max, per);
}

static void
pack_cap(msgpack_packer *pk, const struct safety *caps, enum cap cap)
{
	pack_str(pk, cap_name(cap));
	if (cap_max(caps, cap) == 0) {
		msgpack_pack_nil(pk);
		return;
	}
	msgpack_pack_map(pk, 2);
	if (cap == CAP_STARTS)
		pack_key_uint(pk, "max", caps->starts_max);
	else {
		pack_str(pk, "max");
		msgpack_pack_double(pk, caps->cost_max);
	}
	pack_key_int(pk, "per", cap_per(caps, cap));
}

struct value *
safety_value(const struct safety *caps)
{
	msgpack_sbuffer buffer;
	msgpack_packer pk;

	msgpack_sbuffer_init(&buffer);
	msgpack_packer_init(&pk, &buffer, buffer_write);
	msgpack_pack_map(&pk, CAPS);
	for (int i = 0; i < CAPS; i++)
		pack_cap(&pk, caps, (enum cap)i);
	return value_of_buffer(&buffer);
}

static void
read_cap(struct safety *caps, enum cap cap, const msgpack_object *o)
{
	const msgpack_object *max, *per;

	if (o == NULL || o->type != MSGPACK_OBJECT_MAP)
		return;
	max = object_get(o, "max");
	per = object_get(o, "per");
	if (max == NULL || per == NULL ||
	    per->type != MSGPACK_OBJECT_POSITIVE_INTEGER)
		return;
	if (cap == CAP_STARTS) {
		if (max->type == MSGPACK_OBJECT_POSITIVE_INTEGER)
			caps->starts_max = (uint32_t)max->via.u64;
		caps->starts_per = per->via.i64;
		return;
	}
	if (max->type == MSGPACK_OBJECT_FLOAT64 ||
	    max->type == MSGPACK_OBJECT_FLOAT32)
		caps->cost_max = max->via.f64;
	else if (max->type == MSGPACK_OBJECT_POSITIVE_INTEGER)
		caps->cost_max = (double)max->via.u64;
	caps->cost_per = per->via.i64;
}

void
safety_read(struct safety *caps, const struct value *value)
{
	msgpack_zone zone;
	msgpack_object o;

	memset(caps, 0, sizeof(*caps));
	zone_init(&zone, 256);
	if (value_unpack(value, &zone, &o) && o.type == MSGPACK_OBJECT_MAP)
		for (int i = 0; i < CAPS; i++)
			read_cap(caps, (enum cap)i,
			    object_get(&o, cap_name((enum cap)i)));
	msgpack_zone_destroy(&zone);
}
