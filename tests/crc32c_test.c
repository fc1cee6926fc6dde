/* links: daemon/crc32c.c ; libs: */
/* crc32c_test: against known values, and both ways against the definition. */

#include <atf-c.h>
#include <string.h>

#include "daemon/crc32c.h"

static uint32_t
bit_by_bit(uint32_t crc, const unsigned char *p, size_t n)
{
	crc = ~crc;
	for (; n > 0; p++, n--) {
		crc ^= *p;
		for (int bit = 0; bit < 8; bit++)
			crc = crc & 1 ? crc >> 1 ^ 0x82f63b78 : crc >> 1;
	}
	return ~crc;
}

/* RFC 3720, B.4, and the check value of the polynomial. */
ATF_TC_WITHOUT_HEAD(known_values);
ATF_TC_BODY(known_values, tc)
{
	unsigned char bytes[32];

	ATF_CHECK_EQ(0xe3069283, crc32c(0, "123456789", 9));
	memset(bytes, 0, sizeof bytes);
	ATF_CHECK_EQ(0x8a9136aa, crc32c(0, bytes, sizeof bytes));
	memset(bytes, 0xff, sizeof bytes);
	ATF_CHECK_EQ(0x62a8ab43, crc32c(0, bytes, sizeof bytes));
	for (size_t i = 0; i < sizeof bytes; i++)
		bytes[i] = (unsigned char)i;
	ATF_CHECK_EQ(0x46dd794e, crc32c(0, bytes, sizeof bytes));
	ATF_CHECK_EQ(0x46dd794e, crc32c_by_table(0, bytes, sizeof bytes));
	ATF_CHECK_EQ(0, crc32c(0, "", 0));
	ATF_CHECK_EQ(0x12345678, crc32c(0x12345678, "", 0));
}

ATF_TC_WITHOUT_HEAD(every_length_and_alignment);
ATF_TC_BODY(every_length_and_alignment, tc)
{
	unsigned char bytes[160];
	uint32_t random = 1, expected;

	for (size_t i = 0; i < sizeof bytes; i++) {
		random = random * 1664525 + 1013904223;
		bytes[i] = (unsigned char)(random >> 24);
	}
	for (size_t from = 0; from < 16; from++) {
		for (size_t n = 0; n <= sizeof bytes - from; n++) {
			expected = bit_by_bit(7, bytes + from, n);
			ATF_REQUIRE_EQ(expected, crc32c(7, bytes + from, n));
			ATF_REQUIRE_EQ(
			    expected, crc32c_by_table(7, bytes + from, n));
		}
	}
}

ATF_TC_WITHOUT_HEAD(goes_on);
ATF_TC_BODY(goes_on, tc)
{
	const char text[] = "a CRC of two pieces is that of both joined";
	uint32_t whole = crc32c(0, text, sizeof text);

	for (size_t n = 0; n <= sizeof text; n++)
		ATF_CHECK_EQ(whole,
		    crc32c(crc32c(0, text, n), text + n, sizeof text - n));
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, known_values);
	ATF_TP_ADD_TC(tp, every_length_and_alignment);
	ATF_TP_ADD_TC(tp, goes_on);
	return atf_no_error();
}
