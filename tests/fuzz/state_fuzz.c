/* links: libcore.a libweir.a ; libs: msgpack lua5.4 m */
/*
 * state_fuzz: whatever bytes a snapshot has, they are refused with a sentence,
 * or are a state that gives the same bytes again and can be asked all there is
 * to ask.
 */

#include <msgpack.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/core/core.h"
#include "daemon/core/state_decode.h"

int LLVMFuzzerTestOneInput(const unsigned char *, size_t);

static void require(bool);
static void ask(struct state *);

static void
require(bool holds)
{
	if (!holds)
		abort();
}

/* All that can be asked without going on. */
static void
ask(struct state *s)
{
	struct plan_callout callout;
	struct execution *x;

	core_recovered(s);
	while (plan_next(s, s->k.seq, &callout))
		;
	plan_deadline(s);
	RB_FOREACH (x, executions, &s->executions)
		for (uint32_t i = 0; i < x->definition->ntasks; i++)
			free(node_lacks(x, i));
}

int
LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t size)
{
	msgpack_sbuffer first, second;
	struct state *s, *again;
	char why[256];

	s = state_decode(bytes, size, why, sizeof(why));
	if (s == NULL) {
		require(why[0] != '\0');
		return 0;
	}
	msgpack_sbuffer_init(&first);
	msgpack_sbuffer_init(&second);
	state_encode(s, &first);
	again = state_decode(first.data, first.size, why, sizeof(why));
	require(again != NULL);
	state_encode(again, &second);
	require(first.size == second.size &&
	    memcmp(first.data, second.data, first.size) == 0);
	ask(again);
	state_free(again);
	state_free(s);
	msgpack_sbuffer_destroy(&first);
	msgpack_sbuffer_destroy(&second);
	return 0;
}
