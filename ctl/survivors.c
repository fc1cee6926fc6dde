/* survivors: what is still there of executions that were stopped. */
#include "ctl/survivors.h"

#include <inttypes.h>

#include "ctl/field.h"

void
survivors_print(FILE *to, const msgpack_object *done)
{
	uint32_t count = field_count(done, "survivors"), i;
	const msgpack_object *survivor;

	for (i = 0; i < count; i++) {
		survivor = field_entry(done, "survivors", i);
		fprintf(to, "%s pid %" PRIu64 " (",
		    i == 0 ? "; still there:" : ",",
		    field_uint(survivor, "pid"));
		field_print_text(to, field(survivor, "command"));
		fputs("): ", to);
		field_print_text(to, field(survivor, "why"));
	}
}

bool
survivors_any(const msgpack_object *result)
{
	uint32_t count = field_count(result, "succeeded"), i;

	for (i = 0; i < count; i++)
		if (field_count(
			field_entry(result, "succeeded", i), "survivors") > 0)
			return true;
	return false;
}
