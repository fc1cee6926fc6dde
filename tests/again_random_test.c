/* links: tests/scene.c tests/scene_again.c tests/invariants.c tests/witness.c tests/task_changes.c tests/expected_end.c libcore.a libweir.a ; libs: msgpack lua5.4 jansson m */
/*
 * again_random_test: graphs made by chance, where all goes well: whatever is
 * run again, and in whatever order it ends, each task stands once at the end,
 * and the execution is completed.
 */

#include <stdio.h>
#include <stdlib.h>

#include "tests/scene_again.h"
#include "tests/scene_case.h"

#define TASKS_MAX 9
#define GRAPHS 300u
#define GRAPHS_LONG 30000u
#define RERUNS 6u

struct graph {
	int ntasks;
	bool leads[TASKS_MAX][TASKS_MAX]; /* from a task to a later one */
	int join[TASKS_MAX];		  /* arrivals that are enough; 0: all */
	bool is_child[TASKS_MAX];	  /* a subworkflow does it */
};

static uint32_t below(uint32_t *, uint32_t);
static void make_graph(struct graph *, uint32_t *);
static void define_graph(struct scene *, const struct graph *, char *, size_t);
static void end_all(struct scene *, uint32_t *);
static void rerun_child(struct scene *, uint64_t, uint32_t *);
static void require_each_once(
    const struct scene *, uint64_t, const struct graph *, const char *json);
static void
rerun_some(struct scene *, uint64_t, const struct graph *, uint32_t *);

/* The same numbers every time (xorshift). */
static uint32_t
below(uint32_t *seed, uint32_t n)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 17;
	*seed ^= *seed << 5;
	return *seed % n;
}

static void
make_graph(struct graph *g, uint32_t *seed)
{
	int before;

	memset(g, 0, sizeof(*g));
	g->ntasks = 3 + (int)below(seed, TASKS_MAX - 2);
	g->is_child[0] = below(seed, 4) == 0;
	for (int to = 1; to < g->ntasks; to++) {
		g->is_child[to] = below(seed, 4) == 0;
		before = 0;
		for (int from = 0; from < to; from++) {
			g->leads[from][to] = below(seed, 5) < 2;
			before += g->leads[from][to];
		}
		if (before > 1)
			g->join[to] = (int)below(seed, (uint32_t)before);
	}
}

static void
define_graph(struct scene *s, const struct graph *g, char *json, size_t size)
{
	size_t n = 0;

	n += (size_t)snprintf(json, size, "{'workflow': 'w', 'tasks': {");
	for (int i = 0; i < g->ntasks; i++) {
		int before = 0, after = 0;

		for (int j = 0; j < g->ntasks; j++)
			before += g->leads[j][i];
		n += (size_t)snprintf(
		    json + n, size - n, "%s't%d': {", i == 0 ? "" : ", ", i);
		if (before > 1 && g->join[i] == 0)
			n += (size_t)snprintf(
			    json + n, size - n, "'join': 'all', ");
		else if (before > 1)
			n += (size_t)snprintf(
			    json + n, size - n, "'join': %d, ", g->join[i]);
		n += (size_t)snprintf(json + n, size - n,
		    g->is_child[i] ? "'workflow': 'leaf'" : "'run': ['x']");
		for (int j = 0; j < g->ntasks; j++)
			if (g->leads[i][j])
				n += (size_t)snprintf(json + n, size - n,
				    "%s't%d'",
				    after++ == 0 ? ", 'next': [{'do': [" : ", ",
				    j);
		n += (size_t)snprintf(
		    json + n, size - n, "%s}", after > 0 ? "]}]" : "");
	}
	n += (size_t)snprintf(json + n, size - n, "}}");
	ATF_REQUIRE(n < size);
	scene_define(s, json);
}

/* Well, in an order made by chance. */
static void
end_all(struct scene *s, uint32_t *seed)
{
	while (s->nrunning > 0) {
		const struct callout_key *key =
		    &s->running[below(seed, s->nrunning)];

		scene_exit(s, key->execution,
		    scene_execution(s, key->execution)
			->runs[key->run]
			->task->name,
		    EVENT_NONE, 0, NULL);
	}
}

static void
require_each_once(
    const struct scene *s, uint64_t id, const struct graph *g, const char *json)
{
	const struct execution *x = scene_execution(s, id);
	int standing[TASKS_MAX] = {0};

	ATF_REQUIRE_MSG(x->k.status == EXECUTION_COMPLETED, "%s (%s): %s",
	    execution_status_name(x->k.status),
	    x->k.reason == NULL ? "" : x->k.reason, json);
	for (uint32_t i = 0; i < x->nruns; i++)
		standing[x->runs[i]->task->number] += !x->runs[i]->k.superseded;
	for (int i = 0; i < g->ntasks; i++)
		ATF_REQUIRE_MSG(standing[i] == 1,
		    "task t%d stands %d times: %s", i, standing[i], json);
}

static void
rerun_some(struct scene *s, uint64_t id, const struct graph *g, uint32_t *seed)
{
	char tasks[64];
	bool busy;

	snprintf(tasks, sizeof(tasks), "['t%u', 't%u']",
	    below(seed, (uint32_t)g->ntasks), below(seed, (uint32_t)g->ntasks));
	busy = s->nrunning > 0;
	scene_rerun(s, id, tasks, NULL, NULL);
	/* What is in flight, or has not run yet, does not run again. */
	if (!busy || s->reply.error != ERROR_STATE_CONFLICT)
		ATF_REQUIRE_MSG(s->reply.error == ERROR_NONE, "%s: %s", tasks,
		    s->reply.message);
}

/* A subworkflow by itself, with all above it that it revives. */
static void
rerun_child(struct scene *s, uint64_t id, uint32_t *seed)
{
	uint64_t n = s->live->k.next_execution - id - 1;
	struct command c = scene_command(COMMAND_RERUN);

	if (n == 0)
		return;
	c.execution = id + 1 + below(seed, (uint32_t)n);
	if (s->nrunning > 0 ||
	    scene_status(s, c.execution) != EXECUTION_COMPLETED)
		return;
	scene_do(s, &c);
	ATF_REQUIRE_MSG(s->reply.error == ERROR_NONE, "%s", s->reply.message);
}

SCENE_CASE(graphs, "each task stands once, whatever runs again")
{
	uint32_t seed = 20261121, graphs = GRAPHS;
	const char *is_long = getenv("WEIR_LONG");
	struct graph g;
	char json[4096];
	unsigned done = 0;

	if (is_long != NULL && is_long[0] != '\0')
		graphs = GRAPHS_LONG;
	scene_define(s, "{'workflow': 'leaf', 'tasks': {'t': {'run': ['x']}}}");
	for (; done < graphs; done++) {
		uint64_t id;

		make_graph(&g, &seed);
		define_graph(s, &g, json, sizeof(json));
		id = scene_start(s, "w", NULL);
		end_all(s, &seed);
		require_each_once(s, id, &g, json);
		for (unsigned i = 0; i < RERUNS; i++) {
			if (below(&seed, 3) == 0)
				rerun_child(s, id, &seed);
			else
				rerun_some(s, id, &g, &seed);
			/* Some of them while others still run. */
			if (below(&seed, 2) == 0)
				end_all(s, &seed);
		}
		end_all(s, &seed);
		require_each_once(s, id, &g, json);
	}
	printf("%u graphs, %u reruns of each\n", done, RERUNS);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, graphs);
	return atf_no_error();
}
