/* template_compile: from a value with ${{ }} in its strings to a template. */

#include "daemon/core/template_compile.h"

#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/core/alloc.h"
#include "daemon/core/expression_check.h"
#include "daemon/core/lexer.h"
#include "libproto/pack.h"

#define OPENING "${{"
#define ESCAPED "$${{" /* how an opening is written that is none */

/* Where in the value a string is: the way back to its root. */
struct place {
	const struct place *above;
	const msgpack_object *key; /* NULL: an entry of a list */
	uint32_t index;
};

struct compiler {
	struct expressions *expressions;
	const struct template_check *check;
	const struct place *place;
	struct template *template;
	msgpack_sbuffer bytes;
	msgpack_packer packer; /* into bytes */
	size_t pending;	       /* from here bytes are in no step yet */
	size_t room;	       /* for steps */
	bool failed;
};

static struct step *add_step(struct compiler *, enum step_kind);
static void flush_bytes(struct compiler *, enum step_kind);
static void write_path(msgpack_sbuffer *, const struct place *);
static void report(void *, size_t, const char *);
static void report_sentence(struct compiler *, size_t, const char *);
static void
report_lua(struct compiler *, const struct lexer *, size_t from, size_t read);
static bool check_source(struct compiler *, const struct lexer *, size_t);
static bool compile_expression(struct compiler *, enum step_kind,
    const msgpack_object_str *, size_t *, bool closed);
static void
add_expression(struct compiler *, enum step_kind, const char *, size_t);
static bool starts_with(const msgpack_object_str *, size_t, const char *);
static size_t find_opening(const msgpack_object_str *, size_t);
static void unescape(struct compiler *, size_t);
static void compile_string(struct compiler *, const msgpack_object_str *);
static void compile_parts(struct compiler *, const msgpack_object_str *);
static void compile_list(struct compiler *, const msgpack_object_array *);
static void compile_map(struct compiler *, const msgpack_object_map *);
static void compile_value(struct compiler *, const msgpack_object *);
static void compile_condition(struct compiler *, const msgpack_object_str *);
static struct template *compile(struct expressions *, const msgpack_object *,
    const struct template_check *, bool condition);
static bool is_blank(char);

static struct step *
add_step(struct compiler *c, enum step_kind kind)
{
	struct template *t = c->template;
	struct step *step;

	if (t->nsteps == c->room) {
		c->room = c->room == 0 ? 4 : c->room * 2;
		t->steps = xreallocarray(t->steps, c->room, sizeof(*t->steps));
	}
	step = &t->steps[t->nsteps++];
	*step = (struct step){.kind = kind, .expression = LUA_NOREF};
	return step;
}

/* Makes a step of the bytes that no step has yet. */
static void
flush_bytes(struct compiler *c, enum step_kind kind)
{
	struct step *step;

	if (c->pending == c->bytes.size)
		return;
	step = add_step(c, kind);
	step->start = c->pending;
	step->size = c->bytes.size - c->pending;
	c->pending = c->bytes.size;
}

/* As a JSON pointer. */
static void
write_path(msgpack_sbuffer *path, const struct place *place)
{
	char number[16];
	const char *s;

	if (place == NULL)
		return;
	write_path(path, place->above);
	expression_write(path, "/", 1);
	if (place->key == NULL) {
		snprintf(number, sizeof(number), "%u", place->index);
		expression_write(path, number, strlen(number));
		return;
	}
	if (place->key->type != MSGPACK_OBJECT_STR)
		return;
	s = place->key->via.str.ptr;
	for (size_t n = place->key->via.str.size; n > 0; n--, s++) {
		if (*s == '~')
			expression_write(path, "~0", 2);
		else if (*s == '/')
			expression_write(path, "~1", 2);
		else
			expression_write(path, s, 1);
	}
}

/* The report of a struct complaint. */
static void
report(void *context, size_t offset, const char *sentence)
{
	report_sentence(context, offset, sentence);
}

static void
report_sentence(struct compiler *c, size_t offset, const char *sentence)
{
	char clean[EXPRESSION_ERROR_MAX];
	msgpack_sbuffer path;

	c->failed = true;
	if (c->check->error == NULL)
		return;
	snprintf(clean, sizeof(clean), "%s", sentence);
	expression_clean(clean);
	msgpack_sbuffer_init(&path);
	write_path(&path, c->place);
	expression_write(&path, "", 1);
	c->check->error(c->check->ctx, path.data, offset, clean);
	msgpack_sbuffer_destroy(&path);
}

/*
 * Lua's own complaint, at the token that it had read last.  Its <eof> is the
 * end of the expression, which stands in a string of a file.
 */
