/*
 * yaml: a YAML 1.2 document as a tree that knows where everything stands.
 *
 * What a workflow file may hold is less than YAML has: one document, keys that
 * are text, the core schema's scalars, no tags but the core ones, no merge
 * keys, a depth of 64, and aliases only as far as they do not blow up.
 */
#ifndef WEIR_CTL_YAML_H
#define WEIR_CTL_YAML_H

#include <msgpack.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "ctl/source.h"

#define YAML_DEPTH_MAX 64
#define YAML_ANCHORS_MAX 100

enum yaml_kind { YAML_SCALAR, YAML_LIST, YAML_MAP, YAML_ALIAS };

enum yaml_style { STYLE_PLAIN, STYLE_SINGLE, STYLE_DOUBLE, STYLE_BLOCK };

enum yaml_type {
	YAML_TEXT,
	YAML_NULL,
	YAML_TRUE,
	YAML_FALSE,
	YAML_INTEGER,
	YAML_FLOAT,
};

struct yaml_node {
	struct yaml_node *allocated; /* the one made before */
	enum yaml_kind kind;
	size_t start; /* byte in the source, past anchor and tag */
	/* a scalar */
	enum yaml_style style;
	enum yaml_type type;
	bool negative;	    /* of an integer */
	uint64_t magnitude; /* of an integer */
	double number;	    /* of a float */
	char *text;
	size_t length;
	/* a list's entries, or a map's keys and values by turns */
	struct yaml_node **children;
	size_t count;
	size_t room;
	struct yaml_node *to; /* an alias: what it stands for */
	bool open;	      /* still being read */
	bool dropped;	      /* a key that was refused */
	bool lacks;	      /* a map that had such a key */
};

struct document {
	const struct source *source;
	struct yaml_node *root;
	struct yaml_node *newest;
};

/*
 * Reads a document.  NULL when there is none that could be gone on with; with a
 * tree there may be complaints too (a duplicate key, which is left out of the
 * tree).  The source must outlive the tree.
 */
struct document *document_parse(const struct source *, struct complaints *);
void document_free(struct document *);

/* Writes the tree, aliases written out; false when a complaint was added. */
bool
document_pack(const struct document *, msgpack_sbuffer *, struct complaints *);

/*
 * Where in the source the value under a JSON pointer stands, or its key, or the
 * byte at an offset into its text.  Where the path leads to nothing: the key
 * of what it was looked for in.
 */
struct position document_position(
    const struct document *, const char *path, bool at_key, size_t offset);

/*
 * Whether the map under a JSON pointer lacks something that stands in the file,
 * because its key was refused: what is missing there is no error of its own.
 */
bool document_lacks(const struct document *, const char *path);

/* yaml_scalar.c: what a plain scalar is, by the core schema. */
enum scalar_verdict { SCALAR_OK, SCALAR_TOO_LARGE, SCALAR_NOT_FINITE };
enum scalar_verdict scalar_resolve(struct yaml_node *);
/* yaml_place.c: the byte of the source that a byte of a scalar came from. */
size_t
scalar_place(const struct source *, const struct yaml_node *, size_t offset);

#endif
