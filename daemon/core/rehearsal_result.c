/* rehearsal_result: how the copy differs from what it was made of. */

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/core/alloc.h"
#include "daemon/core/rehearsal_parts.h"

/* A run as it is, and as it would be. */
struct both {
	struct rehearsal *rehearsal;
	const struct run *before; /* NULL: it is new */
	const struct run *after;
};

static void add(struct both *, enum change_kind, uint32_t item,
    uint32_t attempt, const char *how);
static void compare_execution(
    struct rehearsal *, const struct execution *, const struct execution *);
static void compare_run(struct both *);
static void compare_action(struct both *, const struct action *);
static bool
compare_attempt(struct both *, const struct action *, const struct attempt *);
static const char *
stop_how(const struct attempt *before, const struct attempt *after);
static const char *staged_how(struct both *, const struct action *);
static void find_deleted(struct rehearsal *);
static bool has_moved(const struct rehearsal *, size_t from);
static bool is_among(uint64_t, const uint64_t *, size_t);
static int by_number(const void *, const void *);
static int by_id(const void *, const void *);
static void sort_numbers(uint64_t *, size_t);
static void find_above(struct rehearsal *);
static bool is_below_target(const struct rehearsal *, const struct execution *);
static enum relation
relation_of(const struct rehearsal *, const struct execution *, bool is_new);
static void add_reached(struct rehearsal *, const struct execution *before,
    const struct execution *after, enum relation);
static const struct execution *
copied_of(const struct rehearsal *, const struct execution *, size_t *at);

static void
add(struct both *b, enum change_kind kind, uint32_t item, uint32_t attempt,
    const char *how)
{
	struct rehearsal *r = b->rehearsal;

	if ((r->nchanges & (r->nchanges - 1)) == 0) /* grows by doubling */
		r->changes = xreallocarray(r->changes,
		    r->nchanges == 0 ? 1 : r->nchanges * 2,
		    sizeof(*r->changes));
	r->changes[r->nchanges++] =
	    (struct change){kind, b->after, item, attempt, how};
}

/* NULL: it goes on as it did. */
static const char *
stop_how(const struct attempt *before, const struct attempt *after)
{
	if (after->k.stop_signal != before->k.stop_signal)
		return after->k.stop_signal == SIGKILL ? "SIGKILL" : "SIGTERM";
	if (after->k.stop != before->k.stop)
		return "canceled";
	if (after->k.frozen && !before->k.frozen)
		return "SIGSTOP";
	return NULL;
}

/* Whether there is something to tell of the action by it. */
static bool
compare_attempt(
    struct both *b, const struct action *a, const struct attempt *after)
{
	const struct attempt *before =
	    b->before == NULL || a - b->after->actions >= b->before->nactions
	    ? NULL
	    : action_attempt(
		  &b->before->actions[a - b->after->actions], after->k.number);
	const char *how;

	if (before == NULL)
		add(b, CHANGE_STARTED, a->item, after->k.number,
		    after->k.child != 0 ? "subworkflow" : "callout");
	else if (!after->k.open)
		return false;
	else if (!before->k.open)
		add(b, CHANGE_STARTED, a->item, after->k.number, "continued");
	else if ((how = stop_how(before, after)) != NULL)
		add(b, CHANGE_STOPPED, a->item, after->k.number, how);
	else if (before->k.frozen && !after->k.frozen)
		add(b, CHANGE_STARTED, a->item, after->k.number, "SIGCONT");
	else if (!b->after->k.superseded)
		add(b, CHANGE_KEPT, a->item, after->k.number,
		    task_status_name(a->k.status));
	return true;
}

static const char *
staged_how(struct both *b, const struct action *a)
{
	if (a->k.due != 0)
		return "delay";
	if (execution_is_held(b->rehearsal->copy, b->after->execution))
		return "held";
	if (nothing_begins(b->rehearsal->copy, b->after->execution))
		return "space";
	return a->run->items_bad > 0 && !a->k.touched ? "failed_item" : "limit";
}

