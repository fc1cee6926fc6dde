/* journal_list: which files stand in the journal's directory. */

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/core/alloc.h"
#include "daemon/journal_parts.h"

enum file_kind {
	FILE_OURS, /* nothing to read there, and no surprise */
	FILE_SEGMENT,
	FILE_SNAPSHOT,
	FILE_UNKNOWN,
};

static enum file_kind kind_of(const char *, uint64_t *);
static void note(struct journal_listing *, const char *);
static void add(uint64_t **, size_t *, uint64_t);
static void sort(uint64_t *, size_t);
static int compare(const void *, const void *);

bool
journal_list(const struct segment_store *store, struct journal_listing *listing,
    char *error, size_t size)
{
	struct dirent *entry;
	DIR *dir;
	int fd;

	memset(listing, 0, sizeof *listing);
	fd = store_open(store, ".", O_RDONLY | O_DIRECTORY);
	dir = fd == -1 ? NULL : fdopendir(fd);
	if (dir == NULL) {
		segment_system_error(
		    store, "", "read this directory", -1, errno, error, size);
		if (fd != -1)
			close(fd);
		return false;
	}
	while (errno = 0, (entry = readdir(dir)) != NULL)
		note(listing, entry->d_name);
	if (errno != 0) {
		segment_system_error(
		    store, "", "read this directory", -1, errno, error, size);
		journal_listing_free(listing);
		closedir(dir);
		return false;
	}
	closedir(dir);
	sort(listing->segments, listing->nsegments);
	sort(listing->snapshots, listing->nsnapshots);
	return true;
}

static void
sort(uint64_t *list, size_t n)
{
	if (n > 1)
		qsort(list, n, sizeof *list, compare);
}

static void
note(struct journal_listing *listing, const char *name)
{
	uint64_t seq;

	switch (kind_of(name, &seq)) {
	case FILE_OURS:
		break;
	case FILE_SEGMENT:
		add(&listing->segments, &listing->nsegments, seq);
		break;
	case FILE_SNAPSHOT:
		add(&listing->snapshots, &listing->nsnapshots, seq);
		break;
	case FILE_UNKNOWN:
		if (listing->nunknown++ == 0)
			listing->unknown = xstrdup(name);
		break;
	}
}

static void
add(uint64_t **list, size_t *n, uint64_t seq)
{
	*list = xreallocarray(*list, *n + 1, sizeof **list);
	(*list)[(*n)++] = seq;
}

static enum file_kind
kind_of(const char *name, uint64_t *seq)
{
	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0 ||
	    strcmp(name, SEGMENT_SPARE_NAME) == 0 ||
	    strcmp(name, SNAPSHOT_NEW_NAME) == 0 ||
	    strncmp(name, TORN_PREFIX, strlen(TORN_PREFIX)) == 0)
		return FILE_OURS;
	if (strspn(name, "0123456789") != NAME_DIGITS)
		return FILE_UNKNOWN;
	*seq = strtoumax(name, NULL, 10);
	if (strcmp(name + NAME_DIGITS, SEGMENT_SUFFIX) == 0 && *seq > 0)
		return FILE_SEGMENT;
	if (strcmp(name + NAME_DIGITS, SNAPSHOT_SUFFIX) == 0)
		return FILE_SNAPSHOT;
	return FILE_UNKNOWN;
}

static int
compare(const void *left, const void *right)
{
	uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;

	return (a > b) - (a < b);
}

void
journal_listing_free(struct journal_listing *listing)
{
	free(listing->segments);
	free(listing->snapshots);
	free(listing->unknown);
	memset(listing, 0, sizeof *listing);
}
