/*
 * verb_salvage: weirctl journal salvage: a new journal of what can be saved of
 * a damaged one.
 */
#include <dirent.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "ctl/ctl.h"
#include "ctl/journal_dir.h"
#include "ctl/journal_event.h"
#include "ctl/verbs.h"
#include "daemon/journal_salvage.h"
#include "daemon/replaying.h"
#include "libproto/unpack.h"

#define STATUS_INCOMPLETE 1
#define NAME_MORE 16 /* bytes, of what is put behind the new name */

struct salvage {
	struct writer *out;
	struct journal_dir from;
	const char *to;
	char part[PATH_MAX];  /* the new one, until it is whole */
	char loose[PATH_MAX]; /* for what has no place in it */
	FILE *loose_file;     /* NULL: nothing yet */
	struct replaying replaying;
	char error[1024];
};

static int look(struct salvage *);
static bool prepare(struct salvage *);
static bool is_absent(const char *);
static int save(struct salvage *);
static bool finish(struct salvage *);
static bool give_to_owner(const struct salvage *);
static bool sync_parent(const char *);
static bool take_chunk(void *, const struct journal_chunk *);
static void tell_loss(void *, const struct journal_loss *);
static void tell_loss_json(struct writer *, const struct journal_loss *);
static bool keep_loose(void *, const struct journal_record *);
static void report(struct salvage *, const struct journal_saved *);
static void write_json(struct writer *, msgpack_sbuffer *);

static int
salvage(struct ctl *ctl, const struct arguments *arguments)
{
	struct salvage s = {.out = ctl->out, .to = arguments->operands[1].text};
	int status;

	if (strlen(s.to) == 0 || strlen(s.to) > PATH_MAX - NAME_MORE) {
		warnx("\"%s\": not a name for a new directory", s.to);
		return EX_USAGE;
	}
	replaying_begin(&s.replaying);
	status = journal_dir_open(arguments->operands[0].text, &s.from);
	if (status == 0)
		status = look(&s);
	if (status == 0)
		status = prepare(&s) ? save(&s) : EX_CANTCREAT;
	journal_dir_close(&s.from);
	replaying_end(&s.replaying);
	return status;
}

static int
look(struct salvage *s)
{
	uint64_t files;

	if (!journal_count_files(
		s->from.path, &files, s->error, sizeof(s->error))) {
		warnx("%s", s->error);
		return EX_NOINPUT;
	}
	return journal_dir_is_none(&s->from, files) ? EX_NOINPUT : 0;
}

/* Nothing that is there is ever written to. */
static bool
prepare(struct salvage *s)
{
	int length = (int)strlen(s->to);

	while (length > 1 && s->to[length - 1] == '/')
		length--;
	snprintf(s->part, sizeof(s->part), "%.*s.part", length, s->to);
	snprintf(s->loose, sizeof(s->loose), "%.*s.loose.jsonl", length, s->to);
	if (!is_absent(s->to) || !is_absent(s->part) || !is_absent(s->loose))
		return false;
	if (mkdir(s->part, 0700) == 0)
		return true;
	warn("%s", s->part);
	return false;
}

static bool
is_absent(const char *path)
{
	struct stat st;

	if (lstat(path, &st) == -1 && errno == ENOENT)
		return true;
	warnx("%s: is there already; move it away, or give another new "
	      "directory",
	    path);
	return false;
}

static int
save(struct salvage *s)
{
	const struct journal_salvage salvage = {.from = s->from.path,
	    .to = s->part,
	    .record = journal_event_known,
	    .chunk = take_chunk,
	    .lost = tell_loss,
	    .loose = keep_loose,
	    .ctx = s};
	struct journal_saved saved;
	bool ok = journal_salvage(&salvage, &saved, s->error, sizeof(s->error));

	if (!ok)
		warnx("%s", s->error);
	if (s->loose_file != NULL &&
	    (fflush(s->loose_file) != 0 || fsync(fileno(s->loose_file)) != 0 ||
		fclose(s->loose_file) != 0)) {
		warn("%s", s->loose);
		ok = false;
	}
	if (!ok || !finish(s)) {
		warnx("%s is not whole, and may be removed", s->part);
		return EX_IOERR;
	}
	report(s, &saved);
	return saved.complete ? 0 : STATUS_INCOMPLETE;
}

