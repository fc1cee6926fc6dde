/* definition_wait: what a task may wait for. */

#include "daemon/core/definition_parts.h"

#include <stddef.h>
#include <string.h>

#define WAIT(f) offsetof(struct task_definition, u.wait.f)

static void wait_for(struct decoder *, const struct place *,
    const msgpack_object *, enum wait_kind);
static decode_field decode_for;
static decode_field decode_until;
static decode_field decode_signal;
static decode_field decode_approval;
static decode_field decode_from;
static unsigned count_waits(const msgpack_object *);

static const struct key wait_keys[] = {
    {.name = "for", .decode = decode_for},
    {.name = "until", .decode = decode_until},
    {.name = "signal", .decode = decode_signal},
    {.name = "approval", .decode = decode_approval},
    {.name = "from", .decode = decode_from},
    {.name = "timeout", .decode = decode_timeout, .offset = WAIT(timeout)},
};

static const struct key_table wait_table = KEY_TABLE("a wait", wait_keys);

static unsigned
count_waits(const msgpack_object *o)
{
	static const char *const kinds[] = {
	    "for", "until", "signal", "approval"};
	unsigned i, count = 0;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (object_get(o, kinds[i]) != NULL)
			count++;
	return count;
}

void
decode_wait(struct decoder *d, const struct place *place,
    const msgpack_object *o, void *field)
{
	struct place from = place_in(place, "from");

	if (!decode_keys(d, place, o, &wait_table, field))
		return;
	if (count_waits(o) != 1)
		complain(d, place,
		    "a wait has exactly one of for, until, signal and "
		    "approval, and this has %s",
		    count_waits(o) == 0 ? "none" : "more");
	if (object_get(o, "from") != NULL && object_get(o, "approval") == NULL)
		complain_key(d, &from,
		    "\"from\" names who may approve, and goes with approval "
		    "alone");
}

static void
wait_for(struct decoder *d, const struct place *place, const msgpack_object *o,
    enum wait_kind kind)
{
	d->task->u.wait.kind = kind;
	decode_template_text(d, place, o, &d->task->u.wait.value);
}

static void
decode_for(struct decoder *d, const struct place *place,
    const msgpack_object *o, void *field)
{
	size_t offset;
	int64_t ns;

	(void)field;
	if (!holds_expression(o, &offset))
		decode_duration(d, place, o, &ns);
	wait_for(d, place, o, WAIT_FOR);
}

static void
decode_until(struct decoder *d, const struct place *place,
    const msgpack_object *o, void *field)
{
	size_t offset;
	int64_t ns;

	(void)field;
	if (!holds_expression(o, &offset) &&
	    (o->type != MSGPACK_OBJECT_STR ||
		!parse_time(o->via.str.ptr, o->via.str.size, &ns)))
		unexpected(d, place, o,
		    "a point in time with its zone: \"2027-01-01T00:00:00Z\", "
		    "\"2027-01-01T01:00:00+01:00\"");
	wait_for(d, place, o, WAIT_UNTIL);
}

static void
decode_signal(struct decoder *d, const struct place *place,
    const msgpack_object *o, void *field)
{
	(void)field;
	wait_for(d, place, o, WAIT_SIGNAL);
}

static void
decode_approval(struct decoder *d, const struct place *place,
    const msgpack_object *o, void *field)
{
	(void)field;
	wait_for(d, place, o, WAIT_APPROVAL);
}

static void
decode_from(struct decoder *d, const struct place *place,
    const msgpack_object *o, void *field)
{
	(void)field;
	decode_lines(
	    d, place, o, &d->task->u.wait.from, &d->task->u.wait.nfrom);
}
