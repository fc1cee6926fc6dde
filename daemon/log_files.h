/*
 * log_files: the directory logs/ below state_dir as a whole: what each
 * execution's logs take, which are the oldest, and how they are removed, some
 * files at a time.  No symbolic link is ever followed.
 */
#ifndef WEIR_LOG_FILES_H
#define WEIR_LOG_FILES_H

#include <stdbool.h>
#include <stdint.h>

#include "daemon/core/outcome.h"

struct log_files;

/* What is known of executions, for what is found on the disk. */
struct log_owner {
	/* The execution is there; false: its logs were left over. */
	bool (*is_there)(void *, uint64_t execution);
	/* Its logs were to be removed, and it is there. */
	bool (*is_stripped)(void *, uint64_t execution);
	/* The attempt runs. */
	bool (*runs)(void *, const struct callout_key *);
	/* Its logs are to stay where the others of its execution are removed.
	 */
	bool (*stays)(void *, const struct callout_key *);
	void *ctx;
};

struct log_figures {
	uint64_t executions; /* that have logs */
	uint64_t bytes;	     /* of the disk */
	uint64_t removed;    /* files, since the start */
	bool counting;	     /* they are still being counted */
	bool removing;	     /* some are still to be removed */
};

struct log_files *log_files_open(const char *dir, const struct log_owner *);
void log_files_free(struct log_files *);
/* An attempt ended then, in ns since the epoch; its logs take so much. */
void log_files_add(
    struct log_files *, uint64_t execution, uint64_t bytes, int64_t then);
/* The execution whose newest log is the oldest; false: there is none. */
bool
log_files_oldest(const struct log_files *, uint64_t *execution, int64_t *then);
/* It goes on: its logs count as of now. */
void log_files_touch(struct log_files *, uint64_t execution, int64_t now);
/* Its logs are about to be removed, and count no more. */
void log_files_forget(struct log_files *, uint64_t execution);
/* All of an execution's logs but those that stay; from the next work on. */
void log_files_remove(struct log_files *, uint64_t execution);
/*
 * Goes on counting what was there at the start, and removing, for so many
 * files; true where more is left.
 */
bool log_files_work(struct log_files *, unsigned left);
void log_files_figures(const struct log_files *, struct log_figures *);

#endif
