/* method_execution: starting executions, and looking at them */

#include <stdlib.h>

#include "daemon/core/zone.h"
#include "daemon/filter.h"
#include "daemon/methods.h"
#include "daemon/view.h"
#include "daemon/waiters.h"
#include "libproto/errors.h"
#include "libproto/pack.h"

#define PAGE_USUAL 100
/* A page may end early, so that a filter that lets little through does not
 * hold up everyone else. */
#define PAGE_LOOKED_AT 2000
/* The same for one with much in it, in bytes, more or less. */
#define PAGE_SIZE (256 * 1024)
#define PAGE_EACH 384 /* of an execution without its values */

static void answer_started(struct request *, const struct reply *);
static size_t size_of(const struct execution *);
static struct execution *first_behind(const struct state *, uint64_t);

void
method_execution_start(struct request *request)
{
	const msgpack_object *params = request->params;
	struct command command = {
	    .type = COMMAND_START,
	    .if_status = -1,
	    .name = request_text(request, "workflow"),
	    .version = (uint32_t)catalogue_uint(params, "version", 0),
	    .correlation = request_text(request, "correlation_id"),
	    .key = request_text(request, "idempotency_key"),
	    .priority = (int32_t)catalogue_int(params, "priority", 0),
	};
	struct reply reply;

	if (request_value(request, "input", &command.value) &&
	    request_value(request, "labels", &command.labels) &&
	    request_value(request, "domains", &command.domains)) {
		request_command(request, &command, &reply);
		answer_started(request, &reply);
	}
	value_unref(command.value);
	value_unref(command.labels);
	value_unref(command.domains);
}

static void
answer_started(struct request *request, const struct reply *reply)
{
	msgpack_packer *packer;

	if (reply->error != ERROR_NONE) {
		request_refuse_reply(request, reply);
		return;
	}
	packer = request_answer(request);
	msgpack_pack_map(packer, 4 + request_plans(request));
	pack_key_uint(packer, "id", reply->execution);
	pack_key_str(packer, "status",
	    execution_status_name((enum execution_status)reply->status));
	pack_key_uint(packer, "revision", reply->revision);
	pack_key_bool(packer, "created", reply->created);
	request_pack_plan(request, packer);
	request_done(request);
}

void
method_execution_get(struct request *request)
{
	const struct execution *execution = request_execution(request, "id");
	uint64_t generation = catalogue_uint(request->params, "generation", 0);
	const struct state *state = request->server->state;
	const struct callouts *whole =
	    catalogue_bool(request->params, "tasks", true)
	    ? request->server->callouts
	    : NULL;
	bool shows;

	if (execution == NULL)
		return;
	if (generation > execution->k.generation) {
		request_refuse(request, ERROR_NOT_FOUND,
		    "execution %ju has no generation %ju; the newest is %u",
		    (uintmax_t)execution->k.id, (uintmax_t)generation,
		    execution->k.generation);
		return;
	}
	shows = request_may_see(request, execution);
	if (generation == 0 || generation == execution->k.generation)
		view_execution(
		    request_answer(request), state, execution, shows, whole);
	else
		view_generation(request_answer(request), state, execution,
		    (uint32_t)generation, shows, whole);
	request_done(request);
}

void
method_execution_list(struct request *request)
{
	const struct state *state = request->server->state;
	const msgpack_object *params = request->params;
	uint64_t after = catalogue_uint(params, "after", UINT64_MAX);
	uint64_t limit = catalogue_uint(params, "limit", PAGE_USUAL);
	struct execution *execution, **found;
	struct filter filter;
	uint32_t count = 0, looked = 0;
	msgpack_packer *packer;
	size_t size = 0;

	filter_init(&filter, catalogue_param(params, "filter"));
	found = zone_malloc(request->zone, limit * sizeof(*found));
	for (execution = first_behind(state, after); execution != NULL &&
	     count < limit && looked < PAGE_LOOKED_AT && size < PAGE_SIZE;
	     execution = RB_PREV(executions, NULL, execution), looked++)
		if (filter_holds(&filter, execution)) {
			found[count++] = execution;
			size += size_of(execution);
		}
	packer = request_answer(request);
	msgpack_pack_map(packer, 2);
	pack_str(packer, "executions");
	msgpack_pack_array(packer, count);
	for (uint32_t i = 0; i < count; i++)
		view_execution(packer, state, found[i],
		    request_may_see(request, found[i]), NULL);
	/* The next page begins below the last one that was looked at. */
	if (execution != NULL)
		pack_key_uint(packer, "next", execution->k.id + 1);
	else
		pack_key_nil(packer, "next");
	request_done(request);
}

/* What it takes in an answer, where its values are shown. */
static size_t
size_of(const struct execution *execution)
{
	const struct value *const values[] = {execution->k.input,
	    execution->k.vars, execution->k.output, execution->k.labels};
	size_t size = PAGE_EACH;

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++)
		size += values[i] != NULL ? values[i]->size : 0;
	return size;
}

/* The newest execution whose id is less. */
static struct execution *
first_behind(const struct state *state, uint64_t id)
{
	struct execution key = {.k = {.id = id}}, *execution;
	struct executions *all = (struct executions *)&state->executions;

	execution = RB_NFIND(executions, all, &key);
	return execution != NULL ? RB_PREV(executions, all, execution)
				 : RB_MAX(executions, all);
}

void
method_execution_wait(struct request *request)
{
	const struct execution *execution = request_execution(request, "id");
	unsigned statuses = filter_statuses(request->params, "status");
	int64_t timeout = catalogue_int(request->params, "timeout", -1);

	if (execution == NULL)
		return;
	if (catalogue_param(request->params, "status") == NULL)
		for (unsigned i = 0; i < EXECUTION_STATUSES; i++)
			if (execution_ended((enum execution_status)i))
				statuses |= 1U << i;
	if ((statuses >> execution->k.status & 1) == 0 && timeout != 0) {
		waiters_add(request->server->waiters, &request->asker,
		    execution->k.id, statuses, timeout);
		return;
	}
	view_execution(request_answer(request), request->server->state,
	    execution, request_may_see(request, execution), NULL);
	request_done(request);
}
