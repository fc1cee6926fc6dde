/* survivors: found by pid, session and mark */

#include "daemon/survivors.h"

#include <errno.h>
#include <pwd.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/callout_edge.h"
#include "daemon/core/alloc.h"
#include "daemon/processes.h"
#include "daemon/runner/process.h"

static void choose(struct callouts *, struct processes *, survivors_wanted *,
    const void *, struct wire_mark *);
static void choose_marked(
    struct processes *, survivors_wanted *, const void *, struct wire_mark *);
static bool has_leftover(const struct callouts *, uint64_t);
static void prune(struct callouts *);
static void add(struct survivors *, const struct process *);
static char *user_name(uid_t);
static char *reason(const struct process *);

/*
 * An attempt that has ended, though not with all that came from it.  This is
 * rare, so that there is time to see whether those before still matter.
 */
void
leftover_add(struct callouts *c, const struct attempt *a)
{
	struct leftover *left = xcalloc(1, sizeof(*left));

	prune(c);
	left->key = a->key;
	left->session = a->report.pid;
	LIST_INSERT_HEAD(&c->leftovers, left, all);
}

void
leftovers_free(struct callouts *c)
{
	struct leftover *left;

	while ((left = LIST_FIRST(&c->leftovers)) != NULL) {
		LIST_REMOVE(left, all);
		free(left);
	}
}

/* Its pid is the session's, and no other's while anything is in that. */
bool
survivors_left(struct callouts *c, uint64_t execution)
{
	if (!has_leftover(c, execution))
		return false;
	prune(c);
	return has_leftover(c, execution);
}

static bool
has_leftover(const struct callouts *c, uint64_t execution)
{
	const struct leftover *left;

	LIST_FOREACH (left, &c->leftovers, all)
		if (left->key.execution == execution)
			return true;
	return false;
}

/* Forgets those of which nothing is there any more. */
static void
prune(struct callouts *c)
{
	struct leftover *left, *next;
	struct processes all;

	if (LIST_EMPTY(&c->leftovers))
		return;
	processes_look(&all);
	LIST_FOREACH_SAFE (left, &c->leftovers, all, next) {
		bool there = false;

		for (size_t i = 0; i < all.count; i++)
			there = there || all.list[i].session == left->session;
		if (there)
			continue;
		LIST_REMOVE(left, all);
		free(left);
	}
	processes_free(&all);
}

void
survivors_find(struct callouts *c, survivors_wanted *wanted, const void *ctx,
    struct survivors *found)
{
	struct processes all;
	struct wire_mark *marks;

	memset(found, 0, sizeof(*found));
	processes_look(&all);
	marks = xcalloc(all.count + 1, sizeof(*marks));
	choose(c, &all, wanted, ctx, marks);
	for (size_t i = 0; i < all.count; i++)
		if (all.list[i].of != NULL)
			add(found, &all.list[i]);
	free(marks);
	processes_free(&all);
}

/* A key in processes' `of`; marks has room for one of each process. */
static void
choose(struct callouts *c, struct processes *all, survivors_wanted *wanted,
    const void *ctx, struct wire_mark *marks)
{
	const struct leftover *left;
	struct attempt *a;

	RB_FOREACH (a, attempts, &c->attempts)
		if (a->report.pid != 0 && a->state != ATTEMPT_ENDED &&
		    a->state != ATTEMPT_KEPT && wanted(ctx, a->key.execution))
			processes_choose(all, a->report.pid, &a->key);
	LIST_FOREACH (left, &c->leftovers, all)
		if (wanted(ctx, left->key.execution))
			processes_choose(all, left->session, &left->key);
	choose_marked(all, wanted, ctx, marks);
}

/* Wherever they have gone to. */
static void
choose_marked(struct processes *all, survivors_wanted *wanted, const void *ctx,
    struct wire_mark *marks)
{
	for (size_t i = 0; i < all->count; i++)
		if (all->list[i].of == NULL &&
		    process_mark(all->list[i].pid, &marks[i]) &&
		    wanted(ctx, marks[i].key.execution))
			processes_choose_one(all, &all->list[i], &marks[i].key);
}

static void
add(struct survivors *found, const struct process *process)
{
	const struct wire_key *key = process->of;
	struct survivor *survivor;

	found->list =
	    xreallocarray(found->list, found->count + 1, sizeof(*found->list));
	survivor = &found->list[found->count++];
	survivor->key = (struct callout_key){.execution = key->execution,
	    .run = key->run,
	    .item = key->item,
	    .attempt = key->attempt};
	survivor->pid = process->pid;
	survivor->command = process_command(process->pid);
	survivor->why = reason(process);
}

static char *
user_name(uid_t uid)
{
	const struct passwd *user = getpwuid(uid);

	return user != NULL ? xstrdup(user->pw_name)
			    : xasprintf("%ju", (uintmax_t)uid);
}

static char *
reason(const struct process *process)
{
	char *why, *own, *other;

	if (kill(process->pid, 0) == -1 && errno == EPERM) {
		own = user_name(geteuid());
		other = user_name(process->uid);
		why = xasprintf(
		    "it runs as %s, and weird, which runs as %s, may not "
		    "signal it",
		    other, own);
		free(own);
		free(other);
		return why;
	}
	return xstrdup(process->sleeps
		? "the kernel holds it (uninterruptible sleep); it ends as "
		  "soon as it is let go"
		: "SIGKILL was sent, and it has not ended yet");
}

void
survivors_free(struct survivors *found)
{
	for (uint32_t i = 0; i < found->count; i++) {
		free(found->list[i].command);
		free(found->list[i].why);
	}
	free(found->list);
	memset(found, 0, sizeof(*found));
}
