/*
 * callout_attempt: what happens to an attempt, as a table of states by events.
 */

#include "daemon/callout_edge.h"

#include <sys/wait.h>

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "daemon/boot.h"
#include "daemon/core/alloc.h"

typedef void attempt_move(struct callouts *, struct attempt *);

static attempt_move run, adopt, finish, stop_term, stop_kill, freeze, thaw,
    cancel, hold, release, forget, abandon, drop, again, wanted, collect, keep,
    orphan, lost, lost_unsure, never, vanished;
static int compare(struct attempt *, struct attempt *);
static void
settle(struct callouts *, struct attempt *, enum callout_end, const char *);
static bool log_has_no_space(const struct wire_report *);
static void send_signal(struct callouts *, struct attempt *, int *, int);

RB_GENERATE(attempts, attempt, by_key, compare)

/*
 * NULL: nothing to do, or it can't be.  Signals for an attempt that is UNSURE
 * wait until it is known whether it runs.
 */
static attempt_move *const moves[ATTEMPT_NSTATES][EVENT_NEVENTS] = {
    [ATTEMPT_UNSURE] = {[EVENT_TERM] = stop_term,
	[EVENT_KILL] = stop_kill,
	[EVENT_FREEZE] = freeze,
	[EVENT_THAW] = thaw,
	[EVENT_FORGET] = abandon,
	[EVENT_STARTED] = adopt,
	[EVENT_FINISHED] = finish,
	[EVENT_ABSENT] = again,
	[EVENT_GONE] = lost_unsure},
    [ATTEMPT_QUEUED] = {[EVENT_RUN] = run,
	[EVENT_TERM] = cancel,
	[EVENT_KILL] = cancel,
	[EVENT_FREEZE] = hold,
	[EVENT_THAW] = release,
	[EVENT_FORGET] = drop,
	[EVENT_STARTED] = adopt,
	[EVENT_FINISHED] = finish,
	[EVENT_READY] = run,
	[EVENT_GONE] = never},
    [ATTEMPT_ASKED] = {[EVENT_TERM] = stop_term,
	[EVENT_KILL] = stop_kill,
	[EVENT_FREEZE] = freeze,
	[EVENT_THAW] = thaw,
	[EVENT_FORGET] = abandon,
	[EVENT_STARTED] = adopt,
	[EVENT_FINISHED] = finish,
	[EVENT_ABSENT] = again,
	[EVENT_GONE] = orphan},
    [ATTEMPT_RUNNING] = {[EVENT_TERM] = stop_term,
	[EVENT_KILL] = stop_kill,
	[EVENT_FREEZE] = freeze,
	[EVENT_THAW] = thaw,
	[EVENT_FORGET] = abandon,
	[EVENT_STARTED] = adopt,
	[EVENT_FINISHED] = finish,
	[EVENT_ABSENT] = vanished,
	[EVENT_READY] = adopt,
	[EVENT_GONE] = orphan},
    [ATTEMPT_ORPHAN] = {[EVENT_TERM] = stop_term,
	[EVENT_KILL] = stop_kill,
	[EVENT_FREEZE] = freeze,
	[EVENT_THAW] = thaw,
	[EVENT_FORGET] = abandon,
	[EVENT_FINISHED] = finish},
    [ATTEMPT_STRAY] = {[EVENT_RUN] = wanted,
	[EVENT_FINISHED] = keep,
	[EVENT_ABSENT] = drop,
	[EVENT_GONE] = drop},
    [ATTEMPT_KEPT] = {[EVENT_RUN] = collect,
	[EVENT_FORGET] = forget,
	[EVENT_ABSENT] = drop,
	[EVENT_GONE] = drop},
    [ATTEMPT_ENDED] = {[EVENT_FORGET] = forget},
};

static int
compare(struct attempt *a, struct attempt *b)
{
	return wire_key_compare(&a->key, &b->key);
}

struct attempt *
attempt_find(struct callouts *c, const struct wire_key *key)
{
	struct attempt wanted_key;

	wanted_key.key = *key;
	return RB_FIND(attempts, &c->attempts, &wanted_key);
}

struct attempt *
attempt_new(struct callouts *c, const struct wire_key *key, uint64_t runner)
{
	struct attempt *a;

	a = xcalloc(1, sizeof *a);
	a->key = *key;
	a->report.key = *key;
	a->runner = runner;
	RB_INSERT(attempts, &c->attempts, a);
	return a;
}

