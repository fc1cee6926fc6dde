/* template: rendering a value in whose strings expressions stand. */

#include "daemon/core/template.h"

#include <assert.h>
#include <lauxlib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/core/element.h"
#include "daemon/core/expression.h"
#include "daemon/core/template_compile.h"
#include "libproto/pack.h"
#include "libproto/scan.h"
#include "libproto/utf8.h"

static int
run_expression(const struct template *, struct step *, enum expression_use);
static bool run_step(const struct template *, struct step *);
static bool run_steps(const struct template *);
static bool is_shallow(struct expressions *);
static bool is_text(struct expressions *);
static bool constant_holds(const struct value *);

void
template_free(struct template *t)
{
	if (t == NULL)
		return;
	for (size_t i = 0; i < t->nsteps; i++) {
		if (t->steps[i].expression != LUA_NOREF)
			expression_free(t->expressions, t->steps[i].expression);
	}
	value_unref(t->constant);
	free(t->bytes);
	free(t->steps);
	free(t);
}

bool
template_is_constant(const struct template *t)
{
	return t->constant != NULL;
}

bool
template_is_expression(const struct template *t)
{
	return t->nsteps == 1 && t->steps[0].kind == STEP_VALUE;
}

void
template_adopt(struct template *t, struct expressions *ex)
{
	for (size_t i = 0; i < t->nsteps; i++)
		assert(t->steps[i].expression == LUA_NOREF);
	t->expressions = ex;
}

/* As expression_run; it has been found to compile. */
static int
run_expression(
    const struct template *t, struct step *step, enum expression_use use)
{
	size_t read;

	if (step->expression == LUA_NOREF)
		step->expression = expression_compile(
		    t->expressions, t->bytes + step->start, step->size, &read);
	return step->expression == LUA_NOREF
	    ? -1
	    : expression_run(t->expressions, step->expression, use);
}

/* False with the sentence in the expressions' message. */
static bool
run_step(const struct template *t, struct step *step)
{
	struct expressions *ex = t->expressions;
	msgpack_packer packer;

	switch (step->kind) {
	case STEP_BYTES:
		expression_write(&ex->out, t->bytes + step->start, step->size);
		return true;
	case STEP_VALUE:
		return run_expression(t, step, USE_VALUE) >= 0;
	case STEP_LITERAL:
		expression_write(&ex->text, t->bytes + step->start, step->size);
		return true;
	case STEP_TEXT:
		return run_expression(t, step, USE_TEXT) >= 0;
	case STEP_STRING:
		msgpack_packer_init(&packer, &ex->out, expression_write);
		pack_strn(&packer, ex->text.data, ex->text.size);
		ex->text.size = 0;
		return true;
	}
	return false;
}

static bool
run_steps(const struct template *t)
{
	struct expressions *ex = t->expressions;

	for (size_t i = 0; i < t->nsteps; i++) {
		if (!run_step(t, &t->steps[i]))
			return false;
		if (ex->out.size > RENDERED_MAX) {
			snprintf(ex->message, sizeof(ex->message),
			    "expression: the rendered value would be over %zu "
			    "KiB",
			    RENDERED_MAX / 1024);
			return false;
		}
	}
	return true;
}

/* What is nested by itself may be put where there is more around it. */
static bool
is_shallow(struct expressions *ex)
{
	static const struct scan_limits limits = {
	    .size = SIZE_MAX, .depth = VALUE_DEPTH_MAX, .elements = UINT32_MAX};

	if (scan_is_value(ex->out.data, ex->out.size, &limits))
		return true;
	snprintf(ex->message, sizeof(ex->message),
	    "expression: the rendered value would have more than %d lists and "
	    "maps inside each other",
	    VALUE_DEPTH_MAX);
	return false;
}

/* Values are given to clients, most of which read no other strings. */
static bool
is_text(struct expressions *ex)
{
	const char *p = ex->out.data, *end = p + ex->out.size;
	msgpack_object o;

	while (p != NULL && p < end) {
		p = element_read(p, end, &o);
		if (p == NULL || o.type != MSGPACK_OBJECT_STR ||
		    utf8_is_text(o.via.str.ptr, o.via.str.size))
			continue;
		snprintf(ex->message, sizeof(ex->message),
		    "expression: a string %s",
		    memchr(o.via.str.ptr, '\0', o.via.str.size) != NULL
			? "with a zero byte in it"
			: "that is not UTF-8");
		return false;
	}
	return true;
}

struct value *
template_render(const struct template *t, const struct scope *scope,
    char error[EXPRESSION_ERROR_MAX])
{
	struct expressions *ex = t->expressions;
	struct value *v = NULL;

	if (t->constant != NULL)
		return value_ref(t->constant);
	expression_begin(ex, scope);
	if (run_steps(t) && is_shallow(ex) && (scope->bytes || is_text(ex)))
		v = value_new(ex->out.data, ex->out.size);
	else
		memcpy(error, ex->message, EXPRESSION_ERROR_MAX);
	expression_end(ex);
	return v;
}

/* Everything but nil and false. */
static bool
constant_holds(const struct value *v)
{
	return v->size != 1 ||
	    ((uint8_t)v->bytes[0] != 0xc0 && (uint8_t)v->bytes[0] != 0xc2);
}

int
template_holds(const struct template *t, const struct scope *scope,
    char error[EXPRESSION_ERROR_MAX])
{
	struct expressions *ex = t->expressions;
	int truth = 1;

	if (t->constant != NULL)
		return constant_holds(t->constant);
	expression_begin(ex, scope);
	if (template_is_expression(t))
		truth = run_expression(t, &t->steps[0], USE_TRUTH);
	else if (!run_steps(t))
		truth = -1;
	if (truth < 0)
		memcpy(error, ex->message, EXPRESSION_ERROR_MAX);
	expression_end(ex);
	return truth;
}