/* It gets its name when it has been read back. */
static bool
finish(struct salvage *s)
{
	const struct journal_check all = {.dir = s->part,
	    .chunk = replaying_chunk,
	    .record = journal_event_known,
	    .ctx = &s->replaying};
	const struct journal_check start = {.dir = s->part,
	    .chunk = replaying_chunk,
	    .record = replaying_record,
	    .ctx = &s->replaying,
	    .as_at_start = true};
	struct journal_summary whole, started;

	if (!journal_check(&all, &whole, s->error, sizeof(s->error))) {
		warnx("%s", s->error);
		return false;
	}
	replaying_end(&s->replaying);
	replaying_begin(&s->replaying);
	if (!journal_check(&start, &started, s->error, sizeof(s->error))) {
		warnx("%s", s->error);
		return false;
	}
	if (whole.condition != JOURNAL_CLEAN || !started.starts) {
		warnx("%s: what was written can't be read back; check the "
		      "disk, and \"weirctl journal verify\" says where",
		    s->part);
		return false;
	}
	if (!give_to_owner(s) || rename(s->part, s->to) == -1 ||
	    !sync_parent(s->to)) {
		warn("%s", s->to);
		return false;
	}
	return true;
}

/* Root may salvage what belongs to another user's daemon. */
static bool
give_to_owner(const struct salvage *s)
{
	struct dirent *entry;
	struct stat st;
	bool ok = true;
	DIR *dir;

	if (geteuid() != 0)
		return true;
	if (stat(s->from.path, &st) == -1 || (dir = opendir(s->part)) == NULL)
		return false;
	while (ok && (entry = readdir(dir)) != NULL)
		if (strcmp(entry->d_name, "..") != 0)
			ok = fchownat(dirfd(dir), entry->d_name, st.st_uid,
				 st.st_gid, AT_SYMLINK_NOFOLLOW) == 0;
	closedir(dir);
	return ok;
}

static bool
sync_parent(const char *path)
{
	char parent[PATH_MAX];
	int length = (int)strlen(path), fd;
	bool ok;

	while (length > 1 && path[length - 1] == '/')
		length--;
	while (length > 0 && path[length - 1] != '/')
		length--;
	snprintf(parent, sizeof(parent), "%.*s.", length, path);
	fd = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	ok = fd != -1 && fsync(fd) == 0;
	if (fd != -1)
		close(fd);
	return ok;
}

static bool
take_chunk(void *ctx, const struct journal_chunk *chunk)
{
	struct salvage *s = ctx;

	return replaying_chunk(&s->replaying, chunk);
}

static void
tell_loss(void *ctx, const struct journal_loss *loss)
{
	const struct salvage *s = ctx;

	if (writer_is_json(s->out)) {
		tell_loss_json(s->out, loss);
		return;
	}
	switch (loss->kind) {
	case LOSS_FILE:
		printf("not used: %s: %s\n", loss->file, loss->why);
		break;
	case LOSS_BYTES:
		printf("damaged: %s: %" PRId64 " bytes at offset %" PRId64
		       ": %s\n",
		    loss->file, loss->bytes, loss->offset, loss->why);
		break;
	case LOSS_TORN:
		printf("torn: %s: %" PRId64 " bytes at offset %" PRId64
		       ", never acknowledged\n",
		    loss->file, loss->bytes, loss->offset);
		break;
	case LOSS_GONE:
	case LOSS_HISTORY:
		if (loss->last == 0)
			printf("gone: records from %" PRIu64 " on: %s\n",
			    loss->first, loss->why);
		else
			printf("gone: records %" PRIu64 " to %" PRIu64 ": %s\n",
			    loss->first, loss->last, loss->why);
		break;
	case LOSS_LOOSE:
		printf("loose: records %" PRIu64 " to %" PRIu64
		       " (%s): %s; written to %s\n",
		    loss->first, loss->last, loss->file, loss->why, s->loose);
		break;
	}
}

