/*
 * state: all that the engine knows.  Only apply changes it; everything else
 * reads.  In each object what survives a restart is the struct k, and the order
 * of the lists open, ready and pending; what follows k is made again from that.
 */
#ifndef WEIR_CORE_STATE_H
#define WEIR_CORE_STATE_H

#include <msgpack.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/tree.h>

#include "daemon/core/definition.h"
#include "daemon/core/event.h"
#include "daemon/core/lifecycle.h"
#include "daemon/core/outcome.h"
#include "daemon/core/value.h"

struct state;
struct execution;
struct run;
struct action;

/* Why a deadline is set. */
enum timer_kind {
	TIMER_RETRY,   /* a delay before the next attempt */
	TIMER_WAIT,    /* the end of a wait for time */
	TIMER_TIMEOUT, /* of a task's attempt or wait, or of an execution */
	TIMER_KILL,    /* SIGTERM had its time */
	TIMER_PERIOD,  /* that of a workflow's cap is over */
	TIMER_UNTIL,   /* the end of a wait for a time that clocks show */
};

/* What has it as its member timer. */
enum timer_of {
	TIMER_OF_EXECUTION,
	TIMER_OF_ACTION,
	TIMER_OF_ATTEMPT,
	TIMER_OF_WORKFLOW
};

/*
 * A deadline, in a tree of the state's by time while due is not 0.  There are
 * as many as there are executions, actions and attempts, those that have ended
 * too: so it does not point back to its owner.
 */
struct timer {
	RB_ENTRY(timer) entry;
	int64_t due; /* ns since the epoch; 0: not set */
	enum timer_kind kind;
	enum timer_of of;
};
RB_HEAD(timers, timer);
/* Whose it is; an attempt's has its action too, both have their execution. */
struct execution *timer_execution(const struct timer *);
struct action *timer_action(const struct timer *);     /* or NULL */
struct attempt *timer_attempt(const struct timer *);   /* or NULL */
struct workflow *timer_workflow(const struct timer *); /* or NULL */

/* Why an attempt's callout is being stopped. */
enum stop_why { STOP_NOT, STOP_TIMEOUT, STOP_CANCEL, STOP_UPDATE };

/* One try of an action. */
struct attempt {
	struct {
		uint32_t number; /* from 1 */
		bool open;	 /* its callout or child has not ended */
		bool late;	 /* ended after its action had */
		enum task_status status;
		int32_t exit;	/* -1: none */
		int32_t signal; /* what killed it; 0: none */
		enum stop_why stop;
		int32_t stop_signal; /* last sent; 0: none */
		int64_t started_at;
		int64_t ended_at; /* 0: not yet */
		int64_t cpu;	  /* ns */
		int64_t max_rss;  /* bytes */
		int64_t due;	  /* timeout, or SIGKILL; 0: none */
		int64_t left;	  /* of it, while frozen: ns; 0: none */
		bool frozen;
		bool thawed; /* was frozen once */
		uint64_t runner;
		uint64_t child;	    /* the subworkflow's execution; 0: none */
		struct value *spec; /* while open: what the runner is told */
		char *reason;	    /* or NULL */
	} k;
	struct attempt *before;	      /* the one before it; NULL: the first */
	struct timer timer;	      /* TIMER_TIMEOUT, then TIMER_KILL */
	TAILQ_ENTRY(attempt) changed; /* in state.changed, when is_changed */
	struct action *action;
	uint64_t changed_seq; /* the event that changed what is wanted */
	bool is_changed;
};
TAILQ_HEAD(attempts, attempt);

/* One run of a task's action: the only one, or that of one item. */
struct action {
	struct {
		enum task_status status;
		uint32_t attempts;
		uint32_t failures; /* attempts that count for retry */
		int64_t due;	   /* retry or wait; 0: none */
		enum timer_kind due_kind;
		struct value *wait; /* signal name or approval question */
		struct value *output;
		char *reason; /* or NULL */
		bool lost;    /* waits for an operator: on_lost: ask */
		bool offered; /* its turn has come: counted in items_active */
		bool touched; /* has left the status it began with */
	} k;
	struct run *run;
	uint32_t item;		/* EVENT_NONE where there are no items */
	struct attempt *latest; /* NULL: none yet */
	struct timer timer;
	TAILQ_ENTRY(action) ready; /* in execution.ready, when is_ready */
	bool is_ready;
};
TAILQ_HEAD(actions, action);

