/*
 * callout_child: the daemon's own children: runners, the commands of runners
 * that died, and what removes directories.
 */

#include "daemon/callout_edge.h"

#include <sys/resource.h>
#include <sys/wait.h>

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "daemon/core/alloc.h"
#include "daemon/log.h"
#include "daemon/log_limited.h"
#include "daemon/loop.h"
#include "daemon/runner/process.h"
#include "daemon/runner/reap.h"

#define BEGINNING_LOOKS 100	/* for a command that a dead runner began */
#define BEGINNING_PAUSE 1000000 /* ns between two of them */

static void on_child(evutil_socket_t, short, void *);
static void reap(struct callouts *, pid_t);
static struct link *link_of_pid(struct callouts *, pid_t);
static struct attempt *attempt_of_pid(struct callouts *, pid_t);
static struct attempt *attempt_of_mark(struct callouts *, pid_t);
static void ended(struct callouts *, struct attempt *);
static bool is_child(pid_t);
static bool any_begins(struct callouts *, bool kills);
static bool is_command(const struct attempt *, uid_t, pid_t);

/* What runners that die leave behind becomes this process's. */
void
children_open(struct callouts *c)
{
	process_adopt_orphans();
	c->child =
	    loop_event(c->base, SIGCHLD, EV_SIGNAL | EV_PERSIST, on_child, c);
	loop_add(c->child, NULL);
}

/* Looked at before they are reaped, so that a pid stays whose it is. */
static void
on_child(evutil_socket_t signo, short what, void *ctx)
{
	siginfo_t info;

	(void)signo;
	(void)what;
	while (reap_next(&info))
		reap(ctx, info.si_pid);
}

static void
reap(struct callouts *c, pid_t pid)
{
	struct attempt *a;
	struct link *l;
	int status;

	l = link_of_pid(c, pid);
	if (l != NULL) {
		reap_child(pid, &status, NULL);
		link_died(l);
		return;
	}
	a = attempt_of_pid(c, pid);
	if (a == NULL) {
		/* a command whose runner just died: did it say so? */
		LIST_FOREACH (l, &c->links, all)
			if (l->pid != 0 && l->state != LINK_DOWN)
				link_read(l);
		a = attempt_of_pid(c, pid);
	}
	if (a != NULL)
		ended(c, a);
	else
		reap_child(pid, &status, NULL);
}

static struct link *
link_of_pid(struct callouts *c, pid_t pid)
{
	struct link *l;

	LIST_FOREACH (l, &c->links, all)
		if (l->pid == pid)
			return l;
	return NULL;
}

static struct attempt *
attempt_of_pid(struct callouts *c, pid_t pid)
{
	struct attempt *a;

	RB_FOREACH (a, attempts, &c->attempts)
		if (a->report.pid == pid &&
		    (a->state == ATTEMPT_RUNNING || a->state == ATTEMPT_ORPHAN))
			return a;
	return NULL;
}

static void
ended(struct callouts *c, struct attempt *a)
{
	struct wire_report *r;
	struct rusage usage;
	struct timespec ts;

	r = &a->report;
	process_tree_kill(r->pid, a->runner, &a->key); /* what it left */
	reap_child(r->pid, &r->status, &usage);
	clock_gettime(CLOCK_REALTIME, &ts);
	r->ended_at = (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
	r->cpu = (int64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) *
		1000000000 +
	    (int64_t)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1000;
	r->max_rss = (int64_t)usage.ru_maxrss * 1024;
	leftover_add(c, a); /* nobody has seen yet that all is gone */
	attempt_event(c, a, EVENT_FINISHED);
}

/* Alive, or dead and not reaped. */
static bool
is_child(pid_t pid)
{
	siginfo_t info;

	return waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) ==
	    0;
}

uid_t
attempt_user(const struct attempt *a)
{
	char error[256];
	struct spec spec;
	uid_t uid = (uid_t)-1;

	if (a->spec == NULL)
		return uid;
	if (spec_open(&spec, a->spec, error, sizeof error))
		uid = spec_user(&spec);
	spec_close(&spec);
	return uid;
}

/*
 * Whether it is the attempt's command itself, which leads a session, and not
 * just something that it started: how that ends says nothing of the command.
 * What another user has started may have any mark.
 */
static bool
is_command(const struct attempt *a, uid_t user, pid_t pid)
{
	struct wire_mark mark;
	pid_t session;

	return process_session(pid, &session) && session == pid &&
	    process_mark(pid, &mark) && mark.runner == a->runner &&
	    wire_key_compare(&mark.key, &a->key) == 0 &&
	    process_owner(pid) == user;
}

/*
 * A runner may die while a command of it begins, and that goes on: it has no
 * mark yet by which it could be adopted, or killed.  It takes a millisecond; a
 * copy of the runner that takes longer has not become the command, and never
 * will.
 */
void
beginnings_wait(struct callouts *c)
{
	const struct timespec pause = {.tv_nsec = BEGINNING_PAUSE};

	for (unsigned i = 0; i < BEGINNING_LOOKS; i++) {
		if (!any_begins(c, false))
			return;
		nanosleep(&pause, NULL);
	}
	any_begins(c, true);
}

