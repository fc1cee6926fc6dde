/* links: tests/chunks.c tests/scene.c tests/invariants.c tests/witness.c tests/task_changes.c tests/expected_end.c libcore.a libweir.a ; libs: msgpack lua5.4 jansson m */
/* delete_test: what has ended is deleted for good, with its family. */

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "tests/chunks.h"
#include "tests/scene_case.h"

#define REFUSED(code, part)                                                   \
	do {                                                                  \
		ATF_REQUIRE_EQ_MSG(code, s->reply.error, "%d %s",             \
		    (int)s->reply.error, s->reply.message);                   \
		ATF_REQUIRE_MSG(strstr(s->reply.message, part) != NULL, "%s", \
		    s->reply.message);                                        \
	} while (0)

static bool do_to(struct scene *, enum command_type, uint64_t);
static bool delete_workflow(struct scene *, const char *);
static uint64_t start_keyed(struct scene *, const char *workflow);
static bool is_there(const struct scene *, uint64_t);

static bool
do_to(struct scene *s, enum command_type type, uint64_t id)
{
	struct command c = scene_command(type);

	c.execution = id;
	c.reason = "retention.logs_age";
	return scene_do(s, &c);
}

static bool
delete_workflow(struct scene *s, const char *name)
{
	struct command c = scene_command(COMMAND_DEFINITION_DELETE);

	c.name = name;
	return scene_do(s, &c);
}

static uint64_t
start_keyed(struct scene *s, const char *workflow)
{
	struct command c = scene_command(COMMAND_START);

	c.name = workflow;
	c.key = "once";
	ATF_REQUIRE(scene_do(s, &c));
	return s->reply.execution;
}

static bool
is_there(const struct scene *s, uint64_t id)
{
	return state_execution(s->live, id) != NULL;
}

SCENE_CASE(statuses, "only what has ended is deleted; its number stays its own")
{
	uint64_t id;

	scene_define(s, "{'workflow': 'w', 'tasks': {'a': {'run': ['x']}}}");
	scene_define(
	    s, "{'workflow': 'v', 'tasks': {'a': {'wait': {'signal': 'go'}}}}");
	id = scene_start(s, "v", NULL);
	STATUS(id, "waiting");
	ATF_REQUIRE(!do_to(s, COMMAND_DELETE, id));
	REFUSED(ERROR_STATE_CONFLICT, "is waiting: delete is not possible now");
	REFUSED(ERROR_STATE_CONFLICT, "allowed: ");
	ATF_REQUIRE(do_to(s, COMMAND_CANCEL, id));
	STATUS(id, "canceled");
	ATF_REQUIRE(do_to(s, COMMAND_DELETE, id));
	ATF_REQUIRE_EQ(1, s->reply.deleted);
	ATF_REQUIRE(!is_there(s, id));
	ATF_REQUIRE(!do_to(s, COMMAND_DELETE, id));
	REFUSED(ERROR_NOT_FOUND, "there is no execution 1");
	ATF_REQUIRE_EQ(id + 1, scene_start(s, "w", NULL));
	ATF_REQUIRE(!do_to(s, COMMAND_DELETE, id + 1));
	REFUSED(ERROR_STATE_CONFLICT, "is running");
}

SCENE_CASE(conditions, "if_revision and if_status hold, and who may")
{
	struct command c = scene_command(COMMAND_DELETE);

	scene_define(s, "{'workflow': 'w', 'tasks': {'a': {'run': ['x']}}}");
	c.execution = scene_start(s, "w", NULL);
	EXIT(c.execution, "a", 0);
	c.if_revision = 1;
	ATF_REQUIRE(!scene_do(s, &c));
	REFUSED(ERROR_STATE_CONFLICT, "has moved on");
	c.if_revision = 0;
	c.if_status = EXECUTION_FAILED;
	ATF_REQUIRE(!scene_do(s, &c));
	c.if_status = -1;
	c.by.role = ROLE_OPERATOR;
	c.by.uid = 77;
	ATF_REQUIRE(!scene_do(s, &c));
	REFUSED(ERROR_FORBIDDEN, "belongs to");
	c.by.operates_any = true;
	ATF_REQUIRE(scene_do(s, &c));
}

