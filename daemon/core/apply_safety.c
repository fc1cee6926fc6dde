/* apply_safety: what is used of a workflow's caps, and what they hold back. */

#include "daemon/core/apply.h"
#include "daemon/core/safety.h"

static void set_period(struct state *, struct workflow *);

/* A cap that is not there counts nothing. */
void
cap_count(struct state *s, struct workflow *w, enum cap cap, int64_t amount,
    int64_t now)
{
	const struct safety *caps = workflow_caps(w);
	struct cap_use *use = &w->use[cap];

	if (amount == 0 || cap_max(caps, cap) == 0)
		return;
	if (now >= cap_ends(w, caps, cap)) {
		use->since = now;
		use->used = 0;
		set_period(s, w); /* where it was reached, it still is */
	}
	use->used =
	    use->used > INT64_MAX - amount ? INT64_MAX : use->used + amount;
}

/* Only the cap on cost lifts by itself. */
static void
set_period(struct state *s, struct workflow *w)
{
	timer_clear(s, &w->timer);
	if (w->use[CAP_COST].reached_at != 0)
		timer_set(s, &w->timer, TIMER_PERIOD,
		    cap_ends(w, workflow_caps(w), CAP_COST));
}

void
caps_changed(struct state *s, struct workflow *w)
{
	struct execution *x;

	set_period(s, w);
	RB_FOREACH (x, going, &s->going)
		if (x->workflow == w || !TAILQ_EMPTY(&x->ready))
			mark_dirty(s, x);
}

void
apply_definition_capped(struct state *s, const struct event *e)
{
	struct workflow *w = state_workflow(s, e->name);

	w->use[e->cap].reached_at = e->time;
	caps_changed(s, w);
}

void
apply_definition_lifted(struct state *s, const struct event *e)
{
	struct workflow *w = state_workflow(s, e->name);
	enum cap cap = (enum cap)e->cap;
	struct cap_use *use = &w->use[cap];

	use->reached_at = 0;
	if (cap == CAP_STARTS || e->time >= cap_ends(w, workflow_caps(w), cap))
		use->since = use->used = 0;
	caps_changed(s, w);
}

void
apply_definition_safety(struct state *s, const struct event *e)
{
	struct workflow *w = state_workflow(s, e->name);

	w->has_own_caps = e->value != NULL;
	safety_read(&w->own_caps, e->value);
	caps_changed(s, w);
}
