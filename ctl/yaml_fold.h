/*
 * yaml_fold: JSON writes a character beyond U+FFFF as two escapes, "\ud83d" and
 * "\ude00", which YAML knows nothing of.
 */
#ifndef WEIR_CTL_YAML_FOLD_H
#define WEIR_CTL_YAML_FOLD_H

#include <stdbool.h>
#include <stddef.h>

#include "ctl/source.h"

#define FOLD_PAIR 12 /* bytes of the two escapes */

/* The source as YAML can read it. */
struct folded {
	const char *bytes; /* the source's own where nothing was folded */
	size_t size;
	char *copy;
	size_t *ends; /* in bytes: behind each escape that was a pair */
	size_t n;
};

/* As far as it is JSON, each pair of escapes becomes one. */
void fold_pairs(const struct source *, struct folded *);
void folded_free(struct folded *);
/* Where in the source what stands at this byte came from. */
size_t folded_place(const struct folded *, size_t byte);
/* Whether two escapes that are one character start there; which. */
bool fold_is_pair(const char *, size_t left, unsigned long *);

#endif
