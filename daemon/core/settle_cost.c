/* settle_cost: what a task's run has cost, when it has ended. */

#include "daemon/core/decide.h"

#include <math.h>
#include <stdio.h>

#include "daemon/core/element.h"
#include "daemon/core/safety.h"
#include "daemon/core/scope.h"

static bool amount_of(const struct value *, int64_t *);

/* In millionths; false for what is no number, or below 0. */
static bool
amount_of(const struct value *value, int64_t *cost)
{
	msgpack_object o;
	double n = -1;

	if (element_read(value->bytes, value->bytes + value->size, &o) == NULL)
		return false;
	if (o.type == MSGPACK_OBJECT_POSITIVE_INTEGER)
		n = (double)o.via.u64;
	else if (o.type == MSGPACK_OBJECT_FLOAT32 ||
	    o.type == MSGPACK_OBJECT_FLOAT64)
		n = o.via.f64;
	if (!isfinite(n) || n < 0 || n > (double)(INT64_MAX / COST_UNIT))
		return false;
	*cost = (int64_t)llround(n * COST_UNIT);
	return true;
}

bool
run_cost(const struct run *r, enum task_status status,
    const struct value *output, int exit, int64_t *cost,
    char why[COST_ERROR_MAX])
{
	struct view view = {.x = r->execution,
	    .run = r,
	    .overlaid = true,
	    .status = status,
	    .output = output,
	    .exit = exit,
	    .vars = run_vars(r)};
	char wrong[EXPRESSION_ERROR_MAX] = "not a number from 0 on";
	struct scope scope;
	struct value *value;
	bool ok, begun = false;

	*cost = 0;
	for (uint32_t i = 0; i < r->nactions; i++)
		begun |= r->actions[i].latest != NULL;
	if (r->task->cost == NULL || !begun)
		return true;
	scope_of(&scope, &view);
	value = template_render(r->task->cost, &scope, wrong);
	ok = value != NULL && amount_of(value, cost);
	if (!ok)
		snprintf(why, COST_ERROR_MAX, "cost: %s", wrong);
	value_unref(value);
	return ok;
}
