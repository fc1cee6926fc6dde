/* links: libproto/scan.c libproto/header.c libproto/unpack.c ; libs: msgpack */
/* proto_scan_test: what is refused before anything is allocated. */

#include <atf-c.h>
#include <msgpack.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "libproto/header.h"
#include "libproto/scan.h"
#include "libproto/unpack.h"

static const struct scan_limits limits = {1024, 8, 100};

static enum scan_result scan_whole(const void *, size_t, size_t *);
static enum scan_result scan_in_drops(const void *, size_t, size_t *);
static size_t pack_everything(char *, size_t);

#define SCAN(literal) scan_whole(literal, sizeof(literal) - 1, &used)

static enum scan_result
scan_whole(const void *bytes, size_t size, size_t *used)
{
	struct scan scan;

	scan_start(&scan, &limits);
	return scan_next(&scan, bytes, size, used);
}

/* Each byte in an allocation of its own, so that reading past it is seen. */
static enum scan_result
scan_in_drops(const void *bytes, size_t size, size_t *total)
{
	enum scan_result result = SCAN_MORE;
	struct scan scan;
	size_t used;

	scan_start(&scan, &limits);
	*total = 0;
	for (size_t i = 0; i < size && result == SCAN_MORE; i++) {
		char *drop = malloc(1);

		ATF_REQUIRE(drop != NULL);
		*drop = ((const char *)bytes)[i];
		result = scan_next(&scan, drop, 1, &used);
		ATF_CHECK_EQ(result == SCAN_INVALID ? used : 1, used);
		*total += used;
		free(drop);
	}
	return result;
}

/* One of every type, in a list. */
static size_t
pack_everything(char *bytes, size_t size)
{
	msgpack_sbuffer buffer;
	msgpack_packer packer;
	size_t used;

	msgpack_sbuffer_init(&buffer);
	msgpack_packer_init(&packer, &buffer, msgpack_sbuffer_write);
	msgpack_pack_array(&packer, 16);
	msgpack_pack_nil(&packer);
	msgpack_pack_true(&packer);
	msgpack_pack_int(&packer, 5);
	msgpack_pack_int(&packer, -5);
	msgpack_pack_int(&packer, 300);
	msgpack_pack_int64(&packer, INT64_MIN);
	msgpack_pack_uint64(&packer, UINT64_MAX);
	msgpack_pack_float(&packer, 1.5F);
	msgpack_pack_double(&packer, 2.5);
	msgpack_pack_str(&packer, 40);
	msgpack_pack_str_body(
	    &packer, "0123456789012345678901234567890123456789", 40);
	msgpack_pack_bin(&packer, 3);
	msgpack_pack_bin_body(&packer, "abc", 3);
	msgpack_pack_ext(&packer, 4, 7);
	msgpack_pack_ext_body(&packer, "wxyz", 4);
	msgpack_pack_ext(&packer, 5, -7);
	msgpack_pack_ext_body(&packer, "vwxyz", 5);
	msgpack_pack_map(&packer, 1);
	msgpack_pack_int(&packer, 1);
	msgpack_pack_array(&packer, 0);
	msgpack_pack_array(&packer, 0);
	msgpack_pack_map(&packer, 0);
	used = buffer.size;
	ATF_REQUIRE(used <= size);
	memcpy(bytes, buffer.data, used);
	msgpack_sbuffer_destroy(&buffer);
	return used;
}

