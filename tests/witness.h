/*
 * witness: sees every event of a history, as it is applied, and holds it to
 * what no event may do; and remembers which moves it saw.
 */
#ifndef WEIR_WITNESS_H
#define WEIR_WITNESS_H

#include <stdint.h>

#include "daemon/core/command.h"
#include "daemon/core/event.h"
#include "daemon/core/state.h"
#include "tests/task_changes.h"

/* Moves seen, by the status that they started from. */
struct moves_seen {
	uint64_t taken[EXECUTION_STATUSES][EXECUTION_MOVES];
	uint64_t refused[EXECUTION_STATUSES][EXECUTION_MOVES];
};

struct witness;
struct witness *witness_new(void);
void witness_free(struct witness *);

/* The event of the command has just been applied to the state. */
void witness_event(struct witness *, const struct state *,
    const struct command *, const struct event *);
/*
 * The command is done; before is the status that its execution had, -1 where
 * it names none.
 */
void witness_command(struct witness *, const struct state *,
    const struct command *, const struct reply *, int before);

const struct moves_seen *witness_moves(const struct witness *);
const struct task_changes *witness_task_changes(const struct witness *);

/* What the execution must end with, as its tasks and what was asked say. */
enum execution_status
expected_end(const struct state *, const struct execution *,
    const struct event *, const struct command *, enum execution_status before);
/* What it must be going to end with, as the event's task says. */
enum execution_status expected_ending(
    const struct state *, const struct execution *, const struct event *);
/* Whether the execution is the other one, or was started below it. */
bool is_below(const struct state *, const struct execution *, uint64_t above);

#endif
