/* task_changes: which statuses of tasks lead to which. */

#include "tests/task_changes.h"

#include <atf-c.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/core/alloc.h"

/* The statuses of a run's actions, as they were found last. */
struct known_run {
	unsigned char *statuses;
	uint32_t nactions;
};

struct known_execution {
	struct known_run *runs;
	uint32_t nruns;
};

struct task_changes {
	struct known_execution *known; /* by id */
	uint64_t room;
	uint64_t seen[TASK_STATUSES][TASK_STATUSES];
};

static struct known_execution *known_of(struct task_changes *, uint64_t id);
static void
look_at_run(struct task_changes *, struct known_run *, const struct run *);

struct task_changes *
task_changes_new(void)
{
	return xcalloc(1, sizeof(struct task_changes));
}

void
task_changes_free(struct task_changes *c)
{
	for (uint64_t id = 0; id < c->room; id++) {
		for (uint32_t i = 0; i < c->known[id].nruns; i++)
			free(c->known[id].runs[i].statuses);
		free(c->known[id].runs);
	}
	free(c->known);
	free(c);
}

static struct known_execution *
known_of(struct task_changes *c, uint64_t id)
{
	uint64_t room = c->room == 0 ? 64 : c->room;

	while (room <= id)
		room *= 2;
	if (room > c->room) {
		c->known = xreallocarray(c->known, room, sizeof(*c->known));
		memset(c->known + c->room, 0,
		    (room - c->room) * sizeof(*c->known));
		c->room = room;
	}
	return &c->known[id];
}

void
task_changes_look(struct task_changes *c, const struct execution *x)
{
	struct known_execution *known = known_of(c, x->k.id);

	if (known->nruns < x->nruns) {
		known->runs =
		    xreallocarray(known->runs, x->nruns, sizeof(*known->runs));
		memset(known->runs + known->nruns, 0,
		    (x->nruns - known->nruns) * sizeof(*known->runs));
		known->nruns = x->nruns;
	}
	for (uint32_t i = 0; i < x->nruns; i++)
		look_at_run(c, &known->runs[i], x->runs[i]);
}

static void
look_at_run(
    struct task_changes *c, struct known_run *known, const struct run *r)
{
	if (known->nactions != r->nactions) { /* its items are known now */
		known->nactions = r->nactions;
		known->statuses =
		    xreallocarray(known->statuses, r->nactions + 1, 1);
		memset(known->statuses, TASK_PENDING, r->nactions);
	}
	for (uint32_t i = 0; i < r->nactions; i++) {
		enum task_status from = (enum task_status)known->statuses[i],
				 to = r->actions[i].k.status;

		if (from == to)
			continue;
		ATF_REQUIRE_MSG(task_reaches(from, to),
		    "task %s went from %s to %s", r->task->name,
		    task_status_name(from), task_status_name(to));
		c->seen[from][to]++;
		known->statuses[i] = (unsigned char)to;
	}
}

uint64_t
task_changes_seen(
    const struct task_changes *c, enum task_status from, enum task_status to)
{
	return c->seen[from][to];
}