SCENE_CASE(family, "a family goes as a whole, when all of it is over")
{
	struct callout_result killed = {
	    .end = CALLOUT_SIGNALED, .signal = SIGTERM, .ended_at = 1};
	struct callout_key key;
	uint64_t id, child;

	scene_define(s, "{'workflow': 'low', 'tasks': {'a': {'run': ['x']}}}");
	scene_define(
	    s, "{'workflow': 'top', 'tasks': {'c': {'workflow': 'low'}}}");
	id = scene_start(s, "top", NULL);
	child = id + 1;
	key = s->running[0];
	ATF_REQUIRE(do_to(s, COMMAND_TERMINATE, id));
	STATUS(child, "terminated");
	ATF_REQUIRE_EQ(0, s->live->nover);
	ATF_REQUIRE(!do_to(s, COMMAND_DELETE, id));
	REFUSED(ERROR_STATE_CONFLICT, "execution 2 is terminated, but still");
	scene_end_callout(s, &key, &killed);
	ATF_REQUIRE_EQ(1, s->live->nover);
	ATF_REQUIRE(!do_to(s, COMMAND_DELETE, child));
	REFUSED(ERROR_STATE_CONFLICT, "subworkflow of execution 1");
	REFUSED(ERROR_STATE_CONFLICT, "delete 1");
	ATF_REQUIRE(do_to(s, COMMAND_DELETE, id));
	ATF_REQUIRE_EQ(2, s->reply.deleted);
	ATF_REQUIRE(!is_there(s, id) && !is_there(s, child));
}

SCENE_CASE(callouts, "not while a callout is being stopped")
{
	struct callout_result killed = {
	    .end = CALLOUT_SIGNALED, .signal = SIGTERM, .ended_at = 1};
	struct callout_key key;
	uint64_t id;

	scene_define(s, "{'workflow': 'w', 'tasks': {'a': {'run': ['x']}}}");
	id = scene_start(s, "w", NULL);
	key = s->running[0];
	ATF_REQUIRE(do_to(s, COMMAND_TERMINATE, id));
	STATUS(id, "terminated");
	ATF_REQUIRE(!do_to(s, COMMAND_DELETE, id));
	REFUSED(ERROR_STATE_CONFLICT, "still has 1 callout being stopped");
	ATF_REQUIRE(!do_to(s, COMMAND_REMOVE_LOGS, id));
	scene_end_callout(s, &key, &killed);
	ATF_REQUIRE(do_to(s, COMMAND_DELETE, id));
	/* Told again, it is of nobody. */
	scene_end_callout(s, &key, &killed);
	ATF_REQUIRE(!is_there(s, id));
}

SCENE_CASE(keys, "an idempotency key is free again")
{
	uint64_t id;

	scene_define(s, "{'workflow': 'w', 'tasks': {'a': {'run': ['x']}}}");
	id = start_keyed(s, "w");
	EXIT(id, "a", 0);
	ATF_REQUIRE_EQ(id, start_keyed(s, "w"));
	ATF_REQUIRE(do_to(s, COMMAND_DELETE, id));
	ATF_REQUIRE_EQ(id + 1, start_keyed(s, "w"));
}

SCENE_CASE(references, "a failure workflow and a replay stay by themselves")
{
	uint64_t id;

	scene_define(
	    s, "{'workflow': 'sorry', 'tasks': {'a': {'run': ['x']}}}");
	scene_define(s,
	    "{'workflow': 'w', 'on_failure': 'sorry', 'tasks': "
	    "{'a': {'run': ['x']}}}");
	id = scene_start(s, "w", NULL);
	EXIT(id, "a", 1);
	STATUS(id, "failed");
	ATF_REQUIRE_EQ_MSG(id + 1, scene_execution(s, id)->k.followed_by, "%s",
	    scene_execution(s, id)->k.unfollowed);
	ATF_REQUIRE(do_to(s, COMMAND_REPLAY, id));
	EXIT(id + 2, "a", 0);
	ATF_REQUIRE(do_to(s, COMMAND_DELETE, id));
	ATF_REQUIRE_EQ(1, s->reply.deleted);
	ATF_REQUIRE_EQ(id, scene_execution(s, id + 1)->k.failure_of);
	ATF_REQUIRE_EQ(id, scene_execution(s, id + 2)->k.replay_of);
	EXIT(id + 1, "a", 0);
	STATUS(id + 1, "completed");
	ATF_REQUIRE(do_to(s, COMMAND_REPLAY, id + 2));
	ATF_REQUIRE(do_to(s, COMMAND_DELETE, id + 1));
	ATF_REQUIRE(do_to(s, COMMAND_DELETE, id + 2));
}

SCENE_CASE(workflows, "a workflow goes when nothing needs it")
{
	uint64_t id;

	scene_define(s, "{'workflow': 'low', 'tasks': {'a': {'run': ['x']}}}");
	scene_define(
	    s, "{'workflow': 'top', 'tasks': {'a': {'workflow': 'low'}}}");
	ATF_REQUIRE(!delete_workflow(s, "none"));
	REFUSED(ERROR_NOT_FOUND, "none");
	ATF_REQUIRE(!delete_workflow(s, "low"));
	REFUSED(ERROR_STATE_CONFLICT, "started by workflow top");
	id = scene_start(s, "top", NULL);
	ATF_REQUIRE(!delete_workflow(s, "top"));
	REFUSED(ERROR_STATE_CONFLICT, "1 execution that has not ended");
	/* The newest version has no need of it; what goes on has. */
	scene_define(s, "{'workflow': 'top', 'tasks': {'a': {'run': ['x']}}}");
	EXIT(id + 1, "a", 0);
	STATUS(id, "completed");
	ATF_REQUIRE(!delete_workflow(s, "low"));
	REFUSED(ERROR_STATE_CONFLICT, "1 execution that has ended and is kept");
	ATF_REQUIRE(do_to(s, COMMAND_DELETE, id));
	ATF_REQUIRE(delete_workflow(s, "low"));
	ATF_REQUIRE(state_workflow(s->live, "low") == NULL);
	ATF_REQUIRE(delete_workflow(s, "top"));
	ATF_REQUIRE_EQ(1,
	    scene_define(s,
		"{'workflow': 'low', 'tasks': {'a': {'run': "
		"['x']}}}"));
}

