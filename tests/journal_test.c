/* links: daemon/journal.c daemon/journal_open.c daemon/journal_list.c
 * daemon/journal_restore.c daemon/journal_replay.c daemon/journal_tail.c
 * daemon/journal_commit.c daemon/journal_read.c daemon/journal_snapshot.c
 * daemon/journal_snapshot_write.c daemon/journal_compact.c daemon/segment.c
 * daemon/segment_read.c daemon/segment_store.c daemon/crc32c.c daemon/clock.c
 * daemon/thread.c daemon/core/alloc.c tests/journal_scratch.c
 * tests/unsynced_io.c ; libs: pthread
 */
/* journal_test: writing, reopening, segments, waking. */

#include <atf-c.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/journal_format.h"
#include "tests/journal_scratch.h"

static struct scratch scratch;

static void
touch(const char *path)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);

	ATF_REQUIRE(fd != -1);
	close(fd);
}

ATF_TC_WITHOUT_HEAD(empty_directory);
ATF_TC_BODY(empty_directory, tc)
{
	struct journal_figures figures;

	scratch_init(&scratch, "journal");
	for (int i = 0; i < 2; i++) {
		ATF_REQUIRE_MSG(scratch_open(&scratch), "%s", scratch.error);
		ATF_CHECK_EQ(0, scratch.seen);
		ATF_CHECK_EQ(0, journal_last(scratch.journal));
		ATF_CHECK_EQ(0, journal_durable(scratch.journal));
		journal_figures(scratch.journal, &figures);
		ATF_CHECK_EQ(0, figures.first);
		ATF_CHECK_EQ(0, figures.last);
		ATF_CHECK_EQ(1, figures.segments);
		ATF_CHECK_EQ(0, figures.batches);
		ATF_CHECK_EQ(0, figures.sync_ns_mean);
		scratch_close(&scratch);
		ATF_CHECK_STREQ("", scratch.warnings);
		ATF_CHECK_EQ(1, scratch_count(&scratch, SCRATCH_FIRST));
	}
}

ATF_TC_WITHOUT_HEAD(no_directory);
ATF_TC_BODY(no_directory, tc)
{
	scratch_init(&scratch, "journal");
	ATF_REQUIRE_EQ(0, rmdir("journal"));
	ATF_REQUIRE(!scratch_open(&scratch));
	ATF_CHECK(strstr(scratch.error, "journal: cannot open") != NULL);
}

/* With the system's own calls: the disk is really waited for. */
ATF_TC_WITHOUT_HEAD(durable_and_reopened);
ATF_TC_BODY(durable_and_reopened, tc)
{
	struct journal_figures figures;

	scratch_init(&scratch, "journal");
	scratch.options.io = NULL;
	scratch.options.segment_size = 0;
	ATF_REQUIRE_MSG(scratch_open(&scratch), "%s", scratch.error);
	for (unsigned i = 1; i <= 10; i++) {
		scratch_append(&scratch, i, 1);
		ATF_REQUIRE(scratch_commit(&scratch));
	}
	journal_figures(scratch.journal, &figures);
	ATF_CHECK_EQ(1, figures.first);
	ATF_CHECK_EQ(55, figures.last);
	ATF_CHECK_EQ(10, figures.batches);
	ATF_CHECK(figures.sync_ns_mean > 0);
	scratch_close(&scratch);
	ATF_REQUIRE_MSG(scratch_open(&scratch), "%s", scratch.error);
	ATF_CHECK_EQ(55, scratch.seen);
	ATF_CHECK(!scratch.wrong);
	ATF_CHECK_EQ(55, journal_durable(scratch.journal));
	ATF_CHECK_EQ(55, journal_last(scratch.journal));
	ATF_CHECK_STREQ("", scratch.warnings);
	scratch_append(&scratch, 1, 1);
	ATF_REQUIRE(scratch_commit(&scratch));
	scratch_close(&scratch);
	ATF_REQUIRE_MSG(scratch_open(&scratch), "%s", scratch.error);
	ATF_CHECK_EQ(56, scratch.seen);
	ATF_CHECK(!scratch.wrong);
	scratch_close(&scratch);
}

