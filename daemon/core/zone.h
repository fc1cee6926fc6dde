/*
 * zone: msgpack's zones, that end the process where there is no memory: what
 * could not be decoded for want of it is not to be taken for damaged.
 */
#ifndef WEIR_CORE_ZONE_H
#define WEIR_CORE_ZONE_H

#include <msgpack.h>
#include <stddef.h>

#include "daemon/core/alloc.h"

static inline void
zone_init(msgpack_zone *zone, size_t chunk)
{
	if (!msgpack_zone_init(zone, chunk))
		out_of_memory();
}

static inline void *
zone_malloc(msgpack_zone *zone, size_t size)
{
	void *p = msgpack_zone_malloc(zone, size);

	if (p == NULL)
		out_of_memory();
	return p;
}

#endif
