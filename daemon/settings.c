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

#include "daemon/core/alloc.h"
#include "daemon/instance.h"
#include "daemon/log.h"
#include "daemon/settings.h"
#include "libproto/paths.h"

#define FILE_MAX (1024 * 1024) /* bytes of weird.conf */
/* What a runner's socket takes of a socket's path behind the directory. */
#define RUNNER_NAME_MAX 32
#define SOCKET_PATH_MAX (sizeof(((struct sockaddr_un *)0)->sun_path) - 1)
#define SYSTEM_STATE_DIR "/var/lib/weir"

struct complaints {
	const char *file;
	settings_complain *complain;
};

static void complain(settings_complain *, const char *, ...)
    __attribute__((format(printf, 2, 3)));
static void complain_at(void *, size_t, size_t, const char *);
static char *home_path(const char *, const char *, const char *);
static char *read_file(const char *, bool, size_t *, settings_complain *);
static void override(char **, const char *);
static bool fill_in(struct config *, settings_complain *);
static void log_complaint(const char *);
static void keep(const char *, char **, char **);
static bool paths_fit(const struct config *, settings_complain *);

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
settings_load(const struct options *options, settings_complain *tell)
{
	char *file = settings_file(options), *text;
	struct complaints complaints = {file, tell};
	struct config_errors errors = {complain_at, &complaints};
	struct config *config = config_new();
	bool ok = true;
	size_t size;

	text = read_file(file, options->config != NULL, &size, tell);
	ok = text != NULL && config_parse(config, text, size, &errors);
	free(text);
	free(file);
	override(&config->socket, options->socket);
	override(&config->state_dir, options->state_dir);
	if (options->verbose)
		config->log_level = LOG_LEVEL_DEBUG;
	if (ok && fill_in(config, tell))
		return config;
	config_free(config);
	return NULL;
}

static void
complain(settings_complain *tell, const char *format, ...)
{
	char message[PATH_MAX + 256];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(message, sizeof(message), format, arguments);
	va_end(arguments);
	tell(message);
}

static void
complain_at(void *ctx, size_t line, size_t column, const char *message)
{
	const struct complaints *complaints = ctx;

	complain(complaints->complain, "%s:%zu:%zu: %s", complaints->file, line,
	    column, message);
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
read_file(
    const char *path, bool required, size_t *size, settings_complain *tell)
{
	char *text = xmalloc(FILE_MAX);
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = 0;

	*size = 0;
	if (fd == -1 && errno == ENOENT && !required)
		return text;
	while (fd != -1 && (n = read(fd, text + *size, FILE_MAX - *size)) > 0)
		*size += (size_t)n;
	if (fd == -1 || n == -1)
		complain(tell, "%s: %s", path, strerror(errno));
	else if (*size == FILE_MAX)
		complain(tell, "%s: larger than %d bytes", path, FILE_MAX - 1);
	if (fd != -1)
		close(fd);
	if (fd != -1 && n == 0 && *size < FILE_MAX)
		return text;
	free(text);
	return NULL;
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
fill_in(struct config *config, settings_complain *tell)
{
	char socket[PATH_MAX];
	const char *runner = getenv("WEIR_RUNNER");

	if (config->state_dir == NULL)
		config->state_dir = geteuid() == 0
		    ? xstrdup(SYSTEM_STATE_DIR)
		    : home_path("XDG_STATE_HOME", ".local/state", "weir");
	if (config->socket == NULL) {
		if (!path_of_daemon_socket(geteuid(), socket, sizeof(socket))) {
			tell("XDG_RUNTIME_DIR: too long for a path");
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
paths_fit(const struct config *config, settings_complain *tell)
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

static void
log_complaint(const char *message)
{
	log_error("%s", message);
}

bool
settings_reload(struct config *config, const struct options *options)
{
	struct config *fresh = settings_load(options, log_complaint), old;

	if (fresh == NULL) {
		log_error("the configuration stays as it is");
		return false;
	}
	keep("socket", &config->socket, &fresh->socket);
	keep("state_dir", &config->state_dir, &fresh->state_dir);
	keep("runtime_dir", &config->runtime_dir, &fresh->runtime_dir);
	keep("pid_file", &config->pid_file, &fresh->pid_file);
	keep("callouts.runner", &config->callouts.runner,
	    &fresh->callouts.runner);
	keep("callouts.path", &config->callouts.path, &fresh->callouts.path);
	if (config->callouts.runners != fresh->callouts.runners ||
	    config->callouts.output_max != fresh->callouts.output_max ||
	    config->callouts.new_privileges != fresh->callouts.new_privileges ||
	    config->socket_mode != fresh->socket_mode)
		log_warn("callouts.runners, callouts.output_max, "
			 "callouts.new_privileges and socket_mode change with "
			 "the next start");
	old = *config; /* retention and callouts.log_max change at once */
	*config = *fresh;
	*fresh = old;
	config_free(fresh);
	return true;
}

/* Of a path in use the new one gives way. */
static void
keep(const char *name, char **used, char **fresh)
{
	char *path = *fresh;

	if (strcmp(*used, *fresh) != 0)
		log_warn("%s changes with the next start", name);
	*fresh = *used;
	*used = path;
}

bool
settings_make_socket_dir(const struct config *config, char *error, size_t size)
{
	char dir[PATH_MAX], usual[PATH_MAX];
	struct stat st;

	snprintf(dir, sizeof(dir), "%.*s",
	    (int)(strrchr(config->socket, '/') - config->socket),
	    config->socket);
	/* In /tmp somebody else may have made the usual one. */
	if (path_of_daemon_socket(geteuid(), usual, sizeof(usual)) &&
	    strcmp(usual, config->socket) == 0)
		return directory_make(
		    dir, geteuid() == 0 ? 0755 : 0700, error, size);
	if (dir[0] == '\0' || stat(dir, &st) == 0)
		return true; /* bind tells what is wrong with it */
	return directory_make(dir, 0755, error, size);
}
