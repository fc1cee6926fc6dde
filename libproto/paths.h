/*
 * paths: where weird's socket is, for the daemon and for those who look for it.
 *
 * Needs nothing but libc.
 */
#ifndef WEIR_PATHS_H
#define WEIR_PATHS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#ifndef WEIR_SYSTEM_SOCKET
#ifdef __linux__
#define WEIR_SYSTEM_SOCKET "/run/weir/weird.sock"
#else
#define WEIR_SYSTEM_SOCKET "/var/run/weir/weird.sock"
#endif
#endif

/*
 * Where the daemon of this user listens unless told otherwise: root's is the
 * system's, WEIR_SYSTEM_SOCKET; anyone else's is weir/weird.sock in
 * $XDG_RUNTIME_DIR, or /tmp/weir-UID/weird.sock where there is no such
 * directory.  False when it does not fit.
 */
bool path_of_daemon_socket(uid_t, char *, size_t);
/*
 * Which socket a client uses: the path given, else $WEIR_SOCKET, else that of
 * the user's own daemon where it exists and is the user's own, else the
 * system's.  False when it does not fit.
 */
bool path_of_client_socket(const char *given, char *, size_t);

#endif
