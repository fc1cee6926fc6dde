/*
 * expression_check: what can be told of an expression without running it: that
 * it is one expression and not a piece of program, and that the names in it
 * exist.
 */
#ifndef WEIR_CORE_EXPRESSION_CHECK_H
#define WEIR_CORE_EXPRESSION_CHECK_H

#include <stdbool.h>
#include <stddef.h>

#include "daemon/core/lexer.h"
#include "daemon/core/template.h"

struct complaint {
	void (*report)(void *, size_t offset, const char *sentence);
	void *ctx;
};

/* These report what is wrong and give false. */
bool check_shape(const struct lexer *, const struct complaint *);
bool check_names(const struct lexer *, const struct template_check *,
    const struct complaint *);

#endif
