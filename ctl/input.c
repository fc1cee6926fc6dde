/*
 * input: values typed on a command line or kept in a file.
 */
#include "ctl/input.h"

#include <err.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "ctl/field.h"
#include "ctl/source.h"
#include "ctl/yaml.h"
#include "daemon/core/alloc.h"
#include "daemon/core/value.h"
#include "libproto/pack.h"
#include "libproto/unpack.h"

static bool pack_source(
    msgpack_sbuffer *, struct source *, bool readable, struct complaints *);
static void tell(const char *, const struct complaints *);
static struct value *read_file(const char *, int *status);
static struct value *
with_pair(struct value *, const struct given *, const msgpack_object *);
static bool is_map(const struct value *);

bool
input_value(
    msgpack_sbuffer *to, const char *name, const char *text, bool as_text)
{
	struct complaints complaints = {0};
	struct source source;
	msgpack_packer packer;
	bool ok;

	if (as_text || *text == '\0') {
		msgpack_packer_init(&packer, to, msgpack_sbuffer_write);
		pack_str(&packer, text);
		return true;
	}
	ok = source_of_text(&source, name, text, strlen(text), &complaints);
	ok = pack_source(to, &source, ok, &complaints);
	if (!ok)
		tell(source.name, &complaints);
	source_free(&source);
	complaints_free(&complaints);
	return ok;
}

static bool
pack_source(msgpack_sbuffer *to, struct source *source, bool readable,
    struct complaints *complaints)
{
	struct document *yaml =
	    readable ? document_parse(source, complaints) : NULL;
	bool ok = yaml != NULL && document_pack(yaml, to, complaints) &&
	    complaints->count == 0;

	document_free(yaml);
	return ok;
}

static void
tell(const char *name, const struct complaints *complaints)
{
	size_t i;

	for (i = 0; i < complaints->count; i++)
		warnx("%s:%u:%u: %s", name, complaints->list[i].at.line,
		    complaints->list[i].at.column, complaints->list[i].message);
}

static struct value *
read_file(const char *path, int *status)
{
	struct complaints complaints = {0};
	struct source source;
	msgpack_sbuffer buffer;
	struct value *value = NULL;
	bool readable;

	msgpack_sbuffer_init(&buffer);
	readable = source_read(&source, path, &complaints);
	source.begins =
	    "an input is a map, \"name: value\"; {} is an empty one";
	if (!readable && complaints.count == 0) {
		warn("%s", path);
		*status = EX_NOINPUT;
	} else if (pack_source(&buffer, &source, readable, &complaints))
		value = value_of_buffer(&buffer);
	else
		tell(source.name, &complaints);
	if (value != NULL && !is_map(value)) {
		warnx("%s: an input is a map, \"name: value\"", path);
		value_unref(value);
		value = NULL;
	}
	source_free(&source);
	complaints_free(&complaints);
	msgpack_sbuffer_destroy(&buffer);
	return value;
}

static bool
is_map(const struct value *value)
{
	unsigned char first = (unsigned char)value->bytes[0];

	return (first & 0xf0) == 0x80 || first == 0xde || first == 0xdf;
}

/* A text that the workflow declares to be one needs no quotes. */
static bool
is_declared_text(const msgpack_object *declared, const char *name)
{
	return field_is(field(declared, name), "type", "string");
}

static struct value *
with_pair(struct value *input, const struct given *pair,
    const msgpack_object *declared)
{
	char *name = xstrndup(pair->text, pair->length);
	msgpack_sbuffer buffer;
	msgpack_packer packer;
	struct value *one, *merged = NULL;

	msgpack_sbuffer_init(&buffer);
	msgpack_packer_init(&packer, &buffer, msgpack_sbuffer_write);
	msgpack_pack_map(&packer, 1);
	pack_str(&packer, name);
	if (input_value(&buffer, name, pair->text + pair->length + 1,
		is_declared_text(declared, name))) {
		one = value_of_buffer(&buffer);
		merged = value_merge(input, one);
		value_unref(one);
	}
	msgpack_sbuffer_destroy(&buffer);
	free(name);
	value_unref(input);
	return merged;
}

int
input_pack(msgpack_sbuffer *to, const struct arguments *arguments,
    const msgpack_object *declared)
{
	static const char nothing[] = {(char)0x80}; /* an empty map */
	const char *path = arguments_text(arguments, "input");
	const struct given *pair = NULL;
	int status = EX_DATAERR;
	struct value *input =
	    path != NULL ? read_file(path, &status) : value_new(nothing, 1);

	while (input != NULL &&
	    (pair = arguments_option(arguments, "set", pair)) != NULL)
		input = with_pair(input, pair, declared);
	if (input == NULL)
		return status;
	msgpack_sbuffer_write(to, input->bytes, input->size);
	value_unref(input);
	return 0;
}
