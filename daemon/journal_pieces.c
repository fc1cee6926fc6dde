/*
 * journal_pieces: which files belong to a damaged journal, and in which order.
 */

#include "daemon/journal_pieces.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/core/alloc.h"
#include "daemon/crc32c.h"

/* A header as it was found; segments' and snapshots' begin alike. */
struct found {
	char name[SEGMENT_NAME_SIZE];
	uint64_t named; /* the number in its name */
	int fd;
	const char *damage; /* NULL: the header is as it was written */
	struct segment_header header;
};

static void read_header(
    struct pieces *, const char *, uint64_t, struct found *, const char *magic);
static void choose_id(struct pieces *, const struct found *, size_t);
static bool has_own_name(const struct found *);
static void take_file(struct pieces *, struct found *, bool own_name);
static void add_file(struct pieces *, const struct found *, uint64_t number);
static void guess(struct pieces *, struct found *);
static void tell_header(const struct pieces *, const struct found *);
static bool fits(const struct pieces *, const struct found *, uint64_t number,
    struct record *);
static int by_number(const void *, const void *);
static void link_files(struct pieces *);
static void read_snapshots(struct pieces *, const struct journal_listing *);
static void note_last(struct pieces *);

bool
pieces_read(struct pieces *pieces, char *error, size_t size)
{
	const struct journal_options options = {.dir = pieces->salvage->from};
	struct journal_listing listing;
	struct found *found;
	size_t n;

	pieces->journal = journal_new(&options);
	pieces->journal->looking = true;
	if (!journal_open_directory(pieces->journal, error, size) ||
	    !journal_list(&pieces->journal->store, &listing, error, size))
		return false;
	n = listing.nsegments + listing.nsnapshots;
	found = xcalloc(n + 1, sizeof *found);
	for (size_t i = 0; i < n; i++) {
		bool segment = i < listing.nsegments;
		uint64_t seq = segment
		    ? listing.segments[i]
		    : listing.snapshots[i - listing.nsegments];
		char name[SEGMENT_NAME_SIZE] = "";

		(segment ? segment_name : snapshot_name)(seq, name);
		read_header(pieces, name, seq, &found[i],
		    segment ? SEGMENT_MAGIC : SNAPSHOT_MAGIC);
	}
	choose_id(pieces, found, n);
	for (size_t i = 0; i < listing.nsegments; i++)
		take_file(pieces, &found[i], true);
	for (size_t i = 0; i < listing.nsegments; i++)
		take_file(pieces, &found[i], false);
	for (size_t i = 0; i < listing.nsegments; i++)
		guess(pieces, &found[i]);
	for (size_t i = 0; i < n; i++)
		if (found[i].fd != -1)
			close(found[i].fd);
	free(found);
	link_files(pieces);
	for (size_t i = 0; i < pieces->nfiles; i++)
		pieces_scan(pieces, i);
	read_snapshots(pieces, &listing);
	note_last(pieces);
	journal_listing_free(&listing);
	return true;
}

void
pieces_free(struct pieces *pieces)
{
	for (size_t i = 0; i < pieces->nfiles; i++)
		close(pieces->files[i].fd);
	free(pieces->files);
	free(pieces->list);
	free(pieces->holes);
	free(pieces->snapshots);
	journal_free(pieces->journal);
}

void
pieces_lose_file(const struct pieces *pieces, const char *name, const char *why)
{
	struct journal_loss loss = {.kind = LOSS_FILE, .why = why};

	memcpy(loss.file, name, strlen(name) + 1);
	pieces->salvage->lost(pieces->salvage->ctx, &loss);
}

static void
read_header(struct pieces *pieces, const char *name, uint64_t seq,
    struct found *found, const char *magic)
{
	const struct segment_header *header = &found->header;
	ssize_t n;

