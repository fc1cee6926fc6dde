/* links: ctl/source.c ctl/yaml.c ctl/yaml_check.c ctl/yaml_scalar.c ctl/yaml_place.c ctl/yaml_error.c ctl/yaml_fold.c ctl/yaml_pack.c ctl/yaml_print.c ctl/print_json.c ctl/visible.c daemon/core/alloc.c libproto/pack.c libproto/unpack.c libproto/scan.c libproto/header.c ; libs: msgpack yaml-0.1 */
/*
 * yaml_fuzz: reads any bytes as a workflow file.  What is read is one value
 * that keeps within the limits, each of its places is in the file, every
 * complaint has a place, and what is printed as YAML reads back the same.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/source.h"
#include "ctl/yaml.h"
#include "ctl/yaml_print.h"
#include "libproto/scan.h"
#include "libproto/unpack.h"

int LLVMFuzzerTestOneInput(const uint8_t *, size_t);

static const struct scan_limits limits = {
    2 * SOURCE_SIZE_MAX, YAML_DEPTH_MAX, 2 * SOURCE_SIZE_MAX};

static void
demand(int holds)
{
	if (!holds)
		abort();
}

static void
check_places(
    const struct document *document, const struct yaml_node *node, char *path)
{
	size_t length = strlen(path), i, at;

	for (at = 0; node->kind == YAML_SCALAR && at <= node->length; at++)
		demand(document_position(document, path, false, at).line <=
		    document->source->nlines);
	if (length > 200)
		return;
	for (i = 0; i < node->count; i++) {
		snprintf(path + length, 32, "/%zu", i);
		document_position(document, path, true, 0);
		check_places(document, node->children[i], path);
		path[length] = '\0';
	}
}

/* A value's YAML gives the value again; its text, for those who print it. */
static void
check_printed(const msgpack_sbuffer *packed, const msgpack_object *object)
{
	struct complaints complaints = {0};
	struct document *document = NULL;
	struct source source;
	msgpack_sbuffer again;
	char *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);

	demand(to != NULL && document_print(to, object));
	fclose(to);
	msgpack_sbuffer_init(&again);
	if (size <= SOURCE_SIZE_MAX) {
		demand(
		    source_of_text(&source, "again", text, size, &complaints));
		document = document_parse(&source, &complaints);
		demand(document != NULL &&
		    document_pack(document, &again, &complaints));
		demand(again.size == packed->size &&
		    memcmp(again.data, packed->data, again.size) == 0);
		document_free(document);
		source_free(&source);
	}
	complaints_free(&complaints);
	msgpack_sbuffer_destroy(&again);
	free(text);
}

static void
check_value(const struct document *document, struct complaints *complaints)
{
	msgpack_sbuffer packed;
	msgpack_zone zone;
	msgpack_object object;

	msgpack_sbuffer_init(&packed);
	msgpack_zone_init(&zone, 4096);
	if (document_pack(document, &packed, complaints)) {
		demand(scan_is_value(packed.data, packed.size, &limits));
		demand(unpack_value(packed.data, packed.size, &zone, &object));
		if (complaints->count == 0)
			check_printed(&packed, &object);
	}
	msgpack_zone_destroy(&zone);
	msgpack_sbuffer_destroy(&packed);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
	struct complaints complaints = {0};
	struct document *document = NULL;
	struct source source;
	char path[256] = "";
	size_t i;

	if (source_of_text(
		&source, "fuzz", (const char *)bytes, size, &complaints))
		document = document_parse(&source, &complaints);
	if (document != NULL) {
		check_value(document, &complaints);
		check_places(document, document->root, path);
	} else {
		demand(complaints.count > 0);
	}
	for (i = 0; i < complaints.count; i++)
		demand(complaints.list[i].at.line > 0 &&
		    complaints.list[i].at.column > 0 &&
		    complaints.list[i].message[0] != '\0');
	document_free(document);
	source_free(&source);
	complaints_free(&complaints);
	return 0;
}
