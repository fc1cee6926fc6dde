/* snapshot: taken between the turns, as of the moment it began. */

#include "daemon/core/snapshot.h"

#include <stdlib.h>

#include "daemon/core/alloc.h"
#include "daemon/core/buffer.h"
#include "daemon/core/event.h"
#include "libproto/pack.h"

struct snapshot {
	snapshot_sink *sink;
	void *ctx;
	uint64_t next;	/* executions below have been given */
	uint64_t end;	/* this one and those after it came later */
	uint32_t count; /* executions given */
	size_t given;	/* bytes of this slice */
};

static void give_head(struct state *);
static void give_execution(struct state *, const struct execution *);
static void give_end(struct state *);
static void give(struct snapshot *, msgpack_sbuffer *);
static bool is_outstanding(const struct snapshot *, const struct execution *);
static void keep_all_open(struct state *);

static void
give(struct snapshot *snapshot, msgpack_sbuffer *chunk)
{
	snapshot->sink(snapshot->ctx, chunk->data, chunk->size);
	snapshot->given += chunk->size;
	msgpack_sbuffer_destroy(chunk);
}

static void
give_head(struct state *s)
{
	msgpack_sbuffer chunk;
	msgpack_packer pk;

	msgpack_sbuffer_init(&chunk);
	msgpack_packer_init(&pk, &chunk, buffer_write);
	msgpack_pack_array(&pk, 4);
	msgpack_pack_int(&pk, SNAPSHOT_HEAD);
	msgpack_pack_int(&pk, SNAPSHOT_VERSION);
	state_encode_head(s, &pk);
	give(s->snapshot, &chunk);
}

static void
give_execution(struct state *s, const struct execution *x)
{
	msgpack_sbuffer chunk;
	msgpack_packer pk;

	msgpack_sbuffer_init(&chunk);
	msgpack_packer_init(&pk, &chunk, buffer_write);
	msgpack_pack_array(&pk, 2);
	msgpack_pack_int(&pk, SNAPSHOT_EXECUTION);
	execution_encode(x, &pk);
	give(s->snapshot, &chunk);
	s->snapshot->count++;
}

static void
give_end(struct state *s)
{
	msgpack_sbuffer chunk;
	msgpack_packer pk;

	msgpack_sbuffer_init(&chunk);
	msgpack_packer_init(&pk, &chunk, buffer_write);
	msgpack_pack_array(&pk, 2);
	msgpack_pack_int(&pk, SNAPSHOT_END);
	msgpack_pack_uint32(&pk, s->snapshot->count);
	give(s->snapshot, &chunk);
}

void
snapshot_begin(struct state *s, snapshot_sink *sink, void *ctx)
{
	snapshot_abandon(s);
	s->snapshot = xcalloc(1, sizeof(*s->snapshot));
	s->snapshot->sink = sink;
	s->snapshot->ctx = ctx;
	s->snapshot->end = s->k.next_execution;
	give_head(s);
}

bool
snapshot_slice(struct state *s, size_t bytes)
{
	struct snapshot *snapshot = s->snapshot;
	struct execution from, *x;

	snapshot->given = 0;
	from.k.id = snapshot->next;
	x = RB_NFIND(executions, &s->executions, &from);
	while (
	    x != NULL && x->k.id < snapshot->end && snapshot->given < bytes) {
		if (!x->is_saved)
			give_execution(s, x);
		x->is_saved = false;
		snapshot->next = x->k.id + 1;
		x = RB_NEXT(executions, &s->executions, x);
	}
	if (x != NULL && x->k.id < snapshot->end)
		return true;
	give_end(s);
	free(snapshot);
	s->snapshot = NULL;
	return false;
}

void
snapshot_abandon(struct state *s)
{
	struct execution from, *x;

	if (s->snapshot == NULL)
		return;
	from.k.id = s->snapshot->next;
	for (x = RB_NFIND(executions, &s->executions, &from); x != NULL;
	     x = RB_NEXT(executions, &s->executions, x))
		x->is_saved = false;
	free(s->snapshot);
	s->snapshot = NULL;
}

static bool
is_outstanding(const struct snapshot *snapshot, const struct execution *x)
{
	return !x->is_saved && x->k.id >= snapshot->next &&
	    x->k.id < snapshot->end;
}

void
snapshot_keep(struct state *s, struct execution *x)
{
	if (s->snapshot == NULL || x == NULL || !is_outstanding(s->snapshot, x))
		return;
	give_execution(s, x);
	x->is_saved = true;
}

/* The engine's pauses stop the clocks of all that goes on. */
static void
keep_all_open(struct state *s)
{
	struct execution *x;

	RB_FOREACH (x, going, &s->going)
		snapshot_keep(s, x);
}

void
snapshot_before(struct state *s, const struct event *e)
{
	struct execution *x;

	if (s->snapshot == NULL)
		return;
	if (e->type == EVENT_ENGINE_STATUS)
		keep_all_open(s);
	x = state_execution(s, e->execution);
	snapshot_keep(s, x);
	/* Its parent's task follows it, as a created one's does. */
	snapshot_keep(
	    s, state_execution(s, x == NULL ? e->parent : x->k.parent));
	snapshot_keep(s, state_execution(s, e->failure_of));
}
