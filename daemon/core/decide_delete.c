/* decide_delete: what is removed for good: executions, workflows, logs. */

#include <string.h>

#include "daemon/core/decide.h"
#include "daemon/core/family.h"

/* A family on its way out. */
struct deletion {
	const struct state *s;
	const struct command *c;
	struct batch *b;
	uint32_t count;
};

/* Of a family, the first that is not over. */
struct search {
	const struct state *s;
	const struct execution *found;
};

static child_visitor delete_tree, find_open_one;
static bool refuse_subworkflow(
    const struct state *, const struct execution *, struct reply *);
static bool
refuse_open(const struct state *, const struct execution *, struct reply *);
static bool names(const struct definition *, const char *);
static const struct workflow *
find_user(const struct state *, const struct workflow *, uint32_t *version);
static bool refuse_used(const struct workflow *, const struct workflow *user,
    uint32_t version, struct reply *);

/* Those below it first, so that none is ever without its parent. */
static bool
delete_tree(void *ctx, const struct execution *x)
{
	struct deletion *deletion = ctx;
	struct event *e;

	children_visit(deletion->s, x, delete_tree, deletion);
	e = batch_add_execution(deletion->b, EVENT_EXECUTION_DELETED, x);
	e->name = x->workflow->name;
	e->reason = deletion->c->reason;
	e->by = deletion->c->by.name;
	deletion->count++;
	return true;
}

static bool
find_open_one(void *ctx, const struct execution *x)
{
	struct search *search = ctx;

	if (!execution_is_over(x)) {
		search->found = x;
		return false;
	}
	return children_visit(search->s, x, find_open_one, search);
}

static bool
refuse_subworkflow(
    const struct state *s, const struct execution *x, struct reply *reply)
{
	return refuse(reply, ERROR_STATE_CONFLICT,
	    "execution %llu is a subworkflow of execution %llu, and goes with "
	    "all of that one's: delete %llu",
	    (unsigned long long)x->k.id, (unsigned long long)x->k.parent,
	    (unsigned long long)family_root(s, x)->k.id);
}

static bool
refuse_open(
    const struct state *s, const struct execution *x, struct reply *reply)
{
	struct search search = {.s = s};
	const struct execution *open;

	find_open_one(&search, x);
	open = search.found;
	if (open == NULL) /* what is counted is there: this is a bug */
		return refuse(reply, ERROR_INTERNAL,
		    "execution %llu can't be deleted: its family is miscounted",
		    (unsigned long long)x->k.id);
	if (!execution_ended(open->k.status))
		return refuse(reply, ERROR_STATE_CONFLICT,
		    "execution %llu can't be deleted while its subworkflow "
		    "%llu is %s: wait for its end, or terminate it",
		    (unsigned long long)x->k.id, (unsigned long long)open->k.id,
		    execution_status_name(open->k.status));
	if (open->open_callouts > 0)
		return refuse(reply, ERROR_STATE_CONFLICT,
		    "execution %llu is %s, but still has %u callout%s being "
		    "stopped: delete it when all have ended",
		    (unsigned long long)open->k.id,
		    execution_status_name(open->k.status), open->open_callouts,
		    open->open_callouts == 1 ? "" : "s");
	return refuse(reply, ERROR_STATE_CONFLICT,
	    "execution %llu is %s, and its failure workflow is about to be "
	    "started: delete it afterwards",
	    (unsigned long long)open->k.id,
	    execution_status_name(open->k.status));
}

bool
decide_delete(const struct state *s, const struct command *c, struct batch *b,
    struct reply *reply)
{
	const struct execution *x = acted_on(s, c, reply);
	struct deletion deletion = {s, c, b, 0};

	if (x == NULL)
		return false;
	if (execution_moved(x->k.status, EXECUTION_MOVE_DELETE) == LIFECYCLE_NO)
		return refuse_status(reply, x, "delete");
	if (x->k.parent != 0)
		return refuse_subworkflow(s, x, reply);
	if (x->family_open > 0)
		return refuse_open(s, x, reply);
	delete_tree(&deletion, x);
	reply->deleted = deletion.count;
	return true;
}

