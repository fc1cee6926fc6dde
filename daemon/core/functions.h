/*
 * functions: what an expression can call.  weir-workflow(5) has the list.  Each
 * is linear in what it is given and pays for it.
 */
#ifndef WEIR_CORE_FUNCTIONS_H
#define WEIR_CORE_FUNCTIONS_H

#include <lauxlib.h>
#include <lua.h>
#include <stddef.h>

/* Both end with a NULL name. */
extern const luaL_Reg value_functions[];
extern const luaL_Reg text_functions[];

#endif
