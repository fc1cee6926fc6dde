/* method_again: restart, rerun, retry and replay, of some or of many */

#include "daemon/bulk.h"
#include "daemon/methods.h"
#include "libproto/errors.h"
#include "libproto/pack.h"

static void rerun_whole(struct request *, struct command *);
static void rerun_tasks(struct request *, struct command *);
static bool is_absent(struct request *, const char *, const char *why);
static bool has_inputs(struct request *);

void
method_execution_restart(struct request *request)
{
	struct command command = {
	    .type = COMMAND_RESTART,
	    .latest = catalogue_bool(request->params, "latest", false),
	};

	act_on_targets(request, &command);
}

void
method_execution_retry(struct request *request)
{
	struct command command = {
	    .type = COMMAND_RETRY,
	    .resume_subworkflows =
		catalogue_bool(request->params, "resume_subworkflows", false),
	};

	act_on_targets(request, &command);
}

void
method_execution_replay(struct request *request)
{
	struct command command = {
	    .type = COMMAND_REPLAY,
	    .version = (uint32_t)catalogue_uint(request->params, "version", 0),
	};

	if (request_value(request, "input", &command.value))
		act_on_targets(request, &command);
	value_unref(command.value);
}

void
method_execution_rerun(struct request *request)
{
	struct command command = {
	    .correlation = request_text(request, "correlation_id"),
	};

	if (catalogue_param(request->params, "tasks") != NULL)
		rerun_tasks(request, &command);
	else
		rerun_whole(request, &command);
	value_unref(command.value);
	value_unref(command.domains);
	value_unref(command.tasks);
	value_unref(command.no_reset);
	value_unref(command.task_input);
}

static void
rerun_whole(struct request *request, struct command *command)
{
	static const char why[] = "it goes with tasks";

	command->type = COMMAND_RERUN;
	if (is_absent(request, "no_reset", why) &&
	    is_absent(request, "task_input", why) &&
	    request_value(request, "input", &command->value) &&
	    request_value(request, "domains", &command->domains))
		act_on_targets(request, command);
}

static void
rerun_tasks(struct request *request, struct command *command)
{
	static const char why[] =
	    "tasks run again with what the execution has; task_input gives "
	    "them more";

	command->type = COMMAND_RERUN_TASKS;
	if (is_absent(request, "input", why) &&
	    is_absent(request, "correlation_id", why) &&
	    is_absent(request, "domains", why) && has_inputs(request) &&
	    request_value(request, "tasks", &command->tasks) &&
	    request_value(request, "no_reset", &command->no_reset) &&
	    request_value(request, "task_input", &command->task_input))
		act_on_targets(request, command);
}

/* False: it was refused. */
static bool
is_absent(struct request *request, const char *name, const char *why)
{
	if (catalogue_param(request->params, name) == NULL)
		return true;
	request_refuse(request, ERROR_BAD_REQUEST, "%s can't be given here: %s",
	    name, why);
	return false;
}

/* A map of maps; false: it was refused. */
static bool
has_inputs(struct request *request)
{
	const msgpack_object *inputs =
	    catalogue_param(request->params, "task_input");
	const msgpack_object_kv *entry;

	for (uint32_t i = 0; inputs != NULL && i < inputs->via.map.size; i++) {
		entry = &inputs->via.map.ptr[i];
		if (entry->key.type == MSGPACK_OBJECT_STR &&
		    entry->val.type == MSGPACK_OBJECT_MAP)
			continue;
		request_refuse(request, ERROR_BAD_REQUEST,
		    "task_input must be a map of maps: by task, its input");
		return false;
	}
	return true;
}
