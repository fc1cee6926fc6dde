/*
 * settings: the configuration with everything filled in: what the file says,
 * what the command line says instead, and what is usual for who runs weird.
 */
#ifndef WEIR_SETTINGS_H
#define WEIR_SETTINGS_H

#include <stdbool.h>

#include "daemon/config.h"
#include "daemon/options.h"

/*
 * The file to read: the one given, else that of root or of the user.  The
 * caller frees it.
 */
char *settings_file(const struct options *);

/* Told of each error: "/etc/weir/weird.conf:3:1: ...". */
typedef void settings_complain(const char *);

/*
 * Reads the file; one that was not asked for may be missing.  NULL when there
 * were errors.  All paths of what comes back are set.
 */
struct config *settings_load(const struct options *, settings_complain *);
/*
 * Reads the file again and takes over what can change while the daemon runs:
 * roles, limits, what is shown, the log's level.  A file with errors changes
 * nothing, which is logged, and gives false.
 */
bool settings_reload(struct config *, const struct options *);

/*
 * Makes the directory that the socket is in where it is missing.  False with a
 * sentence.
 */
bool settings_make_socket_dir(const struct config *, char *, size_t);

#endif
