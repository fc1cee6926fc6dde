/*
 * errors: the codes of weir-protocol(7).
 */
#ifndef WEIR_ERRORS_H
#define WEIR_ERRORS_H

enum error_code {
	ERROR_NONE = 0,
#define ERROR(code, suffix, name, meaning) ERROR_##suffix = (code),
#include "libproto/errors.def"
#undef ERROR
};

/* "state_conflict"; "unknown" for a code that is not in the list. */
const char *error_name(int);
/* What it means, in words; NULL for a code that is not in the list. */
const char *error_meaning(int);

#endif
