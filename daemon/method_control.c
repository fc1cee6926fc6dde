/*
 * method_control: pause, resume, cancel, terminate and delete; and how a
 * command is given to some executions or to many
 */

#include <stdio.h>
#include <stdlib.h>

#include "daemon/core/alloc.h"
#include "daemon/core/buffer.h"
#include "daemon/filter.h"
#include "daemon/methods.h"
#include "daemon/view.h"
#include "daemon/waiters.h"
#include "libproto/errors.h"
#include "libproto/pack.h"

#define TARGETS_MAX 10000

/* What became of each. */
struct outcomes {
	struct acted *done;
	uint32_t ndone;
	uint32_t nfailed;
	msgpack_sbuffer failed; /* packed maps, without the list around them */
	msgpack_packer packer;
};

static uint64_t *
list_targets(struct request *, const struct command *, uint32_t *);
static uint64_t *list_ids(const msgpack_object *, uint32_t *);
static uint64_t *
list_matches(struct request *, const struct command *, uint32_t *);
static bool is_for_the_top(const struct command *);
static bool is_below_match(
    const struct request *, const struct filter *, const struct execution *);
static bool still_matches(struct request *, uint64_t);
static void act_on(struct request *, const struct command *, uint64_t first_new,
    struct outcomes *);
static void answer_outcomes(struct request *, struct outcomes *);

void
method_execution_pause(struct request *request)
{
	struct command command = {
	    .type = COMMAND_PAUSE,
	    .reason = request_text(request, "reason"),
	    .freeze = catalogue_bool(request->params, "freeze", false),
	    .hold = catalogue_bool(request->params, "hold", false),
	};

	act_on_targets(request, &command);
}

void
method_execution_resume(struct request *request)
{
	struct command command = {
	    .type = COMMAND_RESUME,
	    .all = catalogue_bool(request->params, "all", false),
	    .early = catalogue_bool(request->params, "early", false),
	};

	act_on_targets(request, &command);
}

void
method_execution_cancel(struct request *request)
{
	struct command command = {
	    .type = COMMAND_CANCEL,
	    .reason = request_text(request, "reason"),
	    .kill = catalogue_bool(request->params, "kill", false),
	};

	act_on_targets(request, &command);
}

void
method_execution_terminate(struct request *request)
{
	struct command command = {
	    .type = COMMAND_TERMINATE,
	    .reason = request_text(request, "reason"),
	    .failure_workflow =
		catalogue_bool(request->params, "failure_workflow", false),
	};

	act_on_targets(request, &command);
}

void
method_execution_delete(struct request *request)
{
	struct command command = {
	    .type = COMMAND_DELETE,
	    .reason = request_text(request, "reason"),
	};

	act_on_targets(request, &command);
}

void
act_on_targets(struct request *request, struct command *command)
{
	struct outcomes outcomes = {0};
	uint64_t first_new = request->server->state->k.next_execution;
	uint64_t *ids;
	uint32_t count;

	ids = list_targets(request, command, &count);
	if (ids == NULL)
		return;
	request_conditions(request, command);
	outcomes.done = xcalloc(count + 1, sizeof(*outcomes.done));
	msgpack_sbuffer_init(&outcomes.failed);
	msgpack_packer_init(&outcomes.packer, &outcomes.failed, buffer_write);
	for (uint32_t i = 0; i < count; i++) {
		command->execution = ids[i];
		if (still_matches(request, ids[i]))
			act_on(request, command, first_new, &outcomes);
		else
			outcomes.done[outcomes.ndone++] =
			    (struct acted){.id = ids[i], .by = command->type};
	}
	answer_outcomes(request, &outcomes);
	msgpack_sbuffer_destroy(&outcomes.failed);
	free(outcomes.done);
	free(ids);
}

/* NULL when that was refused; the caller frees them. */
static uint64_t *
list_targets(
    struct request *request, const struct command *command, uint32_t *count)
{
	const msgpack_object *ids = catalogue_param(request->params, "ids");

	return ids != NULL ? list_ids(ids, count)
			   : list_matches(request, command, count);
}

static uint64_t *
list_ids(const msgpack_object *list, uint32_t *count)
{
	uint64_t *ids = xcalloc(list->via.array.size + 1, sizeof(*ids));

	*count = list->via.array.size;
	for (uint32_t i = 0; i < *count; i++)
		ids[i] = list->via.array.ptr[i].via.u64;
	return ids;
}

