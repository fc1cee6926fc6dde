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
 * journal_salvage_test: of each damage to whole journals journal_check says
 * what a start then finds, and changes nothing; what journal_salvage makes of
 * it is one history without a gap, and what is not in it is told.
 */

#include <atf-c.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/crc32c.h"
#include "daemon/journal_format.h"
#include "daemon/journal_salvage.h"
#include "tests/journal_image.h"
#include "tests/test_length.h"
#include "tests/unsynced_io.h"

#define SECTOR 512
#define SEGMENT_SIZE (8 * 1024)
#define RECORDS_MAX 1024
#define SAVED_DIR "saved"

static struct scratch scratch;
static struct image image;

static struct {
	unsigned cases;
	unsigned refused; /* by a start */
	unsigned complete;
	unsigned gaps; /* something was missing */
	uint64_t loose;
} counts;

/* What became of each record, as salvage says. */
enum { KEPT = 1, LOOSE = 2, GONE = 4 };
static unsigned char fates[RECORDS_MAX + 1];
static bool torn_told;
static struct journal_finding found;
static char found_sentence[2048];

/* --- Journals --------------------------------------------------------------
 */

static void
open_scratch(void)
{
	ATF_REQUIRE_MSG(scratch_resume(&scratch), "%s", scratch.error);
}

/* Segments that were full, no snapshot, closed. */
static void
make_plain(void)
{
	open_scratch();
	ATF_REQUIRE(scratch_batches(&scratch, 12, 5));
	scratch_close(&scratch);
}

/* Killed twice, then closed: a segment and a snapshot of each run. */
static void
make_short(void)
{
	for (int run = 0; run < 3; run++) {
		open_scratch();
		ATF_REQUIRE(scratch_batches(&scratch, 2, 1));
		if (run < 2)
			scratch_kill(&scratch);
		else
			scratch_close(&scratch);
	}
}

/* Segments that were full, two generations, killed. */
static void
make_old(void)
{
	open_scratch();
	for (int i = 0; i < 3; i++) {
		ATF_REQUIRE(scratch_batches(&scratch, 5, 5));
		ATF_REQUIRE(scratch_snapshot(&scratch, 6));
	}
	ATF_REQUIRE(scratch_batches(&scratch, 5, 5));
	scratch_kill(&scratch);
}

static const struct {
	const char *name;
	void (*make)(void);
} journals[] = {
    {"plain", make_plain},
    {"short", make_short},
    {"old", make_old},
};
#define JOURNALS (sizeof journals / sizeof *journals)

static void
make(size_t which, const char *dir)
{
	scratch_init(&scratch, dir);
	scratch.options.segment_size = SEGMENT_SIZE;
	journals[which].make();
	image_load(&image, &scratch);
	ATF_REQUIRE(image.last <= RECORDS_MAX);
}

/* --- What the check and the salvage say ------------------------------------
 */

static bool
right_record(void *ctx, const struct journal_record *record)
{
	char expected[SCRATCH_PAYLOAD_MAX];
	size_t size = scratch_payload(record->seq, expected);

	ATF_REQUIRE_MSG(
	    record->size == size && memcmp(record->bytes, expected, size) == 0,
	    "%s: record %ju made up", (const char *)ctx,
	    (uintmax_t)record->seq);
	return true;
}

static void
keep_finding(void *ctx, const struct journal_finding *finding)
{
	(void)ctx;
	if (found.condition == JOURNAL_DAMAGED)
		return;
	found = *finding;
	snprintf(
	    found_sentence, sizeof found_sentence, "%s", finding->sentence);
}

static bool
loose_record(void *ctx, const struct journal_record *record)
{
	right_record(ctx, record);
	ATF_REQUIRE(record->seq <= image.last);
	fates[record->seq] |= LOOSE;
	counts.loose++;
	return true;
}

static void
note_loss(void *ctx, const struct journal_loss *loss)
{
	uint64_t last = loss->last == 0 ? image.last : loss->last;

	ATF_REQUIRE_MSG(loss->why != NULL, "%s", (const char *)ctx);
	if (loss->kind == LOSS_TORN)
		torn_told = true;
	if (loss->kind != LOSS_GONE && loss->kind != LOSS_HISTORY)
		return;
	ATF_REQUIRE_MSG(loss->first <= last || loss->last == 0,
	    "%s: gone from %ju to %ju", (const char *)ctx,
	    (uintmax_t)loss->first, (uintmax_t)loss->last);
	for (uint64_t seq = loss->first; seq <= last && seq <= RECORDS_MAX;
	     seq++)
		fates[seq] |= GONE;
}

