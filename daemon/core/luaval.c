/* luaval: values on their way between MessagePack and Lua. */

#include "daemon/core/luaval.h"

#include <lauxlib.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/core/expression.h"
#include "daemon/core/json.h"
#include "daemon/core/proxy.h"

#define TICKS_ENTRY 16 /* an entry of a Lua table that is looked at */

/* What a Lua table has for keys. */
struct shape {
	size_t entries;
	size_t strings;
	lua_Integer last; /* the greatest integer */
};

static void pack(lua_State *, int, msgpack_sbuffer *, size_t, int);
static void pack_scalar(lua_State *, int, msgpack_packer *);
static void pack_proxy(lua_State *, int, msgpack_sbuffer *, size_t);
static void pack_table(lua_State *, int, msgpack_sbuffer *, size_t, int);
static void pack_list(lua_State *, int, msgpack_sbuffer *, size_t, int);
static void pack_map(lua_State *, int, msgpack_sbuffer *, size_t, int, size_t);
static void refuse_holes(lua_State *, int);
static struct shape table_shape(lua_State *, int);
static int compare_keys(const void *, const void *);
static void
add_json(lua_State *, msgpack_sbuffer *, size_t, const char *, const char *);
static void add_number(lua_State *, int, msgpack_sbuffer *, size_t);

void
luaval_push(lua_State *L, const msgpack_object *o)
{
	switch (o->type) {
	case MSGPACK_OBJECT_NIL:
		lua_pushnil(L);
		break;
	case MSGPACK_OBJECT_BOOLEAN:
		lua_pushboolean(L, o->via.boolean);
		break;
	case MSGPACK_OBJECT_POSITIVE_INTEGER:
		if (o->via.u64 > INT64_MAX)
			lua_pushnumber(L, (lua_Number)o->via.u64);
		else
			lua_pushinteger(L, (lua_Integer)o->via.u64);
		break;
	case MSGPACK_OBJECT_NEGATIVE_INTEGER:
		lua_pushinteger(L, o->via.i64);
		break;
	case MSGPACK_OBJECT_FLOAT32:
	case MSGPACK_OBJECT_FLOAT64:
		lua_pushnumber(L, o->via.f64);
		break;
	case MSGPACK_OBJECT_STR:
	case MSGPACK_OBJECT_BIN:
		if (o->via.str.size > EVALUATION_MEMORY)
			luaL_error(L, "a value of %d bytes is too long for it",
			    (int)o->via.str.size);
		expression_pay_bytes(L, o->via.str.size);
		lua_pushlstring(L, o->via.str.ptr, o->via.str.size);
		break;
	default:
		luaL_error(L, "a value of an extension type (%d) is unknown",
		    (int)o->via.ext.type);
	}
}

static int
compare_keys(const void *left, const void *right)
{
	const struct key *a = left, *b = right;
	size_t n = a->size < b->size ? a->size : b->size;
	int order = n == 0 ? 0 : memcmp(a->bytes, b->bytes, n);

	return order != 0 ? order : a->size < b->size ? -1 : a->size > b->size;
}

const struct key *
luaval_push_keys(lua_State *L, int index, size_t count)
{
	struct key *keys;
	size_t n = 0;

	index = lua_absindex(L, index);
	keys = lua_newuserdatauv(L, count * sizeof(*keys), 0);
	lua_pushnil(L);
	while (lua_next(L, index) != 0) {
		lua_pop(L, 1);
		if (n < count)
			keys[n].bytes = lua_tolstring(L, -1, &keys[n].size);
		n++;
	}
	qsort(keys, count, sizeof(*keys), compare_keys);
	return keys;
}

static struct shape
table_shape(lua_State *L, int index)
{
	struct shape shape = {0};

	index = lua_absindex(L, index);
	lua_pushnil(L);
	while (lua_next(L, index) != 0) {
		lua_pop(L, 1);
		expression_pay(L, TICKS_ENTRY);
		shape.entries++;
		if (lua_type(L, -1) == LUA_TSTRING)
			shape.strings++;
		else if (!lua_isinteger(L, -1) || lua_tointeger(L, -1) < 1)
			luaL_error(L,
			    "a table's keys must be strings, or 1, 2, 3 and "
			    "so on: found %s",
			    lua_type(L, -1) == LUA_TNUMBER
				? "a number that is none of these"
				: luaL_typename(L, -1));
		else if (lua_tointeger(L, -1) > shape.last)
			shape.last = lua_tointeger(L, -1);
	}
	return shape;
}

