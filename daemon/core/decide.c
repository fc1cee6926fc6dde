/* decide: the engine's and the definitions' commands, and what all share. */

#include "daemon/core/decide.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "daemon/core/allowed.h"
#include "daemon/core/family.h"
#include "daemon/core/safety.h"

static bool
has_room(const struct state *, const struct command *, struct reply *);
static void
explain(const struct state *, const struct command *, struct reply *);
static decider decide_engine_pause, decide_engine_resume, decide_definition_put;

static decider *const deciders[COMMANDS] = {
    [COMMAND_TICK] = decide_tick,
    [COMMAND_ENGINE_PAUSE] = decide_engine_pause,
    [COMMAND_ENGINE_RESUME] = decide_engine_resume,
    [COMMAND_DEFINITION_PUT] = decide_definition_put,
    [COMMAND_DEFINITION_ENABLE] = decide_definition_enable,
    [COMMAND_DEFINITION_DISABLE] = decide_definition_disable,
    [COMMAND_DEFINITION_SAFETY] = decide_definition_safety,
    [COMMAND_START] = decide_start,
    [COMMAND_PAUSE] = decide_pause,
    [COMMAND_RESUME] = decide_resume,
    [COMMAND_REPLAY] = decide_replay,
    [COMMAND_RESTART] = decide_restart,
    [COMMAND_RERUN] = decide_rerun,
    [COMMAND_RERUN_TASKS] = decide_rerun_tasks,
    [COMMAND_RETRY] = decide_retry,
    [COMMAND_CANCEL] = decide_cancel,
    [COMMAND_TERMINATE] = decide_terminate,
    [COMMAND_UPDATE] = decide_update,
    [COMMAND_SKIP] = decide_skip,
    [COMMAND_SIGNAL] = decide_signal,
    [COMMAND_APPROVE] = decide_approve,
    [COMMAND_REJECT] = decide_reject,
    [COMMAND_CALLOUT_ENDED] = decide_callout_ended,
    [COMMAND_DELETE] = decide_delete,
    [COMMAND_DEFINITION_DELETE] = decide_definition_delete,
    [COMMAND_REMOVE_LOGS] = decide_remove_logs,
};

/*
 * What a command needs of the journal: little, as all that ends or holds
 * something; room for what it brings along; or room for new work, which may
 * become any amount.  To store a definition is like that: its size has no
 * bound but a message's, and nobody needs a new one to get out of trouble.
 */
enum need { NEED_LITTLE, NEED_ROOM, NEED_WORK };

static const enum need needs[COMMANDS] = {
    [COMMAND_DEFINITION_PUT] = NEED_WORK,
    [COMMAND_START] = NEED_WORK,
    [COMMAND_REPLAY] = NEED_WORK,
    [COMMAND_RESTART] = NEED_WORK,
    [COMMAND_RERUN] = NEED_WORK,
    [COMMAND_RERUN_TASKS] = NEED_WORK,
    [COMMAND_RETRY] = NEED_WORK,
    [COMMAND_UPDATE] = NEED_ROOM,
    [COMMAND_SKIP] = NEED_ROOM,
    [COMMAND_SIGNAL] = NEED_ROOM,
};

bool
decide(const struct state *s, const struct command *c, struct batch *b,
    struct reply *reply)
{
	bool done;

	memset(reply, 0, sizeof(*reply));
	reply->status = -1;
	done = deciders[c->type](s, c, b, reply) &&
	    (b->n == 0 || has_room(s, c, reply));
	if (!done && reply->error == ERROR_STATE_CONFLICT)
		explain(s, c, reply);
	return done;
}

bool
decides(const struct state *s, const struct command *c)
{
	struct reply reply = {.status = -1};
	struct batch b;
	bool something;

	batch_init(&b, c->now);
	something = deciders[c->type](s, c, &b, &reply) && b.n > 0 &&
	    has_room(s, c, &reply);
	batch_free(&b);
	return something;
}

/* What could be done instead; and what it is that resume does not lift. */
static void
explain(const struct state *s, const struct command *c, struct reply *reply)
{
	size_t used;

	allowed_find(s, c, reply);
	if (reply->says_allowed)
		allowed_say(reply);
	used = strlen(reply->message);
	if (c->type == COMMAND_RESUME && s->k.engine != ENGINE_RUNNING &&
	    reply->status >= 0 &&
	    !execution_ended((enum execution_status)reply->status))
		snprintf(reply->message + used, sizeof(reply->message) - used,
		    "; the engine holds it, which is %s: `weirctl engine "
		    "resume%s` lets it go on",
		    engine_status_name(s->k.engine),
		    s->k.engine == ENGINE_PAUSING ? " --early" : "");
}

/*
 * Asked last: what is wrong with a command is wrong with space too, and what
 * is done already (a key seen before, the newest definition again) needs none.
 */
static bool
has_room(const struct state *s, const struct command *c, struct reply *reply)
{
	enum need needs_now = s->host.endings_only ? NEED_ROOM : NEED_WORK;

	if (s->host.unavailable == NULL || needs[c->type] < needs_now)
		return true;
	reply->execution = c->execution;
	reply->created = false;
	return refuse(reply, ERROR_UNAVAILABLE, "%s", s->host.unavailable);
}

