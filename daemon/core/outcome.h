/*
 * outcome: which attempt of which action, and how its callout ended.  What the
 * edge to the runners and the core say to each other.
 */
#ifndef WEIR_CORE_OUTCOME_H
#define WEIR_CORE_OUTCOME_H

#include <stdint.h>

#include "daemon/core/value.h"

#define CALLOUT_NO_ITEM UINT32_MAX

/* Names one attempt, for ever. */
struct callout_key {
	uint64_t execution;
	uint32_t run;	  /* its place in the execution's runs */
	uint32_t item;	  /* CALLOUT_NO_ITEM where there are no items */
	uint32_t attempt; /* from 1 */
};

/* How an attempt ended. */
enum callout_end {
	CALLOUT_EXITED,	     /* exit is its status */
	CALLOUT_SIGNALED,    /* signal is what killed it */
	CALLOUT_NOT_STARTED, /* never ran: reason says why (no such program) */
	CALLOUT_LOST,	     /* nobody can know how it ended */
	CALLOUT_NO_SPACE, /* never ran: the disk is full, reason says which */
};

/* Strings and values belong to whoever made the result. */
struct callout_result {
	enum callout_end end;
	int exit;
	int signal;
	const char *reason;	  /* NOT_STARTED, LOST, NO_SPACE; else NULL */
	int64_t started_at;	  /* ns since the epoch; 0: never */
	int64_t ended_at;	  /* ns since the epoch */
	int64_t cpu;		  /* ns, user and system */
	int64_t max_rss;	  /* bytes */
	struct value *output;	  /* as its output: kind says; NULL: none */
	const char *output_error; /* why stdout could not be made a value */
};

#endif
