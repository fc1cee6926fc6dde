/*
 * source: the text of a file, and where in it something stands.
 */
#include "ctl/source.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/core/alloc.h"

static bool take(struct source *, struct complaints *);
static void find_lines(struct source *);
static bool check_bytes(const struct source *, struct complaints *);
static bool
check_byte(const struct source *, size_t, size_t, struct complaints *);
static ssize_t read_all(int, char *, size_t);
static int by_position(const void *, const void *);

bool
source_read(struct source *s, const char *path, struct complaints *complaints)
{
	bool standard_input = strcmp(path, "-") == 0;
	ssize_t n;
	int fd, error;

	memset(s, 0, sizeof(*s));
	s->name = xstrdup(standard_input ? "standard input" : path);
	fd = standard_input ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);
	if (fd == -1)
		return false;
	s->bytes = xmalloc(SOURCE_SIZE_MAX + 1);
	n = read_all(fd, s->bytes, SOURCE_SIZE_MAX + 1);
	error = errno;
	if (!standard_input)
		close(fd);
	errno = error;
	if (n == -1)
		return false;
	s->size = (size_t)n;
	return take(s, complaints);
}

bool
source_of_text(struct source *s, const char *name, const char *text,
    size_t size, struct complaints *complaints)
{
	memset(s, 0, sizeof(*s));
	s->name = xstrdup(name);
	s->bytes = xmalloc(size + 1);
	if (size > 0)
		memcpy(s->bytes, text, size);
	s->size = size;
	return take(s, complaints);
}

void
source_free(struct source *s)
{
	free(s->name);
	free(s->bytes);
	free(s->lines);
	memset(s, 0, sizeof(*s));
}

static ssize_t
read_all(int fd, char *to, size_t size)
{
	size_t have = 0;
	ssize_t n;

	while (have < size) {
		n = read(fd, to + have, size - have);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return -1;
		if (n == 0)
			break;
		have += (size_t)n;
	}
	return (ssize_t)have;
}

static bool
take(struct source *s, struct complaints *complaints)
{
	errno = 0;
	if (s->size > SOURCE_SIZE_MAX) {
		s->size = SOURCE_SIZE_MAX;
		find_lines(s);
		add_complaint(complaints, source_position(s, s->size),
		    "the file is larger than 1 MiB, which is the most that a "
		    "workflow or an input may have: split a workflow into "
		    "subworkflows");
		return false;
	}
	/* a byte order mark says nothing here, and would shift the columns */
	if (s->size >= 3 && memcmp(s->bytes, "\xef\xbb\xbf", 3) == 0) {
		s->size -= 3;
		memmove(s->bytes, s->bytes + 3, s->size);
	}
	find_lines(s);
	return check_bytes(s, complaints);
}

static void
find_lines(struct source *s)
{
	size_t i, room = 64;

	s->lines = xreallocarray(NULL, room, sizeof(*s->lines));
	s->lines[0] = 0;
	s->nlines = 1;
	for (i = 0; i < s->size; i++) {
		if (s->bytes[i] != '\n' &&
		    (s->bytes[i] != '\r' ||
			(i + 1 < s->size && s->bytes[i + 1] == '\n')))
			continue;
		if (s->nlines == room) {
			room *= 2;
			s->lines =
			    xreallocarray(s->lines, room, sizeof(*s->lines));
		}
		s->lines[s->nlines++] = (uint32_t)(i + 1);
	}
}

struct position
source_position(const struct source *s, size_t offset)
{
	struct position at;
	uint32_t low = 0, high = s->nlines, middle;
	size_t i;

	if (offset > s->size)
		offset = s->size;
	if (s->nlines == 0)
		return (struct position){1, 1};
	while (high - low > 1) {
		middle = low + (high - low) / 2;
		if (s->lines[middle] <= offset)
			low = middle;
		else
			high = middle;
	}
	at.line = low + 1;
	at.column = 1;
	for (i = s->lines[low]; i < offset; i++)
		if (((unsigned char)s->bytes[i] & 0xc0) != 0x80)
			at.column++;
	return at;
}

size_t
utf8_length(const char *bytes, size_t left)
{
	const unsigned char *b = (const unsigned char *)bytes;
	uint32_t c;
	size_t n, i;

	if (left == 0)
		return 0;
	if (b[0] < 0x80)
		return 1;
	if (b[0] < 0xc2 || b[0] > 0xf4)
		return 0;
	n = b[0] < 0xe0 ? 2 : b[0] < 0xf0 ? 3 : 4;
	if (n > left)
		return 0;
	c = b[0] & (0x7fU >> n);
	for (i = 1; i < n; i++) {
		if ((b[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (b[i] & 0x3fU);
	}
	if ((n == 3 && c < 0x800) || (n == 4 && (c < 0x10000 || c > 0x10ffff)))
		return 0;
	return c >= 0xd800 && c <= 0xdfff ? 0 : n;
}

static bool
check_bytes(const struct source *s, struct complaints *complaints)
{
	size_t i, n;

	for (i = 0; i < s->size; i += n) {
		n = utf8_length(s->bytes + i, s->size - i);
		if (!check_byte(s, i, n, complaints))
			return false;
	}
	return true;
}

static bool
check_byte(const struct source *s, size_t i, size_t length,
    struct complaints *complaints)
{
	unsigned char byte = (unsigned char)s->bytes[i];
	struct position at;

	if (length > 1 ||
	    (length == 1 && (byte >= 0x20 || strchr("\t\n\r", byte) != NULL) &&
		byte != 0 && byte != 0x7f))
		return true;
	at = source_position(s, i);
	if (length == 0)
		add_complaint(complaints, at,
		    "the byte 0x%02x is not UTF-8: this is no text file, or "
		    "one in another encoding (iconv(1) converts it)",
		    byte);
	else if (byte == 0)
		add_complaint(
		    complaints, at, "a NUL byte: this is no text file");
	else
		add_complaint(complaints, at,
		    "the control character 0x%02x can't stand in a text: "
		    "write it as \"\\x%02x\" inside double quotes",
		    byte, byte);
	return false;
}

struct complaint *
add_complaint(
    struct complaints *all, struct position at, const char *format, ...)
{
	struct complaint *c;
	va_list ap;

	if (all->count == COMPLAINTS_MAX) {
		all->left_out++;
		return NULL;
	}
	all->list =
	    xreallocarray(all->list, all->count + 1, sizeof(*all->list));
	c = &all->list[all->count++];
	memset(c, 0, sizeof(*c));
	c->at = at;
	va_start(ap, format);
	if (vasprintf(&c->message, format, ap) == -1)
		c->message = xstrdup(format);
	va_end(ap);
	return c;
}

static int
by_position(const void *a, const void *b)
{
	const struct complaint *x = a, *y = b;

	if (x->at.line != y->at.line)
		return x->at.line < y->at.line ? -1 : 1;
	if (x->at.column != y->at.column)
		return x->at.column < y->at.column ? -1 : 1;
	return strcmp(x->message, y->message);
}

void
complaints_sort(struct complaints *all)
{
	if (all->count > 1)
		qsort(all->list, all->count, sizeof(*all->list), by_position);
}

void
complaints_free(struct complaints *all)
{
	size_t i;

	for (i = 0; i < all->count; i++) {
		free(all->list[i].message);
		free(all->list[i].path);
		free(all->list[i].found);
		free(all->list[i].expected);
	}
	free(all->list);
	memset(all, 0, sizeof(*all));
}
