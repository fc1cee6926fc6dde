/*
 * parse: large definitions, which are unpacked, checked and compiled aside of
 * the loop, so that nobody else waits meanwhile.
 */
#ifndef WEIR_PARSE_H
#define WEIR_PARSE_H

#include <stdbool.h>
#include <stddef.h>

#include "daemon/core/definition.h"
#include "daemon/request.h"
#include "libproto/message.h"

/* What a definition has been found to be: itself, or its errors. */
struct parsed {
	struct definition *definition; /* or NULL */
	struct definition_errors errors;
};

/*
 * True: it is done aside, and the request's method is called later, in a turn
 * of its session, which serves no other message before; the request's memory is
 * taken over.
 */
bool parse_aside(struct request *, const struct message *, size_t size);

#endif
