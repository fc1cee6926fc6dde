/* lifecycle: the state machines, made from lifecycle.def. */

#include "daemon/core/lifecycle.h"

#include <assert.h>
#include <string.h>

#define NO LIFECYCLE_NO
#define SAME LIFECYCLE_SAME

/*
 * Each machine's cells are written with the bare names of its own statuses,
 * which are given their values here, one machine at a time.
 */
#define COUNT(...) (sizeof((int[]){__VA_ARGS__}) / sizeof(int))

static int find(const struct lifecycle *, const char *, size_t);

#define NAME_OF_STATUS(status, name, ...) name,
#define NAME_OF_MOVE(move, name, requested) name,

/* Engine. */
enum {
	RUNNING = ENGINE_RUNNING,
	PAUSING = ENGINE_PAUSING,
	PAUSED = ENGINE_PAUSED
};

#define ENGINE_STATUS(status, name, ...) \
	static_assert(COUNT(__VA_ARGS__) == ENGINE_MOVES, "engine " name);
#include "daemon/core/lifecycle.def"
#undef ENGINE_STATUS
static const signed char engine_cells[ENGINE_STATUSES][ENGINE_MOVES] = {
#define ENGINE_STATUS(status, name, ...) {__VA_ARGS__},
#include "daemon/core/lifecycle.def"
#undef ENGINE_STATUS
};
static const char *const engine_statuses[] = {
#define ENGINE_STATUS NAME_OF_STATUS
#include "daemon/core/lifecycle.def"
#undef ENGINE_STATUS
};
static const char *const engine_moves[] = {
#define ENGINE_MOVE NAME_OF_MOVE
#include "daemon/core/lifecycle.def"
#undef ENGINE_MOVE
};

/* Execution. */
#define PENDING EXECUTION_PENDING
#define PAUSING EXECUTION_PAUSING
#define PAUSED EXECUTION_PAUSED
#define RUNNING EXECUTION_RUNNING
#define WAITING EXECUTION_WAITING
#define CANCELING EXECUTION_CANCELING
#define COMPLETED EXECUTION_COMPLETED
#define FAILED EXECUTION_FAILED
#define TIMED_OUT EXECUTION_TIMED_OUT
#define CANCELED EXECUTION_CANCELED
#define TERMINATED EXECUTION_TERMINATED

#define EXECUTION_STATUS(status, name, ended, ...) \
	static_assert(COUNT(__VA_ARGS__) == EXECUTION_MOVES, "execution " name);
#include "daemon/core/lifecycle.def"
#undef EXECUTION_STATUS
static const signed char execution_cells[EXECUTION_STATUSES][EXECUTION_MOVES] =
    {
#define EXECUTION_STATUS(status, name, ended, ...) {__VA_ARGS__},
#include "daemon/core/lifecycle.def"
#undef EXECUTION_STATUS
};
static const char *const execution_statuses[] = {
#define EXECUTION_STATUS NAME_OF_STATUS
#include "daemon/core/lifecycle.def"
#undef EXECUTION_STATUS
};
static const bool execution_ends[] = {
#define EXECUTION_STATUS(status, name, ended, ...) ended,
#include "daemon/core/lifecycle.def"
#undef EXECUTION_STATUS
};
static const char *const execution_moves[] = {
#define EXECUTION_MOVE NAME_OF_MOVE
#include "daemon/core/lifecycle.def"
#undef EXECUTION_MOVE
};
static const bool execution_requests[] = {
#define EXECUTION_MOVE(move, name, requested) requested,
#include "daemon/core/lifecycle.def"
#undef EXECUTION_MOVE
};

#undef PENDING
#undef PAUSING
#undef PAUSED
#undef RUNNING
#undef WAITING
#undef CANCELING
#undef COMPLETED
#undef FAILED
#undef TIMED_OUT
#undef CANCELED
#undef TERMINATED

static const bool engine_requests[] = {
#define ENGINE_MOVE(move, name, requested) requested,
#include "daemon/core/lifecycle.def"
#undef ENGINE_MOVE
};

