/* witness: sees every event of a history, and what no event may do. */

#include "tests/witness.h"

#include <atf-c.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/core/alloc.h"

/* An execution as it was after the last event. */
struct seen {
	bool known;
	enum execution_status status;
	enum hold_by hold;
	int ending;
	uint64_t revision;
	uint64_t held_seq; /* the last event that held it */
	uint64_t
	    released_seq; /* the last that let it go: resumed, begun anew */
};

struct witness {
	struct seen *seen; /* by id */
	uint64_t room;
	struct callout_key *open; /* attempts that have not ended */
	size_t nopen;
	size_t open_room;
	struct moves_seen moves;
	struct task_changes *changes;
};

/* What happens. */
struct happening {
	const char *rule;
	const struct state *s;
	const struct command *c;
	const struct event *e;
	const struct execution *x; /* NULL: the event names none */
	struct seen before;	   /* of x */
};
typedef void event_rule(struct witness *, const struct happening *);

#define ALLOWED(h, condition)                                           \
	ATF_REQUIRE_MSG(condition,                                      \
	    "%s: execution %llu, event %s: not " #condition, (h)->rule, \
	    (unsigned long long)(h)->e->execution, event_name((h)->e->type))

static event_rule starts_only_free, holds_go_down, ended_stays_ended,
    ended_hears_late_ends, attempts_end_once, ends_follow, revisions_grow,
    moves_are_counted;
static struct seen *seen_of(struct witness *, uint64_t id);
static void remember(struct witness *, const struct state *, uint64_t id,
    const struct command *, const struct event *);
static const struct execution *
runs_it(const struct state *, const struct execution *);
static bool is_start(const struct event *);
static void open_attempt(struct witness *, const struct happening *);
static void end_attempt(struct witness *, const struct happening *);
static size_t find_open(const struct witness *, const struct callout_key *);
static int move_of(const struct happening *);
static int asked_move(const struct command *, int before);

static const struct {
	const char *name;
	event_rule *rule;
} rules[] = {
    {"nothing is started while anything above holds it", starts_only_free},
    {"a hold goes down, never up or sideways", holds_go_down},
    {"ended is ended, but for restart, rerun and retry", ended_stays_ended},
    {"what has ended hears of late ends only", ended_hears_late_ends},
    {"every attempt ends exactly once", attempts_end_once},
    {"an end follows from the tasks", ends_follow},
    {"a revision grows", revisions_grow},
    {"moves are those of the table", moves_are_counted},
};

struct witness *
witness_new(void)
{
	struct witness *w = xcalloc(1, sizeof(*w));

	w->changes = task_changes_new();
	return w;
}

void
witness_free(struct witness *w)
{
	free(w->seen);
	free(w->open);
	task_changes_free(w->changes);
	free(w);
}

const struct moves_seen *
witness_moves(const struct witness *w)
{
	return &w->moves;
}

const struct task_changes *
witness_task_changes(const struct witness *w)
{
	return w->changes;
}

static struct seen *
seen_of(struct witness *w, uint64_t id)
{
	uint64_t room = w->room == 0 ? 64 : w->room;

	while (room <= id)
		room *= 2;
	if (room > w->room) {
		w->seen = xreallocarray(w->seen, room, sizeof(*w->seen));
		memset(
		    w->seen + w->room, 0, (room - w->room) * sizeof(*w->seen));
		w->room = room;
	}
	return &w->seen[id];
}

static void
remember(struct witness *w, const struct state *s, uint64_t id,
    const struct command *c, const struct event *e)
{
	const struct execution *x = state_execution(s, id);
	struct seen *seen = seen_of(w, id);

	if (x == NULL)
		return;
	task_changes_look(w->changes, x);
	seen->known = true;
	seen->status = x->k.status;
	seen->hold = x->k.hold.by;
	seen->ending = x->k.ending;
	seen->revision = x->k.revision;
	if (e->execution != id)
		return;
	/* That the engine's freeze ends a pause is no new hold. */
	if (e->type == EVENT_EXECUTION_HELD && c->type == COMMAND_PAUSE &&
	    is_below(s, x, c->execution))
		seen->held_seq = e->seq;
	if (e->type == EVENT_EXECUTION_RESUMED ||
	    e->type == EVENT_EXECUTION_REVIVED ||
	    e->type == EVENT_EXECUTION_RESTARTED)
		seen->released_seq = e->seq;
}

