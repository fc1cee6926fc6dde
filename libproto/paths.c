/* paths: where weird's socket is. */

#include "libproto/paths.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool put(char *, size_t, const char *);
static bool is_own_socket(const char *, uid_t);

bool
path_of_daemon_socket(uid_t uid, char *buffer, size_t size)
{
	const char *runtime = getenv("XDG_RUNTIME_DIR");
	int length;

	if (uid == 0)
		return put(buffer, size, WEIR_SYSTEM_SOCKET);
	if (runtime != NULL && *runtime == '/')
		length = snprintf(buffer, size, "%s/weir/weird.sock", runtime);
	else
		length = snprintf(buffer, size, "/tmp/weir-%lu/weird.sock",
		    (unsigned long)uid);
	return length >= 0 && (size_t)length < size;
}

bool
path_of_client_socket(const char *given, char *buffer, size_t size)
{
	if (given == NULL || *given == '\0')
		given = getenv("WEIR_SOCKET");
	if (given != NULL && *given != '\0')
		return put(buffer, size, given);
	if (path_of_daemon_socket(getuid(), buffer, size) &&
	    is_own_socket(buffer, getuid()))
		return true;
	return put(buffer, size, WEIR_SYSTEM_SOCKET);
}

static bool
put(char *buffer, size_t size, const char *path)
{
	if (strlen(path) >= size)
		return false;
	memcpy(buffer, path, strlen(path) + 1);
	return true;
}

/* Somebody else may have been first in /tmp. */
static bool
is_own_socket(const char *path, uid_t uid)
{
	struct stat st;

	return lstat(path, &st) == 0 && S_ISSOCK(st.st_mode) &&
	    st.st_uid == uid;
}
