/* links: libproto/frame.c libproto/scan.c libproto/header.c ; libs: */
/* proto_frame_test: messages out of a stream of bytes. */

#include <atf-c.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "libproto/frame.h"

static const struct scan_limits limits = {100000, 8, 1000};

static size_t put_string(char *, size_t);

/* A str32 of that many bytes. */
static size_t
put_string(char *at, size_t size)
{
	at[0] = (char)0xdb;
	at[1] = (char)(size >> 24);
	at[2] = (char)(size >> 16);
	at[3] = (char)(size >> 8);
	at[4] = (char)size;
	memset(at + 5, 'x', size);
	return size + 5;
}

ATF_TC_WITHOUT_HEAD(many_in_one_piece);
ATF_TC_BODY(many_in_one_piece, tc)
{
	struct frame frame;
	const char *bytes;
	size_t size;

	frame_init(&frame, &limits);
	ATF_REQUIRE(frame_append(&frame,
	    "\x01\x92\x02\x03\xa3"
	    "abc\x91",
	    9));
	ATF_REQUIRE_EQ(SCAN_COMPLETE, frame_take(&frame, &bytes, &size));
	ATF_CHECK(size == 1 && memcmp(bytes, "\x01", 1) == 0);
	ATF_REQUIRE_EQ(SCAN_COMPLETE, frame_take(&frame, &bytes, &size));
	ATF_CHECK(size == 3 && memcmp(bytes, "\x92\x02\x03", 3) == 0);
	ATF_REQUIRE_EQ(SCAN_COMPLETE, frame_take(&frame, &bytes, &size));
	ATF_CHECK(size == 4 &&
	    memcmp(bytes,
		"\xa3"
		"abc",
		4) == 0);
	ATF_REQUIRE_EQ(SCAN_MORE, frame_take(&frame, &bytes, &size));
	ATF_CHECK_EQ(1, frame_pending(&frame));
	ATF_REQUIRE(frame_append(&frame, "\x05", 1));
	ATF_REQUIRE_EQ(SCAN_COMPLETE, frame_take(&frame, &bytes, &size));
	ATF_CHECK(size == 2 && memcmp(bytes, "\x91\x05", 2) == 0);
	ATF_CHECK_EQ(SCAN_MORE, frame_take(&frame, &bytes, &size));
	ATF_CHECK_EQ(0, frame_pending(&frame));
	frame_free(&frame);
}

ATF_TC_WITHOUT_HEAD(drop_by_drop);
ATF_TC_BODY(drop_by_drop, tc)
{
	static char wire[90000];
	struct frame frame;
	const char *bytes;
	size_t size, length = put_string(wire, 80000), taken = 0;

	frame_init(&frame, &limits);
	for (unsigned round = 0; round < 2; round++)
		for (size_t i = 0; i < length; i++) {
			ATF_REQUIRE(frame_append(&frame, wire + i, 1));
			if (frame_take(&frame, &bytes, &size) == SCAN_MORE)
				continue;
			ATF_CHECK_EQ(length - 1, i);
			ATF_CHECK_EQ(length, size);
			ATF_CHECK_EQ(0, memcmp(wire, bytes, length));
			taken++;
		}
	ATF_CHECK_EQ(2, taken);
	frame_free(&frame);
}

ATF_TC_WITHOUT_HEAD(every_cut);
ATF_TC_BODY(every_cut, tc)
{
	static const char wire[] = "\x93\x01\xa5"
				   "hello\xcd\x01\x02\x81\x01\x02";
	const size_t length = sizeof(wire) - 1;

	for (size_t cut = 0; cut <= length; cut++) {
		struct frame frame;
		const char *bytes;
		size_t size, taken = 0;

		frame_init(&frame, &limits);
		ATF_REQUIRE(frame_append(&frame, wire, cut));
		while (frame_take(&frame, &bytes, &size) == SCAN_COMPLETE)
			taken += size;
		ATF_REQUIRE(frame_append(&frame, wire + cut, length - cut));
		while (frame_take(&frame, &bytes, &size) == SCAN_COMPLETE)
			taken += size;
		ATF_CHECK_EQ_MSG(length, taken, "cut at %zu", cut);
		frame_free(&frame);
	}
}

