/*
 * verb_journal: weirctl journal verify | dump: what stands in a journal's
 * files, while no daemon has them.
 */
#include <err.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>

#include "ctl/ctl.h"
#include "ctl/journal_dir.h"
#include "ctl/journal_event.h"
#include "ctl/verbs.h"
#include "daemon/core/alloc.h"
#include "daemon/replaying.h"
#include "libproto/unpack.h"

/* Exit statuses besides 0. */
#define STATUS_TORN 1
#define STATUS_DAMAGED 2

struct found {
	struct journal_finding finding;
	char *sentence;
};

struct verifying {
	const char *dir;
	struct journal_summary summary;
	struct replaying replaying; /* of snapshots alone */
	int64_t took;		    /* ns */
	struct found *found;
	size_t nfound;
};

struct dumping {
	uint64_t from;
	uint64_t to;
	bool past;  /* all that was asked for has been written */
	int status; /* by what was found before that */
};

static bool is_none(const struct journal_summary *, const struct journal_dir *);
static void take_finding(void *, const struct journal_finding *);
static int64_t monotonic(void);
static void print_verdict(struct writer *, const struct verifying *);
static void print_count(uint64_t, const char *, const char *);
static void print_verdict_json(struct writer *, const struct verifying *);
static void pack_finding(msgpack_packer *, const struct found *);
static bool dump_record(void *, const struct journal_record *);
static bool dump_chunk(void *, const struct journal_chunk *);
static void tell_finding(void *, const struct journal_finding *);
static int status_of(enum journal_condition);

static const char *const conditions[] = {
    [JOURNAL_CLEAN] = "clean",
    [JOURNAL_TORN] = "torn",
    [JOURNAL_DAMAGED] = "damaged",
};

static int
verify(struct ctl *ctl, const struct arguments *arguments)
{
	struct journal_dir dir;
	struct verifying verifying = {.dir = dir.path};
	struct journal_check check = {.dir = dir.path,
	    .chunk = replaying_chunk,
	    .record = journal_event_known,
	    .ctx = &verifying.replaying,
	    .found = take_finding,
	    .found_ctx = &verifying};
	char error[1024];
	int status;

	status = journal_dir_open(
	    arguments->noperands > 0 ? arguments->operands[0].text : NULL,
	    &dir);
	replaying_begin(&verifying.replaying);
	if (status == 0) {
		verifying.took = monotonic();
		if (!journal_check(
			&check, &verifying.summary, error, sizeof(error))) {
			warnx("%s", error);
			status = EX_NOINPUT;
		} else if (is_none(&verifying.summary, &dir)) {
			status = EX_NOINPUT;
		} else {
			verifying.took = monotonic() - verifying.took;
			print_verdict(ctl->out, &verifying);
			status = status_of(verifying.summary.condition);
		}
	}
	journal_dir_close(&dir);
	replaying_end(&verifying.replaying);
	for (size_t i = 0; i < verifying.nfound; i++)
		free(verifying.found[i].sentence);
	free(verifying.found);
	return status;
}

static bool
is_none(const struct journal_summary *summary, const struct journal_dir *dir)
{
	return journal_dir_is_none(dir, summary->segments + summary->snapshots);
}

static void
take_finding(void *ctx, const struct journal_finding *finding)
{
	struct verifying *verifying = ctx;
	struct found *found;

	verifying->found = xreallocarray(
	    verifying->found, verifying->nfound + 1, sizeof(*verifying->found));
	found = &verifying->found[verifying->nfound++];
	found->finding = *finding;
	found->finding.sentence = NULL;
	found->sentence = xstrdup(finding->sentence);
}

