/*
 * nearest: the known word that a mistyped one was probably meant to be.
 */
#ifndef WEIR_CORE_NEAREST_H
#define WEIR_CORE_NEAREST_H

#include <stddef.h>

/* One of known, or NULL when none is near enough to be worth naming. */
const char *
nearest(const char *word, size_t len, const char *const *known, size_t n);

#endif
