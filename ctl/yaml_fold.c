/*
 * yaml_fold: JSON's pairs of escapes as YAML's escapes for one character.
 *
 * They are looked for in strings alone, and only as long as all before them is
 * JSON too: elsewhere in YAML a quote need not be one.
 */
#include "ctl/yaml_fold.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/core/alloc.h"

#define FOLDED "\\U%08lx"
#define FOLDED_SIZE 10

struct folding {
	const struct source *source;
	struct folded *to;
	size_t room;  /* for ends */
	size_t taken; /* bytes of the source */
	char before;  /* what a value or a sign follows; 0: the beginning */
};

static bool take(struct folding *, size_t *);
static bool take_string(struct folding *, size_t *);
static void fold(struct folding *, size_t, unsigned long);
static void copy_up_to(struct folding *, size_t);
static bool hex4(const char *, size_t, unsigned long *);

void
fold_pairs(const struct source *s, struct folded *to)
{
	struct folding folding = {.source = s, .to = to};
	size_t at = 0;

	memset(to, 0, sizeof(*to));
	to->bytes = s->bytes;
	to->size = s->size;
	while (at < s->size && take(&folding, &at))
		;
	if (to->n == 0)
		return;
	copy_up_to(&folding, s->size);
	to->bytes = to->copy;
}

void
folded_free(struct folded *folded)
{
	free(folded->copy);
	free(folded->ends);
}

/* Past a piece of JSON; false: it is none. */
static bool
take(struct folding *f, size_t *at)
{
	char c = f->source->bytes[*at];

	if (c == '"')
		return (f->before == '\0' || strchr("{[,:", f->before)) &&
		    take_string(f, at);
	(*at)++;
	if (strchr(" \t\r\n", c) != NULL)
		return true;
	if ((c == ':' && f->before != '"') ||
	    (f->before == '\0' && c != '{' && c != '['))
		return false;
	/* numbers, true, false and null are not looked at closely */
	if (strchr("{}[],:+-.0123456789Eaeflnrstu", c) == NULL)
		return false;
	f->before = c;
	return true;
}

static bool
take_string(struct folding *f, size_t *at)
{
	const struct source *s = f->source;
	unsigned long c;

	for (++*at; *at < s->size; ++*at) {
		if (s->bytes[*at] == '"')
			break;
		if (s->bytes[*at] == '\n' || s->bytes[*at] == '\r')
			return false;
		if (fold_is_pair(s->bytes + *at, s->size - *at, &c)) {
			fold(f, *at, c);
			*at += FOLD_PAIR - 1;
		} else if (s->bytes[*at] == '\\') {
			++*at;
		}
	}
	f->before = '"';
	++*at;
	return true;
}

static void
fold(struct folding *f, size_t at, unsigned long c)
{
	struct folded *to = f->to;
	char escape[FOLDED_SIZE + 1];

	copy_up_to(f, at);
	f->taken += FOLD_PAIR;
	snprintf(escape, sizeof(escape), FOLDED, c);
	memcpy(to->copy + to->size, escape, FOLDED_SIZE);
	to->size += FOLDED_SIZE;
	if (to->n == f->room) {
		f->room = f->room == 0 ? 16 : 2 * f->room;
		to->ends = xreallocarray(to->ends, f->room, sizeof(size_t));
	}
	to->ends[to->n++] = to->size;
}

static void
copy_up_to(struct folding *f, size_t end)
{
	struct folded *to = f->to;

	if (to->copy == NULL) {
		to->copy = xmalloc(f->source->size);
		to->size = 0;
	}
	memcpy(
	    to->copy + to->size, f->source->bytes + f->taken, end - f->taken);
	to->size += end - f->taken;
	f->taken = end;
}

bool
fold_is_pair(const char *at, size_t left, unsigned long *c)
{
	unsigned long high, low;

	if (left < FOLD_PAIR || !hex4(at, left, &high) ||
	    !hex4(at + FOLD_PAIR / 2, left - FOLD_PAIR / 2, &low) ||
	    high < 0xd800 || high > 0xdbff || low < 0xdc00 || low > 0xdfff)
		return false;
	*c = 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00);
	return true;
}

/* An escape of four digits. */
static bool
hex4(const char *at, size_t left, unsigned long *c)
{
	static const char digits[] = "0123456789abcdef";
	const char *digit;

	if (left < 6 || at[0] != '\\' || at[1] != 'u')
		return false;
	*c = 0;
	for (size_t i = 2; i < 6; i++) {
		digit = at[i] == '\0'
		    ? NULL
		    : strchr(digits,
			  at[i] >= 'A' && at[i] <= 'F' ? at[i] + 32 : at[i]);
		if (digit == NULL)
			return false;
		*c = *c << 4 | (unsigned long)(digit - digits);
	}
	return true;
}

size_t
folded_place(const struct folded *folded, size_t byte)
{
	size_t low = 0, high = folded->n, middle;

	while (low < high) {
		middle = low + (high - low) / 2;
		if (folded->ends[middle] <= byte)
			low = middle + 1;
		else
			high = middle;
	}
	return byte + low * (FOLD_PAIR - FOLDED_SIZE);
}
