/*
 * failure_input: what a failure workflow is told of the execution it follows.
 */
#ifndef WEIR_CORE_FAILURE_INPUT_H
#define WEIR_CORE_FAILURE_INPUT_H

#include <stddef.h>

#include "daemon/core/state.h"

/*
 * Those of {execution, workflow, status, reason, task, input} that the
 * definition declares.  NULL with a sentence when it needs others.
 */
struct value *failure_input(
    const struct execution *, const struct definition *, char *, size_t);

#endif
