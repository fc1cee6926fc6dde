/* decide_start: new executions. */

#include "daemon/core/decide.h"

#include <stdio.h>
#include <string.h>

#include "daemon/core/decoder.h"
#include "daemon/core/family.h"
#include "daemon/core/zone.h"

#define DOMAINS_SHOWN 4 /* in an error */

static bool
may_start(const struct state *, const struct command *, struct reply *);
static bool starts_others(const struct definition *);
static bool has_domain(const struct definition *, const msgpack_object *);
static void list_domains(const struct definition *, char *, size_t);
static bool domain_fits(
    const struct definition *, const msgpack_object_kv *, struct reply *);
static bool answer_seen(const struct state *, const struct execution *,
    const struct command *, struct reply *);
static bool has_first_input(const struct execution *, struct value *given);

static bool
may_start(const struct state *s, const struct command *c, struct reply *reply)
{
	const struct workflow *w = state_workflow(s, c->name);

	if (w == NULL)
		return refuse(reply, ERROR_NOT_FOUND,
		    "there is no workflow \"%s\"; `weirctl define FILE` stores "
		    "one, `weirctl definitions` lists them",
		    c->name);
	if (c->version > w->nversions)
		return refuse(reply, ERROR_NOT_FOUND,
		    "workflow %s has no version %u; the latest is %u", w->name,
		    c->version, w->nversions);
	return engine_starts(s, reply) && workflow_starts(w, reply);
}

bool
engine_starts(const struct state *s, struct reply *reply)
{
	uint32_t open = 0;

	if (s->k.engine != ENGINE_RUNNING)
		return refuse(reply, ERROR_ENGINE_PAUSED,
		    "the engine is %s (by %s%s%s): nothing is started until "
		    "`weirctl engine resume`",
		    engine_status_name(s->k.engine),
		    s->k.engine_by == NULL ? "nobody known" : s->k.engine_by,
		    s->k.engine_reason == NULL ? "" : ": ",
		    s->k.engine_reason == NULL ? "" : s->k.engine_reason);
	for (int i = 0; i < EXECUTION_STATUSES; i++)
		if (!execution_ended((enum execution_status)i))
			open += s->by_status[i];
	if (s->host.max_executions != 0 && open >= s->host.max_executions)
		return refuse(reply, ERROR_LIMIT,
		    "%u executions have not ended, the most that may be: wait "
		    "until some have (limits.executions in weird.conf)",
		    open);
	return true;
}

/* Which get the same domains, and may be others by then. */
static bool
starts_others(const struct definition *d)
{
	for (uint32_t i = 0; i < d->ntasks; i++)
		if (d->tasks[i].kind == ACTION_WORKFLOW)
			return true;
	return d->on_failure != NULL;
}

static bool
has_domain(const struct definition *d, const msgpack_object *name)
{
	for (uint32_t i = 0; i < d->ntasks; i++)
		if (d->tasks[i].kind == ACTION_RUN &&
		    object_is(name, d->tasks[i].domain))
			return true;
	return false;
}

/* "local, cluster" */
static void
list_domains(const struct definition *d, char *list, size_t size)
{
	const char *shown[DOMAINS_SHOWN], *domain;
	size_t n = 0, i, used = 0;

	list[0] = '\0';
	for (uint32_t task = 0; task < d->ntasks; task++) {
		domain = d->tasks[task].domain;
		for (i = 0; i < n && strcmp(shown[i], domain) != 0; i++)
			;
		if (d->tasks[task].kind != ACTION_RUN || i < n)
			continue;
		used += (size_t)snprintf(list + used, size - used, "%s%s",
		    n == 0 ? "" : ", ",
		    n == DOMAINS_SHOWN ? "and others" : domain);
		if (n == DOMAINS_SHOWN)
			return;
		shown[n++] = domain;
	}
}

static bool
domain_fits(const struct definition *d, const msgpack_object_kv *pair,
    struct reply *reply)
{
	const msgpack_object *of = &pair->key, *to = &pair->val, *wrong;
	char list[(DOMAINS_SHOWN + 1) * (NAME_LENGTH_MAX + 2)];

	wrong = !is_workflow_name(of->via.str.ptr, of->via.str.size) ? of
	    : !is_workflow_name(to->via.str.ptr, to->via.str.size)   ? to
								     : NULL;
	if (wrong != NULL)
		return refuse(reply, ERROR_BAD_REQUEST,
		    "domains: \"%.*s\" can't be the name of a domain, which "
		    "has at most %d of a-z 0-9 . _ -, the first a letter or "
		    "digit",
		    (int)(wrong->via.str.size < NAME_LENGTH_MAX
			    ? wrong->via.str.size
			    : NAME_LENGTH_MAX),
		    wrong->via.str.ptr, NAME_LENGTH_MAX);
	if (has_domain(d, of) || starts_others(d))
		return true;
	list_domains(d, list, sizeof(list));
	return refuse(reply, ERROR_BAD_REQUEST,
	    "domains: no task of workflow %s runs in a domain \"%.*s\"%s%s",
	    d->name, (int)of->via.str.size, of->via.str.ptr,
	    list[0] == '\0' ? "" : "; its tasks run in: ", list);
}

