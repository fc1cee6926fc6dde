/* parse: large definitions, aside of the loop */

#include <stdlib.h>
#include <string.h>
#include <sys/tree.h>

#include "daemon/core/alloc.h"
#include "daemon/parse.h"
#include "daemon/worker.h"

/* Bytes; what is smaller is parsed sooner than it is handed over. */
#define LARGE 16384
/* How often it is parsed anew because of what has changed meanwhile. */
#define TRIES 3

/* What the definition names, as it was when it was asked for. */
struct found {
	RB_ENTRY(found) entry;
	char *name;
	uint32_t version;
	const struct state *state;
	struct definition *definition; /* a reference of the loop's; or NULL */
};
RB_HEAD(found_tree, found);

struct parse {
	struct worker_job work;
	struct session_job job;
	struct request request;
	struct message message;
	struct request_memory memory; /* the request's, with the message */
	char wrong[512];	      /* with the parameters; empty: nothing */
	struct parsed parsed;
	struct found_tree found;
	unsigned tries;
	bool is_unpacked;
	bool is_worked;
	bool is_out;	   /* the worker has it */
	bool is_abandoned; /* its session has gone meanwhile */
};

static struct parse *of_work(struct worker_job *);
static struct parse *of_job(struct session_job *);
static bool send_out(struct parse *);
static void work(struct worker_job *);
static const struct definition *
find(const void *, const char *name, uint32_t version);
static void find_stored(void *);
static void done(struct worker_job *, int64_t);
static void drop(struct worker_job *);
static bool proceed(struct session_job *);
static bool is_as_found(const struct parse *);
static void forget(struct parse *);
static void end(struct session_job *);
static void parse_free(struct parse *);
static int compare(const struct found *, const struct found *);

RB_PROTOTYPE(found_tree, found, entry, compare)
RB_GENERATE(found_tree, found, entry, compare)

static int
compare(const struct found *a, const struct found *b)
{
	int order = strcmp(a->name, b->name);

	if (order != 0)
		return order;
	return a->version < b->version ? -1 : a->version > b->version;
}

static struct parse *
of_work(struct worker_job *work)
{
	return (struct parse *)((char *)work - offsetof(struct parse, work));
}

static struct parse *
of_job(struct session_job *job)
{
	return (struct parse *)((char *)job - offsetof(struct parse, job));
}

bool
parse_aside(struct request *request, const struct message *message, size_t size)
{
	struct parse *parse;

	if (size < LARGE ||
	    (request->method != METHOD_DEFINITION_CHECK &&
		request->method != METHOD_DEFINITION_PUT))
		return false;
	parse = xcalloc(1, sizeof(*parse));
	parse->work =
	    (struct worker_job){.work = work, .done = done, .drop = drop};
	parse->job = (struct session_job){.proceed = proceed, .end = end};
	parse->message = *message;
	RB_INIT(&parse->found);
	parse->request = *request;
	request_memory_init(&parse->memory);
	request_memory_take(&parse->memory, request, &parse->request);
	session_set_job(request->asker.session, &parse->job);
	(void)send_out(parse);
	return true;
}

/* False: there is no thread, or what it finds is of no use any more. */
static bool
send_out(struct parse *parse)
{
	if (parse->tries++ >= TRIES)
		return false;
	parse->is_out = true; /* from here on it may have begun */
	if (!worker_do(parse->request.server->worker, &parse->work))
		parse->is_out = false;
	session_job_waits(parse->request.asker.session, parse->is_out);
	return parse->is_out;
}

/* By the worker's thread, as find; or by the loop where that can't be. */
static void
work(struct worker_job *job)
{
	struct parse *parse = of_work(job);
	struct expressions *expressions;

	parse->is_worked = true;
	if (!parse->is_unpacked &&
	    !request_unpack(&parse->request, &parse->message,
		&parse->memory.params, parse->wrong, sizeof(parse->wrong)))
		return;
	parse->is_unpacked = true;
	expressions = expressions_new();
	parse->parsed.definition = definition_parse(expressions,
	    catalogue_param(&parse->memory.params, "definition"), find, parse,
	    &parse->parsed.errors);
	if (parse->parsed.definition != NULL)
		definition_adopt(parse->parsed.definition,
		    parse->request.server->state->expressions);
	expressions_free(expressions);
}

/* The loop is asked once for each. */
static const struct definition *
find(const void *ctx, const char *name, uint32_t version)
{
	/* What has been found is noted. */
	struct parse *parse = (struct parse *)(uintptr_t)ctx;
	struct found key = {
	    .name = (char *)(uintptr_t)name, .version = version};
	struct found *found = RB_FIND(found_tree, &parse->found, &key);

	if (found != NULL)
		return found->definition;
	found = xcalloc(1, sizeof(*found));
	found->state = parse->request.server->state;
	found->name = xstrdup(name);
	found->version = version;
	RB_INSERT(found_tree, &parse->found, found);
	if (!parse->is_out)
		find_stored(found);
	else
		(void)worker_ask(
		    parse->request.server->worker, find_stored, found);
	return found->definition;
}

static void
find_stored(void *ctx)
{
	struct found *found = ctx;

	found->definition =
	    state_definition(found->state, found->name, found->version);
	if (found->definition != NULL)
		definition_ref(found->definition);
}

static void
done(struct worker_job *job, int64_t took)
{
	struct parse *parse = of_work(job);
	struct session *session = parse->request.asker.session;

	parse->is_out = false;
	if (parse->is_abandoned) {
		parse_free(parse);
		return;
	}
	session_charge(session, took);
	session_job_waits(session, false);
}

/* The daemon ends, and its sessions have ended. */
static void
drop(struct worker_job *job)
{
	parse_free(of_work(job));
}

/* In a turn of the session: as if the request had come only now. */
static bool
proceed(struct session_job *job)
{
	struct parse *parse = of_job(job);
	struct request *request = &parse->request;

	if (!parse->is_worked || !is_as_found(parse)) {
		forget(parse);
		if (send_out(parse))
			return false;
		work(&parse->work);
	}
	if (parse->wrong[0] != '\0') {
		request_refuse(request, ERROR_BAD_REQUEST, "%s", parse->wrong);
		return true;
	}
	request->parsed = &parse->parsed;
	request_call(request, &parse->memory.params);
	return true;
}

/* Whether another answer to what was asked would be given now. */
static bool
is_as_found(const struct parse *parse)
{
	const struct state *state = parse->request.server->state;
	struct found *found;

	RB_FOREACH (found, found_tree, (struct found_tree *)&parse->found)
		if (state_definition(state, found->name, found->version) !=
		    found->definition)
			return false;
	return true;
}

/* What has come of it, so that it can be parsed again. */
static void
forget(struct parse *parse)
{
	struct found *found, *next;

	RB_FOREACH_SAFE (found, found_tree, &parse->found, next) {
		RB_REMOVE(found_tree, &parse->found, found);
		definition_unref(found->definition);
		free(found->name);
		free(found);
	}
	definition_unref(parse->parsed.definition);
	definition_errors_free(&parse->parsed.errors);
	parse->parsed = (struct parsed){0};
}

static void
end(struct session_job *job)
{
	struct parse *parse = of_job(job);

	if (parse->is_out)
		parse->is_abandoned = true;
	else
		parse_free(parse);
}

static void
parse_free(struct parse *parse)
{
	forget(parse);
	request_memory_free(&parse->memory);
	free(parse);
}
