/* crash_points: the system calls of a process, and kills at each of them. */

#include "tests/crash_points.h"
#include "tests/test_length.h"

#include <sys/stat.h>

#include <atf-c.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CALLS "calls" /* in the working directory: what strace wrote */

/* How often one thread or process has made one call. */
struct count {
	char name[32];
	int task;
	unsigned n;
};

/*
 * Not tried: what changes nothing that another process, or a later one, could
 * see; killed there it is as killed at the call that follows.
 */
static const char *const private_calls[] = {"brk", "mprotect", "madvise",
    "futex", "rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "getuid",
    "geteuid", "getgid", "getegid", "getpid", "gettid", "getppid",
    "set_tid_address", "set_robust_list", "rseq", "arch_prctl", "prlimit64",
    "getrandom", "clock_gettime", "clock_nanosleep", "restart_syscall",
    "sched_yield", "sysinfo", "uname", "umask", "sigaltstack",
    "sched_getaffinity", "execve"};

const struct point point_none = {"", 0};

static bool is_private(const char *);
static void add(struct count *, unsigned *, int, const char *);
static unsigned drop(struct count *, unsigned used, int task);
static unsigned most_of(const struct count *, unsigned used, unsigned at);
static unsigned read_counts(struct count *, unsigned room, FILE *);

void
points_require(void)
{
	const char *options = getenv("ASAN_OPTIONS");
	char without[512];

	/* Leaks can't be looked for in what is traced. */
	if (options != NULL) {
		snprintf(
		    without, sizeof(without), "%s:detect_leaks=0", options);
		setenv("ASAN_OPTIONS", without, 1);
	}
	if (system("strace -qq -D -f -b execve -o /dev/null true "
		   ">/dev/null 2>&1") != 0)
		atf_tc_skip("strace can't trace here (not installed, too old "
			    "for -b, or not permitted)");
}

static bool
is_private(const char *name)
{
	for (size_t i = 0; i < sizeof(private_calls) / sizeof(char *); i++)
		if (strcmp(private_calls[i], name) == 0)
			return true;
	return false;
}

static void
add(struct count *counts, unsigned *used, int task, const char *name)
{
	unsigned i = 0;

	while (i < *used &&
	    (counts[i].task != task || strcmp(counts[i].name, name) != 0))
		i++;
	if (i == *used) {
		ATF_REQUIRE(i < POINTS_MAX);
		counts[i].task = task;
		snprintf(counts[i].name, sizeof(counts[i].name), "%s", name);
		(*used)++;
	}
	counts[i].n++;
}

/* What a child does before it executes is no call of the program's. */
static unsigned
drop(struct count *counts, unsigned used, int task)
{
	unsigned n = 0;

	for (unsigned i = 0; i < used; i++)
		if (counts[i].task != task)
			counts[n++] = counts[i];
	memset(&counts[n], 0, (used - n) * sizeof(*counts));
	return n;
}

/* "1741  openat(AT_FDCWD, ..."; what is resumed was counted. */
static unsigned
read_counts(struct count *counts, unsigned room, FILE *f)
{
	char line[4096], name[32];
	unsigned used = 0;
	int task, first = 0;

	memset(counts, 0, room * sizeof(*counts));
	while (fgets(line, sizeof(line), f) != NULL) {
		if (sscanf(line, "%d %31[a-z0-9_](", &task, name) != 2)
			continue;
		if (first == 0)
			first = task;
		if (task != first && strcmp(name, "execve") == 0)
			used = drop(counts, used, task);
		else
			add(counts, &used, task, name);
	}
	return used;
}

/* The most that any one thread has made of it; 0: it stands there before. */
static unsigned
most_of(const struct count *counts, unsigned used, unsigned at)
{
	const char *name = counts[at].name;
	unsigned n = 0;

	for (unsigned i = 0; i < used; i++) {
		if (strcmp(counts[i].name, name) != 0)
			continue;
		if (i < at)
			return 0;
		if (counts[i].n > n)
			n = counts[i].n;
	}
	return n;
}

