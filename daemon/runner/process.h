/*
 * process: what the system says about processes, so that what commands leave
 * behind can be found.  Where there is no Linux /proc, nothing is known.
 */
#ifndef WEIR_RUNNER_PROCESS_H
#define WEIR_RUNNER_PROCESS_H

#include <stdbool.h>
#include <sys/types.h>

#include "daemon/runner/wire.h"

/* Orphans of this process's descendants become its children. */
void process_adopt_orphans(void);
/* False for a process that is dead already, or gone. */
bool process_session(pid_t, pid_t *session);
/* The mark in its environment; false when it has none that can be read. */
bool process_mark(pid_t, struct wire_mark *);
/* Lists that end with 0, to be freed; NULL when there is none to be had. */
pid_t *process_children(void);
pid_t *process_all(void);

#endif