	memcpy(found->name, name, strlen(name) + 1);
	found->named = seq;
	found->fd = store_open(&pieces->journal->store, name, O_RDONLY);
	if (found->fd == -1) {
		found->damage = strerror(errno);
		return;
	}
	n = pread(found->fd, &found->header, sizeof found->header, 0);
	if (n == -1)
		found->damage = strerror(errno);
	else if (n < (ssize_t)sizeof found->header)
		found->damage = "it ends within its header";
	else if (memcmp(header->magic, magic, sizeof header->magic) != 0)
		found->damage = "it doesn't begin as such a file does";
	else if (crc32c(0, header, offsetof(struct segment_header, crc)) !=
	    le32_get(&header->crc))
		found->damage = "its header's checksum is wrong";
}

/*
 * The one that most files have that are named after what they hold; of as many,
 * that of the newest segment.
 */
static void
choose_id(struct pieces *pieces, const struct found *found, size_t n)
{
	struct segment_store *store = &pieces->journal->store;
	size_t most = 0;

	for (size_t i = 0; i < n; i++) {
		const unsigned char *id = found[i].header.journal_id;
		size_t count = 1;

		if (found[i].damage != NULL)
			continue;
		for (size_t k = 0; k < n; k++)
			count += has_own_name(&found[k]) &&
			    memcmp(found[k].header.journal_id, id,
				JOURNAL_ID_SIZE) == 0;
		if (count < most)
			continue;
		most = count;
		memcpy(store->id, id, JOURNAL_ID_SIZE);
		store->has_id = true;
	}
}

static bool
has_own_name(const struct found *found)
{
	struct snapshot_header snapshot;

	if (found->damage != NULL)
		return false;
	if (strstr(found->name, SEGMENT_SUFFIX) != NULL)
		return le64_get(&found->header.first_seq) == found->named;
	memcpy(&snapshot, &found->header, sizeof snapshot);
	return le64_get(&snapshot.seq) == found->named;
}

/*
 * One with a good header, whatever its name is: first those that have their
 * own.  The others are for guess().
 */
static void
take_file(struct pieces *pieces, struct found *found, bool own_name)
{
	const struct segment_header *header = &found->header;
	const char *why = NULL;

	if (found->damage != NULL || own_name != has_own_name(found))
		return;
	if (le32_get(&header->format) != JOURNAL_FORMAT)
		why = "another format, which another version of weir reads";
	else if (memcmp(header->journal_id, pieces->journal->store.id,
		     JOURNAL_ID_SIZE) != 0)
		why = "another journal's";
	for (size_t i = 0; i < pieces->nfiles && why == NULL; i++)
		if (pieces->files[i].number == le64_get(&header->number))
			why = "a segment with its number is there already";
	if (why == NULL)
		add_file(pieces, found, le64_get(&header->number));
	else
		pieces_lose_file(pieces, found->name, why);
}

static void
add_file(struct pieces *pieces, const struct found *found, uint64_t number)
{
	struct pieces_file *file;

	pieces->files = xreallocarray(
	    pieces->files, pieces->nfiles + 1, sizeof *pieces->files);
	file = &pieces->files[pieces->nfiles++];
	memset(file, 0, sizeof *file);
	memcpy(file->name, found->name, sizeof file->name);
	file->fd = fcntl(found->fd, F_DUPFD_CLOEXEC, 0);
	file->number = number;
	file->first_seq = le64_get(&found->header.first_seq);
	file->first_batch = le64_get(&found->header.first_batch);
	file->limit = UINT64_MAX;
	file->seed = store_seed(pieces->journal->store.id, number);
}

/*
 * What a damaged header said is found out from the neighbours and from the
 * file's first record, whose checksum only the right number makes right.
 */
static void
guess(struct pieces *pieces, struct found *found)
{
	const size_t nfiles = pieces->nfiles;
	bool replaced = false, fitting = false;
	uint64_t number = 1;
	struct record record;

	if (found->damage == NULL)
		return;
	for (size_t i = 0; i < nfiles; i++) {
		const struct pieces_file *file = &pieces->files[i];

		replaced |= file->first_seq == found->named;
		if (file->first_seq < found->named && file->number >= number)
			number = file->number + 1;
	}
	if (!replaced)
		fitting = fits(pieces, found, number, &record);
	for (size_t i = 0; i < nfiles && !replaced && !fitting; i++) {
		number = pieces->files[i].number - 1;
		fitting = pieces->files[i].first_seq > found->named &&
		    fits(pieces, found, number, &record);
	}
	if (!fitting) {
		pieces_lose_file(pieces, found->name, found->damage);
		if (!replaced && found->named > pieces->lost_file)
			pieces->lost_file = found->named;
		return;
	}
	found->header.first_seq = le64(found->named);
	found->header.first_batch = le64(record.batch);
	add_file(pieces, found, number);
	tell_header(pieces, found);
}

