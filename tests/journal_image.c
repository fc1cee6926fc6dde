/* journal_image: a whole journal in memory, to be damaged and put back. */

#include "tests/journal_image.h"

#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/journal_format.h"

static int
compare(const void *left, const void *right)
{
	return strcmp(left, right);
}

static void
list(struct image *image)
{
	DIR *dir = opendir(image->dir);
	struct dirent *entry;
	const char *dot;

	if (dir == NULL)
		err(1, "%s", image->dir);
	while ((entry = readdir(dir)) != NULL) {
		dot = strrchr(entry->d_name, '.');
		if (dot == NULL ||
		    (strcmp(dot, SEGMENT_SUFFIX) != 0 &&
			strcmp(dot, SNAPSHOT_SUFFIX) != 0))
			continue;
		if (image->n == IMAGE_FILES_MAX)
			errx(1, "%s: too many files", image->dir);
		snprintf(image->names[image->n++], SCRATCH_NAME_SIZE, "%.60s",
		    entry->d_name);
	}
	closedir(dir);
	qsort(image->names, image->n, SCRATCH_NAME_SIZE, compare);
}

void
image_load(struct image *image, const struct scratch *scratch)
{
	struct scratch_file *file;

	memset(image, 0, sizeof *image);
	image->dir = scratch->options.dir;
	list(image);
	for (size_t i = 0; i < image->n; i++) {
		file = &image->files[i];
		scratch_load(scratch, image->names[i], file);
		if (!image_is_segment(image, i))
			continue;
		image->newest_segment = i;
		if (file->nrecords > 0)
			image->last = file->seqs[file->nrecords - 1];
	}
}

void
image_store(const struct image *image)
{
	DIR *dir = opendir(image->dir);
	struct dirent *entry;

	if (dir == NULL)
		err(1, "%s", image->dir);
	while ((entry = readdir(dir)) != NULL)
		if (entry->d_name[0] != '.')
			unlinkat(dirfd(dir), entry->d_name, 0);
	closedir(dir);
	for (size_t i = 0; i < image->n; i++)
		scratch_store(&image->files[i]);
}

void
image_free(struct image *image)
{
	for (size_t i = 0; i < image->n; i++)
		scratch_free(&image->files[i]);
	image->n = 0;
}

bool
image_is_segment(const struct image *image, size_t file)
{
	return strstr(image->names[file], SEGMENT_SUFFIX) != NULL;
}
