/* crash_attempt: attempts, held to what their commands wrote down. */

#include "tests/crash_attempt.h"

#include <atf-c.h>
#include <inttypes.h>
#include <string.h>

enum fate { FATE_OPEN, FATE_EXITED, FATE_SIGNALED, FATE_LOST, FATE_UNSTARTED };

static void key_of(const msgpack_object *execution, const msgpack_object *task,
    uint64_t attempt, char key[96]);
static enum fate fate_of(const msgpack_object *attempt);
static void
check(struct ledger *, const msgpack_object *attempt, const char *key);
static void check_order(struct ledger *, const msgpack_object *execution,
    const msgpack_object *task);
static void check_lost(const msgpack_object *task);

static void
key_of(const msgpack_object *execution, const msgpack_object *task,
    uint64_t attempt, char key[96])
{
	const msgpack_object *item = told_member(task, "item");
	char name[32], number[24] = "";

	told_text(task, "name", name, sizeof(name));
	if (item->type != MSGPACK_OBJECT_NIL)
		snprintf(number, sizeof(number), "%" PRIu64, item->via.u64);
	snprintf(key, 96, "%" PRIu64 ".%s.%s.%" PRIu64,
	    told_number(execution, "id"), name, number, attempt);
}

static enum fate
fate_of(const msgpack_object *attempt)
{
	char reason[256];

	if (told_member(attempt, "ended_at")->type == MSGPACK_OBJECT_NIL)
		return FATE_OPEN;
	if (told_member(attempt, "exit")->type != MSGPACK_OBJECT_NIL)
		return FATE_EXITED;
	if (told_member(attempt, "signal")->type != MSGPACK_OBJECT_NIL)
		return FATE_SIGNALED;
	told_text(attempt, "reason", reason, sizeof(reason));
	return strncmp(reason, "lost:", 5) == 0 ? FATE_LOST : FATE_UNSTARTED;
}

static void
check(struct ledger *l, const msgpack_object *attempt, const char *key)
{
	const struct trace_line *line = trace_find(&l->trace, key);
	bool stopped = told_is(told_member(attempt, "status"), "canceled");
	char reason[256];

	told_text(attempt, "reason", reason, sizeof(reason));
	switch (fate_of(attempt)) {
	case FATE_OPEN:
		break;
	case FATE_EXITED:
		if (line == NULL || line->ends != 1 ||
		    line->status != (int)told_number(attempt, "exit"))
			atf_tc_fail("%s exited with %d, says the daemon; it "
				    "began %u times, ended %u times with %d",
			    key, (int)told_number(attempt, "exit"),
			    line == NULL ? 0 : line->begins,
			    line == NULL ? 0 : line->ends,
			    line == NULL ? 0 : line->status);
		break;
	case FATE_SIGNALED:
		ATF_REQUIRE_MSG(told_number(attempt, "signal") == 9 ||
			told_number(attempt, "signal") == 15,
		    "%s was ended by a signal that nobody sent", key);
		break;
	case FATE_LOST:
		ATF_REQUIRE_MSG(l->losses, "%s: %s", key, reason);
		break;
	case FATE_UNSTARTED:
		/* Of one that was stopped it is not told that it was lost. */
		ATF_REQUIRE_MSG(line == NULL || (l->losses && stopped),
		    "%s was never started, says the daemon (%s), and ran", key,
		    reason);
		break;
	}
}

/* What was lost has ended before the next attempt begins. */
static void
check_order(struct ledger *l, const msgpack_object *execution,
    const msgpack_object *task)
{
	const msgpack_object *list = told_member(task, "attempts");
	char key[96];

	for (uint32_t i = 1; i < list->via.array.size; i++) {
		const struct trace_line *before, *after;

		key_of(execution, task,
		    told_number(&list->via.array.ptr[i - 1], "attempt"), key);
		before = trace_find(&l->trace, key);
		key_of(execution, task,
		    told_number(&list->via.array.ptr[i], "attempt"), key);
		after = trace_find(&l->trace, key);
		if (before != NULL && after != NULL &&
		    (before->begun_at > after->begun_at ||
			before->ended_at > after->begun_at))
			atf_tc_fail("%s began beside the attempt before", key);
	}
}

/* What on_lost says: the reason tells whose attempts were lost. */
static void
check_lost(const msgpack_object *task)
{
	const msgpack_object *list = told_member(task, "attempts");
	uint32_t n = list->via.array.size;
	char status[32], reason[256];

	if (n == 0 || fate_of(&list->via.array.ptr[n - 1]) != FATE_LOST)
		return;
	told_text(task, "status", status, sizeof(status));
	told_text(
	    &list->via.array.ptr[n - 1], "reason", reason, sizeof(reason));
	ATF_REQUIRE_MSG(strstr(reason, "may have run") != NULL ||
		strstr(reason, "can't be known") != NULL,
	    "lost without a word on what that means: %s", reason);
	ATF_REQUIRE_MSG(strcmp(status, "completed") != 0,
	    "a task whose last attempt was lost is completed");
}

void
attempts_check(struct ledger *l, const msgpack_object *execution, bool ended)
{
	const msgpack_object *tasks = told_member(execution, "tasks");
	char key[96];

	for (uint32_t i = 0; i < tasks->via.array.size; i++) {
		const msgpack_object *task = &tasks->via.array.ptr[i],
				     *list = told_member(task, "attempts");

		for (uint32_t n = 0; n < list->via.array.size; n++) {
			key_of(execution, task,
			    told_number(&list->via.array.ptr[n], "attempt"),
			    key);
			check(l, &list->via.array.ptr[n], key);
		}
		check_order(l, execution, task);
		check_lost(task);
		/* Nothing ran that the daemon does not know. */
		key_of(execution, task, list->via.array.size + 1, key);
		ATF_REQUIRE_MSG(!ended || trace_find(&l->trace, key) == NULL,
		    "%s ran, and the daemon knows nothing of it", key);
	}
}

void
attempts_count(struct ledger *l, const msgpack_object *execution)
{
	const msgpack_object *tasks = told_member(execution, "tasks");

	for (uint32_t i = 0; i < tasks->via.array.size; i++) {
		const msgpack_object *list =
		    told_member(&tasks->via.array.ptr[i], "attempts");

		for (uint32_t n = 0; n < list->via.array.size; n++) {
			enum fate fate = fate_of(&list->via.array.ptr[n]);

			l->attempts++;
			l->exited += fate == FATE_EXITED;
			l->signaled += fate == FATE_SIGNALED;
			l->lost += fate == FATE_LOST;
			l->unstarted += fate == FATE_UNSTARTED;
		}
	}
}

bool
attempts_answer(struct weir *weir, uint64_t execution)
{
	const msgpack_object *tasks;
	struct weir_message answer;
	struct told told;
	char params[128];
	bool waits = false;

	snprintf(params, sizeof(params), "{'id': %" PRIu64 "}", execution);
	ledger_call(weir, "execution.get", params, &told);
	tasks = told_member(&told.object, "tasks");
	for (uint32_t i = 0; i < tasks->via.array.size; i++)
		if (told_is(told_member(&tasks->via.array.ptr[i], "status"),
			"waiting"))
			waits = true;
	told_drop(&told);
	if (!waits)
		return false;
	snprintf(params, sizeof(params),
	    "{'execution': %" PRIu64 ", 'task': 'a', 'status': "
	    "'failed_terminal'}",
	    execution);
	ATF_REQUIRE_EQ(
	    WEIR_OK, ledger_try(weir, "task.update", params, &answer));
	return true;
}
