/* method_task: what is done to one task, and its log */

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/core/zone.h"
#include "daemon/methods.h"
#include "libproto/errors.h"
#include "libproto/pack.h"

#define LOG_PIECE 65536 /* bytes, unless asked for more */

static void act_on_task(struct request *, struct command *, const char *);
static struct run *find_run(struct request *, const struct execution *);
static bool
find_attempt(struct request *, const struct run *, struct callout_key *);
static const struct run *find_kept(const struct action *);
static void answer_log(struct request *, const struct callout_key *);

void
method_task_update(struct request *request)
{
	struct command command = {.type = COMMAND_UPDATE};
	const char *status = request_text(request, "status");

	command.terminal = strcmp(status, "failed_terminal") == 0;
	command.status = command.terminal
	    ? TASK_FAILED
	    : (enum task_status)task_status_find(status, strlen(status));
	act_on_task(request, &command, "task");
}

void
method_task_skip(struct request *request)
{
	struct command command = {.type = COMMAND_SKIP};

	act_on_task(request, &command, "task");
}

void
method_task_signal(struct request *request)
{
	struct command command = {
	    .type = COMMAND_SIGNAL,
	    .tree = catalogue_bool(request->params, "tree", false),
	};

	act_on_task(request, &command, "name");
}

void
method_task_approve(struct request *request)
{
	struct command command = {.type = COMMAND_APPROVE};

	act_on_task(request, &command, "task");
}

void
method_task_reject(struct request *request)
{
	struct command command = {.type = COMMAND_REJECT};

	act_on_task(request, &command, "task");
}

/* name: the parameter that names the task or signal. */
static void
act_on_task(struct request *request, struct command *command, const char *name)
{
	const char *note = request_text(request, "note");

	command->execution = catalogue_uint(request->params, "execution", 0);
	command->name = request_text(request, name);
	command->item =
	    (uint32_t)catalogue_uint(request->params, "item", EVENT_NONE);
	command->reason = note != NULL ? note : request_text(request, "reason");
	request_conditions(request, command);
	if (!request_value(request, "output", &command->value))
		return;
	request_act(request, command);
	value_unref(command->value);
}

void
method_task_log(struct request *request)
{
	const struct execution *execution =
	    request_execution(request, "execution");
	struct callout_key key;
	const struct run *run;

	if (execution == NULL)
		return;
	if (!request_may_see(request, execution)) {
		request_refuse(request, ERROR_FORBIDDEN,
		    "the logs of execution %ju are for %s and for admins",
		    (uintmax_t)execution->k.id, execution->k.owner);
		return;
	}
	run = find_run(request, execution);
	if (run != NULL && find_attempt(request, run, &key))
		answer_log(request, &key);
}

/* NULL when it was refused. */
static struct run *
find_run(struct request *request, const struct execution *execution)
{
	const char *name = request_text(request, "task");
	uint64_t pass = catalogue_uint(request->params, "run", 0);
	uint64_t generation = catalogue_uint(
	    request->params, "generation", execution->k.generation);
	bool known = definition_task(execution->definition, name,
			 strlen(name)) != UINT32_MAX;

	for (uint32_t i = execution->nruns; i-- > 0;) {
		struct run *run = execution->runs[i];

		if (strcmp(run->task->name, name) != 0)
			continue;
		known = true;
		if (run->k.generation == generation &&
		    (pass == 0 || run->k.number == pass))
			return run;
	}
	if (!known)
		request_refuse(request, ERROR_NOT_FOUND,
		    "execution %ju has no task %s", (uintmax_t)execution->k.id,
		    name);
	else if (pass == 0)
		request_refuse(request, ERROR_NOT_FOUND,
		    "task %s of execution %ju has not run%s", name,
		    (uintmax_t)execution->k.id,
		    execution->k.generation > 1 ? " in this generation"
						: " yet");
	else
		request_refuse(request, ERROR_NOT_FOUND,
		    "task %s of execution %ju has not run that often", name,
		    (uintmax_t)execution->k.id);
	return NULL;
}