ATF_TC_WITHOUT_HEAD(finds_the_end);
ATF_TC_BODY(finds_the_end, tc)
{
	char bytes[512];
	size_t size = pack_everything(bytes, sizeof(bytes) - 3), used;

	memset(bytes + size, 0xc1, 3);
	ATF_CHECK_EQ(SCAN_COMPLETE, scan_whole(bytes, size + 3, &used));
	ATF_CHECK_EQ(size, used);
	ATF_CHECK_EQ(SCAN_COMPLETE, scan_in_drops(bytes, size + 3, &used));
	ATF_CHECK_EQ(size, used);
	for (size_t cut = 0; cut < size; cut++) {
		ATF_CHECK_EQ(SCAN_MORE, scan_whole(bytes, cut, &used));
		ATF_CHECK_EQ(cut, used);
		ATF_CHECK(!scan_is_value(bytes, cut, &limits));
	}
	ATF_CHECK(scan_is_value(bytes, size, &limits));
	ATF_CHECK(!scan_is_value(bytes, size + 1, &limits));
}

ATF_TC_WITHOUT_HEAD(resumes_anywhere);
ATF_TC_BODY(resumes_anywhere, tc)
{
	char bytes[512];
	size_t size = pack_everything(bytes, sizeof(bytes)), used;
	struct scan scan;

	for (size_t cut = 0; cut <= size; cut++) {
		scan_start(&scan, &limits);
		if (cut < size)
			ATF_CHECK_EQ(
			    SCAN_MORE, scan_next(&scan, bytes, cut, &used));
		else
			ATF_CHECK_EQ(
			    SCAN_COMPLETE, scan_next(&scan, bytes, cut, &used));
		ATF_CHECK_EQ(cut, used);
		ATF_CHECK_EQ(SCAN_COMPLETE,
		    scan_next(&scan, bytes + cut, size - cut, &used));
		ATF_CHECK_EQ(size - cut, used);
	}
}

ATF_TC_WITHOUT_HEAD(every_first_byte);
ATF_TC_BODY(every_first_byte, tc)
{
	for (unsigned first = 0; first < 256; first++) {
		char bytes[300];
		enum scan_result result;
		size_t used;

		/* Zeros: lengths of zero, or values after a short header. */
		memset(bytes, 0, sizeof(bytes));
		bytes[0] = (char)first;
		result = scan_whole(bytes, sizeof(bytes), &used);
		if (first == 0xc1)
			ATF_CHECK_EQ(SCAN_INVALID, result);
		else
			ATF_CHECK_EQ_MSG(
			    SCAN_COMPLETE, result, "0x%02x", first);
	}
}

/* The header alone is enough to say no. */
ATF_TC_WITHOUT_HEAD(refuses_at_the_header);
ATF_TC_BODY(refuses_at_the_header, tc)
{
	size_t used;

	ATF_CHECK_EQ(SCAN_TOO_MANY, SCAN("\xdd\x10\x00\x00\x00"));
	ATF_CHECK_EQ(SCAN_TOO_MANY, SCAN("\xdd\xff\xff\xff\xff"));
	ATF_CHECK_EQ(SCAN_TOO_MANY, SCAN("\xdf\x10\x00\x00\x00"));
	ATF_CHECK_EQ(SCAN_TOO_MANY, SCAN("\xdf\xff\xff\xff\xff"));
	ATF_CHECK_EQ(SCAN_TOO_MANY, SCAN("\xdf\x80\x00\x00\x00"));
	ATF_CHECK_EQ(SCAN_TOO_BIG, SCAN("\xdb\xff\xff\xff\xff"));
	ATF_CHECK_EQ(SCAN_TOO_BIG, SCAN("\xc6\xff\xff\xff\xff"));
	ATF_CHECK_EQ(SCAN_TOO_BIG, SCAN("\xc9\xff\xff\xff\xff"));
	ATF_CHECK_EQ(SCAN_TOO_BIG, SCAN("\xda\x04\x00"));
	ATF_CHECK_EQ(SCAN_MORE, SCAN("\xda\x03\xfd"));
	ATF_CHECK_EQ(SCAN_MORE, SCAN("\xdd\x10\x00\x00"));
	ATF_CHECK_EQ(SCAN_INVALID, SCAN("\x92\x01\xc1"));
}

