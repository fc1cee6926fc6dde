/* weir-runner: starts commands for weird(8), minds them, and outlives it. */

#include "daemon/runner/harden.h"
#include "daemon/runner/process.h"
#include "daemon/runner/runner.h"

#include <sys/socket.h>
#include <sys/stat.h>

#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

/* How long it stays, in ms, with neither a daemon nor anything that runs. */
#define LINGER (10 * 60 * 1000)

/*
 * Between two looks, in ms, at what an ended command left and was killed: not
 * all of it need be this process's children, whose ends are told.
 */
#define LOOK 100

/* The descriptor it keeps its listening socket at. */
#define LISTENER 3

static int signal_write_end;

static void usage(void);
static void on_child(int);
static int take_listener(void);
static void detach(void);
static void catch_signals(struct runner *);
static bool done(const struct runner *, bool lingered);
static int patience(const struct runner *);
static bool turn(struct runner *);

int
main(int argc, char *argv[])
{
	static struct runner runner; /* zeroed; there to the end */
	char *end;

	if (argc < 3 || argc > 4)
		usage();
	RB_INIT(&runner.entries);
	RB_INIT(&runner.commands);
	LIST_INIT(&runner.ending);
	runner.client = -1;
	runner.path = argv[1];
	errno = 0;
	runner.id = strtoull(argv[2], &end, 16);
	if (errno != 0 || *end != '\0' || runner.id == 0)
		errx(EX_USAGE, "%s: expected an id in hexadecimal", argv[2]);
	/* A daemon that is older does not say what commands are to have. */
	if (argc == 3)
		harden_limits(&runner.limits);
	else if (sscanf(argv[3], "%" SCNu64 ",%" SCNu64, &runner.limits.core,
		     &runner.limits.files) != 2)
		errx(EX_USAGE,
		    "%s: expected limits of core files and "
		    "descriptors",
		    argv[3]);
	runner.listener = take_listener();
	detach();
	catch_signals(&runner);
	harden_memory();
	harden_capabilities(HARDEN_RUNNER);
	process_adopt_orphans();
	while (turn(&runner))
		;
	unlink(runner.path);
	return 0;
}

static void
usage(void)
{
	fprintf(stderr,
	    "usage: weir-runner socket id [core,files]\n"
	    "weird(8) starts it, its standard input a listening "
	    "socket\n");
	exit(EX_USAGE);
}

/* Standard input, out of the way of what commands have there. */
static int
take_listener(void)
{
	socklen_t size;
	int listening;

	listening = 0;
	size = sizeof listening;
	if (getsockopt(0, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) == -1 ||
	    !listening)
		usage();
	if (dup2(0, LISTENER) == -1 ||
	    fcntl(LISTENER, F_SETFD, FD_CLOEXEC) == -1 ||
	    fcntl(LISTENER, F_SETFL, O_NONBLOCK) == -1)
		err(EX_OSERR, "listening socket");
	return LISTENER;
}

/* Keeps nothing of whoever started it: session, directory, descriptors. */
static void
detach(void)
{
	int null;

	closefrom(LISTENER + 1);
	setsid(); /* fails only where it leads a session already */
	if (chdir("/") == -1)
		err(EX_OSERR, "/");
	umask(077);
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null == -1)
		err(EX_OSERR, "/dev/null");
	dup2(null, 0);
	dup2(null, 1);
	dup2(null, 2);
	close(null);
}

static void
on_child(int signo)
{
	int saved;
	ssize_t n;

	(void)signo;
	saved = errno;
	n = write(signal_write_end, "", 1); /* full: it is readable anyway */
	(void)n;
	errno = saved;
}

/*
 * What whoever started this process ignored or blocked is set afresh: with
 * SIGCHLD ignored, every command would seem to end with status 0.
 */
static void
catch_signals(struct runner *r)
{
	static const int ignored[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGPIPE,
	    SIGALRM, SIGUSR1, SIGUSR2, SIGTSTP, SIGTTIN, SIGTTOU};
	struct sigaction action;
	sigset_t none;
	size_t i;
	int ends[2];

	if (pipe2(ends, O_CLOEXEC | O_NONBLOCK) == -1)
		err(EX_OSERR, "pipe");
	r->signal_pipe = ends[0];
	signal_write_end = ends[1];
	for (i = 0; i < sizeof ignored / sizeof ignored[0]; i++)
		signal(ignored[i], SIG_IGN);
	memset(&action, 0, sizeof action);
	sigemptyset(&action.sa_mask);
	action.sa_handler = on_child;
	action.sa_flags = SA_RESTART | SA_NOCLDSTOP;
	sigemptyset(&none);
	if (sigaction(SIGCHLD, &action, NULL) == -1 ||
	    sigprocmask(SIG_SETMASK, &none, NULL) == -1)
		err(EX_OSERR, "signals");
}

/*
 * Without a daemon it waits for the next one as long as it has endings to
 * tell, but not where its socket was removed: nobody can ask any more.
 */
static bool
done(const struct runner *r, bool lingered)
{
	if (r->running > 0)
		return false;
	if (RB_EMPTY(&r->entries) && r->leaving)
		return true;
	if (r->client != -1)
		return false;
	return (RB_EMPTY(&r->entries) && lingered) ||
	    (access(r->path, F_OK) == -1 && errno == ENOENT);
}

/* How long it waits, in ms, when nothing happens; -1: for ever. */
static int
patience(const struct runner *r)
{
	if (!LIST_EMPTY(&r->ending))
		return LOOK;
	return r->client == -1 && r->running == 0 ? LINGER : -1;
}

/* Waits for something to happen and handles it; false when all is done. */
static bool
turn(struct runner *r)
{
	struct pollfd fds[2];
	char bytes[64];
	int n;

	if (r->client == -1)
		client_accept(r);
	if (done(r, false))
		return false;
	fds[0] = (struct pollfd){.fd = r->signal_pipe, .events = POLLIN};
	fds[1] = (struct pollfd){
	    .fd = r->client == -1 ? r->listener : r->client, .events = POLLIN};
	if (r->client != -1 && r->out.end > r->out.start)
		fds[1].events |= POLLOUT;
	n = poll(fds, 2, patience(r));
	if (n == 0 && LIST_EMPTY(&r->ending))
		return !done(r, true);
	if (n == -1)
		return true; /* a signal: the pipe is readable now */
	if (fds[0].revents != 0) {
		while (read(r->signal_pipe, bytes, sizeof bytes) > 0)
			;
		entries_reap(r);
	}
	if (n == 0)
		entries_reap(r);
	if (fds[1].revents != 0 && r->client != -1)
		client_read(r);
	if (r->client != -1)
		client_write(r);
	return true;
}
