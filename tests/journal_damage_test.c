/* links: daemon/journal.c daemon/journal_open.c daemon/journal_list.c
 * daemon/journal_restore.c daemon/journal_replay.c daemon/journal_tail.c
 * daemon/journal_commit.c daemon/journal_read.c daemon/journal_snapshot.c
 * daemon/journal_snapshot_write.c daemon/journal_compact.c daemon/segment.c
 * daemon/segment_read.c daemon/segment_store.c daemon/crc32c.c daemon/clock.c
 * daemon/thread.c daemon/core/alloc.c tests/journal_scratch.c
 * tests/unsynced_io.c ; libs: pthread
 */
/*
 * journal_damage_test: what is torn is cut off and saved, what is damaged is
 * refused, and nothing else is ever taken for a record.
 */

#include <atf-c.h>
#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/core/alloc.h"
#include "daemon/crc32c.h"
#include "daemon/journal_format.h"
#include "tests/journal_scratch.h"

static struct scratch scratch;
static struct scratch_file file;

/* Three batches, of 4, 4 and 6 records in groups of two, then a seal. */
static void
three_batches(bool sealed)
{
	scratch_init(&scratch, "journal");
	ATF_REQUIRE_MSG(scratch_open(&scratch), "%s", scratch.error);
	for (unsigned groups = 2; groups <= 4; groups++) {
		scratch_append(&scratch, groups == 4 ? 3 : 2, 2);
		ATF_REQUIRE(scratch_commit(&scratch));
	}
	scratch_close(&scratch);
	scratch_load(&scratch, SCRATCH_FIRST, &file);
	ATF_REQUIRE_EQ(15, file.nrecords);
	if (!sealed)
		scratch_unseal(&file);
	scratch_store(&file);
}

/* Leaves the first segment alone in the directory. */
static void
remove_others(void)
{
	char path[512];
	struct dirent *entry;
	DIR *dir = opendir("journal");

	ATF_REQUIRE(dir != NULL);
	while ((entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] == '.' ||
		    strcmp(entry->d_name, SCRATCH_FIRST) == 0)
			continue;
		snprintf(path, sizeof path, "journal/%s", entry->d_name);
		ATF_REQUIRE_EQ(0, unlink(path));
	}
	closedir(dir);
}

/* The saved file holds what stood at this offset, but for zeros at its end. */
static void
check_saved(size_t offset, size_t size)
{
	struct scratch_file saved;
	char name[256];

	while (file.bytes[offset + size - 1] == 0)
		size--;
	ATF_REQUIRE(scratch_find(&scratch, TORN_PREFIX, name, sizeof name));
	scratch_load(&scratch, name, &saved);
	ATF_CHECK_EQ(size, saved.size);
	ATF_CHECK_EQ(0, memcmp(saved.bytes, file.bytes + offset, saved.size));
	scratch_free(&saved);
}

/* Opens, expects so many whole records, and that it is mended then. */
static void
check_prefix(uint64_t records, bool torn)
{
	ATF_REQUIRE_MSG(scratch_open(&scratch), "%s", scratch.error);
	ATF_CHECK_EQ_MSG(records, scratch.seen, "%ju", (uintmax_t)scratch.seen);
	ATF_CHECK(!scratch.wrong);
	ATF_CHECK(scratch.seen_last);
	ATF_CHECK_EQ_MSG(torn, scratch.nwarnings, "%s", scratch.warnings);
	ATF_CHECK(!torn ||
	    strstr(scratch.warnings, "the last write was torn") != NULL);
	scratch_append(&scratch, 1, 2);
	ATF_REQUIRE(scratch_commit(&scratch));
	scratch_close(&scratch);
	ATF_REQUIRE_MSG(scratch_open(&scratch), "%s", scratch.error);
	ATF_CHECK_EQ(records + 2, scratch.seen);
	ATF_CHECK(!scratch.wrong);
	ATF_CHECK_EQ_MSG(0, scratch.nwarnings, "%s", scratch.warnings);
	scratch_close(&scratch);
}

static void
check_damage(const char *name, size_t offset)
{
	char expected[256];

	snprintf(expected, sizeof expected, "%s: damaged at offset %zu", name,
	    offset);
	ATF_REQUIRE(!scratch_open(&scratch));
	ATF_CHECK_MSG(strstr(scratch.error, expected) != NULL, "%s, not: %s",
	    expected, scratch.error);
}

