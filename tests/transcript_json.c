/* transcript_json: MessagePack as JSON and back, for transcripts. */

#include "tests/transcript_json.h"

#include <ctype.h>
#include <err.h>
#include <inttypes.h>
#include <jansson.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libproto/pack.h"

/* Times, sizes, and who and what runs the test. */
static const char *const changing[] = {"time", "since", "created_at", "now",
    "started_at", "ended_at", "ends_at", "reached_at", "lifts_at", "due",
    "until", "cpu", "max_rss", "journal", "retention", "pid", "uid", "gid",
    "user", "owner", "by", "who",
    /* whether a runner is there yet when something is started */
    "revision"};

static void pack_json(json_t *, msgpack_packer *);
static void print_string(const char *, size_t, FILE *);
static void print_map(const msgpack_object *, FILE *);
static bool is_changing(const msgpack_object_kv *);

void
json_to_msgpack(const char *text, msgpack_packer *packer)
{
	char *copy = strdup(text);
	json_error_t error;
	json_t *json;

	if (copy == NULL)
		err(1, NULL);
	for (char *c = copy; *c != '\0'; c++)
		if (*c == '\'')
			*c = '"';
	json = json_loads(copy, JSON_DECODE_ANY, &error);
	if (json == NULL)
		errx(1, "%s: %s", error.text, text);
	pack_json(json, packer);
	json_decref(json);
	free(copy);
}

static void
pack_json(json_t *json, msgpack_packer *packer)
{
	const char *key;
	json_t *value;

	if (json_is_object(json)) {
		msgpack_pack_map(packer, json_object_size(json));
		for (void *i = json_object_iter(json); i != NULL;
		     i = json_object_iter_next(json, i)) {
			key = json_object_iter_key(i);
			pack_str(packer, key);
			pack_json(json_object_iter_value(i), packer);
		}
	} else if (json_is_array(json)) {
		msgpack_pack_array(packer, json_array_size(json));
		for (size_t i = 0; i < json_array_size(json); i++) {
			value = json_array_get(json, i);
			pack_json(value, packer);
		}
	} else if (json_is_string(json)) {
		pack_strn(
		    packer, json_string_value(json), json_string_length(json));
	} else if (json_is_integer(json)) {
		msgpack_pack_int64(packer, json_integer_value(json));
	} else if (json_is_real(json)) {
		msgpack_pack_double(packer, json_real_value(json));
	} else if (json_is_boolean(json)) {
		pack_bool(packer, json_is_true(json));
	} else {
		msgpack_pack_nil(packer);
	}
}

void
msgpack_to_json(const msgpack_object *object, FILE *out)
{
	switch (object->type) {
	case MSGPACK_OBJECT_NIL:
		fputs("null", out);
		break;
	case MSGPACK_OBJECT_BOOLEAN:
		fputs(object->via.boolean ? "true" : "false", out);
		break;
	case MSGPACK_OBJECT_POSITIVE_INTEGER:
		fprintf(out, "%" PRIu64, object->via.u64);
		break;
	case MSGPACK_OBJECT_NEGATIVE_INTEGER:
		fprintf(out, "%" PRId64, object->via.i64);
		break;
	case MSGPACK_OBJECT_STR:
		print_string(object->via.str.ptr, object->via.str.size, out);
		break;
	case MSGPACK_OBJECT_BIN:
		fputs("bin ", out);
		print_string(object->via.bin.ptr, object->via.bin.size, out);
		break;
	case MSGPACK_OBJECT_ARRAY:
		fputc('[', out);
		for (uint32_t i = 0; i < object->via.array.size; i++) {
			fputs(i > 0 ? ", " : "", out);
			msgpack_to_json(&object->via.array.ptr[i], out);
		}
		fputc(']', out);
		break;
	case MSGPACK_OBJECT_MAP:
		print_map(object, out);
		break;
	default:
		msgpack_object_print(out, *object);
		break;
	}
}

/* Whoever runs the test is called USER. */
static void
print_string(const char *text, size_t size, FILE *out)
{
	const struct passwd *entry = getpwuid(geteuid());
	const char *user = entry != NULL ? entry->pw_name : "";
	size_t length = strlen(user);

	fputc('\'', out);
	for (size_t i = 0; i < size; i++)
		if (length > 0 && size - i >= length &&
		    memcmp(text + i, user, length) == 0) {
			fputs("USER", out);
			i += length - 1;
		} else if (text[i] == '\n')
			fputs("\\n", out);
		else if (isprint((unsigned char)text[i]))
			fputc(text[i], out);
		else
			fprintf(out, "\\x%02x", (unsigned char)text[i]);
	fputc('\'', out);
}

static void
print_map(const msgpack_object *map, FILE *out)
{
	fputc('{', out);
	for (uint32_t i = 0; i < map->via.map.size; i++) {
		const msgpack_object_kv *pair = &map->via.map.ptr[i];

		fputs(i > 0 ? ", " : "", out);
		msgpack_to_json(&pair->key, out);
		fputs(": ", out);
		if (is_changing(pair))
			fputs("'*'", out);
		else
			msgpack_to_json(&pair->val, out);
	}
	fputc('}', out);
}

/* Absent it is the same in every run. */
static bool
is_changing(const msgpack_object_kv *pair)
{
	if (pair->key.type != MSGPACK_OBJECT_STR ||
	    pair->val.type == MSGPACK_OBJECT_NIL)
		return false;
	for (size_t i = 0; i < sizeof(changing) / sizeof(changing[0]); i++)
		if (strlen(changing[i]) == pair->key.via.str.size &&
		    memcmp(changing[i], pair->key.via.str.ptr,
			pair->key.via.str.size) == 0)
			return true;
	return false;
}
