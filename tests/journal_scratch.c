/* journal_scratch: a journal in a scratch directory, and its files' bytes. */

#include "tests/journal_scratch.h"

#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/core/alloc.h"
#include "daemon/journal_format.h"
#include "tests/unsynced_io.h"

static void
keep_warning(void *ctx, const char *line)
{
	struct scratch *scratch = ctx;
	size_t used = strlen(scratch->warnings);

	snprintf(scratch->warnings + used, sizeof scratch->warnings - used,
	    "%s\n", line);
	scratch->nwarnings++;
}

void
scratch_init(struct scratch *scratch, const char *dir)
{
	memset(scratch, 0, sizeof *scratch);
	scratch->options.dir = dir;
	scratch->options.segment_size = 16 * 1024;
	scratch->options.warn = keep_warning;
	scratch->options.ctx = scratch;
	scratch->options.io = &unsynced_io;
	if (mkdir(dir, 0700) == -1 && errno != EEXIST)
		err(1, "%s", dir);
}

size_t
scratch_payload(uint64_t seq, char *bytes)
{
	size_t size = seq * 37 % 200;

	for (size_t i = 0; i < size; i++)
		bytes[i] = (char)(seq * 7 + i * 13 + 1);
	return size;
}

bool
scratch_reader(void *ctx, const struct journal_record *record)
{
	struct scratch *scratch = ctx;
	char expected[SCRATCH_PAYLOAD_MAX];
	size_t size = scratch_payload(record->seq, expected);

	if (record->seq != scratch->seen + 1 || record->size != size ||
	    memcmp(record->bytes, expected, size) != 0)
		scratch->wrong = true;
	scratch->seen = record->seq;
	scratch->seen_last = record->last;
	return true;
}

size_t
scratch_chunk(uint64_t snapshot, uint64_t number, char *bytes)
{
	size_t size = (snapshot * 31 + number * 41) % SCRATCH_PAYLOAD_MAX;

	for (size_t i = 0; i < size; i++)
		bytes[i] = (char)(snapshot * 5 + number * 3 + i * 11 + 2);
	return size;
}

bool
scratch_chunk_reader(void *ctx, const struct journal_chunk *chunk)
{
	struct scratch *scratch = ctx;
	char expected[SCRATCH_PAYLOAD_MAX];
	size_t size = scratch_chunk(chunk->snapshot, chunk->number, expected);

	if (chunk->number != scratch->nchunks + 1 || scratch->seen != 0 ||
	    chunk->size != size || memcmp(chunk->bytes, expected, size) != 0)
		scratch->wrong = true;
	scratch->nchunks = chunk->number;
	if (chunk->last) {
		scratch->seen = scratch->restored = chunk->snapshot;
		scratch->seen_last = true;
	}
	return true;
}

void
scratch_begin(struct scratch *scratch, uint64_t chunks)
{
	char bytes[SCRATCH_PAYLOAD_MAX];
	uint64_t snapshot = journal_last(scratch->journal);

	if (!journal_snapshot_begin(scratch->journal))
		errx(1, "a snapshot is under way already");
	for (uint64_t number = 1; number <= chunks; number++)
		journal_snapshot_add(scratch->journal, bytes,
		    scratch_chunk(snapshot, number, bytes));
}

bool
scratch_snapshot(struct scratch *scratch, uint64_t chunks)
{
	scratch_begin(scratch, chunks);
	journal_snapshot_end(scratch->journal);
	return journal_snapshot_wait(
	    scratch->journal, scratch->error, sizeof scratch->error);
}

bool
scratch_open(struct scratch *scratch)
{
	const struct journal_readers readers = {.chunk = scratch_chunk_reader,
	    .record = scratch_reader,
	    .ctx = scratch};

	scratch->nchunks = scratch->restored = 0;
	scratch->seen = 0;
	scratch->seen_last = true;
	scratch->wrong = false;
	scratch->error[0] = scratch->warnings[0] = '\0';
	scratch->nwarnings = 0;
	scratch->failure = NULL;
	scratch->journal = journal_open(
	    &scratch->options, &readers, scratch->error, sizeof scratch->error);
	return scratch->journal != NULL;
}

void
scratch_close(struct scratch *scratch)
{
	journal_close(scratch->journal);
	scratch->journal = NULL;
}

void
scratch_append(struct scratch *scratch, unsigned groups, unsigned records)
{
	char bytes[SCRATCH_PAYLOAD_MAX];
	uint64_t seq = journal_last(scratch->journal);
	size_t size;

	for (unsigned g = 0; g < groups; g++) {
		for (unsigned r = 0; r < records; r++) {
			size = scratch_payload(++seq, bytes);
			if (journal_append(scratch->journal, bytes, size,
				r == records - 1) != seq)
				errx(1, "not record %ju", (uintmax_t)seq);
		}
	}
}

bool
scratch_commit(struct scratch *scratch)
{
	struct pollfd wake = {
	    .fd = journal_fd(scratch->journal), .events = POLLIN};
	uint64_t all = journal_last(scratch->journal);

	for (;;) {
		journal_commit(scratch->journal);
		if (poll(&wake, 1, 60000) != 1)
			errx(1, "the journal says nothing");
		if (journal_collect(scratch->journal, &scratch->failure) == all)
			return true;
		if (scratch->failure != NULL)
			return false;
	}
}