/* How many records are whole groups before this offset. */
static uint64_t
whole_before(size_t offset)
{
	uint64_t whole = 0;

	for (size_t i = 0; i < file.nrecords; i++)
		if (file.offsets[i + 1] <= offset &&
		    (file.flags[i] & RECORD_GROUP_END) != 0)
			whole = file.seqs[i];
	return whole;
}

ATF_TC(truncated_everywhere);
ATF_TC_HEAD(truncated_everywhere, tc)
{
	atf_tc_set_md_var(tc, "descr",
	    "a file that ends at any byte of the last batch gives the whole "
	    "groups before it");
}
ATF_TC_BODY(truncated_everywhere, tc)
{
	size_t begin, end, size;

	three_batches(false);
	begin = file.offsets[scratch_last_batch(&file)];
	end = file.offsets[file.nrecords];
	for (size = begin; size <= end; size++) {
		size_t whole = file.offsets[whole_before(size)];

		file.size = size;
		scratch_store(&file);
		check_prefix(whole_before(size), size != whole);
		if (size != whole)
			check_saved(whole, size - whole);
		remove_others();
	}
	scratch_free(&file);
}

static void
garble(size_t offset, unsigned char with)
{
	unsigned char before = file.bytes[offset];

	file.bytes[offset] ^= with;
	scratch_store(&file);
	check_prefix(whole_before(offset), true);
	file.bytes[offset] = before;
	remove_others();
}

ATF_TC(garbled_everywhere);
ATF_TC_HEAD(garbled_everywhere, tc)
{
	atf_tc_set_md_var(tc, "descr",
	    "any byte of the last batch changed gives the whole groups before");
}
ATF_TC_BODY(garbled_everywhere, tc)
{
	size_t begin, end;

	three_batches(false);
	begin = file.offsets[scratch_last_batch(&file)];
	end = file.offsets[file.nrecords];
	for (size_t offset = begin; offset < end; offset++)
		garble(offset, (unsigned char)(1u << offset % 8));
	scratch_free(&file);
}

ATF_TC(sealed_is_refused);
ATF_TC_HEAD(sealed_is_refused, tc)
{
	atf_tc_set_md_var(tc, "descr",
	    "a byte changed before the seal is damage, named with its offset");
}
ATF_TC_BODY(sealed_is_refused, tc)
{
	size_t seal, record = 0;

	three_batches(true);
	seal = file.offsets[file.nrecords - 1];
	for (size_t at = SEGMENT_DATA_OFFSET; at < seal; at++) {
		unsigned char before = file.bytes[at];

		if (file.offsets[record + 1] == at)
			record++;
		file.bytes[at] = (unsigned char)~before;
		scratch_store(&file);
		check_damage(SCRATCH_FIRST, file.offsets[record]);
		file.bytes[at] = before;
	}
	/* The seal itself may be torn: all before it is whole. */
	for (size_t at = seal; at < file.offsets[file.nrecords]; at++) {
		file.bytes[at] ^= 0x10;
		scratch_store(&file);
		check_prefix(14, true);
		file.bytes[at] ^= 0x10;
		remove_others();
	}
	scratch_free(&file);
}

ATF_TC_WITHOUT_HEAD(refusing_changes_nothing);
ATF_TC_BODY(refusing_changes_nothing, tc)
{
	struct scratch_file after;

	three_batches(true);
	file.bytes[file.offsets[2] + 40] ^= 1;
	scratch_store(&file);
	check_damage(SCRATCH_FIRST, file.offsets[2]);
	scratch_load(&scratch, SCRATCH_FIRST, &after);
	ATF_CHECK_EQ(file.size, after.size);
	ATF_CHECK_EQ(0, memcmp(file.bytes, after.bytes, file.size));
	ATF_CHECK_EQ(0, scratch_count(&scratch, ".tail"));
	scratch_free(&after);
	scratch_free(&file);
}

ATF_TC_WITHOUT_HEAD(hole_is_damage);
ATF_TC_BODY(hole_is_damage, tc)
{
	three_batches(false);
	/* The second batch never reached the disk, though the third did. */
	memset(
	    file.bytes + file.offsets[4], 0, file.offsets[8] - file.offsets[4]);
	scratch_store(&file);
	check_damage(SCRATCH_FIRST, file.offsets[4]);
	scratch_free(&file);
}

