/* links: daemon/journal.c daemon/journal_open.c daemon/journal_list.c
 * daemon/journal_restore.c daemon/journal_replay.c daemon/journal_tail.c
 * daemon/journal_commit.c daemon/journal_read.c daemon/journal_snapshot.c
 * daemon/journal_snapshot_write.c daemon/journal_compact.c daemon/segment.c
 * daemon/segment_read.c daemon/segment_store.c daemon/crc32c.c daemon/clock.c
 * daemon/thread.c daemon/core/alloc.c tests/unsynced_io.c ; libs: pthread
 */
/*
 * journal_fuzz: opens a segment that the input describes, in steps of 4 bytes:
 * valid records in any order, with any flags and batches, and then what may
 * have become of them.  Whatever it is, the journal is refused, or gives whole
 * groups of the records that were written, and opened again gives the same.
 */

#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/crc32c.h"
#include "daemon/journal.h"
#include "daemon/journal_format.h"
#include "daemon/segment.h"
#include "tests/unsynced_io.h"

#define FILE_SIZE (32 * 1024)

struct image {
	unsigned char bytes[FILE_SIZE];
	size_t size;
	size_t used;
	uint32_t seed;
	uint64_t seq;
	uint64_t batch;
};

struct seen {
	uint64_t last;
	bool whole;
	unsigned warnings;
};

int LLVMFuzzerInitialize(int *, char ***);
int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static char dir[] = "/tmp/journal_fuzz.XXXXXX";

static void
clear(void)
{
	struct dirent *entry;
	DIR *stream = opendir(dir);

	if (stream == NULL)
		err(1, "%s", dir);
	while ((entry = readdir(stream)) != NULL)
		if (entry->d_name[0] != '.')
			unlinkat(dirfd(stream), entry->d_name, 0);
	closedir(stream);
}

static void
leave(void)
{
	clear();
	rmdir(dir);
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc;
	(void)argv;
	if (mkdtemp(dir) == NULL)
		err(1, "%s", dir);
	atexit(leave);
	return 0;
}

static void
begin(struct image *image)
{
	struct segment_header header = {.format = le32(JOURNAL_FORMAT)};
	struct le64 number = le64(1);

	memset(image, 0, sizeof *image);
	memcpy(header.magic, SEGMENT_MAGIC, sizeof header.magic);
	memset(header.journal_id, 0x42, JOURNAL_ID_SIZE);
	header.data_offset = le32(SEGMENT_DATA_OFFSET);
	header.number = header.first_seq = header.first_batch = number;
	header.crc =
	    le32(crc32c(0, &header, offsetof(struct segment_header, crc)));
	memcpy(image->bytes, &header, sizeof header);
	image->seed = crc32c(crc32c(0, header.journal_id, JOURNAL_ID_SIZE),
	    &number, sizeof number);
	image->size = FILE_SIZE;
	image->used = SEGMENT_DATA_OFFSET;
	image->batch = 1;
}

/* Its payload follows from its number, so that the reader can check it. */
static void
add_record(struct image *image, const uint8_t *step)
{
	struct record_header header = {.length = le32(step[1])};
	unsigned char *p = image->bytes + image->used;
	uint32_t flags = step[2] & 63;
	size_t size = sizeof header + record_padded(step[1]);

	if (FILE_SIZE - image->used < size)
		return;
	image->seq += (flags & RECORD_SEAL) == 0;
	image->seq += (step[3] & 0x80) != 0;
	image->batch += step[3] & 3;
	header.seq = le64(image->seq);
	header.flags = le32(flags);
	memcpy(p, &header, sizeof header);
	for (size_t i = 0; i < step[1]; i++)
		p[sizeof header + i] = (unsigned char)(image->seq * 7 + i);
	record_finish(p, image->seed, image->batch, false);
	image->used += size;
}

static void
take_step(struct image *image, const uint8_t *step)
{
	size_t data = image->used - SEGMENT_DATA_OFFSET, at;

	switch (step[0] % 8) {
	case 5:
		if (data > 0) {
			at = (size_t)(step[1] << 8 | step[2]) % data;
			image->bytes[SEGMENT_DATA_OFFSET + at] ^= step[3];
		}
		break;
	case 6:
		at = (size_t)(step[1] << 8 | step[2]) % FILE_SIZE;
		image->size = at;
		break;
	case 7:
		at = (size_t)step[1] * RECORD_ALIGNMENT;
		if (at < FILE_SIZE - image->used)
			image->used += at;
		break;
	default:
		add_record(image, step);
		break;
	}
}

static bool
reader(void *ctx, const struct journal_record *record)
{
	struct seen *seen = ctx;

	if (record->seq != seen->last + 1)
		abort();
	for (size_t i = 0; i < record->size; i++)
		if (record->bytes[i] != (char)(record->seq * 7 + i))
			abort();
	seen->last = record->seq;
	seen->whole = record->last;
	return true;
}

static void
count_warning(void *ctx, const char *line)
{
	struct seen *seen = ctx;

	(void)line;
	seen->warnings++;
}

static bool
open_once(struct seen *seen)
{
	struct journal_options options = {.dir = dir,
	    .segment_size = FILE_SIZE,
	    .warn = count_warning,
	    .ctx = seen,
	    .io = &unsynced_io};
	const struct journal_readers readers = {.record = reader, .ctx = seen};
	struct journal *journal;
	char error[1024] = "";

	memset(seen, 0, sizeof *seen);
	seen->whole = true;
	journal = journal_open(&options, &readers, error, sizeof error);
	if (journal == NULL) {
		if (strstr(error, "offset") == NULL)
			abort();
		return false;
	}
	if (!seen->whole)
		abort();
	journal_close(journal);
	return true;
}

int
LLVMFuzzerTestOneInput(const uint8_t *input, size_t size)
{
	static struct image image;
	struct seen first, second;
	char path[64];
	int fd;

	begin(&image);
	for (size_t i = 0; i + 4 <= size; i += 4)
		take_step(&image, input + i);
	clear();
	snprintf(path, sizeof path, "%s/0000000000000001.seg", dir);
	fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	if (fd == -1 ||
	    write(fd, image.bytes, image.size) != (ssize_t)image.size)
		err(1, "%s", dir);
	close(fd);
	if (!open_once(&first))
		return 0;
	if (!open_once(&second) || second.last != first.last ||
	    second.warnings != 0)
		abort();
	return 0;
}
