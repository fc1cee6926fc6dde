/* method_engine: hello, and what concerns the engine as a whole */

#include <string.h>
#include <unistd.h>

#include "daemon/actor.h"
#include "daemon/log.h"
#include "daemon/methods.h"
#include "daemon/retention.h"
#include "daemon/settings.h"
#include "daemon/view.h"
#include "libproto/errors.h"
#include "libproto/pack.h"

#define PROTOCOL_VERSION 1

static void answer_plan(struct request *);
static void switch_engine(struct request *, struct command *);
static void kill_callouts(struct request *);

void
method_hello(struct request *request)
{
	const struct state *state = request->server->state;
	msgpack_packer *packer = request_answer(request);

	if (catalogue_param(request->params, "errors") != NULL)
		session_set_text_errors(request->asker.session,
		    catalogue_has_word(request->params, "errors", "text"));
	msgpack_pack_map(packer, 7);
	pack_key_uint(packer, "protocol", PROTOCOL_VERSION);
	pack_key_str(packer, "version", WEIR_VERSION);
	pack_key_str(packer, "status", engine_status_name(state->k.engine));
	pack_key_uint(packer, "uid", request->actor->uid);
	pack_key_uint(packer, "gid", request->actor->gid);
	pack_key_str(packer, "user", request->actor->name);
	pack_key_str(packer, "role", role_name(request->actor->role));
	request_done(request);
}

void
method_engine_status(struct request *request)
{
	const struct server *server = request->server;
	struct journal_figures figures;
	msgpack_packer *packer;

	journal_figures(server->journal, &figures);
	packer = request_answer(request);
	view_engine(packer, server->state, &figures, server->started_at);
	pack_key_time(packer, "now", clock_now(&request->server->clock));
	pack_key_bool(packer, "stopping", server->end != SERVER_GOES_ON);
	pack_str(packer, "retention");
	retention_view(server->retention, packer);
	request_done(request);
}

void
method_engine_pause(struct request *request)
{
	struct command command = {
	    .type = COMMAND_ENGINE_PAUSE,
	    .reason = request_text(request, "reason"),
	    .freeze = catalogue_bool(request->params, "freeze", false),
	};

	switch_engine(request, &command);
}

void
method_engine_resume(struct request *request)
{
	struct command command = {
	    .type = COMMAND_ENGINE_RESUME,
	    .early = catalogue_bool(request->params, "early", false),
	};

	switch_engine(request, &command);
}

static void
switch_engine(struct request *request, struct command *command)
{
	struct reply reply;

	request_command(request, command, &reply);
	if (reply.error == ERROR_STATE_CONFLICT)
		request_refuse_engine(request, &reply);
	else if (reply.error != ERROR_NONE)
		request_refuse_reply(request, &reply);
	else if (request->rehearsal != NULL)
		answer_plan(request);
	else
		method_engine_status(request);
}

static void
answer_plan(struct request *request)
{
	msgpack_packer *packer = request_answer(request);

	msgpack_pack_map(packer, 2 + request_plans(request));
	pack_key_str(packer, "status",
	    engine_status_name(request->server->state->k.engine));
	pack_key_str(packer, "becomes",
	    engine_status_name(rehearsal_state(request->rehearsal)->k.engine));
	request_pack_plan(request, packer);
	request_done(request);
}

void
method_engine_reload(struct request *request)
{
	struct reloaded reloaded;
	msgpack_packer *packer;

	log_info("%s has the configuration read again", request->actor->name);
	if (!server_reload(request->server, &reloaded)) {
		request_refuse(request, ERROR_BAD_REQUEST,
		    "the configuration stays as it is: %s", reloaded.error);
		return;
	}
	packer = request_answer(request);
	msgpack_pack_map(packer, 1);
	pack_str(packer, "restart");
	msgpack_pack_array(packer, reloaded.nrestart);
	for (unsigned i = 0; i < reloaded.nrestart; i++)
		pack_str(packer, reloaded.restart[i]);
	request_done(request);
}

/* The answer is the last thing that the daemon sends. */
void
method_engine_stop(struct request *request)
{
	bool drain = catalogue_has_word(request->params, "mode", "drain");
	bool kill = catalogue_has_word(request->params, "mode", "kill");
	msgpack_packer *packer;

	log_info("%s stops the daemon: %s", request->actor->name,
	    kill	? "kill"
		: drain ? "drain"
			: "leave the callouts running");
	if (kill)
		kill_callouts(request);
	server_stop(
	    request->server, drain || kill ? SERVER_DRAINS : SERVER_LEAVES);
	packer = request_answer(request);
	msgpack_pack_map(packer, 2);
	pack_key_str(packer, "status",
	    engine_status_name(request->server->state->k.engine));
	pack_key_uint(
	    packer, "callouts", request->server->state->open_callouts);
	request_done(request);
}

/* Cancels what has callouts, so that it is known why they were stopped. */
static void
kill_callouts(struct request *request)
{
	struct state *state = request->server->state;
	struct execution *execution, *next;
	struct reply reply;

	RB_FOREACH_SAFE (execution, executions, &state->executions, next) {
		struct command command = {
		    .type = COMMAND_CANCEL,
		    .execution = execution->k.id,
		    .if_status = -1,
		    .reason = "the engine was stopped with kill",
		    .kill = true,
		};

		if (execution->open_callouts == 0)
			continue;
		server_command(
		    request->server, &command, request->actor, &reply);
		if (reply.error != ERROR_NONE)
			log_warn("execution %ju can't be canceled: %s",
			    (uintmax_t)command.execution, reply.message);
	}
}
