/* family: a root with all its subworkflows, and whether they are over. */

#include "daemon/core/family.h"

#include <stdlib.h>

#include "daemon/core/alloc.h"

static void over_insert(struct state *, struct execution *);
static void over_remove(struct state *, struct execution *);
static void count(struct state *, struct execution *, struct execution *root);
static int by_end(const void *, const void *);

struct execution *
family_root(const struct state *s, const struct execution *x)
{
	const struct execution *above;

	while (x->k.parent != 0 &&
	    (above = state_execution(s, x->k.parent)) != NULL)
		x = above;
	/* What is handed out is in the state, as what came in is. */
	return (struct execution *)(uintptr_t)x;
}

bool
execution_is_over(const struct execution *x)
{
	return execution_ended(x->k.status) && x->open_callouts == 0 &&
	    !execution_is_to_be_followed(x);
}

/* Mostly at the end; before those that were over later all the same. */
static void
over_insert(struct state *s, struct execution *root)
{
	struct execution *other = TAILQ_LAST(&s->over, execution_list);

	while (other != NULL && other->over_at > root->over_at)
		other = TAILQ_PREV(other, execution_list, over);
	if (other == NULL)
		TAILQ_INSERT_HEAD(&s->over, root, over);
	else
		TAILQ_INSERT_AFTER(&s->over, other, root, over);
	root->is_over = true;
	s->nover++;
}

static void
over_remove(struct state *s, struct execution *root)
{
	if (!root->is_over)
		return;
	TAILQ_REMOVE(&s->over, root, over);
	root->is_over = false;
	s->nover--;
}

static void
count(struct state *s, struct execution *x, struct execution *root)
{
	bool open = !execution_is_over(x);

	(void)s;
	if (root->over_at < x->k.ended_at)
		root->over_at = x->k.ended_at;
	if (open == x->is_open)
		return;
	x->is_open = open;
	if (open)
		root->family_open++;
	else
		root->family_open--;
}

void
family_follows(struct state *s, struct execution *x)
{
	struct execution *root;

	if (x->is_open != execution_is_over(x))
		return; /* as before, as nearly always */
	root = family_root(s, x);
	count(s, x, root);
	if (root->family_open > 0)
		over_remove(s, root);
	else if (!root->is_over && root->k.parent == 0)
		over_insert(s, root);
}

void
family_leaves(struct state *s, struct execution *x)
{
	over_remove(s, x);
}

/* The order of those of one instant is that of their numbers. */
static int
by_end(const void *one, const void *other)
{
	const struct execution *a = *(struct execution *const *)one;
	const struct execution *b = *(struct execution *const *)other;

	if (a->over_at != b->over_at)
		return a->over_at < b->over_at ? -1 : 1;
	return a->k.id < b->k.id ? -1 : a->k.id > b->k.id;
}

void
families_find(struct state *s)
{
	struct execution *x, **roots;
	size_t all = 0, n = 0;

	TAILQ_INIT(&s->over);
	s->nover = 0;
	RB_FOREACH (x, executions, &s->executions) {
		x->is_open = x->is_over = false;
		x->family_open = 0;
		x->over_at = 0;
		all++;
	}
	RB_FOREACH (x, executions, &s->executions)
		count(s, x, family_root(s, x));
	roots = xcalloc(all + 1, sizeof(struct execution *));
	RB_FOREACH (x, executions, &s->executions)
		if (x->k.parent == 0 && x->family_open == 0)
			roots[n++] = x;
	qsort(roots, n, sizeof(struct execution *), by_end);
	for (size_t i = 0; i < n; i++)
		over_insert(s, roots[i]);
	free(roots);
}

uint64_t
execution_revision(const struct state *s, const struct execution *x)
{
	const struct execution *above = x;
	uint64_t revision = x->k.revision + x->below;

	while ((above = state_execution(s, above->k.parent)) != NULL)
		revision += above->k.revision;
	return revision + x->workflow->nversions - 1;
}

void
revision_rises(struct state *s, const struct execution *x)
{
	struct execution *above;

	while ((above = state_execution(s, x->k.parent)) != NULL) {
		above->below++;
		x = above;
	}
}

void
revisions_find(struct state *s)
{
	const struct execution *below;
	struct execution *x, *above;

	RB_FOREACH (x, executions, &s->executions)
		x->below = 0;
	RB_FOREACH (x, executions, &s->executions)
		for (below = x;
		     (above = state_execution(s, below->k.parent)) != NULL;
		     below = above)
			above->below += x->k.revision;
}

bool
children_visit(const struct state *s, const struct execution *x,
    child_visitor *visit, void *ctx)
{
	const struct execution *child;

	for (uint32_t i = 0; i < x->nruns; i++)
		for (uint32_t j = 0; j < x->runs[i]->nactions; j++) {
			const struct attempt *t = x->runs[i]->actions[j].latest;

			for (; t != NULL; t = t->before) {
				if (t->k.child == 0)
					continue;
				child = state_execution(s, t->k.child);
				if (child != NULL && !visit(ctx, child))
					return false;
			}
		}
	return true;
}
