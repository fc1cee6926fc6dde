/*
 * space_rules: how much space is enough, apart from any disk.
 */
#ifndef WEIR_SPACE_RULES_H
#define WEIR_SPACE_RULES_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/config.h"

struct space_facts {
	uint64_t size, free; /* bytes of the file system */
	uint64_t inodes, free_inodes;
	uint64_t reserve; /* bytes; 0: worked out */
	bool was_short;	  /* more is asked for than for going on as before */
};
/* What there is too little of: "bytes", "inodes"; NULL: nothing. */
const char *space_lacks(const struct space_facts *, uint64_t *kept);
/* How many callouts' endings fit into so many bytes, and a margin with them. */
uint32_t space_callouts(uint64_t room, uint64_t ending, uint64_t margin);
/* The largest ending, and what may be appended between two looks. */
uint64_t space_ending(const struct config *);
uint64_t space_margin(const struct config *);

#endif
