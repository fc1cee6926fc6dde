/*
 * callout_edge: what the files of the callout edge share.  callout.c has the
 * keys and what is wanted of them, callout_attempt.c the states of an attempt,
 * callout_runner.c the runners and callout_link.c the
 * connection to one, callout_child.c children of the daemon's own,
 * callout_spec.c and callout_start.c what a runner is asked to start,
 * callout_log.c, callout_trim.c and callout_output.c what a command wrote,
 * survivors.c what can't be ended.
 */
#ifndef WEIR_CALLOUT_EDGE_H
#define WEIR_CALLOUT_EDGE_H

#include <limits.h>
#include <sys/queue.h>
#include <sys/tree.h>

#include "daemon/callout.h"
#include "daemon/runner/wire.h"

/* Of an attempt, as this process knows it. */
#define ATTEMPT_STATES(STATE)                                               \
	STATE(UNSURE)  /* of an earlier daemon: may be at its runner */     \
	STATE(QUEUED)  /* never sent to a runner */                         \
	STATE(ASKED)   /* sent; whether it started is not known yet */      \
	STATE(RUNNING) /* at its runner */                                  \
	STATE(ORPHAN)  /* running, its runner gone: this process's child */ \
	STATE(STRAY)   /* running at a runner; not wanted, or not yet */    \
	STATE(KEPT)    /* ended at a runner; not wanted, or not yet */      \
	STATE(ENDED)   /* and told, or about to be */

enum attempt_state {
#define STATE(name) ATTEMPT_##name,
	ATTEMPT_STATES(STATE)
#undef STATE
	    ATTEMPT_NSTATES
};

/* The first six are enum callout_want. */
enum attempt_event {
	EVENT_RUN,
	EVENT_TERM,
	EVENT_KILL,
	EVENT_FREEZE,
	EVENT_THAW,
	EVENT_FORGET,
	EVENT_STARTED,	/* its runner runs it */
	EVENT_FINISHED, /* the report has how */
	EVENT_ABSENT,	/* its runner does not know it: never ran there */
	EVENT_READY,	/* its runner takes work */
	EVENT_GONE,	/* its runner is dead */
	EVENT_NEVENTS
};

struct attempt {
	RB_ENTRY(attempt) by_key;
	TAILQ_ENTRY(attempt) done;
	struct wire_key key;
	uint64_t runner; /* id */
	enum attempt_state state;
	bool untold;	  /* in the list of those whose ending is to be told */
	bool failed;	  /* the report is of a start that failed */
	uint64_t listed;  /* the listing it was last in */
	int stop, freeze; /* signals that are still to be sent; 0: none */
	bool frozen;	  /* is to stand still: it stays so wherever it goes */
	struct value *spec;
	struct wire_report report;
	enum callout_end end;
	char *reason; /* of NOT_STARTED and LOST */
	struct trimming {
		uint64_t seen; /* its size at the last look */
		uint64_t cut;  /* up to there its middle is left out; 0: not */
	} logs[2];	       /* out, err */
};

RB_HEAD(attempts, attempt);
RB_PROTOTYPE(attempts, attempt, by_key, )
TAILQ_HEAD(attempts_done, attempt);

enum link_state {
	LINK_DOWN,    /* not connected */
	LINK_WAITING, /* connected; its list has not come to the end */
	LINK_READY,
};

/* A runner, as this process sees it. */
struct link {
	LIST_ENTRY(link) all;
	struct callouts *callouts;
	uint64_t id;
	pid_t pid; /* a child of this process; 0: started by an earlier one */
	enum link_state state;
	bool retiring; /* of an older version: adopted, and given nothing new */
	bool stalled;  /* does not answer */
	unsigned owed; /* answers */
	unsigned looks; /* how often they were not there; once a second */
	uint64_t listing;
	int fd;
	struct event *readable, *writable;
	struct event *retry; /* to connect again */
	struct event *stall; /* it has not answered for too long */
	struct wire_buffer in, out;
	char path[PATH_MAX];
};

LIST_HEAD(links, link);

/* What is still there of an attempt that has ended. */
struct leftover {
	LIST_ENTRY(leftover) all;
	struct wire_key key;
	pid_t session;
};

LIST_HEAD(leftovers, leftover);

struct callouts {
	struct event_base *base;
	struct callout_handlers handlers;
	char *state_dir, *run_dir, *runner_path, *socket_path, *path;
	unsigned runners; /* that should be there */
	size_t output_max;
	uint64_t log_max;
	bool new_privileges;
	struct harden_limits limits;
	bool recovered;
	bool changed;	/* the runners that take work did, and it is untold */
	bool losses;	/* some in done are lost: what runs of them is killed */
	bool throttled; /* a runner was started a moment ago */
	struct attempts attempts;
	struct attempts_done done;
	struct links links;
	struct leftovers leftovers;
	struct event *later; /* all that handlers are called from */
	struct event *child; /* SIGCHLD */
	struct event *replace;
	struct event *trim;	 /* the next look at logs that grow */
	struct wire_key trimmed; /* the last one looked at */
};

