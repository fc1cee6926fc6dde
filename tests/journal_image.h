/* journal_image: a whole journal in memory, to be damaged and put back. */
#ifndef WEIR_JOURNAL_IMAGE_H
#define WEIR_JOURNAL_IMAGE_H

#include "tests/journal_scratch.h"

#define IMAGE_FILES_MAX 16

struct image {
	const char *dir;
	char names[IMAGE_FILES_MAX][SCRATCH_NAME_SIZE]; /* in order */
	struct scratch_file files[IMAGE_FILES_MAX];
	size_t n;
	size_t newest_segment; /* its index */
	uint64_t last;	       /* the last record there is */
};

/* All segments and snapshots. */
void image_load(struct image *, const struct scratch *);
/* Makes the directory hold these files and no other. */
void image_store(const struct image *);
void image_free(struct image *);
bool image_is_segment(const struct image *, size_t file);

#endif
