/*
 * filter: which executions a request means.
 */
#ifndef WEIR_FILTER_H
#define WEIR_FILTER_H

#include <msgpack.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "daemon/core/state.h"

/* Points into the parameters that it was made of. */
struct filter {
	unsigned statuses; /* bit n: status n is let through */
	const msgpack_object *workflow;
	const msgpack_object *correlation;
	const msgpack_object *labels;
	uint64_t parent; /* 0: whichever */
	int64_t owner;	 /* -1: whoever */
	int64_t since;
	int64_t until;
};

/* Of a checked parameter; NULL lets everything through. */
void filter_init(struct filter *, const msgpack_object *);
bool filter_holds(const struct filter *, const struct execution *);
/* What it takes to find that out: 1, and more where labels are compared. */
uint32_t filter_cost(const struct filter *, const struct execution *);

/* The statuses of a parameter that is a word or a list of words; 0: none. */
unsigned filter_statuses(const msgpack_object *params, const char *name);

#endif
