/*
 * define: stores a checked file's workflow with the daemon.
 */
#ifndef WEIR_CTL_DEFINE_H
#define WEIR_CTL_DEFINE_H

#include "ctl/ctl.h"
#include "ctl/workflow_file.h"

/*
 * 0, or the exit status once the errors have been told.  The answer, {workflow,
 * version, created}, is freed by the caller either way.
 */
int define_file(struct ctl *, struct workflow_file *, struct answer *);

#endif
