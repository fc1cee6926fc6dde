/*
 * place: directories and programs that are safe to use: nobody but the user
 * that weird runs as, and root, can put something else in their place.
 */
#ifndef WEIR_PLACE_H
#define WEIR_PLACE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>
#include <sys/types.h>

enum place {
	PLACE_GOOD,
	PLACE_UNSAFE, /* somebody else's, or open to others: not to be used */
	PLACE_FAILED, /* it can't be made, or looked at */
};

/* All of these give a sentence where it is not PLACE_GOOD. */

/*
 * Makes the directory where it is missing, with all that is above it, and
 * checks it: no symbolic link, the caller's own, nothing that others can write;
 * and nothing above it that others could change.  It has the mode then.
 */
enum place place_own(const char *path, mode_t, char *, size_t);
/* The same of a directory that is only passed through, whoever's it is. */
enum place place_way(const char *path, char *, size_t);
/*
 * A program that weird runs with its own rights: a file that nobody else can
 * change or replace.
 */
enum place place_program(const char *path, char *, size_t);
/*
 * The directories of a PATH: each absolute, and writable by nobody but its
 * owner and group.  Those that are not there don't matter.
 */
enum place place_search(const char *list, char *, size_t);
/* An open file that says what weird is to do. */
bool place_is_trusted(const struct stat *, char *, size_t);

#endif
