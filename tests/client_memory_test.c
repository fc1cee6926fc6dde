/* links: libproto/client.c libproto/inbox.c libproto/paths.c libproto/frame.c libproto/message.c libproto/message_write.c libproto/errors.c libproto/scan.c libproto/header.c libproto/unpack.c ; libs: msgpack libbsd-overlay */
/*
 * client_memory_test: each allocation of the client library fails in turn.  The
 * function says so, never ends the process, and leaves nothing behind.  (The
 * linker puts the functions below in the place of the C library's.)
 */

#include <sys/socket.h>
#include <sys/un.h>

#include <atf-c.h>
#include <errno.h>
#include <malloc.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libproto/message.h"
#include "libproto/weir.h"

#define TEXT 100000 /* bytes of a result, so that buffers have to grow */

void *__real_malloc(size_t);
void *__real_calloc(size_t, size_t);
void *__real_realloc(void *, size_t);
void __real_free(void *);
void *__wrap_malloc(size_t);
void *__wrap_calloc(size_t, size_t);
void *__wrap_realloc(void *, size_t);
void __wrap_free(void *);

static unsigned countdown; /* the call that makes it 0 fails; 0: none */
static unsigned calls, struck, harmless;
static int blocks; /* that are not freed */

static bool
fails(void)
{
	calls++;
	if (countdown == 0 || --countdown > 0)
		return false;
	struck++;
	errno = ENOMEM;
	return true;
}

void *
__wrap_malloc(size_t n)
{
	void *p = fails() ? NULL : __real_malloc(n);

	blocks += p != NULL;
	return p;
}

void *
__wrap_calloc(size_t n, size_t size)
{
	void *p = fails() ? NULL : __real_calloc(n, size);

	blocks += p != NULL;
	return p;
}

void *
__wrap_realloc(void *before, size_t n)
{
	bool is_less = before != NULL && malloc_usable_size(before) > n;
	void *p = fails() ? NULL : __real_realloc(before, n);

	/* To give memory back may fail and be no error. */
	if (p == NULL && is_less)
		harmless++;

	blocks += before == NULL && p != NULL;
	return p;
}

void
__wrap_free(void *p)
{
	blocks -= p != NULL;
	__real_free(p);
}

static int
listen_here(void)
{
	struct sockaddr_un address = {
	    .sun_family = AF_UNIX, .sun_path = "sock"};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	ATF_REQUIRE(fd != -1);
	ATF_REQUIRE_EQ(
	    0, bind(fd, (struct sockaddr *)&address, sizeof(address)));
	ATF_REQUIRE_EQ(0, listen(fd, 4));
	return fd;
}

/* Says, before it is asked: an event, and the answer to the first question. */
static int
speak(int listener, const msgpack_sbuffer *said)
{
	int peer = accept(listener, NULL, NULL);

	ATF_REQUIRE(peer != -1);
	ATF_REQUIRE_EQ(
	    (ssize_t)said->size, write(peer, said->data, said->size));
	return peer;
}

/* The answer to the second question: true. */
static void
answer(int peer)
{
	static const char bytes[] = {(char)0x94, 1, 1, (char)0xc0, (char)0xc3};

	ATF_REQUIRE_EQ(
	    (ssize_t)sizeof(bytes), write(peer, bytes, sizeof(bytes)));
}

static void
prepare(msgpack_sbuffer *said)
{
	static char result[TEXT + 5];
	char *text = result;

	text[0] = (char)0xdb; /* a long string */
	text[1] = 0;
	text[2] = (char)(TEXT >> 16);
	text[3] = (char)(TEXT >> 8 & 0xff);
	text[4] = (char)(TEXT & 0xff);
	memset(text + 5, 'x', TEXT);
	ATF_REQUIRE(message_notification_begin(said, "event"));
	ATF_REQUIRE_EQ(0, msgpack_sbuffer_write(said, "\x80", 1));
	ATF_REQUIRE(message_response(said, 0, result, sizeof(result)));
}

/* An error is one that says that there was no memory. */
static bool
went_well(int error)
{
	if (error < 0) {
		ATF_CHECK_EQ_MSG(WEIR_ESYSTEM, error, "%d", error);
		ATF_CHECK_EQ(ENOMEM, errno);
		ATF_CHECK_STREQ("Cannot allocate memory", weir_strerror(error));
	}
	return error >= 0;
}

/* The life of a connection. */
static bool
live(int listener, const msgpack_sbuffer *said)
{
	static char params[TEXT];
	struct weir_message message;
	struct weir *weir = weir_open("sock");
	bool well;
	int peer;

	if (weir == NULL) {
		ATF_CHECK_EQ(ENOMEM, errno);
		return false;
	}
	params[0] = (char)0x80;
	peer = speak(listener, said);
	well = went_well(weir_call(
		   weir, "engine.status", params, 1, 10000, &message)) &&
	    message.size == TEXT + 5;
	answer(peer);
	well = well &&
	    went_well((int)weir_send(weir, "engine.status", NULL, 0)) &&
	    went_well(weir_receive(weir, 10000, &message)) &&
	    message.kind == WEIR_NOTIFICATION &&
	    went_well(weir_receive(weir, 10000, &message)) &&
	    message.kind == WEIR_RESPONSE && message.msgid == 1;
	weir_close(weir);
	close(peer);
	return well;
}

ATF_TC(client);
ATF_TC_HEAD(client, tc)
{
	atf_tc_set_md_var(
	    tc, "descr", "each allocation of the client library fails in turn");
}
ATF_TC_BODY(client, tc)
{
	msgpack_sbuffer said;
	int listener = listen_here(), before;
	unsigned n, all;
	bool well;

	(void)tc;
	msgpack_sbuffer_init(&said);
	prepare(&said);
	before = blocks;
	calls = 0;
	ATF_REQUIRE(live(listener, &said));
	all = calls;
	ATF_REQUIRE(all > 5);
	for (n = 1; n <= all; n++) {
		countdown = n;
		struck = harmless = 0;
		well = live(listener, &said);
		countdown = 0;
		ATF_CHECK_EQ_MSG(1, struck, "allocation %u", n);
		ATF_CHECK_MSG(
		    well == (harmless > 0), "nobody noticed allocation %u", n);
		ATF_CHECK_EQ_MSG(before, blocks,
		    "allocation %u: %d blocks are left", n, blocks - before);
	}
	printf("%u allocations, each failed once\n", all);
	msgpack_sbuffer_destroy(&said);
	close(listener);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, client);
	return atf_no_error();
}
