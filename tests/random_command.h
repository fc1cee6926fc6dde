/* random_command: one command made by chance, of any type there is. */
#ifndef WEIR_RANDOM_COMMAND_H
#define WEIR_RANDOM_COMMAND_H

#include "tests/random_workflow.h"
#include "tests/scene.h"

#define RANDOM_WORKFLOWS 5

struct random_command {
	struct command c;
	char name[8];
};

/*
 * Something that might be asked of the scene, or come of its callouts; now and
 * then of what is not there.  The values in it are the caller's to release.
 */
void
random_command(const struct scene *, struct dice *, struct random_command *);
/* The same, but never what a callout says or that time passes. */
void
random_request(const struct scene *, struct dice *, struct random_command *);
void random_command_release(struct random_command *);

#endif