ATF_TC_WITHOUT_HEAD(torn_with_later_records_of_its_batch);
ATF_TC_BODY(torn_with_later_records_of_its_batch, tc)
{
	three_batches(false);
	/* A disk may write the pieces of one batch in any order. */
	memset(file.bytes + file.offsets[8], 0,
	    file.offsets[10] - file.offsets[8]);
	scratch_store(&file);
	check_prefix(8, true);
	check_saved(file.offsets[8], file.offsets[14] - file.offsets[8]);
	scratch_free(&file);
}

/* Twice torn: the batch that mended the first time is torn itself. */
ATF_TC_WITHOUT_HEAD(torn_again_and_again);
ATF_TC_BODY(torn_again_and_again, tc)
{
	char name[SCRATCH_NAME_SIZE];
	uint64_t seen = 10;

	three_batches(false);
	for (int round = 0; round < 20; round++) {
		size_t cut = file.offsets[file.nrecords - 1] + 17;

		memset(file.bytes + cut, 0, file.size - cut);
		scratch_store(&file);
		scratch_free(&file);
		ATF_REQUIRE_MSG(scratch_open(&scratch), "%s", scratch.error);
		ATF_CHECK(!scratch.wrong);
		ATF_CHECK_EQ(1, scratch.nwarnings);
		if (round > 0)
			ATF_CHECK_EQ(seen, scratch.seen);
		seen = scratch.seen;
		/* The tear now hits the first group of a batch, or the third.
		 */
		scratch_append(&scratch, round % 2 == 0 ? 1 : 3, 2);
		seen += round % 2 == 0 ? 0 : 4;
		ATF_REQUIRE(scratch_commit(&scratch));
		scratch_close(&scratch);
		scratch_last_segment(&scratch, name);
		scratch_load(&scratch, name, &file);
		scratch_unseal(&file);
	}
	/* A segment that a tear left empty has given its place to the next. */
	ATF_CHECK_EQ(11, scratch_count(&scratch, SEGMENT_SUFFIX));
	ATF_CHECK_EQ(20, scratch_count(&scratch, ".tail"));
	scratch_free(&file);
}

/* Segments enough to take some away: gives the names of all. */
static size_t
several_segments(char names[][64], size_t max)
{
	struct journal_figures figures;
	uint64_t last = 0;
	size_t n = 0;

	scratch_init(&scratch, "journal");
	ATF_REQUIRE_MSG(scratch_open(&scratch), "%s", scratch.error);
	snprintf(names[n++], 64, "%s", SCRATCH_FIRST);
	while (n < max) {
		scratch_append(&scratch, 4, 5);
		ATF_REQUIRE(scratch_commit(&scratch));
		journal_figures(scratch.journal, &figures);
		if (figures.segments > n)
			snprintf(
			    names[n++], 64, "%016" PRIu64 ".seg", last + 1);
		last = figures.last;
	}
	scratch_close(&scratch);
	return n;
}

static void
move(const char *from, const char *to)
{
	ATF_REQUIRE_EQ(0, chdir("journal"));
	ATF_REQUIRE_EQ(0, rename(from, to));
	ATF_REQUIRE_EQ(0, chdir(".."));
}

static void
check_refused(const char *name, const char *why)
{
	ATF_REQUIRE(!scratch_open(&scratch));
	ATF_CHECK_MSG(strstr(scratch.error, name) != NULL &&
		strstr(scratch.error, why) != NULL,
	    "%s", scratch.error);
}

ATF_TC_WITHOUT_HEAD(segment_missing);
ATF_TC_BODY(segment_missing, tc)
{
	char names[4][64];

	several_segments(names, 4);
	move(names[1], "away");
	check_refused(names[2], "is segment 1; restore what is missing");
	move("away", names[1]);
	move(names[0], "away");
	check_refused(names[1], "the oldest segment there is and begins with");
	move("away", names[0]);
	ATF_REQUIRE_MSG(scratch_open(&scratch), "%s", scratch.error);
	scratch_close(&scratch);
}

ATF_TC_WITHOUT_HEAD(segment_misplaced);
ATF_TC_BODY(segment_misplaced, tc)
{
	char names[4][64];

	several_segments(names, 4);
	move(names[1], "away");
	move(names[2], names[1]);
	check_refused(names[1], "not with the one it is named after");
	move(names[1], names[2]);
	move("away", names[1]);
	/* A copy beside the original. */
	scratch_load(&scratch, names[1], &file);
	snprintf(file.path, sizeof file.path, "journal/9999999999999999.seg");
	scratch_store(&file);
	check_refused("9999999999999999.seg", "not with the one it is named");
	scratch_free(&file);
}

