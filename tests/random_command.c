/* random_command: one command made by chance. */

#include "tests/random_command.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

typedef void filler(const struct scene *, struct dice *,
    struct random_command *, enum command_type);

static filler fill_callout, fill_start, fill_execution, fill_task, fill_engine,
    fill_definition;
static void
fill(const struct scene *, struct dice *, struct random_command *, bool all);
static void fill_lists(struct dice *, struct command *);

static void
fill_callout(const struct scene *s, struct dice *d, struct random_command *r,
    enum command_type type)
{
	static const char *const outputs[] = {"null", "1", "'text'", "[1, 2]"};
	static const enum callout_end ends[] = {CALLOUT_EXITED, CALLOUT_EXITED,
	    CALLOUT_EXITED, CALLOUT_EXITED, CALLOUT_SIGNALED,
	    CALLOUT_NOT_STARTED, CALLOUT_LOST};
	struct callout_result *result = &r->c.result;

	(void)type;
	if (s->nrunning == 0) {
		r->c.type = COMMAND_TICK;
		return;
	}
	r->c.callout = s->running[roll(d, s->nrunning)];
	result->end = ends[roll(d, 7)];
	result->exit = roll(d, 3) == 0 ? (int)roll(d, 4) : 0;
	result->signal = SIGKILL;
	result->reason = "chance";
	result->started_at = s->now;
	result->ended_at = s->now;
	result->output = scene_value(outputs[roll(d, 4)]);
}

static void
fill_start(const struct scene *s, struct dice *d, struct random_command *r,
    enum command_type type)
{
	static const char *const inputs[] = {"{}", "{'n': 1}", "{'n': 3}"};

	(void)s, (void)type;
	snprintf(r->name, sizeof(r->name), "w%u", roll(d, RANDOM_WORKFLOWS));
	r->c.name = r->name;
	r->c.value = scene_value(inputs[roll(d, 3)]);
	r->c.priority = (int32_t)roll(d, 3);
	if (roll(d, 5) == 0)
		r->c.key = roll(d, 2) == 0 ? "one" : "two";
}

static void
fill_lists(struct dice *d, struct command *c)
{
	char list[64];

	snprintf(list, sizeof(list), "['t%u', 't%u']", roll(d, RANDOM_TASKS),
	    roll(d, 2));
	c->tasks = scene_value(list);
	snprintf(list, sizeof(list), "['t%u']", roll(d, RANDOM_TASKS));
	c->no_reset = scene_value(list);
	if (roll(d, 3) == 0)
		c->task_input = scene_value("{'t1': {'n': 5}}");
}

static void
fill_execution(const struct scene *s, struct dice *d, struct random_command *r,
    enum command_type type)
{
	struct command *c = &r->c;

	c->execution = 1 + roll(d, (unsigned)s->live->k.next_execution);
	c->kill = roll(d, 2) == 0;
	c->reason = roll(d, 8) == 0 ? NULL : "chance";
	c->failure_workflow = roll(d, 2) == 0;
	c->freeze = roll(d, 3) == 0;
	c->hold = roll(d, 3) == 0;
	c->early = roll(d, 2) == 0;
	c->all = roll(d, 2) == 0;
	c->latest = roll(d, 2) == 0;
	c->resume_subworkflows = roll(d, 2) == 0;
	if (type == COMMAND_RERUN_TASKS)
		fill_lists(d, c);
	if (type == COMMAND_RERUN && roll(d, 2) == 0)
		c->value = scene_value("{'n': 2}");
}

static void
fill_task(const struct scene *s, struct dice *d, struct random_command *r,
    enum command_type type)
{
	static const enum task_status updates[] = {
	    TASK_COMPLETED, TASK_FAILED, TASK_RUNNING, TASK_SKIPPED};
	struct command *c = &r->c;

	c->execution = 1 + roll(d, (unsigned)s->live->k.next_execution);
	snprintf(r->name, sizeof(r->name), "%c%u",
	    type == COMMAND_SIGNAL ? 's' : 't', roll(d, RANDOM_TASKS));
	c->name = r->name;
	c->status = updates[roll(d, 4)];
	c->terminal = roll(d, 2) == 0;
	c->tree = roll(d, 2) == 0;
	if (roll(d, 3) == 0)
		c->item = roll(d, 4);
	c->value = scene_value("{'given': 1}");
}

static void
fill_engine(const struct scene *s, struct dice *d, struct random_command *r,
    enum command_type type)
{
	(void)s, (void)type;
	r->c.early = roll(d, 2) == 0;
	r->c.freeze = roll(d, 3) == 0;
}

static void
fill_definition(const struct scene *s, struct dice *d, struct random_command *r,
    enum command_type type)
{
	(void)s, (void)type;
	snprintf(
	    r->name, sizeof(r->name), "w%u", roll(d, RANDOM_WORKFLOWS + 1));
	r->c.name = r->name;
}

static void
fill(const struct scene *s, struct dice *d, struct random_command *r, bool all)
{
	static const struct {
		enum command_type type;
		unsigned weight;
		filler *fill;
	} kinds[] = {
	    {COMMAND_CALLOUT_ENDED, 150, fill_callout},
	    {COMMAND_START, 60, fill_start},
	    {COMMAND_PAUSE, 16, fill_execution},
	    {COMMAND_RESUME, 24, fill_execution},
	    {COMMAND_REPLAY, 8, fill_execution},
	    {COMMAND_RESTART, 8, fill_execution},
	    {COMMAND_RERUN, 8, fill_execution},
	    {COMMAND_RERUN_TASKS, 20, fill_execution},
	    {COMMAND_RETRY, 20, fill_execution},
	    {COMMAND_CANCEL, 10, fill_execution},
	    {COMMAND_TERMINATE, 8, fill_execution},
	    {COMMAND_UPDATE, 10, fill_task},
	    {COMMAND_SKIP, 10, fill_task},
	    {COMMAND_SIGNAL, 20, fill_task},
	    {COMMAND_APPROVE, 20, fill_task},
	    {COMMAND_REJECT, 8, fill_task},
	    {COMMAND_ENGINE_PAUSE, 5, fill_engine},
	    {COMMAND_ENGINE_RESUME, 15, fill_engine},
	    {COMMAND_DEFINITION_DISABLE, 4, fill_definition},
	    {COMMAND_DEFINITION_ENABLE, 8, fill_definition},
	};
	static const size_t n = sizeof(kinds) / sizeof(kinds[0]);
	size_t first = all ? 0 : 1;
	unsigned sum = 0, at;

	for (size_t i = first; i < n; i++)
		sum += kinds[i].weight;
	at = roll(d, sum);
	for (size_t i = first; i < n; at -= kinds[i++].weight)
		if (at < kinds[i].weight) {
			r->c = scene_command(kinds[i].type);
			kinds[i].fill(s, d, r, kinds[i].type);
			return;
		}
}

void
random_command(const struct scene *s, struct dice *d, struct random_command *r)
{
	fill(s, d, r, true);
}

void
random_request(const struct scene *s, struct dice *d, struct random_command *r)
{
	fill(s, d, r, false);
}

void
random_command_release(struct random_command *r)
{
	value_unref(r->c.value);
	value_unref(r->c.tasks);
	value_unref(r->c.no_reset);
	value_unref(r->c.task_input);
	value_unref(r->c.result.output);
}