static bool
find_attempt(
    struct request *request, const struct run *run, struct callout_key *key)
{
	const msgpack_object *params = request->params;
	uint64_t number = catalogue_uint(params, "attempt", 0);
	uint32_t item = (uint32_t)catalogue_uint(params, "item", EVENT_NONE);
	const struct action *action;
	const struct run *kept;

	if (run->k.items != NULL && item == EVENT_NONE) {
		request_refuse(request, ERROR_BAD_REQUEST,
		    "task %s has items; name one as item, from 0 to %u",
		    run->task->name, run->nactions > 0 ? run->nactions - 1 : 0);
		return false;
	}
	action = run_action(run, item);
	if (action != NULL && action->k.attempts == 0 &&
	    (kept = find_kept(action)) != NULL) {
		request_refuse(request, ERROR_NOT_FOUND,
		    "item %u of task %s was not run again: what it wrote is "
		    "that of run %u (`weirctl logs --run %u`)",
		    item, run->task->name, kept->k.number, kept->k.number);
		return false;
	}
	if (action == NULL || action->k.attempts == 0 ||
	    number > action->k.attempts) {
		request_refuse(request, ERROR_NOT_FOUND,
		    "task %s has no such %s", run->task->name,
		    action == NULL ? "item" : "attempt");
		return false;
	}
	action_key(
	    action, number > 0 ? (uint32_t)number : action->k.attempts, key);
	return true;
}

/* The run before that has the item's attempts; NULL: none. */
static const struct run *
find_kept(const struct action *action)
{
	const struct run *run = action->run;
	const struct execution *execution = run->execution;
	const struct action *before;

	if (!task_ended(action->k.status))
		return NULL;
	for (uint32_t i = run->index; i-- > 0;) {
		const struct run *other = execution->runs[i];

		if (other->task != run->task)
			continue;
		before = run_action(other, action->item);
		if (before != NULL && before->k.attempts > 0)
			return other;
	}
	return NULL;
}

/* Whether retention has taken it, and that was answered. */
static bool
is_removed(struct request *request, const struct callout_key *key)
{
	const struct state *state = request->server->state;
	const struct execution *execution =
	    state_execution(state, key->execution);
	const struct attempt *attempt = state_attempt(state, key);
	char day[32];
	time_t when;
	struct tm tm;

	if (attempt == NULL || attempt->k.open ||
	    attempt->k.ended_at > execution->k.logs_gone_at)
		return false;
	when = (time_t)(execution->k.logs_gone_at / 1000000000);
	localtime_r(&when, &tm);
	strftime(day, sizeof(day), "%Y-%m-%d %H:%M", &tm);
	request_refuse(request, ERROR_NOT_FOUND,
	    "the logs of execution %ju were removed on %s, as %s in "
	    "weird.conf says",
	    (uintmax_t)key->execution, day,
	    logs_gone_name(execution->k.logs_gone));
	return true;
}

static void
answer_log(struct request *request, const struct callout_key *key)
{
	const msgpack_object *params = request->params;
	uint64_t offset = catalogue_uint(params, "offset", 0);
	struct log_piece log;
	size_t limit = catalogue_uint(params, "limit", LOG_PIECE);
	char *piece = zone_malloc(request->zone, limit);
	msgpack_packer *packer;
	ssize_t n;

	/* The files may still be there. */
	if (is_removed(request, key))
		return;
	n = callouts_read_log(request->server->callouts, key,
	    catalogue_has_word(params, "stream", "stderr"), offset, piece,
	    limit, &log);
	/* One that has written nothing yet has no file. */
	if (n == -1 && errno == ENOENT)
		n = 0;
	if (n == -1) {
		request_refuse(request, ERROR_NOT_FOUND,
		    "the log can't be read: %s", strerror(errno));
		return;
	}
	packer = request_answer(request);
	msgpack_pack_map(packer, 4);
	pack_str(packer, "bytes");
	msgpack_pack_bin(packer, (size_t)n);
	msgpack_pack_bin_body(packer, piece, (size_t)n);
	pack_key_uint(packer, "offset", log.offset);
	pack_key_uint(packer, "size", log.size);
	pack_key_uint(packer, "left_out", log.left_out);
	request_done(request);
}
