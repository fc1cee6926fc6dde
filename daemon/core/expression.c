/* expression: one compiled Lua expression, and running it within limits. */

#include "daemon/core/buffer.h"
#include "daemon/core/expression.h"

#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/core/alloc.h"
#include "daemon/core/luaval.h"
#include "daemon/core/proxy.h"

#define HOOK_INSTRUCTIONS 100 /* between two looks at the budget */
/*
 * An instruction may compare or copy strings as long as the largest block of
 * memory that it got: it is that much dearer.
 */
#define DEARER_EACH ((size_t)32 * 1024)
/* Past its memory an evaluation still goes on to the end of an instruction,
 * which must fail where even this much more is not enough. */
#define MEMORY_OVERDRAFT (4 * EVALUATION_MEMORY)
#define GARBAGE_MIN ((size_t)512 * 1024) /* before the collector bothers */
#define BUFFER_KEPT ((size_t)64 * 1024)	 /* between renderings */
#define CHUNK_NAME "e"

struct job {
	int expression;
	enum expression_use use;
	int truth;
};

struct source {
	const char *bytes;
	size_t size;
	size_t read;
	bool begun;
};

static void *allocate(void *, void *, size_t, size_t);
static void count_hook(lua_State *, lua_Debug *);
static void buffer_open(msgpack_sbuffer *);
static void buffer_trim(msgpack_sbuffer *);
static const char *next_byte(lua_State *, void *, size_t *);
static void set_message(struct expressions *, const char *);
static size_t character_size(const unsigned char *);
static int evaluate(lua_State *);
static int attempt(struct expressions *, struct job *);
static void collect_some(struct expressions *);

struct expressions *
expressions_of(lua_State *L)
{
	return *(struct expressions **)lua_getextraspace(L);
}

/*
 * Lua's allocator.  Past the ceiling memory is still given, and the hook is set
 * to end the evaluation at its next instruction: to refuse it would make Lua
 * search all of its heap for garbage first.
 */
static void *
allocate(void *context, void *block, size_t old, size_t new)
{
	struct expressions *ex = context;
	size_t used = ex->used - (block == NULL ? 0 : old) + new;

	if (new == 0) {
		free(block);
		ex->used = used;
		return NULL;
	}
	if (used > ex->used && used > ex->ceiling) {
		if (!ex->over_memory)
			lua_sethook(ex->L, count_hook, LUA_MASKCOUNT, 1);
		ex->over_memory = true;
		if (used - ex->ceiling > MEMORY_OVERDRAFT)
			return NULL;
	}
	ex->used = used;
	ex->largest = new > ex->largest ? new : ex->largest;
	return xreallocarray(block, 1, new);
}

static void
count_hook(lua_State *L, lua_Debug *debug)
{
	struct expressions *ex = expressions_of(L);

	(void)debug;
	expression_pay(L,
	    (uint64_t)HOOK_INSTRUCTIONS * TICKS_INSTRUCTION *
		(1 + ex->largest / DEARER_EACH));
}

void
expression_pay(lua_State *L, uint64_t ticks)
{
	struct expressions *ex = expressions_of(L);

	ex->ticks -= (int64_t)ticks;
	if (ex->over_memory)
		luaL_error(L, "over its memory");
	if (ex->ticks < 0) {
		ex->over_budget = true;
		luaL_error(L, "over its budget");
	}
}

void
expression_pay_bytes(lua_State *L, size_t n)
{
	expression_pay(L, n / TICKS_BYTES);
}

int
expression_write(void *buffer, const char *bytes, size_t n)
{
	return buffer_write(buffer, bytes, n);
}

void
expression_full(lua_State *L, size_t limit)
{
	if (limit <= EVALUATION_MEMORY)
		expressions_of(L)->over_memory = true;
	luaL_error(L, "its value would be over %d KiB", (int)(limit / 1024));
}

void
expression_add(lua_State *L, msgpack_sbuffer *buffer, size_t limit,
    const void *bytes, size_t n)
{
	if (n > limit || buffer->size > limit - n)
		expression_full(L, limit);
	expression_pay_bytes(L, n);
	expression_write(buffer, bytes, n);
}

/* A buffer always has its bytes somewhere, so that none is at NULL. */
static void
buffer_open(msgpack_sbuffer *buffer)
{
	msgpack_sbuffer_init(buffer);
	expression_write(buffer, "", 1);
	buffer->size = 0;
}

static void
buffer_trim(msgpack_sbuffer *buffer)
{
	buffer->size = 0;
	if (buffer->alloc > BUFFER_KEPT) {
		msgpack_sbuffer_destroy(buffer);
		buffer_open(buffer);
	}
}

