/* config: weird.conf, by libyaml and the table of its keys */

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "daemon/config.h"
#include "daemon/config_key.h"
#include "daemon/core/alloc.h"
#include "libproto/nearest.h"

#define KEY_MAX 128 /* bytes of a key with its groups */
#define KEYS_MAX 64
#define DEPTH_MAX 3 /* roles, viewer, users */

struct parsing {
	struct config *config;
	const struct config_errors *errors;
	yaml_document_t *document;
	size_t *lines; /* where each key was set; 0: not yet */
	bool failed;
};

static void complain(struct parsing *, yaml_mark_t, const char *, ...)
    __attribute__((format(printf, 3, 4)));
static void complain_parser(struct parsing *, const yaml_parser_t *);
static bool has_second_document(struct parsing *, yaml_parser_t *);
static void read_map(struct parsing *, const yaml_node_t *, const char *, int);
static void
read_entry(struct parsing *, const yaml_node_pair_t *, const char *, int);
static bool
is_repeated(struct parsing *, const yaml_node_t *, const yaml_node_pair_t *);
static bool
is_set(struct parsing *, const yaml_node_t *, const struct config_key *);
static const struct config_key *find_key(const char *);
static bool is_group(const char *);
static void unknown_key(struct parsing *, const yaml_node_t *, const char *);
static void
read_value(struct parsing *, const yaml_node_t *, const struct config_key *);
static void
read_scalar(struct parsing *, const yaml_node_t *, const struct config_key *);
static void free_names(struct names *);

struct config *
config_new(void)
{
	struct config *config = xcalloc(1, sizeof(*config));
	char expected[1];

	for (size_t i = 0; i < config_nkeys; i++)
		if (config_keys[i].fallback[0] != '\0')
			config_key_set(config, &config_keys[i],
			    config_keys[i].fallback, expected,
			    sizeof(expected));
	return config;
}

void
config_free(struct config *config)
{
	if (config == NULL)
		return;
	for (int i = 0; i < CONFIG_ROLES; i++) {
		free_names(&config->roles[i].users);
		free_names(&config->roles[i].groups);
	}
	free(config->socket);
	free(config->state_dir);
	free(config->runtime_dir);
	free(config->pid_file);
	free(config->callouts.runner);
	free(config->callouts.path);
	free(config);
}

static void
free_names(struct names *names)
{
	for (unsigned i = 0; i < names->count; i++)
		free(names->list[i]);
	free(names->list);
}

bool
config_parse(struct config *config, const char *text, size_t size,
    const struct config_errors *errors)
{
	struct parsing parsing = {.config = config, .errors = errors};
	const yaml_node_t *root;
	yaml_document_t document;
	yaml_parser_t parser;

	if (!yaml_parser_initialize(&parser))
		out_of_memory();
	yaml_parser_set_input_string(
	    &parser, (const unsigned char *)text, size);
	if (!yaml_parser_load(&parser, &document)) {
		complain_parser(&parsing, &parser);
		yaml_parser_delete(&parser);
		return false;
	}
	parsing.document = &document;
	parsing.lines = xcalloc(config_nkeys, sizeof(*parsing.lines));
	root = yaml_document_get_root_node(&document);
	if (root != NULL && !has_second_document(&parsing, &parser))
		read_map(&parsing, root, "", 1);
	yaml_document_delete(&document);
	yaml_parser_delete(&parser);
	free(parsing.lines);
	return !parsing.failed;
}

static void
complain(struct parsing *parsing, yaml_mark_t mark, const char *format, ...)
{
	char message[512];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(message, sizeof(message), format, arguments);
	va_end(arguments);
	/* It shows what the file has, and terminals show it. */
	for (char *c = message; *c != '\0'; c++)
		if ((unsigned char)*c < ' ' || *c == 0x7f)
			*c = '?';
	parsing->failed = true;
	parsing->errors->error(
	    parsing->errors->ctx, mark.line + 1, mark.column + 1, message);
}

static void
complain_parser(struct parsing *parsing, const yaml_parser_t *parser)
{
	yaml_mark_t mark = parser->problem_mark;

	/* Of bytes that are no text libyaml gives the offset alone. */
	if (parser->error == YAML_READER_ERROR)
		complain(parsing, parser->mark, "%s, at byte %zu of the file",
		    parser->problem, parser->problem_offset);
	else
		complain(parsing, mark, "not YAML: %s",
		    parser->problem != NULL ? parser->problem : "no memory");
}

static bool
has_second_document(struct parsing *parsing, yaml_parser_t *parser)
{
	const yaml_node_t *root;
	yaml_document_t second;
	bool found;

	if (!yaml_parser_load(parser, &second)) {
		complain_parser(parsing, parser);
		return true;
	}
	root = yaml_document_get_root_node(&second);
	found = root != NULL;
	if (found)
		complain(parsing, root->start_mark,
		    "a second YAML document; put everything into one");
	yaml_document_delete(&second);
	return found;
}

/* prefix: the groups around it, "roles.viewer."; */
static void
read_map(struct parsing *parsing, const yaml_node_t *map, const char *prefix,
    int depth)
{
	if (map->type != YAML_MAPPING_NODE) {
		complain(parsing, map->start_mark,
		    "%.*s%sexpected a map of keys and values",
		    *prefix != '\0' ? (int)strlen(prefix) - 1 : 0, prefix,
		    *prefix != '\0' ? ": " : "");
		return;
	}
	for (const yaml_node_pair_t *pair = map->data.mapping.pairs.start;
	     pair < map->data.mapping.pairs.top; pair++)
		if (!is_repeated(parsing, map, pair))
			read_entry(parsing, pair, prefix, depth);
}

