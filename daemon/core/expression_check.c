/* expression_check: what can be told of an expression without running it. */

#include "daemon/core/expression_check.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/core/alloc.h"
#include "daemon/core/expression.h"
#include "daemon/core/functions.h"
#include "libproto/nearest.h"
#include "daemon/core/proxy.h"

#define NAMES_MAX 64 /* roots and functions together */
#define SHOWN_MAX 64 /* bytes of a name that a message shows */

struct span {
	const char *bytes;
	size_t size;
};

struct checker {
	const struct lexer *lexer;
	const struct template_check *check;
	const struct complaint *complaint;
	struct span *locals; /* names declared anywhere in it, sorted */
	size_t nlocals;
	bool good;
};

static struct span token_span(const struct lexer *, size_t);
static bool span_is(struct span, const char *);
static int compare_spans(const void *, const void *);
static void complain(struct checker *, size_t, const char *);
static bool is_name(const struct lexer *, size_t);
static void declare(struct checker *, size_t);
static void collect_locals(struct checker *);
static bool is_local(const struct checker *, struct span);
static bool is_global(const struct lexer *, size_t);
static size_t member(const struct lexer *, size_t, struct span *);
static void check_name(struct checker *, size_t);
static bool is_lua_name(struct checker *, size_t, struct span);
static size_t known_names(const struct checker *, const char *[NAMES_MAX]);
static void unknown_name(struct checker *, size_t, struct span);
static const char *members_of(const struct template_check *, const char *,
    bool (**)(const void *, const char *, size_t));
static void unknown_member(
    struct checker *, size_t, const char *, const char *, struct span);
static void check_members(struct checker *, const struct root *, size_t);
static void
check_field(struct checker *, size_t, const char *, const char *const *);
static bool is_function(struct span, const luaL_Reg *);

static struct span
token_span(const struct lexer *lx, size_t i)
{
	return (struct span){
	    lx->source + lx->tokens[i].start, lx->tokens[i].size};
}

static bool
span_is(struct span span, const char *text)
{
	return strlen(text) == span.size &&
	    memcmp(text, span.bytes, span.size) == 0;
}

static int
compare_spans(const void *left, const void *right)
{
	const struct span *a = left, *b = right;

	if (a->size != b->size)
		return a->size < b->size ? -1 : 1;
	return memcmp(a->bytes, b->bytes, a->size);
}

/* About the token. */
static void
complain(struct checker *c, size_t i, const char *sentence)
{
	c->good = false;
	c->complaint->report(
	    c->complaint->ctx, c->lexer->tokens[i].start, sentence);
}

/*
 * Lua takes "return 1, 2;" where one expression is wanted; all else that would
 * be more than one it refuses itself.
 */
bool
check_shape(const struct lexer *lx, const struct complaint *complaint)
{
	static const char *const opening[] = {
	    "(", "[", "{", "function", "if", "do", "repeat"};
	static const char *const closing[] = {")", "]", "}", "end", "until"};
	size_t depth = 0;

	if (lx->count == 0) {
		complaint->report(complaint->ctx, lx->at,
		    "expression: nothing in it; expected something like "
		    "'input.name'");
		return false;
	}
	for (size_t i = 0; i < lx->count; i++) {
		for (size_t k = 0; k < sizeof(opening) / sizeof(*opening); k++)
			depth += token_is(lx, i, opening[k]);
		for (size_t k = 0; k < sizeof(closing) / sizeof(*closing); k++)
			depth -= depth > 0 && token_is(lx, i, closing[k]);
		if (depth > 0 ||
		    !(token_is(lx, i, ",") || token_is(lx, i, ";")))
			continue;
		complaint->report(complaint->ctx, lx->tokens[i].start,
		    token_is(lx, i, ",")
			? "expression: only one expression is possible, and "
			  "',' "
			  "begins another; for a list write {a, b}"
			: "expression: only one expression is possible, and "
			  "';' "
			  "ends it");
		return false;
	}
	return true;
}

static bool
is_name(const struct lexer *lx, size_t i)
{
	return i < lx->count && lx->tokens[i].kind == TOKEN_NAME &&
	    !token_is_keyword(lx, i);
}

/* The names from the token on that have nothing but commas between them. */
static void
declare(struct checker *c, size_t i)
{
	const struct lexer *lx = c->lexer;

	for (; is_name(lx, i) || token_is(lx, i, ","); i++) {
		if (!is_name(lx, i))
			continue;
		c->locals[c->nlocals++] = token_span(lx, i);
		/* local x <const> */
		if (token_is(lx, i + 1, "<") && token_is(lx, i + 3, ">"))
			i += 3;
	}
}

/*
 * Scopes are not followed: a name declared somewhere is taken for known in all
 * of the expression, and Lua finds nil where it is not.
 */