/* callout_attempt.c */
struct attempt *attempt_find(struct callouts *, const struct wire_key *);
struct attempt *
attempt_new(struct callouts *, const struct wire_key *, uint64_t runner);
void attempt_free(struct callouts *, struct attempt *);
void attempt_event(struct callouts *, struct attempt *, enum attempt_event);
/* Takes what a runner reported; a new attempt where it was not known. */
void attempt_report(struct link *, enum wire_type, const struct wire_report *);
void attempt_refused(
    struct callouts *, struct attempt *, bool full, const char *reason);
/* The same for all of a runner's, but those in its newest list for ABSENT. */
void attempts_event(struct callouts *, const struct link *, enum attempt_event);

/* callout_runner.c */
bool links_open(struct callouts *, char *, size_t);
void links_close(struct callouts *, bool stop);
struct link *link_find(struct callouts *, uint64_t id);
void links_replace(struct callouts *);
void links_tell(struct callouts *);
void links_retire(struct callouts *);
int socket_connect(const char *); /* -1 with errno; does not block */

/* callout_link.c */
struct link *link_new(struct callouts *, uint64_t id);
void link_free(struct link *);
void link_connect(struct link *);
void link_start(struct link *, struct attempt *);
bool link_signal(struct link *, struct attempt *, int signo);
void link_acknowledge(struct link *, const struct wire_key *);
void link_leave(struct link *);
void link_died(struct link *); /* its process has; frees it */
bool link_read(struct link *);

/* callout_child.c */
void children_open(struct callouts *);
/* Until nothing begins any more of what runners that are gone have started. */
void beginnings_wait(struct callouts *);
/* Kills what keeps the runner with that pid: stopped, or late, in its start. */
void beginning_end(struct link *, pid_t, bool is_late);
bool child_adopt(struct callouts *, struct attempt *);
/* As whom the attempt's command runs; (uid_t)-1: nobody knows. */
uid_t attempt_user(const struct attempt *);
void child_signal(struct attempt *, int signo);
void lost_kill(struct callouts *);
/* rm -rf, by a child of its own where it is not just an empty directory. */
void remove_tree(const char *);

/* survivors.c */
void leftover_add(struct callouts *, const struct attempt *);
void leftovers_free(struct callouts *);

/* callout_spec.c; what it points to lives in the zone and in the value */
struct spec {
	msgpack_zone zone;
	char **argv;
	char *cwd;	/* NULL: a directory of its own */
	char **env;	/* name, value, name, value, NULL */
	const char *in; /* NULL: /dev/null */
	uint32_t in_size;
	enum spec_output {
		OUTPUT_NONE,
		OUTPUT_TEXT,
		OUTPUT_LINES,
		OUTPUT_JSON
	} output;
	struct wire_limit limits[WIRE_LIMITS_MAX];
	uint32_t nlimits;
	bool has_nice;
	int32_t nice;
	const char *domain_of_task; /* NULL: it runs in its own */
	bool cwd_made, env_made; /* by expressions: what they say is not told */
	const char *task, *workflow;
	uid_t uid;
	gid_t gid;
};

/* False with a sentence; spec_close either way. */
bool spec_open(struct spec *, const struct value *, char *, size_t);
void spec_close(struct spec *);
/*
 * As whom it runs.  Only root can start a command as another user; any other
 * daemon serves its own user alone.
 */
uid_t spec_user(const struct spec *);
const char *spec_limit_name(uint32_t resource);

/*
 * callout_start.c: false with a sentence when it can't be started; full: for
 * want of space on the disk
 */
bool start_write(struct callouts *, const struct attempt *,
    struct wire_buffer *, bool *full, char *, size_t);
bool is_full(int); /* an errno that says so */
/* Why it failed, in words; the caller frees. */
char *start_failure(const struct callouts *, const struct attempt *);
/* Removes what was made for it alone: directory, standard input. */
void start_clean(const struct callouts *, const struct attempt *);
/* The same for those that are not there; for when all that are, are known. */
void work_sweep(struct callouts *);

/* callout_log.c */
void log_path(const struct callouts *, const struct wire_key *,
    const char *suffix, char[PATH_MAX]);
void log_note(const struct callouts *, const struct wire_key *, const char *);

/* callout_trim.c */
void trims_open(struct callouts *);
void trims_later(struct callouts *); /* something may grow from now on */
/* The last look, once it has ended; the bytes that its logs take. */
uint64_t trim_last(struct callouts *, struct attempt *);

/* callout_output.c: who allocates for what reads JSON, before all else */
void output_begin(void);
/* NULL with no sentence: there is none; the caller frees */
struct value *
output_read(const char *path, enum spec_output, size_t max, char **error);

struct wire_key key_of_callout(const struct callout_key *);
void callouts_later(struct callouts *);

#endif
