/* segment_store: the directory's system calls, and what is said of them. */

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "daemon/crc32c.h"
#include "daemon/segment.h"

static const char *advice(int);

bool
segment_error(char *error, size_t size, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(error, size, fmt, ap);
	va_end(ap);
	return false;
}

static const char *
advice(int error)
{
	switch (error) {
	case ENOSPC:
	case EDQUOT:
		return "make room on that file system and start again";
	case EIO:
		return "check the disk and start again";
	case EACCES:
	case EPERM:
	case EROFS:
		return "make it writable for weird and start again";
	case EMFILE:
	case ENFILE:
		return "raise the limit of open files and start again";
	default:
		return "look into what is wrong with it and start again";
	}
}

bool
segment_system_error(const struct segment_store *store, const char *name,
    const char *what, off_t offset, int error, char *buffer, size_t size)
{
	return segment_refused(
	    store, name, what, offset, error, advice(error), buffer, size);
}

void
store_refused(const struct segment_store *store, int error)
{
	if (store->refused != NULL)
		*store->refused = error;
}

bool
segment_refused(const struct segment_store *store, const char *name,
    const char *what, off_t offset, int error, const char *hint, char *buffer,
    size_t size)
{
	const char *slash = name[0] == '\0' ? "" : "/";

	store_refused(store, error);
	if (offset < 0)
		return segment_error(buffer, size, "%s%s%s: cannot %s: %s; %s",
		    store->path, slash, name, what, strerror(error), hint);
	return segment_error(buffer, size,
	    "%s%s%s: cannot %s at offset %jd: %s; %s", store->path, slash, name,
	    what, (intmax_t)offset, strerror(error), hint);
}

int
store_open(const struct segment_store *store, const char *name, int flags)
{
	int fd;

	do
		fd = store->io->open(store->dir, name, flags | O_CLOEXEC, 0600);
	while (fd == -1 && errno == EINTR);
	return fd;
}

bool
store_write(const struct segment_store *store, int fd, const void *bytes,
    size_t n, off_t offset)
{
	const unsigned char *p = bytes;
	ssize_t written;

	while (n > 0) {
		written = store->io->write(fd, p, n, offset);
		if (written == -1 && errno == EINTR)
			continue;
		if (written == 0)
			errno = EIO;
		if (written <= 0)
			return false;
		p += written;
		n -= (size_t)written;
		offset += written;
	}
	return true;
}

/* An interrupted sync has not failed: nothing is known of the disk yet. */
int
store_sync(const struct segment_store *store, int fd)
{
	int result;

	do
		result = store->io->sync(fd);
	while (result == -1 && errno == EINTR);
	return result;
}

int
store_sync_directory(const struct segment_store *store)
{
	int result;

	do
		result = store->io->sync_directory(store->dir);
	while (result == -1 && errno == EINTR);
	return result;
}

int
store_rename(
    const struct segment_store *store, const char *from, const char *to)
{
	int result;

	do
		result = store->io->rename(store->dir, from, to);
	while (result == -1 && errno == EINTR);
	return result;
}

int
store_unlink(const struct segment_store *store, const char *name)
{
	int result;

	do
		result = store->io->unlink(store->dir, name);
	while (result == -1 && errno == EINTR);
	return result;
}

int
store_allocate(const struct segment_store *store, int fd, off_t size)
{
	int result;

	do
		result = store->io->allocate(fd, 0, size);
	while (result == EINTR);
	return result;
}

uint32_t
store_seed(const unsigned char id[JOURNAL_ID_SIZE], uint64_t number)
{
	struct le64 n = le64(number);

	return crc32c(crc32c(0, id, JOURNAL_ID_SIZE), &n, sizeof n);
}
