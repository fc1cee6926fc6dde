/*
 * callout_daemon: a daemon as far as the callout edge sees one, for its tests.
 * Directories, sockets and logs are made in the working directory.
 */
#ifndef WEIR_TESTS_CALLOUT_DAEMON_H
#define WEIR_TESTS_CALLOUT_DAEMON_H

#include "daemon/callout.h"

#define KEYS 512 /* executions that a test can have */

struct ending {
	unsigned times;
	enum callout_end end;
	int exit, signal;
	char reason[512], output_error[512];
	struct value *output;
	int64_t started_at, ended_at, max_rss;
};

/* A daemon, as far as this edge sees one. */
struct daemon {
	struct event_base *base;
	struct callouts *callouts;
	uint64_t ids[16];
	unsigned nids;
	unsigned changes;
	unsigned ended;
	bool forgets; /* as soon as it is told */
	struct ending endings[KEYS];
};

extern struct daemon d;

/* A callout; what is not set is as the workflow file's defaults say. */
struct wish {
	const char *shell;
	const char *program; /* instead of a shell */
	const char *cwd;
	const char *input;
	const char *output;
	const char *variable; /* and its content, in env */
	const char *content;
	const char *limit;
	int64_t amount;
};

/* One that was killed. */
struct corpse {
	uint64_t id; /* of the one runner it had */
	pid_t runner;
};

/* Opened with nothing said of what is wanted. */
void open_daemon(unsigned runners);
/* Opened with nothing to recover, and its runners there. */
void start_daemon(unsigned runners);
void close_daemon(bool stop);
/*
 * A daemon in a process of its own that dies by SIGKILL once its attempts 1 to
 * n run; with stopped, its runner is stopped before it is asked to start them.
 */
struct corpse daemon_that_dies(unsigned n, const struct wish *, bool stopped);

/* One turn of the loop, which waits for something to happen. */
void turn(void);
struct callout_key key(unsigned n);
struct value *spec(const struct wish *);
void want_run(unsigned n, uint64_t runner, const struct wish *);
void want(unsigned n, enum callout_want);
void start(unsigned n, const struct wish *);
struct ending *wait_end(unsigned n);
pid_t wait_pid(unsigned n);
struct ending *run(unsigned n, const struct wish *);
struct ending *shell(unsigned n, const char *command);

pid_t parent_of(pid_t);
void check_file(const char *path, const char *wanted);
/* Waits until the directory is empty. */
void wait_empty(const char *directory);
unsigned count_files(const char *directory); /* but those with a dot first */

#endif
