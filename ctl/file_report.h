/*
 * file_report: tells what was found in workflow files.
 */
#ifndef WEIR_CTL_FILE_REPORT_H
#define WEIR_CTL_FILE_REPORT_H

#include "ctl/arguments.h"
#include "ctl/workflow_file.h"
#include "ctl/writer.h"

/* "ok: ..." or its errors; under JSON one object either way. */
void file_report(struct writer *, struct workflow_file *);
/* The operands as a list that the caller frees. */
char **file_report_paths(const struct arguments *);

#endif
