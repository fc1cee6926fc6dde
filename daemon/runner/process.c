/* process: sessions, marks and children, from /proc. */

#include "daemon/runner/process.h"

#ifdef __linux__

#include <sys/prctl.h>

#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* Looks at a tree that is being stopped or killed, and the pause between. */
#define LOOKS 50
#define STOP_PAUSE 1000000 /* ns */

/* A command and those that come from it, the ones before those after. */
struct tree {
	pid_t *list; /* ends with 0; NULL: no memory */
	size_t n;
};

static FILE *open_proc(pid_t, const char *);
static bool read_stat(pid_t, char *state, pid_t *session);
static pid_t *add(pid_t *, size_t, pid_t);
static pid_t *add_children(pid_t *, size_t *, pid_t);
static void grow(struct tree *);
static bool
is_orphan_of(pid_t, pid_t leader, uint64_t runner, const struct wire_key *);
static void find_tree(
    struct tree *, pid_t leader, uint64_t runner, const struct wire_key *);
static size_t stop(const struct tree *);
static size_t kill_new(const struct tree *, const struct tree *);
static bool has(const struct tree *, pid_t);

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

static bool
read_stat(pid_t pid, char *state, pid_t *session)
{
	char line[512], *end;
	FILE *f;
	int n;

	f = open_proc(pid, "stat");
	if (f == NULL)
		return false;
	n = 0;
	/* the name, in parentheses, may have any byte in it */
	if (fgets(line, sizeof line, f) != NULL &&
	    (end = strrchr(line, ')')) != NULL)
		n = sscanf(end + 1, " %c %*d %*d %d", state, session);
	fclose(f);
	return n == 2 && *state != 'Z' && *state != 'X';
}

bool
process_session(pid_t pid, pid_t *session)
{
	char state;

	return read_stat(pid, &state, session);
}

