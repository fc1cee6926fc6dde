/* definition: a workflow as its file describes it, checked and compiled. */

#include "daemon/core/definition.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/core/alloc.h"
#include "daemon/core/definition_parts.h"

#define TOP(f) offsetof(struct definition, f)

static decode_field decode_on_failure;
static decode_field decode_on_error;
static decode_field decode_secret;
static decode_field decode_vars;
static decode_field decode_result;
static decode_field decode_top_limits;
static decode_field decode_safety;
static decode_field decode_starts_cap;
static decode_field decode_cost_cap;
static decode_field decode_cost_max;
static decode_field decode_task_map;
static int compare_names(const void *, const void *);
static bool
name_task(struct decoder *, const struct place *, const msgpack_object *);
static void
name_tasks(struct decoder *, const struct place *, const msgpack_object *);
static void sort_tasks(struct decoder *);
static void decode_whole(struct decoder *, const msgpack_object *);
static struct definition *decode_with(struct decoder *, const msgpack_object *);

static const struct key limit_keys[] = {
    {"parallel_tasks", decode_count, TOP(parallel_tasks), 0, false},
    {"parallel_runs", decode_count, TOP(parallel_runs), 0, false},
};
static const struct key_table limit_table =
    KEY_TABLE("the limits of a workflow", limit_keys);

static const struct key starts_keys[] = {
    {"max", decode_count, TOP(safety.starts_max), 0, true},
    {"per", decode_timeout, TOP(safety.starts_per), 0, true},
};
static const struct key_table starts_table =
    KEY_TABLE("a cap on starts", starts_keys);

static const struct key cost_keys[] = {
    {"max", decode_cost_max, TOP(safety.cost_max), 0, true},
    {"per", decode_timeout, TOP(safety.cost_per), 0, true},
};
static const struct key_table cost_table =
    KEY_TABLE("a cap on cost", cost_keys);

static const struct key safety_keys[] = {
    {"starts", decode_starts_cap, 0, 0, false},
    {"cost", decode_cost_cap, 0, 0, false},
};
static const struct key_table safety_table = KEY_TABLE("safety", safety_keys);

/* Decoded in this order: what stands above may be named further down. */
static const struct key top_keys[] = {
    {"workflow", decode_name, TOP(name), 0, true},
    {"description", decode_line, TOP(description), 0, false},
    {"input", decode_inputs, 0, 0, false},
    {"timeout", decode_timeout, TOP(timeout), 0, false},
    {"on_failure", decode_on_failure, 0, 0, false},
    {"on_error", decode_on_error, TOP(kill_on_error), 0, false},
    {"limits", decode_top_limits, 0, 0, false},
    {"safety", decode_safety, 0, 0, false},
    {"secret", decode_secret, 0, 0, false},
    {"vars", decode_vars, TOP(vars), 0, false},
    {"tasks", decode_task_map, 0, 0, true},
    {"output", decode_result, TOP(output), 0, false},
};
static const struct key_table top_table = KEY_TABLE("a workflow", top_keys);

static void
decode_on_failure(struct decoder *d, const struct place *place,
    const msgpack_object *o, void *field)
{
	struct definition *def = field;

	if (o->type == MSGPACK_OBJECT_STR && o->via.str.size > 0 &&
	    memchr(o->via.str.ptr, '@', o->via.str.size) != NULL) {
		unexpected(d, place, o,
		    "a workflow's name without a version: the latest one is "
		    "started");
		return;
	}
	decode_name(d, place, o, &def->on_failure);
	if (def->on_failure != NULL && def->name != NULL &&
	    strcmp(def->on_failure, def->name) == 0)
		complain(d, place, "\"%s\" can't be its own failure workflow",
		    def->name);
}

static void
decode_on_error(struct decoder *d, const struct place *place,
    const msgpack_object *o, void *field)
{
	static const char *const words[] = {"finish", "kill"};
	bool *kill = field;
	int word =
	    decode_word(d, place, o, words, sizeof(words) / sizeof(words[0]));

	if (word >= 0)
		*kill = word == 1;
}

