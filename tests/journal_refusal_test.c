/* links: daemon/journal.c daemon/journal_open.c daemon/journal_list.c
 * daemon/journal_restore.c daemon/journal_replay.c daemon/journal_tail.c
 * daemon/journal_commit.c daemon/journal_read.c daemon/journal_snapshot.c
 * daemon/journal_snapshot_write.c daemon/journal_compact.c daemon/segment.c
 * daemon/segment_read.c daemon/segment_store.c daemon/crc32c.c daemon/clock.c
 * daemon/thread.c daemon/core/alloc.c tests/journal_scratch.c
 * tests/unsynced_io.c ; libs: pthread
 */
/*
 * journal_refusal_test: what the system refuses and the journal goes on
 * without: room for the next segment, a snapshot.
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
#include "tests/unsynced_io.h"

static struct scratch scratch;
static struct journal_io io;

/* What is refused just now: an errno; 0: nothing. */
static atomic_int refuse_allocation, refuse_zeros;
static atomic_int refuse_snapshot_write, refuse_snapshot_sync, refuse_removal;
static atomic_int snapshot_fd = -1;

static int
allocate(int fd, off_t offset, off_t size)
{
	int refusal = atomic_load(&refuse_allocation);

	return refusal != 0 ? refusal : unsynced_io.allocate(fd, offset, size);
}

static int
open_file(int dir, const char *name, int flags, mode_t mode)
{
	int fd = unsynced_io.open(dir, name, flags, mode);

	if (strcmp(name, SNAPSHOT_NEW_NAME) == 0)
		atomic_store(&snapshot_fd, fd);
	return fd;
}

static ssize_t
write_file(int fd, const void *bytes, size_t size, off_t offset)
{
	int refusal = 0;

	if (fd == atomic_load(&snapshot_fd))
		refusal = atomic_load(&refuse_snapshot_write);
	else if (size >= 4096 && *(const char *)bytes == 0)
		refusal = atomic_load(&refuse_zeros);
	errno = refusal;
	return refusal != 0 ? -1 : unsynced_io.write(fd, bytes, size, offset);
}

static int
sync_file(int fd)
{
	errno = fd == atomic_load(&snapshot_fd)
	    ? atomic_load(&refuse_snapshot_sync)
	    : 0;
	return errno != 0 ? -1 : 0;
}

static int
rename_file(int dir, const char *from, const char *to)
{
	/* Its number may be given to another file from now on. */
	if (strcmp(from, SNAPSHOT_NEW_NAME) == 0)
		atomic_store(&snapshot_fd, -1);
	return unsynced_io.rename(dir, from, to);
}

static int
unlink_file(int dir, const char *name)
{
	if (strcmp(name, SNAPSHOT_NEW_NAME) == 0)
		atomic_store(&snapshot_fd, -1);
	else if ((errno = atomic_load(&refuse_removal)) != 0)
		return -1;
	return unsynced_io.unlink(dir, name);
}

static void
init(size_t segment_size)
{
	io = unsynced_io;
	io.allocate = allocate;
	io.open = open_file;
	io.write = write_file;
	io.sync = sync_file;
	io.rename = rename_file;
	io.unlink = unlink_file;
	scratch_init(&scratch, "journal");
	scratch.options.segment_size = segment_size;
	scratch.options.io = &io;
	ATF_REQUIRE_MSG(scratch_open(&scratch), "%s", scratch.error);
}

static void
write_batch(void)
{
	scratch_append(&scratch, 2, 3);
	ATF_REQUIRE_MSG(scratch_commit(&scratch), "%s", scratch.failure);
}

static void
wait_until_short(bool wanted)
{
	struct pollfd wake = {
	    .fd = journal_fd(scratch.journal), .events = POLLIN};
	const char *why;

	while (journal_is_short(scratch.journal, &why) != wanted) {
		ATF_REQUIRE_EQ(1, poll(&wake, 1, 20000));
		journal_collect(scratch.journal, &scratch.failure);
		ATF_REQUIRE(scratch.failure == NULL);
	}
}

static void
check_all_there(void)
{
	uint64_t last = journal_last(scratch.journal);

	scratch_close(&scratch);
	ATF_REQUIRE_MSG(scratch_open(&scratch), "%s", scratch.error);
	ATF_CHECK(!scratch.wrong);
	ATF_CHECK_EQ(last, scratch.seen);
	scratch_close(&scratch);
}

