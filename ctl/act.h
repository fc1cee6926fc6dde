/*
 * act: acting on many executions, with a line for each that says what became
 * of it.
 */
#ifndef WEIR_CTL_ACT_H
#define WEIR_CTL_ACT_H

#include "ctl/ctl.h"
#include "ctl/verb.h"

/* An option that becomes a parameter, true. */
struct act_flag {
	const char *option; /* NULL ends a list */
	const char *key;
};

#define ACT_FLAGS 4

struct act {
	const char *method;
	struct act_flag flags[ACT_FLAGS];
	/*
	 * Where selectors are given without --status, of these only; NULL:
	 * of all.  NULL ends it.
	 */
	const char *const *statuses;
	/* NULL, or writes more parameters; 0 or the exit status. */
	int (*more)(struct ctl *, struct parameters *);
	/*
	 * NULL, or what is to be done with the result, once those that are in
	 * another status than until have been told; gives the exit status,
	 * which so far is the last argument.
	 */
	int (*later)(struct ctl *, const struct act *,
	    const msgpack_object *result, int);
	const char *until;
	int64_t asked_at; /* for later: as the daemon has the time; ns */
	/* What the daemon finds wrong is the input, not the command line. */
	bool takes_input;
};

/* On the executions that the operands or selectors say; the exit status. */
int act(struct ctl *, const struct arguments *, const struct act *);

#define REVISION_OPTION                                                   \
	{                                                                 \
		0, "if-revision", ARGUMENT_NUMBER, "N",                   \
		    "only where the execution is still at this revision", \
		    NULL, false, false                                    \
	}

#endif
