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

/*
 * Opens the journal and makes the state of what is in it; NULL with a sentence
 * in the buffer.
 */
struct journal *recovery_replay(
    struct state **, const struct config *, const char *dir, char *, size_t);
/* Tells the callouts' edge of every attempt that has not ended. */
void recovery_adopt(struct state *, struct callouts *);

#endif
