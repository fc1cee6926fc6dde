/* definition_task: one task, by the table of its keys. */

#include "daemon/core/definition_parts.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/core/alloc.h"
#include "libproto/nearest.h"

#define TASK(f) offsetof(struct task_definition, f)

#define RUN ACTION_BIT(ACTION_RUN)
#define WORKFLOW ACTION_BIT(ACTION_WORKFLOW)
#define CALLS (RUN | WORKFLOW)
#define WAIT ACTION_BIT(ACTION_WAIT)
#define SET ACTION_BIT(ACTION_SET)
#define END ACTION_BIT(ACTION_END)
#define GOES_ON (CALLS | WAIT | SET)
#define ANY (GOES_ON | END)

#define KILL_AFTER (10 * INT64_C(1000000000)) /* ns, unless given */
#define PRIORITY_MAX 1000

static decode_field decode_reference;
static decode_field decode_arguments;
static decode_field decode_end_status;
static decode_field decode_on_lost;
static decode_field decode_priority;
static decode_field decode_domain;
static decode_field decode_cost;
static bool reference_of(const msgpack_object *, size_t *, uint32_t *);
static const char *intended_action(const msgpack_object *);
static void choose_action(struct decoder *, const struct place *,
    const msgpack_object *, struct task_definition *);
static void set_defaults(struct decoder *, struct task_definition *);
static void check_together(struct decoder *, const struct place *,
    const msgpack_object *, const struct task_definition *);
static void decode_task(struct decoder *, const struct place *,
    const msgpack_object *, struct task_definition *);

static const struct key task_keys[] = {
    {"run", decode_run, 0, RUN, false},
    {"cwd", decode_directory, TASK(u.run.cwd), RUN, false},
    {"env", decode_environment, TASK(u.run.env), RUN, false},
    {"stdin", decode_template, TASK(u.run.input), RUN, false},
    {"output", decode_output_kind, TASK(u.run.output), RUN, false},
    {"success", decode_exit_codes, TASK(u.run.success), RUN, false},
    {"fatal", decode_exit_codes, TASK(u.run.fatal), RUN, false},
    {"kill_after", decode_duration, TASK(u.run.kill_after), RUN, false},
    {"limits", decode_limits, 0, RUN, false},

    {"workflow", decode_reference, 0, WORKFLOW, false},
    {"input", decode_arguments, TASK(u.workflow.input), WORKFLOW, false},
    {"detach", decode_boolean, TASK(u.workflow.detach), WORKFLOW, false},

    {"wait", decode_wait, 0, WAIT, false},

    {"set", decode_template_map, TASK(u.set), SET, false},

    {"end", decode_end_status, TASK(u.end.status), END, false},
    {"reason", decode_template_text, TASK(u.end.reason), END, false},
    {"output", decode_template, TASK(u.end.output), END, false},

    {"items", decode_items, 0, CALLS, false},
    {"timeout", decode_timeout, TASK(timeout), CALLS, false},
    {"retry", decode_retry, TASK(retry), CALLS, false},
    {"on_lost", decode_on_lost, TASK(on_lost), CALLS, false},
    {"priority", decode_priority, TASK(priority), CALLS, false},
    {"domain", decode_domain, TASK(domain), CALLS, false},
    {"cost", decode_cost, TASK(cost), CALLS, false},
    {"optional", decode_boolean, TASK(optional), GOES_ON, false},
    {"join", decode_join, TASK(join), ANY, false},
    {"needs", decode_needs, 0, ANY, false},
    {"next", decode_next, 0, GOES_ON, false},
};
static const struct key_table task_table = KEY_TABLE("a task", task_keys);

/* NAME, NAME@N: the length of the name and the number, 0 where there is none.
 */
static bool
reference_of(const msgpack_object *o, size_t *len, uint32_t *version)
{
	const char *s, *at;
	size_t size, i;
	uint64_t n = 0;

	if (o->type != MSGPACK_OBJECT_STR || o->via.str.size == 0)
		return false;
	s = o->via.str.ptr;
	size = o->via.str.size;
	at = memchr(s, '@', size);
	*len = at == NULL ? size : (size_t)(at - s);
	*version = 0;
	if (at == NULL)
		return is_workflow_name(s, *len);
	for (i = *len + 1; i < size && s[i] >= '0' && s[i] <= '9'; i++)
		if ((n = n * 10 + (uint64_t)(s[i] - '0')) > INT32_MAX)
			return false;
	*version = (uint32_t)n;
	return i == size && n > 0 && is_workflow_name(s, *len);
}

