/*
 * yaml_print: a value as YAML that reads back as the same value.
 */
#include "ctl/yaml_print.h"

#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "ctl/writer.h"
#include "ctl/yaml.h"
#include "daemon/core/alloc.h"

static bool emit(yaml_emitter_t *, const msgpack_object *);
static bool emit_text(yaml_emitter_t *, const char *, size_t);
static bool emit_other(yaml_emitter_t *, const msgpack_object *);
static bool emit_list(yaml_emitter_t *, const msgpack_object *);
static bool emit_map(yaml_emitter_t *, const msgpack_object *);

bool
document_print(FILE *to, const msgpack_object *o)
{
	yaml_emitter_t emitter;
	yaml_event_t event;
	bool ok;

	if (yaml_emitter_initialize(&emitter) == 0)
		return false;
	yaml_emitter_set_output_file(&emitter, to);
	yaml_emitter_set_unicode(&emitter, 1);
	yaml_emitter_set_width(&emitter, -1);
	ok = yaml_stream_start_event_initialize(&event, YAML_UTF8_ENCODING) &&
	    yaml_emitter_emit(&emitter, &event) &&
	    yaml_document_start_event_initialize(&event, NULL, NULL, NULL, 1) &&
	    yaml_emitter_emit(&emitter, &event) && emit(&emitter, o) &&
	    yaml_document_end_event_initialize(&event, 1) &&
	    yaml_emitter_emit(&emitter, &event) &&
	    yaml_stream_end_event_initialize(&event) &&
	    yaml_emitter_emit(&emitter, &event);
	yaml_emitter_delete(&emitter);
	return ok;
}

static bool
emit(yaml_emitter_t *emitter, const msgpack_object *o)
{
	switch (o->type) {
	case MSGPACK_OBJECT_MAP:
		return emit_map(emitter, o);
	case MSGPACK_OBJECT_ARRAY:
		return emit_list(emitter, o);
	case MSGPACK_OBJECT_STR:
		return emit_text(emitter, o->via.str.ptr, o->via.str.size);
	default:
		return emit_other(emitter, o);
	}
}

/* A text that would read back as a number or the like gets quotes. */
static bool
emit_text(yaml_emitter_t *emitter, const char *text, size_t length)
{
	struct yaml_node node = {.style = STYLE_PLAIN, .length = length};
	yaml_scalar_style_t style = YAML_ANY_SCALAR_STYLE;
	yaml_event_t event;
	int plain;

	node.text = xmemdup(text, length);
	plain = scalar_resolve(&node) == SCALAR_OK && node.type == YAML_TEXT;
	if (memchr(text, '\n', length) != NULL)
		style = YAML_LITERAL_SCALAR_STYLE;
	free(node.text);
	return yaml_scalar_event_initialize(&event, NULL, NULL,
		   (const yaml_char_t *)text, (int)length, plain, 1, style) &&
	    yaml_emitter_emit(emitter, &event);
}

/* Scalars of JSON are scalars of YAML. */
static bool
emit_other(yaml_emitter_t *emitter, const msgpack_object *o)
{
	yaml_event_t event;
	char *text = NULL;
	size_t size;
	FILE *to = open_memstream(&text, &size);
	bool ok;

	if (to == NULL)
		return false;
	json_print(to, o);
	fclose(to);
	ok = yaml_scalar_event_initialize(&event, NULL, NULL,
		 (const yaml_char_t *)text, (int)size, 1, 1,
		 YAML_PLAIN_SCALAR_STYLE) &&
	    yaml_emitter_emit(emitter, &event);
	free(text);
	return ok;
}

static bool
emit_list(yaml_emitter_t *emitter, const msgpack_object *o)
{
	yaml_event_t event;
	uint32_t i;

	if (!yaml_sequence_start_event_initialize(
		&event, NULL, NULL, 1, YAML_ANY_SEQUENCE_STYLE) ||
	    !yaml_emitter_emit(emitter, &event))
		return false;
	for (i = 0; i < o->via.array.size; i++)
		if (!emit(emitter, &o->via.array.ptr[i]))
			return false;
	return yaml_sequence_end_event_initialize(&event) &&
	    yaml_emitter_emit(emitter, &event);
}

static bool
emit_map(yaml_emitter_t *emitter, const msgpack_object *o)
{
	yaml_event_t event;
	uint32_t i;

	if (!yaml_mapping_start_event_initialize(
		&event, NULL, NULL, 1, YAML_ANY_MAPPING_STYLE) ||
	    !yaml_emitter_emit(emitter, &event))
		return false;
	for (i = 0; i < o->via.map.size; i++)
		if (!emit(emitter, &o->via.map.ptr[i].key) ||
		    !emit(emitter, &o->via.map.ptr[i].val))
			return false;
	return yaml_mapping_end_event_initialize(&event) &&
	    yaml_emitter_emit(emitter, &event);
}