static void
compare_action(struct both *b, const struct action *a)
{
	size_t place = (size_t)(a - b->after->actions);
	const struct action *before =
	    b->before == NULL || place >= b->before->nactions
	    ? NULL
	    : &b->before->actions[place];
	bool told = false, changed;

	for (const struct attempt *t = a->latest; t != NULL; t = t->before)
		told |= compare_attempt(b, a, t);
	changed = before == NULL || before->k.status != a->k.status;
	if (told || !changed || b->after->k.superseded)
		return;
	if (a->k.status == TASK_WAITING)
		add(b, CHANGE_STARTED, a->item, EVENT_NONE, "wait");
	else if (a->k.status == TASK_PENDING)
		add(b, CHANGE_STAGED, a->item, EVENT_NONE, staged_how(b, a));
	else if (b->before == NULL && a->item != EVENT_NONE &&
	    (a->k.status == TASK_COMPLETED || a->k.status == TASK_SKIPPED))
		/* Done in the run before this one, which it stands for. */
		add(b, CHANGE_KEPT, a->item, EVENT_NONE,
		    task_status_name(a->k.status));
	else if (a->item != EVENT_NONE && task_ended(a->k.status))
		add(b,
		    a->k.status == TASK_CANCELED ? CHANGE_STOPPED
						 : CHANGE_ENDED,
		    a->item, EVENT_NONE, task_status_name(a->k.status));
}

static void
compare_run(struct both *b)
{
	const struct run *before = b->before, *after = b->after;
	bool ended = task_ended(after->k.status);
	bool had_ended = before != NULL && task_ended(before->k.status);
	size_t told = b->rehearsal->nchanges;

	if (before != NULL && before->k.superseded)
		return;
	for (uint32_t i = 0; i < after->nactions; i++)
		compare_action(b, &after->actions[i]);
	if (after->k.superseded)
		add(b, CHANGE_SUPERSEDED, EVENT_NONE, EVENT_NONE, NULL);
	else if (ended && had_ended)
		add(b, CHANGE_KEPT, EVENT_NONE, EVENT_NONE,
		    task_status_name(after->k.status));
	else if (ended && after->k.status != TASK_CANCELED)
		add(b, CHANGE_ENDED, EVENT_NONE, EVENT_NONE,
		    task_status_name(after->k.status));
	else if (ended && b->rehearsal->nchanges == told)
		add(b, CHANGE_STOPPED, EVENT_NONE, EVENT_NONE, "canceled");
	else if (!ended && !after->k.begun && before == NULL)
		add(b, CHANGE_STAGED, EVENT_NONE, EVENT_NONE, "held");
}

static void
compare_execution(struct rehearsal *r, const struct execution *before,
    const struct execution *after)
{
	for (uint32_t i = 0; i < after->nruns; i++) {
		struct both b = {r,
		    before != NULL && i < before->nruns ? before->runs[i]
							: NULL,
		    after->runs[i]};

		compare_run(&b);
	}
}

static int
by_number(const void *one, const void *other)
{
	const uint64_t *a = one, *b = other;

	return *a < *b ? -1 : *a > *b;
}

static int
by_id(const void *one, const void *other)
{
	const struct execution *a = *(const struct execution *const *)one;
	const struct execution *b = *(const struct execution *const *)other;

	return a->k.id < b->k.id ? -1 : a->k.id > b->k.id;
}

static void
sort_numbers(uint64_t *numbers, size_t n)
{
	if (n > 1)
		qsort(numbers, n, sizeof(*numbers), by_number);
}

/* Of a list that is sorted. */
static bool
is_among(uint64_t number, const uint64_t *numbers, size_t n)
{
	return n > 0 &&
	    bsearch(&number, numbers, n, sizeof(*numbers), by_number) != NULL;
}

