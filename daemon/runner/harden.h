/*
 * harden: what weird and weir-runner give up for themselves.  Systems that lack
 * one of these lose nothing else.
 */
#ifndef WEIR_RUNNER_HARDEN_H
#define WEIR_RUNNER_HARDEN_H

#include <stdbool.h>
#include <stdint.h>

enum harden_who {
	HARDEN_DAEMON,
	HARDEN_RUNNER,
	HARDEN_BOTH, /* a daemon whose runners get none that it has not */
};

/*
 * Closes all descriptors but the first three, and opens those on /dev/null
 * where they are closed: nothing that is opened later takes their place.
 */
void harden_descriptors(void);
/*
 * No core file, no debugger but root's, no look at the memory from /proc: there
 * are inputs of all users in it.  Ends with the next exec.
 */
void harden_memory(void);
/*
 * Nothing that is executed from here on gets rights that this process does not
 * have.  False with errno where that can't be had.
 */
bool harden_privileges(void);
/* Soft limits of resources; UINT64_MAX is none. */
struct harden_limits {
	uint64_t core;	/* bytes */
	uint64_t files; /* descriptors */
};

/*
 * No core file, and as many descriptors as there may be.  What is executed has
 * the limits that were before, once harden_undo_limits was called for it, which
 * may be done between vfork and exec.
 */
void harden_limits(struct harden_limits *before);
void harden_undo_limits(const struct harden_limits *);

/*
 * Gives up the capabilities that it never uses, as far as it has any.  What
 * root executes has them all again, unless harden_privileges is in force:
 * root's callouts are not restricted.  Threads that there are keep theirs.
 */
void harden_capabilities(enum harden_who);

#endif
