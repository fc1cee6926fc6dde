/* random_command: one command made by chance, of any type there is. */
#ifndef WEIR_RANDOM_COMMAND_H
#define WEIR_RANDOM_COMMAND_H

#include "tests/random_workflow.h"
#include "tests/scene.h"

#define RANDOM_WORKFLOWS 5

struct random_command {
	struct command c;
	char name[8];
	char key[8];
};

/*
 * Something that might be asked of the scene, or come of its callouts; mostly
 * of what can be done, now and then of what is not there.  What it points to
 * is in it, and goes with random_command_release().
 */
void
random_command(const struct scene *, struct dice *, struct random_command *);
/* A callout that ends; a tick where none does. */
void random_callout_end(
    const struct scene *, struct dice *, struct random_command *);
/* Something is done to a task. */
void random_task_command(
    const struct scene *, struct dice *, struct random_command *);
void random_command_release(struct random_command *);

#endif
