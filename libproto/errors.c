/* errors: the names of error codes. */

#include "libproto/errors.h"

#include <stddef.h>

static const struct {
	int code;
	const char *name;
} names[] = {
#define ERROR(code, suffix, name, meaning) {(code), (name)},
#include "libproto/errors.def"
#undef ERROR
};

const char *
error_name(int code)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (names[i].code == code)
			return names[i].name;
	return "unknown";
}
