/* expression_names: the names that an expression finds. */

#include <lauxlib.h>

#include "daemon/core/expression.h"
#include "daemon/core/functions.h"
#include "daemon/core/proxy.h"

static void push_input(lua_State *, const struct scope *);
static void push_vars(lua_State *, const struct scope *);
static void push_item(lua_State *, const struct scope *);
static void push_index(lua_State *, const struct scope *);
static void push_tasks(lua_State *, const struct scope *);
static void push_task(lua_State *, const struct scope *);
static void push_execution(lua_State *, const struct scope *);
static int look_up(lua_State *);
static int refuse_change(lua_State *);

const struct root expression_roots[] = {
    {"input", IN_DEFINITION, "", push_input},
    {"vars", IN_DEFINITION, "", push_vars},
    {"execution", IN_DEFINITION, "", push_execution},
    {"tasks", IN_TASK, "inside of a task", push_tasks},
    {"item", IN_ITEM, "in a task that has items", push_item},
    {"index", IN_ITEM, "in a task that has items", push_index},
    {"task", IN_NEXT, "in a task's own next, cost and retry.when", push_task},
    {NULL, IN_DEFINITION, NULL, NULL},
};

static void
push_input(lua_State *L, const struct scope *scope)
{
	proxy_push_value(L, scope->input);
}

/* Where there are none yet, none of them is there. */
static void
push_vars(lua_State *L, const struct scope *scope)
{
	static const char none[] = {'\x80'}; /* an empty map */

	if (scope->vars == NULL)
		proxy_push(L, none, none + sizeof(none));
	else
		proxy_push_value(L, scope->vars);
}

static void
push_item(lua_State *L, const struct scope *scope)
{
	proxy_push_value(L, scope->item);
}

static void
push_index(lua_State *L, const struct scope *scope)
{
	if (scope->index < 0)
		lua_pushnil(L);
	else
		lua_pushinteger(L, scope->index);
}

static void
push_tasks(lua_State *L, const struct scope *scope)
{
	(void)scope;
	proxy_push_root(L, PROXY_TASKS);
}

static void
push_task(lua_State *L, const struct scope *scope)
{
	(void)scope;
	proxy_push_root(L, PROXY_TASK);
}

static void
push_execution(lua_State *L, const struct scope *scope)
{
	(void)scope;
	proxy_push_root(L, PROXY_EXECUTION);
}

/* A global name: upvalue 1 has functions, and the numbers of roots. */
static int
look_up(lua_State *L)
{
	lua_pushvalue(L, 2);
	if (lua_rawget(L, lua_upvalueindex(1)) == LUA_TNUMBER)
		expression_roots[lua_tointeger(L, -1)].push(
		    L, expressions_of(L)->scope);
	return 1;
}

static int
refuse_change(lua_State *L)
{
	return luaL_error(L, "attempt to set '%s': an expression only reads",
	    lua_tostring(L, 2));
}

/*
 * The globals are an empty table whose metatable finds the names: there is
 * nothing in it that an expression could change.
 */
void
expression_register_names(lua_State *L)
{
	lua_newtable(L);
	lua_newtable(L);
	lua_newtable(L);
	luaL_setfuncs(L, value_functions, 0);
	luaL_setfuncs(L, text_functions, 0);
	for (int i = 0; expression_roots[i].name != NULL; i++) {
		lua_pushinteger(L, i);
		lua_setfield(L, -2, expression_roots[i].name);
	}
	lua_pushcclosure(L, look_up, 1);
	lua_setfield(L, -2, "__index");
	lua_pushcfunction(L, refuse_change);
	lua_setfield(L, -2, "__newindex");
	lua_setmetatable(L, -2);
	lua_rawseti(L, LUA_REGISTRYINDEX, LUA_RIDX_GLOBALS);
}