static int64_t
monotonic(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static void
print_verdict(struct writer *w, const struct verifying *verifying)
{
	const struct journal_summary *s = &verifying->summary;

	if (writer_is_json(w)) {
		print_verdict_json(w, verifying);
		return;
	}
	for (size_t i = 0; i < verifying->nfound; i++)
		printf("%s: %s\n",
		    conditions[verifying->found[i].finding.condition],
		    verifying->found[i].sentence);
	if (w->quiet)
		return;
	printf("%s: %s: ", verifying->dir, conditions[s->condition]);
	print_count(s->segments, "segment", ", ");
	print_count(s->snapshots, "snapshot", " with ");
	print_count(s->chunks, "chunk", ", ");
	print_count(s->records, "record", " in ");
	printf("%" PRIu64 " batches checked", s->batches);
	if (s->records > 0)
		printf(", from %" PRIu64 " to %" PRIu64, s->first, s->last);
	printf("; %" PRId64 " ms\n", verifying->took / 1000000);
	if (s->foreign > 0)
		printf("%" PRIu64 " other file%s there, not the journal's, "
		       "left out\n",
		    s->foreign, s->foreign == 1 ? " is" : "s are");
	if (s->condition != JOURNAL_DAMAGED)
		return;
	if (s->starts)
		printf("weird starts with this journal and misses nothing\n");
	else
		printf("weird does not start with this journal: put the files "
		       "of a backup in its place, or save what can be saved "
		       "with \"weirctl journal salvage\"\n");
}

static void
print_count(uint64_t n, const char *what, const char *then)
{
	printf("%" PRIu64 " %s%s%s", n, what, n == 1 ? "" : "s", then);
}

static void
print_verdict_json(struct writer *w, const struct verifying *verifying)
{
	const struct journal_summary *s = &verifying->summary;
	msgpack_sbuffer buffer;
	msgpack_packer p;
	msgpack_zone zone;
	msgpack_object object;

	msgpack_sbuffer_init(&buffer);
	msgpack_packer_init(&p, &buffer, msgpack_sbuffer_write);
	msgpack_pack_map(&p, 15);
	pack_key_str(&p, "directory", verifying->dir);
	pack_key_str(&p, "condition", conditions[s->condition]);
	pack_key_bool(&p, "starts", s->starts);
	pack_key_bool(&p, "ended", s->ended);
	pack_str(&p, "findings");
	msgpack_pack_array(&p, verifying->nfound);
	for (size_t i = 0; i < verifying->nfound; i++)
		pack_finding(&p, &verifying->found[i]);
	pack_key_uint(&p, "segments", s->segments);
	pack_key_uint(&p, "snapshots", s->snapshots);
	pack_key_uint(&p, "chunks", s->chunks);
	pack_key_uint(&p, "records", s->records);
	pack_key_uint(&p, "batches", s->batches);
	pack_key_uint(&p, "first", s->first);
	pack_key_uint(&p, "last", s->last);
	pack_key_uint(&p, "torn_bytes", s->torn_bytes);
	pack_key_uint(&p, "foreign", s->foreign);
	pack_key_int(&p, "took", verifying->took);
	msgpack_zone_init(&zone, 2048);
	if (unpack_value(buffer.data, buffer.size, &zone, &object))
		writer_row(w, &object);
	msgpack_zone_destroy(&zone);
	msgpack_sbuffer_destroy(&buffer);
}

static void
pack_finding(msgpack_packer *p, const struct found *found)
{
	const struct journal_finding *finding = &found->finding;

	msgpack_pack_map(p, 4);
	pack_key_str(p, "condition", conditions[finding->condition]);
	pack_key_str(
	    p, "file", finding->file[0] != '\0' ? finding->file : NULL);
	if (finding->offset >= 0)
		pack_key_int(p, "offset", finding->offset);
	else
		pack_key_nil(p, "offset");
	pack_key_str(p, "message", found->sentence);
}

static int
status_of(enum journal_condition condition)
{
	return condition == JOURNAL_CLEAN ? 0
	    : condition == JOURNAL_TORN	  ? STATUS_TORN
					  : STATUS_DAMAGED;
}

static int
dump(struct ctl *ctl, const struct arguments *arguments)
{
	const struct given *from = arguments_option(arguments, "from", NULL);
	const struct given *to = arguments_option(arguments, "to", NULL);
	struct dumping dumping = {.from = from != NULL ? from->number : 0,
	    .to = to != NULL ? to->number : UINT64_MAX};
	struct journal_dir dir;
	struct journal_check check = {.dir = dir.path,
	    .record = dump_record,
	    .ctx = &dumping,
	    .found = tell_finding,
	    .found_ctx = &dumping};
	struct journal_summary summary;
	char error[1024];
	int status;

	(void)ctl;
	if (arguments_has(arguments, "snapshots"))
		check.chunk = dump_chunk;
	status = journal_dir_open(
	    arguments->noperands > 0 ? arguments->operands[0].text : NULL,
	    &dir);
	if (status == 0 &&
	    !journal_check(&check, &summary, error, sizeof(error))) {
		warnx("%s", error);
		status = EX_NOINPUT;
	} else if (status == 0) {
		status = is_none(&summary, &dir) ? EX_NOINPUT : dumping.status;
	}
	journal_dir_close(&dir);
	return status;
}

static bool
dump_record(void *ctx, const struct journal_record *record)
{
	struct dumping *dumping = ctx;

	if (record->seq > dumping->to) {
		dumping->past = true;
		return false;
	}
	return record->seq < dumping->from ||
	    journal_event_print(stdout, record);
}

static bool
dump_chunk(void *ctx, const struct journal_chunk *chunk)
{
	(void)ctx;
	return journal_chunk_print(stdout, chunk);
}

static void
tell_finding(void *ctx, const struct journal_finding *finding)
{
	struct dumping *dumping = ctx;

	if (dumping->past)
		return;
	if (status_of(finding->condition) > dumping->status)
		dumping->status = status_of(finding->condition);
	fflush(stdout);
	warnx("%s", finding->sentence);
}

static const struct option dump_options[] = {
    {0, "from", ARGUMENT_NUMBER, "N", "from this sequence number on", NULL,
	false, false},
    {0, "to", ARGUMENT_NUMBER, "N", "up to this sequence number", NULL, false,
	false},
    {0, "snapshots", ARGUMENT_NONE, NULL,
	"what the snapshots hold too, before the events", NULL, false, false},
    {.name = NULL},
};

const struct verb verb_journal_verify = {
    .name = "journal verify",
    .summary = "Check a journal's files, while no daemon has them",
    .text = "DIR is the one that weird would use unless given.  Exits with 0 "
	    "where all is as it was\nwritten, 1 where the last write was torn "
	    "(harmless: it was never acknowledged), 2 where\nthere is "
	    "damage.  Nothing is changed.",
    .operands = {{"DIR", ARGUMENT_FILE, OPERAND_OPTIONAL, NULL}},
    .flags = VERB_LOCAL,
    .run = verify,
};

const struct verb verb_journal_dump = {
    .name = "journal dump",
    .summary = "Write a journal's events as lines of JSON",
    .text = "While no daemon has the files; they are not changed.  At damage "
	    "it ends, with 2, after\nwhat could be read.  Inputs and outputs "
	    "are shown as they are.",
    .options = {dump_options},
    .operands = {{"DIR", ARGUMENT_FILE, OPERAND_OPTIONAL, NULL}},
    .flags = VERB_LOCAL,
    .run = dump,
};
