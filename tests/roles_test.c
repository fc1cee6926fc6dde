/* links: tests/scratch_daemon.c tests/scratch_peer.c tests/transcript_json.c libweir.a ; libs: msgpack jansson */
/*
 * roles_test: who may do what: every method of the catalogue, asked by peers of
 * every role, of what is their own and of what is another's.  What is expected
 * comes from the catalogue, peers are processes with users of their own, and
 * the daemon is a real one.
 */

#include <atf-c.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "libproto/catalogue.h"
#include "libproto/errors.h"
#include "tests/scratch_daemon.h"
#include "tests/scratch_peer.h"

#define SOMEBODY 61009 /* whose the things are that are another's */
#define DAEMON 61005   /* the user of the daemon that is not root's */
#define CELLS 2048

/* As in weird.conf; OWN is that of root and of the daemon's own user. */
enum rank { NONE, VIEWER, OPERATOR, ADMIN };

static const struct who {
	const char *name;
	uint32_t uid;
	enum rank rank;
} whos[] = {
    {"nobody", 61001, NONE},
    {"a viewer", 61002, VIEWER},
    {"an operator", 61003, OPERATOR},
    {"an admin", 61004, ADMIN},
    {"root", 0, ADMIN},
    {"the daemon's user", DAEMON, ADMIN},
};
#define WHOS (sizeof(whos) / sizeof(whos[0]))

/* Parameters that a method need not have, and here has. */
static const struct extra {
	enum method_id method;
	const char *json;
} extras[] = {
    {METHOD_DEFINITION_SET_SAFETY, "'clear': true"},
    {METHOD_EXECUTION_WAIT, "'timeout': 0"},
};
#define EXTRAS (sizeof(extras) / sizeof(extras[0]))

/* What weird.conf says meanwhile. */
static const struct pass {
	const char *when, *conf;
	bool any;   /* operators operate everyone's */
	bool shown; /* viewers see everyone's values */
} passes[] = {
    {"as it is", "", false, false},
    {"operator_any", "operator_any: true\n", true, false},
    {"show_inputs", "show_inputs: true\n", false, true},
};
#define PASSES (sizeof(passes) / sizeof(passes[0]))

struct cell {
	const struct pass *pass;
	enum method_id method;
	const struct who *who;
	bool own;
	uint64_t execution;
	char workflow[32];
};

static struct cell cells[CELLS];
static unsigned ncells;
static struct scratch_peer *peers[WHOS], *somebody, *root;
static unsigned done, refused;

static bool takes_part(const struct who *, uint32_t daemon);
static struct scratch_peer *peer_of(const struct cell *);
static void add_cells(const struct pass *, const struct who *);
static void make_target(struct cell *);
static void parameters(const struct cell *, char *json, size_t size);
static void
value_of(const struct cell *, const struct parameter *, char *json, size_t);
static int expected(const struct cell *);
static uint64_t last_event(void);
static void try(const struct cell *);
static void configure(const char *roles, const char *text);
static void run_pass(const struct pass *, uint32_t daemon);
static void run_matrix(uint32_t daemon);

static bool
takes_part(const struct who *who, uint32_t daemon)
{
	return who->uid != DAEMON || daemon == DAEMON;
}

static struct scratch_peer *
peer_of(const struct cell *cell)
{
	return peers[cell->who - whos];
}

static void
add_cells(const struct pass *pass, const struct who *who)
{
	for (int method = 0; method < METHODS; method++)
		for (int own = 0; own < 2; own++) {
			struct cell *cell = &cells[ncells];

			ATF_REQUIRE(ncells < CELLS);
			*cell = (struct cell){
			    .pass = pass,
			    .method = (enum method_id)method,
			    .who = who,
			    .own = own == 1,
			};
			snprintf(cell->workflow, sizeof(cell->workflow), "w%u",
			    ncells++);
			make_target(cell);
		}
}

