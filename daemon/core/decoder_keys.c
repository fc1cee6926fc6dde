/* decoder_keys: maps read by a table of their keys. */

#include "daemon/core/decoder.h"

#include <stdlib.h>
#include <string.h>

#include "daemon/core/alloc.h"
#include "libproto/nearest.h"

#define KEYS_MAX 48 /* in one table */

static const struct key *
find_key(const struct key_table *, const msgpack_object *, unsigned);
static bool bears_on_edges(const char *);
static void unknown_key(struct decoder *, const struct place *,
    const struct key_table *, const msgpack_object *);
static void misplaced_key(struct decoder *, const struct place *,
    const struct key_table *, const msgpack_object *);
static bool is_decodable(const struct decoder *, const struct key *);
static void
collect(struct decoder *, const struct place *, const msgpack_object *,
    const struct key_table *, const msgpack_object_kv **);

const char *const action_names[ACTION_KINDS] = {
    [ACTION_RUN] = "run",
    [ACTION_WORKFLOW] = "workflow",
    [ACTION_WAIT] = "wait",
    [ACTION_SET] = "set",
    [ACTION_END] = "end",
};

/* The key for the action, or else one of that name for another action. */
static const struct key *
find_key(
    const struct key_table *table, const msgpack_object *name, unsigned action)
{
	const struct key *found = NULL, *k;

	for (k = table->keys; k < table->keys + table->count; k++) {
		if (!object_is(name, k->name))
			continue;
		if (k->goes_with == 0 || (k->goes_with & action) != 0)
			return k;
		found = k;
	}
	return found;
}

/*
 * Whether what an unknown key was meant for could have led from task to task;
 * then the graph is not known, and says nothing.
 */
static bool
bears_on_edges(const char *meant)
{
	static const char *const keys[] = {
	    "next", "needs", "join", "do", "when", "tasks"};
	size_t i;

	if (meant == NULL)
		return true;
	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (strcmp(keys[i], meant) == 0)
			return true;
	return false;
}

static void
unknown_key(struct decoder *d, const struct place *place,
    const struct key_table *table, const msgpack_object *key)
{
	const char *names[KEYS_MAX], *meant;
	struct place at = place_key(place, key);
	int len = key->via.str.size > 60 ? 60 : (int)key->via.str.size;
	size_t i;

	for (i = 0; i < table->count; i++)
		names[i] = table->keys[i].name;
	meant = nearest_word(
	    key->via.str.ptr, key->via.str.size, names, table->count);
	if (bears_on_edges(meant))
		d->edges_known = false;
	if (meant != NULL)
		complain_key(d, &at,
		    "unknown key \"%.*s\"; did you mean \"%s\"?", len,
		    key->via.str.ptr, meant);
	else
		complain_key(d, &at, "unknown key \"%.*s\": %s has no such key",
		    len, key->via.str.ptr, table->what);
}

char *
action_words(unsigned bits)
{
	char words[64] = "";
	size_t i;

	for (i = 0; i < ACTION_KINDS; i++) {
		if ((bits & (1U << i)) == 0)
			continue;
		bits &= ~(1U << i);
		if (words[0] != '\0')
			strcat(words, bits != 0 ? ", " : " or ");
		strcat(words, action_names[i]);
	}
	return xstrdup(words);
}

static void
misplaced_key(struct decoder *d, const struct place *place,
    const struct key_table *table, const msgpack_object *key)
{
	struct place at = place_key(place, key);
	char *can, *is;
	unsigned bits = 0;
	size_t i;

	for (i = 0; i < table->count; i++)
		if (object_is(key, table->keys[i].name))
			bits |= table->keys[i].goes_with;
	can = action_words(bits);
	is = action_words(d->action);
	complain_key(d, &at, "\"%.*s\" goes with %s, not with %s",
	    (int)key->via.str.size, key->via.str.ptr, can, is);
	free(can);
	free(is);
}

/* Fields of one action alone share their memory with other actions'. */
static bool
is_decodable(const struct decoder *d, const struct key *k)
{
	bool alone = (k->goes_with & (k->goes_with - 1)) == 0;

	return k->goes_with == 0 || !alone || k->goes_with == d->action;
}

/* Finds the entry for each key of the table; repeated ones are known errors. */
static void
collect(struct decoder *d, const struct place *place, const msgpack_object *o,
    const struct key_table *table, const msgpack_object_kv **entries)
{
	const msgpack_object_kv *kv = o->via.map.ptr;
	const struct key *k;
	uint32_t i;

	for (i = 0; i < o->via.map.size; i++) {
		if (kv[i].key.type != MSGPACK_OBJECT_STR)
			continue;
		k = find_key(table, &kv[i].key, d->action);
		if (k == NULL)
			unknown_key(d, place, table, &kv[i].key);
		else if (k->goes_with != 0 && (k->goes_with & d->action) == 0)
			misplaced_key(d, place, table, &kv[i].key);
		else if (entries[k - table->keys] == NULL)
			entries[k - table->keys] = &kv[i];
	}
}

bool
decode_keys(struct decoder *d, const struct place *place,
    const msgpack_object *o, const struct key_table *table, void *into)
{
	const msgpack_object_kv *entries[KEYS_MAX] = {NULL};
	const struct key *k;
	struct place at;
	char *expected;
	size_t i;

	if (o->type != MSGPACK_OBJECT_MAP) {
		expected = xasprintf("%s, which is a map", table->what);
		unexpected(d, place, o, expected);
		free(expected);
		return false;
	}
	collect(d, place, o, table, entries);
	for (i = 0; i < table->count; i++) {
		k = &table->keys[i];
		if (entries[i] != NULL && is_decodable(d, k)) {
			at = place_key(place, &entries[i]->key);
			k->decode(
			    d, &at, &entries[i]->val, (char *)into + k->offset);
		} else if (entries[i] == NULL && k->required)
			complain(d, place, "%s needs the key \"%s\"",
			    table->what, k->name);
	}
	return true;
}
