/*
 * scratch_mount: a file system of the test's own under ./state, of an image
 * beside it, that can be cut off as if the power were.
 */
#ifndef WEIR_TESTS_SCRATCH_MOUNT_H
#define WEIR_TESTS_SCRATCH_MOUNT_H

/* Makes and mounts it; skips the test where that is not possible. */
void scratch_mount_make(const char *mkfs, const char *size);
/*
 * Nothing reaches the image any more: what was not flushed is lost, the file
 * system's own log included.
 */
void scratch_mount_cut(void);
/* Kills all processes that have to do with this directory but the test's own,
 * and waits for their end: runners, and callouts. */
void scratch_mount_kill(void);
/* Unmounts it and mounts it again. */
void scratch_mount_again(void);
void scratch_mount_end(void);

#endif