static bool
is_start(const struct event *e)
{
	return e->type == EVENT_TASK_STARTED || e->type == EVENT_TASK_WAITING ||
	    e->type == EVENT_TASK_ITEMS;
}

/* The parent, while it waits for the execution; it may have moved on. */
static const struct execution *
runs_it(const struct state *s, const struct execution *x)
{
	const struct execution *parent = state_execution(s, x->k.parent);
	const struct attempt *t;

	if (parent == NULL)
		return NULL;
	t = run_action(parent->runs[x->k.parent_run], x->k.parent_item)->latest;
	return t != NULL && t->k.open && t->k.child == x->k.id ? parent : NULL;
}

/*
 * Itself, the engine, and everything above it: a hold there binds what is
 * below, but for the branches that somebody has let go since.
 */
static void
starts_only_free(struct witness *w, const struct happening *h)
{
	const struct execution *x = h->x;
	uint64_t released = 0;
	bool begins = h->e->type == EVENT_EXECUTION_STATUS &&
	    h->before.status == EXECUTION_PENDING &&
	    h->e->status == EXECUTION_RUNNING;

	if (h->e->type == EVENT_EXECUTION_CREATED && h->e->parent != 0)
		x = state_execution(h->s, h->e->parent);
	else if (!is_start(h->e) && !begins)
		return;
	ALLOWED(h, !execution_is_held(h->s, x));
	ALLOWED(h, !execution_ended(x->k.status));
	ALLOWED(h, x->k.ending < 0);
	ALLOWED(h, x->k.status != EXECUTION_CANCELING);
	for (const struct execution *above; (above = runs_it(h->s, x)) != NULL;
	     x = above) {
		if (seen_of(w, x->k.id)->released_seq > released)
			released = seen_of(w, x->k.id)->released_seq;
		if (above->k.hold.by != HOLD_NONE)
			ALLOWED(
			    h, seen_of(w, above->k.id)->held_seq < released);
	}
}

static void
holds_go_down(struct witness *w, const struct happening *h)
{
	(void)w;
	if (h->e->type == EVENT_EXECUTION_HELD && h->before.hold == HOLD_NONE) {
		ALLOWED(h, h->c->type == COMMAND_PAUSE);
		ALLOWED(h, is_below(h->s, h->x, h->c->execution));
		ALLOWED(h,
		    (h->e->hold == HOLD_USER) ==
			(h->e->execution == h->c->execution));
	}
	if (h->e->type == EVENT_EXECUTION_RESUMED) {
		ALLOWED(h, h->c->type == COMMAND_RESUME);
		ALLOWED(h, is_below(h->s, h->x, h->c->execution));
		ALLOWED(h,
		    h->before.hold == HOLD_PARENT || h->c->all ||
			h->e->execution == h->c->execution);
	}
}

static void
ended_stays_ended(struct witness *w, const struct happening *h)
{
	(void)w;
	if (h->x == NULL || !h->before.known ||
	    !execution_ended(h->before.status) ||
	    h->x->k.status == h->before.status)
		return;
	ALLOWED(h,
	    h->c->type == COMMAND_RESTART || h->c->type == COMMAND_RERUN ||
		h->c->type == COMMAND_RERUN_TASKS ||
		h->c->type == COMMAND_RETRY);
	if (h->e->type == EVENT_EXECUTION_RESTARTED) {
		ALLOWED(h, h->e->execution == h->c->execution);
		ALLOWED(h, h->x->k.status == EXECUTION_PENDING);
		return;
	}
	ALLOWED(h, h->e->type == EVENT_EXECUTION_REVIVED);
	ALLOWED(h,
	    is_below(h->s, state_execution(h->s, h->c->execution),
		h->e->execution) ||
		(h->c->resume_subworkflows &&
		    is_below(h->s, h->x, h->c->execution)));
}

static void
ended_hears_late_ends(struct witness *w, const struct happening *h)
{
	(void)w;
	if (h->x == NULL || !h->before.known ||
	    !execution_ended(h->before.status) ||
	    !execution_ended(h->x->k.status))
		return;
	ALLOWED(h,
	    h->e->type == EVENT_TASK_ATTEMPT_ENDED ||
		h->e->type == EVENT_TASK_STOPPING ||
		h->e->type == EVENT_EXECUTION_FOLLOWED ||
		h->e->type == EVENT_EXECUTION_LOGS_REMOVED);
}

