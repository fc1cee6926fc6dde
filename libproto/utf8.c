/* utf8: whether a peer's bytes are text, and how to show them. */

#include "libproto/utf8.h"

#include <stdint.h>
#include <string.h>

static size_t plain_length(const unsigned char *, size_t);
static size_t sequence_length(const unsigned char *, size_t);

bool
utf8_is_text(const char *text, size_t size)
{
	const unsigned char *at = (const unsigned char *)text;

	while (size > 0) {
		size_t length = plain_length(at, size);

		if (length == 0)
			length = sequence_length(at, size);

		if (length == 0)
			return false;
		at += length;
		size -= length;
	}
	return true;
}

void
utf8_show(const char *text, size_t length, char *buffer, size_t size)
{
	size_t i;

	for (i = 0; i < length && i + 1 < size; i++)
		buffer[i] =
		    (char)(text[i] >= ' ' && text[i] <= '~' ? text[i] : '?');
	buffer[i] = '\0';
}

/* Most text is ASCII: eight bytes of it at once, or 0. */
static size_t
plain_length(const unsigned char *at, size_t size)
{
	static const uint64_t ones = UINT64_C(0x0101010101010101);
	uint64_t word;

	if (size < sizeof(word))
		return 0;
	memcpy(&word, at, sizeof(word));
	/* No byte has its upper bit, nor would borrow from it, as 0 does. */
	return ((word | (word - ones)) & ones << 7) == 0 ? sizeof(word) : 0;
}

void
utf8_mend(char *text)
{
	size_t size = strlen(text), n = size, length;

	while (n > 0 && size - n < 4 &&
	    ((unsigned char)text[n - 1] & 0xc0) == 0x80)
		n--;
	if (n == 0 || ((unsigned char)text[n - 1] & 0xc0) != 0xc0)
		return;
	length =
	    sequence_length((const unsigned char *)text + n - 1, size - n + 1);
	if (length == 0)
		text[n - 1] = '\0';
}

/* Bytes of the one code point that begins here; 0: there is none. */
static size_t
sequence_length(const unsigned char *at, size_t size)
{
	/* The least code point of each length; less is not the shortest. */
	static const uint32_t least[] = {0, 1, 0x80, 0x800, 0x10000};
	uint32_t point;
	size_t length;

	if (at[0] < 0x80)
		return at[0] != 0 ? 1 : 0;
	if (at[0] < 0xc0 || at[0] > 0xf7)
		return 0;
	length = at[0] < 0xe0 ? 2 : at[0] < 0xf0 ? 3 : 4;
	if (length > size)
		return 0;
	point = at[0] & (0x7fU >> length);
	for (size_t i = 1; i < length; i++) {
		if ((at[i] & 0xc0) != 0x80)
			return 0;
		point = point << 6 | (at[i] & 0x3fU);
	}
	if (point < least[length] || point > 0x10ffff ||
	    (point >= 0xd800 && point < 0xe000))
		return 0;
	return length;
}