void
attempt_free(struct callouts *c, struct attempt *a)
{
	RB_REMOVE(attempts, &c->attempts, a);
	if (a->untold)
		TAILQ_REMOVE(&c->done, a, done);
	value_unref(a->spec);
	free(a->reason);
	free(a);
}

void
attempt_event(struct callouts *c, struct attempt *a, enum attempt_event event)
{
	attempt_move *move;

	move = moves[a->state][event];
	if (move != NULL)
		move(c, a);
}

void
attempts_event(
    struct callouts *c, const struct link *l, enum attempt_event event)
{
	struct attempt *a, *next;

	RB_FOREACH_SAFE (a, attempts, &c->attempts, next)
		if (a->runner == l->id &&
		    (event != EVENT_ABSENT || a->listed != l->listing))
			attempt_event(c, a, event);
}

/*
 * An ending that nobody wants, once all wants are known, is durable already:
 * its acknowledgement was lost with the daemon before.
 */
void
attempt_report(
    struct link *l, enum wire_type type, const struct wire_report *report)
{
	struct callouts *c;
	struct attempt *a;

	c = l->callouts;
	a = attempt_find(c, &report->key);
	if (a == NULL) {
		a = attempt_new(c, &report->key, l->id);
		a->state = ATTEMPT_STRAY;
	}
	a->runner = l->id;
	a->listed = l->listing;
	if (a->state != ATTEMPT_ENDED && a->state != ATTEMPT_KEPT) {
		a->report = *report;
		a->failed = type == WIRE_FAILED;
	}
	attempt_event(
	    c, a, type == WIRE_STARTED ? EVENT_STARTED : EVENT_FINISHED);
}

/* It could not even be sent. */
void
attempt_refused(
    struct callouts *c, struct attempt *a, bool full, const char *reason)
{
	settle(c, a, full ? CALLOUT_NO_SPACE : CALLOUT_NOT_STARTED, reason);
}

