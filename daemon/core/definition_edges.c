/* definition_edges: which task leads to which, and what is read on the way. */

#include "daemon/core/definition_parts.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/core/alloc.h"
#include "libproto/nearest.h"

#define ENTRIES_MAX 1000 /* in one next */

static bool resolve(
    struct decoder *, const struct place *, const msgpack_object *, uint32_t *);
static bool decode_targets(struct decoder *, const struct place *,
    const msgpack_object *, uint32_t **, uint32_t *);
static void
refuse_word(struct decoder *, const struct place *, const msgpack_object *);
static decode_field decode_when;
static decode_field decode_do;
static void decode_entry(struct decoder *, const struct place *,
    const msgpack_object *, struct next *);
static uint32_t
mark_completed(struct decoder *, const struct task_definition *);
static void add_needed(struct decoder *, uint32_t, const uint32_t *, uint32_t);
static void expand_needs(struct decoder *);
static void count_before(struct decoder *, bool fill);

static const char *const conditions[] = {
    [WHEN_ALWAYS] = "always",
    [WHEN_COMPLETED] = "completed",
    [WHEN_FAILED] = "failed",
    [WHEN_CANCELED] = "canceled",
};

static const struct key entry_keys[] = {
    {.name = "when", .decode = decode_when},
    {.name = "set",
	.decode = decode_template_map,
	.offset = offsetof(struct next, set)},
    {.name = "do", .decode = decode_do},
};

static const struct key_table entry_table =
    KEY_TABLE("an entry of next", entry_keys);

/* A task's number from its name. */
static bool
resolve(struct decoder *d, const struct place *place, const msgpack_object *o,
    uint32_t *number)
{
	const struct definition *def = d->definition;
	const char **names, *meant;
	uint32_t i;
	int len;

	if (o->type != MSGPACK_OBJECT_STR) {
		unexpected(d, place, o, "the name of a task");
		return false;
	}
	*number = definition_task(def, o->via.str.ptr, o->via.str.size);
	if (*number != UINT32_MAX)
		return true;
	names = xreallocarray(NULL, def->ntasks, sizeof(*names));
	for (i = 0; i < def->ntasks; i++)
		names[i] = def->tasks[i].name;
	meant =
	    nearest_word(o->via.str.ptr, o->via.str.size, names, def->ntasks);
	len = o->via.str.size > NAME_LENGTH_MAX ? NAME_LENGTH_MAX
						: (int)o->via.str.size;
	if (meant != NULL)
		complain(d, place,
		    "there is no task \"%.*s\"; did you mean \"%s\"?", len,
		    o->via.str.ptr, meant);
	else
		complain(
		    d, place, "there is no task \"%.*s\"", len, o->via.str.ptr);
	free(names);
	return false;
}

/* One name, or a list of different ones; false when one was wrong. */
static bool
decode_targets(struct decoder *d, const struct place *place,
    const msgpack_object *o, uint32_t **to, uint32_t *nto)
{
	const msgpack_object *names = o;
	uint32_t i, n = 1, number, mark = fresh_mark(d);
	struct place at;

	if (o->type == MSGPACK_OBJECT_ARRAY) {
		names = o->via.array.ptr;
		n = o->via.array.size;
	}
	if (n > DEFINITION_TASKS_MAX) {
		unexpected(d, place, o, "the names of tasks, each once");
		return false;
	}
	*to = memory_get(d->memory, n, sizeof(**to));
	for (i = *nto = 0; i < n; i++) {
		at = names == o ? *place : place_at(place, i);
		if (!resolve(d, &at, &names[i], &number))
			continue;
		if (d->marks[number] == mark)
			complain(d, &at, "the task \"%s\" stands here twice",
			    d->definition->tasks[number].name);
		else
			(*to)[(*nto)++] = number;
		d->marks[number] = mark;
	}
	return *nto == n;
}

static void
refuse_word(
    struct decoder *d, const struct place *place, const msgpack_object *o)
{
	size_t n = sizeof(conditions) / sizeof(conditions[0]);

