/* state_decode_run: the runs of an execution, their actions and attempts. */

#include <stdlib.h>

#include "daemon/core/alloc.h"
#include "daemon/core/apply.h"
#include "daemon/core/memory.h"
#include "daemon/core/state_read.h"
#include "daemon/core/zone.h"

static const struct task_definition *
take_task(struct fields *, const struct execution *, uint32_t generation);
static void take_items(struct fields *, struct run *);
static bool cut_is_sound(const struct value *, const struct run *);
static void take_actions(struct fields *, struct state *, struct run *);
static void take_action(struct fields *, struct state *, struct action *);
static void take_attempt(struct fields *, struct state *, struct action *);
static void
check_attempt(struct damage *, const struct action *, const struct attempt *);

void
take_run(struct fields *outer, struct state *s, struct execution *x)
{
	struct fields f, from;
	const struct task_definition *task;
	struct run *r;
	uint32_t generation;

	fields_take(outer, &f, 24, "run");
	generation = take_u32(&f);
	if ((task = take_task(&f, x, generation)) == NULL)
		return;
	r = run_append(x, task);
	r->k.generation = generation;
	r->k.number = take_u32(&f);
	r->k.status =
	    (enum task_status)take_below(&f, TASK_STATUSES, "task status");
	r->k.begun = take_bool(&f);
	r->k.created_at = take_i64(&f);
	r->k.started_at = take_i64(&f);
	r->k.ended_at = take_i64(&f);
	r->k.items = take_value(&f);
	r->k.output = take_value(&f);
	r->k.reason = take_string(&f);
	r->k.superseded = take_bool(&f);
	r->k.counted = take_bool(&f);
	r->k.led = take_bool(&f);
	r->k.own_context = take_bool(&f);
	r->k.ended_seq = take_u64(&f);
	r->k.context = take_value(&f);
	r->k.input = take_value(&f);
	r->k.set = take_value(&f);
	r->k.cut = take_value(&f);
	r->k.nlate = take_u32(&f);
	r->k.next_item = take_u32(&f);
	fields_take(&f, &from, 0, "what led to a run");
	while (from.left > 0) {
		uint32_t run = take_u32(&from);

		run_from(r, &run, 1);
	}
	run_find_vars(r);
	take_actions(&f, s, r);
	if (r->k.nlate > r->k.nfrom)
		damaged(f.damage, "run: more came late than came");
	if (!cut_is_sound(r->k.cut, r))
		damaged(f.damage, "run: it was to lead to what is no task");
}

static const struct task_definition *
take_task(struct fields *f, const struct execution *x, uint32_t generation)
{
	const struct definition *d = x->definition;

	if (generation == 0 || generation > x->k.generation) {
		damaged(
		    f->damage, "run: there is no generation %u", generation);
		return NULL;
	}
	if (generation < x->k.generation)
		d = x->earlier[generation - 1].definition;
	return is_damaged(f->damage)
	    ? NULL
	    : &d->tasks[take_below(f, d->ntasks, "task")];
}

/* It is a list of task numbers of the definition that the run belongs to. */
static bool
cut_is_sound(const struct value *cut, const struct run *r)
{
	const struct execution *x = r->execution;
	msgpack_object o;
	msgpack_zone zone;
	bool sound;

	if (cut == NULL)
		return true;
	zone_init(&zone, 256);
	sound = value_unpack(cut, &zone, &o) &&
	    o.type == MSGPACK_OBJECT_ARRAY &&
	    r->k.generation == x->k.generation;
	for (uint32_t i = 0; sound && i < o.via.array.size; i++) {
		const msgpack_object *to = &o.via.array.ptr[i];

		sound = to->type == MSGPACK_OBJECT_POSITIVE_INTEGER &&
		    to->via.u64 < x->definition->ntasks;
	}
	msgpack_zone_destroy(&zone);
	return sound;
}

/* As many actions as the list has entries. */
static void
take_items(struct fields *list, struct run *r)
{
	uint32_t entries = 0;
	msgpack_object o;
	msgpack_zone zone;

	if (r->k.items != NULL) {
		zone_init(&zone, 256);
		if (value_unpack(r->k.items, &zone, &o) &&
		    o.type == MSGPACK_OBJECT_ARRAY)
			entries = o.via.array.size;
		else
			damaged(list->damage, "run: its items are no list");
		msgpack_zone_destroy(&zone);
	}
	if (list->left != entries || (!r->k.begun && entries > 0))
		damaged(list->damage, "run: %u actions for %u items",
		    list->left, entries);
}

