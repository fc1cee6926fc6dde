/* decide_hold: pause, freeze and resume, down the subworkflows. */

#include "daemon/core/decide.h"

static void
hold_one(struct batch *, const struct execution *, enum execution_move,
    enum hold_by, const char *reason, const char *who, bool freeze);
static void hold_child(struct batch *, const struct execution *,
    const struct command *, const char *reason);
static void hold_children(const struct state *, struct batch *,
    const struct execution *, const struct command *, const char *reason);
static bool
resume_one(struct batch *, const struct execution *, const struct command *);
static void resume_children(const struct state *, struct batch *,
    const struct execution *, const struct command *, struct reply *);
static uint32_t count_callouts(const struct state *, const struct execution *);
static bool
refuse_pause(struct reply *, const struct execution *, const struct command *);

static void
hold_one(struct batch *b, const struct execution *x, enum execution_move move,
    enum hold_by by, const char *reason, const char *who, bool freeze)
{
	int to = execution_moved(x->k.status, move);
	struct event *e;

	if (to == LIFECYCLE_NO)
		return;
	e = batch_add_execution(b, EVENT_EXECUTION_HELD, x);
	e->status = to == LIFECYCLE_SAME ? (int32_t)x->k.status : to;
	e->hold = by;
	e->frozen = freeze || x->k.hold.frozen;
	e->reason = reason;
	e->by = who;
}

/*
 * Who is held already stays so, for the reason that it had; but below it
 * somebody may have been resumed.
 */
static void
hold_child(struct batch *b, const struct execution *child,
    const struct command *c, const char *reason)
{
	bool by_itself = child->k.hold.by == HOLD_USER;

	if (child->k.hold.by != HOLD_NONE && !c->freeze)
		return;
	hold_one(b, child,
	    c->freeze && child->k.status != EXECUTION_WAITING
		? EXECUTION_MOVE_FREEZE
		: EXECUTION_MOVE_HOLD,
	    by_itself ? HOLD_USER : HOLD_PARENT,
	    by_itself ? child->k.hold.reason : reason,
	    by_itself ? child->k.hold.who : c->by.name, c->freeze);
}

static void
hold_children(const struct state *s, struct batch *b, const struct execution *x,
    const struct command *c, const char *reason)
{
	const struct execution *child;
	const struct run *r;

	TAILQ_FOREACH (r, &x->open, open)
		for (uint32_t i = 0; i < r->nactions; i++) {
			child = open_child(s, &r->actions[i]);
			if (child == NULL)
				continue;
			hold_child(b, child, c, reason);
			hold_children(s, b, child, c, reason);
		}
}

static bool
refuse_pause(
    struct reply *reply, const struct execution *x, const struct command *c)
{
	if (x->k.status != EXECUTION_WAITING)
		return refuse_status(reply, x, "pause");
	return refuse(reply, ERROR_STATE_CONFLICT,
	    "execution %llu is waiting: nothing runs that could be paused%s; "
	    "pause --hold holds back what comes after the wait",
	    (unsigned long long)x->k.id, c->freeze ? " or frozen" : "");
}

bool
decide_pause(const struct state *s, const struct command *c, struct batch *b,
    struct reply *reply)
{
	const struct execution *x = acted_on(s, c, reply);
	enum execution_move move = EXECUTION_MOVE_PAUSE;
	int to;

	if (x == NULL)
		return false;
	if (c->hold)
		move = EXECUTION_MOVE_HOLD;
	if (c->freeze && x->k.status != EXECUTION_WAITING)
		move = EXECUTION_MOVE_FREEZE;
	to = execution_moved(x->k.status, move);
	if (to == LIFECYCLE_NO)
		return refuse_pause(reply, x, c);
	if (to == LIFECYCLE_SAME && x->k.hold.by == HOLD_USER)
		return true;
	hold_one(b, x, move, HOLD_USER, c->reason, c->by.name, c->freeze);
	hold_children(s, b, x, c, c->reason);
	return true;
}

static bool
resume_one(struct batch *b, const struct execution *x, const struct command *c)
{
	enum execution_move move = x->k.status == EXECUTION_PAUSING
	    ? EXECUTION_MOVE_RESUME_EARLY
	    : EXECUTION_MOVE_RESUME;
	int to;
	struct event *e;

	if (x->k.status == EXECUTION_PAUSED && x->k.started_at == 0)
		move = EXECUTION_MOVE_REQUEUE;
	to = execution_moved(x->k.status, move);
	if (to < 0)
		return false;
	e = batch_add_execution(b, EVENT_EXECUTION_RESUMED, x);
	e->status = to;
	e->by = c->by.name;
	return true;
}

static void
resume_children(const struct state *s, struct batch *b,
    const struct execution *x, const struct command *c, struct reply *reply)
{
	const struct execution *child;
	const struct run *r;

	TAILQ_FOREACH (r, &x->open, open)
		for (uint32_t i = 0; i < r->nactions; i++) {
			if ((child = open_child(s, &r->actions[i])) == NULL)
				continue;
			if (child->k.hold.by == HOLD_USER && !c->all) {
				reply->first_left = child->k.id;
				reply->left_paused++;
				continue;
			}
			if (child->k.hold.by != HOLD_NONE)
				resume_one(b, child, c);
			resume_children(s, b, child, c, reply);
		}
}

/* Those that a pause waits for: its own, and those of what pauses with it. */
static uint32_t
count_callouts(const struct state *s, const struct execution *x)
{
	uint32_t count =
	    x->k.status == EXECUTION_PAUSING ? x->open_callouts : 0;
	const struct execution *child;
	const struct run *r;

	TAILQ_FOREACH (r, &x->open, open)
		for (uint32_t i = 0; i < r->nactions; i++) {
			child = open_child(s, &r->actions[i]);
			if (child != NULL)
				count += count_callouts(s, child);
		}
	return count;
}

bool
decide_resume(const struct state *s, const struct command *c, struct batch *b,
    struct reply *reply)
{
	const struct execution *x = acted_on(s, c, reply);
	size_t before = b->n;
	uint32_t left;

	if (x == NULL)
		return false;
	if (x->k.status == EXECUTION_PAUSING && !c->early) {
		left = count_callouts(s, x);
		return refuse(reply, ERROR_STATE_CONFLICT,
		    "execution %llu is pausing: still %u callout%s%s; wait for "
		    "paused, or resume with --early",
		    (unsigned long long)x->k.id, left, left == 1 ? "" : "s",
		    left > x->open_callouts ? ", with its subworkflows" : "");
	}
	/* With --all what is held below goes on even where it is not itself. */
	if (!resume_one(b, x, c) && !c->all)
		return refuse_status(reply, x, "resume");
	resume_children(s, b, x, c, reply);
	return b->n > before || refuse_status(reply, x, "resume");
}
