/* functions: what an expression can call about values of any kind. */

#include "daemon/core/functions.h"

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "daemon/core/element.h"
#include "daemon/core/expression.h"
#include "daemon/core/luaval.h"
#include "daemon/core/proxy.h"

#define TICKS_KEY 32   /* a key that is put into a list */
#define TICKS_NUMBER 4 /* of which the greatest is looked for */
#define DIGITS_MAX 15
#define WHOLE_FROM 4503599627370496.0 /* 2^52: no fractions from here on */

static int f_len(lua_State *);
static int f_keys(lua_State *);
static int f_has(lua_State *);
static int f_default(lua_State *);
static int f_min(lua_State *);
static int f_max(lua_State *);
static int f_round(lua_State *);
static int f_int(lua_State *);
static int f_float(lua_State *);
static int f_text(lua_State *);
static int f_json(lua_State *);

const luaL_Reg value_functions[] = {
    {"len", f_len},
    {"keys", f_keys},
    {"has", f_has},
    {"default", f_default},
    {"min", f_min},
    {"max", f_max},
    {"round", f_round},
    {"int", f_int},
    {"float", f_float},
    {"text", f_text},
    {"json", f_json},
    {NULL, NULL},
};

static lua_Integer count_entries(lua_State *, int);
static int push_map_keys(lua_State *, const struct proxy *);
static int push_table_keys(lua_State *, int);
static int extreme(lua_State *, int);
static void consider(lua_State *, int, int);
static lua_Number nearest_whole(lua_Number);
static void push_number(lua_State *);

/* Of a Lua table. */
static lua_Integer
count_entries(lua_State *L, int index)
{
	lua_Integer n = 0;

	lua_pushnil(L);
	while (lua_next(L, index) != 0) {
		lua_pop(L, 1);
		expression_pay(L, TICKS_KEY);
		n++;
	}
	return n;
}

/* Bytes of a string, entries of a list or map. */
static int
f_len(lua_State *L)
{
	struct proxy *proxy = proxy_at(L, 1);

	if (lua_type(L, 1) == LUA_TSTRING)
		lua_pushinteger(L, (lua_Integer)lua_rawlen(L, 1));
	else if (proxy != NULL && proxy->kind <= PROXY_TEXT)
		lua_pushinteger(L, proxy->count);
	else if (lua_type(L, 1) == LUA_TTABLE)
		lua_pushinteger(L, count_entries(L, 1));
	else
		return luaL_typeerror(L, 1, "string, list or map");
	return 1;
}

static int
push_map_keys(lua_State *L, const struct proxy *map)
{
	const char *p = map->body;
	lua_Integer n = 0;
	msgpack_object o;

	lua_createtable(L, 0, 0);
	for (uint32_t i = 0; i < map->count; i++) {
		expression_pay(L, TICKS_KEY);
		if (element_read(p, map->end, &o) != NULL &&
		    o.type == MSGPACK_OBJECT_STR) {
			luaval_push(L, &o);
			lua_rawseti(L, -2, ++n);
		}
		p = proxy_skip(L, p, map->end);
		p = proxy_skip(L, p, map->end);
	}
	return 1;
}

static int
push_table_keys(lua_State *L, int index)
{
	size_t count = (size_t)count_entries(L, index);
	const struct key *keys;

	lua_pushnil(L);
	while (lua_next(L, index) != 0) {
		lua_pop(L, 1);
		if (lua_type(L, -1) != LUA_TSTRING)
			return luaL_argerror(
			    L, index, "map expected, got a list");
	}
	keys = luaval_push_keys(L, index, count);
	lua_createtable(L, (int)count, 0);
	for (size_t i = 0; i < count; i++) {
		lua_pushlstring(L, keys[i].bytes, keys[i].size);
		lua_rawseti(L, -2, (lua_Integer)i + 1);
	}
	return 1;
}

static int
f_keys(lua_State *L)
{
	struct proxy *proxy = proxy_at(L, 1);

	if (proxy != NULL && proxy->kind == PROXY_MAP)
		return push_map_keys(L, proxy);
	if (lua_type(L, 1) == LUA_TTABLE)
		return push_table_keys(L, 1);
	return luaL_typeerror(L, 1, "map");
}

/* Is the key there, even with a null under it?  Nothing has nothing. */
static int
f_has(lua_State *L)
{
	struct proxy *proxy = proxy_at(L, 1);
	bool found = false;
	const char *key;
	size_t n;

	luaL_checkany(L, 2);
	if (proxy != NULL && proxy->kind == PROXY_MAP) {
		if (lua_type(L, 2) == LUA_TSTRING) {
			key = lua_tolstring(L, 2, &n);
			found = proxy_find(L, proxy, key, n) != NULL;
		}
	} else if (proxy != NULL && proxy->kind == PROXY_LIST) {
		found = lua_isinteger(L, 2) && lua_tointeger(L, 2) >= 1 &&
		    lua_tointeger(L, 2) <= proxy->count;
	} else if (lua_type(L, 1) == LUA_TTABLE) {
		lua_pushvalue(L, 2);
		found = lua_rawget(L, 1) != LUA_TNIL;
	} else if (!lua_isnil(L, 1)) {
		return luaL_typeerror(L, 1, "map or list");
	}
	lua_pushboolean(L, found);
	return 1;
}

static int
f_default(lua_State *L)
{
	luaL_checkany(L, 2);
	lua_settop(L, 2);
	lua_pushvalue(L, lua_isnil(L, 1) ? 2 : 1);
	return 1;
}