static bool
is_repeated(struct parsing *parsing, const yaml_node_t *map,
    const yaml_node_pair_t *pair)
{
	const yaml_node_t *key =
	    yaml_document_get_node(parsing->document, pair->key);

	for (const yaml_node_pair_t *other = map->data.mapping.pairs.start;
	     other < pair; other++) {
		const yaml_node_t *before =
		    yaml_document_get_node(parsing->document, other->key);

		if (before->type != YAML_SCALAR_NODE ||
		    key->type != YAML_SCALAR_NODE ||
		    strcmp((const char *)before->data.scalar.value,
			(const char *)key->data.scalar.value) != 0)
			continue;
		complain(parsing, key->start_mark,
		    "\"%s\" stands here a second time; the first is in line "
		    "%zu",
		    (const char *)key->data.scalar.value,
		    before->start_mark.line + 1);
		return true;
	}
	return false;
}

static void
read_entry(struct parsing *parsing, const yaml_node_pair_t *pair,
    const char *prefix, int depth)
{
	const yaml_node_t *key, *value;
	const struct config_key *known;
	char name[KEY_MAX];

	key = yaml_document_get_node(parsing->document, pair->key);
	value = yaml_document_get_node(parsing->document, pair->value);
	if (key->type != YAML_SCALAR_NODE ||
	    snprintf(name, sizeof(name), "%s%s", prefix,
		(const char *)key->data.scalar.value) >= (int)sizeof(name)) {
		complain(parsing, key->start_mark, "expected a key");
		return;
	}
	known = find_key(name);
	if (known != NULL) {
		if (!is_set(parsing, key, known))
			read_value(parsing, value, known);
	} else if (depth < DEPTH_MAX && is_group(name)) {
		strncat(name, ".", sizeof(name) - strlen(name) - 1);
		read_map(parsing, value, name, depth + 1);
	} else {
		unknown_key(parsing, key, name);
	}
}

/* "limits.requests" is the same as "requests" in "limits". */
static bool
is_set(struct parsing *parsing, const yaml_node_t *key,
    const struct config_key *known)
{
	size_t *line = &parsing->lines[known - config_keys];

	if (*line == 0) {
		*line = key->start_mark.line + 1;
		return false;
	}
	complain(parsing, key->start_mark,
	    "\"%s\" stands here a second time; the first is in line %zu",
	    known->name, *line);
	return true;
}

static const struct config_key *
find_key(const char *name)
{
	for (size_t i = 0; i < config_nkeys; i++)
		if (strcmp(config_keys[i].name, name) == 0)
			return &config_keys[i];
	return NULL;
}

static bool
is_group(const char *name)
{
	size_t length = strlen(name);

	for (size_t i = 0; i < config_nkeys; i++)
		if (strncmp(config_keys[i].name, name, length) == 0 &&
		    config_keys[i].name[length] == '.')
			return true;
	return false;
}

/* Near are the keys and groups of the same map alone. */
static void
unknown_key(struct parsing *parsing, const yaml_node_t *key, const char *name)
{
	const char *dot = strrchr(name, '.');
	size_t prefix = dot != NULL ? (size_t)(dot - name) + 1 : 0;
	char siblings[KEYS_MAX][KEY_MAX];
	const char *known[KEYS_MAX], *near;
	size_t n = 0;

	for (size_t i = 0; i < config_nkeys && n < KEYS_MAX; i++) {
		const char *other = config_keys[i].name;

		if (strncmp(other, name, prefix) != 0)
			continue;
		snprintf(siblings[n], KEY_MAX, "%.*s",
		    (int)(prefix + strcspn(other + prefix, ".")), other);
		known[n] = siblings[n];
		n++;
	}
	near = nearest_word(name, strlen(name), known, n);
	if (near != NULL)
		complain(parsing, key->start_mark,
		    "%s: unknown key; did you mean %s?", name, near);
	else
		complain(parsing, key->start_mark,
		    "%s: unknown key; weird.conf(5) has those there are", name);
}

static void
read_value(struct parsing *parsing, const yaml_node_t *value,
    const struct config_key *key)
{
	if (key->type != CONFIG_NAMES || value->type != YAML_SEQUENCE_NODE) {
		read_scalar(parsing, value, key);
		return;
	}
	for (const yaml_node_item_t *item = value->data.sequence.items.start;
	     item < value->data.sequence.items.top; item++)
		read_scalar(parsing,
		    yaml_document_get_node(parsing->document, *item), key);
}

static void
read_scalar(struct parsing *parsing, const yaml_node_t *value,
    const struct config_key *key)
{
	static const char *const kinds[] = {
	    [YAML_NO_NODE] = "nothing",
	    [YAML_SCALAR_NODE] = "nothing",
	    [YAML_SEQUENCE_NODE] = "a list",
	    [YAML_MAPPING_NODE] = "a map",
	};
	char expected[128];
	const char *text;

	if (value->type != YAML_SCALAR_NODE) {
		config_key_expected(key, expected, sizeof(expected));
		complain(parsing, value->start_mark,
		    "%s: expected %s, found %s", key->name, expected,
		    kinds[value->type]);
		return;
	}
	text = (const char *)value->data.scalar.value;
	if (strlen(text) != value->data.scalar.length ||
	    !config_key_set(
		parsing->config, key, text, expected, sizeof(expected))) {
		config_key_expected(key, expected, sizeof(expected));
		complain(parsing, value->start_mark,
		    "%s: expected %s, found \"%.64s\"", key->name, expected,
		    text);
	}
}
