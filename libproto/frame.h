/*
 * frame: gathers the bytes of a socket and gives them out as whole messages.
 * Between the bytes of half a message it holds no more than the limits allow,
 * and it lets go of what it took for a big one.
 *
 * Use: append what was read, then take until it gives SCAN_MORE.  Needs nothing
 * but libc.
 */
#ifndef WEIR_FRAME_H
#define WEIR_FRAME_H

#include <stdbool.h>
#include <stddef.h>

#include "libproto/scan.h"

#define FRAME_KEEP 4096 /* bytes of buffer that an idle connection keeps */

struct frame {
	char *bytes;
	size_t capacity;
	size_t start;	/* of the message that is being gathered */
	size_t scanned; /* bytes of it that scan has seen */
	size_t end;	/* of what has been appended */
	struct scan scan;
	struct scan_limits limits;
};

void frame_init(struct frame *, const struct scan_limits *);
void frame_free(struct frame *);
/*
 * Copies the bytes in; false without memory (ENOMEM), or when taking has been
 * refused before (EBADMSG).
 */
bool frame_append(struct frame *, const void *, size_t);
/*
 * COMPLETE gives the next message, which stays good until the next call.
 * MORE: append more.  Anything else is final: this stream has lost its order,
 * the connection is to be closed.
 */
enum scan_result frame_take(struct frame *, const char **bytes, size_t *size);
/* Bytes of a message that is not whole yet. */
size_t frame_pending(const struct frame *);

#endif
