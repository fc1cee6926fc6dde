/*
 * file_report: tells what was found in workflow files.
 */
#include "ctl/file_report.h"

#include <string.h>

#include "daemon/core/alloc.h"
#include "libproto/pack.h"
#include "libproto/unpack.h"

static void report_json(struct writer *, struct workflow_file *);
static void pack_complaint(msgpack_packer *, const struct complaint *);

void
file_report(struct writer *w, struct workflow_file *f)
{
	bool right =
	    f->error == 0 && f->complaints.count == 0 && f->definition != NULL;

	if (writer_is_json(w))
		report_json(w, f);
	else if (!right)
		workflow_file_print_complaints(f);
	else
		writer_note(w, NULL, "ok: %s: workflow %s, %u task%s",
		    f->source.name, f->definition->name, f->definition->ntasks,
		    f->definition->ntasks == 1 ? "" : "s");
}

static void
report_json(struct writer *w, struct workflow_file *f)
{
	msgpack_sbuffer buffer;
	msgpack_packer p;
	msgpack_zone zone;
	msgpack_object object;
	size_t i;

	complaints_sort(&f->complaints);
	msgpack_sbuffer_init(&buffer);
	msgpack_packer_init(&p, &buffer, msgpack_sbuffer_write);
	msgpack_pack_map(&p, 6);
	pack_key_str(&p, "file", f->source.name);
	pack_key_str(
	    &p, "workflow", f->definition != NULL ? f->definition->name : NULL);
	pack_key_uint(
	    &p, "tasks", f->definition != NULL ? f->definition->ntasks : 0);
	pack_key_str(&p, "failure", f->error != 0 ? strerror(f->error) : NULL);
	pack_str(&p, "errors");
	msgpack_pack_array(&p, f->complaints.count);
	for (i = 0; i < f->complaints.count; i++)
		pack_complaint(&p, &f->complaints.list[i]);
	pack_key_uint(&p, "left_out", f->complaints.left_out);
	msgpack_zone_init(&zone, 2048);
	if (unpack_value(buffer.data, buffer.size, &zone, &object))
		writer_row(w, &object);
	msgpack_zone_destroy(&zone);
	msgpack_sbuffer_destroy(&buffer);
}

static void
pack_complaint(msgpack_packer *p, const struct complaint *c)
{
	msgpack_pack_map(p, 6);
	pack_key_uint(p, "line", c->at.line);
	pack_key_uint(p, "column", c->at.column);
	pack_key_str(p, "message", c->message);
	pack_key_str(p, "path", c->path);
	pack_key_str(p, "found", c->found);
	pack_key_str(p, "expected", c->expected);
}

char **
file_report_paths(const struct arguments *arguments)
{
	char **paths = xcalloc(arguments->noperands + 1, sizeof(*paths));
	size_t i;

	/* only read, but lists of char * are what argv has */
	for (i = 0; i < arguments->noperands; i++)
		memcpy(&paths[i], &arguments->operands[i].text, sizeof(*paths));
	return paths;
}
