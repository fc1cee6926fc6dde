/* header: reads what stands in front of one MessagePack value. */

#include "libproto/header.h"

#include <stdbool.h>

/*
 * The bytes 0xc0 to 0xdf: the kind, how many bytes of number follow, and what
 * the number is where none follow.
 */
static const struct {
	unsigned char kind;
	unsigned char bytes;
	unsigned char number;
} kinds[32] = {
    {HEADER_NIL, 0, 0},
    {HEADER_INVALID, 0, 0},
    {HEADER_BOOL, 0, 0},
    {HEADER_BOOL, 0, 1},
    {HEADER_BIN, 1, 0},
    {HEADER_BIN, 2, 0},
    {HEADER_BIN, 4, 0},
    {HEADER_EXT, 1, 0},
    {HEADER_EXT, 2, 0},
    {HEADER_EXT, 4, 0},
    {HEADER_FLOAT, 4, 0},
    {HEADER_DOUBLE, 8, 0},
    {HEADER_UINT, 1, 0},
    {HEADER_UINT, 2, 0},
    {HEADER_UINT, 4, 0},
    {HEADER_UINT, 8, 0},
    {HEADER_INT, 1, 0},
    {HEADER_INT, 2, 0},
    {HEADER_INT, 4, 0},
    {HEADER_INT, 8, 0},
    {HEADER_EXT, 0, 1},
    {HEADER_EXT, 0, 2},
    {HEADER_EXT, 0, 4},
    {HEADER_EXT, 0, 8},
    {HEADER_EXT, 0, 16},
    {HEADER_STR, 1, 0},
    {HEADER_STR, 2, 0},
    {HEADER_STR, 4, 0},
    {HEADER_ARRAY, 2, 0},
    {HEADER_ARRAY, 4, 0},
    {HEADER_MAP, 2, 0},
    {HEADER_MAP, 4, 0},
};

static bool is_single(unsigned char);
static struct header read_single(unsigned char);
static uint64_t sign_extend(uint64_t, unsigned);

unsigned
header_size(unsigned char first)
{
	if (is_single(first))
		return 1;
	return 1U + kinds[first - 0xc0].bytes;
}

struct header
header_read(const unsigned char *bytes)
{
	struct header header;
	unsigned length;

	if (is_single(bytes[0]))
		return read_single(bytes[0]);
	length = kinds[bytes[0] - 0xc0].bytes;
	header.kind = (enum header_kind)kinds[bytes[0] - 0xc0].kind;
	header.size = (uint8_t)(1 + length);
	header.number = kinds[bytes[0] - 0xc0].number;
	for (unsigned i = 1; i <= length; i++)
		header.number = header.number << 8 | bytes[i];
	if (header.kind == HEADER_INT)
		header.number = sign_extend(header.number, length);
	else if (header.kind == HEADER_EXT)
		header.number++;
	return header;
}

uint64_t
header_body(const struct header *header)
{
	if (header->kind == HEADER_STR || header->kind == HEADER_BIN ||
	    header->kind == HEADER_EXT)
		return header->number;
	return 0;
}

uint64_t
header_children(const struct header *header)
{
	if (header->kind == HEADER_ARRAY)
		return header->number;
	return header->kind == HEADER_MAP ? 2 * header->number : 0;
}

/* Whether kind and number share the one byte. */
static bool
is_single(unsigned char byte)
{
	return byte < 0xc0 || byte >= 0xe0;
}

static struct header
read_single(unsigned char byte)
{
	if (byte < 0x80)
		return (struct header){HEADER_UINT, 1, byte};
	if (byte < 0x90)
		return (struct header){HEADER_MAP, 1, byte & 0x0fU};
	if (byte < 0xa0)
		return (struct header){HEADER_ARRAY, 1, byte & 0x0fU};
	if (byte < 0xc0)
		return (struct header){HEADER_STR, 1, byte & 0x1fU};
	return (struct header){HEADER_INT, 1, sign_extend(byte, 1)};
}

static uint64_t
sign_extend(uint64_t number, unsigned bytes)
{
	if (bytes < 8 && (number >> (8 * bytes - 1) & 1) != 0)
		number |= UINT64_MAX << 8 * bytes;
	return number;
}
