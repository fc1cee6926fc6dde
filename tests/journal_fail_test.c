/* links: daemon/journal.c daemon/journal_open.c daemon/journal_list.c
 * daemon/journal_restore.c daemon/journal_replay.c daemon/journal_tail.c
 * daemon/journal_commit.c daemon/journal_read.c daemon/journal_snapshot.c
 * daemon/journal_snapshot_write.c daemon/journal_compact.c daemon/segment.c
 * daemon/segment_read.c daemon/segment_store.c daemon/crc32c.c daemon/clock.c
 * daemon/thread.c daemon/core/alloc.c tests/journal_scratch.c
 * tests/unsynced_io.c ; libs: pthread
 */
/*
 * journal_fail_test: the first write or sync that fails is final, wherever it
 * strikes, and nothing that was durable before is lost by it.
 */

#include <atf-c.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/journal_format.h"
#include "tests/journal_scratch.h"
#include "tests/unsynced_io.h"

#define HALF -1 /* no errno: a write that writes half, and says so */

static struct scratch scratch;

/* Counts down the calls of any kind; the one that reaches 0 fails. */
static atomic_int countdown;
static atomic_int calls_after; /* those that came after it */
static atomic_int error_given;

static bool
due(void)
{
	int left = atomic_fetch_sub(&countdown, 1);

	if (left < 1)
		atomic_fetch_add(&calls_after, 1);
	errno = atomic_load(&error_given);
	return left == 1;
}

/* Only a write can do half of what it should. */
static bool
fails_now(void)
{
	return due() && atomic_load(&error_given) != HALF;
}

static ssize_t
failing_write(int fd, const void *bytes, size_t size, off_t offset)
{
	/* Half of it gets there, as when a disk is full. */
	if (due()) {
		if (atomic_load(&error_given) == HALF)
			return pwrite(fd, bytes, (size + 1) / 2, offset);
		if (pwrite(fd, bytes, size / 2, offset) == -1)
			return -1;
		errno = atomic_load(&error_given);
		return -1;
	}
	return unsynced_io.write(fd, bytes, size, offset);
}

static int
failing_sync(int fd)
{
	return fails_now() ? -1 : unsynced_io.sync(fd);
}

static int
failing_allocate(int fd, off_t offset, off_t size)
{
	return fails_now() ? atomic_load(&error_given)
			   : unsynced_io.allocate(fd, offset, size);
}

static int
failing_rename(int dir, const char *from, const char *to)
{
	return fails_now() ? -1 : unsynced_io.rename(dir, from, to);
}

static int
failing_open(int dir, const char *name, int flags, mode_t mode)
{
	return fails_now() ? -1 : unsynced_io.open(dir, name, flags, mode);
}

static int
failing_unlink(int dir, const char *name)
{
	return fails_now() ? -1 : unsynced_io.unlink(dir, name);
}

/* Advice: there is nothing to fail. */
static void
forget(int fd)
{
	unsynced_io.forget(fd);
}

static const struct journal_io failing_io = {
    .write = failing_write,
    .sync = failing_sync,
    .sync_directory = failing_sync,
    .allocate = failing_allocate,
    .open = failing_open,
    .rename = failing_rename,
    .unlink = failing_unlink,
    .forget = forget,
};

static void
init(const char *dir, int fails_at, int error)
{
	scratch_init(&scratch, dir);
	scratch.options.io = &failing_io;
	scratch.options.segment_size = 8 * 1024;
	atomic_store(&countdown, fails_at);
	atomic_store(&calls_after, 0);
	atomic_store(&error_given, error);
}

static void
check_reopened(uint64_t durable, uint64_t appended)
{
	scratch.options.io = &unsynced_io;
	ATF_REQUIRE_MSG(scratch_open(&scratch), "%s", scratch.error);
	ATF_CHECK(!scratch.wrong);
	ATF_CHECK(scratch.seen_last);
	ATF_CHECK_MSG(scratch.seen >= durable && scratch.seen <= appended,
	    "%ju durable, %ju read", (uintmax_t)durable,
	    (uintmax_t)scratch.seen);
	scratch_append(&scratch, 1, 1);
	ATF_CHECK(scratch_commit(&scratch));
	scratch_close(&scratch);
}

