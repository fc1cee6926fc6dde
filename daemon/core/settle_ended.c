/* settle_ended: how a run ended, and where that leads. */

#include "daemon/core/buffer.h"
#include "daemon/core/decide.h"
#include "daemon/core/scope.h"
#include "libproto/pack.h"

#include <stdio.h>

#define VARS_MAX (4u * 1024 * 1024)	/* bytes, of an execution's variables */
#define OUTPUTS_MAX (64u * 1024 * 1024) /* bytes, of all items of a run */

/* The end of a run as it is being worked out. */
struct ending {
	const struct run *run;
	enum task_status status;
	const char *reason; /* or NULL */
	const char *by;	    /* whose doing it is; or NULL */
	struct value *output;
	int exit;
	enum task_status items; /* its open items end so; 0: there are none */
	struct value *set;	/* what is published, so far */
	bool fired;		/* some entry of next has */
	msgpack_sbuffer to;
	uint32_t nto;
};

static void sum_up(struct ending *, struct batch *);
static void end_run(const struct state *, struct ending *, struct batch *);
static int64_t sum_up_cost(struct ending *, struct batch *);
static void sum_up_items(struct ending *, struct batch *);
static const struct action *worst_item(const struct ending *);
static struct value *item_outputs(const struct run *);
static bool follow_next(struct ending *, char why[EXPRESSION_ERROR_MAX]);
static int entry_holds(struct ending *, const struct next *,
    const struct scope *, char why[EXPRESSION_ERROR_MAX]);
static bool publish_entry(struct ending *, const struct next *,
    const struct scope *, char why[EXPRESSION_ERROR_MAX]);
static void ending_reset(struct ending *);
static void
end_unhandled(const struct state *, const struct ending *, struct batch *);
static void
end_runaway(const struct state *, const struct run *, struct batch *);
static enum execution_status
unhandled_status(const struct state *, const struct ending *);
static struct value *targets(struct ending *);

static const struct action *
worst_item(const struct ending *end)
{
	const struct run *r = end->run;
	static const enum task_status order[] = {
	    TASK_FAILED, TASK_TIMED_OUT, TASK_CANCELED};

	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++)
		for (uint32_t j = 0; j < r->nactions; j++) {
			const struct action *a = &r->actions[j];
			enum task_status status = a->k.status;

			if (end->items != 0 && !task_ended(status))
				status = item_ends(a, end->items);
			if (status == order[i])
				return a;
		}
	return NULL;
}

/* NULL where they are larger than one value may be. */
static struct value *
item_outputs(const struct run *r)
{
	msgpack_sbuffer buffer;
	msgpack_packer pk;
	size_t size = 0;

	for (uint32_t i = 0; i < r->nactions; i++)
		if (r->actions[i].k.output != NULL)
			size += r->actions[i].k.output->size;
	if (size > OUTPUTS_MAX)
		return NULL;
	msgpack_sbuffer_init(&buffer);
	msgpack_packer_init(&pk, &buffer, buffer_write);
	msgpack_pack_array(&pk, r->nactions);
	for (uint32_t i = 0; i < r->nactions; i++)
		value_pack(r->actions[i].k.output, &pk);
	return value_of_buffer(&buffer);
}

static void
sum_up_items(struct ending *end, struct batch *b)
{
	const struct run *r = end->run;
	const struct action *worst = worst_item(end);

	end->output = item_outputs(r);
	if (worst != NULL) {
		end->status = worst->k.status;
		end->reason = batch_printf(b, "item %u: %s", worst->item,
		    worst->k.reason == NULL ? task_status_name(worst->k.status)
					    : worst->k.reason);
	} else if (end->output == NULL) {
		end->status = TASK_FAILED;
		end->reason = batch_printf(b,
		    "the outputs of its items are over %u MiB together, the "
		    "most that a list of them may be",
		    OUTPUTS_MAX / (1024 * 1024));
	} else
		end->status = TASK_COMPLETED;
}

static void
sum_up(struct ending *end, struct batch *b)
{
	const struct run *r = end->run;
	const struct action *a = r->actions;

	end->exit = -1;
	if (r->k.reason != NULL && r->nactions == 0) {
		end->status = TASK_FAILED; /* its items could not be made */
		end->reason = r->k.reason;
		return;
	}
	if (r->task->items != NULL) {
		sum_up_items(end, b);
		return;
	}
	end->status = a->k.status;
	end->reason = a->k.reason;
	end->output = value_ref(a->k.output);
	if (a->latest != NULL)
		end->exit = a->latest->k.exit;
}

