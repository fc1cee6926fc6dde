/* fault_life: a daemon of fault_scene, and what its client asks of it. */

#include "tests/fault_life.h"

#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <atf-c.h>
#include <errno.h>
#include <fcntl.h>
#include <msgpack.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/transcript_json.h"

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

static void write_file(const char *, mode_t, const char *, ...)
    __attribute__((format(printf, 3, 4)));
static bool connect_peer(struct life *);
static json_t *json_of(const msgpack_object *);
static bool define(struct life *);
static bool start_execution(struct life *, unsigned);

/* Shows what there is to see, and ends the test. */
_Noreturn void
life_broken(struct life *life, const char *fmt, ...)
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

void
life_begin(struct life *life, enum fault_where where, const char *name)
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

void
life_end(struct life *life)
{
	char command[256];

	munmap(life->plan, sizeof(*life->plan));
	snprintf(command, sizeof(command), "rm -rf %s", life->dir);
	ATF_REQUIRE_EQ(0, system(command));
}

void
life_start(struct life *life, bool faulted)
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
bool
life_ended(struct life *life, int patience)
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
		if (life_ended(life, 0))
			return false;
		poll(NULL, 0, 2);
	}
	life_broken(life, "the daemon does not listen");
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
int
life_ask(
    struct life *life, const char *method, const char *params, json_t **result)
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
			life_broken(life, "no answer to %s", method);
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
	error = life_ask(life, "definition.put", params, &result);
	if (error != WEIR_OK)
		return false;
	if (json_integer_value(json_object_get(result, "version")) != 1)
		life_broken(life, "the definition has become another version");
	if (life->defined && json_is_true(json_object_get(result, "created")))
		life_broken(
		    life, "the definition was acknowledged, and is gone");
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
	if (life_ask(life, "execution.start", params, &result) != WEIR_OK)
		return false;
	id = json_integer_value(json_object_get(result, "id"));
	if (life->ids[n] != 0 &&
	    (id != life->ids[n] ||
		json_is_true(json_object_get(result, "created"))))
		life_broken(life, "execution %d was acknowledged, and is gone",
		    (int)life->ids[n]);
	json_decref(result);
	life->ids[n] = id;
	return true;
}

/* What is done in either life; false where the daemon ended meanwhile. */
bool
life_act(struct life *life)
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
		if (life_ask(life, "execution.wait", params, &result) !=
		    WEIR_OK)
			return false;
		if (strcmp(json_string_value(json_object_get(result, "status")),
			"running") == 0)
			life_broken(life, "execution %d does not end",
			    (int)life->ids[n]);
		json_decref(result);
	}
	return true;
}

void
life_hang_up(struct life *life)
{
	weir_close(life->peer);
	life->peer = NULL;
}
