/* links: daemon/journal.c daemon/journal_open.c daemon/journal_list.c
 * daemon/journal_restore.c daemon/journal_replay.c daemon/journal_tail.c
 * daemon/journal_commit.c daemon/journal_read.c daemon/journal_snapshot.c
 * daemon/journal_snapshot_write.c daemon/journal_compact.c daemon/segment.c
 * daemon/segment_read.c daemon/segment_store.c daemon/crc32c.c
 * daemon/core/alloc.c tests/journal_scratch.c ; libs: pthread
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
#include <string.h>
#include <unistd.h>

#include "daemon/journal_format.h"
#include "tests/journal_scratch.h"

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

static ssize_t
failing_write(int fd, const void *bytes, size_t size, off_t offset)
{
	/* Half of it gets there, as when a disk is full. */
	if (due()) {
		if (pwrite(fd, bytes, size / 2, offset) == -1)
			return -1;
		errno = atomic_load(&error_given);
		return -1;
	}
	return scratch_io.write(fd, bytes, size, offset);
}

static int
failing_sync(int fd)
{
	return due() ? -1 : scratch_io.sync(fd);
}

static int
failing_allocate(int fd, off_t offset, off_t size)
{
	return due() ? atomic_load(&error_given)
		     : scratch_io.allocate(fd, offset, size);
}

static int
failing_rename(int dir, const char *from, const char *to)
{
	return due() ? -1 : scratch_io.rename(dir, from, to);
}

static int
failing_open(int dir, const char *name, int flags, mode_t mode)
{
	return due() ? -1 : scratch_io.open(dir, name, flags, mode);
}

static int
failing_unlink(int dir, const char *name)
{
	return due() ? -1 : scratch_io.unlink(dir, name);
}

static const struct journal_io failing_io = {
    .write = failing_write,
    .sync = failing_sync,
    .sync_directory = failing_sync,
    .allocate = failing_allocate,
    .open = failing_open,
    .rename = failing_rename,
    .unlink = failing_unlink,
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

/* Writes until something fails; gives what is durable then. */
static uint64_t
write_until_failure(unsigned batches)
{
	uint64_t durable = 0;

	for (unsigned i = 0; i < batches; i++) {
		scratch_append(&scratch, 3, 2);
		if (!scratch_commit(&scratch))
			break;
	}
	durable = journal_durable(scratch.journal);
	return durable;
}

static void
check_reopened(uint64_t durable, uint64_t appended)
{
	scratch.options.io = &scratch_io;
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
	    strstr(error, "start again") != NULL &&
	    (strstr(error, "No space left") != NULL ||
		strstr(error, "Input/output error") != NULL);
}

/* Gives false once n is beyond all calls there are. */
static bool
fail_at(int n, int error)
{
	uint64_t durable = 0, appended = 0;
	char dir[64];
	bool more;

	snprintf(dir, sizeof dir, "journal-%d", n);
	init(dir, n, error);
	if (!scratch_open(&scratch)) {
		ATF_CHECK_MSG(
		    names_what_to_do(scratch.error), "%s", scratch.error);
	} else {
		durable = write_until_failure(20);
		appended = journal_last(scratch.journal);
		if (scratch.failure != NULL)
			ATF_CHECK_MSG(names_what_to_do(scratch.failure), "%s",
			    scratch.failure);
		scratch_close(&scratch);
	}
	more = atomic_load(&countdown) <= 0;
	check_reopened(durable, appended);
	return more;
}

ATF_TC(every_call);
ATF_TC_HEAD(every_call, tc)
{
	atf_tc_set_md_var(tc, "descr",
	    "each system call in turn fails: the journal says so, and the next "
	    "start has all that was durable");
}
ATF_TC_BODY(every_call, tc)
{
	int n = 1;

	while (fail_at(n, n % 2 == 0 ? EIO : ENOSPC))
		n++;
	ATF_CHECK_MSG(n > 60, "only %d calls", n);
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
	struct journal_io io = scratch_io;

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
	struct journal_io io = scratch_io;

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
	struct journal_io io = scratch_io;
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
	ATF_TP_ADD_TC(tp, failed_write_is_final);
	ATF_TP_ADD_TC(tp, failed_sync_is_final);
	ATF_TP_ADD_TC(tp, short_and_interrupted_writes);
	ATF_TP_ADD_TC(tp, file_system_without_allocation);
	ATF_TP_ADD_TC(tp, one_batch_in_flight);
	return atf_no_error();
}