bool
domains_fit(const struct definition *d, const struct value *domains,
    struct reply *reply)
{
	msgpack_object o;
	msgpack_zone zone;
	bool ok = true;

	if (domains == NULL)
		return true;
	zone_init(&zone, 1024);
	if (value_unpack(domains, &zone, &o) && o.type == MSGPACK_OBJECT_MAP)
		for (uint32_t i = 0; ok && i < o.via.map.size; i++)
			ok = o.via.map.ptr[i].key.type != MSGPACK_OBJECT_STR ||
			    o.via.map.ptr[i].val.type != MSGPACK_OBJECT_STR ||
			    domain_fits(d, &o.via.map.ptr[i], reply);
	msgpack_zone_destroy(&zone);
	return ok;
}

/* Of a key that was seen: what it started, unless it is to start another. */
static bool
answer_seen(const struct state *s, const struct execution *x,
    const struct command *c, struct reply *reply)
{
	const char *name = x->workflow->name;

	if (strcmp(name, c->name) != 0)
		return refuse(reply, ERROR_STATE_CONFLICT,
		    "idempotency key \"%s\" started execution %llu, of "
		    "workflow %s: to start %s takes another key",
		    c->key, (unsigned long long)x->k.id, name, c->name);
	if (!has_first_input(x, c->value))
		return refuse(reply, ERROR_STATE_CONFLICT,
		    "idempotency key \"%s\" started execution %llu, of "
		    "workflow %s, with other input: to start it with this one "
		    "takes another key",
		    c->key, (unsigned long long)x->k.id, name);
	reply->execution = x->k.id;
	reply->status = (int)x->k.status;
	reply->revision = execution_revision(s, x);
	reply->version = x->definition->version;
	return true;
}

/*
 * Compared as they were taken in: with the defaults of the version that was
 * started, whichever is the newest by now, and before any rerun changed it.
 */
static bool
has_first_input(const struct execution *x, struct value *given)
{
	const struct generation *first =
	    x->k.generation > 1 ? &x->earlier[0] : NULL;
	char why[256];
	struct value *input =
	    definition_input(first != NULL ? first->definition : x->definition,
		given, why, sizeof(why));
	bool same = input != NULL &&
	    value_same(input, first != NULL ? first->input : x->k.input);

	value_unref(input);
	return same;
}

bool
decide_start(const struct state *s, const struct command *c, struct batch *b,
    struct reply *reply)
{
	const struct idempotency *seen;
	struct creation creation = {0};
	char why[256];

	if (c->key != NULL &&
	    (seen = state_idempotency(s, c->by.uid, c->key)) != NULL)
		return answer_seen(
		    s, state_execution(s, seen->execution), c, reply);
	if (!may_start(s, c, reply))
		return false;
	creation.definition = state_definition(s, c->name, c->version);
	if (!domains_fit(creation.definition, c->domains, reply))
		return false;
	creation.input =
	    definition_input(creation.definition, c->value, why, sizeof(why));
	if (creation.input == NULL)
		return refuse(reply, ERROR_BAD_REQUEST, "%s", why);
	creation.uid = c->by.uid;
	creation.gid = c->by.gid;
	creation.owner = c->by.name;
	creation.labels = c->labels;
	creation.domains = c->domains;
	creation.key = c->key;
	creation.correlation = c->correlation;
	creation.priority = c->priority;
	reply->execution = create_execution(s, &creation, b)->execution;
	reply->version = creation.definition->version;
	reply->created = true;
	return true;
}

struct event *
create_execution(
    const struct state *s, const struct creation *creation, struct batch *b)
{
	struct event *e = batch_add(b, EVENT_EXECUTION_CREATED);

	e->execution = s->k.next_execution;
	e->name = creation->definition->name;
	e->version = creation->definition->version;
	e->value = creation->input;
	e->uid = creation->uid;
	e->gid = creation->gid;
	e->by = creation->owner;
	e->labels = value_ref(creation->labels);
	e->domains = value_ref(creation->domains);
	e->key = creation->key;
	e->correlation = creation->correlation;
	e->priority = creation->priority;
	if (creation->parent != NULL) {
		e->parent = creation->parent->k.id;
		e->parent_run = creation->action->run->index;
		e->parent_item = creation->action->item;
		e->depth = creation->parent->k.depth + 1;
	}
	if (creation->failure_of != NULL)
		e->failure_of = creation->failure_of->k.id;
	return e;
}
