/* definition_attempts: how often a task's action is done: items and retry. */

#include "daemon/core/definition_parts.h"

#include <stddef.h>

#define TASK(f) offsetof(struct task_definition, f)
#define RETRY(f) offsetof(struct retry, f)

#define RETRIES_MAX 1000000

static decode_field decode_item_list;
static decode_field decode_retry_count;
static decode_field decode_backoff;
static decode_field decode_jitter;
static decode_field decode_retry_when;

static const struct key item_keys[] = {
    {"in", decode_item_list, TASK(items), 0, true},
    {"parallel", decode_count, TASK(parallel), 0, false},
};
static const struct key_table item_table = KEY_TABLE("items", item_keys);

static const struct key retry_keys[] = {
    {"count", decode_retry_count, RETRY(count), 0, true},
    {"delay", decode_duration, RETRY(delay), 0, false},
    {"backoff", decode_backoff, RETRY(backoff), 0, false},
    {"max_delay", decode_timeout, RETRY(max_delay), 0, false},
    {"jitter", decode_jitter, RETRY(jitter_percent), 0, false},
    {"when", decode_retry_when, RETRY(when), 0, false},
};
static const struct key_table retry_table = KEY_TABLE("a retry", retry_keys);

/* The list of {in: list}; expressions in it can't see an item yet. */
static void
decode_item_list(struct decoder *d, const struct place *place,
    const msgpack_object *o, void *field)
{
	enum template_in in = d->in;
	size_t offset;

	if ((o->type != MSGPACK_OBJECT_ARRAY || o->via.array.size == 0) &&
	    !(holds_expression(o, &offset) && offset == 0)) {
		unexpected(d, place, o,
		    "a list that is not empty, or an expression that gives "
		    "a list");
		return;
	}
	d->in = IN_TASK;
	decode_template(d, place, o, field);
	d->in = in;
}

void
decode_items(struct decoder *d, const struct place *place,
    const msgpack_object *o, void *field)
{
	struct task_definition *t = field;

	if (o->type == MSGPACK_OBJECT_MAP)
		decode_keys(d, place, o, &item_table, t);
	else
		decode_item_list(d, place, o, &t->items);
}

void
decode_retry(struct decoder *d, const struct place *place,
    const msgpack_object *o, void *field)
{
	struct retry *retry = field;
	struct place max_delay = place_in(place, "max_delay");

	decode_keys(d, place, o, &retry_table, retry);
	if (retry->max_delay > 0 && retry->max_delay < retry->delay)
		complain(
		    d, &max_delay, "\"max_delay\" is shorter than \"delay\"");
}

static void
decode_retry_count(struct decoder *d, const struct place *place,
    const msgpack_object *o, void *field)
{
	uint32_t *count = field;
	int64_t n;

	if (decode_integer(d, place, o, 0, RETRIES_MAX, &n))
		*count = (uint32_t)n;
}

static void
decode_backoff(struct decoder *d, const struct place *place,
    const msgpack_object *o, void *field)
{
	static const char *const words[] = {
	    [BACKOFF_FIXED] = "fixed",
	    [BACKOFF_LINEAR] = "linear",
	    [BACKOFF_EXPONENTIAL] = "exponential",
	};
	enum backoff *backoff = field;
	int word =
	    decode_word(d, place, o, words, sizeof(words) / sizeof(words[0]));

	if (word >= 0)
		*backoff = (enum backoff)word;
}

static void
decode_jitter(struct decoder *d, const struct place *place,
    const msgpack_object *o, void *field)
{
	uint32_t *percent = field, n = 0, i = 0;

	if (o->type == MSGPACK_OBJECT_STR)
		for (; i < o->via.str.size && i < 3 &&
		     o->via.str.ptr[i] >= '0' && o->via.str.ptr[i] <= '9';
		     i++)
			n = n * 10 + (uint32_t)(o->via.str.ptr[i] - '0');
	if (i == 0 || o->via.str.size != i + 1 || o->via.str.ptr[i] != '%' ||
	    n > 100)
		unexpected(d, place, o, "a share of the delay from 0% to 100%");
	else
		*percent = n;
}

static void
decode_retry_when(struct decoder *d, const struct place *place,
    const msgpack_object *o, void *field)
{
	enum template_in in = d->in;

	d->in = IN_NEXT;
	decode_condition(d, place, o, field);
	d->in = in;
}
