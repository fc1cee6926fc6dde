/* method_control: pause, resume, cancel, terminate and delete */

#include "daemon/bulk.h"
#include "daemon/methods.h"

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
