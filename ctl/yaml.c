/*
 * yaml: a YAML 1.2 document as a tree that knows where everything stands.
 *
 * libyaml's events are taken one by one, so that depth is bounded while it
 * reads; what it is slow with (tag directives, anchors by the thousand) is
 * refused before it sees much of it.
 */
#include "ctl/yaml.h"

#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "ctl/yaml_check.h"
#include "ctl/yaml_error.h"
#include "ctl/yaml_fold.h"
#include "daemon/core/alloc.h"

struct anchor {
	char *name;
	struct yaml_node *node;
};

struct reader {
	yaml_parser_t parser;
	struct folded input;
	struct document *yaml;
	struct complaints *complaints;
	/* where in the input the character counted last starts */
	size_t mark_index;
	size_t mark_byte;
	struct yaml_node *open[YAML_DEPTH_MAX];
	unsigned depth;
	struct anchor anchors[YAML_ANCHORS_MAX];
	unsigned nanchors;
	bool stop; /* a complaint after which there is no going on */
};

typedef void event_reader(struct reader *, const yaml_event_t *, size_t);

static bool has_tag_directive(const struct source *, struct complaints *);
static void read_document(struct reader *);
static bool next_event(struct reader *, yaml_event_t *);
static void take_event(struct reader *, const yaml_event_t *);
static size_t byte_of(struct reader *, const yaml_mark_t *);
static size_t past_properties(const struct source *, size_t);
static event_reader take_scalar, take_alias, take_sequence, take_mapping,
    take_end, take_document, take_nothing;
static struct yaml_node *node_new(struct reader *, enum yaml_kind, size_t);
static void add(struct reader *, struct yaml_node *, const char *anchor);
static void add_child(struct yaml_node *, struct yaml_node *);
static void remember(struct reader *, struct yaml_node *, const char *);
static void open_node(struct reader *, struct yaml_node *);
static void resolve(struct reader *, struct yaml_node *, const yaml_event_t *);

static event_reader *const readers[] = {
    [YAML_NO_EVENT] = take_nothing,
    [YAML_STREAM_START_EVENT] = take_nothing,
    [YAML_STREAM_END_EVENT] = take_nothing,
    [YAML_DOCUMENT_START_EVENT] = take_document,
    [YAML_DOCUMENT_END_EVENT] = take_nothing,
    [YAML_ALIAS_EVENT] = take_alias,
    [YAML_SCALAR_EVENT] = take_scalar,
    [YAML_SEQUENCE_START_EVENT] = take_sequence,
    [YAML_SEQUENCE_END_EVENT] = take_end,
    [YAML_MAPPING_START_EVENT] = take_mapping,
    [YAML_MAPPING_END_EVENT] = take_end,
};

struct document *
document_parse(const struct source *source, struct complaints *complaints)
{
	struct reader r;
	unsigned i;

	if (has_tag_directive(source, complaints))
		return NULL;
	memset(&r, 0, sizeof(r));
	r.complaints = complaints;
	r.yaml = xcalloc(1, sizeof(*r.yaml));
	r.yaml->source = source;
	if (yaml_parser_initialize(&r.parser) == 0)
		abort();
	yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
	fold_pairs(source, &r.input);
	yaml_parser_set_input_string(
	    &r.parser, (const unsigned char *)r.input.bytes, r.input.size);
	read_document(&r);
	yaml_parser_delete(&r.parser);
	folded_free(&r.input);
	for (i = 0; i < r.nanchors; i++)
		free(r.anchors[i].name);
	if (r.stop || r.yaml->root == NULL) {
		document_free(r.yaml);
		return NULL;
	}
	return r.yaml;
}

void
document_free(struct document *yaml)
{
	struct yaml_node *node, *before;

	if (yaml == NULL)
		return;
	for (node = yaml->newest; node != NULL; node = before) {
		before = node->allocated;
		free(node->text);
		free(node->children);
		free(node);
	}
	free(yaml);
}

/* libyaml compares each of them with all before it. */
static bool
has_tag_directive(const struct source *s, struct complaints *complaints)
{
	uint32_t i;

	for (i = 0; i < s->nlines; i++) {
		if (s->size - s->lines[i] < 4 ||
		    memcmp(s->bytes + s->lines[i], "%TAG", 4) != 0)
			continue;
		add_complaint(complaints, source_position(s, s->lines[i]),
		    "a %%TAG directive: there are no tags here but those of "
		    "YAML itself (!!str, !!int ...)");
		return true;
	}
	return false;
}

