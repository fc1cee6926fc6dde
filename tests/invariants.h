/*
 * invariants: what always holds in a state between two steps.  Fails the test
 * with the invariant's name and what was found.
 */
#ifndef WEIR_INVARIANTS_H
#define WEIR_INVARIANTS_H

#include "daemon/core/state.h"

/*
 * settled: whether what follows from the state has been done; it has not in
 * one that was just replayed.
 */
void invariants_state(const struct state *, bool settled);

#endif
