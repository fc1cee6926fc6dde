/*
 * callout_runner: the runners.  Those whose sockets are there are connected to,
 * and new ones started where there are too few.
 */

#include "daemon/callout_edge.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/boot.h"
#include "daemon/core/alloc.h"
#include "daemon/log.h"
#include "daemon/loop.h"

#define BACKLOG 8

static unsigned links_count(const struct callouts *, bool useful);
static bool address(const char *, struct sockaddr_un *);
static int listen_at(const char *);
static char **environment(void);
static int spawn(struct link *, int);
static bool launch(struct callouts *, char *, size_t);
static void link_found(struct callouts *, uint64_t id);

/* Connects to those that are there, and starts what is missing. */
bool
links_open(struct callouts *c, char *error, size_t size)
{
	struct dirent *entry;
	uint64_t id;
	DIR *dir;
	int end;

	dir = opendir(c->run_dir);
	if (dir == NULL) {
		snprintf(error, size, "cannot read the directory %s: %s",
		    c->run_dir, strerror(errno));
		return false;
	}
	while ((entry = readdir(dir)) != NULL) {
		end = 0;
		if (sscanf(entry->d_name, "runner-%16" SCNx64 ".sock%n", &id,
			&end) == 1 &&
		    end > 0 && entry->d_name[end] == '\0')
			link_found(c, id);
	}
	closedir(dir);
	while (links_count(c, false) < c->runners)
		if (!launch(c, error, size))
			return false;
	return true;
}

/* Nobody can be there where it was made before the machine was started. */
static void
link_found(struct callouts *c, uint64_t id)
{
	struct link *l;

	l = link_new(c, id);
	if (boot_is_over(id)) {
		unlink(l->path);
		link_free(l);
	} else
		link_connect(l);
}

void
links_close(struct callouts *c, bool stop)
{
	struct link *l;

	while ((l = LIST_FIRST(&c->links)) != NULL) {
		if (stop)
			link_leave(l);
		link_free(l);
	}
}

struct link *
link_find(struct callouts *c, uint64_t id)
{
	struct link *l;

	LIST_FOREACH (l, &c->links, all)
		if (l->id == id)
			return l;
	return NULL;
}

/* All that are known, or those that new work can go to soon. */
static unsigned
links_count(const struct callouts *c, bool useful)
{
	const struct link *l;
	unsigned n;

	n = 0;
	LIST_FOREACH (l, &c->links, all)
		n += !useful ||
		    (l->state != LINK_DOWN && !l->retiring && !l->stalled);
	return n;
}

/*
 * One for each that died, or does not answer, but not more than one a second:
 * where runners die as soon as they are started, that is no remedy.
 */
void
links_replace(struct callouts *c)
{
	static const struct timeval pause = {1, 0};
	char error[512];

	if (c->throttled || links_count(c, true) >= c->runners ||
	    links_count(c, false) >= 2 * c->runners)
		return;
	if (!launch(c, error, sizeof error))
		log_error("cannot start a runner, will try again: %s", error);
	c->throttled = true;
	loop_add(c->replace, &pause);
}

void
links_tell(struct callouts *c)
{
	const struct link *l;
	uint64_t *ids;
	unsigned n;

	c->changed = false;
	ids = xcalloc(links_count(c, false), sizeof *ids);
	n = 0;
	LIST_FOREACH (l, &c->links, all)
		if (l->state == LINK_READY && !l->retiring && !l->stalled)
			ids[n++] = l->id;
	c->handlers.runners(c->handlers.ctx, ids, n);
	free(ids);
}

/* Older ones go once all that they were asked to run is collected. */
void
links_retire(struct callouts *c)
{
	struct link *l;

	LIST_FOREACH (l, &c->links, all)
		if (l->retiring)
			link_leave(l);
}

