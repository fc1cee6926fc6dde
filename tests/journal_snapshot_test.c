/* links: daemon/journal.c daemon/journal_open.c daemon/journal_list.c
 * daemon/journal_restore.c daemon/journal_replay.c daemon/journal_tail.c
 * daemon/journal_commit.c daemon/journal_read.c daemon/journal_snapshot.c
 * daemon/journal_snapshot_write.c daemon/journal_compact.c daemon/segment.c
 * daemon/segment_read.c daemon/segment_store.c daemon/crc32c.c daemon/clock.c
 * daemon/thread.c daemon/core/alloc.c tests/journal_scratch.c
 * tests/unsynced_io.c ; libs: pthread
 */
/* journal_snapshot_test: snapshots written, read again, compacted by. */

#include <atf-c.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/journal_format.h"
#include "tests/journal_scratch.h"
#include "tests/unsynced_io.h"

static struct scratch scratch;

static void
open_scratch(void)
{
	ATF_REQUIRE_MSG(scratch_open(&scratch), "%s", scratch.error);
	ATF_CHECK(!scratch.wrong);
}

static void
write_batches(unsigned batches)
{
	for (unsigned i = 0; i < batches; i++) {
		scratch_append(&scratch, 4, 5);
		ATF_REQUIRE(scratch_commit(&scratch));
	}
}

static void
check_files(unsigned snapshots, unsigned segments)
{
	ATF_CHECK_EQ_MSG(snapshots, scratch_count(&scratch, SNAPSHOT_SUFFIX),
	    "%u snapshots", scratch_count(&scratch, SNAPSHOT_SUFFIX));
	ATF_CHECK_EQ_MSG(segments, scratch_count(&scratch, SEGMENT_SUFFIX),
	    "%u segments", scratch_count(&scratch, SEGMENT_SUFFIX));
	ATF_CHECK_EQ(0, scratch_count(&scratch, SNAPSHOT_NEW_NAME));
}

ATF_TC_WITHOUT_HEAD(written_and_read_again);
ATF_TC_BODY(written_and_read_again, tc)
{
	struct journal_figures figures;
	int64_t taken;

	scratch_init(&scratch, "journal");
	open_scratch();
	write_batches(3);
	journal_figures(scratch.journal, &figures);
	ATF_CHECK(!figures.has_snapshot);
	ATF_CHECK(figures.bytes_behind > 60 * sizeof(struct record_header));
	ATF_REQUIRE_MSG(scratch_snapshot(&scratch, 7), "%s", scratch.error);
	journal_figures(scratch.journal, &figures);
	ATF_CHECK(figures.has_snapshot);
	ATF_CHECK(!figures.snapshot_under_way);
	ATF_CHECK_EQ(60, figures.snapshot);
	ATF_CHECK_EQ(0, figures.bytes_behind);
	ATF_CHECK(figures.snapshot_time > 0);
	ATF_CHECK(figures.snapshot_error == NULL);
	taken = figures.snapshot_time;
	write_batches(1);
	scratch_close(&scratch);
	check_files(1, 1);

	open_scratch();
	ATF_CHECK_EQ(60, scratch.restored);
	ATF_CHECK_EQ(7, scratch.nchunks);
	ATF_CHECK_EQ(80, scratch.seen);
	ATF_CHECK_STREQ("", scratch.warnings);
	journal_figures(scratch.journal, &figures);
	ATF_CHECK_EQ(60, figures.snapshot);
	ATF_CHECK_EQ(taken, figures.snapshot_time);
	ATF_CHECK(figures.bytes_behind > 20 * sizeof(struct record_header));
	ATF_CHECK(figures.bytes_behind < 20 * (32 + SCRATCH_PAYLOAD_MAX));
	scratch_close(&scratch);
}