/* While all are operators: a workflow, and an execution that waits. */
static void
make_target(struct cell *cell)
{
	struct scratch_peer *owner = cell->own ? peer_of(cell) : somebody;
	struct scratch_answer answer;

	scratch_peer_ask(owner, &answer, "definition.put",
	    "{'definition': {'workflow': '%s', 'tasks': {'a': {'wait': "
	    "{'approval': 'well?'}}}}}",
	    cell->workflow);
	ATF_REQUIRE_EQ(0, answer.error);
	scratch_peer_ask(owner, &answer, "execution.start",
	    "{'workflow': '%s'}", cell->workflow);
	ATF_REQUIRE_EQ(0, answer.error);
	cell->execution = scratch_answer_number(&answer, "id");
	ATF_REQUIRE(cell->execution != 0);
}

/* All that the method must have, and of two ways the first. */
static void
parameters(const struct cell *cell, char *json, size_t size)
{
	const struct parameter *p = catalogue_method(cell->method)->parameters;
	const char *comma = "";
	bool either = false;
	char value[256];

	snprintf(json, size, "{");
	for (; p->name != NULL; p++) {
		if (p->need == PARAMETER_OPTIONAL ||
		    (p->need == PARAMETER_EITHER && either))
			continue;
		either = either || p->need == PARAMETER_EITHER;
		value_of(cell, p, value, sizeof(value));
		snprintf(json + strlen(json), size - strlen(json), "%s'%s': %s",
		    comma, p->name, value);
		comma = ", ";
	}
	for (size_t i = 0; i < EXTRAS; i++)
		if (extras[i].method == cell->method)
			snprintf(json + strlen(json), size - strlen(json),
			    "%s%s", comma, extras[i].json);
	snprintf(json + strlen(json), size - strlen(json), "}");
}

static void
value_of(
    const struct cell *cell, const struct parameter *p, char *json, size_t size)
{
	uintmax_t id = cell->execution;

	switch (p->type) {
	case PARAMETER_UINT:
		snprintf(json, size, "%ju", id);
		break;
	case PARAMETER_IDS:
		snprintf(json, size, "[%ju]", id);
		break;
	case PARAMETER_NAME:
		snprintf(json, size, "'%s'", cell->workflow);
		break;
	case PARAMETER_TASK:
	case PARAMETER_STR:
		snprintf(json, size, "'a'");
		break;
	case PARAMETER_WORD:
		snprintf(json, size, "'%.*s'", (int)strcspn(p->words, "|"),
		    p->words);
		break;
	case PARAMETER_ANY:
		snprintf(json, size,
		    "{'workflow': '%s', 'tasks': {'b': {'set': {}}}}",
		    cell->workflow);
		break;
	default:
		atf_tc_fail("%s: what should %s be?",
		    catalogue_method(cell->method)->name, p->name);
	}
}

/* As the catalogue says: 0 or the code of the refusal. */
static int
expected(const struct cell *cell)
{
	const struct method *method = catalogue_method(cell->method);
	static const enum rank needs[] = {
	    [METHOD_FOR_ANY] = NONE,
	    [METHOD_FOR_VIEWER] = VIEWER,
	    [METHOD_FOR_OPERATOR] = OPERATOR,
	    [METHOD_FOR_ADMIN] = ADMIN,
	};
	const struct who *who = cell->who;
	bool any =
	    who->rank == ADMIN || (who->rank == OPERATOR && cell->pass->any);
	bool may = true;

	if (who->rank < needs[method->role])
		return who->rank == NONE ? ERROR_UNAUTHORIZED : ERROR_FORBIDDEN;
	switch (method->whose) {
	case METHOD_OF_ANYONE:
		break;
	case METHOD_OF_READER:
		may = cell->own || any || cell->pass->shown;
		break;
	case METHOD_OF_OWNER:
	case METHOD_OF_APPROVER: /* no groups are named here */
		may = cell->own || any;
		break;
	case METHOD_OF_AUTHOR:
		may = cell->own || who->rank == ADMIN;
		break;
	}
	return may ? 0 : ERROR_FORBIDDEN;
}

static uint64_t
last_event(void)
{
	struct scratch_answer answer;

	scratch_peer_ask(root, &answer, "engine.status", "{}");
	ATF_REQUIRE_EQ(0, answer.error);
	return scratch_answer_number(&answer, "journal.last");
}

