/*
 * template: a value in whose strings ${{ expressions }} may stand.  Expressions
 * are Lua 5.4, checked with their definition and compiled once; see
 * weir-workflow(5).
 *
 * A Lua state is owned by the struct expressions that the caller keeps; it has
 * no library, a cleared string metatable, an instruction budget and a memory
 * cap for each evaluation, and sees only what the scope shows it.
 */
#ifndef WEIR_CORE_TEMPLATE_H
#define WEIR_CORE_TEMPLATE_H

#include <msgpack.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/core/value.h"

struct expressions; /* the Lua state and its limits */
struct template;    /* one compiled value */

struct expressions *expressions_new(void);
void expressions_free(struct expressions *);
/* Instructions that all evaluations so far have paid for. */
uint64_t expressions_spent(const struct expressions *);

/* What an expression is allowed to name; which places it can stand in. */
enum template_in {
	IN_DEFINITION, /* input vars execution: vars, on top */
	IN_TASK,       /* and tasks */
	IN_ITEM,       /* and item index: below a task that has items */
	IN_NEXT,       /* and task: a task's own next, cost and retry.when */
};

/*
 * What static checks need to know of the definition around an expression, and
 * who is told of errors.  Each has_ function may be NULL: nothing is checked.
 */
struct template_check {
	enum template_in in;
	bool (*has_input)(const void *, const char *, size_t);
	bool (*has_task)(const void *, const char *, size_t);
	bool (*has_var)(const void *, const char *, size_t);
	/* What a wrong name of a root ("vars") was meant to be, or NULL. */
	const char *(*nearest)(
	    const void *, const char *root, const char *, size_t);
	/*
	 * path: where in the value ("" for the value itself, else "/key/0");
	 * offset: byte in that string where the error is.
	 */
	void (*error)(
	    void *, const char *path, size_t offset, const char *message);
	void *ctx;
};

/*
 * Compiles a value; NULL when an error was reported.  Map keys are never
 * expressions.  The template keeps no pointer into the object.
 */
struct template *template_compile(struct expressions *, const msgpack_object *,
    const struct template_check *);
/* A string that is one expression even without ${{ }} around it ("when"). */
struct template *template_compile_condition(struct expressions *,
    const msgpack_object *, const struct template_check *);
/* Run by these from now on; it has not been run by others. */
void template_adopt(struct template *, struct expressions *);
void template_free(struct template *);
/* True when there is no expression in it. */
bool template_is_constant(const struct template *);
/* True when all of it is one expression, so that not even its keys are known.
 */
bool template_is_expression(const struct template *);

/*
 * What an expression sees.  Any value may be NULL, which is nil,
 * and of vars an empty map.  The functions give a field
 * of a task's newest run (.status .output .exit .attempt .items; the name NULL
 * means the task that the expression belongs to) or of the execution (.id
 * .workflow .version .correlation_id .labels .started); the caller owns what
 * comes back; NULL is nil.  They must not render anything themselves.
 */
struct scope {
	const struct value *input;
	const struct value *vars;
	const struct value *item;
	int64_t index; /* -1 outside of items; counts from 0 */
	bool bytes;    /* the result's strings may be anything, not only text */
	struct value *(*task)(
	    const void *, const char *name, size_t len, const char *field);
	struct value *(*execution)(const void *, const char *field);
	const void *ctx;
};

#define EXPRESSION_ERROR_MAX 256

/*
 * The value with every expression replaced by what it evaluates to; the caller
 * owns it.  NULL with a sentence in the buffer when an expression fails, which
 * past its budget says "expression: over its budget of 10000 instructions".
 */
struct value *template_render(
    const struct template *, const struct scope *, char[EXPRESSION_ERROR_MAX]);
/* Lua's truth of a condition: 1, 0, or -1 with the sentence. */
int template_holds(
    const struct template *, const struct scope *, char[EXPRESSION_ERROR_MAX]);

#endif
