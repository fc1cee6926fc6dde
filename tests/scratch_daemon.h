/*
 * scratch_daemon: a weird of the test's own, in its scratch directory.
 */
#ifndef WEIR_TESTS_SCRATCH_DAEMON_H
#define WEIR_TESTS_SCRATCH_DAEMON_H

#include <sys/resource.h>
#include <sys/types.h>

#define SCRATCH_SOCKET "sock"

/*
 * Comes back when it listens.  Fails the test where it does not, skips it
 * where nobody says which weird; a test that fails leaves none behind.  Where
 * there is a weird.conf in the directory it is used.
 */
void scratch_daemon_start(void);
/* Of those that are started from now on: the user that they run as. */
void scratch_daemon_user(uid_t);
/* The same of how many descriptors they may have. */
void scratch_daemon_files(rlim_t);
/* Ends it as an operator would, and demands that it ends well. */
void scratch_daemon_stop(void);
/* The same of one that was told to end. */
void scratch_daemon_ends(void);
void scratch_daemon_signal(int);
/* Ends it with SIGKILL; its callouts go on. */
void scratch_daemon_kill(void);
/* The same where it may have ended by itself; gives the wait status. */
int scratch_daemon_crash(void);

#endif
