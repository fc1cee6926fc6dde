/* links: daemon/core/value.c daemon/core/element.c daemon/core/alloc.c libproto/pack.c ; libs: msgpack */
/* value_test: values, the elements they are made of, and merging. */

#include <atf-c.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/core/element.h"
#include "daemon/core/value.h"
#include "libproto/pack.h"

#define VALUE(literal) value_new(literal, sizeof(literal) - 1)

static bool is(struct value *, const char *, size_t);

/* Takes the value. */
static bool
is(struct value *v, const char *bytes, size_t n)
{
	bool same = v->size == n && memcmp(v->bytes, bytes, n) == 0;

	value_unref(v);
	return same;
}

#define REQUIRE_BYTES(value, literal) \
	ATF_REQUIRE(is((value), literal, sizeof(literal) - 1))

ATF_TC(constructors);
ATF_TC_HEAD(constructors, tc)
{
	atf_tc_set_md_var(tc, "descr", "each constructor writes MessagePack");
}
ATF_TC_BODY(constructors, tc)
{
	msgpack_object o = {.type = MSGPACK_OBJECT_NIL};
	msgpack_sbuffer buffer;
	msgpack_packer pk;

	REQUIRE_BYTES(value_of_string("abc"),
	    "\xa3"
	    "abc");
	REQUIRE_BYTES(value_of_text("a\0b", 3),
	    "\xa3"
	    "a\0b");
	REQUIRE_BYTES(value_of_int(-1), "\xff");
	REQUIRE_BYTES(value_of_int(300), "\xcd\x01\x2c");
	REQUIRE_BYTES(value_of_bool(true), "\xc3");
	REQUIRE_BYTES(value_of_bool(false), "\xc2");
	REQUIRE_BYTES(value_of_object(&o), "\xc0");
	msgpack_sbuffer_init(&buffer);
	msgpack_packer_init(&pk, &buffer, msgpack_sbuffer_write);
	pack_str(&pk, "x");
	REQUIRE_BYTES(value_of_buffer(&buffer), "\xa1x");
	ATF_REQUIRE_EQ(0, buffer.size);
	ATF_REQUIRE(buffer.data == NULL);
}

ATF_TC_WITHOUT_HEAD(references);
ATF_TC_BODY(references, tc)
{
	struct value *v = value_of_int(1);

	ATF_REQUIRE(value_ref(v) == v);
	ATF_REQUIRE_EQ(2, v->refs);
	value_unref(v);
	ATF_REQUIRE_EQ(1, v->refs);
	value_unref(v);
	value_unref(NULL);
	ATF_REQUIRE(value_ref(NULL) == NULL);
}

ATF_TC(elements);
ATF_TC_HEAD(elements, tc)
{
	atf_tc_set_md_var(
	    tc, "descr", "every kind of element is read as msgpack-c reads it");
}
ATF_TC_BODY(elements, tc)
{
	/* First bytes and how many bytes of 0x81 or a size follow. */
	static const char *const cases[] = {"\x00", "\x7f", "\xe0", "\xff",
	    "\xc2", "\xc3", "\xcc\x81", "\xcd\x81\x02", "\xce\x81\x02\x03\x04",
	    "\xcf\x81\x02\x03\x04\x05\x06\x07\x08", "\xd0\x81", "\xd0\x7f",
	    "\xd1\x81\x02", "\xd2\x81\x02\x03\x04",
	    "\xd3\x81\x02\x03\x04\x05\x06\x07\x08",
	    "\xd3\x01\x02\x03\x04\x05\x06\x07\x08", "\xca\x3f\x81\x02\x03",
	    "\xcb\x3f\x81\x02\x03\x04\x05\x06\x07",
	    "\xa2"
	    "ab",
	    "\xd9\x02"
	    "ab",
	    "\xc4\x02"
	    "ab",
	    "\xd4\x05"
	    "a",
	    "\xd5\xff"
	    "ab",
	    "\xc7\x03\x09"
	    "abc",
	    "\x92\x01\x02", "\x81\x01\x02", "\x92\x91\x01\x81\x02\x03"};
	msgpack_object mine, theirs;
	msgpack_zone zone;
	struct value *v;
	size_t off;

	msgpack_zone_init(&zone, 1024);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		size_t n = strlen(cases[i]);

		n = n == 0 ? 1 : n;
		v = value_new(cases[i], n);
		off = 0;
		ATF_REQUIRE_MSG(value_unpack(v, &zone, &mine), "case %zu", i);
		ATF_REQUIRE(msgpack_unpack(v->bytes, v->size, &off, &zone,
				&theirs) == MSGPACK_UNPACK_SUCCESS);
		ATF_REQUIRE_EQ_MSG(mine.type, theirs.type, "case %zu", i);
		ATF_REQUIRE_MSG(
		    msgpack_object_equal(mine, theirs), "case %zu", i);
		ATF_REQUIRE(element_skip(v->bytes, v->bytes + v->size) ==
		    v->bytes + v->size);
		for (size_t cut = 0; cut < n; cut++)
			ATF_REQUIRE(
			    element_skip(v->bytes, v->bytes + cut) == NULL);
		value_unref(v);
	}
	msgpack_zone_destroy(&zone);
}

