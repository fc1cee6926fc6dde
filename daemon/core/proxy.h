/*
 * proxy: MessagePack values in Lua without copying them there.  A scalar or
 * short string becomes Lua's own; a list, a map or a long string stays where it
 * is and Lua gets a userdata that looks into it when asked.
 *
 * A proxy points into values that live as long as the evaluation, and no
 * expression has a way to keep one longer.
 */
#ifndef WEIR_CORE_PROXY_H
#define WEIR_CORE_PROXY_H

#include <lua.h>
#include <stdint.h>

#include "daemon/core/value.h"

#define PROXY_TEXT_SIZE ((size_t)64 * 1024) /* shorter ones are Lua strings */

enum proxy_kind {
	PROXY_LIST,
	PROXY_MAP,
	PROXY_TEXT,
	PROXY_TASKS,
	PROXY_TASK,
	PROXY_EXECUTION,
	PROXY_KINDS,
};

struct proxy {
	enum proxy_kind kind;
	uint32_t count;	   /* entries; bytes of a text */
	const char *start; /* the element, its head, */
	const char *body;  /* what is behind the head, */
	const char *end;   /* and the end of the value that it is in */
	char name[];	   /* of a task; empty: the expression's own */
};

/* Everything of a task or the execution that has a name, up to a NULL. */
extern const char *const task_fields[];
extern const char *const execution_fields[];

void proxy_setup(lua_State *);

void proxy_push_value(lua_State *, const struct value *);
/* The element at p; the second is the end of what it is in. */
void proxy_push(lua_State *, const char *, const char *);
/* tasks, task (the own one) or execution. */
void proxy_push_root(lua_State *, enum proxy_kind);

/* NULL for what is no userdata. */
struct proxy *proxy_at(lua_State *, int);
/* What a message calls the value there: "string", "list". */
const char *proxy_type_name(lua_State *, int);
/* Behind the whole element. */
const char *proxy_end(lua_State *, const struct proxy *);
/* Behind the element at p; pays for going over it. */
const char *proxy_skip(lua_State *, const char *, const char *);
/* The value under the key of a map; NULL where there is none. */
const char *proxy_find(lua_State *, const struct proxy *, const char *, size_t);

#endif
