/* fault_scene: a short life of a daemon in which one call fails. */

#include "tests/fault_scene.h"

#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <atf-c.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "libproto/weir.h"
#include "tests/transcript_json.h"

#define PATIENCE 30000 /* ms, after which something hangs */
#define EXECUTIONS 2
#define LOST (-100) /* there is no daemon any more */

/* What it runs is in files: `first` writes what it is, then an output. */
#define FIRST                                                  \
	"echo $WEIR_EXECUTION $WEIR_TASK $WEIR_ATTEMPT >>%s\n" \
	"echo '{\"n\": 1}'\n"
#define SECOND                                                 \
	"echo $WEIR_EXECUTION $WEIR_TASK $WEIR_ATTEMPT >>%s\n" \
	"read word; test \"$word\" = word && test $WEIR_ATTEMPT -gt 1\n"
#define WORKFLOW                                                         \
	"{'definition': {'workflow': 'w', 'tasks': {"                    \
	"'a': {'run': ['sh', '%s/first'], 'output': 'json', 'next': [{"  \
	"'when': 'completed', 'do': 'b', 'set': {'got': "                \
	"'${{ task.output.n }}'}}]}, 'b': {'run': ['sh', '%s/second'], " \
	"'stdin': 'word', 'cwd': '/', 'retry': {'count': 3}}}}}"

struct life {
	enum fault_where where;
	char dir[96];
	char sock[160], trace[160], log[160];
	struct fault_plan *plan; /* shared with what it strikes */
	pid_t pid;		 /* of the daemon; 0: none */
	int status;		 /* as wait(2) has it, when it ended */
	struct weir *peer;
	bool defined;
	int64_t ids[EXECUTIONS]; /* acknowledged; 0: not */
	char what[128];		 /* which fault it is */
};

static const struct {
	const char *name;
	int errors[6];
} calls[] = {
#define FAULT_CALL(name, ...) {#name, {__VA_ARGS__}},
    FAULT_CALLS
#undef FAULT_CALL
};

static const char *error_name(int);
static _Noreturn void
broken(struct life *, const char *, ...) __attribute__((format(printf, 2, 3)));
static void
fault_run(enum fault_where, enum fault_call, uint32_t, int, const char *);
static bool holds(enum fault_where, enum fault_call, uint32_t, int);
static void fault_count(enum fault_where, uint32_t[FAULT_NCALLS]);
static void begin(struct life *, enum fault_where, const char *name);
static void end(struct life *);
static void write_file(const char *, mode_t, const char *, ...)
    __attribute__((format(printf, 3, 4)));
static void start(struct life *, bool faulted);
static bool ended(struct life *, int patience);
static bool connect_peer(struct life *);
static int
ask(struct life *, const char *method, const char *params, json_t **);
static bool act(struct life *);
static json_t *json_of(const msgpack_object *);
static bool define(struct life *);
static bool start_execution(struct life *, unsigned);
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