/* Gives a segment another header, its checksum right. */
static void
rewrite_header(const char *name, uint64_t number, uint64_t first_seq)
{
	struct segment_header header;

	scratch_load(&scratch, name, &file);
	memcpy(&header, file.bytes, sizeof header);
	header.number = le64(number);
	header.first_seq = le64(first_seq);
	header.crc =
	    le32(crc32c(0, &header, offsetof(struct segment_header, crc)));
	memcpy(file.bytes, &header, sizeof header);
	snprintf(file.path, sizeof file.path, "journal/%016" PRIu64 ".seg",
	    first_seq);
	scratch_store(&file);
	scratch_free(&file);
}

ATF_TC_WITHOUT_HEAD(segment_doubled_or_out_of_order);
ATF_TC_BODY(segment_doubled_or_out_of_order, tc)
{
	char names[4][64];
	uint64_t third;

	several_segments(names, 4);
	third = strtoumax(names[2], NULL, 10);
	rewrite_header(names[2], 2, third);
	check_refused(names[2], "this is segment 2, and so is");
	rewrite_header(names[2], 3, third);
	rewrite_header(names[3], 1, strtoumax(names[3], NULL, 10));
	check_refused(names[3], "this is segment 1, but");
	rewrite_header(names[3], 4, strtoumax(names[3], NULL, 10));
	/* The right number, but a record further on than it should be. */
	move(names[3], "away");
	rewrite_header(names[2], 3, third + 1);
	move(names[2], "other");
	check_refused(names[1], "damaged at offset");
}

ATF_TC_WITHOUT_HEAD(header_damaged);
ATF_TC_BODY(header_damaged, tc)
{
	char names[2][64];

	for (size_t n = 0; n < 2; n++) {
		several_segments(names, 2);
		scratch_load(&scratch, names[n], &file);
		for (size_t i = 0; i < sizeof(struct segment_header); i++) {
			file.bytes[i] ^= 0x04;
			scratch_store(&file);
			check_damage(names[n], 0);
			file.bytes[i] ^= 0x04;
		}
		file.size = 100;
		scratch_store(&file);
		check_damage(names[n], 100);
		file.size = 0;
		scratch_store(&file);
		check_damage(names[n], 0);
		scratch_free(&file);
		remove_others();
		unlink("journal/" SCRATCH_FIRST);
	}
}

ATF_TC_WITHOUT_HEAD(newer_format);
ATF_TC_BODY(newer_format, tc)
{
	struct segment_header header;

	three_batches(true);
	memcpy(&header, file.bytes, sizeof header);
	header.format = le32(JOURNAL_FORMAT + 1);
	header.crc =
	    le32(crc32c(0, &header, offsetof(struct segment_header, crc)));
	memcpy(file.bytes, &header, sizeof header);
	scratch_store(&file);
	check_refused(SCRATCH_FIRST, "journal format 2, and this weird reads");
	scratch_free(&file);
}

ATF_TC(middle_segment_damaged);
ATF_TC_HEAD(middle_segment_damaged, tc)
{
	atf_tc_set_md_var(tc, "descr",
	    "the last batch of a segment that another follows is never torn");
}
ATF_TC_BODY(middle_segment_damaged, tc)
{
	char names[3][64];
	size_t first;

	several_segments(names, 3);
	scratch_load(&scratch, names[1], &file);
	/* The seal that says so is nothing that could be missing. */
	ATF_REQUIRE((file.flags[file.nrecords - 1] & RECORD_CONTINUED) != 0);
	file.nrecords--;
	first = scratch_last_batch(&file);
	for (size_t i = first; i < file.nrecords; i++) {
		file.bytes[file.offsets[i] + 9] ^= 0x20;
		scratch_store(&file);
		check_damage(names[1], file.offsets[i]);
		file.bytes[file.offsets[i] + 9] ^= 0x20;
	}
	/* Behind the last record nothing can be missing. */
	file.bytes[file.offsets[file.nrecords] + 3] = 1;
	scratch_store(&file);
	ATF_REQUIRE_MSG(scratch_open(&scratch), "%s", scratch.error);
	ATF_CHECK(!scratch.wrong);
	ATF_CHECK_EQ(0, scratch.nwarnings);
	scratch_close(&scratch);
	scratch_free(&file);
}

