/* request: from a client's message to the method's handler */

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/core/buffer.h"
#include "daemon/core/plain.h"
#include "daemon/core/safety.h"
#include "daemon/core/zone.h"
#include "daemon/methods.h"
#include "daemon/parse.h"
#include "daemon/request.h"
#include "daemon/view.h"
#include "libproto/errors.h"
#include "libproto/message.h"
#include "libproto/pack.h"

static void
answer_plain(struct server *, const struct asker *, int, const char *);
static bool is_allowed(struct request *);
static bool find_method(struct request *, const struct message *);
static void call(struct request *, const msgpack_object *);
static void pack_details(msgpack_sbuffer *, const struct reply *);
static void pack_conflict(msgpack_sbuffer *, const struct reply *);
static void pack_allowed(msgpack_packer *, const struct lifecycle *, uint32_t);
static uint32_t engine_moves(enum engine_status);
static void pack_held(msgpack_sbuffer *, const struct reply *);

void
request_take(struct server *server, struct session *session, const char *bytes,
    size_t size)
{
	struct request request = {
	    .server = server,
	    .asker = {.session = session},
	    .actor = session_actor(session),
	};
	struct message message;
	msgpack_object params;
	msgpack_zone zone;
	const char *why;
	char *copy, wrong[512];
	bool ok = message_parse(bytes, size, &message, &why);

	if (!message.answerable || message.kind != MESSAGE_REQUEST) {
		/* Notifications and answers are nothing to weird. */
		if (!ok)
			session_drop(session, ERROR_BAD_REQUEST, why, 0);
		return;
	}
	request.asker.id = message.id;
	if (!session_admit(session)) {
		answer_plain(server, &request.asker, ERROR_LIMIT,
		    "too many requests in flight; wait for answers");
		return;
	}
	if (!ok) {
		answer_plain(server, &request.asker, ERROR_BAD_REQUEST, why);
		return;
	}
	zone_init(&zone, 1024);
	request.zone = &zone;
	/* The parameters' strings are where the bytes are. */
	copy = zone_malloc(&zone, size);
	memcpy(copy, bytes, size);
	(void)message_parse(copy, size, &message, &why);
	if (find_method(&request, &message) && is_allowed(&request) &&
	    !parse_aside(&request, &message, size)) {
		if (request_unpack(
			&request, &message, &params, wrong, sizeof(wrong)))
			call(&request, &params);
		else
			request_refuse(
			    &request, ERROR_BAD_REQUEST, "%s", wrong);
	}
	msgpack_zone_destroy(&zone);
}

void
request_call(struct request *request, const msgpack_object *params)
{
	if (is_allowed(request))
		call(request, params);
}

static void
call(struct request *request, const msgpack_object *params)
{
	request->params = params;
	if (catalogue_bool(params, "plan", false))
		request->rehearsal = rehearsal_new(request->server->state);
	method_handlers[request->method](request);
	if (request->rehearsal != NULL)
		rehearsal_free(request->rehearsal);
	request->rehearsal = NULL;
}

static void
answer_plain(struct server *server, const struct asker *asker, int code,
    const char *text)
{
	answer_error(
	    server->answers, asker, server->state->k.seq, code, "%s", text);
}

void
request_memory_init(struct request_memory *memory)
{
	zone_init(&memory->zone, 64);
	memory->params = (msgpack_object){.type = MSGPACK_OBJECT_NIL};
}

void
request_memory_take(struct request_memory *memory, struct request *request,
    struct request *copy)
{
	msgpack_zone empty = memory->zone;

	memory->zone = *request->zone;
	*request->zone = empty;
	copy->zone = &memory->zone;
	if (request->params == NULL)
		return;
	memory->params = *request->params;
	copy->params = &memory->params;
}

void
request_memory_free(struct request_memory *memory)
{
	msgpack_zone_destroy(&memory->zone);
}

static bool
find_method(struct request *request, const struct message *message)
{
	char why[512];

	if (catalogue_find(message->method, message->method_size,
		&request->method, why, sizeof(why)))
		return true;
	request_refuse(request, ERROR_NOT_FOUND, "%s", why);
	return false;
}

bool
request_unpack(const struct request *request, const struct message *message,
    msgpack_object *params, char *wrong, size_t size)
{
	if (message_params(message, request->zone, params))
		return catalogue_check(request->method, params, wrong, size);
	snprintf(wrong, size, "the parameters can't be decoded");
	return false;
}

