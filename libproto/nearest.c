/* nearest: the known word that a mistyped one was probably meant to be. */

#include "libproto/nearest.h"

#include <string.h>

#define WORD_MAX 64 /* bytes; nobody mistypes more than that */

static size_t smallest(size_t, size_t, size_t);
static size_t edits(const char *, size_t, const char *, size_t);
static size_t edits_allowed(size_t);

const char *
nearest_word(const char *word, size_t size, const char *const *known, size_t n)
{
	const char *best = NULL;
	size_t least = edits_allowed(size) + 1;

	if (size > WORD_MAX)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		size_t length = strlen(known[i]), count;

		if (length > WORD_MAX)
			continue;
		count = edits(word, size, known[i], length);
		if (count < least && count < length) {
			least = count;
			best = known[i];
		}
	}
	return best;
}

/*
 * How many letters must be put in, taken out, changed, or swapped with their
 * neighbour to make one word of the other, two rows above the current kept.
 */
static size_t
edits(const char *a, size_t asize, const char *b, size_t bsize)
{
	unsigned char rows[3][WORD_MAX + 1];

	for (size_t j = 0; j <= bsize; j++)
		rows[0][j] = (unsigned char)j;
	for (size_t i = 1; i <= asize; i++) {
		unsigned char *row = rows[i % 3];
		const unsigned char *up = rows[(i - 1) % 3];

		row[0] = (unsigned char)i;
		for (size_t j = 1; j <= bsize; j++) {
			size_t count = smallest(up[j] + 1U, row[j - 1] + 1U,
			    up[j - 1] + (a[i - 1] != b[j - 1] ? 1U : 0U));

			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
			    a[i - 2] == b[j - 1] &&
			    rows[(i - 2) % 3][j - 2] + 1U < count)
				count = rows[(i - 2) % 3][j - 2] + 1U;
			row[j] = (unsigned char)count;
		}
	}
	return rows[asize % 3][bsize];
}

static size_t
smallest(size_t a, size_t b, size_t c)
{
	if (b < a)
		a = b;
	return c < a ? c : a;
}

/* One mistake in a short word, up to three in a long one. */
static size_t
edits_allowed(size_t size)
{
	if (size <= 4)
		return 1;
	return size <= 8 ? 2 : 3;
}
