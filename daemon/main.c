/* weird: the daemon's command line; all else is in server.c */

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "daemon/check.h"
#include "daemon/core/alloc.h"
#include "daemon/core/lifecycle.h"
#include "daemon/instance.h"
#include "daemon/log.h"
#include "daemon/loop.h"
#include "daemon/options.h"
#include "daemon/role_names.h"
#include "daemon/runner/harden.h"
#include "daemon/server.h"
#include "daemon/settings.h"
#include "daemon/tables.h"

static void complain(void *, const char *);
static void warn_of(void *, const char *);
static int check(const struct options *, const struct config *);
static void go(struct server *, const struct options *, struct config *);

int
main(int argc, char **argv)
{
	struct options options;
	struct config *config;
	struct server server;
	char *pid_file;
	int status = 0;

	harden_descriptors();
	loop_begin();
	options_parse(&options, argc, argv);
	if (options.tables || options.version) {
		if (options.version)
			printf("weird %s\n", WEIR_VERSION);
		else if (options.mdoc)
			tables_print_mdoc(stdout);
		else
			tables_print(stdout);
		return 0;
	}
	config = settings_load(&options, complain, NULL);
	if (config == NULL) {
		options_free(&options);
		return EX_CONFIG;
	}
	if (options.check) {
		status = check(&options, config);
		config_free(config);
	} else {
		pid_file = xstrdup(config->pid_file);
		go(&server, &options, config);
		server_run(&server);
		server_close(&server);
		/* The state directory's lock is held as long as the process. */
		if (!options.foreground)
			pid_file_remove(pid_file);
		free(pid_file);
	}
	options_free(&options);
	return status;
}

static void
complain(void *ctx, const char *message)
{
	(void)ctx;
	fprintf(stderr, "%s\n", message);
}

static void
warn_of(void *ctx, const char *message)
{
	(void)ctx;
	log_warn("%s", message);
}

static int
check(const struct options *options, const struct config *config)
{
	char *file = settings_file(options);

	printf("%s: %s\n", file,
	    access(file, F_OK) == 0 ? "ok" : "not there; the defaults are ok");
	printf("socket %s\nstate_dir %s\nruntime_dir %s\n", config->socket,
	    config->state_dir, config->runtime_dir);
	free(file);
	fflush(stdout);
	role_names_check(config, complain, NULL);
	return options->check_config ? 0 : check_journal(config);
}

/* Comes back when the daemon listens, in the background unless told not to. */
static void
go(struct server *server, const struct options *options, struct config *config)
{
	char error[1024];
	int parent = -1;

	log_open(options->foreground ? LOG_TO_STDERR : LOG_TO_BOTH,
	    (enum log_level)config->log_level);
	role_names_check(config, warn_of, NULL);
	if (!options->foreground)
		parent = daemon_begin();
	umask(022);
	harden_memory();
	if (!config->callouts.new_privileges && !harden_privileges()) {
		log_error("callouts.new_privileges: false can't be had here: "
			  "%s; leave it true",
		    strerror(errno));
		exit(EX_UNAVAILABLE);
	}
	/* Before there are threads, each of which has its own. */
	harden_capabilities(
	    config->callouts.new_privileges ? HARDEN_DAEMON : HARDEN_BOTH);
	server_open(server, options, config);
	if (options->foreground)
		return;
	if (!pid_file_write(config->pid_file, error, sizeof(error))) {
		log_error("%s", error);
		exit(EX_CANTCREAT);
	}
	if (chdir("/") == -1)
		log_warn("can't go to /");
	log_open(LOG_TO_SYSLOG, (enum log_level)config->log_level);
	daemon_ready(parent);
}