/* Old bytes are whole records, but of another place. */
ATF_TC_WITHOUT_HEAD(stale_bytes_are_not_taken);
ATF_TC_BODY(stale_bytes_are_not_taken, tc)
{
	struct scratch_file other;
	struct scratch second;
	size_t from, size, at;

	scratch_init(&second, "other");
	scratch_batch(&second, 2, 2);
	scratch_batch(&second, 2, 2);
	scratch_batch(&second, 3, 2);
	scratch_batch(&second, 1, 2);
	scratch_load(&second, SCRATCH_FIRST, &other);
	three_batches(true);
	scratch_unseal(&file);
	/*
	 * Of another journal: the same sequence numbers that would come next,
	 * and a later batch.  Neither accepted nor taken for proof of damage.
	 */
	ATF_REQUIRE_EQ(20, other.nrecords);
	ATF_REQUIRE_EQ(15, other.seqs[17]);
	from = other.offsets[17];
	size = other.offsets[20] - from;
	at = file.offsets[14];
	memcpy(file.bytes + at, other.bytes + from, size);
	scratch_store(&file);
	check_prefix(14, true);
	scratch_free(&other);
	scratch_free(&file);
}

ATF_TC_WITHOUT_HEAD(segment_of_another_journal);
ATF_TC_BODY(segment_of_another_journal, tc)
{
	char names[3][64], mine[64];
	struct scratch_file other;

	several_segments(names, 3);
	scratch_load(&scratch, names[1], &other);
	snprintf(mine, sizeof mine, "%s", names[1]);
	ATF_REQUIRE_EQ(0, rename("journal", "first"));
	several_segments(names, 3);
	ATF_REQUIRE_STREQ(mine, names[1]);
	scratch_store(&other);
	check_refused(names[1], "another journal's");
	scratch_free(&other);
}

/* The bytes of one segment in the place of another's. */
ATF_TC_WITHOUT_HEAD(records_of_another_segment);
ATF_TC_BODY(records_of_another_segment, tc)
{
	char names[2][64];
	struct scratch_file first;

	several_segments(names, 2);
	scratch_load(&scratch, names[0], &first);
	scratch_load(&scratch, names[1], &file);
	memcpy(file.bytes + SEGMENT_DATA_OFFSET,
	    first.bytes + SEGMENT_DATA_OFFSET,
	    file.offsets[file.nrecords] - SEGMENT_DATA_OFFSET);
	scratch_store(&file);
	ATF_REQUIRE_MSG(scratch_open(&scratch), "%s", scratch.error);
	ATF_CHECK(!scratch.wrong);
	ATF_CHECK_EQ(file.seqs[0] - 1, scratch.seen);
	ATF_CHECK_EQ(1, scratch.nwarnings);
	scratch_close(&scratch);
	scratch_free(&first);
	scratch_free(&file);
}

ATF_TC_WITHOUT_HEAD(spare_is_made_anew);
ATF_TC_BODY(spare_is_made_anew, tc)
{
	three_batches(true);
	/* A segment that never got its name was never acknowledged. */
	snprintf(file.path, sizeof file.path, "journal/spare");
	scratch_store(&file);
	ATF_REQUIRE_MSG(scratch_open(&scratch), "%s", scratch.error);
	ATF_CHECK_EQ(14, scratch.seen);
	ATF_CHECK_EQ(0, scratch.nwarnings);
	scratch_close(&scratch);
	ATF_CHECK_EQ(0, scratch_count(&scratch, "spare"));
	scratch_free(&file);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, truncated_everywhere);
	ATF_TP_ADD_TC(tp, garbled_everywhere);
	ATF_TP_ADD_TC(tp, sealed_is_refused);
	ATF_TP_ADD_TC(tp, refusing_changes_nothing);
	ATF_TP_ADD_TC(tp, hole_is_damage);
	ATF_TP_ADD_TC(tp, torn_with_later_records_of_its_batch);
	ATF_TP_ADD_TC(tp, torn_again_and_again);
	ATF_TP_ADD_TC(tp, segment_missing);
	ATF_TP_ADD_TC(tp, segment_misplaced);
	ATF_TP_ADD_TC(tp, segment_doubled_or_out_of_order);
	ATF_TP_ADD_TC(tp, header_damaged);
	ATF_TP_ADD_TC(tp, newer_format);
	ATF_TP_ADD_TC(tp, middle_segment_damaged);
	ATF_TP_ADD_TC(tp, stale_bytes_are_not_taken);
	ATF_TP_ADD_TC(tp, segment_of_another_journal);
	ATF_TP_ADD_TC(tp, records_of_another_segment);
	ATF_TP_ADD_TC(tp, spare_is_made_anew);
	return atf_no_error();
}
