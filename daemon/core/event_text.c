/* event_text: events' fields by name, and words for what they count. */

#include "daemon/core/event_text.h"

#include <stddef.h>
#include <string.h>

#include "daemon/core/lifecycle.h"
#include "daemon/core/outcome.h"
#include "daemon/core/safety.h"
#include "libproto/pack.h"

enum kind { U64, U32, I64, I32, STR, VALUE };

static const struct field {
	const char *name;
	enum kind kind;
	size_t offset;
} fields[EVENT_FIELDS] = {
#define EVENT_FIELD(suffix, member, kind) \
	{#member, kind, offsetof(struct event, member)},
#include "daemon/core/event.def"
#undef EVENT_FIELD
};

#define WORD(list, n)                                                         \
	((n) >= 0 && (size_t)(n) < sizeof(list) / sizeof(*(list)) ? (list)[n] \
								  : NULL)

static bool
is_of(const struct event *, enum event_type first, enum event_type last);
static bool is_empty(const struct event *, const struct event *, unsigned);
static int64_t number_of(const struct event *, const struct field *);
static const char *name_of(const struct event *, unsigned);
static const char *word_of(const struct event *, unsigned, int64_t);
static const char *end_word(const struct event *, int64_t);
static void pack_field(const struct event *, unsigned, msgpack_packer *);

const char *
workflow_status_name(enum workflow_status status)
{
	static const char *const names[] = {
	    [WORKFLOW_ENABLED] = "enabled",
	    [WORKFLOW_DISABLED] = "disabled",
	    [WORKFLOW_SAFETY_PAUSED] = "safety_paused",
	};

	return WORD(names, (int)status);
}

const char *
hold_name(enum hold_by by)
{
	static const char *const names[] = {
	    [HOLD_NONE] = NULL,
	    [HOLD_USER] = "user",
	    [HOLD_PARENT] = "parent",
	};

	return WORD(names, (int)by);
}

static bool
is_of(const struct event *event, enum event_type first, enum event_type last)
{
	return event->type >= first && event->type <= last;
}

const char *
event_status_name(const struct event *event)
{
	int status = event->status;

	if (event->type == EVENT_EXECUTION_CREATED)
		return execution_status_name(EXECUTION_PENDING);
	if (event->type == EVENT_TASK_STARTED)
		return task_status_name(TASK_RUNNING);
	if (event->type == EVENT_TASK_WAITING)
		return task_status_name(TASK_WAITING);
	if (event->type == EVENT_DEFINITION_CAPPED)
		return workflow_status_name(WORKFLOW_SAFETY_PAUSED);
	if (status < 0)
		return NULL;
	if (event->type == EVENT_ENGINE_STATUS)
		return status < ENGINE_STATUSES
		    ? engine_status_name((enum engine_status)status)
		    : NULL;
	if (event->type == EVENT_DEFINITION_STATUS)
		return workflow_status_name((enum workflow_status)status);
	if (is_of(event, EVENT_EXECUTION_STATUS, EVENT_EXECUTION_ENDING) ||
	    is_of(event, EVENT_EXECUTION_HELD, EVENT_EXECUTION_REVIVED))
		return status < EXECUTION_STATUSES
		    ? execution_status_name((enum execution_status)status)
		    : NULL;
	return status < TASK_STATUSES
	    ? task_status_name((enum task_status)status)
	    : NULL;
}

void
event_pack_fields(const struct event *event, msgpack_packer *packer)
{
	struct event blank;
	uint32_t count = 0;

	event_init(&blank, event->type);
	for (unsigned i = 0; i < EVENT_FIELDS; i++)
		count += !is_empty(event, &blank, i);
	msgpack_pack_map(packer, count);
	for (unsigned i = 0; i < EVENT_FIELDS; i++) {
		if (is_empty(event, &blank, i))
			continue;
		pack_str(packer, name_of(event, i));
		pack_field(event, i, packer);
	}
}

static bool
is_empty(const struct event *event, const struct event *blank, unsigned number)
{
	const struct field *f = &fields[number];
	const void *at = (const char *)event + f->offset;

	if (f->kind == STR)
		return *(const char *const *)at == NULL;
	if (f->kind == VALUE)
		return *(struct value *const *)at == NULL;
	return number_of(event, f) == number_of(blank, f);
}

static int64_t
number_of(const struct event *event, const struct field *f)
{
	const void *at = (const char *)event + f->offset;

	if (f->kind == U32)
		return *(const uint32_t *)at;
	if (f->kind == I32)
		return *(const int32_t *)at;
	return *(const int64_t *)at;
}

static const char *
name_of(const struct event *event, unsigned number)
{
	switch (number) {
	case EVENT_FIELD_CORRELATION:
		return "correlation_id";
	case EVENT_FIELD_HOLD:
		return "held_by";
	case EVENT_FIELD_COUNT:
		return event->type == EVENT_TASK_WAITING ? "timer" : "items";
	default:
		return fields[number].name;
	}
}

static void
pack_field(const struct event *event, unsigned number, msgpack_packer *packer)
{
	const struct field *f = &fields[number];
	const void *at = (const char *)event + f->offset;
	const char *word;

	if (f->kind == STR) {
		pack_str(packer, *(const char *const *)at);
	} else if (f->kind == VALUE) {
		value_pack(*(struct value *const *)at, packer);
	} else if ((word = word_of(event, number, number_of(event, f))) !=
	    NULL) {
		pack_str(packer, word);
	} else if (number == EVENT_FIELD_COST) {
		msgpack_pack_double(packer, (double)event->cost / COST_UNIT);
	} else if (f->kind == U64) {
		msgpack_pack_uint64(packer, *(const uint64_t *)at);
	} else {
		msgpack_pack_int64(packer, number_of(event, f));
	}
}

/* NULL: the number says it. */
static const char *
word_of(const struct event *event, unsigned number, int64_t n)
{
	static const char *const timers[] = {
	    [TIMER_RETRY] = "retry",
	    [TIMER_WAIT] = "wait",
	    [TIMER_TIMEOUT] = "timeout",
	    [TIMER_KILL] = "kill",
	    [TIMER_PERIOD] = "period",
	};

	switch (number) {
	case EVENT_FIELD_STATUS:
		return event_status_name(event);
	case EVENT_FIELD_NEXT:
		return n < TASK_STATUSES ? task_status_name((enum task_status)n)
					 : NULL;
	case EVENT_FIELD_HOLD:
		return hold_name((enum hold_by)n);
	case EVENT_FIELD_CAP:
		return n < CAPS ? cap_name((enum cap)n) : NULL;
	case EVENT_FIELD_END:
		return end_word(event, n);
	case EVENT_FIELD_COUNT:
		return event->type == EVENT_TASK_WAITING ? WORD(timers, n)
							 : NULL;
	default:
		return NULL;
	}
}

static const char *
end_word(const struct event *event, int64_t n)
{
	static const char *const ends[] = {
	    [CALLOUT_EXITED] = "exited",
	    [CALLOUT_SIGNALED] = "signaled",
	    [CALLOUT_NOT_STARTED] = "not_started",
	    [CALLOUT_LOST] = "lost",
	};
	static const char *const stops[] = {
	    [STOP_NOT] = "not",
	    [STOP_TIMEOUT] = "timeout",
	    [STOP_CANCEL] = "cancel",
	    [STOP_UPDATE] = "update",
	};

	return event->type == EVENT_TASK_STOPPING ? WORD(stops, n)
						  : WORD(ends, n);
}
