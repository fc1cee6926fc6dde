/* links: tests/scratch_daemon.c libweir.a ; libs: msgpack libbsd-overlay */
/*
 * client_life_test: libweir with a daemon that comes, goes and stands still,
 * and in a process with signals.
 */

#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <atf-c.h>
#include <errno.h>
#include <msgpack.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "libproto/errors.h"
#include "libproto/weir.h"
#include "tests/scratch_daemon.h"

#define LARGE (64 * 1024 * 1024) /* bytes of an answer */
#define LONG_AFTER 60000	 /* ms */

static volatile sig_atomic_t alarms;

static struct weir *open_client(void);
static int listen_on(const char *, int backlog);

static struct weir *
open_client(void)
{
	struct weir *weir = weir_open(SCRATCH_SOCKET);

	ATF_REQUIRE_MSG(weir != NULL, "%s", strerror(errno));
	return weir;
}

static int
listen_on(const char *path, int backlog)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	ATF_REQUIRE(fd != -1);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	ATF_REQUIRE_EQ(
	    0, bind(fd, (struct sockaddr *)&address, sizeof(address)));
	ATF_REQUIRE_EQ(0, listen(fd, backlog));
	return fd;
}

ATF_TC_WITHOUT_HEAD(restart);
ATF_TC_BODY(restart, tc)
{
	struct weir_message message;
	struct weir *weir;

	scratch_daemon_start();
	weir = open_client();
	ATF_CHECK_EQ(0, weir_call(weir, "hello", NULL, 0, -1, &message));
	scratch_daemon_kill();
	ATF_CHECK_EQ(
	    WEIR_ECLOSED, weir_call(weir, "hello", NULL, 0, -1, &message));
	/* It stays so, whatever is tried, and nothing raises SIGPIPE. */
	scratch_daemon_start();
	ATF_CHECK_EQ(WEIR_ECLOSED, weir_send(weir, "hello", NULL, 0));
	ATF_CHECK_EQ(WEIR_ECLOSED, weir_receive(weir, 0, &message));
	ATF_CHECK(!weir_wants_write(weir));
	weir_close(weir);
	weir = open_client();
	ATF_CHECK_EQ(0, weir_call(weir, "hello", NULL, 0, -1, &message));
	scratch_daemon_stop();
	ATF_CHECK_EQ(WEIR_ECLOSED, weir_receive(weir, -1, &message));
	weir_close(weir);
}

ATF_TC_WITHOUT_HEAD(many_requests_to_a_dead_daemon);
ATF_TC_BODY(many_requests_to_a_dead_daemon, tc)
{
	struct weir_message message;
	struct weir *weir;

	scratch_daemon_start();
	weir = open_client();
	scratch_daemon_kill();
	for (int i = 0; i < 1000; i++)
		ATF_REQUIRE(weir_send(weir, "hello", NULL, 0) >= 0);
	ATF_CHECK_EQ(WEIR_ECLOSED, weir_receive(weir, -1, &message));
	weir_close(weir);
	/* Its runner goes with one that ends in good order. */
	scratch_daemon_start();
	scratch_daemon_stop();
}

ATF_TC_WITHOUT_HEAD(standing_still);
ATF_TC_BODY(standing_still, tc)
{
	struct weir_message message;
	struct weir *weir;

	scratch_daemon_start();
	weir = open_client();
	scratch_daemon_signal(SIGSTOP);
	ATF_CHECK_EQ(
	    WEIR_ETIMEOUT, weir_call(weir, "hello", NULL, 0, 50, &message));
	ATF_CHECK_EQ(WEIR_ETIMEOUT, weir_receive(weir, 0, &message));
	scratch_daemon_signal(SIGCONT);
	/* The answer to the first is nobody's by now. */
	ATF_CHECK_EQ(
	    0, weir_call(weir, "engine.status", NULL, 0, LONG_AFTER, &message));
	ATF_CHECK_EQ(WEIR_ETIMEOUT, weir_receive(weir, 0, &message));
	weir_close(weir);
	scratch_daemon_stop();
}

