/* view: engine, workflows and outcomes on the wire */

#include "daemon/core/command.h"
#include <stdio.h>

#include "daemon/core/event_text.h"
#include "daemon/core/family.h"
#include "daemon/core/safety.h"
#include "daemon/view.h"
#include "libproto/pack.h"

static void
view_outcome(msgpack_packer *, const struct state *, const struct acted *);
static void view_reason(msgpack_packer *, const struct workflow *);
static void view_cap(msgpack_packer *, const struct workflow *, enum cap);
static void view_amount(msgpack_packer *, enum cap, int64_t);
static void view_deleted(msgpack_packer *, const struct acted *);
static void view_survivors(msgpack_packer *, const struct acted *);
static const char *unfollowed(const struct execution *);
static void view_counts(msgpack_packer *, const struct state *);
static void view_snapshot(msgpack_packer *, const struct journal_figures *);
static void view_journal(msgpack_packer *, const struct journal_figures *);

bool
view_shows(const struct config *config, const struct actor *actor,
    const struct execution *execution)
{
	return view_shows_of(config, actor, execution->k.uid);
}

bool
view_shows_of(
    const struct config *config, const struct actor *actor, uint32_t uid)
{
	return actor->operates_any || config->show_inputs || actor->uid == uid;
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
	msgpack_pack_map(packer, 14);
	pack_key_str(packer, "status", engine_status_name(state->k.engine));
	pack_key_str(packer, "reason", state->k.engine_reason);
	pack_key_str(packer, "by", state->k.engine_by);
	pack_key_time(packer, "since", state->k.engine_since);
	pack_key_bool(packer, "frozen", state->k.engine_frozen);
	pack_key_str(packer, "unavailable", state->host.unavailable);
	pack_key_uint(packer, "callouts", state->open_callouts);
	pack_key_uint(packer, "callouts_frozen", state_callouts_frozen(state));
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
view_snapshot(msgpack_packer *packer, const struct journal_figures *figures)
{
	if (!figures->has_snapshot && figures->snapshot_error == NULL) {
		msgpack_pack_nil(packer);
		return;
	}
	msgpack_pack_map(packer, 5);
	pack_key_uint(packer, "event", figures->snapshot);
	pack_key_int(packer, "at", figures->snapshot_time);
	pack_key_uint(packer, "bytes", figures->snapshot_bytes);
	pack_key_uint(packer, "behind", figures->bytes_behind);
	pack_key_str(packer, "error", figures->snapshot_error);
}

static void
view_journal(msgpack_packer *packer, const struct journal_figures *figures)
{
	msgpack_pack_map(packer, 7);
	pack_key_uint(packer, "first", figures->first);
	pack_key_uint(packer, "last", figures->last);
	pack_key_uint(packer, "bytes", figures->bytes);
	pack_key_uint(packer, "segments", figures->segments);
	pack_str(packer, "snapshot");
	view_snapshot(packer, figures);
	pack_key_uint(packer, "batches", figures->batches);
	pack_key_int(packer, "sync", figures->sync_ns_mean);
}

void
view_workflow(msgpack_packer *packer, const struct workflow *workflow)
{
	msgpack_pack_map(packer, VIEW_WORKFLOW_FIELDS);
	view_workflow_fields(packer, workflow);
}

void
view_workflow_fields(msgpack_packer *packer, const struct workflow *workflow)
{
	const struct definition *newest =
	    workflow->versions[workflow->nversions - 1].definition;

	pack_key_str(packer, "workflow", workflow->name);
	pack_key_uint(packer, "version", newest->version);
	pack_key_uint(packer, "versions", workflow->nversions);
	pack_key_str(packer, "description", newest->description);
	pack_key_str(
	    packer, "status", workflow_status_name(workflow_status(workflow)));
	pack_key_bool(
	    packer, "enabled", workflow_status(workflow) == WORKFLOW_ENABLED);
	view_reason(packer, workflow);
	pack_key_uint(packer, "active", workflow->active);
	pack_str(packer, "safety");
	msgpack_pack_map(packer, CAPS + 1);
	pack_key_bool(packer, "set", workflow->has_own_caps);
	for (int i = 0; i < CAPS; i++) {
		pack_str(packer, cap_name((enum cap)i));
		view_cap(packer, workflow, (enum cap)i);
	}
}

/* Why nothing of it starts, or why nothing did the last time. */
static void
view_reason(msgpack_packer *packer, const struct workflow *workflow)
{
	int cap = workflow_capped(workflow);
	char text[CAP_TEXT], reason[CAP_TEXT + 32];

	if (workflow->status != WORKFLOW_ENABLED || cap < 0) {
		pack_key_str(packer, "reason", workflow->reason);
		return;
	}
	cap_text(workflow, workflow_caps(workflow), (enum cap)cap, text);
	snprintf(
	    reason, sizeof(reason), "%s: %s", cap_name((enum cap)cap), text);
	pack_key_str(packer, "reason", reason);
}

/* Nil where there is no such cap. */
static void
view_cap(msgpack_packer *packer, const struct workflow *workflow, enum cap cap)
{
	const struct safety *caps = workflow_caps(workflow);
	const struct cap_use *use = &workflow->use[cap];
	bool lifts = cap == CAP_COST && use->reached_at != 0;

	if (cap_max(caps, cap) == 0) {
		msgpack_pack_nil(packer);
		return;
	}
	msgpack_pack_map(packer, 7);
	pack_str(packer, "max");
	view_amount(packer, cap, cap_max(caps, cap));
	pack_key_int(packer, "per", cap_per(caps, cap));
	pack_str(packer, "used");
	view_amount(packer, cap, use->used);
	pack_key_time(packer, "since", use->since);
	pack_key_time(packer, "ends_at", cap_ends(workflow, caps, cap));
	pack_key_time(packer, "reached_at", use->reached_at);
	pack_key_time(
	    packer, "lifts_at", lifts ? cap_ends(workflow, caps, cap) : 0);
}

static void
view_amount(msgpack_packer *packer, enum cap cap, int64_t amount)
{
	if (cap == CAP_STARTS)
		msgpack_pack_int64(packer, amount);
	else
		msgpack_pack_double(packer, (double)amount / COST_UNIT);
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

void
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
	pack_key_uint(packer, "revision", execution_revision(state, execution));
}

/* What each command has to say besides. */
static void
view_outcome(msgpack_packer *packer, const struct state *state,
    const struct acted *acted)
{
	bool resumed = acted->by == COMMAND_RESUME;
	bool replayed = acted->by == COMMAND_REPLAY;
	bool terminated = acted->by == COMMAND_TERMINATE;
	bool stopped = acted->by == COMMAND_CANCEL || terminated;

	if (acted->by == COMMAND_DELETE) {
		view_deleted(packer, acted);
		return;
	}
	msgpack_pack_map(packer,
	    resumed || terminated     ? 5
		: replayed || stopped ? 4
				      : 3);
	view_acted_fields(packer, state, acted->id);
	if (resumed) {
		pack_key_uint(packer, "left_paused", acted->left_paused);
		pack_key_id(packer, "first_left", acted->first_left);
	}
	if (replayed)
		pack_key_id(packer, "replay", acted->replay);
	if (stopped)
		view_survivors(packer, acted);
	if (terminated)
		pack_key_str(packer, "unfollowed",
		    unfollowed(state_execution(state, acted->id)));
}

/* Why no failure workflow follows, though one was asked for; or NULL. */
static const char *
unfollowed(const struct execution *execution)
{
	if (execution == NULL || execution->k.status != EXECUTION_TERMINATED ||
	    !execution->k.wants_failure_workflow)
		return NULL;
	if (execution->k.failure_of != 0)
		return "it is a failure workflow itself";
	if (execution->definition->on_failure == NULL)
		return "its workflow has no on_failure";
	return execution->k.unfollowed;
}

/* It is there no more, or, where it is only planned, still. */
static void
view_deleted(msgpack_packer *packer, const struct acted *acted)
{
	msgpack_pack_map(packer, 4);
	pack_key_uint(packer, "id", acted->id);
	pack_key_str(packer, "status",
	    execution_status_name((enum execution_status)acted->status));
	pack_key_uint(packer, "revision", acted->revision);
	pack_key_uint(packer, "deleted", acted->deleted);
}

/* One pair. */
static void
view_survivors(msgpack_packer *packer, const struct acted *acted)
{
	if (acted->survivors == NULL) {
		pack_key_nil(packer, "survivors");
		return;
	}
	pack_str(packer, "survivors");
	msgpack_pack_array(packer, acted->nsurvivors);
	if (acted->nsurvivors > 0)
		msgpack_pack_bin_body(
		    packer, acted->survivors->data, acted->survivors->size);
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
	view_outcomes_fields(packer, state, acted, count, failed);
}

void
view_outcomes_fields(msgpack_packer *packer, const struct state *state,
    const struct acted *acted, uint32_t count, const msgpack_sbuffer *failed)
{
	pack_str(packer, "succeeded");
	msgpack_pack_array(packer, count);
	for (uint32_t i = 0; i < count; i++)
		view_outcome(packer, state, &acted[i]);
	pack_str(packer, "failed");
	/* As it stands: it is packed already. */
	msgpack_pack_bin_body(packer, failed->data, failed->size);
}
