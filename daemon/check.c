/* check: weird -n: whether weird would start with its journal */

#include "daemon/check.h"

#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "daemon/core/alloc.h"
#include "daemon/core/event.h"
#include "daemon/core/zone.h"
#include "daemon/instance.h"
#include "daemon/journal_check.h"
#include "daemon/recovery.h"

/*
 * Beside a running weird a batch that is just being written may look like
 * anything, but not twice at the same place.
 */
#define LIVE_TRIES 20

#define SENTENCE_SIZE 2048

struct checking {
	const char *dir;
	bool live;    /* a weird runs with it */
	bool damaged; /* by the finding below */
	struct journal_finding finding;
	char sentence[SENTENCE_SIZE];
	struct journal_summary all;
	struct journal_summary start;
	uint64_t executions;
};

static int check_directory(struct checking *);
static bool check_once(struct checking *, char *, size_t);
static bool is_event(void *, const struct journal_record *);
static void keep(void *, const struct journal_finding *);
static bool same_place(const struct checking *, const struct journal_finding *);
static int report(const struct checking *);

int
check_journal(const struct config *config)
{
	struct checking checking = {.live = false};
	char *dir = xasprintf("%s/journal", config->state_dir), error[1024];
	int status, lock;
	pid_t holder;

	checking.dir = dir;
	lock = instance_share(config->state_dir, &holder, error, sizeof(error));
	checking.live = lock == -1 && holder > 0;
	if (checking.live)
		printf("journal %s: in use by weird (pid %ld), looked at as "
		       "it is now\n",
		    dir, (long)holder);
	if (lock == -1 && !checking.live) {
		fprintf(stderr, "%s\n", error);
		status = EX_NOINPUT;
	} else if (access(dir, F_OK) == -1 && errno == ENOENT) {
		printf("journal %s: none yet\n", dir);
		status = 0;
	} else {
		status = check_directory(&checking);
	}
	if (lock >= 0)
		close(lock);
	free(dir);
	return status;
}

static int
check_directory(struct checking *checking)
{
	struct journal_finding before = {.offset = -1};
	bool damaged_before = false;
	char error[1024];

	for (int try = 0; try < LIVE_TRIES; try++) {
		if (!check_once(checking, error, sizeof(error))) {
			fprintf(stderr, "%s\n", error);
			return EX_NOINPUT;
		}
		if (!checking->live || !checking->damaged ||
		    (damaged_before && same_place(checking, &before)))
			return report(checking);
		before = checking->finding;
		damaged_before = true;
	}
	fprintf(stderr,
	    "%s: changes faster than it can be looked at; check again when "
	    "weird has less to do, or has ended\n",
	    checking->dir);
	return EX_TEMPFAIL;
}

static bool
check_once(struct checking *checking, char *error, size_t size)
{
	const struct journal_check check = {.dir = checking->dir,
	    .record = is_event,
	    .found = keep,
	    .found_ctx = checking};

	checking->damaged = false;
	checking->sentence[0] = '\0';
	return recovery_rehearse(checking->dir, keep, checking,
		   &checking->start, &checking->executions, error, size) &&
	    journal_check(&check, &checking->all, error, size);
}

static bool
is_event(void *ctx, const struct journal_record *record)
{
	msgpack_zone zone;
	struct event event;
	bool ok;

	(void)ctx;
	zone_init(&zone, 1024);
	ok = event_decode(&event, record->bytes, record->size, &zone);
	if (ok)
		event_release(&event);
	msgpack_zone_destroy(&zone);
	return ok;
}

/* The first damage says most; a torn tail is only told where there is none. */
static void
keep(void *ctx, const struct journal_finding *finding)
{
	struct checking *checking = ctx;
	bool damage = finding->condition == JOURNAL_DAMAGED;

	if (checking->damaged || (checking->live && !damage))
		return;
	checking->damaged = damage;
	checking->finding = *finding;
	checking->finding.sentence = NULL;
	snprintf(checking->sentence, sizeof(checking->sentence), "%s",
	    finding->sentence);
}

static bool
same_place(
    const struct checking *checking, const struct journal_finding *before)
{
	return strcmp(checking->finding.file, before->file) == 0 &&
	    checking->finding.offset == before->offset;
}

static int
report(const struct checking *checking)
{
	const struct journal_summary *all = &checking->all;

	if (checking->sentence[0] != '\0')
		fprintf(stderr, "%s\n", checking->sentence);
	if (!checking->start.starts) {
		printf("journal %s: damaged: weird would not start; \"weirctl "
		       "journal verify\" and \"weirctl journal salvage\" "
		       "help\n",
		    checking->dir);
		return EX_DATAERR;
	}
	printf("journal %s: %s: %" PRIu64 " segments, %" PRIu64 " snapshots, "
	       "%" PRIu64 " events read, %" PRIu64 " executions\n",
	    checking->dir,
	    checking->damaged ? "damaged, but weird would start" : "ok",
	    all->segments, all->snapshots, all->records, checking->executions);
	return 0;
}
