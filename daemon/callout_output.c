/* callout_output: what a command wrote to stdout, made a value. */

#include "daemon/callout_edge.h"

#include <sys/stat.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/core/alloc.h"
#include "daemon/core/buffer.h"
#include "libproto/pack.h"

typedef struct value *converter(const char *, size_t, char **);

static converter text, lines, json;
static char *load(const char *, size_t, size_t *, char **);
static bool fill(int, char *, size_t *);
static size_t utf8_character(const unsigned char *, size_t);
static bool check_utf8(const char *, size_t, char **);
static bool is_blank(const char *, size_t);
static void forget_text(char *);
static bool pack_json(msgpack_packer *, const json_t *, unsigned);
static bool pack_json_list(msgpack_packer *, const json_t *, unsigned);
static bool pack_json_map(msgpack_packer *, const json_t *, unsigned);

static converter *const converters[] = {
    [OUTPUT_NONE] = NULL,
    [OUTPUT_TEXT] = text,
    [OUTPUT_LINES] = lines,
    [OUTPUT_JSON] = json,
};

void
output_begin(void)
{
	json_set_alloc_funcs(xmalloc, free);
}

struct value *
output_read(const char *path, enum spec_output kind, size_t max, char **error)
{
	struct value *value;
	size_t size;
	char *bytes;

	*error = NULL;
	if (converters[kind] == NULL)
		return NULL;
	bytes = load(path, max, &size, error);
	if (bytes == NULL)
		return NULL;
	value = converters[kind](bytes, size, error);
	free(bytes);
	/* JSON may grow: 9 bytes for 1.5.  The journal reserves max for it. */
	if (value != NULL && value->size > CALLOUT_VALUE_MAX(max)) {
		*error =
		    xasprintf("output makes a value of %" PRIu32
			      " bytes, at most %zu may become "
			      "one; use output: text, or write it to a file",
			value->size, max);
		value_unref(value);
		value = NULL;
	}
	return value;
}

/* The whole file, unless it is too big: then none of it is read. */
static char *
load(const char *path, size_t max, size_t *size, char **error)
{
	struct stat st;
	char *bytes;
	int fd;

	do
		fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	while (fd == -1 && errno == EINTR);
	if (fd == -1 || fstat(fd, &st) == -1) {
		*error = xasprintf(
		    "cannot read output from %s: %s", path, strerror(errno));
		if (fd != -1)
			close(fd);
		return NULL;
	}
	bytes = NULL;
	if ((uint64_t)st.st_size > max)
		*error = xasprintf(
		    "output has %jd bytes, at most %zu may become a value; use "
		    "output: none, or write it to a file",
		    (intmax_t)st.st_size, max);
	else {
		bytes = xmalloc((size_t)st.st_size);
		*size = (size_t)st.st_size;
		if (!fill(fd, bytes, size)) {
			*error = xasprintf("cannot read output from %s: %s",
			    path, strerror(errno));
			free(bytes);
			bytes = NULL;
		}
	}
	close(fd);
	return bytes;
}

/* Up to *size bytes, which becomes less where there are no more. */
static bool
fill(int fd, char *bytes, size_t *size)
{
	size_t done;
	ssize_t n;

	for (done = 0; done < *size; done += (size_t)n) {
		n = read(fd, bytes + done, *size - done);
		if (n == -1 && errno == EINTR)
			n = 0;
		else if (n == -1)
			return false;
		else if (n == 0)
			break;
	}
	*size = done;
	return true;
}

/* How many bytes the character at s has; 0 when it is none. */
static size_t
utf8_character(const unsigned char *s, size_t size)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	uint32_t code;
	size_t n, i;

	if (s[0] < 0x80)
		return 1;
	n = s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2;
	if (s[0] < 0xc2 || s[0] > 0xf4 || n > size)
		return 0;
	code = s[0] & (0x7fU >> n);
	for (i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		code = code << 6 | (s[i] & 0x3fU);
	}
	if (code < least[n] || code > 0x10ffff ||
	    (code >= 0xd800 && code <= 0xdfff))
		return 0;
	return n;
}

static bool
check_utf8(const char *bytes, size_t size, char **error)
{
	const unsigned char *s;
	size_t at, n, line;

	s = (const unsigned char *)bytes;
	line = 1;
	for (at = 0; at < size; at += n) {
		n = utf8_character(s + at, size - at);
		if (s[at] == '\0') {
			*error = xasprintf("output has a zero byte: byte %zu, "
					   "on line %zu; use output: none",
			    at + 1, line);
			return false;
		}
		if (n == 0) {
			*error = xasprintf("output is not UTF-8: byte %zu, on "
					   "line %zu, is 0x%02x; use output: "
					   "none",
			    at + 1, line, s[at]);
			return false;
		}
		line += s[at] == '\n';
	}
	return true;
}

