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
/* A run in the last place, nothing of it known. */
struct run *run_append(struct execution *, const struct task_definition *);
/* One that begins now; without items it has its action. */
struct run *run_new(struct execution *, uint32_t task, int64_t now);
void run_make_actions(struct run *, uint32_t n);
void run_count(struct run *); /* what it counts of its actions */
/* It begins something: what it sees now it will see when it runs again. */
void run_sees(struct run *);
void run_find_vars(struct run *); /* own_vars */
/* The newest run of the task that counts. */
void node_find_newest(struct execution *, uint32_t task);
/* More runs that have led here; EVENT_NONE is the start, and is none. */
void run_from(struct run *, const uint32_t *, uint32_t n);
void arrival_add(struct execution *, uint32_t task, uint32_t run);
void arrivals_remove(struct node *, uint32_t run); /* those of that run */
struct attempt *attempt_append(struct action *);
struct workflow *workflow_new(const char *name);
/* The next version; takes over the reference. */
struct workflow_version *workflow_add(struct workflow *, struct definition *);
void workflow_free(struct workflow *);
void idempotency_add(
    struct state *, uint32_t uid, const char *key, uint64_t execution);
void kept_signal_free(struct kept_signal *);

#endif
