/*
 * luaval: values on their way between MessagePack and Lua.  Whatever raises a
 * Lua error raises it for the expression: with a message for its author.
 */
#ifndef WEIR_CORE_LUAVAL_H
#define WEIR_CORE_LUAVAL_H

#include <lua.h>
#include <msgpack.h>
#include <stddef.h>

/* A scalar or string. */
void luaval_push(lua_State *, const msgpack_object *);
/* Adds the Lua value as MessagePack; past the limit (bytes) it raises. */
void luaval_pack(lua_State *, int, msgpack_sbuffer *, size_t limit);
/* Adds it as text: nil is nothing, a list or map its JSON. */
void luaval_text(lua_State *, int, msgpack_sbuffer *, size_t limit);
/* Adds it as JSON. */
void luaval_json(lua_State *, int, msgpack_sbuffer *, size_t limit);

/* A key of a Lua table, pointing into it. */
struct key {
	const char *bytes;
	size_t size;
};
/*
 * Pushes (as a userdata) the keys of a table that has only strings for keys,
 * sorted by their bytes: Lua's own order differs from run to run.
 */
const struct key *luaval_push_keys(lua_State *, int, size_t count);

#endif