/* What came while a batch was written goes on with nobody asking again. */
ATF_TC_WITHOUT_HEAD(no_batch_left);
ATF_TC_BODY(no_batch_left, tc)
{
	struct pollfd readable;

	scratch_init(&scratch, "journal");
	ATF_REQUIRE(scratch_open(&scratch));
	readable = (struct pollfd){
	    .fd = journal_fd(scratch.journal), .events = POLLIN};
	scratch_append(&scratch, 1, 1);
	journal_commit(scratch.journal);
	scratch_append(&scratch, 1, 1);
	ATF_REQUIRE_EQ(1, poll(&readable, 1, 60000));
	ATF_CHECK_EQ(1, journal_collect(scratch.journal, &scratch.failure));
	ATF_REQUIRE_EQ_MSG(
	    1, poll(&readable, 1, 60000), "the second batch is never written");
	ATF_CHECK_EQ(2, journal_collect(scratch.journal, &scratch.failure));
	scratch_close(&scratch);
}

ATF_TC_WITHOUT_HEAD(open_group_waits);
ATF_TC_BODY(open_group_waits, tc)
{
	char bytes[SCRATCH_PAYLOAD_MAX];

	scratch_init(&scratch, "journal");
	ATF_REQUIRE(scratch_open(&scratch));
	journal_append(
	    scratch.journal, bytes, scratch_payload(1, bytes), false);
	journal_commit(scratch.journal);
	ATF_CHECK_EQ(0, journal_collect(scratch.journal, &scratch.failure));
	journal_append(scratch.journal, bytes, scratch_payload(2, bytes), true);
	journal_append(
	    scratch.journal, bytes, scratch_payload(3, bytes), false);
	ATF_CHECK_EQ(3, journal_last(scratch.journal));
	journal_commit(scratch.journal);
	while (journal_collect(scratch.journal, &scratch.failure) == 0)
		ATF_REQUIRE(scratch.failure == NULL);
	ATF_CHECK_EQ(2, journal_durable(scratch.journal));
	journal_append(scratch.journal, bytes, scratch_payload(4, bytes), true);
	ATF_REQUIRE(scratch_commit(&scratch));
	ATF_CHECK_EQ(4, journal_durable(scratch.journal));
	journal_append(
	    scratch.journal, bytes, scratch_payload(5, bytes), false);
	scratch_close(&scratch);
	ATF_REQUIRE(scratch_open(&scratch));
	ATF_CHECK_EQ(4, scratch.seen);
	ATF_CHECK(scratch.seen_last);
	ATF_CHECK(!scratch.wrong);
	ATF_CHECK_STREQ("", scratch.warnings);
	scratch_close(&scratch);
}

ATF_TC_WITHOUT_HEAD(close_writes_what_is_whole);
ATF_TC_BODY(close_writes_what_is_whole, tc)
{
	scratch_init(&scratch, "journal");
	ATF_REQUIRE(scratch_open(&scratch));
	scratch_append(&scratch, 100, 3);
	journal_commit(scratch.journal);
	scratch_append(&scratch, 100, 2);
	scratch_close(&scratch);
	ATF_REQUIRE(scratch_open(&scratch));
	ATF_CHECK_EQ(500, scratch.seen);
	ATF_CHECK(!scratch.wrong);
	scratch_close(&scratch);
}

ATF_TC_WITHOUT_HEAD(many_segments);
ATF_TC_BODY(many_segments, tc)
{
	struct journal_figures figures;
	uint64_t last = 0;

	scratch_init(&scratch, "journal");
	for (unsigned round = 0; round < 4; round++) {
		ATF_REQUIRE_MSG(scratch_open(&scratch), "%s", scratch.error);
		ATF_CHECK_EQ(last, scratch.seen);
		ATF_CHECK(!scratch.wrong);
		for (unsigned i = 1; i <= 40; i++) {
			scratch_append(&scratch, i % 7 + 1, i % 3 + 1);
			ATF_REQUIRE(scratch_commit(&scratch));
		}
		last = journal_last(scratch.journal);
		scratch_close(&scratch);
	}
	ATF_REQUIRE_MSG(scratch_open(&scratch), "%s", scratch.error);
	ATF_CHECK_EQ(last, scratch.seen);
	ATF_CHECK_STREQ("", scratch.warnings);
	journal_figures(scratch.journal, &figures);
	ATF_CHECK_EQ(1, figures.first);
	ATF_CHECK_EQ(last, figures.last);
	ATF_CHECK(figures.segments > 10);
	ATF_CHECK_EQ(figures.segments, scratch_count(&scratch, SEGMENT_SUFFIX));
	ATF_CHECK(figures.bytes <= figures.segments * 16 * 1024);
	scratch_close(&scratch);
}

