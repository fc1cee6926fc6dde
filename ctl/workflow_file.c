/*
 * workflow_file: a workflow as it stands in a file, read and checked.
 */
#include "ctl/workflow_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "daemon/core/alloc.h"
#include "daemon/core/value.h"
#include "libproto/unpack.h"

/* Where subworkflows are looked up: among the files given. */
struct siblings {
	struct definition **list;
	size_t n;
};

static void read_file(struct workflow_file *, const char *);
static struct definition *parse(struct workflow_file *, struct expressions *,
    const struct siblings *, struct definition_errors *);
static const struct definition *
find_sibling(const void *, const char *, uint32_t);
static void
take_errors(struct workflow_file *, const struct definition_errors *);
static void
add_error(struct workflow_file *, const char *path, bool at_key, size_t offset,
    const char *message, const char *found, const char *expected);
static void refuse_same_name(struct workflow_file *, size_t);

/*
 * The first pass looks at each file alone; the second has what the first has
 * made of the others.
 */
bool
workflow_files_check(struct workflow_files *files, char *const *paths, size_t n)
{
	struct workflow_file *f;
	struct definition_errors errors;
	struct siblings siblings = {.n = n};
	bool right = true;
	size_t i;

	files->n = n;
	files->list = xcalloc(n, sizeof(*files->list));
	files->expressions = expressions_new();
	siblings.list = xcalloc(n, sizeof(*siblings.list));
	for (i = 0; i < n; i++) {
		read_file(&files->list[i], paths[i]);
		siblings.list[i] =
		    parse(&files->list[i], files->expressions, NULL, &errors);
		definition_errors_free(&errors);
	}
	for (i = 0; i < n; i++) {
		f = &files->list[i];
		f->definition =
		    parse(f, files->expressions, &siblings, &errors);
		take_errors(f, &errors);
		definition_errors_free(&errors);
		refuse_same_name(files->list, i);
		if (f->error != 0 || f->complaints.count > 0 ||
		    f->definition == NULL)
			right = false;
	}
	for (i = 0; i < n; i++)
		if (siblings.list[i] != NULL)
			definition_unref(siblings.list[i]);
	free(siblings.list);
	return right;
}

static void
read_file(struct workflow_file *f, const char *path)
{
	memset(f, 0, sizeof(*f));
	msgpack_sbuffer_init(&f->packed);
	msgpack_zone_init(&f->zone, 4096);
	if (!source_read(&f->source, path, &f->complaints)) {
		f->error = f->complaints.count > 0 ? 0 : errno;
		return;
	}
	f->yaml = document_parse(&f->source, &f->complaints);
	if (f->yaml == NULL)
		return;
	f->whole = document_pack(f->yaml, &f->packed, &f->complaints) &&
	    unpack_value(f->packed.data, f->packed.size, &f->zone, &f->object);
}

void
workflow_files_free(struct workflow_files *files)
{
	struct workflow_file *f;
	size_t i;

	for (i = 0; i < files->n; i++) {
		f = &files->list[i];
		if (f->definition != NULL)
			definition_unref(f->definition);
		document_free(f->yaml);
		source_free(&f->source);
		msgpack_sbuffer_destroy(&f->packed);
		msgpack_zone_destroy(&f->zone);
		complaints_free(&f->complaints);
	}
	free(files->list);
	/* not before the definitions, which use it to the end */
	expressions_free(files->expressions);
}

static struct definition *
parse(struct workflow_file *f, struct expressions *expressions,
    const struct siblings *siblings, struct definition_errors *errors)
{
	memset(errors, 0, sizeof(*errors));
	if (!f->whole)
		return NULL;
	return definition_parse(expressions, &f->object,
	    siblings != NULL ? find_sibling : NULL, siblings, errors);
}

/* A file's workflow has no number yet: one asked for is the daemon's. */
static const struct definition *
find_sibling(const void *ctx, const char *name, uint32_t version)
{
	const struct siblings *siblings = ctx;
	size_t i;

	if (version != 0)
		return NULL;
	for (i = 0; i < siblings->n; i++)
		if (siblings->list[i] != NULL &&
		    strcmp(siblings->list[i]->name, name) == 0)
			return siblings->list[i];
	return NULL;
}