static void
decode_secret(struct decoder *d, const struct place *place,
    const msgpack_object *o, void *field)
{
	struct definition *def = field;

	decode_lines(d, place, o, &def->secrets, &def->nsecrets);
}

static void
decode_vars(struct decoder *d, const struct place *place,
    const msgpack_object *o, void *field)
{
	d->in = IN_DEFINITION;
	decode_template_map(d, place, o, field);
}

static void
decode_result(struct decoder *d, const struct place *place,
    const msgpack_object *o, void *field)
{
	d->in = IN_TASK;
	decode_template(d, place, o, field);
}

static void
decode_top_limits(struct decoder *d, const struct place *place,
    const msgpack_object *o, void *field)
{
	decode_keys(d, place, o, &limit_table, field);
}

static void
decode_safety(struct decoder *d, const struct place *place,
    const msgpack_object *o, void *field)
{
	decode_keys(d, place, o, &safety_table, field);
}

static void
decode_starts_cap(struct decoder *d, const struct place *place,
    const msgpack_object *o, void *field)
{
	decode_keys(d, place, o, &starts_table, field);
}

static void
decode_cost_cap(struct decoder *d, const struct place *place,
    const msgpack_object *o, void *field)
{
	decode_keys(d, place, o, &cost_table, field);
}

static void
decode_cost_max(struct decoder *d, const struct place *place,
    const msgpack_object *o, void *field)
{
	double *max = field, n = 0;

	if (o->type == MSGPACK_OBJECT_POSITIVE_INTEGER)
		n = (double)o->via.u64;
	else if (o->type == MSGPACK_OBJECT_FLOAT32 ||
	    o->type == MSGPACK_OBJECT_FLOAT64)
		n = o->via.f64;
	if (isfinite(n) && n > 0)
		*max = n;
	else
		unexpected(d, place, o, "a number above 0");
}

/* Whether the name is one that expressions can say. */
static bool
name_task(
    struct decoder *d, const struct place *place, const msgpack_object *key)
{
	const char *s = key->via.str.ptr;
	size_t len = key->via.str.size;
	int shown = len > NAME_LENGTH_MAX ? NAME_LENGTH_MAX : (int)len;

	if (is_identifier(s, len, false) && !is_lua_keyword(s, len))
		return true;
	if (is_lua_keyword(s, len))
		complain_key(d, place,
		    "\"%.*s\" can't be the name of a task: it is a keyword of "
		    "expressions, so tasks.%.*s could not be read",
		    shown, s, shown, s);
	else if (len > NAME_LENGTH_MAX)
		complain_key(d, place,
		    "the name of a task has at most %d bytes, and this has "
		    "%zu",
		    NAME_LENGTH_MAX, len);
	else
		complain_key(d, place,
		    "\"%.*s\" can't be the name of a task, which has a-z, 0-9 "
		    "and _ and does not begin with a digit",
		    shown, s);
	return false;
}

/* The names have to be known before anything that may name a task. */
static void
name_tasks(
    struct decoder *d, const struct place *place, const msgpack_object *o)
{
	struct definition *def = d->definition;
	const msgpack_object *key;
	struct task_definition *t;
	struct place at;
	uint32_t i;

	def->tasks =
	    memory_get(d->memory, o->via.map.size, sizeof(*def->tasks));
	for (i = 0; i < o->via.map.size; i++) {
		key = &o->via.map.ptr[i].key;
		if (key->type != MSGPACK_OBJECT_STR)
			continue;
		at = place_key(place, key);
		name_task(d, &at, key);
		t = &def->tasks[def->ntasks];
		t->number = def->ntasks++;
		t->name =
		    memory_text(d->memory, key->via.str.ptr, key->via.str.size);
	}
	sort_tasks(d);
}

static int
compare_names(const void *a, const void *b)
{
	const struct task_definition *x =
	    *(const struct task_definition *const *)a;
	const struct task_definition *y =
	    *(const struct task_definition *const *)b;

	return strcmp(x->name, y->name);
}

