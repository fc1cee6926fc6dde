/* crash_ledger: what was acknowledged, and how it is checked. */

#include "tests/crash_ledger.h"

#include <atf-c.h>
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#include "tests/crash_attempt.h"
#include "tests/transcript_json.h"

#define PATIENCE 60000 /* ms */

#define COMMAND                                                                \
	"'run': ['sh', '-c', '" TRACE_BEGIN                                    \
	"case $D in 0) ;; /*) until [ -e $D ]; do sleep 0.05; done ;; "        \
	"*) sleep $D ;; esac; " TRACE_END(                                     \
	    "$(($$ % 3))") "'], 'env': {'T': '${{ input.trace }}', 'D': '${{ " \
			   "input.delay }}'}"
#define INPUT                                                       \
	"'input': {'trace': {'type': 'string'}, 'delay': {'type': " \
	"'string'}, 'token': {'type': 'string'}}"

static const struct {
	const char *name;
	const char *definition;
} flows[] = {
    [FLOW_RETRY] = {"retry",
	"{'workflow': 'retry', " INPUT ", 'tasks': {'a': {" COMMAND
	", 'retry': {'count': 3, 'delay': '1ms'}, 'next': [{'when': "
	"'always', 'do': 'b'}]}, 'b': {" COMMAND "}}}"},
    [FLOW_FAIL] = {"fail",
	"{'workflow': 'fail', " INPUT ", 'tasks': {'a': {" COMMAND
	", 'on_lost': 'fail'}}}"},
    [FLOW_ASK] = {"ask",
	"{'workflow': 'ask', " INPUT ", 'tasks': {'a': {" COMMAND
	", 'on_lost': 'ask'}}}"},
    [FLOW_ITEMS] = {"items",
	"{'workflow': 'items', " INPUT
	", 'tasks': {'a': {'items': [1, 2, 3], " COMMAND
	", 'retry': {'count': 1}, 'on_lost': 'retry'}}}"},
    [FLOW_GATE] = {"gate",
	"{'workflow': 'gate', " INPUT
	", 'tasks': {'a': {'wait': {'signal': 'go'}, 'next': [{'do': "
	"'z'}]}, 'z': {'wait': {'signal': 'end'}}}}"},
};

static const char *const verbs[] = {
    [VERB_START] = "start",
    [VERB_PAUSE] = "pause",
    [VERB_RESUME] = "resume",
    [VERB_GO] = "signal",
    [VERB_UPDATE] = "update",
    [VERB_END] = "last signal",
    [VERB_CANCEL] = "cancel",
    [VERB_TERMINATE] = "terminate",
    [VERB_PUT] = "put",
    [VERB_DISABLE] = "disable",
    [VERB_ENABLE] = "enable",
};

static struct record *find(struct ledger *, const char *token);
static void check_list(struct ledger *, struct weir *, bool whole);
static bool
check_page(struct ledger *, const msgpack_object *, uint64_t newest);
static void check_entry(struct ledger *, const msgpack_object *, uint64_t);
static void check_client(struct ledger *, struct weir *, unsigned, bool whole);
static void check_record(struct ledger *, struct weir *, struct record *);
static void
check_gate(struct ledger *, struct record *, const msgpack_object *);
static void
check_command(struct ledger *, struct record *, const msgpack_object *);
static bool
stands_so(const struct record *, struct standing, const msgpack_object *);
static void check_workflow(struct ledger *, struct weir *, unsigned);
static void count_pending(struct ledger *, enum verb, bool whole);
static bool has_ended(const msgpack_object *);
static bool answer_left(struct ledger *, struct weir *);

void
ledger_make(struct ledger *l, struct crash_daemon *d, unsigned clients)
{
	memset(l, 0, sizeof(*l));
	l->daemon = d;
	l->trace.path = d->trace;
	l->nclients = clients;
	for (unsigned i = 0; i < clients; i++) {
		l->clients[i].records =
		    calloc(LEDGER_RECORDS, sizeof(struct record));
		ATF_REQUIRE(l->clients[i].records != NULL);
	}
}

