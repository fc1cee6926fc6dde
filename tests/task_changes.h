/*
 * task_changes: which statuses of tasks histories have seen lead to which.
 */
#ifndef WEIR_TESTS_TASK_CHANGES_H
#define WEIR_TESTS_TASK_CHANGES_H

#include <stdint.h>

#include "daemon/core/state.h"

struct task_changes;
struct task_changes *task_changes_new(void);
void task_changes_free(struct task_changes *);

/* An event was applied that may have changed tasks of the execution. */
void task_changes_look(struct task_changes *, const struct execution *);
/* How often what had the one status was found to have the other. */
uint64_t task_changes_seen(
    const struct task_changes *, enum task_status, enum task_status);

#endif
