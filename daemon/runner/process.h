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
/* Who has started it; (uid_t)-1 where that is not known. */
uid_t process_owner(pid_t);
/* The mark in its environment; false when it has none that can be read. */
bool process_mark(pid_t, struct wire_mark *);
/*
 * Whether it may be about to become a command of which nothing is known yet: a
 * copy of a runner with its socket in that directory, whose id is given, or one
 * in the middle of its exec, of which nothing can be read; the id is 0 then.
 */
bool process_begins(pid_t, const char *run_dir, uint64_t *runner);
/* Whether somebody has stopped it. */
bool process_is_stopped(pid_t);
/*
 * SIGSTOP or SIGCONT to a command with all that it has started: its process
 * group, and its descendants in whatever group or session they are.  The
 * leader, which the caller has not reaped, was marked by that runner with that
 * key; orphans of it are looked for among the caller's children.
 */
void process_tree_stop(pid_t leader, uint64_t runner, const struct wire_key *);
void
process_tree_continue(pid_t leader, uint64_t runner, const struct wire_key *);
/* SIGKILL to the same, until nothing more of it is found. */
void process_tree_kill(pid_t leader, uint64_t runner, const struct wire_key *);
/* Lists that end with 0, to be freed; NULL when there is none to be had. */
pid_t *process_children(void);
pid_t *process_children_of(pid_t);
/* Those in the list, which is freed, and all that descend from them. */
pid_t *process_descendants(pid_t *);
pid_t *process_all(void);

#endif
