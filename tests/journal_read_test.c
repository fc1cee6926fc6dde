/* links: daemon/journal.c daemon/journal_open.c daemon/journal_list.c
 * daemon/journal_restore.c daemon/journal_replay.c daemon/journal_tail.c
 * daemon/journal_commit.c daemon/journal_read.c daemon/journal_snapshot.c
 * daemon/journal_snapshot_write.c daemon/journal_compact.c daemon/segment.c
 * daemon/segment_read.c daemon/segment_store.c daemon/crc32c.c daemon/clock.c
 * daemon/thread.c daemon/core/alloc.c tests/journal_scratch.c
 * tests/unsynced_io.c ; libs: pthread
 */
/* journal_read_test: reading durable records again while the journal is open.
 */

#include <atf-c.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "daemon/journal_format.h"
#include "tests/journal_scratch.h"

static struct scratch scratch;

/* A reading of its own, checked like the one at the start. */
struct reader {
	struct scratch check;
	uint64_t first;
	unsigned given;
	unsigned refuse_after; /* 0: never */
};

static bool
take(void *ctx, const struct journal_record *record)
{
	struct reader *reader = ctx;

	if (reader->refuse_after != 0 && reader->given == reader->refuse_after)
		return false;
	if (reader->given++ == 0) {
		reader->first = record->seq;
		reader->check.seen = record->seq - 1;
	}
	return scratch_reader(&reader->check, record);
}

/* Reads, checks that it got exactly [from, next), and gives next. */
static uint64_t
read_from(uint64_t from, unsigned max, unsigned refuse_after)
{
	struct reader reader = {.refuse_after = refuse_after};
	uint64_t next;

	next = journal_read(scratch.journal, from, max, take, &reader);
	ATF_CHECK(!reader.check.wrong);
	if (next != 0) {
		ATF_CHECK_EQ(next - from, reader.given);
		if (reader.given > 0) {
			ATF_CHECK_EQ(from, reader.first);
			ATF_CHECK_EQ(next - 1, reader.check.seen);
		}
	}
	return next;
}

static uint64_t
fill(unsigned batches)
{
	scratch_init(&scratch, "journal");
	ATF_REQUIRE_MSG(scratch_open(&scratch), "%s", scratch.error);
	for (unsigned i = 1; i <= batches; i++) {
		scratch_append(&scratch, i % 5 + 1, i % 3 + 1);
		ATF_REQUIRE(scratch_commit(&scratch));
	}
	return journal_durable(scratch.journal);
}

ATF_TC_WITHOUT_HEAD(bounds);
ATF_TC_BODY(bounds, tc)
{
	uint64_t last = fill(3);

	ATF_CHECK_EQ(0, read_from(0, 10, 0));
	ATF_CHECK_EQ(0, read_from(0, 0, 0));
	ATF_CHECK_EQ(1, read_from(1, 0, 0));
	ATF_CHECK_EQ(last + 1, read_from(1, 1000, 0));
	ATF_CHECK_EQ(last + 1, read_from(last + 1, 1000, 0));
	ATF_CHECK_EQ(last + 5, read_from(last + 5, 1000, 0));
	/* What is appended but not durable is not there. */
	scratch_append(&scratch, 2, 1);
	ATF_CHECK_EQ(last + 1, read_from(last, 1000, 0));
	ATF_REQUIRE(scratch_commit(&scratch));
	ATF_CHECK_EQ(last + 3, read_from(last, 1000, 0));
	ATF_CHECK_EQ(0, scratch.nwarnings);
	scratch_close(&scratch);
}

ATF_TC_WITHOUT_HEAD(across_segments);
ATF_TC_BODY(across_segments, tc)
{
	uint64_t last = fill(200), next;

	ATF_CHECK(scratch_count(&scratch, SEGMENT_SUFFIX) > 5);
	ATF_CHECK_EQ(last + 1, read_from(1, 100000, 0));
	for (unsigned max = 1; max < 70; max += 6) {
		for (next = 1; next <= last;) {
			uint64_t from = next;

			next = read_from(from, max, 0);
			ATF_REQUIRE(next > from);
			ATF_CHECK(next - from == max || next == last + 1);
		}
	}
	/* From anywhere, in any order. */
	for (uint64_t i = 0; i < 300; i++) {
		uint64_t from = i * 7919 % last + 1;

		ATF_CHECK(read_from(from, 5, 0) > from);
	}
	ATF_CHECK_EQ(0, scratch.nwarnings);
	scratch_close(&scratch);
}

ATF_TC_WITHOUT_HEAD(across_seals_and_starts);
ATF_TC_BODY(across_seals_and_starts, tc)
{
	scratch_init(&scratch, "journal");
	for (int i = 0; i < 50; i++)
		scratch_batch(&scratch, 2, 2);
	ATF_REQUIRE_MSG(scratch_open(&scratch), "%s", scratch.error);
	for (uint64_t from = 1; from <= 200; from++)
		ATF_CHECK_EQ(201, read_from(from, 1000, 0));
	for (uint64_t from = 1; from <= 200; from++)
		ATF_CHECK_EQ(from + 1, read_from(from, 1, 0));
	scratch_close(&scratch);
}

