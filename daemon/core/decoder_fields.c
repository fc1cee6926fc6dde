/* decoder_fields: the kinds of fields that the maps of a definition have. */

#include "daemon/core/decoder.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/core/alloc.h"
#include "libproto/nearest.h"

#define COUNT_MAX 1000000
#define LINES_MAX 1000
/* What is done at most for suggestions: wrong names, known ones for each. */
#define SUGGESTIONS_MAX 10
#define COMPARED_MAX 1000

/* An expression's check has nowhere else to keep where it stands. */
struct expression_place {
	struct decoder *decoder;
	const struct place *place;
};

static bool has_input(const void *, const char *, size_t);
static bool has_task(const void *, const char *, size_t);
static bool has_var(const void *, const char *, size_t);
static const char *nearest(const void *, const char *, const char *, size_t);
static void expression_error(void *, const char *, size_t, const char *);
static struct template_check
check_for(const struct decoder *, struct expression_place *);
static bool is_word(const char *, size_t, bool);
static char *words_or(const char *const *, size_t);
static bool seen_before(char *const *, uint32_t, const msgpack_object *);

bool
is_lua_keyword(const char *s, size_t len)
{
	static const char *const keywords[] = {"and", "break", "do", "else",
	    "elseif", "end", "false", "for", "function", "goto", "if", "in",
	    "local", "nil", "not", "or", "repeat", "return", "then", "true",
	    "until", "while"};
	size_t i;

	for (i = 0; i < sizeof(keywords) / sizeof(keywords[0]); i++)
		if (strlen(keywords[i]) == len &&
		    memcmp(keywords[i], s, len) == 0)
			return true;
	return false;
}

bool
is_identifier(const char *s, size_t len, bool upper_case)
{
	size_t i;

	if (len == 0 || len > NAME_LENGTH_MAX || (s[0] >= '0' && s[0] <= '9'))
		return false;
	for (i = 0; i < len; i++)
		if (!(s[i] >= 'a' && s[i] <= 'z') &&
		    !(s[i] >= '0' && s[i] <= '9') && s[i] != '_' &&
		    !(upper_case && s[i] >= 'A' && s[i] <= 'Z'))
			return false;
	return true;
}

/* Lower case letters and digits, behind the first also . _ and -. */
static bool
is_word(const char *s, size_t len, bool first)
{
	size_t i;

	for (i = 0; i < len; i++, first = false)
		if (!(s[i] >= 'a' && s[i] <= 'z') &&
		    !(s[i] >= '0' && s[i] <= '9') &&
		    (first || (s[i] != '.' && s[i] != '_' && s[i] != '-')))
			return false;
	return true;
}

bool
is_workflow_name(const char *s, size_t len)
{
	return len > 0 && len <= NAME_LENGTH_MAX && is_word(s, len, true);
}

bool
holds_expression(const msgpack_object *o, size_t *offset)
{
	const char *s;
	size_t i;

	if (o->type != MSGPACK_OBJECT_STR)
		return false;
	s = o->via.str.ptr;
	for (i = 0; i + 3 <= o->via.str.size; i++) {
		if (o->via.str.size - i >= 4 && memcmp(s + i, "$${{", 4) == 0)
			i += 3; /* an opening that is none */
		else if (memcmp(s + i, "${{", 3) == 0) {
			*offset = i;
			return true;
		}
	}
	return false;
}

uint32_t
fresh_mark(struct decoder *d)
{
	return ++d->mark;
}

void
decode_name(struct decoder *d, const struct place *place,
    const msgpack_object *o, void *field)
{
	char **name = field;

	if (o->type != MSGPACK_OBJECT_STR ||
	    !is_workflow_name(o->via.str.ptr, o->via.str.size)) {
		unexpected(d, place, o,
		    "a workflow's name: at most 64 of a-z 0-9 . _ -, the "
		    "first a letter or digit");
		return;
	}
	*name = memory_text(d->memory, o->via.str.ptr, o->via.str.size);
}

void
decode_line(struct decoder *d, const struct place *place,
    const msgpack_object *o, void *field)
{
	char **line = field;

	if (o->type != MSGPACK_OBJECT_STR || o->via.str.size == 0)
		unexpected(d, place, o, "a string that is not empty");
	else
		*line = memory_text(d->memory, o->via.str.ptr, o->via.str.size);
}

