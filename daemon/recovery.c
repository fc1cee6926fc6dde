/* recovery: replay, and adoption of what still runs */

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "daemon/core/core.h"
#include "daemon/log.h"
#include "daemon/recovery.h"
#include "daemon/replaying.h"

static void warn(void *, const char *);
static bool explain(const struct replaying *, const char *dir, char *, size_t);
static unsigned adopt_run(const struct run *, struct callouts *);
static void adopt(const struct attempt *, struct callouts *);

struct journal *
recovery_replay(struct state **state, const struct config *config,
    const char *dir, char *error, size_t size)
{
	const struct journal_options options = {.dir = dir,
	    .segment_size = (size_t)config->journal.segment_size,
	    .keep = (uint64_t)config->journal.snapshot_after,
	    .warn = warn};
	struct replaying replaying;
	const struct journal_readers readers = {.chunk = replaying_chunk,
	    .record = replaying_record,
	    .ctx = &replaying};
	struct journal *journal;
	int refused;

	replaying_begin(&replaying);
	journal = journal_open(&options, &readers, error, size);
	refused = errno;
	if (explain(&replaying, dir, error, size)) {
		if (journal != NULL)
			journal_close(journal);
		journal = NULL;
		refused = 0;
	}
	if (journal != NULL)
		*state = replaying_take(&replaying);
	replaying_end(&replaying);
	errno = refused;
	if (journal == NULL)
		return NULL;
	core_recovered(*state);
	if (replaying.snapshot > 0)
		log_info("the snapshot of event %ju read",
		    (uintmax_t)replaying.snapshot);
	if (replaying.records > 0)
		log_info("%ju events replayed", (uintmax_t)replaying.records);
	return journal;
}

bool
recovery_rehearse(const char *dir,
    void (*found)(void *, const struct journal_finding *), void *ctx,
    struct journal_summary *summary, uint64_t *executions, char *error,
    size_t size)
{
	struct replaying replaying;
	const struct journal_check check = {.dir = dir,
	    .chunk = replaying_chunk,
	    .record = replaying_record,
	    .ctx = &replaying,
	    .as_at_start = true,
	    .found = found,
	    .found_ctx = ctx};
	struct execution *execution;
	bool ok;

	replaying_begin(&replaying);
	ok = journal_check(&check, summary, error, size);
	*executions = 0;
	RB_FOREACH (execution, executions, &replaying.state->executions)
		++*executions;
	replaying_end(&replaying);
	return ok;
}

/* The journal is whole, and what stands in it is nothing for this version. */
static bool
explain(const struct replaying *replaying, const char *dir, char *error,
    size_t size)
{
	if (replaying->why[0] != '\0')
		snprintf(error, size,
		    "the snapshot of event %ju in %s is nothing that weird %s "
		    "can read: %s",
		    (uintmax_t)replaying->snapshot, dir, WEIR_VERSION,
		    replaying->why);
	else if (replaying->bad > 0)
		snprintf(error, size,
		    "record %ju of the journal in %s is no event that weird "
		    "%s knows; a newer one has written it, or it is damaged",
		    (uintmax_t)replaying->bad, dir, WEIR_VERSION);
	return replaying->why[0] != '\0' || replaying->bad > 0;
}

static void
warn(void *ctx, const char *line)
{
	(void)ctx;
	log_warn("%s", line);
}

void
recovery_adopt(struct state *state, struct callouts *callouts)
{
	struct execution *execution;
	unsigned count = 0;

	RB_FOREACH (execution, executions, &state->executions)
		for (uint32_t i = 0; i < execution->nruns; i++)
			count += adopt_run(execution->runs[i], callouts);
	callouts_recovered(callouts);
	if (count > 0)
		log_info("%u callout%s running: each is looked for", count,
		    count == 1 ? " was" : "s were");
}

static unsigned
adopt_run(const struct run *run, struct callouts *callouts)
{
	unsigned count = 0;

	for (uint32_t i = 0; i < run->nactions; i++)
		for (const struct attempt *attempt = run->actions[i].latest;
		     attempt != NULL; attempt = attempt->before) {
			if (!attempt->k.open || attempt->k.runner == 0)
				continue;
			adopt(attempt, callouts);
			count++;
		}
	return count;
}

/*
 * What it was being stopped, frozen or thawed with is sent again: it may not
 * have arrived.
 */
static void
adopt(const struct attempt *attempt, struct callouts *callouts)
{
	static const enum callout_want wants[] = {
	    [PLAN_FREEZE] = CALLOUT_FREEZE,
	    [PLAN_TERM] = CALLOUT_TERM,
	    [PLAN_KILL] = CALLOUT_KILL,
	};
	enum plan_want want = plan_attempt(attempt);
	struct callout_key key;

	action_key(attempt->action, attempt->k.number, &key);
	callouts_want(
	    callouts, &key, attempt->k.runner, CALLOUT_RUN, attempt->k.spec);
	if (want == PLAN_FREEZE || want == PLAN_TERM || want == PLAN_KILL)
		callouts_want(
		    callouts, &key, attempt->k.runner, wants[want], NULL);
	if (attempt->k.thawed && !attempt->k.frozen)
		callouts_want(
		    callouts, &key, attempt->k.runner, CALLOUT_THAW, NULL);
}
