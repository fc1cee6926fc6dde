/* links: daemon/journal.c daemon/journal_open.c daemon/journal_list.c
 * daemon/journal_restore.c daemon/journal_replay.c daemon/journal_tail.c
 * daemon/journal_commit.c daemon/journal_read.c daemon/journal_snapshot.c
 * daemon/journal_snapshot_write.c daemon/journal_compact.c daemon/segment.c
 * daemon/segment_read.c daemon/segment_store.c daemon/crc32c.c daemon/clock.c
 * daemon/thread.c daemon/core/alloc.c tests/journal_scratch.c
 * tests/unsynced_io.c tests/journal_image.c ; libs: pthread
 */
/*
 * journal_exhaustive_test: every single damage of a kind, done to whole
 * journals: an exact prefix that holds all that was acknowledged, or a refusal
 * that names the place, and never anything else.
 *
 * What was acknowledged must be there but where no proof of it is left: where
 * damage reaches into the last batch of a journal that was not sealed, it can't
 * be told from a torn write.  Proof is a record of a later batch elsewhere, a
 * later segment, a seal, a snapshot.
 */

#include <atf-c.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/journal_format.h"
#include "tests/journal_image.h"
#include "tests/test_length.h"

#define SECTOR 512

static struct scratch scratch;
static struct image image;

static struct {
	unsigned cases;
	unsigned whole;	 /* all was there */
	unsigned prefix; /* all but the end that could not be proven */
	unsigned refused;
} counts;

/* --- Three journals --------------------------------------------------------
 */

static void
open_scratch(void)
{
	ATF_REQUIRE_MSG(scratch_resume(&scratch), "%s", scratch.error);
}

/* Killed in its first run. */
static void
make_young(void)
{
	open_scratch();
	ATF_REQUIRE(scratch_batches(&scratch, 2, 1));
	ATF_REQUIRE(scratch_batches(&scratch, 1, 2));
	scratch_kill(&scratch);
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
	bool large; /* for the long run */
} journals[] = {
    {"young", make_young, false},
    {"short", make_short, false},
    {"old", make_old, true},
};

static void
make(size_t which, const char *dir)
{
	scratch_init(&scratch, dir);
	scratch.options.segment_size = 8 * 1024;
	journals[which].make();
	image_load(&image, &scratch);
}

/* --- Judgement -------------------------------------------------------------
 */

static void
check_opened(const char *what, uint64_t least)
{
	uint64_t seen = scratch.seen;

	ATF_REQUIRE_MSG(!scratch.wrong, "%s: something made up", what);
	ATF_REQUIRE_MSG(scratch.seen_last, "%s: half a group", what);
	ATF_REQUIRE_MSG(seen >= least && seen <= image.last,
	    "%s: %ju records, of %ju to %ju", what, (uintmax_t)seen,
	    (uintmax_t)least, (uintmax_t)image.last);
	counts.whole += seen == image.last;
	counts.prefix += seen != image.last;
	/* And it stays so: of every case in the long run. */
	if (!runs_long() && counts.cases % 17 != 0) {
		scratch_close(&scratch);
		return;
	}
	scratch_append(&scratch, 1, 1);
	ATF_REQUIRE(scratch_commit(&scratch));
	scratch_close(&scratch);
	ATF_REQUIRE_MSG(
	    scratch_open(&scratch), "%s: then %s", what, scratch.error);
	ATF_REQUIRE_MSG(!scratch.wrong && scratch.seen == seen + 1,
	    "%s: then %ju records", what, (uintmax_t)scratch.seen);
	scratch_close(&scratch);
}

/* Gives true when it was refused, which changes no file. */
static bool
judge(const char *what, uint64_t least)
{
	counts.cases++;
	if (scratch_open(&scratch)) {
		check_opened(what, least);
		return false;
	}
	counts.refused++;
	ATF_REQUIRE_MSG(
	    strstr(scratch.error, scratch.options.dir) == scratch.error &&
		(strstr(scratch.error, SEGMENT_SUFFIX ": ") != NULL ||
		    strstr(scratch.error, SNAPSHOT_SUFFIX ": ") != NULL) &&
		(strstr(scratch.error, "restore") != NULL ||
		    strstr(scratch.error, "put this") != NULL ||
		    strstr(scratch.error, "move ") != NULL ||
		    strstr(scratch.error, "start the version") != NULL),
	    "%s: %s", what, scratch.error);
	return true;
}

