/*
 * plan: --plan: what a verb would do, asked of the daemon and shown.
 */
#ifndef WEIR_CTL_PLAN_H
#define WEIR_CTL_PLAN_H

#include "ctl/ctl.h"
#include "ctl/verb.h"

/* Asks for the plan in place of the deed, where --plan is given: true. */
bool plan_ask(struct parameters *, const struct arguments *);
/* Shows the plan that the answer has; under JSON the whole answer. */
void plan_print(struct ctl *, const msgpack_object *answer);

#define PLAN_OPTION                                                            \
	{                                                                      \
		0, "plan", ARGUMENT_NONE, NULL,                                \
		    "do nothing, and say what it would do", NULL, false, false \
	}

#endif
