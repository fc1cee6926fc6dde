/*
 * trust: whose workflows are started with an execution's rights because its
 * definition names them, as subworkflows or after a failure.
 */
#ifndef WEIR_CORE_TRUST_H
#define WEIR_CORE_TRUST_H

#include <stdbool.h>
#include <stddef.h>

#include "daemon/core/state.h"

/*
 * False with a sentence: the workflow is somebody's who could not be meant.  It
 * is started where it is root's, or of whoever owns the execution or what it
 * runs, or was there when that was stored: else a name that is not taken yet
 * would be a way to another's rights.
 *
 * To store the same definition once more changes nothing of that: a file is
 * stored whenever it is run, which is no consent to what has come since.
 */
bool
trust_starts(const struct execution *, const struct workflow *, char *, size_t);

#endif
