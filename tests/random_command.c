/* random_command: one command made by chance. */

#include "tests/random_command.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

typedef void
filler(const struct scene *, struct dice *, struct random_command *);

static uint64_t some_execution(const struct scene *, struct dice *);
static uint64_t
likely_execution(const struct scene *, struct dice *, bool ended);
static void
likely_task(const struct scene *, struct dice *, struct random_command *);
static void tasks_again(const struct scene *, struct dice *, struct command *);
static filler fill_start, fill_end, fill_hold, fill_again, fill_engine,
    fill_definition, fill_delete;

static uint64_t
some_execution(const struct scene *s, struct dice *d)
{
	uint64_t next = s->live->k.next_execution;

	/* One too many now and then: what is not there is refused. */
	return 1 + roll(d, (unsigned)next);
}

/* One that has ended, or has not, where a few tries find it. */
static uint64_t
likely_execution(const struct scene *s, struct dice *d, bool ended)
{
	uint64_t id = some_execution(s, d);

	for (unsigned i = 0; i < 12 && roll(d, 12) != 0; i++) {
		const struct execution *x = state_execution(s->live, id);

		if (x != NULL && execution_ended(x->k.status) == ended)
			break;
		id = some_execution(s, d);
	}
	return id;
}

static void
fill_start(const struct scene *s, struct dice *d, struct random_command *r)
{
	static const char *const inputs[] = {
	    NULL, "{}", "{'n': 1}", "{'n': 3}", "{'wrong': true}"};
	const char *input = inputs[roll(d, 5)];

	(void)s;
	r->c = scene_command(COMMAND_START);
	snprintf(r->name, sizeof(r->name), "w%u", roll(d, RANDOM_WORKFLOWS));
	snprintf(r->key, sizeof(r->key), "k%u", roll(d, 30));
	r->c.name = r->name;
	r->c.value = input == NULL ? NULL : scene_value(input);
	r->c.key = roll(d, 4) == 0 ? r->key : NULL;
	r->c.version = roll(d, 4) == 0 ? roll(d, 3) : 0;
	r->c.priority = (int32_t)roll(d, 3);
	if (roll(d, 3) == 0)
		r->c.domains = scene_value("{'far': 'near'}");
}

void
random_callout_end(
    const struct scene *s, struct dice *d, struct random_command *r)
{
	static const char *const outputs[] = {
	    "null", "null", "1", "'text'", "[1, 2]"};
	static const enum callout_end ends[] = {CALLOUT_EXITED, CALLOUT_EXITED,
	    CALLOUT_EXITED, CALLOUT_EXITED, CALLOUT_EXITED, CALLOUT_SIGNALED,
	    CALLOUT_NOT_STARTED, CALLOUT_LOST, CALLOUT_NO_SPACE};
	struct callout_result *result = &r->c.result;
	unsigned at = s->nrunning == 0 ? 0 : roll(d, s->nrunning);

	r->c = scene_command(COMMAND_TICK);
	if (s->nrunning == 0)
		return;
	if (s->wants[at] == PLAN_FREEZE && roll(d, 8) != 0)
		return; /* it stands still, unless somebody kills it */
	r->c.type = COMMAND_CALLOUT_ENDED;
	r->c.callout = s->running[at];
	result->end = ends[roll(d, 9)];
	result->exit = roll(d, 3) == 0 ? (int)roll(d, 4) : 0;
	result->signal = SIGKILL;
	result->reason = "chance";
	result->started_at = s->now;
	result->ended_at = s->now;
	result->output = scene_value(outputs[roll(d, 5)]);
	if (roll(d, 20) == 0)
		result->output_error = "no output at all";
}

static void
fill_end(const struct scene *s, struct dice *d, struct random_command *r)
{
	struct command *c = &r->c;

	*c =
	    scene_command(roll(d, 3) == 0 ? COMMAND_TERMINATE : COMMAND_CANCEL);
	c->execution = likely_execution(s, d, false);
	c->kill = roll(d, 2) == 0;
	c->reason = roll(d, 4) == 0 ? NULL : "chance";
	c->failure_workflow = roll(d, 2) == 0;
	if (roll(d, 8) == 0)
		c->if_revision = roll(d, 20) + 1;
}

