/* rendering: compiling and rendering strings, for tests. */

#include "tests/rendering.h"

#include <atf-c.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "daemon/core/expression.h"
#include "daemon/core/json.h"

struct expressions *expressions;
struct said said;
char shown[8192];

static bool has_input(const void *, const char *, size_t);
static bool has_task(const void *, const char *, size_t);
static void hear(void *, const char *, size_t, const char *);

static bool
has_input(const void *ctx, const char *name, size_t n)
{
	static const char *const names[] = {
	    "version", "list", "map", "n", "big", "b", "s"};

	(void)ctx;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strlen(names[i]) == n && memcmp(names[i], name, n) == 0)
			return true;
	}
	return false;
}

static bool
has_task(const void *ctx, const char *name, size_t n)
{
	(void)ctx;
	return n == 5 && memcmp(name, "build", n) == 0;
}

static void
hear(void *ctx, const char *path, size_t offset, const char *message)
{
	struct said *s = ctx;
	int n;

	n = snprintf(s->text + s->size, sizeof(s->text) - s->size,
	    "%s@%zu: %s\n", path, offset, message);
	ATF_REQUIRE((size_t)n < sizeof(s->text) - s->size);
	s->size += (size_t)n;
}

struct template *
compile(const msgpack_object *o, enum template_in in, bool condition)
{
	struct template_check check = {.in = in,
	    .has_input = has_input,
	    .has_task = has_task,
	    .error = hear,
	    .ctx = &said};

	if (expressions == NULL)
		expressions = expressions_new();
	said.size = 0;
	said.text[0] = '\0';
	return condition ? template_compile_condition(expressions, o, &check)
			 : template_compile(expressions, o, &check);
}

struct template *
compile_text(const char *text, enum template_in in, bool condition)
{
	msgpack_object o = {.type = MSGPACK_OBJECT_STR};

	o.via.str.ptr = text;
	o.via.str.size = (uint32_t)strlen(text);
	return compile(&o, in, condition);
}

/* The value of an expression that needs no scope. */
struct value *
lua(const char *expression)
{
	struct scope scope = {.index = -1};
	char error[EXPRESSION_ERROR_MAX];
	struct template *t;
	struct value *v;

	t = compile_text(expression, IN_NEXT, true);
	ATF_REQUIRE_MSG(t != NULL, "%s", said.text);
	v = template_render(t, &scope, error);
	ATF_REQUIRE_MSG(v != NULL, "%s", error);
	template_free(t);
	return v;
}

/* Takes the value. */
const char *
json(struct value *v)
{
	msgpack_sbuffer buffer;
	const char *error;

	msgpack_sbuffer_init(&buffer);
	error = json_write(
	    &buffer, sizeof(shown) - 1, NULL, v->bytes, v->bytes + v->size);
	snprintf(shown, sizeof(shown), "%.*s", (int)buffer.size, buffer.data);
	if (error != NULL)
		snprintf(shown, sizeof(shown), "not JSON: %s", error);
	msgpack_sbuffer_destroy(&buffer);
	value_unref(v);
	return shown;
}

/* What the string renders to, as JSON, or the sentence about its error. */
const char *
show(const char *text, const struct scope *scope)
{
	static const struct scope empty = {.index = -1};
	static char error[EXPRESSION_ERROR_MAX];
	struct template *t;
	struct value *v;

	t = compile_text(text, IN_NEXT, false);
	if (t == NULL)
		return said.text;
	v = template_render(t, scope == NULL ? &empty : scope, error);
	template_free(t);
	return v == NULL ? error : json(v);
}

struct value *
task(const void *ctx, const char *name, size_t n, const char *field)
{
	(void)ctx;
	if (name == NULL && strcmp(field, "output") == 0)
		return value_new("\x81\xa3own\x01", 6);
	if (name != NULL && n == 5 && memcmp(name, "build", 5) == 0 &&
	    strcmp(field, "exit") == 0)
		return value_of_int(3);
	return NULL;
}

struct value *
execution(const void *ctx, const char *field)
{
	(void)ctx;
	return value_of_string(field);
}

void
scope_open(struct scope *scope)
{
	*scope = (struct scope){
	    .input = lua("{version='1.2', list={10, 20, {30}}, n=3, "
			 "map={a=1, b={c='deep'}}, b=false, s=' Text '}"),
	    .vars = lua("{built={'x'}}"),
	    .item = lua("'arm64'"),
	    .index = 4,
	    .task = task,
	    .execution = execution};
}

void
scope_close(struct scope *scope)
{
	struct value *all[] = {NULL, NULL, NULL};

	memcpy(&all[0], &scope->input, sizeof(all[0]));
	memcpy(&all[1], &scope->vars, sizeof(all[1]));
	memcpy(&all[2], &scope->item, sizeof(all[2]));
	for (int i = 0; i < 3; i++)
		value_unref(all[i]);
	expressions_free(expressions);
	expressions = NULL;
}

double
milliseconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

size_t
lua_memory(void)
{
	return expressions->used;
}

void
check_rows(const struct row *rows, size_t n, const struct scope *scope)
{
	for (size_t i = 0; i < n; i++)
		ATF_CHECK_STREQ_MSG(rows[i].expected, show(rows[i].text, scope),
		    "%s gave %s", rows[i].text, shown);
}
