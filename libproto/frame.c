/* frame: gathers the bytes of a socket and gives them out as messages. */

#include "libproto/frame.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool make_room(struct frame *, size_t);
static void drop_taken(struct frame *);
static bool resize(struct frame *, size_t);
static void shrink(struct frame *);

void
frame_init(struct frame *frame, const struct scan_limits *limits)
{
	frame->bytes = NULL;
	frame->capacity = 0;
	frame->start = 0;
	frame->scanned = 0;
	frame->end = 0;
	frame->limits = *limits;
	scan_start(&frame->scan, limits);
}

void
frame_free(struct frame *frame)
{
	free(frame->bytes);
	frame_init(frame, &frame->limits);
}

bool
frame_append(struct frame *frame, const void *bytes, size_t size)
{
	if (frame->scan.refused != SCAN_MORE) {
		errno = EBADMSG;
		return false;
	}
	drop_taken(frame);
	if (!make_room(frame, size))
		return false;
	if (size > 0)
		memcpy(frame->bytes + frame->end, bytes, size);
	frame->end += size;
	return true;
}

enum scan_result
frame_take(struct frame *frame, const char **bytes, size_t *size)
{
	size_t seen = frame->start + frame->scanned, used = 0;
	enum scan_result result = SCAN_MORE;

	if (frame->scan.refused != SCAN_MORE)
		return frame->scan.refused;
	if (seen < frame->end)
		result = scan_next(&frame->scan, frame->bytes + seen,
		    frame->end - seen, &used);
	frame->scanned += used;
	if (result == SCAN_MORE)
		drop_taken(frame);
	if (result != SCAN_COMPLETE)
		return result;
	*bytes = frame->bytes + frame->start;
	*size = frame->scanned;
	frame->start += frame->scanned;
	frame->scanned = 0;
	scan_start(&frame->scan, &frame->limits);
	return SCAN_COMPLETE;
}

size_t
frame_pending(const struct frame *frame)
{
	return frame->end - frame->start;
}

/*
 * Moves what has not been taken to the front.  What is moved is at most one
 * message that is not whole, and once only.
 */
static void
drop_taken(struct frame *frame)
{
	size_t left = frame->end - frame->start;

	if (frame->start == 0)
		return;
	if (left > 0)
		memmove(frame->bytes, frame->bytes + frame->start, left);
	frame->start = 0;
	frame->end = left;
	shrink(frame);
}

/* Doubles, so that a message that comes in drops is copied only so often. */
static bool
make_room(struct frame *frame, size_t size)
{
	size_t capacity = frame->capacity > 0 ? frame->capacity : FRAME_KEEP;

	if (size > SIZE_MAX / 2 - frame->end) {
		errno = ENOMEM;
		return false;
	}
	while (capacity < frame->end + size)
		capacity *= 2;
	return capacity <= frame->capacity || resize(frame, capacity);
}

static bool
resize(struct frame *frame, size_t capacity)
{
	char *bytes = realloc(frame->bytes, capacity);

	if (bytes == NULL)
		return false;
	frame->bytes = bytes;
	frame->capacity = capacity;
	return true;
}

/* Gives back what a big message took; where that fails nothing is lost. */
static void
shrink(struct frame *frame)
{
	size_t capacity = frame->capacity;

	while (capacity > FRAME_KEEP && capacity / 4 >= frame->end)
		capacity /= 2;
	if (capacity < frame->capacity)
		(void)resize(frame, capacity);
}
