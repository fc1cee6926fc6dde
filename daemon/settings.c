/* settings: configuration, command line and defaults put together */

#include <sys/stat.h>
#include <sys/un.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/config_key.h"
#include "daemon/core/alloc.h"
#include "daemon/log.h"
#include "daemon/settings.h"
#include "libproto/paths.h"

#define FILE_MAX (1024 * 1024) /* bytes of weird.conf */
/* What a runner's socket takes of a socket's path behind the directory. */
#define RUNNER_NAME_MAX 32
#define SOCKET_PATH_MAX (sizeof(((struct sockaddr_un *)0)->sun_path) - 1)
#define SYSTEM_STATE_DIR "/var/lib/weir"

/* Whom to tell of errors. */
struct complaints {
	const char *file;
	settings_complain *complain;
	void *ctx;
};

/* What changes with the next start alone. */
static const char *const fixed[] = {"socket", "socket_mode", "state_dir",
    "runtime_dir", "pid_file", "journal.segment_size", "callouts.runners",
    "callouts.runner", "callouts.path", "callouts.output_max",
    "callouts.new_privileges"};
#define FIXED (sizeof(fixed) / sizeof(fixed[0]))
_Static_assert(FIXED <= SETTINGS_FIXED_MAX, "a reload names them all");

static void complain(const struct complaints *, const char *, ...)
    __attribute__((format(printf, 2, 3)));
static void complain_at(void *, size_t, size_t, const char *);
static char *home_path(const char *, const char *, const char *);
static char *read_file(const char *, bool, size_t *, const struct complaints *);
static int open_file(const char *, bool, const struct complaints *);
static void override(char **, const char *);
static bool fill_in(struct config *, const struct complaints *);
static void note_complaint(void *, const char *);
static bool keep(const struct config_key *, struct config *, struct config *);
static bool paths_fit(const struct config *, const struct complaints *);

char *
settings_file(const struct options *options)
{
	if (options->config != NULL)
		return xstrdup(options->config);
	if (geteuid() == 0)
		return xstrdup(WEIR_SYSCONFDIR "/weir/weird.conf");
	return home_path("XDG_CONFIG_HOME", ".config", "weir/weird.conf");
}

struct config *
settings_load(const struct options *options, settings_complain *tell, void *ctx)
{
	char *file = settings_file(options), *text;
	struct complaints complaints = {file, tell, ctx};
	struct config_errors errors = {complain_at, &complaints};
	struct config *config = config_new();
	bool ok = true;
	size_t size;

	text = read_file(file, options->config != NULL, &size, &complaints);
	ok = text != NULL && config_parse(config, text, size, &errors);
	free(text);
	override(&config->socket, options->socket);
	override(&config->state_dir, options->state_dir);
	if (options->verbose)
		config->log_level = LOG_LEVEL_DEBUG;
	ok = ok && fill_in(config, &complaints);
	free(file);
	if (ok)
		return config;
	config_free(config);
	return NULL;
}

static void
complain(const struct complaints *complaints, const char *format, ...)
{
	char message[PATH_MAX + 256];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(message, sizeof(message), format, arguments);
	va_end(arguments);
	complaints->complain(complaints->ctx, message);
}

static void
complain_at(void *ctx, size_t line, size_t column, const char *message)
{
	const struct complaints *complaints = ctx;

	complain(complaints, "%s:%zu:%zu: %s", complaints->file, line, column,
	    message);
}

/* Below the directory that the variable names, or the one in the home. */
static char *
home_path(const char *variable, const char *usual, const char *rest)
{
	const char *base = getenv(variable), *home = getenv("HOME");
	const struct passwd *entry;

	if (base != NULL && *base == '/')
		return xasprintf("%s/%s", base, rest);
	if (home == NULL || *home != '/') {
		/* cppcheck-suppress getpwuidCalled ; no other thread does */
		entry = getpwuid(geteuid());
		home = entry != NULL ? entry->pw_dir : "/nonexistent";
	}
	return xasprintf("%s/%s/%s", home, usual, rest);
}

/* NULL when there was an error; an optional file that is missing is empty. */
static char *
read_file(const char *path, bool required, size_t *size,
    const struct complaints *tell)
{
	char *text;
	int fd = open_file(path, required, tell);
	ssize_t n = 0;

	*size = 0;
	if (fd < -1)
		return NULL;
	text = xmalloc(FILE_MAX);
	if (fd == -1)
		return text;
	while ((n = read(fd, text + *size, FILE_MAX - *size)) > 0)
		*size += (size_t)n;
	if (n == -1)
		complain(tell, "%s: %s", path, strerror(errno));
	else if (*size == FILE_MAX)
		complain(tell, "%s: larger than %d bytes", path, FILE_MAX - 1);
	close(fd);
	if (n == 0 && *size < FILE_MAX)
		return text;
	free(text);
	return NULL;
}

/*
 * -1: it is not there, and need not be; less: there was an error.  Whoever can
 * write it could make themselves admins.  One that would block is none.
 */