static void
take_errors(struct workflow_file *f, const struct definition_errors *errors)
{
	const struct definition_error *e;
	size_t i;

	for (i = 0; i < errors->count; i++) {
		e = &errors->list[i];
		add_error(f, e->path, e->at_key, e->offset, e->message,
		    e->found, e->expected);
	}
	f->complaints.left_out += errors->left_out;
}

/* What has been complained about as YAML is not told again. */
static void
add_error(struct workflow_file *f, const char *path, bool at_key, size_t offset,
    const char *message, const char *found, const char *expected)
{
	struct position at = document_position(f->yaml, path, at_key, offset);
	struct complaint *c;
	size_t i;

	if (document_lacks(f->yaml, path))
		return;
	for (i = 0; i < f->complaints.count; i++) {
		c = &f->complaints.list[i];
		if (c->at.line == at.line && c->at.column == at.column &&
		    (c->path == NULL || strcmp(c->message, message) == 0))
			return;
	}
	c = add_complaint(&f->complaints, at, "%s", message);
	if (c == NULL)
		return;
	c->path = xstrdup(path);
	c->found = found != NULL ? xstrdup(found) : NULL;
	c->expected = expected != NULL ? xstrdup(expected) : NULL;
}

static void
refuse_same_name(struct workflow_file *files, size_t n)
{
	const char *name;
	size_t i;

	if (files[n].definition == NULL)
		return;
	name = files[n].definition->name;
	for (i = 0; i < n; i++) {
		if (files[i].definition == NULL ||
		    strcmp(files[i].definition->name, name) != 0)
			continue;
		add_complaint(&files[n].complaints,
		    document_position(files[n].yaml, "/workflow", false, 0),
		    "the workflow %s is in %s already", name,
		    files[i].source.name);
		return;
	}
}

static char *
text_of(const msgpack_object *map, const char *key)
{
	const msgpack_object *o = object_get(map, key);

	if (o == NULL || o->type != MSGPACK_OBJECT_STR)
		return NULL;
	return xstrndup(o->via.str.ptr, o->via.str.size);
}

void
workflow_file_take_errors(
    struct workflow_file *f, const msgpack_object *details)
{
	const msgpack_object *errors, *e, *at_key, *offset;
	char *path, *message, *found, *expected;
	uint32_t i;

	if (details->type != MSGPACK_OBJECT_MAP ||
	    (errors = object_get(details, "errors")) == NULL ||
	    errors->type != MSGPACK_OBJECT_ARRAY)
		return;
	for (i = 0; i < errors->via.array.size; i++) {
		e = &errors->via.array.ptr[i];
		if (e->type != MSGPACK_OBJECT_MAP)
			continue;
		path = text_of(e, "path");
		message = text_of(e, "message");
		found = text_of(e, "found");
		expected = text_of(e, "expected");
		at_key = object_get(e, "at_key");
		offset = object_get(e, "offset");
		if (path != NULL && message != NULL)
			add_error(f, path,
			    at_key != NULL &&
				at_key->type == MSGPACK_OBJECT_BOOLEAN &&
				at_key->via.boolean,
			    offset != NULL &&
				    offset->type ==
					MSGPACK_OBJECT_POSITIVE_INTEGER
				? (size_t)offset->via.u64
				: 0,
			    message, found, expected);
		free(path);
		free(message);
		free(found);
		free(expected);
	}
}

void
workflow_file_print_complaints(struct workflow_file *f)
{
	const struct complaint *c;
	size_t i;

	if (f->error != 0)
		fprintf(stderr, "weirctl: %s: %s\n", f->source.name,
		    strerror(f->error));
	complaints_sort(&f->complaints);
	for (i = 0; i < f->complaints.count; i++) {
		c = &f->complaints.list[i];
		fprintf(stderr, "%s:%u:%u: %s\n", f->source.name, c->at.line,
		    c->at.column, c->message);
	}
	if (f->complaints.left_out > 0)
		fprintf(stderr, "%s: and %zu more\n", f->source.name,
		    f->complaints.left_out);
}

int
workflow_files_status(const struct workflow_files *files)
{
	size_t i;

	for (i = 0; i < files->n; i++)
		if (files->list[i].error != 0)
			return EX_NOINPUT;
	return EX_DATAERR;
}
