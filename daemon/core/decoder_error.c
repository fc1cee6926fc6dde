/* decoder_error: the errors of a definition, each with its place. */

#include "daemon/core/decoder.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/core/alloc.h"

#define ERRORS_MAX 100
#define SHOWN_MAX 60 /* bytes of a string that an error repeats */

static size_t pointer_length(const struct place *);
static char *write_pointer(const struct place *, char *);
static char *pointer_of(const struct place *, const char *);
static bool
known_error(const struct definition_errors *, const struct definition_error *);
static void make_plain(char *);
static void add_error(struct decoder *, const struct place *, const char *,
    const struct definition_error *);
static char *vformat(const char *, va_list);
static char *describe_text(const msgpack_object *);
static char *subject(const struct place *);

struct place
place_in(const struct place *up, const char *key)
{
	return (struct place){.up = up, .key = key, .len = strlen(key)};
}

struct place
place_key(const struct place *up, const msgpack_object *key)
{
	return (struct place){
	    .up = up, .key = key->via.str.ptr, .len = key->via.str.size};
}

struct place
place_at(const struct place *up, uint32_t index)
{
	return (struct place){.up = up, .index = index};
}

/* An upper bound: every byte of a key may need two. */
static size_t
pointer_length(const struct place *p)
{
	size_t n = 0;

	for (; p->up != NULL; p = p->up)
		n += 1 + (p->key != NULL ? 2 * p->len : 10);
	return n;
}

static char *
write_pointer(const struct place *p, char *out)
{
	size_t i;

	if (p->up == NULL)
		return out;
	out = write_pointer(p->up, out);
	*out++ = '/';
	if (p->key == NULL)
		return out + sprintf(out, "%u", p->index);
	for (i = 0; i < p->len; i++) {
		if (p->key[i] == '~' || p->key[i] == '/') {
			*out++ = '~';
			*out++ = p->key[i] == '~' ? '0' : '1';
		} else
			*out++ = p->key[i] == '\0' ? '?' : p->key[i];
	}
	return out;
}

/* The inner path is a pointer already, from the place on. */
static char *
pointer_of(const struct place *p, const char *inner)
{
	char *path = xmalloc(pointer_length(p) + strlen(inner) + 1);

	strcpy(write_pointer(p, path), inner);
	return path;
}

/* One error at a place is enough: what else is wrong there follows from it. */
static bool
known_error(
    const struct definition_errors *e, const struct definition_error *new)
{
	size_t i;

	for (i = 0; i < e->count; i++)
		if (e->list[i].offset == new->offset &&
		    e->list[i].at_key ==
			new->at_key &&strcmp(e->list[i].path, new->path) == 0)
			return true;
	return false;
}

/* Whatever it was that came, what is said of it is text for a terminal. */
static void
make_plain(char *s)
{
	size_t left, n;

	if (s == NULL)
		return;
	for (left = strlen(s); left > 0; s += n, left -= n) {
		n = character_length((const unsigned char *)s, left);
		if (n <= 1 &&
		    (n == 0 || (unsigned char)*s < ' ' || *s == 0x7f)) {
			*s = '?';
			n = 1;
		}
	}
}

/* Takes the strings of the error over, except the path, which it makes. */
static void
add_error(struct decoder *d, const struct place *place, const char *inner,
    const struct definition_error *error)
{
	struct definition_errors *e = d->errors;
	struct definition_error new = *error;

	if (e->count < ERRORS_MAX) {
		new.path = pointer_of(place, inner);
		make_plain(new.path);
		if (!known_error(e, &new)) {
			make_plain(new.found);
			make_plain(new.expected);
			make_plain(new.message);
			e->list =
			    xreallocarray(e->list, e->count + 1, sizeof(new));
			e->list[e->count++] = new;
			return;
		}
		free(new.path);
	} else
		e->left_out++;
	free(new.found);
	free(new.expected);
	free(new.message);
}

