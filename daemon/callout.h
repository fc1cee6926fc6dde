/*
 * callout: the edge to the runners.  Starts, stops and collects the commands of
 * attempts through weir-runner(8) processes that outlive the daemon, and
 * settles after a restart what became of each.
 */
#ifndef WEIR_CALLOUT_H
#define WEIR_CALLOUT_H

#include <event2/event.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "daemon/core/outcome.h"
#include "daemon/core/value.h"
#include "daemon/runner/harden.h"

enum callout_want {
	CALLOUT_RUN,	/* to run; started if it never was */
	CALLOUT_TERM,	/* SIGTERM to its process group */
	CALLOUT_KILL,	/* SIGKILL to all that is left of it */
	CALLOUT_FREEZE, /* SIGSTOP */
	CALLOUT_THAW,	/* SIGCONT */
	CALLOUT_FORGET, /* its ending is durable: acknowledge it */
};

/*
 * What to run, as core renders it: a map with the keys
 *   argv    list of strings (a shell string arrives as sh -c ...)
 *   cwd     string or nil: a directory of its own, removed afterwards
 *   env     map of strings, added to the small clean environment
 *   stdin   bin or nil: /dev/null
 *   output  "none" "text" "lines" "json": what stdout becomes
 *   limits  map of rlimit name (or "nice") to integer
 *   task workflow   names, for WEIR_TASK and WEIR_WORKFLOW
 *   run     the pass of the task, for the name of the log files
 *   uid gid integers: who started the execution
 */

/* Bytes of the value that an output of at most that many becomes: MessagePack's
 * heads make one of lines a little longer. */
#define CALLOUT_VALUE_MAX(output_max) ((output_max) + (output_max) / 32 + 1024)

struct callouts;

struct callout_options {
	const char *state_dir;	 /* logs/ and work/ are made below it */
	const char *run_dir;	 /* the runners' sockets */
	const char *runner_path; /* weir-runner's executable */
	const char *socket_path; /* the daemon's, for WEIR_SOCKET */
	unsigned runners;	 /* how many; 0: one a core, up to four */
	size_t output_max;	 /* bytes of stdout that may become a value */
	uint64_t log_max;	 /* bytes of stdout, and of stderr; 0: all */
	const char *path;	 /* PATH of the clean environment */
	bool new_privileges;	 /* setuid programs work */
	struct harden_limits limits; /* that commands have */
};

struct callout_handlers {
	/* An attempt ended; called from the loop, once until FORGET. */
	void (*ended)(
	    void *, const struct callout_key *, const struct callout_result *);
	/*
	 * The runners that take new work changed: the ids of those that are
	 * connected now.  Attempts are bound to one when they are decided.
	 */
	void (*runners)(void *, const uint64_t *ids, unsigned);
	/* Of an attempt that ended just now: what its logs take of the disk. */
	void (*logged)(void *, const struct callout_key *, uint64_t bytes);
	void *ctx;
};

/*
 * Connects to the runners that are there, starts those that are missing.  NULL
 * with a sentence in the buffer when that is not possible.
 */
struct callouts *
callouts_open(struct event_base *, const struct callout_options *,
    const struct callout_handlers *, char *, size_t);
/*
 * Says what is wanted of an attempt.  The runner id is the one that its intent
 * names; the spec may be NULL but for RUN, and but for TERM and KILL where RUN
 * was never said: it ends then, not started.  After a restart the daemon calls
 * this with RUN for every attempt that has not ended, then
 * callouts_recovered(): what a live runner knows is adopted or collected, what
 * it does not know is started, and what a runner that is gone took along is
 * LOST.
 */
void callouts_want(struct callouts *, const struct callout_key *,
    uint64_t runner, enum callout_want, const struct value *spec);
void callouts_recovered(struct callouts *);
/* The pid of a running attempt's command; 0 where it is not known. */
pid_t callouts_pid(const struct callouts *, const struct callout_key *);
/* The execution is no more, durably: nothing is kept of its attempts. */
void callouts_forget(struct callouts *, uint64_t execution);
/* How much is kept of a log from now on. */
void callouts_set_log_max(struct callouts *, uint64_t);

/* A piece of a log. */
struct log_piece {
	uint64_t offset;   /* of its first byte: behind what was left out */
	uint64_t left_out; /* bytes that are not there, just before it */
	uint64_t size;	   /* of the whole log now, with those */
};
/*
 * Reads at most size bytes of an attempt's log from the offset on; -1 with
 * errno.
 */
ssize_t callouts_read_log(const struct callouts *, const struct callout_key *,
    bool stderr_log, uint64_t offset, void *, size_t size, struct log_piece *);
/* Lets go of the runners, which go on; with stop they leave when idle. */
void callouts_close(struct callouts *, bool stop);

#endif
