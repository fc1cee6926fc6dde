/*
 * family: executions and all their task runs as a table, a row for each, a
 * column for each step of a test; the same whether they come from a state or
 * from a daemon.
 */
#ifndef WEIR_TESTS_FAMILY_H
#define WEIR_TESTS_FAMILY_H

#include <msgpack.h>
#include <stddef.h>
#include <stdio.h>

/*
 * Adds to a step: one generation of an execution, as execution.get answers it.
 * Lines of a step: a row's name, a tab, what stands there, and for executions
 * another tab and the reason; or "! " and a note.
 */
void family_add(FILE *step, const msgpack_object *execution);

/*
 * The table: "=" is what stood there the step before.  Under it the notes and
 * those reasons that are new, with their step's number.  A row that is in some
 * step and not in a later one is lost history: "LOST".
 *
 *	1/2 top@1      execution 1, generation 2, version 1 of the workflow:
 *	               status, (the one it will end with), who holds it, output
 *	1/2   side.3   the third run of that task in it; ~ where another stands
 *	               in its place; status, attempts, >child, output
 *	1/2   side.3[0]   of one item
 *	1 1/2 top@1: why   its reason in step 1, and in brackets the task that
 *	               ended it
 */
void family_table(
    FILE *, const char *const *titles, char *const *steps, size_t nsteps);

#endif
