/* execution_get: one execution, its tasks some at a time where they are many */

#include <stddef.h>
#include <stdlib.h>

#include "daemon/core/alloc.h"
#include "daemon/core/buffer.h"
#include "daemon/methods.h"
#include "daemon/view.h"
#include "libproto/errors.h"
#include "libproto/pack.h"

/* At a time, so that the others do not wait. */
#define PIECE_TASKS 200
#define PIECE_BYTES (256 * 1024)
/* As often it begins again where the execution has moved on meanwhile; after
 * that each task is in the answer as it is when its turn comes. */
#define AGAIN_MAX 3

struct getting {
	struct session_job job;
	struct request request; /* nothing of its memory is needed */
	uint64_t id;
	uint64_t asked; /* for that generation; 0: the newest */
	bool whole;	/* with its tasks */
	bool shows;
	uint32_t generation;
	uint64_t revision; /* as of which the tasks are */
	unsigned again;
	struct view_tasks tasks;
	msgpack_packer packer;
};

static bool proceed(struct session_job *);
static void end(struct session_job *);
static bool begin(struct getting *, const struct execution *);
static bool is_there(struct getting *, const struct execution *);
static void answer(struct getting *, const struct execution *);

void
method_execution_get(struct request *request)
{
	const struct execution *execution = request_execution(request, "id");
	struct getting *getting;

	if (execution == NULL)
		return;
	getting = xcalloc(1, sizeof(*getting));
	getting->job.proceed = proceed;
	getting->job.end = end;
	getting->request = *request;
	getting->id = execution->k.id;
	getting->asked = catalogue_uint(request->params, "generation", 0);
	getting->whole = catalogue_bool(request->params, "tasks", true);
	getting->shows = request_may_see(request, execution);
	msgpack_sbuffer_init(&getting->tasks.packed);
	msgpack_packer_init(
	    &getting->packer, &getting->tasks.packed, buffer_write);
	if (!begin(getting, execution) || proceed(&getting->job))
		end(&getting->job);
	else
		session_set_job(request->asker.session, &getting->job);
}

/* False: there is no such generation, and that was answered. */
static bool
begin(struct getting *getting, const struct execution *execution)
{
	if (getting->asked > execution->k.generation) {
		request_refuse(&getting->request, ERROR_NOT_FOUND,
		    "execution %ju has no generation %ju; the newest is %u",
		    (uintmax_t)execution->k.id, (uintmax_t)getting->asked,
		    execution->k.generation);
		return false;
	}
	getting->generation = getting->asked != 0 ? (uint32_t)getting->asked
						  : execution->k.generation;
	getting->revision = execution->k.revision;
	getting->tasks.run = getting->tasks.entry = getting->tasks.count = 0;
	getting->tasks.packed.size = 0;
	return true;
}

static bool
proceed(struct session_job *job)
{
	struct getting *getting =
	    (struct getting *)((char *)job - offsetof(struct getting, job));
	struct server *server = getting->request.server;
	const struct execution *execution =
	    state_execution(server->state, getting->id);
	size_t size;

	if (!is_there(getting, execution))
		return true;
	if (execution->k.revision != getting->revision &&
	    getting->again++ < AGAIN_MAX)
		(void)begin(getting, execution);
	size = getting->tasks.packed.size + PIECE_BYTES;
	for (unsigned n = 0; getting->whole && n < PIECE_TASKS &&
	     getting->tasks.packed.size < size;
	     n++)
		if (!view_task_next(&getting->packer, server->state, execution,
			getting->generation, getting->shows, server->callouts,
			&getting->tasks)) {
			answer(getting, execution);
			return true;
		}
	if (getting->whole)
		return false;
	answer(getting, execution);
	return true;
}

/* False: it was deleted meanwhile, and that was answered. */
static bool
is_there(struct getting *getting, const struct execution *execution)
{
	if (execution == NULL)
		request_refuse(&getting->request, ERROR_NOT_FOUND,
		    "execution %ju has just been deleted",
		    (uintmax_t)getting->id);
	return execution != NULL;
}

static void
answer(struct getting *getting, const struct execution *execution)
{
	const struct view_tasks *whole =
	    getting->whole ? &getting->tasks : NULL;
	msgpack_packer *packer = request_answer(&getting->request);
	const struct state *state = getting->request.server->state;

	if (getting->generation == execution->k.generation)
		view_execution(packer, state, execution, getting->shows, whole);
	else
		view_generation(packer, state, execution, getting->generation,
		    getting->shows, whole);
	request_done(&getting->request);
}

static void
end(struct session_job *job)
{
	struct getting *getting =
	    (struct getting *)((char *)job - offsetof(struct getting, job));

	msgpack_sbuffer_destroy(&getting->tasks.packed);
	free(getting);
}