static uint64_t *
list_matches(
    struct request *request, const struct command *command, uint32_t *count)
{
	struct state *state = request->server->state;
	uint64_t *ids = xcalloc(TARGETS_MAX, sizeof(*ids));
	struct execution *execution;
	struct filter filter;

	*count = 0;
	filter_init(&filter, catalogue_param(request->params, "filter"));
	RB_FOREACH (execution, executions, &state->executions) {
		if (!filter_holds(&filter, execution) ||
		    (is_for_the_top(command) &&
			is_below_match(request, &filter, execution)))
			continue;
		if (*count < TARGETS_MAX) {
			ids[(*count)++] = execution->k.id;
			continue;
		}
		request_refuse(request, ERROR_LIMIT,
		    "the filter lets more than %d executions through; give "
		    "one that is narrower, such as a status",
		    TARGETS_MAX);
		free(ids);
		return NULL;
	}
	return ids;
}

/*
 * What runs a subworkflow again, or a new one in its place, is not to be joined
 * by the old one on its own; and what is deleted takes those below along.
 */
static bool
is_for_the_top(const struct command *command)
{
	return (command->type >= COMMAND_REPLAY &&
		   command->type <= COMMAND_RETRY) ||
	    command->type == COMMAND_DELETE;
}

static bool
is_below_match(const struct request *request, const struct filter *filter,
    const struct execution *execution)
{
	const struct state *state = request->server->state;
	const struct execution *above = execution;

	while ((above = state_execution(state, above->k.parent)) != NULL)
		if (filter_holds(filter, above))
			return true;
	return false;
}

/*
 * A filter's execution may have been reached already with the one above it: it
 * is done then, and was not asked for by itself.
 */
static bool
still_matches(struct request *request, uint64_t id)
{
	const msgpack_object *wanted =
	    catalogue_param(request->params, "filter");
	const struct state *state = request->rehearsal != NULL
	    ? rehearsal_state(request->rehearsal)
	    : request->server->state;
	const struct execution *execution = state_execution(state, id);
	struct filter filter;

	if (wanted == NULL || execution == NULL)
		return true;
	filter_init(&filter, wanted);
	return filter_holds(&filter, execution);
}

/* One that a replay of the same request has made was not meant by it. */
static void
act_on(struct request *request, const struct command *command,
    uint64_t first_new, struct outcomes *outcomes)
{
	struct command one = *command;
	struct reply reply = {.error = ERROR_NOT_FOUND, .status = -1};

	if (one.execution < first_new)
		request_command(request, &one, &reply);
	else
		snprintf(reply.message, sizeof(reply.message),
		    "there is no execution %ju; `weirctl ls` lists them",
		    (uintmax_t)one.execution);
	if (reply.error == ERROR_NONE) {
		outcomes->done[outcomes->ndone++] = (struct acted){
		    .id = command->execution,
		    .by = command->type,
		    .replay = reply.created ? reply.execution : 0,
		    .left_paused = reply.left_paused,
		    .first_left = reply.first_left,
		    .status = reply.status,
		    .revision = reply.revision,
		    .deleted = reply.deleted,
		};
		return;
	}
	outcomes->nfailed++;
	msgpack_pack_map(&outcomes->packer, 2);
	pack_key_uint(&outcomes->packer, "id", command->execution);
	pack_str(&outcomes->packer, "error");
	pack_reply_error(&outcomes->packer, &reply);
}

static void
answer_outcomes(struct request *request, struct outcomes *outcomes)
{
	msgpack_sbuffer failed;
	msgpack_packer packer, *answer;

	msgpack_sbuffer_init(&failed);
	msgpack_packer_init(&packer, &failed, buffer_write);
	msgpack_pack_array(&packer, outcomes->nfailed);
	buffer_write(&failed, outcomes->failed.data, outcomes->failed.size);
	/* Without a wait all are as good as gone. */
	if (catalogue_bool(request->params, "wait", false) &&
	    request->rehearsal == NULL) {
		waiters_add_gone(request->server->waiters, &request->asker,
		    outcomes->done, outcomes->ndone, &failed);
	} else {
		answer = request_answer(request);
		msgpack_pack_map(answer, 2 + request_plans(request));
		view_outcomes_fields(answer, request->server->state,
		    outcomes->done, outcomes->ndone, &failed);
		request_pack_plan(request, answer);
		request_done(request);
	}
	msgpack_sbuffer_destroy(&failed);
}
