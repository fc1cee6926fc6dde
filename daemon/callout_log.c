/*
 * callout_log: the files that hold what commands wrote, one pair an attempt:
 * logs/<execution>/<run>.<item or ->.<attempt>.out and .err.
 */

#include "daemon/callout_edge.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

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
	fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW);
	if (fd == -1)
		return;
	dprintf(fd, "weir: %s\n", note);
	close(fd);
}

ssize_t
callouts_read_log(const struct callouts *c, const struct callout_key *key,
    bool stderr_log, uint64_t offset, void *bytes, size_t size, uint64_t *total)
{
	struct wire_key k;
	char path[PATH_MAX];
	struct stat st;
	ssize_t n;
	int fd, error;

	*total = 0;
	k = key_of_callout(key);
	log_path(c, &k, stderr_log ? "err" : "out", path);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	if (fd == -1)
		return -1;
	n = -1;
	if (fstat(fd, &st) == 0) {
		*total = (uint64_t)st.st_size;
		n = offset > INT64_MAX ? 0
				       : pread(fd, bytes, size, (off_t)offset);
	}
	error = errno;
	close(fd);
	errno = error;
	return n;
}

void
callouts_remove_logs(struct callouts *c, uint64_t execution)
{
	char path[PATH_MAX];

	snprintf(
	    path, sizeof path, "%s/logs/%" PRIu64, c->state_dir, execution);
	remove_tree(path);
}
