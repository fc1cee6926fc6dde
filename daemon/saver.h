/*
 * saver: takes a snapshot of the state whenever the journal has grown enough,
 * a slice in each turn, so that a start reads little and the disk holds little.
 */
#ifndef WEIR_SAVER_H
#define WEIR_SAVER_H

#include <stdbool.h>
#include <stddef.h>

#include "daemon/config.h"
#include "daemon/core/state.h"
#include "daemon/journal.h"

struct saver {
	struct state *state;
	struct journal *journal;
	const struct config *config; /* journal.snapshot_after */
	/* When the last one began: what stood behind the newest one, which? */
	uint64_t behind;
	uint64_t newest;
};

enum saver_next {
	SAVER_RESTS, /* until the journal has grown */
	SAVER_GOES_ON,
	SAVER_WAITS, /* for the disk: look again in a moment */
};

void saver_init(
    struct saver *, struct state *, struct journal *, const struct config *);
/* For the turn: begins where it is time, and gives a slice. */
enum saver_next saver_turn(struct saver *);
/*
 * A whole one, in place when this returns: the start's, which trusts nothing
 * that an unclean end has left.  False with a sentence.
 */
bool saver_save(struct saver *, char *error, size_t);

#endif