/* What must be there when these bytes of the file are damaged. */
static uint64_t
least_without(size_t which, size_t from, size_t to)
{
	const struct scratch_file *file = &image.files[which];
	uint64_t least = 0, proof = 0, seq;
	bool hit = false;

	if (which != image.newest_segment)
		return image.last;
	for (size_t i = 0; i < image.n; i++)
		if (!image_is_segment(&image, i))
			least = strtoumax(image.names[i], NULL, 10);
	for (size_t i = 0; i < file->nrecords; i++) {
		if (file->offsets[i] < to && file->offsets[i + 1] > from)
			hit = true;
		else if (file->batches[i] > proof)
			proof = file->batches[i];
	}
	if (!hit)
		return image.last;
	for (size_t i = 0; i < file->nrecords; i++) {
		seq = file->seqs[i];
		if (seq > least &&
		    (file->batches[i] < proof ||
			(file->offsets[i + 1] <= from &&
			    (file->flags[i] & RECORD_GROUP_END) != 0)))
			least = seq;
	}
	return least;
}

static void
judge_bytes(size_t which, size_t from, size_t to)
{
	char what[128];

	snprintf(what, sizeof what, "%s from %zu to %zu", image.names[which],
	    from, to);
	scratch_store(&image.files[which]);
	if (!judge(what, least_without(which, from, to)))
		image_store(&image);
}

static void
begin_counts(void)
{
	memset(&counts, 0, sizeof counts);
}

static void
tell(const char *journal, const char *what)
{
	printf("%s journal, %zu files, %ju records: %u times %s: %u whole, %u "
	       "without an end that nothing proves, %u refused\n",
	    journal, image.n, (uintmax_t)image.last, counts.cases, what,
	    counts.whole, counts.prefix, counts.refused);
}

static void
for_each_journal(void (*damage)(const char *, size_t))
{
	for (size_t i = 0; i < sizeof journals / sizeof *journals; i++) {
		if (journals[i].large && !runs_long())
			continue;
		make(i, journals[i].name);
		begin_counts();
		damage(journals[i].name, i);
		image_free(&image);
	}
}

/* --- Every byte of the last batch cut off ----------------------------------
 */

static void
truncate_everywhere(const char *name, size_t which)
{
	struct scratch_file *file = &image.files[image.newest_segment];
	size_t end = file->offsets[file->nrecords], size = file->size;

	(void)which;
	for (size_t cut = file->offsets[scratch_last_batch(file)]; cut < end;
	     cut++) {
		file->size = cut;
		judge_bytes(image.newest_segment, cut, end);
		file->size = size;
		scratch_store(file);
	}
	tell(name, "the last batch cut short");
	ATF_CHECK_EQ(0, counts.refused);
}

ATF_TC(last_batch_truncated);
ATF_TC_HEAD(last_batch_truncated, tc)
{
	atf_tc_set_md_var(tc, "timeout", "3600");
}
ATF_TC_BODY(last_batch_truncated, tc)
{
	for_each_journal(truncate_everywhere);
}

/* --- Every bit flipped -----------------------------------------------------
 */

static size_t
used(const struct scratch_file *file)
{
	return file->offsets[file->nrecords];
}

static void
flip_bits(size_t which)
{
	struct scratch_file *file = &image.files[which];
	size_t data = image_is_segment(&image, which) ? SEGMENT_DATA_OFFSET
						      : SNAPSHOT_DATA_OFFSET;
	bool holds;

	for (size_t at = 0; at < file->size; at++) {
		holds = at < sizeof(struct segment_header) ||
		    (at >= data && at < used(file));
		/* Where nothing stands one bit in some bytes must do. */
		if (!holds && !runs_long() && at % 509 != 0)
			continue;
		for (unsigned bit = at % 8; bit < 8; bit += holds ? 1 : 8) {
			file->bytes[at] ^= (unsigned char)(1u << bit);
			judge_bytes(which, at, at + 1);
			file->bytes[at] ^= (unsigned char)(1u << bit);
		}
		for (unsigned bit = 0; holds && bit < at % 8; bit++) {
			file->bytes[at] ^= (unsigned char)(1u << bit);
			judge_bytes(which, at, at + 1);
			file->bytes[at] ^= (unsigned char)(1u << bit);
		}
	}
	scratch_store(file);
}

static void
flip_everywhere(const char *name, size_t which)
{
	(void)which;
	for (size_t i = 0; i < image.n; i++)
		/* In the short run the first journal, and a snapshot. */
		if (runs_long() || image.n == 1 || i == image.n - 2)
			flip_bits(i);
	tell(name, "one bit flipped");
	ATF_CHECK(counts.cases > 1000 && counts.whole > 0);
}

ATF_TC(every_bit_flipped);
ATF_TC_HEAD(every_bit_flipped, tc)
{
	atf_tc_set_md_var(tc, "timeout", "3600");
}
ATF_TC_BODY(every_bit_flipped, tc)
{
	for_each_journal(flip_everywhere);
}

/* --- Every sector zeroed ---------------------------------------------------
 */

static void
zero_sectors(size_t which)
{
	struct scratch_file *file = &image.files[which];
	unsigned char before[SECTOR];
	size_t n;

	for (size_t at = 0; at < file->size; at += SECTOR) {
		n = file->size - at < SECTOR ? file->size - at : SECTOR;
		memcpy(before, file->bytes + at, n);
		memset(file->bytes + at, 0, n);
		judge_bytes(which, at, at + n);
		memcpy(file->bytes + at, before, n);
	}
	scratch_store(file);
}

