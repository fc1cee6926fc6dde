/* crash_client: what clients ask, one after the other or by chance. */

#include "tests/crash_client.h"

#include <atf-c.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/race_text.h"

#define LIVE_MAX 5 /* gates and commands of a client, each */

static void parameters(const struct ledger *, unsigned client,
    const struct record *, enum verb, const char *delay, char *, size_t);
static void granted(
    struct ledger *, struct record *, enum verb, const struct weir_message *);
static void started(struct record *, const struct weir_message *);
static void granted_workflow(
    struct ledger *, unsigned client, enum verb, const struct weir_message *);
static enum verb next_verb(const struct record *, unsigned *seed);
static struct record *pick(struct ledger *, unsigned client, unsigned *seed);
static unsigned count(struct ledger *, unsigned client, bool gates);
static bool once(struct loader *, struct weir *);
static bool ask(struct loader *, struct weir *, struct record *, enum verb);
static bool begin(struct loader *, struct weir *, bool gate);
static bool ask_again(struct loader *, struct weir *);
static void *run(void *);

static const char *const methods[] = {
    [VERB_START] = "execution.start",
    [VERB_PAUSE] = "execution.pause",
    [VERB_RESUME] = "execution.resume",
    [VERB_GO] = "task.signal",
    [VERB_UPDATE] = "task.update",
    [VERB_END] = "task.signal",
    [VERB_CANCEL] = "execution.cancel",
    [VERB_TERMINATE] = "execution.terminate",
    [VERB_PUT] = "definition.put",
    [VERB_DISABLE] = "definition.disable",
    [VERB_ENABLE] = "definition.enable",
};

/* I: the id, T: the token, in the parameters of what has nothing else. */
static const char *const forms[] = {
    [VERB_PAUSE] = "{'ids': [I], 'hold': true}",
    [VERB_RESUME] = "{'ids': [I]}",
    [VERB_GO] = "{'execution': I, 'name': 'go', 'output': 'go-T'}",
    [VERB_UPDATE] = ("{'execution': I, 'task': 'a', 'status': "
		     "'completed', 'output': 'up-T'}"),
    [VERB_END] = "{'execution': I, 'name': 'end'}",
    [VERB_CANCEL] = "{'ids': [I], 'kill': true}",
    [VERB_TERMINATE] = "{'ids': [I], 'reason': 'T'}",
};

static void
parameters(const struct ledger *l, unsigned client, const struct record *r,
    enum verb verb, const char *delay, char *text, size_t size)
{
	FILE *f = fmemopen(text, size, "w");

	ATF_REQUIRE(f != NULL);
	if (verb == VERB_START) {
		fprintf(f,
		    "{'workflow': '%s', 'correlation_id': '%s', 'input': "
		    "{'trace': '%s', 'delay': '%s', 'token': '%s'}",
		    ledger_flow(r->flow), r->token, l->daemon->trace, delay,
		    r->token);
		if (r->keyed)
			fprintf(f, ", 'idempotency_key': '%s'", r->token);
		fputc('}', f);
	} else if (verb == VERB_PUT)
		fprintf(f,
		    "{'definition': {'workflow': 'd%u', 'description': 't%u', "
		    "'tasks': {'a': {'wait': {'signal': 'x'}}}}}",
		    client, l->clients[client].put + 1);
	else if (verb == VERB_DISABLE || verb == VERB_ENABLE)
		fprintf(f, "{'workflow': 'd%u'}", client);
	else
		for (const char *c = forms[verb]; *c != '\0'; c++)
			if (*c == 'I')
				fprintf(f, "%" PRIu64, r->id);
			else if (*c == 'T')
				fputs(r->token, f);
			else
				fputc(*c, f);
	fclose(f);
}

bool
client_do(struct ledger *l, unsigned client, struct weir *weir,
    struct record *r, enum verb verb, const char *delay)
{
	struct weir_message answer;
	char params[1024], refusal[64];
	int error;

