/* proxy: MessagePack values in Lua without copying them there. */

#include "daemon/core/proxy.h"

#include <lauxlib.h>
#include <string.h>

#include "daemon/core/element.h"
#include "daemon/core/expression.h"
#include "daemon/core/luaval.h"

#define LARGE_ELEMENT 256 /* elements in one; its end is remembered */
#define TICKS_COMPARED 2
#define TASK_NAME_MAX 255 /* bytes; a longer name is no task's */

const char *const task_fields[] = {
    "status", "output", "exit", "attempt", "items", NULL};
const char *const execution_fields[] = {
    "id", "workflow", "version", "correlation_id", "labels", "started", NULL};

/* What Lua calls them in its messages, and the registry their metatables. */
static const char *const kind_names[PROXY_KINDS] = {
    [PROXY_LIST] = "list",
    [PROXY_MAP] = "map",
    [PROXY_TEXT] = "long string",
    [PROXY_TASKS] = "tasks",
    [PROXY_TASK] = "task",
    [PROXY_EXECUTION] = "execution",
};

static bool is_container(const char *);
static struct cursor *cursor_in(lua_State *, const struct proxy *);
static int index_list(lua_State *, struct proxy *);
static int index_map(lua_State *, struct proxy *);
static int index_text(lua_State *, struct proxy *);
static int index_tasks(lua_State *, struct proxy *);
static int index_field(lua_State *, struct proxy *);
static int refuse_field(lua_State *, bool);
static int proxy_index(lua_State *);
static int proxy_newindex(lua_State *);
static int proxy_length(lua_State *);
static int proxy_equal(lua_State *);
static int proxy_concat(lua_State *);
static bool
equal_heads(const msgpack_object *, const msgpack_object *, uint64_t *);
static struct proxy *push_new(lua_State *, enum proxy_kind, size_t);
static void push_element(lua_State *, enum proxy_kind, uint32_t, const char *,
    const char *, const char *);

typedef int index_function(lua_State *, struct proxy *);

static index_function *const index_functions[PROXY_KINDS] = {
    [PROXY_LIST] = index_list,
    [PROXY_MAP] = index_map,
    [PROXY_TEXT] = index_text,
    [PROXY_TASKS] = index_tasks,
    [PROXY_TASK] = index_field,
    [PROXY_EXECUTION] = index_field,
};

static const luaL_Reg metamethods[] = {
    {"__index", proxy_index},
    {"__newindex", proxy_newindex},
    {"__len", proxy_length},
    {"__eq", proxy_equal},
    {"__concat", proxy_concat},
    {NULL, NULL},
};

/* A metatable for each kind, in the registry under its number. */
void
proxy_setup(lua_State *L)
{
	for (int kind = 0; kind < PROXY_KINDS; kind++) {
		lua_newtable(L);
		luaL_setfuncs(L, metamethods, 0);
		lua_pushstring(L, kind_names[kind]);
		lua_setfield(L, -2, "__name");
		lua_rawsetp(L, LUA_REGISTRYINDEX, &kind_names[kind]);
	}
}

static struct proxy *
push_new(lua_State *L, enum proxy_kind kind, size_t name_size)
{
	struct proxy *proxy;

	proxy = lua_newuserdatauv(L, sizeof(*proxy) + name_size + 1, 0);
	*proxy = (struct proxy){.kind = kind};
	proxy->name[0] = '\0';
	lua_rawgetp(L, LUA_REGISTRYINDEX, &kind_names[kind]);
	lua_setmetatable(L, -2);
	return proxy;
}

static void
push_element(lua_State *L, enum proxy_kind kind, uint32_t count,
    const char *start, const char *body, const char *end)
{
	struct proxy *proxy = push_new(L, kind, 0);

	proxy->count = count;
	proxy->start = start;
	proxy->body = body;
	proxy->end = end;
}

void
proxy_push(lua_State *L, const char *p, const char *end)
{
	const char *body;
	msgpack_object o;

	body = element_read(p, end, &o);
	if (body == NULL)
		luaL_error(L, "a value is broken");
	switch (o.type) {
	case MSGPACK_OBJECT_ARRAY:
		push_element(L, PROXY_LIST, o.via.array.size, p, body, end);
		break;
	case MSGPACK_OBJECT_MAP:
		push_element(L, PROXY_MAP, o.via.map.size, p, body, end);
		break;
	case MSGPACK_OBJECT_STR:
		if (o.via.str.size >= PROXY_TEXT_SIZE)
			push_element(L, PROXY_TEXT, o.via.str.size, p,
			    o.via.str.ptr, end);
		else
			luaval_push(L, &o);
		break;
	default:
		luaval_push(L, &o);
		break;
	}
}