/* Shows what there is to see, and ends the test. */
static _Noreturn void
broken(struct life *life, const char *fmt, ...)
{
	char why[1024], command[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	snprintf(command, sizeof(command),
	    "tail -n 20 %s; test ! -e %s/trace_of_fault || cat "
	    "%s/trace_of_fault",
	    life->log, life->dir, life->dir);
	fflush(stdout);
	if (system(command) == -1)
		printf("no shell\n");
	if (life->pid > 0)
		kill(life->pid, SIGKILL);
	printf("%s: %s\n", life->what, why);
	fflush(stdout);
	_exit(1);
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

static void
write_file(const char *path, mode_t mode, const char *fmt, ...)
{
	FILE *f = fopen(path, "w");
	va_list ap;

	ATF_REQUIRE_MSG(f != NULL, "%s: %s", path, strerror(errno));
	va_start(ap, fmt);
	vfprintf(f, fmt, ap);
	va_end(ap);
	ATF_REQUIRE_EQ(0, fclose(f));
	ATF_REQUIRE_EQ(0, chmod(path, mode));
}

static void
begin(struct life *life, enum fault_where where, const char *name)
{
	const char *bin = getenv("WEIR_BIN");
	char path[256], here[64];
	int fd;

	memset(life, 0, sizeof(*life));
	life->where = where;
	if (bin == NULL)
		atf_tc_skip("WEIR_BIN is not set; run by make check");
	ATF_REQUIRE(getcwd(here, sizeof(here)) != NULL);
	snprintf(life->dir, sizeof(life->dir), "%s/%s", here, name);
	snprintf(life->sock, sizeof(life->sock), "%s/sock", life->dir);
	snprintf(life->trace, sizeof(life->trace), "%s/trace", life->dir);
	snprintf(life->log, sizeof(life->log), "%s/log", life->dir);
	ATF_REQUIRE_EQ(0, mkdir(life->dir, 0755));
	snprintf(path, sizeof(path), "%s/plan", life->dir);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	ATF_REQUIRE(fd != -1 && ftruncate(fd, sizeof(*life->plan)) == 0);
	life->plan = mmap(NULL, sizeof(*life->plan), PROT_READ | PROT_WRITE,
	    MAP_SHARED, fd, 0);
	ATF_REQUIRE(life->plan != MAP_FAILED);
	close(fd);
	snprintf(path, sizeof(path), "%s/first", life->dir);
	write_file(path, 0755, FIRST, life->trace);
	snprintf(path, sizeof(path), "%s/second", life->dir);
	write_file(path, 0755, SECOND, life->trace);
	snprintf(path, sizeof(path), "%s/trace", life->dir);
	write_file(path, 0644, "%s", "");
	/* A runner that can be loaded into: the installed one is static. */
	snprintf(path, sizeof(path), "%s/runner", life->dir);
	write_file(path, 0755,
	    "#!/bin/sh\nexec env LD_PRELOAD=%s/tests/fault_shim.so "
	    "%s=%s/plan %s=%s/trace_of_fault %s/tests/runner_dynamic \"$@\"\n",
	    bin, FAULT_PLAN, life->dir, FAULT_TRACE, life->dir, bin);
	snprintf(path, sizeof(path), "%s/conf", life->dir);
	if (where == FAULT_IN_RUNNER)
		write_file(path, 0644,
		    "callouts:\n  runners: 1\n  runner: %s/runner\n",
		    life->dir);
	else
		write_file(path, 0644,
		    "callouts:\n  runners: 1\n  runner: %s/weir-runner\n", bin);
}

static void
end(struct life *life)
{
	char command[256];

	munmap(life->plan, sizeof(*life->plan));
	snprintf(command, sizeof(command), "rm -rf %s", life->dir);
	ATF_REQUIRE_EQ(0, system(command));
}

static void
start(struct life *life, bool faulted)
{
	const char *bin = getenv("WEIR_BIN");
	char path[512], conf[256], state[256], plan[512];

	snprintf(path, sizeof(path), "%s/weird", bin);
	snprintf(conf, sizeof(conf), "%s/conf", life->dir);
	snprintf(state, sizeof(state), "%s/state", life->dir);
	unlink(life->sock);
	life->pid = fork();
	ATF_REQUIRE(life->pid != -1);
	if (life->pid > 0)
		return;
	if (freopen(life->log, "a", stderr) == NULL)
		_exit(126);
	if (faulted && life->where == FAULT_IN_DAEMON) {
		snprintf(plan, sizeof(plan), "%s/tests/fault_shim.so", bin);
		setenv("LD_PRELOAD", plan, 1);
		snprintf(plan, sizeof(plan), "%s/plan", life->dir);
		setenv(FAULT_PLAN, plan, 1);
		snprintf(plan, sizeof(plan), "%s/trace_of_fault", life->dir);
		setenv(FAULT_TRACE, plan, 1);
	}
	execl(path, "weird", "-f", "-c", conf, "-d", state, "-s", life->sock,
	    (char *)NULL);
	_exit(127);
}

/* Whether the daemon has, after waiting for that many ms. */
static bool
ended(struct life *life, int patience)
{
	for (int i = 0; life->pid > 0; i++) {
		if (waitpid(life->pid, &life->status, WNOHANG) == life->pid)
			life->pid = 0;
		else if (i >= patience)
			return false;
		else
			poll(NULL, 0, 1);
	}
	return true;
}

static bool
connect_peer(struct life *life)
{
	weir_close(life->peer);
	for (int i = 0; i < PATIENCE / 2; i++) {
		life->peer = weir_open(life->sock);
		if (life->peer != NULL)
			return true;
		if (ended(life, 0))
			return false;
		poll(NULL, 0, 2);
	}
	broken(life, "the daemon does not listen");
}

static json_t *
json_of(const msgpack_object *o)
{
	json_t *json;

	switch (o->type) {
	case MSGPACK_OBJECT_MAP:
		json = json_object();
		for (uint32_t i = 0; i < o->via.map.size; i++) {
			const msgpack_object_kv *kv = &o->via.map.ptr[i];

			json_object_setn_new(json, kv->key.via.str.ptr,
			    kv->key.via.str.size, json_of(&kv->val));
		}
		return json;
	case MSGPACK_OBJECT_ARRAY:
		json = json_array();
		for (uint32_t i = 0; i < o->via.array.size; i++)
			json_array_append_new(
			    json, json_of(&o->via.array.ptr[i]));
		return json;
	case MSGPACK_OBJECT_STR:
		return json_stringn(o->via.str.ptr, o->via.str.size);
	case MSGPACK_OBJECT_POSITIVE_INTEGER:
	case MSGPACK_OBJECT_NEGATIVE_INTEGER:
		return json_integer(o->via.i64);
	case MSGPACK_OBJECT_BOOLEAN:
		return json_boolean(o->via.boolean);
	default:
		return json_null();
	}
}

/* Again where the connection broke, as a client does. */
static int
ask(struct life *life, const char *method, const char *params, json_t **result)
{
	struct weir_message answer;
	msgpack_sbuffer buffer;
	msgpack_packer packer;
	int error, tries = 0;

	msgpack_sbuffer_init(&buffer);
	msgpack_packer_init(&packer, &buffer, msgpack_sbuffer_write);
	json_to_msgpack(params, &packer);
	do {
		if (life->peer == NULL && !connect_peer(life)) {
			error = LOST;
			break;
		}
		error = weir_call(life->peer, method, buffer.data, buffer.size,
		    PATIENCE, &answer);
		if (error == WEIR_ETIMEOUT)
			broken(life, "no answer to %s", method);
		if (error < 0) {
			weir_close(life->peer);
			life->peer = NULL;
		}
	} while (error < 0 && ++tries < 10);
	msgpack_sbuffer_destroy(&buffer);
	if (error > 0)
		printf("%s: %s: %s\n", life->what, method, answer.text);
	if (error == WEIR_OK) {
		msgpack_unpacked unpacked;

		msgpack_unpacked_init(&unpacked);
		ATF_REQUIRE_EQ(MSGPACK_UNPACK_SUCCESS,
		    msgpack_unpack_next(
			&unpacked, answer.body, answer.size, NULL));
		*result = json_of(&unpacked.data);
		msgpack_unpacked_destroy(&unpacked);
	}
	return error;
}

static bool
define(struct life *life)
{
	char params[1024];
	json_t *result;
	int error;

	snprintf(params, sizeof(params), WORKFLOW, life->dir, life->dir);
	error = ask(life, "definition.put", params, &result);
	if (error != WEIR_OK)
		return false;
	if (json_integer_value(json_object_get(result, "version")) != 1)
		broken(life, "the definition has become another version");
	if (life->defined && json_is_true(json_object_get(result, "created")))
		broken(life, "the definition was acknowledged, and is gone");
	json_decref(result);
	life->defined = true;
	return true;
}

static bool
start_execution(struct life *life, unsigned n)
{
	char params[256];
	json_t *result;
	int64_t id;

	snprintf(params, sizeof(params),
	    "{'workflow': 'w', 'idempotency_key': 'key%u'}", n);
	if (ask(life, "execution.start", params, &result) != WEIR_OK)
		return false;
	id = json_integer_value(json_object_get(result, "id"));
	if (life->ids[n] != 0 &&
	    (id != life->ids[n] ||
		json_is_true(json_object_get(result, "created"))))
		broken(life, "execution %d was acknowledged, and is gone",
		    (int)life->ids[n]);
	json_decref(result);
	life->ids[n] = id;
	return true;
}

/* What is done in either life; false where the daemon ended meanwhile. */
static bool
act(struct life *life)
{
	char params[256];
	json_t *result;

	if (!define(life))
		return false;
	for (unsigned n = 0; n < EXECUTIONS; n++)
		if (!start_execution(life, n))
			return false;
	for (unsigned n = 0; n < EXECUTIONS; n++) {
		snprintf(params, sizeof(params),
		    "{'id': %d, 'timeout': 25000000000}", (int)life->ids[n]);
		if (ask(life, "execution.wait", params, &result) != WEIR_OK)
			return false;
		json_decref(result);
	}
	return true;
}

/*
 * glibc (2.36) itself follows a null pointer where it has no memory for its
 * list of name services.
 */
static bool
is_libc_fault(const struct life *life)
{
	char command[256];

	snprintf(command, sizeof(command),
	    "grep -q __nss_database_get %s/trace_of_fault", life->dir);
	return life->plan->call == FAULT_alloc &&
	    WTERMSIG(life->status) == SIGSEGV && system(command) == 0;
}

/* An error that says nothing of what failed, or a status that means none. */
static void
check_end(struct life *life, int error)
{
	static const int documented[] = {EX_DATAERR, EX_UNAVAILABLE, EX_OSERR,
	    EX_CANTCREAT, EX_IOERR, EX_TEMPFAIL, EX_CONFIG};
	char *log = NULL;
	size_t size = 0;
	FILE *f;
	bool told;

	if (WIFEXITED(life->status) && WEXITSTATUS(life->status) == 0)
		return;
	if (!WIFEXITED(life->status) && is_libc_fault(life))
		return;
	if (!WIFEXITED(life->status))
		broken(
		    life, "it was ended by signal %d", WTERMSIG(life->status));
	for (size_t i = 0;; i++) {
		if (i == sizeof(documented) / sizeof(documented[0]))
			broken(life, "it ended with status %d",
			    WEXITSTATUS(life->status));
		if (WEXITSTATUS(life->status) == documented[i])
			break;
	}
	f = fopen(life->log, "r");
	ATF_REQUIRE(f != NULL);
	if (getdelim(&log, &size, '\0', f) == -1)
		log = NULL;
	fclose(f);
	told = log != NULL && explains(log, error);
	if (!told)
		broken(life, "it ended with status %d and does not say why",
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
			broken(life, "%s of %d: %s", name, (int)id, reason);
		snprintf(
		    line, sizeof(line), "%d %s %zu\n", (int)id, name, i + 1);
		if (traced(life, line) != wanted)
			broken(life, "%.*s ran %u times; the daemon says: %s",
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
	if (ask(life, "execution.get", params, &result) != WEIR_OK)
		broken(life, "execution %d is gone", (int)life->ids[n]);
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
			broken(life, "execution %d is %s: %s", (int)n + 1,
			    status, reason == NULL ? "no reason" : reason);
	} else if (json_array_size(tasks) != 2 ||
	    json_integer_value(json_object_get(
		json_object_get(json_array_get(tasks, 0), "output"), "n")) !=
		1 ||
	    json_integer_value(
		json_object_get(json_array_get(tasks, 1), "attempt")) < 2)
		broken(life, "execution %d completed, but not as it should",
		    (int)n + 1);
	json_decref(result);
}

static void
fault_run(enum fault_where where, enum fault_call call, uint32_t nth, int error,
    const char *dir)
{
	struct life life;
	unsigned all = 0;

	begin(&life, where, dir);
	snprintf(life.what, sizeof(life.what), "%s %u with %s",
	    calls[call].name, nth, error_name(error));
	life.plan->call = call;
	life.plan->nth = nth;
	life.plan->error = error;
	start(&life, true);
	if (!act(&life) && life.pid > 0 && !ended(&life, 100)) {
		/* refused, which is no reason not to go on */
		weir_close(life.peer);
		life.peer = NULL;
	}
	if (life.pid > 0)
		kill(life.pid, SIGTERM);
	if (!ended(&life, PATIENCE))
		broken(&life, "it does not end");
	check_end(&life, error);
	weir_close(life.peer);
	life.peer = NULL;

	life.plan->nth = 0;
	start(&life, false);
	if (!act(&life))
		broken(&life, "the second life goes wrong");
	for (unsigned n = 0; n < EXECUTIONS; n++)
		check_execution(&life, n, error, &all);
	if (traced(&life, NULL) != all)
		broken(&life, "%u attempts ran, of which the daemon knows %u",
		    traced(&life, NULL), all);
	kill(life.pid, SIGTERM);
	if (!ended(&life, PATIENCE) || life.status != 0)
		broken(&life, "the second life does not end well");
	weir_close(life.peer);
	end(&life);
}

static void
fault_count(enum fault_where where, uint32_t counts[FAULT_NCALLS])
{
	struct life life;

	begin(&life, where, "count");
	snprintf(life.what, sizeof(life.what), "without a fault");
	start(&life, true);
	if (!act(&life))
		broken(&life, "the scene goes wrong");
	kill(life.pid, SIGTERM);
	if (!ended(&life, PATIENCE) || life.status != 0)
		broken(&life, "it does not end well");
	weir_close(life.peer);
	memcpy(counts, life.plan->counts, sizeof(life.plan->counts));
	end(&life);
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
