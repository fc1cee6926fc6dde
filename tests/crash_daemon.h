/*
 * crash_daemon: daemons and runners of a directory of their own, that are
 * killed.
 */
#ifndef WEIR_TESTS_CRASH_DAEMON_H
#define WEIR_TESTS_CRASH_DAEMON_H

#include <stdbool.h>
#include <sys/types.h>

struct crash_daemon {
	char dir[256];	  /* absolute; sock, state, trace and weird.log in it */
	char socket[300]; /* the daemon's */
	char trace[300];
	pid_t pid; /* 0: none runs */
};

/* Makes the directory and its configuration. */
void
crash_daemon_make(struct crash_daemon *, const char *name, unsigned runners);
/* What is run instead of weir-runner from its next start on. */
void crash_daemon_runner(
    const struct crash_daemon *, unsigned runners, const char *path);
/*
 * Does not wait for it.  What it is run with ends with NULL; NULL: nothing.
 * bin: another directory than WEIR_BIN for weird; NULL: that one.
 */
void crash_daemon_start(
    struct crash_daemon *, const char *const *with, const char *bin);
/* Comes back when it listens; false when it ended instead. */
bool crash_daemon_listens(struct crash_daemon *);
/* Start and listens, or the test fails and shows what it said. */
void crash_daemon_up(struct crash_daemon *);
/* kill -9, and its status collected. */
void crash_daemon_kill(struct crash_daemon *);
/* SIGTERM; the test fails where it does not end well. */
void crash_daemon_stop(struct crash_daemon *);
/* Collects the status of one that ends; as wait(2) has it. */
int crash_daemon_ended(struct crash_daemon *);
/* The end of its log, to standard output. */
void crash_daemon_show(const struct crash_daemon *);

/* Pids of its runners, in a list that ends with 0; how many. */
unsigned crash_runners(const struct crash_daemon *, pid_t *, unsigned room);
/* kill -9 of all its runners; how many they were. */
unsigned crash_kill_runners(const struct crash_daemon *);
/* Kill -9 of everything: daemon, runners, commands, until nothing is left. */
void crash_kill_all(struct crash_daemon *);
/* The same at the end, with what is left of the directory removed. */
void crash_daemon_remove(struct crash_daemon *);

#endif
