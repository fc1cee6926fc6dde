/*
 * why: asks for what explains an execution, and puts it into one object.
 */
#include "ctl/why.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "ctl/execution_tree.h"
#include "ctl/field.h"
#include "ctl/status.h"
#include "daemon/core/alloc.h"
#include "libproto/unpack.h"

static int describe(struct why *, uint64_t, bool asked_for);
static void whole(struct why *, uint64_t, struct answer *);
static bool is_final(const msgpack_object *);

int
why_ask(struct ctl *ctl, uint64_t id, struct answer *answer)
{
	struct why why = {.ctl = ctl, .ids = {id}, .nids = 1};
	int status = 0;
	unsigned i;

	memset(answer, 0, sizeof(*answer));
	msgpack_zone_init(&answer->zone, 4096);
	parameters_start(&why.list);
	parameters_start(&why.commands);
	for (i = 0; i < why.nids && status == 0; i++)
		status = describe(&why, why.ids[i], i == 0);
	if (status == 0)
		whole(&why, id, answer);
	parameters_free(&why.list);
	parameters_free(&why.commands);
	return status;
}

/* A subworkflow that can't be had any more is no reason to say nothing. */
static int
describe(struct why *why, uint64_t id, bool asked_for)
{
	static const char *const kept[] = {"id", "workflow", "version",
	    "status", "ending", "reason", "canceled_by", "parent", "owner",
	    "created_at", "started_at", "ended_at"};
	struct parameters map;
	struct answer answer;
	size_t i;
	int status = asked_for ? execution_get(why->ctl, id, &answer)
			       : execution_try(why->ctl, id, &answer);

	if (status == 0) {
		parameters_start(&map);
		for (i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
			why_copy(&map, &answer.object, kept[i]);
		if (!is_final(&answer.object))
			why_now(why, &map, &answer.object);
		why_end(why, &map, &answer.object);
		why_append(&why->list, &map);
	}
	answer_free(&answer);
	return asked_for ? status : 0;
}

static bool
is_final(const msgpack_object *o)
{
	char *status = field_text(o, "status");
	bool final = status != NULL && status_is_final(status);

	free(status);
	return final;
}

static void
whole(struct why *why, uint64_t id, struct answer *answer)
{
	struct parameters map, top;

	parameters_start(&top);
	parameters_start(&map);
	parameters_uint(&map, "id", id);
	why_put_list(&map, "executions", &why->list);
	parameters_start(&why->list);
	if (why->left_out > 0)
		parameters_uint(&map, "left_out", why->left_out);
	why_put_list(&map, "commands", &why->commands);
	parameters_start(&why->commands);
	why_append(&top, &map);
	answer->bytes = xmalloc(top.bytes.size);
	memcpy(answer->bytes, top.bytes.data, top.bytes.size);
	if (!unpack_value(
		answer->bytes, top.bytes.size, &answer->zone, &answer->object))
		abort(); /* it was written here */
	parameters_free(&top);
}

void
why_also(struct why *why, uint64_t id)
{
	if (why->nids < WHY_EXECUTIONS_MAX)
		why->ids[why->nids++] = id;
	else
		why->left_out++;
}

void
why_copy(struct parameters *to, const msgpack_object *from, const char *key)
{
	const msgpack_object *value = field(from, key);

	if (value != NULL)
		msgpack_pack_object(parameters_key(to, key), *value);
}

void
why_copy_run(struct parameters *to, const msgpack_object *task)
{
	char *name = field_text(task, "name");

	parameters_str(to, "task", name);
	why_copy(to, task, "run");
	why_copy(to, task, "item");
	free(name);
}

void
why_append(struct parameters *list, struct parameters *map)
{
	msgpack_pack_map(&list->packer, map->count);
	msgpack_sbuffer_write(&list->bytes, map->bytes.data, map->bytes.size);
	list->count++;
	parameters_free(map);
}

void
why_put_map(struct parameters *to, const char *key, struct parameters *map)
{
	if (map->count > 0) {
		msgpack_pack_map(parameters_key(to, key), map->count);
		msgpack_sbuffer_write(
		    &to->bytes, map->bytes.data, map->bytes.size);
	}
	parameters_free(map);
}

void
why_put_list(struct parameters *to, const char *key, struct parameters *list)
{
	if (list->count > 0) {
		msgpack_pack_array(parameters_key(to, key), list->count);
		msgpack_sbuffer_write(
		    &to->bytes, list->bytes.data, list->bytes.size);
	}
	parameters_free(list);
}

bool
why_is_action(const msgpack_object *task)
{
	return !field_true(task, "superseded") &&
	    (field(task, "item") != NULL || field(task, "items") == NULL);
}

const msgpack_object *
why_attempt(const msgpack_object *task)
{
	uint32_t n = field_count(task, "attempts");

	return n > 0 ? field_entry(task, "attempts", n - 1) : NULL;
}

const char *
why_item_option(const msgpack_object *task, char text[32])
{
	text[0] = '\0';
	if (field(task, "item") != NULL)
		snprintf(
		    text, 32, " --item %" PRIu64, field_uint(task, "item"));
	return text;
}
