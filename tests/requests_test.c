/* links: tests/random_request.c tests/hostile.c tests/beside.c tests/scratch_daemon.c tests/transcript_json.c libweir.a ; libs: msgpack jansson */
/*
 * requests_test: random requests, right and wrong, as fast as they can be
 * served: one answer to each, that fits it, and no memory lost.
 */

#include <sys/socket.h>

#include <atf-c.h>
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "libproto/errors.h"
#include "libproto/frame.h"
#include "libproto/message.h"
#include "libproto/unpack.h"
#include "tests/beside.h"
#include "tests/hostile.h"
#include "tests/random_request.h"
#include "tests/test_length.h"

#define BATCH 100 /* pipelined; fewer than limits.requests */
#define SEED 20240229
/* What the allocator may make of as much state as there was. */
#define GROWTH (6 * BESIDE_MIB)

/*
 * As little state as makes all methods do something, and always as much of it.
 */
#define CONF                                                      \
	"log: error\n"                                            \
	"limits: {executions: 20, definitions: 20, signals: 5}\n" \
	"retention: {executions: 20}\n"                           \
	"journal: {segment_size: 1M, snapshot_after: 1M}\n"

struct run {
	int fd;
	struct frame frame;
	struct random_requests requests;
	struct random_request asked[BATCH];
	bool answered[BATCH];
	uint32_t first; /* the id of the first of the batch */
	unsigned done;	/* of the batch */
	uint64_t granted;
	uint64_t refused; /* right ones */
	uint64_t wrong;	  /* refused as they should be */
	uint64_t notified;
};

static void run_begin(struct run *);
static void ask(struct run *);
static void hear(struct run *);
static void take(struct run *, const char *, size_t);
static void
check(struct run *, const struct random_request *, const struct message *);
static void check_result(struct run *, enum method_id, const struct message *);
static const char *result_of(enum method_id);
static bool has_key(const msgpack_object *, const char *, size_t);
static void note_id(struct run *, const msgpack_object *);

static void
run_begin(struct run *run)
{
	static const struct scan_limits limits = {
	    .size = 256 * 1024 * 1024, .depth = 128, .elements = UINT32_MAX};

	memset(run, 0, sizeof(*run));
	run->fd = hostile_dial();
	frame_init(&run->frame, &limits);
	run->requests.seed = SEED;
	run->requests.newest = 1;
}

static void
ask(struct run *run)
{
	msgpack_sbuffer batch;

	msgpack_sbuffer_init(&batch);
	for (uint32_t i = 0; i < BATCH; i++)
		random_request_next(
		    &run->requests, run->first + i, &batch, &run->asked[i]);
	ATF_REQUIRE(hostile_send(run->fd, batch.data, batch.size));
	msgpack_sbuffer_destroy(&batch);
	memset(run->answered, 0, sizeof(run->answered));
	run->done = 0;
}

static void
hear(struct run *run)
{
	static char bytes[262144];

	while (run->done < BATCH) {
		ssize_t n = recv(run->fd, bytes, sizeof(bytes), 0);
		enum scan_result result;
		const char *message;
		size_t size;

		ATF_REQUIRE_MSG(n > 0, "the daemon ended the connection");
		ATF_REQUIRE(frame_append(&run->frame, bytes, (size_t)n));
		while ((result = frame_take(&run->frame, &message, &size)) ==
		    SCAN_COMPLETE)
			take(run, message, size);
		ATF_REQUIRE_EQ(SCAN_MORE, result);
	}
	run->first += BATCH;
}

static void
take(struct run *run, const char *bytes, size_t size)
{
	struct message message;
	const char *why;
	uint32_t i;

	ATF_REQUIRE_MSG(message_parse(bytes, size, &message, &why), "%s", why);
	if (message.kind == MESSAGE_NOTIFICATION) {
		ATF_REQUIRE_MSG(message.method_size == 5 &&
			memcmp(message.method, "event", 5) == 0,
		    "%.*s", (int)message.method_size, message.method);
		run->notified++;
		return;
	}
	ATF_REQUIRE_EQ(MESSAGE_RESPONSE, message.kind);
	i = message.id - run->first;
	ATF_REQUIRE_MSG(i < BATCH, "an answer to %u", message.id);
	ATF_REQUIRE_MSG(!run->answered[i], "%u answered twice", message.id);
	run->answered[i] = true;
	run->done++;
	check(run, &run->asked[i], &message);
}