static bool
names_what_to_do(const char *error)
{
	return strstr(error, "journal") == error &&
	    (strstr(error, "start again") != NULL ||
		strstr(error, "tries again") != NULL ||
		strstr(error, "until then no snapshot") != NULL) &&
	    strstr(error, strerror(atomic_load(&error_given))) != NULL;
}

/* Half a write and an interrupted call are no failures. */
static bool
fails(int error)
{
	return error != EINTR && error != HALF;
}

static unsigned opens_failed, batches_failed, snapshots_failed, none_failed;

static void
count_failure(bool opened)
{
	if (!opened)
		opens_failed++;
	else if (scratch.failure != NULL)
		batches_failed++;
	else if (scratch.error[0] != '\0')
		snapshots_failed++;
	else
		none_failed++;
}

/* Batches, and a snapshot after every third: two of them compact. */
static void
write_all(int error)
{
	char said[sizeof scratch.error] = "";

	for (unsigned i = 0; i < 12 && scratch.failure == NULL; i++) {
		if (i % 3 != 2) {
			scratch_append(&scratch, 3, 4);
			scratch_commit(&scratch);
		} else if (!scratch_snapshot(&scratch, 5)) {
			ATF_CHECK_MSG(
			    fails(error) && names_what_to_do(scratch.error),
			    "%s", scratch.error);
			snprintf(said, sizeof said, "%s", scratch.error);
		}
	}
	if (scratch.failure != NULL)
		ATF_CHECK_MSG(fails(error) && names_what_to_do(scratch.failure),
		    "%s", scratch.failure);
	snprintf(scratch.error, sizeof scratch.error, "%s", said);
}

/* Gives false once n is beyond all calls there are. */
static bool
fail_at(int n, int error)
{
	uint64_t durable = 0, appended = 0;
	char dir[64], command[128];
	bool opened;

	snprintf(dir, sizeof dir, "journal-%d", n);
	init(dir, n, error);
	opened = scratch_open(&scratch);
	if (!opened) {
		ATF_CHECK_MSG(fails(error) && names_what_to_do(scratch.error),
		    "%s", scratch.error);
	} else {
		write_all(error);
		durable = journal_durable(scratch.journal);
		appended = journal_last(scratch.journal);
	}
	count_failure(opened);
	if (opened)
		scratch_close(&scratch);
	check_reopened(durable, appended);
	snprintf(command, sizeof command, "rm -r %s", dir);
	ATF_REQUIRE_EQ(0, system(command));
	return atomic_load(&countdown) <= 0;
}

static void
fail_everywhere(int error, const char *name)
{
	int n = 1;

	opens_failed = batches_failed = snapshots_failed = none_failed = 0;
	while (fail_at(n, error))
		n++;
	printf("%s: each of %d calls in turn; %u openings, %u batches, %u "
	       "snapshots failed, %u times nothing did\n",
	    name, n - 1, opens_failed, batches_failed, snapshots_failed,
	    none_failed);
	ATF_CHECK_MSG(n > 80, "only %d calls", n);
	if (fails(error))
		ATF_CHECK(opens_failed > 5 && batches_failed > 10 &&
		    snapshots_failed > 10);
	else
		ATF_CHECK_EQ((unsigned)n, none_failed);
}

ATF_TC(every_call);
ATF_TC_HEAD(every_call, tc)
{
	atf_tc_set_md_var(tc, "descr",
	    "each system call in turn fails: the journal says so, and the next "
	    "start has all that was durable");
	atf_tc_set_md_var(tc, "timeout", "600");
}
ATF_TC_BODY(every_call, tc)
{
	fail_everywhere(EIO, "EIO");
	fail_everywhere(ENOSPC, "ENOSPC");
	fail_everywhere(EMFILE, "EMFILE");
	fail_everywhere(EINTR, "EINTR");
	fail_everywhere(HALF, "half a write");
}

/*
 * A journal with all that opening one has to deal with: a snapshot that is
 * damaged and one that isn't, a torn tail, what was never finished.
 */
