/* method_events: watching what happens */

#include "daemon/core/buffer.h"
#include "daemon/methods.h"
#include "daemon/watch.h"
#include "daemon/watch_filter.h"
#include "libproto/errors.h"
#include "libproto/pack.h"

static bool types_are_known(struct request *, const msgpack_object *);
static bool is_there(struct request *, uint64_t from);

void
method_events_subscribe(struct request *request)
{
	struct server *server = request->server;
	const msgpack_object *types = catalogue_param(request->params, "types");
	uint64_t from =
	    catalogue_uint(request->params, "from", server->state->k.seq + 1);
	msgpack_packer *packer;

	if (!types_are_known(request, types) || !is_there(request, from))
		return;
	watch_add(server->watch, request->asker.session, from,
	    catalogue_param(request->params, "executions"), types);
	packer = request_answer(request);
	msgpack_pack_map(packer, 1);
	pack_key_uint(packer, "from", from);
	request_done(request);
}

static bool
types_are_known(struct request *request, const msgpack_object *types)
{
	for (uint32_t i = 0; types != NULL && i < types->via.array.size; i++) {
		const msgpack_object *type = &types->via.array.ptr[i];

		if (watch_type_exists(type))
			continue;
		request_refuse(request, ERROR_BAD_REQUEST,
		    "types: no event has a type like \"%.*s\"; such as "
		    "\"task.ended\" and \"execution.*\" there are",
		    (int)(type->via.str.size < 64 ? type->via.str.size : 64),
		    type->via.str.ptr);
		return false;
	}
	return true;
}

static bool
is_there(struct request *request, uint64_t from)
{
	struct server *server = request->server;
	struct journal_figures figures;
	uint64_t oldest, newest = server->state->k.seq;
	msgpack_sbuffer details;
	msgpack_packer packer;
	char text[200];

	journal_figures(server->journal, &figures);
	/* It has none where all are in a snapshot. */
	oldest = figures.first > 0 ? figures.first : figures.last + 1;
	if (from > newest + 1) {
		request_refuse(request, ERROR_BAD_REQUEST,
		    "from: the newest event is %ju, %ju would be the next",
		    (uintmax_t)newest, (uintmax_t)newest + 1);
		return false;
	}
	if (from >= oldest)
		return true;
	snprintf(text, sizeof(text),
	    "from: events before %ju have been compacted away; look at the "
	    "executions as they are, and subscribe from %ju, the oldest",
	    (uintmax_t)oldest, (uintmax_t)oldest);
	msgpack_sbuffer_init(&details);
	msgpack_packer_init(&packer, &details, buffer_write);
	msgpack_pack_map(&packer, 1);
	pack_key_uint(&packer, "oldest", oldest);
	answer_error_details(server->answers, &request->asker, newest,
	    ERROR_NOT_FOUND, text, details.data, details.size);
	msgpack_sbuffer_destroy(&details);
	return false;
}

void
method_events_unsubscribe(struct request *request)
{
	watch_remove(request->server->watch, request->asker.session);
	msgpack_pack_map(request_answer(request), 0);
	request_done(request);
}
