/*
 * execution_copy: one execution again, in a copy of its state: values and
 * definitions are shared, as they never change.
 */
#ifndef WEIR_CORE_EXECUTION_COPY_H
#define WEIR_CORE_EXECUTION_COPY_H

#include "daemon/core/state.h"

/*
 * Into a state that has its workflow and not yet it.  It is counted nowhere, as
 * the numbers are copied with the state, and is in no list of its workflow;
 * whom it names (parent, subworkflows) need not be there.
 */
struct execution *execution_copy(struct state *, const struct execution *);

#endif
