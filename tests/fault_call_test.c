/* links: tests/fault_scene.c tests/fault_life.c tests/transcript_json.c libweir.a ; libs: msgpack jansson */
/*
 * fault_call_test: each call of the daemon, and of a runner, to the system
 * fails in turn, in each of the ways it may.  Either nobody notices, or who
 * can't go on says which call it was and ends, or an attempt has failed that
 * could not be started; never is anything lost, run twice or made up.
 */

#include <atf-c.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fault_scene.h"
#include "tests/test_length.h"

#define ALL(list) list, sizeof(list) / sizeof(list[0])

static void
sweep(enum fault_where, const enum fault_call *, unsigned, unsigned few);

static void
sweep(enum fault_where where, const enum fault_call *calls, unsigned ncalls,
    unsigned few)
{
	if (build_is("san"))
		atf_tc_skip("the sanitizers stand where the shim would");
	fault_sweep(where, calls, ncalls, runs_long() ? 0 : few);
}

/* SWEEP(name, description, where, points of the short form, calls) */
#define SWEEP(name, description, where, few, ...)                     \
	ATF_TC(name);                                                 \
	ATF_TC_HEAD(name, tc)                                         \
	{                                                             \
		atf_tc_set_md_var(tc, "descr", description);          \
		atf_tc_set_md_var(tc, "timeout", "7200");             \
	}                                                             \
	ATF_TC_BODY(name, tc)                                         \
	{                                                             \
		static const enum fault_call calls[] = {__VA_ARGS__}; \
                                                                      \
		(void)tc;                                             \
		sweep(where, ALL(calls), few);                        \
	}

SWEEP(files, "calls of the daemon for files", FAULT_IN_DAEMON, 60, FAULT_access,
    FAULT_chmod, FAULT_chown, FAULT_fallocate, FAULT_flock, FAULT_mkdir,
    FAULT_mmap, FAULT_open, FAULT_opendir, FAULT_realpath, FAULT_rename,
    FAULT_rmdir, FAULT_stat, FAULT_truncate, FAULT_unlink)
SWEEP(bytes, "reads, writes and syncs of the daemon", FAULT_IN_DAEMON, 60,
    FAULT_read, FAULT_write, FAULT_sync, FAULT_recv, FAULT_send)
SWEEP(loop, "calls of the daemon for sockets and its loop", FAULT_IN_DAEMON, 60,
    FAULT_accept, FAULT_bind, FAULT_connect, FAULT_epoll_create,
    FAULT_epoll_ctl, FAULT_epoll_wait, FAULT_eventfd, FAULT_fcntl, FAULT_listen,
    FAULT_pipe, FAULT_poll, FAULT_socket, FAULT_sockopt)
SWEEP(processes, "calls of the daemon for processes", FAULT_IN_DAEMON, 40,
    FAULT_fork, FAULT_getentropy, FAULT_getpw, FAULT_kill, FAULT_posix_spawn,
    FAULT_pthread_create, FAULT_sigaction, FAULT_wait)
SWEEP(runner_start, "calls of a runner that starts a command", FAULT_IN_RUNNER,
    60, FAULT_chown, FAULT_dup, FAULT_execve, FAULT_open, FAULT_setsid,
    FAULT_vfork, FAULT_sigaction, FAULT_fcntl, FAULT_pipe, FAULT_sockopt)
SWEEP(runner_mind, "calls of a runner that minds commands", FAULT_IN_RUNNER, 60,
    FAULT_accept, FAULT_access, FAULT_kill, FAULT_opendir, FAULT_poll,
    FAULT_read, FAULT_send, FAULT_unlink, FAULT_wait, FAULT_write)
SWEEP(
    runner_memory, "allocations of a runner", FAULT_IN_RUNNER, 30, FAULT_alloc)

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, files);
	ATF_TP_ADD_TC(tp, bytes);
	ATF_TP_ADD_TC(tp, loop);
	ATF_TP_ADD_TC(tp, processes);
	ATF_TP_ADD_TC(tp, runner_start);
	ATF_TP_ADD_TC(tp, runner_mind);
	ATF_TP_ADD_TC(tp, runner_memory);
	return atf_no_error();
}
