/* nearest: the known word that a mistyped one was probably meant to be. */

#include "daemon/core/nearest.h"

#include <string.h>

#define WORD_MAX 64 /* bytes; longer words are never typing mistakes */

static size_t least(size_t, size_t);
static size_t distance(const char *, size_t, const char *, size_t);

static size_t
least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/*
 * Insertions, deletions, substitutions and swaps of neighbours between the
 * two, each counted as one (optimal string alignment).  Three rows of the
 * table are enough.
 */
static size_t
distance(const char *a, size_t alen, const char *b, size_t blen)
{
	size_t rows[3][WORD_MAX + 1], *last, *above, *row, i, j, cost;

	for (j = 0; j <= blen; j++)
		rows[0][j] = j;
	for (i = 1; i <= alen; i++) {
		row = rows[i % 3];
		above = rows[(i + 2) % 3];
		last = rows[(i + 1) % 3];
		row[0] = i;
		for (j = 1; j <= blen; j++) {
			cost = a[i - 1] == b[j - 1] ? 0 : 1;
			row[j] = least(above[j - 1] + cost,
			    least(above[j], row[j - 1]) + 1);
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
			    a[i - 2] == b[j - 1])
				row[j] = least(row[j], last[j - 2] + 1);
		}
	}
	return rows[alen % 3][blen];
}

const char *
nearest(const char *word, size_t len, const char *const *known, size_t n)
{
	const char *best = NULL;
	size_t i, known_len, d, limit;

	if (len == 0 || len > WORD_MAX)
		return NULL;
	/* A third of the word may be wrong, and never more than 3 letters. */
	limit = least(len < 3 ? 1 : len / 3 + (len < 6 ? 1 : 0), 3) + 1;
	for (i = 0; i < n; i++) {
		known_len = strlen(known[i]);
		if (known_len > WORD_MAX || known_len + limit <= len ||
		    len + limit <= known_len)
			continue;
		d = distance(word, len, known[i], known_len);
		/* A word of which nothing is left is another word. */
		if (d < limit && d < known_len) {
			limit = d;
			best = known[i];
		}
	}
	return best;
}
