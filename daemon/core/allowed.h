/*
 * allowed: what a refusal says would not be refused now.
 */
#ifndef WEIR_CORE_ALLOWED_H
#define WEIR_CORE_ALLOWED_H

#include "daemon/core/command.h"
#include "daemon/core/state.h"

/* Of a command that was refused with state_conflict: fills in reply.allowed. */
void allowed_find(const struct state *, const struct command *, struct reply *);
/* Puts the moves of an execution behind the message. */
void allowed_say(struct reply *);

#endif
