/*
 * scope: what the expressions of an execution see of the state.
 */
#ifndef WEIR_CORE_SCOPE_H
#define WEIR_CORE_SCOPE_H

#include "daemon/core/state.h"
#include "daemon/core/template.h"

/* Whose expression it is; the last four stand in for what is not applied yet.
 */
struct view {
	const struct execution *x;
	const struct run *run;	     /* NULL: the execution's own */
	const struct action *action; /* NULL: the run as a whole */
	bool overlaid;		     /* of this run: */
	enum task_status status;
	const struct value *output;
	int exit;		  /* -1: none */
	const struct value *vars; /* NULL: the execution's */
	struct value *item;	  /* scope_of puts it here */
};

/* The scope borrows the view, which is released after it. */
void scope_of(struct scope *, struct view *);
void view_release(struct view *);

#endif
