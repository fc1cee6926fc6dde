/* functions_text: what an expression can call about strings and lists. */

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "daemon/core/element.h"
#include "daemon/core/expression.h"
#include "daemon/core/functions.h"
#include "daemon/core/luaval.h"
#include "daemon/core/proxy.h"

#define TICKS_PIECE 32	 /* a piece that a string is split into */
#define TICKS_SEARCHED 2 /* bytes for one */
#define GLOB_STEPS 4096u /* of a match, paid for together */

/* A string argument, wherever it lies. */
struct text {
	const char *s;
	size_t size;
};

/* A pattern and how far it has matched. */
struct glob {
	struct text pattern;
	size_t at;
	size_t steps; /* not paid for yet */
};

static int f_contains(lua_State *);
static int f_starts_with(lua_State *);
static int f_ends_with(lua_State *);
static int f_lower(lua_State *);
static int f_upper(lua_State *);
static int f_trim(lua_State *);
static int f_split(lua_State *);
static int f_join(lua_State *);
static int f_replace(lua_State *);
static int f_matches(lua_State *);

const luaL_Reg text_functions[] = {
    {"contains", f_contains},
    {"starts_with", f_starts_with},
    {"ends_with", f_ends_with},
    {"lower", f_lower},
    {"upper", f_upper},
    {"trim", f_trim},
    {"split", f_split},
    {"join", f_join},
    {"replace", f_replace},
    {"matches", f_matches},
    {NULL, NULL},
};

static struct text check_text(lua_State *, int);
static bool is_text(lua_State *, int);
static const char *find(lua_State *, struct text, struct text);
static bool list_contains(lua_State *, const struct proxy *);
static bool table_contains(lua_State *);
static int map_bytes(lua_State *, char, char, int);
static void build(lua_State *, const char *, size_t);
static int push_built(lua_State *);
static void join_entry(lua_State *, const msgpack_object *, struct text, bool);
static bool glob_set(struct glob *, unsigned char);
static bool glob_one(struct glob *, unsigned char);

static bool
is_text(lua_State *L, int index)
{
	struct proxy *proxy = proxy_at(L, index);

	return lua_isstring(L, index) ||
	    (proxy != NULL && proxy->kind == PROXY_TEXT);
}

/* Numbers are taken too, as Lua does. */
static struct text
check_text(lua_State *L, int index)
{
	struct proxy *proxy = proxy_at(L, index);
	struct text text = {NULL, 0};

	if (!is_text(L, index))
		luaL_typeerror(L, index, "string");
	if (proxy != NULL) {
		text.s = proxy->body;
		text.size = proxy->count;
	} else {
		text.s = lua_tolstring(L, index, &text.size);
	}
	expression_pay_bytes(L, text.size);
	return text;
}

/* Where the one is in the other; what was searched is paid for. */
static const char *
find(lua_State *L, struct text in, struct text what)
{
	const char *at = memmem(in.s, in.size, what.s, what.size);

	expression_pay(
	    L, (at == NULL ? in.size : (size_t)(at - in.s)) / TICKS_SEARCHED);
	return at;
}

/* The second argument in the list that is the first. */
static bool
list_contains(lua_State *L, const struct proxy *list)
{
	const char *p = list->body;
	struct text wanted = {NULL, 0};
	msgpack_object o;
	bool found = false;

	if (lua_type(L, 2) == LUA_TSTRING)
		wanted = check_text(L, 2);
	for (uint32_t i = 0; i < list->count && !found; i++) {
		if (element_read(p, list->end, &o) == NULL)
			break;
		if (wanted.s != NULL && o.type == MSGPACK_OBJECT_STR) {
			found = o.via.str.size == wanted.size &&
			    memcmp(o.via.str.ptr, wanted.s, wanted.size) == 0;
		} else if (wanted.s == NULL) {
			proxy_push(L, p, list->end);
			found = lua_compare(L, -1, 2, LUA_OPEQ) != 0;
			lua_pop(L, 1);
		}
		p = proxy_skip(L, p, list->end);
	}
	return found;
}

static bool
table_contains(lua_State *L)
{
	lua_Unsigned n = lua_rawlen(L, 1);
	bool found = false;

	for (lua_Unsigned i = 1; i <= n && !found; i++) {
		expression_pay(L, TICKS_PIECE);
		if (lua_rawgeti(L, 1, (lua_Integer)i) == LUA_TSTRING)
			expression_pay_bytes(L, lua_rawlen(L, -1));
		found = lua_compare(L, -1, 2, LUA_OPEQ) != 0;
		lua_pop(L, 1);
	}
	return found;
}

