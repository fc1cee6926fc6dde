/*
 * template_compile: what a compiled template is inside; for template.c and
 * template_compile.c alone.
 *
 * A template is MessagePack with gaps: bytes that are copied as they are, and
 * expressions whose results are written between them.
 */
#ifndef WEIR_CORE_TEMPLATE_COMPILE_H
#define WEIR_CORE_TEMPLATE_COMPILE_H

#include <stddef.h>

#include "daemon/core/expression.h"
#include "daemon/core/template.h"

enum step_kind {
	STEP_BYTES,   /* MessagePack as it stands */
	STEP_VALUE,   /* an expression's result */
	STEP_LITERAL, /* text of a string that has expressions in it */
	STEP_TEXT,    /* an expression's result inside of such a string */
	STEP_STRING,  /* the end of such a string: what was gathered */
};

/*
 * Sources are kept, and compiled for good when they are run for the first time:
 * most definitions that are stored, or read at a start, never are.
 */
struct step {
	enum step_kind kind;
	int expression; /* LUA_NOREF: not compiled yet */
	size_t start;	/* in the template's bytes: text, MessagePack, source */
	size_t size;
};

struct template
{
	struct expressions *expressions; /* which it is run by */
	struct value *constant; /* when there is no expression; no steps then */
	char *bytes;
	struct step *steps;
	size_t nsteps;
};

#endif