void
proxy_push_value(lua_State *L, const struct value *v)
{
	if (v == NULL)
		lua_pushnil(L);
	else
		proxy_push(L, v->bytes, v->bytes + v->size);
}

void
proxy_push_root(lua_State *L, enum proxy_kind kind)
{
	push_new(L, kind, 0);
}

struct proxy *
proxy_at(lua_State *L, int index)
{
	return lua_type(L, index) == LUA_TUSERDATA ? lua_touserdata(L, index)
						   : NULL;
}

/* A list or a map, by its first byte. */
static bool
is_container(const char *p)
{
	uint8_t first = (uint8_t)*p;

	return (first >= 0x80 && first <= 0x9f) ||
	    (first >= 0xdc && first <= 0xdf);
}

/* Going over a large element is remembered: loops do it again and again. */
const char *
proxy_skip(lua_State *L, const char *p, const char *end)
{
	struct expressions *ex = expressions_of(L);
	struct ending *ending;
	const char *start = p;
	uint64_t count = 0;

	for (int i = 0; i < PLACES && is_container(p); i++) {
		if (ex->endings[i].start == p) {
			expression_pay(L, TICKS_ELEMENT);
			return ex->endings[i].end;
		}
	}
	p = element_skip_counted(p, end, &count);
	if (p == NULL)
		luaL_error(L, "a value is broken");
	expression_pay(L, (count + 1) * TICKS_ELEMENT);
	if (count >= LARGE_ELEMENT) {
		ending = &ex->endings[ex->next_ending++ % PLACES];
		*ending = (struct ending){start, p};
	}
	return p;
}

const char *
proxy_type_name(lua_State *L, int index)
{
	struct proxy *proxy = proxy_at(L, index);

	return proxy == NULL ? luaL_typename(L, index)
			     : kind_names[proxy->kind];
}

const char *
proxy_end(lua_State *L, const struct proxy *proxy)
{
	return proxy_skip(L, proxy->start, proxy->end);
}

/* Kept outside of the proxy: input.list makes a new one each time. */
static struct cursor *
cursor_in(lua_State *L, const struct proxy *list)
{
	struct expressions *ex = expressions_of(L);
	struct cursor *cursor;

	for (int i = 0; i < PLACES; i++) {
		if (ex->cursors[i].list == list->start)
			return &ex->cursors[i];
	}
	cursor = &ex->cursors[ex->next_cursor++ % PLACES];
	*cursor = (struct cursor){list->start, 0, list->body};
	return cursor;
}

static int
index_list(lua_State *L, struct proxy *list)
{
	struct cursor *cursor;
	lua_Integer i;
	int is_integer;

	i = lua_tointegerx(L, 2, &is_integer);
	if (!is_integer || i < 1 || i > list->count ||
	    lua_type(L, 2) != LUA_TNUMBER) {
		lua_pushnil(L);
		return 1;
	}
	cursor = cursor_in(L, list);
	if (i - 1 < cursor->number) {
		cursor->number = 0;
		cursor->entry = list->body;
	}
	for (; cursor->number < i - 1; cursor->number++)
		cursor->entry = proxy_skip(L, cursor->entry, list->end);
	proxy_push(L, cursor->entry, list->end);
	return 1;
}

const char *
proxy_find(
    lua_State *L, const struct proxy *map, const char *key, size_t key_size)
{
	const char *p = map->body, *value;
	msgpack_object o;
	bool found;

	for (uint32_t i = 0; i < map->count; i++) {
		value = proxy_skip(L, p, map->end);
		found = element_read(p, map->end, &o) != NULL &&
		    o.type == MSGPACK_OBJECT_STR &&
		    o.via.str.size == key_size &&
		    memcmp(o.via.str.ptr, key, key_size) == 0;
		if (found)
			return value;
		p = proxy_skip(L, value, map->end);
	}
	return NULL;
}

static int
index_map(lua_State *L, struct proxy *map)
{
	const char *key, *value = NULL;
	size_t key_size;

	if (lua_type(L, 2) == LUA_TSTRING) {
		key = lua_tolstring(L, 2, &key_size);
		value = proxy_find(L, map, key, key_size);
	}
	if (value == NULL)
		lua_pushnil(L);
	else
		proxy_push(L, value, map->end);
	return 1;
}

static int
index_text(lua_State *L, struct proxy *text)
{
	return luaL_error(
	    L, "attempt to index a string of %d bytes", (int)text->count);
}

static int
index_tasks(lua_State *L, struct proxy *tasks)
{
	struct proxy *task;
	const char *name;
	size_t n;

	(void)tasks;
	if (lua_type(L, 2) != LUA_TSTRING)
		return luaL_error(
		    L, "tasks has names, and no %s", proxy_type_name(L, 2));
	name = lua_tolstring(L, 2, &n);
	if (n == 0 || n > TASK_NAME_MAX || memchr(name, '\0', n) != NULL) {
		lua_pushnil(L);
		return 1;
	}
	task = push_new(L, PROXY_TASK, n);
	memcpy(task->name, name, n + 1);
	return 1;
}