static int
open_file(const char *path, bool required, const struct complaints *tell)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	char why[256];

	if (fd == -1 && errno == ENOENT && !required)
		return -1;
	if (fd == -1 || fstat(fd, &st) == -1)
		complain(tell, "%s: %s", path, strerror(errno));
	else if (!S_ISREG(st.st_mode) && !S_ISCHR(st.st_mode))
		complain(tell, "%s: it must be a file, not a %s", path,
		    S_ISDIR(st.st_mode) ? "directory" : "pipe or socket");
	else if (!place_is_trusted(&st, why, sizeof(why)))
		complain(tell, "%s: %s", path, why);
	else
		return fd;
	if (fd != -1)
		close(fd);
	return -2;
}

static void
override(char **setting, const char *given)
{
	if (given == NULL)
		return;
	free(*setting);
	*setting = xstrdup(given);
}

static bool
fill_in(struct config *config, const struct complaints *tell)
{
	char socket[PATH_MAX];
	const char *runner = getenv("WEIR_RUNNER");

	if (config->state_dir == NULL)
		config->state_dir = geteuid() == 0
		    ? xstrdup(SYSTEM_STATE_DIR)
		    : home_path("XDG_STATE_HOME", ".local/state", "weir");
	if (config->socket == NULL) {
		if (!path_of_daemon_socket(geteuid(), socket, sizeof(socket))) {
			complain(tell, "XDG_RUNTIME_DIR: too long for a path");
			return false;
		}
		config->socket = xstrdup(socket);
	}
	if (config->runtime_dir == NULL)
		config->runtime_dir = xasprintf("%s/run", config->state_dir);
	if (config->pid_file == NULL)
		config->pid_file = xasprintf("%.*s/weird.pid",
		    (int)(strrchr(config->socket, '/') - config->socket),
		    config->socket);
	if (config->callouts.runner == NULL)
		config->callouts.runner = xstrdup(
		    runner != NULL && *runner != '\0' ? runner
						      : WEIR_RUNNER_PATH);
	return paths_fit(config, tell);
}

static bool
paths_fit(const struct config *config, const struct complaints *tell)
{
	size_t runtime_max = SOCKET_PATH_MAX - RUNNER_NAME_MAX;

	if (strlen(config->socket) > SOCKET_PATH_MAX) {
		complain(tell,
		    "the socket's path is longer than the %zu bytes that the "
		    "system allows: %s; give a shorter one with -s or socket:",
		    SOCKET_PATH_MAX, config->socket);
		return false;
	}
	if (strlen(config->runtime_dir) > runtime_max) {
		complain(tell,
		    "the directory for the runners' sockets is longer than "
		    "%zu bytes: %s; give a shorter runtime_dir: in weird.conf",
		    runtime_max, config->runtime_dir);
		return false;
	}
	return true;
}

/* As many as there is room for. */
static void
note_complaint(void *ctx, const char *message)
{
	struct reloaded *reloaded = ctx;
	size_t used = strlen(reloaded->error);

	log_error("%s", message);
	snprintf(reloaded->error + used, sizeof(reloaded->error) - used, "%s%s",
	    used > 0 ? "; " : "", message);
}

bool
settings_reload(struct config *config, const struct options *options,
    struct reloaded *reloaded)
{
	struct config *fresh, old;

	memset(reloaded, 0, sizeof(*reloaded));
	fresh = settings_load(options, note_complaint, reloaded);
	if (fresh == NULL) {
		log_error("the configuration stays as it is");
		return false;
	}
	for (size_t i = 0; i < config_nkeys; i++)
		if (keep(&config_keys[i], config, fresh))
			reloaded->restart[reloaded->nrestart++] =
			    config_keys[i].name;
	for (unsigned i = 0; i < reloaded->nrestart; i++)
		log_warn(
		    "%s changes with the next start", reloaded->restart[i]);
	old = *config;
	*config = *fresh;
	*fresh = old;
	config_free(fresh);
	return true;
}

/*
 * Of what can't change the fresh one gets what is in use; whether it would have
 * changed.
 */
static bool
keep(const struct config_key *key, struct config *used, struct config *fresh)
{
	void *before = (char *)used + key->offset;
	void *after = (char *)fresh + key->offset;
	char *path;
	size_t i;

	for (i = 0; i < FIXED && strcmp(fixed[i], key->name) != 0; i++)
		;
	if (i == FIXED)
		return false;
	if (key->type == CONFIG_BOOL) {
		bool changes = *(bool *)before != *(bool *)after;

		*(bool *)after = *(bool *)before;
		return changes;
	}
	if (key->type != CONFIG_PATH && key->type != CONFIG_TEXT) {
		if (*(int64_t *)before == *(int64_t *)after)
			return false;
		*(int64_t *)after = *(int64_t *)before;
		return true;
	}
	path = *(char **)after;
	*(char **)after = *(char **)before;
	*(char **)before = path; /* is freed with what else was in use */
	return strcmp(*(char **)after, path) != 0;
}

enum place
settings_make_socket_dir(const struct config *config, char *error, size_t size)
{
	char dir[PATH_MAX], usual[PATH_MAX];

	snprintf(dir, sizeof(dir), "%.*s",
	    (int)(strrchr(config->socket, '/') - config->socket),
	    config->socket);
	/* In /tmp somebody else may have made the usual one. */
	if (path_of_daemon_socket(geteuid(), usual, sizeof(usual)) &&
	    strcmp(usual, config->socket) == 0)
		return place_own(
		    dir, geteuid() == 0 ? 0755 : 0700, error, size);
	return place_way(dir, error, size);
}