/* Kept are two generations, and the segments behind the older one. */
ATF_TC_WITHOUT_HEAD(compaction);
ATF_TC_BODY(compaction, tc)
{
	struct journal_figures figures;
	uint64_t before = 0;

	scratch_init(&scratch, "journal");
	open_scratch();
	for (unsigned round = 1; round <= 6; round++) {
		write_batches(20);
		ATF_REQUIRE(scratch_snapshot(&scratch, round));
		journal_collect(scratch.journal, &scratch.failure);
		journal_figures(scratch.journal, &figures);
		check_files(round == 1 ? 1 : 2, (unsigned)figures.segments);
		if (round == 1)
			ATF_CHECK_EQ(1, figures.first);
		else
			ATF_CHECK(figures.first > before &&
			    figures.first <= 400 * (round - 1) + 1);
		before = figures.first;
		if (round % 2 == 0) {
			scratch_close(&scratch);
			open_scratch();
			ATF_CHECK_EQ(400 * round, scratch.seen);
			ATF_CHECK_EQ(400 * round, scratch.restored);
		}
	}
	ATF_CHECK(figures.segments < 14);
	/* What a watcher asks for is there or not; nothing in between. */
	scratch.seen = figures.first - 1;
	ATF_CHECK_EQ(2401,
	    journal_read(scratch.journal, figures.first, 10000, scratch_reader,
		&scratch));
	ATF_CHECK(!scratch.wrong);
	ATF_CHECK_EQ(0,
	    journal_read(scratch.journal, figures.first - 1, 10, scratch_reader,
		&scratch));
	ATF_CHECK_STREQ("", scratch.warnings);
	scratch_close(&scratch);
}

ATF_TC_WITHOUT_HEAD(same_number_twice);
ATF_TC_BODY(same_number_twice, tc)
{
	scratch_init(&scratch, "journal");
	open_scratch();
	/* Before there is any record, even. */
	ATF_REQUIRE(scratch_snapshot(&scratch, 1));
	ATF_REQUIRE(scratch_snapshot(&scratch, 2));
	check_files(1, 1);
	write_batches(20);
	ATF_REQUIRE(scratch_snapshot(&scratch, 3));
	write_batches(20);
	for (unsigned i = 4; i < 8; i++) {
		ATF_REQUIRE(scratch_snapshot(&scratch, i));
		scratch_close(&scratch);
		ATF_CHECK_EQ(2, scratch_count(&scratch, SNAPSHOT_SUFFIX));
		open_scratch();
		ATF_CHECK_EQ(800, scratch.restored);
		ATF_CHECK_EQ(i, scratch.nchunks);
	}
	/* The older one is still the one before, not the same again. */
	ATF_CHECK_EQ(1, scratch_count(&scratch, "0000000000000400.snap"));
	scratch_close(&scratch);
}

ATF_TC_WITHOUT_HEAD(only_one_at_a_time);
ATF_TC_BODY(only_one_at_a_time, tc)
{
	struct journal_figures figures;

	scratch_init(&scratch, "journal");
	open_scratch();
	write_batches(1);
	scratch_begin(&scratch, 3);
	ATF_CHECK(!journal_snapshot_begin(scratch.journal));
	journal_figures(scratch.journal, &figures);
	ATF_CHECK(figures.snapshot_under_way);
	/* Batches go on, before it and meanwhile. */
	write_batches(10);
	journal_snapshot_end(scratch.journal);
	ATF_REQUIRE(journal_snapshot_wait(
	    scratch.journal, scratch.error, sizeof scratch.error));
	ATF_CHECK_EQ(0, journal_snapshot_backlog(scratch.journal));
	scratch_close(&scratch);
	open_scratch();
	ATF_CHECK_EQ(20, scratch.restored);
	ATF_CHECK_EQ(220, scratch.seen);
	scratch_close(&scratch);
}