static void
sort_tasks(struct decoder *d)
{
	struct definition *def = d->definition;
	const struct task_definition **sorted;
	uint32_t i;

	sorted = xcalloc(def->ntasks, sizeof(*sorted));
	for (i = 0; i < def->ntasks; i++)
		sorted[i] = &def->tasks[i];
	qsort(sorted, def->ntasks, sizeof(*sorted), compare_names);
	def->by_name =
	    memory_get(d->memory, def->ntasks, sizeof(*def->by_name));
	for (i = 0; i < def->ntasks; i++)
		def->by_name[i] = sorted[i]->number;
	free(sorted);
}

static void
decode_task_map(struct decoder *d, const struct place *place,
    const msgpack_object *o, void *field)
{
	(void)field;
	if (o->type != MSGPACK_OBJECT_MAP || o->via.map.size == 0) {
		unexpected(d, place, o,
		    "a map of tasks by their names, with at least one");
		return;
	}
	if (o->via.map.size > DEFINITION_TASKS_MAX) {
		complain(d, place,
		    "a workflow has at most %d tasks, and this has %u",
		    DEFINITION_TASKS_MAX, o->via.map.size);
		return;
	}
	name_tasks(d, place, o);
	d->needs = xcalloc(d->definition->ntasks, sizeof(*d->needs));
	d->marks = xcalloc(d->definition->ntasks, sizeof(*d->marks));
	decode_tasks(d, place, o);
	connect_tasks(d);
	if (d->edges_known)
		check_graph(d);
	check_nesting(d);
	free(d->needs);
	free(d->marks);
}

static void
decode_whole(struct decoder *d, const msgpack_object *o)
{
	struct place whole = {0};

	if (!check_structure(d, &whole, o))
		return;
	if (!d->stored)
		variables_find(&d->variables, o);
	decode_keys(d, &whole, o, &top_table, d->definition);
	variables_free(&d->variables);
}

static struct definition *
decode_with(struct decoder *d, const msgpack_object *o)
{
	struct definition_memory *memory = memory_new();

	d->definition = memory_get(memory, 1, sizeof(struct definition));
	d->memory = memory;
	d->inputs_known = true;
	d->edges_known = true;
	*d->errors = (struct definition_errors){0};
	d->definition->refs = 1;
	d->definition->memory = memory;
	decode_whole(d, o);
	if (d->errors->count > 0) {
		memory_free(memory);
		return NULL;
	}
	d->definition->source = memory_value(memory, value_of_object(o));
	return d->definition;
}

struct definition *
definition_parse(struct expressions *expressions, const msgpack_object *o,
    definition_finder *find, const void *find_ctx,
    struct definition_errors *errors)
{
	struct decoder d = {
	    .expressions = expressions,
	    .find = find,
	    .find_ctx = find_ctx,
	    .errors = errors,
	};

	return decode_with(&d, o);
}

struct definition *
definition_load(struct expressions *expressions, const msgpack_object *o,
    struct definition_errors *errors)
{
	struct decoder d = {
	    .expressions = expressions,
	    .errors = errors,
	    .stored = true,
	};

	return decode_with(&d, o);
}

void
definition_adopt(struct definition *def, struct expressions *expressions)
{
	memory_adopt(def->memory, expressions);
}

struct definition *
definition_ref(struct definition *def)
{
	def->refs++;
	return def;
}

void
definition_unref(struct definition *def)
{
	if (def != NULL && --def->refs == 0)
		memory_free(def->memory);
}

uint32_t
definition_task(const struct definition *def, const char *name, size_t len)
{
	uint32_t low = 0, high = def->ntasks, middle;
	const char *other;
	size_t other_len;
	int order;

	while (low < high) {
		middle = low + (high - low) / 2;
		other = def->tasks[def->by_name[middle]].name;
		other_len = strlen(other);
		order = memcmp(other, name, other_len < len ? other_len : len);
		if (order == 0 && other_len == len)
			return def->by_name[middle];
		if (order < 0 || (order == 0 && other_len < len))
			low = middle + 1;
		else
			high = middle;
	}
	return UINT32_MAX;
}
