/*
 * print_json: MessagePack as JSON, integers exactly, and the writer for it.
 * Binary strings become text (what is not UTF-8 in them U+FFFD), as JSON has
 * nothing else; numbers that JSON can't hold become null.
 */
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/source.h"
#include "ctl/visible.h"
#include "ctl/writer.h"
#include "daemon/core/alloc.h"

static void print_string(FILE *, const char *, size_t);
static void print_list(FILE *, const msgpack_object *);
static void print_map(FILE *, const msgpack_object *);
static void print_float(FILE *, double);

void
json_print(FILE *to, const msgpack_object *o)
{
	switch (o->type) {
	case MSGPACK_OBJECT_BOOLEAN:
		fputs(o->via.boolean ? "true" : "false", to);
		break;
	case MSGPACK_OBJECT_POSITIVE_INTEGER:
		fprintf(to, "%" PRIu64, o->via.u64);
		break;
	case MSGPACK_OBJECT_NEGATIVE_INTEGER:
		fprintf(to, "%" PRId64, o->via.i64);
		break;
	case MSGPACK_OBJECT_FLOAT32:
	case MSGPACK_OBJECT_FLOAT64:
		print_float(to, o->via.f64);
		break;
	case MSGPACK_OBJECT_STR:
		print_string(to, o->via.str.ptr, o->via.str.size);
		break;
	case MSGPACK_OBJECT_BIN:
		print_string(to, o->via.bin.ptr, o->via.bin.size);
		break;
	case MSGPACK_OBJECT_ARRAY:
		print_list(to, o);
		break;
	case MSGPACK_OBJECT_MAP:
		print_map(to, o);
		break;
	case MSGPACK_OBJECT_NIL:
	case MSGPACK_OBJECT_EXT:
		fputs("null", to);
		break;
	}
}

void
json_print_line(FILE *to, const msgpack_object *o)
{
	json_print(to, o);
	fputc('\n', to);
	fflush(to);
}

/* The shortest form that reads back as the same number. */
static void
print_float(FILE *to, double number)
{
	char text[40];
	int digits;

	if (!isfinite(number)) {
		fputs("null", to);
		return;
	}
	for (digits = 15; digits <= 17; digits++) {
		snprintf(text, sizeof(text), "%.*g", digits, number);
		if (!(strtod(text, NULL) < number) &&
		    !(strtod(text, NULL) > number))
			break;
	}
	fputs(text, to);
	/* 1500 would be read back as an integer */
	if (strpbrk(text, ".e") == NULL)
		fputs(".0", to);
}

static void
print_string(FILE *to, const char *text, size_t length)
{
	size_t i, n;

	fputc('"', to);
	for (i = 0; i < length; i += n) {
		n = utf8_length(text + i, length - i);
		if (n == 0) {
			fputs("\\ufffd", to);
			n = 1;
		} else if (text[i] == '"' || text[i] == '\\')
			fprintf(to, "\\%c", text[i]);
		else if (text[i] == '\n')
			fputs("\\n", to);
		else if (visible_control(text + i, length - i) > 0)
			fprintf(to, "\\u%04x", (unsigned char)text[i + n - 1]);
		else
			fwrite(text + i, 1, n, to);
	}
	fputc('"', to);
}

static void
print_list(FILE *to, const msgpack_object *o)
{
	uint32_t i;

	fputc('[', to);
	for (i = 0; i < o->via.array.size; i++) {
		if (i > 0)
			fputs(", ", to);
		json_print(to, &o->via.array.ptr[i]);
	}
	fputc(']', to);
}

/* A key of another kind, of which weird has none, is put in quotes. */
static void
print_map(FILE *to, const msgpack_object *o)
{
	const msgpack_object *key;
	uint32_t i;

	fputc('{', to);
	for (i = 0; i < o->via.map.size; i++) {
		key = &o->via.map.ptr[i].key;
		if (i > 0)
			fputs(", ", to);
		if (key->type != MSGPACK_OBJECT_STR)
			fputc('"', to);
		json_print(to, key);
		if (key->type != MSGPACK_OBJECT_STR)
			fputc('"', to);
		fputs(": ", to);
		json_print(to, &o->via.map.ptr[i].val);
	}
	fputc('}', to);
}

static void
json_begin(struct writer *w, const struct column *columns, size_t n)
{
	(void)w;
	(void)columns;
	(void)n;
}

static void
json_row(struct writer *w, const msgpack_object *o)
{
	json_print_line(w->to, o);
}

static void
json_end(struct writer *w)
{
	(void)w;
}

static void
json_record(struct writer *w, const struct column *columns, size_t n,
    const msgpack_object *o)
{
	(void)columns;
	(void)n;
	json_print_line(w->to, o);
}

static void
json_note(struct writer *w, const msgpack_object *o, const char *text)
{
	(void)text;
	if (o != NULL)
		json_print_line(w->to, o);
}

static const struct writer_type json_type = {
    json_begin, json_row, json_end, json_record, json_note};

struct writer *
writer_json(FILE *to)
{
	struct writer *w = xcalloc(1, sizeof(*w));

	w->type = &json_type;
	w->to = to;
	return w;
}

bool
writer_is_json(const struct writer *w)
{
	return w->type == &json_type;
}