static void
collect_locals(struct checker *c)
{
	const struct lexer *lx = c->lexer;
	size_t open;

	c->locals = xcalloc(lx->count, sizeof(*c->locals));
	for (size_t i = 0; i < lx->count; i++) {
		if (token_is(lx, i, "local") &&
		    token_is(lx, i + 1, "function")) {
			if (is_name(lx, i + 2))
				c->locals[c->nlocals++] = token_span(lx, i + 2);
		} else if (token_is(lx, i, "local") || token_is(lx, i, "for")) {
			declare(c, i + 1);
		} else if (token_is(lx, i, "function")) {
			open = i + 1;
			while (is_name(lx, open))
				open++;
			if (token_is(lx, open, "("))
				declare(c, open + 1);
		}
	}
	if (c->nlocals > 0)
		qsort(c->locals, c->nlocals, sizeof(*c->locals), compare_spans);
}

static bool
is_local(const struct checker *c, struct span name)
{
	return c->nlocals > 0 &&
	    bsearch(&name, c->locals, c->nlocals, sizeof(name),
		compare_spans) != NULL;
}

/* Is it a name that Lua looks up: no field, label, key or attribute? */
static bool
is_global(const struct lexer *lx, size_t i)
{
	if (!is_name(lx, i))
		return false;
	if (i == 0)
		return true;
	if (token_is(lx, i - 1, ".") || token_is(lx, i - 1, ":") ||
	    token_is(lx, i - 1, "::") || token_is(lx, i - 1, "goto"))
		return false;
	if (token_is(lx, i + 1, "=") &&
	    (token_is(lx, i - 1, "{") || token_is(lx, i - 1, ",") ||
		token_is(lx, i - 1, ";")))
		return false;
	return !(token_is(lx, i - 1, "<") && token_is(lx, i + 1, ">") &&
	    (token_is(lx, i, "const") || token_is(lx, i, "close")));
}

/*
 * The .NAME or ["NAME"] at the token: gives the token behind it, or 0 where it
 * is something else (that only running can tell).
 */
static size_t
member(const struct lexer *lx, size_t i, struct span *name)
{
	if (token_is(lx, i, ".") && is_name(lx, i + 1)) {
		*name = token_span(lx, i + 1);
		return i + 2;
	}
	if (!token_is(lx, i, "[") || i + 2 >= lx->count ||
	    lx->tokens[i + 1].kind != TOKEN_STRING || !token_is(lx, i + 2, "]"))
		return 0;
	*name = token_span(lx, i + 1);
	if (name->bytes[0] == '[' ||
	    memchr(name->bytes, '\\', name->size) != NULL)
		return 0;
	name->bytes++;
	name->size -= 2;
	return i + 3;
}

static bool
is_function(struct span name, const luaL_Reg *functions)
{
	for (; functions->name != NULL; functions++) {
		if (span_is(name, functions->name))
			return true;
	}
	return false;
}

/* Names of Lua's library, and what serves here instead of some. */
static const struct {
	const char *name, *instead;
} lua_names[] = {
    {"tostring", "; text(x) makes a string"},
    {"tonumber", "; int(x) and float(x) make a number"},
    {"type", ""},
    {"pairs", "; keys(map) and '#list' help in a loop"},
    {"ipairs", "; 'for i = 1, #list' goes over a list"},
    {"next", "; keys(map) and '#list' help in a loop"},
    {"select", ""},
    {"print", ""},
    {"error", ""},
    {"pcall", ""},
    {"assert", ""},
    {"require", ""},
    {"load", ""},
    {"string", "; see split, replace, matches and the others"},
    {"table", "; see join, keys and contains"},
    {"math", "; see min, max and round"},
    {"os", ""},
    {"io", ""},
};

static bool
is_lua_name(struct checker *c, size_t i, struct span name)
{
	char sentence[EXPRESSION_ERROR_MAX];

	for (size_t n = 0; n < sizeof(lua_names) / sizeof(*lua_names); n++) {
		if (!span_is(name, lua_names[n].name))
			continue;
		snprintf(sentence, sizeof(sentence),
		    "expression: '%s' is of Lua's library, which is not here%s",
		    lua_names[n].name, lua_names[n].instead);
		complain(c, i, sentence);
		return true;
	}
	return false;
}

/* All that can stand where the expression does. */
static size_t
known_names(const struct checker *c, const char *known[NAMES_MAX])
{
	const luaL_Reg *const lists[] = {value_functions, text_functions};
	size_t n = 0;

	for (const struct root *r = expression_roots; r->name != NULL; r++) {
		if (r->from <= c->check->in)
			known[n++] = r->name;
	}
	for (size_t list = 0; list < 2; list++) {
		for (const luaL_Reg *f = lists[list];
		     f->name != NULL && n < NAMES_MAX; f++)
			known[n++] = f->name;
	}
	return n;
}

static void
unknown_name(struct checker *c, size_t i, struct span name)
{
	const char *known[NAMES_MAX], *near;
	char sentence[EXPRESSION_ERROR_MAX];
	int shown = (int)(name.size < SHOWN_MAX ? name.size : SHOWN_MAX);

	near =
	    nearest_word(name.bytes, name.size, known, known_names(c, known));
	if (near != NULL)
		snprintf(sentence, sizeof(sentence),
		    "expression: unknown name '%.*s'; did you mean '%s'?",
		    shown, name.bytes, near);
	else
		snprintf(sentence, sizeof(sentence),
		    "expression: unknown name '%.*s'; inputs are input.NAME, "
		    "variables are vars.NAME",
		    shown, name.bytes);
	complain(c, i, sentence);
}

