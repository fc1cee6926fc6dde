/* links: tests/ledger.c tests/scratch_daemon.c tests/scratch_mount.c tests/transcript_json.c libweir.a ; libs: msgpack jansson libbsd-overlay */
/*
 * power_cut_test: the plug is pulled: the file system under the state directory
 * is shut down with what it had not flushed thrown away, its log included, and
 * all processes with it.  Mounted and started again, everything acknowledged is
 * there, and no task has run twice.
 */

#include <sys/wait.h>

#include <atf-c.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "tests/ledger.h"
#include "tests/scratch_daemon.h"
#include "tests/scratch_mount.h"
#include "tests/test_length.h"

#define CLIENTS 3

static uint64_t dice;

static unsigned
roll(unsigned sides)
{
	dice = dice * UINT64_C(6364136223846793005) +
	    UINT64_C(1442695040888963407);
	return (unsigned)(dice >> 33) % sides;
}

/* Snapshots and new segments are made all the time. */
static void
configure(void)
{
	FILE *f = fopen("weird.conf", "w");

	ATF_REQUIRE(f != NULL);
	fputs("journal: {segment_size: 64K, snapshot_after: 64K}\n", f);
	fclose(f);
}

/* Load, for a while, and the cut in the middle of it. */
static void
cut(void)
{
	pid_t clients[CLIENTS];

	for (unsigned n = 0; n < CLIENTS; n++)
		clients[n] = ledger_client(n, dice + n);
	poll(NULL, 0, 5 + (int)roll(150)); /* an instant by chance */
	scratch_mount_cut();
	scratch_daemon_crash();
	for (unsigned n = 0; n < CLIENTS; n++) {
		kill(clients[n], SIGKILL);
		waitpid(clients[n], NULL, 0);
	}
	scratch_mount_kill();
	scratch_mount_again();
	scratch_daemon_start();
}

static void
cuts(const char *mkfs, const char *size, unsigned n)
{
	const char *seed = getenv("WEIR_SEED");
	struct ledger_counts counts = {0};

	dice = seed != NULL ? strtoull(seed, NULL, 10) : (uint64_t)time(NULL);
	printf("WEIR_SEED=%" PRIu64 "\n", dice);
	fflush(stdout);
	if (runs_long())
		n *= 20;
	configure();
	scratch_mount_make(mkfs, size);
	scratch_daemon_start();
	ledger_define();
	for (unsigned i = 0; i < n; i++) {
		cut();
		ledger_check(CLIENTS, &counts);
	}
	scratch_daemon_stop();
	scratch_mount_kill();
	scratch_mount_end();
	printf("%u power cuts, %u acknowledged changes, %u known endings, %u "
	       "traces of tasks\n",
	    n, counts.changes, counts.ended, counts.traces);
	ATF_CHECK(counts.changes > n);
}

/* CUTS(name, command, size, short count) */
#define CUTS(name, mkfs, size, n)                                            \
	ATF_TC_WITH_CLEANUP(name);                                           \
	ATF_TC_HEAD(name, tc)                                                \
	{                                                                    \
		atf_tc_set_md_var(tc, "descr",                               \
		    "everything acknowledged survives, on " #name);          \
		atf_tc_set_md_var(tc, "require.user", "root");               \
		atf_tc_set_md_var(tc, "require.progs", "mount mkfs." #name); \
		atf_tc_set_md_var(tc, "timeout", "7200");                    \
	}                                                                    \
	ATF_TC_BODY(name, tc)                                                \
	{                                                                    \
		cuts(mkfs, size, n);                                         \
	}                                                                    \
	ATF_TC_CLEANUP(name, tc)                                             \
	{                                                                    \
		scratch_mount_kill();                                        \
		scratch_mount_end();                                         \
	}

CUTS(ext4, "mkfs.ext4 -q -m 0", "1G", 40)
CUTS(xfs, "mkfs.xfs -q", "600M", 10)

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, ext4);
	ATF_TP_ADD_TC(tp, xfs);
	return atf_no_error();
}