	if (nearest_word(o->via.str.ptr, o->via.str.size, conditions, n) !=
	    NULL)
		decode_word(d, place, o, conditions, n);
	else
		unexpected(d, place, o,
		    "always, completed, failed, canceled or an expression (one "
		    "of a single word stands in ${{ }})");
}

static void
decode_when(struct decoder *d, const struct place *place,
    const msgpack_object *o, void *field)
{
	struct next *e = field;
	size_t i;

	for (i = 0; i < sizeof(conditions) / sizeof(conditions[0]); i++)
		if (object_is(o, conditions[i])) {
			e->when = (enum when)i;
			return;
		}
	e->when = WHEN_EXPR;
	/* A lone name is more likely a wrong one than an expression. */
	if (o->type == MSGPACK_OBJECT_STR &&
	    is_identifier(o->via.str.ptr, o->via.str.size, true))
		refuse_word(d, place, o);
	else if (o->type != MSGPACK_OBJECT_STR)
		unexpected(d, place, o,
		    "always, completed, failed, canceled or an expression");
	else
		decode_condition(d, place, o, &e->condition);
}

static void
decode_do(struct decoder *d, const struct place *place, const msgpack_object *o,
    void *field)
{
	struct next *e = field;

	if (!decode_targets(d, place, o, &e->to, &e->nto))
		d->edges_known = false;
}

static void
decode_entry(struct decoder *d, const struct place *place,
    const msgpack_object *o, struct next *e)
{
	if (o->type != MSGPACK_OBJECT_MAP) {
		unexpected(d, place, o,
		    "a map with when:, set: and do:, as in {do: NAME}");
		d->edges_known = false;
		return;
	}
	decode_keys(d, place, o, &entry_table, e);
	if (object_get(o, "do") == NULL && object_get(o, "set") == NULL &&
	    d->edges_known)
		complain(d, place,
		    "this entry of next does nothing: give it do: or set: "
		    "(do: [] goes on with nothing)");
}

void
decode_next(struct decoder *d, const struct place *place,
    const msgpack_object *o, void *field)
{
	struct task_definition *t = field;
	const msgpack_object *entries = o;
	enum template_in in = d->in;
	struct place at;
	uint32_t i, n = 1;

	if (o->type == MSGPACK_OBJECT_ARRAY) {
		entries = o->via.array.ptr;
		n = o->via.array.size;
	}
	if (n > ENTRIES_MAX ||
	    (entries == o && o->type != MSGPACK_OBJECT_MAP)) {
		unexpected(d, place, o,
		    "a list of at most 1000 entries, as in [{do: NAME}]");
		d->edges_known = false;
		return;
	}
	d->in = IN_NEXT;
	t->next = memory_get(d->memory, n, sizeof(*t->next));
	for (i = 0; i < n; i++) {
		at = entries == o ? *place : place_at(place, i);
		decode_entry(d, &at, &entries[i], &t->next[i]);
	}
	t->nnext = n;
	d->in = in;
}

void
decode_needs(struct decoder *d, const struct place *place,
    const msgpack_object *o, void *field)
{
	const struct task_definition *t = field;
	struct needs *needs = &d->needs[t->number];
	uint32_t i;

	if (o->type == MSGPACK_OBJECT_ARRAY && o->via.array.size == 0) {
		unexpected(d, place, o, "the name of at least one task");
		d->edges_known = false;
	} else if (!decode_targets(d, place, o, &needs->from, &needs->count))
		d->edges_known = false;
	for (i = 0; i < needs->count; i++)
		if (needs->from[i] == t->number) {
			complain(
			    d, place, "the task \"%s\" needs itself", t->name);
			d->edges_known = false;
		}
}

