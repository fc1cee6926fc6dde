/* beside: a well-behaved client beside a hostile one */

#include "tests/beside.h"

#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <atf-c.h>
#include <errno.h>
#include <sched.h>
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
#define MANY 1000
#define ROUNDS 5 /* of which the one in the middle is told, where long */

enum kind { READS, CHANGES, ALL, KINDS };

struct figures {
	double p50[KINDS][ROUNDS]; /* ms */
	double p99[KINDS][ROUNDS];
};

static struct weir *good;
static pid_t daemon_pid;
static int begun_fd = -1; /* an attack's */
static uint64_t watched;  /* an execution of the good client's */

static double now(void);
static double ask(enum kind, unsigned);
static void measure(struct figures *, unsigned round);
static void keep_busy(bool);
static void attack_once(const struct attack *, unsigned round,
    struct figures *without, struct figures *with, size_t *most);
static double middle(double *, unsigned n);
static void
summarize(struct figures *, enum kind, unsigned round, double *, unsigned);
static void be_modest(void);
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
measure(struct figures *figures, unsigned round)
{
	unsigned n = runs_long() ? MANY : FEW, reads = n * 3 / 4;
	double *took = calloc(n, sizeof(*took));

	ATF_REQUIRE(took != NULL);
	for (unsigned i = 0; i < n; i++)
		took[i] = ask(i < reads ? READS : CHANGES, i);
	summarize(figures, READS, round, took, reads);
	summarize(figures, CHANGES, round, took + reads, n - reads);
	summarize(figures, ALL, round, took, n);
	free(took);
}

static void
summarize(struct figures *figures, enum kind kind, unsigned round, double *took,
    unsigned n)
{
	qsort(took, n, sizeof(*took), ascending);
	figures->p50[kind][round] = took[n / 2];
	figures->p99[kind][round] = took[n - 1 - n / 100];
}

/*
 * Beside an attack, and without it: whatever waits for a processor, or for one
 * to wake up, or for a disk whose driver does, waits for the same.
 */
static void
keep_busy(bool is)
{
	static pid_t *busy;
	long n = sysconf(_SC_NPROCESSORS_ONLN);

	if (is)
		busy = calloc((size_t)n, sizeof(*busy));
	ATF_REQUIRE(busy != NULL);
	for (long i = 0; i < n; i++) {
		if (!is) {
			kill(busy[i], SIGKILL);
			waitpid(busy[i], NULL, 0);
		} else if ((busy[i] = fork()) == 0) {
			be_modest();
			for (;;)
				continue;
		}
	}
	if (is)
		return;
	free(busy);
	busy = NULL;
}

/* What others take is the daemon's time: they have what is left of others'. */
static void
be_modest(void)
{
	const struct sched_param param = {.sched_priority = 0};

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (sched_setscheduler(0, SCHED_IDLE, &param) == -1)
		(void)!nice(19);
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
		be_modest();
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
	static const char *const names[] = {"reads", "changes", "all"};
	struct figures without = {0}, with = {0};
	unsigned rounds = runs_long() ? ROUNDS : 1;
	size_t before = beside_memory(), most = 0;

	for (unsigned i = 0; i < rounds; i++)
		attack_once(attack, i, &without, &with, &most);
	printf("%s:", attack->name);
	for (enum kind kind = READS; kind < KINDS; kind++) {
		double p99 = middle(without.p99[kind], rounds);
		double p99_with = middle(with.p99[kind], rounds);

		printf(" %s: p50 %.2f ms, with it %.2f, p99 %.2f ms, with it "
		       "%.2f: %.1f times;",
		    names[kind], middle(without.p50[kind], rounds),
		    middle(with.p50[kind], rounds), p99, p99_with,
		    p99_with / p99);
	}
	printf(" memory %.1f MiB and %.1f more, %.1f allowed\n",
	    (double)before / (double)BESIDE_MIB,
	    (double)most / (double)BESIDE_MIB,
	    (double)attack->bound / (double)BESIDE_MIB);
	fflush(stdout);
	if (!beside_is_sanitized())
		ATF_CHECK_MSG(most <= attack->bound,
		    "%s took %zu KiB, where %zu are allowed", attack->name,
		    most / 1024, attack->bound / 1024);
}

static void
attack_once(const struct attack *attack, unsigned round,
    struct figures *without, struct figures *with, size_t *most)
{
	size_t before, peak;
	int status;
	pid_t pid;

	keep_busy(true);
	measure(without, round);
	before = beside_memory();
	beside_mark();
	pid = begin_attack(attack);
	measure(with, round);
	peak = beside_peak();
	if (peak > before && peak - before > *most)
		*most = peak - before;
	keep_busy(false);
	ATF_CHECK_EQ_MSG(
	    0, waitpid(pid, &status, WNOHANG), "%s ended", attack->name);
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	ask(CHANGES, 0);
}

static double
middle(double *list, unsigned n)
{
	qsort(list, n, sizeof(*list), ascending);
	return list[n / 2];
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
