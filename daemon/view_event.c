/* view_event: events on the wire; never with inputs or outputs in them */

#include <stddef.h>

#include "daemon/core/alloc.h"
#include "daemon/core/event_text.h"
#include "daemon/core/safety.h"
#include "daemon/core/zone.h"
#include "daemon/view.h"
#include "libproto/pack.h"

/* What is told of an event besides, under data, where it is not empty. */
enum fact_kind {
	FACT_STR,
	FACT_U64,
	FACT_U32,
	FACT_I64,
	FACT_I32,
	FACT_TRUE, /* a uint32_t that is not 0 */
	FACT_CAP,  /* enum cap as an int32_t */
	FACT_COST, /* millionths */
	FACT_HOLD  /* enum hold_by as a uint32_t */
};

static const struct fact {
	const char *key;
	enum fact_kind kind;
	size_t offset; /* in struct event */
	int64_t empty;
} facts[] = {
    {"name", FACT_STR, offsetof(struct event, name), 0},
    {"version", FACT_U32, offsetof(struct event, version), 0},
    {"parent", FACT_U64, offsetof(struct event, parent), 0},
    {"failure_of", FACT_U64, offsetof(struct event, failure_of), 0},
    {"replay_of", FACT_U64, offsetof(struct event, replay_of), 0},
    {"depth", FACT_U32, offsetof(struct event, depth), 0},
    {"correlation_id", FACT_STR, offsetof(struct event, correlation), 0},
    {"priority", FACT_I32, offsetof(struct event, priority), 0},
    {"items", FACT_U32, offsetof(struct event, count), 0},
    {"exit", FACT_I32, offsetof(struct event, exit), -1},
    {"signal", FACT_I32, offsetof(struct event, signal), 0},
    {"due", FACT_I64, offsetof(struct event, due), 0},
    {"started_at", FACT_I64, offsetof(struct event, started_at), 0},
    {"ended_at", FACT_I64, offsetof(struct event, ended_at), 0},
    {"cpu", FACT_I64, offsetof(struct event, cpu), 0},
    {"max_rss", FACT_I64, offsetof(struct event, max_rss), 0},
    {"held_by", FACT_HOLD, offsetof(struct event, hold), HOLD_NONE},
    {"cap", FACT_CAP, offsetof(struct event, cap), -1},
    {"cost", FACT_COST, offsetof(struct event, cost), 0},
    {"frozen", FACT_TRUE, offsetof(struct event, frozen), 0},
};
#define FACTS (sizeof(facts) / sizeof(facts[0]))

static void
pack_task(msgpack_packer *, const struct event *, const struct run *);
static void
pack_data(msgpack_packer *, const struct execution *, const struct event *);
static void
pack_next(msgpack_packer *, const struct execution *, const struct value *);
static void
pack_fact(msgpack_packer *, const struct event *, const struct fact *);
static bool is_empty(const struct event *, const struct fact *);
static int64_t number_of(const struct event *, const struct fact *);

static bool names_workflow(const struct event *);

void
view_event(msgpack_packer *packer, const struct state *state,
    const struct event *event, bool shows)
{
	const struct execution *execution =
	    state_execution(state, event->execution);
	const char *workflow = execution != NULL ? execution->workflow->name
	    : names_workflow(event)		 ? event->name
						 : NULL;

	msgpack_pack_map(packer, 13);
	pack_key_uint(packer, "seq", event->seq);
	pack_key_int(packer, "time", event->time);
	pack_key_str(packer, "type", event_name(event->type));
	pack_key_str(packer, "workflow", workflow);
	if (event->execution != 0)
		pack_key_uint(packer, "execution", event->execution);
	else
		pack_key_nil(packer, "execution");
	pack_task(packer, event,
	    execution != NULL && event->run < execution->nruns
		? execution->runs[event->run]
		: NULL);
	pack_key_str(packer, "status", event_status_name(event));
	pack_key_str(packer, "by", event->by);
	pack_key_str(packer, "reason", shows ? event->reason : NULL);
	pack_str(packer, "data");
	pack_data(packer, execution, event);
}

