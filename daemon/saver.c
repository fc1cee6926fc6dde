/* saver: when a snapshot is taken, and how much of it at a time. */

#include "daemon/saver.h"

#include "daemon/core/snapshot.h"

#define SLICE (64 * 1024)	  /* bytes encoded in one turn, about */
#define BACKLOG (4 * 1024 * 1024) /* bytes handed over and not yet written */

static void add(void *, const void *, size_t);
static bool is_time(const struct saver *);
static bool begin(struct saver *);

void
saver_init(struct saver *saver, struct state *state, struct journal *journal,
    const struct config *config)
{
	*saver = (struct saver){
	    .state = state, .journal = journal, .config = config};
}

static void
add(void *ctx, const void *bytes, size_t size)
{
	journal_snapshot_add(ctx, bytes, size);
}

/*
 * By the growth of the journal, and for large states by their own size: what
 * is written for snapshots stays in proportion to what is written anyway.  One
 * that failed is tried again after as much more.
 */
static bool
is_time(const struct saver *saver)
{
	struct journal_figures figures;
	uint64_t after = (uint64_t)saver->config->journal.snapshot_after;

	journal_figures(saver->journal, &figures);
	if (after < figures.snapshot_bytes)
		after = figures.snapshot_bytes;
	if (saver->newest == figures.snapshot)
		after += saver->behind;
	return figures.bytes_behind >= after;
}

static bool
begin(struct saver *saver)
{
	struct journal_figures figures;

	if (!journal_snapshot_begin(saver->journal))
		return false;
	journal_figures(saver->journal, &figures);
	saver->behind = figures.bytes_behind;
	saver->newest = figures.snapshot;
	snapshot_begin(saver->state, add, saver->journal);
	return true;
}

enum saver_next
saver_turn(struct saver *saver)
{
	if (saver->state->snapshot == NULL &&
	    (!is_time(saver) || !begin(saver)))
		return SAVER_RESTS;
	if (journal_snapshot_backlog(saver->journal) > BACKLOG)
		return SAVER_WAITS;
	if (snapshot_slice(saver->state, SLICE))
		return SAVER_GOES_ON;
	journal_snapshot_end(saver->journal);
	return SAVER_RESTS;
}

bool
saver_save(struct saver *saver, char *error, size_t size)
{
	if (begin(saver)) {
		while (snapshot_slice(saver->state, SIZE_MAX))
			;
		journal_snapshot_end(saver->journal);
	}
	return journal_snapshot_wait(saver->journal, error, size);
}