void
scratch_batch(struct scratch *scratch, unsigned groups, unsigned records)
{
	if (!scratch_open(scratch))
		errx(1, "%s", scratch->error);
	scratch_append(scratch, groups, records);
	if (!scratch_commit(scratch))
		errx(1, "%s", scratch->failure);
	scratch_close(scratch);
}

void
scratch_load(
    const struct scratch *scratch, const char *name, struct scratch_file *file)
{
	struct record_header header;
	struct stat st;
	size_t at = strstr(name, SNAPSHOT_SUFFIX) == NULL
	    ? SEGMENT_DATA_OFFSET
	    : SNAPSHOT_DATA_OFFSET;
	int fd;

	memset(file, 0, sizeof *file);
	snprintf(
	    file->path, sizeof file->path, "%s/%s", scratch->options.dir, name);
	fd = open(file->path, O_RDONLY);
	if (fd == -1 || fstat(fd, &st) == -1)
		err(1, "%s", file->path);
	file->size = (size_t)st.st_size;
	file->bytes = xmalloc(file->size);
	if (read(fd, file->bytes, file->size) != st.st_size)
		err(1, "%s", file->path);
	close(fd);
	while (file->size >= at + sizeof header) {
		memcpy(&header, file->bytes + at, sizeof header);
		if (le64_get(&header.seq) == 0)
			break;
		if (file->nrecords == SCRATCH_RECORDS_MAX)
			errx(1, "%s: too many records", file->path);
		file->offsets[file->nrecords] = at;
		file->seqs[file->nrecords] = le64_get(&header.seq);
		file->batches[file->nrecords] = le64_get(&header.batch);
		file->flags[file->nrecords++] = le32_get(&header.flags);
		at += sizeof header + record_padded(le32_get(&header.length));
	}
	file->offsets[file->nrecords] = at;
}

void
scratch_store(const struct scratch_file *file)
{
	int fd = open(file->path, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	if (fd == -1 ||
	    write(fd, file->bytes, file->size) != (ssize_t)file->size)
		err(1, "%s", file->path);
	close(fd);
}

void
scratch_free(struct scratch_file *file)
{
	free(file->bytes);
	file->bytes = NULL;
}

void
scratch_unseal(struct scratch_file *file)
{
	size_t last = file->nrecords - 1;

	if (file->nrecords == 0 || (file->flags[last] & RECORD_SEAL) == 0)
		errx(1, "%s: no seal at its end", file->path);
	memset(file->bytes + file->offsets[last], 0,
	    file->offsets[last + 1] - file->offsets[last]);
	file->nrecords--;
}

size_t
scratch_last_batch(const struct scratch_file *file)
{
	size_t i = file->nrecords - 1;

	while (i > 0 && file->batches[i - 1] == file->batches[i])
		i--;
	return i;
}

bool
scratch_find(
    const struct scratch *scratch, const char *prefix, char *name, size_t size)
{
	DIR *dir = opendir(scratch->options.dir);
	struct dirent *entry;
	unsigned found = 0;

	if (dir == NULL)
		err(1, "%s", scratch->options.dir);
	while ((entry = readdir(dir)) != NULL) {
		if (strncmp(entry->d_name, prefix, strlen(prefix)) != 0)
			continue;
		found++;
		snprintf(name, size, "%s", entry->d_name);
	}
	closedir(dir);
	return found == 1;
}

unsigned
scratch_count(const struct scratch *scratch, const char *suffix)
{
	DIR *dir = opendir(scratch->options.dir);
	struct dirent *entry;
	unsigned found = 0;
	size_t length, want = strlen(suffix);

	if (dir == NULL)
		err(1, "%s", scratch->options.dir);
	while ((entry = readdir(dir)) != NULL) {
		length = strlen(entry->d_name);
		if (length >= want &&
		    strcmp(entry->d_name + length - want, suffix) == 0)
			found++;
	}
	closedir(dir);
	return found;
}

void
scratch_last_segment(
    const struct scratch *scratch, char name[SCRATCH_NAME_SIZE])
{
	DIR *dir = opendir(scratch->options.dir);
	struct dirent *entry;

	if (dir == NULL)
		err(1, "%s", scratch->options.dir);
	name[0] = '\0';
	while ((entry = readdir(dir)) != NULL)
		if (strstr(entry->d_name, ".seg") != NULL &&
		    strcmp(entry->d_name, name) > 0)
			snprintf(
			    name, SCRATCH_NAME_SIZE, "%.60s", entry->d_name);
	closedir(dir);
}

bool
scratch_resume(struct scratch *scratch)
{
	return scratch_open(scratch) &&
	    (journal_ended_cleanly(scratch->journal) ||
		scratch_snapshot(scratch, 3));
}

bool
scratch_batches(struct scratch *scratch, unsigned batches, unsigned groups)
{
	for (unsigned i = 0; i < batches; i++) {
		scratch_append(scratch, groups, 2);
		if (!scratch_commit(scratch))
			return false;
	}
	return true;
}

void
scratch_kill(struct scratch *scratch)
{
	char name[SCRATCH_NAME_SIZE];
	struct scratch_file file;

	scratch_close(scratch);
	scratch_last_segment(scratch, name);
	scratch_load(scratch, name, &file);
	scratch_unseal(&file);
	scratch_store(&file);
	scratch_free(&file);
}
