/* rehearsal_parts: what rehearsal's own files share. */
#ifndef WEIR_CORE_REHEARSAL_PARTS_H
#define WEIR_CORE_REHEARSAL_PARTS_H

#include "daemon/core/rehearsal.h"

struct rehearsal {
	const struct state *real;
	struct state *copy;
	size_t ncopied;			 /* executions */
	const struct execution **copied; /* those that it was made of */
	size_t nfamilies; /* of them, those whose families are known */
	size_t nruns;
	bool is_for_one; /* nothing was reached before this command */
	size_t nevents;
	uint64_t spent; /* instructions of expressions, before it */
	bool is_too_much;
	bool has_all_workflows;		/* no more are to be had */
	const struct workflow **queues; /* those that were copied */
	size_t nqueues;
	uint64_t *targets;
	size_t ntargets;
	uint64_t *above; /* those that are above targets */
	size_t nabove;
	struct change *changes;
	size_t nchanges;
	struct reached *executions;
	size_t nexecutions;
};

#endif