static void
read_document(struct reader *r)
{
	yaml_event_t event;
	bool ended;

	do {
		if (!next_event(r, &event))
			return;
		take_event(r, &event);
		ended = event.type == YAML_STREAM_END_EVENT;
		yaml_event_delete(&event);
	} while (!ended && !r->stop);
	if (!r->stop && r->yaml->root == NULL)
		add_complaint(r->complaints, (struct position){1, 1},
		    "there is nothing in the file; %s",
		    r->yaml->source->begins != NULL
			? r->yaml->source->begins
			: "a workflow starts with its name, \"workflow: "
			  "NAME\"");
}

static bool
next_event(struct reader *r, yaml_event_t *event)
{
	if (yaml_parser_parse(&r->parser, event) == 1)
		return true;
	document_refuse(&r->parser, r->yaml->source, &r->input, r->complaints);
	r->stop = true;
	return false;
}

static void
take_event(struct reader *r, const yaml_event_t *event)
{
	readers[event->type](r, event, byte_of(r, &event->start_mark));
}

/* Marks count characters and only grow; the bytes are counted along. */
static size_t
byte_of(struct reader *r, const yaml_mark_t *mark)
{
	const struct folded *in = &r->input;

	if (mark->index < r->mark_index)
		r->mark_index = r->mark_byte = 0;
	while (r->mark_index < mark->index && r->mark_byte < in->size) {
		r->mark_byte += utf8_length(
		    in->bytes + r->mark_byte, in->size - r->mark_byte);
		r->mark_index++;
	}
	return folded_place(in, r->mark_byte);
}

static void
take_nothing(struct reader *r, const yaml_event_t *event, size_t at)
{
	(void)r;
	(void)event;
	(void)at;
}

static void
take_document(struct reader *r, const yaml_event_t *event, size_t at)
{
	(void)event;
	if (r->yaml->root == NULL)
		return;
	add_complaint(r->complaints, source_position(r->yaml->source, at),
	    "a second document starts here; a file holds one");
	r->stop = true;
}

static void
take_scalar(struct reader *r, const yaml_event_t *event, size_t at)
{
	static const enum yaml_style styles[] = {
	    [YAML_ANY_SCALAR_STYLE] = STYLE_PLAIN,
	    [YAML_PLAIN_SCALAR_STYLE] = STYLE_PLAIN,
	    [YAML_SINGLE_QUOTED_SCALAR_STYLE] = STYLE_SINGLE,
	    [YAML_DOUBLE_QUOTED_SCALAR_STYLE] = STYLE_DOUBLE,
	    [YAML_LITERAL_SCALAR_STYLE] = STYLE_BLOCK,
	    [YAML_FOLDED_SCALAR_STYLE] = STYLE_BLOCK,
	};
	struct yaml_node *node;

	tag_check(r->yaml->source, (const char *)event->data.scalar.tag,
	    "str int float bool null", at, r->complaints);
	if (event->data.scalar.anchor != NULL || event->data.scalar.tag != NULL)
		at = past_properties(r->yaml->source, at);
	node = node_new(r, YAML_SCALAR, at);
	node->style = styles[event->data.scalar.style];
	node->length = event->data.scalar.length;
	/* There may be NULs in it: "\0". */
	node->text = xmemdup(event->data.scalar.value, node->length);
	resolve(r, node, event);
	add(r, node, (const char *)event->data.scalar.anchor);
}

/* From an anchor or a tag on to what it stands before. */
static size_t
past_properties(const struct source *s, size_t at)
{
	while (at < s->size && (s->bytes[at] == '&' || s->bytes[at] == '!')) {
		while (at < s->size && strchr(" \t\r\n", s->bytes[at]) == NULL)
			at++;
		while (at < s->size && strchr(" \t\r\n", s->bytes[at]) != NULL)
			at++;
	}
	return at;
}

static void
resolve(struct reader *r, struct yaml_node *node, const yaml_event_t *event)
{
	const char *tag = (const char *)event->data.scalar.tag;
	struct position at = source_position(r->yaml->source, node->start);
	enum scalar_verdict verdict = SCALAR_OK;

	node->type = YAML_TEXT;
	if (tag != NULL
		? strcmp(tag, CORE_TAG "str") != 0 && strcmp(tag, "!") != 0
		: node->style == STYLE_PLAIN)
		verdict = scalar_resolve(node);
	if (verdict == SCALAR_TOO_LARGE)
		add_complaint(r->complaints, at,
		    "the number %.40s is too large for 64 bits; if it is a "
		    "text, put it in quotes",
		    node->text);
	if (verdict == SCALAR_NOT_FINITE)
		add_complaint(r->complaints, at,
		    "%s is no number to count with; if it is a text, put it "
		    "in quotes",
		    node->text);
	if (verdict == SCALAR_OK)
		scalar_check_tag(r->yaml->source, node, tag, r->complaints);
}

