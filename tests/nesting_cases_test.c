/* links: tests/nesting.c tests/family.c tests/scene.c tests/invariants.c tests/witness.c tests/task_changes.c tests/expected_end.c daemon/view.c daemon/view_execution.c daemon/view_task.c daemon/view_value.c daemon/view_obstacle.c daemon/view_wait.c libcore.a libweir.a ; libs: msgpack lua5.4 jansson m */
/*
 * nesting_cases_test: what runs again in a family where something is held, has
 * been canceled, goes on by another path or still runs.  Tables as those of
 * nesting_test, in golden/nesting/case-NAME.
 */

#include <atf-c.h>
#include <stdlib.h>

#include "tests/nesting.h"

static void run_stuck(struct nesting *, const char *mid, const char *stuck);
static void rerun_task(struct nesting *, uint64_t, const char *tasks);
static void unstick(struct nesting *);

#define NESTING_CASE(name, description)                      \
	static void name##_case(struct nesting *);           \
	ATF_TC(name);                                        \
	ATF_TC_HEAD(name, tc)                                \
	{                                                    \
		atf_tc_set_md_var(tc, "descr", description); \
	}                                                    \
	ATF_TC_BODY(name, tc)                                \
	{                                                    \
		struct nesting nesting;                      \
		char *text;                                  \
                                                             \
		nesting_begin(&nesting);                     \
		name##_case(&nesting);                       \
		text = nesting_close(&nesting);              \
		nesting_golden("case-" #name, text);         \
		free(text);                                  \
	}                                                    \
	static void name##_case(struct nesting *n)

static void
run_stuck(struct nesting *n, const char *mid, const char *stuck)
{
	n->stuck = stuck;
	nesting_start(n, mid);
	nesting_run(n);
}

static void
unstick(struct nesting *n)
{
	n->stuck = NULL;
	nesting_run(n);
}

static void
rerun_task(struct nesting *n, uint64_t id, const char *tasks)
{
	struct value *list = scene_value(tasks);

	ASK(RERUN_TASKS, id, .tasks = list);
	value_unref(list);
}

NESTING_CASE(again_failed, "a retry that fails can be retried")
{
	n->broken = "low.p";
	run_stuck(n, "mid", NULL);
	nesting_step(n, "failed");
	ASK(RETRY, 3);
	nesting_run(n);
	nesting_step(n, "retried");
	ASK(RETRY, 1, .resume_subworkflows = true);
	nesting_run(n);
	nesting_step(n, "from the top");
	n->broken = NULL;
	ASK(RETRY, 2, .resume_subworkflows = true);
	nesting_run(n);
	nesting_step(n, "end");
}

NESTING_CASE(paused_mid, "a paused parent stays paused as its child goes on")
{
	run_stuck(n, "mid", "3p");
	ASK(PAUSE, 2);
	ASK(RESUME, 3, .early = true);
	nesting_step(n, "mid paused");
	n->broken = "low.p";
	unstick(n);
	nesting_step(n, "low failed");
	n->broken = NULL;
	ASK(RETRY, 3);
	nesting_step(n, "retry");
	nesting_run(n);
	nesting_step(n, "low ended");
	ASK(RESUME, 2);
	nesting_run(n);
	nesting_step(n, "resumed");
}

NESTING_CASE(frozen_mid, "a frozen parent stays frozen as its child goes on")
{
	run_stuck(n, "mid", "2p 3p");
	ASK(PAUSE, 2, .freeze = true);
	nesting_step(n, "mid frozen");
	ASK(RESUME, 3);
	n->broken = "low.p";
	n->stuck = "2p";
	nesting_run(n);
	nesting_step(n, "low failed");
	n->broken = NULL;
	ASK(RETRY, 3);
	nesting_step(n, "retry");
	nesting_run(n);
	nesting_step(n, "low ended");
	ASK(RESUME, 2);
	unstick(n);
	nesting_step(n, "resumed");
}

NESTING_CASE(paused_top, "what is above a revived parent stays paused")
{
	run_stuck(n, "mid", "3p");
	ASK(PAUSE, 1);
	ASK(RESUME, 2, .early = true);
	nesting_step(n, "top paused");
	n->broken = "low.p";
	unstick(n);
	nesting_step(n, "mid failed");
	n->broken = NULL;
	ASK(RETRY, 3);
	nesting_step(n, "retry");
	nesting_run(n);
	nesting_step(n, "mid ended");
	ASK(RESUME, 1);
	nesting_run(n);
	nesting_step(n, "resumed");
}

NESTING_CASE(canceled, "all were canceled; the lowest is retried")
{
	run_stuck(n, "mid", "1p 2p 3p");
	ASK(CANCEL, 1, .reason = "no more");
	nesting_step(n, "cancel");
	unstick(n);
	nesting_step(n, "canceled");
	ASK(RETRY, 3);
	nesting_step(n, "retry");
	nesting_run(n);
	nesting_step(n, "end");
}

NESTING_CASE(canceled_top, "all were canceled; the highest is retried")
{
	run_stuck(n, "mid", "1p 2p 3p");
	ASK(CANCEL, 1, .reason = "no more");
	unstick(n);
	nesting_step(n, "canceled");
	ASK(RETRY, 1, .resume_subworkflows = true);
	nesting_step(n, "retry_resume");
	nesting_run(n);
	nesting_step(n, "end");
}

NESTING_CASE(killed, "all were killed; the lowest is retried")
{
	run_stuck(n, "mid", "1p 2p 3p");
	ASK(CANCEL, 1, .reason = "no more", .kill = true);
	nesting_step(n, "cancel --kill");
	ASK(RETRY, 3);
	n->broken = "*";
	unstick(n);
	nesting_step(n, "killed");
	n->broken = NULL;
	ASK(RETRY, 3);
	nesting_step(n, "retry");
	nesting_run(n);
	nesting_step(n, "end");
}

NESTING_CASE(terminated, "the middle was terminated; the lowest is retried")
{
	run_stuck(n, "mid", "3p");
	ASK(TERMINATE, 2, .reason = "wrong");
	ASK(RETRY, 3);
	nesting_step(n, "terminate");
	n->broken = "low.p";
	unstick(n);
	n->broken = NULL;
	nesting_step(n, "late");
	ASK(RETRY, 3);
	nesting_step(n, "retry");
	nesting_run(n);
	nesting_step(n, "end");
}

NESTING_CASE(mid_canceled, "what was canceled by itself was not cut off")
{
	run_stuck(n, "mid", "3p");
	ASK(CANCEL, 2, .reason = "wrong");
	unstick(n);
	nesting_step(n, "canceled");
	rerun_task(n, 1, "['plain']");
	nesting_step(n, "rerun_plain");
	nesting_run(n);
	nesting_step(n, "canceled again");
	ASK(RETRY, 1, .resume_subworkflows = true);
	nesting_run(n);
	nesting_step(n, "retry_resume");
}

NESTING_CASE(mid_terminated, "what ended it before ends it again, as it did")
{
	run_stuck(n, "mid", "3p");
	ASK(TERMINATE, 2, .reason = "wrong");
	unstick(n);
	nesting_step(n, "terminated");
	rerun_task(n, 1, "['plain']");
	nesting_run(n);
	nesting_step(n, "rerun_plain");
	ASK(RETRY, 1);
	nesting_run(n);
	nesting_step(n, "retry");
}

NESTING_CASE(handled, "the parent went on by another path and completed")
{
	n->broken = "low.p";
	nesting_define(n, "low", false);
	nesting_define(n, "mid", false);
	nesting_define(n, "top_handles", false);
	ATF_REQUIRE_EQ(scene_start(&n->scene, "top", NULL), 1);
	nesting_run(n);
	nesting_step(n, "mended");
	n->broken = NULL;
	ASK(RETRY, 3);
	nesting_step(n, "retry");
	nesting_run(n);
	nesting_step(n, "end");
}

NESTING_CASE(handling, "the parent goes on by another path meanwhile")
{
	n->broken = "low.p";
	n->stuck = "1m";
	nesting_define(n, "low", false);
	nesting_define(n, "mid", false);
	nesting_define(n, "top_handles", false);
	ATF_REQUIRE_EQ(scene_start(&n->scene, "top", NULL), 1);
	nesting_run(n);
	nesting_step(n, "being mended");
	n->broken = NULL;
	ASK(RETRY, 2, .resume_subworkflows = true);
	nesting_step(n, "retry_resume");
	nesting_run(n);
	nesting_step(n, "low ended");
	unstick(n);
	nesting_step(n, "end");
}

NESTING_CASE(replaced, "a child that has been replaced runs alone")
{
	n->broken = "low.p";
	run_stuck(n, "mid", NULL);
	n->broken = NULL;
	n->stuck = "4b";
	ASK(RETRY, 1);
	nesting_step(n, "retry of top");
	ASK(RETRY, 2, .resume_subworkflows = true);
	nesting_step(n, "of the old mid");
	nesting_run(n);
	nesting_step(n, "old mid ended");
	unstick(n);
	nesting_step(n, "end");
}

NESTING_CASE(replaced_below, "so does one whose parent has been replaced")
{
	n->broken = "low.p";
	run_stuck(n, "mid", NULL);
	n->broken = NULL;
	ASK(RETRY, 1);
	nesting_run(n);
	nesting_step(n, "retry of top");
	ASK(RESTART, 3);
	nesting_step(n, "restart of low");
	nesting_run(n);
	nesting_step(n, "end");
}

NESTING_CASE(child_runs, "a parent runs again while its child still runs")
{
	run_stuck(n, "mid", "3p");
	ASK(RESTART, 1);
	rerun_task(n, 1, "['side']");
	nesting_step(n, "refused");
	rerun_task(n, 1, "['begin']");
	nesting_step(n, "rerun_begin");
	nesting_run(n);
	nesting_step(n, "beside");
	unstick(n);
	nesting_step(n, "end");
}

NESTING_CASE(beside_child, "the other branch runs again beside the child")
{
	run_stuck(n, "mid", "3p");
	nesting_step(n, "running");
	rerun_task(n, 2, "['plain']");
	nesting_step(n, "rerun_plain");
	unstick(n);
	nesting_step(n, "end");
}

NESTING_CASE(top_runs, "a child runs again while its parents are behind it")
{
	run_stuck(n, "mid", "1w");
	nesting_step(n, "running");
	ASK(RESTART, 3);
	nesting_step(n, "restart");
	nesting_run(n);
	nesting_step(n, "low ended");
	unstick(n);
	nesting_step(n, "end");
}

NESTING_CASE(mid_ends, "nothing is revived that is on its way to its end")
{
	n->broken = "low.p";
	run_stuck(n, "mid", "2p");
	n->broken = NULL;
	ASK(RETRY, 3);
	ASK(RESTART, 3);
	rerun_task(n, 3, "['plain']");
	nesting_step(n, "refused");
	unstick(n);
	nesting_step(n, "failed");
	ASK(RETRY, 3);
	nesting_run(n);
	nesting_step(n, "retry");
}

NESTING_CASE(item_again, "an item is retried while the other one runs")
{
	n->broken = "low.p.y";
	run_stuck(n, "mid_items", "3p");
	nesting_step(n, "one failed");
	n->broken = NULL;
	ASK(RETRY, 4);
	nesting_step(n, "retry");
	nesting_run(n);
	nesting_step(n, "it ended");
	unstick(n);
	nesting_step(n, "end");
}

NESTING_CASE(items_both, "both items failed, and one of them is retried")
{
	n->broken = "low.p";
	run_stuck(n, "mid_items", NULL);
	nesting_step(n, "failed");
	n->broken = NULL;
	ASK(RETRY, 4);
	nesting_run(n);
	nesting_step(n, "retry of one");
	ASK(RETRY, 3);
	nesting_run(n);
	nesting_step(n, "of the other");
}

NESTING_CASE(items_together, "both items are retried at once")
{
	n->broken = "low.p";
	run_stuck(n, "mid_items", NULL);
	nesting_step(n, "failed");
	n->broken = NULL;
	ASK(RETRY, 4);
	ASK(RETRY, 3);
	nesting_step(n, "retries");
	nesting_run(n);
	nesting_step(n, "end");
}

NESTING_CASE(twice, "what is asked for twice is done once")
{
	n->broken = "low.p";
	run_stuck(n, "mid", NULL);
	nesting_step(n, "failed");
	n->broken = NULL;
	ASK(RETRY, 3);
	ASK(RETRY, 3);
	ASK(RETRY, 1, .resume_subworkflows = true);
	ASK(RESTART, 2);
	rerun_task(n, 1, "['side']");
	nesting_step(n, "retries");
	nesting_run(n);
	nesting_step(n, "end");
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, again_failed);
	ATF_TP_ADD_TC(tp, paused_mid);
	ATF_TP_ADD_TC(tp, frozen_mid);
	ATF_TP_ADD_TC(tp, paused_top);
	ATF_TP_ADD_TC(tp, canceled);
	ATF_TP_ADD_TC(tp, canceled_top);
	ATF_TP_ADD_TC(tp, killed);
	ATF_TP_ADD_TC(tp, terminated);
	ATF_TP_ADD_TC(tp, mid_canceled);
	ATF_TP_ADD_TC(tp, mid_terminated);
	ATF_TP_ADD_TC(tp, handled);
	ATF_TP_ADD_TC(tp, handling);
	ATF_TP_ADD_TC(tp, replaced);
	ATF_TP_ADD_TC(tp, replaced_below);
	ATF_TP_ADD_TC(tp, child_runs);
	ATF_TP_ADD_TC(tp, beside_child);
	ATF_TP_ADD_TC(tp, top_runs);
	ATF_TP_ADD_TC(tp, mid_ends);
	ATF_TP_ADD_TC(tp, item_again);
	ATF_TP_ADD_TC(tp, items_both);
	ATF_TP_ADD_TC(tp, items_together);
	ATF_TP_ADD_TC(tp, twice);
	return atf_no_error();
}
