/*
 * nearest: the known word that a mistyped one was probably meant to be.
 *
 * Needs nothing but libc.
 */
#ifndef WEIR_NEAREST_H
#define WEIR_NEAREST_H

#include <stddef.h>

/* One of known, or NULL where none is near enough to be worth naming. */
const char *
nearest_word(const char *word, size_t size, const char *const *known, size_t n);

#endif
