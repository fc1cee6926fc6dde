/*
 * callout_trim: logs that grow without end.  The runner is not between a
 * command and its log, so the logs of what runs are looked at now and then; of
 * one that is too large the middle is left out, by a hole in its file: its head
 * and its end stay where they are, and the command goes on appending.  Where
 * there are no holes what follows the head is cut off instead.
 */

#include "daemon/callout_edge.h"
#include "daemon/loop.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "daemon/log_limited.h"

/* Between two looks, in ms, and where something grows fast. */
#define LOOK 1000
#define LOOK_SOON 100
#define LOOKS_EACH 256 /* attempts at a time */
/* Holes begin and end at multiples of it, which no file system's blocks pass */
#define GRAIN UINT64_C(65536)

static void on_trim(evutil_socket_t, short, void *);
static void look_after(struct callouts *, unsigned ms);
static bool runs(const struct attempt *);
static uint64_t most(const struct callouts *);
static bool look(struct callouts *, struct attempt *, unsigned stream);
static uint64_t log_size(const struct callouts *, const struct attempt *,
    unsigned stream, uint64_t *bytes);
static void
cut_middle(struct callouts *, struct attempt *, unsigned stream, uint64_t size);
static void log_cut(const struct attempt *, unsigned stream, uint64_t size);
static bool make_hole(int fd, uint64_t from, uint64_t to);
static void cut_end(int fd, uint64_t head, uint64_t size);

static const char *const suffixes[] = {"out", "err"};

void
trims_open(struct callouts *c)
{
	c->trim = loop_event(c->base, -1, 0, on_trim, c);
}

void
trims_later(struct callouts *c)
{
	if (c->log_max > 0 && c->recovered && !RB_EMPTY(&c->attempts) &&
	    !event_pending(c->trim, EV_TIMEOUT, NULL))
		look_after(c, LOOK);
}

static void
look_after(struct callouts *c, unsigned ms)
{
	struct timeval timeout = {ms / 1000, (suseconds_t)(ms % 1000 * 1000)};

	loop_add(c->trim, &timeout);
}

static bool
runs(const struct attempt *a)
{
	return a->state == ATTEMPT_RUNNING || a->state == ATTEMPT_ORPHAN ||
	    a->state == ATTEMPT_STRAY;
}

/* What may become an output is never cut; its head alone is too much for one.
 */
static uint64_t
most(const struct callouts *c)
{
	uint64_t least = 2 * ((uint64_t)c->output_max + GRAIN);

	return c->log_max > least ? c->log_max : least;
}

/* Some of those that run, in turn.  Where none does it is not looked again. */
static void
on_trim(evutil_socket_t fd, short what, void *ctx)
{
	struct callouts *c = ctx;
	struct attempt from = {.key = c->trimmed}, *a;
	unsigned looked = 0;
	bool any = false, fast = false;

	(void)fd;
	(void)what;
	if (c->log_max == 0)
		return;
	for (a = RB_NFIND(attempts, &c->attempts, &from);
	     a != NULL && looked < LOOKS_EACH;
	     a = RB_NEXT(attempts, &c->attempts, a)) {
		looked++;
		if (!runs(a))
			continue;
		any = true;
		fast |= look(c, a, 0);
		fast |= look(c, a, 1);
	}
	if (a != NULL)
		c->trimmed = a->key;
	else
		memset(&c->trimmed, 0, sizeof c->trimmed);
	if (a != NULL || fast)
		look_after(c, a != NULL ? 1 : LOOK_SOON);
	else if (any || !RB_EMPTY(&c->attempts))
		look_after(c, LOOK);
}

static uint64_t
log_size(const struct callouts *c, const struct attempt *a, unsigned stream,
    uint64_t *bytes)
{
	char path[PATH_MAX];
	struct stat st;

	*bytes = 0;
	log_path(c, &a->key, suffixes[stream], path);
	if (lstat(path, &st) == -1 || !S_ISREG(st.st_mode))
		return 0;
	*bytes = (uint64_t)st.st_blocks * 512;
	return (uint64_t)st.st_size;
}

/* Whether it should be looked at again soon. */
static bool
look(struct callouts *c, struct attempt *a, unsigned stream)
{
	struct trimming *t = &a->logs[stream];
	uint64_t head = most(c) / 2 / GRAIN * GRAIN, bytes, there;
	uint64_t size = log_size(c, a, stream, &bytes), grown;

	grown = size > t->seen ? size - t->seen : 0;
	t->seen = size;
	there = t->cut > head && size > t->cut ? size - (t->cut - head) : size;
	if (there > most(c))
		cut_middle(c, a, stream, size);
	/* At this pace it is at its end before the next look but a few. */
	return grown > 0 && there + 8 * grown > most(c);
}

static void
cut_middle(
    struct callouts *c, struct attempt *a, unsigned stream, uint64_t size)
{
	struct trimming *t = &a->logs[stream];
	uint64_t head = most(c) / 2 / GRAIN * GRAIN;
	uint64_t to = (size - most(c) / 4) / GRAIN * GRAIN;
	char path[PATH_MAX];
	int fd;

	log_path(c, &a->key, suffixes[stream], path);
	fd = open(
	    path, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd == -1)
		return;
	if (t->cut == 0)
		log_cut(a, stream, size);
	if (make_hole(fd, head, to))
		t->cut = to;
	else {
		cut_end(fd, head, size);
		t->cut = head;
	}
	close(fd);
}

static void
log_cut(const struct attempt *a, unsigned stream, uint64_t size)
{
	const struct log_about about = {
	    LOG_KIND_OUTPUT, attempt_user(a), LOG_LEVEL_WARN};

	log_limited(&about,
	    "execution %" PRIu64 ": std%s of an attempt has %ju bytes; its "
	    "middle is left out, as callouts.log_max says",
	    a->key.execution, suffixes[stream], (uintmax_t)size);
}

static bool
make_hole(int fd, uint64_t from, uint64_t to)
{
#if defined(FALLOC_FL_PUNCH_HOLE)
	return fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
		   (off_t)from, (off_t)(to - from)) == 0;
#elif defined(SPACECTL_DEALLOC)
	struct spacectl_range range = {(off_t)from, (off_t)(to - from)};

	return fspacectl(fd, SPACECTL_DEALLOC, &range, 0, NULL) == 0;
#else
	(void)fd;
	(void)from;
	(void)to;
	return false;
#endif
}

/* What the command writes from now on follows the line. */
static void
cut_end(int fd, uint64_t head, uint64_t size)
{
	if (ftruncate(fd, (off_t)head) == 0)
		dprintf(fd, "\nweir: %ju bytes left out\n",
		    (uintmax_t)(size - head));
}

uint64_t
trim_last(struct callouts *c, struct attempt *a)
{
	uint64_t all = 0, bytes;

	for (unsigned stream = 0; stream < 2; stream++) {
		if (c->log_max > 0)
			look(c, a, stream);
		log_size(c, a, stream, &bytes);
		all += bytes;
	}
	return all;
}