/* Of all files' bytes as they are. */
static uint32_t
fingerprint(void)
{
	struct image now;
	uint32_t crc = 0;

	image_load(&now, &scratch);
	for (size_t i = 0; i < now.n; i++) {
		crc = crc32c(crc, now.names[i], strlen(now.names[i]));
		crc = crc32c(crc, now.files[i].bytes, now.files[i].size);
	}
	image_free(&now);
	return crc;
}

static void
check_summary(const char *what, struct journal_summary *summary)
{
	char ctx[256], error[1024];
	const struct journal_check check = {.dir = image.dir,
	    .record = right_record,
	    .ctx = ctx,
	    .found = keep_finding};

	snprintf(ctx, sizeof ctx, "%s", what);
	memset(&found, 0, sizeof found);
	ATF_REQUIRE_MSG(
	    journal_check(&check, summary, error, sizeof error), "%s", error);
	ATF_CHECK_EQ_MSG(summary->condition, found.condition, "%s", what);
	if (summary->condition != JOURNAL_CLEAN)
		ATF_CHECK_MSG(strchr(found.file, '.') != NULL &&
			strstr(found_sentence, found.file) != NULL,
		    "%s: no place: %s", what, found_sentence);
}

static void
check_saved(const char *what, const struct journal_saved *saved)
{
	struct scratch new;
	uint64_t from = saved->has_snapshot ? saved->snapshot : 0;

	scratch_init(&new, SAVED_DIR);
	ATF_REQUIRE_MSG(scratch_open(&new), "%s: then %s", what, new.error);
	ATF_REQUIRE_MSG(!new.wrong, "%s: something made up", what);
	ATF_REQUIRE_MSG(new.seen_last, "%s: half a group", what);
	ATF_REQUIRE_MSG(
	    new.seen == saved->last &&new.restored == from &&new.nwarnings == 0,
	    "%s: %ju instead of %ju", what, (uintmax_t) new.seen,
	    (uintmax_t)saved->last);
	ATF_REQUIRE(saved->last <= image.last);
	scratch_append(&new, 1, 1);
	ATF_REQUIRE(scratch_commit(&new));
	scratch_close(&new);
	/* Kept, or told of: there is nothing between. */
	for (uint64_t seq = 1; seq <= saved->last; seq++)
		fates[seq] |= KEPT;
	for (uint64_t seq = 1; seq <= image.last; seq++)
		ATF_REQUIRE_MSG(fates[seq] != 0 || torn_told,
		    "%s: nothing is said of record %ju", what, (uintmax_t)seq);
}

static void
empty_saved(void)
{
	ATF_REQUIRE_EQ(0, system("rm -rf " SAVED_DIR "; mkdir " SAVED_DIR));
}

static void
judge(const char *what)
{
	uint32_t before = fingerprint();
	char ctx[256], error[1024];
	struct journal_summary summary;
	struct journal_saved saved;
	const struct journal_salvage salvage = {.from = image.dir,
	    .to = SAVED_DIR,
	    .io = &unsynced_io,
	    .segment_size = SEGMENT_SIZE,
	    .lost = note_loss,
	    .loose = loose_record,
	    .ctx = ctx};

	counts.cases++;
	snprintf(ctx, sizeof ctx, "%s", what);
	check_summary(what, &summary);
	memset(fates, 0, sizeof fates);
	torn_told = false;
	empty_saved();
	ATF_REQUIRE_MSG(journal_salvage(&salvage, &saved, error, sizeof error),
	    "%s: %s", what, error);
	ATF_REQUIRE_EQ_MSG(before, fingerprint(), "%s: changed", what);
	check_saved(what, &saved);
	counts.complete += saved.complete;
	counts.gaps += !saved.complete;
	if (scratch_open(&scratch)) {
		ATF_REQUIRE_MSG(!scratch.wrong, "%s", what);
		ATF_CHECK_MSG(
		    summary.starts, "%s: starts: %s", what, found_sentence);
		ATF_CHECK_MSG(saved.last >= scratch.seen && saved.complete,
		    "%s: %ju of %ju saved", what, (uintmax_t)saved.last,
		    (uintmax_t)scratch.seen);
		scratch_close(&scratch);
		image_store(&image);
	} else {
		counts.refused++;
		ATF_CHECK_MSG(
		    !summary.starts && summary.condition == JOURNAL_DAMAGED,
		    "%s: %s", what, scratch.error);
	}
}

