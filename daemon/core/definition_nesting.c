/*
 * definition_nesting: subworkflows, as far as they are known: what they are
 * given, whether they lead back here, and how deep they go.
 */

#include "daemon/core/definition_parts.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/core/alloc.h"
#include "libproto/nearest.h"

/* What is found out of one workflow below the one being checked. */
struct visit {
	const struct definition *of;
	uint32_t height; /* levels of subworkflows below it */
	bool returns;	 /* it is certain to start the one being checked */
};

struct visits {
	struct decoder *decoder;
	struct visit *list;
	size_t count;
	uint32_t
	    level; /* of the workflow being looked at; 0: the checked one */
};

static const struct definition *
subworkflow_of(const struct decoder *, const struct task_definition *);
static void unknown_argument(
    struct decoder *, const struct place *, const struct definition *);
static bool declares(const struct definition *, const char *, size_t);
static void check_missing(struct decoder *, const struct place *,
    const struct definition *, const msgpack_object *);
static bool *certain_tasks(const struct definition *);
static bool is_met(const struct task_definition *, uint32_t);
static bool is_self(const struct decoder *, const struct task_definition *);
static bool runs_once_come_to(const struct task_definition *);
static struct visit visit(struct visits *, const struct definition *);
static void visit_task(
    struct visits *, const struct task_definition *, bool, struct visit *);
static void check_task(struct visits *, const struct task_definition *, bool);

/* What the task starts; the workflow being checked for its own name. */
static const struct definition *
subworkflow_of(const struct decoder *d, const struct task_definition *t)
{
	if (t->kind != ACTION_WORKFLOW || t->u.workflow.name == NULL)
		return NULL;
	if (is_self(d, t))
		return d->definition;
	if (d->find == NULL)
		return NULL;
	return d->find(d->find_ctx, t->u.workflow.name, t->u.workflow.version);
}

/* Its own name without a version will be this very definition. */
static bool
is_self(const struct decoder *d, const struct task_definition *t)
{
	return t->u.workflow.version == 0 && d->definition->name != NULL &&
	    strcmp(t->u.workflow.name, d->definition->name) == 0;
}

static bool
declares(const struct definition *def, const char *name, size_t len)
{
	uint32_t i;

	for (i = 0; i < def->ninputs; i++)
		if (strlen(def->inputs[i].name) == len &&
		    memcmp(def->inputs[i].name, name, len) == 0)
			return true;
	return false;
}

static void
unknown_argument(
    struct decoder *d, const struct place *at, const struct definition *sub)
{
	const char **names, *meant;
	uint32_t i;

	names = xreallocarray(NULL, sub->ninputs, sizeof(*names));
	for (i = 0; i < sub->ninputs; i++)
		names[i] = sub->inputs[i].name;
	meant = nearest_word(at->key, at->len, names, sub->ninputs);
	complain_key(d, at, "the workflow \"%s\" has no input \"%.*s\"%s%s%s",
	    sub->name,
	    at->len > NAME_LENGTH_MAX ? NAME_LENGTH_MAX : (int)at->len, at->key,
	    meant != NULL ? "; did you mean \"" : "",
	    meant != NULL ? meant : "", meant != NULL ? "\"?" : "");
	free(names);
}

static void
check_missing(struct decoder *d, const struct place *place,
    const struct definition *sub, const msgpack_object *given)
{
	uint32_t i;

	for (i = 0; i < sub->ninputs; i++)
		if (sub->inputs[i].required &&
		    (given == NULL ||
			object_get(given, sub->inputs[i].name) == NULL))
			complain(d, place,
			    "the workflow \"%s\" needs the input \"%s\"",
			    sub->name, sub->inputs[i].name);
}

void
check_subworkflow_input(struct decoder *d, const struct place *place,
    const msgpack_object *task_map)
{
	const struct definition *sub = subworkflow_of(d, d->task);
	const msgpack_object *given = object_get(task_map, "input");
	const msgpack_object *key;
	struct place input = place_in(place, "input"), at;
	uint32_t i;

	if (sub == NULL || (sub == d->definition && !d->inputs_known))
		return;
	if (given != NULL && given->type != MSGPACK_OBJECT_MAP)
		return;
	for (i = 0; given != NULL && i < given->via.map.size; i++) {
		key = &given->via.map.ptr[i].key;
		if (key->type != MSGPACK_OBJECT_STR)
			continue;
		at = place_key(&input, key);
		if (!declares(sub, at.key, at.len))
			unknown_argument(d, &at, sub);
	}
	check_missing(d, given != NULL ? &input : place, sub, given);
}

