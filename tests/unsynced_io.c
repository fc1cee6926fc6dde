/* unsynced_io: a journal's system calls without waiting for a disk. */

#include "tests/unsynced_io.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

static int
no_sync(int fd)
{
	(void)fd;
	return 0;
}

static int
allocate(int fd, off_t offset, off_t size)
{
	return ftruncate(fd, offset + size) == -1 ? errno : 0;
}

static int
rename_within(int dir, const char *from, const char *to)
{
	return renameat(dir, from, dir, to);
}

static int
open_within(int dir, const char *name, int flags, mode_t mode)
{
	return openat(dir, name, flags, mode);
}

static int
unlink_within(int dir, const char *name)
{
	return unlinkat(dir, name, 0);
}

static void
forget_nothing(int fd)
{
	(void)fd;
}

const struct journal_io unsynced_io = {
    .write = pwrite,
    .sync = no_sync,
    .sync_directory = no_sync,
    .allocate = allocate,
    .open = open_within,
    .rename = rename_within,
    .unlink = unlink_within,
    .forget = forget_nothing,
};
