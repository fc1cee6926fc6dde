/*
 * fault_plan: which call of a program fails, and how.  The test and the
 * fault_shim.so that is loaded into the program share one in a file.
 */
#ifndef WEIR_TESTS_FAULT_PLAN_H
#define WEIR_TESTS_FAULT_PLAN_H

#include <stdint.h>

#define FAULT_PLAN "FAULT_PLAN"	  /* in the environment: the file */
#define FAULT_SHORT (-1)	  /* in place of an errno: half of it is done */
#define FAULT_TRACE "FAULT_TRACE" /* a file for where the call came from */

/*
 * FAULT_CALL(name, errors): what can fail, the whole process counted together,
 * and how it does, as far as any system says that it may.  "alloc" is every
 * allocation; variants of one call (open and openat) are counted as one.
 */
#define FAULT_CALLS                                              \
	FAULT_CALL(alloc, ENOMEM)                                \
	FAULT_CALL(accept, EMFILE, ENOBUFS, EINTR, ECONNABORTED) \
	FAULT_CALL(access, EIO)                                  \
	FAULT_CALL(bind, EADDRINUSE, ENOSPC)                     \
	FAULT_CALL(chmod, EIO, EPERM)                            \
	FAULT_CALL(chown, EIO, EPERM)                            \
	FAULT_CALL(connect, EAGAIN, EINTR, EMFILE)               \
	FAULT_CALL(dup, EMFILE, EINTR)                           \
	FAULT_CALL(epoll_create, EMFILE, ENOMEM)                 \
	FAULT_CALL(epoll_ctl, ENOSPC, ENOMEM)                    \
	FAULT_CALL(epoll_wait, EINTR)                            \
	FAULT_CALL(eventfd, EMFILE)                              \
	FAULT_CALL(execve, EACCES, ENOMEM, E2BIG, EIO)           \
	FAULT_CALL(fallocate, ENOSPC, EIO, EINTR, EOPNOTSUPP)    \
	FAULT_CALL(fcntl, EMFILE)                                \
	FAULT_CALL(flock, ENOLCK, EINTR)                         \
	FAULT_CALL(fork, EAGAIN, ENOMEM)                         \
	FAULT_CALL(getentropy, EIO)                              \
	FAULT_CALL(getpw, EIO, EMFILE, ENOMEM, EINTR)            \
	FAULT_CALL(kill, EPERM, ESRCH)                           \
	FAULT_CALL(listen, EADDRINUSE)                           \
	FAULT_CALL(mkdir, EIO, ENOSPC, EMFILE)                   \
	FAULT_CALL(mmap, ENOMEM)                                 \
	FAULT_CALL(open, EIO, ENOSPC, EMFILE, EINTR, EACCES)     \
	FAULT_CALL(opendir, EIO, EMFILE)                         \
	FAULT_CALL(pipe, EMFILE)                                 \
	FAULT_CALL(poll, EINTR, ENOMEM)                          \
	FAULT_CALL(posix_spawn, EAGAIN, ENOMEM, ENOENT, EACCES)  \
	FAULT_CALL(pthread_create, EAGAIN)                       \
	FAULT_CALL(read, EIO, EINTR, FAULT_SHORT)                \
	FAULT_CALL(realpath, EIO, ENOENT)                        \
	FAULT_CALL(recv, ECONNRESET, EINTR, FAULT_SHORT)         \
	FAULT_CALL(rename, EIO, ENOSPC)                          \
	FAULT_CALL(rmdir, EIO)                                   \
	FAULT_CALL(send, EPIPE, ENOBUFS, EINTR, FAULT_SHORT)     \
	FAULT_CALL(setsid, EPERM)                                \
	FAULT_CALL(sigaction, EINVAL)                            \
	FAULT_CALL(socket, EMFILE, ENOBUFS)                      \
	FAULT_CALL(sockopt, EIO)                                 \
	FAULT_CALL(stat, EIO)                                    \
	FAULT_CALL(sync, EIO, ENOSPC, EINTR)                     \
	FAULT_CALL(truncate, EIO, EINTR)                         \
	FAULT_CALL(unlink, EIO)                                  \
	FAULT_CALL(vfork, EAGAIN, ENOMEM)                        \
	FAULT_CALL(wait, EINTR)                                  \
	FAULT_CALL(write, EIO, ENOSPC, EINTR, FAULT_SHORT)

#define FAULT_CALL(name, ...) FAULT_##name,
enum fault_call { FAULT_CALLS FAULT_NCALLS };
#undef FAULT_CALL

struct fault_plan {
	uint32_t call;	 /* enum fault_call */
	uint32_t nth;	 /* from 1; 0: none fails, they are counted alone */
	int32_t error;	 /* an errno, or FAULT_SHORT */
	uint32_t struck; /* it has happened */
	uint32_t counts[FAULT_NCALLS];
};

#endif
