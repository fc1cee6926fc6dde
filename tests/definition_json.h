/*
 * definition_json: definitions written as JSON with ' for ", for the tests of
 * definitions.
 */
#ifndef WEIR_TESTS_DEFINITION_JSON_H
#define WEIR_TESTS_DEFINITION_JSON_H

#include "daemon/core/definition.h"

/* Ends the program where it is no JSON; the caller owns what comes back. */
struct value *value_of_json(const char *);

/* Parses it; the errors, where they are not NULL, are the caller's to free. */
struct definition *definition_of_json(struct expressions *, const char *,
    definition_finder *, const void *, struct definition_errors *);
/* The same for any value. */
struct definition *
definition_of_value(struct expressions *, const struct value *,
    definition_finder *, const void *, struct definition_errors *);
/* As one that was stored before; ends the program where it can't be read. */
struct definition *
definition_stored_value(struct expressions *, const struct value *);

#endif
