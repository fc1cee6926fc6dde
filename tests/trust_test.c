/* links: tests/scene.c tests/invariants.c tests/witness.c tests/task_changes.c tests/expected_end.c libcore.a libweir.a ; libs: msgpack lua5.4 jansson m */
/*
 * trust_test: a workflow of somebody else that came only after the one that
 * names it, what is said of it, and what is done about it.
 */

#include "tests/scene_case.h"

#define ANN 1001
#define EVE 1002
#define SQ(more) \
	"{'workflow': 'sq', " more "'tasks': {'a': {'workflow': 'notthere'}}}"

static const struct actor ann = {
    .uid = ANN, .name = "ann", .role = ROLE_OPERATOR};
static const struct actor eve = {
    .uid = EVE, .name = "eve", .role = ROLE_OPERATOR};

/* Whether it is a new version. */
static bool
define_as(struct scene *s, const struct actor *by, const char *json)
{
	struct command c = scene_command(COMMAND_DEFINITION_PUT);
	struct value *v = scene_value(json);
	struct definition_errors errors;
	msgpack_zone zone;
	msgpack_object o;

	msgpack_zone_init(&zone, 4096);
	value_unpack(v, &zone, &o);
	c.by = *by;
	c.definition =
	    definition_parse(s->live->expressions, &o, NULL, NULL, &errors);
	ATF_REQUIRE(c.definition != NULL);
	definition_errors_free(&errors);
	msgpack_zone_destroy(&zone);
	s->now += SECOND;
	ATF_REQUIRE(scene_do(s, &c) || !s->reply.created);
	ATF_REQUIRE_EQ(s->reply.error, ERROR_NONE);
	definition_unref(c.definition);
	value_unref(v);
	return s->reply.created;
}

static uint64_t
start_as(struct scene *s, const struct actor *by, const char *workflow)
{
	struct command c = scene_command(COMMAND_START);

	c.by = *by;
	c.name = workflow;
	ATF_REQUIRE(scene_do(s, &c));
	return s->reply.execution;
}

SCENE_CASE(after, "the way the refusal names leads to where it says")
{
	uint64_t id;

	ATF_REQUIRE(define_as(s, &ann, SQ("")));
	ATF_REQUIRE(define_as(s, &eve,
	    "{'workflow': 'notthere', 'tasks': {'a': {'run': "
	    "['x']}}}"));
	id = start_as(s, &ann, "sq");
	STATUS(id, "failed");
	REQUIRE_REASON(id,
	    "notthere belongs to eve and was stored after "
	    "version 1 of sq");
	REQUIRE_REASON(id,
	    "change the file of sq (a word of its description "
	    "is enough) and define it again");
	/* To say the same once more, as a run of a file does, is no consent. */
	ATF_REQUIRE(!define_as(s, &ann, SQ("")));
	STATUS(start_as(s, &ann, "sq"), "failed");
	ATF_REQUIRE(define_as(s, &ann, SQ("'description': 'with it', ")));
	id = start_as(s, &ann, "sq");
	STATUS(id, "running");
	EXIT(id + 1, "a", 0);
	STATUS(id, "completed");
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, after);
	return atf_no_error();
}
