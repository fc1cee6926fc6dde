/* survivors: what is still there of executions that were stopped. */
#ifndef WEIR_CTL_SURVIVORS_H
#define WEIR_CTL_SURVIVORS_H

#include <msgpack.h>
#include <stdbool.h>
#include <stdio.h>

/* "; still there: pid 4711 (sleep 60): why", for each of one entry. */
void survivors_print(FILE *, const msgpack_object *done);
/* Whether any of the entries of a result has some. */
bool survivors_any(const msgpack_object *result);

#endif