/* Of an execution that is deleted by now, not all events tell. */
static bool
names_workflow(const struct event *event)
{
	return event->execution == 0 ||
	    event->type == EVENT_EXECUTION_CREATED ||
	    event->type == EVENT_EXECUTION_DELETED;
}

/* Four pairs. */
static void
pack_task(
    msgpack_packer *packer, const struct event *event, const struct run *run)
{
	pack_key_str(packer, "task", run != NULL ? run->task->name : NULL);
	if (run != NULL)
		pack_key_uint(packer, "run", run->k.number);
	else
		pack_key_nil(packer, "run");
	if (event->item != EVENT_NONE)
		pack_key_uint(packer, "item", event->item);
	else
		pack_key_nil(packer, "item");
	if (event->attempt != EVENT_NONE)
		pack_key_uint(packer, "attempt", event->attempt);
	else
		pack_key_nil(packer, "attempt");
}

static void
pack_data(msgpack_packer *packer, const struct execution *execution,
    const struct event *event)
{
	bool next = event->to != NULL && execution != NULL;
	uint32_t count = next;

	for (size_t i = 0; i < FACTS; i++)
		count += !is_empty(event, &facts[i]);
	msgpack_pack_map(packer, count);
	for (size_t i = 0; i < FACTS; i++)
		if (!is_empty(event, &facts[i]))
			pack_fact(packer, event, &facts[i]);
	if (next)
		pack_next(packer, execution, event->to);
}

static void
pack_fact(
    msgpack_packer *packer, const struct event *event, const struct fact *fact)
{
	if (fact->kind == FACT_STR)
		pack_key_str(packer, fact->key,
		    *(const char *const *)((const char *)event + fact->offset));
	else if (fact->kind == FACT_TRUE)
		pack_key_bool(packer, fact->key, true);
	else if (fact->kind == FACT_CAP)
		pack_key_str(packer, fact->key,
		    cap_name((enum cap)number_of(event, fact)));
	else if (fact->kind == FACT_COST) {
		pack_str(packer, fact->key);
		msgpack_pack_double(
		    packer, (double)number_of(event, fact) / COST_UNIT);
	} else if (fact->kind == FACT_HOLD)
		pack_key_str(packer, fact->key,
		    hold_name((enum hold_by)number_of(event, fact)));
	else
		pack_key_int(packer, fact->key, number_of(event, fact));
}

static bool
is_empty(const struct event *event, const struct fact *fact)
{
	/* There the count says that items that were done stay so. */
	if (event->type == EVENT_TASK_AGAIN &&
	    fact->offset == offsetof(struct event, count))
		return true;
	if (fact->kind == FACT_STR)
		return *(const char *const *)((const char *)event +
			   fact->offset) == NULL;
	return number_of(event, fact) == fact->empty;
}

static int64_t
number_of(const struct event *event, const struct fact *fact)
{
	const void *at = (const char *)event + fact->offset;

	switch (fact->kind) {
	case FACT_U64:
		return (int64_t) * (const uint64_t *)at;
	case FACT_U32:
	case FACT_TRUE:
	case FACT_HOLD:
		return *(const uint32_t *)at;
	case FACT_I32:
	case FACT_CAP:
		return *(const int32_t *)at;
	case FACT_I64:
	case FACT_COST:
	case FACT_STR:
		break;
	}
	return *(const int64_t *)at;
}

/* The names of the tasks that start next. */
static void
pack_next(msgpack_packer *packer, const struct execution *execution,
    const struct value *to)
{
	const struct definition *definition = execution->definition;
	msgpack_object list;
	msgpack_zone zone;
	uint32_t count = 0;

	zone_init(&zone, 512);
	if (value_unpack(to, &zone, &list) && list.type == MSGPACK_OBJECT_ARRAY)
		count = list.via.array.size;
	pack_str(packer, "next");
	msgpack_pack_array(packer, count);
	for (uint32_t i = 0; i < count; i++) {
		uint64_t number = list.via.array.ptr[i].via.u64;

		pack_str(packer,
		    number < definition->ntasks ? definition->tasks[number].name
						: NULL);
	}
	msgpack_zone_destroy(&zone);
}
