/* config_key: the keys of weird.conf and their values */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/config_key.h"
#include "daemon/core/alloc.h"
#include "daemon/core/definition.h"
#include "daemon/log.h"

const struct config_key config_keys[] = {
#define CONFIG(name, type, member, least, most, fallback, help)             \
	{name, CONFIG_##type, offsetof(struct config, member), least, most, \
	    fallback, help},
#include "daemon/config.def"
#undef CONFIG
};
const size_t config_nkeys = sizeof(config_keys) / sizeof(config_keys[0]);

static bool within(const struct config_key *, int64_t, void *);
static bool read_number(const struct config_key *, const char *, int, void *);
static msgpack_object string_object(const char *);
static bool read_path(void *, const struct config_key *, const char *);
static bool read_text(void *, const struct config_key *, const char *);
static bool read_count(void *, const struct config_key *, const char *);
static bool read_size(void *, const struct config_key *, const char *);
static bool read_duration(void *, const struct config_key *, const char *);
static bool read_bool(void *, const struct config_key *, const char *);
static bool read_level(void *, const struct config_key *, const char *);
static bool read_mode(void *, const struct config_key *, const char *);
static bool read_names(void *, const struct config_key *, const char *);

/* How each type is read, and what it is in words. */
static const struct {
	bool (*read)(void *, const struct config_key *, const char *);
	const char *expected;
} types[] = {
    [CONFIG_PATH] = {read_path, "an absolute path"},
    [CONFIG_TEXT] = {read_text, "a text"},
    [CONFIG_COUNT] = {read_count, "a number"},
    [CONFIG_SIZE] = {read_size, "a size like 64K or 1M"},
    [CONFIG_DURATION] = {read_duration, "a duration like 30s or 5m"},
    [CONFIG_BOOL] = {read_bool, "true or false"},
    [CONFIG_LEVEL] = {read_level, "error, warn, info or debug"},
    [CONFIG_MODE] = {read_mode, "a mode in octal like 0660"},
    [CONFIG_NAMES] = {read_names, "a list of names"},
};

bool
config_key_set(struct config *config, const struct config_key *key,
    const char *text, char *expected, size_t size)
{
	if (types[key->type].read((char *)config + key->offset, key, text))
		return true;
	config_key_expected(key, expected, size);
	return false;
}

void
config_key_expected(const struct config_key *key, char *text, size_t size)
{
	const char *expected = types[key->type].expected;

	if (key->type == CONFIG_COUNT)
		snprintf(text, size, "%s from %jd to %jd", expected,
		    (intmax_t)key->least, (intmax_t)key->most);
	else if (key->type == CONFIG_SIZE)
		snprintf(text, size, "%s, from %jd to %jd bytes", expected,
		    (intmax_t)key->least, (intmax_t)key->most);
	else if (key->type == CONFIG_DURATION)
		snprintf(text, size, "%s, from %jdms to %jds", expected,
		    (intmax_t)(key->least / 1000000),
		    (intmax_t)(key->most / 1000000000));
	else
		snprintf(text, size, "%s", expected);
}

static bool
within(const struct config_key *key, int64_t n, void *to)
{
	if (n < key->least || n > key->most)
		return false;
	*(int64_t *)to = n;
	return true;
}

static bool
read_text(void *to, const struct config_key *key, const char *text)
{
	char **string = to;

	(void)key;
	if (*text == '\0')
		return false;
	free(*string);
	*string = xstrdup(text);
	return true;
}

static bool
read_path(void *to, const struct config_key *key, const char *text)
{
	return *text == '/' && read_text(to, key, text);
}

static bool
read_number(const struct config_key *key, const char *text, int base, void *to)
{
	const char *digits = base == 8 ? "01234567" : "0123456789";

	/* 18 digits fit whatever the base. */
	if (*text == '\0' || text[strspn(text, digits)] != '\0' ||
	    strlen(text) > 18)
		return false;
	return within(key, (int64_t)strtoll(text, NULL, base), to);
}

static bool
read_count(void *to, const struct config_key *key, const char *text)
{
	return read_number(key, text, 10, to);
}

static bool
read_mode(void *to, const struct config_key *key, const char *text)
{
	return read_number(key, text, 8, to);
}

static msgpack_object
string_object(const char *text)
{
	msgpack_object object = {.type = MSGPACK_OBJECT_STR};

	object.via.str.ptr = text;
	object.via.str.size = (uint32_t)strlen(text);
	return object;
}

static bool
read_size(void *to, const struct config_key *key, const char *text)
{
	msgpack_object object = string_object(text);
	int64_t bytes;

	if (read_number(key, text, 10, to))
		return true;
	return parse_size(&object, &bytes) && within(key, bytes, to);
}

static bool
read_duration(void *to, const struct config_key *key, const char *text)
{
	msgpack_object object = string_object(text);
	int64_t ns;

	return parse_duration(&object, &ns) && within(key, ns, to);
}

static bool
read_bool(void *to, const struct config_key *key, const char *text)
{
	bool yes = strcmp(text, "true") == 0;

	(void)key;
	if (!yes && strcmp(text, "false") != 0)
		return false;
	*(bool *)to = yes;
	return true;
}

static bool
read_level(void *to, const struct config_key *key, const char *text)
{
	(void)key;
	for (int64_t i = 0; i < LOG_LEVELS; i++) {
		if (strcmp(text, log_level_names[i]) != 0)
			continue;
		*(int64_t *)to = i;
		return true;
	}
	return false;
}

static bool
read_names(void *to, const struct config_key *key, const char *text)
{
	struct names *names = to;

	(void)key;
	if (*text == '\0')
		return false;
	names->list =
	    xreallocarray(names->list, names->count + 1, sizeof(*names->list));
	names->list[names->count++] = xstrdup(text);
	return true;
}
