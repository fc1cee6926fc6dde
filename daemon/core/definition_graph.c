/*
 * definition_graph: what can be said of the graph of the tasks before anything
 * runs.  Only what is certain is refused.
 */

#include "daemon/core/definition_parts.h"

#include <stdlib.h>

#include "daemon/core/alloc.h"
#include "daemon/core/task_graph.h"

#define NONE UINT32_MAX
#define NAMES_SHOWN 8 /* of a cycle's tasks, in an error */

static struct place
task_place(const struct task_graph *, const struct place *, uint32_t);
static void complain_join(
    struct decoder *, const struct task_graph *, uint32_t, const char *);
static void
check_join_count(struct decoder *, const struct task_graph *, uint32_t);
static void
check_join_order(struct decoder *, const struct task_graph *, uint32_t);
static char *name_members(const struct task_graph *, uint32_t);
static bool is_first(const struct task_graph *, uint32_t, const bool *);
static void check_reached(struct decoder *, const struct task_graph *);
static void check_endless(struct decoder *, const struct task_graph *);

static struct place
task_place(
    const struct task_graph *g, const struct place *tasks, uint32_t number)
{
	return place_in(tasks, g->def->tasks[number].name);
}

static void
complain_join(struct decoder *d, const struct task_graph *g, uint32_t number,
    const char *why)
{
	struct place whole = {0}, tasks = place_in(&whole, "tasks");
	struct place task = task_place(g, &tasks, number);
	struct place join =
	    place_in(&task, d->needs[number].count > 0 ? "needs" : "join");

	complain(d, &join, "this join can never be met: %s", why);
}

static void
check_join_count(struct decoder *d, const struct task_graph *g, uint32_t number)
{
	const struct task_definition *t = &g->def->tasks[number];
	char *why;

	if (t->join == JOIN_NONE || (t->join == JOIN_ALL && t->nbefore > 0) ||
	    t->join <= t->nbefore)
		return;
	if (t->nbefore == 0)
		why = xasprintf("no task leads to \"%s\"", t->name);
	else
		why = xasprintf("it wants %u tasks, and %u lead%s to \"%s\"",
		    t->join, t->nbefore, t->nbefore == 1 ? "s" : "", t->name);
	complain_join(d, g, number, why);
	free(why);
}

/* Arrivals that only this very task leads to can't come before it starts. */
static void
check_join_order(struct decoder *d, const struct task_graph *g, uint32_t number)
{
	const struct task_definition *t = &g->def->tasks[number];
	uint32_t i, after = 0, first = NONE;
	char *why;

	if (t->join == JOIN_NONE || !g->reached[number] || t->nbefore == 0)
		return;
	for (i = 0; i < t->nbefore; i++)
		if (g->reached[t->before[i]] &&
		    g->component[t->before[i]] == g->component[number] &&
		    task_graph_after(g, t->before[i], number)) {
			first = first == NONE ? t->before[i] : first;
			after++;
		}
	if (after == 0 || (t->join != JOIN_ALL && t->join > t->nbefore) ||
	    (t->join != JOIN_ALL && t->join <= t->nbefore - after))
		return;
	why = xasprintf("it waits for \"%s\", which is only reached through "
			"\"%s\" itself",
	    g->def->tasks[first].name, t->name);
	complain_join(d, g, number, why);
	free(why);
}

/* "a, b and c": the tasks of a component, the given one first. */
static char *
name_members(const struct task_graph *g, uint32_t first)
{
	char *list = xstrdup(g->def->tasks[first].name), *longer;
	uint32_t i, shown = 1;

	for (i = first + 1; i < g->def->ntasks; i++) {
		if (g->component[i] != g->component[first])
			continue;
		if (++shown > NAMES_SHOWN)
			break;
		longer = xasprintf("%s, %s", list, g->def->tasks[i].name);
		free(list);
		list = longer;
	}
	if (shown <= NAMES_SHOWN)
		return list;
	longer = xasprintf("%s and others", list);
	free(list);
	return longer;
}

/* Whether no task of the component is marked and has a lower number. */
static bool
is_first(const struct task_graph *g, uint32_t task, const bool *marked)
{
	uint32_t i;

	for (i = 0; i < task; i++)
		if (marked[i] && g->component[i] == g->component[task])
			return false;
	return true;
}

/*
 * What is not reached hangs on cycles that nothing outside leads to; these are
 * named, each once, and nothing that follows from them.
 */
static void
check_reached(struct decoder *d, const struct task_graph *g)
{
	struct place whole = {0}, tasks = place_in(&whole, "tasks"), at;
	const struct task_definition *t;
	bool *led_to, *lost;
	uint32_t i, j;
	char *names;

	led_to = xcalloc(g->components, sizeof(*led_to));
	lost = xcalloc(g->def->ntasks, sizeof(*lost));
	for (i = 0; i < g->def->ntasks; i++) {
		t = &g->def->tasks[i];
		lost[i] = !g->reached[i];
		for (j = 0; j < t->nbefore; j++)
			if (g->component[t->before[j]] != g->component[i])
				led_to[g->component[i]] = true;
	}
	for (i = 0; i < g->def->ntasks; i++) {
		if (!lost[i] || led_to[g->component[i]] ||
		    !is_first(g, i, lost))
			continue;
		names = name_members(g, i);
		at = task_place(g, &tasks, i);
		if (g->nreached == 0)
			complain(d, &tasks,
			    "no task starts first: each has another that "
			    "leads to it (%s)",
			    names);
		else
			complain_key(d, &at,
			    "nothing reaches \"%s\": only tasks that "
			    "themselves are never reached lead to it (%s)",
			    g->def->tasks[i].name, names);
		free(names);
	}
	free(led_to);
	free(lost);
}

static void
check_endless(struct decoder *d, const struct task_graph *g)
{
	struct place whole = {0}, tasks = place_in(&whole, "tasks"), at;
	char *names;
	uint32_t i;

	for (i = 0; i < g->def->ntasks; i++) {
		if (!g->endless[i] || !g->reached[i] ||
		    !is_first(g, i, g->endless))
			continue;
		names = name_members(g, i);
		at = task_place(g, &tasks, i);
		complain_key(d, &at,
		    "the cycle of %s has no way out: however each ends, it "
		    "leads on within it; let an entry of next depend on one "
		    "ending or on an expression (when:), or lead to a task "
		    "with end:",
		    names);
		free(names);
	}
}

void
check_graph(struct decoder *d)
{
	struct task_graph g = task_graph_new(d->definition);
	uint32_t i;

	for (i = 0; i < d->definition->ntasks; i++) {
		check_join_count(d, &g, i);
		check_join_order(d, &g, i);
	}
	check_reached(d, &g);
	if (!d->stored)
		check_endless(d, &g);
	task_graph_free(&g);
}
