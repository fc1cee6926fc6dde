/* links: daemon/journal.c daemon/journal_open.c daemon/journal_list.c
 * daemon/journal_restore.c daemon/journal_replay.c daemon/journal_tail.c
 * daemon/journal_commit.c daemon/journal_read.c daemon/journal_snapshot.c
 * daemon/journal_snapshot_write.c daemon/journal_compact.c daemon/segment.c
 * daemon/segment_read.c daemon/segment_store.c daemon/crc32c.c daemon/clock.c
 * daemon/thread.c daemon/core/alloc.c tests/journal_scratch.c
 * tests/unsynced_io.c ; libs: pthread
 */
/*
 * journal_full_test: real file systems, made full: what is reserved can be
 * written, all that waits for room is told and goes on when there is some.
 */

#include <atf-c.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/journal_scratch.h"

#define SEGMENT_SIZE (1024 * 1024)
#define MARGIN 4096 /* bytes of room that a batch and two seals may take */

static struct scratch scratch;
static int filler = -1;

static void
need(const char *program)
{
	char command[128];

	if (geteuid() != 0)
		atf_tc_skip("only root may mount");
	if (unshare(CLONE_NEWNS) == -1 ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == -1)
		atf_tc_skip("no mounts of one's own: %s", strerror(errno));
	snprintf(command, sizeof command,
	    "PATH=$PATH:/sbin:/usr/sbin command -v %s >/dev/null", program);
	if (system(command) != 0)
		atf_tc_skip("%s is not installed", program);
}

static void
mount_image(const char *make, const char *size)
{
	char command[256];

	snprintf(command, sizeof command,
	    "PATH=$PATH:/sbin:/usr/sbin; mkdir mnt && truncate -s %s image && "
	    "%s image >/dev/null 2>&1",
	    size, make);
	ATF_REQUIRE_EQ(0, system(command));
	if (system("mount -o loop image mnt") != 0)
		atf_tc_skip("this machine mounts no images");
}

/* Takes all the room there is. */
static void
fill(void)
{
	char block[4096] = {1};
	off_t piece = 64 * 1024 * 1024, at = 0;

	filler = open("mnt/filler", O_RDWR | O_CREAT, 0600);
	ATF_REQUIRE(filler != -1);
	while (piece >= 4096) {
		if (fallocate(filler, 0, at, piece) == 0)
			at += piece;
		else
			piece /= 2;
	}
	while (pwrite(filler, block, sizeof block, at) > 0)
		at += (off_t)sizeof block;
	ATF_REQUIRE_EQ(ENOSPC, errno);
	ATF_REQUIRE_EQ(0, fsync(filler));
}

static void
make_room(void)
{
	ATF_REQUIRE_EQ(0, ftruncate(filler, 0));
	ATF_REQUIRE_EQ(0, fsync(filler));
	close(filler);
	ATF_REQUIRE_EQ(0, unlink("mnt/filler"));
}

static void
open_journal(void)
{
	scratch_init(&scratch, "mnt/journal");
	scratch.options.io = NULL;
	scratch.options.segment_size = SEGMENT_SIZE;
	ATF_REQUIRE_MSG(scratch_open(&scratch), "%s", scratch.error);
}

static void
write_batch(void)
{
	scratch_append(&scratch, 2, 3);
	ATF_REQUIRE_MSG(scratch_commit(&scratch), "%s at record %ju, room %ju",
	    scratch.failure, (uintmax_t)journal_last(scratch.journal),
	    (uintmax_t)journal_room(scratch.journal));
}

/* Collects until it is short, or isn't any more. */
static void
wait_until_short(bool wanted)
{
	struct pollfd wake = {
	    .fd = journal_fd(scratch.journal), .events = POLLIN};
	const char *why;

	while (journal_is_short(scratch.journal, &why) != wanted) {
		ATF_REQUIRE_EQ_MSG(1, poll(&wake, 1, 20000),
		    "not told that it is%s short", wanted ? "" : " not");
		journal_collect(scratch.journal, &scratch.failure);
		ATF_REQUIRE(scratch.failure == NULL);
	}
	ATF_CHECK_EQ(wanted, why != NULL);
	if (wanted)
		ATF_CHECK_MSG(strstr(why, "No space left") != NULL &&
			strstr(why, "make room on that file system") != NULL,
		    "%s", why);
}

/* All that is reserved, to the last of it. */
static unsigned
use_up_room(void)
{
	unsigned batches = 0, idle = 0;

	while (idle < 1000) {
		if (journal_room(scratch.journal) > MARGIN) {
			write_batch();
			batches++;
			idle = 0;
		} else {
			/* The thread may just be zeroing the next blocks. */
			poll(NULL, 0, 1);
			idle++;
		}
	}
	return batches;
}

