/*
 * journal_check: what weird would find in a journal, and in what it needn't
 * read at a start.
 */

#include "daemon/journal_check.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/journal_parts.h"

static_assert(JOURNAL_FILE_SIZE >= SEGMENT_NAME_SIZE, "names fit");

struct checking {
	const struct journal_check *check;
	struct journal_summary *summary;
	struct journal *journal;
	struct journal_listing listing;
	bool silent;	  /* the caller's readers have been given everything */
	uint64_t batch;	  /* of the record before */
	uint64_t refused; /* the record that the caller's reader refused */
	char sentence[JOURNAL_ERROR_SIZE];
};

static bool look(struct checking *);
static void forget(struct checking *);
static void check_all(struct checking *);
static void check_snapshots(struct checking *);
static void check_start(struct checking *);
static bool covered(const struct checking *);
static bool read_as_at_start(struct checking *);
static void note_tail(struct checking *);
static void
note(struct checking *, enum journal_condition, const char *, const char *);
static void find_place(const char *, const char *, struct journal_finding *);
static bool take_chunk(void *, const struct journal_chunk *);
static bool take_record(void *, const struct journal_record *);
static void warned(void *, const char *);

bool
journal_check(const struct journal_check *check,
    struct journal_summary *summary, char *error, size_t size)
{
	struct checking checking = {.check = check, .summary = summary};
	bool ok;
	int saved;

	memset(summary, 0, sizeof *summary);
	ok = look(&checking);
	saved = errno;
	summary->segments = checking.listing.nsegments;
	summary->snapshots = checking.listing.nsnapshots;
	summary->foreign = checking.listing.nunknown;
	if (!ok)
		segment_error(error, size, "%s", checking.sentence);
	else if (!check->as_at_start)
		check_all(&checking);
	else if (!(summary->starts = read_as_at_start(&checking)))
		note(&checking, JOURNAL_DAMAGED, checking.sentence, "");
	else
		note_tail(&checking);
	forget(&checking);
	errno = saved;
	return ok;
}

bool
journal_count_files(const char *dir, uint64_t *n, char *error, size_t size)
{
	const struct journal_check check = {.dir = dir};
	struct checking checking = {.check = &check};
	bool ok = look(&checking);
	int saved = errno;

	*n = checking.listing.nsegments + checking.listing.nsnapshots;
	if (!ok)
		segment_error(error, size, "%s", checking.sentence);
	forget(&checking);
	errno = saved;
	return ok;
}

static bool
look(struct checking *checking)
{
	const struct journal_options options = {
	    .dir = checking->check->dir, .warn = warned, .ctx = checking};

	checking->journal = journal_new(&options);
	checking->journal->looking = true;
	return journal_open_directory(checking->journal, checking->sentence,
		   sizeof checking->sentence) &&
	    journal_list(&checking->journal->store, &checking->listing,
		checking->sentence, sizeof checking->sentence);
}

static void
forget(struct checking *checking)
{
	journal_listing_free(&checking->listing);
	journal_free(checking->journal);
}

/* Everything, to the first thing that breaks the chain. */
static void
check_all(struct checking *checking)
{
	const struct journal_readers readers = {
	    .chunk = take_chunk, .record = take_record, .ctx = checking};
	struct journal_summary *summary = checking->summary;
	char *sentence = checking->sentence;

	if (checking->listing.nsegments > 0 &&
	    journal_learn_id(checking->journal, &checking->listing, sentence,
		sizeof checking->sentence)) {
		check_snapshots(checking);
		if (journal_replay(checking->journal, &checking->listing,
			&readers, 0, sentence, sizeof checking->sentence)) {
			note_tail(checking);
			if (summary->condition != JOURNAL_DAMAGED &&
			    covered(checking)) {
				summary->starts = true;
				return;
			}
			sentence[0] = '\0';
		}
	}
	check_start(checking);
}

/* A start needn't read what is damaged, where a snapshot includes it. */
static void
check_start(struct checking *checking)
{
	struct journal_summary *summary = checking->summary;
	char damage[JOURNAL_ERROR_SIZE];
	const char *more = "";

	memcpy(damage, checking->sentence, sizeof damage);
	forget(checking);
	memset(&checking->listing, 0, sizeof checking->listing);
	checking->silent = true;
	summary->starts = look(checking) && read_as_at_start(checking) &&
	    (checking->refused == 0 ||
		(summary->has_snapshot &&
		    checking->refused <= summary->snapshot));
	if (damage[0] == '\0' && !summary->starts)
		memcpy(damage, checking->sentence, sizeof damage);
	if (summary->starts)
		more = " (weird starts even so: what is there is part of a "
		       "snapshot)";
	if (damage[0] != '\0')
		note(checking, JOURNAL_DAMAGED, damage, more);
}

