/* links: daemon/journal.c daemon/journal_open.c daemon/journal_list.c
 * daemon/journal_restore.c daemon/journal_replay.c daemon/journal_tail.c
 * daemon/journal_commit.c daemon/journal_read.c daemon/journal_snapshot.c
 * daemon/journal_snapshot_write.c daemon/journal_compact.c daemon/segment.c
 * daemon/segment_read.c daemon/segment_store.c daemon/crc32c.c daemon/clock.c
 * daemon/thread.c daemon/core/alloc.c tests/journal_scratch.c
 * tests/unsynced_io.c tests/journal_image.c ; libs: pthread
 */
/*
 * journal_golden_test: the files of each format there has been are read, and
 * those of this one are what this version writes.
 *
 * tests/golden/journal/FORMAT/ holds two journals, closed and torn, made by
 * this program: WEIR_GOLDEN=write tests/suite build/plain journal_golden.
 * Never make those of an old format anew.
 */

#include <atf-c.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/journal_format.h"
#include "tests/journal_image.h"

#define CHUNKS 4

static struct scratch scratch;

static void
golden_dir(const char *which, char path[256])
{
	const char *source = getenv("WEIR_SRC");

	ATF_REQUIRE_MSG(source != NULL, "WEIR_SRC isn't set: use tests/suite");
	snprintf(path, 256, "%s/tests/golden/journal/%d/%s", source,
	    JOURNAL_FORMAT, which);
}

static void
open_scratch(void)
{
	ATF_REQUIRE_MSG(scratch_open(&scratch), "%s", scratch.error);
}

static void
write_batch(unsigned groups, unsigned records)
{
	scratch_append(&scratch, groups, records);
	ATF_REQUIRE(scratch_commit(&scratch));
}

/*
 * Records 1 and 2, a snapshot of them, 3 to 28; 29 to 58 in the next segment,
 * which they make larger; 59 and 60 in a third.
 */
static void
make_closed(const char *dir)
{
	scratch_init(&scratch, dir);
	scratch.options.segment_size = 8 * 1024;
	open_scratch();
	write_batch(1, 2);
	ATF_REQUIRE(scratch_snapshot(&scratch, CHUNKS));
	write_batch(13, 2);
	write_batch(10, 3);
	write_batch(2, 1);
	scratch_close(&scratch);
}

/* Records 1 to 3, and of a batch with 4 to 7 all but the last's last bytes. */
static void
make_torn(const char *dir)
{
	char name[SCRATCH_NAME_SIZE];
	struct scratch_file file;

	scratch_init(&scratch, dir);
	scratch.options.segment_size = 8 * 1024;
	open_scratch();
	write_batch(1, 3);
	write_batch(2, 2);
	scratch_close(&scratch);
	scratch_last_segment(&scratch, name);
	scratch_load(&scratch, name, &file);
	scratch_unseal(&file);
	memset(file.bytes + file.offsets[file.nrecords] - 16, 0, 16);
	scratch_store(&file);
	scratch_free(&file);
}

static const struct {
	const char *name;
	void (*make)(const char *);
} journals[] = {{"closed", make_closed}, {"torn", make_torn}};

static void
copy(const char *from, const char *to)
{
	char command[1200];

	snprintf(command, sizeof command,
	    "mkdir -p '%s' && cp '%s'/*.seg '%s' && "
	    "{ cp '%s'/*.snap '%s' 2>/dev/null || :; }",
	    to, from, to, from, to);
	ATF_REQUIRE_EQ(0, system(command));
}

static bool
writing(void)
{
	const char *wish = getenv("WEIR_GOLDEN");

	return wish != NULL && strcmp(wish, "write") == 0;
}

static void
golden_copy(size_t which, const char *to)
{
	char path[256];

	golden_dir(journals[which].name, path);
	if (writing()) {
		journals[which].make("made");
		copy("made", path);
	}
	copy(path, to);
	scratch_init(&scratch, to);
	scratch.options.segment_size = 8 * 1024;
}