static void
report_lua(struct compiler *c, const struct lexer *lx, size_t from, size_t read)
{
	static const char extra[] = "expression: <eof> expected near ",
			  at_end[] = " near <eof>";
	char *message = c->expressions->message, sentence[EXPRESSION_ERROR_MAX];
	size_t offset = lx->at, n = strlen(message);

	/* Lua reads one byte past a token to know its end. */
	for (size_t i = lx->count; i > 0; i--) {
		if (lx->tokens[i - 1].start - from + 1 < read) {
			offset = lx->tokens[i - 1].start;
			break;
		}
	}
	if (strncmp(message, extra, strlen(extra)) == 0)
		snprintf(sentence, sizeof(sentence),
		    "expression: %s does not go on from what is before it%s",
		    message + strlen(extra),
		    strcmp(message + strlen(extra), "'='") == 0
			? "; '==' compares"
			: "");
	else if (n > strlen(at_end) &&
	    strcmp(message + n - strlen(at_end), at_end) == 0) {
		snprintf(sentence, sizeof(sentence), "%.*s at its end",
		    (int)(n - strlen(at_end)), message);
		offset = lx->at;
	} else {
		snprintf(sentence, sizeof(sentence), "%s", message);
	}
	report_sentence(c, offset, sentence);
}

/* The expression that has been lexed from the byte on. */
static bool
check_source(struct compiler *c, const struct lexer *lx, size_t from)
{
	struct complaint complaint = {report, c};
	size_t read;
	int expression;

	if (!check_shape(lx, &complaint))
		return false;
	expression = expression_compile(
	    c->expressions, lx->source + from, lx->at - from, &read);
	if (expression == LUA_NOREF) {
		report_lua(c, lx, from, read);
		return false;
	}
	expression_free(c->expressions, expression);
	return check_names(lx, c->check, &complaint);
}

/*
 * The expression at the byte, which is behind the }} afterwards.  Where it
 * cannot be known how far the expression goes, at is the end of the string.
 */
static bool
compile_expression(struct compiler *c, enum step_kind kind,
    const msgpack_object_str *s, size_t *at, bool closed)
{
	char sentence[EXPRESSION_ERROR_MAX];
	size_t from = *at, to = s->size;
	struct lexer lx;
	bool ok = false;

	if (lexer_run(&lx, s->ptr, s->size, from, closed)) {
		to = lx.at;
		*at = lx.at + (closed ? strlen("}}") : 0);
		ok = check_source(c, &lx, from);
	} else {
		*at = s->size;
		snprintf(
		    sentence, sizeof(sentence), "expression: %s", lx.error);
		report_sentence(c, lx.error_at, sentence);
	}
	lexer_free(&lx);
	add_expression(c, kind, s->ptr + from, to - from);
	return ok;
}

static void
add_expression(
    struct compiler *c, enum step_kind kind, const char *source, size_t size)
{
	struct step *step = add_step(c, kind);

	step->start = c->bytes.size;
	step->size = size;
	expression_write(&c->bytes, source, size);
	c->pending = c->bytes.size;
}

static bool
starts_with(const msgpack_object_str *s, size_t at, const char *what)
{
	size_t n = strlen(what);

	return s->size - at >= n && memcmp(s->ptr + at, what, n) == 0;
}

/* The next opening from the byte on, escaped or not, or the string's end. */
static size_t
find_opening(const msgpack_object_str *s, size_t at)
{
	while (at < s->size && !starts_with(s, at, OPENING) &&
	    !starts_with(s, at, ESCAPED))
		at++;
	return at;
}

/* A string of text and expressions, or with something escaped in it. */
static void
compile_parts(struct compiler *c, const msgpack_object_str *s)
{
	size_t at = 0, next;

	while (at < s->size) {
		next = find_opening(s, at);
		expression_write(&c->bytes, s->ptr + at, next - at);
		at = next;
		if (at == s->size)
			break;
		if (starts_with(s, at, ESCAPED)) {
			expression_write(&c->bytes, OPENING, strlen(OPENING));
			at += strlen(ESCAPED);
			continue;
		}
		flush_bytes(c, STEP_LITERAL);
		at += strlen(OPENING);
		compile_expression(c, STEP_TEXT, s, &at, true);
	}
	flush_bytes(c, STEP_LITERAL);
	add_step(c, STEP_STRING);
}