ATF_TC_WITHOUT_HEAD(elements_add_up);
ATF_TC_BODY(elements_add_up, tc)
{
	size_t used;

	/* 100 in all: 2 and 98. */
	ATF_CHECK_EQ(SCAN_MORE, SCAN("\x92\xdc\x00\x62"));
	ATF_CHECK_EQ(SCAN_TOO_MANY, SCAN("\x92\xdc\x00\x63"));
	/* 49 pairs are 98, 50 are 100. */
	ATF_CHECK_EQ(SCAN_MORE, SCAN("\x92\xde\x00\x31"));
	ATF_CHECK_EQ(SCAN_TOO_MANY, SCAN("\x92\xde\x00\x32"));
}

/* What is owed takes room, even before it is there. */
ATF_TC_WITHOUT_HEAD(size_counts_what_is_owed);
ATF_TC_BODY(size_counts_what_is_owed, tc)
{
	static const struct scan_limits tight = {10, 8, 100};
	struct scan scan;
	size_t used;

	scan_start(&scan, &tight);
	ATF_CHECK_EQ(SCAN_MORE, scan_next(&scan, "\x99", 1, &used));
	scan_start(&scan, &tight);
	ATF_CHECK_EQ(SCAN_TOO_BIG, scan_next(&scan, "\x9a", 1, &used));
	scan_start(&scan, &tight);
	ATF_CHECK_EQ(SCAN_TOO_BIG, scan_next(&scan, "\x95\xa5", 2, &used));
	scan_start(&scan, &tight);
	ATF_CHECK_EQ(SCAN_COMPLETE,
	    scan_next(&scan,
		"\xa9"
		"123456789",
		10, &used));
}

ATF_TC_WITHOUT_HEAD(depth);
ATF_TC_BODY(depth, tc)
{
	char bytes[200000];
	size_t used;

	memset(bytes, 0x91, sizeof(bytes));
	ATF_CHECK_EQ(SCAN_MORE, scan_whole(bytes, 8, &used));
	ATF_CHECK_EQ(SCAN_TOO_DEEP, scan_whole(bytes, 9, &used));
	ATF_CHECK_EQ(SCAN_TOO_DEEP, scan_whole(bytes, sizeof(bytes), &used));
	bytes[8] = (char)0x90;
	ATF_CHECK_EQ(SCAN_TOO_DEEP, scan_whole(bytes, 9, &used));
	bytes[7] = (char)0x90;
	ATF_CHECK_EQ(SCAN_COMPLETE, scan_whole(bytes, 9, &used));
	ATF_CHECK_EQ(8, used);
	/* The last of a list does not free its level before it has ended. */
	memset(bytes, 0x81, 18);
	for (unsigned i = 1; i < 16; i += 2)
		bytes[i] = 0;
	ATF_CHECK_EQ(SCAN_MORE, scan_whole(bytes, 16, &used));
	ATF_CHECK_EQ(SCAN_TOO_DEEP, scan_whole(bytes, 17, &used));
}

ATF_TC_WITHOUT_HEAD(levels_are_left_again);
ATF_TC_BODY(levels_are_left_again, tc)
{
	/* [[[[1]]], [[[1]]], ...]: wide, and never deeper than 4. */
	static const char one[] = {(char)0x91, (char)0x91, (char)0x91, 1};
	char bytes[1 + 15 * sizeof(one)];
	size_t used;

	bytes[0] = (char)0x9f;
	for (size_t i = 0; i < 15; i++)
		memcpy(bytes + 1 + sizeof(one) * i, one, sizeof(one));
	ATF_CHECK_EQ(SCAN_COMPLETE, scan_whole(bytes, sizeof(bytes), &used));
	ATF_CHECK_EQ(sizeof(bytes), used);
}

ATF_TC_WITHOUT_HEAD(refusal_stays);
ATF_TC_BODY(refusal_stays, tc)
{
	struct scan scan;
	size_t used;

	scan_start(&scan, &limits);
	ATF_CHECK_EQ(SCAN_INVALID, scan_next(&scan, "\xc1", 1, &used));
	ATF_CHECK_EQ(SCAN_INVALID, scan_next(&scan, "\x01", 1, &used));
	ATF_CHECK_EQ(SCAN_INVALID, scan_next(&scan, "", 0, &used));
}