/* What did well but can't say what it cost has failed, for the cap's sake. */
static int64_t
sum_up_cost(struct ending *end, struct batch *b)
{
	char why[COST_ERROR_MAX];
	int64_t cost;

	if (run_cost(end->run, end->status, end->output, end->exit, &cost, why))
		return cost;
	if (end->status == TASK_COMPLETED) {
		end->status = TASK_FAILED;
		end->reason = batch_printf(b, "%s", why);
	} else
		end->reason = batch_printf(b, "%s (%s)",
		    end->reason == NULL ? task_status_name(end->status)
					: end->reason,
		    why);
	return 0;
}

static int
entry_holds(struct ending *end, const struct next *next,
    const struct scope *scope, char why[EXPRESSION_ERROR_MAX])
{
	switch (next->when) {
	case WHEN_ALWAYS:
		return 1;
	case WHEN_COMPLETED:
		return end->status == TASK_COMPLETED ||
		    end->status == TASK_SKIPPED;
	case WHEN_FAILED:
		return end->status == TASK_FAILED ||
		    end->status == TASK_TIMED_OUT;
	case WHEN_CANCELED:
		return end->status == TASK_CANCELED;
	case WHEN_EXPR:
		break;
	}
	return template_holds(next->condition, scope, why);
}

static bool
publish_entry(struct ending *end, const struct next *next,
    const struct scope *scope, char why[EXPRESSION_ERROR_MAX])
{
	struct value *set, *merged;

	if (next->set == NULL)
		return true;
	if ((set = template_render(next->set, scope, why)) == NULL)
		return false;
	merged = value_merge(end->set, set);
	value_unref(end->set);
	value_unref(set);
	end->set = merged;
	return vars_fit(end->run, merged, why);
}

static void
ending_reset(struct ending *end)
{
	value_unref(end->set);
	end->set = NULL;
	end->fired = false;
	end->to.size = 0;
	end->nto = 0;
}

/*
 * Every entry that holds fires, in order; each sees what those before it have
 * set.  False with a sentence when an expression fails: one of an entry that
 * is for a task that ended well, that is; in one that failed anyway such an
 * entry does not hold.
 */
static bool
follow_next(struct ending *end, char why[EXPRESSION_ERROR_MAX])
{
	const struct run *r = end->run;
	bool well =
	    end->status == TASK_COMPLETED || end->status == TASK_SKIPPED;
	msgpack_packer pk;

	msgpack_packer_init(&pk, &end->to, buffer_write);
	for (uint32_t i = 0; i < r->task->nnext; i++) {
		const struct next *next = &r->task->next[i];
		struct value *vars = value_merge(run_vars(r), end->set);
		struct view view = {.x = r->execution,
		    .run = r,
		    .overlaid = true,
		    .status = end->status,
		    .output = end->output,
		    .exit = end->exit,
		    .vars = vars,
		    .items = end->items};
		struct scope scope;
		int holds;

		scope_of(&scope, &view);
		holds = entry_holds(end, next, &scope, why);
		if (holds > 0 && !publish_entry(end, next, &scope, why))
			holds = -1;
		value_unref(vars);
		if (holds < 0 && well)
			return false;
		if (holds <= 0)
			continue;
		end->fired = true;
		for (uint32_t j = 0; j < next->nto; j++)
			msgpack_pack_uint32(&pk, next->to[j]);
		end->nto += next->nto;
	}
	return true;
}

static struct value *
targets(struct ending *end)
{
	msgpack_sbuffer buffer;
	msgpack_packer pk;

	if (end->nto == 0)
		return NULL;
	msgpack_sbuffer_init(&buffer);
	msgpack_packer_init(&pk, &buffer, buffer_write);
	msgpack_pack_array(&pk, end->nto);
	buffer_write(&buffer, end->to.data, end->to.size);
	return value_of_buffer(&buffer);
}

/* A subworkflow's own way of ending is passed on; all else is a failure. */
static enum execution_status
unhandled_status(const struct state *s, const struct ending *end)
{
	const struct action *a = end->run->task->items == NULL
	    ? &end->run->actions[0]
	    : worst_item(end);
	const struct execution *child;

	if (end->status != TASK_CANCELED)
		return EXECUTION_FAILED;
	if (a != NULL && a->latest != NULL && a->latest->k.child != 0) {
		child = state_execution(s, a->latest->k.child);
		if (child != NULL && child->k.status == EXECUTION_TERMINATED)
			return EXECUTION_TERMINATED;
	}
	return EXECUTION_CANCELED;
}

