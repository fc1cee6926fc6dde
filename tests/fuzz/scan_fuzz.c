/* links: libproto/scan.c libproto/header.c libproto/frame.c libproto/unpack.c ; libs: msgpack */
/*
 * scan_fuzz: bytes scanned at once and in pieces come to the same end; what
 * scan passes unpack reads, and packing gives a value again.
 *
 * The first byte says how the rest is cut up.
 */

#include <msgpack.h>
#include <stdint.h>
#include <stdlib.h>

#include "libproto/frame.h"
#include "libproto/scan.h"
#include "libproto/unpack.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static const struct scan_limits limits = {4096, 64, 1000};

static void unpack_and_pack(const uint8_t *, size_t);
static void
frame_in_pieces(const uint8_t *, size_t, size_t, enum scan_result, size_t);

static void
require(int condition)
{
	if (!condition)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct scan scan;
	enum scan_result result;
	size_t step, used;

	if (size == 0)
		return 0;
	step = (bytes[0] & 0x0fU) + 1U;
	bytes++;
	size--;
	scan_start(&scan, &limits);
	result = scan_next(&scan, bytes, size, &used);
	require(used <= size);
	require(result != SCAN_COMPLETE || used <= limits.size);
	require((result == SCAN_COMPLETE && used == size) ==
	    scan_is_value(bytes, size, &limits));
	frame_in_pieces(bytes, size, step, result, used);
	if (result == SCAN_COMPLETE)
		unpack_and_pack(bytes, used);
	return 0;
}

static void
unpack_and_pack(const uint8_t *bytes, size_t size)
{
	msgpack_sbuffer buffer;
	msgpack_packer packer;
	msgpack_object object;
	msgpack_zone zone;

	require(msgpack_zone_init(&zone, 1024));
	msgpack_sbuffer_init(&buffer);
	msgpack_packer_init(&packer, &buffer, msgpack_sbuffer_write);
	require(unpack_value(bytes, size, &zone, &object));
	require(msgpack_pack_object(&packer, object) == 0);
	/* msgpack-c writes headers as short as can be. */
	require(buffer.size <= size);
	require(scan_is_value(buffer.data, buffer.size, &limits));
	msgpack_sbuffer_destroy(&buffer);
	msgpack_zone_destroy(&zone);
}

/* The first message, or the refusal, is that of the scan in one piece. */
static void
frame_in_pieces(const uint8_t *bytes, size_t size, size_t step,
    enum scan_result expected, size_t used)
{
	enum scan_result result = SCAN_MORE;
	struct frame frame;
	const char *message;
	size_t length, at = 0;

	frame_init(&frame, &limits);
	while (result == SCAN_MORE && at < size) {
		size_t piece = size - at < step ? size - at : step;

		require(frame_append(&frame, bytes + at, piece));
		at += piece;
		result = frame_take(&frame, &message, &length);
		require(frame.capacity <= 2 * limits.size + FRAME_KEEP);
	}
	require(result == expected);
	require(result != SCAN_COMPLETE || length == used);
	frame_free(&frame);
}
