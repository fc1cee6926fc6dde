/* space: looks at the disk and at the journal, and says what that means. */

#include "daemon/space.h"

#include <sys/stat.h>
#include <sys/statvfs.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/clock.h"
#include "daemon/core/alloc.h"
#include "daemon/log_limited.h"
#include "daemon/loop.h"
#include "daemon/space_rules.h"

#define LOOK_EVERY 1000000000 /* ns */
#define ROOM_AT_FIRST 8	      /* callouts */
#define SENTENCE_SIZE 512

/* How much has been appended, and how much of it is durable for sure. */
struct sums {
	uint64_t appended;
	uint64_t durable;
	uint64_t mark; /* appended when the record with this number was last */
	uint64_t mark_seq;
};

struct space {
	struct space_options options;
	struct event *again;
	struct sums sums;
	int64_t looked_at;	     /* monotonic ns; 0: never */
	uint64_t asked;		     /* of the journal */
	char disk[SENTENCE_SIZE];    /* what is wrong; "": nothing */
	char denied[SENTENCE_SIZE];  /* the same, as an attempt found it */
	char journal[SENTENCE_SIZE]; /* the same */
	char sentence[SENTENCE_SIZE];
	bool endings_only;
	bool is_bounded;
	uint32_t room_callouts;
	uint64_t room_bytes;
	bool held_fits; /* what had to wait need not any more */
};

static void look_at_disk(struct space *);
static void
tell_lack(struct space *, const struct space_facts *, const char *, uint64_t);
static bool try_to_make(struct space *);
static void look_at_journal(struct space *);
static void count_room(struct space *, uint32_t open, uint64_t held);
static uint64_t room(struct space *);
static void ask_for_room(struct space *, uint32_t open, uint64_t held);
static void conclude(struct space *);
static void on_again(evutil_socket_t, short, void *);

struct space *
space_new(struct event_base *base, const struct space_options *options)
{
	struct space *space = xcalloc(1, sizeof(*space));

	space->options = *options;
	space->again = loop_event(base, -1, 0, on_again, space);
	ask_for_room(space, 0, 0);
	return space;
}

void
space_free(struct space *space)
{
	event_free(space->again);
	free(space);
}

static void
on_again(evutil_socket_t fd, short what, void *ctx)
{
	struct space *space = ctx;

	(void)fd;
	(void)what;
	space->options.changed(space->options.ctx);
}

void
space_appended(struct space *space, size_t size)
{
	/* With a record's frame and padding. */
	space->sums.appended += size + 40;
}

void
space_committed(struct space *space)
{
	struct sums *sums = &space->sums;

	if (journal_durable(space->options.journal) < sums->mark_seq)
		return;
	sums->durable = sums->mark;
	sums->mark = sums->appended;
	sums->mark_seq = journal_last(space->options.journal);
}

void
space_denied(struct space *space, const char *why)
{
	snprintf(space->denied, sizeof(space->denied),
	    "there is no room for new work: %.300s; free some space, and all "
	    "goes on by itself",
	    why);
	space->looked_at = clock_uptime(); /* not before a second is over */
}

static void
look_at_disk(struct space *space)
{
	const struct config *config = space->options.config;
	struct space_facts facts = {
	    .reserve = (uint64_t)config->storage.reserve,
	    .was_short = space->disk[0] != '\0'};
	struct statvfs fs;
	const char *lacks;
	uint64_t kept;

	space->looked_at = clock_uptime();
	if (space->denied[0] != '\0' && try_to_make(space))
		space->denied[0] = '\0';
	/* What can't be asked is not short: the journal will tell. */
	if (statvfs(config->state_dir, &fs) == -1) {
		space->disk[0] = '\0';
		return;
	}
	facts.size = (uint64_t)fs.f_blocks * fs.f_frsize;
	facts.free = (uint64_t)fs.f_bavail * fs.f_frsize;
	facts.inodes = fs.f_files;
	facts.free_inodes = fs.f_favail;
	lacks = space_lacks(&facts, &kept);
	if (lacks == NULL)
		space->disk[0] = '\0';
	else
		tell_lack(space, &facts, lacks, kept);
}

static void
tell_lack(struct space *space, const struct space_facts *facts,
    const char *lacks, uint64_t kept)
{
	const char *dir = space->options.config->state_dir;

	if (strcmp(lacks, "bytes") == 0)
		snprintf(space->disk, sizeof(space->disk),
		    "there is no room for new work: the file system of %.200s "
		    "has %ju KiB free, and %ju KiB are kept for what runs "
		    "(storage.reserve); free some space, and all goes on by "
		    "itself",
		    dir, (uintmax_t)facts->free / 1024, (uintmax_t)kept / 1024);
	else
		snprintf(space->disk, sizeof(space->disk),
		    "there is no room for new work: the file system of %.200s "
		    "has %ju inodes free, and %ju are kept for what runs; "
		    "remove some files, and all goes on by itself",
		    dir, (uintmax_t)facts->free_inodes, (uintmax_t)kept);
}

