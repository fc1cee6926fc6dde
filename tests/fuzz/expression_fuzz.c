/* links: daemon/core/template.c daemon/core/template_compile.c daemon/core/expression.c daemon/core/expression_names.c daemon/core/expression_check.c daemon/core/lexer.c libproto/utf8.c libproto/nearest.c daemon/core/proxy.c daemon/core/luaval.c daemon/core/functions.c daemon/core/functions_text.c daemon/core/json.c daemon/core/value.c daemon/core/element.c daemon/core/alloc.c libproto/pack.c libproto/scan.c libproto/header.c ; libs: msgpack lua5.4 */
/*
 * expression_fuzz: whatever stands in a string of a workflow either does not
 * compile, or is rendered within its limits, twice to the same, or fails with a
 * sentence that can be shown.
 *
 * The first byte chooses: condition or template, and where it stands.
 */

#include <stdlib.h>
#include <string.h>

#include "daemon/core/element.h"
#include "daemon/core/expression.h"
#include "daemon/core/template.h"

int LLVMFuzzerTestOneInput(const unsigned char *, size_t);

static void require(bool);
static void check_sentence(const char *);
static void hear(void *, const char *, size_t, const char *);
static struct value *
field_of_task(const void *, const char *, size_t, const char *);
static struct value *field_of_execution(const void *, const char *);
static void render(const struct template *, const struct scope *);

/* {"a": [1, nil, {"b": "text"}], "s": "x y", "f": 1.5, "n": -3} */
static const char input_bytes[] = "\x84\xa1"
				  "a\x93\x01\xc0\x81\xa1"
				  "b\xa4text\xa1s\xa3x y\xa1"
				  "f\xcb\x3f\xf8\x00\x00\x00\x00\x00\x00\xa1"
				  "n\xfd";

static void
require(bool holds)
{
	if (!holds)
		abort();
}

static void
check_sentence(const char *sentence)
{
	require(strncmp(sentence, "expression: ", 12) == 0);
	require(
	    strlen(sentence) > 12 && strlen(sentence) < EXPRESSION_ERROR_MAX);
	for (; *sentence != '\0'; sentence++)
		require((unsigned char)*sentence >= ' ' && *sentence != 0x7f);
}

static void
hear(void *ctx, const char *path, size_t offset, const char *sentence)
{
	require(*path == '\0');
	require(offset <= *(const size_t *)ctx);
	check_sentence(sentence);
}

static struct value *
field_of_task(const void *ctx, const char *name, size_t n, const char *field)
{
	(void)ctx;
	require(name == NULL || strlen(name) == n);
	return strcmp(field, "output") == 0
	    ? value_new(input_bytes, sizeof(input_bytes) - 1)
	    : NULL;
}

static struct value *
field_of_execution(const void *ctx, const char *field)
{
	(void)ctx;
	return value_of_string(field);
}

static void
render(const struct template *t, const struct scope *scope)
{
	char error[EXPRESSION_ERROR_MAX], again[EXPRESSION_ERROR_MAX];
	struct value *first, *second;

	first = template_render(t, scope, error);
	second = template_render(t, scope, again);
	require((first == NULL) == (second == NULL));
	if (first == NULL) {
		check_sentence(error);
		check_sentence(again);
	} else {
		require(
		    element_skip(first->bytes, first->bytes + first->size) ==
		    first->bytes + first->size);
		require(first->size == second->size &&
		    memcmp(first->bytes, second->bytes, first->size) == 0);
	}
	value_unref(first);
	value_unref(second);
	if (template_holds(t, scope, error) < 0)
		check_sentence(error);
}

int
LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
	static struct expressions *expressions;
	static struct value *input;
	struct template_check check = {.error = hear, .ctx = &size};
	msgpack_object o = {.type = MSGPACK_OBJECT_STR};
	struct scope scope = {
	    .index = 2, .task = field_of_task, .execution = field_of_execution};
	struct template *t;

	if (size == 0)
		return 0;
	if (expressions == NULL) {
		expressions = expressions_new();
		input = value_new(input_bytes, sizeof(input_bytes) - 1);
	}
	scope.input = scope.vars = scope.item = input;
	check.in = (enum template_in)(data[0] >> 1 & 3);
	o.via.str.ptr = (const char *)data + 1;
	o.via.str.size = (uint32_t)(size - 1);
	t = (data[0] & 1) != 0
	    ? template_compile_condition(expressions, &o, &check)
	    : template_compile(expressions, &o, &check);
	if (t != NULL)
		render(t, &scope);
	template_free(t);
	return 0;
}
