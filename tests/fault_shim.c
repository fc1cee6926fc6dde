/*
 * fault_shim: loaded into a program, makes one of its calls fail, as the file
 * named in the environment says.  Everything else is as it was.
 */

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <pthread.h>
#include <pwd.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/fault_plan.h"

#define FRAMES 24

static struct fault_plan *plan; /* NULL: nothing is counted */

static bool strikes(enum fault_call);
static bool cuts(enum fault_call, size_t *);
static void trace(void);

__attribute__((constructor)) static void
begin(void)
{
	const char *path = getenv(FAULT_PLAN);
	void *frames[FRAMES], *map;
	int fd;

	if (path == NULL)
		return;
	backtrace(frames, FRAMES); /* allocates the first time */
	fd = (int)syscall(SYS_openat, AT_FDCWD, path, O_RDWR | O_CLOEXEC);
	if (fd == -1)
		_exit(126);
	map = (void *)syscall(SYS_mmap, NULL, sizeof(*plan),
	    PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0L);
	syscall(SYS_close, fd);
	if (map == MAP_FAILED)
		_exit(126);
	plan = map;
}

/* For who looks into why a test fails. */
static void
trace(void)
{
	const char *path = getenv(FAULT_TRACE);
	void *frames[FRAMES];
	int fd;

	if (path == NULL)
		return;
	fd = (int)syscall(SYS_openat, AT_FDCWD, path,
	    O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
	backtrace_symbols_fd(frames, backtrace(frames, FRAMES), fd);
	syscall(SYS_close, fd);
}

static bool
strikes(enum fault_call call)
{
	uint32_t n;

	if (plan == NULL)
		return false;
	n = __atomic_add_fetch(&plan->counts[call], 1, __ATOMIC_SEQ_CST);
	if (call != plan->call || n != plan->nth)
		return false;
	plan->struck = 1;
	trace();
	errno = plan->error;
	return plan->error != FAULT_SHORT;
}

/* The same of a call that may do a part: *size becomes less. */
static bool
cuts(enum fault_call call, size_t *size)
{
	bool before = plan != NULL && plan->struck != 0;

	if (strikes(call))
		return true;
	if (plan != NULL && !before && plan->struck != 0 && *size > 1)
		*size /= 2;
	return false;
}

/* FAULT(type, what failed gives, call, name, (parameters), (names of them)) */
#define FAULT(type, failed, call, name, parameters, arguments)     \
	type name parameters;                                      \
	type name parameters                                       \
	{                                                          \
		static type(*real) parameters;                     \
                                                                   \
		if (real == NULL)                                  \
			*(void **)&real = dlsym(RTLD_NEXT, #name); \
		if (strikes(FAULT_##call))                         \
			return failed;                             \
		return real arguments;                             \
	}

/* The same of calls whose size is the parameter n. */
#define FAULT_PART(call, name, parameters, arguments)              \
	ssize_t name parameters;                                   \
	ssize_t name parameters                                    \
	{                                                          \
		static ssize_t(*real) parameters;                  \
                                                                   \
		if (real == NULL)                                  \
			*(void **)&real = dlsym(RTLD_NEXT, #name); \
		if (cuts(FAULT_##call, &n))                        \
			return -1;                                 \
		return real arguments;                             \
	}

/* dlsym(3) itself allocates: these need no such look. */
void *__libc_malloc(size_t);
void *__libc_calloc(size_t, size_t);
void *__libc_realloc(void *, size_t);

void *
malloc(size_t n)
{
	return strikes(FAULT_alloc) ? NULL : __libc_malloc(n);
}

void *
calloc(size_t n, size_t size)
{
	return strikes(FAULT_alloc) ? NULL : __libc_calloc(n, size);
}

void *
realloc(void *block, size_t n)
{
	return strikes(FAULT_alloc) ? NULL : __libc_realloc(block, n);
}

void *
reallocarray(void *block, size_t n, size_t size)
{
	size_t all;

	if (__builtin_mul_overflow(n, size, &all)) {
		errno = ENOMEM;
		return NULL;
	}
	return strikes(FAULT_alloc) ? NULL : __libc_realloc(block, all);
}

#define MODE_OF(flags, mode)                                  \
	do {                                                  \
		va_list ap;                                   \
                                                              \
		va_start(ap, flags);                          \
		if (((flags) & (O_CREAT | __O_TMPFILE)) != 0) \
			(mode) = va_arg(ap, mode_t);          \
		va_end(ap);                                   \
	} while (0)

int
open(const char *path, int flags, ...)
{
	mode_t mode = 0;

	MODE_OF(flags, mode);
	return strikes(FAULT_open)
	    ? -1
	    : (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

int
openat(int dir, const char *path, int flags, ...)
{
	mode_t mode = 0;

	MODE_OF(flags, mode);
	return strikes(FAULT_open)
	    ? -1
	    : (int)syscall(SYS_openat, dir, path, flags, mode);
}

FAULT(int, -1, open, __open_2, (const char *path, int flags), (path, flags))
FAULT(int, -1, open, __openat_2, (int dir, const char *path, int flags),
    (dir, path, flags))
FAULT(FILE *, NULL, open, fopen, (const char *path, const char *mode),
    (path, mode))
FAULT(DIR *, NULL, opendir, opendir, (const char *path), (path))
FAULT(DIR *, NULL, opendir, fdopendir, (int fd), (fd))

FAULT(int, -1, accept, accept4,
    (int fd, struct sockaddr *address, socklen_t *size, int flags),
    (fd, address, size, flags))
FAULT(int, -1, access, access, (const char *path, int mode), (path, mode))
FAULT(int, -1, bind, bind,
    (int fd, const struct sockaddr *address, socklen_t size),
    (fd, address, size))
FAULT(int, -1, chmod, chmod, (const char *path, mode_t mode), (path, mode))
FAULT(int, -1, chown, lchown, (const char *path, uid_t uid, gid_t gid),
    (path, uid, gid))
FAULT(int, -1, chown, fchown, (int fd, uid_t uid, gid_t gid), (fd, uid, gid))
FAULT(int, -1, connect, connect,
    (int fd, const struct sockaddr *address, socklen_t size),
    (fd, address, size))
FAULT(int, -1, dup, dup2, (int from, int to), (from, to))
FAULT(int, -1, epoll_create, epoll_create1, (int flags), (flags))
FAULT(int, -1, epoll_create, epoll_create, (int size), (size))
FAULT(int, -1, epoll_ctl, epoll_ctl,
    (int epoll, int what, int fd, struct epoll_event *event),
    (epoll, what, fd, event))
FAULT(int, -1, epoll_wait, epoll_wait,
    (int epoll, struct epoll_event *events, int n, int timeout),
    (epoll, events, n, timeout))
FAULT(int, -1, eventfd, eventfd, (unsigned count, int flags), (count, flags))
FAULT(int, -1, execve, execve,
    (const char *path, char *const argv[], char *const env[]),
    (path, argv, env))
FAULT(int, plan->error, fallocate, posix_fallocate,
    (int fd, off_t offset, off_t size), (fd, offset, size))
FAULT(int, -1, flock, flock, (int fd, int what), (fd, what))
FAULT(pid_t, -1, fork, fork, (void), ())
FAULT(int, -1, getentropy, getentropy, (void *bytes, size_t n), (bytes, n))
FAULT(struct passwd *, NULL, getpw, getpwuid, (uid_t uid), (uid))
FAULT(int, -1, getpw, getgrouplist,
    (const char *user, gid_t group, gid_t *groups, int *n),
    (user, group, groups, n))
FAULT(int, -1, kill, kill, (pid_t pid, int signo), (pid, signo))
FAULT(int, -1, listen, listen, (int fd, int backlog), (fd, backlog))
FAULT(int, -1, mkdir, mkdir, (const char *path, mode_t mode), (path, mode))
FAULT(void *, MAP_FAILED, mmap, mmap,
    (void *at, size_t n, int protection, int flags, int fd, off_t offset),
    (at, n, protection, flags, fd, offset))
FAULT(int, -1, pipe, pipe2, (int ends[2], int flags), (ends, flags))
FAULT(int, -1, pipe, pipe, (int ends[2]), (ends))
FAULT(int, -1, poll, poll, (struct pollfd * fds, nfds_t n, int timeout),
    (fds, n, timeout))
FAULT(int, plan->error, posix_spawn, posix_spawn,
    (pid_t * pid, const char *path, const posix_spawn_file_actions_t *files,
	const posix_spawnattr_t *attributes, char *const argv[],
	char *const env[]),
    (pid, path, files, attributes, argv, env))
FAULT(int, plan->error, pthread_create, pthread_create,
    (pthread_t * thread, const pthread_attr_t *attributes, void *(*run)(void *),
	void *arg),
    (thread, attributes, run, arg))
FAULT(
    char *, NULL, realpath, realpath, (const char *path, char *to), (path, to))
FAULT(char *, NULL, realpath, __realpath_chk,
    (const char *path, char *to, size_t size), (path, to, size))
FAULT(int, -1, rename, rename, (const char *from, const char *to), (from, to))
FAULT(int, -1, rename, renameat,
    (int a, const char *from, int b, const char *to), (a, from, b, to))
FAULT(int, -1, rmdir, rmdir, (const char *path), (path))
FAULT(pid_t, -1, setsid, setsid, (void), ())
FAULT(int, -1, sigaction, sigaction,
    (int signo, const struct sigaction *action, struct sigaction *before),
    (signo, action, before))
FAULT(int, -1, socket, socket, (int domain, int type, int protocol),
    (domain, type, protocol))
FAULT(int, -1, socket, socketpair, (int domain, int type, int p, int ends[2]),
    (domain, type, p, ends))
FAULT(int, -1, sockopt, getsockopt,
    (int fd, int level, int what, void *value, socklen_t *size),
    (fd, level, what, value, size))
FAULT(int, -1, stat, stat, (const char *path, struct stat *st), (path, st))
FAULT(int, -1, stat, lstat, (const char *path, struct stat *st), (path, st))
FAULT(int, -1, stat, fstat, (int fd, struct stat *st), (fd, st))
FAULT(int, -1, sync, fsync, (int fd), (fd))
FAULT(int, -1, sync, fdatasync, (int fd), (fd))
FAULT(int, -1, truncate, ftruncate, (int fd, off_t size), (fd, size))
FAULT(int, -1, unlink, unlink, (const char *path), (path))
FAULT(int, -1, unlink, unlinkat, (int dir, const char *path, int flags),
    (dir, path, flags))
FAULT(int, -1, wait, waitid,
    (idtype_t type, id_t id, siginfo_t *info, int options),
    (type, id, info, options))
FAULT(pid_t, -1, wait, waitpid, (pid_t pid, int *status, int options),
    (pid, status, options))
FAULT(pid_t, -1, wait, wait4,
    (pid_t pid, int *status, int options, struct rusage *usage),
    (pid, status, options, usage))
/* It returns twice: nothing of this frame may be left by then. */
FAULT(pid_t, -1, vfork, vfork, (void), ())

FAULT_PART(read, read, (int fd, void *bytes, size_t n), (fd, bytes, n))
FAULT_PART(read, pread, (int fd, void *bytes, size_t n, off_t offset),
    (fd, bytes, n, offset))
FAULT_PART(recv, recv, (int fd, void *bytes, size_t n, int flags),
    (fd, bytes, n, flags))

/* What one thread, or a signal, wakes the loop with is never interrupted. */
ssize_t
write(int fd, const void *bytes, size_t n)
{
	struct stat st;

	if (syscall(SYS_fstat, fd, &st) == 0 && S_ISREG(st.st_mode) &&
	    cuts(FAULT_write, &n))
		return -1;
	return syscall(SYS_write, fd, bytes, n);
}

FAULT_PART(write, pwrite, (int fd, const void *bytes, size_t n, off_t offset),
    (fd, bytes, n, offset))
FAULT_PART(send, send, (int fd, const void *bytes, size_t n, int flags),
    (fd, bytes, n, flags))

/* Libevent's buffers; a part is the first of their pieces. */
ssize_t
readv(int fd, const struct iovec *pieces, int count)
{
	struct iovec first = pieces[0];

	if (cuts(FAULT_recv, &first.iov_len))
		return -1;
	if (first.iov_len != pieces[0].iov_len)
		return syscall(SYS_readv, fd, &first, 1);
	return syscall(SYS_readv, fd, pieces, count);
}

ssize_t
writev(int fd, const struct iovec *pieces, int count)
{
	struct iovec first = pieces[0];

	if (cuts(FAULT_send, &first.iov_len))
		return -1;
	if (first.iov_len != pieces[0].iov_len)
		return syscall(SYS_writev, fd, &first, 1);
	return syscall(SYS_writev, fd, pieces, count);
}

int
fcntl(int fd, int what, ...)
{
	va_list ap;
	long arg;

	va_start(ap, what);
	arg = va_arg(ap, long);
	va_end(ap);
	return strikes(FAULT_fcntl) ? -1
				    : (int)syscall(SYS_fcntl, fd, what, arg);
}
