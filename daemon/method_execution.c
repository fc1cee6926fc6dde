/* method_execution: starting executions, and looking at them */

#include "daemon/filter.h"
#include "daemon/methods.h"
#include "daemon/view.h"
#include "daemon/waiters.h"
#include "libproto/errors.h"
#include "libproto/pack.h"

static void answer_started(struct request *, const struct reply *);

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
	msgpack_pack_map(packer, 5 + request_plans(request));
	pack_key_uint(packer, "id", reply->execution);
	pack_key_str(packer, "status",
	    execution_status_name((enum execution_status)reply->status));
	pack_key_uint(packer, "revision", reply->revision);
	pack_key_bool(packer, "created", reply->created);
	pack_key_uint(packer, "version", reply->version);
	request_pack_plan(request, packer);
	request_done(request);
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
