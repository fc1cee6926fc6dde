/* links: daemon/journal.c daemon/journal_open.c daemon/journal_list.c
 * daemon/journal_restore.c daemon/journal_replay.c daemon/journal_tail.c
 * daemon/journal_commit.c daemon/journal_read.c daemon/journal_snapshot.c
 * daemon/journal_snapshot_write.c daemon/journal_compact.c daemon/segment.c
 * daemon/segment_read.c daemon/segment_store.c daemon/crc32c.c daemon/clock.c
 * daemon/thread.c daemon/journal_check.c daemon/journal_pieces.c
 * daemon/journal_pieces_scan.c daemon/journal_salvage.c daemon/core/alloc.c
 * tests/journal_scratch.c tests/unsynced_io.c tests/journal_image.c ; libs:
 * pthread
 */
/*
 * journal_left_test: what salvage makes of the leavings of a torn write, and
 * what is said of a directory that holds no journal.
 */

#include <atf-c.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/journal_salvage.h"
#include "tests/journal_image.h"
#include "tests/unsynced_io.h"

#define SEGMENT_SIZE (8 * 1024)
#define SAVED_DIR "saved"

static struct scratch scratch;
static struct image image;

/* Two groups of two records, then five groups in a batch that isn't sealed. */
static void
write_and_die(void)
{
	struct scratch_file file;

	ATF_REQUIRE_MSG(scratch_open(&scratch), "%s", scratch.error);
	scratch_append(&scratch, 2, 2);
	ATF_REQUIRE(scratch_commit(&scratch));
	scratch_append(&scratch, 5, 2);
	ATF_REQUIRE(scratch_commit(&scratch));
	scratch_close(&scratch);
	scratch_load(&scratch, SCRATCH_FIRST, &file);
	scratch_unseal(&file);
	scratch_store(&file);
	scratch_free(&file);
}

static void
ignore_loss(void *ctx, const struct journal_loss *loss)
{
	ATF_CHECK_MSG(loss->why != NULL, "%s", (const char *)ctx);
}

/*
 * What a torn write left in a segment was never acknowledged, and other records
 * took its numbers since: it must not fill a gap among those.
 */
static uint64_t loose_old, loose_new;

static bool
note_age(void *ctx, const struct journal_record *record)
{
	bool is_new = record->size == 3 && memcmp(record->bytes, "new", 3) == 0;

	(void)ctx;
	loose_new += is_new;
	loose_old += !is_new;
	return true;
}

static void
salvage_left(struct journal_saved *saved)
{
	char ctx[] = "what was left", error[1024];
	const struct journal_salvage salvage = {.from = image.dir,
	    .to = SAVED_DIR,
	    .io = &unsynced_io,
	    .segment_size = SEGMENT_SIZE,
	    .lost = ignore_loss,
	    .loose = note_age,
	    .ctx = ctx};

	loose_old = loose_new = 0;
	ATF_REQUIRE_EQ(0, system("rm -rf " SAVED_DIR "; mkdir " SAVED_DIR));
	ATF_REQUIRE_MSG(
	    journal_salvage(&salvage, saved, error, sizeof error), "%s", error);
}

ATF_TC_WITHOUT_HEAD(left_by_a_torn_write);
ATF_TC_BODY(left_by_a_torn_write, tc)
{
	struct scratch_file *file;
	struct journal_saved saved;
	size_t torn;

	scratch_init(&scratch, "left");
	scratch.options.segment_size = SEGMENT_SIZE;
	write_and_die();
	image_load(&image, &scratch);
	file = &image.files[0];
	torn = scratch_last_batch(file);
	ATF_REQUIRE_EQ(5, file->seqs[torn]);
	file->bytes[file->offsets[torn] + 9] ^= 1;
	scratch_store(file);
	image_free(&image);
	ATF_REQUIRE_MSG(scratch_open(&scratch), "%s", scratch.error);
	ATF_REQUIRE_EQ(4, scratch.seen);
	for (int i = 0; i < 6; i++)
		journal_append(scratch.journal, "new", 3, true);
	ATF_REQUIRE(scratch_commit(&scratch));
	scratch_close(&scratch);
	image_load(&image, &scratch);
	ATF_REQUIRE_EQ(2, image.n);

	salvage_left(&saved);
	ATF_CHECK(saved.complete);
	ATF_CHECK_EQ(10, saved.last);
	/* The second of the new ones is damaged: the old one stays away. */
	file = &image.files[1];
	file->bytes[file->offsets[1] + 9] ^= 1;
	scratch_store(file);
	salvage_left(&saved);
	ATF_CHECK(!saved.complete);
	ATF_CHECK_EQ(5, saved.last);
	ATF_CHECK_EQ(4, loose_new);
	ATF_CHECK_EQ(0, loose_old);
	/* And where nothing says that there were new ones. */
	ATF_REQUIRE_EQ(0, unlink(file->path));
	salvage_left(&saved);
	ATF_CHECK_EQ(4, saved.last);
	image_free(&image);
}

/* Where the directory is no journal's, or can't be read, that is said. */
ATF_TC_WITHOUT_HEAD(no_journal);
ATF_TC_BODY(no_journal, tc)
{
	struct journal_check check = {.dir = "nowhere"};
	struct journal_summary summary;
	char error[1024];

	ATF_CHECK(!journal_check(&check, &summary, error, sizeof error));
	ATF_CHECK_MSG(strstr(error, "nowhere") != NULL, "%s", error);
	ATF_REQUIRE_EQ(0, mkdir("empty", 0700));
	check.dir = "empty";
	ATF_CHECK(journal_check(&check, &summary, error, sizeof error));
	ATF_CHECK_EQ(JOURNAL_CLEAN, summary.condition);
	ATF_CHECK(summary.starts);
	ATF_CHECK_EQ(0, summary.segments);
	ATF_CHECK_EQ(0, rmdir("empty"));
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, left_by_a_torn_write);
	ATF_TP_ADD_TC(tp, no_journal);
	return atf_no_error();
}