bool
refuse(struct reply *reply, enum error_code code, const char *fmt, ...)
{
	va_list ap;

	reply->error = code;
	va_start(ap, fmt);
	vsnprintf(reply->message, sizeof(reply->message), fmt, ap);
	va_end(ap);
	return false;
}

bool
refuse_status(struct reply *reply, const struct execution *x, const char *verb)
{
	reply->says_allowed = true;
	return refuse(reply, ERROR_STATE_CONFLICT,
	    "execution %llu is %s: %s is not possible now",
	    (unsigned long long)x->k.id, execution_status_name(x->k.status),
	    verb);
}

const struct execution *
acted_on(const struct state *s, const struct command *c, struct reply *reply)
{
	const struct execution *x = state_execution(s, c->execution);

	reply->execution = c->execution;
	if (x == NULL) {
		refuse(reply, ERROR_NOT_FOUND,
		    "there is no execution %llu; `weirctl ls` lists them",
		    (unsigned long long)c->execution);
		return NULL;
	}
	reply->status = (int)x->k.status;
	reply->revision = execution_revision(s, x);
	if (c->by.role < ROLE_ADMIN && !c->by.operates_any &&
	    c->by.uid != x->k.uid) {
		refuse(reply, ERROR_FORBIDDEN,
		    "execution %llu belongs to %s; only its owner or an admin "
		    "may do that",
		    (unsigned long long)x->k.id,
		    x->k.owner == NULL ? "somebody else" : x->k.owner);
		return NULL;
	}
	if ((c->if_revision != 0 && c->if_revision != reply->revision) ||
	    (c->if_status >= 0 && c->if_status != (int)x->k.status)) {
		refuse(reply, ERROR_STATE_CONFLICT,
		    "execution %llu has moved on: it is %s at revision %llu",
		    (unsigned long long)x->k.id,
		    execution_status_name(x->k.status),
		    (unsigned long long)reply->revision);
		return NULL;
	}
	return x;
}

static bool
decide_engine_pause(const struct state *s, const struct command *c,
    struct batch *b, struct reply *reply)
{
	int to = engine_moved(
	    s->k.engine, c->freeze ? ENGINE_MOVE_FREEZE : ENGINE_MOVE_PAUSE);
	struct event *e;

	if (to < 0)
		return refuse(reply, ERROR_STATE_CONFLICT,
		    "the engine is %s already, by %s%s",
		    engine_status_name(s->k.engine),
		    s->k.engine_by == NULL ? "nobody known" : s->k.engine_by,
		    c->freeze && s->k.engine == ENGINE_PAUSING
			? "; what still runs can be frozen with `weirctl "
			  "pause --all --freeze`"
			: "");
	e = batch_add(b, EVENT_ENGINE_STATUS);
	e->status = to;
	e->reason = c->reason;
	e->by = c->by.name;
	e->frozen = c->freeze;
	return true;
}

static bool
decide_engine_resume(const struct state *s, const struct command *c,
    struct batch *b, struct reply *reply)
{
	int to = engine_moved(s->k.engine,
	    c->early ? ENGINE_MOVE_RESUME_EARLY : ENGINE_MOVE_RESUME);
	uint32_t left = s->open_callouts - state_callouts_frozen(s);
	struct event *e;

	if (to < 0 && s->k.engine == ENGINE_PAUSING)
		return refuse(reply, ERROR_STATE_CONFLICT,
		    "the engine is PAUSING: still %u callout%s; wait for "
		    "PAUSED, or resume with --early",
		    left, left == 1 ? "" : "s");
	if (to < 0)
		return refuse(reply, ERROR_STATE_CONFLICT,
		    "the engine is RUNNING: there is nothing to resume");
	e = batch_add(b, EVENT_ENGINE_STATUS);
	e->status = to;
	e->by = c->by.name;
	return true;
}

static bool
decide_definition_put(const struct state *s, const struct command *c,
    struct batch *b, struct reply *reply)
{
	const struct definition *d = c->definition;
	const struct definition *latest = state_definition(s, d->name, 0);
	const struct workflow *w = state_workflow(s, d->name);
	struct event *e;

	if (latest != NULL && value_equal(latest->source, d->source)) {
		reply->version = latest->version;
		return true;
	}
	if (w != NULL && !may_define(w, &c->by, reply))
		return false;
	if (s->host.max_versions != 0 && s->nversions >= s->host.max_versions)
		return refuse(reply, ERROR_LIMIT,
		    "there are %u versions of workflows, the most that may be "
		    "(limits.definitions in weird.conf)",
		    s->nversions);
	reply->version = latest == NULL ? 1 : latest->version + 1;
	reply->created = true;
	e = batch_add(b, EVENT_DEFINITION_PUT);
	e->name = d->name;
	e->version = reply->version;
	e->value = value_ref(d->source);
	e->definition = c->definition;
	e->by = c->by.name;
	e->uid = c->by.uid;
	if (w != NULL && !w->has_own_caps)
		safety_follows(w, &d->safety, b);
	return true;
}
