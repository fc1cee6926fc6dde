/* log_limit: how many lines of the log others may cause. */

#include "daemon/log_limit.h"

#include <inttypes.h>
#include <stdio.h>

#define COUNT_SIZE 128 /* bytes that a count adds to a line */
#define SECOND INT64_C(1000000000)
#define TALLIES (LOG_LIMIT_USERS + 1 + LOG_KINDS)

static struct log_tally *
tally_of(struct log_limit *, const struct log_about *, int64_t);
static struct log_tally *tally_at(const struct log_limit *, unsigned);
static struct log_tally *
users_tally(struct log_limit *, const struct log_about *, int64_t);
static bool is_free(const struct log_tally *, int64_t);
static void begin(struct log_tally *, const struct log_about *, int64_t);
static bool has_room(struct log_limit *, const struct log_tally *, int64_t);
static bool is_over(const struct log_tally *, int64_t);
static void tell(struct log_tally *, bool, int64_t, log_limit_write *, void *);

bool
log_limit_take(struct log_limit *limit, const struct log_about *about,
    const char *text, int64_t now)
{
	struct log_tally *tally = tally_of(limit, about, now);

	if (has_room(limit, tally, now)) {
		tally->written++;
		if (about->uid != LOG_OF_NOBODY)
			limit->written++;
		return true;
	}
	tally->held++;
	tally->level = about->level;
	snprintf(tally->text, sizeof(tally->text), "%s", text);
	return false;
}

static struct log_tally *
tally_of(struct log_limit *limit, const struct log_about *about, int64_t now)
{
	struct log_tally *tally = about->uid == LOG_OF_NOBODY
	    ? &limit->own[about->kind]
	    : users_tally(limit, about, now);

	if (is_free(tally, now))
		begin(tally, about, now);
	return tally;
}

/* Its own, a free one, or that of all who come when none is free. */
static struct log_tally *
users_tally(struct log_limit *limit, const struct log_about *about, int64_t now)
{
	struct log_tally *found = &limit->others;

	for (unsigned i = 0; i < LOG_LIMIT_USERS; i++) {
		struct log_tally *one = &limit->users[i];

		if (is_free(one, now)) {
			if (found == &limit->others)
				found = one;
		} else if (one->kind == about->kind && one->uid == about->uid)
			return one;
	}
	return found;
}

/* Of every kind; in the order in which it is told. */
static struct log_tally *
tally_at(const struct log_limit *limit, unsigned i)
{
	struct log_limit *all = (struct log_limit *)limit;

	if (i < LOG_KINDS)
		return &all->own[i];
	i -= LOG_KINDS;
	return i < LOG_LIMIT_USERS ? &all->users[i] : &all->others;
}

static bool
is_free(const struct log_tally *tally, int64_t now)
{
	return !tally->used || (is_over(tally, now) && tally->held == 0);
}

static void
begin(struct log_tally *tally, const struct log_about *about, int64_t now)
{
	*tally = (struct log_tally){
	    .used = true,
	    .kind = about->kind,
	    .uid = about->uid,
	    .since = now,
	};
}

/* One that has held any back writes no more before it was silent. */
static bool
has_room(struct log_limit *limit, const struct log_tally *tally, int64_t now)
{
	if (tally->held > 0 || tally->written >= LOG_LIMIT_BURST)
		return false;
	if (tally->uid == LOG_OF_NOBODY)
		return true;
	if (limit->written == 0 || now - limit->since >= LOG_LIMIT_INTERVAL) {
		limit->since = now;
		limit->written = 0;
	}
	return limit->written < LOG_LIMIT_ALL;
}

static bool
is_over(const struct log_tally *tally, int64_t now)
{
	return now - tally->since >= LOG_LIMIT_INTERVAL;
}

void
log_limit_tell(struct log_limit *limit, bool all, int64_t now,
    log_limit_write *write, void *ctx)
{
	for (unsigned i = 0; i < TALLIES; i++) {
		struct log_tally *one = tally_at(limit, i);

		if (one->used && (all || is_over(one, now)))
			tell(one, one == &limit->others, now, write, ctx);
	}
}

/* Its next interval begins, or it is free. */
static void
tell(struct log_tally *tally, bool several, int64_t now, log_limit_write *write,
    void *ctx)
{
	char line[LOG_LIMIT_TEXT + COUNT_SIZE];

	if (tally->held == 0) {
		tally->used = false;
		return;
	}
	snprintf(line, sizeof(line),
	    "%s (the last of %" PRIu64 "%s held back in %" PRId64 " s)",
	    tally->text, tally->held, several ? " about several users" : "",
	    (now - tally->since + SECOND - 1) / SECOND);
	tally->held = 0;
	tally->written = LOG_LIMIT_BURST;
	tally->since = now;
	write(ctx, tally->level, line);
}

int64_t
log_limit_due(const struct log_limit *limit)
{
	int64_t due = INT64_MAX;

	for (unsigned i = 0; i < TALLIES; i++) {
		const struct log_tally *one = tally_at(limit, i);

		if (one->used && one->since + LOG_LIMIT_INTERVAL < due)
			due = one->since + LOG_LIMIT_INTERVAL;
	}
	return due;
}
