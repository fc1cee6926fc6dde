/* bulk: a command that is given to some executions or to many */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/bulk.h"
#include "daemon/core/alloc.h"
#include "daemon/clock.h"
#include "daemon/core/buffer.h"
#include "daemon/filter.h"
#include "daemon/view.h"
#include "daemon/waiters.h"
#include "libproto/errors.h"
#include "libproto/pack.h"

#define TARGETS_MAX 10000
/* Of a plan, which can't be made a piece at a time. */
#define TARGETS_PLANNED 200
/* At a time, so that the others do not wait: so many are acted on, */
#define PIECE_TARGETS 16
#define PIECE_TIME 250000 /* ns: after which it is no more of them; */
#define PIECE_COST 1000	  /* or looked at for a filter: as filter_cost */

/* What became of each. */
struct outcomes {
	struct acted *done;
	uint32_t ndone;
	uint32_t nfailed;
	msgpack_sbuffer failed; /* packed maps, without the list around them */
	msgpack_packer packer;
};

struct bulk {
	struct session_job job;
	struct request request;
	struct request_memory memory; /* the request's */
	struct command command;	      /* with references of its own */
	uint64_t first_new;	      /* what is newer was not meant */
	bool plans;	 /* it has a rehearsal, once it has them all */
	bool lists;	 /* it still looks for its targets, */
	uint64_t looked; /* and has looked at all up to this one */
	uint64_t *ids;
	uint32_t count;
	uint32_t at;
	struct outcomes outcomes;
};

static bool are_few(struct request *);
static struct bulk *bulk_new(struct request *, const struct command *);
static void ref_values(struct command *);
static void unref_values(struct command *);
static bool proceed(struct session_job *);
static void end(struct session_job *);
static void bulk_free(struct bulk *);
static struct bulk *of_job(struct session_job *);
static bool list_some(struct bulk *);
static void rehearse_all(struct bulk *);
static bool reach_all(struct bulk *, struct reply *);
static void act_on_next(struct bulk *);
static bool add_target(struct bulk *, uint64_t);
static uint32_t targets_max(bool plans);
static void list_ids(struct bulk *, const msgpack_object *);
static bool is_for_the_top(const struct command *);
static bool is_below_match(
    const struct request *, const struct filter *, const struct execution *);
static bool still_matches(struct request *, uint64_t);
static void act_on(struct request *, const struct command *, uint64_t first_new,
    struct outcomes *);
static void answer_outcomes(struct request *, struct outcomes *);

void
act_on_targets(struct request *request, struct command *command)
{
	struct bulk *bulk;
	bool over;

	if (!are_few(request))
		return;
	request_conditions(request, command);
	bulk = bulk_new(request, command);
	over = proceed(&bulk->job);
	if (over) {
		bulk_free(bulk);
		return;
	}
	request_memory_take(&bulk->memory, request, &bulk->request);
	session_set_job(bulk->request.asker.session, &bulk->job);
}

/* False: they are too many, and that was answered. */
static bool
are_few(struct request *request)
{
	const msgpack_object *ids = catalogue_param(request->params, "ids");
	uint32_t most = targets_max(request->rehearsal != NULL);

	if (ids == NULL || ids->via.array.size <= most)
		return true;
	request_refuse(request, ERROR_LIMIT,
	    "a plan is made for at most %u executions at a time; give fewer "
	    "ids",
	    most);
	return false;
}

static struct bulk *
bulk_new(struct request *request, const struct command *command)
{
	const msgpack_object *ids = catalogue_param(request->params, "ids");
	struct bulk *bulk = xcalloc(1, sizeof(*bulk));
	struct outcomes *outcomes = &bulk->outcomes;

	bulk->job.proceed = proceed;
	bulk->job.end = end;
	bulk->request = *request;
	bulk->plans = request->rehearsal != NULL;
	bulk->request.rehearsal = NULL; /* the state will be another one */
	bulk->command = *command;
	ref_values(&bulk->command);
	bulk->first_new = request->server->state->k.next_execution;
	request_memory_init(&bulk->memory);
	bulk->lists = ids == NULL;
	if (ids != NULL)
		list_ids(bulk, ids);
	msgpack_sbuffer_init(&outcomes->failed);
	msgpack_packer_init(&outcomes->packer, &outcomes->failed, buffer_write);
	return bulk;
}

static void
ref_values(struct command *command)
{
	value_ref(command->value);
	value_ref(command->domains);
	value_ref(command->tasks);
	value_ref(command->no_reset);
	value_ref(command->task_input);
}

static void
unref_values(struct command *command)
{
	value_unref(command->value);
	value_unref(command->domains);
	value_unref(command->tasks);
	value_unref(command->no_reset);
	value_unref(command->task_input);
}

/* One whose session has ended stops where it is. */
static void
end(struct session_job *job)
{
	bulk_free(of_job(job));
}