/* Linux alone lets a connecting process wait for a place. */
ATF_TC_WITHOUT_HEAD(no_place_to_connect);
ATF_TC_BODY(no_place_to_connect, tc)
{
	int listener = listen_on("full", 0);
	struct weir *taken[8], *weir;
	unsigned n = 0;

	while (n < 8 && (taken[n] = weir_open("full")) != NULL)
		n++;
	ATF_REQUIRE_MSG(n < 8, "a socket that nobody accepts from took %u", n);
	ATF_CHECK_MSG(
	    errno == ETIMEDOUT || errno == ECONNREFUSED, "%s", strerror(errno));
	close(listener);
	weir = weir_open("full");
	ATF_CHECK(weir == NULL);
	ATF_CHECK_EQ(ECONNREFUSED, errno);
	while (n-- > 0)
		weir_close(taken[n]);
}

static void
on_alarm(int signal)
{
	(void)signal;
	alarms = alarms + 1;
}

static void
interrupt_every(int us)
{
	struct itimerval timer = {{0, us}, {0, us}};
	struct sigaction action = {.sa_handler = on_alarm};

	ATF_REQUIRE_EQ(0, sigaction(SIGALRM, &action, NULL));
	ATF_REQUIRE_EQ(0, setitimer(ITIMER_REAL, &timer, NULL));
}

ATF_TC_WITHOUT_HEAD(no_place_and_signals);
ATF_TC_BODY(no_place_and_signals, tc)
{
	const struct itimerval off = {{0, 0}, {0, 0}};
	int listener = listen_on("full", 0);
	struct weir *taken[8];
	unsigned n = 0;

	interrupt_every(20000);
	while (n < 8 && (taken[n] = weir_open("full")) != NULL)
		n++;
	ATF_REQUIRE_MSG(n < 8, "a socket that nobody accepts from took %u", n);
	ATF_CHECK_MSG(
	    errno == ETIMEDOUT || errno == ECONNREFUSED, "%s", strerror(errno));
	ATF_REQUIRE_EQ(0, setitimer(ITIMER_REAL, &off, NULL));
	close(listener);
	while (n-- > 0)
		weir_close(taken[n]);
}

/* Handlers without SA_RESTART interrupt calls of the system, not of libweir. */
ATF_TC_WITHOUT_HEAD(signals);
ATF_TC_BODY(signals, tc)
{
	struct timespec before, after;
	struct weir_message message;
	struct weir *weir;
	unsigned calls = 0;

	scratch_daemon_start();
	interrupt_every(500);
	weir = open_client();
	while (alarms < 200 && calls < 100000) {
		ATF_REQUIRE_EQ(
		    0, weir_call(weir, "hello", NULL, 0, -1, &message));
		calls++;
	}
	alarms = 0;
	clock_gettime(CLOCK_MONOTONIC, &before);
	ATF_CHECK_EQ(WEIR_ETIMEOUT, weir_receive(weir, 300, &message));
	clock_gettime(CLOCK_MONOTONIC, &after);
	ATF_CHECK(alarms > 1);
	ATF_CHECK_MSG((after.tv_sec - before.tv_sec) * 1000 +
		    (after.tv_nsec - before.tv_nsec) / 1000000 >=
		299,
	    "it came back too early");
	interrupt_every(0);
	weir_close(weir);
	scratch_daemon_stop();
}

ATF_TC_WITHOUT_HEAD(no_request);
ATF_TC_BODY(no_request, tc)
{
	static const char a_list[] = "\x90", half[] = "\x82\x01",
			  two[] = "\x80\x80", reserved[] = "\x81\x01\xc1";
	static const struct {
		const char *bytes;
		size_t size;
	} bad[] = {{a_list, 1}, {half, 2}, {two, 2}, {reserved, 3}, {NULL, 7}};
	struct weir_message message;
	struct weir *weir;

	scratch_daemon_start();
	weir = open_client();
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		errno = 0;
		ATF_CHECK_EQ_MSG(WEIR_ESYSTEM,
		    weir_call(
			weir, "hello", bad[i].bytes, bad[i].size, -1, &message),
		    "parameters %zu", i);
		ATF_CHECK_EQ(EINVAL, errno);
	}
	ATF_CHECK_EQ(WEIR_ESYSTEM, weir_send(weir, NULL, NULL, 0));
	/* None of it has gone out. */
	ATF_CHECK(!weir_wants_write(weir));
	ATF_CHECK_EQ(0, weir_call(weir, "hello", "\x80", 1, -1, &message));
	ATF_CHECK_EQ(
	    400, weir_call(weir, "hello", "\x81\xa1x\x01", 4, -1, &message));
	ATF_CHECK_STREQ("bad_request", message.name);
	ATF_CHECK(strstr(message.text, "\"x\"") != NULL);
	weir_close(weir);
	scratch_daemon_stop();
}

