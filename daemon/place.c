/*
 * place: directories and programs that are safe to use.
 *
 * A path is walked from the root, each name looked at in the directory that
 * was opened before.  Where nothing on the way can be changed by anyone but
 * root and weird's own user, the same path leads to the same place later.
 */

#include "daemon/place.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <pwd.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#ifdef O_PATH
#define PASS (O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
#elif defined(O_SEARCH)
#define PASS (O_SEARCH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
#else
#define PASS (O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
#endif
#define LINKS_MAX 16 /* symbolic links on one way */

struct walk {
	int at;		     /* the directory that was reached */
	char left[PATH_MAX]; /* the names that are to come */
	char done[PATH_MAX]; /* those that were passed, for messages */
	char name[NAME_MAX + 1];
	unsigned links;
	bool makes; /* directories that are missing */
	char *error;
	size_t size;
};

static enum place say(char *, size_t, enum place, const char *, ...)
    __attribute__((format(printf, 4, 5)));
static bool is_trusted(uid_t);
static bool is_own_group(gid_t);
static bool others_write(const struct stat *);
static enum place begin(struct walk *, const char *, bool, char *, size_t);
static enum place pass(struct walk *);
static bool next_name(struct walk *);
static enum place look(struct walk *, struct stat *);
static enum place enter(struct walk *);
static enum place follow(struct walk *, const struct stat *);
static enum place check_directory(struct walk *);
static void climb(struct walk *);
static enum place split(const char *, char *, char *, char *, size_t);
static enum place check_own(struct walk *, mode_t);
static enum place search_one(const char *, char *, size_t);

static enum place
say(char *error, size_t size, enum place result, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(error, size, format, arguments);
	va_end(arguments);
	return result;
}

/*
 * Root; weird's user; and, where that can be known, whoever weird's own
 * executable belongs to, for that user says what weird is anyway.
 */
static bool
is_trusted(uid_t uid)
{
#ifdef __linux__
	struct stat st;

	if (stat("/proc/self/exe", &st) == 0 && st.st_uid == uid)
		return true;
#endif
	return uid == 0 || uid == geteuid();
}

/*
 * A group with the number of a user that is trusted is taken for that user's
 * own, unless the system names somebody else as a member of it.  Whose first
 * group it is can't be asked for without reading all users that there are.
 */
static bool
is_own_group(gid_t gid)
{
	const struct group *group;
	const struct passwd *member;

	if (!is_trusted((uid_t)gid))
		return false;
	group = getgrgid(gid);
	for (size_t i = 0; group != NULL && group->gr_mem[i] != NULL; i++) {
		member = getpwnam(group->gr_mem[i]);
		if (member == NULL || !is_trusted(member->pw_uid))
			return false;
	}
	return true;
}

static bool
others_write(const struct stat *st)
{
	if (S_ISDIR(st->st_mode) && (st->st_mode & S_ISVTX) != 0)
		return false;
	return (st->st_mode & S_IWOTH) != 0 ||
	    ((st->st_mode & S_IWGRP) != 0 && !is_own_group(st->st_gid));
}

static enum place
begin(struct walk *walk, const char *path, bool makes, char *error, size_t size)
{
	memset(walk, 0, sizeof(*walk));
	walk->makes = makes;
	walk->error = error;
	walk->size = size;
	walk->at = -1;
	if (snprintf(walk->left, sizeof(walk->left), "%s", path) >=
	    (int)sizeof(walk->left))
		return say(
		    error, size, PLACE_FAILED, "%s: too long for a path", path);
	walk->at = open("/", PASS);
	if (walk->at == -1)
		return say(error, size, PLACE_FAILED, "/: %s", strerror(errno));
	return pass(walk);
}

/* Through all that is left. */
static enum place
pass(struct walk *walk)
{
	enum place result = check_directory(walk);
	struct stat st;

	while (result == PLACE_GOOD && next_name(walk)) {
		result = look(walk, &st);
		if (result != PLACE_GOOD)
			break;
		if (strcmp(walk->name, "..") == 0)
			climb(walk);
		result = S_ISLNK(st.st_mode) ? follow(walk, &st) : enter(walk);
	}
	return result;
}

/* False: there is none left. */
static bool
next_name(struct walk *walk)
{
	size_t skip, size;

	do {
		skip = strspn(walk->left, "/");
		size = strcspn(walk->left + skip, "/");
		if (size > NAME_MAX)
			size = NAME_MAX; /* which is no name that there is */
		memcpy(walk->name, walk->left + skip, size);
		walk->name[size] = '\0';
		memmove(walk->left, walk->left + skip + size,
		    strlen(walk->left + skip + size) + 1);
	} while (strcmp(walk->name, ".") == 0);
	return size > 0;
}

/* Made, where it may be, if it is not there. */
static enum place
look(struct walk *walk, struct stat *st)
{
	if (fstatat(walk->at, walk->name, st, AT_SYMLINK_NOFOLLOW) == 0)
		return PLACE_GOOD;
	if (errno == ENOENT && walk->makes &&
	    (mkdirat(walk->at, walk->name, 0755) == 0 || errno == EEXIST) &&
	    fstatat(walk->at, walk->name, st, AT_SYMLINK_NOFOLLOW) == 0)
		return PLACE_GOOD;
	return say(walk->error, walk->size, PLACE_FAILED, "%s%s/%s: %s",
	    walk->makes ? "can't make the directory " : "", walk->done,
	    walk->name, strerror(errno));
}

