/*
 * race_text: executions as the daemon tells of them, in one line.
 */
#ifndef WEIR_TESTS_RACE_TEXT_H
#define WEIR_TESTS_RACE_TEXT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "libproto/weir.h"

/* The id in a result. */
uint64_t race_id(const struct weir_message *);
/* "ok", or the name of the refusal, of a bulk's only execution too. */
void race_answer(const struct weir_message *, char into[64]);
/* Whether the result's status is one of these, each in '. */
bool race_status_is(const struct weir_message *, const char *statuses);

/*
 * "canceled: a completed, b canceled[failed completed], s canceled {canceled:
 * a completed}": tasks that count, items, subworkflows; x2: two attempts;
 * gen 2: its second generation.  The caller frees it.
 */
char *race_text(struct weir *, uint64_t id, int timeout);
/* Fails the test where something in it or under it has not ended. */
void race_all_ended(struct weir *, uint64_t id, int timeout);
/* All that execution.get tells, and of those under it. */
void race_write_known(struct weir *, uint64_t id, int timeout, FILE *);
/* Comes back when no callout runs any more. */
void race_await_idle(struct weir *, int timeout);

#endif