/* Task. */
#define PENDING TASK_PENDING
#define PAUSED TASK_PAUSED
#define RUNNING TASK_RUNNING
#define WAITING TASK_WAITING
#define CANCELING TASK_CANCELING
#define COMPLETED TASK_COMPLETED
#define FAILED TASK_FAILED
#define TIMED_OUT TASK_TIMED_OUT
#define CANCELED TASK_CANCELED
#define SKIPPED TASK_SKIPPED

#define TASK_STATUS(status, name, ended, ...) \
	static_assert(COUNT(__VA_ARGS__) == TASK_MOVES, "task " name);
#include "daemon/core/lifecycle.def"
#undef TASK_STATUS
static const signed char task_cells[TASK_STATUSES][TASK_MOVES] = {
#define TASK_STATUS(status, name, ended, ...) {__VA_ARGS__},
#include "daemon/core/lifecycle.def"
#undef TASK_STATUS
};
static const char *const task_statuses[] = {
#define TASK_STATUS NAME_OF_STATUS
#include "daemon/core/lifecycle.def"
#undef TASK_STATUS
};
static const bool task_ends[] = {
#define TASK_STATUS(status, name, ended, ...) ended,
#include "daemon/core/lifecycle.def"
#undef TASK_STATUS
};
static const char *const task_moves[] = {
#define TASK_MOVE NAME_OF_MOVE
#include "daemon/core/lifecycle.def"
#undef TASK_MOVE
};

static const bool task_requests[] = {
#define TASK_MOVE(move, name, requested) requested,
#include "daemon/core/lifecycle.def"
#undef TASK_MOVE
};

const struct lifecycle lifecycles[LIFECYCLES] = {
    {"engine", engine_statuses, ENGINE_STATUSES, engine_moves, ENGINE_MOVES,
	engine_requests, engine_cells[0]},
    {"execution", execution_statuses, EXECUTION_STATUSES, execution_moves,
	EXECUTION_MOVES, execution_requests, execution_cells[0]},
    {"task", task_statuses, TASK_STATUSES, task_moves, TASK_MOVES,
	task_requests, task_cells[0]},
};

int
engine_moved(enum engine_status status, enum engine_move move)
{
	return engine_cells[status][move];
}

int
execution_moved(enum execution_status status, enum execution_move move)
{
	return execution_cells[status][move];
}

int
task_moved(enum task_status status, enum task_move move)
{
	return task_cells[status][move];
}

bool
execution_reaches(enum execution_status from, enum execution_status to)
{
	for (int move = 0; move < EXECUTION_MOVES; move++)
		if (execution_cells[from][move] == (signed char)to ||
		    (from == to && execution_cells[from][move] == SAME))
			return true;
	return false;
}

bool
task_reaches(enum task_status from, enum task_status to)
{
	for (int move = 0; move < TASK_MOVES; move++)
		if (move != TASK_MOVE_RUN_AGAIN && /* that is another run */
		    (task_cells[from][move] == (signed char)to ||
			(from == to && task_cells[from][move] == SAME)))
			return true;
	return false;
}

const char *
engine_status_name(enum engine_status status)
{
	return engine_statuses[status];
}

const char *
execution_status_name(enum execution_status status)
{
	return execution_statuses[status];
}

const char *
task_status_name(enum task_status status)
{
	return task_statuses[status];
}

const char *
execution_move_name(enum execution_move move)
{
	return execution_moves[move];
}

bool
execution_ended(enum execution_status status)
{
	return execution_ends[status];
}

bool
task_ended(enum task_status status)
{
	return task_ends[status];
}

bool
execution_move_requested(enum execution_move move)
{
	return execution_requests[move];
}

static int
find(const struct lifecycle *m, const char *name, size_t len)
{
	for (size_t i = 0; i < m->nstatuses; i++)
		if (strlen(m->statuses[i]) == len &&
		    memcmp(m->statuses[i], name, len) == 0)
			return (int)i;
	return -1;
}

int
execution_status_find(const char *name, size_t len)
{
	return find(&lifecycles[LIFECYCLE_EXECUTION], name, len);
}

int
task_status_find(const char *name, size_t len)
{
	return find(&lifecycles[LIFECYCLE_TASK], name, len);
}