void
decode_boolean(struct decoder *d, const struct place *place,
    const msgpack_object *o, void *field)
{
	bool *flag = field;

	if (o->type != MSGPACK_OBJECT_BOOLEAN)
		unexpected(d, place, o, "true or false");
	else
		*flag = o->via.boolean;
}

bool
decode_integer(struct decoder *d, const struct place *place,
    const msgpack_object *o, int64_t min, int64_t max, int64_t *n)
{
	char expected[80];

	if (o->type == MSGPACK_OBJECT_POSITIVE_INTEGER &&
	    o->via.u64 <= INT64_MAX)
		*n = (int64_t)o->via.u64;
	else if (o->type == MSGPACK_OBJECT_NEGATIVE_INTEGER)
		*n = o->via.i64;
	else
		*n = max == INT64_MAX ? min - 1 : max + 1;
	if (*n >= min && *n <= max)
		return true;
	snprintf(expected, sizeof(expected), "a whole number from %lld to %lld",
	    (long long)min, (long long)max);
	unexpected(d, place, o, expected);
	return false;
}

void
decode_count(struct decoder *d, const struct place *place,
    const msgpack_object *o, void *field)
{
	uint32_t *count = field;
	int64_t n;

	if (decode_integer(d, place, o, 1, COUNT_MAX, &n))
		*count = (uint32_t)n;
}

void
decode_duration(struct decoder *d, const struct place *place,
    const msgpack_object *o, void *field)
{
	int64_t *ns = field;

	/* A bare number would be nanoseconds, which nobody means here. */
	if (o->type != MSGPACK_OBJECT_STR || !parse_duration(o, ns))
		unexpected(d, place, o,
		    "a duration with its unit: 250ms, 10s, 5m, 2h, 1d, 1h30m; "
		    "at most 36500d");
}

void
decode_timeout(struct decoder *d, const struct place *place,
    const msgpack_object *o, void *field)
{
	int64_t *timeout = field, ns = -1;

	decode_duration(d, place, o, &ns);
	if (ns > 0)
		*timeout = ns;
	else if (ns == 0)
		unexpected(d, place, o,
		    "a duration longer than nothing; leave the key out for no "
		    "limit");
}

static char *
words_or(const char *const *words, size_t count)
{
	char *list = xstrdup(words[0]), *longer;
	size_t i;

	for (i = 1; i < count; i++) {
		longer = xasprintf(
		    "%s%s%s", list, i + 1 < count ? ", " : " or ", words[i]);
		free(list);
		list = longer;
	}
	return list;
}

int
decode_word(struct decoder *d, const struct place *place,
    const msgpack_object *o, const char *const *words, size_t count)
{
	const char *meant = NULL;
	char *list, *expected;
	size_t i;

	if (o->type == MSGPACK_OBJECT_STR) {
		for (i = 0; i < count; i++)
			if (object_is(o, words[i]))
				return (int)i;
		meant =
		    nearest_word(o->via.str.ptr, o->via.str.size, words, count);
	}
	list = words_or(words, count);
	expected = meant == NULL
	    ? xstrdup(list)
	    : xasprintf("%s (did you mean \"%s\"?)", list, meant);
	unexpected(d, place, o, expected);
	free(expected);
	free(list);
	return -1;
}

static bool
seen_before(char *const *lines, uint32_t count, const msgpack_object *o)
{
	uint32_t i;

	for (i = 0; i < count; i++)
		if (object_is(o, lines[i]))
			return true;
	return false;
}

