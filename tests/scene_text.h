/* scene_text: a scene's executions and all their tasks, as one line. */
#ifndef WEIR_SCENE_TEXT_H
#define WEIR_SCENE_TEXT_H

#include "tests/scene.h"

/*
 * "1 running(failed): a completed, b running[pending failed]; 2 ...": status,
 * the one it will end with, and the newest run of each task that was reached
 * (with its pass after a #, from the second on), with those of its items.
 */
char *scene_text(const struct scene *);

/* Fails the test where it is another text; and scene_check. */
void scene_sees(struct scene *, const char *wanted, const char *file, int line);
#define SEES(text) scene_sees(s, text, __FILE__, __LINE__)

/*
 * ASK(type, execution, .field = value, ...): the command of an admin, for all
 * items of a task.
 */
bool scene_ask(struct scene *, const struct command *);
#define ASK(type_, id_, ...)         \
	scene_ask(s,                 \
	    &(const struct command){ \
		.type = COMMAND_##type_, .execution = (id_), __VA_ARGS__})

#endif