uid_t
process_owner(pid_t pid)
{
	unsigned long uid;
	char line[256];
	bool found;
	FILE *f;

	f = open_proc(pid, "status");
	if (f == NULL)
		return (uid_t)-1;
	found = false;
	while (!found && fgets(line, sizeof line, f) != NULL)
		found = sscanf(line, "Uid: %lu", &uid) == 1;
	fclose(f);
	return found ? (uid_t)uid : (uid_t)-1;
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

/* Those that any of its threads has; NULL, and the list freed, on failure. */
static pid_t *
add_children(pid_t *list, size_t *n, pid_t parent)
{
	struct dirent *thread;
	char path[64];
	DIR *dir;
	FILE *f;
	int pid;

	snprintf(path, sizeof path, "/proc/%d/task", (int)parent);
	dir = opendir(path);
	if (dir == NULL)
		return list;
	while ((thread = readdir(dir)) != NULL) {
		if (atoi(thread->d_name) <= 0)
			continue;
		snprintf(path, sizeof path, "task/%d/children",
		    atoi(thread->d_name));
		f = open_proc(parent, path);
		while (f != NULL && fscanf(f, "%d", &pid) == 1)
			if ((list = add(list, (*n)++, pid)) == NULL)
				break;
		if (f != NULL)
			fclose(f);
		if (list == NULL && *n > 0)
			break;
	}
	closedir(dir);
	return list;
}

/* The kernel's threads have no arguments either, and no session. */
bool
process_begins(pid_t pid, const char *run_dir, uint64_t *runner)
{
	char text[512], state, *path, *id, *end;
	pid_t session;
	size_t n;
	FILE *f;

	if (!read_stat(pid, &state, &session))
		return false;
	f = open_proc(pid, "cmdline");
	if (f == NULL)
		return false;
	n = fread(text, 1, sizeof text - 1, f);
	fclose(f);
	text[n] = '\0';
	*runner = 0;
	if (n == 0)
		return session == pid;
	path = text + strlen(text) + 1;
	if (path >= text + n || strncmp(path, run_dir, strlen(run_dir)) != 0)
		return false;
	id = path + strlen(path) + 1;
	if (id >= text + n)
		return false;
	*runner = strtoull(id, &end, 16);
	return strcmp(text, "weir-runner") == 0 && *end == '\0';
}

pid_t *
process_children(void)
{
	return process_children_of(getpid());
}

pid_t *
process_children_of(pid_t parent)
{
	size_t n;

	n = 0;
	return add_children(NULL, &n, parent);
}

bool
process_is_stopped(pid_t pid)
{
	pid_t session;
	char state;

	return read_stat(pid, &state, &session) && state == 'T';
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

pid_t *
process_descendants(pid_t *roots)
{
	struct tree tree = {roots, 0};

	while (roots != NULL && roots[tree.n] != 0)
		tree.n++;
	if (tree.n == 0)
		return roots;
	/* add() makes room by powers of two: the list is made as it would */
	tree.list = NULL;
	for (tree.n = 0; roots[tree.n] != 0; tree.n++)
		if ((tree.list = add(tree.list, tree.n, roots[tree.n])) == NULL)
			break;
	free(roots);
	grow(&tree);
	return tree.list;
}

/* By its session or, where it made one of its own, by its mark. */
static bool
is_orphan_of(
    pid_t pid, pid_t leader, uint64_t runner, const struct wire_key *key)
{
	struct wire_mark mark;
	pid_t session;

	if (pid == leader || !process_session(pid, &session))
		return false;
	if (session == leader)
		return true;
	return process_mark(pid, &mark) && mark.runner == runner &&
	    wire_key_compare(&mark.key, key) == 0;
}

/* Adds the children of each that is in it, those just added included. */
static void
grow(struct tree *tree)
{
	size_t i;

	for (i = 0; tree->list != NULL && i < tree->n; i++)
		tree->list = add_children(tree->list, &tree->n, tree->list[i]);
}

static void
find_tree(struct tree *tree, pid_t leader, uint64_t runner,
    const struct wire_key *key)
{
	pid_t *own;
	size_t i;

	tree->n = 0;
	tree->list = add(NULL, tree->n++, leader);
	own = process_children();
	for (i = 0; own != NULL && own[i] != 0 && tree->list != NULL; i++)
		if (is_orphan_of(own[i], leader, runner, key))
			tree->list = add(tree->list, tree->n++, own[i]);
	free(own);
	grow(tree);
}

/* Parents before their children; how many of them were not stopped yet. */
static size_t
stop(const struct tree *tree)
{
	size_t i, moving;
	pid_t session;
	char state;

	moving = 0;
	for (i = 0; tree->list != NULL && i < tree->n; i++) {
		if (!read_stat(tree->list[i], &state, &session) || state == 'T')
			continue;
		kill(tree->list[i], SIGSTOP);
		moving++;
	}
	return moving;
}

/* What is not in the group may start others before it is stopped. */
void
process_tree_stop(pid_t leader, uint64_t runner, const struct wire_key *key)
{
	static const struct timespec pause = {0, STOP_PAUSE};
	struct tree tree;
	size_t moving;
	int looks;

	kill(-leader, SIGSTOP);
	for (looks = 0; looks < LOOKS; looks++) {
		find_tree(&tree, leader, runner, key);
		moving = stop(&tree);
		free(tree.list);
		if (moving == 0)
			return;
		nanosleep(&pause, NULL);
	}
}

static bool
has(const struct tree *tree, pid_t pid)
{
	size_t i;

	for (i = 0; tree->list != NULL && i < tree->n; i++)
		if (tree->list[i] == pid)
			return true;
	return false;
}

/* All but the leader; how many of them the look before had not seen. */
static size_t
kill_new(const struct tree *tree, const struct tree *before)
{
	size_t i, fresh;

	fresh = 0;
	for (i = 1; tree->list != NULL && i < tree->n; i++) {
		if (has(before, tree->list[i]))
			continue;
		kill(tree->list[i], SIGKILL);
		fresh++;
	}
	return fresh;
}

/*
 * The leader stands still and goes last: while it lives, what descends from it
 * is known to, whatever it has made of its session and environment.
 */
void
process_tree_kill(pid_t leader, uint64_t runner, const struct wire_key *key)
{
	struct tree tree, before = {NULL, 0};
	size_t fresh;
	int looks;

	kill(-leader, SIGSTOP);
	fresh = 1;
	for (looks = 0; fresh > 0 && looks < LOOKS; looks++) {
		find_tree(&tree, leader, runner, key);
		fresh = kill_new(&tree, &before);
		free(before.list);
		before = tree;
	}
	free(before.list);
	kill(-leader, SIGKILL);
}

/*
 * Children before their parents: a shell that controls jobs would take one that
 * it finds stopped for suspended by the user, and end it before it ends.
 */
void
process_tree_continue(pid_t leader, uint64_t runner, const struct wire_key *key)
{
	struct tree tree;
	size_t i;

	find_tree(&tree, leader, runner, key);
	for (i = tree.list == NULL ? 0 : tree.n; i-- > 1;)
		kill(tree.list[i], SIGCONT);
	free(tree.list);
	kill(-leader, SIGCONT);
}

#else

#include <signal.h>
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

uid_t
process_owner(pid_t pid)
{
	(void)pid;
	return (uid_t)-1;
}

bool
process_mark(pid_t pid, struct wire_mark *mark)
{
	(void)pid;
	(void)mark;
	return false;
}

bool
process_begins(pid_t pid, const char *run_dir, uint64_t *runner)
{
	(void)pid;
	(void)run_dir;
	(void)runner;
	return false;
}

pid_t *
process_children(void)
{
	return NULL;
}

pid_t *
process_children_of(pid_t parent)
{
	(void)parent;
	return NULL;
}

bool
process_is_stopped(pid_t pid)
{
	(void)pid;
	return false;
}

pid_t *
process_all(void)
{
	return NULL;
}

pid_t *
process_descendants(pid_t *roots)
{
	return roots;
}

void
process_tree_kill(pid_t leader, uint64_t runner, const struct wire_key *key)
{
	(void)runner;
	(void)key;
	kill(-leader, SIGKILL);
}

void
process_tree_stop(pid_t leader, uint64_t runner, const struct wire_key *key)
{
	(void)runner;
	(void)key;
	kill(-leader, SIGSTOP);
}

void
process_tree_continue(pid_t leader, uint64_t runner, const struct wire_key *key)
{
	(void)runner;
	(void)key;
	kill(-leader, SIGCONT);
}

#endif