/* A task that is open, and what can be done to it. */
static void
likely_task(const struct scene *s, struct dice *d, struct random_command *one)
{
	struct command *c = &one->c;
	const struct execution *x = state_execution(s->live, c->execution);
	const struct run *r;

	if (x == NULL)
		return;
	TAILQ_FOREACH (r, &x->open, open) {
		if (roll(d, 2) == 0)
			continue;
		snprintf(one->name, sizeof(one->name), "%s", r->task->name);
		if (r->task->kind != ACTION_WAIT || roll(d, 4) == 0)
			c->type =
			    roll(d, 3) == 0 ? COMMAND_SKIP : COMMAND_UPDATE;
		else if (r->task->u.wait.kind == WAIT_APPROVAL)
			c->type =
			    roll(d, 3) == 0 ? COMMAND_REJECT : COMMAND_APPROVE;
		return;
	}
}

void
random_task_command(
    const struct scene *s, struct dice *d, struct random_command *r)
{
	static const enum command_type types[] = {COMMAND_UPDATE, COMMAND_SKIP,
	    COMMAND_SIGNAL, COMMAND_SIGNAL, COMMAND_APPROVE, COMMAND_APPROVE,
	    COMMAND_REJECT};
	static const enum task_status updates[] = {
	    TASK_COMPLETED, TASK_FAILED, TASK_RUNNING, TASK_SKIPPED};
	struct command *c = &r->c;

	*c = scene_command(types[roll(d, 7)]);
	c->execution = likely_execution(s, d, false);
	snprintf(r->name, sizeof(r->name), "%c%u",
	    c->type == COMMAND_SIGNAL ? 's' : 't', roll(d, RANDOM_TASKS));
	c->name = r->name;
	if (roll(d, 4) != 0)
		likely_task(s, d, r);
	c->status = updates[roll(d, 4)];
	c->terminal = roll(d, 2) == 0;
	c->tree = roll(d, 2) == 0;
	if (roll(d, 3) == 0)
		c->item = roll(d, 4);
	if (roll(d, 3) != 0)
		c->value = scene_value("{'given': 1}");
}

static void
fill_engine(const struct scene *s, struct dice *d, struct random_command *r)
{
	(void)s;
	r->c = scene_command(
	    roll(d, 3) == 0 ? COMMAND_ENGINE_PAUSE : COMMAND_ENGINE_RESUME);
	r->c.early = roll(d, 2) == 0;
	r->c.freeze = roll(d, 3) == 0;
}

static void
fill_hold(const struct scene *s, struct dice *d, struct random_command *r)
{
	struct command *c = &r->c;

	*c = scene_command(roll(d, 2) == 0 ? COMMAND_PAUSE : COMMAND_RESUME);
	c->execution = likely_execution(s, d, false);
	c->freeze = roll(d, 3) == 0;
	c->hold = roll(d, 3) == 0;
	c->early = roll(d, 2) == 0;
	c->all = roll(d, 2) == 0;
}

/* Tasks by chance; mostly some of those that have run and ended. */
static void
tasks_again(const struct scene *s, struct dice *d, struct command *c)
{
	const struct execution *x = state_execution(s->live, c->execution);
	const char *names[2] = {"t0", "t1"};
	char list[64];

	if (x != NULL && roll(d, 6) != 0)
		for (unsigned i = 0; i < 8 && x->nruns > 0; i++) {
			const struct run *r = x->runs[roll(d, x->nruns)];

			if (task_ended(r->k.status) && !r->k.superseded)
				names[i % 2] = r->task->name;
		}
	snprintf(list, sizeof(list), "['%s', '%s']", names[0],
	    names[roll(d, 3) == 0]);
	c->tasks = scene_value(list);
	if (roll(d, 3) == 0) {
		snprintf(list, sizeof(list), "['%s']",
		    roll(d, 8) == 0 ? "t3" : names[0]);
		c->no_reset = scene_value(list);
	}
	if (roll(d, 3) == 0) {
		snprintf(list, sizeof(list), "{'%s': {'n': 5}}",
		    roll(d, 8) == 0 ? "t1" : names[0]);
		c->task_input = scene_value(list);
	}
}

