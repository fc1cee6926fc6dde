/*
 * callout_log: the files that hold what commands wrote, one pair an attempt:
 * logs/<execution>/<run>.<item or ->.<attempt>.out and .err.
 *
 * The files belong to the execution's user, the directories to the daemon's, so
 * that no name in them is anyone else's work.  What their user may still do is
 * to hold a lease on one: with O_NONBLOCK the daemon does not wait for it.
 */

#include "daemon/callout_edge.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static void pass_hole(int, struct log_piece *, size_t *);

void
log_path(const struct callouts *c, const struct wire_key *key,
    const char *suffix, char path[PATH_MAX])
{
	char item[16];

	snprintf(item, sizeof item, "%" PRIu32, key->item);
	snprintf(path, PATH_MAX,
	    "%s/logs/%" PRIu64 "/%" PRIu32 ".%s.%" PRIu32 ".%s", c->state_dir,
	    key->execution, key->run, key->item == CALLOUT_NO_ITEM ? "-" : item,
	    key->attempt, suffix);
}

/* One line at the end of stderr's log, for whoever reads it. */
void
log_note(const struct callouts *c, const struct wire_key *key, const char *note)
{
	char path[PATH_MAX];
	int fd;

	log_path(c, key, "err", path);
	fd = open(
	    path, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd == -1)
		return;
	dprintf(fd, "weir: %s\n", note);
	close(fd);
}

/*
 * Where the middle of a log was left out, there is a hole in its file
 * (callout_trim.c): nothing else makes one, as what is written is appended.
 */
static void
pass_hole(int fd, struct log_piece *piece, size_t *size)
{
#ifdef SEEK_DATA
	off_t at = (off_t)piece->offset;
	off_t data = lseek(fd, at, SEEK_DATA), hole;

	if (data == -1 && errno == ENXIO)
		data = (off_t)piece->size; /* none follows */
	if (data == -1)
		return; /* a file system that knows of no holes */
	if (data > at) {
		piece->left_out = (uint64_t)(data - at);
		piece->offset = (uint64_t)data;
	}
	hole = lseek(fd, data, SEEK_HOLE);
	if (hole > data && (uint64_t)(hole - data) < *size)
		*size = (size_t)(hole - data);
#else
	(void)fd;
	(void)piece;
	(void)size;
#endif
}

ssize_t
callouts_read_log(const struct callouts *c, const struct callout_key *key,
    bool stderr_log, uint64_t offset, void *bytes, size_t size,
    struct log_piece *piece)
{
	struct wire_key k;
	char path[PATH_MAX];
	struct stat st;
	ssize_t n;
	int fd, error;

	*piece = (struct log_piece){.offset = offset};
	k = key_of_callout(key);
	log_path(c, &k, stderr_log ? "err" : "out", path);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd == -1)
		return -1;
	n = -1;
	if (fstat(fd, &st) == 0) {
		piece->size = (uint64_t)st.st_size;
		n = 0;
		if (offset < piece->size) {
			pass_hole(fd, piece, &size);
			n = pread(fd, bytes, size, (off_t)piece->offset);
		}
	}
	error = errno;
	close(fd);
	errno = error;
	return n;
}