struct expressions *
expressions_new(void)
{
	struct expressions *ex = xcalloc(1, sizeof(*ex));

	ex->ceiling = SIZE_MAX;
	ex->L = lua_newstate(allocate, ex);
	if (ex->L == NULL)
		out_of_memory();
	*(struct expressions **)lua_getextraspace(ex->L) = ex;
	lua_gc(ex->L, LUA_GCSTOP);
	/* small steps: 2^11 bytes, each worth 50 units of work */
	lua_gc(ex->L, LUA_GCINC, 0, 50, 11);
	buffer_open(&ex->out);
	buffer_open(&ex->text);
	buffer_open(&ex->packed);
	buffer_open(&ex->scratch);
	proxy_setup(ex->L);
	expression_register_names(ex->L);
	ex->live = ex->used;
	return ex;
}

uint64_t
expressions_spent(const struct expressions *ex)
{
	return ex->spent / TICKS_INSTRUCTION;
}

void
expressions_free(struct expressions *ex)
{
	if (ex == NULL)
		return;
	lua_close(ex->L);
	msgpack_sbuffer_destroy(&ex->out);
	msgpack_sbuffer_destroy(&ex->text);
	msgpack_sbuffer_destroy(&ex->packed);
	msgpack_sbuffer_destroy(&ex->scratch);
	free(ex->fetched);
	free(ex);
}

/* One byte at a time: where Lua stops reading is where the error is. */
static const char *
next_byte(lua_State *L, void *context, size_t *n)
{
	struct source *source = context;

	(void)L;
	if (!source->begun) {
		source->begun = true;
		*n = strlen("return ");
		return "return ";
	}
	*n = source->read < source->size ? 1 : 0;
	source->read++;
	return source->bytes + source->read - 1;
}

/* The sentence for an error of Lua, without the place it puts before. */
static void
set_message(struct expressions *ex, const char *message)
{
	static const char place[] = CHUNK_NAME ":";
	size_t n;

	if (message == NULL)
		message = "failed without a word";
	if (strncmp(message, place, strlen(place)) == 0) {
		n = strlen(place);
		n += strspn(message + n, "0123456789");
		if (strncmp(message + n, ": ", 2) == 0)
			message += n + 2;
	}
	snprintf(ex->message, sizeof(ex->message), "expression: %s", message);
	expression_clean(ex->message);
}

/* How many bytes the UTF-8 character has; 0 when it is none that can be shown.
 */
static size_t
character_size(const unsigned char *p)
{
	size_t n = *p < 0x80 ? 1 : *p < 0xe0 ? 2 : *p < 0xf0 ? 3 : 4;

	if (*p < ' ' || *p == 0x7f || (n > 1 && *p < 0xc2) || *p > 0xf4)
		return 0;
	for (size_t i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	}
	/* longer than need be, a surrogate, or past the last one */
	if ((*p == 0xe0 && p[1] < 0xa0) || (*p == 0xed && p[1] > 0x9f) ||
	    (*p == 0xf0 && p[1] < 0x90) || (*p == 0xf4 && p[1] > 0x8f))
		return 0;
	return n;
}

void
expression_clean(char *sentence)
{
	unsigned char *p = (unsigned char *)sentence;
	size_t n;

	while (*p != '\0') {
		n = character_size(p);
		if (n == 0)
			*p = '?';
		p += n == 0 ? 1 : n;
	}
}

int
expression_compile(
    struct expressions *ex, const char *source, size_t size, size_t *read)
{
	struct source s = {.bytes = source, .size = size};
	int status;

	*read = 0;
	if (size > SOURCE_MAX) {
		set_message(ex, "longer than 16 KiB");
		return LUA_NOREF;
	}
	/* Definitions that are only checked would leave theirs behind. */
	collect_some(ex);
	status = lua_load(ex->L, next_byte, &s, "=" CHUNK_NAME, "t");
	*read = s.read;
	if (status == LUA_OK)
		return luaL_ref(ex->L, LUA_REGISTRYINDEX);
	set_message(ex, lua_tostring(ex->L, -1));
	lua_settop(ex->L, 0);
	return LUA_NOREF;
}

void
expression_free(struct expressions *ex, int expression)
{
	luaL_unref(ex->L, LUA_REGISTRYINDEX, expression);
}

void
expression_begin(struct expressions *ex, const struct scope *scope)
{
	ex->scope = scope;
	ex->out.size = 0;
	ex->text.size = 0;
}

