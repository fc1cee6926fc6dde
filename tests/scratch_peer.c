/* scratch_peer: clients that are processes of other users. */

#include "tests/scratch_peer.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <atf-c.h>
#include <grp.h>
#include <msgpack.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libproto/unpack.h"
#include "libproto/weir.h"
#include "tests/scratch_daemon.h"
#include "tests/transcript_json.h"

#define PATIENCE 60000 /* ms */
#define PEERS_MAX 32

/* What a peer is asked to ask. */
struct question {
	bool keep;
	char method[64];
	char json[4096];
};

struct scratch_peer {
	pid_t pid;
	int fd;
	bool keep;
};

static struct scratch_peer peers[PEERS_MAX];
static unsigned npeers;
static char directory[64];

static void end_peers(void);
static void serve(int) __attribute__((noreturn));
static void
answer(struct weir *, const struct question *, struct scratch_answer *);
static int first_failed(const struct scratch_answer *);
static bool transfer(int, void *, size_t, bool write);
static const msgpack_object *member(const msgpack_object *, const char *);
static void remove_directory(void);

struct scratch_peer *
scratch_peer_new(uid_t uid, gid_t gid)
{
	struct scratch_peer *peer = &peers[npeers];
	int ends[2];

	ATF_REQUIRE(npeers < PEERS_MAX);
	if (npeers++ == 0)
		atexit(end_peers);
	ATF_REQUIRE_EQ(
	    0, socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends));
	fflush(NULL);
	peer->pid = fork();
	ATF_REQUIRE(peer->pid != -1);
	if (peer->pid == 0) {
		close(ends[0]);
		if (setgroups(0, NULL) == -1 || setgid(gid) == -1 ||
		    setuid(uid) == -1)
			_exit(1);
		serve(ends[1]);
	}
	close(ends[1]);
	peer->fd = ends[0];
	return peer;
}

static void
end_peers(void)
{
	for (unsigned i = 0; i < npeers; i++)
		if (peers[i].pid > 0)
			kill(peers[i].pid, SIGKILL);
}

static bool
transfer(int fd, void *bytes, size_t size, bool write_it)
{
	size_t done = 0;
	ssize_t n;

	for (; done < size; done += (size_t)n) {
		n = write_it ? write(fd, (char *)bytes + done, size - done)
			     : read(fd, (char *)bytes + done, size - done);
		if (n <= 0)
			return false;
	}
	return true;
}

/* In the peer's process, which ends with the test's. */
static void
serve(int fd)
{
	static struct scratch_answer result;
	struct question question;
	struct weir *weir = NULL;

	while (transfer(fd, &question, sizeof(question), false)) {
		memset(&result, 0, offsetof(struct scratch_answer, bytes));
		if (weir == NULL)
			weir = weir_open(SCRATCH_SOCKET);
		if (weir == NULL)
			result.error = WEIR_ESYSTEM;
		else
			answer(weir, &question, &result);
		if (weir != NULL && !question.keep) {
			weir_close(weir);
			weir = NULL;
		}
		if (!transfer(fd, &result,
			offsetof(struct scratch_answer, bytes) + result.size,
			true))
			break;
	}
	_exit(0);
}

static void
answer(struct weir *weir, const struct question *question,
    struct scratch_answer *result)
{
	struct weir_message message;
	msgpack_sbuffer params;
	msgpack_packer packer;

	msgpack_sbuffer_init(&params);
	msgpack_packer_init(&packer, &params, msgpack_sbuffer_write);
	json_to_msgpack(question->json, &packer);
	result->error = weir_call(weir, question->method, params.data,
	    params.size, PATIENCE, &message);
	msgpack_sbuffer_destroy(&params);
	if (result->error < 0)
		return;
	if (result->error > 0)
		snprintf(
		    result->text, sizeof(result->text), "%s", message.text);
	result->size = message.size < sizeof(result->bytes)
	    ? message.size
	    : sizeof(result->bytes);
	if (result->size > 0)
		memcpy(result->bytes, message.body, result->size);
	if (result->error == 0)
		result->failed = first_failed(result);
}