static size_t
find_open(const struct witness *w, const struct callout_key *key)
{
	size_t i;

	for (i = 0; i < w->nopen; i++)
		if (w->open[i].execution == key->execution &&
		    w->open[i].run == key->run &&
		    w->open[i].item == key->item &&
		    w->open[i].attempt == key->attempt)
			break;
	return i;
}

static void
open_attempt(struct witness *w, const struct happening *h)
{
	const struct event *e = h->e;
	struct callout_key key = {e->execution, e->run, e->item, e->attempt};

	if (e->type == EVENT_EXECUTION_CREATED) {
		key = (struct callout_key){
		    e->parent, e->parent_run, e->parent_item, 0};
		key.attempt = run_action(
		    state_execution(h->s, e->parent)->runs[e->parent_run],
		    e->parent_item)
				  ->k.attempts;
	}
	ALLOWED(h, find_open(w, &key) == w->nopen);
	if (w->nopen == w->open_room) {
		w->open_room = w->open_room == 0 ? 64 : 2 * w->open_room;
		w->open =
		    xreallocarray(w->open, w->open_room, sizeof(*w->open));
	}
	w->open[w->nopen++] = key;
}

static void
end_attempt(struct witness *w, const struct happening *h)
{
	struct callout_key key = {
	    h->e->execution, h->e->run, h->e->item, h->e->attempt};
	size_t at = find_open(w, &key);

	ALLOWED(h, at < w->nopen);
	w->open[at] = w->open[--w->nopen];
}

static void
attempts_end_once(struct witness *w, const struct happening *h)
{
	if (h->e->type == EVENT_TASK_STARTED ||
	    h->e->type == EVENT_TASK_REOPENED ||
	    (h->e->type == EVENT_EXECUTION_CREATED && h->e->parent != 0))
		open_attempt(w, h);
	if (h->e->type == EVENT_TASK_ATTEMPT_ENDED)
		end_attempt(w, h);
}

static void
ends_follow(struct witness *w, const struct happening *h)
{
	(void)w;
	if (h->e->type == EVENT_EXECUTION_ENDING) {
		if (h->before.ending >= 0)
			ALLOWED(h, h->e->status == h->before.ending);
		else
			ALLOWED(h,
			    h->e->status ==
				(int32_t)expected_ending(h->s, h->x, h->e));
	}
	if (h->e->type == EVENT_EXECUTION_STATUS &&
	    execution_ended(h->x->k.status))
		ALLOWED(h,
		    h->x->k.status ==
			expected_end(h->s, h->x, h->e, h->c, h->before.status));
}

static void
revisions_grow(struct witness *w, const struct happening *h)
{
	(void)w;
	if (h->x != NULL && h->before.known)
		ALLOWED(h, h->x->k.revision > h->before.revision);
}

/* The move that an event makes; -1: none. */
static int
move_of(const struct happening *h)
{
	static const int ends[EXECUTION_STATUSES] = {
	    [EXECUTION_COMPLETED] = EXECUTION_MOVE_COMPLETE,
	    [EXECUTION_FAILED] = EXECUTION_MOVE_FAIL,
	    [EXECUTION_TIMED_OUT] = EXECUTION_MOVE_TIME_OUT,
	    [EXECUTION_CANCELED] = EXECUTION_MOVE_END_CANCELED,
	    [EXECUTION_TERMINATED] = EXECUTION_MOVE_TERMINATE,
	};
	enum execution_status from = h->before.status, to = h->x->k.status;

	if (h->e->type == EVENT_EXECUTION_REVIVED)
		return EXECUTION_MOVE_REVIVE;
	if (h->e->type == EVENT_EXECUTION_RESUMED)
		return from == EXECUTION_PAUSING ? EXECUTION_MOVE_RESUME_EARLY
		    : to == EXECUTION_PENDING	 ? EXECUTION_MOVE_REQUEUE
						 : EXECUTION_MOVE_RESUME;
	if (h->e->type != EVENT_EXECUTION_STATUS || from == to)
		return -1;
	if (to == EXECUTION_RUNNING)
		return from == EXECUTION_PENDING ? EXECUTION_MOVE_BEGIN
						 : EXECUTION_MOVE_WAKE;
	if (to == EXECUTION_WAITING)
		return EXECUTION_MOVE_PARK;
	if (to == EXECUTION_PAUSED)
		return EXECUTION_MOVE_DRAIN;
	if (to == EXECUTION_CANCELING)
		return EXECUTION_MOVE_CANCEL;
	if (to == EXECUTION_CANCELED &&
	    (from == EXECUTION_PENDING || from == EXECUTION_PAUSED))
		return EXECUTION_MOVE_CANCEL;
	return ends[to];
}