static void
tell_loss_json(struct writer *out, const struct journal_loss *loss)
{
	static const char *const kinds[] = {
	    [LOSS_FILE] = "file",
	    [LOSS_BYTES] = "damaged",
	    [LOSS_TORN] = "torn",
	    [LOSS_GONE] = "gone",
	    [LOSS_LOOSE] = "loose",
	    [LOSS_HISTORY] = "history",
	};
	bool bytes = loss->kind == LOSS_BYTES || loss->kind == LOSS_TORN;
	msgpack_sbuffer buffer;
	msgpack_packer p;

	msgpack_sbuffer_init(&buffer);
	msgpack_packer_init(&p, &buffer, msgpack_sbuffer_write);
	msgpack_pack_map(&p, 5);
	pack_key_str(&p, "lost", kinds[loss->kind]);
	pack_key_str(&p, "file", loss->file[0] != '\0' ? loss->file : NULL);
	pack_key_str(&p, "why", loss->why);
	if (bytes) {
		pack_key_int(&p, "offset", loss->offset);
		pack_key_int(&p, "bytes", loss->bytes);
	} else {
		pack_key_uint(&p, "first", loss->first);
		pack_key_uint(&p, "last", loss->last);
	}
	write_json(out, &buffer);
}

static void
write_json(struct writer *out, msgpack_sbuffer *buffer)
{
	msgpack_object object;
	msgpack_zone zone;

	msgpack_zone_init(&zone, 512);
	if (unpack_value(buffer->data, buffer->size, &zone, &object))
		writer_row(out, &object);
	msgpack_zone_destroy(&zone);
	msgpack_sbuffer_destroy(buffer);
}

static bool
keep_loose(void *ctx, const struct journal_record *record)
{
	struct salvage *s = ctx;
	int fd;

	if (s->loose_file == NULL) {
		fd = open(
		    s->loose, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		s->loose_file = fd == -1 ? NULL : fdopen(fd, "w");
		if (s->loose_file == NULL) {
			warn("%s", s->loose);
			return false;
		}
	}
	/* What this version doesn't know was told of as damage. */
	return !journal_event_known(NULL, record) ||
	    (journal_event_print(s->loose_file, record) &&
		ferror(s->loose_file) == 0);
}

static void
report(struct salvage *s, const struct journal_saved *saved)
{
	uint64_t count =
	    saved->last < saved->first ? 0 : saved->last - saved->first + 1;
	msgpack_sbuffer buffer;
	msgpack_packer p;

	if (writer_is_json(s->out)) {
		msgpack_sbuffer_init(&buffer);
		msgpack_packer_init(&p, &buffer, msgpack_sbuffer_write);
		msgpack_pack_map(&p, 6);
		pack_key_str(&p, "saved", s->to);
		pack_key_bool(&p, "complete", saved->complete);
		pack_key_uint(&p, "first", saved->first);
		pack_key_uint(&p, "last", saved->last);
		pack_str(&p, "snapshot");
		if (saved->has_snapshot)
			msgpack_pack_uint64(&p, saved->snapshot);
		else
			msgpack_pack_nil(&p);
		pack_key_uint(&p, "loose", saved->loose);
		write_json(s->out, &buffer);
		return;
	}
	printf("saved: %s: %" PRIu64 " records", s->to, count);
	if (count > 0)
		printf(", %" PRIu64 " to %" PRIu64, saved->first, saved->last);
	if (saved->has_snapshot)
		printf(
		    ", and the snapshot of record %" PRIu64, saved->snapshot);
	printf("%s\n", saved->complete ? "; nothing is missing" : "");
	if (!saved->complete)
		printf("unless the machine was restarted since, remove the "
		       "runners' sockets (run/runner-*.sock in the state\n"
		       "directory) before weird starts with it: else commands "
		       "whose ending is missing run again\n");
}

const struct verb verb_journal_salvage = {
    .name = "journal salvage",
    .summary = "Make a new journal of what can be saved of a damaged one",
    .text = "DIR is never changed; NEWDIR must not exist.  All up to the "
	    "first gap is saved, from a\nsnapshot on where one leads further."
	    "  What can be read behind the gap is written to\n"
	    "NEWDIR.loose.jsonl.  Exits with 0 where nothing is missing, 1 "
	    "where something is.",
    .operands = {{"DIR", ARGUMENT_FILE, OPERAND_ONE, NULL},
	{"NEWDIR", ARGUMENT_FILE, OPERAND_ONE, NULL}},
    .flags = VERB_LOCAL,
    .run = salvage,
};
