/* links: daemon/core/plain.c daemon/core/alloc.c libproto/utf8.c libproto/pack.c libproto/unpack.c libproto/scan.c libproto/header.c ; libs: msgpack m */
/* plain_test: what no value from outside may have in it. */

#include "daemon/core/plain.h"

#include <atf-c.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libproto/pack.h"
#include "libproto/unpack.h"

#define MANY 100000

static void require_wrong(const char *, size_t, const char *);
static void require_keys(char (*)[16], uint32_t, const char *);
static uint32_t slot_of(const char *);

/* NULL: it is plain. */
static void
require_wrong(const char *bytes, size_t size, const char *sentence)
{
	msgpack_object object;
	msgpack_zone zone;
	char why[256] = "";

	ATF_REQUIRE(msgpack_zone_init(&zone, 1024));
	ATF_REQUIRE(unpack_value(bytes, size, &zone, &object));
	ATF_CHECK_EQ(sentence == NULL,
	    value_is_plain(&object, "input", why, sizeof(why)));
	ATF_CHECK_STREQ(sentence != NULL ? sentence : "", why);
	msgpack_zone_destroy(&zone);
}

#define WRONG(literal, sentence) \
	require_wrong(literal, sizeof(literal) - 1, sentence)

ATF_TC(wrong);
ATF_TC_HEAD(wrong, tc)
{
	atf_tc_set_md_var(
	    tc, "descr", "each of the things it finds, and where");
}
ATF_TC_BODY(wrong, tc)
{
	WRONG("\x81\xa1x\xa1\xff", "input.x: a string that is not UTF-8");
	WRONG(
	    "\x81\xa1x\xa3\xed\xa0\x80", "input.x: a string that is not UTF-8");
	WRONG("\x81\xa1x\xa9"
	      "12345678\xc3",
	    "input.x: a string that is not UTF-8");
	WRONG("\x81\xa1x\xa3"
	      "a\0b",
	    "input.x: a string with a NUL byte in it");
	WRONG("\x81\xa1x\xad"
	      "0123456\0"
	      "89abc",
	    "input.x: a string with a NUL byte in it");
	WRONG("\x81\xa1x\x81\xa1\xff\x01", "input.x: a key that is not UTF-8");
	WRONG("\x81\xa1x\x81\xa1\x00\x01",
	    "input.x: a key with a NUL byte in it");
	WRONG("\x81\xa1x\x81\x01\x01", "input.x: a key that is no string");
	WRONG("\x81\xa1x\x81\xc0\x01", "input.x: a key that is no string");
	WRONG("\x81\xa1x\x81\x90\x01", "input.x: a key that is no string");
	WRONG("\x81\xa1x\x82\xa1k\x01\xa1k\x02", "input.x.k: a key twice");
	WRONG("\x82\xa1x\x01\xd9\x01x\x02", "input.x: a key twice");
	WRONG("\x81\xa1x\x93\x01\x02\xc4\x01x",
	    "input.x[2]: binary data, which is no value");
	WRONG("\x81\xa1x\xd4\x01x",
	    "input.x: an extension type, which is no value");
	WRONG("\x81\xa1x\xcb\x7f\xf8\0\0\0\0\0\0",
	    "input.x: a number that is infinite or no number");
	WRONG("\x81\xa1x\xca\x7f\x80\0\0",
	    "input.x: a number that is infinite or no number");
	WRONG("\xa1\xff", "input: a string that is not UTF-8");
	WRONG(
	    "\x81\xa3\x1b[m\xa1\xff", "input.?[m: a string that is not UTF-8");
	WRONG("\xc0", NULL);
	WRONG("\x80", NULL);
	WRONG("\x83\xa0\xca\x3f\x80\0\0\xa2\xc3\xa9\xa4\xf0\x9f\x90\x9f\xa1x"
	      "\x92\xff\xc3",
	    NULL);
}

ATF_TC_WITHOUT_HEAD(deep);
ATF_TC_BODY(deep, tc)
{
	char lists[25];

	memset(lists, 0x91, sizeof(lists));
	lists[24] = 1;
	require_wrong(lists, 25, NULL);
	memset(lists, 0x91, sizeof(lists));
	lists[24] = (char)0x80;
	require_wrong(
	    lists, 25, "input: more than 24 lists and maps inside each other");
}

/* A map with the keys, all of whose values are 1. */
static void
require_keys(char (*keys)[16], uint32_t count, const char *sentence)
{
	msgpack_sbuffer buffer;
	msgpack_packer pk;

	msgpack_sbuffer_init(&buffer);
	msgpack_packer_init(&pk, &buffer, msgpack_sbuffer_write);
	msgpack_pack_map(&pk, count);
	for (uint32_t i = 0; i < count; i++)
		pack_key_int(&pk, keys[i], 1);
	require_wrong(buffer.data, buffer.size, sentence);
	msgpack_sbuffer_destroy(&buffer);
}

ATF_TC(many);
ATF_TC_HEAD(many, tc)
{
	atf_tc_set_md_var(tc, "descr", "a key twice among many, wherever");
}
ATF_TC_BODY(many, tc)
{
	char(*keys)[16] = calloc(MANY, sizeof(*keys));
	static const uint32_t counts[] = {2, 8, 9, 16, 17, 1000, MANY};

	ATF_REQUIRE(keys != NULL);
	for (uint32_t i = 0; i < MANY; i++)
		snprintf(keys[i], sizeof(keys[i]), "k%u", i);
	for (unsigned i = 0; i < sizeof(counts) / sizeof(counts[0]); i++) {
		uint32_t last = counts[i] - 1;

		require_keys(keys, counts[i], NULL);
		strcpy(keys[last], "k0");
		require_keys(keys, counts[i], "input.k0: a key twice");
		snprintf(keys[last], sizeof(keys[last]), "k%u", last);
	}
	free(keys);
}

/* Where the key is looked for first, of 512 places. */
static uint32_t
slot_of(const char *key)
{
	uint64_t hash = UINT64_C(0xcbf29ce484222325);

	for (; *key != '\0'; key++)
		hash = (hash ^ (uint8_t)*key) * UINT64_C(0x100000001b3);
	hash ^= hash >> 32;
	return (uint32_t)(hash * UINT64_C(0x9e3779b97f4a7c15) >> 55);
}

ATF_TC(attacked);
ATF_TC_HEAD(attacked, tc)
{
	atf_tc_set_md_var(
	    tc, "descr", "keys that are made to be in each other's way");
}
ATF_TC_BODY(attacked, tc)
{
	static char keys[200][16];
	uint32_t count = 0;

	for (unsigned i = 0; count < 200; i++) {
		snprintf(keys[count], sizeof(keys[count]), "k%u", i);
		if (slot_of(keys[count]) == 7)
			count++;
	}
	require_keys(keys, count, NULL);
	strcpy(keys[199], "same");
	strcpy(keys[3], "same");
	require_keys(keys, count, "input.same: a key twice");
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, wrong);
	ATF_TP_ADD_TC(tp, deep);
	ATF_TP_ADD_TC(tp, many);
	ATF_TP_ADD_TC(tp, attacked);
	return atf_no_error();
}