static bool
address(const char *path, struct sockaddr_un *sun)
{
	memset(sun, 0, sizeof *sun);
	sun->sun_family = AF_UNIX;
	if (strlen(path) >= sizeof sun->sun_path) {
		errno = ENAMETOOLONG;
		return false;
	}
	strcpy(sun->sun_path, path);
	return true;
}

int
socket_connect(const char *path)
{
	struct sockaddr_un sun;
	int fd, error;

	if (!address(path, &sun))
		return -1;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd == -1)
		return -1;
	if (connect(fd, (struct sockaddr *)&sun, sizeof sun) == 0)
		return fd;
	error = errno;
	close(fd);
	errno = error;
	return -1;
}

static int
listen_at(const char *path)
{
	struct sockaddr_un sun;
	int fd, error;

	if (!address(path, &sun))
		return -1;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return -1;
	if (bind(fd, (struct sockaddr *)&sun, sizeof sun) == 0 &&
	    chmod(path, 0600) == 0 && listen(fd, BACKLOG) == 0)
		return fd;
	error = errno;
	close(fd);
	errno = error;
	return -1;
}

/*
 * What a runner gets of the environment: nothing that is the daemon's, only
 * where a build made for tests writes what it finds.  The caller frees.
 */
static char **
environment(void)
{
	static const char *const kept[] = {
	    "ASAN_OPTIONS=", "UBSAN_OPTIONS=", "LLVM_PROFILE_FILE="};
	char **env;
	size_t n, i, k;

	env = xcalloc(sizeof kept / sizeof kept[0] + 1, sizeof *env);
	n = 0;
	for (i = 0; environ[i] != NULL; i++)
		for (k = 0; k < sizeof kept / sizeof kept[0]; k++)
			if (n < sizeof kept / sizeof kept[0] &&
			    strncmp(environ[i], kept[k], strlen(kept[k])) == 0)
				env[n++] = environ[i];
	return env;
}

/* Its standard input is the socket that it is to listen on; gives an errno. */
static int
spawn(struct link *l, int listener)
{
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attributes;
	char id[17], limits[48], name[] = "weir-runner", *argv[5], **env;
	sigset_t set;
	int error;

	snprintf(id, sizeof id, "%016" PRIx64, l->id);
	argv[0] = name;
	argv[1] = l->path;
	argv[2] = id;
	snprintf(limits, sizeof limits, "%" PRIu64 ",%" PRIu64,
	    l->callouts->limits.core, l->callouts->limits.files);
	argv[3] = limits;
	argv[4] = NULL;
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_adddup2(&files, listener, 0);
	posix_spawn_file_actions_addopen(&files, 1, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_addopen(&files, 2, "/dev/null", O_WRONLY, 0);
	posix_spawnattr_init(&attributes);
	posix_spawnattr_setflags(
	    &attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	sigfillset(&set);
	posix_spawnattr_setsigdefault(&attributes, &set);
	sigemptyset(&set);
	posix_spawnattr_setsigmask(&attributes, &set);
	env = environment();
	error = posix_spawn(
	    &l->pid, l->callouts->runner_path, &files, &attributes, argv, env);
	free(env);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&files);
	if (error != 0)
		l->pid = 0;
	return error;
}

/*
 * The socket listens before the runner is there, so that it can be connected
 * to, and written to, at once.
 */
static bool
launch(struct callouts *c, char *error, size_t size)
{
	struct link *l;
	uint64_t id;
	int fd, reason;

	do
		id = boot_runner_id();
	while (id == 0 || link_find(c, id) != NULL);
	l = link_new(c, id);
	fd = listen_at(l->path);
	if (fd == -1) {
		snprintf(error, size, "cannot listen on %s: %s", l->path,
		    strerror(errno));
		link_free(l);
		return false;
	}
	reason = spawn(l, fd);
	close(fd);
	if (reason != 0) {
		snprintf(error, size, "cannot run %s: %s", c->runner_path,
		    strerror(reason));
		unlink(l->path);
		link_free(l);
		return false;
	}
	link_connect(l);
	return true;
}
