/*
 * status: how a status is shown: in its colour, and with a sign of its own, so
 * that colour is never the only mark.
 */
#ifndef WEIR_CTL_STATUS_H
#define WEIR_CTL_STATUS_H

#include <stdbool.h>
#include <stdio.h>

#include "ctl/writer.h"

/* "✓ completed" */
void status_print(FILE *, const char *, const struct look *);
/* The sign alone. */
void status_print_sign(FILE *, const char *, const struct look *);
bool status_is_final(const char *);
/* Of executions, for options; NULL ends it. */
extern const char *const execution_statuses[];
/* Of those that have not ended, have, have but not well, or are held. */
extern const char *const open_statuses[];
extern const char *const ended_statuses[];
extern const char *const retry_statuses[];
extern const char *const paused_statuses[];

#endif
