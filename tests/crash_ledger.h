/*
 * crash_ledger: what clients of a daemon asked for and what was acknowledged,
 * held to what the daemon says after it was killed, and to the traces of the
 * commands.
 */
#ifndef WEIR_TESTS_CRASH_LEDGER_H
#define WEIR_TESTS_CRASH_LEDGER_H

#include <stdbool.h>
#include <stdint.h>

#include "libproto/weir.h"
#include "tests/crash_daemon.h"
#include "tests/crash_trace.h"
#include "tests/told.h"

#define LEDGER_CLIENTS 4
#define LEDGER_RECORDS 20000 /* of one client */

/* Workflows: the gate has waits alone, the others run commands. */
enum flow { FLOW_RETRY, FLOW_FAIL, FLOW_ASK, FLOW_ITEMS, FLOW_GATE, FLOWS };

enum verb {
	VERB_NONE,
	VERB_START,
	VERB_PAUSE,
	VERB_RESUME,
	VERB_GO,     /* task.signal: ends the gate's first wait */
	VERB_UPDATE, /* task.update: does so too */
	VERB_END,    /* task.signal: ends the second wait */
	VERB_CANCEL,
	VERB_TERMINATE,
	VERB_PUT, /* definition.put, of the client's own workflow */
	VERB_DISABLE,
	VERB_ENABLE,
	VERBS
};

/* How an execution stands. */
struct standing {
	bool there;
	bool paused;
	enum verb went;	 /* by which its first wait ended; VERB_NONE: not */
	enum verb ended; /* by which it ended; VERB_NONE: not */
};

/* What is known of one execution; its token is its correlation id. */
struct record {
	enum flow flow;
	bool keyed; /* has an idempotency key: the token too */
	char token[24];
	const char *delay;	  /* of its start; NULL: not asked yet */
	struct standing standing; /* acknowledged, or seen */
	enum verb pending;	  /* asked, not answered */
	uint64_t id;		  /* 0: not known */
	uint64_t revision;	  /* the newest one told */
	bool settled;		  /* ended, and looked at */
	uint64_t sum;		  /* of all that is told of it since */
};

/* One client's; its workflow is "d0", "d1" ... */
struct ledger_client {
	struct record *records;
	unsigned nrecords;
	unsigned live; /* all before it are settled, or never were */
	unsigned put;  /* the content of its newest version; 0: none */
	uint64_t version;
	bool disabled;
	enum verb pending;
};

struct ledger {
	struct crash_daemon *daemon;
	struct trace trace;
	struct ledger_client clients[LEDGER_CLIENTS];
	unsigned nclients;
	bool losses;	 /* attempts may be lost: runners were killed */
	uint64_t newest; /* execution that was listed */
	/* Counted for the report. */
	unsigned long acknowledged[VERBS];
	unsigned long whole[VERBS]; /* not answered, and done */
	unsigned long never[VERBS]; /* not answered, and not done */
	unsigned long executions, attempts, exited, signaled, lost, unstarted;
};

void ledger_make(struct ledger *, struct crash_daemon *, unsigned clients);
void ledger_free(struct ledger *);
/* Stores the workflows; the daemon listens. */
void ledger_define(struct ledger *);
/* False where the daemon is gone. */
bool ledger_define_by(struct weir *);
/* A new record; the test fails where there are too many. */
struct record *ledger_record(struct ledger *, unsigned client, enum flow);
struct standing ledger_after(const struct record *, enum verb);

/*
 * Holds the daemon to it, which listens, while no client asks for anything;
 * what was not answered is settled by what is there.  Whole: all executions
 * again, and not only what is new or can change.
 */
void ledger_check(struct ledger *, bool whole);
/* Comes back when no command runs and nothing waits to be started. */
void ledger_settle(struct ledger *);
void ledger_print(const struct ledger *);

/* "{...}" with ' for " as parameters; the test fails for any error. */
void ledger_call(
    struct weir *, const char *method, const char *params, struct told *);
/* The same without failing: what weir_call gives. */
int ledger_try(struct weir *, const char *method, const char *params,
    struct weir_message *);
const char *ledger_flow(enum flow);

#endif