static void
check(struct run *run, const struct random_request *asked,
    const struct message *message)
{
	const char *name = asked->method < METHODS
	    ? catalogue_method(asked->method)->name
	    : "no method";
	struct message_error error;

	if (message->error.size == 0) {
		ATF_REQUIRE_EQ_MSG(
		    0, asked->error, "%u: %s is granted", message->id, name);
		check_result(run, asked->method, message);
		run->granted++;
		return;
	}
	message_error_parse(message, &error);
	/* Some of them are a hello that asks for errors as texts. */
	if (error.code == ERROR_INTERNAL && error.text_size > 0 &&
	    isdigit((unsigned char)error.text[0]))
		error.code = (int)strtol(error.text, NULL, 10);
	ATF_REQUIRE_MSG(strcmp(error_name(error.code), "unknown") != 0 &&
		error.code != ERROR_INTERNAL && error.text_size > 0,
	    "%u: %s: %d %.*s", message->id, name, error.code,
	    (int)error.text_size, error.text);
	if (asked->error == 0) {
		run->refused++;
		return;
	}
	ATF_REQUIRE_EQ_MSG(asked->error, error.code, "%u: %s: %d %.*s",
	    message->id, name, error.code, (int)error.text_size, error.text);
	run->wrong++;
}

/* What the catalogue says of the result, such as "{id, status}". */
static const char *
result_of(enum method_id method)
{
	const char *text = catalogue_method(method)->result;

	if (strcmp(text, "as engine.status") == 0)
		text = catalogue_method(METHOD_ENGINE_STATUS)->result;
	return *text == '{' ? text : "{}";
}

/* Every key that the catalogue names is there. */
static void
check_result(
    struct run *run, enum method_id method, const struct message *message)
{
	const char *at = result_of(method) + 1;
	msgpack_object result;
	msgpack_zone zone;
	int depth = 0;

	ATF_REQUIRE(msgpack_zone_init(&zone, 4096));
	ATF_REQUIRE(unpack_value(
	    message->result.bytes, message->result.size, &zone, &result));
	ATF_REQUIRE_EQ(MSGPACK_OBJECT_MAP, result.type);
	/* A plan of the engine's stands alone. */
	if (has_key(&result, "plan", 4) && method < METHOD_DEFINITION_CHECK)
		at = "}";
	while (depth >= 0 && *at != '\0') {
		size_t n = strspn(at, "abcdefghijklmnopqrstuvwxyz_");

		if (n > 0 && depth == 0)
			ATF_REQUIRE_MSG(has_key(&result, at, n),
			    "%s without %.*s", catalogue_method(method)->name,
			    (int)n, at);
		if (n > 0 && at[n] == ':' && depth == 0)
			n += 1 + strspn(at + n + 1, " ");
		if (n == 0) {
			depth += *at == '{' || *at == '[';
			depth -= *at == '}' || *at == ']';
			n = 1;
		}
		at += n;
	}
	note_id(run, &result);
	msgpack_zone_destroy(&zone);
}

static bool
has_key(const msgpack_object *map, const char *key, size_t size)
{
	for (uint32_t i = 0; i < map->via.map.size; i++) {
		const msgpack_object_str *name =
		    &map->via.map.ptr[i].key.via.str;

		if (name->size == size && memcmp(name->ptr, key, size) == 0)
			return true;
	}
	return false;
}

/* Of executions, for the next requests to name them. */
static void
note_id(struct run *run, const msgpack_object *map)
{
	for (uint32_t i = 0; i < map->via.map.size; i++) {
		const msgpack_object_kv *pair = &map->via.map.ptr[i];

		if (pair->key.via.str.size == 2 &&
		    memcmp(pair->key.via.str.ptr, "id", 2) == 0 &&
		    pair->val.type == MSGPACK_OBJECT_POSITIVE_INTEGER &&
		    pair->val.via.u64 > run->requests.newest)
			run->requests.newest = pair->val.via.u64;
	}
}

ATF_TC(random);
ATF_TC_HEAD(random, tc)
{
	atf_tc_set_md_var(tc, "descr",
	    "each random request has one answer, and that is right");
	atf_tc_set_md_var(tc, "timeout", "3600");
}
ATF_TC_BODY(random, tc)
{
	uint32_t n = runs_long()    ? 1000000
	    : beside_is_sanitized() ? 5000
				    : 60000;
	static struct run run;
	size_t warm = 0, end;
	time_t began = time(NULL);

	beside_begin(CONF);
	run_begin(&run);
	while (run.first < n) {
		ask(&run);
		hear(&run);
		if (warm == 0 && run.first >= n / 4)
			warm = beside_memory();
	}
	end = beside_memory();
	printf("%u requests, seed %d: %" PRIu64 " granted, %" PRIu64
	       " right ones refused, %" PRIu64 " wrong ones refused, %" PRIu64
	       " events; %ld s; memory %.1f MiB after a quarter, %.1f at the "
	       "end\n",
	    run.first, SEED, run.granted, run.refused, run.wrong, run.notified,
	    (long)(time(NULL) - began), (double)warm / (double)BESIDE_MIB,
	    (double)end / (double)BESIDE_MIB);
	ATF_CHECK(run.granted > n / 10 && run.wrong > n / 10);
	if (!beside_is_sanitized())
		ATF_CHECK_MSG(end <= warm + GROWTH, "it grew by %zu KiB",
		    (end - warm) / 1024);
	close(run.fd);
	frame_free(&run.frame);
	beside_end();
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, random);
	return atf_no_error();
}