SCENE_CASE(old_version, "an older version that goes on needs its subworkflow")
{
	uint64_t id;

	scene_define(s, "{'workflow': 'low', 'tasks': {'a': {'run': ['x']}}}");
	scene_define(s,
	    "{'workflow': 'top', 'tasks': {'w': {'run': ['x'], "
	    "'next': [{'do': 'a'}]}, 'a': {'workflow': 'low'}}}");
	id = scene_start(s, "top", NULL);
	scene_define(s, "{'workflow': 'top', 'tasks': {'a': {'run': ['x']}}}");
	ATF_REQUIRE(!delete_workflow(s, "low"));
	REFUSED(ERROR_STATE_CONFLICT, "version 1 of workflow top");
	ATF_REQUIRE(do_to(s, COMMAND_CANCEL, id));
	EXIT(id, "w", 0);
	ATF_REQUIRE(delete_workflow(s, "low"));
}

/* The numbers of those that may be deleted, in order. */
static void
list_over(const struct state *s, char *text, size_t size)
{
	const struct execution *x;
	size_t used = 0;

	text[0] = '\0';
	TAILQ_FOREACH (x, &s->over, over)
		used += (size_t)snprintf(text + used, size - used, "%llu ",
		    (unsigned long long)x->k.id);
}

static void
is_in_order(const struct scene *s, const char *wanted)
{
	struct chunks chunks = {0};
	msgpack_sbuffer bytes;
	struct state *copy;
	char text[256];

	list_over(s->live, text, sizeof(text));
	ATF_REQUIRE_STREQ(wanted, text);
	msgpack_sbuffer_init(&bytes);
	state_encode(s->live, &bytes);
	chunks_take(&chunks, s->live);
	copy = chunks_decode_to(&chunks, &bytes);
	list_over(copy, text, sizeof(text));
	ATF_REQUIRE_STREQ(wanted, text);
	state_free(copy);
	chunks_empty(&chunks);
	msgpack_sbuffer_destroy(&bytes);
}

SCENE_CASE(order, "who was over first stands first, after a restart too")
{
	scene_define(s, "{'workflow': 'w', 'tasks': {'a': {'run': ['x']}}}");
	for (unsigned i = 0; i < 4; i++)
		scene_start(s, "w", NULL);
	EXIT(3, "a", 0);
	scene_advance(s, 60 * SECOND);
	EXIT(1, "a", 1);
	scene_advance(s, 3600 * SECOND);
	EXIT(4, "a", 0);
	is_in_order(s, "3 1 4 ");
	/* What runs again is not over, and then over last. */
	ATF_REQUIRE(do_to(s, COMMAND_RETRY, 1));
	is_in_order(s, "3 4 ");
	EXIT(2, "a", 0);
	EXIT(1, "a", 0);
	is_in_order(s, "3 4 2 1 ");
	ATF_REQUIRE(do_to(s, COMMAND_DELETE, 4));
	is_in_order(s, "3 2 1 ");
}

SCENE_CASE(logs, "that logs were removed, when and why, is remembered")
{
	uint64_t id;

	scene_define(s, "{'workflow': 'w', 'tasks': {'a': {'run': ['x']}}}");
	id = scene_start(s, "w", NULL);
	EXIT(id, "a", 0);
	ATF_REQUIRE(do_to(s, COMMAND_REMOVE_LOGS, id));
	ATF_REQUIRE_EQ(s->now, scene_execution(s, id)->k.logs_gone_at);
	ATF_REQUIRE_EQ(LOGS_GONE_AGE, scene_execution(s, id)->k.logs_gone);
	STATUS(id, "completed");
	is_in_order(s, "1 ");
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, statuses);
	ATF_TP_ADD_TC(tp, conditions);
	ATF_TP_ADD_TC(tp, family);
	ATF_TP_ADD_TC(tp, callouts);
	ATF_TP_ADD_TC(tp, keys);
	ATF_TP_ADD_TC(tp, references);
	ATF_TP_ADD_TC(tp, workflows);
	ATF_TP_ADD_TC(tp, old_version);
	ATF_TP_ADD_TC(tp, order);
	ATF_TP_ADD_TC(tp, logs);
	return atf_no_error();
}