/* One pass through a task. */
struct run {
	struct {
		uint32_t number; /* pass of its task, from 1 */
		enum task_status status;
		bool begun; /* its actions are known */
		int64_t created_at;
		int64_t started_at;   /* 0: not yet */
		int64_t ended_at;     /* 0: not yet */
		struct value *items;  /* the list; NULL without items */
		struct value *output; /* of items: the list of outputs */
		char *reason;	      /* or NULL */
		uint32_t generation;
		bool superseded; /* another run stands in its place */
		bool counted; /* its generation is over, and it counted there */
		bool led;     /* some entry of its next has fired */
		bool own_context;   /* it sees context rather than the vars */
		uint64_t ended_seq; /* the event of its end; 0: not yet */
		struct value *context; /* the variables that it saw last */
		struct value *input;   /* with more for it; NULL: as all */
		struct value *set;     /* what it has published */
		struct value *cut; /* tasks it led to when nothing started */
		/* The runs that led here; the last of them came late to a join.
		 */
		uint32_t *from;
		uint32_t nfrom;
		uint32_t nlate;
		uint32_t next_item; /* the first that was never ready */
	} k;
	struct execution *execution;
	const struct task_definition *task;
	uint32_t index; /* its place in the execution's runs */
	/* Where it has its own: those and what it has set.  NULL: nothing. */
	struct value *own_vars;
	uint32_t nactions;
	struct action *actions;
	uint32_t by_status[TASK_STATUSES]; /* actions */
	uint32_t items_active;		   /* offered and not ended */
	uint32_t untouched;    /* actions that nothing has happened to */
	uint32_t items_open;   /* not ended */
	uint32_t items_bad;    /* ended otherwise than completed or skipped */
	TAILQ_ENTRY(run) open; /* in execution.open, until it ends */
	TAILQ_ENTRY(run) attention; /* in execution.attention */
	bool in_attention;
};
TAILQ_HEAD(runs, run);

/* A run that has ended has led to a join. */
struct arrival {
	uint32_t before; /* its task's place in task_definition.before */
	uint32_t run;
};

/* What has arrived at a task that joins; and its newest run. */
struct node {
	struct {
		struct arrival *arrivals; /* in order, not used up yet */
		uint32_t narrivals;
		bool *round; /* by before: has taken part; NULL: no join */
		bool fired;  /* the join has, its round goes on */
	} k;
	uint32_t runs;	    /* passes so far */
	uint32_t leaving;   /* open attempts of runs that others stand for */
	struct run *newest; /* NULL: never reached */
};

struct kept_signal {
	TAILQ_ENTRY(kept_signal) entry;
	char *name;
	struct value *output;
	char *by;
};
TAILQ_HEAD(kept_signals, kept_signal);

/* What ended, or will end, an execution. */
struct cause {
	uint32_t run; /* EVENT_NONE */
	uint32_t item;
	uint32_t attempt;
};

/* What holds an execution back, besides the engine; who did it and why. */
enum hold_by { HOLD_NONE, HOLD_USER, HOLD_PARENT };

struct hold {
	enum hold_by by;
	bool frozen;
	char *who;    /* or NULL */
	char *reason; /* or NULL */
	int64_t since;
};

/* Why logs were removed while what wrote them is still there. */
enum logs_gone { LOGS_ARE_THERE, LOGS_GONE_SIZE, LOGS_GONE_AGE, LOGS_GONES };

/* How an earlier run of the whole execution went. */
struct generation {
	struct definition *definition;
	struct value *input;
	struct value *output;
	struct value *vars;
	char *reason; /* or NULL */
	struct cause cause;
	enum execution_status status;
	int64_t started_at;
	int64_t ended_at;
};

