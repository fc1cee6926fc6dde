/*
 * memory: making and freeing the objects of the state; for state and apply.
 */
#ifndef WEIR_CORE_MEMORY_H
#define WEIR_CORE_MEMORY_H

#include "daemon/core/state.h"

struct execution *execution_new(struct definition *, uint64_t id);
void execution_free(struct execution *);
/* What the definition's tasks have seen arrive: nothing yet. */
void nodes_new(struct execution *);
void nodes_free(struct execution *);
/* The run is appended to the execution's; without items it has its action. */
struct run *run_new(struct execution *, uint32_t task, int64_t now);
void run_make_actions(struct run *, uint32_t n);
/* More runs that have led here; EVENT_NONE is the start, and is none. */
void run_from(struct run *, const uint32_t *, uint32_t n);
void arrival_add(struct execution *, uint32_t task, uint32_t run);
void arrivals_remove(struct node *, uint32_t run); /* those of that run */
struct attempt *attempt_append(struct action *);
struct workflow *workflow_new(const char *name);
void workflow_free(struct workflow *);
void kept_signal_free(struct kept_signal *);

#endif