static void
take_alias(struct reader *r, const yaml_event_t *event, size_t at)
{
	const char *name = (const char *)event->data.alias.anchor;
	struct position where = source_position(r->yaml->source, at);
	struct yaml_node *node;
	unsigned i = r->nanchors;

	while (i > 0 && strcmp(r->anchors[i - 1].name, name) != 0)
		i--;
	if (i == 0 || r->anchors[i - 1].node->open) {
		if (i == 0)
			add_complaint(r->complaints, where,
			    "nothing before this is marked &%.40s; an alias "
			    "needs its anchor above it",
			    name);
		else
			add_complaint(r->complaints, where,
			    "*%.40s stands inside of what it is the alias of",
			    name);
		node = node_new(r, YAML_SCALAR, at);
		node->text = xstrdup("");
		node->type = YAML_NULL;
	} else {
		node = node_new(r, YAML_ALIAS, at);
		node->to = r->anchors[i - 1].node;
	}
	add(r, node, NULL);
}

static void
take_sequence(struct reader *r, const yaml_event_t *event, size_t at)
{
	struct yaml_node *node;
	const char *anchor = (const char *)event->data.sequence_start.anchor;
	const char *tag = (const char *)event->data.sequence_start.tag;

	tag_check(r->yaml->source, tag, "seq", at, r->complaints);
	if (anchor != NULL || tag != NULL)
		at = past_properties(r->yaml->source, at);
	node = node_new(r, YAML_LIST, at);
	add(r, node, anchor);
	open_node(r, node);
}

static void
take_mapping(struct reader *r, const yaml_event_t *event, size_t at)
{
	struct yaml_node *node;
	const char *anchor = (const char *)event->data.mapping_start.anchor;
	const char *tag = (const char *)event->data.mapping_start.tag;

	tag_check(r->yaml->source, tag, "map", at, r->complaints);
	if (anchor != NULL || tag != NULL)
		at = past_properties(r->yaml->source, at);
	node = node_new(r, YAML_MAP, at);
	add(r, node, anchor);
	open_node(r, node);
}

static void
open_node(struct reader *r, struct yaml_node *node)
{
	if (r->stop)
		return;
	if (r->depth == YAML_DEPTH_MAX) {
		add_complaint(r->complaints,
		    source_position(r->yaml->source, node->start),
		    "nested deeper than %d levels", YAML_DEPTH_MAX);
		r->stop = true;
		return;
	}
	node->open = true;
	r->open[r->depth++] = node;
}

static void
take_end(struct reader *r, const yaml_event_t *event, size_t at)
{
	struct yaml_node *node = r->open[--r->depth];

	(void)event;
	(void)at;
	node->open = false;
	if (node->kind == YAML_MAP)
		node_drop_keys(r->yaml->source, node, r->complaints);
}

static struct yaml_node *
node_new(struct reader *r, enum yaml_kind kind, size_t start)
{
	struct yaml_node *node = xcalloc(1, sizeof(*node));

	node->allocated = r->yaml->newest;
	r->yaml->newest = node;
	node->kind = kind;
	node->start = start;
	return node;
}

static void
add(struct reader *r, struct yaml_node *node, const char *anchor)
{
	struct yaml_node *parent;

	if (anchor != NULL)
		remember(r, node, anchor);
	if (r->depth == 0) {
		r->yaml->root = node;
		return;
	}
	parent = r->open[r->depth - 1];
	if (parent->kind == YAML_MAP && parent->count % 2 == 0)
		node_check_key(r->yaml->source, node, r->complaints);
	add_child(parent, node);
}

static void
add_child(struct yaml_node *parent, struct yaml_node *node)
{
	if (parent->count == parent->room) {
		parent->room = parent->room == 0 ? 4 : parent->room * 2;
		parent->children = xreallocarray(
		    parent->children, parent->room, sizeof(struct yaml_node *));
	}
	parent->children[parent->count++] = node;
}

static void
remember(struct reader *r, struct yaml_node *node, const char *anchor)
{
	if (r->nanchors == YAML_ANCHORS_MAX) {
		add_complaint(r->complaints,
		    source_position(r->yaml->source, node->start),
		    "more than %d anchors in one file", YAML_ANCHORS_MAX);
		r->stop = true;
		return;
	}
	r->anchors[r->nanchors].name = xstrdup(anchor);
	r->anchors[r->nanchors++].node = node;
}
