/* settle_start: the start of an action, with everything it needs rendered. */

#include <stdio.h>
#include <string.h>

#include "daemon/core/buffer.h"
#include "daemon/core/decide.h"
#include "daemon/core/element.h"
#include "daemon/core/json.h"
#include "daemon/core/scope.h"
#include "daemon/core/trust.h"
#include "libproto/pack.h"

#define WHY_SIZE (EXPRESSION_ERROR_MAX + 64)
#define TEXT_MAX (1 << 20) /* bytes of one rendered string */

/* A spec being written, with the first thing that went wrong. */
struct writing {
	const struct action *action;
	struct scope scope;
	msgpack_sbuffer buffer;
	msgpack_packer pk;
	char why[WHY_SIZE]; /* "": nothing yet */
};

static struct value *
render(struct writing *, const struct template *, const char *key);
static void
write_text(struct writing *, const char *, const char *end, const char *key);
static void
write_string(struct writing *, const struct template *, const char *key);
static void write_argv(struct writing *);
static void write_env(struct writing *);
static void write_stdin(struct writing *);
static void write_limits(struct writing *);
static void write_domain(struct writing *, const struct value *);
static bool is_made(const struct template *);
static struct value *write_spec(struct writing *);
static uint64_t pick_runner(const struct state *, const struct action *);
static void
start_callout(const struct state *, const struct action *, struct batch *);
static void
start_subworkflow(const struct state *, const struct action *, struct batch *);
static const struct definition *subworkflow_definition(
    const struct state *, const struct action *, char *why, size_t);
static struct value *subworkflow_input(
    const struct action *, const struct definition *, char *why, size_t);

void
settle_start(const struct state *s, const struct action *a, struct batch *b)
{
	if (a->run->task->kind == ACTION_RUN)
		start_callout(s, a, b);
	else
		start_subworkflow(s, a, b);
}

static struct value *
render(struct writing *w, const struct template *template, const char *key)
{
	char why[EXPRESSION_ERROR_MAX];
	struct value *value;

	if (w->why[0] != '\0')
		return NULL;
	value = template_render(template, &w->scope, why);
	if (value == NULL)
		snprintf(w->why, sizeof(w->why), "%s: %s", key, why);
	return value;
}

/* What a program gets as a string: text as it is, anything else as JSON. */
static void
write_text(struct writing *w, const char *p, const char *end, const char *key)
{
	msgpack_object o;
	msgpack_sbuffer text;
	const char *wrong;

	if (element_read(p, end, &o) == NULL)
		return;
	if (o.type == MSGPACK_OBJECT_STR) {
		if (memchr(o.via.str.ptr, '\0', o.via.str.size) != NULL)
			snprintf(w->why, sizeof(w->why),
			    "%s: a NUL byte in a string that a program gets",
			    key);
		pack_strn(&w->pk, o.via.str.ptr, o.via.str.size);
		return;
	}
	if (o.type == MSGPACK_OBJECT_NIL) {
		pack_str(&w->pk, "");
		return;
	}
	msgpack_sbuffer_init(&text);
	wrong = json_write(&text, TEXT_MAX, NULL, p, end);
	if (wrong != NULL)
		snprintf(w->why, sizeof(w->why), "%s: %s", key, wrong);
	pack_strn(&w->pk, text.data == NULL ? "" : text.data, text.size);
	msgpack_sbuffer_destroy(&text);
}

static void
write_string(
    struct writing *w, const struct template *template, const char *key)
{
	struct value *value;

	pack_str(&w->pk, key);
	if (template == NULL || (value = render(w, template, key)) == NULL) {
		msgpack_pack_nil(&w->pk);
		return;
	}
	write_text(w, value->bytes, value->bytes + value->size, key);
	value_unref(value);
}

static void
write_argv(struct writing *w)
{
	const struct task_definition *t = w->action->run->task;
	struct value *value = render(w, t->u.run.argv, "run");
	const char *p, *end, *next;
	msgpack_object o;

	pack_str(&w->pk, "argv");
	if (value == NULL) {
		msgpack_pack_nil(&w->pk);
		return;
	}
	end = value->bytes + value->size;
	p = element_read(value->bytes, end, &o);
	if (t->u.run.shell) {
		msgpack_pack_array(&w->pk, 3);
		pack_str(&w->pk, "/bin/sh");
		pack_str(&w->pk, "-c");
		write_text(w, value->bytes, end, "run");
	} else if (o.type != MSGPACK_OBJECT_ARRAY || o.via.array.size == 0) {
		snprintf(w->why, sizeof(w->why),
		    "run: no list of a program and its arguments");
		msgpack_pack_nil(&w->pk);
	} else {
		msgpack_pack_array(&w->pk, o.via.array.size);
		for (uint32_t i = 0; i < o.via.array.size; i++, p = next) {
			next = element_skip(p, end);
			write_text(w, p, next, "run");
		}
	}
	value_unref(value);
}

