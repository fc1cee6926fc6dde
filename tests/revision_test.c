/* links: tests/scene.c tests/invariants.c tests/witness.c tests/task_changes.c tests/expected_end.c libcore.a libweir.a ; libs: msgpack lua5.4 jansson m */
/* revision_test: what a revision is bound to, and what it is not. */

#include "daemon/core/family.h"
#include "tests/scene_case.h"

static uint64_t nest(struct scene *);
static uint64_t revision(const struct scene *, uint64_t);
static bool ask(struct scene *, enum command_type, uint64_t, uint64_t revision);

/* top runs mid and, beside it, side; mid runs leaf, whose callout is a. */
static uint64_t
nest(struct scene *s)
{
	scene_define(s,
	    "{'workflow': 'leaf', 'tasks': {'a': {'run': ['x'], 'next': "
	    "[{'do': 'b'}]}, 'b': {'run': ['x']}}}");
	scene_define(
	    s, "{'workflow': 'mid', 'tasks': {'l': {'workflow': 'leaf'}}}");
	scene_define(s,
	    "{'workflow': 'top', 'tasks': {'m': {'workflow': 'mid'}, 'side': "
	    "{'workflow': 'leaf'}, 'q': {'wait': {'signal': 'go'}}}}");
	return scene_start(s, "top", NULL);
}

static uint64_t
revision(const struct scene *s, uint64_t id)
{
	return execution_revision(s->live, scene_execution(s, id));
}

/* revision: that it is bound to; 0: to none. */
static bool
ask(struct scene *s, enum command_type type, uint64_t id, uint64_t bound)
{
	struct command c = scene_command(type);

	c.execution = id;
	c.if_revision = bound;
	c.hold = true;
	if (scene_do(s, &c))
		return true;
	ATF_REQUIRE_EQ(s->reply.error, ERROR_STATE_CONFLICT);
	return false;
}

#define LEAF (top + 3)
#define SIDE (top + 2)
#define MID (top + 1)

SCENE_CASE(parents, "a parent that moves on is seen from below")
{
	uint64_t top = nest(s), seen;

	ATF_REQUIRE_STREQ(scene_execution(s, LEAF)->workflow->name, "leaf");
	ATF_REQUIRE_EQ(scene_execution(s, LEAF)->k.parent, MID);
	EXIT(LEAF, "a", 0);
	EXIT(LEAF, "b", 0);
	STATUS(MID, "completed");
	seen = revision(s, LEAF);
	ATF_REQUIRE(ask(s, COMMAND_PAUSE, top, 0));
	ATF_REQUIRE(!ask(s, COMMAND_RERUN, LEAF, seen));
	ATF_REQUIRE(strstr(s->reply.message, "has moved on") != NULL);
	ATF_REQUIRE_EQ(s->reply.revision, revision(s, LEAF));
	ATF_REQUIRE(ask(s, COMMAND_RERUN, LEAF, revision(s, LEAF)));
}

SCENE_CASE(another, "a parent that has started another child is seen")
{
	uint64_t top = nest(s), seen;

	EXIT(LEAF, "a", 0);
	EXIT(LEAF, "b", 1);
	STATUS(MID, "failed");
	seen = revision(s, LEAF);
	/* What another branch does is not seen, unless the parent moves. */
	EXIT(SIDE, "a", 0);
	ATF_REQUIRE_EQ(revision(s, LEAF), seen);
	EXIT(SIDE, "b", 0);
	STATUS(top, "failed");
	ATF_REQUIRE(revision(s, LEAF) > seen);
	seen = revision(s, LEAF);
	ATF_REQUIRE(ask(s, COMMAND_RETRY, MID, 0));
	ATF_REQUIRE(!ask(s, COMMAND_RETRY, LEAF, seen));
}

SCENE_CASE(below, "what moves below is seen from above")
{
	uint64_t top = nest(s), seen = revision(s, top), of_mid;

	of_mid = revision(s, MID);
	EXIT(LEAF, "a", 0);
	ATF_REQUIRE(revision(s, top) > seen);
	ATF_REQUIRE(!ask(s, COMMAND_CANCEL, top, seen));
	ATF_REQUIRE(!ask(s, COMMAND_PAUSE, MID, of_mid));
	ATF_REQUIRE(ask(s, COMMAND_PAUSE, MID, revision(s, MID)));
	ATF_REQUIRE(ask(s, COMMAND_CANCEL, top, revision(s, top)));
}

SCENE_CASE(latest, "a new version of its workflow is seen")
{
	struct command c = scene_command(COMMAND_RESTART);
	uint64_t id, other;

	scene_define(s, "{'workflow': 'v', 'tasks': {'z': {'run': ['x']}}}");
	scene_define(s, "{'workflow': 'w', 'tasks': {'z': {'run': ['x']}}}");
	id = scene_start(s, "v", NULL);
	other = scene_start(s, "w", NULL);
	EXIT(id, "z", 0);
	EXIT(other, "z", 0);
	c.execution = id;
	c.if_revision = revision(s, id);
	ATF_REQUIRE_EQ(c.if_revision, scene_execution(s, id)->k.revision);
	c.latest = true;
	scene_define(s,
	    "{'workflow': 'v', 'tasks': {'z': {'run': ['x']}, 'zz': {'run': "
	    "['x']}}}");
	ATF_REQUIRE(!scene_do(s, &c));
	ATF_REQUIRE_EQ(s->reply.error, ERROR_STATE_CONFLICT);
	ATF_REQUIRE(ask(
	    s, COMMAND_RESTART, other, scene_execution(s, other)->k.revision));
	c.if_revision = revision(s, id);
	ATF_REQUIRE(scene_do(s, &c));
	ATF_REQUIRE(RUNS(id, "zz"));
}

SCENE_CASE(answered, "the revision that an answer has is the one that binds")
{
	uint64_t top = nest(s);

	ATF_REQUIRE_EQ(s->reply.revision, revision(s, top));
	ATF_REQUIRE(ask(s, COMMAND_PAUSE, top, s->reply.revision));
	ATF_REQUIRE_EQ(s->reply.revision, revision(s, top));
	ATF_REQUIRE(ask(s, COMMAND_PAUSE, LEAF, revision(s, LEAF)));
	ATF_REQUIRE_EQ(s->reply.revision, revision(s, LEAF));
	scene_recovers(s);
	revisions_find(s->live); /* finds what was counted */
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, parents);
	ATF_TP_ADD_TC(tp, another);
	ATF_TP_ADD_TC(tp, below);
	ATF_TP_ADD_TC(tp, latest);
	ATF_TP_ADD_TC(tp, answered);
	return atf_no_error();
}