/* The result stands; it is told from the loop. */
static void
settle(struct callouts *c, struct attempt *a, enum callout_end end,
    const char *reason)
{
	struct timespec ts;

	a->state = ATTEMPT_ENDED;
	a->end = end;
	a->reason = reason == NULL ? NULL : xstrdup(reason);
	if (a->report.ended_at == 0) {
		clock_gettime(CLOCK_REALTIME, &ts);
		a->report.ended_at =
		    (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
	}
	if (end == CALLOUT_LOST)
		c->losses = true;
	TAILQ_INSERT_TAIL(&c->done, a, done);
	a->untold = true;
	callouts_later(c);
}

static void
run(struct callouts *c, struct attempt *a)
{
	struct link *l;

	l = link_find(c, a->runner);
	if (l == NULL) {
		if (c->recovered)
			never(c, a);
		return;
	}
	if (l->state != LINK_READY)
		return;
	a->state = ATTEMPT_ASKED;
	link_start(l, a);
	if (a->freeze != 0 && a->state == ATTEMPT_ASKED)
		send_signal(c, a, &a->freeze, a->freeze);
}

/* Signals that wait leave once the runner has told its whole list. */
static void
adopt(struct callouts *c, struct attempt *a)
{
	a->state = ATTEMPT_RUNNING;
	trims_later(c);
	if (a->freeze != 0)
		send_signal(c, a, &a->freeze, a->freeze);
	if (a->stop != 0)
		send_signal(c, a, &a->stop, a->stop);
}

static bool
log_has_no_space(const struct wire_report *r)
{
	return (r->stage == WIRE_STAGE_STDOUT ||
		   r->stage == WIRE_STAGE_STDERR) &&
	    is_full(r->error);
}

static void
finish(struct callouts *c, struct attempt *a)
{
	char *reason;

	if (a->failed) {
		reason = start_failure(c, a);
		a->report.started_at = 0;
		settle(c, a,
		    log_has_no_space(&a->report) ? CALLOUT_NO_SPACE
						 : CALLOUT_NOT_STARTED,
		    reason);
		free(reason);
	} else
		settle(c, a,
		    WIFSIGNALED(a->report.status) ? CALLOUT_SIGNALED
						  : CALLOUT_EXITED,
		    NULL);
}

/*
 * Where the runner can't be asked now, the signal waits in *pending until the
 * attempt is reported running again.
 */
static void
send_signal(struct callouts *c, struct attempt *a, int *pending, int signo)
{
	struct link *l;

	*pending = signo;
	if (a->state == ATTEMPT_ORPHAN)
		child_signal(a, signo);
	else {
		l = link_find(c, a->runner);
		if (a->state == ATTEMPT_UNSURE || l == NULL ||
		    !link_signal(l, a, signo))
			return;
	}
	*pending = 0;
}

static void
stop_term(struct callouts *c, struct attempt *a)
{
	if (a->stop != SIGKILL)
		send_signal(c, a, &a->stop, SIGTERM);
}

static void
stop_kill(struct callouts *c, struct attempt *a)
{
	send_signal(c, a, &a->stop, SIGKILL);
}

static void
freeze(struct callouts *c, struct attempt *a)
{
	a->frozen = true;
	send_signal(c, a, &a->freeze, SIGSTOP);
}

static void
thaw(struct callouts *c, struct attempt *a)
{
	a->frozen = false;
	send_signal(c, a, &a->freeze, SIGCONT);
}

static void
cancel(struct callouts *c, struct attempt *a)
{
	settle(c, a, CALLOUT_NOT_STARTED, "stopped before it was started");
}

static void
hold(struct callouts *c, struct attempt *a)
{
	(void)c;
	a->frozen = true;
	a->freeze = SIGSTOP;
}

static void
release(struct callouts *c, struct attempt *a)
{
	(void)c;
	a->frozen = false;
	a->freeze = 0;
}

/* Only now, with its ending durable, may the runner forget it too. */
static void
forget(struct callouts *c, struct attempt *a)
{
	struct link *l;

	l = link_find(c, a->runner);
	if (l != NULL)
		link_acknowledge(l, &a->key);
	attempt_free(c, a);
}

/* Forgotten before it ended: it is let run, and its ending acknowledged. */
static void
abandon(struct callouts *c, struct attempt *a)
{
	(void)c;
	if (a->state != ATTEMPT_ORPHAN)
		a->state = ATTEMPT_STRAY;
	else
		attempt_free(c, a);
}

static void
drop(struct callouts *c, struct attempt *a)
{
	attempt_free(c, a);
}

/*
 * Its runner, which has handled all that was ever sent to it, does not know
 * it: it never ran and never will, unless it is sent now.
 */
static void
again(struct callouts *c, struct attempt *a)
{
	a->state = ATTEMPT_QUEUED;
	a->freeze = a->frozen ? SIGSTOP : 0;
	if (a->stop != 0)
		cancel(c, a);
	else
		run(c, a);
}

static void
wanted(struct callouts *c, struct attempt *a)
{
	adopt(c, a);
}

static void
collect(struct callouts *c, struct attempt *a)
{
	finish(c, a);
}

static void
keep(struct callouts *c, struct attempt *a)
{
	a->state = ATTEMPT_KEPT;
	if (c->recovered)
		forget(c, a);
}

/* Its runner died: its command is this process's child now, if it can be. */
static void
orphan(struct callouts *c, struct attempt *a)
{
	if (!child_adopt(c, a)) {
		lost(c, a);
		return;
	}
	a->state = ATTEMPT_ORPHAN;
	if (a->freeze != 0)
		send_signal(c, a, &a->freeze, a->freeze);
	if (a->stop != 0)
		send_signal(c, a, &a->stop, a->stop);
}

static void
lost(struct callouts *c, struct attempt *a)
{
	settle(c, a, CALLOUT_LOST,
	    "the runner that had it died, and with it what is known of how "
	    "it ended; it may have run, in whole or in part");
}

static void
lost_unsure(struct callouts *c, struct attempt *a)
{
	settle(c, a, CALLOUT_LOST,
	    boot_is_over(a->runner)
		? "the machine was restarted since it was to be started; it "
		  "may have run, in whole or in part"
		: "the runner that it was given to is gone (killed, or the "
		  "machine was restarted); it may have run, in whole or in "
		  "part");
}

static void
never(struct callouts *c, struct attempt *a)
{
	settle(c, a, CALLOUT_NOT_STARTED,
	    "its runner died before it was asked to start it; nothing ran");
}

static void
vanished(struct callouts *c, struct attempt *a)
{
	settle(c, a, CALLOUT_LOST,
	    "its runner knows nothing of it any more; it ran, and how it "
	    "ended can't be known");
}
