/*
 * crash_attempt: attempts as the daemon tells of them, held to what their
 * commands wrote down.
 */
#ifndef WEIR_TESTS_CRASH_ATTEMPT_H
#define WEIR_TESTS_CRASH_ATTEMPT_H

#include "tests/crash_ledger.h"

/*
 * Every attempt of the execution: a status is the one in the trace, what was
 * not started has none, and what is lost was allowed to be.  Of one that has
 * ended all that is in the trace is known.
 */
void attempts_check(struct ledger *, const msgpack_object *, bool ended);
/* Adds them to what the ledger has counted. */
void attempts_count(struct ledger *, const msgpack_object *);
/* Fails the task that waits for an operator; false: none does. */
bool attempts_answer(struct weir *, uint64_t execution);

#endif