static bool
is_met(const struct task_definition *t, uint32_t arrivals)
{
	if (t->join == JOIN_ALL)
		return arrivals == t->nbefore;
	return arrivals >= (t->join == JOIN_NONE ? 1 : t->join);
}

/*
 * By task: whether it is certain to start, no condition standing between it
 * and the workflow's start.  The caller frees it.
 */
static bool *
certain_tasks(const struct definition *def)
{
	bool *certain = xcalloc(def->ntasks, sizeof(*certain));
	uint32_t *arrivals = xcalloc(def->ntasks, sizeof(*arrivals));
	uint32_t *last = xcalloc(def->ntasks, sizeof(*last));
	uint32_t *queue = xcalloc(def->ntasks, sizeof(*queue));
	uint32_t i, j, n = 0, to;
	const struct task_definition *t;

	for (i = 0; i < def->ntasks; i++)
		if (def->tasks[i].nbefore == 0) {
			certain[i] = true;
			queue[n++] = i;
		}
	while (n > 0) {
		t = &def->tasks[queue[--n]];
		for (i = 0; i < t->nnext; i++)
			for (j = 0; j < t->next[i].nto; j++) {
				to = t->next[i].to[j];
				if (t->next[i].when != WHEN_ALWAYS ||
				    last[to] == t->number + 1)
					continue;
				last[to] = t->number + 1;
				if (certain[to] ||
				    !is_met(&def->tasks[to], ++arrivals[to]))
					continue;
				certain[to] = true;
				queue[n++] = to;
			}
	}
	free(arrivals);
	free(last);
	free(queue);
	return certain;
}

/* Items that are worked out may come to none, which is a condition too. */
static bool
runs_once_come_to(const struct task_definition *t)
{
	return t->items == NULL || template_is_constant(t->items);
}

static void
visit_task(struct visits *v, const struct task_definition *t, bool certain,
    struct visit *above)
{
	const struct definition *sub = subworkflow_of(v->decoder, t);
	struct visit below = {0};

	if (sub == NULL)
		return;
	if (sub == v->decoder->definition)
		below.returns = true;
	else if (t->u.workflow.detach)
		return; /* it is not contained, and stands for itself */
	else
		below = visit(v, sub);
	if (certain && runs_once_come_to(t) && below.returns)
		above->returns = true;
	if (!t->u.workflow.detach && below.height + 1 > above->height)
		above->height = below.height + 1;
}

/*
 * Each workflow is looked at once.  One that is met again below itself counts
 * as empty there: how deep it really goes depends on conditions.  Past the
 * greatest depth nothing is looked at: that is an error already.
 */
static struct visit
visit(struct visits *v, const struct definition *def)
{
	struct visit found = {.of = def};
	bool *certain;
	size_t place;
	uint32_t i;

	for (place = 0; place < v->count; place++)
		if (v->list[place].of == def)
			return v->list[place];
	if (v->level == DEFINITION_DEPTH_MAX)
		return (struct visit){.height = DEFINITION_DEPTH_MAX};
	v->list = xreallocarray(v->list, v->count + 1, sizeof(*v->list));
	v->list[v->count++] = found;
	v->level++;
	certain = certain_tasks(def);
	for (i = 0; i < def->ntasks; i++)
		visit_task(v, &def->tasks[i], certain[i], &found);
	free(certain);
	v->level--;
	v->list[place] = found;
	return found;
}

static void
check_task(struct visits *v, const struct task_definition *t, bool certain)
{
	struct decoder *d = v->decoder;
	struct place whole = {0}, tasks = place_in(&whole, "tasks");
	struct place task = place_in(&tasks, t->name);
	struct place at = place_in(&task, "workflow");
	struct visit found = {0};

	visit_task(v, t, certain, &found);
	if (found.returns)
		complain(d, &at,
		    "the workflow would start itself again and again: \"%s\" "
		    "is started each time, with no condition between%s",
		    t->u.workflow.name,
		    is_self(d, t) ? "" : ", and leads back to this one");
	else if (found.height > DEFINITION_DEPTH_MAX)
		complain(d, &at,
		    "subworkflows from \"%s\" on nest deeper than %d levels",
		    t->u.workflow.name, DEFINITION_DEPTH_MAX);
}

void
check_nesting(struct decoder *d)
{
	const struct definition *def = d->definition;
	struct visits v = {.decoder = d};
	bool *certain = certain_tasks(def);
	uint32_t i;

	for (i = 0; i < def->ntasks; i++)
		if (def->tasks[i].kind == ACTION_WORKFLOW)
			check_task(
			    &v, &def->tasks[i], certain[i] && d->edges_known);
	free(certain);
	free(v.list);
}
