/* view_value: values as clients may see them */

#include <string.h>

#include "daemon/core/alloc.h"
#include "daemon/core/zone.h"
#include "daemon/view.h"
#include "libproto/pack.h"
#include "libproto/unpack.h"

#define SECRET "(secret)"

static void
pack_shown(msgpack_packer *, const struct definition *, const msgpack_object *);
static bool is_secret(const struct definition *, const msgpack_object *);

void
view_value(msgpack_packer *packer, const struct execution *execution,
    const struct value *value, bool shows)
{
	const struct definition *definition = execution->definition;
	msgpack_object object;
	msgpack_zone zone;

	if (!shows || value == NULL) {
		msgpack_pack_nil(packer);
		return;
	}
	if (definition->nsecrets == 0) {
		value_pack(value, packer);
		return;
	}
	zone_init(&zone, 1024);
	if (unpack_value(value->bytes, value->size, &zone, &object))
		pack_shown(packer, definition, &object);
	else
		msgpack_pack_nil(packer);
	msgpack_zone_destroy(&zone);
}

/* Goes as deep as values are allowed to be, which is not deep. */
static void
pack_shown(msgpack_packer *packer, const struct definition *definition,
    const msgpack_object *object)
{
	if (object->type == MSGPACK_OBJECT_ARRAY) {
		msgpack_pack_array(packer, object->via.array.size);
		for (uint32_t i = 0; i < object->via.array.size; i++)
			pack_shown(
			    packer, definition, &object->via.array.ptr[i]);
	} else if (object->type == MSGPACK_OBJECT_MAP) {
		msgpack_pack_map(packer, object->via.map.size);
		for (uint32_t i = 0; i < object->via.map.size; i++) {
			const msgpack_object_kv *pair = &object->via.map.ptr[i];

			msgpack_pack_object(packer, pair->key);
			if (is_secret(definition, &pair->key))
				pack_str(packer, SECRET);
			else
				pack_shown(packer, definition, &pair->val);
		}
	} else {
		msgpack_pack_object(packer, *object);
	}
}

static bool
is_secret(const struct definition *definition, const msgpack_object *key)
{
	for (uint32_t i = 0; i < definition->nsecrets; i++)
		if (object_is(key, definition->secrets[i]))
			return true;
	return false;
}
