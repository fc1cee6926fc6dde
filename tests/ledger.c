/* ledger: acknowledged changes, written down and looked up again. */

#include "tests/ledger.h"

#include <atf-c.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libproto/unpack.h"
#include "libproto/weir.h"
#include "tests/scratch_daemon.h"
#include "tests/transcript_json.h"

#define PATIENCE 60000 /* ms */
#define LINE_MAX_SIZE 256
#define TRACE "trace"

/* A client, and the file that it writes. */
struct client {
	struct weir *weir;
	FILE *ledger;
	uint64_t dice;
	unsigned number;
	unsigned keys;
	unsigned versions;
};

typedef bool change(struct client *);

static change start, wait_end, park_and_signal, park_and_cancel, define;
static int
call(struct weir *, struct weir_message *, const char *method, const char *);
static int call_with(struct weir *, struct weir_message *, const char *method,
    const char *format, ...) __attribute__((format(printf, 4, 5)));
static const msgpack_object *
field(const struct weir_message *, const char *key, msgpack_zone *);
static uint64_t number_of(const struct weir_message *, const char *key);
static void
word_of(const struct weir_message *, const char *key, char *, size_t);
static uint64_t throw(struct client *);
static uint64_t start_one(struct client *, const char *workflow);
static void check_line(struct weir *, const char *, struct ledger_counts *);
static void check_start(struct weir *, uint64_t, const char *key);
static void check_status(struct weir *, uint64_t, const char *status);
static void check_version(struct weir *, uint64_t, const char *name);
static void check_traces(struct weir *, struct ledger_counts *);

static int
call(struct weir *weir, struct weir_message *answer, const char *method,
    const char *json)
{
	msgpack_sbuffer params;
	msgpack_packer packer;
	int error;

	msgpack_sbuffer_init(&params);
	msgpack_packer_init(&packer, &params, msgpack_sbuffer_write);
	json_to_msgpack(json, &packer);
	error =
	    weir_call(weir, method, params.data, params.size, PATIENCE, answer);
	msgpack_sbuffer_destroy(&params);
	return error;
}

static int
call_with(struct weir *weir, struct weir_message *answer, const char *method,
    const char *format, ...)
{
	char json[1024];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(json, sizeof(json), format, arguments);
	va_end(arguments);
	return call(weir, answer, method, json);
}

/* NULL: it has none.  In the zone. */
static const msgpack_object *
field(const struct weir_message *answer, const char *key, msgpack_zone *zone)
{
	const msgpack_object_kv *entries;
	msgpack_object map;

	if (!unpack_value(answer->body, answer->size, zone, &map) ||
	    map.type != MSGPACK_OBJECT_MAP)
		return NULL;
	entries = map.via.map.ptr;
	for (uint32_t i = 0; i < map.via.map.size; i++) {
		const msgpack_object_kv *entry = &entries[i];

		if (entry->key.type == MSGPACK_OBJECT_STR &&
		    entry->key.via.str.size == strlen(key) &&
		    memcmp(entry->key.via.str.ptr, key, strlen(key)) == 0)
			return &entry->val;
	}
	return NULL;
}

/* 0: it has none. */
static uint64_t
number_of(const struct weir_message *answer, const char *key)
{
	const msgpack_object *found;
	msgpack_zone zone;
	uint64_t n;

	msgpack_zone_init(&zone, 4096);
	found = field(answer, key, &zone);
	n = found != NULL && found->type == MSGPACK_OBJECT_POSITIVE_INTEGER
	    ? found->via.u64
	    : 0;
	msgpack_zone_destroy(&zone);
	return n;
}

static void
word_of(
    const struct weir_message *answer, const char *key, char *word, size_t size)
{
	const msgpack_object *found;
	msgpack_zone zone;

	snprintf(word, size, "none");
	msgpack_zone_init(&zone, 4096);
	found = field(answer, key, &zone);
	if (found != NULL && found->type == MSGPACK_OBJECT_STR)
		snprintf(word, size, "%.*s", (int)found->via.str.size,
		    found->via.str.ptr);
	msgpack_zone_destroy(&zone);
}

static uint64_t throw(struct client * c)
{
	c->dice = c->dice * UINT64_C(6364136223846793005) +
	    UINT64_C(1442695040888963407);
	return c->dice >> 33;
}

