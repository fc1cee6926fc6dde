/*
 * journal_dir: which directory, and that no daemon writes to it meanwhile.
 */
#include "ctl/journal_dir.h"

#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "daemon/instance.h"
#include "daemon/settings.h"

static int usual(char[PATH_MAX]);
static void complain(void *, const char *);
static int resolve(const char *, struct journal_dir *);
static int share(struct journal_dir *);

int
journal_dir_open(const char *given, struct journal_dir *dir)
{
	char path[PATH_MAX];
	int status;

	dir->lock = -1;
	if (given == NULL) {
		if ((status = usual(path)) != 0)
			return status;
		given = path;
	}
	if ((status = resolve(given, dir)) != 0)
		return status;
	return share(dir);
}

bool
journal_dir_is_none(const struct journal_dir *dir, uint64_t files)
{
	if (files > 0)
		return false;
	warnx("%s: there is no journal here; it is the directory journal in "
	      "weird's state_dir",
	    dir->path);
	return true;
}

void
journal_dir_close(struct journal_dir *dir)
{
	if (dir->lock >= 0)
		close(dir->lock);
}

static int
usual(char path[PATH_MAX])
{
	const struct options options = {.config = NULL};
	struct config *config = settings_load(&options, complain, NULL);
	int length;

	if (config == NULL)
		return EX_CONFIG;
	length = snprintf(path, PATH_MAX, "%s/journal", config->state_dir);
	config_free(config);
	if (length < PATH_MAX)
		return 0;
	warnx("state_dir: too long for a path");
	return EX_CONFIG;
}

static void
complain(void *ctx, const char *message)
{
	(void)ctx;
	warnx("%s", message);
}

static int
resolve(const char *given, struct journal_dir *dir)
{
	char *real = realpath(given, NULL);
	struct stat st;
	size_t length;

	if (real == NULL || stat(real, &st) == -1) {
		warn("%s", given);
		free(real);
		return errno == EACCES ? EX_NOPERM : EX_NOINPUT;
	}
	length = strlen(real);
	if (length < sizeof(dir->path))
		memcpy(dir->path, real, length + 1);
	free(real);
	if (length < sizeof(dir->path) && S_ISDIR(st.st_mode))
		return 0;
	warnx("%s: not a directory", given);
	return EX_NOINPUT;
}

/* weird's lock is beside the directory, which it calls "journal". */
static int
share(struct journal_dir *dir)
{
	char state[PATH_MAX], error[PATH_MAX + 256];
	char *slash;
	pid_t holder;

	memcpy(state, dir->path, strlen(dir->path) + 1);
	slash = strrchr(state, '/');
	if (strcmp(slash, "/journal") != 0)
		return 0;
	*slash = '\0';
	dir->lock = instance_share(state, &holder, error, sizeof(error));
	if (dir->lock != -1)
		return 0;
	if (holder == 0) {
		warnx("%s", error);
		return EX_NOINPUT;
	}
	warnx("%s: weird (pid %ld) is at work in it; end that first (\"weirctl "
	      "engine stop\" lets callouts go on), or look at it with \"weird "
	      "-n\"",
	    dir->path, (long)holder);
	return EX_TEMPFAIL;
}