static void
leave_a_mess(const char *dir)
{
	char name[SCRATCH_NAME_SIZE], path[128];
	struct scratch_file file;

	scratch_init(&scratch, dir);
	scratch.options.segment_size = 8 * 1024;
	ATF_REQUIRE_MSG(scratch_open(&scratch), "%s", scratch.error);
	for (int i = 0; i < 3; i++) {
		scratch_append(&scratch, 3, 4);
		ATF_REQUIRE(scratch_commit(&scratch));
		ATF_REQUIRE(scratch_snapshot(&scratch, 5));
	}
	scratch_append(&scratch, 1, 2);
	ATF_REQUIRE(scratch_commit(&scratch));
	scratch_close(&scratch);
	scratch_last_segment(&scratch, name);
	scratch_load(&scratch, name, &file);
	scratch_unseal(&file);
	memset(file.bytes + file.offsets[file.nrecords] - 20, 0, 20);
	scratch_store(&file);
	snprintf(file.path, sizeof file.path, "%s/spare", dir);
	scratch_store(&file);
	snprintf(file.path, sizeof file.path, "%s/snapshot.new", dir);
	scratch_store(&file);
	scratch_free(&file);
	snprintf(path, sizeof path, "%s/0000000000000036.snap", dir);
	ATF_REQUIRE_EQ(0, truncate(path, 200));
}

static bool
fail_opening_at(int n, int error)
{
	char dir[64], command[128];
	bool opened;

	snprintf(dir, sizeof dir, "journal-mess-%d", n);
	leave_a_mess(dir);
	scratch.options.io = &failing_io;
	atomic_store(&countdown, n);
	atomic_store(&error_given, error);
	opened = scratch_open(&scratch);
	if (opened)
		scratch_close(&scratch);
	else
		ATF_CHECK_MSG(fails(error) && names_what_to_do(scratch.error),
		    "%s", scratch.error);
	scratch.options.io = &unsynced_io;
	ATF_REQUIRE_MSG(scratch_open(&scratch), "%s", scratch.error);
	ATF_CHECK(!scratch.wrong);
	ATF_CHECK_EQ_MSG(36, scratch.seen, "%ju", (uintmax_t)scratch.seen);
	ATF_CHECK_EQ(24, scratch.restored);
	ATF_CHECK_EQ(0, scratch_count(&scratch, "snapshot.new"));
	scratch_close(&scratch);
	snprintf(command, sizeof command, "rm -r %s", dir);
	ATF_REQUIRE_EQ(0, system(command));
	return !opened || atomic_load(&countdown) <= 0;
}

ATF_TC(every_call_of_opening);
ATF_TC_HEAD(every_call_of_opening, tc)
{
	atf_tc_set_md_var(tc, "descr",
	    "each call fails while a journal that was torn and damaged is "
	    "opened; the next start opens it");
	atf_tc_set_md_var(tc, "timeout", "600");
}
ATF_TC_BODY(every_call_of_opening, tc)
{
	static const int errors[] = {EIO, ENOSPC, EMFILE, EINTR, HALF};
	int n, all = 0;

	for (size_t i = 0; i < sizeof errors / sizeof *errors; i++) {
		for (n = 1; fail_opening_at(n, errors[i]); n++)
			;
		ATF_CHECK(n > 15);
		all += n - 1;
	}
	printf("%d calls failed in turn\n", all);
}

static void
fail_in_batch(int which)
{
	const char *first;
	uint64_t durable;
	int calls;

	init("journal", 1000000, EIO);
	/* Large enough that the thread prepares nothing meanwhile. */
	scratch.options.segment_size = 64 * 1024;
	ATF_REQUIRE(scratch_open(&scratch));
	scratch_append(&scratch, 1, 1);
	ATF_REQUIRE(scratch_commit(&scratch));
	durable = journal_durable(scratch.journal);
	atomic_store(&countdown, which);
	scratch_append(&scratch, 2, 2);
	ATF_REQUIRE(!scratch_commit(&scratch));
	ATF_REQUIRE(scratch.failure != NULL);
	first = scratch.failure;
	calls = atomic_load(&calls_after);
	for (int i = 0; i < 5; i++) {
		scratch_append(&scratch, 1, 1);
		journal_commit(scratch.journal);
		ATF_CHECK_EQ(durable,
		    journal_collect(scratch.journal, &scratch.failure));
		ATF_CHECK_EQ(first, scratch.failure);
	}
	scratch_close(&scratch);
	/* Not a call more, not even the seal's. */
	ATF_CHECK_EQ(calls, atomic_load(&calls_after));
	check_reopened(durable, durable + 4);
}

