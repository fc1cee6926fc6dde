/*
 * callout_start: makes what a runner needs to start an attempt: directories,
 * environment, user, standard input.
 */

#include "daemon/callout_edge.h"

#include <sys/resource.h>
#include <sys/stat.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <inttypes.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/core/alloc.h"

#define GROUPS_MAX 1024

/* The strings of an environment, each "NAME=content". */
struct environment {
	char **list; /* ends with NULL */
	size_t n;
};

/* All that a start message points to. */
struct start {
	struct wire_start wire;
	struct spec spec;
	bool full; /* there was no space for something of it */
	struct environment env;
	char cwd[PATH_MAX], in[PATH_MAX], out[PATH_MAX], err[PATH_MAX];
	char *home, *user, *shell;
};

static bool prepare(
    struct callouts *, const struct attempt *, struct start *, char *, size_t);
static void own_path(const struct callouts *, const struct wire_key *,
    const char *, char[PATH_MAX]);
static bool
cannot_make(struct start *, const char *what, const char *path, char *, size_t);
static bool make_log_directory(const struct callouts *, const struct attempt *,
    struct start *, char *, size_t);
static bool make_own_directory(struct start *, char *, size_t);
static bool write_stdin(struct start *, char *, size_t);
static void find_user(struct start *);
static void env_set(struct environment *, const char *, const char *);
static void env_number(struct environment *, const char *, uint64_t);
static void make_environment(
    const struct callouts *, const struct attempt *, struct start *);
static void start_free(struct start *);
static bool key_of_name(const char *, struct wire_key *);
static const char *path_of(const struct callouts *, const struct spec *);

bool
start_write(struct callouts *c, const struct attempt *a,
    struct wire_buffer *out, bool *full, char *error, size_t size)
{
	struct start *s;
	bool good;

	s = xcalloc(1, sizeof *s);
	good = spec_open(&s->spec, a->spec, error, size) &&
	    prepare(c, a, s, error, size);
	if (good && !wire_put_start(out, &s->wire)) {
		snprintf(error, size,
		    "its arguments and environment have more than %u bytes",
		    WIRE_BODY_MAX);
		good = false;
	}
	*full = s->full;
	start_free(s);
	if (!good)
		start_clean(c, a);
	return good;
}

static bool
prepare(struct callouts *c, const struct attempt *a, struct start *s,
    char *error, size_t size)
{
	struct wire_start *w;

	w = &s->wire;
	w->key = a->key;
	log_path(c, &a->key, "out", s->out);
	log_path(c, &a->key, "err", s->err);
	if (s->spec.in != NULL)
		own_path(c, &a->key, ".stdin", s->in);
	if (s->spec.cwd == NULL)
		own_path(c, &a->key, "", s->cwd);
	find_user(s);
	make_environment(c, a, s);
	w->argv = s->spec.argv;
	w->env = s->env.list;
	w->cwd = s->spec.cwd != NULL ? s->spec.cwd : s->cwd;
	w->in = s->in;
	w->out = s->out;
	w->err = s->err;
	w->nlimits = s->spec.nlimits;
	memcpy(w->limits, s->spec.limits, sizeof w->limits);
	w->has_nice = s->spec.has_nice;
	w->nice = s->spec.nice;
	w->no_new_privileges = !c->new_privileges;
	return make_log_directory(c, a, s, error, size) &&
	    make_own_directory(s, error, size) && write_stdin(s, error, size);
}

static void
start_free(struct start *s)
{
	size_t i;

	for (i = 0; i < s->env.n; i++)
		free(s->env.list[i]);
	free(s->env.list);
	free(s->home);
	free(s->user);
	free(s->shell);
	free(s->wire.groups);
	spec_close(&s->spec);
	free(s);
}

/* Below work/: a name that no other attempt ever has. */
static void
own_path(const struct callouts *c, const struct wire_key *key,
    const char *suffix, char path[PATH_MAX])
{
	char item[16];

	snprintf(item, sizeof item, "%" PRIu32, key->item);
	snprintf(path, PATH_MAX,
	    "%s/work/%" PRIu64 "-%" PRIu32 "-%s-%" PRIu32 "%s", c->state_dir,
	    key->execution, key->run,
	    key->item == CALLOUT_NO_ITEM ? "none" : item, key->attempt, suffix);
}

bool
is_full(int error)
{
	return error == ENOSPC || error == EDQUOT;
}

/* A sentence of what could not be made, and errno; always false. */
static bool
cannot_make(struct start *s, const char *what, const char *path, char *error,
    size_t size)
{
	s->full = is_full(errno);
	snprintf(
	    error, size, "cannot make %s %s: %s", what, path, strerror(errno));
	return false;
}

static bool
make_log_directory(const struct callouts *c, const struct attempt *a,
    struct start *s, char *error, size_t size)
{
	char path[PATH_MAX];