static enum place
enter(struct walk *walk)
{
	int fd = openat(walk->at, walk->name, PASS);
	size_t used = strlen(walk->done);

	if (strcmp(walk->name, "..") != 0)
		snprintf(walk->done + used, sizeof(walk->done) - used, "/%s",
		    walk->name);
	if (fd == -1)
		return say(walk->error, walk->size, PLACE_FAILED, "%s: %s",
		    walk->done, strerror(errno));
	close(walk->at);
	walk->at = fd;
	return check_directory(walk);
}

/* Whoever made the link could make it point elsewhere. */
static enum place
follow(struct walk *walk, const struct stat *st)
{
	char target[PATH_MAX], rest[PATH_MAX];
	ssize_t n;
	int fd;

	if (!is_trusted(st->st_uid))
		return say(walk->error, walk->size, PLACE_UNSAFE,
		    "%s/%s is a symbolic link of uid %lu, who could make it "
		    "point elsewhere; give a path without it",
		    walk->done, walk->name, (unsigned long)st->st_uid);
	n = readlinkat(walk->at, walk->name, target, sizeof(target) - 1);
	memcpy(rest, walk->left, sizeof(rest));
	if (n == -1 || ++walk->links > LINKS_MAX)
		return say(walk->error, walk->size, PLACE_FAILED, "%s/%s: %s",
		    walk->done, walk->name,
		    n == -1 ? strerror(errno) : strerror(ELOOP));
	target[n] = '\0';
	if (snprintf(walk->left, sizeof(walk->left), "%s/%s", target, rest) >=
	    (int)sizeof(walk->left))
		return say(walk->error, walk->size, PLACE_FAILED,
		    "%s/%s: too long for a path", walk->done, walk->name);
	if (target[0] != '/')
		return PLACE_GOOD;
	fd = open("/", PASS);
	if (fd == -1)
		return say(walk->error, walk->size, PLACE_FAILED, "/: %s",
		    strerror(errno));
	close(walk->at);
	walk->at = fd;
	walk->done[0] = '\0';
	return PLACE_GOOD;
}

static enum place
check_directory(struct walk *walk)
{
	const char *path = walk->done[0] != '\0' ? walk->done : "/";
	struct stat st;

	if (fstat(walk->at, &st) == -1)
		return say(walk->error, walk->size, PLACE_FAILED, "%s: %s",
		    path, strerror(errno));
	if (!is_trusted(st.st_uid))
		return say(walk->error, walk->size, PLACE_UNSAFE,
		    "%s belongs to uid %lu, not to root or to uid %lu that "
		    "weird runs as; use another directory, or give it to one "
		    "of them with chown",
		    path, (unsigned long)st.st_uid, (unsigned long)geteuid());
	if (others_write(&st))
		return say(walk->error, walk->size, PLACE_UNSAFE,
		    "%s has mode %04o: others could put something of theirs "
		    "there; use another directory, or do chmod go-w %s",
		    path, (unsigned)st.st_mode & 07777, path);
	return PLACE_GOOD;
}

/* The last of the names that were passed is left again. */
static void
climb(struct walk *walk)
{
	char *slash = strrchr(walk->done, '/');

	if (slash != NULL)
		*slash = '\0';
}

/* "/a/b/" is b in /a. */
static enum place
split(const char *path, char *parent, char *name, char *error, size_t size)
{
	size_t length = strlen(path);
	const char *slash;

	while (length > 1 && path[length - 1] == '/')
		length--;
	if (length >= PATH_MAX)
		return say(
		    error, size, PLACE_FAILED, "%s: too long for a path", path);
	memcpy(parent, path, length);
	parent[length] = '\0';
	slash = strrchr(parent, '/');
	if (slash == NULL || slash[1] == '\0' || strcmp(slash, "/..") == 0 ||
	    strcmp(slash, "/.") == 0 || strlen(slash + 1) > NAME_MAX)
		return say(error, size, PLACE_FAILED,
		    "%s does not end with the name of a directory", path);
	memcpy(name, slash + 1, strlen(slash + 1) + 1);
	parent[slash - parent] = '\0';
	return PLACE_GOOD;
}

enum place
place_own(const char *path, mode_t mode, char *error, size_t size)
{
	char parent[PATH_MAX], name[NAME_MAX + 1];
	enum place result = split(path, parent, name, error, size);
	struct walk walk;

	if (result != PLACE_GOOD)
		return result;
	result = begin(&walk, parent, true, error, size);
	if (result == PLACE_GOOD) {
		memcpy(walk.name, name, sizeof(walk.name));
		if (mkdirat(walk.at, name, mode) == -1 && errno != EEXIST)
			result = say(error, size, PLACE_FAILED,
			    "can't make the directory %s: %s", path,
			    strerror(errno));
		else
			result = check_own(&walk, mode);
	}
	if (walk.at != -1)
		close(walk.at);
	return result;
}

