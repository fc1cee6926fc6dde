/* fault_scene: a short life of a daemon in which one call fails. */

#include "tests/fault_scene.h"

#include <sys/wait.h>

#include <atf-c.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "tests/fault_life.h"

static const struct {
	const char *name;
	int errors[6];
} calls[] = {
#define FAULT_CALL(name, ...) {#name, {__VA_ARGS__}},
    FAULT_CALLS
#undef FAULT_CALL
};

static const char *error_name(int);
static void
fault_run(enum fault_where, enum fault_call, uint32_t, int, const char *);
static bool holds(enum fault_where, enum fault_call, uint32_t, int);
static void fault_count(enum fault_where, uint32_t[FAULT_NCALLS]);
static bool is_libc_fault(const struct life *);
static void check_end(struct life *, int error);
static void check_execution(struct life *, unsigned, int error, unsigned *);
static unsigned check_attempts(struct life *, json_t *task, int64_t id);
static unsigned traced(const struct life *, const char *line);
static bool explains(const char *, int error);

static const char *
error_name(int error)
{
	return error == FAULT_SHORT ? "half of it" : strerrorname_np(error);
}

/* In a process of its own, so that what breaks does not hide what follows. */
static bool
holds(enum fault_where where, enum fault_call call, uint32_t nth, int error)
{
	char name[64];
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	ATF_REQUIRE(pid != -1);
	snprintf(name, sizeof(name), "%s%u.%d", calls[call].name, nth, error);
	if (pid == 0) {
		fault_run(where, call, nth, error, name);
		fflush(stdout);
		_exit(0);
	}
	ATF_REQUIRE_EQ(pid, waitpid(pid, &status, 0));
	return status == 0;
}

/*
 * glibc (2.36) itself follows a null pointer, or aborts, where it has no memory
 * for its list of name services.
 */
static bool
is_libc_fault(const struct life *life)
{
	char command[256];

	snprintf(command, sizeof(command), "grep -q __nss_ %s/trace_of_fault",
	    life->dir);
	return life->plan->call == FAULT_alloc && system(command) == 0;
}

/* An error that says nothing of what failed, or a status that means none. */
static void
check_end(struct life *life, int error)
{
	/* Not EX_DATAERR: nobody has to repair anything. */
	static const int documented[] = {EX_UNAVAILABLE, EX_OSERR, EX_CANTCREAT,
	    EX_IOERR, EX_TEMPFAIL, EX_CONFIG};
	char *log = NULL;
	size_t size = 0;
	FILE *f;
	bool told, is_documented = false;

	if (WIFEXITED(life->status) && WEXITSTATUS(life->status) == 0)
		return;
	if (!WIFEXITED(life->status) && is_libc_fault(life))
		return;
	if (!WIFEXITED(life->status))
		life_broken(
		    life, "it was ended by signal %d", WTERMSIG(life->status));
	for (size_t i = 0; i < sizeof(documented) / sizeof(documented[0]); i++)
		is_documented |= WEXITSTATUS(life->status) == documented[i];
	if (!is_documented)
		life_broken(
		    life, "it ended with status %d", WEXITSTATUS(life->status));
	f = fopen(life->log, "r");
	ATF_REQUIRE(f != NULL);
	if (getdelim(&log, &size, '\0', f) == -1)
		log = NULL;
	fclose(f);
	told = log != NULL && explains(log, error);
	if (!told)
		life_broken(life,
		    "it ended with status %d and does not say why",
		    WEXITSTATUS(life->status));
	free(log);
}

static bool
explains(const char *text, int error)
{
	if (error == FAULT_SHORT)
		return false; /* that is no failure */
	return text != NULL &&
	    (strstr(text, strerror(error)) != NULL ||
		(error == ENOMEM &&
		    (strstr(text, "memory") != NULL ||
			strstr(text, strerror(EAGAIN)) != NULL)));
}

static unsigned
traced(const struct life *life, const char *line)
{
	FILE *f = fopen(life->trace, "r");
	char got[128];
	unsigned n = 0;

	ATF_REQUIRE(f != NULL);
	while (fgets(got, sizeof(got), f) != NULL)
		n += line == NULL || strcmp(got, line) == 0;
	fclose(f);
	return n;
}

/* Each ran as often as the daemon says; how often all did. */
static unsigned
check_attempts(struct life *life, json_t *task, int64_t id)
{
	const char *name = json_string_value(json_object_get(task, "name"));
	json_t *attempt;
	unsigned all = 0;
	char line[128];
	size_t i;

	json_array_foreach(json_object_get(task, "attempts"), i, attempt)
	{
		const char *reason =
		    json_string_value(json_object_get(attempt, "reason"));
		unsigned wanted = 1;

		if (reason != NULL && strncmp(reason, "not started", 11) == 0)
			wanted = 0;
		if (reason != NULL && strncmp(reason, "lost", 4) == 0)
			life_broken(
			    life, "%s of %d: %s", name, (int)id, reason);
		snprintf(
		    line, sizeof(line), "%d %s %zu\n", (int)id, name, i + 1);
		if (traced(life, line) != wanted)
			life_broken(life,
			    "%.*s ran %u times; the daemon says: %s",
			    (int)strcspn(line, "\n"), line, traced(life, line),
			    reason == NULL ? "completed" : reason);
		all += wanted;
	}
	return all;
}

