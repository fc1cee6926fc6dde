/* race_text: executions as the daemon tells of them, in one line. */

#include "tests/race_text.h"

#include <atf-c.h>
#include <inttypes.h>
#include <msgpack.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "libproto/pack.h"
#include "tests/told.h"

static void get(struct weir *, uint64_t, int, struct told *);
static void write_text(struct weir *, uint64_t, int, FILE *);
static void
write_task(struct weir *, const msgpack_object *tasks, uint32_t, int, FILE *);
static void write_items(const msgpack_object *tasks, uint32_t, FILE *);
static void write_status(const msgpack_object *, FILE *);
static bool counts(const msgpack_object *);
static bool has_ended(const msgpack_object *);

uint64_t
race_id(const struct weir_message *answer)
{
	struct told told;
	uint64_t id;

	told_take(&told, answer);
	id = told_number(&told.object, "id");
	told_drop(&told);
	return id;
}

void
race_answer(const struct weir_message *answer, char into[64])
{
	const msgpack_object *failed = NULL, *name;
	struct told told;

	snprintf(into, 64, "%s", answer->error != 0 ? answer->name : "ok");
	if (answer->error != 0 || answer->size == 0)
		return;
	told_take(&told, answer);
	for (uint32_t i = 0; i < told.object.via.map.size; i++)
		if (told_is(&told.object.via.map.ptr[i].key, "failed"))
			failed = &told.object.via.map.ptr[i].val;
	if (failed != NULL && failed->via.array.size > 0) {
		name = told_member(
		    told_member(&failed->via.array.ptr[0], "error"), "name");
		snprintf(into, 64, "%.*s", (int)name->via.str.size,
		    name->via.str.ptr);
	}
	told_drop(&told);
}

bool
race_status_is(const struct weir_message *answer, const char *statuses)
{
	const msgpack_object *status;
	struct told told;
	char quoted[64];

	told_take(&told, answer);
	status = told_member(&told.object, "status");
	snprintf(quoted, sizeof(quoted), "'%.*s'", (int)status->via.str.size,
	    status->via.str.ptr);
	told_drop(&told);
	return strstr(statuses, quoted) != NULL;
}

static void
get(struct weir *weir, uint64_t id, int timeout, struct told *told)
{
	struct weir_message answer;
	msgpack_sbuffer params;
	msgpack_packer pk;

	msgpack_sbuffer_init(&params);
	msgpack_packer_init(&pk, &params, msgpack_sbuffer_write);
	msgpack_pack_map(&pk, 1);
	pack_str(&pk, "id");
	msgpack_pack_uint64(&pk, id);
	ATF_REQUIRE_EQ(WEIR_OK,
	    weir_call(weir, "execution.get", params.data, params.size, timeout,
		&answer));
	msgpack_sbuffer_destroy(&params);
	told_take(told, &answer);
}

static void
write_status(const msgpack_object *o, FILE *f)
{
	const msgpack_object *status = told_member(o, "status");

	fprintf(f, "%.*s", (int)status->via.str.size, status->via.str.ptr);
}

/* Not what has been superseded; items stand with their task. */
static bool
counts(const msgpack_object *task)
{
	return told_member(task, "item")->type == MSGPACK_OBJECT_NIL &&
	    !told_member(task, "superseded")->via.boolean;
}

static void
write_items(const msgpack_object *tasks, uint32_t at, FILE *f)
{
	const msgpack_object *task = &tasks->via.array.ptr[at];
	const char *between = "[";

	for (at++; at < tasks->via.array.size; at++) {
		const msgpack_object *item = &tasks->via.array.ptr[at];

		if (told_member(item, "item")->type == MSGPACK_OBJECT_NIL)
			break;
		fputs(between, f);
		write_status(item, f);
		between = " ";
	}
	if (told_member(task, "items")->type != MSGPACK_OBJECT_NIL)
		fputs(between[0] == '[' ? "[]" : "]", f);
}

