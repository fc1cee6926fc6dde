/*
 * links: daemon/core/decoder_error.c daemon/core/decoder_fields.c
 * daemon/core/decoder_keys.c daemon/core/decoder_structure.c
 * daemon/core/definition.c daemon/core/definition_attempts.c
 * daemon/core/definition_edges.c daemon/core/definition_graph.c
 * daemon/core/definition_input.c daemon/core/definition_memory.c
 * daemon/core/definition_nesting.c daemon/core/definition_run.c
 * daemon/core/definition_task.c daemon/core/definition_vars.c
 * daemon/core/definition_wait.c
 * libproto/nearest.c libproto/utf8.c daemon/core/quantity.c
 * daemon/core/task_graph.c daemon/core/template.c
 * daemon/core/template_compile.c daemon/core/expression.c
 * daemon/core/expression_names.c daemon/core/expression_check.c
 * daemon/core/functions.c daemon/core/functions_text.c daemon/core/json.c
 * daemon/core/lexer.c daemon/core/luaval.c daemon/core/proxy.c
 * daemon/core/value.c daemon/core/element.c daemon/core/alloc.c
 * libproto/scan.c libproto/unpack.c libproto/header.c libproto/pack.c ; libs:
 * msgpack lua5.4 m
 */
/*
 * definition_fuzz: whatever is sent as a definition is either compiled into
 * one that hangs together, or refused with errors that can be shown.
 */

#include <stdlib.h>
#include <string.h>

#include "daemon/core/definition.h"
#include "libproto/scan.h"
#include "libproto/unpack.h"

int LLVMFuzzerTestOneInput(const unsigned char *, size_t);

static void require(bool);
static bool is_text(const char *);
static void check_errors(const struct definition_errors *);
static bool leads(const struct task_definition *, uint32_t);
static void
check_task(const struct definition *, const struct task_definition *);
static void check_definition(struct expressions *, struct definition *);
static const struct definition *find(const void *, const char *, uint32_t);

static void
require(bool holds)
{
	if (!holds)
		abort();
}

/* Nothing that a terminal or a JSON writer would choke on. */
static bool
is_text(const char *s)
{
	for (; *s != '\0'; s++)
		if ((unsigned char)*s < ' ' || *s == 0x7f)
			return false;
	return true;
}

static void
check_errors(const struct definition_errors *e)
{
	size_t i;

	require(e->count > 0 && e->count <= 100);
	require(e->left_out == 0 || e->count == 100);
	for (i = 0; i < e->count; i++) {
		require(
		    e->list[i].path[0] == '\0' || e->list[i].path[0] == '/');
		require(e->list[i].message[0] != '\0');
		require(is_text(e->list[i].path));
		require(is_text(e->list[i].message));
	}
}

static bool
leads(const struct task_definition *t, uint32_t to)
{
	uint32_t i, j;

	for (i = 0; i < t->nnext; i++)
		for (j = 0; j < t->next[i].nto; j++)
			if (t->next[i].to[j] == to)
				return true;
	return false;
}

static void
check_task(const struct definition *def, const struct task_definition *t)
{
	uint32_t i, j;

	require(definition_task(def, t->name, strlen(t->name)) == t->number);
	require(t->domain != NULL);
	for (i = 0; i < t->nnext; i++) {
		require((t->next[i].when == WHEN_EXPR) ==
		    (t->next[i].condition != NULL));
		for (j = 0; j < t->next[i].nto; j++)
			require(t->next[i].to[j] < def->ntasks);
	}
	for (i = 0; i < t->nbefore; i++)
		require(leads(&def->tasks[t->before[i]], t->number));
	require(t->join == JOIN_NONE || t->join == JOIN_ALL ||
	    t->join <= t->nbefore);
	if (t->kind == ACTION_RUN)
		require(t->u.run.argv != NULL);
	if (t->kind == ACTION_WORKFLOW)
		require(t->u.workflow.name != NULL);
	if (t->kind == ACTION_WAIT)
		require(t->u.wait.value != NULL);
	if (t->kind == ACTION_SET)
		require(t->u.set != NULL);
}

/* What was taken once is taken again, from what is kept of it. */
static void
check_definition(struct expressions *expressions, struct definition *def)
{
	struct definition_errors e;
	struct definition *again;
	msgpack_object o;
	msgpack_zone zone;
	bool starts = false;
	uint32_t i;

	require(def->name != NULL && def->ntasks > 0);
	for (i = 0; i < def->ntasks; i++) {
		check_task(def, &def->tasks[i]);
		starts = starts || def->tasks[i].nbefore == 0;
	}
	require(starts);
	require(msgpack_zone_init(&zone, MSGPACK_ZONE_CHUNK_SIZE));
	require(value_unpack(def->source, &zone, &o));
	again = definition_parse(expressions, &o, find, def, &e);
	msgpack_zone_destroy(&zone);
	if (again == NULL)
		check_errors(&e); /* it may not go with itself */
	definition_unref(again);
	definition_errors_free(&e);
}

/* Every workflow there is, is the one that was taken before. */
static const struct definition *
find(const void *ctx, const char *name, uint32_t version)
{
	(void)name;
	return version == 2 ? NULL : ctx;
}

int
LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size)
{
	static const struct scan_limits limits = {
	    .size = 1 << 20, .depth = 64, .elements = 1 << 18};
	static struct expressions *expressions;
	struct definition_errors e;
	struct definition *def;
	msgpack_object o;
	msgpack_zone zone;

	if (!scan_is_value(bytes, size, &limits))
		return 0;
	if (expressions == NULL)
		expressions = expressions_new();
	require(msgpack_zone_init(&zone, MSGPACK_ZONE_CHUNK_SIZE));
	if (unpack_value(bytes, size, &zone, &o)) {
		def = definition_parse(expressions, &o, NULL, NULL, &e);
		if (def == NULL)
			check_errors(&e);
		else
			check_definition(expressions, def);
		definition_unref(def);
		definition_errors_free(&e);
	}
	msgpack_zone_destroy(&zone);
	return 0;
}