void
ledger_free(struct ledger *l)
{
	for (unsigned i = 0; i < l->nclients; i++)
		free(l->clients[i].records);
	trace_free(&l->trace);
}

const char *
ledger_flow(enum flow flow)
{
	return flows[flow].name;
}

int
ledger_try(struct weir *weir, const char *method, const char *params,
    struct weir_message *answer)
{
	msgpack_sbuffer buffer;
	msgpack_packer packer;
	int error;

	msgpack_sbuffer_init(&buffer);
	msgpack_packer_init(&packer, &buffer, msgpack_sbuffer_write);
	json_to_msgpack(params, &packer);
	error =
	    weir_call(weir, method, buffer.data, buffer.size, PATIENCE, answer);
	msgpack_sbuffer_destroy(&buffer);
	return error;
}

void
ledger_call(struct weir *weir, const char *method, const char *params,
    struct told *told)
{
	struct weir_message answer;
	int error = ledger_try(weir, method, params, &answer);

	if (error != WEIR_OK)
		atf_tc_fail("%s %s: %s", method, params,
		    error < 0 ? weir_strerror(error) : answer.text);
	told_take(told, &answer);
}

void
ledger_define(struct ledger *l)
{
	struct weir *weir = weir_open(l->daemon->socket);

	ATF_REQUIRE(weir != NULL && ledger_define_by(weir));
	weir_close(weir);
}

bool
ledger_define_by(struct weir *weir)
{
	struct weir_message answer;
	char params[4096];
	int error;

	for (unsigned i = 0; i < FLOWS; i++) {
		snprintf(params, sizeof(params), "{'definition': %s}",
		    flows[i].definition);
		error = ledger_try(weir, "definition.put", params, &answer);
		if (error < 0)
			return false;
		ATF_REQUIRE_MSG(error == WEIR_OK, "%s", answer.text);
	}
	return true;
}

struct record *
ledger_record(struct ledger *l, unsigned client, enum flow flow)
{
	struct ledger_client *c = &l->clients[client];
	struct record *r = &c->records[c->nrecords];

	ATF_REQUIRE(c->nrecords < LEDGER_RECORDS);
	r->flow = flow;
	snprintf(r->token, sizeof(r->token), "c%u-%u", client, c->nrecords);
	c->nrecords++;
	return r;
}

static struct record *
find(struct ledger *l, const char *token)
{
	unsigned client, n;

	if (sscanf(token, "c%u-%u", &client, &n) != 2 ||
	    client >= l->nclients || n >= l->clients[client].nrecords)
		atf_tc_fail("an execution that nobody asked for: %s", token);
	return &l->clients[client].records[n];
}

struct standing
ledger_after(const struct record *r, enum verb verb)
{
	struct standing s = r->standing;

	switch (verb) {
	case VERB_START:
		s.there = true;
		break;
	case VERB_PAUSE:
	case VERB_RESUME:
		s.paused = verb == VERB_PAUSE;
		break;
	case VERB_GO:
	case VERB_UPDATE:
		s.went = verb;
		break;
	case VERB_END:
	case VERB_CANCEL:
	case VERB_TERMINATE:
		s.ended = verb;
		s.paused = false;
		break;
	default:
		break;
	}
	return s;
}

static void
count_pending(struct ledger *l, enum verb verb, bool whole)
{
	if (verb != VERB_NONE)
		(whole ? l->whole : l->never)[verb]++;
}

void
ledger_check(struct ledger *l, bool whole)
{
	struct weir *weir = weir_open(l->daemon->socket);

	ATF_REQUIRE_MSG(weir != NULL, "%s", strerror(errno));
	check_list(l, weir, whole);
	for (unsigned i = 0; i < l->nclients; i++) {
		check_client(l, weir, i, whole);
		check_workflow(l, weir, i);
	}
	weir_close(weir);
	trace_read(&l->trace);
	trace_check_once(&l->trace);
}