void
ledger_define(void)
{
	static const char *const definitions[] = {
	    "{'definition': {'workflow': 'quick', 'tasks': {'a': {'set': "
	    "{}, 'next': [{'do': 'b'}]}, 'b': {'set': {}}}}}",
	    "{'definition': {'workflow': 'park', 'tasks': {'a': {'wait': "
	    "{'signal': 'go'}}}}}",
	};
	struct weir *weir = weir_open(SCRATCH_SOCKET);
	struct weir_message answer;
	char here[512];

	ATF_REQUIRE(weir != NULL);
	ATF_REQUIRE(getcwd(here, sizeof(here)) != NULL);
	for (size_t i = 0; i < sizeof(definitions) / sizeof(definitions[0]);
	     i++)
		ATF_REQUIRE_EQ(
		    0, call(weir, &answer, "definition.put", definitions[i]));
	ATF_REQUIRE_EQ(0,
	    call_with(weir, &answer, "definition.put",
		"{'definition': {'workflow': 'task', 'tasks': {'a': {'run': "
		"['sh', '-c', 'echo $WEIR_EXECUTION $WEIR_ATTEMPT >>%s/" TRACE
		"'], 'on_lost': 'fail', 'retry': {'count': 0}}}}}",
		here));
	weir_close(weir);
}

/* 0: the daemon is gone. */
static uint64_t
start_one(struct client *c, const char *workflow)
{
	struct weir_message answer;
	uint64_t id;

	if (call_with(c->weir, &answer, "execution.start",
		"{'workflow': '%s', 'idempotency_key': '%u.%u.%d'}", workflow,
		c->number, c->keys, (int)getpid()) != 0)
		return 0;
	id = number_of(&answer, "id");
	fprintf(c->ledger, "start %" PRIu64 " %s %u.%u.%d\n", id, workflow,
	    c->number, c->keys++, (int)getpid());
	return id;
}

static bool
start(struct client *c)
{
	return start_one(c, throw(c) % 2 == 0 ? "task" : "quick") != 0;
}

static bool
wait_end(struct client *c)
{
	uint64_t id = start_one(c, throw(c) % 2 == 0 ? "task" : "quick");
	struct weir_message answer;
	char status[32];

	if (id == 0 ||
	    call_with(c->weir, &answer, "execution.wait", "{'id': %" PRIu64 "}",
		id) != 0)
		return false;
	word_of(&answer, "status", status, sizeof(status));
	fprintf(c->ledger, "status %" PRIu64 " %s\n", id, status);
	return true;
}

static bool
park_and_signal(struct client *c)
{
	uint64_t id = start_one(c, "park");
	struct weir_message answer;

	if (id == 0 ||
	    call_with(c->weir, &answer, "execution.signal",
		"{'id': %" PRIu64 ", 'name': 'go'}", id) != 0)
		return false;
	fprintf(c->ledger, "status %" PRIu64 " completed\n", id);
	return true;
}

static bool
park_and_cancel(struct client *c)
{
	uint64_t id = start_one(c, "park");
	struct weir_message answer;

	if (id == 0 ||
	    call_with(c->weir, &answer, "execution.cancel",
		"{'ids': [%" PRIu64 "]}", id) != 0)
		return false;
	fprintf(c->ledger, "status %" PRIu64 " canceled\n", id);
	return true;
}

static bool
define(struct client *c)
{
	struct weir_message answer;

	if (call_with(c->weir, &answer, "definition.put",
		"{'definition': {'workflow': 'own%u', 'description': '%d %u', "
		"'tasks': {'a': {'set': {}}}}}",
		c->number, (int)getpid(), c->versions++) != 0)
		return false;
	fprintf(c->ledger, "version %" PRIu64 " own%u\n",
	    number_of(&answer, "version"), c->number);
	return true;
}

pid_t
ledger_client(unsigned n, uint64_t seed)
{
	static change *const changes[] = {start, start, wait_end, wait_end,
	    park_and_signal, park_and_cancel, define};
	struct client c = {.number = n, .dice = seed};
	char path[32];
	pid_t pid = fork();

	ATF_REQUIRE(pid != -1);
	if (pid != 0)
		return pid;
	snprintf(path, sizeof(path), "ledger.%u", n);
	c.ledger = fopen(path, "a");
	c.weir = weir_open(SCRATCH_SOCKET);
	if (c.ledger == NULL || c.weir == NULL)
		_exit(1);
	setvbuf(c.ledger, NULL, _IOLBF, 0);
	while (changes[throw(&c) % (sizeof(changes) / sizeof(changes[0]))](&c))
		;
	_exit(0);
}