static void
be_short_of(int refusal, size_t segment_size)
{
	const char *why;
	unsigned batches = 0;

	init(segment_size);
	atomic_store(&refuse_allocation, refusal);
	while (!journal_is_short(scratch.journal, &why)) {
		write_batch();
		ATF_REQUIRE(batches++ < 1000);
	}
	ATF_CHECK_MSG(strstr(why, "journal/spare: cannot reserve space") == why,
	    "%s", why);
	ATF_CHECK(strstr(why, strerror(refusal)) != NULL);
	ATF_CHECK_EQ(0, scratch_count(&scratch, "spare"));
	/* All that is left of the segment becomes room, and can be used. */
	while (journal_room(scratch.journal) > 2048)
		write_batch();
	ATF_CHECK_EQ(1, scratch_count(&scratch, SEGMENT_SUFFIX));
	atomic_store(&refuse_allocation, 0);
	wait_until_short(false);
	ATF_CHECK_EQ(1, scratch_count(&scratch, "spare"));
	for (int i = 0; i < 20; i++)
		write_batch();
	check_all_there();
}

ATF_TC_WITHOUT_HEAD(no_room_for_the_next_segment);
ATF_TC_BODY(no_room_for_the_next_segment, tc)
{
	be_short_of(ENOSPC, 16 * 1024);
}

ATF_TC_WITHOUT_HEAD(quota_used_up);
ATF_TC_BODY(quota_used_up, tc)
{
	be_short_of(EDQUOT, 256 * 1024);
}

/* Zeros are written in advance: that they can't be is no failure yet. */
ATF_TC_WITHOUT_HEAD(no_room_for_zeros);
ATF_TC_BODY(no_room_for_zeros, tc)
{
	init(1024 * 1024);
	atomic_store(&refuse_zeros, ENOSPC);
	for (int i = 0; i < 4000 && journal_room(scratch.journal) >= 256 * 1024;
	     i++)
		write_batch();
	ATF_CHECK(journal_room(scratch.journal) < 256 * 1024);
	atomic_store(&refuse_zeros, 0);
	for (int i = 0; i < 20000 && journal_room(scratch.journal) < 64 * 1024;
	     i++)
		poll(NULL, 0, 1);
	ATF_CHECK(journal_room(scratch.journal) >= 64 * 1024);
	check_all_there();
}

/* Not waited for: as the loop does it. */
static void
try_snapshot(void)
{
	struct pollfd wake = {
	    .fd = journal_fd(scratch.journal), .events = POLLIN};
	struct journal_figures figures;

	scratch_begin(&scratch, 10);
	journal_snapshot_end(scratch.journal);
	do {
		ATF_REQUIRE_EQ(1, poll(&wake, 1, 20000));
		journal_collect(scratch.journal, &scratch.failure);
		ATF_REQUIRE(scratch.failure == NULL);
		journal_figures(scratch.journal, &figures);
	} while (figures.snapshot_under_way);
}

static void
fail_snapshots(atomic_int *refusal, const char *said)
{
	struct journal_figures figures;

	init(16 * 1024);
	write_batch();
	atomic_store(refusal, ENOSPC);
	for (int i = 0; i < 3; i++) {
		try_snapshot();
		ATF_CHECK_EQ(0, scratch_count(&scratch, SNAPSHOT_SUFFIX));
		ATF_CHECK_EQ(0, scratch_count(&scratch, SNAPSHOT_NEW_NAME));
		journal_figures(scratch.journal, &figures);
		ATF_CHECK(!figures.has_snapshot);
		ATF_REQUIRE(figures.snapshot_error != NULL);
		ATF_CHECK_MSG(strstr(figures.snapshot_error, said) != NULL,
		    "%s", figures.snapshot_error);
		write_batch();
	}
	ATF_CHECK_EQ_MSG(1, scratch.nwarnings, "%s", scratch.warnings);
	/* Another reason is told of, and so is the first one come back. */
	atomic_store(refusal, EIO);
	try_snapshot();
	ATF_CHECK_EQ_MSG(2, scratch.nwarnings, "%s", scratch.warnings);
	atomic_store(refusal, 0);
	try_snapshot();
	journal_figures(scratch.journal, &figures);
	ATF_CHECK(figures.has_snapshot && figures.snapshot_error == NULL);
	ATF_CHECK_EQ(1, scratch_count(&scratch, SNAPSHOT_SUFFIX));
	atomic_store(refusal, EIO);
	try_snapshot();
	ATF_CHECK_EQ_MSG(3, scratch.nwarnings, "%s", scratch.warnings);
	check_all_there();
}