static struct value *
text(const char *bytes, size_t size, char **error)
{
	if (!check_utf8(bytes, size, error))
		return NULL;
	if (size > 0 && bytes[size - 1] == '\n')
		size--;
	return value_of_text(bytes, size);
}

static struct value *
lines(const char *bytes, size_t size, char **error)
{
	const char *at, *end, *newline;
	msgpack_sbuffer buffer;
	msgpack_packer packer;
	size_t n;

	if (!check_utf8(bytes, size, error))
		return NULL;
	end = bytes + size;
	n = size > 0 && end[-1] != '\n';
	for (at = bytes; at < end; at++)
		n += *at == '\n';
	msgpack_sbuffer_init(&buffer);
	msgpack_packer_init(&packer, &buffer, buffer_write);
	msgpack_pack_array(&packer, n);
	for (at = bytes; at < end; at = newline + 1) {
		newline = memchr(at, '\n', (size_t)(end - at));
		if (newline == NULL)
			newline = end;
		pack_strn(&packer, at, (size_t)(newline - at));
	}
	return value_of_buffer(&buffer);
}

static bool
is_blank(const char *bytes, size_t size)
{
	size_t i;

	for (i = 0; i < size; i++)
		if (memchr(" \t\r\n", bytes[i], 4) == NULL)
			return false;
	return true;
}

/* Behind what is wrong jansson repeats the output, which may be a secret. */
static void
forget_text(char *error)
{
	static const char unicode[] = "invalid Unicode";
	char *near = strstr(error, " near ");

	if (strncmp(error, unicode, strlen(unicode)) == 0)
		near = error + strlen(unicode);
	if (near != NULL)
		*near = '\0';
}

static struct value *
json(const char *bytes, size_t size, char **error)
{
	msgpack_sbuffer buffer;
	msgpack_packer packer;
	json_error_t where;
	json_t *root;
	bool good;

	if (is_blank(bytes, size)) {
		*error = xstrdup("output is empty, and so no JSON");
		return NULL;
	}
	root = json_loadb(
	    bytes, size, JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, &where);
	if (root == NULL) {
		forget_text(where.text);
		*error = xasprintf("output is not JSON: line %d, column %d: %s",
		    where.line, where.column,
		    json_error_code(&where) == json_error_null_character
			? "a NUL character, \\u0000, is not allowed"
			: where.text);
		return NULL;
	}
	msgpack_sbuffer_init(&buffer);
	msgpack_packer_init(&packer, &buffer, buffer_write);
	good = pack_json(&packer, root, VALUE_DEPTH_MAX);
	json_decref(root);
	if (good)
		return value_of_buffer(&buffer);
	msgpack_sbuffer_destroy(&buffer);
	*error = xasprintf(
	    "output is JSON with lists and maps nested deeper than %d",
	    VALUE_DEPTH_MAX);
	return NULL;
}

/* False when it is nested deeper than depth. */
static bool
pack_json(msgpack_packer *packer, const json_t *value, unsigned depth)
{
	switch (json_typeof(value)) {
	case JSON_OBJECT:
		return depth > 0 && pack_json_map(packer, value, depth - 1);
	case JSON_ARRAY:
		return depth > 0 && pack_json_list(packer, value, depth - 1);
	case JSON_STRING:
		pack_strn(packer, json_string_value(value),
		    json_string_length(value));
		break;
	case JSON_INTEGER:
		msgpack_pack_int64(packer, json_integer_value(value));
		break;
	case JSON_REAL:
		msgpack_pack_double(packer, json_real_value(value));
		break;
	case JSON_TRUE:
	case JSON_FALSE:
		pack_bool(packer, json_is_true(value));
		break;
	case JSON_NULL:
		msgpack_pack_nil(packer);
		break;
	}
	return true;
}

static bool
pack_json_list(msgpack_packer *packer, const json_t *list, unsigned depth)
{
	size_t i;

	msgpack_pack_array(packer, json_array_size(list));
	for (i = 0; i < json_array_size(list); i++)
		if (!pack_json(packer, json_array_get(list, i), depth))
			return false;
	return true;
}

static bool
pack_json_map(msgpack_packer *packer, const json_t *map, unsigned depth)
{
	const char *key;
	json_t *entry, *m;

	m = (json_t *)(uintptr_t)map; /* only iterated over */
	msgpack_pack_map(packer, json_object_size(map));
	json_object_foreach(m, key, entry)
	{
		pack_str(packer, key);
		if (!pack_json(packer, entry, depth))
			return false;
	}
	return true;
}
