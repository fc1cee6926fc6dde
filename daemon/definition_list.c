/* definition_list: all workflows, some at a time where they are many */

#include <stddef.h>
#include <stdlib.h>

#include "daemon/core/alloc.h"
#include "daemon/core/buffer.h"
#include "daemon/methods.h"
#include "daemon/view.h"
#include "libproto/pack.h"

/* At a time, so that the others do not wait. */
#define PIECE_WORKFLOWS 200

/* Each workflow is in it as it is when its turn comes. */
struct listing {
	struct session_job job;
	struct request request; /* nothing of its memory is needed */
	char *after;		/* the name of the last one; NULL: none yet */
	uint32_t count;
	msgpack_sbuffer list; /* packed, without the list around them */
	msgpack_packer packer;
};

static bool proceed(struct session_job *);
static void end(struct session_job *);
static struct workflow *next_workflow(struct listing *);
static void answer_list(struct listing *);

void
method_definition_list(struct request *request)
{
	struct listing *listing = xcalloc(1, sizeof(*listing));

	listing->job.proceed = proceed;
	listing->job.end = end;
	listing->request = *request;
	msgpack_sbuffer_init(&listing->list);
	msgpack_packer_init(&listing->packer, &listing->list, buffer_write);
	if (proceed(&listing->job))
		end(&listing->job);
	else
		session_set_job(request->asker.session, &listing->job);
}

static bool
proceed(struct session_job *job)
{
	struct listing *listing =
	    (struct listing *)((char *)job - offsetof(struct listing, job));
	struct workflow *workflow = next_workflow(listing);
	struct workflow *last = NULL;

	for (unsigned n = 0; workflow != NULL && n < PIECE_WORKFLOWS; n++) {
		view_workflow(&listing->packer, workflow);
		listing->count++;
		last = workflow;
		workflow = RB_NEXT(workflows, NULL, workflow);
	}
	if (workflow == NULL) {
		answer_list(listing);
		return true;
	}
	free(listing->after);
	listing->after = xstrdup(last->name);
	return false;
}

/* The first behind the last one, which may be no more. */
static struct workflow *
next_workflow(struct listing *listing)
{
	struct workflows *all = &listing->request.server->state->workflows;
	struct workflow key = {.name = listing->after}, *found;

	if (listing->after == NULL)
		return RB_MIN(workflows, all);
	found = RB_FIND(workflows, all, &key);
	return found != NULL ? RB_NEXT(workflows, all, found)
			     : RB_NFIND(workflows, all, &key);
}

static void
answer_list(struct listing *listing)
{
	msgpack_packer *packer = request_answer(&listing->request);

	msgpack_pack_map(packer, 1);
	pack_str(packer, "definitions");
	msgpack_pack_array(packer, listing->count);
	msgpack_pack_bin_body(packer, listing->list.data, listing->list.size);
	request_done(&listing->request);
}

static void
end(struct session_job *job)
{
	struct listing *listing =
	    (struct listing *)((char *)job - offsetof(struct listing, job));

	msgpack_sbuffer_destroy(&listing->list);
	free(listing->after);
	free(listing);
}
