/* beside: a well-behaved client beside a hostile one */

#include "tests/beside.h"

#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <atf-c.h>
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "tests/hostile.h"
#include "tests/scratch_daemon.h"
#include "tests/test_length.h"

#define FEW 60 /* requests that are measured */
#define MANY 2000

enum kind { READS, CHANGES, KINDS };

struct figures {
	double p50[KINDS]; /* ms */
	double p99[KINDS];
};

static struct weir *good;
static pid_t daemon_pid;
static int begun_fd = -1; /* an attack's */
static uint64_t watched;  /* an execution of the good client's */

static double now(void);
static double ask(enum kind, unsigned);
static void measure(struct figures *);
static int ascending(const void *, const void *);
static pid_t begin_attack(const struct attack *);
static size_t status_of(const char *);

static double
now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return (double)time.tv_sec * 1e3 + (double)time.tv_nsec / 1e6;
}

void
beside_begin(const char *conf)
{
	FILE *file = fopen("weird.conf", "w");
	struct ucred peer;
	socklen_t size = sizeof(peer);

	ATF_REQUIRE(file != NULL);
	fputs(conf, file);
	fclose(file);
	scratch_daemon_start();
	good = weir_open(SCRATCH_SOCKET);
	ATF_REQUIRE(good != NULL);
	ATF_REQUIRE_EQ(0,
	    getsockopt(
		weir_descriptor(good), SOL_SOCKET, SO_PEERCRED, &peer, &size));
	daemon_pid = peer.pid;
	hostile_call(good, "definition.put",
	    "{'definition': {'workflow': 'calm', 'tasks': {'a': {'wait': "
	    "{'signal': 'x'}}}}}");
	watched = hostile_call(good, "execution.start", "{'workflow': 'calm'}");
}

void
beside_end(void)
{
	weir_close(good);
	scratch_daemon_stop();
}

bool
beside_is_sanitized(void)
{
	return build_is("san");
}

static double
ask(enum kind kind, unsigned i)
{
	char text[64];
	double began = now();

	snprintf(text, sizeof(text), "{'id': %ju}", (uintmax_t)watched);
	if (kind == CHANGES) /* which is told only once it is durable */
		hostile_call(good, "execution.start", "{'workflow': 'calm'}");
	else if (i % 3 == 0)
		hostile_call(good, "hello", "{}");
	else
		hostile_call(good, "execution.get", text);
	return now() - began;
}

static int
ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

/* One change to three that only read. */
static void
measure(struct figures *figures)
{
	unsigned n = runs_long() ? MANY : FEW;
	double *took = calloc(n, sizeof(*took));

	ATF_REQUIRE(took != NULL);
	for (enum kind kind = READS; kind < KINDS; kind++) {
		unsigned count = kind == READS ? n * 3 / 4 : n / 4;

		for (unsigned i = 0; i < count; i++)
			took[i] = ask(kind, i);
		qsort(took, count, sizeof(*took), ascending);
		figures->p50[kind] = took[count / 2];
		figures->p99[kind] = took[count - 1 - count / 100];
	}
	free(took);
}

void
attack_begun(void)
{
	if (write(begun_fd, "", 1) != 1)
		_exit(1);
}

/* Comes back when it is in force. */
static pid_t
begin_attack(const struct attack *attack)
{
	int ends[2];
	char byte;
	pid_t pid;

	ATF_REQUIRE_EQ(0, pipe(ends));
	pid = fork();
	ATF_REQUIRE(pid != -1);
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		/* What it takes is the daemon's time, not the processor's. */
		(void)!nice(15);
		close(ends[0]);
		begun_fd = ends[1];
		attack->run();
		for (;;)
			pause();
	}
	close(ends[1]);
	ATF_REQUIRE_EQ_MSG(
	    1, read(ends[0], &byte, 1), "%s could not begin", attack->name);
	close(ends[0]);
	return pid;
}

void
beside_attack(const struct attack *attack)
{
	struct figures without, with;
	size_t before, peak;
	int status;
	pid_t pid;

	measure(&without);
	before = beside_memory();
	beside_mark();
	pid = begin_attack(attack);
	measure(&with);
	peak = beside_peak();
	ATF_CHECK_EQ_MSG(
	    0, waitpid(pid, &status, WNOHANG), "%s ended", attack->name);
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	ask(CHANGES, 0);
	printf("%s: ", attack->name);
	for (enum kind kind = READS; kind < KINDS; kind++)
		printf("%s: p50 %.2f ms, with it %.2f, p99 %.2f ms, with it "
		       "%.2f: %.1f times; ",
		    kind == READS ? "reads" : "changes", without.p50[kind],
		    with.p50[kind], without.p99[kind], with.p99[kind],
		    with.p99[kind] / without.p99[kind]);
	printf("memory %.1f MiB and %.1f more, %.1f allowed\n",
	    (double)before / (double)BESIDE_MIB,
	    peak > before ? (double)(peak - before) / (double)BESIDE_MIB : 0,
	    (double)attack->bound / (double)BESIDE_MIB);
	fflush(stdout);
	if (!beside_is_sanitized())
		ATF_CHECK_MSG(peak <= before + attack->bound,
		    "%s took %zu KiB, where %zu are allowed", attack->name,
		    (peak - before) / 1024, attack->bound / 1024);
}

/* Of /proc, where it is in KiB. */
static size_t
status_of(const char *name)
{
	char path[64], line[256];
	unsigned long kib = 0;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/status", (int)daemon_pid);
	file = fopen(path, "r");
	ATF_REQUIRE_MSG(file != NULL, "the daemon is gone");
	while (kib == 0 && fgets(line, sizeof(line), file) != NULL)
		if (strncmp(line, name, strlen(name)) == 0)
			kib = strtoul(line + strlen(name) + 1, NULL, 10);
	fclose(file);
	return kib * 1024;
}

size_t
beside_memory(void)
{
	return status_of("VmRSS");
}

size_t
beside_peak(void)
{
	return status_of("VmHWM");
}

void
beside_mark(void)
{
	char path[64];
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/clear_refs", (int)daemon_pid);
	file = fopen(path, "w");
	ATF_REQUIRE(file != NULL);
	fputs("5", file); /* the peak is what it is now */
	ATF_CHECK_EQ(0, fclose(file));
}

long
beside_cpu(void)
{
	unsigned long user = 0, system = 0;
	char path[64], line[1024], *at;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)daemon_pid);
	file = fopen(path, "r");
	ATF_REQUIRE(file != NULL && fgets(line, sizeof(line), file) != NULL);
	fclose(file);
	at = strrchr(line, ')');
	ATF_REQUIRE(at != NULL);
	ATF_REQUIRE_EQ(2,
	    sscanf(at, ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu",
		&user, &system));
	return (long)(user + system) * 1000 / sysconf(_SC_CLK_TCK);
}
