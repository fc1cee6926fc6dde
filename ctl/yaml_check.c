/*
 * yaml_check: what keys and tags of a workflow file may be.
 */
#include "ctl/yaml_check.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/core/alloc.h"

static int by_key(const void *, const void *);

void
tag_check(const struct source *s, const char *tag, const char *allowed,
    size_t at, struct complaints *complaints)
{
	const char *word = allowed;
	size_t core = strlen(CORE_TAG), n;

	if (tag == NULL || strcmp(tag, "!") == 0)
		return;
	while (*word != '\0' && strncmp(tag, CORE_TAG, core) == 0) {
		n = strcspn(word, " ");
		if (strlen(tag + core) == n && memcmp(tag + core, word, n) == 0)
			return;
		word += n;
		word += strspn(word, " ");
	}
	add_complaint(complaints, source_position(s, at),
	    "the tag %.60s means nothing here; leave it out", tag);
}

void
scalar_check_tag(const struct source *s, struct yaml_node *node,
    const char *tag, struct complaints *complaints)
{
	static const struct {
		const char *tag;
		enum yaml_type type, or ;
		const char *what;
	} kinds[] = {
	    {"int", YAML_INTEGER, YAML_INTEGER, "no whole number"},
	    {"float", YAML_FLOAT, YAML_INTEGER, "no number"},
	    {"bool", YAML_TRUE, YAML_FALSE, "neither true nor false"},
	    {"null", YAML_NULL, YAML_NULL, "not null"},
	};
	size_t i;

	if (tag == NULL || strncmp(tag, CORE_TAG, strlen(CORE_TAG)) != 0)
		return;
	tag += strlen(CORE_TAG);
	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (strcmp(kinds[i].tag, tag) == 0 &&
			node->type != kinds[i].type &&
			node->type != kinds[i].or)
			add_complaint(complaints,
			    source_position(s, node->start),
			    "\"%.40s\" is %s, as its tag !!%s says it is",
			    node->text, kinds[i].what, tag);
	if (strcmp(tag, "float") == 0 && node->type == YAML_INTEGER) {
		node->type = YAML_FLOAT;
		node->number = (double)node->magnitude;
		if (node->negative)
			node->number = -node->number;
	}
}

static const char *const not_a_key[] = {
    [YAML_LIST] = "a key is a text, not a list",
    [YAML_MAP] = "a key is a text, not a map; an expression, ${{ ... }}, "
		 "needs quotes around it",
    [YAML_ALIAS] = "a key is a text, not an alias",
};

void
node_check_key(const struct source *s, struct yaml_node *key,
    struct complaints *complaints)
{
	struct position at = source_position(s, key->start);
	size_t before = complaints->count + complaints->left_out;

	if (key->kind != YAML_SCALAR)
		add_complaint(complaints, at, "%s", not_a_key[key->kind]);
	else if (key->style == STYLE_PLAIN && key->type == YAML_TEXT &&
	    strcmp(key->text, "<<") == 0)
		add_complaint(complaints, at,
		    "the merge key << is not part of YAML 1.2: write the "
		    "keys out, or alias a whole value");
	else if (key->type == YAML_NULL && key->length == 0)
		add_complaint(
		    complaints, at, "a key is missing in front of this \":\"");
	else if (key->type != YAML_TEXT)
		add_complaint(complaints, at,
		    "the key %.40s is not a text; put it in quotes", key->text);
	key->dropped = complaints->count + complaints->left_out > before;
}

static int
by_key(const void *a, const void *b)
{
	const struct yaml_node *x = *(struct yaml_node *const *)a;
	const struct yaml_node *y = *(struct yaml_node *const *)b;
	int order;

	if (x->length != y->length)
		return x->length < y->length ? -1 : 1;
	order = x->length == 0 ? 0 : memcmp(x->text, y->text, x->length);
	if (order != 0)
		return order;
	return x->start < y->start ? -1 : x->start > y->start;
}

/* Sorted, equal keys are neighbours, and the first in the file is kept. */
void
node_drop_keys(const struct source *s, struct yaml_node *map,
    struct complaints *complaints)
{
	struct yaml_node **keys, *first = NULL;
	struct position at;
	size_t i, n = 0, kept = 0;

	keys = xreallocarray(NULL, map->count / 2 + 1, sizeof(*keys));
	for (i = 0; i < map->count; i += 2) {
		if (!map->children[i]->dropped)
			keys[n++] = map->children[i];
		else
			map->lacks = true;
	}
	qsort(keys, n, sizeof(*keys), by_key);
	for (i = 0; i < n; i++) {
		if (first == NULL || first->length != keys[i]->length ||
		    memcmp(first->text, keys[i]->text, first->length) != 0) {
			first = keys[i];
			continue;
		}
		at = source_position(s, first->start);
		add_complaint(complaints, source_position(s, keys[i]->start),
		    "the key %.60s is here for the second time; the first is "
		    "at %u:%u",
		    keys[i]->text, at.line, at.column);
		keys[i]->dropped = true;
	}
	for (i = 0; i < map->count; i += 2) {
		if (map->children[i]->dropped)
			continue;
		map->children[kept++] = map->children[i];
		map->children[kept++] = map->children[i + 1];
	}
	map->count = kept;
	free(keys);
}
