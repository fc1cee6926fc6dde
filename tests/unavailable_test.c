/* links: tests/scene.c tests/invariants.c tests/witness.c tests/task_changes.c tests/expected_end.c libcore.a libweir.a ; libs: msgpack lua5.4 jansson m */
/*
 * unavailable_test: what the core does while there is no room for new work,
 * and while the journal has room for endings alone.
 */

#include <atf-c.h>
#include <string.h>

#include "daemon/core/rehearsal.h"
#include "tests/scene.h"

#define FULL "the disk is full; free some space"
#define ONE "{'workflow': 'one', 'tasks': {'a': {'run': ['true']}}}"
#define TWO                                                             \
	"{'workflow': 'two', 'tasks': {'a': {'run': ['true'], 'next': " \
	"[{'do': 'b'}]}, 'b': {'run': ['true']}}}"
#define BAD                                                                \
	"{'workflow': 'bad', 'on_failure': 'one', 'tasks': {'a': {'run': " \
	"['false']}}}"

static struct scene s;

static void
become(const char *unavailable, bool endings_only)
{
	struct host host = s.live->host;

	host.unavailable = unavailable;
	host.endings_only = endings_only;
	core_host(s.live, &host);
	scene_advance(&s, 0);
}

static void
check_refused(enum command_type type, uint64_t id, const char *name)
{
	struct command c = scene_command(type);

	c.execution = id;
	c.name = name;
	ATF_CHECK(!scene_do(&s, &c));
	ATF_CHECK_EQ_MSG(ERROR_UNAVAILABLE, s.reply.error, "%d: %d %s", type,
	    s.reply.error, s.reply.message);
	ATF_CHECK_STREQ(FULL, s.reply.message);
	ATF_CHECK(!s.reply.created);
}

ATF_TC_WITHOUT_HEAD(refused);
ATF_TC_BODY(refused, tc)
{
	struct command start = scene_command(COMMAND_START);
	uint64_t one, ended;

	scene_begin(&s);
	scene_define(&s, ONE);
	scene_define(&s, BAD);
	start.name = "one";
	start.key = "k";
	ATF_REQUIRE(scene_do(&s, &start));
	one = s.reply.execution;
	ended = scene_start(&s, "one", NULL);
	scene_exit(&s, ended, "a", EVENT_NONE, 1, NULL);
	ATF_REQUIRE_EQ(EXECUTION_FAILED, scene_status(&s, ended));
	become(FULL, false);
	check_refused(COMMAND_START, 0, "one");
	check_refused(COMMAND_REPLAY, ended, NULL);
	check_refused(COMMAND_RESTART, ended, NULL);
	check_refused(COMMAND_RERUN, ended, NULL);
	check_refused(COMMAND_RETRY, ended, NULL);
	/* What is wrong in itself is told as ever, */
	start.name = "none";
	start.key = NULL;
	ATF_CHECK(!scene_do(&s, &start));
	ATF_CHECK_EQ(ERROR_NOT_FOUND, s.reply.error);
	/* and what is done already is no new work. */
	start.name = "one";
	start.key = "k";
	ATF_CHECK(scene_do(&s, &start));
	ATF_CHECK_EQ(one, s.reply.execution);
	become(NULL, false);
	start.key = NULL;
	ATF_CHECK(scene_do(&s, &start));
	scene_check(&s);
	scene_end(&s);
}

ATF_TC_WITHOUT_HEAD(goes_on);
ATF_TC_BODY(goes_on, tc)
{
	struct command c = scene_command(COMMAND_CANCEL);
	uint64_t one, two, bad, canceled;

	scene_begin(&s);
	scene_define(&s, ONE);
	scene_define(&s, TWO);
	scene_define(&s, BAD);
	one = scene_start(&s, "one", NULL);
	two = scene_start(&s, "two", NULL);
	bad = scene_start(&s, "bad", NULL);
	canceled = scene_start(&s, "two", NULL);
	become(FULL, false);
	/* Endings, and what they lead to but for new work. */
	scene_exit(&s, one, "a", EVENT_NONE, 0, "'x'");
	ATF_CHECK_EQ(EXECUTION_COMPLETED, scene_status(&s, one));
	scene_exit(&s, two, "a", EVENT_NONE, 0, NULL);
	ATF_CHECK_EQ(TASK_COMPLETED, scene_task(&s, two, "a"));
	ATF_CHECK_EQ(TASK_PENDING, scene_task(&s, two, "b"));
	scene_exit(&s, bad, "a", EVENT_NONE, 1, NULL);
	ATF_CHECK_EQ(EXECUTION_FAILED, scene_status(&s, bad));
	ATF_CHECK_EQ(0, scene_execution(&s, bad)->k.followed_by);
	c.execution = canceled;
	c.kill = true;
	ATF_CHECK(scene_do(&s, &c));
	scene_check(&s);
	/* With room again all of it goes on by itself. */
	become(NULL, false);
	ATF_CHECK_EQ(TASK_RUNNING, scene_task(&s, two, "b"));
	ATF_CHECK(scene_execution(&s, bad)->k.followed_by != 0);
	scene_check(&s);
	scene_end(&s);
}

