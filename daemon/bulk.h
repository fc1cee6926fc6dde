/*
 * bulk: a command that is given to some executions or to many, a piece at a
 * time where they are many.
 */
#ifndef WEIR_BULK_H
#define WEIR_BULK_H

#include "daemon/request.h"

/*
 * Gives the command to each of the executions that the request is for, and
 * answers with what became of each.  Where that takes long it becomes the job
 * of the session, and others are served between its pieces.
 */
void act_on_targets(struct request *, struct command *);
#endif
