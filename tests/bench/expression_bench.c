/* links: daemon/core/template.c daemon/core/template_compile.c daemon/core/expression.c daemon/core/expression_names.c daemon/core/expression_check.c daemon/core/lexer.c libproto/nearest.c daemon/core/proxy.c daemon/core/luaval.c daemon/core/functions.c daemon/core/functions_text.c daemon/core/json.c daemon/core/value.c daemon/core/element.c daemon/core/alloc.c libproto/pack.c libproto/utf8.c libproto/scan.c libproto/header.c ; libs: msgpack lua5.4 */
/* expression_bench: evaluations of typical expressions in a second. */

#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "daemon/core/template.h"
#include "libproto/pack.h"

#define SECONDS 0.2 /* of each */
#define ROUND 1000  /* evaluations between two looks at the clock */
#define EXPRESSIONS_MANY 20000

static double now(void);
static void hear(void *, const char *, size_t, const char *);
static struct template *compile(struct expressions *, const char *, bool);
static struct value *make_input(void);
static void
measure(struct expressions *, const char *, bool, const struct scope *);
static void measure_compiling(struct expressions *);

static double
now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void
hear(void *ctx, const char *path, size_t offset, const char *sentence)
{
	(void)ctx;
	errx(1, "%s at %zu: %s", path, offset, sentence);
}

static struct template *
compile(struct expressions *ex, const char *text, bool condition)
{
	struct template_check check = {.in = IN_NEXT, .error = hear};
	msgpack_object o = {.type = MSGPACK_OBJECT_STR};

	o.via.str.ptr = text;
	o.via.str.size = (uint32_t)strlen(text);
	return condition ? template_compile_condition(ex, &o, &check)
			 : template_compile(ex, &o, &check);
}

/* {"version": "1.2.3", "list": [0 ... 99], "n": 7} */
static struct value *
make_input(void)
{
	msgpack_sbuffer buffer;
	msgpack_packer pk;

	msgpack_sbuffer_init(&buffer);
	msgpack_packer_init(&pk, &buffer, msgpack_sbuffer_write);
	msgpack_pack_map(&pk, 3);
	pack_key_str(&pk, "version", "1.2.3");
	pack_str(&pk, "list");
	msgpack_pack_array(&pk, 100);
	for (int i = 0; i < 100; i++)
		msgpack_pack_int(&pk, i);
	pack_key_int(&pk, "n", 7);
	return value_of_buffer(&buffer);
}

static void
measure(struct expressions *ex, const char *text, bool condition,
    const struct scope *scope)
{
	struct template *t = compile(ex, text, condition);
	char error[EXPRESSION_ERROR_MAX];
	double start = now(), took;
	struct value *v;
	size_t n = 0;

	do {
		for (int i = 0; i < ROUND; i++, n++) {
			if (condition) {
				if (template_holds(t, scope, error) < 0)
					errx(1, "%s: %s", text, error);
				continue;
			}
			v = template_render(t, scope, error);
			if (v == NULL)
				errx(1, "%s: %s", text, error);
			value_unref(v);
		}
		took = now() - start;
	} while (took < SECONDS);
	printf("%10.0f /s %8.0f ns  %s\n", (double)n / took,
	    took / (double)n * 1e9, text);
	template_free(t);
}

static void
measure_compiling(struct expressions *ex)
{
	struct template **all;
	double start = now(), took;

	all = calloc(EXPRESSIONS_MANY, sizeof(struct template *));
	if (all == NULL)
		err(1, "calloc");
	for (int i = 0; i < EXPRESSIONS_MANY; i++)
		all[i] = compile(ex, "input.n > 3 and task.exit ~= 2", true);
	took = now() - start;
	printf("%10.0f /s %8.0f ns  compiling\n", EXPRESSIONS_MANY / took,
	    took / EXPRESSIONS_MANY * 1e9);
	for (int i = 0; i < EXPRESSIONS_MANY; i++)
		template_free(all[i]);
	free(all);
}

int
main(void)
{
	struct expressions *ex = expressions_new();
	struct value *input = make_input();
	struct scope scope = {.input = input, .vars = input, .index = 3};

	measure(ex, "make all", false, &scope);
	measure(ex, "index == 3", true, &scope);
	measure(ex, "input.n == 7", true, &scope);
	measure(ex, "input.n == 7 and starts_with(input.version, '1.')", true,
	    &scope);
	measure(ex, "${{ input.list }}", false, &scope);
	measure(ex, "v${{ input.version }}-${{ input.n }}", false, &scope);
	measure(
	    ex, "${{ {name=input.version, list={1, 2, 3}} }}", false, &scope);
	measure(ex,
	    "${{ (function() local n = 0 for i = 1, #input.list do "
	    "n = n + input.list[i] end return n end)() }}",
	    false, &scope);
	measure_compiling(ex);
	measure(ex, "input.n == 7", true, &scope);
	value_unref(input);
	expressions_free(ex);
	return 0;
}