/* Right, or the reason why it could not be is the fault. */
static void
check_execution(struct life *life, unsigned n, int error, unsigned *all)
{
	json_t *result, *tasks, *task;
	const char *status, *reason = NULL;
	char params[64];
	size_t i;

	snprintf(params, sizeof(params), "{'id': %d}", (int)life->ids[n]);
	if (life_ask(life, "execution.get", params, &result) != WEIR_OK)
		life_broken(life, "execution %d is gone", (int)life->ids[n]);
	tasks = json_object_get(result, "tasks");
	status = json_string_value(json_object_get(result, "status"));
	json_array_foreach(tasks, i, task)
	{
		*all += check_attempts(life, task, life->ids[n]);
		if (reason == NULL)
			reason =
			    json_string_value(json_object_get(task, "reason"));
	}
	if (strcmp(status, "completed") != 0) {
		if (strcmp(status, "failed") != 0 || error == EINTR ||
		    !explains(reason, error))
			life_broken(life, "execution %d is %s: %s", (int)n + 1,
			    status, reason == NULL ? "no reason" : reason);
	} else if (json_array_size(tasks) != 2 ||
	    json_integer_value(json_object_get(
		json_object_get(json_array_get(tasks, 0), "output"), "n")) !=
		1 ||
	    json_integer_value(
		json_object_get(json_array_get(tasks, 1), "attempt")) < 2)
		life_broken(life,
		    "execution %d completed, but not as it should", (int)n + 1);
	json_decref(result);
}

static void
fault_run(enum fault_where where, enum fault_call call, uint32_t nth, int error,
    const char *dir)
{
	struct life life;
	unsigned all = 0;

	life_begin(&life, where, dir);
	snprintf(life.what, sizeof(life.what), "%s %u with %s",
	    calls[call].name, nth, error_name(error));
	life.plan->call = call;
	life.plan->nth = nth;
	life.plan->error = error;
	life_start(&life, true);
	if (!life_act(&life) && life.pid > 0 && !life_ended(&life, 100)) {
		/* refused, which is no reason not to go on */
		life_hang_up(&life);
	}
	if (life.pid > 0)
		kill(life.pid, SIGTERM);
	if (!life_ended(&life, PATIENCE))
		life_broken(&life, "it does not end");
	check_end(&life, error);
	life_hang_up(&life);

	life.plan->nth = 0;
	life_start(&life, false);
	if (!life_act(&life))
		life_broken(&life, "the second life goes wrong");
	for (unsigned n = 0; n < EXECUTIONS; n++)
		check_execution(&life, n, error, &all);
	if (traced(&life, NULL) != all)
		life_broken(&life,
		    "%u attempts ran, of which the daemon knows %u",
		    traced(&life, NULL), all);
	kill(life.pid, SIGTERM);
	if (!life_ended(&life, PATIENCE) || life.status != 0)
		life_broken(&life, "the second life does not end well");
	life_hang_up(&life);
	life_end(&life);
}

static void
fault_count(enum fault_where where, uint32_t counts[FAULT_NCALLS])
{
	struct life life;

	life_begin(&life, where, "count");
	snprintf(life.what, sizeof(life.what), "without a fault");
	life_start(&life, true);
	if (!life_act(&life))
		life_broken(&life, "the scene goes wrong");
	kill(life.pid, SIGTERM);
	if (!life_ended(&life, PATIENCE) || life.status != 0)
		life_broken(&life, "it does not end well");
	life_hang_up(&life);
	memcpy(counts, life.plan->counts, sizeof(life.plan->counts));
	life_end(&life);
}

/* Each call with each of its errors is a point; of these so many are taken. */
void
fault_sweep(enum fault_where where, const enum fault_call *swept,
    unsigned ncalls, unsigned most)
{
	uint32_t counts[FAULT_NCALLS];
	unsigned points = 0, point = 0, done = 0, wrong = 0;
	unsigned errors[FAULT_NCALLS] = {0};

	fault_count(where, counts);
	for (unsigned i = 0; i < ncalls; i++) {
		const int *error = calls[swept[i]].errors;

		while (errors[i] < 6 && error[errors[i]] != 0)
			errors[i]++;
		points += counts[swept[i]] * errors[i];
	}
	if (most == 0 || most > points)
		most = points;
	for (unsigned i = 0; i < ncalls; i++)
		for (uint32_t n = 1; n <= counts[swept[i]]; n++)
			for (unsigned e = 0; e < errors[i]; e++, point++) {
				if ((uint64_t)point * most / points < done)
					continue;
				if (!holds(where, swept[i], n,
					calls[swept[i]].errors[e]))
					wrong++;
				done++;
			}
	for (unsigned i = 0; i < ncalls; i++)
		printf("%s %u, ", calls[swept[i]].name, counts[swept[i]]);
	printf("with each of their errors: %u of %u points\n", done, points);
	ATF_CHECK_MSG(wrong == 0, "%u points went wrong; see above", wrong);
}
