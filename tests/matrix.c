/* matrix: what the tests of the matrices share. */

#include "tests/matrix.h"

#include <sys/stat.h>

#include <atf-c.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libproto/catalogue.h"
#include "libproto/pack.h"
#include "libproto/unpack.h"
#include "libproto/weir.h"
#include "tests/scratch_daemon.h"
#include "tests/transcript_json.h"

#define PATIENCE 60000 /* ms, for any one thing to happen */
#define LOOKS 100000   /* at what changes without an event */

static struct {
	struct weir *weir;
	struct weir *watch;
	msgpack_zone zone; /* what a cell has been told */
	uint64_t seen;	   /* the newest event read */
	int ready;	   /* fifos, open for both so that nobody blocks */
	int release;
	unsigned stubborn; /* callouts to be released */
	char cell[256];
} m;

static int open_fifo(const char *);
static void watch_from(uint64_t);
static void *keep(const void *, size_t);
static struct answer ask_va(const char *method, const char *format, va_list);
static bool has_pids(const msgpack_object *tasks);
static uint64_t read_event(const msgpack_object **);

void
matrix_begin(void)
{
	(void)!mkfifo("gate", 0600);
	m.ready = open_fifo("ready");
	m.release = open_fifo("release");
	scratch_daemon_start();
	m.weir = weir_open(SCRATCH_SOCKET);
	m.watch = weir_open(SCRATCH_SOCKET);
	ATF_REQUIRE(m.weir != NULL && m.watch != NULL);
	ATF_REQUIRE(msgpack_zone_init(&m.zone, 65536));
	m.seen = last_event();
	watch_from(m.seen + 1);
}

static void
watch_from(uint64_t seq)
{
	struct weir_message message;
	msgpack_sbuffer params;
	msgpack_packer packer;

	msgpack_sbuffer_init(&params);
	msgpack_packer_init(&packer, &params, msgpack_sbuffer_write);
	msgpack_pack_map(&packer, 1);
	pack_key_uint(&packer, "from", seq);
	ATF_REQUIRE_EQ(WEIR_OK,
	    weir_call(m.watch, "events.subscribe", params.data, params.size,
		PATIENCE, &message));
	msgpack_sbuffer_destroy(&params);
}

void
matrix_end(void)
{
	weir_close(m.weir);
	weir_close(m.watch);
	msgpack_zone_destroy(&m.zone);
	close(m.ready);
	close(m.release);
}

static int
open_fifo(const char *name)
{
	int fd;

	(void)!mkfifo(name, 0600);
	fd = open(name, O_RDWR | O_CLOEXEC);
	ATF_REQUIRE(fd != -1);
	return fd;
}

void
matrix_end_cell(void)
{
	must("execution.terminate",
	    "{'filter': {'status': ['pending', 'running', 'waiting', "
	    "'pausing', 'paused', 'canceling']}, 'reason': 'the end'}");
	for (; m.stubborn > 0; m.stubborn--)
		ATF_REQUIRE_EQ(3, write(m.release, "go\n", 3));
	await_callouts();
	pass_events(last_event());
	msgpack_zone_clear(&m.zone);
}

void
matrix_cell(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(m.cell, sizeof(m.cell), format, arguments);
	va_end(arguments);
}

const char *
matrix_cell_name(void)
{
	return m.cell;
}

static void *
keep(const void *bytes, size_t size)
{
	void *copy = msgpack_zone_malloc(&m.zone, size + 1);

	ATF_REQUIRE(copy != NULL);
	if (bytes != NULL && size > 0)
		memcpy(copy, bytes, size);
	return copy;
}

