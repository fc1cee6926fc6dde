/* filter: picks executions by what is known of them */

#include <string.h>

#include "daemon/core/lifecycle.h"
#include "daemon/core/zone.h"
#include "daemon/filter.h"
#include "libproto/catalogue.h"

static bool text_is(const msgpack_object *, const char *);
static bool has_labels(const msgpack_object *, const struct value *);

void
filter_init(struct filter *filter, const msgpack_object *params)
{
	memset(filter, 0, sizeof(*filter));
	filter->statuses = ~0U;
	filter->owner = -1;
	filter->since = INT64_MIN;
	filter->until = INT64_MAX;
	if (params == NULL)
		return;
	if (catalogue_param(params, "status") != NULL)
		filter->statuses = filter_statuses(params, "status");
	filter->workflow = catalogue_param(params, "workflow");
	filter->correlation = catalogue_param(params, "correlation_id");
	filter->labels = catalogue_param(params, "label");
	filter->parent = catalogue_uint(params, "parent", 0);
	filter->owner = catalogue_int(params, "owner", -1);
	filter->since = catalogue_int(params, "since", INT64_MIN);
	filter->until = catalogue_int(params, "until", INT64_MAX);
}

unsigned
filter_statuses(const msgpack_object *params, const char *name)
{
	unsigned statuses = 0;

	for (unsigned i = 0; i < EXECUTION_STATUSES; i++)
		if (catalogue_has_word(params, name,
			execution_status_name((enum execution_status)i)))
			statuses |= 1U << i;
	return statuses;
}

bool
filter_holds(const struct filter *filter, const struct execution *execution)
{
	return (filter->statuses >> execution->k.status & 1) != 0 &&
	    text_is(filter->workflow, execution->workflow->name) &&
	    text_is(filter->correlation, execution->k.correlation) &&
	    (filter->parent == 0 || filter->parent == execution->k.parent) &&
	    (filter->owner < 0 || filter->owner == execution->k.uid) &&
	    execution->k.created_at >= filter->since &&
	    execution->k.created_at < filter->until &&
	    has_labels(filter->labels, execution->k.labels);
}

uint32_t
filter_cost(const struct filter *filter, const struct execution *execution)
{
	uint64_t size;

	if (filter->labels == NULL || execution->k.labels == NULL)
		return 1;
	size = execution->k.labels->size;
	return 1 +
	    (uint32_t)(size / 256 + size * filter->labels->via.map.size / 4096);
}

static bool
text_is(const msgpack_object *wanted, const char *text)
{
	return wanted == NULL ||
	    (text != NULL && wanted->via.str.size == strlen(text) &&
		memcmp(wanted->via.str.ptr, text, wanted->via.str.size) == 0);
}

/* Whether all that are wanted are there, with these values. */
static bool
has_labels(const msgpack_object *wanted, const struct value *labels)
{
	msgpack_object all;
	msgpack_zone zone;
	bool has = true;

	if (wanted == NULL)
		return true;
	if (labels == NULL)
		return false;
	zone_init(&zone, 512);
	has =
	    value_unpack(labels, &zone, &all) && all.type == MSGPACK_OBJECT_MAP;
	for (uint32_t i = 0; has && i < wanted->via.map.size; i++) {
		const msgpack_object_kv *pair = &wanted->via.map.ptr[i];
		bool found = false;

		for (uint32_t j = 0; j < all.via.map.size; j++)
			found = found ||
			    (msgpack_object_equal(
				 pair->key, all.via.map.ptr[j].key) &&
				msgpack_object_equal(
				    pair->val, all.via.map.ptr[j].val));
		has = found;
	}
	msgpack_zone_destroy(&zone);
	return has;
}
