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
/*
 * The same for one that is run again: tasks that had ended by then, as the
 * daemon has the time, are not told.
 */
int progress_follow_since(struct ctl *, uint64_t execution, int64_t since);
/* The daemon's time; 0 or the exit status, the error having been told. */
int progress_now(struct ctl *, int64_t *now);
/* How an execution ended, and where to see why; 0 when it completed. */
int progress_result(struct ctl *, const msgpack_object *execution);

#endif