static void
take_actions(struct fields *f, struct state *s, struct run *r)
{
	bool begun = r->k.begun;
	struct fields list;

	fields_take(f, &list, 0, "actions");
	if (r->task->items != NULL)
		take_items(&list, r);
	else if (list.left != 1 || !begun)
		damaged(f->damage, "run: it has not the one action");
	if (is_damaged(f->damage))
		return;
	if (begun)
		run_make_actions(r, list.left);
	for (uint32_t i = 0; i < r->nactions; i++)
		take_action(&list, s, &r->actions[i]);
	run_count(r);
	if (task_ended(r->k.status) && r->items_open > 0)
		damaged(f->damage, "run: it has ended before its actions");
}

static void
take_action(struct fields *outer, struct state *s, struct action *a)
{
	struct fields f, attempts, newest;
	uint32_t count;

	fields_take(outer, &f, 12, "action");
	a->k.status =
	    (enum task_status)take_below(&f, TASK_STATUSES, "task status");
	count = take_u32(&f);
	a->k.failures = take_u32(&f);
	a->k.due = take_i64(&f);
	a->k.due_kind = (enum timer_kind)take_below(
	    &f, TIMER_UNTIL + 1, "kind of deadline");
	a->k.wait = take_value(&f);
	a->k.output = take_value(&f);
	a->k.reason = take_string(&f);
	a->k.lost = take_bool(&f);
	a->k.offered = take_bool(&f);
	a->k.touched = take_bool(&f);
	fields_take(&f, &attempts, 0, "attempts");
	if (attempts.left != count)
		damaged(f.damage, "action: %u attempts rather than %u",
		    attempts.left, count);
	/* They stand there from the newest on. */
	for (uint32_t i = attempts.left; i > 0; i--) {
		newest = attempts;
		newest.next += i - 1;
		newest.left = 1;
		take_attempt(&newest, s, a);
	}
	if (!a->k.touched && (a->k.status != TASK_PENDING || count > 0))
		damaged(f.damage, "action: it has moved and has not");
	if (!is_damaged(f.damage))
		timer_set(s, &a->timer, a->k.due_kind, a->k.due);
}

static void
take_attempt(struct fields *outer, struct state *s, struct action *a)
{
	struct attempt *t = attempt_append(a);
	struct fields f;

	fields_take(outer, &f, 20, "attempt");
	if (take_u32(&f) != t->k.number)
		damaged(f.damage, "attempt: its number is not its place");
	t->k.open = take_bool(&f);
	t->k.late = take_bool(&f);
	t->k.status =
	    (enum task_status)take_below(&f, TASK_STATUSES, "task status");
	t->k.exit = take_i32(&f);
	t->k.signal = take_i32(&f);
	t->k.stop =
	    (enum stop_why)take_below(&f, STOP_UPDATE + 1, "kind of stop");
	t->k.stop_signal = take_i32(&f);
	t->k.started_at = take_i64(&f);
	t->k.ended_at = take_i64(&f);
	t->k.cpu = take_i64(&f);
	t->k.max_rss = take_i64(&f);
	t->k.due = take_i64(&f);
	t->k.left = take_i64(&f);
	t->k.frozen = take_bool(&f);
	t->k.thawed = take_bool(&f);
	t->k.runner = take_u64(&f);
	t->k.child = take_u64(&f);
	t->k.spec = take_value(&f);
	t->k.reason = take_string(&f);
	check_attempt(f.damage, a, t);
	if (is_damaged(f.damage))
		return;
	timer_set(s, &t->timer,
	    t->k.stop == STOP_NOT ? TIMER_TIMEOUT : TIMER_KILL, t->k.due);
	if (t->k.open && t->k.child == 0) {
		a->run->execution->open_callouts++;
		attempt_changed(s, t);
	}
}

static void
check_attempt(
    struct damage *damage, const struct action *a, const struct attempt *t)
{
	enum action_kind kind = a->run->task->kind;

	if (kind != (t->k.child != 0 ? ACTION_WORKFLOW : ACTION_RUN))
		damaged(damage, "attempt: it is not what its task does");
	if ((t->k.spec != NULL) != (t->k.open && t->k.child == 0))
		damaged(damage,
		    "attempt: its callout's description is not "
		    "kept as long as it runs");
	if (t->k.open != (t->k.ended_at == 0))
		damaged(damage, "attempt: it has ended and has not");
}
