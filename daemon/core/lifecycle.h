/*
 * lifecycle: the state machines of engine, execution and task, made from
 * lifecycle.def.  Nothing else assigns a status.
 */
#ifndef WEIR_CORE_LIFECYCLE_H
#define WEIR_CORE_LIFECYCLE_H

#include <stdbool.h>
#include <stddef.h>

enum engine_status {
#define ENGINE_STATUS(status, ...) ENGINE_##status,
#include "daemon/core/lifecycle.def"
#undef ENGINE_STATUS
	ENGINE_STATUSES
};

enum engine_move {
#define ENGINE_MOVE(move, ...) ENGINE_MOVE_##move,
#include "daemon/core/lifecycle.def"
#undef ENGINE_MOVE
	ENGINE_MOVES
};

enum execution_status {
#define EXECUTION_STATUS(status, ...) EXECUTION_##status,
#include "daemon/core/lifecycle.def"
#undef EXECUTION_STATUS
	EXECUTION_STATUSES
};

enum execution_move {
#define EXECUTION_MOVE(move, ...) EXECUTION_MOVE_##move,
#include "daemon/core/lifecycle.def"
#undef EXECUTION_MOVE
	EXECUTION_MOVES
};

enum task_status {
#define TASK_STATUS(status, ...) TASK_##status,
#include "daemon/core/lifecycle.def"
#undef TASK_STATUS
	TASK_STATUSES
};

enum task_move {
#define TASK_MOVE(move, ...) TASK_MOVE_##move,
#include "daemon/core/lifecycle.def"
#undef TASK_MOVE
	TASK_MOVES
};

/* In place of a status, in the tables. */
#define LIFECYCLE_SAME (-1)
#define LIFECYCLE_NO (-2)

/* The status that the move leads to, LIFECYCLE_SAME or LIFECYCLE_NO. */
int engine_moved(enum engine_status, enum engine_move);
int execution_moved(enum execution_status, enum execution_move);
int task_moved(enum task_status, enum task_move);

/* Whether some move leads from the one to the other (or stays there). */
bool execution_reaches(enum execution_status, enum execution_status);
bool task_reaches(enum task_status, enum task_status);

const char *engine_status_name(enum engine_status);
const char *execution_status_name(enum execution_status);
const char *task_status_name(enum task_status);
const char *execution_move_name(enum execution_move);

/* By name; -1 where there is none such. */
int execution_status_find(const char *, size_t);
int task_status_find(const char *, size_t);

bool execution_ended(enum execution_status);
bool task_ended(enum task_status);

/* Whether a person may ask for the move; for lists of allowed actions. */
bool execution_move_requested(enum execution_move);

/* One table as a whole, for those who print it. */
struct lifecycle {
	const char *title;
	const char *const *statuses;
	size_t nstatuses;
	const char *const *moves;
	size_t nmoves;
	const bool *requested;	  /* moves that a person may ask for */
	const signed char *cells; /* a row of nmoves for each status */
};

enum { LIFECYCLE_ENGINE, LIFECYCLE_EXECUTION, LIFECYCLE_TASK, LIFECYCLES };
extern const struct lifecycle lifecycles[LIFECYCLES];

#endif