static void
fill_again(const struct scene *s, struct dice *d, struct random_command *r)
{
	static const enum command_type types[] = {COMMAND_REPLAY,
	    COMMAND_RESTART, COMMAND_RERUN, COMMAND_RERUN_TASKS,
	    COMMAND_RERUN_TASKS, COMMAND_RETRY, COMMAND_RETRY};
	struct command *c = &r->c;

	*c = scene_command(types[roll(d, 7)]);
	c->execution = likely_execution(
	    s, d, c->type != COMMAND_RERUN_TASKS || roll(d, 3) != 0);
	if (c->type == COMMAND_REPLAY && roll(d, 3) == 0)
		c->version = roll(d, 4);
	c->latest = roll(d, 2) == 0;
	c->resume_subworkflows = roll(d, 2) == 0;
	if (c->type == COMMAND_RERUN_TASKS)
		tasks_again(s, d, c);
	if ((c->type == COMMAND_RERUN || c->type == COMMAND_REPLAY) &&
	    roll(d, 2) == 0)
		c->value = scene_value("{'n': 2}");
	if (c->type == COMMAND_RERUN && roll(d, 3) == 0)
		c->domains = scene_value("{'far': 'local'}");
}

static void
fill_definition(const struct scene *s, struct dice *d, struct random_command *r)
{
	char caps[CAPS_TEXT];

	(void)s;
	r->c = scene_command(roll(d, 3) == 0 ? COMMAND_DEFINITION_DISABLE
					     : COMMAND_DEFINITION_ENABLE);
	snprintf(
	    r->name, sizeof(r->name), "w%u", roll(d, RANDOM_WORKFLOWS + 1));
	r->c.name = r->name;
	if (roll(d, 3) != 0)
		return;
	r->c.type = COMMAND_DEFINITION_SAFETY;
	random_caps(d, false, caps);
	r->c.value = roll(d, 3) == 0 ? NULL : scene_value(caps);
}

/* Mostly of what can be deleted; sometimes of whatever there is. */
static void
fill_delete(const struct scene *s, struct dice *d, struct random_command *r)
{
	const struct execution *x = TAILQ_FIRST(&s->live->over);
	struct command *c = &r->c;

	*c = scene_command(
	    roll(d, 4) == 0 ? COMMAND_REMOVE_LOGS : COMMAND_DELETE);
	c->reason = roll(d, 2) == 0 ? "retention.logs_age" : "chance";
	if (roll(d, 12) == 0) {
		c->type = COMMAND_DEFINITION_DELETE;
		snprintf(r->name, sizeof(r->name), "w%u",
		    roll(d, RANDOM_WORKFLOWS + 1));
		c->name = r->name;
		return;
	}
	for (unsigned i = roll(d, 4);
	     i > 0 && x != NULL && TAILQ_NEXT(x, over) != NULL; i--)
		x = TAILQ_NEXT(x, over);
	c->execution = x == NULL || roll(d, 4) == 0
	    ? likely_execution(s, d, roll(d, 3) != 0)
	    : x->k.id;
	if (roll(d, 8) == 0)
		c->if_revision = roll(d, 20) + 1;
}

void
random_command(const struct scene *s, struct dice *d, struct random_command *r)
{
	static const struct {
		unsigned weight;
		filler *fill;
	} kinds[] = {{13, fill_start}, {35, random_callout_end}, {5, fill_end},
	    {14, random_task_command}, {12, fill_hold}, {12, fill_again},
	    {4, fill_engine}, {2, fill_definition}, {3, fill_delete}};
	unsigned at = roll(d, 100);

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]);
	     at -= kinds[i++].weight)
		if (at < kinds[i].weight) {
			kinds[i].fill(s, d, r);
			return;
		}
}

void
random_command_release(struct random_command *r)
{
	value_unref(r->c.value);
	value_unref(r->c.domains);
	value_unref(r->c.tasks);
	value_unref(r->c.no_reset);
	value_unref(r->c.task_input);
	value_unref(r->c.result.output);
}