static bool
names(const struct definition *d, const char *name)
{
	if (d->on_failure != NULL && strcmp(d->on_failure, name) == 0)
		return true;
	for (uint32_t i = 0; i < d->ntasks; i++)
		if (d->tasks[i].kind == ACTION_WORKFLOW &&
		    strcmp(d->tasks[i].u.workflow.name, name) == 0)
			return true;
	return false;
}

/*
 * A definition that starts the workflow: the newest version of another one, or
 * an older version where executions go on that may have it.
 */
static const struct workflow *
find_user(const struct state *s, const struct workflow *w, uint32_t *version)
{
	/* sys/tree.h takes no const head; walking changes nothing. */
	struct workflows *all = &((struct state *)(uintptr_t)s)->workflows;
	struct workflow *other;

	RB_FOREACH (other, workflows, all)
		for (uint32_t v = other->nversions; other != w && v > 0; v--) {
			if (!names(other->versions[v - 1].definition, w->name))
				continue;
			if (v < other->nversions && other->open == 0)
				continue;
			*version = v;
			return other;
		}
	return NULL;
}

static bool
refuse_used(const struct workflow *w, const struct workflow *user,
    uint32_t version, struct reply *reply)
{
	if (version == user->nversions)
		return refuse(reply, ERROR_STATE_CONFLICT,
		    "workflow %s is started by workflow %s, as a subworkflow "
		    "or after a failure: delete that one, or define a version "
		    "of it without %s, first",
		    w->name, user->name, w->name);
	return refuse(reply, ERROR_STATE_CONFLICT,
	    "workflow %s is started by version %u of workflow %s, of which "
	    "%u execution%s not ended: wait for the end of %s",
	    w->name, version, user->name, user->open,
	    user->open == 1 ? " has" : "s have",
	    user->open == 1 ? "it" : "them");
}

bool
decide_definition_delete(const struct state *s, const struct command *c,
    struct batch *b, struct reply *reply)
{
	const struct workflow *w = named_workflow(s, c, reply), *user;
	uint32_t version;
	struct event *e;

	if (w == NULL)
		return false;
	if (w->open > 0)
		return refuse(reply, ERROR_STATE_CONFLICT,
		    "workflow %s has %u execution%s that %s not ended: wait "
		    "for the end, or terminate %s",
		    w->name, w->open, w->open == 1 ? "" : "s",
		    w->open == 1 ? "has" : "have",
		    w->open == 1 ? "it" : "them");
	if (w->executions > 0)
		return refuse(reply, ERROR_STATE_CONFLICT,
		    "workflow %s has %u execution%s that %s ended and %s "
		    "kept: `weirctl delete --workflow %s` deletes them; a "
		    "subworkflow goes with the one that started it",
		    w->name, w->executions, w->executions == 1 ? "" : "s",
		    w->executions == 1 ? "has" : "have",
		    w->executions == 1 ? "is" : "are", w->name);
	if ((user = find_user(s, w, &version)) != NULL)
		return refuse_used(w, user, version, reply);
	e = batch_add(b, EVENT_DEFINITION_DELETED);
	e->name = w->name;
	e->by = c->by.name;
	return true;
}

/* Only the daemon asks for it; of what goes on the logs stay. */
bool
decide_remove_logs(const struct state *s, const struct command *c,
    struct batch *b, struct reply *reply)
{
	const struct execution *x = acted_on(s, c, reply);

	if (x == NULL)
		return false;
	if (!execution_is_over(x))
		return refuse(reply, ERROR_STATE_CONFLICT,
		    "execution %llu is not over: its logs stay",
		    (unsigned long long)x->k.id);
	batch_add_execution(b, EVENT_EXECUTION_LOGS_REMOVED, x)->reason =
	    c->reason;
	return true;
}