/* Every execution there is was asked for, once, and has its own id. */
static void
check_list(struct ledger *l, struct weir *weir, bool whole)
{
	uint64_t after = 0, newest = l->newest;
	struct told told;
	char params[80];
	bool more = true;

	while (more) {
		snprintf(params, sizeof(params),
		    after == 0 ? "{'limit': 500}"
			       : "{'limit': 500, 'after': %" PRIu64 "}",
		    after);
		ledger_call(weir, "execution.list", params, &told);
		more = check_page(l, &told.object, whole ? 0 : newest);
		after = told_number(&told.object, "next");
		more = more && after != 0;
		told_drop(&told);
	}
}

/* False once what comes is older. */
static bool
check_page(struct ledger *l, const msgpack_object *page, uint64_t newest)
{
	const msgpack_object *list = told_member(page, "executions");
	uint64_t id;

	for (uint32_t i = 0; i < list->via.array.size; i++) {
		id = told_number(&list->via.array.ptr[i], "id");
		if (id <= newest)
			return false;
		if (id > l->newest)
			l->newest = id;
		check_entry(l, &list->via.array.ptr[i], id);
	}
	return true;
}

static void
check_entry(struct ledger *l, const msgpack_object *entry, uint64_t id)
{
	struct record *r;
	char text[64];

	told_text(entry, "correlation_id", text, sizeof(text));
	r = find(l, text);
	told_text(entry, "workflow", text, sizeof(text));
	ATF_REQUIRE_MSG(strcmp(text, flows[r->flow].name) == 0,
	    "execution %" PRIu64 " is one of %s, not of %s", id, text,
	    flows[r->flow].name);
	if (r->standing.there && r->id != id)
		atf_tc_fail("%s is execution %" PRIu64 " and %" PRIu64,
		    r->token, r->id, id);
	if (r->standing.there)
		return;
	ATF_REQUIRE_MSG(r->pending == VERB_START,
	    "%s was not there, and is execution %" PRIu64 " now", r->token, id);
	count_pending(l, VERB_START, true);
	r->id = id;
	r->standing.there = true;
	r->pending = VERB_NONE;
}

static void
check_client(struct ledger *l, struct weir *weir, unsigned client, bool whole)
{
	struct ledger_client *c = &l->clients[client];

	for (unsigned i = whole ? 0 : c->live; i < c->nrecords; i++) {
		struct record *r = &c->records[i];

		/* With a key it is asked for again. */
		if (!r->standing.there && r->pending == VERB_START &&
		    !r->keyed) {
			count_pending(l, VERB_START, false);
			r->pending = VERB_NONE;
			r->settled = true;
		}
		if (r->standing.there && (whole || !r->settled))
			check_record(l, weir, r);
	}
	while (c->live < c->nrecords && c->records[c->live].settled)
		c->live++;
}

static void
check_record(struct ledger *l, struct weir *weir, struct record *r)
{
	const unsigned char *bytes;
	struct told told;
	char params[64];
	uint64_t sum = 14695981039346656037U;
	struct weir_message answer;
	int error;

	snprintf(params, sizeof(params), "{'id': %" PRIu64 "}", r->id);
	error = ledger_try(weir, "execution.get", params, &answer);
	ATF_REQUIRE_MSG(error == WEIR_OK, "%s, execution %" PRIu64 ": %s",
	    r->token, r->id, error < 0 ? weir_strerror(error) : answer.text);
	bytes = answer.body;
	for (size_t i = 0; i < answer.size; i++)
		sum = (sum ^ bytes[i]) * 1099511628211U;
	told_take(&told, &answer);
	ATF_REQUIRE_MSG(told_number(&told.object, "revision") >= r->revision,
	    "%s goes back from revision %" PRIu64 " to %" PRIu64, r->token,
	    r->revision, told_number(&told.object, "revision"));
	r->revision = told_number(&told.object, "revision");
	if (r->settled) {
		ATF_REQUIRE_MSG(sum == r->sum,
		    "%s, execution %" PRIu64 ", had ended and is another now",
		    r->token, r->id);
	} else if (r->flow == FLOW_GATE)
		check_gate(l, r, &told.object);
	else
		check_command(l, r, &told.object);
	if (!r->settled && has_ended(&told.object)) {
		r->settled = true;
		r->sum = sum;
		l->executions++;
		if (r->flow != FLOW_GATE)
			attempts_count(l, &told.object);
	}
	told_drop(&told);
}