/* A field of a task or the execution, at the token. */
static void
check_field(
    struct checker *c, size_t i, const char *owner, const char *const *fields)
{
	char sentence[EXPRESSION_ERROR_MAX];
	struct span name;
	const char *near;
	size_t n = 0;

	if (member(c->lexer, i, &name) == 0)
		return;
	for (; fields[n] != NULL; n++) {
		if (span_is(name, fields[n]))
			return;
	}
	near = nearest_word(name.bytes, name.size, fields, n);
	n = (size_t)snprintf(sentence, sizeof(sentence),
	    "expression: %s has no field '%.*s'; ", owner,
	    (int)(name.size < SHOWN_MAX ? name.size : SHOWN_MAX), name.bytes);
	if (near != NULL) {
		snprintf(sentence + n, sizeof(sentence) - n,
		    "did you mean '%s'?", near);
	} else {
		n += (size_t)snprintf(
		    sentence + n, sizeof(sentence) - n, "it has");
		for (; *fields != NULL && n < sizeof(sentence); fields++)
			n += (size_t)snprintf(
			    sentence + n, sizeof(sentence) - n, " %s", *fields);
	}
	complain(c, i + 1, sentence);
}

/* What the names below a root are; NULL: they can't be known. */
static const char *
members_of(const struct template_check *check, const char *root,
    bool (**has)(const void *, const char *, size_t))
{
	static const struct {
		const char *root, *what;
	} kinds[] = {
	    {"input", "input"}, {"tasks", "task"}, {"vars", "variable"}};
	bool (*const known[])(const void *, const char *, size_t) = {
	    check->has_input, check->has_task, check->has_var};

	for (size_t k = 0; k < sizeof(kinds) / sizeof(*kinds); k++) {
		if (strcmp(root, kinds[k].root) != 0)
			continue;
		*has = known[k];
		return kinds[k].what;
	}
	return NULL;
}

static void
unknown_member(struct checker *c, size_t i, const char *root, const char *what,
    struct span name)
{
	const struct template_check *check = c->check;
	char sentence[EXPRESSION_ERROR_MAX];
	const char *near = NULL;
	bool variable = strcmp(root, "vars") == 0;

	if (check->nearest != NULL)
		near = check->nearest(check->ctx, root, name.bytes, name.size);
	snprintf(sentence, sizeof(sentence),
	    "expression: there is no %s '%.*s'%s%s%s", what,
	    (int)(name.size < SHOWN_MAX ? name.size : SHOWN_MAX), name.bytes,
	    near != NULL ? "; did you mean '" : "", near != NULL ? near : "",
	    near != NULL   ? "'?"
		: variable ? "; 'vars:' and 'set:' make variables"
			   : "");
	complain(c, i, sentence);
}

static void
check_members(struct checker *c, const struct root *root, size_t i)
{
	const struct template_check *check = c->check;
	bool (*has)(const void *, const char *, size_t) = NULL;
	struct span name;
	const char *what;
	size_t behind;

	if (strcmp(root->name, "task") == 0)
		check_field(c, i + 1, "task", task_fields);
	if (strcmp(root->name, "execution") == 0)
		check_field(c, i + 1, "execution", execution_fields);
	what = members_of(check, root->name, &has);
	behind = what == NULL ? 0 : member(c->lexer, i + 1, &name);
	if (behind == 0)
		return;
	if (has != NULL && !has(check->ctx, name.bytes, name.size))
		unknown_member(c, i + 2, root->name, what, name);
	else if (strcmp(root->name, "tasks") == 0)
		check_field(c, behind, "a task", task_fields);
}

static void
check_name(struct checker *c, size_t i)
{
	struct span name = token_span(c->lexer, i);
	char sentence[EXPRESSION_ERROR_MAX];

	if (is_local(c, name) || is_function(name, value_functions) ||
	    is_function(name, text_functions))
		return;
	for (const struct root *r = expression_roots; r->name != NULL; r++) {
		if (!span_is(name, r->name))
			continue;
		if (r->from <= c->check->in) {
			check_members(c, r, i);
			return;
		}
		snprintf(sentence, sizeof(sentence),
		    "expression: '%s' is known only %s", r->name, r->where);
		complain(c, i, sentence);
		return;
	}
	if (!is_lua_name(c, i, name))
		unknown_name(c, i, name);
}

bool
check_names(const struct lexer *lx, const struct template_check *check,
    const struct complaint *complaint)
{
	struct checker c = {
	    .lexer = lx, .check = check, .complaint = complaint, .good = true};

	collect_locals(&c);
	for (size_t i = 0; i < lx->count; i++) {
		/* Through it an expression could change what globals are. */
		if (token_is(lx, i, "_ENV"))
			complain(&c, i, "expression: '_ENV' may not be used");
		else if (is_global(lx, i))
			check_name(&c, i);
	}
	free(c.locals);
	return c.good;
}
