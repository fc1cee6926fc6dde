/* process: sessions, marks and children, from /proc. */

#include "daemon/runner/process.h"

#ifdef __linux__

#include <sys/prctl.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static FILE *open_proc(pid_t, const char *);
static pid_t *add(pid_t *, size_t, pid_t);

void
process_adopt_orphans(void)
{
	prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
}

static FILE *
open_proc(pid_t pid, const char *name)
{
	char path[128];

	snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
	return fopen(path, "re");
}

bool
process_session(pid_t pid, pid_t *session)
{
	char line[512], state, *end;
	FILE *f;
	int n;

	f = open_proc(pid, "stat");
	if (f == NULL)
		return false;
	n = 0;
	/* the name, in parentheses, may have any byte in it */
	if (fgets(line, sizeof line, f) != NULL &&
	    (end = strrchr(line, ')')) != NULL)
		n = sscanf(end + 1, " %c %*d %*d %d", &state, session);
	fclose(f);
	return n == 2 && state != 'Z' && state != 'X';
}

bool
process_mark(pid_t pid, struct wire_mark *mark)
{
	char *variable;
	size_t room;
	bool found;
	FILE *f;

	f = open_proc(pid, "environ");
	if (f == NULL)
		return false;
	variable = NULL;
	room = 0;
	found = false;
	while (!found && getdelim(&variable, &room, '\0', f) > 0)
		found = wire_mark_parse(variable, mark);
	free(variable);
	fclose(f);
	return found;
}

/* The list with one more at its end; NULL, and the list freed, on failure. */
static pid_t *
add(pid_t *list, size_t n, pid_t pid)
{
	pid_t *longer;

	longer = list;
	if ((n & (n + 1)) == 0) /* full: room doubles */
		longer = reallocarray(list, 2 * n + 2, sizeof *list);
	if (longer == NULL) {
		free(list);
		return NULL;
	}
	longer[n] = pid;
	longer[n + 1] = 0;
	return longer;
}

pid_t *
process_children(void)
{
	char name[64];
	pid_t *list;
	size_t n;
	FILE *f;
	int pid;

	snprintf(name, sizeof name, "task/%d/children", (int)getpid());
	f = open_proc(getpid(), name);
	if (f == NULL)
		return NULL;
	list = NULL;
	for (n = 0; fscanf(f, "%d", &pid) == 1; n++)
		if ((list = add(list, n, pid)) == NULL)
			break;
	fclose(f);
	return list;
}

pid_t *
process_all(void)
{
	struct dirent *entry;
	pid_t *list;
	size_t n;
	DIR *dir;
	int pid;

	dir = opendir("/proc");
	if (dir == NULL)
		return NULL;
	list = NULL;
	n = 0;
	while ((entry = readdir(dir)) != NULL) {
		pid = atoi(entry->d_name);
		if (pid > 0 && (list = add(list, n++, pid)) == NULL)
			break;
	}
	closedir(dir);
	return list;
}

#else

#include <stddef.h>

void
process_adopt_orphans(void)
{
}

bool
process_session(pid_t pid, pid_t *session)
{
	(void)pid;
	(void)session;
	return false;
}

bool
process_mark(pid_t pid, struct wire_mark *mark)
{
	(void)pid;
	(void)mark;
	return false;
}

pid_t *
process_children(void)
{
	return NULL;
}

pid_t *
process_all(void)
{
	return NULL;
}

#endif
