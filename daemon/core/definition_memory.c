/* definition_memory: everything a definition consists of, freed at once. */

#include "daemon/core/definition_memory.h"

#include <stdalign.h>
#include <stdint.h>
#include <string.h>
#include <stdlib.h>
#include <sys/queue.h>

#include "daemon/core/alloc.h"

#define BLOCK_SIZE 4000 /* bytes; what is larger gets a block of its own */

struct block {
	SLIST_ENTRY(block) next;
	size_t used;
	size_t size;
	alignas(max_align_t) char bytes[];
};

/* What has a destructor of its own; one of the two is set. */
struct kept {
	SLIST_ENTRY(kept) next;
	struct template *template;
	struct value *value;
};

struct definition_memory {
	SLIST_HEAD(, block) blocks;
	SLIST_HEAD(, kept) kept;
};

static struct block *block_with(struct definition_memory *, size_t);
static struct kept *keep(struct definition_memory *);

struct definition_memory *
memory_new(void)
{
	return xcalloc(1, sizeof(struct definition_memory));
}

void
memory_free(struct definition_memory *m)
{
	struct kept *k;
	struct block *b;

	/* The list itself stands in the blocks, so these go last. */
	SLIST_FOREACH (k, &m->kept, next) {
		if (k->template != NULL)
			template_free(k->template);
		value_unref(k->value);
	}
	while ((b = SLIST_FIRST(&m->blocks)) != NULL) {
		SLIST_REMOVE_HEAD(&m->blocks, next);
		free(b);
	}
	free(m);
}

/* The newest block if so many bytes are free there, else a new one. */
static struct block *
block_with(struct definition_memory *m, size_t bytes)
{
	struct block *b = SLIST_FIRST(&m->blocks);

	if (b != NULL && b->size - b->used >= bytes)
		return b;
	b = xcalloc(1, sizeof(*b) + (bytes > BLOCK_SIZE ? bytes : BLOCK_SIZE));
	b->size = bytes > BLOCK_SIZE ? bytes : BLOCK_SIZE;
	SLIST_INSERT_HEAD(&m->blocks, b, next);
	return b;
}

void *
memory_get(struct definition_memory *m, size_t n, size_t size)
{
	const size_t align = alignof(max_align_t);
	size_t bytes;
	struct block *b;
	void *p;

	/* Counts come from an object in memory, each entry over a byte. */
	if (__builtin_mul_overflow(n, size, &bytes) ||
	    bytes > SIZE_MAX - sizeof(*b) - align)
		bytes = SIZE_MAX - sizeof(*b) - align; /* which ends it */
	bytes = (bytes + align - 1) / align * align;
	b = block_with(m, bytes);
	p = b->bytes + b->used;
	b->used += bytes;
	return p;
}

char *
memory_text(struct definition_memory *m, const char *s, size_t len)
{
	char *copy = memory_get(m, len + 1, 1);

	memcpy(copy, s, len);
	return copy;
}

static struct kept *
keep(struct definition_memory *m)
{
	struct kept *k = memory_get(m, 1, sizeof(*k));

	SLIST_INSERT_HEAD(&m->kept, k, next);
	return k;
}

struct template *
memory_template(struct definition_memory *m, struct template *t)
{
	if (t != NULL)
		keep(m)->template = t;
	return t;
}

void
memory_adopt(struct definition_memory *m, struct expressions *ex)
{
	struct kept *k;

	SLIST_FOREACH (k, &m->kept, next)
		if (k->template != NULL)
			template_adopt(k->template, ex);
}

struct value *
memory_value(struct definition_memory *m, struct value *v)
{
	if (v != NULL)
		keep(m)->value = v;
	return v;
}