struct execution {
	struct {
		uint64_t id;
		enum execution_status status;
		int ending; /* the status it will end with; -1 */
		uint64_t revision;
		uint32_t generation;
		uint64_t parent; /* 0: none */
		uint32_t parent_run;
		uint32_t parent_item;
		uint64_t failure_of; /* it is that one's failure workflow */
		uint64_t replay_of;
		uint32_t depth; /* 0: started by a person */
		uint32_t uid;
		uint32_t gid;
		char *owner;
		struct value *input;
		struct value *vars;
		struct value *first_vars; /* before any task published */
		struct value *output;
		struct value *labels;
		struct value *domains; /* those to run in instead; or NULL */
		char *reason;	       /* or NULL */
		char *correlation;
		char *key;
		char *canceled_by; /* or NULL */
		struct cause cause;
		int32_t priority;
		bool kill;     /* stop what runs rather than let it finish */
		bool admitted; /* it was started before a cap was reached */
		bool wants_failure_workflow;
		bool followed;	  /* its failure workflow has been dealt with */
		char *unfollowed; /* why there is none though; or NULL */
		uint64_t followed_by; /* the failure workflow; 0: none */
		int64_t created_at;
		int64_t started_at; /* 0: not yet */
		int64_t ended_at;   /* 0: not yet */
		int64_t due;	    /* its timeout; 0: none, or held */
		int64_t left;	    /* of it, while held: ns; 0: none */
		struct hold hold;
		/* Logs of attempts that had ended by then are no more... */
		int64_t logs_gone_at;	  /* 0: all are there */
		enum logs_gone logs_gone; /* ...and why */
	} k;
	RB_ENTRY(execution) entry;
	struct workflow *workflow;
	struct definition *definition;
	struct node *nodes; /* by task number */
	struct run **runs;  /* in the order they began */
	uint32_t nruns;
	struct generation *earlier; /* generation n is earlier[n - 1] */
	struct kept_signals signals;
	struct timer timer;
	struct runs open;      /* runs that have not ended */
	struct runs attention; /* runs that something may have to be done for */
	struct actions ready;  /* pending and due */
	uint32_t open_callouts;	      /* attempts with a process that may run */
	RB_ENTRY(execution) going;    /* in state.going, until it ends */
	TAILQ_ENTRY(execution) dirty; /* in state.dirty, when is_dirty */
	TAILQ_ENTRY(execution) blocked; /* in state.blocked, when is_blocked */
	TAILQ_ENTRY(execution) held;	/* in workflow.pending, when is_held */
	TAILQ_ENTRY(execution) over;	/* in state.over, when is_over */
	int64_t over_at;      /* of a root: when the last of its family ended */
	uint64_t below;	      /* revisions of all that are below it, together */
	uint32_t family_open; /* of a root: those of its family with is_open */
	bool is_open;	      /* it keeps its family from being deleted */
	bool is_over;
	bool is_dirty;
	bool is_blocked;
	bool is_held;
	bool
	    is_saved; /* in the snapshot that is being taken, before its turn */
};
RB_HEAD(executions, execution);
RB_HEAD(going, execution);
TAILQ_HEAD(execution_list, execution);

/* The last is never set: what its caps have reached makes it so. */
enum workflow_status {
	WORKFLOW_ENABLED,
	WORKFLOW_DISABLED,
	WORKFLOW_SAFETY_PAUSED
};

/* What has been used of a cap. */
struct cap_use {
	int64_t since;	    /* its period began then; 0: nothing is used yet */
	int64_t used;	    /* starts, or millionths of cost */
	int64_t reached_at; /* it keeps anything from starting; 0: not so */
};

#define UID_UNKNOWN UINT32_MAX

struct workflow_version {
	struct definition *definition;
	int64_t put_at;
	char *by;
	uint32_t uid; /* of by; UID_UNKNOWN where an older weird kept it */
};

/*
 * A name and all its versions; version n is versions[n - 1].  It belongs to
 * whoever put the first.
 */
struct workflow {
	RB_ENTRY(workflow) entry;
	char *name;
	enum workflow_status status;
	char *reason; /* why it is disabled, or NULL */
	char *by;
	struct workflow_version *versions;
	uint32_t nversions;
	struct safety own_caps; /* in place of the newest version's */
	bool has_own_caps;
	struct cap_use use[CAPS];
	struct timer timer;  /* TIMER_PERIOD, of the cap on cost */
	uint32_t active;     /* executions that began and have not ended */
	uint32_t open;	     /* those that have not ended */
	uint32_t executions; /* all there are */
	struct execution_list pending; /* accepted, held back by a limit */
};
RB_HEAD(workflows, workflow);

/* An idempotency key that was seen: whose, and for which execution. */
struct idempotency {
	RB_ENTRY(idempotency) entry;
	char *key;
	uint32_t uid;
	uint64_t execution;
};
RB_HEAD(idempotencies, idempotency);

/* What the core is told of the machine; not journaled. */
struct host {
	uint32_t max_callouts; /* at a time, of all executions; 0: no limit */
	uint32_t max_runs;     /* task runs of one execution; 0: no limit */
	/* Executions not ended, for people to start more; versions of all
	 * workflows; signals kept for one execution.  0: no limit. */
	uint32_t max_executions;
	uint32_t max_versions;
	uint32_t max_signals;
	const uint64_t *runners; /* ids of those that take work; copied */
	uint32_t nrunners;
	/*
	 * Why there can be no new work, a sentence with what to do; NULL: there
	 * can.  Copied.  What is under way goes on to its end.
	 */
	const char *unavailable;
	/*
	 * The journal has room for the endings of what runs, and for nothing
	 * else: what follows from them waits, as does who wants anything else
	 * than an end.  Only with unavailable.
	 */
	bool endings_only;
	/*
	 * Bytes of records that may follow by themselves from what came to be;
	 * more waits.  0: any number.
	 */
	uint64_t room_bytes;
	bool is_bounded;	/* by the next one: */
	uint32_t room_callouts; /* whose endings the journal has room for */
};

/* Where a copy of a state has its workflows from; NULL: there is none. */
typedef struct workflow *workflow_source(void *ctx, const char *name);