static void
pack_list(
    lua_State *L, int index, msgpack_sbuffer *buffer, size_t limit, int depth)
{
	lua_Integer n = (lua_Integer)lua_rawlen(L, index);
	msgpack_packer pk;

	msgpack_packer_init(&pk, buffer, expression_write);
	msgpack_pack_array(&pk, (size_t)n);
	for (lua_Integer i = 1; i <= n; i++) {
		lua_rawgeti(L, index, i);
		pack(L, -1, buffer, limit, depth);
		lua_pop(L, 1);
	}
}

static void
pack_map(lua_State *L, int index, msgpack_sbuffer *buffer, size_t limit,
    int depth, size_t count)
{
	const struct key *keys = luaval_push_keys(L, index, count);
	msgpack_packer pk;

	msgpack_packer_init(&pk, buffer, expression_write);
	msgpack_pack_map(&pk, count);
	for (size_t i = 0; i < count; i++) {
		lua_pushlstring(L, keys[i].bytes, keys[i].size);
		pack(L, -1, buffer, limit, depth);
		lua_rawget(L, index);
		pack(L, -1, buffer, limit, depth);
		lua_pop(L, 1);
	}
	lua_pop(L, 1);
}

static void
pack_table(
    lua_State *L, int index, msgpack_sbuffer *buffer, size_t limit, int depth)
{
	struct shape shape;

	if (depth == NESTING_MAX)
		luaL_error(L, "a table is nested deeper than %d", NESTING_MAX);
	luaL_checkstack(L, 6, "a table is nested too deep");
	shape = table_shape(L, index);
	if (shape.strings > 0 && shape.strings < shape.entries)
		luaL_error(L,
		    "a table must be a list or a map: this one has "
		    "both numbers and names for keys");
	if (shape.strings > 0)
		pack_map(L, index, buffer, limit, depth + 1, shape.entries);
	else if ((size_t)shape.last == shape.entries)
		pack_list(L, index, buffer, limit, depth + 1);
	else
		refuse_holes(L, index);
}

/* What is told of the list is where it ends, and not what it has for keys. */
static void
refuse_holes(lua_State *L, int index)
{
	lua_Integer n = 1;

	while (lua_rawgeti(L, index, n) != LUA_TNIL) {
		lua_pop(L, 1);
		expression_pay(L, TICKS_ENTRY);
		n++;
	}
	luaL_error(L,
	    "a list has holes, the first at number %I; default(x, y) fills one",
	    (LUAI_UACINT)n);
}

static void
pack_proxy(lua_State *L, int index, msgpack_sbuffer *buffer, size_t limit)
{
	struct proxy *proxy = proxy_at(L, index);
	static const char *const examples[PROXY_KINDS] = {
	    [PROXY_TASKS] = "tasks is no value: name a task and a field of it",
	    [PROXY_TASK] = "a task is no value: name a field of it, like "
			   "'.output'",
	    [PROXY_EXECUTION] = "execution is no value: name a field of it, "
				"like '.id'",
	};

	if (examples[proxy->kind] != NULL)
		luaL_error(L, "%s", examples[proxy->kind]);
	expression_add(L, buffer, limit, proxy->start,
	    (size_t)(proxy_end(L, proxy) - proxy->start));
}

