/* method_execution: starting executions, and looking at them */

#include "daemon/core/buffer.h"
#include "daemon/filter.h"
#include "daemon/methods.h"
#include "daemon/view.h"
#include "daemon/waiters.h"
#include "libproto/errors.h"
#include "libproto/pack.h"

#define PAGE_USUAL 100
/* A page may end early, so that a filter that lets little through does not
 * hold up everyone else. */
#define PAGE_COST 2000 /* as filter_cost */
/* The same for one with much in it, in bytes: with this it is full. */
#define PAGE_SIZE (256 * 1024)

static void answer_started(struct request *, const struct reply *);
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
method_execution_list(struct request *request)
{
	const struct state *state = request->server->state;
	const msgpack_object *params = request->params;
	uint64_t after = catalogue_uint(params, "after", UINT64_MAX);
	uint64_t limit = catalogue_uint(params, "limit", PAGE_USUAL);
	struct execution *execution;
	struct filter filter;
	uint32_t count = 0;
	uint64_t cost = 0;
	msgpack_packer each, *packer;
	msgpack_sbuffer page;

	filter_init(&filter, catalogue_param(params, "filter"));
	msgpack_sbuffer_init(&page);
	msgpack_packer_init(&each, &page, buffer_write);
	for (execution = first_behind(state, after); execution != NULL &&
	     count < limit && cost < PAGE_COST && page.size < PAGE_SIZE;
	     execution = RB_PREV(executions, NULL, execution)) {
		cost += filter_cost(&filter, execution);
		if (!filter_holds(&filter, execution))
			continue;
		view_execution(&each, state, execution,
		    request_may_see(request, execution), NULL);
		/* What it waits for was looked for in each of its runs. */
		cost += execution->nruns / 16;
		count++;
	}
	packer = request_answer(request);
	msgpack_pack_map(packer, 2);
	pack_str(packer, "executions");
	msgpack_pack_array(packer, count);
	msgpack_pack_bin_body(packer, page.data, page.size);
	/* The next page begins below the last one that was looked at. */
	if (execution != NULL)
		pack_key_uint(packer, "next", execution->k.id + 1);
	else
		pack_key_nil(packer, "next");
	request_done(request);
	msgpack_sbuffer_destroy(&page);
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
