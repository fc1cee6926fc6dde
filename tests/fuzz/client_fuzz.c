/* links: libweir.a ; libs: msgpack */
/*
 * client_fuzz: what a daemon, or whoever has its place, may send to a client
 * of libweir: the client gets messages, or an error, and nothing else happens.
 */

#include <sys/socket.h>
#include <sys/un.h>

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libproto/weir.h"

#define REQUESTS 3 /* that wait for an answer */

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static struct sockaddr_un address = {.sun_family = AF_UNIX};
static int listener = -1;

static void
require(int condition)
{
	if (!condition)
		abort();
}

static void
remove_socket(void)
{
	unlink(address.sun_path);
}

static void
be_a_daemon(void)
{
	snprintf(address.sun_path, sizeof(address.sun_path),
	    "/tmp/client_fuzz.%d", (int)getpid());
	listener = socket(AF_UNIX, SOCK_STREAM, 0);
	require(listener != -1);
	unlink(address.sun_path);
	require(
	    bind(listener, (struct sockaddr *)&address, sizeof(address)) == 0);
	require(listen(listener, 1) == 0);
	atexit(remove_socket);
}

/* All bytes, and then the end. */
static void
send_all(const uint8_t *bytes, size_t size)
{
	int fd = accept(listener, NULL, NULL);

	require(fd != -1);
	(void)!send(fd, bytes, size, MSG_NOSIGNAL | MSG_DONTWAIT);
	shutdown(fd, SHUT_WR);
	close(fd);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct weir_message message;
	struct weir *weir;
	int error;

	if (listener == -1)
		be_a_daemon();
	weir = weir_open(address.sun_path);
	require(weir != NULL);
	for (int i = 0; i < REQUESTS; i++)
		require(weir_send(weir, "hello", NULL, 0) >= 0);
	(void)weir_receive(weir, 0, &message);
	send_all(bytes, size);
	/* Each message has a byte at least. */
	for (size_t n = 0; n <= size; n++) {
		error = weir_receive(weir, 1000, &message);
		if (error != WEIR_OK)
			break;
		require(message.error == 0 ||
		    (message.name != NULL && message.text != NULL));
		require(
		    message.kind == WEIR_RESPONSE || message.method != NULL);
		require(message.size == 0 || message.body != NULL);
	}
	require(error < 0 && error != WEIR_ETIMEOUT);
	weir_close(weir);
	return 0;
}
