/* chunks: a snapshot in memory. */

#include "tests/chunks.h"

#include <atf-c.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/core/snapshot.h"
#include "daemon/core/state_decode.h"

void
chunks_add(void *ctx, const void *bytes, size_t size)
{
	struct chunks *c = ctx;

	c->bytes = realloc(c->bytes, (c->n + 1) * sizeof(*c->bytes));
	c->sizes = realloc(c->sizes, (c->n + 1) * sizeof(*c->sizes));
	ATF_REQUIRE(c->bytes != NULL && c->sizes != NULL);
	/* Not a byte more: ASan. */
	c->bytes[c->n] = malloc(size);
	ATF_REQUIRE(c->bytes[c->n] != NULL);
	memcpy(c->bytes[c->n], bytes, size);
	c->sizes[c->n++] = size;
}

void
chunks_take(struct chunks *c, struct state *s)
{
	snapshot_begin(s, chunks_add, c);
	while (snapshot_slice(s, SIZE_MAX))
		;
}

struct state *
chunks_decode(const struct chunks *c, char *why, size_t size)
{
	struct state_decoder *d = state_decoder_new();
	struct state *s = NULL;
	size_t i = 0;

	while (i < c->n &&
	    state_decoder_take(d, c->bytes[i], c->sizes[i], why, size))
		i++;
	if (i == c->n)
		s = state_decoder_end(d, why, size);
	state_decoder_free(d);
	return s;
}

struct state *
chunks_decode_to(const struct chunks *c, const msgpack_sbuffer *expected)
{
	char why[256];
	struct state *s = chunks_decode(c, why, sizeof(why));
	msgpack_sbuffer after;

	ATF_REQUIRE_MSG(s != NULL, "%s", why);
	msgpack_sbuffer_init(&after);
	state_encode(s, &after);
	ATF_REQUIRE_EQ(after.size, expected->size);
	ATF_REQUIRE(memcmp(after.data, expected->data, after.size) == 0);
	msgpack_sbuffer_destroy(&after);
	return s;
}

void
chunks_empty(struct chunks *c)
{
	for (size_t i = 0; i < c->n; i++)
		free(c->bytes[i]);
	free(c->bytes);
	free(c->sizes);
	*c = (struct chunks){0};
}