ATF_TC_WITHOUT_HEAD(abandoned);
ATF_TC_BODY(abandoned, tc)
{
	scratch_init(&scratch, "journal");
	open_scratch();
	write_batches(1);
	scratch_begin(&scratch, 30);
	journal_snapshot_abandon(scratch.journal);
	ATF_CHECK(!journal_snapshot_wait(
	    scratch.journal, scratch.error, sizeof scratch.error));
	ATF_CHECK(strstr(scratch.error, "abandoned") != NULL);
	check_files(0, 1);
	/* One that is under way at the end is abandoned too. */
	ATF_REQUIRE(scratch_snapshot(&scratch, 3));
	scratch_begin(&scratch, 30);
	scratch_close(&scratch);
	check_files(1, 1);
	open_scratch();
	ATF_CHECK_EQ(20, scratch.restored);
	ATF_CHECK_EQ(3, scratch.nchunks);
	scratch_close(&scratch);
}

/* What a daemon that was killed left of one. */
ATF_TC_WITHOUT_HEAD(unfinished_is_removed);
ATF_TC_BODY(unfinished_is_removed, tc)
{
	int fd;

	scratch_init(&scratch, "journal");
	scratch_batch(&scratch, 1, 2);
	fd = open("journal/" SNAPSHOT_NEW_NAME, O_WRONLY | O_CREAT, 0600);
	ATF_REQUIRE(fd != -1);
	ATF_REQUIRE_EQ(4, write(fd, "WEIR", 4));
	close(fd);
	open_scratch();
	ATF_CHECK_EQ(2, scratch.seen);
	check_files(0, 1);
	scratch_close(&scratch);
}

static atomic_bool held;

static int
held_sync(int fd)
{
	char path[64], name[256];
	ssize_t n;

	snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
	n = readlink(path, name, sizeof name - 1);
	name[n > 0 ? n : 0] = '\0';
	while (strstr(name, SEGMENT_SUFFIX) != NULL && atomic_load(&held))
		poll(NULL, 0, 1);
	return 0;
}

ATF_TC(waits_for_the_journal);
ATF_TC_HEAD(waits_for_the_journal, tc)
{
	atf_tc_set_md_var(tc, "descr",
	    "a snapshot gets its name only when what it includes is durable");
}
ATF_TC_BODY(waits_for_the_journal, tc)
{
	struct journal_io io = unsynced_io;

	if (access("/proc/self/fd", F_OK) == -1)
		atf_tc_skip("there is no /proc/self/fd");
	io.sync = held_sync;
	scratch_init(&scratch, "journal");
	scratch.options.io = &io;
	open_scratch();
	write_batches(1);
	atomic_store(&held, true);
	scratch_append(&scratch, 1, 3);
	journal_commit(scratch.journal);
	scratch_begin(&scratch, 5);
	journal_snapshot_end(scratch.journal);
	while (journal_snapshot_backlog(scratch.journal) > 0)
		poll(NULL, 0, 1);
	for (int i = 0; i < 50; i++) {
		poll(NULL, 0, 1);
		ATF_CHECK_EQ(0, scratch_count(&scratch, SNAPSHOT_SUFFIX));
	}
	ATF_CHECK_EQ(20, journal_durable(scratch.journal));
	atomic_store(&held, false);
	ATF_REQUIRE(journal_snapshot_wait(
	    scratch.journal, scratch.error, sizeof scratch.error));
	ATF_CHECK_EQ(1, scratch_count(&scratch, "0000000000000023.snap"));
	scratch_close(&scratch);
}

ATF_TC_WITHOUT_HEAD(large_chunks);
ATF_TC_BODY(large_chunks, tc)
{
	static char large[5000003];
	struct journal_figures figures;

	scratch_init(&scratch, "journal");
	open_scratch();
	write_batches(1);
	ATF_REQUIRE(journal_snapshot_begin(scratch.journal));
	for (int i = 0; i < 3; i++)
		journal_snapshot_add(scratch.journal, large, sizeof large);
	ATF_CHECK(journal_snapshot_backlog(scratch.journal) > sizeof large);
	journal_snapshot_end(scratch.journal);
	ATF_REQUIRE(journal_snapshot_wait(
	    scratch.journal, scratch.error, sizeof scratch.error));
	journal_figures(scratch.journal, &figures);
	ATF_CHECK_EQ(64 + 3 * (32 + 5000008), figures.snapshot_bytes);
	scratch_close(&scratch);
	/* It is not what the scratch's reader expects, but all is read. */
	ATF_REQUIRE_MSG(scratch_open(&scratch), "%s", scratch.error);
	ATF_CHECK_EQ(3, scratch.nchunks);
	ATF_CHECK_EQ(20, scratch.restored);
	scratch_close(&scratch);
}

