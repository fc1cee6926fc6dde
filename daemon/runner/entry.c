/* entry: the commands of a runner, from start to acknowledgement. */

#include "daemon/runner/reap.h"
#include "daemon/runner/runner.h"

#include <sys/resource.h>
#include <sys/wait.h>

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>

static int compare_keys(struct entry *, struct entry *);
static int compare_pids(struct entry *, struct entry *);
static int64_t now(void);
static int64_t nanoseconds(const struct timeval *);
static void entry_ended(struct runner *, struct entry *);
static void entries_settle(struct runner *);
static void entry_settle(struct runner *, struct entry *);

RB_GENERATE(entries_by_key, entry, by_key, compare_keys)
RB_GENERATE(entries_by_pid, entry, by_pid, compare_pids)

static int
compare_keys(struct entry *a, struct entry *b)
{
	return wire_key_compare(&a->report.key, &b->report.key);
}

static int
compare_pids(struct entry *a, struct entry *b)
{
	return (a->report.pid > b->report.pid) -
	    (a->report.pid < b->report.pid);
}

static int64_t
now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

static int64_t
nanoseconds(const struct timeval *tv)
{
	return (int64_t)tv->tv_sec * 1000000000 + (int64_t)tv->tv_usec * 1000;
}

struct entry *
entry_find(struct runner *r, const struct wire_key *key)
{
	struct entry wanted;

	wanted.report.key = *key;
	return RB_FIND(entries_by_key, &r->entries, &wanted);
}

struct entry *
entry_of_pid(struct runner *r, pid_t pid)
{
	struct entry wanted;

	wanted.report.pid = pid;
	return RB_FIND(entries_by_pid, &r->commands, &wanted);
}

/* A start that fails is kept as an ending is, until it is acknowledged. */
void
entry_start(struct runner *r, const struct wire_start *start)
{
	struct wire_report failed = {
	    .key = start->key, .error = ENOMEM, .stage = WIRE_STAGE_MEMORY};
	struct entry *e;

	e = calloc(1, sizeof *e);
	if (e == NULL) {
		wire_put_report(&r->out, WIRE_FAILED, &failed);
		return;
	}
	e->report.key = start->key;
	e->report.started_at = now();
	if (command_start(start, &r->limits, &e->report)) {
		e->told = WIRE_STARTED;
		RB_INSERT(entries_by_pid, &r->commands, e);
		r->running++;
	} else {
		e->told = WIRE_FAILED;
		e->report.ended_at = now();
	}
	RB_INSERT(entries_by_key, &r->entries, e);
	wire_put_report(&r->out, e->told, &e->report);
}

void
entry_acknowledged(struct runner *r, struct entry *e)
{
	if (e->told == WIRE_STARTED)
		return; /* nothing to acknowledge yet */
	RB_REMOVE(entries_by_key, &r->entries, e);
	free(e);
}

/*
 * Collects what ended.  A command's ending is noticed before it is reaped:
 * until then its pid, and so its group and session, can't be another's, and
 * what it left behind can be found and killed.
 */
void
entries_reap(struct runner *r)
{
	struct entry *e;
	siginfo_t info;
	int status;
	bool orphaned;

	orphaned = false;
	while (reap_next(&info)) {
		e = entry_of_pid(r, info.si_pid);
		if (e != NULL) {
			entry_ended(r, e);
			continue;
		}
		reap_child(info.si_pid, &status, NULL);
		orphaned = true; /* its own children are orphans now */
	}
	if (orphaned)
		orphans_kill(r);
	entries_settle(r);
}

/*
 * What it left behind is killed before the command is reaped, and while its
 * pid, which is that of their session, can be no other's.
 */
static void
entry_ended(struct runner *r, struct entry *e)
{
	struct rusage usage;
	bool gone;
	int status;

	e->is_ending = true;
	LIST_INSERT_HEAD(&r->ending, e, ending);
	gone = orphans_gone(r, e);
	kill(-e->report.pid, SIGKILL);
	RB_REMOVE(entries_by_pid, &r->commands, e);
	reap_child(e->report.pid, &status, &usage);
	e->report.ended_at = now();
	e->report.status = status;
	e->report.cpu =
	    nanoseconds(&usage.ru_utime) + nanoseconds(&usage.ru_stime);
	e->report.max_rss = (int64_t)usage.ru_maxrss * 1024;
	if (gone)
		entry_settle(r, e);
}

/* Tells the endings of those of which nothing is left by now. */
static void
entries_settle(struct runner *r)
{
	struct entry *e, *next;

	LIST_FOREACH_SAFE (e, &r->ending, ending, next)
		if (orphans_gone(r, e))
			entry_settle(r, e);
}

/* The whole of it is over. */
static void
entry_settle(struct runner *r, struct entry *e)
{
	LIST_REMOVE(e, ending);
	e->is_ending = false;
	free(e->left);
	e->left = NULL;
	r->running--;
	e->told = WIRE_ENDED;
	if (r->client != -1)
		wire_put_report(&r->out, WIRE_ENDED, &e->report);
}