ATF_TC(lies);
ATF_TC_HEAD(lies, tc)
{
	atf_tc_set_md_var(tc, "descr",
	    "bytes that are not one whole value are refused, without memory");
}
ATF_TC_BODY(lies, tc)
{
	static const struct {
		const char *bytes;
		size_t size;
	} cases[] = {
	    {"", 0},
	    {"\xc1", 1},
	    {"\x01\x02", 2},
	    {"\xdd\xff\xff\xff\xff", 5},
	    {"\xdf\xff\xff\xff\xff", 5},
	    {"\xdb\xff\xff\xff\xff", 5},
	    {"\xc9\xff\xff\xff\xff\x01", 6},
	    {"\x91", 1},
	    {"\x81\x01", 2},
	    {"\xc7\x00", 2},
	};
	char deep[1000];
	msgpack_zone zone;
	msgpack_object o;
	struct value *v;

	msgpack_zone_init(&zone, 1024);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		v = value_new(cases[i].bytes, cases[i].size);
		ATF_CHECK_MSG(!value_unpack(v, &zone, &o), "case %zu", i);
		value_unref(v);
	}
	memset(deep, 0x91, sizeof(deep));
	deep[sizeof(deep) - 1] = 1;
	v = value_new(deep, sizeof(deep));
	ATF_CHECK(!value_unpack(v, &zone, &o));
	ATF_CHECK(element_skip(deep, deep + sizeof(deep)) != NULL);
	value_unref(v);
	v = value_new(deep + sizeof(deep) - 65, 65);
	ATF_CHECK_MSG(value_unpack(v, &zone, &o), "64 levels are allowed");
	value_unref(v);
	ATF_CHECK(value_unpack(NULL, &zone, &o));
	ATF_CHECK_EQ(MSGPACK_OBJECT_NIL, o.type);
	msgpack_zone_destroy(&zone);
}

ATF_TC_WITHOUT_HEAD(packing);
ATF_TC_BODY(packing, tc)
{
	struct value *v = VALUE("\x91\x01");
	msgpack_sbuffer buffer;
	msgpack_packer pk;

	msgpack_sbuffer_init(&buffer);
	msgpack_packer_init(&pk, &buffer, msgpack_sbuffer_write);
	msgpack_pack_array(&pk, 2);
	value_pack(v, &pk);
	value_pack(NULL, &pk);
	REQUIRE_BYTES(value_of_buffer(&buffer), "\x92\x91\x01\xc0");
	value_unref(v);
}

ATF_TC_WITHOUT_HEAD(equality);
ATF_TC_BODY(equality, tc)
{
	struct value *one = VALUE("\x91\x01"), *wide = VALUE("\x91\xcc\x01"),
		     *two = VALUE("\x91\x02"), *nil = VALUE("\xc0");

	ATF_CHECK(value_equal(one, one));
	ATF_CHECK(value_equal(one, wide));
	ATF_CHECK(!value_equal(one, two));
	ATF_CHECK(!value_equal(one, NULL));
	ATF_CHECK(value_equal(nil, NULL));
	ATF_CHECK(value_equal(NULL, nil));
	ATF_CHECK(value_equal(NULL, NULL));
	value_unref(one);
	value_unref(wide);
	value_unref(two);
	value_unref(nil);
}

