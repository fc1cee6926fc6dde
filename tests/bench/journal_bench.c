/* links: daemon/journal.c daemon/journal_open.c daemon/journal_list.c
 * daemon/journal_restore.c daemon/journal_replay.c daemon/journal_tail.c
 * daemon/journal_commit.c daemon/journal_read.c daemon/journal_snapshot.c
 * daemon/journal_snapshot_write.c daemon/journal_compact.c daemon/segment.c
 * daemon/segment_read.c daemon/segment_store.c daemon/crc32c.c daemon/clock.c
 * daemon/thread.c daemon/core/alloc.c ; libs: pthread
 */
/*
 * journal_bench: what the journal manages on this disk: the first start,
 * records a second at some batch sizes, and replay.
 *
 * usage: journal_bench [directory to work in]
 */

#include <dirent.h>
#include <err.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "daemon/core/alloc.h"
#include "daemon/journal.h"

#define RECORD_SIZE 200	 /* bytes */
#define SECONDS 1.0	 /* for each batch size */
#define REPLAYED 1000000 /* records */
#define REPLAY_BATCH 4096

static double
now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

static bool
count(void *ctx, const struct journal_record *record)
{
	(void)record;
	++*(uint64_t *)ctx;
	return true;
}

static struct journal *
open_journal(const char *dir, uint64_t *records)
{
	struct journal_options options = {.dir = dir};
	const struct journal_readers readers = {
	    .record = count, .ctx = records};
	struct journal *journal;
	char error[1024];

	journal = journal_open(&options, &readers, error, sizeof error);
	if (journal == NULL)
		errx(1, "%s", error);
	return journal;
}

static void
write_batch(struct journal *journal, unsigned records)
{
	struct pollfd wake = {.fd = journal_fd(journal), .events = POLLIN};
	char bytes[RECORD_SIZE];
	const char *error;
	uint64_t last = 0;

	memset(bytes, 'r', sizeof bytes);
	for (unsigned i = 0; i < records; i++)
		last = journal_append(journal, bytes, sizeof bytes, true);
	journal_commit(journal);
	do {
		poll(&wake, 1, -1);
		if (journal_collect(journal, &error) < last && error != NULL)
			errx(1, "%s", error);
	} while (journal_durable(journal) < last);
}

static void
clear(const char *dir)
{
	DIR *stream = opendir(dir);
	struct dirent *entry;

	if (stream == NULL)
		err(1, "%s", dir);
	while ((entry = readdir(stream)) != NULL)
		if (entry->d_name[0] != '.')
			unlinkat(dirfd(stream), entry->d_name, 0);
	closedir(stream);
}

static void
bench_appending(const char *dir, unsigned batch)
{
	struct journal_figures figures;
	uint64_t records = 0;
	struct journal *journal = open_journal(dir, &records);
	double start = now(), taken;

	while ((taken = now() - start) < SECONDS) {
		write_batch(journal, batch);
		records += batch;
	}
	journal_figures(journal, &figures);
	printf("%3u records a batch: %9.0f records/s, %7.0f us a batch, "
	       "%7.0f us of it write and sync\n",
	    batch, (double)records / taken,
	    taken * 1e6 / (double)figures.batches,
	    (double)figures.sync_ns_mean / 1e3);
	journal_close(journal);
	clear(dir);
}

static void
bench_replay(const char *dir)
{
	uint64_t records = 0;
	struct journal *journal = open_journal(dir, &records);
	double start;

	for (unsigned i = 0; i < REPLAYED / REPLAY_BATCH; i++)
		write_batch(journal, REPLAY_BATCH);
	journal_close(journal);
	start = now();
	journal = open_journal(dir, &records);
	printf("replay: %.0f records/s of %d bytes, %ju records\n",
	    (double)records / (now() - start), RECORD_SIZE, (uintmax_t)records);
	journal_close(journal);
	clear(dir);
}

static void
bench_start(const char *dir)
{
	uint64_t records = 0;
	double start = now();
	struct journal *journal = open_journal(dir, &records);

	printf("first start: %.1f ms\n", (now() - start) * 1e3);
	journal_close(journal);
	start = now();
	journal = open_journal(dir, &records);
	printf("start with nothing in it: %.1f ms\n", (now() - start) * 1e3);
	journal_close(journal);
	clear(dir);
}

int
main(int argc, char **argv)
{
	static const unsigned batches[] = {1, 16, 64};
	char *dir =
	    xasprintf("%s/journal_bench.XXXXXX", argc > 1 ? argv[1] : "build");

	if (mkdtemp(dir) == NULL)
		err(1, "%s", dir);
	bench_start(dir);
	for (size_t i = 0; i < sizeof batches / sizeof batches[0]; i++)
		bench_appending(dir, batches[i]);
	bench_replay(dir);
	if (rmdir(dir) == -1)
		err(1, "%s", dir);
	free(dir);
	return 0;
}