struct state {
	struct {
		uint64_t seq; /* of the newest event */
		int64_t time; /* of the newest event */
		uint64_t next_execution;
		enum engine_status engine;
		char *engine_reason; /* or NULL */
		char *engine_by;     /* or NULL */
		int64_t engine_since;
		bool engine_frozen;
	} k;
	struct workflows workflows;
	struct executions executions;
	struct idempotencies idempotencies;
	struct expressions *expressions;
	struct timers timers;	 /* by the time of commands */
	struct timers untils;	 /* by the wall clock: those of TIMER_UNTIL */
	struct attempts changed; /* callouts whose want changed, by seq */
	struct going going;	 /* those that have not ended */
	struct execution_list
	    dirty; /* something may have to be done for them */
	/* has something ready that only the machine's limits hold back */
	struct execution_list blocked;
	/* Roots all of whose family is over, the one over first first. */
	struct execution_list over;
	uint32_t nover;
	struct host host;
	uint64_t *runners;   /* host.runners, owned */
	char *unavailable;   /* host.unavailable, owned */
	uint64_t held_bytes; /* what waits for host.room_bytes; 0: nothing */
	uint32_t open_callouts;
	uint32_t by_status[EXECUTION_STATUSES]; /* executions */
	uint32_t nversions;			/* of all workflows */
	struct snapshot *snapshot; /* the one that is being taken; or NULL */
	workflow_source *source;   /* asked for what is not there; or NULL */
	void *source_ctx;
};

RB_PROTOTYPE(executions, execution, entry, execution_compare)
RB_PROTOTYPE(going, execution, going, execution_compare)
RB_PROTOTYPE(workflows, workflow, entry, workflow_compare)
RB_PROTOTYPE(timers, timer, entry, timer_compare)
RB_PROTOTYPE(idempotencies, idempotency, entry, idempotency_compare)

struct state *state_new(void);
/*
 * An empty one for copies of what is in the other, which it must not outlive:
 * it has no expressions of its own.  Workflows come as they are asked for.
 */
struct state *state_new_copy(const struct state *, workflow_source *, void *);
void state_free(struct state *);

/* A new one, whose status is known. */
void state_insert(struct state *, struct execution *);
/* NULL where there is none. */
struct execution *state_execution(const struct state *, uint64_t);
struct workflow *state_workflow(const struct state *, const char *);
/* Which one begins next; those that are paused let others pass.  Or NULL. */
struct execution *workflow_next(const struct workflow *);
/* Version 0 is the latest. */
struct definition *
state_definition(const struct state *, const char *, uint32_t version);
struct attempt *state_attempt(const struct state *, const struct callout_key *);
const struct idempotency *
state_idempotency(const struct state *, uint32_t uid, const char *key);

/* The action of a run's item; the item EVENT_NONE where it has no items. */
struct action *run_action(const struct run *, uint32_t item);
/* The variables and the input that a run's expressions see. */
struct value *run_vars(const struct run *);
struct value *run_input(const struct run *);
/* It ended badly and nothing of its definition took care of that. */
bool run_is_unhandled(const struct run *);
/* Actions of it with an attempt that has not ended. */
uint32_t run_open_attempts(const struct run *);
/* Nothing of it that has not begun may begin now. */
bool execution_is_held(const struct state *, const struct execution *);
/* "retention.logs_size": what the event says of it, and what reads it. */
const char *logs_gone_name(enum logs_gone);
enum logs_gone logs_gone_find(const char *);
/* It has failed, and its failure workflow is still to be started. */
bool execution_is_to_be_followed(const struct execution *);
/* The same, or there can be no new work at the moment.  Not for apply. */
bool nothing_begins(const struct state *, const struct execution *);
/* Open callouts that stand frozen: they do not end by themselves. */
uint32_t execution_callouts_frozen(const struct execution *);
uint32_t state_callouts_frozen(const struct state *);
/* Another callout would have no room in the journal for its ending. */
bool journal_is_full(const struct state *);
/* The oldest kept signal of the name; NULL: none. */
struct kept_signal *kept_signal_find(const struct execution *, const char *);
struct attempt *action_attempt(const struct action *, uint32_t number);
/* Whether its end is that of its action, which nobody has moved meanwhile. */
bool attempt_is_current(const struct attempt *);
void action_key(const struct action *, uint32_t attempt, struct callout_key *);
/* Tasks whose arrival a join that has some still lacks, as a list for people;
 * NULL where the task waits for none.  The caller frees it. */
char *node_lacks(const struct execution *, uint32_t task);

/*
 * All that survives a restart, as one MessagePack list: equal states give equal
 * bytes.  The head, two elements, is what there is besides executions and what
 * follows from them.
 */
void state_encode(const struct state *, msgpack_sbuffer *);
void state_encode_head(const struct state *, msgpack_packer *);
void execution_encode(const struct execution *, msgpack_packer *);

#endif