/* Takes the number on top, and keeps it at best where it goes further. */
static void
consider(lua_State *L, int best, int sign)
{
	bool further;

	expression_pay(L, TICKS_NUMBER);
	if (lua_type(L, -1) != LUA_TNUMBER)
		luaL_error(
		    L, "a number expected, got %s", proxy_type_name(L, -1));
	further = lua_isnil(L, best) ||
	    (sign < 0 ? lua_compare(L, -1, best, LUA_OPLT)
		      : lua_compare(L, best, -1, LUA_OPLT));
	if (further)
		lua_replace(L, best);
	else
		lua_pop(L, 1);
}

/* Of the numbers given, or in the one list given; an empty list has none. */
static int
extreme(lua_State *L, int sign)
{
	int best = lua_gettop(L) + 1;
	struct proxy *list = proxy_at(L, 1);
	const char *p;

	luaL_checkany(L, 1);
	lua_pushnil(L);
	if (best == 2 && list != NULL && list->kind == PROXY_LIST) {
		p = list->body;
		for (uint32_t i = 0; i < list->count; i++) {
			proxy_push(L, p, list->end);
			consider(L, best, sign);
			p = proxy_skip(L, p, list->end);
		}
	} else if (best == 2 && lua_type(L, 1) == LUA_TTABLE) {
		for (lua_Unsigned i = 1; i <= lua_rawlen(L, 1); i++) {
			lua_rawgeti(L, 1, (lua_Integer)i);
			consider(L, best, sign);
		}
	} else {
		for (int i = 1; i < best; i++) {
			lua_pushvalue(L, i);
			consider(L, best, sign);
		}
	}
	return 1;
}

static int
f_min(lua_State *L)
{
	return extreme(L, -1);
}

static int
f_max(lua_State *L)
{
	return extreme(L, 1);
}

/* Halves go away from zero. */
static lua_Number
nearest_whole(lua_Number x)
{
	int64_t whole;

	if (!(x > -WHOLE_FROM && x < WHOLE_FROM))
		return x; /* has no fraction */
	whole = (int64_t)x;
	if (x - (lua_Number)whole >= 0.5)
		whole++;
	else if (x - (lua_Number)whole <= -0.5)
		whole--;
	return (lua_Number)whole;
}

/* round(x) is an integer, round(x, digits) stays what it was. */
static int
f_round(lua_State *L)
{
	lua_Number x = luaL_checknumber(L, 1), scale = 1, scaled;
	lua_Integer digits = luaL_optinteger(L, 2, -1), whole;

	luaL_argcheck(L, lua_type(L, 1) == LUA_TNUMBER, 1, "number expected");
	if (lua_isinteger(L, 1)) {
		lua_pushvalue(L, 1);
		return 1;
	}
	if (lua_isnoneornil(L, 2)) {
		if (!lua_numbertointeger(nearest_whole(x), &whole))
			return luaL_argerror(L, 1, "too great for an integer");
		lua_pushinteger(L, whole);
		return 1;
	}
	luaL_argcheck(
	    L, digits >= 0 && digits <= DIGITS_MAX, 2, "0 to 15 expected");
	for (; digits > 0; digits--)
		scale *= 10;
	scaled = x * scale;
	lua_pushnumber(L, isfinite(scaled) ? nearest_whole(scaled) / scale : x);
	return 1;
}

/* The number that the first argument is, or is written in it. */
static void
push_number(lua_State *L)
{
	const char *s;
	size_t n;

	if (lua_type(L, 1) == LUA_TNUMBER) {
		lua_pushvalue(L, 1);
	} else if (lua_type(L, 1) == LUA_TSTRING) {
		s = lua_tolstring(L, 1, &n);
		expression_pay_bytes(L, n);
		if (lua_stringtonumber(L, s) != n + 1)
			luaL_argerror(L, 1, "the string is not a number");
	} else {
		luaL_typeerror(L, 1, "number or string");
	}
}

/* Cuts off what is behind the point. */
static int
f_int(lua_State *L)
{
	lua_Integer whole;
	lua_Number x;

	push_number(L);
	if (lua_isinteger(L, -1))
		return 1;
	x = lua_tonumber(L, -1);
	if (x > -WHOLE_FROM && x < WHOLE_FROM)
		whole = (lua_Integer)x;
	else if (!lua_numbertointeger(x, &whole))
		return luaL_argerror(L, 1, "too great for an integer");
	lua_pushinteger(L, whole);
	return 1;
}

static int
f_float(lua_State *L)
{
	push_number(L);
	lua_pushnumber(L, lua_tonumber(L, -1));
	return 1;
}

static int
f_text(lua_State *L)
{
	struct expressions *ex = expressions_of(L);

	luaL_checkany(L, 1);
	if (lua_type(L, 1) == LUA_TSTRING) {
		lua_pushvalue(L, 1);
		return 1;
	}
	ex->scratch.size = 0;
	luaval_text(L, 1, &ex->scratch, EVALUATION_MEMORY);
	lua_pushlstring(L, ex->scratch.data, ex->scratch.size);
	return 1;
}

static int
f_json(lua_State *L)
{
	struct expressions *ex = expressions_of(L);

	luaL_checkany(L, 1);
	ex->scratch.size = 0;
	luaval_json(L, 1, &ex->scratch, EVALUATION_MEMORY);
	lua_pushlstring(L, ex->scratch.data, ex->scratch.size);
	return 1;
}
