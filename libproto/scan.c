/* scan: looks over MessagePack bytes before anything is allocated for them. */

#include "libproto/scan.h"

#include <string.h>

static bool
take_header(struct scan *, const unsigned char **, const unsigned char *);
static void enter(struct scan *, const struct header *);
static void leave(struct scan *);
static enum scan_result check(const struct scan *, const struct header *);

void
scan_start(struct scan *scan, const struct scan_limits *limits)
{
	scan->limits = *limits;
	if (scan->limits.depth > SCAN_DEPTH_MAX)
		scan->limits.depth = SCAN_DEPTH_MAX;
	scan->refused = SCAN_MORE;
	scan->size = 0;
	scan->body = 0;
	scan->owed = 1;
	scan->elements = 0;
	scan->depth = 0;
	scan->have = 0;
}

enum scan_result
scan_next(struct scan *scan, const void *bytes, size_t size, size_t *used)
{
	const unsigned char *at = bytes, *end = at + size;

	*used = size;
	while (scan->refused == SCAN_MORE) {
		if (scan->body > 0) {
			size_t step = (size_t)(end - at);

			if (step > scan->body)
				step = (size_t)scan->body;
			at += step;
			scan->body -= step;
			if (scan->body > 0)
				return SCAN_MORE;
		}
		if (scan->owed == 0) {
			*used = (size_t)(at - (const unsigned char *)bytes);
			return SCAN_COMPLETE;
		}
		if (at == end || !take_header(scan, &at, end))
			return SCAN_MORE;
	}
	return scan->refused;
}

bool
scan_is_value(const void *bytes, size_t size, const struct scan_limits *limits)
{
	struct scan scan;
	size_t used;

	scan_start(&scan, limits);
	return scan_next(&scan, bytes, size, &used) == SCAN_COMPLETE &&
	    used == size;
}

const char *
scan_result_text(enum scan_result result)
{
	switch (result) {
	case SCAN_COMPLETE:
		return "message is complete";
	case SCAN_MORE:
		return "message is cut short";
	case SCAN_INVALID:
		return "message is not MessagePack";
	case SCAN_TOO_BIG:
		return "message is too big";
	case SCAN_TOO_DEEP:
		return "message is nested too deep";
	case SCAN_TOO_MANY:
		return "message has too many elements";
	}
	return "message is not MessagePack";
}

/*
 * Takes one header, or the piece of it that is there; false when the rest has
 * yet to come.
 */
static bool
take_header(
    struct scan *scan, const unsigned char **at, const unsigned char *end)
{
	struct header header;
	const unsigned char *from = *at;
	unsigned need = header_size(scan->have > 0 ? scan->header[0] : *from);
	size_t step = need - scan->have;

	if (scan->have > 0 || step > (size_t)(end - *at)) {
		if (step > (size_t)(end - *at))
			step = (size_t)(end - *at);
		memcpy(scan->header + scan->have, *at, step);
		scan->have += (unsigned)step;
		from = scan->header;
	}
	*at += step;
	if (scan->have > 0 && scan->have < need)
		return false;
	scan->have = 0;
	header = header_read(from);
	scan->size += header.size;
	scan->refused = check(scan, &header);
	if (scan->refused == SCAN_MORE)
		enter(scan, &header);
	return true;
}

/* Counts a value that has begun, within limits. */
static void
enter(struct scan *scan, const struct header *header)
{
	uint64_t children = header_children(header);

	scan->body = header_body(header);
	scan->size += scan->body;
	scan->elements += children;
	scan->owed += children;
	scan->owed--;
	if (scan->depth > 0)
		scan->left[scan->depth - 1]--;
	if (children > 0)
		scan->left[scan->depth++] = (uint32_t)children;
	else
		leave(scan);
}

/* Leaves the lists and maps whose last value has begun and has no children. */
static void
leave(struct scan *scan)
{
	while (scan->depth > 0 && scan->left[scan->depth - 1] == 0)
		scan->depth--;
}

static enum scan_result
check(const struct scan *scan, const struct header *header)
{
	uint64_t children = header_children(header);
	uint64_t size = scan->size + header_body(header);

	if (header->kind == HEADER_INVALID)
		return SCAN_INVALID;
	if (children > scan->limits.elements - scan->elements)
		return SCAN_TOO_MANY;
	/* Each value that is still owed takes a byte at least. */
	if (size + scan->owed - 1 + children > scan->limits.size)
		return SCAN_TOO_BIG;
	if ((header->kind == HEADER_ARRAY || header->kind == HEADER_MAP) &&
	    scan->depth >= scan->limits.depth)
		return SCAN_TOO_DEEP;
	return SCAN_MORE;
}