/* Both read the same, and write the same again. */
ATF_TC_WITHOUT_HEAD(unpack_reads_what_was_packed);
ATF_TC_BODY(unpack_reads_what_was_packed, tc)
{
	char bytes[512];
	size_t size = pack_everything(bytes, sizeof(bytes)), offset = 0;
	msgpack_zone zone;
	msgpack_object ours;
	msgpack_unpacked theirs;

	ATF_REQUIRE(msgpack_zone_init(&zone, 1024));
	msgpack_unpacked_init(&theirs);
	ATF_REQUIRE(unpack_value(bytes, size, &zone, &ours));
	ATF_REQUIRE_EQ(MSGPACK_UNPACK_SUCCESS,
	    msgpack_unpack_next(&theirs, bytes, size, &offset));
	ATF_CHECK(msgpack_object_equal(ours, theirs.data));
	ATF_CHECK_EQ(7, ours.via.array.ptr[11].via.ext.type);
	ATF_CHECK_EQ(-7, ours.via.array.ptr[12].via.ext.type);
	for (size_t cut = 0; cut < size; cut++)
		ATF_CHECK(!unpack_value(bytes, cut, &zone, &ours));
	msgpack_unpacked_destroy(&theirs);
	msgpack_zone_destroy(&zone);
}

/* msgpack-c gives up below 32 levels; weir promises 64. */
ATF_TC_WITHOUT_HEAD(unpack_goes_deep);
ATF_TC_BODY(unpack_goes_deep, tc)
{
	char bytes[SCAN_DEPTH_MAX + 2];
	const msgpack_object *at;
	msgpack_zone zone;
	msgpack_object object;
	unsigned levels = 0;

	ATF_REQUIRE(msgpack_zone_init(&zone, 1024));
	memset(bytes, 0x91, sizeof(bytes));
	bytes[SCAN_DEPTH_MAX] = 7;
	ATF_REQUIRE(unpack_value(bytes, SCAN_DEPTH_MAX + 1, &zone, &object));
	for (at = &object; at->type == MSGPACK_OBJECT_ARRAY;
	     at = at->via.array.ptr)
		levels++;
	ATF_CHECK_EQ(SCAN_DEPTH_MAX, levels);
	ATF_CHECK_EQ(7, at->via.u64);
	bytes[SCAN_DEPTH_MAX] = (char)0x91;
	bytes[SCAN_DEPTH_MAX + 1] = 7;
	ATF_CHECK(!unpack_value(bytes, SCAN_DEPTH_MAX + 2, &zone, &object));
	ATF_CHECK(!unpack_value("\xdd\x10\x00\x00\x00", 5, &zone, &object));
	ATF_CHECK(!unpack_value("\xdb\xff\xff\xff\xff", 5, &zone, &object));
	ATF_CHECK(!unpack_value("\x01\x02", 2, &zone, &object));
	msgpack_zone_destroy(&zone);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, finds_the_end);
	ATF_TP_ADD_TC(tp, resumes_anywhere);
	ATF_TP_ADD_TC(tp, every_first_byte);
	ATF_TP_ADD_TC(tp, refuses_at_the_header);
	ATF_TP_ADD_TC(tp, elements_add_up);
	ATF_TP_ADD_TC(tp, size_counts_what_is_owed);
	ATF_TP_ADD_TC(tp, depth);
	ATF_TP_ADD_TC(tp, levels_are_left_again);
	ATF_TP_ADD_TC(tp, refusal_stays);
	ATF_TP_ADD_TC(tp, unpack_reads_what_was_packed);
	ATF_TP_ADD_TC(tp, unpack_goes_deep);
	return atf_no_error();
}