ATF_TC_WITHOUT_HEAD(gives_memory_back);
ATF_TC_BODY(gives_memory_back, tc)
{
	static char wire[90000];
	struct frame frame;
	const char *bytes;
	size_t size, length = put_string(wire, 80000);

	frame_init(&frame, &limits);
	ATF_REQUIRE(frame_append(&frame, wire, length));
	ATF_REQUIRE(frame_append(&frame, "\x92\x01", 2));
	ATF_CHECK(frame.capacity >= length);
	ATF_REQUIRE_EQ(SCAN_COMPLETE, frame_take(&frame, &bytes, &size));
	ATF_CHECK_EQ(0, memcmp(wire, bytes, length));
	ATF_REQUIRE_EQ(SCAN_MORE, frame_take(&frame, &bytes, &size));
	ATF_CHECK(frame.capacity <= FRAME_KEEP);
	ATF_REQUIRE(frame_append(&frame, "\x02", 1));
	ATF_REQUIRE_EQ(SCAN_COMPLETE, frame_take(&frame, &bytes, &size));
	ATF_CHECK(size == 3 && memcmp(bytes, "\x92\x01\x02", 3) == 0);
	frame_free(&frame);
}

ATF_TC_WITHOUT_HEAD(memory_is_bounded);
ATF_TC_BODY(memory_is_bounded, tc)
{
	static char wire[100005];
	struct frame frame;
	const char *bytes;
	size_t size, at = 0;

	frame_init(&frame, &limits);
	/* Just over the limit: refused with the header, before the rest. */
	(void)put_string(wire, 99996);
	ATF_REQUIRE(frame_append(&frame, wire, 5));
	ATF_CHECK_EQ(SCAN_TOO_BIG, frame_take(&frame, &bytes, &size));
	ATF_CHECK(frame.capacity <= FRAME_KEEP);
	frame_free(&frame);

	frame_init(&frame, &limits);
	ATF_REQUIRE_EQ(100000, put_string(wire, 99995));
	for (at = 0; at < 100000; at += 1000) {
		ATF_REQUIRE(frame_append(&frame, wire + at, 1000));
		ATF_CHECK(frame.capacity <= 2 * limits.size);
		ATF_CHECK_EQ(at == 99000 ? SCAN_COMPLETE : SCAN_MORE,
		    frame_take(&frame, &bytes, &size));
	}
	frame_free(&frame);
}

ATF_TC_WITHOUT_HEAD(refusal_is_final);
ATF_TC_BODY(refusal_is_final, tc)
{
	struct frame frame;
	const char *bytes;
	size_t size;

	frame_init(&frame, &limits);
	ATF_REQUIRE(frame_append(&frame, "\x01\xc1\x01", 3));
	ATF_CHECK_EQ(SCAN_COMPLETE, frame_take(&frame, &bytes, &size));
	ATF_CHECK_EQ(SCAN_INVALID, frame_take(&frame, &bytes, &size));
	ATF_CHECK_EQ(SCAN_INVALID, frame_take(&frame, &bytes, &size));
	ATF_CHECK(!frame_append(&frame, "\x01", 1));
	ATF_CHECK_EQ(EBADMSG, errno);
	frame_free(&frame);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, many_in_one_piece);
	ATF_TP_ADD_TC(tp, drop_by_drop);
	ATF_TP_ADD_TC(tp, every_cut);
	ATF_TP_ADD_TC(tp, gives_memory_back);
	ATF_TP_ADD_TC(tp, memory_is_bounded);
	ATF_TP_ADD_TC(tp, refusal_is_final);
	return atf_no_error();
}
