/* failure_input: what a failure workflow is told of what it follows. */

#include "daemon/core/buffer.h"
#include "daemon/core/failure_input.h"

#include <string.h>

#include "libproto/pack.h"

typedef void writer(const struct execution *, msgpack_packer *);

static bool declares(const struct definition *, const char *);
static writer write_id, write_workflow, write_status, write_reason, write_task,
    write_input;

static const struct {
	const char *name;
	writer *write;
} parts[] = {
    {"execution", write_id},
    {"workflow", write_workflow},
    {"status", write_status},
    {"reason", write_reason},
    {"task", write_task},
    {"input", write_input},
};

static void
write_id(const struct execution *x, msgpack_packer *pk)
{
	msgpack_pack_uint64(pk, x->k.id);
}

static void
write_workflow(const struct execution *x, msgpack_packer *pk)
{
	pack_str(pk, x->definition->name);
}

static void
write_status(const struct execution *x, msgpack_packer *pk)
{
	pack_str(pk, execution_status_name(x->k.status));
}

static void
write_reason(const struct execution *x, msgpack_packer *pk)
{
	pack_str(pk, x->k.reason == NULL ? "" : x->k.reason);
}

static void
write_task(const struct execution *x, msgpack_packer *pk)
{
	uint32_t run = x->k.cause.run;

	pack_str(pk, run < x->nruns ? x->runs[run]->task->name : NULL);
}

static void
write_input(const struct execution *x, msgpack_packer *pk)
{
	value_pack(x->k.input, pk);
}

static bool
declares(const struct definition *d, const char *name)
{
	for (uint32_t i = 0; i < d->ninputs; i++)
		if (strcmp(d->inputs[i].name, name) == 0)
			return true;
	return false;
}

struct value *
failure_input(const struct execution *x, const struct definition *d, char *why,
    size_t size)
{
	msgpack_sbuffer buffer;
	msgpack_packer pk;
	struct value *given, *input;
	uint32_t n = 0;

	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		n += declares(d, parts[i].name);
	msgpack_sbuffer_init(&buffer);
	msgpack_packer_init(&pk, &buffer, buffer_write);
	msgpack_pack_map(&pk, n);
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		if (declares(d, parts[i].name)) {
			pack_str(&pk, parts[i].name);
			parts[i].write(x, &pk);
		}
	given = value_of_buffer(&buffer);
	input = definition_input(d, given, why, size);
	value_unref(given);
	return input;
}