/* By name, up to the most that any one thread has made of it. */
void
points_read(struct points *p, unsigned most, unsigned most_sanitized)
{
	static struct count counts[POINTS_MAX];
	const char *build = getenv("WEIR_BUILD");
	FILE *f = fopen(CALLS, "r");
	unsigned used, n;

	ATF_REQUIRE(f != NULL);
	used = read_counts(counts, POINTS_MAX, f);
	fclose(f);
	memset(p, 0, sizeof(*p));
	for (unsigned i = 0; i < used; i++) {
		n = most_of(counts, used, i);
		if (n > 0 && is_private(counts[i].name)) {
			strlcat(p->skipped, " ", sizeof(p->skipped));
			strlcat(p->skipped, counts[i].name, sizeof(p->skipped));
			continue;
		}
		for (unsigned k = 1; k <= n && p->count < POINTS_MAX; k++) {
			struct point *point = &p->list[p->count++];

			strlcpy(
			    point->name, counts[i].name, sizeof(point->name));
			point->n = k;
		}
	}
	if (build != NULL && strcmp(build, "plain") != 0)
		most = most_sanitized;
	p->every =
	    runs_long() || p->count <= most ? 1 : (p->count + most - 1) / most;
}

bool
points_sampled(const struct points *p, unsigned i)
{
	return i / POINT_SHARES % p->every == 0;
}

void
points_print(const struct points *p, const char *program)
{
	const char *name = "";

	printf("%s: %u points, one in %u tried:", program, p->count, p->every);
	for (unsigned i = 0; i < p->count; i++) {
		if (strcmp(name, p->list[i].name) == 0)
			continue;
		name = p->list[i].name;
		printf(" %s", name);
	}
	printf("\nnot tried, nobody else can tell them from the next:%s\n",
	    p->skipped);
}

const char *
point_directory(const struct point *point)
{
	static char name[64];

	snprintf(name, sizeof(name), "%s-%u", point->n > 0 ? point->name : "p",
	    point->n);
	return name;
}

void
point_words(const struct point *point, const struct crash_daemon *d,
    struct point_words *w)
{
	static const char *const begin[] = {
	    "strace", "-D", "-f", "-b", "execve", "-q", "-o"};
	unsigned n = sizeof(begin) / sizeof(begin[0]);

	memset(w, 0, sizeof(*w));
	memcpy(w->words, begin, sizeof(begin));
	snprintf(w->out, sizeof(w->out), "%s/calls", d->dir);
	if (point->n == 0)
		snprintf(w->out, sizeof(w->out), "%s", CALLS);
	w->words[n++] = w->out;
	if (point->n == 0)
		return;
	snprintf(w->trace, sizeof(w->trace), "trace=%s", point->name);
	snprintf(w->inject, sizeof(w->inject), "inject=%s:signal=KILL:when=%u",
	    point->name, point->n);
	w->words[n++] = "-e";
	w->words[n++] = w->trace;
	w->words[n++] = "-e";
	w->words[n++] = w->inject;
}

/* A script that runs it so the first time. */
void
point_runner(
    const struct point *point, const struct crash_daemon *d, unsigned runners)
{
	char path[320], here[256];
	struct point_words w;
	FILE *f;

	ATF_REQUIRE(getcwd(here, sizeof(here)) != NULL);
	point_words(point, d, &w);
	snprintf(path, sizeof(path), "%s/runner", d->dir);
	f = fopen(path, "w");
	ATF_REQUIRE(f != NULL);
	fprintf(f, "#!/bin/sh\ncd %s\nif mkdir %s/first 2>/dev/null; then\n",
	    here, d->dir);
	fprintf(f, "\texec");
	for (unsigned i = 0; w.words[i] != NULL; i++)
		fprintf(f, " %s", w.words[i]);
	fprintf(f, " %s \"$@\"\nfi\nexec %s \"$@\"\n", getenv("WEIR_RUNNER"),
	    getenv("WEIR_RUNNER"));
	ATF_REQUIRE(fchmod(fileno(f), 0700) == 0 && fclose(f) == 0);
	crash_daemon_runner(d, runners, path);
}

bool
point_was_reached(const struct crash_daemon *d)
{
	char path[320], line[1024];
	bool was = false;
	FILE *f;

	snprintf(path, sizeof(path), "%s/calls", d->dir);
	f = fopen(path, "r");
	while (f != NULL && fgets(line, sizeof(line), f) != NULL)
		was |= strstr(line, "killed by SIGKILL") != NULL;
	if (f != NULL)
		fclose(f);
	return was;
}
