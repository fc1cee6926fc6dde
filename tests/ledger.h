/*
 * ledger: clients that keep what the daemon has acknowledged, each in a file of
 * its own that no crash touches, and a look afterwards at whether it holds.
 */
#ifndef WEIR_TESTS_LEDGER_H
#define WEIR_TESTS_LEDGER_H

#include <stdint.h>
#include <sys/types.h>

/* What was checked. */
struct ledger_counts {
	unsigned changes; /* acknowledged */
	unsigned ended;	  /* executions that were known to have */
	unsigned traces;  /* of tasks that ran */
};

/* Stores the workflows that the clients start; the daemon listens. */
void ledger_define(void);
/*
 * Starts client number n, a process that asks for one change after the other
 * until the daemon is gone, and appends each acknowledged one to "ledger.N".
 */
pid_t ledger_client(unsigned n, uint64_t seed);
/*
 * Every acknowledged change is there; every task that left a trace ran once,
 * and the daemon knows it.  Forgets what it has checked, but for the traces.
 */
void ledger_check(unsigned clients, struct ledger_counts *);

#endif
