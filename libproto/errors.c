/* errors: the names of error codes, and what they mean. */

#include "libproto/errors.h"

#include <stddef.h>

static const struct {
	int code;
	const char *name;
	const char *meaning;
} errors[] = {
#define ERROR(code, suffix, name, meaning) {(code), (name), (meaning)},
#include "libproto/errors.def"
#undef ERROR
};

const char *
error_name(int code)
{
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
		if (errors[i].code == code)
			return errors[i].name;
	return "unknown";
}

const char *
error_meaning(int code)
{
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
		if (errors[i].code == code)
			return errors[i].meaning;
	return NULL;
}