static char *
vformat(const char *fmt, va_list ap)
{
	char line[1024];

	vsnprintf(line, sizeof(line), fmt, ap);
	return xstrdup(line);
}

void
complain(struct decoder *d, const struct place *place, const char *fmt, ...)
{
	struct definition_error error = {0};
	va_list ap;

	va_start(ap, fmt);
	error.message = vformat(fmt, ap);
	va_end(ap);
	add_error(d, place, "", &error);
}

void
complain_key(struct decoder *d, const struct place *place, const char *fmt, ...)
{
	struct definition_error error = {.at_key = true};
	va_list ap;

	va_start(ap, fmt);
	error.message = vformat(fmt, ap);
	va_end(ap);
	add_error(d, place, "", &error);
}

void
complain_inside(struct decoder *d, const struct place *place, const char *inner,
    size_t offset, const char *message)
{
	struct definition_error error = {
	    .offset = offset, .message = xstrdup(message)};

	add_error(d, place, inner, &error);
}

/* What an error is about: the key, or the element of the list under it. */
static char *
subject(const struct place *place)
{
	const struct place *p = place;
	int len;

	while (p->up != NULL && p->key == NULL)
		p = p->up;
	if (p->up == NULL)
		return xstrdup("the workflow");
	len = p->len > SHOWN_MAX ? SHOWN_MAX : (int)p->len;
	if (p != place)
		return xasprintf(
		    "element %u of \"%.*s\"", place->index + 1, len, p->key);
	return xasprintf("\"%.*s\"", len, p->key);
}

void
unexpected(struct decoder *d, const struct place *place,
    const msgpack_object *o, const char *expected)
{
	struct definition_error error = {0};
	char *what = subject(place);

	error.found = describe_object(o);
	error.expected = xstrdup(expected);
	error.message =
	    xasprintf("%s: expected %s, found %s", what, expected, error.found);
	free(what);
	add_error(d, place, "", &error);
}

/* A long string is cut, between two characters. */
static char *
describe_text(const msgpack_object *o)
{
	const char *s = o->via.str.ptr;
	size_t n = o->via.str.size;

	if (n > SHOWN_MAX)
		for (n = SHOWN_MAX; n > 0 && (s[n] & 0xc0) == 0x80;)
			n--;
	return xasprintf("the string \"%.*s\"%s", (int)n, s,
	    n < o->via.str.size ? " (cut short)" : "");
}

char *
describe_object(const msgpack_object *o)
{
	switch (o->type) {
	case MSGPACK_OBJECT_NIL:
		return xstrdup("nothing (null)");
	case MSGPACK_OBJECT_BOOLEAN:
		return xstrdup(o->via.boolean ? "true" : "false");
	case MSGPACK_OBJECT_POSITIVE_INTEGER:
		return xasprintf(
		    "the number %llu", (unsigned long long)o->via.u64);
	case MSGPACK_OBJECT_NEGATIVE_INTEGER:
		return xasprintf("the number %lld", (long long)o->via.i64);
	case MSGPACK_OBJECT_FLOAT32:
	case MSGPACK_OBJECT_FLOAT64:
		return xasprintf("the number %.15g", o->via.f64);
	case MSGPACK_OBJECT_STR:
		return describe_text(o);
	case MSGPACK_OBJECT_ARRAY:
		return xstrdup(
		    o->via.array.size == 0 ? "an empty list" : "a list");
	case MSGPACK_OBJECT_MAP:
		return xstrdup(o->via.map.size == 0 ? "an empty map" : "a map");
	case MSGPACK_OBJECT_BIN:
	case MSGPACK_OBJECT_EXT:
		break;
	}
	return xstrdup("binary data");
}

void
definition_errors_free(struct definition_errors *e)
{
	size_t i;

	for (i = 0; i < e->count; i++) {
		free(e->list[i].path);
		free(e->list[i].found);
		free(e->list[i].expected);
		free(e->list[i].message);
	}
	free(e->list);
	*e = (struct definition_errors){0};
}
