/* view_value: values as clients may see them */

#include <string.h>

#include "daemon/core/alloc.h"
#include "daemon/core/zone.h"
#include "daemon/view.h"
#include "libproto/pack.h"
#include "libproto/unpack.h"

#define SECRET "(secret)"

#define DEFINITIONS_MAX 64

/* The definitions whose secrets may be in a value. */
struct secrets {
	const struct definition *of[DEFINITIONS_MAX];
	unsigned count;
	bool too_many; /* to tell: then all is secret */
};

static void
gather(struct secrets *, const struct state *, const struct execution *);
static void add(struct secrets *, const struct definition *);
static void
pack_shown(msgpack_packer *, const struct secrets *, const msgpack_object *);
static bool is_secret(const struct secrets *, const msgpack_object *);

void
view_value(msgpack_packer *packer, const struct state *state,
    const struct execution *execution, const struct value *value, bool shows)
{
	struct secrets secrets = {.count = 0};
	msgpack_object object;
	msgpack_zone zone;

	if (!shows || value == NULL) {
		msgpack_pack_nil(packer);
		return;
	}
	gather(&secrets, state, execution);
	if (secrets.count == 0) {
		value_pack(value, packer);
		return;
	}
	zone_init(&zone, 1024);
	if (unpack_value(value->bytes, value->size, &zone, &object))
		pack_shown(packer, &secrets, &object);
	else
		msgpack_pack_nil(packer);
	msgpack_zone_destroy(&zone);
}

/*
 * What a workflow keeps secret stays so in those that it gives it to, and in
 * what earlier versions have left.
 */
static void
gather(struct secrets *secrets, const struct state *state,
    const struct execution *execution)
{
	const struct execution *x = execution;

	while (x != NULL) {
		add(secrets, x->definition);
		for (uint32_t i = 0; i + 1 < x->k.generation; i++)
			add(secrets, x->earlier[i].definition);
		x = state_execution(
		    state, x->k.parent != 0 ? x->k.parent : x->k.failure_of);
	}
}

static void
add(struct secrets *secrets, const struct definition *definition)
{
	if (definition->nsecrets == 0)
		return;
	for (unsigned i = 0; i < secrets->count; i++)
		if (secrets->of[i] == definition)
			return;
	if (secrets->count < DEFINITIONS_MAX)
		secrets->of[secrets->count++] = definition;
	else
		secrets->too_many = true;
}

/* Goes as deep as values are allowed to be, which is not deep. */
static void
pack_shown(msgpack_packer *packer, const struct secrets *secrets,
    const msgpack_object *object)
{
	if (object->type == MSGPACK_OBJECT_ARRAY) {
		msgpack_pack_array(packer, object->via.array.size);
		for (uint32_t i = 0; i < object->via.array.size; i++)
			pack_shown(packer, secrets, &object->via.array.ptr[i]);
	} else if (object->type == MSGPACK_OBJECT_MAP) {
		msgpack_pack_map(packer, object->via.map.size);
		for (uint32_t i = 0; i < object->via.map.size; i++) {
			const msgpack_object_kv *pair = &object->via.map.ptr[i];

			msgpack_pack_object(packer, pair->key);
			if (is_secret(secrets, &pair->key))
				pack_str(packer, SECRET);
			else
				pack_shown(packer, secrets, &pair->val);
		}
	} else {
		msgpack_pack_object(packer, *object);
	}
}

static bool
is_secret(const struct secrets *secrets, const msgpack_object *key)
{
	for (unsigned i = 0; i < secrets->count; i++)
		for (uint32_t j = 0; j < secrets->of[i]->nsecrets; j++)
			if (object_is(key, secrets->of[i]->secrets[j]))
				return true;
	return secrets->too_many;
}
