/*
 * why_workflow: why nothing of a workflow may start: it is disabled, or a
 * safety cap is reached.
 */
#include <stdlib.h>

#include "ctl/field.h"
#include "ctl/why.h"

static void put(struct why *, struct parameters *, const msgpack_object *,
    const char *name);

void
why_workflow(struct why *why, struct parameters *to, const char *name)
{
	struct answer answer;
	const msgpack_object *one;
	uint32_t i;

	if (ctl_try(why->ctl, "definition.list", NULL, &answer) == 0)
		for (i = 0; i < field_count(&answer.object, "definitions");
		     i++) {
			one = field_entry(&answer.object, "definitions", i);
			if (field_is(one, "workflow", name))
				put(why, to, one, name);
		}
	answer_free(&answer);
}

static void
put(struct why *why, struct parameters *to, const msgpack_object *one,
    const char *name)
{
	const msgpack_object *lifts = field_deep(one, "safety.cost.lifts_at");
	struct parameters map;

	parameters_start(&map);
	why_copy(&map, one, "workflow");
	why_copy(&map, one, "status");
	why_copy(&map, one, "reason");
	if (lifts != NULL)
		msgpack_pack_object(parameters_key(&map, "lifts_at"), *lifts);
	why_put_map(to, "workflow", &map);
	if (lifts == NULL || field_is(one, "status", "disabled"))
		why_command(why, "lets it start", "weirctl enable %s", name);
}
