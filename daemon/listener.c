/* listener: accepts clients */

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/core/alloc.h"
#include "daemon/listener.h"
#include "daemon/log_limited.h"
#include "daemon/loop.h"

#define BACKLOG 128
#define ACCEPTS 4	/* at a time: others are not to wait for a flood */
#define PAUSE_SECONDS 1 /* without descriptors, when nobody closes one here */

struct listener {
	int fd;
	char *path;
	dev_t device; /* of the socket in the file system, */
	ino_t inode;  /* which somebody may have replaced */
	struct event *readable;
	struct event *pause;
	listener_accept *accept;
	void *ctx;
};

static int bind_socket(const char *, mode_t, char *, size_t);
static bool is_free(const struct sockaddr_un *, char *, size_t);
static void on_readable(evutil_socket_t, short, void *);
static void on_pause_over(evutil_socket_t, short, void *);

struct listener *
listener_open(struct event_base *base, const char *path, mode_t mode,
    listener_accept *accept, void *ctx, char *error, size_t size)
{
	struct listener *listener;
	struct stat st;
	int fd = bind_socket(path, mode, error, size);

	if (fd == -1)
		return NULL;
	listener = xcalloc(1, sizeof(*listener));
	listener->fd = fd;
	listener->path = xstrdup(path);
	if (lstat(path, &st) == 0) {
		listener->device = st.st_dev;
		listener->inode = st.st_ino;
	}
	listener->accept = accept;
	listener->ctx = ctx;
	listener->readable =
	    loop_event(base, fd, EV_READ | EV_PERSIST, on_readable, listener);
	listener->pause = loop_event(base, -1, 0, on_pause_over, listener);
	loop_add(listener->readable, NULL);
	return listener;
}

static int
bind_socket(const char *path, mode_t mode, char *error, size_t size)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	mode_t before;
	int fd;

	strncpy(address.sun_path, path, sizeof(address.sun_path) - 1);
	if (!is_free(&address, error, size))
		return -1;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd == -1) {
		snprintf(error, size, "socket: %s", strerror(errno));
		return -1;
	}
	/* Nobody may connect before the mode is what it is to be. */
	before = umask(0777 & ~mode);
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0 &&
	    chmod(path, mode) == 0 && listen(fd, BACKLOG) == 0) {
		umask(before);
		return fd;
	}
	snprintf(error, size, "can't listen on %s: %s", path, strerror(errno));
	umask(before);
	close(fd);
	return -1;
}

/* Removes a socket on which nobody answers. */
static bool
is_free(const struct sockaddr_un *address, char *error, size_t size)
{
	const char *path = address->sun_path;
	struct stat st;
	bool answers;
	int fd;

	if (lstat(path, &st) == -1)
		return true; /* bind tells of anything but ENOENT */
	if (!S_ISSOCK(st.st_mode)) {
		snprintf(error, size, "%s is there, and is no socket", path);
		return false;
	}
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	answers = fd == -1 ||
	    connect(fd, (const struct sockaddr *)address, sizeof(*address)) ==
		0 ||
	    errno != ECONNREFUSED;
	if (fd != -1)
		close(fd);
	if (answers)
		snprintf(error, size,
		    "another process listens on the socket %s", path);
	else if (unlink(path) == -1)
		snprintf(error, size, "can't remove the stale socket %s: %s",
		    path, strerror(errno));
	else
		return true;
	return false;
}

static void
on_readable(evutil_socket_t fd, short what, void *ctx)
{
	static const struct log_about about = {
	    LOG_KIND_ACCEPT, LOG_OF_NOBODY, LOG_LEVEL_WARN};
	struct listener *listener = ctx;
	struct timeval pause = {.tv_sec = PAUSE_SECONDS};
	int client = -1;

	(void)what;
	for (int i = 0; i < ACCEPTS; i++) {
		client = accept4(fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (client == -1)
			break;
		listener->accept(listener->ctx, client);
	}
	if (client != -1)
		return;
	if (errno != EMFILE && errno != ENFILE && errno != ENOBUFS &&
	    errno != ENOMEM)
		return;
	log_limited(
	    &about, "can't accept clients for a moment: %s", strerror(errno));
	event_del(listener->readable);
	loop_add(listener->pause, &pause);
}

static void
on_pause_over(evutil_socket_t fd, short what, void *ctx)
{
	(void)fd;
	(void)what;
	listener_resume(ctx);
}

void
listener_resume(struct listener *listener)
{
	if (!event_pending(listener->pause, EV_TIMEOUT, NULL) &&
	    event_pending(listener->readable, EV_READ, NULL))
		return;
	event_del(listener->pause);
	loop_add(listener->readable, NULL);
}

void
listener_close(struct listener *listener)
{
	struct stat st;

	if (listener == NULL)
		return;
	if (lstat(listener->path, &st) == 0 && st.st_dev == listener->device &&
	    st.st_ino == listener->inode)
		unlink(listener->path);
	event_free(listener->readable);
	event_free(listener->pause);
	close(listener->fd);
	free(listener->path);
	free(listener);
}
