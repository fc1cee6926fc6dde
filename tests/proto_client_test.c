/* links: libproto/client.c libproto/inbox.c libproto/paths.c libproto/frame.c libproto/message.c libproto/message_write.c libproto/errors.c libproto/scan.c libproto/header.c libproto/unpack.c ; libs: msgpack libbsd-overlay */
/* proto_client_test: libweir against servers that behave, and that do not. */

#include <atf-c.h>
#include <errno.h>
#include <msgpack.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libproto/frame.h"
#include "libproto/message.h"
#include "libproto/paths.h"
#include "libproto/weir.h"

#define SOCKET "server.sock"

/* The server's side of one connection. */
struct peer {
	int fd;
	struct frame in;
	msgpack_sbuffer out;
};

static int listen_on(const char *);
static pid_t serve(void (*)(struct peer *));
static void join(pid_t);
static uint32_t next_request(struct peer *);
static void flush_all(struct peer *);
static void answer(struct peer *, uint32_t, const char *, size_t);
static void raw(struct peer *, const char *, size_t);
static struct weir *open_client(void);

#define ANSWER(peer, id, literal) \
	answer((peer), (id), (literal), sizeof(literal) - 1)
#define RAW(peer, literal) raw((peer), (literal), sizeof(literal) - 1)
/* For the server's process, whose checks nobody would see. */
#define MUST(condition)                                                    \
	do {                                                               \
		if (!(condition)) {                                        \
			fprintf(stderr, "server: line %d: %s\n", __LINE__, \
			    #condition);                                   \
			_exit(1);                                          \
		}                                                          \
	} while (0)

static int
listen_on(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	ATF_REQUIRE(fd >= 0);
	unlink(path);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	ATF_REQUIRE_EQ(
	    0, bind(fd, (struct sockaddr *)&address, sizeof(address)));
	ATF_REQUIRE_EQ(0, listen(fd, 5));
	return fd;
}

/* Serves one connection in a process of its own. */
static pid_t
serve(void (*behave)(struct peer *))
{
	static const struct scan_limits limits = {1 << 20, 64, 10000};
	struct peer peer;
	int fd = listen_on(SOCKET);
	pid_t pid = fork();

	ATF_REQUIRE(pid >= 0);
	if (pid > 0) {
		close(fd);
		return pid;
	}
	alarm(60);
	frame_init(&peer.in, &limits);
	msgpack_sbuffer_init(&peer.out);
	peer.fd = accept(fd, NULL, NULL);
	MUST(peer.fd >= 0);
	behave(&peer);
	_exit(0);
}

static void
join(pid_t pid)
{
	int status;

	ATF_REQUIRE_EQ(pid, waitpid(pid, &status, 0));
	ATF_CHECK(WIFEXITED(status));
	ATF_CHECK_EQ(0, WEXITSTATUS(status));
}

static uint32_t
next_request(struct peer *peer)
{
	struct message message;
	const char *bytes, *why;
	char buffer[4096];
	size_t size;
	ssize_t n;

	while (frame_take(&peer->in, &bytes, &size) != SCAN_COMPLETE) {
		n = read(peer->fd, buffer, sizeof(buffer));
		MUST(n > 0);
		MUST(frame_append(&peer->in, buffer, (size_t)n));
	}
	MUST(message_parse(bytes, size, &message, &why));
	MUST(message.kind == MESSAGE_REQUEST);
	return message.id;
}

static void
flush_all(struct peer *peer)
{
	raw(peer, peer->out.data, peer->out.size);
	peer->out.size = 0;
}

static void
answer(struct peer *peer, uint32_t id, const char *result, size_t size)
{
	MUST(message_response(&peer->out, id, result, size));
	flush_all(peer);
}

static void
raw(struct peer *peer, const char *bytes, size_t size)
{
	while (size > 0) {
		ssize_t n = send(peer->fd, bytes, size, MSG_NOSIGNAL);

		MUST(n > 0);
		bytes += n;
		size -= (size_t)n;
	}
}

static struct weir *
open_client(void)
{
	struct weir *weir = weir_open(SOCKET);

	ATF_REQUIRE_MSG(weir != NULL, "%s", strerror(errno));
	return weir;
}

static void
answer_with_number(struct peer *peer)
{
	ANSWER(peer, next_request(peer), "\x2a");
}

ATF_TC_WITHOUT_HEAD(call);
ATF_TC_BODY(call, tc)
{
	pid_t pid = serve(answer_with_number);
	struct weir *weir = open_client();
	struct weir_message message;

	ATF_CHECK_EQ(0, weir_call(weir, "hello", NULL, 0, -1, &message));
	ATF_CHECK_EQ(WEIR_RESPONSE, message.kind);
	ATF_REQUIRE_EQ(1, message.size);
	ATF_CHECK_EQ(42, *(const char *)message.body);
	ATF_CHECK(message.name == NULL);
	weir_close(weir);
	join(pid);
}

static void
answer_backwards(struct peer *peer)
{
	uint32_t ids[50];
	char number;

	for (unsigned i = 0; i < 50; i++)
		ids[i] = next_request(peer);
	for (unsigned i = 50; i-- > 0;) {
		number = (char)i;
		answer(peer, ids[i], &number, 1);
	}
}

ATF_TC_WITHOUT_HEAD(answers_out_of_order);
ATF_TC_BODY(answers_out_of_order, tc)
{
	pid_t pid = serve(answer_backwards);
	struct weir *weir = open_client();
	struct weir_message message;
	int64_t ids[50];

	for (unsigned i = 0; i < 49; i++) {
		ids[i] = weir_send(weir, "x", "\x80", 1);
		ATF_REQUIRE(ids[i] >= 0);
	}
	ATF_CHECK(weir_wants_write(weir));
	/* The last is called; the others' answers are kept for later. */
	ATF_CHECK_EQ(0, weir_call(weir, "x", NULL, 0, -1, &message));
	ATF_CHECK_EQ(49, *(const char *)message.body);
	for (unsigned i = 49; i-- > 0;) {
		ATF_REQUIRE_EQ(WEIR_OK, weir_receive(weir, -1, &message));
		ATF_CHECK_EQ(ids[i], message.msgid);
		ATF_CHECK_EQ((char)i, *(const char *)message.body);
	}
	ATF_CHECK_EQ(WEIR_ECLOSED, weir_receive(weir, -1, &message));
	weir_close(weir);
	join(pid);
}

static void
notify_around(struct peer *peer)
{
	uint32_t id = next_request(peer);

	MUST(message_notification(&peer->out, "event", "\x81\x01\x01", 3));
	MUST(message_notification(&peer->out, "future", NULL, 0));
	/* An answer to nothing that was asked. */
	MUST(message_response(&peer->out, id + 1000, "\x07", 1));
	MUST(message_response(&peer->out, id, "\x2a", 1));
	MUST(message_notification(&peer->out, "event", "\x81\x01\x02", 3));
	flush_all(peer);
}

ATF_TC_WITHOUT_HEAD(notifications_are_kept_in_order);
ATF_TC_BODY(notifications_are_kept_in_order, tc)
{
	pid_t pid = serve(notify_around);
	struct weir *weir = open_client();
	struct weir_message message;

	ATF_CHECK_EQ(0, weir_call(weir, "x", NULL, 0, -1, &message));
	ATF_CHECK_EQ(42, *(const char *)message.body);
	ATF_REQUIRE_EQ(WEIR_OK, weir_receive(weir, -1, &message));
	ATF_CHECK_EQ(WEIR_NOTIFICATION, message.kind);
	ATF_CHECK_STREQ("event", message.method);
	ATF_REQUIRE_EQ(3, message.size);
	ATF_CHECK_EQ(1, ((const char *)message.body)[2]);
	ATF_REQUIRE_EQ(WEIR_OK, weir_receive(weir, -1, &message));
	ATF_CHECK_STREQ("future", message.method);
	ATF_CHECK_EQ(0, message.size);
	ATF_REQUIRE_EQ(WEIR_OK, weir_receive(weir, -1, &message));
	ATF_CHECK_STREQ("event", message.method);
	ATF_CHECK_EQ(2, ((const char *)message.body)[2]);
	ATF_CHECK_EQ(WEIR_ECLOSED, weir_receive(weir, -1, &message));
	weir_close(weir);
	join(pid);
}

static void
refuse(struct peer *peer)
{
	uint32_t id = next_request(peer);

	MUST(message_error(&peer->out, id, 409, "it has ended", "\x80", 1));
	flush_all(peer);
	id = next_request(peer);
	MUST(id < 128);
	RAW(peer, "\x94\x01");
	raw(peer, (const char[]){(char)id}, 1);
	RAW(peer, "\xa4oops\xc0");
}

ATF_TC_WITHOUT_HEAD(errors);
ATF_TC_BODY(errors, tc)
{
	pid_t pid = serve(refuse);
	struct weir *weir = open_client();
	struct weir_message message;

	ATF_CHECK_EQ(409, weir_call(weir, "x", NULL, 0, -1, &message));
	ATF_CHECK_EQ(409, message.error);
	ATF_CHECK_STREQ("state_conflict", message.name);
	ATF_CHECK_STREQ("it has ended", message.text);
	ATF_CHECK_EQ(1, message.size);
	ATF_CHECK_EQ(500, weir_call(weir, "x", NULL, 0, -1, &message));
	ATF_CHECK_STREQ("unknown", message.name);
	ATF_CHECK_STREQ("oops", message.text);
	weir_close(weir);
	join(pid);
}

static void
dribble(struct peer *peer)
{
	uint32_t id = next_request(peer);
	char body[300] = "\xda\x01\x29";

	MUST(message_notification(&peer->out, "event", "\x80", 1));
	MUST(message_response(&peer->out, id, body, sizeof(body)));
	for (size_t i = 0; i < peer->out.size; i++)
		raw(peer, peer->out.data + i, 1);
}

ATF_TC_WITHOUT_HEAD(one_byte_at_a_time);
ATF_TC_BODY(one_byte_at_a_time, tc)
{
	pid_t pid = serve(dribble);
	struct weir *weir = open_client();
	struct weir_message message;

	ATF_CHECK_EQ(0, weir_call(weir, "x", NULL, 0, -1, &message));
	ATF_CHECK_EQ(300, message.size);
	ATF_REQUIRE_EQ(WEIR_OK, weir_receive(weir, -1, &message));
	ATF_CHECK_STREQ("event", message.method);
	weir_close(weir);
	join(pid);
}

static void
answer_and_garbage(struct peer *peer)
{
	uint32_t id = next_request(peer);

	MUST(message_response(&peer->out, id, "\x2a", 1));
	MUST(msgpack_sbuffer_write(&peer->out, "\xc1\xc1", 2) == 0);
	flush_all(peer);
}

ATF_TC_WITHOUT_HEAD(garbage);
ATF_TC_BODY(garbage, tc)
{
	pid_t pid = serve(answer_and_garbage);
	struct weir *weir = open_client();
	struct weir_message message;

	/* What came in order before it still counts. */
	ATF_CHECK_EQ(0, weir_call(weir, "x", NULL, 0, -1, &message));
	ATF_CHECK_EQ(42, *(const char *)message.body);
	ATF_CHECK_EQ(WEIR_EPROTOCOL, weir_receive(weir, -1, &message));
	ATF_CHECK_EQ(WEIR_EPROTOCOL, weir_send(weir, "x", NULL, 0));
	ATF_CHECK_EQ(
	    WEIR_EPROTOCOL, weir_call(weir, "x", NULL, 0, -1, &message));
	weir_close(weir);
	join(pid);
}

static void
not_a_message(struct peer *peer)
{
	(void)next_request(peer);
	RAW(peer, "\x94\x00\x01\xa1x\x90");
}

ATF_TC_WITHOUT_HEAD(no_message);
ATF_TC_BODY(no_message, tc)
{
	pid_t pid = serve(not_a_message);
	struct weir *weir = open_client();
	struct weir_message message;

	ATF_CHECK_EQ(
	    WEIR_EPROTOCOL, weir_call(weir, "x", NULL, 0, -1, &message));
	weir_close(weir);
	join(pid);
}

static void
close_in_the_middle(struct peer *peer)
{
	(void)next_request(peer);
	RAW(peer,
	    "\x93\x02\xa5"
	    "event\x90\x94\x01\x00\xc0\xda\x01");
}

ATF_TC_WITHOUT_HEAD(closed_in_the_middle);
ATF_TC_BODY(closed_in_the_middle, tc)
{
	pid_t pid = serve(close_in_the_middle);
	struct weir *weir = open_client();
	struct weir_message message;

	ATF_CHECK_EQ(WEIR_ECLOSED, weir_call(weir, "x", NULL, 0, -1, &message));
	/* What was whole is there all the same. */
	ATF_CHECK_EQ(WEIR_OK, weir_receive(weir, -1, &message));
	ATF_CHECK_STREQ("event", message.method);
	ATF_CHECK_EQ(WEIR_ECLOSED, weir_receive(weir, -1, &message));
	weir_close(weir);
	join(pid);
}

/* Says why and closes, without having read anything. */
static void
turn_away(struct peer *peer)
{
	RAW(peer,
	    "\x93\x02\xa3"
	    "bye\x90");
}

ATF_TC_WITHOUT_HEAD(closed_before_writing);
ATF_TC_BODY(closed_before_writing, tc)
{
	pid_t pid = serve(turn_away);
	struct weir *weir = open_client();
	struct weir_message message;

	join(pid);
	ATF_CHECK_EQ(WEIR_ECLOSED, weir_call(weir, "x", NULL, 0, -1, &message));
	ATF_REQUIRE_EQ(WEIR_OK, weir_receive(weir, -1, &message));
	ATF_CHECK_STREQ("bye", message.method);
	weir_close(weir);
}

/* Answers the first request only once the second has come. */
static void
answer_late(struct peer *peer)
{
	uint32_t first = next_request(peer), second = next_request(peer);

	ANSWER(peer, first, "\x01");
	ANSWER(peer, second, "\x02");
}

ATF_TC_WITHOUT_HEAD(timeout);
ATF_TC_BODY(timeout, tc)
{
	pid_t pid = serve(answer_late);
	struct weir *weir = open_client();
	struct weir_message message;

	ATF_CHECK_EQ(WEIR_ETIMEOUT, weir_receive(weir, 0, &message));
	ATF_CHECK_EQ(
	    WEIR_ETIMEOUT, weir_call(weir, "x", NULL, 0, 20, &message));
	/* The answer that nobody waits for any more is passed over. */
	ATF_CHECK_EQ(0, weir_call(weir, "x", NULL, 0, -1, &message));
	ATF_CHECK_EQ(2, *(const char *)message.body);
	ATF_CHECK_EQ(WEIR_ECLOSED, weir_receive(weir, -1, &message));
	weir_close(weir);
	join(pid);
}

/* Writes a megabyte before it reads one. */
static void
answer_much(struct peer *peer)
{
	static char body[1000003] = "\xc6\x00\x0f\x42\x3e";

	for (unsigned i = 0; i < 20; i++)
		answer(peer, next_request(peer), body, sizeof(body));
}

ATF_TC_WITHOUT_HEAD(both_directions_full);
ATF_TC_BODY(both_directions_full, tc)
{
	static char params[300008];
	pid_t pid = serve(answer_much);
	struct weir *weir = open_client();
	struct weir_message message;

	/* {"a": 300,000 bytes} */
	memcpy(params,
	    "\x81\xa1"
	    "a\xc6\x00\x04\x93\xe0",
	    8);
	for (unsigned i = 0; i < 20; i++)
		ATF_REQUIRE(weir_send(weir, "x", params, sizeof(params)) >= 0);
	for (unsigned i = 0; i < 20; i++) {
		ATF_REQUIRE_EQ(WEIR_OK, weir_receive(weir, -1, &message));
		ATF_CHECK_EQ(1000003, message.size);
	}
	ATF_CHECK(!weir_wants_write(weir));
	weir_close(weir);
	join(pid);
}

static void
answer_many(struct peer *peer)
{
	for (unsigned i = 0; i < 5000; i++)
		ANSWER(peer, next_request(peer), "\x01");
}

ATF_TC_WITHOUT_HEAD(in_an_event_loop);
ATF_TC_BODY(in_an_event_loop, tc)
{
	pid_t pid = serve(answer_many);
	struct weir *weir = open_client();
	struct weir_message message;
	unsigned sent = 0, got = 0;

	while (got < 5000) {
		struct pollfd pollfd = {
		    .fd = weir_descriptor(weir), .events = POLLIN};
		int error;

		for (; sent < 5000 && sent < got + 100; sent++)
			ATF_REQUIRE(weir_send(weir, "x", NULL, 0) >= 0);
		if (weir_wants_write(weir))
			pollfd.events |= POLLOUT;
		ATF_REQUIRE(poll(&pollfd, 1, 30000) > 0);
		while ((error = weir_receive(weir, 0, &message)) == WEIR_OK)
			got++;
		ATF_REQUIRE(error == WEIR_ETIMEOUT ||
		    (error == WEIR_ECLOSED && got == 5000));
	}
	weir_close(weir);
	join(pid);
}

ATF_TC_WITHOUT_HEAD(nobody_there);
ATF_TC_BODY(nobody_there, tc)
{
	char path[300];

	ATF_CHECK(weir_open("no-such-socket") == NULL);
	ATF_CHECK_EQ(ENOENT, errno);
	close(listen_on(SOCKET));
	ATF_CHECK(weir_open(SOCKET) == NULL);
	ATF_CHECK_EQ(ECONNREFUSED, errno);
	memset(path, 'a', sizeof(path));
	path[sizeof(path) - 1] = '\0';
	ATF_CHECK(weir_open(path) == NULL);
	ATF_CHECK_EQ(ENAMETOOLONG, errno);
	weir_close(NULL);
}

ATF_TC_WITHOUT_HEAD(which_socket);
ATF_TC_BODY(which_socket, tc)
{
	char here[200], path[300], small[5], own[300];
	int fd;

	ATF_REQUIRE(getcwd(here, sizeof(here)) != NULL);
	ATF_REQUIRE_EQ(0, setenv("XDG_RUNTIME_DIR", here, 1));
	ATF_REQUIRE_EQ(0, setenv("WEIR_SOCKET", "/from/environment", 1));
	ATF_CHECK_EQ(1, weir_socket_path("/given", path, sizeof(path)));
	ATF_CHECK_STREQ("/given", path);
	ATF_CHECK_EQ(0, weir_socket_path("/given", small, sizeof(small)));
	ATF_CHECK_EQ(1, weir_socket_path(NULL, path, sizeof(path)));
	ATF_CHECK_STREQ("/from/environment", path);
	ATF_REQUIRE_EQ(0, setenv("WEIR_SOCKET", "", 1));
	ATF_CHECK_EQ(1, weir_socket_path("", path, sizeof(path)));
	ATF_CHECK_STREQ(WEIR_SYSTEM_SOCKET, path);

	ATF_REQUIRE(path_of_daemon_socket(0, path, sizeof(path)));
	ATF_CHECK_STREQ(WEIR_SYSTEM_SOCKET, path);
	ATF_REQUIRE(path_of_daemon_socket(4321, own, sizeof(own)));
	snprintf(path, sizeof(path), "%s/weir/weird.sock", here);
	ATF_CHECK_STREQ(path, own);
	ATF_CHECK(!path_of_daemon_socket(4321, small, sizeof(small)));

	/* A user's own daemon goes first, where there is its socket. */
	(void)mkdir("weir", 0700);
	fd = listen_on("weir/weird.sock");
	ATF_CHECK_EQ(1, weir_socket_path(NULL, path, sizeof(path)));
	ATF_CHECK_STREQ(getuid() == 0 ? WEIR_SYSTEM_SOCKET : own, path);
	close(fd);
	ATF_REQUIRE_EQ(0, unsetenv("XDG_RUNTIME_DIR"));
	ATF_REQUIRE(path_of_daemon_socket(4321, own, sizeof(own)));
	ATF_CHECK_STREQ("/tmp/weir-4321/weird.sock", own);
}

ATF_TC_WITHOUT_HEAD(words_for_failures);
ATF_TC_BODY(words_for_failures, tc)
{
	errno = ENOENT;
	ATF_CHECK_STREQ(strerror(ENOENT), weir_strerror(WEIR_ESYSTEM));
	ATF_CHECK_STREQ(
	    "the daemon closed the connection", weir_strerror(WEIR_ECLOSED));
	ATF_CHECK_STREQ("no answer in time", weir_strerror(WEIR_ETIMEOUT));
	ATF_CHECK(strstr(weir_strerror(WEIR_EPROTOCOL), "protocol") != NULL);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, call);
	ATF_TP_ADD_TC(tp, answers_out_of_order);
	ATF_TP_ADD_TC(tp, notifications_are_kept_in_order);
	ATF_TP_ADD_TC(tp, errors);
	ATF_TP_ADD_TC(tp, one_byte_at_a_time);
	ATF_TP_ADD_TC(tp, garbage);
	ATF_TP_ADD_TC(tp, no_message);
	ATF_TP_ADD_TC(tp, closed_in_the_middle);
	ATF_TP_ADD_TC(tp, closed_before_writing);
	ATF_TP_ADD_TC(tp, timeout);
	ATF_TP_ADD_TC(tp, both_directions_full);
	ATF_TP_ADD_TC(tp, in_an_event_loop);
	ATF_TP_ADD_TC(tp, nobody_there);
	ATF_TP_ADD_TC(tp, which_socket);
	ATF_TP_ADD_TC(tp, words_for_failures);
	return atf_no_error();
}
