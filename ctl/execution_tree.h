/*
 * execution_tree: an execution's tasks, attempts and subworkflows as a tree.
 */
#ifndef WEIR_CTL_EXECUTION_TREE_H
#define WEIR_CTL_EXECUTION_TREE_H

#include "ctl/ctl.h"

/*
 * Below an execution that has been fetched; subworkflows are fetched.  Runs
 * that others stand in place of are only counted, unless all are asked for.
 */
void execution_tree_print(
    struct ctl *, FILE *, const msgpack_object *execution, bool all);
/*
 * Fetches one; 0 or the exit status.  execution_get has told the error,
 * execution_try leaves that to the caller.
 */
int execution_get(struct ctl *, uint64_t id, struct answer *);
int execution_try(struct ctl *, uint64_t id, struct answer *);
/* The same for one of its generations; 0: the newest. */
int execution_try_generation(
    struct ctl *, uint64_t id, uint64_t generation, struct answer *);

#endif
