/*
 * settings: the configuration with everything filled in: what the file says,
 * what the command line says instead, and what is usual for who runs weird.
 */
#ifndef WEIR_SETTINGS_H
#define WEIR_SETTINGS_H

#include <stdbool.h>

#include "daemon/config.h"
#include "daemon/options.h"
#include "daemon/place.h"

/*
 * The file to read: the one given, else that of root or of the user.  The
 * caller frees it.
 */
char *settings_file(const struct options *);

/* Told of each error: "/etc/weir/weird.conf:3:1: ...". */
typedef void settings_complain(void *ctx, const char *);

/*
 * Reads the file; one that was not asked for may be missing.  NULL when there
 * were errors.  All paths of what comes back are set.
 */
struct config *
settings_load(const struct options *, settings_complain *, void *ctx);

#define SETTINGS_FIXED_MAX 16

/* What has become of reading the file again. */
struct reloaded {
	char error[2048];			 /* why nothing has changed */
	const char *restart[SETTINGS_FIXED_MAX]; /* keys that need one */
	unsigned nrestart;
};

/*
 * Reads the file again and takes over what can change while the daemon runs:
 * roles, limits, what is shown, the log's level; what can't stays as it is, and
 * is named.  A file with errors changes nothing, and gives false; each is
 * logged.
 */
bool
settings_reload(struct config *, const struct options *, struct reloaded *);

/*
 * Makes the directory that the socket is in where it is missing, and checks
 * that nobody else can replace the socket.  A sentence where it is not good.
 */
enum place settings_make_socket_dir(const struct config *, char *, size_t);

#endif
