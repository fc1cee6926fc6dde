/* view: engine, workflows and outcomes on the wire */

#include "daemon/core/command.h"
#include "daemon/view.h"
#include "libproto/pack.h"

static void
view_outcome(msgpack_packer *, const struct state *, const struct acted *);
static void
view_acted_fields(msgpack_packer *, const struct state *, uint64_t id);
static void view_counts(msgpack_packer *, const struct state *);
static void view_journal(msgpack_packer *, const struct journal_figures *);

bool
view_shows(const struct config *config, const struct actor *actor,
    const struct execution *execution)
{
	return actor->operates_any || config->show_inputs ||
	    actor->uid == execution->k.uid;
}

void
pack_key_time(msgpack_packer *packer, const char *key, int64_t time)
{
	if (time != 0)
		pack_key_int(packer, key, time);
	else
		pack_key_nil(packer, key);
}

void
view_engine(msgpack_packer *packer, const struct state *state,
    const struct journal_figures *figures, int64_t started_at)
{
	msgpack_pack_map(packer, 9);
	pack_key_str(packer, "status", engine_status_name(state->k.engine));
	pack_key_str(packer, "reason", state->k.engine_reason);
	pack_key_str(packer, "by", state->k.engine_by);
	pack_key_time(packer, "since", state->k.engine_since);
	pack_key_bool(packer, "frozen", state->k.engine_frozen);
	pack_key_uint(packer, "callouts", state->open_callouts);
	pack_str(packer, "executions");
	view_counts(packer, state);
	pack_str(packer, "journal");
	view_journal(packer, figures);
	pack_key_int(packer, "started_at", started_at);
}

static void
view_counts(msgpack_packer *packer, const struct state *state)
{
	msgpack_pack_map(packer, EXECUTION_STATUSES);
	for (int i = 0; i < EXECUTION_STATUSES; i++)
		pack_key_uint(packer,
		    execution_status_name((enum execution_status)i),
		    state->by_status[i]);
}

static void
view_journal(msgpack_packer *packer, const struct journal_figures *figures)
{
	msgpack_pack_map(packer, 7);
	pack_key_uint(packer, "first", figures->first);
	pack_key_uint(packer, "last", figures->last);
	pack_key_uint(packer, "bytes", figures->bytes);
	pack_key_uint(packer, "segments", figures->segments);
	pack_key_nil(packer, "snapshot");
	pack_key_uint(packer, "batches", figures->batches);
	pack_key_int(packer, "sync", figures->sync_ns_mean);
}

void
view_workflow(msgpack_packer *packer, const struct workflow *workflow)
{
	const struct definition *newest =
	    workflow->versions[workflow->nversions - 1].definition;

	msgpack_pack_map(packer, 7);
	pack_key_str(packer, "workflow", workflow->name);
	pack_key_uint(packer, "version", newest->version);
	pack_key_uint(packer, "versions", workflow->nversions);
	pack_key_str(packer, "description", newest->description);
	pack_key_bool(packer, "enabled", workflow->status == WORKFLOW_ENABLED);
	pack_key_str(packer, "reason", workflow->reason);
	pack_key_uint(packer, "active", workflow->active);
}

void
view_definition_errors(
    msgpack_packer *packer, const struct definition_errors *errors)
{
	msgpack_pack_map(packer, 2);
	pack_str(packer, "errors");
	msgpack_pack_array(packer, errors->count);
	for (size_t i = 0; i < errors->count; i++) {
		const struct definition_error *error = &errors->list[i];

		msgpack_pack_map(packer, 6);
		pack_key_str(packer, "path", error->path);
		pack_key_bool(packer, "at_key", error->at_key);
		pack_key_uint(packer, "offset", error->offset);
		pack_key_str(packer, "found", error->found);
		pack_key_str(packer, "expected", error->expected);
		pack_key_str(packer, "message", error->message);
	}
	pack_key_uint(packer, "left_out", errors->left_out);
}

void
view_acted(msgpack_packer *packer, const struct state *state, uint64_t id)
{
	msgpack_pack_map(packer, 3);
	view_acted_fields(packer, state, id);
}

/* Three pairs. */
static void
view_acted_fields(
    msgpack_packer *packer, const struct state *state, uint64_t id)
{
	const struct execution *execution = state_execution(state, id);

	pack_key_uint(packer, "id", id);
	if (execution == NULL) {
		pack_key_nil(packer, "status");
		pack_key_nil(packer, "revision");
		return;
	}
	pack_key_str(
	    packer, "status", execution_status_name(execution->k.status));
	pack_key_uint(packer, "revision", execution->k.revision);
}

/* What each command has to say besides. */
static void
view_outcome(msgpack_packer *packer, const struct state *state,
    const struct acted *acted)
{
	bool resumed = acted->by == COMMAND_RESUME;
	bool replayed = acted->by == COMMAND_REPLAY;

	msgpack_pack_map(packer, resumed ? 5 : replayed ? 4 : 3);
	view_acted_fields(packer, state, acted->id);
	if (resumed) {
		pack_key_uint(packer, "left_paused", acted->left_paused);
		pack_key_id(packer, "first_left", acted->first_left);
	}
	if (replayed)
		pack_key_id(packer, "replay", acted->replay);
}

void
pack_key_id(msgpack_packer *packer, const char *key, uint64_t id)
{
	if (id != 0)
		pack_key_uint(packer, key, id);
	else
		pack_key_nil(packer, key);
}

void
view_outcomes(msgpack_packer *packer, const struct state *state,
    const struct acted *acted, uint32_t count, const msgpack_sbuffer *failed)
{
	msgpack_pack_map(packer, 2);
	pack_str(packer, "succeeded");
	msgpack_pack_array(packer, count);
	for (uint32_t i = 0; i < count; i++)
		view_outcome(packer, state, &acted[i]);
	pack_str(packer, "failed");
	/* As it stands: it is packed already. */
	msgpack_pack_bin_body(packer, failed->data, failed->size);
}