/* Of a task or the execution. */
static int
index_field(lua_State *L, struct proxy *proxy)
{
	bool execution = proxy->kind == PROXY_EXECUTION;
	const char *const *fields = execution ? execution_fields : task_fields;
	const char *name = proxy->name[0] == '\0' ? NULL : proxy->name, *field;

	field = lua_type(L, 2) == LUA_TSTRING ? lua_tostring(L, 2) : "";
	for (; *fields != NULL; fields++) {
		if (strcmp(field, *fields) != 0)
			continue;
		proxy_push_value(
		    L, expression_fetch(L, execution, name, *fields));
		return 1;
	}
	return refuse_field(L, execution);
}

/* A name that is in the definition was checked with it: this one is made. */
static int
refuse_field(lua_State *L, bool execution)
{
	const char *const *fields = execution ? execution_fields : task_fields;
	luaL_Buffer text;

	luaL_buffinit(L, &text);
	for (; *fields != NULL; fields++) {
		luaL_addchar(&text, ' ');
		luaL_addstring(&text, *fields);
	}
	luaL_pushresult(&text);
	return luaL_error(L, "%s has no such field; it has%s",
	    execution ? "execution" : "a task", lua_tostring(L, -1));
}

static int
proxy_index(lua_State *L)
{
	struct proxy *proxy = proxy_at(L, 1);

	expression_pay(L, 0);
	return index_functions[proxy->kind](L, proxy);
}

static int
proxy_newindex(lua_State *L)
{
	struct proxy *proxy = proxy_at(L, 1);

	return luaL_error(L, "attempt to change a %s: an expression only reads",
	    kind_names[proxy->kind]);
}

static int
proxy_length(lua_State *L)
{
	struct proxy *proxy = proxy_at(L, 1);

	if (proxy->kind > PROXY_TEXT)
		return luaL_error(L, "attempt to get the length of %s",
		    kind_names[proxy->kind]);
	lua_pushinteger(L, proxy->count);
	return 1;
}

/*
 * Of two elements' heads.  Adds to left how many elements of each are to be
 * compared after them.
 */
static bool
equal_heads(const msgpack_object *a, const msgpack_object *b, uint64_t *left)
{
	if (a->type != b->type)
		return false;
	switch (a->type) {
	case MSGPACK_OBJECT_ARRAY:
		*left += a->via.array.size;
		return a->via.array.size == b->via.array.size;
	case MSGPACK_OBJECT_MAP:
		*left += (uint64_t)a->via.map.size * 2;
		return a->via.map.size == b->via.map.size;
	default:
		return msgpack_object_equal(*a, *b);
	}
}

/* Maps are equal when their keys come in the same order, too. */
static int
proxy_equal(lua_State *L)
{
	struct proxy *a = proxy_at(L, 1), *b = proxy_at(L, 2);
	const char *p, *q;
	msgpack_object left, right;
	uint64_t n = 1;

	if (a == NULL || b == NULL || a->kind != b->kind ||
	    a->kind > PROXY_TEXT || a->count != b->count) {
		lua_pushboolean(L, a == b);
		return 1;
	}
	p = a->start;
	q = b->start;
	for (; n > 0; n--) {
		p = element_read(p, a->end, &left);
		q = element_read(q, b->end, &right);
		if (p == NULL || q == NULL || !equal_heads(&left, &right, &n))
			break;
		expression_pay(L, TICKS_COMPARED);
		if (left.type == MSGPACK_OBJECT_STR)
			expression_pay_bytes(L, left.via.str.size);
	}
	lua_pushboolean(L, n == 0);
	return 1;
}

/* Long strings are the only ones that can be part of another string. */
static int
proxy_concat(lua_State *L)
{
	struct expressions *ex = expressions_of(L);
	struct proxy *proxy;

	ex->scratch.size = 0;
	for (int i = 1; i <= 2; i++) {
		proxy = proxy_at(L, i);
		if (lua_isnil(L, i) || lua_isboolean(L, i) ||
		    lua_istable(L, i) || lua_isfunction(L, i) ||
		    (proxy != NULL && proxy->kind != PROXY_TEXT))
			return luaL_error(L, "attempt to concatenate a %s",
			    proxy != NULL ? kind_names[proxy->kind]
					  : luaL_typename(L, i));
		luaval_text(L, i, &ex->scratch, EVALUATION_MEMORY);
	}
	lua_pushlstring(L, ex->scratch.data, ex->scratch.size);
	return 1;
}