static void
end_unhandled(const struct state *s, const struct ending *end, struct batch *b)
{
	const struct run *r = end->run;
	const struct action *a =
	    r->task->items == NULL ? r->actions : worst_item(end);
	struct event *e = batch_add_run(b, EVENT_EXECUTION_ENDING, r);

	e->status = (int32_t)unhandled_status(s, end);
	e->kill = r->execution->definition->kill_on_error;
	e->reason = batch_printf(b, "task %s %s%s%s", r->task->name,
	    task_status_name(end->status), end->reason == NULL ? "" : ": ",
	    end->reason == NULL ? "" : end->reason);
	if (a == NULL || r->nactions == 0)
		return;
	e->item = a->item;
	if (a->latest != NULL)
		e->attempt = a->latest->k.number;
}

/* What was not run again after it ended so ends its execution again. */
void
settle_unhandled(const struct state *s, const struct run *r, struct batch *b)
{
	const struct ending end = {
	    .run = r, .status = r->k.status, .reason = r->k.reason};

	end_unhandled(s, &end, b);
}

/* A cycle that goes round for ever is stopped before memory ends. */
static void
end_runaway(const struct state *s, const struct run *r, struct batch *b)
{
	struct event *e = batch_add_run(b, EVENT_EXECUTION_ENDING, r);

	e->status = EXECUTION_FAILED;
	e->kill = 1;
	e->reason = batch_printf(b,
	    "more than %u task runs: does a cycle never end? "
	    "(limits.task_runs in weird.conf)",
	    s->host.max_runs);
}

/* What is published goes to the event, the rest to whoever had it. */
static void
end_run(const struct state *s, struct ending *end, struct batch *b)
{
	const struct run *r = end->run;
	char why[EXPRESSION_ERROR_MAX];
	bool stops = execution_stops(r->execution), bad;
	int64_t cost;
	struct event *e;

	msgpack_sbuffer_init(&end->to);
	cost = sum_up_cost(end, b);
	if (!follow_next(end, why)) {
		ending_reset(end);
		end->status = TASK_FAILED;
		end->reason = batch_printf(b, "%s", why);
		follow_next(end, why);
	}
	e = batch_add_run(b, EVENT_TASK_ENDED, r);
	e->status = (int32_t)end->status;
	e->reason =
	    end->reason == NULL ? NULL : batch_printf(b, "%s", end->reason);
	e->by = end->by;
	e->value = r->task->items == NULL ? NULL : value_ref(end->output);
	e->set = end->set;
	e->cost = cost;
	e->led = end->fired;
	if (stops)
		e->cut = targets(end);
	else
		e->to = targets(end);
	bad = end->status != TASK_COMPLETED && end->status != TASK_SKIPPED;
	if (s->host.max_runs != 0 && !stops &&
	    r->execution->nruns + end->nto > s->host.max_runs) {
		value_unref(e->to);
		e->to = NULL;
		end_runaway(s, r, b);
	} else if (bad && !end->fired && !r->task->optional && !stops)
		end_unhandled(s, end, b);
	msgpack_sbuffer_destroy(&end->to);
}

void
settle_run_ended(const struct state *s, const struct run *r, struct batch *b)
{
	struct ending end = {.run = r};

	sum_up(&end, b);
	end_run(s, &end, b);
	value_unref(end.output);
}

void
end_items(const struct state *s, const struct run *r, struct batch *b,
    enum task_status status, const char *reason, const char *by,
    struct value *output)
{
	struct ending end = {.run = r,
	    .status = status,
	    .reason = reason,
	    .by = by,
	    .output = output,
	    .exit = -1,
	    .items = status};

	end_run(s, &end, b);
}

/* A cycle may add to them for as long as it likes. */
bool
vars_fit(const struct run *r, const struct value *set,
    char why[EXPRESSION_ERROR_MAX])
{
	const struct value *vars = r->execution->k.vars;
	struct value *merged;
	bool fit;

	if (vars == NULL || (size_t)vars->size + set->size <= VARS_MAX)
		return true;
	merged = value_merge(vars, set);
	fit = merged->size <= VARS_MAX;
	value_unref(merged);
	if (!fit)
		snprintf(why, EXPRESSION_ERROR_MAX,
		    "the variables would be over %u MiB together",
		    VARS_MAX / (1024 * 1024));
	return fit;
}