	/* With the same key only the same can be asked again. */
	if (r != NULL && r->delay == NULL)
		r->delay = delay;
	parameters(l, client, r, verb, r == NULL ? delay : r->delay, params,
	    sizeof(params));
	if (r != NULL)
		r->pending = verb;
	else
		l->clients[client].pending = verb;
	error = ledger_try(weir, methods[verb], params, &answer);
	if (error < 0)
		return false;
	race_answer(&answer, refusal);
	/* A command may have ended before it was to be. */
	if (strcmp(refusal, "state_conflict") == 0 && r != NULL &&
	    r->flow != FLOW_GATE) {
		r->pending = VERB_NONE;
		return true;
	}
	if (strcmp(refusal, "ok") != 0)
		atf_tc_fail("%s %s: %s", methods[verb], params,
		    error > 0 ? answer.text : refusal);
	if (r != NULL)
		granted(l, r, verb, &answer);
	else
		granted_workflow(l, client, verb, &answer);
	return true;
}

static void
granted(struct ledger *l, struct record *r, enum verb verb,
    const struct weir_message *answer)
{
	if (verb == VERB_START)
		started(r, answer);
	r->standing = ledger_after(r, verb);
	r->pending = VERB_NONE;
	__atomic_fetch_add(&l->acknowledged[verb], 1, __ATOMIC_RELAXED);
}

/* Asked again with its key, it is the one that there is. */
static void
started(struct record *r, const struct weir_message *answer)
{
	struct told told;
	uint64_t id;
	bool created;

	told_take(&told, answer);
	id = told_number(&told.object, "id");
	created = told_member(&told.object, "created")->via.boolean;
	if (r->standing.there)
		ATF_REQUIRE_MSG(!created && id == r->id,
		    "%s is execution %" PRIu64 " and %" PRIu64, r->token, r->id,
		    id);
	r->id = id;
	r->revision = told_number(&told.object, "revision");
	told_drop(&told);
}

static void
granted_workflow(struct ledger *l, unsigned client, enum verb verb,
    const struct weir_message *answer)
{
	struct ledger_client *c = &l->clients[client];
	struct told told;

	if (verb == VERB_PUT) {
		told_take(&told, answer);
		c->put++;
		c->version++;
		ATF_REQUIRE_EQ(
		    c->version, told_number(&told.object, "version"));
		told_drop(&told);
	} else
		c->disabled = verb == VERB_DISABLE;
	c->pending = VERB_NONE;
	__atomic_fetch_add(&l->acknowledged[verb], 1, __ATOMIC_RELAXED);
}

/* What can be asked of it as it stands. */
static enum verb
next_verb(const struct record *r, unsigned *seed)
{
	static const enum verb paused[] = {VERB_RESUME, VERB_RESUME,
	    VERB_CANCEL, VERB_TERMINATE},
			       fresh[] = {VERB_PAUSE, VERB_GO, VERB_UPDATE,
				   VERB_TERMINATE},
			       went[] = {
				   VERB_PAUSE, VERB_END, VERB_END, VERB_CANCEL};
	unsigned n = (unsigned)rand_r(seed) % 4;

	if (r->flow != FLOW_GATE)
		return n < 2 ? VERB_CANCEL : VERB_TERMINATE;
	if (r->standing.paused)
		return paused[n];
	return r->standing.went == VERB_NONE ? fresh[n] : went[n];
}

static unsigned
count(struct ledger *l, unsigned client, bool gates)
{
	const struct ledger_client *c = &l->clients[client];
	unsigned n = 0;

	for (unsigned i = c->live; i < c->nrecords; i++)
		n += !c->records[i].settled &&
		    (c->records[i].flow == FLOW_GATE) == gates &&
		    (!gates || c->records[i].standing.ended == VERB_NONE);
	return n;
}

