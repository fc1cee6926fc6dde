/* apply_delete: what is no more: executions, workflows, logs. */

#include <stdlib.h>
#include <string.h>

#include "daemon/core/apply.h"
#include "daemon/core/family.h"
#include "daemon/core/memory.h"

static void forget_key(struct state *, const struct execution *);
static void forget_attempts(struct state *, struct action *);

/* The key may start another one from now on. */
static void
forget_key(struct state *s, const struct execution *x)
{
	struct idempotency wanted = {.uid = x->k.uid, .key = x->k.key}, *found;

	if (x->k.key == NULL)
		return;
	found = RB_FIND(idempotencies, &s->idempotencies, &wanted);
	if (found == NULL || found->execution != x->k.id)
		return;
	RB_REMOVE(idempotencies, &s->idempotencies, found);
	free(found->key);
	free(found);
}

static void
forget_attempts(struct state *s, struct action *a)
{
	timer_clear(s, &a->timer);
	for (struct attempt *t = a->latest; t != NULL; t = t->before) {
		timer_clear(s, &t->timer);
		if (t->is_changed)
			TAILQ_REMOVE(&s->changed, t, changed);
	}
}

/*
 * What others keep of it, as the one they were started for or replayed from, is
 * its number, which no other execution ever has.
 */
void
apply_execution_deleted(struct state *s, const struct event *e)
{
	struct execution *x = state_execution(s, e->execution);

	forget_key(s, x);
	family_leaves(s, x);
	timer_clear(s, &x->timer);
	for (uint32_t i = 0; i < x->nruns; i++)
		for (uint32_t j = 0; j < x->runs[i]->nactions; j++)
			forget_attempts(s, &x->runs[i]->actions[j]);
	if (x->is_dirty)
		TAILQ_REMOVE(&s->dirty, x, dirty);
	if (x->is_blocked)
		TAILQ_REMOVE(&s->blocked, x, blocked);
	s->by_status[x->k.status]--;
	x->workflow->executions--;
	RB_REMOVE(executions, &s->executions, x);
	execution_free(x);
}

void
apply_definition_deleted(struct state *s, const struct event *e)
{
	struct workflow *w = state_workflow(s, e->name);

	timer_clear(s, &w->timer);
	s->nversions -= w->nversions;
	RB_REMOVE(workflows, &s->workflows, w);
	workflow_free(w);
}

void
apply_logs_removed(struct state *s, const struct event *e)
{
	struct execution *x = state_execution(s, e->execution);

	(void)s;
	x->k.logs_gone_at = e->time;
	x->k.logs_gone = logs_gone_find(e->reason);
}
