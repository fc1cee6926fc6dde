/* method_definition: workflows and their versions */

#include "daemon/core/buffer.h"
#include "daemon/core/safety.h"
#include "daemon/methods.h"
#include "daemon/parse.h"
#include "daemon/view.h"
#include "libproto/errors.h"
#include "libproto/pack.h"

static const struct definition *
find_definition(const void *, const char *, uint32_t);
static struct definition *take_definition(struct request *);
static struct definition *parse(struct request *);
static void refuse_errors(struct request *, const struct definition_errors *);
static bool take_cap(struct request *, const char *, enum cap, struct safety *);
/* As it is then, also where it is only planned. */
static void answer_workflow(struct request *, struct command *);
static void set_enabled(struct request *, enum command_type);

/* For the checks that look into subworkflows. */
static const struct definition *
find_definition(const void *state, const char *name, uint32_t version)
{
	return state_definition(state, name, version);
}

/* NULL when there are errors, and they were answered. */
static struct definition *
take_definition(struct request *request)
{
	const struct parsed *parsed = request->parsed;

	if (parsed == NULL)
		return parse(request);
	if (parsed->definition != NULL)
		return definition_ref(parsed->definition);
	refuse_errors(request, &parsed->errors);
	return NULL;
}

/* What is small. */
static struct definition *
parse(struct request *request)
{
	static const msgpack_object nil = {.type = MSGPACK_OBJECT_NIL};
	struct state *state = request->server->state;
	struct definition_errors errors = {0};
	struct definition *definition;
	const msgpack_object *given;

	given = catalogue_param(request->params, "definition");
	definition = definition_parse(state->expressions,
	    given != NULL ? given : &nil, find_definition, state, &errors);
	if (definition == NULL)
		refuse_errors(request, &errors);
	definition_errors_free(&errors);
	return definition;
}

static void
refuse_errors(struct request *request, const struct definition_errors *errors)
{
	msgpack_sbuffer details;
	const struct definition_error *first = &errors->list[0];
	size_t all = errors->count + errors->left_out;
	msgpack_packer packer;
	char text[512], count[64];

	msgpack_sbuffer_init(&details);
	msgpack_packer_init(&packer, &details, buffer_write);
	view_definition_errors(&packer, errors);
	if (all > 1)
		snprintf(
		    count, sizeof(count), "has %zu errors; the first", all);
	snprintf(text, sizeof(text), "the definition %s: %s%s%s",
	    all > 1 ? count : "is wrong", first->path,
	    *first->path != '\0' ? ": " : "", first->message);
	answer_error_details(request->server->answers, &request->asker,
	    request->server->state->k.seq, ERROR_INVALID_DEFINITION, text,
	    details.data, details.size);
	msgpack_sbuffer_destroy(&details);
}

void
method_definition_check(struct request *request)
{
	struct definition *definition = take_definition(request);
	msgpack_packer *packer;

	if (definition == NULL)
		return;
	packer = request_answer(request);
	msgpack_pack_map(packer, 1);
	pack_key_str(packer, "workflow", definition->name);
	request_done(request);
	definition_unref(definition);
}

void
method_definition_put(struct request *request)
{
	struct command command = {.type = COMMAND_DEFINITION_PUT};
	struct definition *definition = take_definition(request);
	struct reply reply;
	msgpack_packer *packer;

	if (definition == NULL)
		return;
	command.definition = definition;
	command.name = definition->name;
	request_command(request, &command, &reply);
	if (reply.error != ERROR_NONE) {
		request_refuse_reply(request, &reply);
	} else {
		packer = request_answer(request);
		msgpack_pack_map(packer, 3 + request_plans(request));
		pack_key_str(packer, "workflow", definition->name);
		pack_key_uint(packer, "version", reply.version);
		pack_key_bool(packer, "created", reply.created);
		request_pack_plan(request, packer);
		request_done(request);
	}
	definition_unref(definition);
}