ATF_TC_WITHOUT_HEAD(closed_is_read);
ATF_TC_BODY(closed_is_read, tc)
{
	golden_copy(0, "journal");
	ATF_CHECK_EQ(3, scratch_count(&scratch, SEGMENT_SUFFIX));
	open_scratch();
	ATF_CHECK(!scratch.wrong);
	ATF_CHECK_EQ(2, scratch.restored);
	ATF_CHECK_EQ(CHUNKS, scratch.nchunks);
	ATF_CHECK_EQ(60, scratch.seen);
	ATF_CHECK(journal_ended_cleanly(scratch.journal));
	ATF_CHECK_STREQ("", scratch.warnings);
	/* The records before the snapshot too. */
	scratch.seen = 0;
	ATF_CHECK_EQ(61,
	    journal_read(scratch.journal, 1, 1000, scratch_reader, &scratch));
	ATF_CHECK(!scratch.wrong);
	scratch_close(&scratch);
	ATF_REQUIRE_EQ(0, unlink("journal/0000000000000002.snap"));
	open_scratch();
	ATF_CHECK(!scratch.wrong);
	ATF_CHECK_EQ(0, scratch.restored);
	ATF_CHECK_EQ(60, scratch.seen);
	write_batch(2, 2);
	scratch_close(&scratch);
}

ATF_TC_WITHOUT_HEAD(torn_is_read);
ATF_TC_BODY(torn_is_read, tc)
{
	golden_copy(1, "journal");
	open_scratch();
	ATF_CHECK(!scratch.wrong);
	ATF_CHECK_EQ(5, scratch.seen);
	ATF_CHECK(!journal_ended_cleanly(scratch.journal));
	ATF_CHECK(strstr(scratch.warnings, "the last write was torn") != NULL);
	ATF_CHECK_EQ(1, scratch_count(&scratch, ".tail"));
	scratch_close(&scratch);
}

/* Leaves out what is never the same: id, time, and the checksums over them. */
static void
blank(struct image *image, size_t which)
{
	struct scratch_file *file = &image->files[which];
	unsigned char *p = file->bytes;

	memset(p + offsetof(struct segment_header, journal_id), 0,
	    JOURNAL_ID_SIZE);
	memset(p + offsetof(struct segment_header, crc), 0, 4);
	if (!image_is_segment(image, which))
		memset(p + offsetof(struct snapshot_header, taken), 0, 8);
	for (size_t i = 0; i < file->nrecords; i++) {
		p = file->bytes + file->offsets[i];
		memset(p + offsetof(struct record_header, payload_crc), 0, 4);
		memset(p + offsetof(struct record_header, header_crc), 0, 4);
	}
}

/* Where the machine is slow, seals between the batches come in: not wanted. */
static void
make_anew(size_t which, struct image *made)
{
	const uint32_t seal = RECORD_SEAL | RECORD_GROUP_END | RECORD_BATCH_END;
	bool paused = true;
	char dir[32];

	for (int i = 0; paused && i < 20; i++) {
		snprintf(dir, sizeof dir, "anew-%d", i);
		journals[which].make(dir);
		image_load(made, &scratch);
		paused = false;
		for (size_t f = 0; f < made->n; f++)
			for (size_t r = 0; r < made->files[f].nrecords; r++)
				paused |= made->files[f].flags[r] == seal;
		if (paused)
			image_free(made);
	}
	ATF_REQUIRE(!paused);
}

static void
check_written(size_t which)
{
	static struct image golden, made;

	if (writing())
		atf_tc_skip("they are being made");
	golden_copy(which, "journal");
	image_load(&golden, &scratch);
	make_anew(which, &made);
	ATF_REQUIRE_EQ(golden.n, made.n);
	for (size_t i = 0; i < golden.n; i++) {
		ATF_CHECK_STREQ(golden.names[i], made.names[i]);
		ATF_REQUIRE_EQ(golden.files[i].size, made.files[i].size);
		ATF_REQUIRE_EQ(
		    golden.files[i].nrecords, made.files[i].nrecords);
		blank(&golden, i);
		blank(&made, i);
		ATF_CHECK_MSG(memcmp(golden.files[i].bytes, made.files[i].bytes,
				  made.files[i].size) == 0,
		    "%s: this version writes something else: read how to "
		    "change the format in daemon/journal_format.h",
		    golden.names[i]);
	}
	image_free(&golden);
	image_free(&made);
}

ATF_TC_WITHOUT_HEAD(closed_is_written_so);
ATF_TC_BODY(closed_is_written_so, tc)
{
	check_written(0);
}

ATF_TC_WITHOUT_HEAD(torn_is_written_so);
ATF_TC_BODY(torn_is_written_so, tc)
{
	check_written(1);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, closed_is_read);
	ATF_TP_ADD_TC(tp, torn_is_read);
	ATF_TP_ADD_TC(tp, closed_is_written_so);
	ATF_TP_ADD_TC(tp, torn_is_written_so);
	return atf_no_error();
}
