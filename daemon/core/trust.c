/* trust: by the owners of workflows, and which of two was there first. */

#include "daemon/core/trust.h"

#include <stdio.h>

bool
trust_starts(const struct execution *x, const struct workflow *named, char *why,
    size_t size)
{
	const struct workflow *w = x->workflow;
	const struct workflow_version *naming =
	    &w->versions[x->definition->version - 1];
	const struct workflow_version *first = &named->versions[0];

	if (first->uid == 0 || first->uid == x->k.uid ||
	    first->uid == w->versions[0].uid || first->put_at <= naming->put_at)
		return true;
	snprintf(why, size,
	    "workflow %s belongs to %s and was stored after version %u of %s, "
	    "which names it: if it is meant, change the file of %s (a word of "
	    "its description is enough) and define it again",
	    named->name, first->by == NULL ? "somebody else" : first->by,
	    x->definition->version, w->name, w->name);
	return false;
}