static void
tell(const char *journal)
{
	printf("%s journal, %zu files, %ju records: %u damages, %u refused; "
	       "saved whole %u, with a gap %u; %ju records behind gaps kept "
	       "beside\n",
	    journal, image.n, (uintmax_t)image.last, counts.cases,
	    counts.refused, counts.complete, counts.gaps,
	    (uintmax_t)counts.loose);
	ATF_CHECK(counts.refused > 0 && counts.complete > 0);
	ATF_CHECK_EQ(counts.cases, counts.complete + counts.gaps);
}

/* --- Damages ---------------------------------------------------------------
 */

ATF_TC_WITHOUT_HEAD(whole);
ATF_TC_BODY(whole, tc)
{
	struct journal_summary summary;

	for (size_t i = 0; i < JOURNALS; i++) {
		make(i, journals[i].name);
		judge("nothing");
		ATF_CHECK_EQ(1, counts.complete);
		check_summary("nothing", &summary);
		ATF_CHECK_EQ(JOURNAL_CLEAN, summary.condition);
		ATF_CHECK(summary.starts);
		ATF_CHECK_EQ(image.last, summary.last);
		ATF_CHECK_EQ(summary.records, summary.last - summary.first + 1);
		ATF_CHECK(
		    summary.batches > 1 && summary.batches <= summary.records);
		ATF_CHECK_EQ(image.n, summary.segments + summary.snapshots);
		ATF_CHECK_EQ(i != 0, summary.has_snapshot);
		image_free(&image);
		memset(&counts, 0, sizeof counts);
	}
}

static void
damage_bytes(size_t which, size_t from, size_t n, unsigned char flip)
{
	struct scratch_file *file = &image.files[which];
	unsigned char before[SECTOR];
	char what[128];

	memcpy(before, file->bytes + from, n);
	for (size_t i = 0; i < n; i++)
		file->bytes[from + i] =
		    flip == 0 ? 0 : file->bytes[from + i] ^ flip;
	snprintf(what, sizeof what, "%s %s from %zu to %zu", image.names[which],
	    flip == 0 ? "zeroed" : "flipped", from, from + n);
	scratch_store(file);
	judge(what);
	memcpy(file->bytes + from, before, n);
	scratch_store(file);
}

/* A bit of each record's header and of its payload, and of each header's
 * fields. */
static void
flip_file(size_t which)
{
	const struct scratch_file *file = &image.files[which];
	size_t step = runs_long() ? 1 : 7;

	for (size_t at = 0; at < sizeof(struct segment_header); at += 4)
		damage_bytes(which, at, 1, 0x10);
	for (size_t i = which % step; i < file->nrecords; i += step) {
		damage_bytes(which, file->offsets[i] + 8 + i % 24, 1, 0x04);
		if (file->offsets[i + 1] - file->offsets[i] >
		    sizeof(struct record_header))
			damage_bytes(which,
			    file->offsets[i] + sizeof(struct record_header), 1,
			    0x40);
	}
}

static void
zero_file(size_t which)
{
	const struct scratch_file *file = &image.files[which];

	for (size_t at = 0; at + SECTOR <= file->size; at += SECTOR)
		damage_bytes(which, at, SECTOR, 0);
}

static void
for_each_journal(void (*damage)(size_t))
{
	for (size_t i = 0; i < JOURNALS; i++) {
		make(i, journals[i].name);
		memset(&counts, 0, sizeof counts);
		for (size_t file = 0; file < image.n; file++)
			damage(file);
		tell(journals[i].name);
		image_free(&image);
	}
}

ATF_TC(bytes_flipped);
ATF_TC_HEAD(bytes_flipped, tc)
{
	atf_tc_set_md_var(tc, "timeout", "1200");
}
ATF_TC_BODY(bytes_flipped, tc)
{
	for_each_journal(flip_file);
}

ATF_TC(sectors_zeroed);
ATF_TC_HEAD(sectors_zeroed, tc)
{
	atf_tc_set_md_var(tc, "timeout", "1200");
}
ATF_TC_BODY(sectors_zeroed, tc)
{
	for_each_journal(zero_file);
}

