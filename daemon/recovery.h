/*
 * recovery: from the journal to the state, and from the state to what is
 * really running.
 */
#ifndef WEIR_RECOVERY_H
#define WEIR_RECOVERY_H

#include <stddef.h>

#include "daemon/callout.h"
#include "daemon/config.h"
#include "daemon/core/state.h"
#include "daemon/journal.h"
#include "daemon/journal_check.h"

/*
 * Opens the journal and makes the state of what is in it; NULL with a sentence
 * in the buffer, and errno as journal_open has it.
 */
struct journal *recovery_replay(
    struct state **, const struct config *, const char *dir, char *, size_t);
/*
 * Reads what recovery_replay would, into a state that is then dropped, and
 * changes nothing; found is told what is wrong, and so is the summary.  False
 * with a sentence where the directory can't be read, and errno.
 */
bool recovery_rehearse(const char *dir,
    void (*found)(void *, const struct journal_finding *), void *ctx,
    struct journal_summary *, uint64_t *executions, char *, size_t);
/* Tells the callouts' edge of every attempt that has not ended. */
void recovery_adopt(struct state *, struct callouts *);

#endif
