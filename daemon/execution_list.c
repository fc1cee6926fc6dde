/* execution_list: a page of executions, some at a time where they are many */

#include <stddef.h>
#include <stdlib.h>

#include "daemon/core/alloc.h"
#include "daemon/core/buffer.h"
#include "daemon/filter.h"
#include "daemon/methods.h"
#include "daemon/view.h"
#include "libproto/pack.h"

#define PAGE_USUAL 100
/* A page may end early, so that nobody waits long for one. */
#define PAGE_COST 2000 /* as filter_cost */
#define PAGE_SIZE (256 * 1024)
/* At a time, so that the others do not wait. */
#define PIECE_TIME 25000 /* ns */
#define PIECE_LOOKS 8	 /* between two looks at the clock */

/* Each execution is in it as it is when its turn comes. */
struct paging {
	struct session_job job;
	struct request request;
	struct request_memory memory; /* the request's, once it takes long */
	struct filter filter;	      /* of the request's memory */
	uint64_t after;		      /* they have lower ids */
	uint64_t limit;
	uint64_t cost;
	uint32_t count;
	msgpack_sbuffer page; /* packed, without the list around them */
	msgpack_packer packer;
};

static bool proceed(struct session_job *);
static void end(struct session_job *);
static bool is_full(const struct paging *);
static void look_at(struct paging *, const struct execution *);
static void answer(struct paging *, bool is_last);
static struct execution *first_behind(const struct state *, uint64_t);

void
method_execution_list(struct request *request)
{
	struct paging *paging = xcalloc(1, sizeof(*paging));

	paging->job.proceed = proceed;
	paging->job.end = end;
	paging->request = *request;
	paging->after = catalogue_uint(request->params, "after", UINT64_MAX);
	paging->limit = catalogue_uint(request->params, "limit", PAGE_USUAL);
	filter_init(
	    &paging->filter, catalogue_param(request->params, "filter"));
	msgpack_sbuffer_init(&paging->page);
	msgpack_packer_init(&paging->packer, &paging->page, buffer_write);
	request_memory_init(&paging->memory);
	if (proceed(&paging->job)) {
		end(&paging->job);
		return;
	}
	request_memory_take(&paging->memory, request, &paging->request);
	filter_init(
	    &paging->filter, catalogue_param(paging->request.params, "filter"));
	session_set_job(request->asker.session, &paging->job);
}

static bool
proceed(struct session_job *job)
{
	struct paging *paging =
	    (struct paging *)((char *)job - offsetof(struct paging, job));
	const struct state *state = paging->request.server->state;
	struct execution *execution = first_behind(state, paging->after);
	int64_t until = clock_uptime() + PIECE_TIME;

	for (unsigned n = 1; execution != NULL && !is_full(paging); n++) {
		if (n % PIECE_LOOKS == 0 && clock_uptime() >= until)
			return false;
		look_at(paging, execution);
		paging->after = execution->k.id;
		execution = RB_PREV(executions, NULL, execution);
	}
	answer(paging, execution == NULL);
	return true;
}

static bool
is_full(const struct paging *paging)
{
	return paging->count >= paging->limit || paging->cost >= PAGE_COST ||
	    paging->page.size >= PAGE_SIZE;
}

static void
look_at(struct paging *paging, const struct execution *execution)
{
	paging->cost += filter_cost(&paging->filter, execution);
	if (!filter_holds(&paging->filter, execution))
		return;
	view_execution(&paging->packer, paging->request.server->state,
	    execution, request_may_see(&paging->request, execution), NULL);
	/* What it waits for was looked for in each of its runs. */
	paging->cost += execution->nruns / 16;
	paging->count++;
}

/* The next page begins below the last one that was looked at. */
static void
answer(struct paging *paging, bool is_last)
{
	msgpack_packer *packer = request_answer(&paging->request);

	msgpack_pack_map(packer, 2);
	pack_str(packer, "executions");
	msgpack_pack_array(packer, paging->count);
	msgpack_pack_bin_body(packer, paging->page.data, paging->page.size);
	if (is_last)
		pack_key_nil(packer, "next");
	else
		pack_key_uint(packer, "next", paging->after);
	request_done(&paging->request);
}

static void
end(struct session_job *job)
{
	struct paging *paging =
	    (struct paging *)((char *)job - offsetof(struct paging, job));

	msgpack_sbuffer_destroy(&paging->page);
	request_memory_free(&paging->memory);
	free(paging);
}

/* The newest execution whose id is less. */
static struct execution *
first_behind(const struct state *state, uint64_t id)
{
	struct execution key = {.k = {.id = id}}, *execution;
	struct executions *all = (struct executions *)&state->executions;

	execution = RB_NFIND(executions, all, &key);
	return execution != NULL ? RB_PREV(executions, all, execution)
				 : RB_MAX(executions, all);
}
