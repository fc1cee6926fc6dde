/*
 * yaml_pack: a document as MessagePack, with what its aliases stand for written
 * out.  Nested aliases can stand for more than there is memory, so the size is
 * watched as it grows.
 */
#include "ctl/yaml.h"

#include "libproto/pack.h"

struct packing {
	const struct document *yaml;
	msgpack_sbuffer *to;
	msgpack_packer packer;
	struct complaints *complaints;
	const struct yaml_node *alias; /* the outermost that is being written */
};

static bool pack_node(struct packing *, const struct yaml_node *, unsigned);
static bool pack_children(struct packing *, const struct yaml_node *, unsigned);
static void pack_scalar(struct packing *, const struct yaml_node *);
static bool refuse(struct packing *, const char *);

bool
document_pack(const struct document *yaml, msgpack_sbuffer *to,
    struct complaints *complaints)
{
	struct packing p = {.yaml = yaml, .to = to, .complaints = complaints};

	msgpack_packer_init(&p.packer, to, msgpack_sbuffer_write);
	return pack_node(&p, yaml->root, 0);
}

static bool
pack_node(struct packing *p, const struct yaml_node *node, unsigned depth)
{
	bool outermost, ok;

	if (p->to->size > SOURCE_SIZE_MAX)
		return refuse(p, "is more than 1 MiB");
	if (node->kind == YAML_ALIAS) {
		outermost = p->alias == NULL;
		if (outermost)
			p->alias = node;
		ok = pack_node(p, node->to, depth);
		if (outermost)
			p->alias = NULL;
		return ok;
	}
	if (node->kind == YAML_SCALAR) {
		pack_scalar(p, node);
		return true;
	}
	if (depth == YAML_DEPTH_MAX)
		return refuse(p, "is nested deeper than 64 levels");
	if (node->kind == YAML_MAP)
		msgpack_pack_map(&p->packer, node->count / 2);
	else
		msgpack_pack_array(&p->packer, node->count);
	return pack_children(p, node, depth);
}

static bool
pack_children(struct packing *p, const struct yaml_node *node, unsigned depth)
{
	size_t i;

	for (i = 0; i < node->count; i++)
		if (!pack_node(p, node->children[i], depth + 1))
			return false;
	return true;
}

static bool
refuse(struct packing *p, const char *why)
{
	struct position at = {1, 1};

	if (p->alias != NULL)
		at = source_position(p->yaml->source, p->alias->start);
	add_complaint(p->complaints, at, "what the file holds %s%s", why,
	    p->alias != NULL ? " once this alias is written out" : "");
	return false;
}

static void
pack_scalar(struct packing *p, const struct yaml_node *node)
{
	switch (node->type) {
	case YAML_TEXT:
		pack_strn(&p->packer, node->text, node->length);
		break;
	case YAML_NULL:
		msgpack_pack_nil(&p->packer);
		break;
	case YAML_TRUE:
	case YAML_FALSE:
		pack_bool(&p->packer, node->type == YAML_TRUE);
		break;
	case YAML_INTEGER:
		if (node->negative)
			msgpack_pack_int64(
			    &p->packer, (int64_t)(0 - node->magnitude));
		else
			msgpack_pack_uint64(&p->packer, node->magnitude);
		break;
	case YAML_FLOAT:
		msgpack_pack_double(&p->packer, node->number);
		break;
	}
}
