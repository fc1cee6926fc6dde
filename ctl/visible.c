/*
 * visible: text of others, made harmless for a terminal.
 */
#include "ctl/visible.h"

#include <err.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "ctl/source.h"

static size_t show(FILE *, const char *, size_t, bool more);
static bool is_begun(const char *, size_t);

/* C1 control characters are two bytes in UTF-8, and terminals obey them. */
size_t
visible_control(const char *text, size_t length)
{
	unsigned char c = (unsigned char)text[0];

	if (c < 0x20 || c == 0x7f)
		return 1;
	return length > 1 && c == 0xc2 && (unsigned char)text[1] >= 0x80 &&
		(unsigned char)text[1] < 0xa0
	    ? 2
	    : 0;
}

void
visible_text(FILE *to, const char *text, size_t length)
{
	size_t i, n;

	for (i = 0; i < length; i += n) {
		n = utf8_length(text + i, length - i);
		if (n == 1 && text[i] == '\n')
			fputc(' ', to);
		else if (n == 0 || visible_control(text + i, length - i) > 0)
			fputc('?', to);
		else
			fwrite(text + i, 1, n, to);
		n = n == 0 ? 1 : n;
	}
}

char *
visible_copy(const char *text)
{
	char *copy = NULL;
	size_t size;
	FILE *to = open_memstream(&copy, &size);

	if (to == NULL)
		err(EX_OSERR, "no memory for a text");
	visible_text(to, text, strlen(text));
	fclose(to);
	return copy;
}

/* A lead byte whose character is longer than what is there. */
static bool
is_begun(const char *text, size_t length)
{
	unsigned char c = (unsigned char)text[0];
	size_t whole = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : c >= 0xc2 ? 2 : 1;

	return length < whole;
}

/* Shows up to all of it; how much: what is left goes on in the next piece. */
static size_t
show(FILE *to, const char *text, size_t length, bool more)
{
	size_t i, n;

	for (i = 0; i < length; i += n) {
		unsigned char c = (unsigned char)text[i];

		n = utf8_length(text + i, length - i);
		if (n == 0 && more && is_begun(text + i, length - i))
			break;
		if (n == 0) {
			fprintf(to, "\\x%02x", c);
			n = 1;
		} else if (c == '\n' || c == '\t' ||
		    visible_control(text + i, length - i) == 0)
			fwrite(text + i, 1, n, to);
		else if (n == 2)
			fprintf(to, "\\x%02x", (unsigned char)text[i + 1]);
		else
			fprintf(to, "^%c", c ^ 0x40);
	}
	return i;
}

void
visible_log(FILE *to, struct visible_log *log, const char *text, size_t length)
{
	char joined[8];
	size_t done;

	/* Of the character that was cut in two one piece is made. */
	while (log->n > 0 && length > 0) {
		size_t taken = sizeof(log->rest) - log->n;

		if (taken > length)
			taken = length;
		memcpy(joined, log->rest, log->n);
		memcpy(joined + log->n, text, taken);
		done = show(to, joined, log->n + taken, true);
		if (done < log->n) { /* what is left is not whole either */
			log->n += taken - done;
			memcpy(log->rest, joined + done, log->n);
			text += taken;
			length -= taken;
			continue;
		}
		text += done - log->n;
		length -= done - log->n;
		log->n = 0;
	}
	if (log->n > 0)
		return;
	done = show(to, text, length, true);
	log->n = length - done;
	memcpy(log->rest, text + done, log->n);
}

void
visible_log_end(FILE *to, struct visible_log *log)
{
	show(to, log->rest, log->n, false);
	log->n = 0;
}