static void
pack_scalar(lua_State *L, int index, msgpack_packer *pk)
{
	const char *s;
	size_t n;

	switch (lua_type(L, index)) {
	case LUA_TNIL:
		msgpack_pack_nil(pk);
		break;
	case LUA_TBOOLEAN:
		if (lua_toboolean(L, index))
			msgpack_pack_true(pk);
		else
			msgpack_pack_false(pk);
		break;
	case LUA_TNUMBER:
		if (lua_isinteger(L, index))
			msgpack_pack_int64(pk, lua_tointeger(L, index));
		else if (isfinite(lua_tonumber(L, index)))
			msgpack_pack_double(pk, lua_tonumber(L, index));
		else
			luaL_error(L, "a number is infinite or not a number");
		break;
	case LUA_TSTRING:
		s = lua_tolstring(L, index, &n);
		msgpack_pack_str(pk, n);
		msgpack_pack_str_body(pk, s, n);
		break;
	default:
		luaL_error(L, "a %s is no value", luaL_typename(L, index));
	}
}

static void
pack(lua_State *L, int index, msgpack_sbuffer *buffer, size_t limit, int depth)
{
	msgpack_packer pk;

	index = lua_absindex(L, index);
	expression_pay(L, TICKS_ENTRY);
	if (lua_type(L, index) == LUA_TTABLE) {
		pack_table(L, index, buffer, limit, depth);
	} else if (lua_type(L, index) == LUA_TUSERDATA) {
		pack_proxy(L, index, buffer, limit);
	} else {
		expression_pay_bytes(L,
		    lua_type(L, index) == LUA_TSTRING ? lua_rawlen(L, index)
						      : 0);
		msgpack_packer_init(&pk, buffer, expression_write);
		pack_scalar(L, index, &pk);
	}
	/* One scalar more than the limit is bounded by Lua's own memory. */
	expression_add(L, buffer, limit, "", 0);
}

void
luaval_pack(lua_State *L, int index, msgpack_sbuffer *buffer, size_t limit)
{
	pack(L, index, buffer, limit, 0);
}

static void
add_json(lua_State *L, msgpack_sbuffer *buffer, size_t limit, const char *p,
    const char *end)
{
	struct expressions *ex = expressions_of(L);
	const char *error;

	error = json_write(buffer, limit, &ex->ticks, p, end);
	expression_pay(L, 0);
	if (error == json_too_long)
		expression_full(L, limit);
	if (error != NULL)
		luaL_error(L, "a value cannot be written as JSON: %s", error);
}

void
luaval_json(lua_State *L, int index, msgpack_sbuffer *buffer, size_t limit)
{
	struct expressions *ex = expressions_of(L);
	struct proxy *proxy = proxy_at(L, index);

	if (proxy != NULL && proxy->kind <= PROXY_TEXT) {
		add_json(L, buffer, limit, proxy->start, proxy->end);
		return;
	}
	ex->packed.size = 0;
	luaval_pack(L, index, &ex->packed, limit);
	add_json(L, buffer, limit, ex->packed.data,
	    ex->packed.data + ex->packed.size);
}

static void
add_number(lua_State *L, int index, msgpack_sbuffer *buffer, size_t limit)
{
	const char *s;
	size_t n;

	if (!isfinite(lua_tonumber(L, index)))
		luaL_error(L, "a number is infinite or not a number");
	/* Lua changes the number it makes a string of: a copy. */
	lua_pushvalue(L, index);
	s = lua_tolstring(L, -1, &n);
	expression_add(L, buffer, limit, s, n);
	lua_pop(L, 1);
}

void
luaval_text(lua_State *L, int index, msgpack_sbuffer *buffer, size_t limit)
{
	struct proxy *proxy = proxy_at(L, index);
	const char *s;
	size_t n;

	switch (lua_type(L, index)) {
	case LUA_TNIL:
		break;
	case LUA_TBOOLEAN:
		s = lua_toboolean(L, index) ? "true" : "false";
		expression_add(L, buffer, limit, s, strlen(s));
		break;
	case LUA_TNUMBER:
		add_number(L, index, buffer, limit);
		break;
	case LUA_TSTRING:
		s = lua_tolstring(L, index, &n);
		expression_add(L, buffer, limit, s, n);
		break;
	default:
		if (proxy != NULL && proxy->kind == PROXY_TEXT)
			expression_add(
			    L, buffer, limit, proxy->body, proxy->count);
		else
			luaval_json(L, index, buffer, limit);
	}
}