ATF_TC_WITHOUT_HEAD(batch_larger_than_a_segment);
ATF_TC_BODY(batch_larger_than_a_segment, tc)
{
	scratch_init(&scratch, "journal");
	for (int i = 0; i < 3; i++) {
		ATF_REQUIRE_MSG(scratch_open(&scratch), "%s", scratch.error);
		scratch_append(&scratch, 1, 1);
		ATF_REQUIRE(scratch_commit(&scratch));
		scratch_append(&scratch, 1, 1000);
		ATF_REQUIRE(scratch_commit(&scratch));
		scratch_close(&scratch);
	}
	ATF_REQUIRE_MSG(scratch_open(&scratch), "%s", scratch.error);
	ATF_CHECK_EQ(3003, scratch.seen);
	ATF_CHECK(!scratch.wrong);
	scratch_close(&scratch);
}

static bool
count_bytes(void *ctx, const struct journal_record *record)
{
	size_t *total = ctx;

	for (size_t i = 0; i < record->size; i++)
		if (record->bytes[i] != (char)(i % 251))
			return false;
	*total += record->size;
	return true;
}

ATF_TC_WITHOUT_HEAD(large_record);
ATF_TC_BODY(large_record, tc)
{
	static char bytes[3000001];
	size_t total = 0;
	const struct journal_readers readers = {
	    .record = count_bytes, .ctx = &total};

	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (char)(i % 251);
	scratch_init(&scratch, "journal");
	ATF_REQUIRE(scratch_open(&scratch));
	journal_append(scratch.journal, bytes, sizeof bytes, false);
	journal_append(scratch.journal, bytes, 5, true);
	ATF_REQUIRE(scratch_commit(&scratch));
	scratch_close(&scratch);
	scratch.journal = journal_open(
	    &scratch.options, &readers, scratch.error, sizeof scratch.error);
	ATF_REQUIRE_MSG(scratch.journal != NULL, "%s", scratch.error);
	ATF_CHECK_EQ(sizeof bytes + 5, total);
	scratch_close(&scratch);
}

ATF_TC_WITHOUT_HEAD(wakes_the_loop);
ATF_TC_BODY(wakes_the_loop, tc)
{
	struct pollfd wake = {.events = POLLIN};

	scratch_init(&scratch, "journal");
	ATF_REQUIRE(scratch_open(&scratch));
	wake.fd = journal_fd(scratch.journal);
	ATF_CHECK_EQ(0, poll(&wake, 1, 0));
	journal_commit(scratch.journal);
	ATF_CHECK_EQ(0, poll(&wake, 1, 0));
	scratch_append(&scratch, 1, 1);
	ATF_CHECK_EQ(0, poll(&wake, 1, 0));
	journal_commit(scratch.journal);
	ATF_REQUIRE_EQ(1, poll(&wake, 1, 60000));
	/* Told once; what is durable does not show before it is collected. */
	ATF_CHECK_EQ(0, journal_durable(scratch.journal));
	ATF_CHECK_EQ(1, journal_collect(scratch.journal, &scratch.failure));
	ATF_CHECK(scratch.failure == NULL);
	ATF_CHECK_EQ(0, poll(&wake, 1, 0));
	scratch_close(&scratch);
}

