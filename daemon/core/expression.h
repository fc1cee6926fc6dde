/*
 * expression: one compiled Lua expression, what it may use up, and running it.
 * The inside of template; nothing else includes this.
 *
 * Limits.  Everything an evaluation does is paid in ticks: an instruction of
 * Lua costs TICKS_INSTRUCTION, our own functions pay for what they look at.
 * All memory that an evaluation allocates counts until it ends: the collector
 * stands still meanwhile, so the same expression always ends the same way, and
 * a full heap is never searched for garbage again and again.
 */
#ifndef WEIR_CORE_EXPRESSION_H
#define WEIR_CORE_EXPRESSION_H

#include <lua.h>
#include <msgpack.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/core/template.h"

#define EVALUATION_INSTRUCTIONS 10000
#define EVALUATION_MEMORY ((size_t)256 * 1024) /* bytes */
#define SOURCE_MAX ((size_t)16 * 1024)	       /* bytes of an expression */
#define TICKS_INSTRUCTION 128
#define EVALUATION_TICKS ((int64_t)EVALUATION_INSTRUCTIONS * TICKS_INSTRUCTION)
#define TICKS_ELEMENT 1	 /* a MessagePack element that is passed over */
#define TICKS_BYTES 8	 /* that many bytes looked at cost one tick */
#define TICKS_FETCH 2048 /* asking the scope for a field */
#define RENDERED_MAX ((size_t)4 * 1024 * 1024) /* bytes of a rendered value */
#define NESTING_MAX 64 /* lists and maps in an expression's result */

/* A field of a task or of the execution, kept until the rendering ends. */
struct fetched {
	bool execution;
	char *task; /* NULL: the task the expression belongs to */
	const char *field;
	struct value *value;
};

#define PLACES 8 /* that are remembered of each kind */

/* Where a large element ends. */
struct ending {
	const char *start, *end;
};

/* The entry of a list that was looked at last. */
struct cursor {
	const char *list; /* its start */
	uint32_t number;  /* from 0 */
	const char *entry;
};

struct expressions {
	lua_State *L;
	size_t used;	 /* bytes that the Lua state has */
	size_t ceiling;	 /* used goes past it: the evaluation is stopped */
	size_t live;	 /* used when the collector was last through */
	bool collecting; /* it is under way */
	size_t largest;	 /* block that the evaluation got */
	bool over_memory;
	bool over_budget;
	int64_t ticks;	/* left of the evaluation's budget */
	uint64_t spent; /* ticks of all evaluations that have ended */

	const struct scope *scope; /* of the rendering under way */
	struct fetched *fetched;
	size_t nfetched;
	struct ending endings[PLACES]; /* in the values of the scope */
	struct cursor cursors[PLACES];
	unsigned next_ending, next_cursor; /* to be forgotten */
	msgpack_sbuffer out;		   /* the rendered value */
	msgpack_sbuffer text;	 /* the string that is being put together */
	msgpack_sbuffer packed;	 /* a Lua table as MessagePack */
	msgpack_sbuffer scratch; /* what a function builds */

	char message[EXPRESSION_ERROR_MAX]; /* of the newest error */
};

enum expression_use {
	USE_VALUE, /* MessagePack, behind what is in out */
	USE_TEXT,  /* behind what is in text */
	USE_TRUTH,
};

/* What an expression can see, and the innermost place it has to stand in. */
struct root {
	const char *name;
	enum template_in from;
	const char *where; /* it is known: for a message */
	void (*push)(lua_State *, const struct scope *);
};

extern const struct root expression_roots[]; /* to a NULL name */

/*
 * A question mark for each byte that is no UTF-8 or a control character: parts
 * of the source are in messages.
 */
void expression_clean(char *);

/* Puts the globals in place. */
void expression_register_names(lua_State *);

struct expressions *expressions_of(lua_State *);

/*
 * Compiles "return SOURCE"; LUA_NOREF with the sentence in ex->message and how
 * many bytes of the source Lua had read when it gave up.
 */
int expression_compile(
    struct expressions *, const char *source, size_t, size_t *read);
void expression_free(struct expressions *, int);

/* Between these two all evaluations see the same scope. */
void expression_begin(struct expressions *, const struct scope *);
void expression_end(struct expressions *);
/* 1 or 0 (for USE_TRUTH), or -1 with the sentence in ex->message. */
int expression_run(struct expressions *, int, enum expression_use);

/* Pays; raises a Lua error when the budget or the memory is used up. */
void expression_pay(lua_State *, uint64_t ticks);
void expression_pay_bytes(lua_State *, size_t);
/* A field of the scope; task NULL: its own.  Owned by the expressions. */
const struct value *expression_fetch(
    lua_State *, bool execution, const char *task, const char *field);
/* For msgpack_packer_init, with a buffer: does not come back without memory. */
int expression_write(void *, const char *, size_t);
/* Raises the error of a buffer that would get past the limit. */
void expression_full(lua_State *, size_t limit);
/* Adds to a buffer; raises an error where it would get past the limit. */
void expression_add(
    lua_State *, msgpack_sbuffer *, size_t limit, const void *, size_t);

#endif
