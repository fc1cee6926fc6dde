/* rehearsal_parts: what rehearsal's own files share. */
#ifndef WEIR_CORE_REHEARSAL_PARTS_H
#define WEIR_CORE_REHEARSAL_PARTS_H

#include "daemon/core/rehearsal.h"

struct rehearsal {
	const struct state *real;
	struct state *copy;
	size_t ncopied; /* executions */
	uint64_t *copied;
	size_t nruns;
	const struct workflow **queues; /* those that were copied */
	size_t nqueues;
	uint64_t *targets;
	size_t ntargets;
	struct change *changes;
	size_t nchanges;
	struct reached *executions;
	size_t nexecutions;
};

#endif
