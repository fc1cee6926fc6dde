/*
 * targets: which executions a verb is for: ids, ranges, or selectors.
 */
#ifndef WEIR_CTL_TARGETS_H
#define WEIR_CTL_TARGETS_H

#include "ctl/ctl.h"

extern const struct option selector_options[]; /* --status ... */
extern const struct option all_option[];       /* --all */

/* Writes the selectors that were given as the key filter, where there are. */
void targets_filter(struct parameters *, const struct arguments *);
/*
 * Writes ids or filter.  Where --all is no selector but an option of the verb's
 * own, as it is of resume, it selects what is paused when it stands alone.  0,
 * or EX_USAGE once what is wrong has been said: neither, both, or too many.
 * Selectors without a status select those in one of the statuses, where some
 * are given; NULL ends them.
 */
int targets_pack(
    struct parameters *, const struct arguments *, const char *const *statuses);
/* Writes the pairs given for an option as a map. */
void targets_pack_labels(
    msgpack_packer *, const struct arguments *, const char *option);
/* How many ids and ids of ranges were given, and the n'th of them. */
size_t targets_count(const struct arguments *);
uint64_t targets_id(const struct arguments *, size_t n);

#endif