ATF_TC_WITHOUT_HEAD(snapshot_not_written);
ATF_TC_BODY(snapshot_not_written, tc)
{
	fail_snapshots(&refuse_snapshot_write, "snapshot.new: cannot write");
}

/* Written, but who knows what of it is on the disk: never renamed. */
ATF_TC_WITHOUT_HEAD(snapshot_not_synced);
ATF_TC_BODY(snapshot_not_synced, tc)
{
	fail_snapshots(&refuse_snapshot_sync, "snapshot.new: cannot sync");
}

ATF_TC_WITHOUT_HEAD(nothing_can_be_removed);
ATF_TC_BODY(nothing_can_be_removed, tc)
{
	struct journal_figures before, after;

	init(8 * 1024);
	atomic_store(&refuse_removal, EACCES);
	for (int i = 0; i < 5; i++) {
		for (int j = 0; j < 20; j++)
			write_batch();
		try_snapshot();
	}
	ATF_CHECK_EQ(5, scratch_count(&scratch, SNAPSHOT_SUFFIX));
	ATF_CHECK_EQ_MSG(1, scratch.nwarnings, "%s", scratch.warnings);
	journal_figures(scratch.journal, &before);
	ATF_CHECK_EQ(1, before.first);
	ATF_CHECK_EQ(before.segments, scratch_count(&scratch, SEGMENT_SUFFIX));
	atomic_store(&refuse_removal, 0);
	write_batch();
	try_snapshot();
	journal_figures(scratch.journal, &after);
	ATF_CHECK(after.first > 1 && after.bytes < before.bytes);
	ATF_CHECK_EQ(2, scratch_count(&scratch, SNAPSHOT_SUFFIX));
	ATF_CHECK_EQ(after.segments, scratch_count(&scratch, SEGMENT_SUFFIX));
	check_all_there();
}

static unsigned syncs, forgotten, forgotten_before_sync;

static int
count_sync(int fd)
{
	(void)fd;
	syncs++;
	return 0;
}

static void
count_forgotten(int fd)
{
	(void)fd;
	forgotten++;
	forgotten_before_sync += syncs == 0;
}

ATF_TC(read_from_the_disk);
ATF_TC_HEAD(read_from_the_disk, tc)
{
	atf_tc_set_md_var(tc, "descr",
	    "what the system holds of a file is dropped before it is read, and "
	    "of the last segment written before that");
}
ATF_TC_BODY(read_from_the_disk, tc)
{
	unsigned read_again;

	init(8 * 1024);
	for (int j = 0; j < 20; j++)
		write_batch();
	ATF_REQUIRE(scratch_snapshot(&scratch, 3));
	/* The snapshot's header, all of it, the segment it was taken in. */
	read_again = 3 - scratch_count(&scratch, SEGMENT_SUFFIX);
	for (int j = 0; j < 20; j++)
		write_batch();
	read_again += scratch_count(&scratch, SEGMENT_SUFFIX);
	ATF_CHECK(read_again > 3);
	scratch_close(&scratch);
	io.sync = count_sync;
	io.forget = count_forgotten;
	ATF_REQUIRE_MSG(scratch_open(&scratch), "%s", scratch.error);
	ATF_CHECK_EQ_MSG(read_again, forgotten, "%u", forgotten);
	ATF_CHECK_EQ_MSG(
	    read_again - 1, forgotten_before_sync, "%u", forgotten_before_sync);
	scratch_close(&scratch);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, no_room_for_the_next_segment);
	ATF_TP_ADD_TC(tp, quota_used_up);
	ATF_TP_ADD_TC(tp, no_room_for_zeros);
	ATF_TP_ADD_TC(tp, snapshot_not_written);
	ATF_TP_ADD_TC(tp, snapshot_not_synced);
	ATF_TP_ADD_TC(tp, nothing_can_be_removed);
	ATF_TP_ADD_TC(tp, read_from_the_disk);
	return atf_no_error();
}