/* All that targets are below of. */
static void
find_above(struct rehearsal *r)
{
	const struct execution *x;

	r->nabove = 0;
	for (size_t i = 0; i < r->ntargets; i++) {
		if ((x = state_execution(r->copy, r->targets[i])) == NULL)
			continue;
		while ((x = state_execution(r->copy, x->k.parent)) != NULL) {
			r->above = xreallocarray(
			    r->above, r->nabove + 1, sizeof(*r->above));
			r->above[r->nabove++] = x->k.id;
		}
	}
	sort_numbers(r->above, r->nabove);
}

static bool
is_below_target(const struct rehearsal *r, const struct execution *x)
{
	while ((x = state_execution(r->copy, x->k.parent)) != NULL)
		if (is_among(x->k.id, r->targets, r->ntargets))
			return true;
	return false;
}

static enum relation
relation_of(const struct rehearsal *r, const struct execution *x, bool is_new)
{
	if (is_new)
		return RELATION_NEW;
	if (is_among(x->k.id, r->targets, r->ntargets))
		return RELATION_SELF;
	if (is_below_target(r, x))
		return RELATION_SUBWORKFLOW;
	return is_among(x->k.id, r->above, r->nabove) ? RELATION_PARENT
						      : RELATION_OTHER;
}

static void
add_reached(struct rehearsal *r, const struct execution *before,
    const struct execution *after, enum relation relation)
{
	if ((r->nexecutions & (r->nexecutions - 1)) == 0)
		r->executions = xreallocarray(r->executions,
		    r->nexecutions == 0 ? 1 : r->nexecutions * 2,
		    sizeof(*r->executions));
	r->executions[r->nexecutions++] =
	    (struct reached){before, after, relation};
}

/* Whether any change from that one on is more than that something stays. */
static bool
has_moved(const struct rehearsal *r, size_t from)
{
	for (size_t i = from; i < r->nchanges; i++)
		if (r->changes[i].kind != CHANGE_KEPT)
			return true;
	return false;
}

/* What was copied and is not there any more. */
static void
find_deleted(struct rehearsal *r)
{
	for (size_t i = 0; i < r->ncopied; i++) {
		const struct execution *before = r->copied[i];

		if (state_execution(r->copy, before->k.id) != NULL)
			continue;
		add_reached(r, before, NULL,
		    is_among(before->k.id, r->targets, r->ntargets)
			? RELATION_SELF
			: RELATION_SUBWORKFLOW);
	}
}

/*
 * What it was copied from; NULL: it is new.  Both are sorted, and those before
 * have been asked for.
 */
static const struct execution *
copied_of(const struct rehearsal *r, const struct execution *after, size_t *at)
{
	while (*at < r->ncopied && r->copied[*at]->k.id < after->k.id)
		++*at;
	return *at < r->ncopied && r->copied[*at]->k.id == after->k.id
	    ? r->copied[*at]
	    : NULL;
}

void
rehearsal_result(struct rehearsal *r, struct rehearsed *result)
{
	const struct execution *before;
	struct execution *after;
	size_t at = 0;

	r->nchanges = r->nexecutions = 0;
	if (r->ncopied > 1)
		qsort(r->copied, r->ncopied, sizeof(r->copied[0]), by_id);
	sort_numbers(r->targets, r->ntargets);
	find_above(r);
	RB_FOREACH (after, executions, &r->copy->executions) {
		size_t changes = r->nchanges;

		before = copied_of(r, after, &at);
		compare_execution(r, before, after);
		/* The engine's freezing moves nothing but the processes. */
		if (before != NULL && before->k.revision == after->k.revision &&
		    !has_moved(r, changes)) {
			r->nchanges = changes;
			continue;
		}
		add_reached(
		    r, before, after, relation_of(r, after, before == NULL));
	}
	find_deleted(r);
	*result = (struct rehearsed){
	    r->changes, r->nchanges, r->executions, r->nexecutions};
}