/*
 * A command is its user's before it is executed, who may stop it then, or have
 * it looked for where nothing answers; and its runner, which has those of
 * others to start, waits until it is executed or gone.
 */
void
beginning_end(struct link *l, pid_t pid, bool is_late)
{
	pid_t *children = process_children_of(pid);
	uint64_t runner;

	for (size_t i = 0; children != NULL && children[i] != 0; i++) {
		struct log_about about = {
		    .kind = LOG_KIND_START,
		    .uid = process_owner(children[i]),
		    .level = LOG_LEVEL_WARN,
		};

		if (!process_begins(
			children[i], l->callouts->run_dir, &runner) ||
		    (runner != 0 && runner != l->id) ||
		    (!is_late && !process_is_stopped(children[i])) ||
		    kill(children[i], SIGKILL) == -1)
			continue;
		log_limited(&about,
		    "killed process %d, a command of runner %016" PRIx64
		    " that %s before it began",
		    (int)children[i], l->id,
		    is_late ? "took too long" : "was stopped");
	}
	free(children);
}

static bool
any_begins(struct callouts *c, bool kills)
{
	pid_t *all = process_all();
	uint64_t runner;
	bool any = false;
	size_t i;

	for (i = 0; all != NULL && all[i] != 0; i++) {
		const struct link *l;

		if (link_of_pid(c, all[i]) != NULL ||
		    !process_begins(all[i], c->run_dir, &runner))
			continue;
		/* what a runner that lives begins is its own business */
		l = runner == 0 ? NULL : link_find(c, runner);
		if (l != NULL && l->state != LINK_DOWN)
			continue;
		any = true;
		if (kills && runner != 0 && is_child(all[i]) &&
		    kill(all[i], SIGKILL) == 0)
			log_warn("killed process %d, a command of a runner "
				 "that is gone, before it began",
			    (int)all[i]);
	}
	free(all);
	return any;
}

/*
 * Whether the command of an attempt whose runner died is a child of this
 * process now.  Where the runner had no time to tell its pid, the mark in its
 * environment does.
 */
bool
child_adopt(struct callouts *c, struct attempt *a)
{
	struct timespec ts;
	pid_t *children;
	uid_t user;
	size_t i;

	(void)c;
	if (a->report.pid != 0)
		return is_child(a->report.pid);
	user = attempt_user(a);
	children = process_children();
	for (i = 0; children != NULL && children[i] != 0; i++)
		if (is_command(a, user, children[i])) {
			a->report.pid = children[i];
			clock_gettime(CLOCK_REALTIME, &ts);
			a->report.started_at =
			    (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
			break;
		}
	free(children);
	return a->report.pid != 0;
}

/* Not reaped before it is noticed here, so that it can be no other's pid. */
void
child_signal(struct attempt *a, int signo)
{
	if (signo == SIGSTOP)
		process_tree_stop(a->report.pid, a->runner, &a->key);
	else if (signo == SIGCONT)
		process_tree_continue(a->report.pid, a->runner, &a->key);
	else if (signo == SIGKILL)
		process_tree_kill(a->report.pid, a->runner, &a->key);
	else
		kill(-a->report.pid, signo);
}

static struct attempt *
attempt_of_mark(struct callouts *c, pid_t pid)
{
	struct wire_mark mark;
	struct attempt *a;

	if (!process_mark(pid, &mark))
		return NULL;
	a = attempt_find(c, &mark.key);
	return a != NULL && a->runner == mark.runner ? a : NULL;
}

/*
 * Kills what still runs of attempts that are lost: what comes next for the
 * attempt, a retry perhaps, must not run beside it.
 */
void
lost_kill(struct callouts *c)
{
	struct attempt *a;
	pid_t *all;
	size_t i;

	c->losses = false;
	beginnings_wait(c);
	all = process_all();
	for (i = 0; all != NULL && all[i] != 0; i++) {
		a = attempt_of_mark(c, all[i]);
		if (a == NULL || a->state != ATTEMPT_ENDED ||
		    a->end != CALLOUT_LOST || kill(all[i], SIGKILL) == -1)
			continue;
		log_warn("execution %" PRIu64 ": killed process %d of an "
			 "attempt that is lost with its runner",
		    a->key.execution, (int)all[i]);
	}
	free(all);
}

void
remove_tree(const char *path)
{
	static const struct log_about about = {
	    LOG_KIND_LEFTOVER, LOG_OF_NOBODY, LOG_LEVEL_WARN};
	char rm[] = "rm", force[] = "-rf", end[] = "--", *argv[5];
	char *env[] = {NULL};
	pid_t pid;
	int error;

	if (rmdir(path) == 0 || errno == ENOENT)
		return;
	argv[0] = rm;
	argv[1] = force;
	argv[2] = end;
	argv[3] = xstrdup(path);
	argv[4] = NULL;
	error = posix_spawn(&pid, "/bin/rm", NULL, NULL, argv, env);
	if (error != 0)
		log_limited(
		    &about, "cannot remove %s: rm: %s", path, strerror(error));
	free(argv[3]);
}