	snprintf(path, sizeof path, "%s/logs/%" PRIu64, c->state_dir,
	    a->key.execution);
	if (mkdir(path, 0700) == 0 || errno == EEXIST)
		return true;
	return cannot_make(s, "the directory of its log", path, error, size);
}

static bool
make_own_directory(struct start *s, char *error, size_t size)
{
	if (s->spec.cwd != NULL)
		return true;
	if ((mkdir(s->cwd, 0700) == 0 || errno == EEXIST) &&
	    (s->wire.uid == WIRE_KEPT ||
		lchown(s->cwd, s->wire.uid, s->wire.gid) == 0))
		return true;
	return cannot_make(s, "its working directory", s->cwd, error, size);
}

/* Read by the runner, which opens it before it becomes the user. */
static bool
write_stdin(struct start *s, char *error, size_t size)
{
	size_t done;
	ssize_t n;
	int fd;

	if (s->spec.in == NULL)
		return true;
	do
		fd = open(s->in,
		    O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW,
		    0600);
	while (fd == -1 && errno == EINTR);
	n = fd == -1 ? -1 : 0;
	for (done = 0; n != -1 && done < s->spec.in_size; done += (size_t)n) {
		n = write(fd, s->spec.in + done, s->spec.in_size - done);
		if (n == -1 && errno == EINTR)
			n = 0;
	}
	if (n == -1)
		cannot_make(s, "its standard input", s->in, error, size);
	if (fd != -1)
		close(fd);
	return n != -1;
}

static void
find_user(struct start *s)
{
	gid_t groups[GROUPS_MAX];
	struct passwd *pw;
	uid_t uid;
	int n, i;

	uid = spec_user(&s->spec);
	pw = getpwuid(uid);
	s->user = pw != NULL ? xstrdup(pw->pw_name)
			     : xasprintf("%ju", (uintmax_t)uid);
	s->home = xstrdup(pw != NULL ? pw->pw_dir : "/");
	s->shell = xstrdup(
	    pw != NULL && pw->pw_shell[0] != '\0' ? pw->pw_shell : "/bin/sh");
	s->wire.uid = s->wire.gid = WIRE_KEPT;
	if (uid == geteuid())
		return;
	s->wire.uid = uid;
	s->wire.gid = s->spec.gid != (gid_t)-1 ? s->spec.gid
	    : pw != NULL		       ? pw->pw_gid
					       : (gid_t)uid;
	n = GROUPS_MAX;
	if (pw == NULL ||
	    getgrouplist(pw->pw_name, s->wire.gid, groups, &n) == -1) {
		groups[0] = s->wire.gid;
		n = 1;
	}
	s->wire.groups = xcalloc((size_t)n, sizeof *s->wire.groups);
	for (i = 0; i < n; i++)
		s->wire.groups[i] = groups[i];
	s->wire.ngroups = (uint32_t)n;
}

/* The last content that a name is given stands. */
static void
env_set(struct environment *env, const char *name, const char *content)
{
	size_t i, size;

	size = strlen(name);
	for (i = 0; i < env->n; i++)
		if (strncmp(env->list[i], name, size) == 0 &&
		    env->list[i][size] == '=')
			break;
	if (i == env->n) {
		env->list =
		    xreallocarray(env->list, env->n + 2, sizeof *env->list);
		env->n++;
		env->list[env->n] = NULL;
	} else
		free(env->list[i]);
	env->list[i] = xasprintf("%s=%s", name, content);
}

static void
env_number(struct environment *env, const char *name, uint64_t number)
{
	char text[24];

	snprintf(text, sizeof text, "%" PRIu64, number);
	env_set(env, name, text);
}

/* Small and clean, then the task's own, then what weir says of the attempt. */
static void
make_environment(
    const struct callouts *c, const struct attempt *a, struct start *s)
{
	char text[WIRE_MARK_SIZE];
	struct wire_mark mark;
	struct environment *e;
	char *const *own;

	e = &s->env;
	env_set(e, "PATH", c->path);
	env_set(e, "HOME", s->home);
	env_set(e, "USER", s->user);
	env_set(e, "LOGNAME", s->user);
	env_set(e, "SHELL", s->shell);
	if (getenv("LANG") != NULL)
		env_set(e, "LANG", getenv("LANG"));
	for (own = s->spec.env; own != NULL && *own != NULL; own += 2)
		env_set(e, own[0], own[1]);
	env_number(e, "WEIR_EXECUTION", a->key.execution);
	env_set(e, "WEIR_WORKFLOW", s->spec.workflow);
	env_set(e, "WEIR_TASK", s->spec.task);
	if (a->key.item == CALLOUT_NO_ITEM)
		env_set(e, "WEIR_ITEM", "");
	else
		env_number(e, "WEIR_ITEM", a->key.item);
	env_number(e, "WEIR_ATTEMPT", a->key.attempt);
	env_set(e, "WEIR_SOCKET", c->socket_path);
	mark.runner = a->runner;
	mark.key = a->key;
	wire_mark_print(&mark, text);
	env_set(e, WIRE_MARK, text);
}

