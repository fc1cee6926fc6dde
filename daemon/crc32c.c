/* crc32c: the CRC with Castagnoli's polynomial, by instruction or by table. */

#include "daemon/crc32c.h"

#include <string.h>

#if defined(__ARM_FEATURE_CRC32)
#include <arm_acle.h>
#endif

/*
 * A CRC is linear, so each of the 8 tables follows from its values for the 8
 * powers of two.  TABLE spells the other 248 out as constant expressions.
 */
#define IF_BIT(i, bit, value) ((i) >> (bit)&1u ? (value) : 0u)
#define ENTRY(i, a, b, c, d, e, f, g, h)                          \
	(IF_BIT(i, 0, a) ^ IF_BIT(i, 1, b) ^ IF_BIT(i, 2, c) ^    \
	    IF_BIT(i, 3, d) ^ IF_BIT(i, 4, e) ^ IF_BIT(i, 5, f) ^ \
	    IF_BIT(i, 6, g) ^ IF_BIT(i, 7, h))
#define FOUR(i, ...)                                                \
	ENTRY((i) + 0u, __VA_ARGS__), ENTRY((i) + 1u, __VA_ARGS__), \
	    ENTRY((i) + 2u, __VA_ARGS__), ENTRY((i) + 3u, __VA_ARGS__)
#define SIXTEEN(i, ...)                                           \
	FOUR((i) + 0u, __VA_ARGS__), FOUR((i) + 4u, __VA_ARGS__), \
	    FOUR((i) + 8u, __VA_ARGS__), FOUR((i) + 12u, __VA_ARGS__)
#define SIXTYFOUR(i, ...)                                                \
	SIXTEEN((i) + 0u, __VA_ARGS__), SIXTEEN((i) + 16u, __VA_ARGS__), \
	    SIXTEEN((i) + 32u, __VA_ARGS__), SIXTEEN((i) + 48u, __VA_ARGS__)
#define TABLE(...)                                                             \
	{                                                                      \
		SIXTYFOUR(0u, __VA_ARGS__), SIXTYFOUR(64u, __VA_ARGS__),       \
		    SIXTYFOUR(128u, __VA_ARGS__), SIXTYFOUR(192u, __VA_ARGS__) \
	}

/* tables[k][i]: what byte i becomes k bytes further on. */
static const uint32_t tables[8][256] = {
    TABLE(0xf26b8303, 0xe13b70f7, 0xc79a971f, 0x8ad958cf, 0x105ec76f,
	0x20bd8ede, 0x417b1dbc, 0x82f63b78),
    TABLE(0x13a29877, 0x274530ee, 0x4e8a61dc, 0x9d14c3b8, 0x3fc5f181,
	0x7f8be302, 0xff17c604, 0xfbc3faf9),
    TABLE(0xa541927e, 0x4f6f520d, 0x9edea41a, 0x38513ec5, 0x70a27d8a,
	0xe144fb14, 0xc76580d9, 0x8b277743),
    TABLE(0xdd45aab8, 0xbf672381, 0x7b2231f3, 0xf64463e6, 0xe964b13d,
	0xd725148b, 0xaba65fe7, 0x52a0c93f),
    TABLE(0x38116fac, 0x7022df58, 0xe045beb0, 0xc5670b91, 0x8f2261d3,
	0x1ba8b557, 0x37516aae, 0x6ea2d55c),
    TABLE(0xef306b19, 0xdb8ca0c3, 0xb2f53777, 0x6006181f, 0xc00c303e,
	0x85f4168d, 0x0e045beb, 0x1c08b7d6),
    TABLE(0x68032cc8, 0xd0065990, 0xa5e0c5d1, 0x4e2dfd53, 0x9c5bfaa6,
	0x3d5b83bd, 0x7ab7077a, 0xf56e0ef4),
    TABLE(0x493c7d27, 0x9278fa4e, 0x211d826d, 0x423b04da, 0x847609b4,
	0x0d006599, 0x1a00cb32, 0x34019664),
};

/* These work on the inverted CRC. */
static uint32_t by_table(uint32_t, const unsigned char *, size_t);
#if defined(__x86_64__)
static uint32_t by_sse42(uint32_t, const unsigned char *, size_t)
    __attribute__((target("sse4.2")));
#elif defined(__ARM_FEATURE_CRC32)
static uint32_t by_armv8(uint32_t, const unsigned char *, size_t);
#endif

static uint32_t
by_table(uint32_t crc, const unsigned char *p, size_t n)
{
	for (; n >= 8; p += 8, n -= 8) {
		crc ^= (uint32_t)p[0] | (uint32_t)p[1] << 8 |
		    (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
		crc = tables[7][crc & 0xff] ^ tables[6][crc >> 8 & 0xff] ^
		    tables[5][crc >> 16 & 0xff] ^ tables[4][crc >> 24] ^
		    tables[3][p[4]] ^ tables[2][p[5]] ^ tables[1][p[6]] ^
		    tables[0][p[7]];
	}
	for (; n > 0; p++, n--)
		crc = crc >> 8 ^ tables[0][(crc ^ *p) & 0xff];
	return crc;
}

#if defined(__x86_64__)
static uint32_t
by_sse42(uint32_t crc, const unsigned char *p, size_t n)
{
	uint64_t crc64 = crc, word;

	for (; n >= 8; p += 8, n -= 8) {
		memcpy(&word, p, 8);
		crc64 = __builtin_ia32_crc32di(crc64, word);
	}
	crc = (uint32_t)crc64;
	for (; n > 0; p++, n--)
		crc = __builtin_ia32_crc32qi(crc, *p);
	return crc;
}
#elif defined(__ARM_FEATURE_CRC32)
static uint32_t
by_armv8(uint32_t crc, const unsigned char *p, size_t n)
{
	uint64_t word;

	for (; n >= 8; p += 8, n -= 8) {
		memcpy(&word, p, 8);
		crc = __crc32cd(crc, word);
	}
	for (; n > 0; p++, n--)
		crc = __crc32cb(crc, *p);
	return crc;
}
#endif

uint32_t
crc32c(uint32_t crc, const void *bytes, size_t n)
{
#if defined(__x86_64__)
	if (__builtin_cpu_supports("sse4.2"))
		return ~by_sse42(~crc, bytes, n);
	return ~by_table(~crc, bytes, n);
#elif defined(__ARM_FEATURE_CRC32)
	return ~by_armv8(~crc, bytes, n);
#else
	return ~by_table(~crc, bytes, n);
#endif
}

uint32_t
crc32c_by_table(uint32_t crc, const void *bytes, size_t n)
{
	return ~by_table(~crc, bytes, n);
}
