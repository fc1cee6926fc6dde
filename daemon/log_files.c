/* log_files: what the logs of all executions take, and their removal */

#include "daemon/log_files.h"

#include <sys/queue.h>
#include <sys/stat.h>
#include <sys/tree.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/core/alloc.h"
#include "daemon/core/event.h"
#include "daemon/log.h"

/* Of one execution; there is one while it has logs. */
struct entry {
	RB_ENTRY(entry) by_id;
	RB_ENTRY(entry) by_age;
	uint64_t id;
	uint64_t bytes;
	int64_t newest; /* ns since the epoch */
};
RB_HEAD(log_ids, entry);
RB_HEAD(log_ages, entry);

struct removal {
	STAILQ_ENTRY(removal) next;
	uint64_t id;
};
STAILQ_HEAD(removals, removal);

struct log_files {
	char *dir;
	struct log_owner owner;
	struct log_ids ids;
	struct log_ages ages;
	uint64_t executions;
	uint64_t bytes;
	uint64_t removed;
	struct removals removals;
	DIR *counting; /* what was there at the start; NULL: all is counted */
};

static int id_compare(const struct entry *, const struct entry *);
static int age_compare(const struct entry *, const struct entry *);
static struct entry *find(const struct log_files *, uint64_t);
static struct entry *get(struct log_files *, uint64_t, int64_t then);
static void forget(struct log_files *, struct entry *);
static int open_logs(const struct log_files *, uint64_t);
static bool read_name(const char *, struct callout_key *);
static bool read_number(const char *, uint64_t *);
static void count_next(struct log_files *, unsigned *left);
static void count_one(struct log_files *, uint64_t, unsigned *left);
static bool remove_some(struct log_files *, uint64_t, unsigned *left);
static bool remove_file(int, const char *);

RB_PROTOTYPE(log_ids, entry, by_id, id_compare)
RB_PROTOTYPE(log_ages, entry, by_age, age_compare)
RB_GENERATE(log_ids, entry, by_id, id_compare)
RB_GENERATE(log_ages, entry, by_age, age_compare)

static int
id_compare(const struct entry *a, const struct entry *b)
{
	return a->id < b->id ? -1 : a->id > b->id;
}

static int
age_compare(const struct entry *a, const struct entry *b)
{
	if (a->newest != b->newest)
		return a->newest < b->newest ? -1 : 1;
	return id_compare(a, b);
}

struct log_files *
log_files_open(const char *dir, const struct log_owner *owner)
{
	struct log_files *files = xcalloc(1, sizeof(*files));

	files->dir = xstrdup(dir);
	files->owner = *owner;
	RB_INIT(&files->ids);
	RB_INIT(&files->ages);
	STAILQ_INIT(&files->removals);
	files->counting = opendir(dir);
	if (files->counting == NULL && errno != ENOENT)
		log_warn("%s: %s: what was logged before is not counted", dir,
		    strerror(errno));
	return files;
}

void
log_files_free(struct log_files *files)
{
	struct removal *removal;
	struct entry *entry;

	if (files == NULL)
		return;
	while ((entry = RB_ROOT(&files->ids)) != NULL)
		forget(files, entry);
	while ((removal = STAILQ_FIRST(&files->removals)) != NULL) {
		STAILQ_REMOVE_HEAD(&files->removals, next);
		free(removal);
	}
	if (files->counting != NULL)
		closedir(files->counting);
	free(files->dir);
	free(files);
}

static struct entry *
find(const struct log_files *files, uint64_t id)
{
	struct entry key = {.id = id};

	/* sys/tree.h takes no const head; finding changes nothing. */
	return RB_FIND(
	    log_ids, &((struct log_files *)(uintptr_t)files)->ids, &key);
}

/* As of then, unless it has newer ones. */
static struct entry *
get(struct log_files *files, uint64_t id, int64_t then)
{
	struct entry *entry = find(files, id);

	if (entry == NULL) {
		entry = xcalloc(1, sizeof(*entry));
		entry->id = id;
		entry->newest = then;
		RB_INSERT(log_ids, &files->ids, entry);
		RB_INSERT(log_ages, &files->ages, entry);
		files->executions++;
	} else if (entry->newest < then) {
		RB_REMOVE(log_ages, &files->ages, entry);
		entry->newest = then;
		RB_INSERT(log_ages, &files->ages, entry);
	}
	return entry;
}

static void
forget(struct log_files *files, struct entry *entry)
{
	RB_REMOVE(log_ids, &files->ids, entry);
	RB_REMOVE(log_ages, &files->ages, entry);
	files->bytes -= entry->bytes;
	files->executions--;
	free(entry);
}

void
log_files_add(
    struct log_files *files, uint64_t id, uint64_t bytes, int64_t then)
{
	get(files, id, then)->bytes += bytes;
	files->bytes += bytes;
}

bool
log_files_oldest(const struct log_files *files, uint64_t *id, int64_t *then)
{
	const struct entry *entry =
	    RB_MIN(log_ages, &((struct log_files *)(uintptr_t)files)->ages);

	if (entry == NULL)
		return false;
	*id = entry->id;
	*then = entry->newest;
	return true;
}

void
log_files_touch(struct log_files *files, uint64_t id, int64_t now)
{
	if (find(files, id) != NULL)
		get(files, id, now);
}

void
log_files_forget(struct log_files *files, uint64_t id)
{
	struct entry *entry = find(files, id);

	if (entry != NULL)
		forget(files, entry);
}

