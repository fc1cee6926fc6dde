/* json: MessagePack written as compact JSON. */

#include "daemon/core/buffer.h"
#include "daemon/core/json.h"

#include <inttypes.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/core/element.h"

#define DEPTH_MAX 128

/* What writing costs; a tick is about 8 ns. */
#define TICKS_SCALAR 12
#define TICKS_FLOAT 150
#define TICKS_BYTES 8 /* that many bytes of a string for one */

const char json_too_long[] = "too long";

struct writer {
	msgpack_sbuffer *buffer;
	size_t limit;
	const char *p, *end;
	const char *error; /* the first one; nothing is written after it */
	int depth;
	int64_t *ticks;
};

static void pay(struct writer *, int64_t);
static void add(struct writer *, const char *, size_t);
static void add_string(struct writer *, const char *, size_t);
static void write_float(struct writer *, double);
static void write_list(struct writer *, uint32_t);
static void write_map(struct writer *, uint32_t);
static void write_scalar(struct writer *, const msgpack_object *);
static void write_element(struct writer *, bool key);

static void
pay(struct writer *w, int64_t ticks)
{
	if (w->ticks == NULL || w->error != NULL)
		return;
	*w->ticks -= ticks;
	if (*w->ticks < 0)
		w->error = "too much";
}

static void
add(struct writer *w, const char *bytes, size_t n)
{
	if (w->error != NULL)
		return;
	if (n > w->limit - w->buffer->size)
		w->error = json_too_long;
	else
		buffer_write(w->buffer, bytes, n);
}

static void
add_string(struct writer *w, const char *s, size_t n)
{
	static const char short_forms[] = "\b\f\n\r\t\"\\",
			  letters[] = "bfnrt\"\\";
	char escape[8];
	const char *form;
	size_t plain = 0;

	add(w, "\"", 1);
	for (size_t i = 0; i < n; i++) {
		if ((unsigned char)s[i] >= 0x20 && s[i] != '"' && s[i] != '\\')
			continue;
		add(w, s + plain, i - plain);
		plain = i + 1;
		form = s[i] == '\0' ? NULL : strchr(short_forms, s[i]);
		if (form != NULL)
			snprintf(escape, sizeof(escape), "\\%c",
			    letters[form - short_forms]);
		else
			snprintf(escape, sizeof(escape), "\\u%04x",
			    (unsigned char)s[i]);
		add(w, escape, strlen(escape));
	}
	add(w, s + plain, n - plain);
	add(w, "\"", 1);
}

/* The shortest of the usual forms that reads back as the same number. */
static void
write_float(struct writer *w, double number)
{
	char text[40];
	double back;

	if (!isfinite(number)) {
		add(w, "null", 4);
		return;
	}
	pay(w, TICKS_FLOAT);
	for (int digits = 15; digits <= 17; digits++) {
		snprintf(text, sizeof(text), "%.*g", digits, number);
		back = strtod(text, NULL);
		if (back >= number && back <= number)
			break;
	}
	if (strpbrk(text, ".e") == NULL)
		strcat(text, ".0");
	add(w, text, strlen(text));
}

static void
write_scalar(struct writer *w, const msgpack_object *o)
{
	char text[24];

	switch (o->type) {
	case MSGPACK_OBJECT_NIL:
		add(w, "null", 4);
		break;
	case MSGPACK_OBJECT_BOOLEAN:
		add(w, o->via.boolean ? "true" : "false",
		    o->via.boolean ? 4 : 5);
		break;
	case MSGPACK_OBJECT_POSITIVE_INTEGER:
		snprintf(text, sizeof(text), "%" PRIu64, o->via.u64);
		add(w, text, strlen(text));
		break;
	case MSGPACK_OBJECT_NEGATIVE_INTEGER:
		snprintf(text, sizeof(text), "%" PRId64, o->via.i64);
		add(w, text, strlen(text));
		break;
	case MSGPACK_OBJECT_FLOAT32:
	case MSGPACK_OBJECT_FLOAT64:
		write_float(w, o->via.f64);
		break;
	default:
		w->error = "something in it that JSON does not have";
		break;
	}
}

static void
write_list(struct writer *w, uint32_t n)
{
	add(w, "[", 1);
	for (uint32_t i = 0; i < n && w->error == NULL; i++) {
		if (i > 0)
			add(w, ",", 1);
		write_element(w, false);
	}
	add(w, "]", 1);
}

static void
write_map(struct writer *w, uint32_t n)
{
	add(w, "{", 1);
	for (uint32_t i = 0; i < n && w->error == NULL; i++) {
		if (i > 0)
			add(w, ",", 1);
		write_element(w, true);
		add(w, ":", 1);
		write_element(w, false);
	}
	add(w, "}", 1);
}

/* A key is always in quotes. */
static void
write_element(struct writer *w, bool key)
{
	msgpack_object o;

	if (w->error != NULL)
		return;
	w->p = element_read(w->p, w->end, &o);
	if (w->p == NULL || w->depth == DEPTH_MAX) {
		w->error = w->p == NULL ? "broken" : "nested too deep";
		return;
	}
	w->depth++;
	pay(w, TICKS_SCALAR);
	if (o.type == MSGPACK_OBJECT_STR || o.type == MSGPACK_OBJECT_BIN) {
		pay(w, o.via.str.size / TICKS_BYTES);
		add_string(w, o.via.str.ptr, o.via.str.size);
	} else if (o.type == MSGPACK_OBJECT_ARRAY && !key) {
		write_list(w, o.via.array.size);
	} else if (o.type == MSGPACK_OBJECT_MAP && !key) {
		write_map(w, o.via.map.size);
	} else if (key) {
		add(w, "\"", 1);
		write_scalar(w, &o);
		add(w, "\"", 1);
	} else {
		write_scalar(w, &o);
	}
	w->depth--;
}

const char *
json_write(msgpack_sbuffer *buffer, size_t limit, int64_t *ticks, const char *p,
    const char *end)
{
	struct writer w = {.buffer = buffer,
	    .limit = limit,
	    .ticks = ticks,
	    .p = p,
	    .end = end};

	write_element(&w, false);
	return w.error;
}
