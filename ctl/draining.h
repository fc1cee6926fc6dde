/*
 * draining: waits, across restarts of the daemon, for callouts to end, with a
 * count of them that goes down.
 */
#ifndef WEIR_CTL_DRAINING_H
#define WEIR_CTL_DRAINING_H

#include "ctl/ctl.h"

/* Tells how many callouts are left and whether it is over; the exit status. */
typedef int
draining_look(struct ctl *, void *, uint64_t *callouts, bool *is_over);

/* Looks whenever something has happened, until it is over; the exit status. */
int draining_wait(struct ctl *, draining_look *, void *);

#endif
