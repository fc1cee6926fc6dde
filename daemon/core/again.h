/*
 * again: which runs of an execution go again, which stand aside for them, and
 * which parents come back to life; for decide.
 */
#ifndef WEIR_CORE_AGAIN_H
#define WEIR_CORE_AGAIN_H

#include "daemon/core/batch.h"
#include "daemon/core/command.h"
#include "daemon/core/state.h"

/* What becomes of each run. */
enum fate {
	FATE_STAYS,
	FATE_AGAIN,	 /* another run in its place, items all again */
	FATE_AGAIN_REST, /* the same for the items that were not done */
	FATE_ASIDE,	 /* downstream of those: superseded */
	FATE_REOPENED,	 /* its subworkflow goes on */
};

struct again {
	const struct state *s;
	const struct execution *x;
	const struct command *c;
	struct batch *b;
	enum fate *fates; /* by run */
};

void again_open(struct again *, const struct state *, const struct execution *,
    const struct command *, struct batch *);
void again_close(struct again *);
/*
 * What ended with callouts that are still being stopped must wait for them, or
 * a task could run beside itself; false: refused.
 */
bool again_is_quiet(const struct execution *, struct reply *);
/* What comes to its end can't be run again before; false: refused. */
bool again_is_open(const struct execution *, struct reply *);
/* The tasks that the command names; false: refused. */
bool again_names(struct again *, struct reply *);
/* Led to by something that goes again; late arrivals lead to nothing. */
bool again_is_downstream(const struct again *, const struct run *);
/* The events of what was found out; the verb is for the history. */
void again_emit(struct again *, const char *verb);

/* Everything that failed or was cut off, with subworkflows where asked. */
bool again_retry(const struct state *, const struct execution *,
    const struct command *, struct batch *, struct reply *);
/* Those that ended because of this one run on, up to the root. */
bool revive_parents(const struct state *, const struct execution *,
    const struct command *, struct batch *, struct reply *);

#endif