static void
write_env(struct writing *w)
{
	const struct template *template = w->action->run->task->u.run.env;
	struct value *value =
	    template == NULL ? NULL : render(w, template, "env");
	const char *p, *end, *next;
	msgpack_object o;

	pack_str(&w->pk, "env");
	if (value == NULL) {
		msgpack_pack_map(&w->pk, 0);
		return;
	}
	end = value->bytes + value->size;
	p = element_read(value->bytes, end, &o);
	if (o.type != MSGPACK_OBJECT_MAP) {
		snprintf(w->why, sizeof(w->why), "env: no map");
		o.via.map.size = 0;
	}
	msgpack_pack_map(&w->pk, o.via.map.size);
	for (uint32_t i = 0; i < 2 * o.via.map.size; i++, p = next) {
		next = element_skip(p, end);
		write_text(w, p, next, "env");
	}
	value_unref(value);
}

static void
write_stdin(struct writing *w)
{
	const struct template *template = w->action->run->task->u.run.input;
	struct value *value;
	msgpack_sbuffer text;
	msgpack_object o;
	const char *wrong, *end;

	w->scope.bytes = true; /* which a program may read, and nobody else */
	value = template == NULL ? NULL : render(w, template, "stdin");
	w->scope.bytes = false;
	pack_str(&w->pk, "stdin");
	if (value == NULL) {
		msgpack_pack_nil(&w->pk);
		return;
	}
	end = value->bytes + value->size;
	msgpack_sbuffer_init(&text);
	element_read(value->bytes, end, &o);
	if (o.type == MSGPACK_OBJECT_STR || o.type == MSGPACK_OBJECT_BIN) {
		msgpack_pack_bin(&w->pk, o.via.bin.size);
		msgpack_pack_bin_body(&w->pk, o.via.bin.ptr, o.via.bin.size);
	} else {
		wrong = json_write(&text, TEXT_MAX, NULL, value->bytes, end);
		if (wrong != NULL)
			snprintf(w->why, sizeof(w->why), "stdin: %s", wrong);
		msgpack_pack_bin(&w->pk, text.size);
		msgpack_pack_bin_body(&w->pk, text.data, text.size);
	}
	msgpack_sbuffer_destroy(&text);
	value_unref(value);
}

static void
write_limits(struct writing *w)
{
	const struct task_definition *t = w->action->run->task;

	pack_str(&w->pk, "limits");
	msgpack_pack_map(&w->pk, t->u.run.nlimits);
	for (uint32_t i = 0; i < t->u.run.nlimits; i++)
		pack_key_int(
		    &w->pk, t->u.run.limits[i].name, t->u.run.limits[i].value);
}

/* The task's, or the other one that it was told to run in when it started. */
static void
write_domain(struct writing *w, const struct value *other)
{
	const char *domain = w->action->run->task->domain;

	if (other == NULL) {
		pack_key_str(&w->pk, "domain", domain);
		return;
	}
	pack_str(&w->pk, "domain");
	value_pack(other, &w->pk);
	pack_key_str(&w->pk, "domain_of_task", domain);
}

/* What expressions have made may be a secret, which no reason tells. */
static bool
is_made(const struct template *template)
{
	return template != NULL && !template_is_constant(template);
}

static struct value *
write_spec(struct writing *w)
{
	static const char *const outputs[] = {[OUTPUT_NONE] = "none",
	    [OUTPUT_TEXT] = "text",
	    [OUTPUT_LINES] = "lines",
	    [OUTPUT_JSON] = "json"};
	const struct run *r = w->action->run;
	const struct execution *x = r->execution;
	struct value *other = value_get(x->k.domains, r->task->domain);
	bool cwd_made = is_made(r->task->u.run.cwd);
	bool env_made = is_made(r->task->u.run.env);

	msgpack_pack_map(&w->pk,
	    12 + (uint32_t)cwd_made + (uint32_t)env_made +
		(uint32_t)(other != NULL));
	write_argv(w);
	write_string(w, r->task->u.run.cwd, "cwd");
	if (cwd_made)
		pack_key_bool(&w->pk, "cwd_made", true);
	write_env(w);
	if (env_made)
		pack_key_bool(&w->pk, "env_made", true);
	write_stdin(w);
	pack_key_str(&w->pk, "output", outputs[r->task->u.run.output]);
	write_limits(w);
	write_domain(w, other);
	value_unref(other);
	pack_key_str(&w->pk, "task", r->task->name);
	pack_key_str(&w->pk, "workflow", x->definition->name);
	pack_key_uint(&w->pk, "run", r->k.number);
	pack_key_uint(&w->pk, "uid", x->k.uid);
	pack_key_uint(&w->pk, "gid", x->k.gid);
	if (w->why[0] == '\0')
		return value_of_buffer(&w->buffer);
	return NULL;
}

