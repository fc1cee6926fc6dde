/*
 * scope: what the expressions of an execution see of the state.
 */
#ifndef WEIR_CORE_SCOPE_H
#define WEIR_CORE_SCOPE_H

#include "daemon/core/state.h"
#include "daemon/core/template.h"

/*
 * Whose expression it is; from overlaid on they stand in for what is not
 * applied yet.
 */
struct view {
	const struct execution *x;
	const struct run *run;	     /* NULL: the execution's own */
	const struct action *action; /* NULL: the run as a whole */
	bool overlaid;		     /* of this run: */
	enum task_status status;
	const struct value *output;
	int exit;		  /* -1: none */
	enum task_status items;	  /* its open items end so; 0: they do not */
	const struct value *vars; /* NULL: the execution's */
	struct value *item;	  /* scope_of puts it here */
};

/* The scope borrows the view, which is released after it. */
void scope_of(struct scope *, struct view *);
void view_release(struct view *);

/* How an open item ends with its run, which ends as a whole with the status. */
enum task_status item_ends(const struct action *, enum task_status);

#endif
