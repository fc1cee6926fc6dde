/* told: an answer of the daemon's, taken apart. */

#include "tests/told.h"

#include <atf-c.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libproto/unpack.h"

const msgpack_object *
told_member(const msgpack_object *o, const char *key)
{
	ATF_REQUIRE_EQ(o->type, MSGPACK_OBJECT_MAP);
	for (uint32_t i = 0; i < o->via.map.size; i++)
		if (told_is(&o->via.map.ptr[i].key, key))
			return &o->via.map.ptr[i].val;
	atf_tc_fail("an answer without \"%s\"", key);
}

bool
told_is(const msgpack_object *o, const char *text)
{
	return o->type == MSGPACK_OBJECT_STR &&
	    o->via.str.size == strlen(text) &&
	    memcmp(o->via.str.ptr, text, o->via.str.size) == 0;
}

uint64_t
told_number(const msgpack_object *o, const char *key)
{
	const msgpack_object *n = told_member(o, key);

	return n->type == MSGPACK_OBJECT_POSITIVE_INTEGER ? n->via.u64 : 0;
}

void
told_text(const msgpack_object *o, const char *key, char *text, size_t size)
{
	const msgpack_object *s = told_member(o, key);

	if (s->type == MSGPACK_OBJECT_STR)
		snprintf(
		    text, size, "%.*s", (int)s->via.str.size, s->via.str.ptr);
	else
		text[0] = '\0';
}

void
told_take(struct told *told, const struct weir_message *answer)
{
	/* Another call under way must not take the bytes along. */
	told->bytes = malloc(answer->size);
	ATF_REQUIRE(told->bytes != NULL);
	memcpy(told->bytes, answer->body, answer->size);
	msgpack_zone_init(&told->zone, 4096);
	ATF_REQUIRE(unpack_value(
	    told->bytes, answer->size, &told->zone, &told->object));
}

void
told_drop(struct told *told)
{
	msgpack_zone_destroy(&told->zone);
	free(told->bytes);
}