static bool
has_ended(const msgpack_object *execution)
{
	return told_member(execution, "ended_at")->type != MSGPACK_OBJECT_NIL &&
	    told_number(execution, "callouts") == 0;
}

/* As it stands, or as it would with what was not answered. */
static void
check_gate(struct ledger *l, struct record *r, const msgpack_object *execution)
{
	struct standing after = ledger_after(r, r->pending);
	bool whole = false;

	if (!stands_so(r, r->standing, execution)) {
		whole =
		    r->pending != VERB_NONE && stands_so(r, after, execution);
		if (!whole) {
			msgpack_object_print(stdout, *execution);
			atf_tc_fail(
			    "%s, execution %" PRIu64 ", is to stand: paused "
			    "%d, first wait ended by %s, ended by %s; not "
			    "answered: %s",
			    r->token, r->id, r->standing.paused,
			    r->standing.went ? verbs[r->standing.went] : "none",
			    r->standing.ended ? verbs[r->standing.ended]
					      : "none",
			    r->pending ? verbs[r->pending] : "nothing");
		}
		r->standing = after;
	}
	count_pending(l, r->pending, whole);
	r->pending = VERB_NONE;
}

static bool
stands_so(
    const struct record *r, struct standing s, const msgpack_object *execution)
{
	static const char *const ends[] = {
	    [VERB_END] = "completed",
	    [VERB_CANCEL] = "canceled",
	    [VERB_TERMINATE] = "terminated",
	};
	const msgpack_object *tasks = told_member(execution, "tasks"), *task;
	char status[32], text[64], wanted[64];

	told_text(execution, "status", status, sizeof(status));
	snprintf(wanted, sizeof(wanted), "%s",
	    s.ended != VERB_NONE ? ends[s.ended]
		: s.paused	 ? "paused"
				 : "pending, running, waiting");
	if (strstr(wanted, status) == NULL)
		return false;
	told_text(execution, "reason", text, sizeof(text));
	if (s.ended == VERB_TERMINATE && strcmp(text, r->token) != 0)
		return false;
	if (tasks->via.array.size < 1)
		return false;
	task = &tasks->via.array.ptr[0];
	told_text(task, "status", status, sizeof(status));
	if ((s.went != VERB_NONE) != (strcmp(status, "completed") == 0))
		return false;
	told_text(task, "output", text, sizeof(text));
	snprintf(wanted, sizeof(wanted), "%s-%s",
	    s.went == VERB_GO ? "go" : "up", r->token);
	return s.went == VERB_NONE || strcmp(text, wanted) == 0;
}

/* Commands end when they do: only what was acknowledged is certain. */
static void
check_command(
    struct ledger *l, struct record *r, const msgpack_object *execution)
{
	char status[32];
	bool ended = has_ended(execution), whole;

	told_text(execution, "status", status, sizeof(status));
	whole = strcmp(status, "canceled") == 0 ||
	    strcmp(status, "terminated") == 0 ||
	    strcmp(status, "canceling") == 0;
	if (r->standing.ended != VERB_NONE)
		ATF_REQUIRE_MSG(whole, "%s was ended by %s, and is %s",
		    r->token, verbs[r->standing.ended], status);
	else if (whole)
		ATF_REQUIRE_MSG(
		    r->pending == VERB_CANCEL || r->pending == VERB_TERMINATE,
		    "%s was not ended by anybody, and is %s", r->token, status);
	if (r->pending != VERB_NONE) {
		count_pending(l, r->pending, whole);
		if (whole)
			r->standing.ended = r->pending;
		r->pending = VERB_NONE;
	}
	trace_read(&l->trace);
	attempts_check(l, execution, ended);
}

