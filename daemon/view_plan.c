/* view_plan: what would happen, on the wire */

#include "daemon/core/family.h"
#include "daemon/core/rehearsal.h"
#include "daemon/view.h"
#include "libproto/pack.h"

/* Entries of one list; more are counted. */
#define LIST_MAX 1000

static void
view_reached(msgpack_packer *, const struct state *, const struct reached *);
static uint32_t
view_changes(msgpack_packer *, const struct rehearsed *, enum change_kind);
static void view_change(msgpack_packer *, const struct change *);

void
view_plan(msgpack_packer *packer, const struct state *state,
    struct rehearsal *rehearsal)
{
	static const char *const names[] = {
	    [CHANGE_STARTED] = "started",
	    [CHANGE_STAGED] = "staged",
	    [CHANGE_STOPPED] = "stopped",
	    [CHANGE_ENDED] = "ended",
	    [CHANGE_SUPERSEDED] = "superseded",
	    [CHANGE_KEPT] = "kept",
	};
	struct rehearsed result;
	uint32_t shown, left_out = 0;

	rehearsal_result(rehearsal, &result);
	shown = result.nexecutions < LIST_MAX ? (uint32_t)result.nexecutions
					      : LIST_MAX;
	left_out += (uint32_t)(result.nexecutions - shown);
	msgpack_pack_map(packer, CHANGE_KINDS + 2);
	pack_str(packer, "executions");
	msgpack_pack_array(packer, shown);
	for (uint32_t i = 0; i < shown; i++)
		view_reached(packer, state, &result.executions[i]);
	for (int kind = 0; kind < CHANGE_KINDS; kind++) {
		pack_str(packer, names[kind]);
		left_out +=
		    view_changes(packer, &result, (enum change_kind)kind);
	}
	pack_key_uint(packer, "left_out", left_out);
}

static void
view_reached(msgpack_packer *packer, const struct state *state,
    const struct reached *reached)
{
	static const char *const relations[] = {
	    [RELATION_SELF] = "self",
	    [RELATION_PARENT] = "parent",
	    [RELATION_SUBWORKFLOW] = "subworkflow",
	    [RELATION_NEW] = "new",
	    [RELATION_OTHER] = "other",
	};
	const struct execution *before = reached->before;
	const struct execution *any =
	    reached->after != NULL ? reached->after : before;

	msgpack_pack_map(packer, 6);
	pack_key_uint(packer, "id", any->k.id);
	pack_key_str(packer, "workflow", any->workflow->name);
	pack_key_str(packer, "relation", relations[reached->relation]);
	pack_key_str(packer, "status",
	    before == NULL ? NULL : execution_status_name(before->k.status));
	pack_key_str(packer, "becomes",
	    reached->after == NULL
		? "deleted"
		: execution_status_name(reached->after->k.status));
	if (before != NULL)
		pack_key_uint(
		    packer, "revision", execution_revision(state, before));
	else
		pack_key_nil(packer, "revision");
}

/* How many of the kind were left out. */
static uint32_t
view_changes(msgpack_packer *packer, const struct rehearsed *result,
    enum change_kind kind)
{
	uint32_t count = 0, shown = 0;

	for (size_t i = 0; i < result->nchanges; i++)
		count += result->changes[i].kind == kind;
	msgpack_pack_array(packer, count < LIST_MAX ? count : LIST_MAX);
	for (size_t i = 0; i < result->nchanges && shown < LIST_MAX; i++) {
		if (result->changes[i].kind != kind)
			continue;
		view_change(packer, &result->changes[i]);
		shown++;
	}
	return count - shown;
}

static void
view_change(msgpack_packer *packer, const struct change *change)
{
	msgpack_pack_map(packer, 6);
	pack_key_uint(packer, "execution", change->run->execution->k.id);
	pack_key_str(packer, "task", change->run->task->name);
	pack_key_uint(packer, "run", change->run->k.number);
	if (change->item != EVENT_NONE)
		pack_key_uint(packer, "item", change->item);
	else
		pack_key_nil(packer, "item");
	if (change->attempt != EVENT_NONE)
		pack_key_uint(packer, "attempt", change->attempt);
	else
		pack_key_nil(packer, "attempt");
	pack_key_str(packer, "how", change->how);
}
