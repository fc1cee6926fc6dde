/* decide_again: replay, restart, rerun and retry. */

#include <stdlib.h>
#include <string.h>

#include "daemon/core/again.h"
#include "daemon/core/decide.h"

static const struct execution *may_run_again(const struct state *,
    const struct command *, struct reply *, enum execution_move);
static bool
restart(const struct state *, const struct command *, struct batch *,
    struct reply *, enum execution_move, uint32_t version, struct value *input);

static const struct execution *
may_run_again(const struct state *s, const struct command *c,
    struct reply *reply, enum execution_move move)
{
	const struct execution *x = acted_on(s, c, reply);

	if (x == NULL || !engine_starts(s, reply))
		return NULL;
	if (execution_moved(x->k.status, move) == LIFECYCLE_NO) {
		refuse_status(reply, x, execution_move_name(move));
		return NULL;
	}
	if (move != EXECUTION_MOVE_REPLAY &&
	    (!again_is_open(x, reply) || !again_is_quiet(x, reply)))
		return NULL;
	return x;
}

bool
decide_replay(const struct state *s, const struct command *c, struct batch *b,
    struct reply *reply)
{
	const struct execution *x =
	    may_run_again(s, c, reply, EXECUTION_MOVE_REPLAY);
	struct creation creation = {0};
	struct value *given;
	struct event *e;
	char why[256];

	if (x == NULL || !workflow_starts(x->workflow, reply))
		return false;
	creation.definition = c->version == 0
	    ? x->definition
	    : state_definition(s, x->workflow->name, c->version);
	if (creation.definition == NULL)
		return refuse(reply, ERROR_NOT_FOUND,
		    "workflow %s has no version %u", x->workflow->name,
		    c->version);
	given = value_merge(x->k.input, c->value);
	creation.input =
	    definition_input(creation.definition, given, why, sizeof(why));
	value_unref(given);
	if (creation.input == NULL)
		return refuse(reply, ERROR_BAD_REQUEST, "%s", why);
	/*
	 * Of whoever the old one was, as with a restart: an admin who replays
	 * what failed does not run others' commands with an admin's rights.
	 */
	creation.uid = x->k.uid;
	creation.gid = x->k.gid;
	creation.owner = x->k.owner;
	creation.labels = x->k.labels;
	creation.domains = x->k.domains;
	creation.correlation = x->k.correlation;
	creation.priority = x->k.priority;
	e = create_execution(s, &creation, b);
	e->replay_of = x->k.id;
	reply->execution = e->execution;
	reply->version = creation.definition->version;
	reply->created = true;
	return true;
}

/* The input goes to the event; NULL: the same. */
static bool
restart(const struct state *s, const struct command *c, struct batch *b,
    struct reply *reply, enum execution_move move, uint32_t version,
    struct value *input)
{
	const struct execution *x = state_execution(s, c->execution);
	struct event *e;

	if (!revive_parents(s, x, c, b, reply)) {
		value_unref(input);
		return false;
	}
	e = batch_add_execution(b, EVENT_EXECUTION_RESTARTED, x);
	e->status = execution_moved(x->k.status, move);
	e->version = version;
	e->value = input;
	e->by = c->by.name;
	e->correlation = c->correlation;
	e->domains = value_ref(c->domains);
	e->reason = execution_move_name(move);
	return true;
}

bool
decide_restart(const struct state *s, const struct command *c, struct batch *b,
    struct reply *reply)
{
	const struct execution *x =
	    may_run_again(s, c, reply, EXECUTION_MOVE_RESTART);
	struct value *input = NULL;
	uint32_t version;
	char why[256];

	if (x == NULL || !workflow_starts(x->workflow, reply))
		return false;
	version = c->latest ? x->workflow->nversions : x->definition->version;
	if (version != x->definition->version) {
		input = definition_input(
		    state_definition(s, x->workflow->name, version), x->k.input,
		    why, sizeof(why));
		if (input == NULL)
			return refuse(reply, ERROR_BAD_REQUEST,
			    "version %u: %s", version, why);
	}
	return restart(s, c, b, reply, EXECUTION_MOVE_RESTART, version, input);
}

bool
decide_rerun(const struct state *s, const struct command *c, struct batch *b,
    struct reply *reply)
{
	const struct execution *x =
	    may_run_again(s, c, reply, EXECUTION_MOVE_RERUN);
	struct value *given, *input;
	char why[256];

	if (x == NULL || !workflow_starts(x->workflow, reply) ||
	    !domains_fit(x->definition, c->domains, reply))
		return false;
	given = value_merge(x->k.input, c->value);
	input = definition_input(x->definition, given, why, sizeof(why));
	value_unref(given);
	if (input == NULL)
		return refuse(reply, ERROR_BAD_REQUEST, "%s", why);
	return restart(s, c, b, reply, EXECUTION_MOVE_RERUN,
	    x->definition->version, input);
}

bool
decide_rerun_tasks(const struct state *s, const struct command *c,
    struct batch *b, struct reply *reply)
{
	const struct execution *x =
	    may_run_again(s, c, reply, EXECUTION_MOVE_RERUN_TASKS);
	struct again again;
	bool ok;

	if (x == NULL)
		return false;
	again_open(&again, s, x, c, b);
	ok = again_names(&again, reply) && revive_parents(s, x, c, b, reply);
	if (ok)
		again_emit(&again, "rerun");
	again_close(&again);
	return ok;
}

bool
decide_retry(const struct state *s, const struct command *c, struct batch *b,
    struct reply *reply)
{
	const struct execution *x =
	    may_run_again(s, c, reply, EXECUTION_MOVE_RETRY);

	if (x == NULL)
		return false;
	return revive_parents(s, x, c, b, reply) &&
	    again_retry(s, x, c, b, reply);
}