ATF_TC(merging);
ATF_TC_HEAD(merging, tc)
{
	atf_tc_set_md_var(
	    tc, "descr", "the second map wins, the order is that of the first");
}
ATF_TC_BODY(merging, tc)
{
	struct value *first = VALUE("\x82\xa1"
				    "b\x01\xa1"
				    "a\x02"),
		     *second = VALUE("\x83\xa1"
				     "z\x03\xa1"
				     "a\x91\x04\xa1"
				     "c\x05"),
		     *twice = VALUE("\x82\xa1"
				    "a\x07\xd9\x01"
				    "a\x08");

	REQUIRE_BYTES(value_merge(NULL, NULL), "\x80");
	REQUIRE_BYTES(value_merge(first, NULL),
	    "\x82\xa1"
	    "b\x01\xa1"
	    "a\x02");
	REQUIRE_BYTES(value_merge(NULL, first),
	    "\x82\xa1"
	    "b\x01\xa1"
	    "a\x02");
	REQUIRE_BYTES(value_merge(first, second),
	    "\x84\xa1"
	    "b\x01\xa1"
	    "a\x91\x04\xa1"
	    "z\x03\xa1"
	    "c\x05");
	REQUIRE_BYTES(value_merge(first, twice),
	    "\x82\xa1"
	    "b\x01\xa1"
	    "a\x08");
	REQUIRE_BYTES(value_merge(NULL, twice),
	    "\x81\xa1"
	    "a\x08");
	value_unref(first);
	value_unref(second);
	value_unref(twice);
}

ATF_TC_WITHOUT_HEAD(merging_many);
ATF_TC_BODY(merging_many, tc)
{
	enum { KEYS = 100000 };
	struct value *all[2], *merged;
	msgpack_sbuffer buffer;
	msgpack_packer pk;
	msgpack_object o;

	/* Linear search would take minutes. */
	for (int half = 0; half < 2; half++) {
		msgpack_sbuffer_init(&buffer);
		msgpack_packer_init(&pk, &buffer, msgpack_sbuffer_write);
		msgpack_pack_map(&pk, KEYS);
		for (int i = 0; i < KEYS; i++) {
			msgpack_pack_int(&pk, i + half * KEYS / 2);
			msgpack_pack_int(&pk, half);
		}
		all[half] = value_of_buffer(&buffer);
	}
	merged = value_merge(all[0], all[1]);
	ATF_REQUIRE(element_read(merged->bytes, merged->bytes + merged->size,
			&o) != NULL);
	ATF_REQUIRE_EQ(KEYS + KEYS / 2, o.via.map.size);
	value_unref(merged);
	value_unref(all[0]);
	value_unref(all[1]);
}

ATF_TC_WITHOUT_HEAD(getting);
ATF_TC_BODY(getting, tc)
{
	struct value *v = VALUE("\x83\x01\x02\xa1"
				"a\x92\x01\x02\xa1"
				"b\xc0");
	msgpack_zone zone;
	msgpack_object o;

	REQUIRE_BYTES(value_get(v, "a"), "\x92\x01\x02");
	REQUIRE_BYTES(value_get(v, "b"), "\xc0");
	ATF_CHECK(value_get(v, "c") == NULL);
	ATF_CHECK(value_get(NULL, "c") == NULL);
	msgpack_zone_init(&zone, 1024);
	ATF_REQUIRE(value_unpack(v, &zone, &o));
	ATF_CHECK(object_get(&o, "a") != NULL);
	ATF_CHECK(object_get(&o, "c") == NULL);
	ATF_CHECK(object_get(NULL, "c") == NULL);
	ATF_CHECK(object_is(&o.via.map.ptr[1].key, "a"));
	ATF_CHECK(!object_is(&o.via.map.ptr[1].key, "ab"));
	msgpack_zone_destroy(&zone);
	value_unref(v);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, constructors);
	ATF_TP_ADD_TC(tp, references);
	ATF_TP_ADD_TC(tp, elements);
	ATF_TP_ADD_TC(tp, lies);
	ATF_TP_ADD_TC(tp, packing);
	ATF_TP_ADD_TC(tp, equality);
	ATF_TP_ADD_TC(tp, merging);
	ATF_TP_ADD_TC(tp, merging_many);
	ATF_TP_ADD_TC(tp, getting);
	return atf_no_error();
}
