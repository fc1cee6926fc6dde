/* hostile: what hostile clients are made of */

#include "tests/hostile.h"

#include <sys/fsuid.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <atf-c.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libproto/message.h"
#include "libproto/unpack.h"
#include "tests/scratch_daemon.h"
#include "tests/transcript_json.h"

#define PATIENCE 120000 /* ms */
#define WINDOW 100	/* requests in flight; fewer than limits.requests */

static void take_answer(struct weir *);

int
hostile_dial(void)
{
	struct sockaddr_un address = {
	    .sun_family = AF_UNIX, .sun_path = SCRATCH_SOCKET};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	ATF_REQUIRE_MSG(fd != -1, "socket: %s", strerror(errno));
	while (connect(fd, (struct sockaddr *)&address, sizeof(address)) == -1)
		ATF_REQUIRE_MSG(errno == EAGAIN || errno == EINTR,
		    "connect: %s", strerror(errno));
	return fd;
}

/* The files' own user stays, for the scratch directory is root's. */
int
hostile_dial_as(uid_t uid)
{
	int fd;

	ATF_REQUIRE_EQ(0, seteuid(uid));
	(void)setfsuid(0);
	fd = hostile_dial();
	ATF_REQUIRE_EQ(0, seteuid(0));
	return fd;
}

bool
hostile_send(int fd, const void *bytes, size_t size)
{
	const char *at = bytes;

	while (size > 0) {
		ssize_t n = send(fd, at, size, MSG_NOSIGNAL);

		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return false;
		at += n;
		size -= (size_t)n;
	}
	return true;
}

bool
hostile_skim(int fd)
{
	char bytes[65536];
	ssize_t n;

	do
		n = recv(fd, bytes, sizeof(bytes), MSG_DONTWAIT);
	while (n > 0 || (n == -1 && errno == EINTR));
	return n == -1 && errno == EAGAIN;
}

char *
hostile_hear(int fd, size_t *size)
{
	char *text = NULL, *larger;
	ssize_t n;

	*size = 0;
	do {
		larger = realloc(text, *size + 65537);
		ATF_REQUIRE(larger != NULL);
		text = larger;
		n = recv(fd, text + *size, 65536, 0);
		if (n > 0)
			*size += (size_t)n;
	} while (n > 0 || (n == -1 && errno == EINTR));
	text[*size] = '\0';
	return text;
}

void
hostile_pack(msgpack_sbuffer *buffer, const char *params)
{
	msgpack_packer packer;

	msgpack_sbuffer_init(buffer);
	msgpack_packer_init(&packer, buffer, msgpack_sbuffer_write);
	json_to_msgpack(params, &packer);
}

void
hostile_request(msgpack_sbuffer *buffer, uint32_t id, const char *method,
    const char *params)
{
	msgpack_sbuffer packed;

	hostile_pack(&packed, params);
	ATF_REQUIRE(
	    message_request(buffer, id, method, packed.data, packed.size));
	msgpack_sbuffer_destroy(&packed);
}

void
hostile_requests(
    msgpack_sbuffer *buffer, unsigned n, const char *method, const char *params)
{
	msgpack_sbuffer packed;

	hostile_pack(&packed, params);
	for (unsigned i = 0; i < n; i++)
		ATF_REQUIRE(message_request(
		    buffer, i, method, packed.data, packed.size));
	msgpack_sbuffer_destroy(&packed);
}

uint64_t
hostile_call(struct weir *weir, const char *method, const char *params)
{
	struct weir_message answer;
	msgpack_sbuffer packed;
	msgpack_object result;
	msgpack_zone zone;
	uint64_t id = 0;
	int error;

	hostile_pack(&packed, params);
	error = weir_call(
	    weir, method, packed.data, packed.size, PATIENCE, &answer);
	msgpack_sbuffer_destroy(&packed);
	ATF_REQUIRE_EQ_MSG(WEIR_OK, error, "%s: %s", method,
	    error < 0 ? weir_strerror(error) : answer.text);
	ATF_REQUIRE(msgpack_zone_init(&zone, 4096));
	ATF_REQUIRE(unpack_value(answer.body, answer.size, &zone, &result));
	for (uint32_t i = 0;
	     result.type == MSGPACK_OBJECT_MAP && i < result.via.map.size;
	     i++) {
		const msgpack_object_kv *pair = &result.via.map.ptr[i];

		if (pair->key.via.str.size == 2 &&
		    memcmp(pair->key.via.str.ptr, "id", 2) == 0)
			id = pair->val.via.u64;
	}
	msgpack_zone_destroy(&zone);
	return id;
}

static void
take_answer(struct weir *weir)
{
	struct weir_message answer;

	ATF_REQUIRE_EQ(WEIR_OK, weir_receive(weir, PATIENCE, &answer));
	ATF_REQUIRE_EQ_MSG(0, answer.error, "execution.start: %s", answer.text);
}

void
hostile_populate(struct weir *weir, unsigned n, const char *params)
{
	msgpack_sbuffer packed;

	hostile_pack(&packed, params);
	for (unsigned i = 0; i < n + WINDOW; i++) {
		if (i < n)
			ATF_REQUIRE(weir_send(weir, "execution.start",
					packed.data, packed.size) >= 0);
		if (i >= WINDOW)
			take_answer(weir);
	}
	msgpack_sbuffer_destroy(&packed);
}