void
start_clean(const struct callouts *c, const struct attempt *a)
{
	char path[PATH_MAX];

	own_path(c, &a->key, ".stdin", path);
	unlink(path);
	own_path(c, &a->key, "", path);
	remove_tree(path);
}

/*
 * What stands below work/ for attempts that are not there any more: the daemon
 * was killed as it was about to be removed.
 */
void
work_sweep(struct callouts *c)
{
	char path[PATH_MAX];
	struct dirent *entry;
	struct wire_key key;
	DIR *dir;

	snprintf(path, sizeof path, "%s/work", c->state_dir);
	dir = opendir(path);
	if (dir == NULL)
		return;
	while ((entry = readdir(dir)) != NULL) {
		if (!key_of_name(entry->d_name, &key) ||
		    attempt_find(c, &key) != NULL)
			continue;
		snprintf(path, sizeof path, "%s/work/%s", c->state_dir,
		    entry->d_name);
		if (unlink(path) == -1)
			remove_tree(path);
	}
	closedir(dir);
}

/* Reads a name that own_path() has made; false for any other. */
static bool
key_of_name(const char *name, struct wire_key *key)
{
	char item[16];
	int end = -1;

	if (sscanf(name, "%" SCNu64 "-%" SCNu32 "-%15[a-z0-9]-%" SCNu32 "%n",
		&key->execution, &key->run, item, &key->attempt, &end) != 4)
		return false;
	key->item =
	    strcmp(item, "none") == 0 ? CALLOUT_NO_ITEM : (uint32_t)atoi(item);
	return name[end] == '\0' || strcmp(name + end, ".stdin") == 0;
}

/* As a reason tells it. */
static const char *
path_of(const struct callouts *c, const struct spec *s)
{
	char *const *own;

	for (own = s->env; own != NULL && *own != NULL; own += 2)
		if (strcmp(own[0], "PATH") == 0)
			return s->env_made ? "what env gives" : own[1];
	return c->path;
}

/* What each stage could not do, before the system's own words for why. */
static const char *const stages[] = {
    [WIRE_STAGE_MEMORY] = "the runner has no memory left",
    [WIRE_STAGE_STDIN] = "cannot open its standard input",
    [WIRE_STAGE_STDOUT] = "cannot open the log of its standard output",
    [WIRE_STAGE_STDERR] = "cannot open the log of its standard error",
    [WIRE_STAGE_PROCESS] = "cannot make a process for it",
    [WIRE_STAGE_SESSION] = "cannot give it a session of its own",
    [WIRE_STAGE_LIMIT] = "cannot set the limit",
    [WIRE_STAGE_NICE] = "cannot set the limit nice",
    [WIRE_STAGE_GROUPS] = "cannot give it the groups of its user",
    [WIRE_STAGE_GID] = "cannot give it the group of its user",
    [WIRE_STAGE_UID] = "cannot make it its user's",
    [WIRE_STAGE_PRIVILEGES] =
	"cannot keep it from new privileges (callouts.new_privileges)",
    [WIRE_STAGE_CHDIR] = "cannot change to directory",
    [WIRE_STAGE_EXEC] = "cannot run",
};

char *
start_failure(const struct callouts *c, const struct attempt *a)
{
	const struct wire_report *r;
	const char *why, *what, *program;
	char error[256], *reason;
	struct spec spec;

	r = &a->report;
	why = strerror(r->error);
	what = r->stage < sizeof stages / sizeof stages[0] ? stages[r->stage]
							   : "cannot start it";
	if (!spec_open(&spec, a->spec, error, sizeof error))
		reason = xasprintf("%s: %s", what, why);
	else if (r->stage == WIRE_STAGE_LIMIT)
		reason = xasprintf(
		    "%s %s: %s", what, spec_limit_name(r->detail), why);
	else if (r->stage == WIRE_STAGE_CHDIR)
		reason = xasprintf("%s %s: %s", what,
		    spec.cwd == NULL	? "of its own"
			: spec.cwd_made ? "that cwd gives"
					: spec.cwd,
		    why);
	else if (r->stage != WIRE_STAGE_EXEC)
		reason = xasprintf("%s: %s", what, why);
	else {
		program = spec.argv[0];
		if (strchr(program, '/') == NULL)
			reason = xasprintf("%s \"%s\": %s (PATH is %s)", what,
			    program, why, path_of(c, &spec));
		else if (r->error == ENOEXEC)
			reason = xasprintf("%s \"%s\": %s (a script begins "
					   "with #! and its interpreter)",
			    what, program, why);
		else
			reason = xasprintf("%s \"%s\": %s", what, program, why);
	}
	spec_close(&spec);
	return reason;
}
