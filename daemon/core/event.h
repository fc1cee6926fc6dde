/*
 * event: what happened, as it is journaled and applied; made from event.def.
 * One struct serves all types; each type has the fields that the table gives
 * it, the others are empty (0, NULL, or NONE for numbers where 0 means
 * something).
 */
#ifndef WEIR_CORE_EVENT_H
#define WEIR_CORE_EVENT_H

#include <msgpack.h>
#include <stdbool.h>
#include <stdint.h>

#include "daemon/core/value.h"

struct definition;

#define EVENT_VERSION 1
#define EVENT_NONE UINT32_MAX /* no run, item, attempt */

enum event_type {
#define EVENT(type, ...) EVENT_##type,
#include "daemon/core/event.def"
#undef EVENT
	EVENT_TYPES
};

/*
 * Strings and values are borrowed: they live as long as whoever made the event
 * says (event_decode: the zone; decide: until the event was applied).
 */
struct event {
	enum event_type type;
	uint64_t seq;
	int64_t time; /* ns since the epoch */
	/* Of a definition put just now: parsed already.  Not journaled. */
	struct definition *definition;
	uint64_t execution;
	uint32_t run; /* place in the execution's runs; EVENT_NONE */
	uint32_t item;
	uint32_t attempt;
	int32_t status; /* of engine, definition, execution or task; -1 */
	const char *by; /* a user's name */
	uint32_t uid;
	uint32_t gid;
	const char *reason;
	const char *name; /* workflow, signal */
	uint32_t version;
	struct value *value; /* definition, input, vars, output, spec, items */
	struct value *set;   /* variables to publish */
	struct value *to;    /* task numbers that are started next */
	struct value *cut;   /* those that would have been */
	uint32_t led;	     /* 1: some entry of next has fired */
	struct value *labels;
	struct value *domains;
	int32_t cap;	 /* enum cap; -1 */
	int64_t cost;	 /* millionths */
	const char *key; /* idempotency key */
	const char *correlation;
	int32_t priority;
	uint64_t parent;
	uint32_t parent_run;
	uint32_t parent_item;
	uint64_t failure_of;
	uint32_t depth;
	uint64_t runner;
	int64_t due;	/* ns since the epoch; 0: none */
	int32_t end;	/* enum callout_end, enum stop_why; -1 */
	int32_t exit;	/* -1: none */
	int32_t signal; /* 0: none */
	int64_t started_at;
	int64_t ended_at;
	int64_t cpu;
	int64_t max_rss;
	uint32_t count; /* of items; enum timer_kind of a wait */
	uint32_t kill;	/* 1: stop what runs */
	uint64_t replay_of;
	uint32_t hold;	 /* enum hold_by */
	uint32_t frozen; /* 1: what runs is stopped where it is */
	uint32_t follow; /* 1: start the failure workflow */
	int32_t next;	 /* of an action after its attempt; -1: none */
};

/* All fields empty. */
void event_init(struct event *, enum event_type);
const char *event_name(enum event_type);

/* Writes the journal's record: [version, type, time, {field: value}]. */
void event_encode(const struct event *, msgpack_sbuffer *);
/*
 * Reads one; values are new and owned by the event (event_release), strings
 * live in the zone.  False when it is not an event this version knows.
 */
bool event_decode(struct event *, const char *, size_t, msgpack_zone *);
/* Replaces each string by what the function gives for it. */
void event_map_strings(
    struct event *, const char *(*)(void *, const char *), void *);
void event_release(struct event *); /* drops the values */

/* Whether the type has the field: EVENT_HAS(type, BY). */
bool event_has(enum event_type, unsigned field);
enum event_field {
#define EVENT_FIELD(field, ...) EVENT_FIELD_##field,
#include "daemon/core/event.def"
#undef EVENT_FIELD
	EVENT_FIELDS
};

#endif
