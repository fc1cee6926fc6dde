/* decide_safety: workflows that may start, or may not, and their caps. */

#include "daemon/core/decide.h"

#include <string.h>

#include "daemon/core/safety.h"

static void set_status(const struct workflow *, const struct command *,
    struct batch *, enum workflow_status);
static bool refuse_capped(const struct workflow *, struct reply *);

const struct workflow *
named_workflow(
    const struct state *s, const struct command *c, struct reply *reply)
{
	const struct workflow *w = state_workflow(s, c->name);

	if (w == NULL)
		refuse(reply, ERROR_NOT_FOUND,
		    "there is no workflow \"%s\"; `weirctl definitions` lists "
		    "them",
		    c->name);
	else if (!may_define(w, &c->by, reply))
		w = NULL;
	else
		reply->version = w->nversions;
	return w;
}

/*
 * Whoever can change what a workflow does has commands run as everyone who
 * starts it: to operate everyone's executions is not enough for that.
 */
bool
may_define(
    const struct workflow *w, const struct actor *by, struct reply *reply)
{
	const struct workflow_version *first = &w->versions[0];

	if (by->role == ROLE_ADMIN || by->uid == first->uid)
		return true;
	return refuse(reply, ERROR_FORBIDDEN,
	    "workflow %s belongs to %s, who stored its first version; only "
	    "that user or an admin may change it: store another one, under "
	    "another name",
	    w->name, first->by == NULL ? "somebody else" : first->by);
}

static void
set_status(const struct workflow *w, const struct command *c, struct batch *b,
    enum workflow_status status)
{
	struct event *e;

	if (w->status == status)
		return;
	e = batch_add(b, EVENT_DEFINITION_STATUS);
	e->name = w->name;
	e->status = (int32_t)status;
	e->reason = c->reason;
	e->by = c->by.name;
}

/* The cap on cost is not for anybody to wave away. */
bool
decide_definition_enable(const struct state *s, const struct command *c,
    struct batch *b, struct reply *reply)
{
	const struct workflow *w = named_workflow(s, c, reply);
	struct event *e;

	if (w == NULL)
		return false;
	if (w->status == WORKFLOW_ENABLED && workflow_capped(w) == CAP_COST)
		return refuse_capped(w, reply);
	set_status(w, c, b, WORKFLOW_ENABLED);
	if (w->use[CAP_STARTS].reached_at != 0) {
		e = batch_add(b, EVENT_DEFINITION_LIFTED);
		e->name = w->name;
		e->cap = CAP_STARTS;
		e->reason = "enabled again";
		e->by = c->by.name;
	}
	return true;
}

bool
decide_definition_disable(const struct state *s, const struct command *c,
    struct batch *b, struct reply *reply)
{
	const struct workflow *w = named_workflow(s, c, reply);

	if (w == NULL)
		return false;
	set_status(w, c, b, WORKFLOW_DISABLED);
	return true;
}

/* Without a value: back to what the definition says. */
bool
decide_definition_safety(const struct state *s, const struct command *c,
    struct batch *b, struct reply *reply)
{
	const struct workflow *w = named_workflow(s, c, reply);
	struct safety caps;
	struct event *e;

	if (w == NULL)
		return false;
	if (c->value != NULL)
		safety_read(&caps, c->value);
	else
		caps = w->versions[w->nversions - 1].definition->safety;
	e = batch_add(b, EVENT_DEFINITION_SAFETY);
	e->name = w->name;
	e->value = value_ref(c->value);
	e->by = c->by.name;
	safety_follows(w, &caps, b);
	return true;
}

static bool
refuse_capped(const struct workflow *w, struct reply *reply)
{
	enum cap cap = (enum cap)workflow_capped(w);
	char text[CAP_TEXT];

	cap_text(w, workflow_caps(w), cap, text);
	return refuse(reply, ERROR_STATE_CONFLICT,
	    "workflow %s is safety_paused by its cap on cost, %s: to enable it "
	    "does not lift that; it lifts when the period is over, or when "
	    "`weirctl safety %s --cost MAX/PER` raises the cap",
	    w->name, text, w->name);
}

bool
workflow_starts(const struct workflow *w, struct reply *reply)
{
	int cap = workflow_capped(w);
	char text[CAP_TEXT];

	reply->workflow = w;
	if (w->status == WORKFLOW_DISABLED)
		return refuse(reply, ERROR_ENGINE_PAUSED,
		    "workflow %s is disabled (by %s%s%s): nothing of it is "
		    "started until `weirctl enable %s`",
		    w->name, w->by == NULL ? "nobody known" : w->by,
		    w->reason == NULL ? "" : ": ",
		    w->reason == NULL ? "" : w->reason, w->name);
	if (cap < 0)
		return true;
	cap_text(w, workflow_caps(w), (enum cap)cap, text);
	if (cap == CAP_STARTS)
		return refuse(reply, ERROR_ENGINE_PAUSED,
		    "workflow %s is safety_paused by its cap on starts, %s: "
		    "nothing of it is started until `weirctl enable %s`",
		    w->name, text, w->name);
	return refuse(reply, ERROR_ENGINE_PAUSED,
	    "workflow %s is safety_paused by its cap on cost, %s: nothing of "
	    "it is started until the period is over, or `weirctl safety %s "
	    "--cost MAX/PER` raises the cap",
	    w->name, text, w->name);
}
