/* definition_run: the keys of a task that only a callout has. */

#include "daemon/core/definition_parts.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/core/alloc.h"

#define LIMITS_MAX 16		   /* kinds of them */
#define SECOND INT64_C(1000000000) /* ns */

/* Task limits as they are gathered; their array is made of what came. */
struct limits {
	struct task_limit list[LIMITS_MAX];
	uint32_t count;
};

static void decode_shell(struct decoder *, const struct place *,
    const msgpack_object *, struct task_definition *);
static void decode_argv(struct decoder *, const struct place *,
    const msgpack_object *, struct task_definition *);
static bool is_plain(const msgpack_object *);
static bool is_own_variable(const msgpack_object *);
static void
check_variable(struct decoder *, const struct place *, const msgpack_object *);
static void decode_code(
    struct decoder *, const struct place *, const msgpack_object *, uint8_t *);
static void
add_limit(struct decoder *, const struct place *, struct limits *, int64_t);
static decode_field decode_amount;
static decode_field decode_cpu;
static decode_field decode_nice;

static const struct key limit_keys[] = {
    {.name = "as", .decode = decode_amount},
    {.name = "core", .decode = decode_amount},
    {.name = "cpu", .decode = decode_cpu},
    {.name = "data", .decode = decode_amount},
    {.name = "fsize", .decode = decode_amount},
    {.name = "memlock", .decode = decode_amount},
    {.name = "nice", .decode = decode_nice},
    {.name = "nofile", .decode = decode_amount},
    {.name = "nproc", .decode = decode_amount},
    {.name = "rss", .decode = decode_amount},
    {.name = "stack", .decode = decode_amount},
};

static const struct key_table limit_table =
    KEY_TABLE("the limits of a task", limit_keys);

void
decode_run(struct decoder *d, const struct place *place,
    const msgpack_object *o, void *field)
{
	struct task_definition *t = field;

	if (o->type == MSGPACK_OBJECT_STR && o->via.str.size > 0)
		decode_shell(d, place, o, t);
	else if (o->type == MSGPACK_OBJECT_ARRAY && o->via.array.size > 0)
		decode_argv(d, place, o, t);
	else
		unexpected(d, place, o,
		    "a list (program and arguments) or a string (for sh -c)");
}

static void
decode_shell(struct decoder *d, const struct place *place,
    const msgpack_object *o, struct task_definition *t)
{
	size_t offset;

	t->u.run.shell = true;
	if (holds_expression(o, &offset))
		complain_inside(d, place, "", offset,
		    "an expression can't stand in a shell command, where what "
		    "it gives would be run as code; put it under env: and "
		    "write \"$NAME\" here");
	else
		decode_template(d, place, o, &t->u.run.argv);
}

/* Strings, numbers and booleans: what can be written as one line of text. */
static bool
is_plain(const msgpack_object *o)
{
	return o->type == MSGPACK_OBJECT_STR ||
	    o->type == MSGPACK_OBJECT_BOOLEAN ||
	    o->type == MSGPACK_OBJECT_POSITIVE_INTEGER ||
	    o->type == MSGPACK_OBJECT_NEGATIVE_INTEGER ||
	    o->type == MSGPACK_OBJECT_FLOAT32 ||
	    o->type == MSGPACK_OBJECT_FLOAT64;
}

static void
decode_argv(struct decoder *d, const struct place *place,
    const msgpack_object *o, struct task_definition *t)
{
	const msgpack_object *arg = o->via.array.ptr;
	struct place at;
	uint32_t i;

	for (i = 0; i < o->via.array.size; i++) {
		at = place_at(place, i);
		if (!is_plain(&arg[i]))
			unexpected(d, &at, &arg[i],
			    "a string, a number, true or false");
	}
	at = place_at(place, 0);
	if (object_is(&arg[0], ""))
		unexpected(d, &at, &arg[0], "the program to run");
	decode_template(d, place, o, &t->u.run.argv);
}