/* What an attempt needs: a directory, and a block of a file. */
static bool
try_to_make(struct space *space)
{
	static const char block[4096];
	char path[PATH_MAX], file[PATH_MAX];
	bool made = false;
	int fd;

	snprintf(path, sizeof(path), "%s/work/space",
	    space->options.config->state_dir);
	snprintf(file, sizeof(file), "%s/work/space/file",
	    space->options.config->state_dir);
	if (mkdir(path, 0700) == -1 && errno != EEXIST)
		return false;
	fd = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd != -1) {
		made = write(fd, block, sizeof(block)) == sizeof(block);
		close(fd);
	}
	unlink(file);
	rmdir(path);
	return made;
}

static void
look_at_journal(struct space *space)
{
	const char *why;

	space->journal[0] = '\0';
	if (journal_is_short(space->options.journal, &why))
		snprintf(space->journal, sizeof(space->journal),
		    "there is no room for new work: %.300s; free some space, "
		    "and all goes on by itself",
		    why);
}

/* Of which nothing that has been appended meanwhile can take away. */
static uint64_t
room(struct space *space)
{
	uint64_t there = journal_room(space->options.journal);
	uint64_t taken = space->sums.appended - space->sums.durable;

	return there > taken ? there - taken : 0;
}

static void
count_room(struct space *space, uint32_t open, uint64_t held)
{
	const struct config *config = space->options.config;
	uint64_t ending = space_ending(config), margin = space_margin(config);
	uint64_t there = room(space), kept;

	space->room_callouts = space_callouts(there, ending, margin);
	space->is_bounded = space->room_callouts < config->callouts.max;
	space->endings_only = space->sentence[0] != '\0' &&
	    space_callouts(there, ending, margin / 2) < open + 1;
	/* Not what is kept for endings, and for what is asked meanwhile. */
	kept = open * ending + margin / 2;
	space->room_bytes = there > kept ? there - kept : 1;
	space->held_fits = held > 0 && held <= space->room_bytes;
}

/*
 * In steps of powers of two, ahead of need: as many as run may start besides.
 */
static void
ask_for_room(struct space *space, uint32_t open, uint64_t held)
{
	const struct config *config = space->options.config;
	uint64_t callouts = ROOM_AT_FIRST, bytes;

	while (callouts < 2 * (uint64_t)open)
		callouts *= 2;
	if (callouts > (uint64_t)config->callouts.max)
		callouts = (uint64_t)config->callouts.max;
	bytes = callouts * space_ending(config) + space_margin(config) + held;
	if (bytes == space->asked)
		return;
	space->asked = bytes;
	journal_keep_room(space->options.journal, bytes);
}

bool
space_look(struct space *space, uint32_t open, uint64_t held)
{
	struct host before = {0}, after = {0};
	char sentence[SENTENCE_SIZE];

	space_host(space, &before);
	memcpy(sentence, space->sentence, sizeof(sentence));
	if (space->looked_at == 0 ||
	    clock_uptime() - space->looked_at >= LOOK_EVERY)
		look_at_disk(space);
	look_at_journal(space);
	ask_for_room(space, open, held);
	conclude(space);
	count_room(space, open, held);
	space_host(space, &after);
	return space->held_fits ||
	    (before.unavailable == NULL) != (after.unavailable == NULL) ||
	    strcmp(sentence, space->sentence) != 0 ||
	    before.endings_only != after.endings_only ||
	    before.is_bounded != after.is_bounded ||
	    (after.is_bounded && before.room_callouts != after.room_callouts);
}

static void
conclude(struct space *space)
{
	/* Whose files fill the disk may fill and empty them at will. */
	static const struct log_about lost = {
	    LOG_KIND_SPACE, LOG_OF_NOBODY, LOG_LEVEL_WARN};
	static const struct log_about back = {
	    LOG_KIND_SPACE, LOG_OF_NOBODY, LOG_LEVEL_INFO};
	static const struct timeval second = {1, 0};
	bool was_short = space->sentence[0] != '\0';
	const char *why = space->disk[0] != '\0' ? space->disk
	    : space->denied[0] != '\0'		 ? space->denied
						 : space->journal;

	memcpy(space->sentence, why, sizeof(space->sentence));
	if (why[0] != '\0' && !was_short)
		log_limited(&lost, "%s", why);
	else if (why[0] == '\0' && was_short)
		log_limited(&back, "there is room for new work again");
	if (why[0] == '\0')
		event_del(space->again);
	else if (!evtimer_pending(space->again, NULL))
		loop_add(space->again, &second);
}

void
space_host(const struct space *space, struct host *host)
{
	host->unavailable = space->sentence[0] != '\0' ? space->sentence : NULL;
	host->endings_only = space->endings_only;
	host->is_bounded = space->is_bounded;
	host->room_bytes = space->room_bytes;
	host->room_callouts = space->room_callouts;
}

uint64_t
space_room_bytes(const struct space *space)
{
	return space->room_bytes;
}