void
decode_join(struct decoder *d, const struct place *place,
    const msgpack_object *o, void *field)
{
	uint32_t *join = field;
	int64_t n;

	if (object_is(o, "all"))
		*join = JOIN_ALL;
	else if (o->type == MSGPACK_OBJECT_STR)
		unexpected(
		    d, place, o, "all, or how many tasks must have led here");
	else if (decode_integer(d, place, o, 1, DEFINITION_TASKS_MAX, &n))
		*join = (uint32_t)n;
	else
		d->edges_known = false;
}

/* Marks where a completed task's next leads without needs: saying it. */
static uint32_t
mark_completed(struct decoder *d, const struct task_definition *t)
{
	uint32_t i, j, mark = fresh_mark(d);

	for (i = 0; i < t->nnext; i++)
		if (t->next[i].when == WHEN_ALWAYS ||
		    t->next[i].when == WHEN_COMPLETED)
			for (j = 0; j < t->next[i].nto; j++)
				d->marks[t->next[i].to[j]] = mark;
	return mark;
}

/* One more entry at the end: the tasks that need this one. */
static void
add_needed(
    struct decoder *d, uint32_t number, const uint32_t *by, uint32_t count)
{
	struct task_definition *t = &d->definition->tasks[number];
	struct next *next, *e;
	uint32_t i, mark = mark_completed(d, t);

	next = memory_get(d->memory, t->nnext + 1, sizeof(*next));
	if (t->nnext > 0)
		memcpy(next, t->next, t->nnext * sizeof(*next));
	e = &next[t->nnext];
	e->when = WHEN_COMPLETED;
	e->to = memory_get(d->memory, count, sizeof(*e->to));
	for (i = 0; i < count; i++)
		if (d->marks[by[i]] != mark)
			e->to[e->nto++] = by[i];
	if (e->nto == 0)
		return;
	t->next = next;
	t->nnext++;
}

/* Turns "what I need" round into "who needs me", in the order of the tasks. */
static void
expand_needs(struct decoder *d)
{
	const struct definition *def = d->definition;
	uint32_t *first, *by, i, j;

	first = xcalloc(def->ntasks + 2, sizeof(*first));
	for (i = 0; i < def->ntasks; i++)
		for (j = 0; j < d->needs[i].count; j++)
			first[d->needs[i].from[j] + 2]++;
	for (i = 2; i < def->ntasks + 2; i++)
		first[i] += first[i - 1];
	by = xcalloc(first[def->ntasks + 1], sizeof(*by));
	for (i = 0; i < def->ntasks; i++)
		for (j = 0; j < d->needs[i].count; j++)
			by[first[d->needs[i].from[j] + 1]++] = i;
	for (i = 0; i < def->ntasks; i++)
		if (first[i + 1] > first[i])
			add_needed(
			    d, i, by + first[i], first[i + 1] - first[i]);
	free(by);
	free(first);
}

/* Counts who leads to each task, each once; with fill it writes them down. */
static void
count_before(struct decoder *d, bool fill)
{
	struct definition *def = d->definition;
	struct task_definition *t;
	uint32_t i, j, k, mark, to;

	for (i = 0; i < def->ntasks; i++)
		def->tasks[i].nbefore = 0;
	for (i = 0; i < def->ntasks; i++) {
		mark = fresh_mark(d);
		for (j = 0; j < def->tasks[i].nnext; j++)
			for (k = 0; k < def->tasks[i].next[j].nto; k++) {
				to = def->tasks[i].next[j].to[k];
				if (d->marks[to] == mark)
					continue;
				d->marks[to] = mark;
				t = &def->tasks[to];
				if (fill)
					t->before[t->nbefore] = i;
				t->nbefore++;
			}
	}
}

void
connect_tasks(struct decoder *d)
{
	struct definition *def = d->definition;
	struct task_definition *t;

	expand_needs(d);
	count_before(d, false);
	for (t = def->tasks; t < def->tasks + def->ntasks; t++) {
		t->before =
		    memory_get(d->memory, t->nbefore, sizeof(*t->before));
		if (d->needs[t->number].count > 0)
			t->join = JOIN_ALL;
	}
	count_before(d, true);
}