void
expression_end(struct expressions *ex)
{
	for (size_t i = 0; i < ex->nfetched; i++) {
		free(ex->fetched[i].task);
		value_unref(ex->fetched[i].value);
	}
	ex->nfetched = 0;
	ex->scope = NULL;
	memset(ex->endings, 0, sizeof(ex->endings));
	memset(ex->cursors, 0, sizeof(ex->cursors));
	buffer_trim(&ex->out);
	buffer_trim(&ex->text);
	buffer_trim(&ex->packed);
	buffer_trim(&ex->scratch);
}

const struct value *
expression_fetch(
    lua_State *L, bool execution, const char *task, const char *field)
{
	struct expressions *ex = expressions_of(L);
	const struct scope *scope = ex->scope;
	struct fetched *f;

	expression_pay(L, ex->nfetched * TICKS_ELEMENT);
	for (size_t i = 0; i < ex->nfetched; i++) {
		f = &ex->fetched[i];
		if (f->execution == execution && f->field == field &&
		    (task == NULL) == (f->task == NULL) &&
		    (task == NULL || strcmp(task, f->task) == 0))
			return f->value;
	}
	expression_pay(L, TICKS_FETCH);
	if (ex->nfetched % 16 == 0)
		ex->fetched = xreallocarray(
		    ex->fetched, ex->nfetched + 16, sizeof(*ex->fetched));
	f = &ex->fetched[ex->nfetched++];
	*f = (struct fetched){.execution = execution, .field = field};
	if (task != NULL)
		f->task = xstrdup(task);
	if (execution && scope->execution != NULL)
		f->value = scope->execution(scope->ctx, field);
	else if (!execution && scope->task != NULL)
		f->value = scope->task(
		    scope->ctx, task, task == NULL ? 0 : strlen(task), field);
	expression_pay_bytes(L, f->value == NULL ? 0 : f->value->size);
	return f->value;
}

/* Protected: whatever it calls may raise an error. */
static int
evaluate(lua_State *L)
{
	struct expressions *ex = expressions_of(L);
	struct job *job = lua_touserdata(L, 1);

	lua_rawgeti(L, LUA_REGISTRYINDEX, job->expression);
	lua_call(L, 0, 1);
	if (job->use == USE_TRUTH)
		job->truth = lua_toboolean(L, -1);
	else if (job->use == USE_TEXT)
		luaval_text(L, -1, &ex->text, RENDERED_MAX);
	else
		luaval_pack(L, -1, &ex->out, RENDERED_MAX);
	expression_pay(L, 0);
	return 0;
}

static int
attempt(struct expressions *ex, struct job *job)
{
	lua_State *L = ex->L;
	size_t out = ex->out.size, text = ex->text.size;
	int status;

	ex->ticks = EVALUATION_TICKS;
	ex->ceiling = ex->used + EVALUATION_MEMORY;
	ex->over_memory = ex->over_budget = false;
	ex->largest = 0;
	lua_sethook(L, count_hook, LUA_MASKCOUNT, HOOK_INSTRUCTIONS);
	lua_pushcfunction(L, evaluate);
	lua_pushlightuserdata(L, job);
	status = lua_pcall(L, 1, 0, 0);
	ex->ceiling = SIZE_MAX;
	lua_sethook(L, NULL, 0, 0);
	ex->spent += (uint64_t)(EVALUATION_TICKS - ex->ticks);
	if (status == LUA_OK)
		return job->truth;
	if (ex->over_memory || status == LUA_ERRMEM)
		set_message(ex, "over its memory of 256 KiB");
	else if (ex->over_budget)
		set_message(ex, "over its budget of 10000 instructions");
	else
		set_message(ex, lua_tostring(L, -1));
	lua_settop(L, 0);
	ex->out.size = out;
	ex->text.size = text;
	return -1;
}

int
expression_run(struct expressions *ex, int expression, enum expression_use use)
{
	struct job job = {.expression = expression, .use = use};
	int result;

	result = attempt(ex, &job);
	/*
	 * Lua may have had to grow its table of all strings meanwhile, which
	 * is not the expression's doing, and not needed the second time.
	 */
	if (result < 0 && ex->over_memory)
		result = attempt(ex, &job);
	collect_some(ex);
	return result;
}

/* A small step of the collector, where there is enough to collect. */
static void
collect_some(struct expressions *ex)
{
	if (!ex->collecting && ex->used < 2 * ex->live + GARBAGE_MIN)
		return;
	ex->collecting = true;
	if (lua_gc(ex->L, LUA_GCSTEP, 0) != 0) {
		ex->collecting = false;
		ex->live = ex->used;
	}
}