void
method_definition_get(struct request *request)
{
	const char *name = request_text(request, "workflow");
	uint32_t version =
	    (uint32_t)catalogue_uint(request->params, "version", 0);
	const struct definition *definition =
	    state_definition(request->server->state, name, version);
	msgpack_packer *packer;

	if (definition == NULL && version > 0)
		request_refuse(request, ERROR_NOT_FOUND,
		    "there is no version %u of the workflow %s", version, name);
	else if (definition == NULL)
		request_refuse(
		    request, ERROR_NOT_FOUND, "there is no workflow %s", name);
	if (definition == NULL)
		return;
	packer = request_answer(request);
	msgpack_pack_map(packer, 3);
	pack_key_str(packer, "workflow", definition->name);
	pack_key_uint(packer, "version", definition->version);
	pack_str(packer, "definition");
	value_pack(definition->source, packer);
	request_done(request);
}

void
method_definition_enable(struct request *request)
{
	set_enabled(request, COMMAND_DEFINITION_ENABLE);
}

void
method_definition_disable(struct request *request)
{
	set_enabled(request, COMMAND_DEFINITION_DISABLE);
}

static void
set_enabled(struct request *request, enum command_type type)
{
	struct command command = {
	    .type = type,
	    .name = request_text(request, "workflow"),
	    .reason = request_text(request, "reason"),
	};

	answer_workflow(request, &command);
}

void
method_definition_set_safety(struct request *request)
{
	static const char *const names[] = {"starts", "cost"};
	const struct workflow *workflow;
	struct command command = {
	    .type = COMMAND_DEFINITION_SAFETY,
	    .name = request_text(request, "workflow"),
	};
	bool clear = catalogue_bool(request->params, "clear", false);
	struct safety caps = {0};
	bool any = clear;

	workflow = state_workflow(request->server->state, command.name);
	if (workflow != NULL && !clear)
		caps = *workflow_caps(workflow);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		any |= take_cap(request, names[i], (enum cap)i, &caps);
	if (workflow != NULL && !any) {
		view_workflow(request_answer(request), workflow);
		request_done(request);
		return;
	}
	command.value = clear ? NULL : safety_value(&caps);
	answer_workflow(request, &command);
	value_unref(command.value);
}

void
method_definition_delete(struct request *request)
{
	struct command command = {
	    .type = COMMAND_DEFINITION_DELETE,
	    .name = request_text(request, "workflow"),
	};
	msgpack_packer *packer;
	struct reply reply;

	request_command(request, &command, &reply);
	if (reply.error != ERROR_NONE) {
		request_refuse_reply(request, &reply);
		return;
	}
	packer = request_answer(request);
	msgpack_pack_map(packer, 3 + request_plans(request));
	pack_key_str(packer, "workflow", command.name);
	pack_key_uint(packer, "versions", reply.version);
	pack_key_str(packer, "status", "deleted");
	request_pack_plan(request, packer);
	request_done(request);
}

/* False: it is not given. */
static bool
take_cap(struct request *request, const char *name, enum cap cap,
    struct safety *caps)
{
	const msgpack_object *given = catalogue_param(request->params, name);
	const msgpack_object *max;
	int64_t per;

	if (given == NULL)
		return false;
	max = catalogue_param(given, "max");
	per = catalogue_int(given, "per", 0);
	if (cap == CAP_STARTS) {
		caps->starts_max = (uint32_t)max->via.u64;
		caps->starts_per = per;
		return true;
	}
	caps->cost_max = max->type == MSGPACK_OBJECT_POSITIVE_INTEGER
	    ? (double)max->via.u64
	    : max->via.f64;
	caps->cost_per = per;
	return true;
}

static void
answer_workflow(struct request *request, struct command *command)
{
	const struct state *state;
	msgpack_packer *packer;
	struct reply reply;

	request_command(request, command, &reply);
	if (reply.error != ERROR_NONE) {
		request_refuse_reply(request, &reply);
		return;
	}
	state = request->rehearsal != NULL ? rehearsal_state(request->rehearsal)
					   : request->server->state;
	packer = request_answer(request);
	msgpack_pack_map(packer, VIEW_WORKFLOW_FIELDS + request_plans(request));
	view_workflow_fields(packer, state_workflow(state, command->name));
	request_pack_plan(request, packer);
	request_done(request);
}
