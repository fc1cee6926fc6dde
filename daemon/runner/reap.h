/*
 * reap: the ends of children.  A signal that comes meanwhile neither hides one
 * nor makes up its status.
 */
#ifndef WEIR_RUNNER_REAP_H
#define WEIR_RUNNER_REAP_H

#include <sys/resource.h>
#include <sys/types.h>

#include <signal.h>
#include <stdbool.h>

/* A child that has ended and is not reaped yet, in info->si_pid. */
bool reap_next(siginfo_t *);
/*
 * Of one that has ended, or is about to; the usage may be NULL.  False when it
 * is no child of this process: nothing is known of its end.
 */
bool reap_child(pid_t, int *status, struct rusage *);

#endif