/* What is refused leaves no trace. */
static void
try(const struct cell *cell)
{
	const struct method *method = catalogue_method(cell->method);
	static struct scratch_answer answer;
	uint64_t before = last_event();
	int wanted = expected(cell), error;
	char json[1024];
	bool right;

	parameters(cell, json, sizeof(json));
	scratch_peer_ask(peer_of(cell), &answer, method->name, "%s", json);
	error = answer.error != 0 ? answer.error : answer.failed;
	right = wanted != 0 ? error == wanted
			    : error >= 0 && error != ERROR_UNAUTHORIZED &&
		error != ERROR_FORBIDDEN;
	if (!right)
		atf_tc_fail_nonfatal("%s: %s by %s, of %s: %d rather than %d: "
				     "%s",
		    cell->pass->when, method->name, cell->who->name,
		    cell->own ? "its own" : "another's", error, wanted,
		    answer.text);
	done++;
	if (wanted != 0) {
		refused++;
		if (last_event() != before)
			atf_tc_fail_nonfatal("%s: %s by %s was refused, and "
					     "has left an event",
			    cell->pass->when, method->name, cell->who->name);
	} else if (cell->method == METHOD_ENGINE_STOP) {
		scratch_daemon_ends();
		scratch_daemon_start();
	}
}

static void
configure(const char *roles, const char *text)
{
	static struct scratch_answer answer;
	FILE *file = fopen("weird.conf.new", "w");

	ATF_REQUIRE(file != NULL);
	fprintf(file, "roles: %s\n%s", roles, text);
	ATF_REQUIRE_EQ(0, fclose(file));
	ATF_REQUIRE_EQ(0, rename("weird.conf.new", "weird.conf"));
	if (root == NULL)
		return;
	scratch_peer_ask(root, &answer, "engine.reload", "{}");
	ATF_REQUIRE_EQ_MSG(0, answer.error, "%s", answer.text);
}

/* Things are made while everyone may make them. */
static void
run_pass(const struct pass *pass, uint32_t daemon)
{
	unsigned first = ncells;

	configure(
	    "{operator: {users: [61001, 61002, 61003, 61004, 61009]}}", "");
	for (size_t i = 0; i < WHOS; i++)
		if (takes_part(&whos[i], daemon) &&
		    (pass == passes || whos[i].rank == VIEWER ||
			whos[i].rank == OPERATOR))
			add_cells(pass, &whos[i]);
	configure("{viewer: {users: [61002]}, operator: {users: 61003}, "
		  "admin: {groups: 61004}}",
	    pass->conf);
	for (unsigned i = first; i < ncells; i++)
		try(&cells[i]);
}

static void
run_matrix(uint32_t daemon)
{
	if (getenv("WEIR_BIN") == NULL)
		atf_tc_skip("WEIR_BIN is not set; run by make check");
	scratch_peer_directory(daemon);
	configure("{}", "");
	scratch_daemon_user(daemon);
	scratch_daemon_start();
	root = scratch_peer_new(0, 0);
	somebody = scratch_peer_new(SOMEBODY, SOMEBODY);
	for (size_t i = 0; i < WHOS; i++)
		if (takes_part(&whos[i], daemon))
			peers[i] =
			    scratch_peer_new(whos[i].uid, (gid_t)whos[i].uid);
	for (size_t i = 0; i < PASSES; i++)
		run_pass(&passes[i], daemon);
	scratch_daemon_stop();
	printf("%d methods by roles and whose, 3 configurations: %u cells, %u "
	       "of them refused\n",
	    METHODS, done, refused);
	ATF_CHECK_EQ(ncells, done);
}

ATF_TC(of_root);
ATF_TC_HEAD(of_root, tc)
{
	atf_tc_set_md_var(tc, "descr", "every method, role and owner");
	atf_tc_set_md_var(tc, "require.user", "root");
}
ATF_TC_BODY(of_root, tc)
{
	run_matrix(0);
}

/* Others can do what its weird.conf says, root and its own user all. */
ATF_TC(of_a_user);
ATF_TC_HEAD(of_a_user, tc)
{
	atf_tc_set_md_var(
	    tc, "descr", "the same of a daemon that isn't root's");
	atf_tc_set_md_var(tc, "require.user", "root");
}
ATF_TC_BODY(of_a_user, tc)
{
	run_matrix(DAEMON);
}

ATF_TP_ADD_TCS(tp)
{
	ATF_TP_ADD_TC(tp, of_root);
	ATF_TP_ADD_TC(tp, of_a_user);
	return atf_no_error();
}
