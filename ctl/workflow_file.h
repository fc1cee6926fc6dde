/*
 * workflow_file: a workflow as it stands in a file, read and checked.
 */
#ifndef WEIR_CTL_WORKFLOW_FILE_H
#define WEIR_CTL_WORKFLOW_FILE_H

#include <msgpack.h>
#include <stdbool.h>
#include <stddef.h>

#include "ctl/source.h"
#include "ctl/yaml.h"
#include "daemon/core/definition.h"

struct workflow_file {
	struct source source;
	struct document *yaml; /* NULL: nothing that could be read on */
	msgpack_sbuffer packed;
	msgpack_zone zone;
	msgpack_object object;	       /* points into packed and zone */
	bool whole;		       /* packed and object are there */
	struct definition *definition; /* NULL: it has errors */
	struct complaints complaints;
	int error; /* errno: it could not be read at all; else 0 */
};

struct workflow_files {
	struct workflow_file *list;
	size_t n;
	struct expressions *expressions; /* of all the definitions */
};

/*
 * Reads and checks files, which may name each other's workflows as
 * subworkflows.  True when all are right.  Freed either way.
 */
bool
workflow_files_check(struct workflow_files *, char *const *paths, size_t n);
void workflow_files_free(struct workflow_files *);

/* Adds the errors that the daemon found (error details of a definition.put). */
void workflow_file_take_errors(
    struct workflow_file *, const msgpack_object *details);
/* Writes the complaints, in the file's order, to standard error. */
void workflow_file_print_complaints(struct workflow_file *);
/* EX_NOINPUT or EX_DATAERR for files that are not right. */
int workflow_files_status(const struct workflow_files *);

#endif
