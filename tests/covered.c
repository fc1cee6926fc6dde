/* covered: what histories have covered. */

#include "tests/covered.h"

#include <inttypes.h>
#include <stdio.h>

static bool can_not_be(enum task_status, enum task_status);
static void tell_commands(const struct covered *);
static void tell_moves(const struct covered *);
static void tell_tasks(const struct covered *);

void
covered_add(struct covered *covered, const struct scene *s)
{
	const struct moves_seen *moves = witness_moves(s->witness);
	const struct task_changes *changes = witness_task_changes(s->witness);
	struct execution *x;

	covered->commands += s->steps;
	covered->events += s->events;
	for (unsigned i = 0; i < COMMANDS; i++) {
		covered->done[i] += s->done[i];
		covered->refused[i] += s->refused[i];
	}
	for (int i = 0; i < EXECUTION_STATUSES; i++)
		for (int j = 0; j < EXECUTION_MOVES; j++) {
			covered->moves.taken[i][j] += moves->taken[i][j];
			covered->moves.refused[i][j] += moves->refused[i][j];
		}
	for (int i = 0; i < TASK_STATUSES; i++)
		for (int j = 0; j < TASK_STATUSES; j++)
			covered->tasks[i][j] += task_changes_seen(
			    changes, (enum task_status)i, (enum task_status)j);
	RB_FOREACH (x, executions, &s->live->executions)
		covered->by_depth[x->k.depth < 3 ? x->k.depth : 3]++;
}

static void
tell_commands(const struct covered *covered)
{
	static const char *const names[COMMANDS] = {
	    [COMMAND_TICK] = "tick",
	    [COMMAND_ENGINE_PAUSE] = "engine pause",
	    [COMMAND_ENGINE_RESUME] = "engine resume",
	    [COMMAND_DEFINITION_PUT] = "define",
	    [COMMAND_DEFINITION_ENABLE] = "enable",
	    [COMMAND_DEFINITION_DISABLE] = "disable",
	    [COMMAND_DEFINITION_SAFETY] = "safety",
	    [COMMAND_START] = "start",
	    [COMMAND_PAUSE] = "pause",
	    [COMMAND_RESUME] = "resume",
	    [COMMAND_REPLAY] = "replay",
	    [COMMAND_RESTART] = "restart",
	    [COMMAND_RERUN] = "rerun",
	    [COMMAND_RERUN_TASKS] = "rerun --task",
	    [COMMAND_RETRY] = "retry",
	    [COMMAND_CANCEL] = "cancel",
	    [COMMAND_TERMINATE] = "terminate",
	    [COMMAND_UPDATE] = "update",
	    [COMMAND_SKIP] = "skip",
	    [COMMAND_SIGNAL] = "signal",
	    [COMMAND_APPROVE] = "approve",
	    [COMMAND_REJECT] = "reject",
	    [COMMAND_CALLOUT_ENDED] = "callout ended",
	    [COMMAND_DELETE] = "delete",
	    [COMMAND_DEFINITION_DELETE] = "definition delete",
	    [COMMAND_REMOVE_LOGS] = "remove logs",
	};

	printf("%" PRIu64 " snapshots, each the state as it was at first\n",
	    covered->snapshots);
	printf("%" PRIu64 " commands, %" PRIu64 " events; executions at "
	       "depth 0, 1, 2, below: %" PRIu64 " %" PRIu64 " %" PRIu64
	       " %" PRIu64 "\n",
	    covered->commands, covered->events, covered->by_depth[0],
	    covered->by_depth[1], covered->by_depth[2], covered->by_depth[3]);
	for (unsigned i = 0; i < COMMANDS; i++)
		printf("%-17s %8" PRIu64 " done %8" PRIu64 " refused\n",
		    names[i], covered->done[i], covered->refused[i]);
}

static void
tell_moves(const struct covered *covered)
{
	printf("\nmoves of executions: taken/refused\n");
	for (int i = 0; i < EXECUTION_STATUSES; i++) {
		printf("%s:", execution_status_name((enum execution_status)i));
		for (int j = 0; j < EXECUTION_MOVES; j++)
			if (covered->moves.taken[i][j] +
				covered->moves.refused[i][j] >
			    0)
				printf(" %s %" PRIu64 "/%" PRIu64,
				    execution_move_name((enum execution_move)j),
				    covered->moves.taken[i][j],
				    covered->moves.refused[i][j]);
		printf("\n");
	}
}

static void
tell_tasks(const struct covered *covered)
{
	printf("\ntasks went from one status to another\n");
	for (int i = 0; i < TASK_STATUSES; i++) {
		printf("%s:", task_status_name((enum task_status)i));
		for (int j = 0; j < TASK_STATUSES; j++)
			if (covered->tasks[i][j] > 0)
				printf(" %s %" PRIu64,
				    task_status_name((enum task_status)j),
				    covered->tasks[i][j]);
		printf("\n");
	}
}

void
covered_tell(const struct covered *covered)
{
	tell_commands(covered);
	tell_moves(covered);
	tell_tasks(covered);
}

/* What the table has for the sake of wholeness. */
static bool
can_not_be(enum task_status from, enum task_status to)
{
	/* What goes on after its wait is pending before it runs. */
	if (from == TASK_WAITING && to == TASK_RUNNING)
		return true;
	/* What is being stopped for good ends canceled, however it ended. */
	if (from == TASK_CANCELING && to != TASK_CANCELED)
		return true;
	/* Running again from the beginning is another run of the task. */
	return task_ended(from) && to == TASK_PENDING;
}

unsigned
covered_tell_missing(const struct covered *covered)
{
	unsigned missing = 0;

	for (int i = 0; i < EXECUTION_STATUSES; i++)
		for (int j = 0; j < EXECUTION_MOVES; j++) {
			enum execution_status status = (enum execution_status)i;
			enum execution_move move = (enum execution_move)j;

			if (execution_moved(status, move) == LIFECYCLE_NO ||
			    covered->moves.taken[i][j] > 0)
				continue;
			printf("never seen: %s of what is %s\n",
			    execution_move_name(move),
			    execution_status_name(status));
			missing++;
		}
	for (int i = 0; i < TASK_STATUSES; i++)
		for (int j = 0; j < TASK_STATUSES; j++) {
			enum task_status from = (enum task_status)i,
					 to = (enum task_status)j;

			if (from == to || !task_reaches(from, to) ||
			    covered->tasks[i][j] > 0 || can_not_be(from, to))
				continue;
			printf("never seen: a task that was %s and became %s\n",
			    task_status_name(from), task_status_name(to));
			missing++;
		}
	return missing;
}
