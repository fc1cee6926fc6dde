/*
 * orphan: what commands leave behind when they end.  The runner is subreaper
 * where there is such a thing: an orphan becomes its child at once, whatever
 * session or group it has gone to.  Elsewhere the kill of the process group,
 * which happens in any case, has to do.
 */

#include "daemon/runner/process.h"
#include "daemon/runner/runner.h"

#include <signal.h>
#include <stdlib.h>

static bool left_behind(struct runner *, pid_t, pid_t);

/*
 * Whether a child that is no command was left by one that ended: by its session
 * or, where it made one of its own, by the mark in its environment.
 */
static bool
left_behind(struct runner *r, pid_t pid, pid_t ended)
{
	struct wire_mark mark;
	struct entry *e;
	pid_t session;

	if (!process_session(pid, &session))
		return false;
	if (ended != 0 && session == ended)
		return true;
	if (entry_of_pid(r, session) != NULL || !process_mark(pid, &mark) ||
	    mark.runner != r->id)
		return false;
	e = entry_find(r, &mark.key);
	return e == NULL || e->told != WIRE_STARTED;
}

uint32_t
orphans_kill(struct runner *r, pid_t session)
{
	pid_t *children;
	uint32_t killed;
	size_t i;

	children = process_children();
	if (children == NULL)
		return 0;
	killed = 0;
	for (i = 0; children[i] != 0; i++)
		if (entry_of_pid(r, children[i]) == NULL &&
		    children[i] != session &&
		    left_behind(r, children[i], session)) {
			kill(children[i], SIGKILL);
			killed++;
		}
	free(children);
	return killed;
}
