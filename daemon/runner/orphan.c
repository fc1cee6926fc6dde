/*
 * orphan: what commands leave behind when they end.  The runner is subreaper
 * where there is such a thing: an orphan becomes its child at once, whatever
 * session or group it has gone to.  Elsewhere the kill of the process group,
 * which happens in any case, has to do.
 */

#include "daemon/runner/process.h"
#include "daemon/runner/runner.h"

#include <sys/wait.h>

#include <errno.h>
#include <signal.h>
#include <stdlib.h>

static bool is_in(const pid_t *, pid_t);
static bool was_left(struct runner *, const struct entry *, pid_t);
static bool is_stray(struct runner *, pid_t);
static pid_t *left_by(struct runner *, const struct entry *);

static bool
is_in(const pid_t *list, pid_t pid)
{
	for (; list != NULL && *list != 0; list++)
		if (*list == pid)
			return true;
	return false;
}

/*
 * Whether a child that is no command was left by one that ended: by its
 * session or, where it made one of its own, by the mark in its environment; or
 * because it was found under one that was.  Once the command is reaped, its pid
 * can be another command's.
 */
static bool
was_left(struct runner *r, const struct entry *e, pid_t pid)
{
	struct wire_mark mark;
	struct entry *owner;
	pid_t session;

	if (!process_session(pid, &session))
		return false;
	owner = entry_of_pid(r, session);
	if (session == e->report.pid && (owner == NULL || owner == e))
		return true;
	if (is_in(e->left, pid))
		return true;
	return owner == NULL && process_mark(pid, &mark) &&
	    mark.runner == r->id &&
	    wire_key_compare(&mark.key, &e->report.key) == 0;
}

/* With all that descends from them; NULL: nothing. */
static pid_t *
left_by(struct runner *r, const struct entry *e)
{
	pid_t *children;
	size_t i, n;

	children = process_children();
	if (children == NULL)
		return NULL;
	for (i = n = 0; children[i] != 0; i++)
		if (entry_of_pid(r, children[i]) == NULL &&
		    was_left(r, e, children[i]))
			children[n++] = children[i];
	children[n] = 0;
	if (n > 0)
		return process_descendants(children);
	free(children);
	return NULL;
}

bool
orphans_gone(struct runner *r, struct entry *e)
{
	pid_t *left, session;
	bool gone;
	size_t i;

	left = left_by(r, e);
	gone = true;
	e->report.spared = 0;
	for (i = 0; left != NULL && left[i] != 0; i++) {
		if (!process_session(left[i], &session)) {
			/* dead: it must not be there when that is told */
			waitpid(left[i], NULL, WNOHANG);
			continue;
		}
		if (kill(left[i], SIGKILL) == 0) {
			gone = false;
			e->report.left += !is_in(e->left, left[i]);
		} else if (errno == EPERM)
			e->report.spared++;
	}
	free(e->left);
	e->left = left;
	return gone;
}

/* Whether its mark is of a command that is not there any more. */
static bool
is_stray(struct runner *r, pid_t pid)
{
	struct wire_mark mark;
	struct entry *e;
	pid_t session;

	if (!process_session(pid, &session) ||
	    entry_of_pid(r, session) != NULL || !process_mark(pid, &mark) ||
	    mark.runner != r->id)
		return false;
	e = entry_find(r, &mark.key);
	return e == NULL || e->told != WIRE_STARTED;
}

void
orphans_kill(struct runner *r)
{
	pid_t *children;
	size_t i;

	children = process_children();
	for (i = 0; children != NULL && children[i] != 0; i++)
		if (entry_of_pid(r, children[i]) == NULL &&
		    is_stray(r, children[i]))
			kill(children[i], SIGKILL);
	free(children);
}
