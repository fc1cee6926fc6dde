/* races: what the tests of races start and end. */
#ifndef WEIR_RACES_H
#define WEIR_RACES_H

#include "tests/scene_text.h"

#define CALL "'run': ['x']"
/* a, then b whatever became of it. */
#define AB                                                                \
	"{'workflow': 'ab', 'tasks': {'a': {" CALL ", 'next': [{'when': " \
	"'always', 'do': 'b'}]}, 'b': {" CALL "}}}"
#define ONE "{'workflow': 'one', 'tasks': {'a': {" CALL "}}}"

/* top runs ab as s and q beside it, and z once s is completed. */
void define_family(struct scene *);
/* The callout of the task ends by SIGTERM. */
void killed(struct scene *, uint64_t, const char *task);

#endif