ATF_TC_WITHOUT_HEAD(endings_only);
ATF_TC_BODY(endings_only, tc)
{
	struct command c = scene_command(COMMAND_SIGNAL);
	uint64_t one, two;

	scene_begin(&s);
	scene_define(&s, ONE);
	scene_define(&s, TWO);
	one = scene_start(&s, "one", NULL);
	two = scene_start(&s, "two", NULL);
	become(FULL, true);
	scene_exit(&s, one, "a", EVENT_NONE, 0, "'x'");
	/* The end is there, what follows from it not yet. */
	ATF_CHECK_EQ(0, scene_execution(&s, one)->open_callouts);
	ATF_CHECK_EQ(EXECUTION_RUNNING, scene_status(&s, one));
	c.execution = two;
	c.name = "go";
	ATF_CHECK(!scene_do(&s, &c));
	ATF_CHECK_EQ(ERROR_UNAVAILABLE, s.reply.error);
	c = scene_command(COMMAND_PAUSE);
	c.execution = two;
	ATF_CHECK(scene_do(&s, &c));
	become(NULL, false);
	ATF_CHECK_EQ(EXECUTION_COMPLETED, scene_status(&s, one));
	scene_check(&s);
	scene_end(&s);
}

ATF_TC_WITHOUT_HEAD(bounded);
ATF_TC_BODY(bounded, tc)
{
	struct host host;
	uint64_t ids[3];

	scene_begin(&s);
	scene_define(&s, ONE);
	host = s.live->host;
	host.is_bounded = true;
	host.room_callouts = 2;
	core_host(s.live, &host);
	for (int i = 0; i < 3; i++)
		ids[i] = scene_start(&s, "one", NULL);
	ATF_CHECK_EQ(2, s.nrunning);
	ATF_CHECK_EQ(TASK_PENDING, scene_task(&s, ids[2], "a"));
	/* The room of one that ends is another's. */
	scene_exit(&s, ids[0], "a", EVENT_NONE, 0, NULL);
	ATF_CHECK_EQ(TASK_RUNNING, scene_task(&s, ids[2], "a"));
	scene_check(&s);
	scene_end(&s);
}

ATF_TC_WITHOUT_HEAD(no_space);
ATF_TC_BODY(no_space, tc)
{
	const struct callout_result result = {
	    .end = CALLOUT_NO_SPACE, .reason = "no space left"};
	const struct execution *x;
	uint64_t id;

	scene_begin(&s);
	scene_define(&s, ONE);
	id = scene_start(&s, "one", NULL);
	x = scene_execution(&s, id);
	for (int i = 0; i < 5; i++) {
		ATF_REQUIRE_EQ(1, s.nrunning);
		scene_end_callout(&s, &s.running[0], &result);
		ATF_CHECK_EQ(TASK_PENDING, scene_task(&s, id, "a"));
		scene_advance(&s, 10 * SECOND);
	}
	ATF_CHECK_EQ(0, x->runs[0]->actions[0].k.failures);
	scene_exit(&s, id, "a", EVENT_NONE, 0, NULL);
	ATF_CHECK_EQ(EXECUTION_COMPLETED, scene_status(&s, id));
	scene_check(&s);
	scene_end(&s);
}

ATF_TC_WITHOUT_HEAD(plans);
ATF_TC_BODY(plans, tc)
{
	struct command start = scene_command(COMMAND_START);
	struct command resume = scene_command(COMMAND_RESUME);
	struct rehearsal *rehearsal;
	struct rehearsed result;
	struct reply reply;
	struct command hold = scene_command(COMMAND_PAUSE);

	scene_begin(&s);
	scene_define(&s, TWO);
	hold.execution = resume.execution = scene_start(&s, "two", NULL);
	hold.hold = true;
	ATF_REQUIRE(scene_do(&s, &hold));
	scene_exit(&s, hold.execution, "a", EVENT_NONE, 0, NULL);
	become(FULL, false);
	rehearsal = rehearsal_new(s.live);
	start.now = resume.now = s.now;
	start.name = "two";
	rehearsal_do(rehearsal, &start, &reply);
	ATF_CHECK_EQ(ERROR_UNAVAILABLE, reply.error);
	rehearsal_do(rehearsal, &resume, &reply);
	ATF_CHECK_EQ_MSG(ERROR_NONE, reply.error, "%s", reply.message);
	rehearsal_result(rehearsal, &result);
	for (size_t i = 0; i < result.nchanges; i++)
		ATF_CHECK(result.changes[i].kind != CHANGE_STARTED);
	rehearsal_free(rehearsal);
	scene_end(&s);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, refused);
	ATF_TP_ADD_TC(tp, goes_on);
	ATF_TP_ADD_TC(tp, endings_only);
	ATF_TP_ADD_TC(tp, bounded);
	ATF_TP_ADD_TC(tp, no_space);
	ATF_TP_ADD_TC(tp, plans);
	return atf_no_error();
}
