/* scene_again: replay, restart, rerun and retry in a scene. */
#ifndef WEIR_SCENE_AGAIN_H
#define WEIR_SCENE_AGAIN_H

#include "tests/scene.h"

/* A rerun from tasks; no_reset and task_input may be NULL.  The reply is in
 * the scene: it may have been refused. */
void scene_rerun(struct scene *, uint64_t execution, const char *tasks,
    const char *no_reset, const char *task_input);
/* Fails the test where it is refused.  The flag: --latest for a restart,
 * --resume-subworkflows for a retry. */
void
scene_again(struct scene *, enum command_type, uint64_t execution, bool flag);
/* Fails the test where the newest run of the task is not a callout that was
 * told just that, a list. */
void scene_requires_argv(
    struct scene *, uint64_t execution, const char *task, const char *argv);

#endif