static int
first_failed(const struct scratch_answer *result)
{
	msgpack_unpacked whole;
	const msgpack_object *list, *error;
	size_t at = 0;
	int code = 0;

	msgpack_unpacked_init(&whole);
	if (msgpack_unpack_next(&whole, result->bytes, result->size, &at) ==
	    MSGPACK_UNPACK_SUCCESS) {
		list = member(&whole.data, "failed");
		error = list != NULL && list->type == MSGPACK_OBJECT_ARRAY &&
			list->via.array.size > 0
		    ? member(&list->via.array.ptr[0], "error")
		    : NULL;
		if (error != NULL)
			code = (int)member(error, "code")->via.i64;
	}
	msgpack_unpacked_destroy(&whole);
	return code;
}

static const msgpack_object *
member(const msgpack_object *map, const char *key)
{
	size_t size = strcspn(key, ".");

	if (map->type != MSGPACK_OBJECT_MAP)
		return NULL;
	for (uint32_t i = 0; i < map->via.map.size; i++) {
		const msgpack_object_kv *pair = &map->via.map.ptr[i];

		if (pair->key.type == MSGPACK_OBJECT_STR &&
		    pair->key.via.str.size == size &&
		    memcmp(pair->key.via.str.ptr, key, size) == 0)
			return key[size] == '.'
			    ? member(&pair->val, key + size + 1)
			    : &pair->val;
	}
	return NULL;
}

void
scratch_peer_keep(struct scratch_peer *peer, bool keep)
{
	peer->keep = keep;
}

void
scratch_peer_ask(struct scratch_peer *peer, struct scratch_answer *result,
    const char *method, const char *format, ...)
{
	struct question question = {.keep = peer->keep};
	va_list arguments;
	int n;

	snprintf(question.method, sizeof(question.method), "%s", method);
	va_start(arguments, format);
	n = vsnprintf(question.json, sizeof(question.json), format, arguments);
	va_end(arguments);
	ATF_REQUIRE(n >= 0 && (size_t)n < sizeof(question.json));
	ATF_REQUIRE(transfer(peer->fd, &question, sizeof(question), true));
	ATF_REQUIRE(transfer(
	    peer->fd, result, offsetof(struct scratch_answer, bytes), false));
	ATF_REQUIRE(transfer(peer->fd, result->bytes, result->size, false));
}

uint64_t
scratch_answer_number(const struct scratch_answer *result, const char *path)
{
	const msgpack_object *found;
	msgpack_unpacked whole;
	uint64_t number = 0;
	size_t at = 0;

	msgpack_unpacked_init(&whole);
	if (msgpack_unpack_next(&whole, result->bytes, result->size, &at) ==
	    MSGPACK_UNPACK_SUCCESS) {
		found = member(&whole.data, path);
		if (found != NULL &&
		    found->type == MSGPACK_OBJECT_POSITIVE_INTEGER)
			number = found->via.u64;
	}
	msgpack_unpacked_destroy(&whole);
	return number;
}

bool
scratch_answer_has(const struct scratch_answer *result, const char *text)
{
	return strstr(result->text, text) != NULL ||
	    memmem(result->bytes, result->size, text, strlen(text)) != NULL;
}

void
scratch_peer_directory(uid_t uid)
{
	const char *bin = getenv("WEIR_BIN"), *runner = getenv("WEIR_RUNNER");
	char command[4096], path[128];

	if (bin == NULL || runner == NULL)
		atf_tc_skip("WEIR_BIN is not set; run by make check");
	snprintf(directory, sizeof(directory), "/tmp/weir-peers.XXXXXX");
	ATF_REQUIRE(mkdtemp(directory) != NULL);
	atexit(remove_directory);
	snprintf(command, sizeof(command), "cp '%s/weird' '%s' %s", bin, runner,
	    directory);
	if (system(command) != 0)
		atf_tc_skip("there is no room in /tmp");
	ATF_REQUIRE_EQ(0, chdir(directory));
	ATF_REQUIRE_EQ(0, chown(".", uid, (gid_t)uid));
	ATF_REQUIRE_EQ(0, chmod(".", 0755));
	ATF_REQUIRE_EQ(0, setenv("WEIR_BIN", directory, 1));
	snprintf(
	    path, sizeof(path), "%s/%s", directory, strrchr(runner, '/') + 1);
	ATF_REQUIRE_EQ(0, setenv("WEIR_RUNNER", path, 1));
}

static void
remove_directory(void)
{
	char command[128];

	snprintf(command, sizeof(command), "rm -rf %s", directory);
	if (chdir("/") == -1 || system(command) != 0)
		fprintf(stderr, "%s can't be removed\n", directory);
}