ATF_TC_WITHOUT_HEAD(failed_write_is_final);
ATF_TC_BODY(failed_write_is_final, tc)
{
	fail_in_batch(1);
}

ATF_TC_WITHOUT_HEAD(failed_sync_is_final);
ATF_TC_BODY(failed_sync_is_final, tc)
{
	fail_in_batch(2);
}

static bool interrupted;

static ssize_t
short_write(int fd, const void *bytes, size_t size, off_t offset)
{
	interrupted = !interrupted;
	if (interrupted) {
		errno = EINTR;
		return -1;
	}
	return pwrite(fd, bytes, size > 7 ? 7 : size, offset);
}

ATF_TC_WITHOUT_HEAD(short_and_interrupted_writes);
ATF_TC_BODY(short_and_interrupted_writes, tc)
{
	struct journal_io io = unsynced_io;

	io.write = short_write;
	scratch_init(&scratch, "journal");
	scratch.options.io = &io;
	scratch.options.segment_size = 8 * 1024;
	scratch_batch(&scratch, 5, 2);
	scratch_batch(&scratch, 5, 2);
	ATF_REQUIRE_MSG(scratch_open(&scratch), "%s", scratch.error);
	ATF_CHECK_EQ(20, scratch.seen);
	ATF_CHECK(!scratch.wrong);
	scratch_close(&scratch);
}

static int
cannot_allocate(int fd, off_t offset, off_t size)
{
	(void)fd;
	(void)offset;
	(void)size;
	return EOPNOTSUPP;
}

ATF_TC_WITHOUT_HEAD(file_system_without_allocation);
ATF_TC_BODY(file_system_without_allocation, tc)
{
	struct journal_io io = unsynced_io;

	io.allocate = cannot_allocate;
	scratch_init(&scratch, "journal");
	scratch.options.io = &io;
	scratch_batch(&scratch, 5, 2);
	ATF_REQUIRE_MSG(scratch_open(&scratch), "%s", scratch.error);
	ATF_CHECK_EQ(10, scratch.seen);
	scratch_close(&scratch);
}

static atomic_bool held;

static int
held_sync(int fd)
{
	(void)fd;
	while (atomic_load(&held))
		poll(NULL, 0, 1);
	return 0;
}

ATF_TC(one_batch_in_flight);
ATF_TC_HEAD(one_batch_in_flight, tc)
{
	atf_tc_set_md_var(tc, "descr",
	    "nothing is durable before its sync returns, and the loop goes on");
}
ATF_TC_BODY(one_batch_in_flight, tc)
{
	struct journal_io io = unsynced_io;
	struct journal_figures figures;

	io.sync = held_sync;
	scratch_init(&scratch, "journal");
	scratch.options.io = &io;
	ATF_REQUIRE(scratch_open(&scratch));
	atomic_store(&held, true);
	for (int i = 0; i < 50; i++) {
		scratch_append(&scratch, 1, 1);
		journal_commit(scratch.journal);
		ATF_CHECK_EQ(
		    0, journal_collect(scratch.journal, &scratch.failure));
	}
	atomic_store(&held, false);
	ATF_REQUIRE(scratch_commit(&scratch));
	journal_figures(scratch.journal, &figures);
	ATF_CHECK_EQ(50, figures.last);
	ATF_CHECK_EQ(2, figures.batches);
	scratch_close(&scratch);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, every_call);
	ATF_TP_ADD_TC(tp, every_call_of_opening);
	ATF_TP_ADD_TC(tp, failed_write_is_final);
	ATF_TP_ADD_TC(tp, failed_sync_is_final);
	ATF_TP_ADD_TC(tp, short_and_interrupted_writes);
	ATF_TP_ADD_TC(tp, file_system_without_allocation);
	ATF_TP_ADD_TC(tp, one_batch_in_flight);
	return atf_no_error();
}
