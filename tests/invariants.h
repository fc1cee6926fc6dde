/*
 * invariants: what always holds in a state between two steps, and what no
 * event may do.  Fails the test with what was found.
 */
#ifndef WEIR_INVARIANTS_H
#define WEIR_INVARIANTS_H

#include "daemon/core/state.h"

void invariants_state(const struct state *);
void invariants_event(const struct state *, const struct event *);

#endif