static bool
is_allowed(struct request *request)
{
	const struct method *method = catalogue_method(request->method);
	static const char *const needed[] = {
	    [METHOD_FOR_ANY] = "nobody",
	    [METHOD_FOR_VIEWER] = "a viewer",
	    [METHOD_FOR_OPERATOR] = "an operator",
	    [METHOD_FOR_ADMIN] = "an admin",
	};

	if ((int)request->actor->role >= (int)method->role)
		return true;
	if (request->actor->role == ROLE_NONE)
		request_refuse(request, ERROR_UNAUTHORIZED,
		    "%s has no role here; roles: in weird.conf gives them",
		    request->actor->name);
	else
		request_refuse(request, ERROR_FORBIDDEN,
		    "%s is for %s, and %s is %s %s", method->name,
		    needed[method->role], request->actor->name,
		    request->actor->role == ROLE_VIEWER ? "a" : "an",
		    role_name(request->actor->role));
	return false;
}

msgpack_packer *
request_answer(struct request *request)
{
	return answer_begin(request->server->answers, &request->asker);
}

void
request_done(struct request *request)
{
	answer_end(request->server->answers, &request->asker,
	    request->server->state->k.seq);
}

void
request_refuse(struct request *request, int code, const char *format, ...)
{
	char text[512];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	answer_plain(request->server, &request->asker, code, text);
}

/* Nothing for most errors. */
static void
pack_details(msgpack_sbuffer *buffer, const struct reply *reply)
{
	if (reply->error == ERROR_STATE_CONFLICT && reply->status >= 0 &&
	    reply->execution != 0)
		pack_conflict(buffer, reply);
	else if (reply->error == ERROR_ENGINE_PAUSED)
		pack_held(buffer, reply);
}

/* What is held, by what, and what lifts that. */
static void
pack_held(msgpack_sbuffer *buffer, const struct reply *reply)
{
	const struct workflow *workflow = reply->workflow;
	int cap = workflow != NULL ? workflow_capped(workflow) : -1;
	bool disabled =
	    workflow != NULL && workflow->status == WORKFLOW_DISABLED;
	bool cost = !disabled && cap == CAP_COST;
	msgpack_packer packer;

	msgpack_packer_init(&packer, buffer, buffer_write);
	msgpack_pack_map(&packer, 5);
	pack_key_str(&packer, "held_by",
	    workflow == NULL ? "engine"
		: disabled   ? "disabled"
			     : "safety");
	pack_key_str(
	    &packer, "workflow", workflow != NULL ? workflow->name : NULL);
	pack_key_str(&packer, "cap",
	    disabled || cap < 0 ? NULL : cap_name((enum cap)cap));
	pack_key_str(&packer, "lifted_by",
	    workflow == NULL ? "engine.resume"
		: cost	     ? "definition.set_safety"
			     : "definition.enable");
	pack_key_time(&packer, "lifts_at",
	    cost ? cap_ends(workflow, workflow_caps(workflow), CAP_COST) : 0);
}

static void
pack_conflict(msgpack_sbuffer *buffer, const struct reply *reply)
{
	const struct run *run = reply->run;
	msgpack_packer packer;

	msgpack_packer_init(&packer, buffer, buffer_write);
	msgpack_pack_map(&packer, run != NULL ? 4 : 3);
	pack_key_str(&packer, "status",
	    execution_status_name((enum execution_status)reply->status));
	pack_key_uint(&packer, "revision", reply->revision);
	if (run != NULL)
		pack_key_str(
		    &packer, "task_status", task_status_name(run->k.status));
	pack_allowed(&packer,
	    &lifecycles[run != NULL ? LIFECYCLE_TASK : LIFECYCLE_EXECUTION],
	    reply->allowed);
}

static void
pack_allowed(
    msgpack_packer *packer, const struct lifecycle *table, uint32_t moves)
{
	uint32_t count = 0;

	for (size_t i = 0; i < table->nmoves; i++)
		count += moves >> i & 1;
	pack_str(packer, "allowed");
	msgpack_pack_array(packer, count);
	for (size_t i = 0; i < table->nmoves; i++)
		if ((moves >> i & 1) != 0)
			pack_str(packer, table->moves[i]);
}

/* The moves that may be asked for and change something. */
static uint32_t
engine_moves(enum engine_status status)
{
	const struct lifecycle *table = &lifecycles[LIFECYCLE_ENGINE];
	uint32_t moves = 0;

	for (int i = 0; i < ENGINE_MOVES; i++)
		if (table->requested[i] &&
		    engine_moved(status, (enum engine_move)i) >= 0)
			moves |= UINT32_C(1) << i;
	return moves;
}