static void
decode_reference(struct decoder *d, const struct place *place,
    const msgpack_object *o, void *field)
{
	struct task_definition *t = field;
	uint32_t version;
	size_t len, offset;

	if (holds_expression(o, &offset))
		complain_inside(d, place, "", offset,
		    "which workflow a task starts can't depend on an "
		    "expression; lead to one of several tasks instead");
	else if (!reference_of(o, &len, &version))
		unexpected(d, place, o,
		    "a workflow's name, with or without a version: NAME or "
		    "NAME@3");
	else {
		t->u.workflow.name =
		    memory_text(d->memory, o->via.str.ptr, len);
		t->u.workflow.version = version;
	}
}

/* A map, or an expression that gives one. */
static void
decode_arguments(struct decoder *d, const struct place *place,
    const msgpack_object *o, void *field)
{
	size_t offset;

	if (o->type == MSGPACK_OBJECT_MAP ||
	    (holds_expression(o, &offset) && offset == 0))
		decode_template(d, place, o, field);
	else
		unexpected(d, place, o, "a map: an input for each name");
}

static void
decode_end_status(struct decoder *d, const struct place *place,
    const msgpack_object *o, void *field)
{
	static const char *const words[] = {
	    [END_COMPLETED] = "completed",
	    [END_FAILED] = "failed",
	    [END_TERMINATED] = "terminated",
	};
	enum end_status *status = field;
	int word =
	    decode_word(d, place, o, words, sizeof(words) / sizeof(words[0]));

	if (word >= 0)
		*status = (enum end_status)word;
}

static void
decode_on_lost(struct decoder *d, const struct place *place,
    const msgpack_object *o, void *field)
{
	static const char *const words[] = {"retry", "fail", "ask"};
	enum on_lost *lost = field;
	int word =
	    decode_word(d, place, o, words, sizeof(words) / sizeof(words[0]));

	if (word >= 0)
		*lost = (enum on_lost)(LOST_RETRY + word);
}

static void
decode_priority(struct decoder *d, const struct place *place,
    const msgpack_object *o, void *field)
{
	int32_t *priority = field;
	int64_t n;

	if (decode_integer(d, place, o, -PRIORITY_MAX, PRIORITY_MAX, &n))
		*priority = (int32_t)n;
}

static void
decode_domain(struct decoder *d, const struct place *place,
    const msgpack_object *o, void *field)
{
	char **domain = field;

	if (o->type != MSGPACK_OBJECT_STR ||
	    !is_workflow_name(o->via.str.ptr, o->via.str.size))
		unexpected(d, place, o,
		    "a domain's name: at most 64 of a-z 0-9 . _ -, the first "
		    "a letter or digit");
	else
		*domain =
		    memory_text(d->memory, o->via.str.ptr, o->via.str.size);
}

/* A number, or an expression that gives one. */
static void
decode_cost(struct decoder *d, const struct place *place,
    const msgpack_object *o, void *field)
{
	enum template_in in = d->in;
	size_t offset;
	bool number = o->type == MSGPACK_OBJECT_POSITIVE_INTEGER ||
	    ((o->type == MSGPACK_OBJECT_FLOAT32 ||
		 o->type == MSGPACK_OBJECT_FLOAT64) &&
		o->via.f64 >= 0);

	if (!number && !(holds_expression(o, &offset) && offset == 0)) {
		unexpected(d, place, o,
		    "a number from 0 on, or an expression that gives one");
		return;
	}
	d->in = IN_NEXT;
	decode_template(d, place, o, field);
	d->in = in;
}

/* The action that some key without a meaning may have been meant for. */
static const char *
intended_action(const msgpack_object *o)
{
	const msgpack_object *key;
	const char *meant;
	uint32_t i;
	size_t k;

	for (i = 0; i < o->via.map.size; i++) {
		key = &o->via.map.ptr[i].key;
		if (key->type != MSGPACK_OBJECT_STR)
			continue;
		for (k = 0; k < task_table.count; k++)
			if (object_is(key, task_keys[k].name))
				break;
		meant = nearest_word(key->via.str.ptr, key->via.str.size,
		    action_names, ACTION_KINDS);
		if (k == task_table.count && meant != NULL)
			return meant;
	}
	return NULL;
}