static void
bulk_free(struct bulk *bulk)
{
	unref_values(&bulk->command);
	request_memory_free(&bulk->memory);
	msgpack_sbuffer_destroy(&bulk->outcomes.failed);
	free(bulk->outcomes.done);
	free(bulk->ids);
	free(bulk);
}

static struct bulk *
of_job(struct session_job *job)
{
	return (struct bulk *)((char *)job - offsetof(struct bulk, job));
}

/* The next piece; true when that was the last, and it is answered. */
static bool
proceed(struct session_job *job)
{
	struct bulk *bulk = of_job(job);
	int64_t until = clock_uptime() + PIECE_TIME;
	uint32_t most = PIECE_TARGETS;

	if (bulk->lists)
		return list_some(bulk);
	if (bulk->outcomes.done == NULL)
		bulk->outcomes.done =
		    xcalloc(bulk->count + 1, sizeof(*bulk->outcomes.done));
	if (bulk->plans) {
		rehearse_all(bulk);
		return true;
	}
	while (bulk->at < bulk->count && most-- > 0 && clock_uptime() < until)
		act_on_next(bulk);
	if (bulk->at < bulk->count)
		return false;
	answer_outcomes(&bulk->request, &bulk->outcomes);
	return true;
}

static void
act_on_next(struct bulk *bulk)
{
	struct outcomes *outcomes = &bulk->outcomes;
	uint64_t id = bulk->ids[bulk->at++];

	bulk->command.execution = id;
	if (still_matches(&bulk->request, id))
		act_on(
		    &bulk->request, &bulk->command, bulk->first_new, outcomes);
	else
		outcomes->done[outcomes->ndone++] =
		    (struct acted){.id = id, .by = bulk->command.type};
}

/* In one piece: what is rehearsed must stay as it is until it is told. */
static void
rehearse_all(struct bulk *bulk)
{
	struct request *request = &bulk->request;
	struct reply reply;

	request->rehearsal = rehearsal_new(request->server->state);
	if (reach_all(bulk, &reply)) {
		while (bulk->at < bulk->count)
			act_on_next(bulk);
		answer_outcomes(request, &bulk->outcomes);
	} else
		request_refuse_reply(request, &reply);
	rehearsal_free(request->rehearsal);
	request->rehearsal = NULL;
}

/* False: it is too much, as the reply says. */
static bool
reach_all(struct bulk *bulk, struct reply *reply)
{
	struct command command = bulk->command;

	for (uint32_t i = 0; i < bulk->count; i++) {
		command.execution = bulk->ids[i];
		if (!rehearsal_reach(bulk->request.rehearsal, &command, reply))
			return false;
	}
	return true;
}

static void
list_ids(struct bulk *bulk, const msgpack_object *list)
{
	bulk->count = list->via.array.size;
	bulk->ids = xcalloc(bulk->count + 1, sizeof(*bulk->ids));
	for (uint32_t i = 0; i < bulk->count; i++)
		bulk->ids[i] = list->via.array.ptr[i].via.u64;
}

/* True when there are too many, which has been answered. */
static bool
list_some(struct bulk *bulk)
{
	struct execution key = {.k = {.id = bulk->looked + 1}}, *execution;
	struct state *state = bulk->request.server->state;
	const msgpack_object *wanted =
	    catalogue_param(bulk->request.params, "filter");
	struct filter filter;
	uint64_t cost = 0;

	filter_init(&filter, wanted);
	for (execution = RB_NFIND(executions, &state->executions, &key);
	     execution != NULL && execution->k.id < bulk->first_new;
	     execution = RB_NEXT(executions, &state->executions, execution)) {
		if (cost >= PIECE_COST)
			return false;
		cost += filter_cost(&filter, execution);
		bulk->looked = execution->k.id;
		if (!filter_holds(&filter, execution) ||
		    (is_for_the_top(&bulk->command) &&
			is_below_match(&bulk->request, &filter, execution)))
			continue;
		if (!add_target(bulk, execution->k.id))
			return true;
	}
	bulk->lists = false;
	return false;
}

/* False: it is one too many, and that was answered. */
static bool
add_target(struct bulk *bulk, uint64_t id)
{
	uint32_t most = targets_max(bulk->plans);

	if (bulk->ids == NULL)
		bulk->ids = xcalloc(TARGETS_MAX, sizeof(*bulk->ids));
	if (bulk->count < most) {
		bulk->ids[bulk->count++] = id;
		return true;
	}
	request_refuse(&bulk->request, ERROR_LIMIT,
	    "the filter lets more than %u executions through; give one that "
	    "is narrower, such as a status",
	    most);
	return false;
}

static uint32_t
targets_max(bool plans)
{
	return plans ? TARGETS_PLANNED : TARGETS_MAX;
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