static struct answer
ask_va(const char *method, const char *format, va_list arguments)
{
	struct answer answer = {0};
	struct weir_message message;
	msgpack_sbuffer params;
	msgpack_packer packer;
	char json[2048];

	vsnprintf(json, sizeof(json), format, arguments);
	msgpack_sbuffer_init(&params);
	msgpack_packer_init(&packer, &params, msgpack_sbuffer_write);
	json_to_msgpack(json, &packer);
	answer.error = weir_call(
	    m.weir, method, params.data, params.size, PATIENCE, &message);
	msgpack_sbuffer_destroy(&params);
	ATF_REQUIRE_MSG(answer.error >= 0, "%s: %s: %s", m.cell, method,
	    weir_strerror(answer.error));
	answer.size = message.size;
	answer.bytes = keep(message.body, message.size);
	if (answer.error != 0)
		answer.text = strcpy(
		    keep(message.text, strlen(message.text)), message.text);
	if (answer.size > 0)
		ATF_REQUIRE(unpack_value(
		    answer.bytes, answer.size, &m.zone, &answer.body));
	return answer;
}

struct answer
ask(const char *method, const char *format, ...)
{
	struct answer answer;
	va_list arguments;

	va_start(arguments, format);
	answer = ask_va(method, format, arguments);
	va_end(arguments);
	return answer;
}

struct answer
must(const char *method, const char *format, ...)
{
	struct answer answer;
	va_list arguments;

	va_start(arguments, format);
	answer = ask_va(method, format, arguments);
	va_end(arguments);
	ATF_REQUIRE_MSG(answer.error == 0, "%s: %s: %s", m.cell, method,
	    answer.error == 0 ? "" : answer.text);
	return answer;
}

void
define(const char *json)
{
	char here[PATH_MAX], text[4096];
	size_t used = 0;

	ATF_REQUIRE(getcwd(here, sizeof(here)) != NULL);
	for (; *json != '\0'; json++) {
		ATF_REQUIRE(used + strlen(here) + 2 < sizeof(text));
		if (*json == '@')
			used += (size_t)snprintf(
			    text + used, sizeof(text) - used, "%s/", here);
		else
			text[used++] = *json;
	}
	text[used] = '\0';
	must("definition.put", "{'definition': %s}", text);
}

uint64_t
start(const char *workflow)
{
	struct answer answer =
	    must("execution.start", "{'workflow': '%s'}", workflow);

	return number_at(&answer.body, "id");
}

uint64_t
child_of(uint64_t id, const char *task)
{
	struct answer answer = look(id);

	return number_at(task_of(&answer, task, -1), "execution");
}

struct answer
look(uint64_t id)
{
	return must("execution.get", "{'id': %ju}", (uintmax_t)id);
}

/* No event says that a process was started. */
struct answer
look_settled(uint64_t id)
{
	struct answer answer;

	for (unsigned i = 0; i < LOOKS; i++) {
		answer = look(id);
		if (has_pids(catalogue_param(&answer.body, "tasks")))
			return answer;
	}
	atf_tc_fail("%s: a callout without a process", m.cell);
}

static bool
has_pids(const msgpack_object *tasks)
{
	const msgpack_object *attempts, *attempt;

	for (uint32_t i = 0; i < tasks->via.array.size; i++) {
		attempts =
		    catalogue_param(&tasks->via.array.ptr[i], "attempts");
		for (uint32_t j = 0; j < attempts->via.array.size; j++) {
			attempt = &attempts->via.array.ptr[j];
			if (catalogue_param(attempt, "ended_at") == NULL &&
			    catalogue_param(attempt, "execution") == NULL &&
			    catalogue_param(attempt, "pid") == NULL)
				return false;
		}
	}
	return true;
}

bool
same_bytes(const struct answer *a, const struct answer *b)
{
	return a->size == b->size && memcmp(a->bytes, b->bytes, a->size) == 0;
}

const msgpack_object *
task_of(const struct answer *execution, const char *task, int item)
{
	const msgpack_object *tasks =
	    catalogue_param(&execution->body, "tasks");
	const msgpack_object *found = NULL, *map;

	for (uint32_t i = 0; i < tasks->via.array.size; i++) {
		map = &tasks->via.array.ptr[i];
		if (text_is(map, "name", task) &&
		    (item < 0 ||
			(catalogue_param(map, "item") != NULL &&
			    number_at(map, "item") == (uint64_t)item)))
			found = map;
	}
	return found;
}

