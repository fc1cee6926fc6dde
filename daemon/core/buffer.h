/*
 * buffer: writes what a packer packs, or ends the process: a value that lacks a
 * piece for want of memory must never be.  In place of msgpack_sbuffer_write,
 * which gives an error that nobody looks at.
 */
#ifndef WEIR_CORE_BUFFER_H
#define WEIR_CORE_BUFFER_H

#include <msgpack.h>
#include <stddef.h>

#include "daemon/core/alloc.h"

/* A msgpack_packer_write; the buffer is a msgpack_sbuffer.  Always 0. */
static inline int
buffer_write(void *buffer, const char *bytes, size_t size)
{
	if (size > 0 && msgpack_sbuffer_write(buffer, bytes, size) != 0)
		out_of_memory();
	return 0;
}

#endif