/* A string in a string, or a value in a list. */
static int
f_contains(lua_State *L)
{
	struct proxy *proxy = proxy_at(L, 1);
	bool found;

	luaL_checkany(L, 2);
	if (proxy != NULL && proxy->kind == PROXY_LIST)
		found = list_contains(L, proxy);
	else if (lua_type(L, 1) == LUA_TTABLE)
		found = table_contains(L);
	else if (is_text(L, 1))
		found = find(L, check_text(L, 1), check_text(L, 2)) != NULL;
	else
		return luaL_typeerror(L, 1, "string or list");
	lua_pushboolean(L, found);
	return 1;
}

static int
f_starts_with(lua_State *L)
{
	struct text text = check_text(L, 1), start = check_text(L, 2);

	lua_pushboolean(L,
	    text.size >= start.size &&
		memcmp(text.s, start.s, start.size) == 0);
	return 1;
}

static int
f_ends_with(lua_State *L)
{
	struct text text = check_text(L, 1), end = check_text(L, 2);

	lua_pushboolean(L,
	    text.size >= end.size &&
		memcmp(text.s + text.size - end.size, end.s, end.size) == 0);
	return 1;
}

/* Adds to the string that a function builds; it is empty to begin with. */
static void
build(lua_State *L, const char *s, size_t n)
{
	expression_add(L, &expressions_of(L)->scratch, EVALUATION_MEMORY, s, n);
}

static int
push_built(lua_State *L)
{
	struct expressions *ex = expressions_of(L);

	lua_pushlstring(L, ex->scratch.data, ex->scratch.size);
	return 1;
}

/* Moves the bytes of a range; only ASCII has cases here. */
static int
map_bytes(lua_State *L, char from, char to, int distance)
{
	struct expressions *ex = expressions_of(L);
	struct text text = check_text(L, 1);

	ex->scratch.size = 0;
	build(L, text.s, text.size);
	for (char *p = ex->scratch.data, *end = p + text.size; p < end; p++) {
		if (*p >= from && *p <= to)
			*p = (char)(*p + distance);
	}
	return push_built(L);
}

static int
f_lower(lua_State *L)
{
	return map_bytes(L, 'A', 'Z', 'a' - 'A');
}

static int
f_upper(lua_State *L)
{
	return map_bytes(L, 'a', 'z', 'A' - 'a');
}

static int
f_trim(lua_State *L)
{
	static const char blanks[] = " \t\n\v\f\r";
	struct text text = check_text(L, 1);

	while (text.size > 0 &&
	    memchr(blanks, text.s[0], sizeof(blanks) - 1) != NULL) {
		text.s++;
		text.size--;
	}
	while (text.size > 0 &&
	    memchr(blanks, text.s[text.size - 1], sizeof(blanks) - 1) != NULL)
		text.size--;
	if (text.size > EVALUATION_MEMORY)
		return luaL_error(L, "a string of %d bytes is too long for it",
		    (int)text.size);
	lua_pushlstring(L, text.s, text.size);
	return 1;
}

/* split("a,b", ",") is {"a", "b"}; an empty string has one empty piece. */
static int
f_split(lua_State *L)
{
	struct text text = check_text(L, 1), by = check_text(L, 2), piece;
	lua_Integer n = 0;
	const char *at;

	luaL_argcheck(L, by.size > 0, 2, "must not be empty");
	lua_newtable(L);
	do {
		at = find(L, text, by);
		piece.s = text.s;
		piece.size = at == NULL ? text.size : (size_t)(at - text.s);
		expression_pay(L, TICKS_PIECE);
		if (piece.size > EVALUATION_MEMORY)
			return luaL_error(L,
			    "a piece of %d bytes is too long "
			    "for it",
			    (int)piece.size);
		lua_pushlstring(L, piece.s, piece.size);
		lua_rawseti(L, -2, ++n);
		if (at != NULL) {
			text.s = at + by.size;
			text.size -= piece.size + by.size;
		}
	} while (at != NULL);
	return 1;
}

/* The entry on top of the stack, unless it is a str that was not pushed. */
static void
join_entry(
    lua_State *L, const msgpack_object *str, struct text between, bool first)
{
	if (!first)
		build(L, between.s, between.size);
	expression_pay(L, TICKS_PIECE);
	if (str != NULL) {
		build(L, str->via.str.ptr, str->via.str.size);
		return;
	}
	if (!lua_isstring(L, -1) && !lua_isboolean(L, -1))
		luaL_error(L,
		    "join: strings and numbers expected in the list, "
		    "got %s",
		    proxy_type_name(L, -1));
	luaval_text(L, -1, &expressions_of(L)->scratch, EVALUATION_MEMORY);
	lua_pop(L, 1);
}

