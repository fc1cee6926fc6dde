/*
 * state_decode: what a snapshot holds, made a state again with all that follows
 * from it: lists, timers, counters, marks.
 *
 * The bytes are not trusted: whatever they are, the answer is a state or a
 * sentence that says what is wrong.
 */
#ifndef WEIR_CORE_STATE_DECODE_H
#define WEIR_CORE_STATE_DECODE_H

#include <msgpack.h>
#include <stdbool.h>
#include <stddef.h>

#include "daemon/core/state.h"

struct state_decoder;

struct state_decoder *state_decoder_new(void);
/* The next chunk; false where it is damaged, with a sentence in the buffer. */
bool state_decoder_take(
    struct state_decoder *, const void *, size_t, char *why, size_t);
/*
 * After the last chunk: the state, the caller's now; or NULL, as above.  What
 * runs outside is marked as changed; core_recovered marks the rest to be looked
 * at.  The host is what core_host says.
 */
struct state *state_decoder_end(struct state_decoder *, char *why, size_t);
void state_decoder_free(struct state_decoder *); /* with what it has made */

/*
 * One execution, into a state that has its workflow and not yet it; NULL as
 * above.  It is counted nowhere (execution_count), and is in no list of its
 * workflow; whom it names (parent, subworkflows) need not be there.
 */
struct execution *
execution_decode(struct state *, const msgpack_object *, char *why, size_t);
/* Counts it in the state and in its workflow. */
void execution_count(struct state *, struct execution *);

#endif