static void
tell_header(const struct pieces *pieces, const struct found *found)
{
	struct journal_loss loss = {.kind = LOSS_BYTES,
	    .bytes = sizeof(struct segment_header),
	    .why = found->damage};

	memcpy(loss.file, found->name, sizeof found->name);
	pieces->salvage->lost(pieces->salvage->ctx, &loss);
}

static bool
fits(const struct pieces *pieces, const struct found *found, uint64_t number,
    struct record *record)
{
	unsigned char bytes[sizeof(struct record_header)];

	return found->fd != -1 && pieces->journal->store.has_id &&
	    pread(found->fd, bytes, sizeof bytes, SEGMENT_DATA_OFFSET) ==
	    (ssize_t)sizeof bytes &&
	    record_header_decode(bytes,
		store_seed(pieces->journal->store.id, number),
		SEGMENT_DATA_OFFSET, record) &&
	    record->seq + ((record->flags & RECORD_SEAL) != 0) == found->named;
}

static int
by_number(const void *left, const void *right)
{
	const struct pieces_file *a = left, *b = right;

	return (a->number > b->number) - (a->number < b->number);
}

/* What a segment holds ends where the next one begins. */
static void
link_files(struct pieces *pieces)
{
	if (pieces->nfiles > 1)
		qsort(pieces->files, pieces->nfiles, sizeof *pieces->files,
		    by_number);
	for (size_t i = 0; i + 1 < pieces->nfiles; i++) {
		struct pieces_file *file = &pieces->files[i];

		file->has_next = file[1].number == file->number + 1;
		file->limit = file[1].first_seq - 1;
	}
}

static void
read_snapshots(struct pieces *pieces, const struct journal_listing *listing)
{
	const struct journal_readers readers = {
	    .chunk = pieces->salvage->chunk, .ctx = pieces->salvage->ctx};
	char error[JOURNAL_ERROR_SIZE], name[SEGMENT_NAME_SIZE];

	pieces->snapshots =
	    xcalloc(listing->nsnapshots + 1, sizeof *pieces->snapshots);
	for (size_t i = 0; i < listing->nsnapshots; i++) {
		uint64_t seq = listing->snapshots[i];

		if (journal_read_snapshot(
			pieces->journal, seq, &readers, error, sizeof error)) {
			pieces->snapshots[pieces->nsnapshots++] = seq;
			continue;
		}
		snapshot_name(seq, name);
		pieces_lose_file(pieces, name, error);
	}
}

static void
note_last(struct pieces *pieces)
{
	const struct journal_snapshots *snapshots = &pieces->journal->snapshots;
	const struct pieces_file *newest;

	for (size_t i = 0; i < pieces->n; i++)
		if (!pieces->list[i].torn &&
		    pieces->list[i].whole > pieces->last)
			pieces->last = pieces->list[i].whole;
	for (size_t i = 0; i < pieces->nfiles; i++) {
		if (pieces->files[i].first_seq - 1 > pieces->last)
			pieces->last = pieces->files[i].first_seq - 1;
		if (pieces->files[i].sealed > pieces->last)
			pieces->last = pieces->files[i].sealed;
	}
	if (pieces->nsnapshots > 0 &&
	    pieces->snapshots[pieces->nsnapshots - 1] > pieces->last)
		pieces->last = pieces->snapshots[pieces->nsnapshots - 1];
	if (pieces->lost_file > pieces->last) {
		pieces->last = pieces->lost_file - 1;
		pieces->goes_on = true;
	}
	if (pieces->nfiles == 0) {
		/* A journal is never without one. */
		pieces->goes_on = true;
		return;
	}
	newest = &pieces->files[pieces->nfiles - 1];
	if (newest->continued || newest->number < snapshots->newest_segment)
		pieces->goes_on = true;
}