static int
f_join(lua_State *L)
{
	struct proxy *list = proxy_at(L, 1);
	struct text between = {"", 0};
	msgpack_object o;
	const char *p;

	if (!lua_isnoneornil(L, 2))
		between = check_text(L, 2);
	expressions_of(L)->scratch.size = 0;
	if (list != NULL && list->kind == PROXY_LIST) {
		p = list->body;
		for (uint32_t i = 0; i < list->count; i++) {
			element_read(p, list->end, &o);
			if (o.type != MSGPACK_OBJECT_STR)
				proxy_push(L, p, list->end);
			join_entry(L, o.type == MSGPACK_OBJECT_STR ? &o : NULL,
			    between, i == 0);
			p = proxy_skip(L, p, list->end);
		}
	} else if (lua_type(L, 1) == LUA_TTABLE) {
		for (lua_Unsigned i = 1; i <= lua_rawlen(L, 1); i++) {
			lua_rawgeti(L, 1, (lua_Integer)i);
			join_entry(L, NULL, between, i == 1);
		}
	} else {
		return luaL_typeerror(L, 1, "list");
	}
	return push_built(L);
}

/* All of them, from the left; nothing is a pattern. */
static int
f_replace(lua_State *L)
{
	struct text text = check_text(L, 1), old = check_text(L, 2),
		    new = check_text(L, 3);
	const char *at;

	luaL_argcheck(L, old.size > 0, 2, "must not be empty");
	expressions_of(L)->scratch.size = 0;
	while ((at = find(L, text, old)) != NULL) {
		build(L, text.s, (size_t)(at - text.s));
		build(L, new.s, new.size);
		expression_pay(L, TICKS_ELEMENT);
		text.size -= (size_t)(at - text.s) + old.size;
		text.s = at + old.size;
	}
	build(L, text.s, text.size);
	return push_built(L);
}

/* [abc], [a-z], [!a-z]; at is behind the [, and behind the ] afterwards. */
static bool
glob_set(struct glob *glob, unsigned char c)
{
	const struct text *p = &glob->pattern;
	bool inverted, found = false;
	unsigned char low, high;
	size_t i = glob->at, first;

	inverted = i < p->size && (p->s[i] == '!' || p->s[i] == '^');
	i += inverted;
	for (first = i; i < p->size; i++) {
		low = high = (unsigned char)p->s[i];
		if (low == ']' && i > first) {
			glob->steps += i - first;
			glob->at = i + 1;
			return found != inverted;
		}
		if (i + 2 < p->size && p->s[i + 1] == '-' &&
		    p->s[i + 2] != ']') {
			high = (unsigned char)p->s[i + 2];
			i += 2;
		}
		found = found || (c >= low && c <= high);
	}
	/* No ] at all: the [ stands for itself. */
	glob->steps += i - first;
	return c == '[';
}

/* What stands at one place of the pattern, other than a star. */
static bool
glob_one(struct glob *glob, unsigned char c)
{
	const struct text *p = &glob->pattern;
	char expected;

	if (glob->at == p->size)
		return false;
	expected = p->s[glob->at++];
	if (expected == '?')
		return true;
	if (expected == '[')
		return glob_set(glob, c);
	if (expected == '\\' && glob->at < p->size)
		expected = p->s[glob->at++];
	return (unsigned char)expected == c;
}

/*
 * The whole string against a pattern of * ? [a-z] and \.  After a mismatch
 * only the last star is tried again, one byte further: an earlier one could not
 * do better.
 */
static int
f_matches(lua_State *L)
{
	struct text text = check_text(L, 1);
	struct glob glob = {.pattern = check_text(L, 2)};
	size_t t = 0, star = SIZE_MAX, star_t = 0;
	bool good = true;

	while (good && (t < text.size || glob.at < glob.pattern.size)) {
		if (++glob.steps >= GLOB_STEPS) {
			expression_pay(L, glob.steps);
			glob.steps = 0;
		}
		if (glob.at < glob.pattern.size &&
		    glob.pattern.s[glob.at] == '*') {
			star = ++glob.at;
			star_t = t;
		} else if (t < text.size &&
		    glob_one(&glob, (unsigned char)text.s[t])) {
			t++;
		} else {
			good = star != SIZE_MAX && star_t < text.size;
			glob.at = star;
			t = ++star_t;
		}
	}
	expression_pay(L, glob.steps);
	lua_pushboolean(L, good);
	return 1;
}
