/*
 * progress: follows one execution until it has ended, showing how it gets on.
 */
#ifndef WEIR_CTL_PROGRESS_H
#define WEIR_CTL_PROGRESS_H

#include "ctl/ctl.h"

/*
 * A line that is kept up to date where standard output is a terminal, else a
 * line for each task that ends; then the result.  Gives the exit status: 0 when
 * it completed.
 */
int progress_follow(struct ctl *, uint64_t execution);
/* How an execution ended, and where to see why; 0 when it completed. */
int progress_result(struct ctl *, const msgpack_object *execution);

#endif