static void
moves_are_counted(struct witness *w, const struct happening *h)
{
	int move;

	if (h->x == NULL || !h->before.known || (move = move_of(h)) < 0)
		return;
	ALLOWED(h,
	    execution_moved(h->before.status, (enum execution_move)move) ==
		(int)h->x->k.status);
	w->moves.taken[h->before.status][move]++;
}

void
witness_event(struct witness *w, const struct state *s, const struct command *c,
    const struct event *e)
{
	struct happening h = {.s = s, .c = c, .e = e};

	if (e->execution != 0) {
		h.x = state_execution(s, e->execution);
		h.before = *seen_of(w, e->execution);
	}
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		h.rule = rules[i].name;
		rules[i].rule(w, &h);
	}
	if (e->execution != 0)
		remember(w, s, e->execution, c, e);
	if (e->parent != 0)
		remember(w, s, e->parent, c, e);
}

/* What a command asks for, in the words of the table; -1: something else. */
static int
asked_move(const struct command *c, int before)
{
	switch (c->type) {
	case COMMAND_PAUSE:
		return c->freeze && before != EXECUTION_WAITING
		    ? EXECUTION_MOVE_FREEZE
		    : c->hold ? EXECUTION_MOVE_HOLD
			      : EXECUTION_MOVE_PAUSE;
	case COMMAND_RESUME:
		return before == EXECUTION_PAUSING && c->early
		    ? EXECUTION_MOVE_RESUME_EARLY
		    : EXECUTION_MOVE_RESUME;
	case COMMAND_REPLAY:
		return EXECUTION_MOVE_REPLAY;
	case COMMAND_RESTART:
		return EXECUTION_MOVE_RESTART;
	case COMMAND_RERUN:
		return EXECUTION_MOVE_RERUN;
	case COMMAND_RERUN_TASKS:
		return EXECUTION_MOVE_RERUN_TASKS;
	case COMMAND_RETRY:
		return EXECUTION_MOVE_RETRY;
	case COMMAND_CANCEL:
		return c->kill ? EXECUTION_MOVE_KILL : EXECUTION_MOVE_CANCEL;
	case COMMAND_TERMINATE:
		return EXECUTION_MOVE_TERMINATE;
	case COMMAND_DELETE:
		return EXECUTION_MOVE_DELETE;
	default:
		return -1;
	}
}

void
witness_command(struct witness *w, const struct state *s,
    const struct command *c, const struct reply *reply, int before)
{
	int move = before < 0 ? -1 : asked_move(c, before), to;

	if (move < 0)
		return;
	ATF_REQUIRE_MSG((state_execution(s, c->execution) == NULL) ==
		(c->type == COMMAND_DELETE && reply->error == ERROR_NONE),
	    "what is deleted is no more, and nothing else");
	to = execution_moved(
	    (enum execution_status)before, (enum execution_move)move);
	if (reply->error != ERROR_NONE) {
		w->moves.refused[before][move]++;
		return;
	}
	/* Just what is below it goes on: that is seen event by event. */
	if (c->type == COMMAND_RESUME && c->all && to == LIFECYCLE_NO &&
	    !execution_ended((enum execution_status)before))
		return;
	ATF_REQUIRE_MSG(to != LIFECYCLE_NO, "%s of what is %s was accepted",
	    execution_move_name((enum execution_move)move),
	    execution_status_name((enum execution_status)before));
	/* A resume was counted as what it led to, be it early or a requeue. */
	if (c->type != COMMAND_RESUME)
		w->moves.taken[before][move]++;
	else if (c->early && before == EXECUTION_PAUSED)
		w->moves.taken[before][EXECUTION_MOVE_RESUME_EARLY]++;
}
