/*
 * random_request: requests made up from the catalogue, right and wrong ones,
 * the same for the same seed.
 */
#ifndef WEIR_TESTS_RANDOM_REQUEST_H
#define WEIR_TESTS_RANDOM_REQUEST_H

#include <msgpack.h>
#include <stdbool.h>
#include <stdint.h>

#include "libproto/catalogue.h"

struct random_requests {
	uint64_t seed;
	uint64_t newest; /* ids of executions go up to this, mostly */
};

struct random_request {
	enum method_id
	    method; /* METHODS: no such method, or none can be told */
	int error;  /* what is wrong with it, as a code; 0: it fits */
};

/*
 * Writes the next one with that id.  None ends the daemon, and none waits for
 * longer than a millisecond.
 */
void random_request_next(struct random_requests *, uint32_t id,
    msgpack_sbuffer *, struct random_request *);

#endif