static void
remove_file(size_t which)
{
	char what[128];

	snprintf(what, sizeof what, "%s removed", image.names[which]);
	ATF_REQUIRE_EQ(0, unlink(image.files[which].path));
	judge(what);
	image_store(&image);
}

static void
double_file(size_t which)
{
	struct scratch_file copy = image.files[which];
	const char *suffix = strchr(image.names[which], '.');
	char what[128];

	snprintf(copy.path, sizeof copy.path, "%s/%016ju%s", image.dir,
	    strtoumax(image.names[which], NULL, 10) + 1, suffix);
	if (access(copy.path, F_OK) == 0)
		return;
	scratch_store(&copy);
	snprintf(what, sizeof what, "%s doubled", image.names[which]);
	judge(what);
	image_store(&image);
}

static void
swap_file(size_t which)
{
	struct scratch_file one, other;
	char what[192];

	for (size_t i = which + 1; i < image.n; i++) {
		one = image.files[which];
		other = image.files[i];
		one.bytes = image.files[i].bytes;
		one.size = image.files[i].size;
		other.bytes = image.files[which].bytes;
		other.size = image.files[which].size;
		scratch_store(&one);
		scratch_store(&other);
		snprintf(what, sizeof what, "%s and %s swapped",
		    image.names[which], image.names[i]);
		judge(what);
		image_store(&image);
	}
}

static void
mix_file(size_t which)
{
	remove_file(which);
	double_file(which);
	swap_file(which);
}

ATF_TC_WITHOUT_HEAD(files_mixed_up);
ATF_TC_BODY(files_mixed_up, tc)
{
	for_each_journal(mix_file);
}

ATF_TC_WITHOUT_HEAD(files_of_another);
ATF_TC_BODY(files_of_another, tc)
{
	static struct image mine;
	struct scratch_file foreign;
	char what[128];

	make(2, "one");
	mine = image;
	make(2, "another");
	memset(&counts, 0, sizeof counts);
	for (size_t i = 0; i < mine.n; i++) {
		struct image other = image;

		foreign = image.files[i];
		memcpy(foreign.path, mine.files[i].path, sizeof foreign.path);
		scratch_store(&foreign);
		snprintf(
		    what, sizeof what, "%s of another journal", mine.names[i]);
		scratch.options.dir = mine.dir;
		image = mine;
		judge(what);
		image_store(&mine);
		image = other;
	}
	image_free(&image);
	image = mine;
	ATF_CHECK_EQ(counts.cases, counts.refused);
	printf("%u files of another journal\n", counts.cases);
	image_free(&image);
}

/* A torn tail is no damage, and nothing is missing without it. */
ATF_TC_WITHOUT_HEAD(torn);
ATF_TC_BODY(torn, tc)
{
	struct scratch_file *file;
	struct journal_summary summary;
	size_t first;

	make(2, "torn");
	file = &image.files[image.newest_segment];
	first = scratch_last_batch(file);
	memset(&counts, 0, sizeof counts);
	for (size_t i = first; i < file->nrecords; i++) {
		damage_bytes(image.newest_segment, file->offsets[i] + 20, 1, 1);
		if (i == first)
			continue;
		/* Where it is the batch's first, it is not even seen. */
		file->bytes[file->offsets[i] + 20] ^= 1;
		scratch_store(file);
		check_summary("torn", &summary);
		ATF_CHECK_EQ_MSG(
		    JOURNAL_TORN, summary.condition, "%s", found_sentence);
		ATF_CHECK(summary.starts && summary.torn_bytes > 0);
		ATF_CHECK_STREQ(image.names[image.newest_segment], found.file);
		ATF_CHECK_EQ(summary.torn_bytes + (uint64_t)found.offset,
		    file->offsets[file->nrecords]);
		file->bytes[file->offsets[i] + 20] ^= 1;
		scratch_store(file);
	}
	ATF_CHECK_EQ(0, counts.refused);
	ATF_CHECK_EQ(counts.cases, counts.complete);
	image_free(&image);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, whole);
	ATF_TP_ADD_TC(tp, bytes_flipped);
	ATF_TP_ADD_TC(tp, sectors_zeroed);
	ATF_TP_ADD_TC(tp, files_mixed_up);
	ATF_TP_ADD_TC(tp, files_of_another);
	ATF_TP_ADD_TC(tp, torn);
	return atf_no_error();
}