static bool
refuse_second(void *ctx, const struct journal_chunk *chunk)
{
	(void)ctx;
	return chunk->number != 2;
}

ATF_TC_WITHOUT_HEAD(chunk_reader_refuses);
ATF_TC_BODY(chunk_reader_refuses, tc)
{
	const struct journal_readers readers = {
	    .chunk = refuse_second, .record = scratch_reader, .ctx = &scratch};

	scratch_init(&scratch, "journal");
	open_scratch();
	write_batches(1);
	ATF_REQUIRE(scratch_snapshot(&scratch, 3));
	scratch_close(&scratch);
	ATF_REQUIRE(journal_open(&scratch.options, &readers, scratch.error,
			sizeof scratch.error) == NULL);
	ATF_CHECK_MSG(
	    strstr(scratch.error, "20.snap: chunk 2 at offset") != NULL, "%s",
	    scratch.error);
}

/* A daemon that was killed: nothing says that the journal was closed. */
static void
end_uncleanly(void)
{
	char name[SCRATCH_NAME_SIZE];
	struct scratch_file file;

	scratch_close(&scratch);
	scratch_last_segment(&scratch, name);
	scratch_load(&scratch, name, &file);
	if (file.nrecords > 0)
		scratch_unseal(&file);
	scratch_store(&file);
	scratch_free(&file);
}

ATF_TC_WITHOUT_HEAD(unclean_end);
ATF_TC_BODY(unclean_end, tc)
{
	scratch_init(&scratch, "journal");
	open_scratch();
	ATF_CHECK(journal_ended_cleanly(scratch.journal));
	write_batches(1);
	end_uncleanly();
	open_scratch();
	ATF_CHECK(!journal_ended_cleanly(scratch.journal));
	ATF_CHECK_EQ(2, scratch_count(&scratch, SEGMENT_SUFFIX));
	/* Again and again: the new segment, being empty, is made anew. */
	for (int i = 0; i < 3; i++) {
		end_uncleanly();
		open_scratch();
		ATF_CHECK(!journal_ended_cleanly(scratch.journal));
		ATF_CHECK_EQ(2, scratch_count(&scratch, SEGMENT_SUFFIX));
	}
	write_batches(1);
	end_uncleanly();
	open_scratch();
	ATF_CHECK_EQ(40, scratch.seen);
	ATF_CHECK_EQ(3, scratch_count(&scratch, SEGMENT_SUFFIX));
	scratch_close(&scratch);
	open_scratch();
	ATF_CHECK(journal_ended_cleanly(scratch.journal));
	ATF_CHECK_STREQ("", scratch.warnings);
	write_batches(1);
	ATF_CHECK_EQ(3, scratch_count(&scratch, SEGMENT_SUFFIX));
	scratch_close(&scratch);
	open_scratch();
	ATF_CHECK_EQ(60, scratch.seen);
	scratch_close(&scratch);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, written_and_read_again);
	ATF_TP_ADD_TC(tp, compaction);
	ATF_TP_ADD_TC(tp, same_number_twice);
	ATF_TP_ADD_TC(tp, only_one_at_a_time);
	ATF_TP_ADD_TC(tp, abandoned);
	ATF_TP_ADD_TC(tp, unfinished_is_removed);
	ATF_TP_ADD_TC(tp, waits_for_the_journal);
	ATF_TP_ADD_TC(tp, large_chunks);
	ATF_TP_ADD_TC(tp, chunk_reader_refuses);
	ATF_TP_ADD_TC(tp, unclean_end);
	return atf_no_error();
}
