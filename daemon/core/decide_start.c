/* decide_start: new executions. */

#include "daemon/core/decide.h"

#include <string.h>

#include "daemon/core/family.h"

static bool
may_start(const struct state *, const struct command *, struct reply *);

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

bool
decide_start(const struct state *s, const struct command *c, struct batch *b,
    struct reply *reply)
{
	const struct idempotency *seen;
	const struct execution *x;
	struct creation creation = {0};
	char why[256];

	if (c->key != NULL &&
	    (seen = state_idempotency(s, c->by.uid, c->key)) != NULL) {
		x = state_execution(s, seen->execution);
		reply->execution = seen->execution;
		reply->status = (int)x->k.status;
		reply->revision = execution_revision(s, x);
		reply->version = x->definition->version;
		return true;
	}
	if (!may_start(s, c, reply))
		return false;
	creation.definition = state_definition(s, c->name, c->version);
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