/* What every callout has, whatever its task says; see callout_start.c. */
static bool
is_own_variable(const msgpack_object *name)
{
	static const char *const names[] = {"WEIR_EXECUTION", "WEIR_WORKFLOW",
	    "WEIR_TASK", "WEIR_ITEM", "WEIR_ATTEMPT", "WEIR_SOCKET",
	    "WEIR_CALLOUT"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (object_is(name, names[i]))
			return true;
	return false;
}

static void
check_variable(
    struct decoder *d, const struct place *place, const msgpack_object *name)
{
	int size = (int)name->via.str.size;

	if (size == 0 || memchr(name->via.str.ptr, '=', (size_t)size) != NULL)
		complain_key(d, place,
		    "\"%.*s\" can't be the name of an environment variable, "
		    "which is not empty and has no \"=\"",
		    size, name->via.str.ptr);
	else if (is_own_variable(name) && !d->stored)
		complain_key(d, place,
		    "weir itself sets \"%.*s\" for every command, so it would "
		    "not be seen; give the variable another name",
		    size, name->via.str.ptr);
}

void
decode_environment(struct decoder *d, const struct place *place,
    const msgpack_object *o, void *field)
{
	const msgpack_object_kv *kv;
	struct place at;
	uint32_t i;

	decode_template_map(d, place, o, field);
	if (o->type != MSGPACK_OBJECT_MAP)
		return;
	for (i = 0; i < o->via.map.size; i++) {
		kv = &o->via.map.ptr[i];
		if (kv->key.type != MSGPACK_OBJECT_STR)
			continue;
		at = place_key(place, &kv->key);
		check_variable(d, &at, &kv->key);
		if (!is_plain(&kv->val))
			unexpected(d, &at, &kv->val,
			    "a string, a number, true or false (\"\" for an "
			    "empty variable)");
	}
}

void
decode_directory(struct decoder *d, const struct place *place,
    const msgpack_object *o, void *field)
{
	size_t offset;

	if (o->type == MSGPACK_OBJECT_STR && o->via.str.size > 0 &&
	    o->via.str.ptr[0] != '/' &&
	    !(holds_expression(o, &offset) && offset == 0))
		unexpected(d, place, o, "an absolute path");
	else
		decode_template_text(d, place, o, field);
}

void
decode_output_kind(struct decoder *d, const struct place *place,
    const msgpack_object *o, void *field)
{
	static const char *const words[] = {
	    [OUTPUT_NONE] = "none",
	    [OUTPUT_TEXT] = "text",
	    [OUTPUT_LINES] = "lines",
	    [OUTPUT_JSON] = "json",
	};
	enum output_kind *output = field;
	int word =
	    decode_word(d, place, o, words, sizeof(words) / sizeof(words[0]));

	if (word >= 0)
		*output = (enum output_kind)word;
}

static void
decode_code(struct decoder *d, const struct place *place,
    const msgpack_object *o, uint8_t *codes)
{
	int64_t code;

	if (decode_integer(d, place, o, 0, 255, &code))
		codes[code / 8] |= (uint8_t)(1U << (code % 8));
}

void
decode_exit_codes(struct decoder *d, const struct place *place,
    const msgpack_object *o, void *field)
{
	struct place at;
	uint8_t *codes = field;
	uint32_t i;

	if (o->type == MSGPACK_OBJECT_POSITIVE_INTEGER) {
		memset(codes, 0, 32);
		decode_code(d, place, o, codes);
		return;
	}
	if (o->type != MSGPACK_OBJECT_ARRAY || o->via.array.size == 0) {
		unexpected(d, place, o,
		    "a list of exit codes from 0 to 255, with at least one");
		return;
	}
	memset(codes, 0, 32);
	for (i = 0; i < o->via.array.size; i++) {
		at = place_at(place, i);
		decode_code(d, &at, &o->via.array.ptr[i], codes);
	}
}

static void
add_limit(struct decoder *d, const struct place *place, struct limits *limits,
    int64_t value)
{
	struct task_limit *l = &limits->list[limits->count++];

	l->name = memory_text(d->memory, place->key, place->len);
	l->value = value;
}

static void
decode_amount(struct decoder *d, const struct place *place,
    const msgpack_object *o, void *field)
{
	int64_t amount;

	if (object_is(o, "unlimited"))
		add_limit(d, place, field, -1);
	else if (parse_size(o, &amount))
		add_limit(d, place, field, amount);
	else
		unexpected(d, place, o,
		    "a whole number, a size (64K, 10M, 1G), or unlimited");
}

/* Whole seconds, as the kernel counts; parts of one are rounded up. */
static void
decode_cpu(struct decoder *d, const struct place *place,
    const msgpack_object *o, void *field)
{
	int64_t amount;

	if (object_is(o, "unlimited"))
		add_limit(d, place, field, -1);
	else if (o->type == MSGPACK_OBJECT_STR && parse_duration(o, &amount))
		add_limit(d, place, field, (amount + SECOND - 1) / SECOND);
	else if (o->type != MSGPACK_OBJECT_STR && parse_size(o, &amount))
		add_limit(d, place, field, amount);
	else
		unexpected(d, place, o,
		    "seconds, a duration (90s, 10m), or unlimited");
}

static void
decode_nice(struct decoder *d, const struct place *place,
    const msgpack_object *o, void *field)
{
	int64_t nice;

	if (decode_integer(d, place, o, -20, 19, &nice))
		add_limit(d, place, field, nice);
}

void
decode_limits(struct decoder *d, const struct place *place,
    const msgpack_object *o, void *field)
{
	struct task_definition *t = field;
	struct limits limits = {.count = 0};
	size_t size = sizeof(struct task_limit);

	if (!decode_keys(d, place, o, &limit_table, &limits))
		return;
	t->u.run.limits = memory_get(d->memory, limits.count, size);
	memcpy(t->u.run.limits, limits.list, limits.count * size);
	t->u.run.nlimits = limits.count;
}
