/*
 * instance: what makes one weird the only one for its state directory, and a
 * background process: lock, pid file, going to the background.
 */
#ifndef WEIR_INSTANCE_H
#define WEIR_INSTANCE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

/*
 * Takes the lock of the state directory, which lasts as long as the process.
 * False with a sentence that names who has it.
 */
bool instance_lock(const char *state_dir, char *, size_t);

/*
 * For those who look at what a weird that isn't there has left: while the
 * descriptor that comes back is open, none starts on it.  -1 with a sentence
 * where one has it, and *holder its pid, or 0 where that isn't known; -2 where
 * there is no lock, since none has ever run there.
 */
int instance_share(const char *state_dir, pid_t *holder, char *, size_t);

/*
 * Goes on in a child of its own session; the parent stays until the child is
 * ready, or ends with the child's exit status.  Gives what daemon_ready takes.
 */
int daemon_begin(void);
/* Lets the parent go, and lets go of the terminal. */
void daemon_ready(int);

/* Writes the file with this process's pid, whole or not at all. */
bool pid_file_write(const char *path, char *, size_t);
/* Takes it away, unless another process's pid stands in it by now. */
void pid_file_remove(const char *path);

#endif
