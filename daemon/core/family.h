/*
 * family: a root with all its subworkflows, at every depth, which are deleted
 * together.  Which of them are over is counted as it comes, so that nobody has
 * to look for what may go: state.over has it in order.
 */
#ifndef WEIR_CORE_FAMILY_H
#define WEIR_CORE_FAMILY_H

#include "daemon/core/state.h"

/* The one at the top, as far as there is one. */
struct execution *family_root(const struct state *, const struct execution *);
/*
 * Nothing of it is still to come: it has ended, with all its callouts, and its
 * failure workflow has been started.
 */
bool execution_is_over(const struct execution *);
/* After each event of an execution. */
void family_follows(struct state *, struct execution *);
/*
 * What is told as the execution's revision: it grows with each event of it, of
 * those above it and of those below it, and with each version of its workflow,
 * for what is done to it may come out otherwise after any of these.  What goes
 * on beside it, or below another branch, leaves it as it is.
 */
uint64_t execution_revision(const struct state *, const struct execution *);
/* Those above the execution see that its own revision has grown by one. */
void revision_rises(struct state *, const struct execution *);
/* What they have seen, anew, for a state that no event has led to. */
void revisions_find(struct state *);
/* The execution leaves the state: it is in no list of families any more. */
void family_leaves(struct state *, struct execution *);
/* All of it anew, for a state that no event has led to. */
void families_find(struct state *);

/*
 * Calls for each subworkflow that the execution ever had, those of earlier runs
 * too; those that are detached are no one's.  It ends with the first for which
 * it gives false.
 */
typedef bool child_visitor(void *, const struct execution *child);
bool children_visit(
    const struct state *, const struct execution *, child_visitor *, void *ctx);

#endif