ATF_TC_WITHOUT_HEAD(sealed_after_a_pause);
ATF_TC_BODY(sealed_after_a_pause, tc)
{
	struct scratch_file file;
	size_t n = 0;

	scratch_init(&scratch, "journal");
	ATF_REQUIRE(scratch_open(&scratch));
	scratch_append(&scratch, 2, 2);
	ATF_REQUIRE(scratch_commit(&scratch));
	for (int i = 0; i < 6000 && n != 5; i++) {
		poll(NULL, 0, 10);
		scratch_load(&scratch, SCRATCH_FIRST, &file);
		n = file.nrecords;
		scratch_free(&file);
	}
	ATF_REQUIRE_EQ(5, n);
	ATF_CHECK_EQ(
	    RECORD_SEAL | RECORD_GROUP_END | RECORD_BATCH_END, file.flags[4]);
	ATF_CHECK_EQ(4, file.seqs[4]);
	ATF_CHECK_EQ(file.batches[3] + 1, file.batches[4]);
	/* Closing says that it ended; what is opened and closed adds no more.
	 */
	scratch_close(&scratch);
	ATF_REQUIRE(scratch_open(&scratch));
	ATF_CHECK(journal_ended_cleanly(scratch.journal));
	scratch_close(&scratch);
	scratch_load(&scratch, SCRATCH_FIRST, &file);
	ATF_REQUIRE_EQ(6, file.nrecords);
	ATF_CHECK_EQ(
	    RECORD_SEAL | RECORD_GROUP_END | RECORD_BATCH_END | RECORD_CLOSED,
	    file.flags[5]);
	ATF_CHECK_EQ(4, file.seqs[5]);
	scratch_free(&file);
}

ATF_TC_WITHOUT_HEAD(other_files);
ATF_TC_BODY(other_files, tc)
{
	scratch_init(&scratch, "journal");
	touch("journal/0000000000000009.snap");
	ATF_REQUIRE(!scratch_open(&scratch));
	ATF_CHECK(strstr(scratch.error, "9.snap: there is a snapshot") != NULL);
	ATF_REQUIRE_EQ(0, unlink("journal/0000000000000009.snap"));
	scratch_batch(&scratch, 3, 1);
	touch("journal/0000000000000003.snap");
	touch("journal/0000000000000001.seg.bak");
	touch("journal/1.seg");
	touch("journal/torn-1");
	ATF_REQUIRE_MSG(scratch_open(&scratch), "%s", scratch.error);
	ATF_CHECK_EQ(3, scratch.seen);
	ATF_CHECK_EQ(2, scratch.nwarnings);
	ATF_CHECK(strstr(scratch.warnings,
		      "3.snap: damaged at offset 0: the file ends") != NULL);
	ATF_CHECK(strstr(scratch.warnings, "(2 such ") != NULL);
	scratch_close(&scratch);
	ATF_CHECK_EQ(0, access("journal/0000000000000001.seg.bak", F_OK));
	ATF_CHECK_EQ(0, access("journal/torn-1", F_OK));
}

static bool
refuse_third(void *ctx, const struct journal_record *record)
{
	(void)ctx;
	return record->seq != 3;
}

ATF_TC_WITHOUT_HEAD(reader_refuses);
ATF_TC_BODY(reader_refuses, tc)
{
	const struct journal_readers readers = {.record = refuse_third};
	char error[1024];

	scratch_init(&scratch, "journal");
	scratch_batch(&scratch, 2, 2);
	ATF_REQUIRE(journal_open(&scratch.options, &readers, error,
			sizeof error) == NULL);
	ATF_CHECK_MSG(
	    strstr(error, SCRATCH_FIRST ": record 3 at offset ") != NULL, "%s",
	    error);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, empty_directory);
	ATF_TP_ADD_TC(tp, no_directory);
	ATF_TP_ADD_TC(tp, durable_and_reopened);
	ATF_TP_ADD_TC(tp, no_batch_left);
	ATF_TP_ADD_TC(tp, open_group_waits);
	ATF_TP_ADD_TC(tp, close_writes_what_is_whole);
	ATF_TP_ADD_TC(tp, many_segments);
	ATF_TP_ADD_TC(tp, batch_larger_than_a_segment);
	ATF_TP_ADD_TC(tp, large_record);
	ATF_TP_ADD_TC(tp, wakes_the_loop);
	ATF_TP_ADD_TC(tp, sealed_after_a_pause);
	ATF_TP_ADD_TC(tp, other_files);
	ATF_TP_ADD_TC(tp, reader_refuses);
	return atf_no_error();
}
