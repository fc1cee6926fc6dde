/* links: daemon/filter.c daemon/watch_filter.c libcore.a libweir.a ; libs: msgpack lua5.4 m */
/*
 * selector_fuzz: filters of executions and of events, as a peer may write
 * them: what the catalogue lets through is tried on an execution.
 */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/core/value.h"
#include "daemon/core/zone.h"
#include "daemon/filter.h"
#include "daemon/watch_filter.h"
#include "libproto/catalogue.h"
#include "libproto/message.h"
#include "libproto/unpack.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static void try_filter(const msgpack_object *);
static void try_watch(const msgpack_object *);

static void
require(int condition)
{
	if (!condition)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	static const struct scan_limits limits = {
	    MESSAGE_SIZE_MAX, MESSAGE_DEPTH_MAX, MESSAGE_ELEMENTS_MAX};
	msgpack_object params;
	msgpack_zone zone;
	char why[256];

	if (!scan_is_value(bytes, size, &limits))
		return 0;
	zone_init(&zone, 1024);
	require(unpack_value(bytes, size, &zone, &params));
	if (params.type == MSGPACK_OBJECT_MAP) {
		if (catalogue_check(
			METHOD_EXECUTION_LIST, &params, why, sizeof(why)))
			try_filter(catalogue_param(&params, "filter"));
		if (catalogue_check(
			METHOD_EVENTS_SUBSCRIBE, &params, why, sizeof(why)))
			try_watch(&params);
	}
	msgpack_zone_destroy(&zone);
	return 0;
}

static void
try_filter(const msgpack_object *wanted)
{
	static const char labels[] = "\x82\xa1"
				     "a\xa1"
				     "b\xa1"
				     "c\xa0";
	char name[] = "calm", correlation[] = "here";
	struct workflow workflow = {.name = name};
	struct execution execution = {.workflow = &workflow};
	struct filter filter;
	bool held;

	execution.k.correlation = correlation;
	execution.k.parent = 1;
	execution.k.uid = 1;
	execution.k.created_at = 1000;
	execution.k.labels = value_new(labels, sizeof(labels) - 1);
	filter_init(&filter, wanted);
	held = filter_holds(&filter, &execution);
	require(held || wanted != NULL);
	value_unref(execution.k.labels);
	execution.k.labels = NULL;
	/* Less of it can't be what was wanted when more was not. */
	require(held || filter.labels != NULL ||
	    !filter_holds(&filter, &execution));
}

static void
try_watch(const msgpack_object *params)
{
	const msgpack_object *ids = catalogue_param(params, "executions");
	const msgpack_object *types = catalogue_param(params, "types");
	struct watch_filter filter;
	bool any = false;

	for (uint32_t i = 0; types != NULL && i < types->via.array.size; i++)
		any = watch_type_exists(&types->via.array.ptr[i]) || any;
	watch_filter_init(&filter, ids, types);
	for (int type = 0; type < EVENT_TYPES; type++) {
		bool holds =
		    watch_filter_holds(&filter, (enum event_type)type, 1);

		require(!holds || types == NULL || any);
	}
	/* Each execution that was named is found. */
	for (uint32_t i = 0; ids != NULL && i < ids->via.array.size; i++)
		for (int type = 0; types == NULL && type < EVENT_TYPES; type++)
			require(
			    watch_filter_holds(&filter, (enum event_type)type,
				ids->via.array.ptr[i].via.u64));
	watch_filter_free(&filter);
}
