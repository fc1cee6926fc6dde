/*
 * journal_dir: the directory of the journal that a verb is about.
 */
#ifndef WEIR_CTL_JOURNAL_DIR_H
#define WEIR_CTL_JOURNAL_DIR_H

#include <limits.h>
#include <stdbool.h>
#include <stdint.h>

#include "ctl/arguments.h"

struct journal_dir {
	char path[PATH_MAX];
	int lock; /* while it is open no weird starts with it; < 0: none */
};

/*
 * The directory given, or else the one that weird would use, started by the
 * same user.  0, or the exit status where there is none or a weird has it, what
 * to do having been said.
 */
int journal_dir_open(const char *given, struct journal_dir *);
/*
 * A directory of something else is no journal in good order.  Whether it is
 * one, by the number of the journal's files in it, having said so.
 */
bool journal_dir_is_none(const struct journal_dir *, uint64_t);
void journal_dir_close(struct journal_dir *);

#endif