static void
check_start(struct weir *weir, uint64_t id, const char *rest)
{
	char workflow[16], key[64];
	struct weir_message answer;

	ATF_REQUIRE_EQ(2, sscanf(rest, "%15s %63s", workflow, key));
	ATF_REQUIRE_EQ(0,
	    call_with(weir, &answer, "execution.start",
		"{'workflow': '%s', 'idempotency_key': '%s'}", workflow, key));
	ATF_REQUIRE_MSG(number_of(&answer, "id") == id,
	    "execution %" PRIu64 " of %s with the key %s was acknowledged, and "
	    "is %" PRIu64 " now",
	    id, workflow, key, number_of(&answer, "id"));
}

static void
check_status(struct weir *weir, uint64_t id, const char *status)
{
	struct weir_message answer;
	char now[32];
	int error = call_with(weir, &answer, "execution.get",
	    "{'id': %" PRIu64 ", 'tasks': false}", id);

	ATF_REQUIRE_MSG(error == 0, "execution %" PRIu64 ": %d %s", id, error,
	    error > 0 ? answer.text : "");
	word_of(&answer, "status", now, sizeof(now));
	ATF_REQUIRE_MSG(strcmp(now, status) == 0,
	    "execution %" PRIu64 " was acknowledged as %s, and is %s now", id,
	    status, now);
}

static void
check_version(struct weir *weir, uint64_t version, const char *name)
{
	struct weir_message answer;
	int error = call_with(weir, &answer, "definition.get",
	    "{'workflow': '%s', 'version': %" PRIu64 "}", name, version);

	ATF_REQUIRE_MSG(error == 0,
	    "version %" PRIu64 " of %s was acknowledged: %d %s", version, name,
	    error, error > 0 ? answer.text : "");
}

static void
check_line(struct weir *weir, const char *line, struct ledger_counts *counts)
{
	char what[16], rest[LINE_MAX_SIZE];
	uint64_t n;

	ATF_REQUIRE_EQ_MSG(3,
	    sscanf(line, "%15s %" SCNu64 " %255[^\n]", what, &n, rest), "%s",
	    line);
	counts->changes++;
	if (strcmp(what, "start") == 0)
		check_start(weir, n, rest);
	else if (strcmp(what, "version") == 0)
		check_version(weir, n, rest);
	else {
		check_status(weir, n, rest);
		counts->ended++;
	}
}

/* Each in a place of its own, so that twice is noticed. */
static void
check_traces(struct weir *weir, struct ledger_counts *counts)
{
	static uint64_t checked; /* by an earlier call, up to this offset */
	static unsigned char seen[1 << 22];
	FILE *trace = fopen(TRACE, "r");
	struct weir_message answer;
	unsigned attempt;
	uint64_t id;

	if (trace == NULL)
		return;
	fseek(trace, (long)checked, SEEK_SET);
	while (fscanf(trace, "%" SCNu64 " %u", &id, &attempt) == 2) {
		ATF_REQUIRE(id < sizeof(seen));
		ATF_REQUIRE_MSG(seen[id]++ == 0,
		    "execution %" PRIu64 " ran a second time", id);
		ATF_REQUIRE_EQ_MSG(0,
		    call_with(weir, &answer, "execution.get",
			"{'id': %" PRIu64 ", 'tasks': false}", id),
		    "execution %" PRIu64 " ran, and nobody knows it", id);
		ATF_REQUIRE_EQ(1, attempt);
		counts->traces++;
	}
	checked = (uint64_t)ftell(trace);
	fclose(trace);
}

void
ledger_check(unsigned clients, struct ledger_counts *counts)
{
	struct weir *weir = weir_open(SCRATCH_SOCKET);
	char path[32], line[LINE_MAX_SIZE];
	FILE *ledger;

	ATF_REQUIRE(weir != NULL);
	for (unsigned n = 0; n < clients; n++) {
		snprintf(path, sizeof(path), "ledger.%u", n);
		ledger = fopen(path, "r");
		if (ledger == NULL)
			continue;
		/* One that was killed may have left half a line. */
		while (fgets(line, sizeof(line), ledger) != NULL &&
		    strchr(line, '\n') != NULL)
			check_line(weir, line, counts);
		fclose(ledger);
		unlink(path);
	}
	check_traces(weir, counts);
	weir_close(weir);
}