void
log_files_remove(struct log_files *files, uint64_t id)
{
	struct removal *removal = xcalloc(1, sizeof(*removal));

	log_files_forget(files, id);
	removal->id = id;
	STAILQ_INSERT_TAIL(&files->removals, removal, next);
}

bool
log_files_work(struct log_files *files, unsigned left)
{
	struct removal *removal;

	while (left > 0 && (removal = STAILQ_FIRST(&files->removals)) != NULL) {
		if (!remove_some(files, removal->id, &left))
			break;
		STAILQ_REMOVE_HEAD(&files->removals, next);
		free(removal);
	}
	while (left > 0 && files->counting != NULL)
		count_next(files, &left);
	return files->counting != NULL || !STAILQ_EMPTY(&files->removals);
}

static bool
read_number(const char *name, uint64_t *number)
{
	char *end;

	errno = 0;
	*number = strtoull(name, &end, 10);
	return *name >= '0' && *name <= '9' && *end == '\0' && errno == 0;
}

/* "3.-.1.out"; the execution is known already. */
static bool
read_name(const char *name, struct callout_key *key)
{
	char item[16], suffix[4];
	uint64_t number = EVENT_NONE;
	int end = -1;

	if (sscanf(name, "%" SCNu32 ".%15[-0-9].%" SCNu32 ".%3[a-z]%n",
		&key->run, item, &key->attempt, suffix, &end) != 4 ||
	    name[end] != '\0')
		return false;
	if (strcmp(item, "-") != 0 && !read_number(item, &number))
		return false;
	key->item = (uint32_t)number;
	return true;
}

/* -1: there is none, or something else has its name. */
static int
open_logs(const struct log_files *files, uint64_t id)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/%" PRIu64, files->dir, id);
	return open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* What no execution has is left from before a crash, and is removed. */
static void
count_next(struct log_files *files, unsigned *left)
{
	const struct dirent *found = readdir(files->counting);
	uint64_t id;

	(*left)--;
	if (found == NULL) {
		closedir(files->counting);
		files->counting = NULL;
		return;
	}
	if (!read_number(found->d_name, &id))
		return;
	if (!files->owner.is_there(files->owner.ctx, id) ||
	    files->owner.is_stripped(files->owner.ctx, id))
		log_files_remove(files, id);
	else
		count_one(files, id, left);
}

/* Those of attempts that run are added when they end. */
static void
count_one(struct log_files *files, uint64_t id, unsigned *left)
{
	struct callout_key key = {.execution = id};
	const struct dirent *found;
	uint64_t bytes = 0;
	struct entry *entry;
	int64_t newest = 0;
	struct stat st;
	DIR *dir;
	int fd = open_logs(files, id);

	if (fd == -1 || (dir = fdopendir(fd)) == NULL) {
		if (fd != -1)
			close(fd);
		return;
	}
	while ((found = readdir(dir)) != NULL) {
		*left -= *left > 0;
		if (!read_name(found->d_name, &key) ||
		    files->owner.runs(files->owner.ctx, &key) ||
		    fstatat(fd, found->d_name, &st, AT_SYMLINK_NOFOLLOW) == -1)
			continue;
		bytes += (uint64_t)st.st_blocks * 512;
		if (newest < (int64_t)st.st_mtime * 1000000000)
			newest = (int64_t)st.st_mtime * 1000000000;
	}
	closedir(dir);
	entry = get(files, id, newest);
	files->bytes += bytes - entry->bytes; /* some may be counted already */
	entry->bytes = bytes;
}

/* False where there is more than was left. */
static bool
remove_some(struct log_files *files, uint64_t id, unsigned *left)
{
	bool is_there = files->owner.is_there(files->owner.ctx, id);
	struct callout_key key = {.execution = id};
	const struct dirent *found;
	uint64_t before = files->removed;
	char path[4096];
	DIR *dir;
	int fd = open_logs(files, id);

	if (fd == -1 || (dir = fdopendir(fd)) == NULL) {
		if (fd != -1)
			close(fd);
		return true;
	}
	while (*left > 0 && (found = readdir(dir)) != NULL) {
		if (strcmp(found->d_name, ".") == 0 ||
		    strcmp(found->d_name, "..") == 0 ||
		    (is_there && read_name(found->d_name, &key) &&
			files->owner.stays(files->owner.ctx, &key)))
			continue;
		files->removed += remove_file(fd, found->d_name);
		(*left)--;
	}
	closedir(dir);
	/* Where nothing could be removed, nothing will. */
	if (*left == 0 && files->removed > before)
		return false;
	snprintf(path, sizeof(path), "%s/%" PRIu64, files->dir, id);
	if (rmdir(path) == -1 && errno != ENOENT && !is_there)
		log_warn("%s: %s", path, strerror(errno));
	if (is_there)
		count_one(files, id, left); /* what stays */
	return true;
}

/* A directory that somebody has put there stays, unless it is empty. */
static bool
remove_file(int dir, const char *name)
{
	return unlinkat(dir, name, 0) == 0 ||
	    ((errno == EISDIR || errno == EPERM) &&
		unlinkat(dir, name, AT_REMOVEDIR) == 0);
}

void
log_files_figures(const struct log_files *files, struct log_figures *figures)
{
	*figures = (struct log_figures){
	    .executions = files->executions,
	    .bytes = files->bytes,
	    .removed = files->removed,
	    .counting = files->counting != NULL,
	    .removing = !STAILQ_EMPTY(&files->removals),
	};
}