void
await_status(uint64_t id, const char *status)
{
	struct answer answer = must("execution.wait",
	    "{'id': %ju, 'status': '%s', 'timeout': %d000000}", (uintmax_t)id,
	    status, PATIENCE);

	CELL(text_is(&answer.body, "status", status));
}

void
await_task(uint64_t id, const char *task, int item, const char *status)
{
	const msgpack_object *map;
	struct answer answer;

	for (;;) {
		answer = look(id);
		map = task_of(&answer, task, item);
		if (map != NULL && text_is(map, "status", status))
			return;
		m.seen = read_event(NULL);
	}
}

void
await_callouts(void)
{
	struct answer answer;

	for (;;) {
		answer = must("engine.status", "{}");
		if (number_at(&answer.body, "callouts") == 0)
			return;
		m.seen = read_event(NULL);
	}
}

void
await_stubborn(void)
{
	char line[6];

	for (size_t got = 0; got < sizeof(line);) {
		ssize_t n = read(m.ready, line + got, sizeof(line) - got);

		ATF_REQUIRE(n > 0);
		got += (size_t)n;
	}
	m.stubborn++;
}

uint64_t
last_event(void)
{
	struct answer answer = must("engine.status", "{}");

	return number_at(catalogue_param(&answer.body, "journal"), "last");
}

/* Waits for it; its number. */
static uint64_t
read_event(const msgpack_object **event)
{
	struct weir_message message;
	msgpack_object *object;
	uint64_t seq;
	int error;

	do {
		error = weir_receive(m.watch, PATIENCE, &message);
		ATF_REQUIRE_MSG(error == WEIR_OK, "%s: no event: %s", m.cell,
		    weir_strerror(error));
	} while (message.kind != WEIR_NOTIFICATION);
	object = keep(NULL, sizeof(*object));
	ATF_REQUIRE(unpack_value(
	    keep(message.body, message.size), message.size, &m.zone, object));
	if (object->type == MSGPACK_OBJECT_ARRAY)
		object = &object->via.array.ptr[0];
	seq = number_at(object, "seq");
	ATF_REQUIRE_EQ_MSG(seq, m.seen + 1, "%s: an event is missing", m.cell);
	if (event != NULL)
		*event = object;
	return seq;
}

void
pass_events(uint64_t upto)
{
	while (m.seen < upto)
		m.seen = read_event(NULL);
}

const msgpack_object *
next_event(uint64_t upto)
{
	const msgpack_object *event;

	if (m.seen >= upto)
		return NULL;
	m.seen = read_event(&event);
	return event;
}

bool
text_is(const msgpack_object *map, const char *key, const char *text)
{
	const msgpack_object *found = catalogue_param(map, key);

	return found != NULL && found->type == MSGPACK_OBJECT_STR &&
	    found->via.str.size == strlen(text) &&
	    memcmp(found->via.str.ptr, text, strlen(text)) == 0;
}

uint64_t
number_at(const msgpack_object *map, const char *key)
{
	const msgpack_object *found;

	ATF_REQUIRE_MSG(map != NULL, "%s: nothing that has %s", m.cell, key);
	found = catalogue_param(map, key);
	ATF_REQUIRE_MSG(found != NULL, "%s: %s is nil", m.cell, key);
	return found->via.u64;
}

const msgpack_object *
first_of(const msgpack_object *map, const char *key)
{
	const msgpack_object *list = catalogue_param(map, key);

	return list == NULL || list->via.array.size == 0
	    ? NULL
	    : &list->via.array.ptr[0];
}

int
outcome_of(const struct answer *answer, const msgpack_object **one)
{
	const msgpack_object *failed = first_of(&answer->body, "failed");

	*one = first_of(&answer->body, "succeeded");
	if (failed == NULL)
		return 0;
	*one = catalogue_param(failed, "error");
	return (int)number_at(*one, "code");
}