bool
decode_lines(struct decoder *d, const struct place *place,
    const msgpack_object *o, char ***list, uint32_t *count)
{
	const msgpack_object *elements = o;
	uint32_t i, n = 1;
	struct place at;
	char **lines;

	if (o->type == MSGPACK_OBJECT_ARRAY) {
		elements = o->via.array.ptr;
		n = o->via.array.size;
	}
	if (n == 0 || n > LINES_MAX ||
	    (n == 1 && elements->type != MSGPACK_OBJECT_STR)) {
		unexpected(
		    d, place, o, "a string, or a list of at most 1000 strings");
		return false;
	}
	lines = memory_get(d->memory, n, sizeof(char *));
	for (i = *count = 0; i < n; i++) {
		at = elements == o ? *place : place_at(place, i);
		if (seen_before(lines, *count, &elements[i]))
			complain(d, &at, "\"%.*s\" stands here twice",
			    (int)elements[i].via.str.size,
			    elements[i].via.str.ptr);
		else
			decode_line(d, &at, &elements[i], &lines[*count]);
		if (lines[*count] != NULL)
			(*count)++;
	}
	*list = lines;
	return *count == n;
}

static bool
has_input(const void *ctx, const char *name, size_t len)
{
	const struct expression_place *e = ctx;
	const struct definition *def = e->decoder->definition;
	uint32_t i;

	for (i = 0; i < def->ninputs; i++)
		if (strlen(def->inputs[i].name) == len &&
		    memcmp(def->inputs[i].name, name, len) == 0)
			return true;
	return !e->decoder->inputs_known;
}

static bool
has_task(const void *ctx, const char *name, size_t len)
{
	const struct expression_place *e = ctx;

	return definition_task(e->decoder->definition, name, len) != UINT32_MAX;
}

static bool
has_var(const void *ctx, const char *name, size_t len)
{
	const struct expression_place *e = ctx;

	return variables_have(&e->decoder->variables, name, len);
}

static const char *
nearest(const void *ctx, const char *root, const char *name, size_t len)
{
	const struct expression_place *e = ctx;
	const struct definition *def = e->decoder->definition;
	const struct variables *vars = &e->decoder->variables;
	const char *known[COMPARED_MAX];
	size_t n = 0;

	if (e->decoder->errors->count >= SUGGESTIONS_MAX)
		return NULL;
	if (strcmp(root, "input") == 0)
		for (; n < def->ninputs && n < COMPARED_MAX; n++)
			known[n] = def->inputs[n].name;
	else if (strcmp(root, "tasks") == 0)
		for (; n < def->ntasks && n < COMPARED_MAX; n++)
			known[n] = def->tasks[n].name;
	else
		for (; n < vars->count && n < COMPARED_MAX; n++)
			known[n] = vars->names[n];
	return nearest_word(name, len, known, n);
}

static void
expression_error(
    void *ctx, const char *path, size_t offset, const char *message)
{
	const struct expression_place *e = ctx;

	complain_inside(e->decoder, e->place, path, offset, message);
}

static struct template_check
check_for(const struct decoder *d, struct expression_place *e)
{
	return (struct template_check){
	    .in = d->in,
	    .has_input = has_input,
	    .has_task = has_task,
	    .has_var = d->stored ? NULL : has_var,
	    .nearest = nearest,
	    .error = expression_error,
	    .ctx = e,
	};
}

void
decode_template(struct decoder *d, const struct place *place,
    const msgpack_object *o, void *field)
{
	struct expression_place e = {d, place};
	struct template_check check = check_for(d, &e);
	struct template **template = field;

	*template = memory_template(
	    d->memory, template_compile(d->expressions, o, &check));
}

void
decode_template_map(struct decoder *d, const struct place *place,
    const msgpack_object *o, void *field)
{
	if (o->type != MSGPACK_OBJECT_MAP)
		unexpected(d, place, o, "a map");
	else
		decode_template(d, place, o, field);
}

void
decode_template_text(struct decoder *d, const struct place *place,
    const msgpack_object *o, void *field)
{
	if (o->type != MSGPACK_OBJECT_STR || o->via.str.size == 0)
		unexpected(d, place, o, "a string that is not empty");
	else
		decode_template(d, place, o, field);
}

void
decode_condition(struct decoder *d, const struct place *place,
    const msgpack_object *o, void *field)
{
	struct expression_place e = {d, place};
	struct template_check check = check_for(d, &e);
	struct template **template = field;

	if (o->type != MSGPACK_OBJECT_STR || o->via.str.size == 0)
		unexpected(d, place, o, "an expression, in a string");
	else
		*template = memory_template(d->memory,
		    template_compile_condition(d->expressions, o, &check));
}