ATF_TC_WITHOUT_HEAD(many_watchers_while_writing);
ATF_TC_BODY(many_watchers_while_writing, tc)
{
	uint64_t next[12], last;

	fill(20);

	for (unsigned i = 0; i < 12; i++)
		next[i] = 1 + i;
	for (unsigned round = 0; round < 100; round++) {
		scratch_append(&scratch, 2, 2);
		ATF_REQUIRE(scratch_commit(&scratch));
		for (unsigned i = 0; i < 12; i++)
			next[i] = read_from(next[i], 3 + i, 0);
	}
	last = journal_durable(scratch.journal);
	for (unsigned i = 0; i < 12; i++)
		ATF_CHECK_EQ(last + 1, read_from(next[i], 10000, 0));
	scratch_close(&scratch);
}

ATF_TC_WITHOUT_HEAD(reader_stops);
ATF_TC_BODY(reader_stops, tc)
{
	uint64_t next;

	fill(100);
	next = read_from(4, 1000, 5);
	ATF_CHECK_EQ(9, next);
	next = read_from(next, 1000, 50);
	ATF_CHECK_EQ(59, next);
	scratch_close(&scratch);
}

ATF_TC_WITHOUT_HEAD(segment_gone_or_damaged);
ATF_TC_BODY(segment_gone_or_damaged, tc)
{
	struct scratch_file file;
	uint64_t last = fill(100);

	scratch_load(&scratch, SCRATCH_FIRST, &file);
	file.bytes[file.offsets[4] + 33] ^= 1;
	scratch_store(&file);
	ATF_CHECK_EQ(5, read_from(1, 4, 0));
	ATF_CHECK_EQ(0, read_from(1, 10, 0));
	ATF_CHECK_EQ(1, scratch.nwarnings);
	ATF_CHECK_MSG(strstr(scratch.warnings, ": damaged at offset ") != NULL,
	    "%s", scratch.warnings);
	ATF_REQUIRE_EQ(0, unlink("journal/" SCRATCH_FIRST));
	ATF_CHECK_EQ(0, read_from(1, 10, 0));
	ATF_CHECK_EQ(2, scratch.nwarnings);
	ATF_CHECK_EQ(last + 1, read_from(last, 10, 0));
	scratch_free(&file);
	scratch_close(&scratch);
}

/* In pieces, wherever it is; and what was found is what is read. */
ATF_TC_WITHOUT_HEAD(search);
ATF_TC_BODY(search, tc)
{
	struct journal_place place = {0}, far = {0};
	uint64_t last;
	unsigned pieces = 0;

	scratch_init(&scratch, "journal");
	scratch.options.segment_size = 4 * 1024 * 1024;
	ATF_REQUIRE_MSG(scratch_open(&scratch), "%s", scratch.error);
	for (unsigned i = 0; i < 11; i++) {
		scratch_append(&scratch, 100, 1);
		ATF_REQUIRE(scratch_commit(&scratch));
	}
	last = journal_durable(scratch.journal);
	while (journal_seek(scratch.journal, last - 1, &place))
		ATF_REQUIRE(++pieces < 100);
	ATF_CHECK_EQ(2, pieces);
	ATF_CHECK_EQ(last - 1, place.seq);
	ATF_CHECK_EQ(last + 1, read_from(last - 1, 10, 0));
	/* Where others have been in the meantime its own place is enough. */
	ATF_CHECK(journal_seek(scratch.journal, last / 2 + 1, &far));
	for (uint64_t i = 1; i < 10; i++)
		ATF_CHECK_EQ(i * 50 + 1, read_from(i * 50, 1, 0));
	ATF_CHECK(!journal_seek(scratch.journal, last / 2 + 1, &far));
	ATF_CHECK_EQ(last / 2 + 2, read_from(last / 2 + 1, 1, 0));
	/* Nothing to look for: the reading says so. */
	ATF_CHECK(!journal_seek(scratch.journal, last + 1, &place));
	ATF_CHECK(!journal_seek(scratch.journal, 0, &place));
	ATF_CHECK_EQ(0, scratch.nwarnings);
	scratch_close(&scratch);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, bounds);
	ATF_TP_ADD_TC(tp, across_segments);
	ATF_TP_ADD_TC(tp, across_seals_and_starts);
	ATF_TP_ADD_TC(tp, many_watchers_while_writing);
	ATF_TP_ADD_TC(tp, reader_stops);
	ATF_TP_ADD_TC(tp, segment_gone_or_damaged);
	ATF_TP_ADD_TC(tp, search);
	return atf_no_error();
}