/* In turn, as the number of what runs already grows and shrinks. */
static uint64_t
pick_runner(const struct state *s, const struct action *a)
{
	uint64_t turn = a->run->execution->k.id + a->run->index +
	    a->k.attempts + (a->item == EVENT_NONE ? 0 : a->item);

	return s->host.runners[turn % s->host.nrunners];
}

static void
start_callout(const struct state *s, const struct action *a, struct batch *b)
{
	struct writing w = {.action = a};
	struct view view = {.x = a->run->execution, .run = a->run, .action = a};
	struct value *spec;
	struct event *e;
	int64_t timeout = a->run->task->timeout;

	scope_of(&w.scope, &view);
	msgpack_sbuffer_init(&w.buffer);
	msgpack_packer_init(&w.pk, &w.buffer, buffer_write);
	spec = write_spec(&w);
	if (spec == NULL)
		end_action(
		    b, a, TASK_FAILED, batch_printf(b, "%s", w.why), NULL);
	else {
		e = batch_add_action(b, EVENT_TASK_STARTED, a);
		e->attempt = a->k.attempts + 1;
		e->runner = pick_runner(s, a);
		e->value = spec;
		e->due = timeout == 0 ? 0 : b->now + timeout;
	}
	view_release(&view);
	msgpack_sbuffer_destroy(&w.buffer);
}

static const struct definition *
subworkflow_definition(
    const struct state *s, const struct action *a, char *why, size_t size)
{
	const struct task_definition *t = a->run->task;
	const struct workflow *w = state_workflow(s, t->u.workflow.name);

	if (w == NULL)
		snprintf(why, size, "there is no workflow \"%s\"",
		    t->u.workflow.name);
	else if (t->u.workflow.version > w->nversions)
		snprintf(why, size, "workflow %s has no version %u", w->name,
		    t->u.workflow.version);
	else if (a->run->execution->k.depth + 1 >= DEFINITION_DEPTH_MAX)
		snprintf(why, size, "subworkflows are nested deeper than %d",
		    DEFINITION_DEPTH_MAX);
	else if (trust_starts(a->run->execution, w, why, size))
		return state_definition(s, w->name, t->u.workflow.version);
	return NULL;
}

static struct value *
subworkflow_input(
    const struct action *a, const struct definition *d, char *why, size_t size)
{
	const struct template *template = a->run->task->u.workflow.input;
	struct view view = {.x = a->run->execution, .run = a->run, .action = a};
	struct scope scope;
	struct value *given = NULL, *input;
	char wrong[EXPRESSION_ERROR_MAX];

	if (template != NULL) {
		scope_of(&scope, &view);
		given = template_render(template, &scope, wrong);
		view_release(&view);
		if (given == NULL) {
			snprintf(why, size, "input: %s", wrong);
			return NULL;
		}
	}
	if (template != NULL && template_is_expression(template))
		input = definition_input_made(d, given, why, size);
	else
		input = definition_input(d, given, why, size);
	value_unref(given);
	return input;
}

static void
start_subworkflow(
    const struct state *s, const struct action *a, struct batch *b)
{
	const struct execution *x = a->run->execution;
	struct creation creation = {0};
	char why[WHY_SIZE] = "";
	msgpack_sbuffer buffer;
	msgpack_packer pk;

	creation.definition = subworkflow_definition(s, a, why, sizeof(why));
	if (creation.definition != NULL)
		creation.input =
		    subworkflow_input(a, creation.definition, why, sizeof(why));
	if (creation.input == NULL) {
		end_action(b, a, TASK_FAILED, batch_printf(b, "%s", why), NULL);
		return;
	}
	creation.uid = x->k.uid;
	creation.gid = x->k.gid;
	creation.owner = x->k.owner;
	creation.labels = x->k.labels;
	creation.domains = x->k.domains;
	creation.correlation = x->k.correlation;
	creation.priority = x->k.priority;
	if (!a->run->task->u.workflow.detach) {
		creation.parent = x;
		creation.action = a;
		create_execution(s, &creation, b);
		return;
	}
	msgpack_sbuffer_init(&buffer);
	msgpack_packer_init(&pk, &buffer, buffer_write);
	msgpack_pack_map(&pk, 1);
	pack_key_uint(
	    &pk, "execution", create_execution(s, &creation, b)->execution);
	end_action(b, a, TASK_COMPLETED, NULL, value_of_buffer(&buffer));
}