/* What walk.name is in the directory that was reached. */
static enum place
check_own(struct walk *walk, mode_t mode)
{
	const char *above = walk->done, *name = walk->name;
	struct stat st;

	if (fstatat(walk->at, name, &st, AT_SYMLINK_NOFOLLOW) == -1)
		return say(walk->error, walk->size, PLACE_FAILED, "%s/%s: %s",
		    above, name, strerror(errno));
	if (S_ISLNK(st.st_mode))
		return say(walk->error, walk->size, PLACE_UNSAFE,
		    "%s/%s is a symbolic link; name the directory itself",
		    above, name);
	if (!S_ISDIR(st.st_mode))
		return say(walk->error, walk->size, PLACE_UNSAFE,
		    "%s/%s is not a directory; remove it, or name another",
		    above, name);
	if (st.st_uid != geteuid())
		return say(walk->error, walk->size, PLACE_UNSAFE,
		    "%s/%s belongs to uid %lu, not to uid %lu that weird runs "
		    "as; give it to that one with chown, or name another",
		    above, name, (unsigned long)st.st_uid,
		    (unsigned long)geteuid());
	if (others_write(&st))
		return say(walk->error, walk->size, PLACE_UNSAFE,
		    "%s/%s has mode %04o: others could have put something of "
		    "theirs there; do chmod %04o %s/%s, once you know that "
		    "what is in it is weird's",
		    above, name, (unsigned)st.st_mode & 07777, (unsigned)mode,
		    above, name);
	/* Nobody can have changed anything; nobody is to read either. */
	if ((st.st_mode & 07777) != mode &&
	    fchmodat(walk->at, name, mode, 0) == -1)
		return say(walk->error, walk->size, PLACE_FAILED,
		    "can't make the mode of %s/%s %04o: %s", above, name,
		    (unsigned)mode, strerror(errno));
	return PLACE_GOOD;
}

enum place
place_way(const char *path, char *error, size_t size)
{
	struct walk walk;
	enum place result = begin(&walk, path, true, error, size);

	if (walk.at != -1)
		close(walk.at);
	return result;
}

enum place
place_program(const char *path, char *error, size_t size)
{
	char real[PATH_MAX], *slash;
	enum place result;
	struct walk walk;
	struct stat st;

	if (realpath(path, real) == NULL || stat(real, &st) == -1)
		return say(error, size, PLACE_FAILED, "cannot run %s: %s", path,
		    strerror(errno));
	if (!S_ISREG(st.st_mode) || !is_trusted(st.st_uid) || others_write(&st))
		return say(error, size, PLACE_UNSAFE,
		    "weird does not run %s: it must be a file of root's or of "
		    "uid %lu that others can't write, and is uid %lu's with "
		    "mode %04o",
		    real, (unsigned long)geteuid(), (unsigned long)st.st_uid,
		    (unsigned)st.st_mode & 07777);
	slash = strrchr(real, '/');
	*slash = '\0';
	result = begin(&walk, real, false, error, size);
	if (walk.at != -1)
		close(walk.at);
	return result;
}

enum place
place_search(const char *list, char *error, size_t size)
{
	enum place result = PLACE_GOOD;
	char one[PATH_MAX];
	size_t length;

	for (const char *at = list; result == PLACE_GOOD;
	     at += length + (at[length] == ':')) {
		length = strcspn(at, ":");
		if (length >= sizeof(one))
			return say(error, size, PLACE_FAILED,
			    "callouts.path: a directory's path is too long");
		memcpy(one, at, length);
		one[length] = '\0';
		result = search_one(one, error, size);
		if (at[length] == '\0')
			break;
	}
	return result;
}

static enum place
search_one(const char *path, char *error, size_t size)
{
	struct stat st;

	if (*path != '/')
		return say(error, size, PLACE_UNSAFE,
		    "callouts.path: \"%s\" is no absolute path: commands would "
		    "be looked for in the working directory",
		    path);
	if (stat(path, &st) == -1)
		return PLACE_GOOD;
	if (!is_trusted(st.st_uid) || (st.st_mode & S_IWOTH) != 0)
		return say(error, size, PLACE_UNSAFE,
		    "callouts.path: %s is uid %lu's and has mode %04o: others "
		    "could put commands there for everyone to run; leave it "
		    "out",
		    path, (unsigned long)st.st_uid,
		    (unsigned)st.st_mode & 07777);
	return PLACE_GOOD;
}

bool
place_is_trusted(const struct stat *st, char *error, size_t size)
{
	/* What is written to a device is not what is read from it. */
	if ((st->st_uid == 0 || st->st_uid == geteuid()) &&
	    (S_ISCHR(st->st_mode) || !others_write(st)))
		return true;
	say(error, size, PLACE_UNSAFE,
	    "it must be root's or uid %lu's, and others must not be able to "
	    "write it; it is uid %lu's with mode %04o",
	    (unsigned long)geteuid(), (unsigned long)st->st_uid,
	    (unsigned)st->st_mode & 07777);
	return false;
}
