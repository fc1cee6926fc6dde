/*
 * snapshot: the state as it was at one event, given in chunks, a few at a time
 * while the state goes on changing.
 *
 * The first chunk, the head, is made at once: engine, workflows.  Executions
 * follow one by one; what an event is about to change is given first.  So what
 * is given is what was there when the snapshot began, and nothing is copied.
 * state_decode makes a state of it.
 *
 * A chunk is a MessagePack list, a kind first.  To change what stands in one,
 * raise SNAPSHOT_VERSION and go on reading the old ones.
 */
#ifndef WEIR_CORE_SNAPSHOT_H
#define WEIR_CORE_SNAPSHOT_H

#include <stdbool.h>
#include <stddef.h>

#include "daemon/core/state.h"

/* 1 did not say whose a workflow's versions are. */
#define SNAPSHOT_VERSION 2

enum snapshot_chunk {
	SNAPSHOT_HEAD,	    /* version, engine, workflows */
	SNAPSHOT_EXECUTION, /* one execution */
	SNAPSHOT_END,	    /* how many executions there were */
};

typedef void snapshot_sink(void *, const void *, size_t);

/* Of all up to the newest event.  One at a time. */
void snapshot_begin(struct state *, snapshot_sink *, void *);
/* Gives chunks of about so many bytes.  False: that was all. */
bool snapshot_slice(struct state *, size_t bytes);
/* Stops taking it, if one is being taken. */
void snapshot_abandon(struct state *);

/* For apply: the event, or what is about to change for it, comes next. */
void snapshot_before(struct state *, const struct event *);
void snapshot_keep(struct state *, struct execution *);

#endif