static void
write_task(struct weir *weir, const msgpack_object *tasks, uint32_t at,
    int timeout, FILE *f)
{
	const msgpack_object *task = &tasks->via.array.ptr[at],
			     *name = told_member(task, "name");
	uint32_t attempts = told_member(task, "attempts")->via.array.size;

	fprintf(f, "%.*s ", (int)name->via.str.size, name->via.str.ptr);
	write_status(task, f);
	if (attempts > 1)
		fprintf(f, " x%u", attempts);
	write_items(tasks, at, f);
	if (told_number(task, "execution") == 0)
		return;
	fputs(" {", f);
	write_text(weir, told_number(task, "execution"), timeout, f);
	fputc('}', f);
}

static void
write_text(struct weir *weir, uint64_t id, int timeout, FILE *f)
{
	const char *between = ": ";
	const msgpack_object *tasks;
	struct told told;

	get(weir, id, timeout, &told);
	write_status(&told.object, f);
	if (told_number(&told.object, "generation") > 1)
		fprintf(f, " gen %" PRIu64,
		    told_number(&told.object, "generation"));
	tasks = told_member(&told.object, "tasks");
	for (uint32_t i = 0; i < tasks->via.array.size; i++) {
		if (!counts(&tasks->via.array.ptr[i]))
			continue;
		fputs(between, f);
		between = ", ";
		write_task(weir, tasks, i, timeout, f);
	}
	told_drop(&told);
}

char *
race_text(struct weir *weir, uint64_t id, int timeout)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	ATF_REQUIRE(f != NULL);
	write_text(weir, id, timeout, f);
	fclose(f);
	return text;
}

static bool
has_ended(const msgpack_object *o)
{
	static const char *const ended[] = {"completed", "failed", "timed_out",
	    "canceled", "terminated", "skipped"};

	for (size_t i = 0; i < sizeof(ended) / sizeof(ended[0]); i++)
		if (told_is(told_member(o, "status"), ended[i]))
			return true;
	return false;
}

void
race_all_ended(struct weir *weir, uint64_t id, int timeout)
{
	const msgpack_object *tasks;
	struct told told;

	get(weir, id, timeout, &told);
	ATF_REQUIRE(has_ended(&told.object));
	tasks = told_member(&told.object, "tasks");
	for (uint32_t i = 0; i < tasks->via.array.size; i++) {
		const msgpack_object *task = &tasks->via.array.ptr[i];

		ATF_REQUIRE_MSG(has_ended(task),
		    "execution %" PRIu64 " has ended, task %u of it has not",
		    id, i);
		if (told_number(task, "execution") != 0)
			race_all_ended(
			    weir, told_number(task, "execution"), timeout);
	}
	told_drop(&told);
}

void
race_write_known(struct weir *weir, uint64_t id, int timeout, FILE *f)
{
	const msgpack_object *tasks;
	struct told told;

	get(weir, id, timeout, &told);
	msgpack_object_print(f, told.object);
	fputc('\n', f);
	tasks = told_member(&told.object, "tasks");
	for (uint32_t i = 0; i < tasks->via.array.size; i++) {
		uint64_t below =
		    told_number(&tasks->via.array.ptr[i], "execution");

		if (below != 0)
			race_write_known(weir, below, timeout, f);
	}
	told_drop(&told);
}

void
race_await_idle(struct weir *weir, int timeout)
{
	struct weir_message answer;
	uint64_t callouts = 1;
	struct told told;

	for (int i = 0; callouts > 0; i++) {
		ATF_REQUIRE_MSG(i < timeout, "callouts never end");
		ATF_REQUIRE_EQ(WEIR_OK,
		    weir_call(
			weir, "engine.status", NULL, 0, timeout, &answer));
		told_take(&told, &answer);
		callouts = told_number(&told.object, "callouts");
		told_drop(&told);
		if (callouts > 0)
			poll(NULL, 0, 1);
	}
}
