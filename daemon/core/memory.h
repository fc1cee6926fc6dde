/*
 * memory: making and freeing the objects of the state; for state and apply.
 */
#ifndef WEIR_CORE_MEMORY_H
#define WEIR_CORE_MEMORY_H

#include "daemon/core/state.h"

struct execution *execution_new(struct definition *, uint64_t id);
void execution_free(struct execution *);
/* The run is appended to the execution's; without items it has its action. */
struct run *run_new(struct execution *, uint32_t task, int64_t now);
void run_make_actions(struct run *, uint32_t n);
struct attempt *attempt_append(struct action *);
struct workflow *workflow_new(const char *name);
void workflow_free(struct workflow *);
void kept_signal_free(struct kept_signal *);

#endif