void
request_refuse_reply(struct request *request, const struct reply *reply)
{
	msgpack_sbuffer details;

	msgpack_sbuffer_init(&details);
	pack_details(&details, reply);
	answer_error_details(request->server->answers, &request->asker,
	    request->server->state->k.seq, (int)reply->error, reply->message,
	    details.data, details.size);
	msgpack_sbuffer_destroy(&details);
}

void
request_refuse_engine(struct request *request, const struct reply *reply)
{
	const struct state *state = request->server->state;
	msgpack_sbuffer details;
	msgpack_packer packer;

	msgpack_sbuffer_init(&details);
	msgpack_packer_init(&packer, &details, buffer_write);
	msgpack_pack_map(&packer, 3);
	pack_key_str(&packer, "status", engine_status_name(state->k.engine));
	pack_key_nil(&packer, "revision");
	pack_allowed(&packer, &lifecycles[LIFECYCLE_ENGINE],
	    engine_moves(state->k.engine));
	answer_error_details(request->server->answers, &request->asker,
	    state->k.seq, (int)reply->error, reply->message, details.data,
	    details.size);
	msgpack_sbuffer_destroy(&details);
}

void
pack_reply_error(msgpack_packer *packer, const struct reply *reply)
{
	msgpack_sbuffer details;

	msgpack_sbuffer_init(&details);
	pack_details(&details, reply);
	pack_error(packer, (int)reply->error, reply->message, details.data,
	    details.size);
	msgpack_sbuffer_destroy(&details);
}

const char *
request_text(struct request *request, const char *name)
{
	size_t length;
	const char *text = catalogue_str(request->params, name, &length);
	char *copy;

	if (text == NULL)
		return NULL;
	copy = zone_malloc(request->zone, length + 1);
	memcpy(copy, text, length);
	copy[length] = '\0';
	return copy;
}

bool
request_value(struct request *request, const char *name, struct value **value)
{
	const msgpack_object *object = catalogue_param(request->params, name);
	char why[512];

	*value = NULL;
	if (object == NULL)
		return true;
	if (!value_is_plain(object, name, why, sizeof(why))) {
		request_refuse(request, ERROR_BAD_REQUEST, "%s", why);
		return false;
	}
	*value = value_of_object(object);
	return true;
}

struct execution *
request_execution(struct request *request, const char *name)
{
	uint64_t id = catalogue_uint(request->params, name, 0);
	struct execution *execution =
	    state_execution(request->server->state, id);

	if (execution == NULL)
		request_refuse(request, ERROR_NOT_FOUND,
		    "there is no execution %ju; `weirctl ls` lists them",
		    (uintmax_t)id);
	return execution;
}

bool
request_may_see(
    const struct request *request, const struct execution *execution)
{
	return view_shows(request->server->config, request->actor, execution);
}

void
request_conditions(struct request *request, struct command *command)
{
	const char *status = request_text(request, "if_status");

	command->if_revision =
	    catalogue_uint(request->params, "if_revision", 0);
	command->if_status =
	    status != NULL ? execution_status_find(status, strlen(status)) : -1;
}

void
request_command(
    struct request *request, struct command *command, struct reply *reply)
{
	struct server *server = request->server;

	if (request->rehearsal == NULL) {
		server_command(server, command, request->actor, reply);
		return;
	}
	command->by = *request->actor;
	command->now = clock_now(&server->clock);
	command->wall = clock_wall();
	rehearsal_do(request->rehearsal, command, reply);
}

uint32_t
request_plans(const struct request *request)
{
	return request->rehearsal != NULL;
}

void
request_pack_plan(struct request *request, msgpack_packer *packer)
{
	if (request->rehearsal == NULL)
		return;
	pack_str(packer, "plan");
	view_plan(packer, request->server->state, request->rehearsal);
}

void
request_act(struct request *request, struct command *command)
{
	struct reply reply;
	msgpack_packer *packer;

	request_command(request, command, &reply);
	if (reply.error != ERROR_NONE) {
		request_refuse_reply(request, &reply);
		return;
	}
	packer = request_answer(request);
	msgpack_pack_map(packer, 3 + request_plans(request));
	view_acted_fields(packer, request->server->state, reply.execution);
	request_pack_plan(request, packer);
	request_done(request);
}