static void
check_snapshot_fails_quietly(void)
{
	ATF_CHECK(!scratch_snapshot(&scratch, 3000));
	ATF_CHECK_MSG(strstr(scratch.error, "No space left") != NULL &&
		strstr(scratch.error, "no snapshot is written") != NULL,
	    "%s", scratch.error);
	ATF_CHECK_EQ(0, scratch_count(&scratch, "snapshot.new"));
	ATF_CHECK_EQ(0, scratch_count(&scratch, ".snap"));
}

static void
survive_full_disk(void)
{
	uint64_t last;
	unsigned before = 0, full;

	ATF_REQUIRE_EQ(0, mkdir("mnt/journal", 0700));
	open_journal();
	write_batch();
	fill();
	while (journal_room(scratch.journal) == 0)
		poll(NULL, 0, 1);
	/* Up to its half there is nothing to be short of. */
	for (const char *why; !journal_is_short(scratch.journal, &why);
	     before++) {
		ATF_REQUIRE(before < 10000);
		write_batch();
	}
	wait_until_short(true);
	check_snapshot_fails_quietly();
	full = use_up_room();
	ATF_CHECK_MSG(full > 100, "only %u batches", full);
	wait_until_short(true);
	make_room();
	wait_until_short(false);
	for (int i = 0; i < 2000; i++)
		write_batch();
	ATF_CHECK_MSG(scratch_snapshot(&scratch, 3000), "%s", scratch.error);
	last = journal_last(scratch.journal);
	scratch_close(&scratch);
	ATF_REQUIRE_MSG(scratch_open(&scratch), "%s", scratch.error);
	ATF_CHECK_EQ(last, scratch.seen);
	ATF_CHECK(!scratch.wrong);
	scratch_close(&scratch);
	printf("%u batches to the half, %u on a full disk, 2000 after\n",
	    before, full);
	umount("mnt");
}

ATF_TC_WITHOUT_HEAD(ext4);
ATF_TC_BODY(ext4, tc)
{
	need("mkfs.ext4");
	mount_image("mkfs.ext4 -q -m 0", "24m");
	survive_full_disk();
}

ATF_TC_WITHOUT_HEAD(xfs);
ATF_TC_BODY(xfs, tc)
{
	need("mkfs.xfs");
	mount_image("mkfs.xfs -q", "320m");
	survive_full_disk();
}

ATF_TC_WITHOUT_HEAD(tmpfs);
ATF_TC_BODY(tmpfs, tc)
{
	need("mount");
	ATF_REQUIRE_EQ(0, mkdir("mnt", 0700));
	if (mount("none", "mnt", "tmpfs", 0, "size=16m") == -1)
		atf_tc_skip("no tmpfs: %s", strerror(errno));
	survive_full_disk();
}

ATF_TC_WITHOUT_HEAD(no_inodes_left);
ATF_TC_BODY(no_inodes_left, tc)
{
	char path[64];
	int n = 0, fd;

	need("mount");
	ATF_REQUIRE_EQ(0, mkdir("mnt", 0700));
	if (mount("none", "mnt", "tmpfs", 0, "size=16m,nr_inodes=50") == -1)
		atf_tc_skip("no tmpfs: %s", strerror(errno));
	ATF_REQUIRE_EQ(0, mkdir("mnt/journal", 0700));
	open_journal();
	for (;; n++) {
		snprintf(path, sizeof path, "mnt/%d", n);
		fd = open(path, O_WRONLY | O_CREAT, 0600);
		if (fd == -1)
			break;
		close(fd);
	}
	ATF_REQUIRE_EQ(ENOSPC, errno);
	for (const char *why; !journal_is_short(scratch.journal, &why);)
		write_batch();
	check_snapshot_fails_quietly();
	ATF_CHECK(use_up_room() > 100);
	while (n-- > 0) {
		snprintf(path, sizeof path, "mnt/%d", n);
		ATF_REQUIRE_EQ(0, unlink(path));
	}
	wait_until_short(false);
	for (int i = 0; i < 1000; i++)
		write_batch();
	scratch_close(&scratch);
	umount("mnt");
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, ext4);
	ATF_TP_ADD_TC(tp, xfs);
	ATF_TP_ADD_TC(tp, tmpfs);
	ATF_TP_ADD_TC(tp, no_inodes_left);
	return atf_no_error();
}