static void
zero_everywhere(const char *name, size_t which)
{
	(void)which;
	for (size_t i = 0; i < image.n; i++)
		zero_sectors(i);
	tell(name, "a sector zeroed");
	ATF_CHECK(counts.refused > 0 && counts.whole > 0);
}

ATF_TC(every_sector_zeroed);
ATF_TC_HEAD(every_sector_zeroed, tc)
{
	atf_tc_set_md_var(tc, "timeout", "3600");
}
ATF_TC_BODY(every_sector_zeroed, tc)
{
	for_each_journal(zero_everywhere);
}

/* --- Files removed, doubled, swapped, from another journal -----------------
 */

static void
remove_each(void)
{
	char what[128];

	for (size_t i = 0; i < image.n; i++) {
		snprintf(what, sizeof what, "%s removed", image.names[i]);
		ATF_REQUIRE_EQ(0, unlink(image.files[i].path));
		judge(what, image.last);
		image_store(&image);
	}
}

/* Under the name of the record after, and under the last name there is. */
static void
double_each(void)
{
	char what[256];
	struct scratch_file copy;
	const char *suffix;
	uint64_t seq;

	for (size_t i = 0; i < 2 * image.n; i++) {
		copy = image.files[i / 2];
		suffix = strchr(image.names[i / 2], '.');
		seq = i % 2 == 0 ? strtoumax(image.names[i / 2], NULL, 10) + 1
				 : NAME_SEQ_MAX;
		snprintf(copy.path, sizeof copy.path, "%s/%016ju%s", image.dir,
		    (uintmax_t)seq, suffix);
		if (access(copy.path, F_OK) == 0)
			continue;
		scratch_store(&copy);
		snprintf(what, sizeof what, "%s doubled as %ju",
		    image.names[i / 2], (uintmax_t)seq);
		judge(what, image.last);
		image_store(&image);
	}
}

static void
swap_each(void)
{
	struct scratch_file one, other;
	char what[256];

	for (size_t i = 0; i < image.n; i++) {
		for (size_t j = i + 1; j < image.n; j++) {
			one = image.files[i];
			other = image.files[j];
			one.bytes = image.files[j].bytes;
			one.size = image.files[j].size;
			other.bytes = image.files[i].bytes;
			other.size = image.files[i].size;
			scratch_store(&one);
			scratch_store(&other);
			snprintf(what, sizeof what, "%s and %s swapped",
			    image.names[i], image.names[j]);
			judge(what, image.last);
			image_store(&image);
		}
	}
}

/* In the place of each file the same one of a journal that went the same way.
 */
static void
replace_each(size_t which)
{
	static struct image mine;
	struct scratch_file foreign;
	char what[128], path[512];

	mine = image;
	make(which, "another");
	for (size_t i = 0; i < mine.n; i++) {
		ATF_REQUIRE_STREQ(mine.names[i], image.names[i]);
		foreign = image.files[i];
		snprintf(path, sizeof path, "%s", mine.files[i].path);
		snprintf(foreign.path, sizeof foreign.path, "%s", path);
		scratch_store(&foreign);
		snprintf(
		    what, sizeof what, "%s of another journal", mine.names[i]);
		scratch.options.dir = mine.dir;
		/* Where it is the only file, it is simply that journal. */
		if (mine.n > 1)
			ATF_REQUIRE_MSG(judge(what, mine.last), "%s", what);
		image_store(&mine);
	}
	image_free(&image);
	image = mine;
	ATF_REQUIRE_EQ(0, system("rm -r another"));
}

static void
mix_files(const char *name, size_t which)
{
	/* A journal without a file is a new one: nothing can be said of it. */
	if (image.n > 1)
		remove_each();
	double_each();
	swap_each();
	replace_each(which);
	tell(name, "a file removed, doubled, swapped, replaced");
	ATF_CHECK(counts.refused > 0);
}

ATF_TC(files_mixed_up);
ATF_TC_HEAD(files_mixed_up, tc)
{
	atf_tc_set_md_var(tc, "timeout", "600");
}
ATF_TC_BODY(files_mixed_up, tc)
{
	/* Few cases: of all three journals always. */
	for (size_t i = 0; i < sizeof journals / sizeof *journals; i++) {
		make(i, journals[i].name);
		begin_counts();
		mix_files(journals[i].name, i);
		image_free(&image);
	}
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, last_batch_truncated);
	ATF_TP_ADD_TC(tp, every_bit_flipped);
	ATF_TP_ADD_TC(tp, every_sector_zeroed);
	ATF_TP_ADD_TC(tp, files_mixed_up);
	return atf_no_error();
}