/* One that is there and has not been ended; NULL: none. */
static struct record *
pick(struct ledger *l, unsigned client, unsigned *seed)
{
	const struct ledger_client *c = &l->clients[client];
	struct record *r;

	if (c->live == c->nrecords)
		return NULL;
	r = &c->records[c->live +
	    (unsigned)rand_r(seed) % (c->nrecords - c->live)];
	return r->standing.there && !r->settled &&
		r->standing.ended == VERB_NONE && r->pending == VERB_NONE
	    ? r
	    : NULL;
}

static bool
ask(struct loader *loader, struct weir *weir, struct record *r, enum verb verb)
{
	static const char *const delays[] = {"0", "0", "0.01", "0.03"};
	struct load *load = loader->load;
	bool answered;

	atomic_fetch_add(&load->open, 1);
	answered = client_do(load->ledger, loader->client, weir, r, verb,
	    delays[(unsigned)rand_r(&loader->seed) % 4]);
	if (!answered)
		return false;
	atomic_fetch_sub(&load->open, 1);
	atomic_fetch_add(&load->answered, 1);
	return true;
}

static bool
begin(struct loader *loader, struct weir *weir, bool gate)
{
	struct record *r = ledger_record(loader->load->ledger, loader->client,
	    gate ? FLOW_GATE
		 : (enum flow)((unsigned)rand_r(&loader->seed) % FLOW_GATE));

	r->keyed = rand_r(&loader->seed) % 2 == 0;
	return ask(loader, weir, r, VERB_START);
}

/* Starts with a key whose answer never came. */
static bool
ask_again(struct loader *loader, struct weir *weir)
{
	struct ledger_client *c =
	    &loader->load->ledger->clients[loader->client];

	for (unsigned i = c->live; i < c->nrecords; i++)
		if (c->records[i].keyed &&
		    c->records[i].pending == VERB_START &&
		    !ask(loader, weir, &c->records[i], VERB_START))
			return false;
	return true;
}

static bool
once(struct loader *loader, struct weir *weir)
{
	struct ledger *l = loader->load->ledger;
	struct ledger_client *c = &l->clients[loader->client];
	unsigned n = (unsigned)rand_r(&loader->seed) % 16;
	struct record *r;

	if (n == 0)
		return ask(loader, weir, NULL, VERB_PUT);
	if (n == 1 && c->put > 0)
		return ask(loader, weir, NULL,
		    c->disabled ? VERB_ENABLE : VERB_DISABLE);
	if (n < 5 && count(l, loader->client, true) < LIVE_MAX)
		return begin(loader, weir, true);
	if (n < 8 && count(l, loader->client, false) < LIVE_MAX)
		return begin(loader, weir, false);
	r = pick(l, loader->client, &loader->seed);
	if (r == NULL)
		return true;
	if (r->keyed && n == 8)
		return ask(loader, weir, r, VERB_START);
	if (r->flow != FLOW_GATE && n > 9)
		return true; /* most are let run */
	return ask(loader, weir, r, next_verb(r, &loader->seed));
}

static void *
run(void *ctx)
{
	struct loader *loader = ctx;
	struct load *load = loader->load;
	struct weir *weir = weir_open(load->ledger->daemon->socket);

	if (weir == NULL)
		return NULL; /* it was killed already */
	if (ask_again(loader, weir))
		while (!atomic_load(&load->stop) && once(loader, weir))
			;
	weir_close(weir);
	return NULL;
}

void
load_start(struct load *load, struct ledger *l, unsigned seed)
{
	load->ledger = l;
	atomic_init(&load->stop, false);
	atomic_init(&load->answered, 0);
	atomic_init(&load->open, 0);
	for (unsigned i = 0; i < l->nclients; i++) {
		load->loaders[i] = (struct loader){
		    .load = load, .client = i, .seed = seed * 31 + i};
		ATF_REQUIRE_EQ(0,
		    pthread_create(&load->loaders[i].thread, NULL, run,
			&load->loaders[i]));
	}
}

void
load_end(struct load *load)
{
	atomic_store(&load->stop, true);
	for (unsigned i = 0; i < load->ledger->nclients; i++)
		ATF_REQUIRE_EQ(0, pthread_join(load->loaders[i].thread, NULL));
}