/* The client's own workflow: its newest version, and whether it is enabled. */
static void
check_workflow(struct ledger *l, struct weir *weir, unsigned client)
{
	struct ledger_client *c = &l->clients[client];
	char params[64], text[64], wanted[64], after[64];
	const msgpack_object *list;
	bool disabled = false;
	uint64_t version;
	struct told told;

	if (c->put == 0 && c->pending == VERB_NONE)
		return;
	snprintf(params, sizeof(params), "d%u", client);
	ledger_call(weir, "definition.list", "{}", &told);
	list = told_member(&told.object, "definitions");
	snprintf(wanted, sizeof(wanted), "t%u", c->put);
	snprintf(after, sizeof(after), "t%u", c->put + 1);
	text[0] = '\0';
	version = 0;
	for (uint32_t i = 0; i < list->via.array.size; i++) {
		const msgpack_object *one = &list->via.array.ptr[i];

		if (!told_is(told_member(one, "workflow"), params))
			continue;
		version = told_number(one, "version");
		told_text(one, "description", text, sizeof(text));
		disabled = told_is(told_member(one, "status"), "disabled");
	}
	told_drop(&told);
	if (c->pending == VERB_PUT && strcmp(text, after) == 0) {
		count_pending(l, c->pending, true);
		c->put++;
		c->version++;
	} else {
		ATF_REQUIRE_MSG(c->put == 0 || strcmp(text, wanted) == 0,
		    "d%u is %s, not %s", client, text, wanted);
		if (c->pending == VERB_PUT)
			count_pending(l, c->pending, false);
	}
	ATF_REQUIRE_EQ(c->version, version);
	if (c->pending == VERB_DISABLE || c->pending == VERB_ENABLE) {
		count_pending(l, c->pending, disabled != c->disabled);
		c->disabled = disabled;
	}
	ATF_REQUIRE_EQ(c->disabled, disabled);
	c->pending = VERB_NONE;
}

/* Answers what waits for an operator since it was lost; false: nothing. */
static bool
answer_left(struct ledger *l, struct weir *weir)
{
	bool some = false;

	for (unsigned i = 0; i < l->nclients; i++)
		for (unsigned n = l->clients[i].live;
		     n < l->clients[i].nrecords; n++) {
			const struct record *r = &l->clients[i].records[n];

			if (r->flow == FLOW_ASK && r->standing.there &&
			    !r->settled && attempts_answer(weir, r->id))
				some = true;
		}
	return some;
}

void
ledger_settle(struct ledger *l)
{
	struct weir *weir = weir_open(l->daemon->socket);
	struct told told;
	char params[96];
	bool busy = true;

	ATF_REQUIRE_MSG(weir != NULL, "%s", strerror(errno));
	for (int i = 0; busy; i++) {
		ATF_REQUIRE_MSG(i < PATIENCE / 5, "commands never end");
		busy = answer_left(l, weir);
		for (unsigned f = 0; f < FLOW_GATE && !busy; f++) {
			snprintf(params, sizeof(params),
			    "{'filter': {'workflow': '%s', 'status': "
			    "['pending', 'running', 'canceling']}}",
			    flows[f].name);
			ledger_call(weir, "execution.list", params, &told);
			busy = told_member(&told.object, "executions")
				   ->via.array.size > 0;
			told_drop(&told);
		}
		ledger_call(weir, "engine.status", "{}", &told);
		busy = busy || told_number(&told.object, "callouts") > 0;
		told_drop(&told);
		if (busy)
			poll(NULL, 0, 5);
	}
	weir_close(weir);
}

void
ledger_print(const struct ledger *l)
{
	printf("asked, and acknowledged / not answered and done / not "
	       "answered and not done:\n");
	for (unsigned v = VERB_START; v < VERBS; v++)
		if (l->acknowledged[v] + l->whole[v] + l->never[v] > 0)
			printf("%12s %8lu %6lu %6lu\n", verbs[v],
			    l->acknowledged[v], l->whole[v], l->never[v]);
	printf("%lu executions ended, with %lu attempts: %lu exited, %lu by a "
	       "signal, %lu lost, %lu not started\n",
	    l->executions, l->attempts, l->exited, l->signaled, l->lost,
	    l->unstarted);
}
