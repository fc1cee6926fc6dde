/*
 * rendering: compiling and rendering strings, for the tests of templates and
 * expressions.
 */
#ifndef WEIR_TESTS_RENDERING_H
#define WEIR_TESTS_RENDERING_H

#include <stddef.h>

#include "daemon/core/template.h"

/* What the compiler said, one "path@offset: sentence" a line. */
struct said {
	char text[4096];
	size_t size;
};

/* Rows of what is rendered and what comes of it. */
struct row {
	const char *text, *expected;
};

extern struct expressions *expressions; /* made by the first compilation */
extern struct said said;		/* of the newest one */
extern char shown[8192];		/* what json and show gave */

/* NULL when it does not compile; said then has why. */
struct template *compile(const msgpack_object *, enum template_in, bool);
struct template *compile_text(const char *, enum template_in, bool);
/* The value of an expression that needs no scope. */
struct value *lua(const char *);
const char *json(struct value *); /* takes the value */
/* What the string renders to, as JSON, or the sentence about its error. */
const char *show(const char *, const struct scope *);
void check_rows(const struct row *, size_t, const struct scope *);

/* A scope with something of everything; closing frees the expressions too. */
void scope_open(struct scope *);
void scope_close(struct scope *);
struct value *task(const void *, const char *, size_t, const char *);
struct value *execution(const void *, const char *);

double milliseconds(void); /* of processor time so far */
size_t lua_memory(void);   /* bytes */

#define REQUIRE_SHOWN(expected, text, scope) \
	ATF_REQUIRE_STREQ((expected), show((text), (scope)))
#define CHECK_SHOWN(expected, text, scope) \
	ATF_CHECK_STREQ((expected), show((text), (scope)))
#define CHECK_ROWS(rows, scope) \
	check_rows((rows), sizeof(rows) / sizeof((rows)[0]), (scope))

#endif