/* Sets kind, and the decoder's action to what its keys may go with. */
static void
choose_action(struct decoder *d, const struct place *place,
    const msgpack_object *o, struct task_definition *t)
{
	struct place at;
	unsigned i;

	d->action = 0;
	for (i = 0; i < ACTION_KINDS; i++) {
		if (object_get(o, action_names[i]) == NULL)
			continue;
		if (d->action == 0)
			t->kind = (enum action_kind)i;
		else {
			at = place_in(place, action_names[i]);
			complain_key(d, &at,
			    "a task has exactly one action, and \"%s\" has "
			    "both %s and %s%s",
			    t->name, action_names[t->kind], action_names[i],
			    i == ACTION_SET ? "; to set variables when it "
					      "ends, put set: into an entry "
					      "of its next:"
					    : "");
		}
		d->action |= ACTION_BIT(i);
	}
	if (d->action != 0)
		return;
	d->action = ANY;
	if (intended_action(o) == NULL)
		complain_key(d, place,
		    "the task \"%s\" has no action: give it one of run, "
		    "workflow, wait, set and end",
		    t->name);
}

static void
set_defaults(struct decoder *d, struct task_definition *t)
{
	t->domain = memory_text(d->memory, "local", 5);
	if (t->kind == ACTION_RUN) {
		t->u.run.success[0] = 1;
		t->u.run.kill_after = KILL_AFTER;
	}
}

/* What no single key is wrong with. */
static void
check_together(struct decoder *d, const struct place *place,
    const msgpack_object *o, const struct task_definition *t)
{
	struct place join = place_in(place, "join");
	struct place fatal = place_in(place, "fatal");
	struct place lost = place_in(place, "on_lost");
	int code;

	if (object_get(o, "join") != NULL && object_get(o, "needs") != NULL)
		complain_key(d, &join,
		    "\"join\" can't stand beside \"needs\", which joins all "
		    "that lead here");
	if (t->on_lost == LOST_RETRY && object_get(o, "retry") == NULL &&
	    !d->stored)
		complain(d, &lost,
		    "\"on_lost: retry\" needs \"retry\", which says how often: "
		    "retry: {count: N}");
	if (d->action == WORKFLOW)
		check_subworkflow_input(d, place, o);
	if (d->action != RUN)
		return;
	for (code = 0; code < 256; code++)
		if ((t->u.run.fatal[code / 8] & t->u.run.success[code / 8] &
			(1U << (code % 8))) != 0)
			complain(d, &fatal,
			    "the exit code %d stands under both success and "
			    "fatal",
			    code);
}

static void
decode_task(struct decoder *d, const struct place *place,
    const msgpack_object *o, struct task_definition *t)
{
	if (o->type != MSGPACK_OBJECT_MAP) {
		unexpected(d, place, o,
		    "a task, which is a map with one of the keys run, "
		    "workflow, wait, set and end");
		d->edges_known = false;
		return;
	}
	d->task = t;
	choose_action(d, place, o, t);
	set_defaults(d, t);
	d->in = object_get(o, "items") != NULL ? IN_ITEM : IN_TASK;
	decode_keys(d, place, o, &task_table, t);
	check_together(d, place, o, t);
	d->task = NULL;
	d->action = 0;
}

void
decode_tasks(
    struct decoder *d, const struct place *place, const msgpack_object *o)
{
	const msgpack_object_kv *kv = o->via.map.ptr;
	struct place at;
	uint32_t i, number;
	bool *seen;

	seen = xcalloc(d->definition->ntasks, sizeof(*seen));
	for (i = 0; i < o->via.map.size; i++) {
		if (kv[i].key.type != MSGPACK_OBJECT_STR)
			continue;
		number = definition_task(d->definition, kv[i].key.via.str.ptr,
		    kv[i].key.via.str.size);
		at = place_key(place, &kv[i].key);
		if (number == UINT32_MAX || seen[number])
			continue;
		seen[number] = true;
		decode_task(d, &at, &kv[i].val, &d->definition->tasks[number]);
	}
	free(seen);
}
