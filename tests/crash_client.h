/*
 * crash_client: what a client asks a daemon that is killed meanwhile, and
 * writes into the ledger.
 */
#ifndef WEIR_TESTS_CRASH_CLIENT_H
#define WEIR_TESTS_CRASH_CLIENT_H

#include <pthread.h>
#include <stdatomic.h>

#include "tests/crash_ledger.h"

/* Several clients, each a thread that asks by chance. */
struct load {
	struct ledger *ledger;
	atomic_bool stop;
	atomic_uint answered;
	atomic_uint open; /* asked, and not answered */
	struct loader {
		struct load *load;
		unsigned client;
		unsigned seed;
		pthread_t thread;
	} loaders[LEDGER_CLIENTS];
};

/*
 * Asks, and waits for the answer.  False where the connection has ended before
 * it came; the test fails where what must be granted is refused.  delay: how
 * long a command takes, for sleep(1), or the path of a file that it waits for.
 */
bool client_do(struct ledger *, unsigned client, struct weir *, struct record *,
    enum verb, const char *delay);

void load_start(struct load *, struct ledger *, unsigned seed);
/* Comes back when each has its answer, or no daemon any more. */
void load_end(struct load *);

#endif