/* A server that answers the first request with so many bytes, or says so. */
static pid_t
answer_with(size_t announced, size_t bytes)
{
	static char zeros[1 << 16];
	unsigned char head[] = {0x94, 1, 0, 0xc0, 0xc6,
	    (unsigned char)(announced >> 24), (unsigned char)(announced >> 16),
	    (unsigned char)(announced >> 8), (unsigned char)announced};
	int fd = listen_on("server", 1), peer;
	pid_t pid = fork();

	ATF_REQUIRE(pid != -1);
	if (pid > 0) {
		close(fd);
		return pid;
	}
	alarm(120);
	peer = accept(fd, NULL, NULL);
	if (read(peer, zeros, sizeof(zeros)) <= 0 ||
	    write(peer, head, sizeof(head)) != sizeof(head))
		_exit(1);
	memset(zeros, 0, sizeof(zeros));
	while (bytes > 0) {
		ssize_t n = send(peer, zeros,
		    bytes < sizeof(zeros) ? bytes : sizeof(zeros),
		    MSG_NOSIGNAL);

		if (n <= 0)
			_exit(2);
		bytes -= (size_t)n;
	}
	(void)!read(peer, zeros, sizeof(zeros));
	_exit(0);
}

ATF_TC_WITHOUT_HEAD(large_answers);
ATF_TC_BODY(large_answers, tc)
{
	struct weir_message message;
	struct weir *weir;
	int status;
	pid_t pid = answer_with(LARGE, LARGE);

	weir = weir_open("server");
	ATF_REQUIRE(weir != NULL);
	ATF_CHECK_EQ(0, weir_call(weir, "x", NULL, 0, -1, &message));
	ATF_CHECK_EQ(LARGE + 5, message.size);
	weir_close(weir);
	ATF_REQUIRE_EQ(pid, waitpid(pid, &status, 0));
	ATF_CHECK_EQ(0, status);
	unlink("server");

	/* Over what the library takes: refused as soon as it is announced. */
	pid = answer_with(256 * 1024 * 1024, 0);
	weir = weir_open("server");
	ATF_REQUIRE(weir != NULL);
	ATF_CHECK_EQ(
	    WEIR_EPROTOCOL, weir_call(weir, "x", NULL, 0, -1, &message));
	weir_close(weir);
	ATF_REQUIRE_EQ(pid, waitpid(pid, &status, 0));
	ATF_CHECK_EQ(0, status);
}

ATF_TC_WITHOUT_HEAD(every_error_has_words);
ATF_TC_BODY(every_error_has_words, tc)
{
	static const int codes[] = {
#define ERROR(code, suffix, name, meaning) code,
#include "libproto/errors.def"
#undef ERROR
	    WEIR_OK, WEIR_ESYSTEM, WEIR_ECLOSED, WEIR_EPROTOCOL, WEIR_ETIMEOUT};
	const size_t n = sizeof(codes) / sizeof(codes[0]);

	errno = EMFILE;
	for (size_t i = 0; i < n; i++) {
		ATF_CHECK_MSG(
		    strstr(weir_strerror(codes[i]), "does not know") == NULL,
		    "%d: %s", codes[i], weir_strerror(codes[i]));
		for (size_t j = 0; j < i; j++)
			ATF_CHECK_MSG(strcmp(weir_strerror(codes[i]),
					  weir_strerror(codes[j])) != 0,
			    "%d and %d: %s", codes[i], codes[j],
			    weir_strerror(codes[i]));
	}
	ATF_CHECK(strstr(weir_strerror(409), "status") != NULL);
	ATF_CHECK(strstr(weir_strerror(499), "does not know") != NULL);
	ATF_CHECK(strstr(weir_strerror(-99), "does not know") != NULL);
	ATF_CHECK(strcmp(weir_strerror(499), weir_strerror(-99)) != 0);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, restart);
	ATF_TP_ADD_TC(tp, many_requests_to_a_dead_daemon);
	ATF_TP_ADD_TC(tp, standing_still);
	ATF_TP_ADD_TC(tp, no_place_to_connect);
	ATF_TP_ADD_TC(tp, no_place_and_signals);
	ATF_TP_ADD_TC(tp, signals);
	ATF_TP_ADD_TC(tp, no_request);
	ATF_TP_ADD_TC(tp, large_answers);
	ATF_TP_ADD_TC(tp, every_error_has_words);
	return atf_no_error();
}