/* Nothing was an expression: what is in the one literal is a plain string. */
static void
unescape(struct compiler *c, size_t nsteps)
{
	const struct step *literal = &c->template->steps[nsteps];
	char *text = xmalloc(literal->size); /* may have NULs in it */

	memcpy(text, c->bytes.data + literal->start, literal->size);
	c->bytes.size = c->pending = literal->start;
	pack_strn(&c->packer, text, literal->size);
	c->template->nsteps = nsteps;
	free(text);
}

static void
compile_string(struct compiler *c, const msgpack_object_str *s)
{
	struct step *steps;
	size_t nsteps;

	if (find_opening(s, 0) == s->size) {
		pack_strn(&c->packer, s->ptr, s->size);
		return;
	}
	flush_bytes(c, STEP_BYTES);
	nsteps = c->template->nsteps;
	compile_parts(c, s);
	steps = c->template->steps + nsteps;
	if (c->template->nsteps - nsteps > 2)
		return;
	if (steps[0].kind == STEP_TEXT) {
		/* All of the string is one expression: its type is kept. */
		steps[0].kind = STEP_VALUE;
		c->template->nsteps--;
	} else {
		unescape(c, nsteps);
	}
}

static void
compile_list(struct compiler *c, const msgpack_object_array *list)
{
	struct place place = {.above = c->place};

	msgpack_pack_array(&c->packer, list->size);
	for (; place.index < list->size; place.index++) {
		c->place = &place;
		compile_value(c, &list->ptr[place.index]);
	}
	c->place = place.above;
}

/* Keys are what they are. */
static void
compile_map(struct compiler *c, const msgpack_object_map *map)
{
	struct place place = {.above = c->place};

	msgpack_pack_map(&c->packer, map->size);
	for (uint32_t i = 0; i < map->size; i++) {
		msgpack_pack_object(&c->packer, map->ptr[i].key);
		place.key = &map->ptr[i].key;
		c->place = &place;
		compile_value(c, &map->ptr[i].val);
	}
	c->place = place.above;
}

static void
compile_value(struct compiler *c, const msgpack_object *o)
{
	switch (o->type) {
	case MSGPACK_OBJECT_STR:
		compile_string(c, &o->via.str);
		break;
	case MSGPACK_OBJECT_ARRAY:
		compile_list(c, &o->via.array);
		break;
	case MSGPACK_OBJECT_MAP:
		compile_map(c, &o->via.map);
		break;
	default:
		msgpack_pack_object(&c->packer, *o);
		break;
	}
}

static bool
is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

/* With ${{ }} around it or without. */
static void
compile_condition(struct compiler *c, const msgpack_object_str *s)
{
	size_t at = 0;
	bool closed, ok;

	while (at < s->size && is_blank(s->ptr[at]))
		at++;
	closed = starts_with(s, at, OPENING);
	at += closed ? strlen(OPENING) : 0;
	ok = compile_expression(c, STEP_VALUE, s, &at, closed);
	while (at < s->size && is_blank(s->ptr[at]))
		at++;
	if (ok && at < s->size)
		report_sentence(c, at,
		    "expression: a condition is one expression, and something "
		    "follows its '}}'");
}

static struct template *
compile(struct expressions *ex, const msgpack_object *o,
    const struct template_check *check, bool condition)
{
	struct compiler c = {.expressions = ex, .check = check};
	struct template *t = xcalloc(1, sizeof(*t));
	bool constant;

	t->expressions = ex;
	c.template = t;
	msgpack_sbuffer_init(&c.bytes);
	msgpack_packer_init(&c.packer, &c.bytes, expression_write);
	if (!condition)
		compile_value(&c, o);
	else if (o->type == MSGPACK_OBJECT_STR)
		compile_condition(&c, &o->via.str);
	else if (o->type == MSGPACK_OBJECT_BOOLEAN)
		pack_bool(&c.packer, o->via.boolean);
	else
		report_sentence(&c, 0,
		    "expression: a condition must be an expression in a "
		    "string, true or false");
	flush_bytes(&c, STEP_BYTES);
	constant = !c.failed;
	for (size_t i = 0; i < t->nsteps && constant; i++)
		constant = t->steps[i].kind == STEP_BYTES;
	if (constant) {
		t->constant = value_of_buffer(&c.bytes);
		t->nsteps = 0;
	} else {
		t->bytes = msgpack_sbuffer_release(&c.bytes);
	}
	if (c.failed) {
		template_free(t);
		return NULL;
	}
	return t;
}

struct template *
template_compile(struct expressions *ex, const msgpack_object *o,
    const struct template_check *check)
{
	return compile(ex, o, check, false);
}

struct template *
template_compile_condition(struct expressions *ex, const msgpack_object *o,
    const struct template_check *check)
{
	return compile(ex, o, check, true);
}