static void
check_snapshots(struct checking *checking)
{
	const struct journal_readers readers = {
	    .chunk = take_chunk, .ctx = checking};
	struct journal_summary *summary = checking->summary;
	const struct journal_listing *listing = &checking->listing;

	for (size_t i = 0; i < listing->nsnapshots; i++) {
		if (!journal_read_snapshot(checking->journal,
			listing->snapshots[i], &readers, checking->sentence,
			sizeof checking->sentence)) {
			note(checking, JOURNAL_DAMAGED, checking->sentence, "");
			continue;
		}
		summary->has_snapshot = true;
		summary->snapshot = listing->snapshots[i];
	}
	checking->sentence[0] = '\0';
}

static bool
covered(const struct checking *checking)
{
	return checking->listing.segments[0] <= checking->summary->snapshot + 1;
}

static bool
read_as_at_start(struct checking *checking)
{
	const struct journal_readers readers = {
	    .chunk = take_chunk, .record = take_record, .ctx = checking};
	struct journal *journal = checking->journal;
	const struct journal_listing *listing = &checking->listing;
	char *error = checking->sentence;
	size_t size = sizeof checking->sentence;
	uint64_t seq;

	if (listing->nsegments == 0)
		return journal_check_alone(journal, listing, error, size);
	if (!journal_learn_id(journal, listing, error, size) ||
	    !journal_restore(journal, listing, &readers, &seq, error, size))
		return false;
	if (!checking->silent) {
		checking->summary->has_snapshot = journal->snapshots.has_newest;
		checking->summary->snapshot = seq;
	}
	return journal_replay(journal, listing, &readers, seq, error, size);
}

static void
note_tail(struct checking *checking)
{
	const struct journal *journal = checking->journal;
	struct journal_summary *summary = checking->summary;
	char sentence[JOURNAL_ERROR_SIZE], name[SEGMENT_NAME_SIZE];

	summary->ended = journal->clean;
	if (journal->torn_bytes == 0)
		return;
	summary->torn_bytes = (uint64_t)journal->torn_bytes;
	segment_name(journal->active.first_seq, name);
	segment_error(sentence, sizeof sentence,
	    "%s/%s: the last write was torn: %jd bytes at offset %jd, behind "
	    "record %ju, were never acknowledged; nothing is missing, and the "
	    "next start leaves them out and saves them",
	    journal->store.path, name, (intmax_t)journal->torn_bytes,
	    (intmax_t)journal->torn_at, (uintmax_t)journal->written);
	note(checking, JOURNAL_TORN, sentence, "");
}

static void
note(struct checking *checking, enum journal_condition condition,
    const char *sentence, const char *more)
{
	const struct journal_check *check = checking->check;
	struct journal_finding finding = {.condition = condition};
	char whole[2 * JOURNAL_ERROR_SIZE];

	if (condition > checking->summary->condition)
		checking->summary->condition = condition;
	if (check->found == NULL)
		return;
	snprintf(whole, sizeof whole, "%s%s", sentence, more);
	finding.sentence = whole;
	find_place(sentence, check->dir, &finding);
	check->found(check->found_ctx, &finding);
}

/* All of the journal's sentences begin "DIRECTORY/FILE: ...". */
static void
find_place(
    const char *sentence, const char *dir, struct journal_finding *finding)
{
	const char *name = sentence, *offset = strstr(sentence, "offset ");
	size_t length = strlen(dir);

	finding->offset = offset == NULL ? -1 : strtoll(offset + 7, NULL, 10);
	if (strncmp(sentence, dir, length) != 0 || sentence[length] != '/')
		return;
	name += length + 1;
	length = strcspn(name, ":");
	if (length < sizeof finding->file)
		memcpy(finding->file, name, length);
}

static bool
take_chunk(void *ctx, const struct journal_chunk *chunk)
{
	struct checking *checking = ctx;
	const struct journal_check *check = checking->check;

	if (checking->silent)
		return true;
	checking->summary->chunks++;
	checking->summary->bytes += chunk->size;
	return check->chunk == NULL || check->chunk(check->ctx, chunk);
}

static bool
take_record(void *ctx, const struct journal_record *record)
{
	struct checking *checking = ctx;
	const struct journal_check *check = checking->check;
	struct journal_summary *summary = checking->summary;

	if (checking->silent)
		return true;
	if (check->record != NULL && !check->record(check->ctx, record)) {
		checking->refused = record->seq;
		return false;
	}
	if (summary->records++ == 0)
		summary->first = record->seq;
	summary->last = record->seq;
	summary->batches += record->batch != checking->batch;
	summary->bytes += record->size;
	checking->batch = record->batch;
	return true;
}

/* Of a start: that a snapshot is damaged and not needed. */
static void
warned(void *ctx, const char *line)
{
	struct checking *checking = ctx;

	if (!checking->silent && checking->check->as_at_start)
		note(checking, JOURNAL_DAMAGED, line, "");
}

void
journal_segment_file(uint64_t seq, char name[JOURNAL_FILE_SIZE])
{
	segment_name(seq, name);
}

void
journal_snapshot_file(uint64_t seq, char name[JOURNAL_FILE_SIZE])
{
	snapshot_name(seq, name);
}
